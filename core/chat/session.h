/*
 * session.h - the server's side of one connection.
 *
 *   bytes --input--> link --> frames --> requests --> hub
 *   bytes <--output-- link <-- frames <-- replies <-- hub
 *                              frames <-- feed (what is said in the room)
 *
 * The session logs its client in, passes on what it asks, and makes the records
 * that go back: one at a time, with everything that waits and fits. It holds
 * buffers only while something is in them. No I/O: the driver reads, writes,
 * carries requests to the hub and replies back, and asks for a tick now and
 * then.
 *
 * States:
 *
 *   HANDSHAKE -> LOGIN -> PROOF -> ACTIVE -> (JOINING -> ROOM)
 *   any of them -> CLOSING (a last record goes out) -> FINISHED
 */
#ifndef SOTTO_CHAT_SESSION_H
#define SOTTO_CHAT_SESSION_H

#include "core/auth/scram.h"
#include "core/base/pace.h"
#include "core/base/pool.h"
#include "core/channel/link.h"
#include "core/chat/feed.h"
#include "core/chat/request.h"
#include <sotto/env.h>
#include <sotto/err.h>
#include <stdbool.h>
#include <stdint.h>

/* Wrong passwords that one connection may try. */
#define SOTTO_SESSION_TRIES 3

/*
 * Who waits for a first buffer, while others have them all. Those who wait in
 * this round come before those who came later, who wait for the next one; and
 * nobody who has had a buffer gets another one for new input before them. So
 * everybody's turn comes, however much the others have to say.
 */
struct sotto_turns {
    uint32_t round;    /* counts them */
    uint16_t waiting;  /* sessions that wait in this one */
    uint16_t for_next; /* ... and in the next */
};

/* What is counted of all sessions together. */
enum sotto_session_count {
    SOTTO_COUNT_RECORDS,    /* opened */
    SOTTO_COUNT_DELIVERIES, /* entries sent, one for each who gets it */
    SOTTO_COUNT_PROBLEMS, /* ERRORs sent, by enum sotto_problem from here on */
    SOTTO_COUNT_KINDS = SOTTO_COUNT_PROBLEMS + SOTTO_PROBLEM_PASSWORD + 1
};

/* What all sessions of a server share; borrowed by each. */
struct sotto_session_config {
    struct sotto_link_config link; /* the server's key, limit and entropy */
    struct sotto_span
        certificate;            /* of that key, sotto_certificate_encode(); or
                                      empty. May be another between two calls */
    struct sotto_pool *buffers; /* of SOTTO_SESSION_BUFFER(limit) bytes */
    struct sotto_turns *turns;  /* zeros at first */
    struct sotto_pool *logins;  /* of sizeof(struct sotto_scram_server) */
    uint32_t login_ms;          /* from accept to logged in */
    uint32_t idle_ms;           /* without a byte from a client (it pings) */
    uint32_t stall_ms;          /* without a byte taken by a client */
    uint32_t hold_ms; /* while others wait for a buffer: with half a record of a
                         client, or without a byte taken by it; a quarter of it
                         before the login */
    struct sotto_rate rate; /* of frames and bytes that are taken */
    uint64_t *counts;  /* SOTTO_COUNT_KINDS that go up; NULL: nobody asks */
    uint16_t window;   /* posts that may wait for their acknowledgement */
    uint16_t max_text; /* the longest text taken; 0: SOTTO_MAX_TEXT */
};

/* A buffer for records of that limit and for the handshake, as long as it is
 * not smaller than what sotto_session_buffer_min() says. */
#define SOTTO_SESSION_BUFFER(limit)                                            \
    ((limit) + SOTTO_HELLO_LEN + SOTTO_RECORD_HEAD)

/* The least size of the buffers: for a record at the limit, for a message of
 * the handshake, for the longest text or list of devices, and for all answers
 * that the window may call for. */
size_t sotto_session_buffer_min(const struct sotto_session_config *config);

/* The least number of buffers, for all sessions together. With four for each
 * none ever waits for one. */
#define SOTTO_SESSION_BUFFERS_MIN 4

enum sotto_session_state {
    SOTTO_SESSION_HANDSHAKE,
    SOTTO_SESSION_LOGIN,   /* no name yet, or after a refusal */
    SOTTO_SESSION_PROOF,   /* challenged */
    SOTTO_SESSION_ACTIVE,  /* logged in */
    SOTTO_SESSION_ROOM,    /* in the lobby */
    SOTTO_SESSION_CLOSING, /* has something to say before it ends */
    SOTTO_SESSION_FINISHED /* close the stream */
};

/* Where the room's entries come from next. */
enum sotto_session_source {
    SOTTO_SOURCE_NONE,
    SOTTO_SOURCE_PAST, /* pages of the log, from `next_number` */
    SOTTO_SOURCE_LIVE  /* the feed, at `cursor` */
};

