/*
 * hub.h - the server's one truth: who has an account, who is here, and what
 * was said in which order.
 *
 * The hub takes requests of sessions, one at a time, and answers at once or
 * later. It gives each entry of a room the next number, appends it to the
 * room's log, hands it out for delivery, and acknowledges it to its author
 * after the log is synced; one sync serves all that waited.
 *
 * No I/O of its own, no heap: logs and accounts are handed in, open. Every
 * loop turn: requests, then sotto_hub_run(), then sotto_hub_next() until it
 * has nothing.
 */
#ifndef SOTTO_CHAT_HUB_H
#define SOTTO_CHAT_HUB_H

#include "core/auth/accounts.h"
#include "core/auth/throttle.h"
#include "core/base/pace.h"
#include "core/channel/link.h"
#include "core/chat/message_devices.h"
#include "core/chat/request.h"
#include "core/store/log.h"
#include <sotto/env.h>
#include <sotto/err.h>

/* The most past entries that JOIN shows to somebody new. */
#ifndef SOTTO_HISTORY_MAX
#    define SOTTO_HISTORY_MAX 128
#endif

/* The most devices of one account, and of codes for some; a list of them fits
 * an answer to any session. */
#ifndef SOTTO_DEVICES_MAX
#    define SOTTO_DEVICES_MAX 32
#endif

/* The longest frame of such a list. */
#define SOTTO_DEVICE_LIST_FRAME_MAX                                            \
    (SOTTO_DEVICES_MAX * SOTTO_DEVICE_ITEM_MAX + 3U)

/* How many invitation codes a server knows at a time. */
#ifndef SOTTO_CODES_MAX
#    define SOTTO_CODES_MAX 64
#endif

/* Bytes of one answer to JOIN or WHO, at least SOTTO_FRAME_MAX, and
 * SOTTO_PRESENT_MAX with the head of a frame. */
#ifndef SOTTO_HUB_PAGE_MAX
#    define SOTTO_HUB_PAGE_MAX SOTTO_RECORD_LIMIT_HOST
#endif

enum sotto_registration {
    SOTTO_REGISTRATION_OPEN,
    SOTTO_REGISTRATION_INVITE, /* with one of the codes */
    SOTTO_REGISTRATION_CLOSED
};

struct sotto_hub_config {
    size_t sessions;         /* seats, at least 1 */
    size_t pending;          /* entries that may wait for a sync */
    size_t throttle_entries; /* in each of the tables */
    enum sotto_registration registration;
    uint32_t iterations_min;               /* registrations below are refused */
    uint32_t iterations_fake;              /* shown for names without account */
    struct sotto_throttle_rate login_rate; /* account and address */
    struct sotto_throttle_rate account_rate;  /* account, anywhere */
    struct sotto_throttle_rate address_rate;  /* address, any account */
    struct sotto_throttle_rate register_rate; /* per address */
    struct sotto_throttle_rate connect_rate;  /* per address; zeros: no limit */
    struct sotto_rate post_rate; /* of an account, on all its connections */
};

struct sotto_hub;

/* Bytes of memory for a hub of this shape. */
size_t sotto_hub_size(const struct sotto_hub_config *config);

/* Counters for the operator. */
struct sotto_hub_counters {
    uint64_t posts;
    uint64_t acked;
    uint64_t logins;
    uint64_t refused_logins;
    uint64_t throttled;
    uint64_t turned_away; /* by connect_rate */
    uint64_t registrations;
    uint64_t storage_errors;
    uint64_t left_out; /* stored entries that cannot be shown: damaged, too
                          long, of a later version */
};

/*
 * `memory` (zeroed, aligned as by malloc) and the opened accounts and log are
 * the caller's and outlive the hub. Reads the end of the log. IO, FORMAT.
 */
enum sotto_err sotto_hub_init(struct sotto_hub **hub, void *memory,
                              const struct sotto_hub_config *config,
                              struct sotto_accounts *accounts,
                              struct sotto_log *lobby) SOTTO_MUST_CHECK;

/* Replaces the invitation codes: each 1 to SOTTO_CODE_MAX bytes. SPACE when
 * there are too many; nothing is changed then. */
enum sotto_err sotto_hub_set_codes(struct sotto_hub *hub,
                                   const struct sotto_span *codes, size_t count)
    SOTTO_MUST_CHECK;

/* A connection came from there: whether it is to be heard at all, or there were
 * too many from its address. Costs nothing that a peer could make dear. */
bool sotto_hub_admits(struct sotto_hub *hub, const uint8_t ip[static 16],
                      uint64_t now_ms);
/* It is; `ip` as in port_address. Its place must be free. */
void sotto_hub_enter(struct sotto_hub *hub, struct sotto_seat_id id,
                     const uint8_t ip[static 16]);
/* It went, for whatever reason. */
void sotto_hub_leave(struct sotto_hub *hub, struct sotto_seat_id id);

/*
 * Carries out one request. OK: taken, and `reply` is filled (kind NONE when
 * the answer comes later or there is none). AGAIN: not taken, because a disk
 * has to catch up; make the same request again after sotto_hub_run() said
 * true.
 */
enum sotto_err sotto_hub_request(struct sotto_hub *hub, struct sotto_seat_id id,
                                 const struct sotto_request *request,
                                 uint64_t now_ms, uint64_t wall_s,
                                 struct sotto_reply *reply) SOTTO_MUST_CHECK;

/* Looks what the disk has done. True when something may go on that waited. */
bool sotto_hub_run(struct sotto_hub *hub, uint64_t wall_s);

/* The next answer or new entry that is due; false when there is none. To be
 * called until then after each request and each run. */
bool sotto_hub_next(struct sotto_hub *hub, struct sotto_reply *reply);

/* Ending: from now on nothing is taken that would have to be written down
 * (AGAIN), and nobody's leaving is. */
void sotto_hub_drain(struct sotto_hub *hub);
/* Everything that was taken is on the disk and answered. */
bool sotto_hub_is_idle(const struct sotto_hub *hub);

/* The number from which on the feed must be filled: see sotto_feed_init(). */
uint64_t sotto_hub_next_number(const struct sotto_hub *hub);

const struct sotto_hub_counters *sotto_hub_counters(
    const struct sotto_hub *hub);
/* Posts that wait for the disk. */
size_t sotto_hub_pending(const struct sotto_hub *hub);
/* Sessions that are logged in. */
size_t sotto_hub_present(const struct sotto_hub *hub);
/* Sessions that are not, without those who were dismissed. */
size_t sotto_hub_strangers(const struct sotto_hub *hub);
/*
 * Dismisses a stranger for one who comes from `ip`, before he enters; whoever
 * asks is about to close that connection. False when there is none. It is one
 * of the address with the most strangers, the newcomer counted with his own; of
 * those one that has asked for nothing yet, as in its handshake; of those the
 * oldest. So nobody who has come from an address more often than others from
 * theirs pushes these out.
 */
bool sotto_hub_dismiss_stranger(struct sotto_hub *hub,
                                const uint8_t ip[static 16],
                                struct sotto_seat_id *id) SOTTO_MUST_CHECK;

#endif
