/*
 * hub_state.h - the hub's inside, shared by the files that make it up:
 * hub.c (seats, entries, answers), hub_strangers.c, hub_login.c, hub_room.c.
 */
#ifndef SOTTO_CHAT_HUB_STATE_H
#define SOTTO_CHAT_HUB_STATE_H

#include "core/base/assert.h"
#include "core/chat/entry.h"
#include "core/chat/hub.h"
#include "core/crypto/hash.h"

_Static_assert(SOTTO_HUB_PAGE_MAX >= SOTTO_FRAME_MAX &&
                   SOTTO_HUB_PAGE_MAX >= SOTTO_PRESENT_MAX + 3,
               "a page holds a frame of either kind");
_Static_assert(!SOTTO_DEVICES ||
                   SOTTO_HUB_PAGE_MAX >= SOTTO_DEVICE_LIST_FRAME_MAX,
               "and a list of devices");

/* The end of the list of strangers. */
#define SOTTO_HUB_NOBODY UINT32_MAX

/* What a seat waits for. */
enum sotto_hub_waiting {
    WAIT_NOTHING,
    WAIT_REGISTER, /* until its ticket is durable */
    WAIT_DEVICE,   /* likewise, to answer `asked` */
    WAIT_KICK,     /* to be told that it was replaced */
    WAIT_REVOKED   /* ... or that it may not be here any more */
};

struct sotto_seat {
    uint32_t generation;
    uint32_t older; /* neighbours in the list of strangers */
    uint32_t newer;
    bool taken;
    bool logged_in;
    bool is_stranger; /* in the list of those */
    bool has_asked;   /* for something, after its handshake */
    bool in_room;
    bool is_primary; /* the one seat that stands for its account in lists */
    bool leaving;    /* gone, its LEFT entry is not written yet */
    bool is_cut_off; /* may not be here any more: what it asks is not heard */
    enum sotto_hub_waiting waiting;
    uint8_t name_len;
    char name[SOTTO_NAME_MAX]; /* from LOOKUP on */
    uint8_t ip[16];
    uint64_t instance;
    uint64_t ticket; /* of the change that is being stored */
    uint64_t device; /* the beginning of the key that it logged in with; 0: it
                        said the password */
    uint8_t asked;   /* WAIT_DEVICE: the type of the frame */
};

/* An entry whose author waits for its acknowledgement. */
struct sotto_pending {
    struct sotto_seat_id seat;
    uint64_t id;
    uint64_t number;
    uint32_t pause_ms; /* of what the account owes */
    bool is_promised;  /* told of in a page */
};

struct sotto_hub {
    struct sotto_hub_config config;
    struct sotto_accounts *accounts;
    struct sotto_log *lobby;
    struct sotto_throttle *by_login;
    struct sotto_throttle *by_account;
    struct sotto_throttle *by_address;
    struct sotto_throttle *by_register;
    struct sotto_throttle *by_connect; /* NULL: no limit */
    struct sotto_throttle *by_poster;  /* likewise; counts microseconds */
    struct sotto_seat *seats;
    struct sotto_pending *pending; /* a ring, in the order of the numbers */
    size_t pending_head;
    size_t pending_count;
    size_t waiting_count; /* seats with something in `waiting` */
    size_t leaving_count; /* seats with `leaving` */
    size_t scan_at;       /* where next() looks for a waiting seat */
    size_t present;
    size_t strangers;         /* taken, and not logged in */
    uint32_t oldest_stranger; /* a list by `newer` */
    uint32_t newest_stranger;
    bool draining;
    uint64_t wall_s;
    size_t recent_count; /* ever put into `recent` */
    size_t code_count;   /* in `codes` */
    struct sotto_hub_counters counters;
    struct sotto_feed_item fresh; /* an entry that next() has not given out */
    bool has_fresh;
    uint8_t entry[SOTTO_ENTRY_MAX];
    union {
        uint8_t frame[SOTTO_FRAME_MAX];   /* of `fresh` */
        uint8_t page[SOTTO_HUB_PAGE_MAX]; /* of an answer: never both */
    };
    uint64_t recent[SOTTO_HISTORY_MAX]; /* the last numbers, a ring */
    uint8_t codes[SOTTO_CODES_MAX][SOTTO_HASH_LEN];
};

/* ---- hub.c ---- */

/* The seat of that connection, or NULL when it has gone. */
struct sotto_seat *sotto_hub_find_seat(struct sotto_hub *hub,
                                       struct sotto_seat_id id);