struct sotto_session {
    const struct sotto_session_config *config;
    enum sotto_session_state state;
    enum sotto_close_reason reason; /* why CLOSING */
    enum sotto_session_source source;
    bool close_now;       /* nothing that is said would be read: no CLOSE */
    bool said_close;      /* the CLOSE is sealed */
    bool is_waiting;      /* for the hub's answer to the request taken */
    bool is_asking;       /* `request` is to be taken by the hub */
    bool has_frame;       /* `frame` is not dealt with */
    bool announce_live;   /* CAUGHT_UP is still to be said */
    bool wants_who;       /* a list of who is here is under way */
    bool is_input_secret; /* `in` held a proof, a verifier or a code */
    bool was_closing;     /* at a tick, from `since_ms` on */
    bool is_starved;      /* needs a buffer: call again once one is free */
    bool has_turn;        /* `turn` is set: it waits for its first buffer */
    bool is_holding;      /* a buffer that others wait for, likewise */
    uint32_t turn;        /* in which round */
    uint8_t tries;
    bool is_paced;      /* has sent too much, and waits */
    uint16_t unacked;   /* ACKs or ERRORs of posts that will come */
    uint16_t promised;  /* those of them that come before CAUGHT_UP */
    uint64_t last_post; /* the highest id */
    uint64_t instance;
    uint64_t next_number; /* the next entry wanted */
    uint64_t who_from;
    uint64_t opened_ms;
    uint64_t input_ms;  /* when something last came, or could not be taken */
    uint64_t output_ms; /* when something was last taken, or queued */
    uint64_t since_ms;  /* when a tick first saw that */

    struct sotto_scram_server *login; /* during a login */
    uint8_t *in;                      /* bytes read, `in_at` to `in_len` */
    size_t in_at;
    size_t in_len;
    uint8_t *outbox;  /* frames to send, `outbox_at` to `outbox_len` */
    size_t outbox_at; /* the first frame that is not sent as a whole */
    size_t outbox_len;
    size_t held;      /* the last bytes of the outbox, not to be sent yet */
    size_t part_done; /* of the outbox's first frame, sent in parts */
    uint8_t *out;     /* sealed bytes, `out_at` to `out_len` */
    size_t out_at;
    size_t out_len;
    /* What is large stands at the end: a Cortex-M reaches the beginning of a
     * struct with half the code. */
    struct sotto_pace pace; /* what was taken of it */
    struct sotto_cursor cursor;
    struct sotto_frame frame;
    struct sotto_request request;
    struct sotto_link link;
};

/* The configuration is borrowed; its buffers are large enough. */
void sotto_session_init(struct sotto_session *session,
                        const struct sotto_session_config *config,
                        uint64_t now_ms);
/* Erases keys and gives buffers back. */
void sotto_session_wipe(struct sotto_session *session);

/*
 * Where to read into: `*cap` bytes at `*at`. False when it takes nothing now
 * (it waits for the hub, its client reads too slowly or sends too much, no
 * buffer is free, or it is ending): do not read, TCP holds the client back.
 */
bool sotto_session_input(struct sotto_session *session, uint8_t **at,
                         size_t *cap);
/* `len` bytes were read there. */
void sotto_session_input_done(struct sotto_session *session, size_t len,
                              uint64_t now_ms);
/* The client ended the stream. */
void sotto_session_input_ended(struct sotto_session *session);

/*
 * Works on what was read until a request for the hub comes up; NULL when there
 * is none. It stays the session's request until sotto_session_asked(), so that
 * it can be made again. Call until NULL, after input, replies and output.
 */
const struct sotto_request *sotto_session_next(struct sotto_session *session,
                                               uint64_t now_ms);
/* The hub took the request. */
void sotto_session_asked(struct sotto_session *session);

/*
 * How long it takes nothing because its client has sent too much; 0: it does
 * not wait for that. Call sotto_session_next() when this has passed.
 */
uint64_t sotto_session_pause_ms(const struct sotto_session *session,
                                uint64_t now_ms);

/* An answer of the hub to this session. */
void sotto_session_reply(struct sotto_session *session,
                         const struct sotto_reply *reply, uint64_t now_ms);

/*
 * What to write: `*len` bytes at `*at`, false when there is nothing. Seals one
 * record of all that waits when the last one is gone.
 */
bool sotto_session_output(struct sotto_session *session,
                          const struct sotto_feed *feed, uint64_t now_ms,
                          const uint8_t **at, size_t *len);
/* `len` of them were written. */
void sotto_session_output_done(struct sotto_session *session, size_t len,
                               uint64_t now_ms);

/*
 * Whether it can begin to write, or go on with what it has read or is telling:
 * call sotto_session_next() and sotto_session_output() again, after output was
 * written and after a tick. False while it waits for others: for input, a reply,
 * an entry, a buffer, the end of a pause, or its client to take what was begun.
 */
bool sotto_session_is_busy(const struct sotto_session *session,
                           const struct sotto_feed *feed);

/* Looks at the deadlines. */
void sotto_session_tick(struct sotto_session *session, uint64_t now_ms);

/* Ends it: with a CLOSE when the link is open; with the refusal BUSY when it
 * is not, and the reason is OVERLOAD. */
void sotto_session_close(struct sotto_session *session,
                         enum sotto_close_reason reason);

/* True once the stream is to be closed. */
bool sotto_session_is_finished(const struct sotto_session *session);

#endif
