/*
 * device.h - a device that takes part in the room of a Sotto server without a
 * person: it is asked things there, and raises alarms.
 *
 * No socket, clock, thread, heap or file. Bytes of the server go in, bytes for
 * the server come out, events say what happened; all memory is the caller's.
 * One thread may use a device at a time. The program around it is a loop:
 *
 *     for (;;) {
 *         sotto_device_tick(device, now_ms());
 *         if (sotto_device_wants_stream(device) && there is none) {
 *             ...                      dial; then connected(), or
 *                                      disconnected()
 *         }
 *         while (sotto_device_input(device, &at, &cap)) {
 *             ...                      read up to cap bytes to at; input_done()
 *         }
 *         while (sotto_device_next(device, &event)) {
 *             ...                      act on it; OFFLINE: close the stream
 *         }
 *         while (sotto_device_output(device, &out, &len)) {
 *             ...                      write them; output_done()
 *         }
 *         wait for the stream, at most until sotto_device_deadline_ms(device)
 *     }
 *
 * The loops around reading and writing end, too, when there is nothing to read,
 * or the stream takes nothing more. The wait ends at once while the stream still
 * has something to read, and when it takes more of what was cut short.
 * sotto_device_say() comes before output is asked for, as in the events' loop.
 * apps/firmware/device_demo is such a program, whole.
 *
 * What the device sees to: the server's key is compared with a fingerprint
 * before anything of ours is said; the password never leaves it; what is said
 * is said again on the next connection until the server has stored it, and is
 * stored once; what others said meanwhile is fetched. When a connection fails
 * it says when to try again: soon at first and then less and less often, by
 * chance a bit earlier or later, so that not all devices come back at the same
 * moment; after long where trying again helps little (a wrong password); not at
 * all where the server is another one.
 *
 * What the program sees to: the stream (TCP), the clock, random bytes, and the
 * state, less than 256 bytes that have to outlive a power cut.
 */
#ifndef SOTTO_DEVICE_H
#define SOTTO_DEVICE_H

#include <sotto/env.h>
#include <sotto/err.h>
#include <sotto/fingerprint.h>
#include <sotto/limits.h>
#include <sotto/span.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sotto_device;

/* ---- what it is told --------------------------------------------------- */

struct sotto_device_config {
    const char *name; /* of its account: 1 to 32 of a-z 0-9 . _ -; or NULL: the
                         code tells, or the state */
    const char *fingerprint; /* of the server, as the server's log shows it */

    /*
     * The account's password: borrowed as long as the device lives, because
     * the server may ask for it again. Empty when the state has keys, which do
     * instead of it. Making keys of a password takes a Cortex-M3 about 1.5
     * thousand million instructions, in small parts (`rounds`), so it is done
     * once and the keys are kept.
     */
    struct sotto_span password;

    /*
     * "device-" and 32 hex digits are the code by which the owner of an account
     * lets this device in, once (/enroll of a client): then a password is not
     * needed ever. What is made of it is in the state: after the event SAVE that
     * comes first, and the one that comes with being let in, the code is not
     * needed any more. Anything else is an invitation, for registering. Or NULL.
     */
    const char *code;

    /* Make the account, where the state has no keys yet. An account of the name
     * that exists already is taken for one's own (an answer may have been lost
     * in a power cut), and logged in to. */
    bool registers;

    /* The state of an earlier run, as sotto_device_state() gave it; empty the
     * first time. Free again when the call returns. */
    struct sotto_span state;

    struct sotto_random random; /* good enough for keys */

    /* Bytes of a record that the server may send at once: 256 to 16384, 1024
     * for a board. Costs RAM twice. */
    uint16_t receive_limit;

    /* Bytes for what was said and the server has not stored yet: each text and
     * 48. */
    size_t queue;

    /* Messages of before its first time in the room that it wants to see. */
    uint16_t history;

    /* Of key derivation in one sotto_device_tick(), about 15,000 instructions
     * of a Cortex-M3 each; 0: 100. */
    uint32_t rounds;

    /* Which ciphers: 1 AES-128-CBC with HMAC-SHA-256, 2 AES-256-GCM,
     * 3 ChaCha20-Poly1305; 0: what the library was built for (1, on the boards
     * of this project 3). */
    uint8_t suite;

    /* Rounds of the key derivation, for a new account and the least that a
     * server may ask for. 0: 100,000. Less is for tests. */
    uint32_t iterations;
    uint32_t iterations_min;
};

