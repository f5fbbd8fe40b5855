/*
 * listener.c - listening and accepting.
 *
 * lwIP calls accepted() when a handshake is complete. The new connection gets
 * a slot of the stream pool at once and waits in its listener's queue; until
 * port_accept() takes it, it counts for lwIP's backlog. Without a free slot it
 * is reset there and then, never left hanging, and port_accept() says SPACE; it
 * says so too, and lets the connection wait, when only the loop is full.
 *
 * Contract: port.h, listening.
 */
#include "port/lwip/machine.h"

#include "port/lwip/below.h"
#include "port/lwip/stack.h"

/* Ports of lwIP's choice that are tried when a gateway has them in use. */
#define TRIES 8

/* ---- lwIP's callback -------------------------------------------------- */

static err_t accepted(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct port_listener *listener = arg;
    stack_news(listener->loop);
    if (err != ERR_OK || pcb == NULL) {
        listener->refused = true; /* no pcb: lwIP dropped the SYN */
        return ERR_MEM;
    }
    struct port_stream *stream = stream_take(STREAM_PENDING);
    if (stream == NULL) {
        listener->refused = true;
        tcp_abort(pcb);
        return ERR_ABRT;
    }
    tcp_backlog_delayed(pcb);
    stream_attach(stream, pcb);
    stream->status = SOTTO_OK;
    stream->listener = listener;

    struct port_stream **last = &listener->pending;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = stream;
    return ERR_OK;
}

void listener_forget(struct port_stream *stream)
{
    struct port_stream **at = &stream->listener->pending;
    while (*at != stream) {
        at = &(*at)->next;
    }
    *at = stream->next;
    stream->next = NULL;
    stream->listener = NULL;
}

/* ---- opening ---------------------------------------------------------- */

/* lwIP would let two listeners share a port when one of them has a wildcard
 * address; Linux does not, and neither do we. */
static bool is_taken(const ip_addr_t *address, uint16_t tcp_port)
{
    for (size_t i = 0; i < PORT_LWIP_LISTENERS; i++) {
        const struct tcp_pcb *other = machine()->listeners[i].pcb;
        if (other != NULL && other->local_port == tcp_port &&
            address_overlaps(&other->local_ip, address)) {
            return true;
        }
    }
    return false;
}

/* A bound pcb, or why there is none. */
static enum sotto_err bind_to(const ip_addr_t *address, uint16_t tcp_port,
                              struct tcp_pcb **bound)
{
    struct tcp_pcb *pcb = tcp_new_ip_type(IP_GET_TYPE(address));
    if (pcb == NULL) {
        return machine_report(SOTTO_ERR_SPACE);
    }
    ip_set_option(pcb, SOF_REUSEADDR);
    err_t err = tcp_bind(pcb, address, tcp_port);
    if (err != ERR_OK) {
        tcp_abort(pcb);
        return machine_report(machine_translate(err));
    }
    *bound = pcb;
    return SOTTO_OK;
}

static enum sotto_err listen_on(struct port_listener *listener,
                                const ip_addr_t *address, uint16_t tcp_port)
{
    struct tcp_pcb *pcb = NULL;
    enum sotto_err err = bind_to(address, tcp_port, &pcb);
    if (err != SOTTO_OK) {
        return err;
    }
    err_t why = ERR_OK;
    listener->pcb =
        tcp_listen_with_backlog_and_err(pcb, PORT_LWIP_BACKLOG, &why);
    if (listener->pcb == NULL) {
        tcp_abort(pcb);
        return machine_report(machine_translate(why));
    }
    tcp_arg(listener->pcb, listener);
    tcp_accept(listener->pcb, accepted);
    return SOTTO_OK;
}

static void stop_listening(struct port_listener *listener)
{
    (void)tcp_close(listener->pcb); /* of a listening pcb it cannot fail */
    *listener = (struct port_listener){0};
}

/* Listens, and lets the gateway know, where there is one. */
static enum sotto_err start_listening(struct port_listener *listener,
                                      const ip_addr_t *ip, uint16_t tcp_port)
{
    struct port_address address;
    enum sotto_err err = listen_on(listener, ip, tcp_port);
    if (err != SOTTO_OK) {
        return err;
    }
    const char *why = "The gateway does not pass connections on";
    port_listener_address(listener, &address);
    err = below_listen(&address, &why);
    if (err != SOTTO_OK) {
        stop_listening(listener);
        return machine_fail(err, why);
    }
    return SOTTO_OK;
}

static struct port_listener *free_listener(void)
{
    for (size_t i = 0; i < PORT_LWIP_LISTENERS; i++) {
        if (machine()->listeners[i].pcb == NULL) {
            return &machine()->listeners[i];
        }
    }
    return NULL;
}

