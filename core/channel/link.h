/*
 * link.h - one encrypted connection to one peer, without I/O.
 *
 *   bytes of the peer --feed--> [ link ] --next--> frames
 *   frames --begin, add, end--> [ link ] --> a record to send
 *
 * The link speaks the hello, runs the Noise handshake, seals and opens
 * records, cuts and joins messages, renews keys, and notices a proper end.
 * It keeps keys and counters only: the bytes that come and go lie in buffers
 * of the caller, so an idle connection costs no buffer. No socket, clock or
 * heap. Wire format: PROTOCOL.md.  After: Noise revision 34.
 *
 * States:
 *
 *   HELLO -> HANDSHAKE -> (IDENTITY ->) OPEN -> ENDED
 *                 any of them -> FAILED (the first error repeats)
 *
 * A client dials XX, or, with the key of a server that knows its own, IK. In
 * IDENTITY it has the server's static key, and with XX has sent nothing that
 * proves its own; it goes on with sotto_link_accept() or stays as it is. A
 * server is in IDENTITY with IK only: it has the client's static key, and has
 * answered nothing.
 */
#ifndef SOTTO_CHANNEL_LINK_H
#define SOTTO_CHANNEL_LINK_H

#include "core/channel/frame.h"
#include "core/channel/handshake.h"
#include <sotto/env.h>
#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The handshake patterns' numbers on the wire. */
enum sotto_pattern_id {
    SOTTO_PATTERN_XX = 1,
    SOTTO_PATTERN_IK = 2
};

#define SOTTO_PROTOCOL_VERSION 1

/* magic "Sotto" (5), version, pattern, suite, uint16 receive limit */
#define SOTTO_HELLO_LEN 10

/* Before each handshake message and record: uint16 length of what follows. */
#define SOTTO_RECORD_HEAD 2

/* Receive limits: the largest `length` a side takes in a record. */
#define SOTTO_RECORD_LIMIT_MIN   256
#define SOTTO_RECORD_LIMIT_HOST  16384
#define SOTTO_RECORD_LIMIT_BOARD 1024

/* The longest handshake message, without its length, that has no certificate;
 * every side takes it. */
#define SOTTO_HANDSHAKE_MESSAGE_MAX 256

/* The longest `certificate` in message 2. A server leaves it out where message 2
 * would be longer than the client's receive limit. */
#define SOTTO_CERTIFICATE_MAX 8192

/* After this many records, or after this long, a direction renews its key. */
#define SOTTO_REKEY_RECORDS 65536U
#define SOTTO_REKEY_MS      3600000U

/* Why a server will not begin (unauthenticated hint: a client tells its user
 * and never lowers version or suite because of it). */
enum sotto_refusal {
    SOTTO_REFUSAL_NONE = 0,
    SOTTO_REFUSAL_MAGIC = 1,   /* not this protocol */
    SOTTO_REFUSAL_VERSION = 2, /* a version the server does not speak */
    SOTTO_REFUSAL_SUITE = 3,   /* pattern or suite not in this server */
    SOTTO_REFUSAL_LIMIT = 4,   /* a receive limit below the least */
    SOTTO_REFUSAL_BUSY = 5,    /* no room, or too many attempts: later */
    SOTTO_REFUSAL_KEY = 6,     /* IK with a key that no device has */
    SOTTO_REFUSAL_OTHER = 255  /* a reason that this client does not know */
};

enum sotto_link_state {
    SOTTO_LINK_HELLO,
    SOTTO_LINK_HANDSHAKE,
    SOTTO_LINK_IDENTITY,
    SOTTO_LINK_OPEN,
    SOTTO_LINK_ENDED, /* the peer's CLOSE was read: nothing more will come */
    SOTTO_LINK_FAILED
};

struct sotto_link_config {
    bool is_client;
    bool cuts_long; /* of a message that is too long to be joined the beginning
                       is handed out (is_cut) instead of an error */
    enum sotto_suite suite;     /* what a client dials; servers take all */
    uint16_t receive_limit;     /* ours: bytes in a record */
    struct sotto_random random; /* for ephemeral keys */
    /* 32 bytes each, borrowed until the handshake is done. */
    const uint8_t *static_private;
    const uint8_t *static_public;
    const uint8_t *server_key; /* a client that dials IK: whom; else NULL.
                                  Copied. */
    bool takes_ik;             /* a server that answers IK */
};

