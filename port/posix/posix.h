/*
 * posix.h - what the files of this port share. Private to port/posix.
 *
 *   posix.c    the machine: opening, time, random bytes, errors
 *   signals.c  signals become events
 *   loop.c     the wait set       wait.c     one turn of it
 *   address.c, address_text.c  addresses
 *   listen.c   listeners
 *   stream.c   bytes in and out   linger.c   closing in good order
 *   connect.c  connecting         resolve.c  names, in helper threads
 *   console.c  standard input and output as a stream
 *   terminal.c raw mode, and its end whatever ends the program
 *   folder.c   a folder of files  files.c    what is in them
 *   requests.c sync and replace, in a thread
 *   thread.c   threads, mutexes   panic.c    sotto_panic
 *
 * Threads. A loop and all that belongs to it is one thread's. What others may
 * touch: the loop's `lock` and what stands below it, and its bell (an eventfd
 * that ends the wait).
 */
#ifndef SOTTO_PORT_POSIX_H
#define SOTTO_PORT_POSIX_H

#include "port/port.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* How many events are fetched from the kernel with one call. */
#define POSIX_BATCH 256

/* How long a closed stream throws away what its peer still sends. */
#define POSIX_LINGER_MS 2000U

/* ---- the machine (posix.c) -------------------------------------------- */

struct port {
    struct port_loop *first;       /* gets signals and the console */
    struct posix_console *console; /* or NULL */
    int loops;                     /* that are open */
};

/* Remembers `code` (of errno) for port_last_error() and translates it. */
enum sotto_err posix_fail(int code);

/* The same for a sentence of ours and an error of ours. */
enum sotto_err posix_fail_text(enum sotto_err err, const char *text);

/* The translation alone. */
enum sotto_err posix_err(int code);

uint64_t posix_now_ms(void);

