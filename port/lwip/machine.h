/*
 * machine.h - the private state of port/lwip: one machine, its wait sets, and
 * fixed pools of listeners and streams.
 *
 * lwIP is one stack a process, so the machine is one object too. lwIP's callbacks
 * (in listener.c, stream.c, connect.c, linger.c) only note what happened: they
 * chain packet buffers and set fields; the calls of port.h act on it. Which
 * thread that is, and who excludes whom: stack.h.
 *
 *   port_connect --> RESOLVING --> CONNECTING --> ANSWERED --> OPEN --> BROKEN
 *                        |             |                        ^         ^
 *                        +-- FAILING --+------------------------|---------+
 *   lwIP accepts --> PENDING ------------- port_accept ---------+
 *
 * A closed stream's slot is free at once; its pcb lives on in linger.c until
 * the peer has what was written.
 */
#ifndef SOTTO_PORT_LWIP_MACHINE_H
#define SOTTO_PORT_LWIP_MACHINE_H

#include "port/lwip/port_lwip_config.h"
#include "port/port.h"

#include <lwip/sys.h>
#include <lwip/tcp.h>
#include <stdatomic.h>

enum stream_state {
    STREAM_FREE = 0,
    STREAM_PENDING,    /* established; waits for port_accept() */
    STREAM_RESOLVING,  /* DNS works on the name */
    STREAM_CONNECTING, /* the SYN is on its way */
    STREAM_ANSWERED,   /* established; port_wait() will say so */
    STREAM_FAILING,    /* connecting failed; port_wait() will say so */
    STREAM_OPEN,       /* established, and in somebody's hands */
    STREAM_BROKEN,     /* no pcb any more; `error` says why */
    STREAM_CONSOLE     /* no pcb at all: see console.c */
};

struct port_stream {
    enum stream_state state;
    enum sotto_err status; /* of connecting: AGAIN until it is known */
    enum sotto_err error;  /* FAILING, BROKEN: what reads and writes answer */
    bool fin;              /* the peer ended its side */
    bool outcome_due;      /* nobody asked yet how connecting ended */
    bool unclaimed;        /* accepted for another thread, not yet wanted */
    uint8_t want;          /* PORT_READ, PORT_WRITE */
    uint8_t packets;       /* packet buffers in `received` */
    uint8_t round;         /* how often this slot was used: see connect.c */
    uint16_t tcp_port;     /* the peer's */
    ip_addr_t peer;
    struct tcp_pcb *pcb;            /* NULL when BROKEN */
    struct pbuf *received;          /* chain of unread bytes, or NULL */
    uint32_t stuck_at;              /* port.freed when nothing fitted, */
    bool stuck;                     /* which it stays until that changes */
    struct port_loop *loop;         /* NULL while PENDING */
    struct port_listener *listener; /* while PENDING */
    struct port_stream *next;       /* while PENDING: came after this one */
    void *tag;
};

struct port_listener {
    struct tcp_pcb *pcb; /* NULL: this slot is free */
    struct port_loop *loop;
    struct port_stream *pending; /* in the order they came */
    bool wanted;
    bool refused; /* somebody found no room since the last port_accept() */
    void *tag;
};

struct port_loop {
    bool open;
    size_t capacity; /* streams and listeners together, the console too */
    size_t used;
    size_t next;          /* where the next look for ready streams begins */
    atomic_bool waking;   /* port_wake() */
    bool is_stuck;        /* one of its streams waits for memory to send */
    unsigned signals;     /* taken from below, not yet reported */
    atomic_bool has_news; /* with threads: somebody woke it; see rtos.c */
    sys_sem_t news;
};

struct port {
    bool open;
    struct port_loop loops[PORT_LWIP_LOOPS];
    struct port_listener listeners[PORT_LWIP_LISTENERS];
    struct port_stream streams[PORT_LWIP_STREAMS];
    struct port_stream console;
    size_t shared;  /* packet buffers taken of PORT_LWIP_SHARED_PACKETS */
    uint32_t freed; /* counts occasions on which send memory came free */
    size_t folders; /* file tables that are open, */
    struct port_loop *files_loop; /* all in this loop */
};