struct sotto_link {
    enum sotto_link_state state;
    enum sotto_err error;       /* why FAILED */
    enum sotto_refusal refusal; /* server: to send; client: received */
    enum sotto_close_reason close_reason; /* of the peer, once ENDED */
    bool is_client;
    bool has_output; /* sotto_link_out() has something */
    bool has_keys;   /* keys.transport is the valid member */
    bool sent_close; /* nothing may be sealed any more */
    bool cuts_long;
    bool is_cut; /* the message in the assembly buffer */
    bool takes_ik;
    bool is_ik; /* the pattern */
    enum sotto_suite suite;
    uint16_t receive_limit;
    uint16_t send_limit; /* the peer's */
    struct sotto_random random;
    uint8_t hash[32];        /* the handshake hash, once OPEN */
    uint8_t peer_static[32]; /* from IDENTITY or OPEN on */
    uint64_t send_rekey_ms;  /* when this direction's key was renewed */
    uint32_t send_records;   /* sealed since then */
    const uint8_t *plain;    /* frames of the record just opened; in IDENTITY
                                the server's certificate */
    size_t plain_left;
    uint8_t *assembly; /* lent by the caller for CHUNKs */
    size_t assembly_cap;
    size_t assembly_len;
    union {
        struct {
            const uint8_t *s_private;
            const uint8_t *s_public;
        } own; /* a server's, until it knows the hello */
        struct sotto_handshake handshake;
        struct sotto_cipher_pair transport; /* send, receive */
    } keys;
};

/* The receive limit is at least SOTTO_RECORD_LIMIT_MIN. */
void sotto_link_init(struct sotto_link *link,
                     const struct sotto_link_config *config);
/* Erases keys; the state is FAILED. A lent assembly buffer stays the caller's
 * and can still be taken back (do it before the next sotto_link_init()). */
void sotto_link_wipe(struct sotto_link *link);

/*
 * How many bytes, from its first one, the unit (hello, message, record) that
 * starts with these `len` bytes has in all; as far as they tell: at least
 * len + 1 when they are not all of it. Never more than SOTTO_RECORD_HEAD plus
 * the receive limit.
 */
size_t sotto_link_need(const struct sotto_link *link, const uint8_t *in,
                       size_t len);

/*
 * Takes at most one unit from `in` (which is changed: records are opened in
 * place). `*used` is its length, or 0 when it is not all there yet: come back
 * with more. A unit that is whole may move the state, make output, and make
 * frames available: collect both before the next feed, which takes nothing
 * (`*used` is 0) while output or frames wait, and in state IDENTITY. The
 * frames borrow `in`. A record is checked whole: if one of its frames is
 * broken, none of them is had.
 * FORMAT, AUTH, LIMIT, CRYPTO are final (FAILED) and repeat; so are bytes
 * after the peer's CLOSE (FORMAT). For a client that was refused the error is
 * LIMIT with `refusal` set.
 */
enum sotto_err sotto_link_feed(struct sotto_link *link, uint8_t *in, size_t len,
                               size_t *used) SOTTO_MUST_CHECK;

/*
 * Handshake bytes to send (hello, messages, refusal): writes them to `out`,
 * which needs SOTTO_HELLO_LEN + SOTTO_RECORD_HEAD +
 * SOTTO_HANDSHAKE_MESSAGE_MAX bytes of room, and their length, 0 when there is
 * nothing. A client has output from the start. A server has output in state
 * FAILED when it refuses; close after sending it. Costs up to two
 * Diffie-Hellman operations. RANDOM, AUTH (a peer's key of low order), CRYPTO:
 * final.
 */
enum sotto_err sotto_link_out(struct sotto_link *link, uint8_t *out, size_t cap,
                              size_t *len) SOTTO_MUST_CHECK;

/*
 * The same for a server whose message 2 is to carry this payload, which
 * sotto_certificate_encode() has made for its receive limit; an empty one is
 * none. It is left out where the client or `cap` has no room for it.
 */
enum sotto_err sotto_link_out_with(struct sotto_link *link,
                                   struct sotto_span payload, uint8_t *out,
                                   size_t cap, size_t *len) SOTTO_MUST_CHECK;

/* Client, state IDENTITY: the certificate that came with the server's key, not
 * looked at; it may be empty. A view of what was fed, until the next feed. */