struct sotto_seat_id sotto_hub_seat_id(const struct sotto_hub *hub,
                                       const struct sotto_seat *seat);
struct sotto_span sotto_hub_seat_name(const struct sotto_seat *seat);
bool sotto_hub_same_account(const struct sotto_seat *a,
                            const struct sotto_seat *b);
void sotto_hub_set_waiting(struct sotto_hub *hub, struct sotto_seat *seat,
                           enum sotto_hub_waiting waiting);

/*
 * Appends an entry and makes it ready for delivery. AGAIN while the log waits
 * for its disk; FULL and IO as the log says.
 */
enum sotto_err sotto_hub_append(struct sotto_hub *hub,
                                const struct sotto_stored *entry,
                                uint64_t *number) SOTTO_MUST_CHECK;
enum sotto_err sotto_hub_append_notice(struct sotto_hub *hub, uint8_t type,
                                       const struct sotto_seat *seat,
                                       uint64_t wall_s) SOTTO_MUST_CHECK;
uint32_t sotto_hub_wire_time(uint64_t wall_s);
void sotto_hub_answer_problem(struct sotto_reply *reply,
                              enum sotto_problem problem, uint64_t ref,
                              uint32_t detail);

/* ---- hub_strangers.c ---- */

/* It has come. */
void sotto_hub_list_stranger(struct sotto_hub *hub, struct sotto_seat *seat);
/* It has logged in, or goes. */
void sotto_hub_unlist_stranger(struct sotto_hub *hub, struct sotto_seat *seat);

/* ---- hub_login.c ---- */

enum sotto_err sotto_hub_lookup(struct sotto_hub *hub, struct sotto_seat *seat,
                                const struct sotto_request *request,
                                uint64_t now_ms, struct sotto_reply *reply)
    SOTTO_MUST_CHECK;
void sotto_hub_login(struct sotto_hub *hub, struct sotto_seat *seat,
                     const struct sotto_request *request, uint64_t now_ms,
                     struct sotto_reply *reply);
/* AGAIN: not taken, as for sotto_hub_request(). */
enum sotto_err sotto_hub_register(struct sotto_hub *hub,
                                  struct sotto_seat *seat,
                                  const struct sotto_request *request,
                                  uint64_t now_ms, uint64_t wall_s,
                                  struct sotto_reply *reply) SOTTO_MUST_CHECK;

/* Who has shown what it takes is logged in. */
void sotto_hub_let_in(struct sotto_hub *hub, struct sotto_seat *seat);

/* What a new account or password must have. */
bool sotto_hub_is_strong(const struct sotto_hub *hub,
                         const struct sotto_verifier *verifier);

/* A token of the seat's address, for one attempt at logging in; false, and the
 * refusal in `reply`, when it has none. */
bool sotto_hub_may_try(struct sotto_hub *hub, const struct sotto_seat *seat,
                       uint64_t now_ms, struct sotto_reply *reply);
/* It was not one after all: the token goes back. */
void sotto_hub_did_not_try(struct sotto_hub *hub, const struct sotto_seat *seat,
                           uint64_t now_ms);

/* ---- hub_devices.c ---- */

/* AGAIN: not taken, as for sotto_hub_request(). */
enum sotto_err sotto_hub_device(struct sotto_hub *hub, struct sotto_seat *seat,
                                const struct sotto_request *request,
                                uint64_t now_ms, uint64_t wall_s,
                                struct sotto_reply *reply) SOTTO_MUST_CHECK;
/* What it asked for is stored. */
void sotto_hub_device_done(struct sotto_hub *hub, struct sotto_seat *seat,
                           struct sotto_reply *reply);

/* ---- hub_room.c ---- */

enum sotto_err sotto_hub_join(struct sotto_hub *hub, struct sotto_seat *seat,
                              const struct sotto_request *request,
                              uint64_t wall_s, struct sotto_reply *reply)
    SOTTO_MUST_CHECK;
enum sotto_err sotto_hub_post(struct sotto_hub *hub, struct sotto_seat *seat,
                              const struct sotto_request *request,
                              uint64_t now_ms, uint64_t wall_s,
                              struct sotto_reply *reply) SOTTO_MUST_CHECK;
enum sotto_err sotto_hub_fetch(struct sotto_hub *hub,
                               const struct sotto_seat *seat,
                               const struct sotto_request *request,
                               struct sotto_reply *reply) SOTTO_MUST_CHECK;
void sotto_hub_who(struct sotto_hub *hub, const struct sotto_request *request,
                   struct sotto_reply *reply);

#endif