/* The one and only: lwIP is one stack a process. */
struct port *machine(void);

/* Notes `why` for port_last_error() and hands `err` back. */
enum sotto_err machine_fail(enum sotto_err err, const char *why);

/* Same with a general sentence for `err`, unless it is OK or AGAIN. */
enum sotto_err machine_report(enum sotto_err err);

/* lwIP's code as ours. */
enum sotto_err machine_translate(err_t err);

/* Send memory came free: whoever waits for some shall try again. */
void machine_freed(void);

/* Waits, within limits, until closed connections have delivered all. */
void machine_deliver(void);

/* Lets what became known of the loop's connects be seen. */
void connect_turn(struct port_loop *loop);

/* As port_address_parse(), without noting a failure. */
bool address_read(const char *text, struct port_address *address);

/* Both ways between port_address and lwIP. UNSUPPORTED for IPv6 in a build
 * without it. */
enum sotto_err address_to_lwip(const struct port_address *address,
                               ip_addr_t *out) SOTTO_MUST_CHECK;
void address_from_lwip(const ip_addr_t *in, uint16_t tcp_port,
                       struct port_address *address);

/* True for a wildcard and for what an interface of ours has. */
bool address_is_ours(const ip_addr_t *address);

/* True when something sent to one of them may be meant for the other: they are
 * equal, or one is the wildcard of their family. */
bool address_overlaps(const ip_addr_t *a, const ip_addr_t *b);

/* A free slot, in state `state`, otherwise zero; NULL when there is none. */
struct port_stream *stream_take(enum stream_state state);

/* Connects pcb and slot: from now on stream.c hears what happens to it. */
void stream_attach(struct port_stream *stream, struct tcp_pcb *pcb);

/* The pcb is gone, or goes now without a word to the peer's application:
 * cuts the slot off, keeps unread bytes. */
void stream_break(struct port_stream *stream, enum sotto_err error);

/* Resets the connection if there is one, drops unread bytes, frees the slot. */
void stream_drop(struct port_stream *stream);

/* As port_stream_abort() and port_listener_close(), for who has the lock. */
void stream_abort(struct port_stream *stream);
void listener_close(struct port_listener *listener);

/* Hands lwIP a copy of as many of the `len` bytes as it may keep; how many, which
 * may be 0. */
uint16_t send_some(struct tcp_pcb *pcb, const uint8_t *in, size_t len);

/* Keeps the bytes of `p`, which then belongs to the stream, or refuses. */
bool receive_put(struct port_stream *stream, struct pbuf *p);

/* Moves up to `cap` of the unread bytes, of which there must be some, to
 * `out`; how many. */
uint16_t receive_take(struct port_stream *stream, uint8_t *out, size_t cap);

/* Throws them away; how many. */
uint16_t receive_drop(struct port_stream *stream);

/* What it is ready for, whether or not somebody wants to know. */
unsigned stream_ready(struct port_stream *stream);

/* Same for the part of it that is to be reported. */
unsigned stream_report(struct port_stream *stream);

/* Sends what was written, then the end, and looks after the pcb until all of
 * it is acknowledged or PORT_LWIP_LINGER_S passed. */
void linger_start(struct tcp_pcb *pcb);

/* True while some of them have bytes that the peer did not acknowledge. */
bool linger_busy(void);

/* Takes out of the listener's queue. */
void listener_forget(struct port_stream *stream);

/* The console's part of the stream calls. */
unsigned console_stream_ready(void);
enum sotto_err console_read(uint8_t *out, size_t cap, size_t *got)
    SOTTO_MUST_CHECK;
enum sotto_err console_write(const uint8_t *in, size_t len, size_t *put)
    SOTTO_MUST_CHECK;
void console_stream_close(struct port_stream *console);

#endif
