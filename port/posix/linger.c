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
