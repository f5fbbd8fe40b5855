/*
 * client.h - a client of a Sotto server, without I/O.
 *
 * It lives as long as its person wants to talk, over any number of
 * connections: what was said and not acknowledged is said again on the next
 * one, what was said by others meanwhile is fetched, nothing comes twice. The
 * application dials, reads and writes, decides whether a server's key is the
 * right one, runs the key derivation in slices, and shows the events.
 *
 *   OFFLINE -> HANDSHAKE -> IDENTITY -> (REGISTER ->) AUTH -> DERIVE -> PROOF
 *           -> JOINING -> ROOM ;  any -> OFFLINE when the connection ends
 *
 * A device that the server knows (IK: `link.server_key` is set), and one that
 * brings a code, goes from IDENTITY to DEVICE and from there to JOINING. The
 * application may change how the next connection is made with
 * sotto_client_dial().
 */
#ifndef SOTTO_CHAT_CLIENT_H
#define SOTTO_CHAT_CLIENT_H

#include "core/auth/scram.h"
#include "core/channel/link.h"
#include "core/chat/message.h"
#include "core/chat/message_devices.h"
#include "core/chat/queue.h"
#include "core/crypto/hash.h"
#include <sotto/env.h>
#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A connection on which nothing came for this long is tried with a PING, and
 * given up after three times as long. */
#define SOTTO_CLIENT_PING_MS 30000U

enum sotto_client_state {
    SOTTO_CLIENT_OFFLINE,
    SOTTO_CLIENT_HANDSHAKE,
    SOTTO_CLIENT_IDENTITY, /* the application looks at the server's key */
    SOTTO_CLIENT_REGISTER, /* the account was sent */
    SOTTO_CLIENT_AUTH,     /* the name was sent */
    SOTTO_CLIENT_DERIVE,   /* sotto_client_derive() is wanted */
    SOTTO_CLIENT_PROOF,    /* the proof was sent */
    SOTTO_CLIENT_DEVICE,   /* the device's login or code was sent */
    SOTTO_CLIENT_JOINING,
    SOTTO_CLIENT_ROOM
};

enum sotto_client_event_kind {
    SOTTO_EVENT_IDENTITY, /* look at `key`; then accept, or drop the stream */
    SOTTO_EVENT_DERIVE,   /* call sotto_client_derive() until it is done */
    SOTTO_EVENT_PASSWORD, /* a password is needed, the keys kept do not fit */
    SOTTO_EVENT_REGISTERED,
    SOTTO_EVENT_ENROLLED,  /* `enrolled`: the code was taken; this key is a
                              device of that account from now on */
    SOTTO_EVENT_LOGGED_IN, /* the server has proved that it knows the account */
    SOTTO_EVENT_JOINED,    /* `joined`, and whether entries were `missed` */
    SOTTO_EVENT_CAUGHT_UP, /* all that was said before JOINED has come */
    SOTTO_EVENT_ENTRY,     /* `entry`, of `type` MESSAGE, ENTERED or LEFT */
    SOTTO_EVENT_ACKED,     /* `id` has the number `number` */
    SOTTO_EVENT_PRESENT,   /* `present`: names to take apart */
    SOTTO_EVENT_DONE,      /* what was asked of frame type `type` (message.h) is
                              done and stored */
    SOTTO_EVENT_DEVICES,   /* `devices`: see sotto_device_list_next() */
    SOTTO_EVENT_PROBLEM,   /* `problem`: what the server refused; UNSURE: see
                              enum sotto_problem */
    SOTTO_EVENT_CLOSED     /* the connection is over: see `error`, `reason` */
};

struct sotto_client_event {
    enum sotto_client_event_kind kind;
    uint8_t type;
    bool missed;
    bool is_cut; /* ENTRY: the end of its text is left out, because it is longer
                    than SOTTO_MAX_TEXT of this build */
    uint64_t id;
    uint64_t number;
    uint8_t key[32];
    struct sotto_entry entry; /* spans: borrowed until the next call */
    struct sotto_joined joined;
    struct sotto_present present;
    struct sotto_enrolled enrolled;
    struct sotto_span devices;
    struct sotto_error problem;
    /*
     * CLOSED: OK with `reason` after a CLOSE; AUTH when the server could not
     * prove that it knows the account, or a record was changed on the way;
     * REFUSED with `refusal`; TIMEOUT; LIMIT when the server asked for a key
     * derivation that is too weak, too long, or weaker than before; FORMAT
     * for anything that is not the protocol; RANDOM.
     */
    enum sotto_err error;
    enum sotto_close_reason reason;
    enum sotto_refusal refusal;
    bool before_login; /* it ended before the server had proved anything */
};

