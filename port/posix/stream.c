/*
 * stream.c - bytes in and out of a connection.
 *
 * The kernel tells an error of a socket once, to whoever asks first, and then
 * answers as if the peer had ended in good order. So the first one is kept in
 * `cause`, and bytes that came before it are still handed out.
 */
#include "port/posix/posix.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- making and freeing ----------------------------------------------- */

enum sotto_err posix_stream_new(struct port_loop *loop, int fd, void *tag,
                                struct port_stream **stream)
{
    struct port_stream *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return posix_fail(ENOMEM);
    }
    made->source.kind = POSIX_STREAM;
    made->source.fd = fd;
    made->source.tag = tag;
    made->source.want = PORT_READ;
    enum sotto_err err = posix_loop_enter(loop, &made->source);
    if (err != SOTTO_OK) {
        free(made);
        return err;
    }
    *stream = made;
    return SOTTO_OK;
}

void posix_stream_free(struct port_stream *stream)
{
    if (stream->source.state != POSIX_LINGERING && stream->of.lookup != NULL) {
        posix_lookup_drop(stream->of.lookup);
    }
    posix_disarm(&stream->source);
    if (stream->source.fd >= 0) {
        (void)close(stream->source.fd);
    }
    posix_loop_leave(&stream->source);
    free(stream);
}

/* ---- reading and writing ---------------------------------------------- */

/* Keeps why the stream broke; the first reason counts. */
static enum sotto_err broke(struct port_stream *stream, int code)
{
    if (stream->cause == 0) {
        stream->cause = (int16_t)code;
    }
    switch (posix_fail(stream->cause)) {
    case SOTTO_ERR_RESET:
        return SOTTO_ERR_RESET;
    case SOTTO_ERR_TIMEOUT:
    case SOTTO_ERR_UNREACHABLE: /* nothing came back, and a router says so */
        return SOTTO_ERR_TIMEOUT;
    default:
        return SOTTO_ERR_IO;
    }
}

enum sotto_err port_read(struct port_stream *stream, uint8_t *out, size_t cap,
                         size_t *got)
{
    POSIX_ASSERT(cap >= 1);
    if (posix_console_is(stream)) {
        return posix_console_read((struct posix_console *)(void *)stream, out,
                                  cap, got);
    }
    if (stream->source.state < POSIX_OPEN) {
        enum sotto_err err = port_connect_status(stream);
        if (err != SOTTO_OK) {
            return err;
        }
    }
    ssize_t len = recv(stream->source.fd, out, cap, 0);
    if (len > 0) {
        *got = (size_t)len;
        return SOTTO_OK;
    }
    if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
        return SOTTO_ERR_AGAIN;
    }
    if (len < 0 || stream->cause != 0) {
        return broke(stream, errno);
    }
    stream->source.state = POSIX_ENDED;
    return posix_fail_text(SOTTO_ERR_CLOSED, "The peer ended the connection");
}

enum sotto_err port_write(struct port_stream *stream, const uint8_t *in,
                          size_t len, size_t *put)
{
    POSIX_ASSERT(len >= 1);
    if (posix_console_is(stream)) {
        return posix_console_write((struct posix_console *)(void *)stream, in,
                                   len, put);
    }
    if (stream->source.state < POSIX_OPEN) {
        enum sotto_err err = port_connect_status(stream);
        if (err != SOTTO_OK) {
            return err;
        }
    }
    ssize_t sent = stream->cause != 0
                       ? -1
                       : send(stream->source.fd, in, len, MSG_NOSIGNAL);
    if (sent > 0) {
        *put = (size_t)sent;
        return SOTTO_OK;
    }
    if (stream->cause == 0 && (errno == EAGAIN || errno == EINTR)) {
        return SOTTO_ERR_AGAIN;
    }
    return broke(stream, errno);
}

/* ---- wishes ----------------------------------------------------------- */

void port_want(struct port_stream *stream, unsigned ready)
{
    POSIX_ASSERT((ready & ~(PORT_READ | PORT_WRITE)) == 0);
    stream->source.want = (uint8_t)ready;
    if (posix_console_is(stream)) {
        posix_console_want((struct posix_console *)(void *)stream, ready);
    } else if (stream->source.state >= POSIX_OPEN) {
        /* One accepted for another loop is watched from now on, which may be
         * more than the kernel has memory for. */
        if (posix_arm(&stream->source, ready) != SOTTO_OK) {
            stream->cause = ENOMEM;
            posix_stream_fail(stream);
        }
    }
}

void port_stream_peer(const struct port_stream *stream,
                      struct port_address *peer)
{
    *peer = stream->peer;
}

/* ---- closing ---------------------------------------------------------- */

void port_stream_close(struct port_stream *stream)
{
    if (posix_console_is(stream)) {
        posix_console_close((struct posix_console *)(void *)stream);
    } else if (stream->source.armed != 0 &&
               (stream->source.state == POSIX_CONNECTED ||
                stream->source.state == POSIX_OPEN)) {
        posix_linger(stream);
    } else {
        posix_stream_free(stream);
    }
}

void port_stream_abort(struct port_stream *stream)
{
    if (posix_console_is(stream)) {
        posix_console_close((struct posix_console *)(void *)stream);
        return;
    }
    if (stream->source.state == POSIX_LINGERING) {
        posix_linger_end(stream); /* what was promised is kept */
        return;
    }
    if (stream->source.fd >= 0) {
        struct linger at_once = {.l_onoff = 1, .l_linger = 0};
        (void)setsockopt(stream->source.fd, SOL_SOCKET, SO_LINGER, &at_once,
                         sizeof at_once);
    }
    posix_stream_free(stream);
}