struct sotto_span sotto_link_certificate(const struct sotto_link *link);

/* State IDENTITY: the peer's key (peer_static) is the right one. With XX, and on
 * a server, there is output then, and with it the link is OPEN; a client of IK
 * is OPEN at once. */
void sotto_link_accept(struct sotto_link *link);

/*
 * Server, until its message 2 was had from sotto_link_out(): it will not
 * begin, with BUSY as a rule, KEY in IDENTITY. The state is FAILED (LIMIT), and the refusal is
 * output. False, and nothing happens, when it is too late for one.
 */
bool sotto_link_refuse(struct sotto_link *link, enum sotto_refusal refusal);

/*
 * The next application frame of the record that was fed, or false when there
 * is none left: `*err` then says whether all went well. SPACE (not final): a
 * CHUNK came and no assembly buffer is lent; lend one and call again. LIMIT
 * (final): the message is larger than that buffer, and cuts_long is not set. Call it until it says false:
 * the peer's CLOSE, behind all other frames, makes the state ENDED only then.
 */
bool sotto_link_next(struct sotto_link *link, struct sotto_frame *frame,
                     enum sotto_err *err);

/* Lends `cap` bytes for joining CHUNKs until taken back; a message of up to
 * `cap` bytes can be joined. */
void sotto_link_lend(struct sotto_link *link, uint8_t *buffer, size_t cap);
/* True while a message is half joined: the buffer must stay lent. */
bool sotto_link_is_assembling(const struct sotto_link *link);
/* Takes the buffer back (NULL when none was lent); not while assembling,
 * unless the state is ENDED or FAILED. */
uint8_t *sotto_link_take_back(struct sotto_link *link);

/* ---- sending: in state OPEN, and in ENDED until our own CLOSE ----------- */

/* A record under construction, in a buffer of the caller. */
struct sotto_record {
    uint8_t *buffer; /* where the record's first byte will be */
    size_t room;     /* bytes of frames that fit in all */
    size_t len;      /* bytes of frames in it */
};

/*
 * Starts a record in `buffer` of `cap` bytes (at least
 * SOTTO_RECORD_HEAD + SOTTO_RECORD_LIMIT_MIN). It will be as large as the
 * peer's limit and `cap` allow.
 */
void sotto_link_begin(const struct sotto_link *link,
                      struct sotto_record *record, uint8_t *buffer, size_t cap);

/* Adds a whole frame; SPACE when it does not fit what is left. */
enum sotto_err sotto_record_add(struct sotto_record *record, uint8_t type,
                                const uint8_t *body, size_t len)
    SOTTO_MUST_CHECK;

/* Adds bytes that are whole frames already. SPACE. */
enum sotto_err sotto_record_add_frames(struct sotto_record *record,
                                       const uint8_t *frames, size_t len)
    SOTTO_MUST_CHECK;

/*
 * Adds what fits of a message from offset `*done` on: CHUNKs, and at the end
 * the frame of its type. `*done` moves on; the message is complete when it is
 * `len` and the call said true. Between the parts of one message no other
 * application frame may be added.
 */
bool sotto_record_add_part(struct sotto_record *record, uint8_t type,
                           const uint8_t *body, size_t len, size_t *done);

/*
 * Seals the record in place; `*len` is what to send, 0 for an empty record.
 * Appends REKEY (its room is set aside) and renews the key when it is time:
 * the SOTTO_REKEY_RECORDS-th record under a key, or the first one sealed
 * SOTTO_REKEY_MS or more after the last renewal (at first: after the first
 * record). LIMIT when CLOSE was sent before, or the counter is used up (final);
 * in FAILED the link's error.
 */
enum sotto_err sotto_link_end(struct sotto_link *link,
                              struct sotto_record *record, uint64_t now_ms,
                              size_t *len) SOTTO_MUST_CHECK;

/*
 * A whole record with CLOSE alone, in `buffer` as for sotto_link_begin().
 * Possible also in state FAILED when the link was open before and the peer
 * broke the protocol: it hears PROTOCOL that way. LIMIT when there are no keys
 * to say it with, or CLOSE was sent before: just end the stream.
 */
enum sotto_err sotto_link_close(struct sotto_link *link,
                                enum sotto_close_reason reason, uint8_t *buffer,
                                size_t cap, uint64_t now_ms, size_t *len)
    SOTTO_MUST_CHECK;

#endif