struct sotto_client_config {
    struct sotto_link_config link; /* key, suite, limit, entropy */
    char name[SOTTO_NAME_MAX + 1]; /* may be empty for one that enrols */
    bool enrols;                   /* with `device_code`, until it is taken */
    uint8_t device_code[SOTTO_DEVICE_CODE_LEN];
    uint8_t code[SOTTO_CODE_MAX]; /* invitation, for registering */
    uint8_t code_len;
    uint32_t iterations_min; /* of a challenge: weaker is refused */
    uint32_t iterations_new; /* of an account that is registered */
    uint16_t history;        /* past entries to be shown at first */
    uint32_t ping_ms;
    uint8_t *memory; /* sotto_client_size(limit, queue), borrowed */
    size_t memory_len;
};

struct sotto_client {
    enum sotto_client_state state;

    /* Over all connections. */
    bool has_keys;
    bool is_deriving;
    bool wants_register; /* until the server says REGISTERED or TAKEN */
    bool sent_register;  /* no answer has come yet, on whatever connection */
    bool lost_register;  /* an answer can have been lost */
    bool assumes_own;    /* a name that was taken, probably by ourselves */
    bool is_leaving;
    bool leaves_at_once;
    bool is_over; /* CLOSED is to be told */
    bool has_joined;

    /* Of this connection. */
    bool is_told;          /* the event of this state was handed out */
    bool is_refused;       /* a login was; another one may be tried */
    bool is_server_proved; /* the server's signature fitted */
    bool is_caught_up;     /* posts may be sent (again) */
    bool is_post_part;     /* what is sent in parts is a post */
    bool said_close;

    uint16_t max_text;       /* of the server, once known */
    const uint8_t *password; /* borrowed, NULL once taken back */
    size_t password_len;
    uint64_t instance; /* of this run */
    uint64_t seen;     /* every entry up to here has come, or will not */
    uint64_t join_from;
    uint64_t joined_next;
    uint64_t unsure_below; /* posts with a number below may be in a gap */
    uint64_t input_ms;     /* when it last heard something ... */
    uint64_t said_ms;      /* ... and said something */
    uint8_t *in;
    size_t in_cap;
    size_t in_at;
    size_t in_len;
    uint8_t *out;
    size_t out_cap;
    size_t out_at;
    size_t out_len;
    uint8_t *assembly;
    size_t assembly_cap;
    size_t control_at;
    size_t control_len;
    size_t part_done; /* of the frame that is being sent in parts */
    /* What is large stands at the end: a Cortex-M reaches the beginning of a
     * struct with half the code. */
    struct sotto_client_config config;
    struct sotto_link link;
    struct sotto_scram_client scram;
    struct sotto_pbkdf2 kdf;
    struct sotto_verifier verifier; /* what `keys` belong to */
    struct sotto_scram_keys keys;
    struct sotto_client_event end; /* the CLOSED to be told */
    struct sotto_queue queue;
    uint8_t control[SOTTO_SCRAM_MESSAGE_MAX + 256]; /* whole frames to send */
};

/* Bytes of memory for a receive limit and `queue` bytes of unacknowledged
 * posts (each takes its text and 48 bytes). */
size_t sotto_client_size(uint16_t receive_limit, size_t queue);

/* Copies the configuration and draws the instance. LIMIT for a name that is
 * not allowed; SPACE; RANDOM. */
enum sotto_err sotto_client_init(struct sotto_client *client,
                                 const struct sotto_client_config *config)
    SOTTO_MUST_CHECK;
void sotto_client_wipe(struct sotto_client *client);

/*
 * The password, borrowed until sotto_client_forget_password(). With
 * `registers` an account of the name is made first; its key derivation can
 * begin at once, before there is a connection (salt drawn here: RANDOM). After
 * a login that was refused, another password tries again on the same
 * connection; a server allows that a few times.
 */
enum sotto_err sotto_client_set_password(struct sotto_client *client,
                                         const uint8_t *password, size_t len,
                                         bool registers) SOTTO_MUST_CHECK;
void sotto_client_forget_password(struct sotto_client *client);

