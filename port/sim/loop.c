/*
 * loop.c - wait sets.
 */
#include "port/sim/inner.h"

#include <stdlib.h>
#include <string.h>

/* A turn costs as much, so that who never waits lets time pass all the same. */
#define TURN_NS (5ULL * SIM_US)

enum sotto_err port_loop_open(struct port *port, size_t capacity,
                              struct port_loop **loop)
{
    struct port_loop *made = calloc(1, sizeof *made);
    struct sim_place *places = calloc(capacity, sizeof *places);
    if (made == NULL || places == NULL) {
        free(made);
        free(places);
        return sim_fail(SOTTO_ERR_SPACE, "No memory for a loop");
    }
    made->machine = port->machine;
    made->places = places;
    made->capacity = capacity;
    struct port_loop **place = &port->machine->loops;
    while (*place != NULL) {
        place = &(*place)->next;
    }
    *place = made;
    *loop = made;
    return SOTTO_OK;
}

void sim_loop_free(struct port_loop *loop)
{
    struct port_loop **place = &loop->machine->loops;
    while (loop->count > 0) {
        struct sim_source *source = loop->places[loop->count - 1].source;
        if (source->kind == SIM_LISTENER) {
            sim_listener_free((struct port_listener *)source);
        } else {
            port_stream_abort((struct port_stream *)source);
        }
    }
    while (*place != loop) {
        place = &(*place)->next;
    }
    *place = loop->next;
    free(loop->places);
    free(loop);
}

void port_loop_close(struct port_loop *loop)
{
    sim_loop_free(loop);
}

bool sim_loop_place(struct port_loop *loop, struct sim_source *source)
{
    if (loop->count == loop->capacity) {
        return false;
    }
    source->loop = loop;
    loop->places[loop->count++].source = source;
    return true;
}

void sim_loop_leave(struct sim_source *source)
{
    struct port_loop *loop = source->loop;
    size_t at = 0;
    while (loop->places[at].source != source) {
        at++;
    }
    loop->count--;
    memmove(loop->places + at, loop->places + at + 1,
            (loop->count - at) * sizeof(struct sim_place));
}

/* ---- readiness -------------------------------------------------------- */

static unsigned ready(const struct sim_source *source)
{
    const struct port_listener *listener;
    switch (source->kind) {
    case SIM_STREAM:
        return sim_stream_ready((const struct port_stream *)source);
    case SIM_LISTENER:
        listener = (const struct port_listener *)source;
        return listener->is_wanted && listener->waiting > 0 ? PORT_READ : 0U;
    case SIM_CONSOLE:
        return sim_console_ready((const struct port_stream *)source);
    }
    return 0;
}

static bool takes_signals(const struct port_loop *loop)
{
    return loop->machine->loops == loop;
}

static bool has_request_due(const struct port_loop *loop)
{
    return sim_loop_next_ns(loop) <= loop->machine->sim->now_ns;
}

uint64_t sim_loop_next_ns(const struct port_loop *loop)
{
    uint64_t next = SIM_NEVER;
    const struct sim_table *table;
    for (table = loop->machine->disk.tables; table != NULL;
         table = table->next) {
        if (table->loop == loop && table->first != NULL &&
            table->first->done_ns < next) {
            next = table->first->done_ns;
        }
    }
    return next;
}

bool sim_loop_is_ready(const struct port_loop *loop)
{
    if (loop->is_woken || has_request_due(loop) ||
        (takes_signals(loop) && loop->machine->signals != 0)) {
        return true;
    }
    for (size_t i = 0; i < loop->count; i++) {
        if (ready(loop->places[i].source) != 0) {
            return true;
        }
    }
    return false;
}

/* ---- waiting ---------------------------------------------------------- */

static void finish_requests(struct port_loop *loop)
{
    struct sim_table *table;
    for (table = loop->machine->disk.tables; table != NULL;
         table = table->next) {
        if (table->loop == loop) {
            sim_requests_finish(table, false);
        }
    }
}

static void look_at_streams(struct port_loop *loop)
{
    for (size_t i = 0; i < loop->count; i++) {
        if (loop->places[i].source->kind == SIM_STREAM) {
            sim_stream_look((struct port_stream *)loop->places[i].source);
        }
    }
}

static size_t take_signals(struct port_loop *loop, struct port_event *events,
                           size_t cap)
{
    struct sim_machine *machine = loop->machine;
    size_t count = 0;
    if (loop->is_woken) {
        loop->is_woken = false;
        events[count++] = (struct port_event){.kind = PORT_EVENT_WAKE};
    }
    if (!takes_signals(loop)) {
        return count;
    }
    for (unsigned kind = 0; machine->signals >> kind != 0; kind++) {
        if (count < cap && (machine->signals >> kind & 1U) != 0) {
            machine->signals &= ~(1U << kind);
            events[count++] =
                (struct port_event){.kind = (enum port_event_kind)kind};
        }
    }
    return count;
}

/* From another place each time, so that nobody starves. */
static size_t take_ready(struct port_loop *loop, struct port_event *events,
                         size_t cap, size_t count)
{
    const size_t first = loop->count > 0 ? loop->turn % loop->count : 0;
    for (size_t i = 0; i < loop->count && count < cap; i++) {
        const struct sim_source *source =
            loop->places[(first + i) % loop->count].source;
        const unsigned bits = ready(source);
        if (bits != 0) {
            events[count++] = (struct port_event){.kind = PORT_EVENT_READY,
                                                  .ready = bits,
                                                  .tag = source->tag};
            loop->turn = first + i + 1;
        }
    }
    return count;
}

void port_wait(struct port_loop *loop, uint32_t timeout_ms,
               struct port_event *events, size_t cap, size_t *count)
{
    struct port_thread *self = sim_self();
    struct sim *sim = self->sim;
    sim->now_ns += TURN_NS;
    self->state = SIM_WAITING;
    self->loop = loop;
    self->until_ns = timeout_ms == PORT_FOREVER
                         ? SIM_NEVER
                         : sim->now_ns + (uint64_t)timeout_ms * SIM_MS;
    sim_block();
    finish_requests(loop);
    look_at_streams(loop);
    *count = take_ready(loop, events, cap, take_signals(loop, events, cap));
    sim_pause();
}

void port_wake(struct port_loop *loop)
{
    loop->is_woken = true;
    sim_pause();
}
