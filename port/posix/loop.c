/*
 * loop.c - the wait set: who is in it, what epoll was told, the bell.
 */
#include "port/posix/posix.h"

#include <errno.h>
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
    posix_linger_finish(loop);
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
