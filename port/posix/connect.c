/*
 * connect.c - connecting: to a numeric address at once, to a name once it was
 * looked up, address by address.
 */
#include "port/posix/posix.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

/* SYN packets to an address that others stand behind: silent ones cost about
 * seven seconds (1 + 2 + 4), not two minutes. */
#define SYN_RETRIES 2

enum sotto_err posix_connect_err(int cause)
{
    enum sotto_err err = posix_fail(cause);
    if (cause < 0) {
        return err; /* NAME */
    }
    switch (err) {
    case SOTTO_ERR_REFUSED:
    case SOTTO_ERR_UNREACHABLE:
    case SOTTO_ERR_TIMEOUT:
    case SOTTO_ERR_RESET:
        return err;
    case SOTTO_ERR_DENIED:      /* a firewall's */
    case SOTTO_ERR_NAME:        /* no address of ours to go from */
    case SOTTO_ERR_UNSUPPORTED: /* IPv6 without IPv6 */
        return SOTTO_ERR_UNREACHABLE;
    default:
        return cause == EINVAL ? SOTTO_ERR_UNREACHABLE : SOTTO_ERR_IO;
    }
}

enum sotto_err port_connect_status(struct port_stream *stream)
{
    switch ((enum posix_state)stream->source.state) {
    case POSIX_RESOLVING:
    case POSIX_CONNECTING:
        return SOTTO_ERR_AGAIN;
    case POSIX_FAILED:
        return posix_connect_err(stream->cause);
    case POSIX_CONNECTED: /* told now */
        stream->source.state = POSIX_OPEN;
        POSIX_ASSERT(posix_arm(&stream->source, stream->source.want) ==
                     SOTTO_OK);
        return SOTTO_OK;
    case POSIX_OPEN:
    case POSIX_ENDED:
    case POSIX_LINGERING:
        break;
    }
    return SOTTO_OK;
}

/* ---- trying addresses ------------------------------------------------- */

/* One address did not work. What was said first is kept, unless it was only
 * that there is no way there: another address may know better. */
static void note_cause(struct port_stream *stream, int cause)
{
    if (stream->cause == 0 ||
        posix_connect_err(stream->cause) == SOTTO_ERR_UNREACHABLE) {
        stream->cause = (int16_t)cause;
    }
    posix_disarm(&stream->source);
    if (stream->source.fd >= 0) {
        (void)close(stream->source.fd);
        stream->source.fd = -1;
    }
}

/* Starts to connect to one address: 0, or a code of errno. */
static int try_address(struct port_stream *stream, const struct sockaddr *name,
                       socklen_t len, bool last)
{
    struct posix_source *source = &stream->source;
    source->fd =
        socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (source->fd < 0) {
        return errno;
    }
    int on = 1;
    int retries = SYN_RETRIES;
    (void)setsockopt(source->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!last) {
        (void)setsockopt(source->fd, IPPROTO_TCP, TCP_SYNCNT, &retries,
                         sizeof retries);
    }
    if (connect(source->fd, name, len) != 0 && errno != EINPROGRESS &&
        errno != EINTR) {
        return errno;
    }
    posix_address_in(name, &stream->peer);
    source->state = POSIX_CONNECTING;
    return posix_arm(source, PORT_WRITE) == SOTTO_OK ? 0 : ENOMEM;
}

void posix_stream_fail(struct port_stream *stream)
{
    stream->source.state = POSIX_FAILED;
    posix_loop_move(&stream->source, &stream->source.loop->always);
}

void posix_connect_next(struct port_stream *stream)
{
    struct posix_lookup *lookup = stream->of.lookup;
    while (lookup != NULL && lookup->at != NULL) {
        const struct addrinfo *at = lookup->at;
        lookup->at = at->ai_next;
        int code = try_address(stream, at->ai_addr, at->ai_addrlen,
                               at->ai_next == NULL);
        if (code == 0) {
            return;
        }
        note_cause(stream, code);
    }
    posix_stream_fail(stream);
}

bool posix_connect_step(struct port_stream *stream)
{
    int code = 0;
    socklen_t len = sizeof code;
    if (getsockopt(stream->source.fd, SOL_SOCKET, SO_ERROR, &code, &len) != 0) {
        code = errno;
    }
    if (code == 0) {
        stream->source.state = POSIX_CONNECTED;
        stream->cause = 0; /* of addresses before this one */
        if (stream->of.lookup != NULL) {
            posix_lookup_drop(stream->of.lookup);
            stream->of.lookup = NULL;
        }
        return true;
    }
    note_cause(stream, code);
    posix_connect_next(stream);
    return false; /* one that failed is reported from the list `always` */
}

/* ---- starting --------------------------------------------------------- */

/* Letters, digits, and what else stands in names and numeric addresses
 * ("%": the interface of a link-local one). */
static bool is_host(const char *host)
{
    size_t len = strnlen(host, sizeof((struct posix_lookup *)NULL)->host);
    if (len == 0 || len > 253) {
        return false;
    }
    return strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789.-_:%") == len;
}

/* A numeric address: into `name`. */
static bool parse_numeric(const char *host, uint16_t tcp_port,
                          struct sockaddr_storage *name, socklen_t *len)
{
    struct port_address address;
    if (port_address_parse(host, &address) == SOTTO_OK) {
        address.port = tcp_port;
        *len = posix_address_out(&address, name);
        return true;
    }
    if (strchr(host, '%') == NULL) {
        return false;
    }
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST,
                             .ai_family = AF_INET6,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, NULL, &hints, &found) != 0) {
        return false;
    }
    memcpy(name, found->ai_addr, found->ai_addrlen);
    *len = found->ai_addrlen;
    freeaddrinfo(found);
    struct sockaddr_in6 v6;
    memcpy(&v6, name, sizeof v6);
    v6.sin6_port = htons(tcp_port);
    memcpy(name, &v6, sizeof v6);
    return true;
}

enum sotto_err port_connect(struct port_loop *loop, const char *host,
                            uint16_t tcp_port, void *tag,
                            struct port_stream **stream)
{
    if (!is_host(host)) {
        return posix_fail_text(SOTTO_ERR_FORMAT, "Not a host name");
    }
    struct port_stream *made;
    enum sotto_err err = posix_stream_new(loop, -1, tag, &made);
    if (err != SOTTO_OK) {
        return err;
    }
    struct sockaddr_storage name;
    socklen_t len;
    if (parse_numeric(host, tcp_port, &name, &len)) {
        int code = try_address(made, (const struct sockaddr *)&name, len, true);
        if (code != 0 && posix_err(code) == SOTTO_ERR_SPACE) {
            err = posix_fail(code);
        } else if (code != 0) {
            note_cause(made, code);
            posix_stream_fail(made);
        }
    } else {
        err = posix_lookup_start(made, host, tcp_port);
    }
    if (err != SOTTO_OK) {
        posix_stream_free(made);
        return err;
    }
    *stream = made;
    return SOTTO_OK;
}