/* Keys that were kept (with the salt and count they belong to), instead. */
void sotto_client_set_keys(struct sotto_client *client,
                           const struct sotto_verifier *verifier,
                           const struct sotto_scram_keys *keys);

/* Before the first connection: an earlier run was in the room and had all
 * entries up to `seen`. */
void sotto_client_resume(struct sotto_client *client, uint64_t seen);

/* How connections are made from the next one on: with IK and the key of a server
 * that knows this one (borrowed), or, with NULL, with XX. */
void sotto_client_dial(struct sotto_client *client, const uint8_t *server_key);

/* True while sotto_client_derive() has work to do. */
bool sotto_client_is_deriving(const struct sotto_client *client);
/* At most `rounds` of the key derivation; true when it is done. */
bool sotto_client_derive(struct sotto_client *client, uint32_t rounds);

/* A stream is open: begins the handshake. */
void sotto_client_connected(struct sotto_client *client, uint64_t now_ms);
/* The stream has ended without the client's doing, or cannot be opened. Take
 * in what was read before, and the events of it. */
void sotto_client_disconnected(struct sotto_client *client, enum sotto_err why);

/* State IDENTITY: the key is right. */
void sotto_client_accept(struct sotto_client *client);

/* Where to read into; false when it wants nothing now. */
bool sotto_client_input(struct sotto_client *client, uint8_t **at, size_t *cap);
void sotto_client_input_done(struct sotto_client *client, size_t len,
                             uint64_t now_ms);

/* What to write; false when there is nothing. */
bool sotto_client_output(struct sotto_client *client, uint64_t now_ms,
                         const uint8_t **at, size_t *len);
void sotto_client_output_done(struct sotto_client *client, size_t len);

/* The next event; false when there is none. After CLOSED drop the stream. Call
 * after input, derive, tick and disconnected. */
bool sotto_client_next(struct sotto_client *client,
                       struct sotto_client_event *event);

/* Says something, now or when there is a connection. LIMIT above the
 * server's longest text; FORMAT for text that is empty or not UTF-8; SPACE
 * when too much waits. */
enum sotto_err sotto_client_post(struct sotto_client *client,
                                 const uint8_t *text, size_t len, uint64_t *id)
    SOTTO_MUST_CHECK;
/* Asks who is here. AGAIN when not in the room; SPACE when too much waits to
 * be sent. */
enum sotto_err sotto_client_who(struct sotto_client *client) SOTTO_MUST_CHECK;

/*
 * About devices, as sotto_client_who(): what comes of it is DONE or PROBLEM. All
 * but the list are for those who logged in with the password. Names as accounts
 * have them: FORMAT.
 */
/* The key of this connection becomes a device of that name. */
enum sotto_err sotto_client_add_device(struct sotto_client *client,
                                       const char *name) SOTTO_MUST_CHECK;
/* A device may enrol with the code that has this SHA-256 hash, for so many
 * seconds, or with 0 until it does. */
enum sotto_err sotto_client_expect(
    struct sotto_client *client, const char *name,
    const uint8_t hash[static SOTTO_DEVICE_ID_LEN], uint32_t seconds)
    SOTTO_MUST_CHECK;
/* That device, or all of them with NULL, may not come any more. */
enum sotto_err sotto_client_revoke(struct sotto_client *client,
                                   const char *name) SOTTO_MUST_CHECK;
/* Then comes DEVICES. */
enum sotto_err sotto_client_list_devices(struct sotto_client *client)
    SOTTO_MUST_CHECK;
/* Another password; whoever else logged in with the old one is cut off. */
enum sotto_err sotto_client_change_password(
    struct sotto_client *client, const struct sotto_verifier *verifier,
    bool revokes_devices) SOTTO_MUST_CHECK;

/* Leaves: a CLOSE goes out once everything that was said is acknowledged or,
 * with `at_once`, now. Then the event CLOSED comes, with OK and BYE. */
void sotto_client_leave(struct sotto_client *client, bool at_once);

/* Posts that are not settled. */
size_t sotto_client_unsettled(const struct sotto_client *client);

/* Looks at the time: pings, or gives the connection up. */
void sotto_client_tick(struct sotto_client *client, uint64_t now_ms);
/* When it has to, next, if nothing comes; UINT64_MAX without a connection. */
uint64_t sotto_client_deadline_ms(const struct sotto_client *client);

#endif