#define POSIX_ASSERT(condition)                                                \
    ((condition) ? (void)0 : SOTTO_PANIC(#condition))

/* ---- sources: whatever epoll watches ---------------------------------- */

enum posix_kind {
    POSIX_STREAM,
    POSIX_LISTENER,
    POSIX_INPUT,  /* of the console, first in struct posix_console */
    POSIX_OUTPUT, /* of the console */
    POSIX_BELL    /* a loop's own */
};

/*
 * First in everything that epoll watches, so that a pointer to one is a
 * pointer to the other. It stands in at most one of its loop's lists.
 */
struct posix_source {
    struct posix_source *prev; /* in the list; of a list's head: the last */
    struct posix_source *next;
    struct port_loop *loop;
    void *tag;
    int fd;        /* -1: none (yet, or any more) */
    uint8_t kind;  /* enum posix_kind */
    uint8_t state; /* enum posix_state, of a stream */
    uint8_t want;  /* what the caller wants reported */
    uint8_t armed; /* what epoll was told, with POSIX_ARMED when it was */
};

#define POSIX_ARMED 0x80U

enum posix_state {
    POSIX_RESOLVING,
    POSIX_CONNECTING,
    POSIX_CONNECTED, /* but port_connect_status() did not tell yet */
    POSIX_FAILED,    /* to connect; `cause` says why */
    POSIX_OPEN,
    POSIX_ENDED,    /* the peer ended its side: reading is over */
    POSIX_LINGERING /* closed by the caller, no longer theirs */
};

/* There are thousands of these, idle: 72 bytes. */
struct port_stream {
    struct posix_source source;
    union {
        struct posix_lookup *lookup; /* while connecting to a name, or NULL */
        uint64_t until_ms;           /* LINGERING */
    } of;
    struct port_address peer;
    int16_t cause; /* errno, or a negative EAI_ code; 0: not broken */
};

_Static_assert(sizeof(struct port_stream) <= 72, "idle streams stay small");

/* ---- the wait set (loop.c) -------------------------------------------- */

struct port_loop {
    struct port *port;
    int epoll_fd;
    struct posix_source bell;
    struct posix_source streams;   /* list: all that stand in no other */
    struct posix_source always;    /* list: ready without asking epoll */
    struct posix_source lingering; /* list: oldest first */
    size_t lingering_count;
    size_t capacity;
    bool always_first; /* who comes first this turn, epoll or that list */
    unsigned bits;     /* events, 1U << kind, that are still to be reported */
    struct posix_table *tables; /* open file tables, a list */
    struct epoll_event batch[POSIX_BATCH];

    atomic_bool rung;  /* the bell has been rung and not yet been answered */
    atomic_bool woken; /* by port_wake() */

    pthread_mutex_t lock; /* for what follows, and the list `streams` */
    size_t count;         /* streams and listeners, without lingering ones */
    struct posix_lookup *found; /* look-ups that ended */
};

/* One call of port_wait(), filling up. */
struct posix_turn {
    struct port_event *events;
    size_t cap;
    size_t count;
};

void posix_turn_add(struct posix_turn *turn, void *tag, unsigned ready);

/* Makes the loop return. Any thread, and signal handlers. */
void posix_loop_ring(struct port_loop *loop);

/* Takes a place in the loop for a new source and puts it in `streams`; gives
 * it back. SPACE. Any thread. */
enum sotto_err posix_loop_enter(struct port_loop *loop,
                                struct posix_source *source);
void posix_loop_leave(struct posix_source *source);

/* The source gives its place back but is still watched, in `lingering`. */
void posix_loop_linger(struct posix_source *source);

/* Moves a source to another list of its loop. */
void posix_loop_move(struct posix_source *source, struct posix_source *list);

/* Tells epoll to watch for PORT_READ or PORT_WRITE, or to forget the source. */
enum sotto_err posix_arm(struct posix_source *source, unsigned ready);
void posix_disarm(struct posix_source *source);

/* ---- listen.c, stream.c, connect.c ------------------------------------ */

/* A stream of this loop over `fd` (or -1), not watched yet; on failure `fd` is
 * the caller's still. Frees it again, closing the descriptor. */
enum sotto_err posix_stream_new(struct port_loop *loop, int fd, void *tag,
                                struct port_stream **stream);
void posix_stream_free(struct port_stream *stream);

/* Something happened to a stream that connects or lingers; true when the
 * caller is to be told. */
bool posix_connect_step(struct port_stream *stream);
void posix_linger_step(struct port_stream *stream);

/* Tries the next address that was found for the stream, or gives up. */
void posix_connect_next(struct port_stream *stream);

/* Nothing can be done with it any more: ready for good, and `cause`, which is
 * set, says why. */
void posix_stream_fail(struct port_stream *stream);

/* Why connecting failed, in our words. */
enum sotto_err posix_connect_err(int cause);

/* Closes in good order, without waiting (linger.c). Then: ends lingering that
 * has lasted long enough; one that must end now; waits until the others may
 * end without harm. */
void posix_linger(struct port_stream *stream);
void posix_linger_expire(struct port_loop *loop);
void posix_linger_end(struct port_stream *stream);
void posix_linger_finish(struct port_loop *loop);

/* Addresses, ours and the system's. */
socklen_t posix_address_out(const struct port_address *address,
                            struct sockaddr_storage *out);
void posix_address_in(const struct sockaddr *in, struct port_address *address);

/* ---- names (resolve.c) ------------------------------------------------ */

/*
 * One look-up. A thread and a stream share it; whoever is the last to let go
 * frees it. `found` and `at` are the stream's once `cause` was delivered.
 */
struct posix_lookup {
    pthread_mutex_t lock;       /* for the next three */
    int holders;                /* thread or loop, and stream */
    struct port_loop *loop;     /* NULL: nobody waits any more */
    struct port_stream *stream; /* likewise */
    struct posix_lookup *next;  /* in the loop's list */
    struct addrinfo *found;     /* addresses */
    struct addrinfo *at;        /* the one that is tried now */
    int cause;                  /* 0, or as in struct port_stream */
    uint16_t port;
    char host[256];
};

/* Starts to look up `host` for `stream`. SPACE. */
enum sotto_err posix_lookup_start(struct port_stream *stream, const char *host,
                                  uint16_t tcp_port);

/* The stream lets go. */
void posix_lookup_drop(struct posix_lookup *lookup);

/* In the loop's thread: hands ended look-ups to their streams. */
void posix_lookups_take(struct port_loop *loop);

/* ---- the console (console.c, terminal.c) ------------------------------ */

struct posix_console {
    struct port_stream stream; /* its source is the input */
    struct posix_source output;
    bool own_output;    /* `output.fd` was opened by us */
    uint8_t always;     /* ready without epoll: PORT_READ, PORT_WRITE */
    bool ended;         /* end of input was read */
    bool listed;        /* its event of this turn is in the turn already */
    size_t listed_at;   /* there */
    uint8_t unreported; /* readiness gathered in this turn */
};

bool posix_console_is(const struct port_stream *stream);
void posix_console_ready(struct posix_console *console, unsigned ready,
                         struct posix_turn *turn);
void posix_console_want(struct posix_console *console, unsigned ready);
enum sotto_err posix_console_read(struct posix_console *console, uint8_t *out,
                                  size_t cap, size_t *got);
enum sotto_err posix_console_write(struct posix_console *console,
                                   const uint8_t *in, size_t len, size_t *put);
void posix_console_close(struct posix_console *console);

/* Raw mode of the terminal `fd`, and back. The last three are for signal
 * handlers; they do nothing when raw mode is off. */
void posix_terminal_raw(int fd);
void posix_terminal_cooked(void);
void posix_terminal_restore(void); /* for good */
void posix_terminal_pause(void);   /* until resumed */
void posix_terminal_resume(void);

/* ---- signals (signals.c) ---------------------------------------------- */

void posix_signals_open(void);
void posix_signals_close(void);

/* Where signals ring; NULL: nowhere. */
void posix_signals_ring(struct port_loop *loop);

/* Takes the events that came, as 1U << enum port_event_kind. */
unsigned posix_signals_take(void);

/* While the terminal is raw: restore it before the program is ended or
 * suspended by a signal. */
void posix_signals_guard(bool guard);

/* Blocks the signals that are for the first thread; what was blocked before
 * is kept in `before` for posix_signals_unblock(). For starting threads. */
void posix_signals_block(sigset_t *before);
void posix_signals_unblock(const sigset_t *before);

/* ---- files (requests.c) ----------------------------------------------- */

/* Ended requests of the loop's tables become DONE for their callers. */
void posix_tables_take(struct port_loop *loop);

#endif
