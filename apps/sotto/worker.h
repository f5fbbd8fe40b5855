/*
 * worker.h - what one thread of the server does: connections, their streams,
 * sessions and buffers.
 *
 *   streams <--> [ worker ] --requests, leaving--> [ hub ]
 *                           <--replies, entries--
 *
 * The hub, with accounts, rooms, files and listeners, is the first thread's
 * (struct server). When there is one worker it is the same thread, and both
 * sides call each other. With more each has a thread of its own, and the two
 * sides are mailboxes apart (server_threads.c). A worker touches nothing of the
 * server but what stays as it was at the start.
 *
 * A turn: everything is read and asked first, then everybody gets what there
 * is for him, in one record and with one write. A step of a handshake costs as
 * much as hundreds of messages, and anybody can ask for one: those who shake
 * hands stand in a queue, and one of them has his step in a turn. So whoever is
 * in the room waits for one such step at most, however many come.
 */
#ifndef SOTTO_APP_WORKER_H
#define SOTTO_APP_WORKER_H

#include "apps/sotto/capacity.h"
#include "apps/sotto/log.h"
#include "core/base/pool.h"
#include "core/chat/feed.h"
#include "core/chat/session.h"
#include "port/port.h"

struct server;
struct mail;

/* One connection: a stream, its session, its seat at the hub. */
struct conn {
    struct port_stream *stream;
    struct conn *next_dirty;
    struct conn *next_new;
    struct conn *next_paced;
    bool is_open;
    bool is_dirty;   /* in the list of those to be looked at */
    bool is_new;     /* in the queue of those that shake hands */
    bool is_paced;   /* in the list of those that have sent too much */
    bool is_blocked; /* its request waits for a disk, or for room on the way */
    bool is_reading; /* PORT_READ is wanted */
    bool is_writing; /* PORT_WRITE is wanted: a write was cut short */
    struct sotto_seat_id seat;
    struct sotto_session session;
};

/* What is counted for the operator; boards have nobody to ask for it. */
enum worker_count {
    COUNT_WAITS, /* calls of port_wait() */
    COUNT_READS, /* of a stream, futile ones included */
    COUNT_BYTES_IN,
    COUNT_WRITES, /* one for each record */
    COUNT_BYTES_OUT,
    COUNT_SHORT,      /* writes that were cut short */
    COUNT_HANDSHAKES, /* done */
    COUNT_CLOSED,     /* by enum sotto_close_reason from here on */
    COUNT_REFUSED = COUNT_CLOSED + SOTTO_CLOSE_STORAGE + 1,
    /* in the handshake, by enum sotto_refusal from there on */
    COUNT_SESSIONS = COUNT_REFUSED + SOTTO_REFUSAL_KEY + 1,
    /* by enum sotto_session_count from there on */
    COUNT_KINDS = COUNT_SESSIONS + SOTTO_COUNT_KINDS
};

struct worker {
    struct server *server;
    struct port_loop *loop;
    struct mail *mail; /* to and from the hub; NULL: it is this thread's */
    uint64_t now_ms;
    size_t first;            /* the seat of its first connection */
    struct sotto_pool conns; /* the hub's thread hands out their places */
    size_t conn_high; /* no open connection has this place or a higher one */
    struct sotto_pool buffers;
    struct sotto_turns turns; /* for the buffers */
    struct sotto_pool logins;
    struct sotto_feed feed;
    struct conn *dirty;     /* a list by next_dirty */
    struct conn *first_new; /* a queue by next_new, without those of `dirty` */
    struct conn *last_new;
    struct conn *paced; /* a list by next_paced ... */
    uint64_t paced_ms;  /* ... and when the first of them may go on */
    size_t blocked;     /* connections */
    bool has_news;      /* the feed has grown since all were looked at */
    bool has_starved;   /* somebody found no buffer, and ... */
    uint8_t refusals;   /* logged since the deadlines were looked at */
    size_t given;       /* ... as many had been given back until then */
    uint64_t counts[SERVER_COUNTERS ? COUNT_KINDS : 1];
    struct sotto_session_config session;
};

/* One more, or `by` more, of what is counted. */
static inline void worker_count(struct worker *worker, unsigned what, size_t by)
{
    if (SERVER_COUNTERS) {
        worker->counts[what] += by;
    }
}

/* What there is to say of some workers together. */
struct worker_report {
    uint64_t counts[SERVER_COUNTERS ? COUNT_KINDS : 1];
    size_t buffers;      /* in use */
    size_t blocked;      /* connections whose request cannot be taken yet */
    size_t mailbox_most; /* bytes that waited in a mailbox at a time */
};

void worker_add_report(const struct worker *worker,
                       struct worker_report *report);

/* ---- what the hub's side tells ------------------------------------------ */

/* Somebody came: `stream` was accepted with worker_tag() for that seat. */
void worker_welcome(struct worker *worker, struct sotto_seat_id seat,
                    struct port_stream *stream);
void *worker_tag(struct worker *worker, struct sotto_seat_id seat);

/* An answer for a connection, which may have gone, or an entry for all. */
void worker_take(struct worker *worker, const struct sotto_reply *reply);

/* Closes a connection at once, if it is still there: somebody else needs the
 * place. */
void worker_send_away(struct worker *worker, struct sotto_seat_id seat);

/* Says goodbye to everybody. */
void worker_close_all(struct worker *worker, enum sotto_close_reason reason);

/* Those whose request could not be taken try again. */
void worker_unblock(struct worker *worker);

/* ---- its turn ----------------------------------------------------------- */

/* How long the turn may wait for events: until `tick_ms`, or until somebody has
 * something to do. */
uint32_t worker_wait_ms(const struct worker *worker, uint64_t tick_ms);

/* Readiness of the connection with this tag. */
void worker_ready(struct worker *worker, void *tag, unsigned ready);

/* Looks at the deadlines, once a second. */
void worker_tick(struct worker *worker);

/* Works on all that have something to do, at the end of a turn. */
void worker_work(struct worker *worker);

/* ---- worker_log.c ------------------------------------------------------- */

void worker_log_conn(const struct worker *worker, enum log_level level,
                     const struct conn *conn, const char *event);
/* What an answer says about accounts; nothing for the others. So many refusals
 * in a second: who is refused may cause as many as he likes. */
#define WORKER_REFUSALS 20
void worker_log_reply(struct worker *worker, const struct conn *conn,
                      const struct sotto_reply *reply);

#endif