static enum sotto_err open_listener(struct port_loop *loop, const ip_addr_t *ip,
                                    uint16_t tcp_port, void *tag,
                                    struct port_listener **listener)
{
    if (!address_is_ours(ip)) {
        return machine_fail(SOTTO_ERR_NAME, "Not an address of this machine");
    }
    if (is_taken(ip, tcp_port)) {
        return machine_report(SOTTO_ERR_BUSY);
    }
    struct port_listener *made = free_listener();
    if (made == NULL || loop->used >= loop->capacity) {
        return machine_fail(SOTTO_ERR_SPACE, "No room for a listener");
    }
    int tries = tcp_port == 0 ? TRIES : 1;
    enum sotto_err err;
    do {
        err = start_listening(made, ip, tcp_port);
    } while (err == SOTTO_ERR_BUSY && --tries > 0);
    if (err != SOTTO_OK) {
        return err;
    }
    made->wanted = true;
    made->tag = tag;
    made->loop = loop;
    loop->used++;
    *listener = made;
    return SOTTO_OK;
}

enum sotto_err port_listen(struct port_loop *loop,
                           const struct port_address *address, void *tag,
                           struct port_listener **listener)
{
    ip_addr_t ip;
    enum sotto_err err = address_to_lwip(address, &ip);
    if (err != SOTTO_OK) {
        return machine_fail(err, "This build has no IPv6");
    }
    LOCK_TCPIP_CORE();
    err = open_listener(loop, &ip, address->port, tag, listener);
    UNLOCK_TCPIP_CORE();
    return err;
}

void port_listener_address(const struct port_listener *listener,
                           struct port_address *address)
{
    address_from_lwip(&listener->pcb->local_ip, listener->pcb->local_port,
                      address);
}

void port_listener_want(struct port_listener *listener, bool wanted)
{
    LOCK_TCPIP_CORE();
    listener->wanted = wanted;
    UNLOCK_TCPIP_CORE();
}

void listener_close(struct port_listener *listener)
{
    while (listener->pending != NULL) {
        stream_drop(listener->pending);
    }
    struct port_address address;
    port_listener_address(listener, &address);
    below_listen_end(&address);
    listener->loop->used--;
    stop_listening(listener);
}

void port_listener_close(struct port_listener *listener)
{
    LOCK_TCPIP_CORE();
    listener_close(listener);
    UNLOCK_TCPIP_CORE();
}

/* ---- accepting -------------------------------------------------------- */

static enum sotto_err accept_first(struct port_listener *listener,
                                   struct port_loop *loop, void *tag,
                                   struct port_stream **stream)
{
    struct port_stream *first = listener->pending;
    if (first != NULL && loop->used >= loop->capacity) {
        return machine_fail(SOTTO_ERR_SPACE, "No room for a connection");
    }
    if (first == NULL) {
        bool refused = listener->refused;
        listener->refused = false;
        return refused ? machine_fail(SOTTO_ERR_SPACE,
                                      "A connection was refused: no room")
                       : SOTTO_ERR_AGAIN;
    }
    listener_forget(first);
    tcp_backlog_accepted(first->pcb);
    first->state = STREAM_OPEN;
    first->unclaimed = loop != listener->loop;
    first->want = (uint8_t)(first->unclaimed ? 0U : PORT_READ);
    first->tag = tag;
    first->loop = loop;
    loop->used++;
    *stream = first;
    return SOTTO_OK;
}

enum sotto_err port_accept(struct port_listener *listener,
                           struct port_loop *loop, void *tag,
                           struct port_stream **stream,
                           struct port_address *peer)
{
    LOCK_TCPIP_CORE();
    enum sotto_err err = accept_first(listener, loop, tag, stream);
    UNLOCK_TCPIP_CORE();
    if (err == SOTTO_OK && peer != NULL) {
        port_stream_peer(*stream, peer);
    }
    return err;
}

static enum sotto_err move(struct port_stream *stream, struct port_loop *loop,
                           void *tag)
{
    if (loop != stream->loop) {
        if (loop->used >= loop->capacity) {
            return machine_fail(SOTTO_ERR_SPACE, "No room for a connection");
        }
        stream->loop->used--;
        stream->loop = loop;
        loop->used++;
    }
    stream->tag = tag;
    return SOTTO_OK;
}

enum sotto_err port_move(struct port_stream *stream, struct port_loop *loop,
                         void *tag)
{
    LOCK_TCPIP_CORE();
    enum sotto_err err = move(stream, loop, tag);
    UNLOCK_TCPIP_CORE();
    return err;
}
