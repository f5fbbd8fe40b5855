/*
 * linger.c - closing in good order.
 *
 * close(2) alone answers bytes that nobody read, and bytes that come later,
 * with a reset, which throws away what we wrote and the peer has not read. So
 * our side is ended first; then what comes is thrown away until the peer has
 * ended its side too, or POSIX_LINGER_MS are over.
 */
#include "port/posix/posix.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

/* A bound for one go, should the peer be faster than we. */
#define DRAIN_STEPS 64

/* Throws away what is there; false when nothing more will come. */
static bool drain(struct port_stream *stream)
{
    for (int step = 0; step < DRAIN_STEPS; step++) {
        uint8_t nobody_reads[4096];
        ssize_t len =
            recv(stream->source.fd, nobody_reads, sizeof nobody_reads, 0);
        if (len == 0) {
            return false;
        }
        if (len < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
    }
    return true;
}

void posix_linger(struct port_stream *stream)
{
    struct port_loop *loop = stream->source.loop;
    if (stream->cause != 0 || shutdown(stream->source.fd, SHUT_WR) != 0 ||
        !drain(stream) || posix_arm(&stream->source, PORT_READ) != SOTTO_OK) {
        posix_stream_free(stream);
        return;
    }
    posix_loop_linger(&stream->source);
    stream->of.until_ms = posix_now_ms() + POSIX_LINGER_MS;
    if (loop->lingering_count > loop->capacity) { /* bounded: the oldest goes */
        posix_linger_end((struct port_stream *)(void *)loop->lingering.next);
    }
}

void posix_linger_step(struct port_stream *stream)
{
    if (!drain(stream)) {
        posix_stream_free(stream);
    }
}

void posix_linger_end(struct port_stream *stream)
{
    (void)drain(stream);
    posix_stream_free(stream);
}

void posix_linger_expire(struct port_loop *loop)
{
    if (loop->lingering.next == &loop->lingering) {
        return;
    }
    uint64_t now_ms = posix_now_ms();
    while (loop->lingering.next != &loop->lingering) {
        struct port_stream *oldest = (void *)loop->lingering.next;
        if (oldest->of.until_ms > now_ms) {
            return;
        }
        posix_linger_end(oldest);
    }
}

/* Whether the peer's machine lacks bytes of ours. Those that it has are safe
 * from a reset. */
static bool is_on_its_way(const struct port_stream *stream)
{
    int left = 0;
    return ioctl(stream->source.fd, SIOCOUTQ, &left) == 0 && left > 0;
}

void posix_linger_finish(struct port_loop *loop)
{
    /* Ends: each of them lingers for a while only. */
    struct posix_source *at = loop->lingering.next;
    while (at != &loop->lingering) {
        if (is_on_its_way((const struct port_stream *)(void *)at)) {
            struct port_event event;
            size_t count;
            port_wait(loop, 5, &event, 1, &count);
            at = loop->lingering.next; /* the list may be another now */
        } else {
            at = at->next;
        }
    }
}
