/*
 * listen.c - listeners, and taking connections from them.
 */
#include "port/posix/posix.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The kernel cuts it to net.core.somaxconn. */
#define BACKLOG 4096

struct port_listener {
    struct posix_source source;
    struct port_address address;
};

static bool set_option(int fd, int level, int name)
{
    int on = 1;
    return setsockopt(fd, level, name, &on, sizeof on) == 0;
}

/* Binds and listens; 0, or a code of errno. */
static int start_listening(int fd, struct port_address *address)
{
    struct sockaddr_storage name;
    socklen_t len = posix_address_out(address, &name);
    if (!set_option(fd, SOL_SOCKET, SO_REUSEADDR) ||
        (name.ss_family == AF_INET6 &&
         !set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY)) ||
        bind(fd, (const struct sockaddr *)&name, len) != 0 ||
        listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&name, &len) != 0) {
        return errno;
    }
    posix_address_in((const struct sockaddr *)&name, address);
    return 0;
}

/* IPv6 may be compiled in but switched off: then even ::1 is not there. */
static enum sotto_err listen_err(const struct port_address *address, int code)
{
    enum sotto_err err = posix_fail(code);
    if (err == SOTTO_ERR_NAME && !port_address_is_ipv4(address) &&
        memcmp(address->ip, &in6addr_loopback, sizeof address->ip) == 0) {
        return SOTTO_ERR_UNSUPPORTED;
    }
    return err;
}

static enum sotto_err listener_open(struct port_listener *listener)
{
    struct posix_source *source = &listener->source;
    int family = port_address_is_ipv4(&listener->address) ? AF_INET : AF_INET6;
    source->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (source->fd < 0) {
        return posix_fail(errno);
    }
    int code = start_listening(source->fd, &listener->address);
    if (code != 0) {
        return listen_err(&listener->address, code);
    }
    return posix_arm(source, PORT_READ);
}

enum sotto_err port_listen(struct port_loop *loop,
                           const struct port_address *address, void *tag,
                           struct port_listener **listener)
{
    struct port_listener *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return posix_fail(ENOMEM);
    }
    made->address = *address;
    made->source.kind = POSIX_LISTENER;
    made->source.fd = -1;
    made->source.tag = tag;
    enum sotto_err err = posix_loop_enter(loop, &made->source);
    if (err != SOTTO_OK) {
        free(made);
        return err;
    }
    err = listener_open(made);
    if (err != SOTTO_OK) {
        port_listener_close(made);
        return err;
    }
    *listener = made;
    return SOTTO_OK;
}

void port_listener_address(const struct port_listener *listener,
                           struct port_address *address)
{
    *address = listener->address;
}

void port_listener_want(struct port_listener *listener, bool wanted)
{
    POSIX_ASSERT(posix_arm(&listener->source, wanted ? PORT_READ : 0) ==
                 SOTTO_OK);
}

void port_listener_close(struct port_listener *listener)
{
    posix_disarm(&listener->source);
    if (listener->source.fd >= 0) {
        (void)close(listener->source.fd);
    }
    posix_loop_leave(&listener->source);
    free(listener);
}

/* ---- accepting -------------------------------------------------------- */

/* What accept(2) says about the connection that was lost before we took it is
 * no concern of the listener's: the next call looks at the next one. */
static enum sotto_err accept_err(int code)
{
    switch (code) {
    case EINTR:
    case ECONNABORTED:
    case ECONNRESET:
    case EPERM: /* a firewall's */
    case EPROTO:
    case ENOPROTOOPT:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case ETIMEDOUT:
        return SOTTO_ERR_AGAIN;
    default:
        return posix_fail(code);
    }
}

/* The address first, then the descriptor: what fails leaves the connection in
 * the backlog, or closed. */
static enum sotto_err take_connection(const struct port_listener *listener,
                                      struct port_stream *stream)
{
    struct sockaddr_storage name = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof name;
    stream->source.fd = accept4(listener->source.fd, (struct sockaddr *)&name,
                                &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (stream->source.fd < 0) {
        return accept_err(errno);
    }
    (void)set_option(stream->source.fd, IPPROTO_TCP, TCP_NODELAY);
    posix_address_in((const struct sockaddr *)&name, &stream->peer);
    stream->source.state = POSIX_OPEN;
    if (stream->source.loop != listener->source.loop) {
        stream->source.want = 0; /* the other thread arms it: port_want() */
        return SOTTO_OK;
    }
    return posix_arm(&stream->source, PORT_READ);
}

enum sotto_err port_accept(struct port_listener *listener,
                           struct port_loop *loop, void *tag,
                           struct port_stream **stream,
                           struct port_address *peer)
{
    struct port_stream *made;
    enum sotto_err err = posix_stream_new(loop, -1, tag, &made);
    if (err != SOTTO_OK) {
        return err;
    }
    err = take_connection(listener, made);
    if (err != SOTTO_OK) {
        posix_stream_free(made);
        return err;
    }
    *stream = made;
    if (peer != NULL) {
        *peer = made->peer;
    }
    return SOTTO_OK;
}

enum sotto_err port_move(struct port_stream *stream, struct port_loop *loop,
                         void *tag)
{
    struct posix_source *source = &stream->source;
    struct port_loop *before = source->loop;
    if (loop != before) {
        POSIX_ASSERT(source->armed == 0);
        posix_loop_leave(source);
        enum sotto_err err = posix_loop_enter(loop, source);
        if (err != SOTTO_OK) {
            POSIX_ASSERT(posix_loop_enter(before, source) == SOTTO_OK);
            return err;
        }
    }
    source->tag = tag;
    return SOTTO_OK;
}
