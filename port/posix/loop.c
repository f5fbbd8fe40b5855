/*
 * loop.c - the wait set: epoll, level-triggered, one epoll_wait a turn.
 *
 * Two things are ready without epoll knowing: what epoll refuses to watch
 * (regular files) and what has no descriptor (a failed connect). They stand in
 * the list `always`. Everything that happens in other threads and in signal
 * handlers leaves a note and rings the bell.
 */
#include "port/posix/posix.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* ---- lists ------------------------------------------------------------ */

static void list_init(struct posix_source *head)
{
    head->prev = head;
    head->next = head;
}

static void list_take(struct posix_source *source)
{
    source->prev->next = source->next;
    source->next->prev = source->prev;
}

static void list_append(struct posix_source *head, struct posix_source *source)
{
    source->prev = head->prev;
    source->next = head;
    head->prev->next = source;
    head->prev = source;
}

static void lock(struct port_loop *loop)
{
    POSIX_ASSERT(pthread_mutex_lock(&loop->lock) == 0);
}

static void unlock(struct port_loop *loop)
{
    POSIX_ASSERT(pthread_mutex_unlock(&loop->lock) == 0);
}

enum sotto_err posix_loop_enter(struct port_loop *loop,
                                struct posix_source *source)
{
    lock(loop);
    bool room = loop->count < loop->capacity;
    if (room) {
        loop->count++;
        source->loop = loop;
        list_append(&loop->streams, source);
    }
    unlock(loop);
    return room ? SOTTO_OK
                : posix_fail_text(SOTTO_ERR_SPACE, "Too many connections");
}

void posix_loop_leave(struct posix_source *source)
{
    struct port_loop *loop = source->loop;
    lock(loop);
    list_take(source);
    if (source->state == POSIX_LINGERING) {
        loop->lingering_count--;
    } else {
        loop->count--;
    }
    unlock(loop);
}

void posix_loop_linger(struct posix_source *source)
{
    struct port_loop *loop = source->loop;
    lock(loop);
    list_take(source);
    list_append(&loop->lingering, source);
    loop->count--;
    loop->lingering_count++;
    source->state = POSIX_LINGERING;
    unlock(loop);
}

void posix_loop_move(struct posix_source *source, struct posix_source *list)
{
    struct port_loop *loop = source->loop;
    lock(loop);
    list_take(source);
    list_append(list, source);
    unlock(loop);
}

/* ---- epoll ------------------------------------------------------------ */

enum sotto_err posix_arm(struct posix_source *source, unsigned ready)
{
    uint8_t armed = (uint8_t)(ready | POSIX_ARMED);
    if (source->armed == armed) {
        return SOTTO_OK;
    }
    struct epoll_event event = {.data.ptr = source};
    event.events = ((ready & PORT_READ) != 0 ? (uint32_t)EPOLLIN : 0) |
                   ((ready & PORT_WRITE) != 0 ? (uint32_t)EPOLLOUT : 0);
    int how = source->armed == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (epoll_ctl(source->loop->epoll_fd, how, source->fd, &event) != 0) {
        int code = errno == ENOSPC ? ENOMEM : errno; /* its own limit */
        POSIX_ASSERT(how == EPOLL_CTL_ADD);
        return posix_fail(code);
    }
    source->armed = armed;
    return SOTTO_OK;
}

/* Closing the descriptor would do as long as nobody forked meanwhile. */
void posix_disarm(struct posix_source *source)
{
    if (source->armed != 0) {
        POSIX_ASSERT(epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_DEL,
                               source->fd, NULL) == 0);
        source->armed = 0;
    }
}

/* ---- opening and closing ---------------------------------------------- */

/* The descriptors of a loop; on failure those that were made stay, others are
 * -1. */
static enum sotto_err loop_descriptors(struct port_loop *loop)
{
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->bell.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->bell.kind = POSIX_BELL;
    loop->bell.loop = loop;
    if (loop->epoll_fd < 0 || loop->bell.fd < 0) {
        return posix_fail(errno);
    }
    return posix_arm(&loop->bell, PORT_READ);
}

static void loop_free(struct port_loop *loop)
{
    if (loop->epoll_fd >= 0) {
        (void)close(loop->epoll_fd);
    }
    if (loop->bell.fd >= 0) {
        (void)close(loop->bell.fd);
    }
    (void)pthread_mutex_destroy(&loop->lock);
    free(loop);
}

enum sotto_err port_loop_open(struct port *port, size_t capacity,
                              struct port_loop **loop)
{
    struct port_loop *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return posix_fail(ENOMEM);
    }
    if (pthread_mutex_init(&made->lock, NULL) != 0) {
        free(made);
        return posix_fail(ENOMEM);
    }
    made->port = port;
    made->capacity = capacity;
    list_init(&made->streams);
    list_init(&made->always);
    list_init(&made->lingering);
    if (loop_descriptors(made) != SOTTO_OK) {
        loop_free(made);
        return SOTTO_ERR_SPACE;
    }
    if (port->first == NULL) {
        port->first = made;
        posix_signals_ring(made);
    }
    port->loops++;
    *loop = made;
    return SOTTO_OK;
}

static void close_all(struct posix_source *list)
{
    while (list->next != list) {
        struct posix_source *source = list->next;
        if (source->kind == POSIX_LISTENER) {
            port_listener_close((struct port_listener *)(void *)source);
        } else {
            port_stream_abort((struct port_stream *)(void *)source);
        }
    }
}

void port_loop_close(struct port_loop *loop)
{
    POSIX_ASSERT(loop->tables == NULL);
    close_all(&loop->streams);
    close_all(&loop->always);
    close_all(&loop->lingering);
    posix_lookups_take(loop);
    struct port *port = loop->port;
    if (port->first == loop) {
        posix_signals_ring(NULL);
        port->first = NULL;
    }
    port->loops--;
    posix_disarm(&loop->bell);
    loop_free(loop);
}

/* ---- the bell --------------------------------------------------------- */

void posix_loop_ring(struct port_loop *loop)
{
    if (!atomic_exchange(&loop->rung, true)) {
        uint64_t one = 1;
        /* It can only fail when the counter is full: then it rings anyway. */
        ssize_t put = write(loop->bell.fd, &one, sizeof one);
        (void)put;
    }
}

void port_wake(struct port_loop *loop)
{
    atomic_store(&loop->woken, true);
    posix_loop_ring(loop);
}

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

/* ---- waiting ---------------------------------------------------------- */

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
        list_take(source);
        list_append(&loop->always, source);
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