/* ---- making one -------------------------------------------------------- */

/* Bytes of memory for a device. */
size_t sotto_device_size(const struct sotto_device_config *config);

/* The same as a constant, up to 64 more, for static memory. */
#define SOTTO_DEVICE_MEMORY(receive_limit, queue)                              \
    (SOTTO_DEVICE_STRUCT + SOTTO_MAX_TEXT + 80U +                              \
     2U * ((receive_limit) > 1038U ? (receive_limit) + 18U : 1056U) + (queue))
#define SOTTO_DEVICE_STRUCT 4608U

/*
 * Makes a device in `memory`, which is aligned as malloc() would and the
 * device's until sotto_device_wipe(). Nothing of the configuration is kept but
 * what it says. When the state is empty, or of another server or account, the
 * device begins anew, and the event SAVE comes first.
 *
 * SPACE: less memory than sotto_device_size(). LIMIT: a name, receive limit,
 * suite or code that is not allowed. FORMAT: the fingerprint is none, or the
 * state is damaged: nobody may begin anew without being told, because the
 * device would answer old requests again. AUTH: neither a password nor keys nor
 * a code that lets it in.
 * RANDOM.
 */
enum sotto_err sotto_device_init(struct sotto_device **device,
                                 const struct sotto_device_config *config,
                                 void *memory, size_t len) SOTTO_MUST_CHECK;

/* Erases it, keys included. */
void sotto_device_wipe(struct sotto_device *device);

/* What it is called: the account, or the name that the owner of the account gave
 * to the device; empty until that is known. */
const char *sotto_device_name(const struct sotto_device *device);

/* ---- what must outlive a power cut -------------------------------------- */

#define SOTTO_DEVICE_STATE_MAX 256

/*
 * Writes the present state and returns its length. It holds the device's own
 * key, the keys made of the password or the server's key, and the number of the last entry that
 * was handed out; whoever reads it can speak for the device.
 *
 * Store it, in one step (a file that is replaced, or two places used in turn),
 *   - at the event SAVE, and
 *   - before acting on a request that must not be carried out twice: after a
 *     power cut the server sends everything that came later than the number in
 *     the state that was stored last, and nothing else.
 * Stored before the act, a request is never carried out twice, but perhaps not
 * to its end; stored after it, always to its end, but perhaps twice. A state
 * that was stored long ago is not wrong: more comes again.
 */
size_t sotto_device_state(const struct sotto_device *device,
                          uint8_t out[static SOTTO_DEVICE_STATE_MAX]);

/* ---- time -------------------------------------------------------------- */

/* Tells it the time, in milliseconds that never go back, at each turn of the
 * loop and before all else. */
void sotto_device_tick(struct sotto_device *device, uint64_t now_ms);

/* When to tick again, at the latest, if nothing comes: the past while there is
 * a key to be made or an event to be had, UINT64_MAX when there is nothing to
 * wait for. */
uint64_t sotto_device_deadline_ms(const struct sotto_device *device);

/* ---- the stream -------------------------------------------------------- */

/* True while there should be a stream to the server. After the event OFFLINE
 * the old one is no use any more: close it then. */
bool sotto_device_wants_stream(const struct sotto_device *device);

/* A stream is open that was wanted. */
void sotto_device_connected(struct sotto_device *device);

/* It could not be opened, or has ended; `why` is for the event. What was read
 * before still counts. */
void sotto_device_disconnected(struct sotto_device *device, enum sotto_err why);

/* Where to read into; false when nothing is wanted now. */
bool sotto_device_input(struct sotto_device *device, uint8_t **at, size_t *cap);
/* So much was read. */
void sotto_device_input_done(struct sotto_device *device, size_t len);

/* What to write; false when there is nothing. */
bool sotto_device_output(struct sotto_device *device, const uint8_t **at,
                         size_t *len);
/* So much of it was written. */
void sotto_device_output_done(struct sotto_device *device, size_t len);

/* ---- what happens ------------------------------------------------------ */

