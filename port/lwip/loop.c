/*
 * loop.c - the wait set: turns the stack, sleeps, and reports what is ready.
 *
 * Pools are small, so ready streams are found by looking at all of them; each
 * look begins behind the last one that was reported, so that nobody starves.
 *
 * Contract: port.h, wait sets.
 */
#include "port/lwip/machine.h"

#include "port/lwip/below.h"
#include <lwip/timeouts.h>

/* Places of a look: listeners, streams, the console. */
#define PLACES (PORT_LWIP_LISTENERS + PORT_LWIP_STREAMS + 1)

enum sotto_err port_loop_open(struct port *port, size_t capacity,
                              struct port_loop **loop)
{
    if (port->loop.open) {
        return machine_fail(SOTTO_ERR_UNSUPPORTED,
                            "This machine has one wait set, and it is taken");
    }
    if (capacity > PLACES) {
        return machine_fail(SOTTO_ERR_SPACE,
                            "This machine was built for fewer connections");
    }
    port->loop = (struct port_loop){.open = true, .capacity = capacity};
    *loop = &port->loop;
    return SOTTO_OK;
}

void port_loop_close(struct port_loop *loop)
{
    struct port *port = machine();
    for (size_t i = 0; i < PORT_LWIP_LISTENERS; i++) {
        if (port->listeners[i].pcb != NULL) {
            port_listener_close(&port->listeners[i]);
        }
    }
    for (size_t i = 0; i < PORT_LWIP_STREAMS; i++) {
        if (port->streams[i].state != STREAM_FREE) {
            port_stream_abort(&port->streams[i]);
        }
    }
    if (port->console.state != STREAM_FREE) {
        port_stream_abort(&port->console);
    }
    machine_deliver();
    loop->open = false;
}

void port_wake(struct port_loop *loop)
{
    atomic_store(&loop->waking, true);
    below_wake();
}

/* ---- looking ---------------------------------------------------------- */

/* Signals and wake-ups: few, and first. */
static size_t report_calls(struct port_loop *loop, struct port_event *events,
                           size_t cap)
{
    size_t count = 0;
    loop->signals |= below_signals();
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

/* What is to be reported of place `at`, and its tag. */
static unsigned look_at(size_t at, void **tag)
{
    struct port *port = machine();
    if (at < PORT_LWIP_LISTENERS) {
        const struct port_listener *listener = &port->listeners[at];
        *tag = listener->tag;
        return listener->pcb != NULL && listener->wanted &&
                       (listener->pending != NULL || listener->refused)
                   ? PORT_READ
                   : 0;
    }
    at -= PORT_LWIP_LISTENERS;
    struct port_stream *stream =
        at < PORT_LWIP_STREAMS ? &port->streams[at] : &port->console;
    *tag = stream->tag;
    return stream_report(stream);
}

static size_t report_ready(struct port_loop *loop, struct port_event *events,
                           size_t cap)
{
    size_t count = 0;
    size_t start = loop->next;
    for (size_t i = 0; i < PLACES && count < cap; i++) {
        size_t at = (start + i) % PLACES;
        void *tag = NULL;
        unsigned ready = look_at(at, &tag);
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

static void sleep_until(uint64_t end)
{
    struct port *port = machine();
    uint64_t now = below_now_ms();
    if (now >= end) {
        return;
    }
    uint64_t left = end - now;
    uint32_t timers = sys_timeouts_sleeptime();
    uint32_t ms = left < timers ? (uint32_t)left : timers;
    below_wait(ms,
               port->console.state == STREAM_CONSOLE ? port->console.want : 0);
}

void port_wait(struct port_loop *loop, uint32_t timeout_ms,
               struct port_event *events, size_t cap, size_t *count)
{
    uint64_t end =
        timeout_ms == PORT_FOREVER ? UINT64_MAX : below_now_ms() + timeout_ms;
    for (;;) {
        bool more = false;
        machine_turn();
        connect_turn();
        bool done = below_files_poll(&more);
        size_t n = report_calls(loop, events, cap);
        n += report_ready(loop, events + n, cap - n);
        if (n > 0 || done || below_now_ms() >= end) {
            *count = n;
            return;
        }
        if (!more) {
            sleep_until(end);
        }
    }
}
