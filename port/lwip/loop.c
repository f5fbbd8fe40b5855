/*
 * loop.c - the wait sets: sleep, and report what is ready.
 *
 * Pools are small, so ready streams are found by looking at all of them; each
 * look begins behind the last one that was reported, so that nobody starves.
 *
 * Contract: port.h, wait sets.
 */
#include "port/lwip/machine.h"

#include "port/lwip/below.h"
#include "port/lwip/stack.h"

/* Places of a look: listeners, streams, the console. */
#define PLACES (PORT_LWIP_LISTENERS + PORT_LWIP_STREAMS + 1)

static struct port_loop *free_loop(void)
{
    for (size_t i = 0; i < PORT_LWIP_LOOPS; i++) {
        if (!machine()->loops[i].open) {
            return &machine()->loops[i];
        }
    }
    return NULL;
}

enum sotto_err port_loop_open(struct port *port, size_t capacity,
                              struct port_loop **loop)
{
    (void)port;
    if (capacity > PLACES) {
        return machine_fail(SOTTO_ERR_SPACE,
                            "This machine was built for fewer connections");
    }
    LOCK_TCPIP_CORE();
    struct port_loop *made = free_loop();
    enum sotto_err err =
        PORT_LWIP_LOOPS == 1 ? SOTTO_ERR_UNSUPPORTED : SOTTO_ERR_SPACE;
    if (made != NULL) {
        *made = (struct port_loop){.capacity = capacity};
        err = stack_loop_open(made);
        made->open = err == SOTTO_OK;
    }
    UNLOCK_TCPIP_CORE();
    if (err != SOTTO_OK) {
        return machine_fail(err, "All wait sets of this machine are taken");
    }
    *loop = made;
    return SOTTO_OK;
}

static void close_all(struct port_loop *loop)
{
    struct port *port = machine();
    for (size_t i = 0; i < PORT_LWIP_LISTENERS; i++) {
        if (port->listeners[i].pcb != NULL && port->listeners[i].loop == loop) {
            listener_close(&port->listeners[i]);
        }
    }
    for (size_t i = 0; i < PORT_LWIP_STREAMS; i++) {
        if (port->streams[i].state != STREAM_FREE &&
            port->streams[i].loop == loop) {
            stream_abort(&port->streams[i]);
        }
    }
    if (port->console.state != STREAM_FREE && port->console.loop == loop) {
        stream_abort(&port->console);
    }
}

void port_loop_close(struct port_loop *loop)
{
    LOCK_TCPIP_CORE();
    close_all(loop);
    UNLOCK_TCPIP_CORE();
    machine_deliver();
    LOCK_TCPIP_CORE();
    loop->open = false;
    stack_loop_close(loop);
    UNLOCK_TCPIP_CORE();
}

void port_wake(struct port_loop *loop)
{
    atomic_store(&loop->waking, true);
    stack_wake(loop);
}

/* ---- looking ---------------------------------------------------------- */

/* Signals and wake-ups: few, and first. Signals are for the first loop. */
static size_t report_calls(struct port_loop *loop, struct port_event *events,
                           size_t cap)
{
    size_t count = 0;
    if (loop == machine()->loops) {
        loop->signals |= below_signals();
    }
    for (unsigned kind = PORT_EVENT_STOP; kind <= PORT_EVENT_RESIZE; kind++) {
        if ((loop->signals & (1U << kind)) != 0 && count < cap) {
            loop->signals &= ~(1U << kind);
            events[count++] =
                (struct port_event){.kind = (enum port_event_kind)kind};
        }
    }
    if (count < cap && atomic_exchange(&loop->waking, false)) {
        events[count++] = (struct port_event){.kind = PORT_EVENT_WAKE};
    }
    return count;
}

/* What is to be reported to `loop` of place `at`, and its tag. */
static unsigned look_at(const struct port_loop *loop, size_t at, void **tag)
{
    struct port *port = machine();
    if (at < PORT_LWIP_LISTENERS) {
        const struct port_listener *listener = &port->listeners[at];
        *tag = listener->tag;
        return listener->pcb != NULL && listener->loop == loop &&
                       listener->wanted &&
                       (listener->pending != NULL || listener->refused)
                   ? PORT_READ
                   : 0;
    }
    at -= PORT_LWIP_LISTENERS;
    struct port_stream *stream =
        at < PORT_LWIP_STREAMS ? &port->streams[at] : &port->console;
    *tag = stream->tag;
    return stream->loop == loop ? stream_report(stream) : 0;
}

static size_t report_ready(struct port_loop *loop, struct port_event *events,
                           size_t cap)
{
    size_t count = 0;
    size_t start = loop->next;
    for (size_t i = 0; i < PLACES && count < cap; i++) {
        size_t at = (start + i) % PLACES;
        void *tag = NULL;
        unsigned ready = look_at(loop, at, &tag);
        if (ready != 0) {
            events[count++] = (struct port_event){.kind = PORT_EVENT_READY,
                                                  .ready = ready,
                                                  .tag = tag};
            loop->next = (at + 1) % PLACES;
        }
    }
    return count;
}

/* ---- waiting ---------------------------------------------------------- */

/* What a loop knows after it has looked. */
struct view {
    size_t count;     /* events */
    bool has_files;   /* files are this loop's */
    unsigned console; /* what of the console it waits for */
};

static struct view look(struct port_loop *loop, struct port_event *events,
                        size_t cap)
{
    const struct port *port = machine();
    const struct port_stream *console = &port->console;
    struct view view = {0};
    LOCK_TCPIP_CORE();
    connect_turn(loop);
    view.count = report_calls(loop, events, cap);
    view.count += report_ready(loop, events + view.count, cap - view.count);
    view.has_files = port->folders > 0 && port->files_loop == loop;
    if (console->state == STREAM_CONSOLE && console->loop == loop) {
        view.console = console->want;
    }
    UNLOCK_TCPIP_CORE();
    return view;
}

static void sleep_until(struct port_loop *loop, uint64_t end, unsigned console)
{
    uint64_t now = below_now_ms();
    if (now < end) {
        uint64_t left = end - now;
        stack_wait(loop, left < PORT_FOREVER ? (uint32_t)left : PORT_FOREVER,
                   console);
    }
}

void port_wait(struct port_loop *loop, uint32_t timeout_ms,
               struct port_event *events, size_t cap, size_t *count)
{
    uint64_t end =
        timeout_ms == PORT_FOREVER ? UINT64_MAX : below_now_ms() + timeout_ms;
    for (;;) {
        bool more = false;
        stack_turn();
        struct view view = look(loop, events, cap);
        bool done = view.has_files && below_files_poll(&more);
        if (view.count > 0 || done || below_now_ms() >= end) {
            *count = view.count;
            return;
        }
        if (!more) {
            sleep_until(loop, end, view.console);
        }
    }
}
