/*
 * connect.c - connecting: the look-up of a name, then the handshake.
 *
 * How it ends is kept in the stream for port_connect_status(). lwIP's resolver
 * cannot be told to forget a question, so its answer names slot and round, and
 * is dropped when the slot was given to somebody else meanwhile.
 *
 * Contract: port.h, streams.
 */
#include "port/lwip/machine.h"

#include "port/lwip/stack.h"
#include <lwip/dns.h>
#include <string.h>

/* ---- the handshake ---------------------------------------------------- */

/* The caller learns it from port_wait(), as if it had come from far away. */
static void fail(struct port_stream *stream, enum sotto_err err)
{
    stream->state = STREAM_FAILING;
    stream->error = err;
    stack_news(stream->loop);
}

void connect_turn(struct port_loop *loop)
{
    for (size_t i = 0; i < PORT_LWIP_STREAMS; i++) {
        struct port_stream *stream = &machine()->streams[i];
        if (stream->loop != loop) {
            continue;
        }
        if (stream->state == STREAM_FAILING) {
            stream_break(stream, stream->error);
        } else if (stream->state == STREAM_ANSWERED) {
            stream->state = STREAM_OPEN;
            stream->status = SOTTO_OK;
        }
    }
}

static err_t connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct port_stream *stream = arg;
    (void)pcb;
    (void)err; /* failures come through tcp_err() */
    stream->state = STREAM_ANSWERED;
    stack_news(stream->loop);
    return ERR_OK;
}

static void dial(struct port_stream *stream, const ip_addr_t *ip)
{
    struct tcp_pcb *pcb = stream->pcb;
#if LWIP_IPV4 && LWIP_IPV6
    IP_SET_TYPE_VAL(pcb->local_ip, IP_GET_TYPE(ip));
#endif
    stream->state = STREAM_CONNECTING;
    stream->peer = *ip;
    err_t err = tcp_connect(pcb, ip, stream->tcp_port, connected);
    if (err != ERR_OK) {
        fail(stream, machine_translate(err));
    }
}

/* ---- the name --------------------------------------------------------- */

#if PORT_LWIP_DNS
static void *question(const struct port_stream *stream)
{
    uintptr_t slot = (uintptr_t)(stream - machine()->streams);
    return (void *)(slot << 8 | stream->round);
}

static void found(const char *name, const ip_addr_t *ip, void *arg)
{
    (void)name;
    uintptr_t slot = (uintptr_t)arg >> 8;
    struct port_stream *stream = &machine()->streams[slot];
    if (stream->state != STREAM_RESOLVING || question(stream) != arg) {
        return;
    }
    if (ip == NULL) {
        fail(stream, SOTTO_ERR_NAME);
        return;
    }
    dial(stream, ip);
}

static void resolve(struct port_stream *stream, const char *host)
{
    ip_addr_t ip;
    err_t err = dns_gethostbyname(host, &ip, found, question(stream));
    if (err == ERR_OK) {
        dial(stream, &ip);
    } else if (err != ERR_INPROGRESS) {
        fail(stream, SOTTO_ERR_NAME); /* no DNS server, no free table entry */
    }
}
#else
static void resolve(struct port_stream *stream, const char *host)
{
    (void)host;
    fail(stream, SOTTO_ERR_NAME);
}
#endif

static bool is_host_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* 1 to 253 characters, in labels of 1 to 63 (RFC 1035 2.3.4); a final dot is
 * allowed. */
static bool is_host_name(const char *host)
{
    size_t label = 0;
    size_t len = 0;
    for (; host[len] != '\0'; len++) {
        if (len >= PORT_LWIP_NAME_MAX || !is_host_character(host[len])) {
            return false;
        }
        if (host[len] != '.') {
            label++;
        } else if (label == 0) {
            return false;
        } else {
            label = 0;
        }
        if (label > 63) {
            return false;
        }
    }
    return len > 0;
}

/* ---- the calls -------------------------------------------------------- */

static void start(struct port_stream *stream, const char *host)
{
    struct port_address address = {0};
    const char *numeric = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    if (!address_read(numeric, &address)) {
        resolve(stream, host);
        return;
    }
    ip_addr_t ip;
    if (address_to_lwip(&address, &ip) != SOTTO_OK) {
        fail(stream, SOTTO_ERR_UNREACHABLE);
        return;
    }
    dial(stream, &ip);
}

static enum sotto_err open_stream(struct port_loop *loop, const char *host,
                                  uint16_t tcp_port, void *tag,
                                  struct port_stream **stream)
{
    struct port_stream *made =
        loop->used < loop->capacity ? stream_take(STREAM_RESOLVING) : NULL;
    if (made == NULL) {
        return machine_fail(SOTTO_ERR_SPACE, "No room for a connection");
    }
    struct tcp_pcb *pcb = tcp_new();
    if (pcb == NULL) {
        stream_drop(made);
        return machine_report(SOTTO_ERR_SPACE);
    }
    stream_attach(made, pcb);
    made->status = SOTTO_ERR_AGAIN;
    made->outcome_due = true;
    made->want = PORT_READ;
    made->tcp_port = tcp_port;
    made->tag = tag;
    made->loop = loop;
    loop->used++;
    start(made, host);
    *stream = made;
    return SOTTO_OK;
}

enum sotto_err port_connect(struct port_loop *loop, const char *host,
                            uint16_t tcp_port, void *tag,
                            struct port_stream **stream)
{
    struct port_address ignored;
    if (!address_read(host, &ignored) && !is_host_name(host)) {
        return machine_fail(SOTTO_ERR_FORMAT, "Not a host name or address");
    }
    LOCK_TCPIP_CORE();
    enum sotto_err err = open_stream(loop, host, tcp_port, tag, stream);
    UNLOCK_TCPIP_CORE();
    return err;
}

enum sotto_err port_connect_status(struct port_stream *stream)
{
    if (stream->status != SOTTO_ERR_AGAIN) {
        stream->outcome_due = false;
    }
    return machine_report(stream->status);
}
