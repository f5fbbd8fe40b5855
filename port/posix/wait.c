/*
 * wait.c - one turn of a loop: epoll, level-triggered, asked once.
 *
 * Two things are ready without epoll knowing: what epoll refuses to watch
 * (regular files) and what has no descriptor (a failed connect). They stand in
 * the list `always`. Everything that happens in other threads and in signal
 * handlers leaves a note and rings the bell.
 */
#include "port/posix/posix.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

/* ---- what is ready ---------------------------------------------------- */

/* Notes are looked for after the bell was made ready to ring again, so that
 * none is missed. */
static void answer_bell(struct port_loop *loop)
{
    uint64_t rings;
    ssize_t got = read(loop->bell.fd, &rings, sizeof rings);
    (void)got; /* nothing there is as good */
    atomic_store(&loop->rung, false);
    if (atomic_exchange(&loop->woken, false)) {
        loop->bits |= 1U << PORT_EVENT_WAKE;
    }
    if (loop->port->first == loop) {
        loop->bits |= posix_signals_take();
    }
    posix_lookups_take(loop);
    posix_tables_take(loop);
}

void posix_turn_add(struct posix_turn *turn, void *tag, unsigned ready)
{
    POSIX_ASSERT(turn->count < turn->cap);
    struct port_event *event = &turn->events[turn->count++];
    event->kind = PORT_EVENT_READY;
    event->ready = ready;
    event->tag = tag;
}

/* Events of the loop itself, as many as there is room for. */
static void report_bits(struct port_loop *loop, struct posix_turn *turn)
{
    for (unsigned kind = PORT_EVENT_WAKE; kind <= PORT_EVENT_RESIZE; kind++) {
        if ((loop->bits & 1U << kind) != 0 && turn->count < turn->cap) {
            struct port_event event = {.kind = (enum port_event_kind)kind};
            turn->events[turn->count++] = event;
            loop->bits &= ~(1U << kind);
        }
    }
}

/* What is ready without epoll; whoever was reported goes to the end. */
static void report_always(struct port_loop *loop, struct posix_turn *turn)
{
    if (loop->always.next == &loop->always) {
        return;
    }
    struct posix_source *last = loop->always.prev;
    struct posix_source *source;
    do {
        source = loop->always.next;
        if (turn->count == turn->cap) {
            return;
        }
        posix_loop_move(source, &loop->always);
        if (source->kind == POSIX_INPUT) {
            struct posix_console *console = (void *)source;
            posix_console_ready(console, console->always & source->want, turn);
        } else {
            posix_turn_add(turn, source->tag, PORT_READ | PORT_WRITE);
        }
    } while (source != last);
}

static unsigned ready_of(uint32_t events)
{
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
        return PORT_READ | PORT_WRITE;
    }
    return ((events & EPOLLIN) != 0 ? PORT_READ : 0) |
           ((events & EPOLLOUT) != 0 ? PORT_WRITE : 0);
}

static void stream_ready(struct port_stream *stream, unsigned ready,
                         struct posix_turn *turn)
{
    switch ((enum posix_state)stream->source.state) {
    case POSIX_RESOLVING:
    case POSIX_FAILED:
        break; /* not known to epoll */
    case POSIX_CONNECTING:
        if (posix_connect_step(stream)) {
            posix_turn_add(turn, stream->source.tag, ready | PORT_WRITE);
        }
        break;
    case POSIX_LINGERING:
        posix_linger_step(stream);
        break;
    case POSIX_CONNECTED:
    case POSIX_OPEN:
    case POSIX_ENDED:
        posix_turn_add(turn, stream->source.tag, ready);
        break;
    }
}

static void source_ready(struct posix_source *source, unsigned ready,
                         struct posix_turn *turn)
{
    switch ((enum posix_kind)source->kind) {
    case POSIX_STREAM:
        stream_ready((struct port_stream *)(void *)source, ready, turn);
        break;
    case POSIX_LISTENER:
        posix_turn_add(turn, source->tag, PORT_READ);
        break;
    case POSIX_INPUT:
        posix_console_ready((struct posix_console *)(void *)source, PORT_READ,
                            turn);
        break;
    case POSIX_OUTPUT:
        posix_console_ready(source->loop->port->console, PORT_WRITE, turn);
        break;
    case POSIX_BELL:
        answer_bell(source->loop); /* its events come after the others */
        break;
    }
}

/* ---- waiting ---------------------------------------------------------- */

/* How long epoll may wait: not at all when there is something already, and no
 * longer than until the oldest lingering stream is to be closed. */
static int wait_ms(const struct port_loop *loop, uint32_t timeout_ms,
                   const struct posix_turn *turn)
{
    if (turn->count > 0 || loop->always.next != &loop->always) {
        return 0;
    }
    uint64_t wait = timeout_ms;
    if (loop->lingering.next != &loop->lingering) {
        const struct port_stream *oldest = (const void *)loop->lingering.next;
        uint64_t now_ms = posix_now_ms();
        uint64_t left =
            oldest->of.until_ms > now_ms ? oldest->of.until_ms - now_ms : 0;
        wait = left < wait ? left : wait;
    } else if (timeout_ms == PORT_FOREVER) {
        return -1;
    }
    return wait > INT_MAX ? INT_MAX : (int)wait;
}

static void report_epoll(struct port_loop *loop, uint32_t timeout_ms,
                         struct posix_turn *turn)
{
    size_t room = turn->cap - turn->count;
    int cap = room < POSIX_BATCH ? (int)room : POSIX_BATCH;
    int got = epoll_wait(loop->epoll_fd, loop->batch, cap,
                         wait_ms(loop, timeout_ms, turn));
    POSIX_ASSERT(got >= 0 || errno == EINTR);
    for (int at = 0; at < got; at++) {
        source_ready(loop->batch[at].data.ptr, ready_of(loop->batch[at].events),
                     turn);
    }
}

void port_wait(struct port_loop *loop, uint32_t timeout_ms,
               struct port_event *events, size_t cap, size_t *count)
{
    POSIX_ASSERT(cap >= 1);
    struct posix_turn turn = {.events = events, .cap = cap, .count = 0};
    posix_linger_expire(loop);
    report_bits(loop, &turn); /* left over from the last turn */
    loop->always_first = !loop->always_first;
    if (loop->always_first) {
        report_always(loop, &turn);
    }
    if (turn.count < cap) {
        report_epoll(loop, timeout_ms, &turn);
    }
    report_bits(loop, &turn);
    if (!loop->always_first) {
        report_always(loop, &turn);
    }
    struct posix_console *console = loop->port->console;
    if (console != NULL && console->stream.source.loop == loop) {
        console->listed = false;
    }
    *count = turn.count;
}