enum sotto_device_event_kind {
    SOTTO_DEVICE_SAVE, /* store sotto_device_state() now: there is a new key */
    SOTTO_DEVICE_ONLINE,  /* in the room; all that was said before has come */
    SOTTO_DEVICE_OFFLINE, /* `why`, `err`, `retry_ms`: close the stream */
    SOTTO_DEVICE_MISSED,  /* the server no longer has all that was said since
                             the last entry that came: requests may be lost */
    SOTTO_DEVICE_MESSAGE, /* `from` said `text` */
    SOTTO_DEVICE_ENTERED, /* `from` came into the room, or left it */
    SOTTO_DEVICE_LEFT,
    SOTTO_DEVICE_SENT,  /* what was said as `id` is stored, as `number` */
    SOTTO_DEVICE_UNSENT /* it is not: `err`; see sotto_device_say() */
};

/* Why it is offline. */
enum sotto_device_why {
    SOTTO_DEVICE_WHY_LEFT,    /* sotto_device_leave() */
    SOTTO_DEVICE_WHY_NETWORK, /* `err`: as told, or TIMEOUT; AUTH: somebody
                                  changed what is under way */
    SOTTO_DEVICE_WHY_BUSY,    /* the server is full, or asked to wait */
    SOTTO_DEVICE_WHY_ENDED,   /* it said goodbye: it stops, cannot store, ... */
    SOTTO_DEVICE_WHY_PROTOCOL, /* it speaks another one, or another version */
    SOTTO_DEVICE_WHY_PASSWORD, /* no such account, or wrong password; or keys
                                  that fit no more, and no password is here */
    SOTTO_DEVICE_WHY_REFUSED,  /* the account is disabled, registering closed,
                                  the invitation wrong, no room for accounts */
    SOTTO_DEVICE_WHY_UNPROVED, /* it could not prove that it knows the account,
                                  or asks for weaker keys than before */
    SOTTO_DEVICE_WHY_REVOKED,  /* it does not know this device's key: revoked;
                                  or the code was used, or has ended */
    SOTTO_DEVICE_WHY_KEY       /* it has another key: `fingerprint` */
};

struct sotto_device_event {
    enum sotto_device_event_kind kind;
    bool is_own; /* MESSAGE: of this account, in an earlier run or elsewhere;
                        what this run says comes back as SENT only */
    bool is_cut; /* MESSAGE: the end of a text that is too long is left out */
    uint64_t number; /* in the room: MESSAGE, ENTERED, LEFT, SENT */
    uint32_t time_s; /* of the server, since 1970, or SOTTO_TIME_UNKNOWN */
    struct sotto_span from; /* borrowed until the next call, as is text */
    struct sotto_span text; /* UTF-8 */
    uint64_t id;
    enum sotto_err err;
    enum sotto_device_why why;
    uint64_t retry_ms; /* OFFLINE: when it wants a stream again, from now; or
                          SOTTO_DEVICE_NEVER */
    uint8_t fingerprint[SOTTO_FINGERPRINT_LEN]; /* of the other key */
};

#define SOTTO_DEVICE_NEVER UINT64_MAX

/* The next event; false when there is none. Call until it says so, in each turn
 * of the loop: what was read is only then looked at. */
bool sotto_device_next(struct sotto_device *device,
                       struct sotto_device_event *event);

/* A sentence for a log: "the server shows another key than it should". */
const char *sotto_device_why_text(enum sotto_device_why why);

/* ---- what it says ------------------------------------------------------ */

/*
 * Says something to everybody in the room, now or once there is a connection.
 * SENT or UNSENT comes for its `id` in the end; not over a power cut.
 *
 * LIMIT: longer than SOTTO_MAX_TEXT or what the server takes. FORMAT: empty,
 * or not UTF-8. SPACE: too much waits already; nothing was said.
 *
 * UNSENT with FULL: the server cannot store now, say it again later. FORMAT:
 * the server does not take it. IO: it may have been stored or not; the server
 * has lost what would tell.
 */
enum sotto_err sotto_device_say(struct sotto_device *device, const char *text,
                                size_t len, uint64_t *id) SOTTO_MUST_CHECK;

/* How much was said and waits for the server. */
size_t sotto_device_unsent(const struct sotto_device *device);

/* Leaves once all that was said is stored. Then OFFLINE comes, with LEFT. */
void sotto_device_leave(struct sotto_device *device);

/* Offline, and not to try again, or not yet: wants a stream at once. After KEY
 * that is for a person to decide; nothing was said to the other server, and
 * nothing will be as long as its key is another. One that leaves still does, as
 * soon as it can. */
void sotto_device_retry(struct sotto_device *device);

#endif
