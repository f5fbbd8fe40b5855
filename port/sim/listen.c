/*
 * listen.c - listeners, and which addresses are a machine's.
 */
#include "port/sim/inner.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t any_6[16];
static const uint8_t self_6[16] = {[15] = 1};
static const uint8_t any_4[16] = {[10] = 0xff, [11] = 0xff};

static bool is_any(const struct port_address *address)
{
    return memcmp(address->ip, any_6, sizeof any_6) == 0 ||
           memcmp(address->ip, any_4, sizeof any_4) == 0;
}

bool sim_address_is_of(const struct sim_machine *machine,
                       const struct port_address *address)
{
    const uint8_t *ip = address->ip;
    if (!port_address_is_ipv4(address)) {
        return memcmp(ip, self_6, sizeof self_6) == 0;
    }
    return ip[12] == 127 || (ip[12] == 10 && ip[13] == 0 && ip[14] == 0 &&
                             ip[15] == machine->number);
}

/* `at` listens where `address` wants to go, or to listen too. */
static bool covers(const struct port_address *at,
                   const struct port_address *address)
{
    return at->port == address->port &&
           port_address_is_ipv4(at) == port_address_is_ipv4(address) &&
           (is_any(at) || is_any(address) ||
            memcmp(at->ip, address->ip, sizeof at->ip) == 0);
}

struct port_listener *sim_listener_find(const struct sim_machine *machine,
                                        const struct port_address *address)
{
    struct port_listener *at = machine->listeners;
    while (at != NULL && !covers(&at->address, address)) {
        at = at->next;
    }
    return at;
}

static void choose_port(struct sim_machine *machine,
                        struct port_address *address)
{
    do {
        address->port = machine->next_port++;
        if (machine->next_port == 0) {
            machine->next_port = 49152;
        }
    } while (sim_listener_find(machine, address) != NULL);
}

enum sotto_err port_listen(struct port_loop *loop,
                           const struct port_address *address, void *tag,
                           struct port_listener **listener)
{
    struct sim_machine *machine = loop->machine;
    struct port_address actual = *address;
    if (!is_any(address) && !sim_address_is_of(machine, address)) {
        return sim_fail(SOTTO_ERR_NAME, "Not an address of this machine");
    }
    if (actual.port == 0) {
        choose_port(machine, &actual);
    }
    if (sim_listener_find(machine, &actual) != NULL) {
        return sim_fail(SOTTO_ERR_BUSY, "Address already in use");
    }
    struct port_listener *made = calloc(1, sizeof *made);
    if (made == NULL || sim_call(machine, SIM_CALLS_STREAMS) ||
        !sim_loop_place(loop, &made->source)) {
        free(made);
        return sim_fail(SOTTO_ERR_SPACE, "No room for a listener");
    }
    made->source.kind = SIM_LISTENER;
    made->source.tag = tag;
    made->address = actual;
    made->is_wanted = true;
    made->next = machine->listeners;
    machine->listeners = made;
    *listener = made;
    return SOTTO_OK;
}

void port_listener_address(const struct port_listener *listener,
                           struct port_address *address)
{
    *address = listener->address;
}

/* Who has waited for longest, or NULL. */
static struct sim_conn *first_waiting(const struct port_listener *listener)
{
    struct sim_conn *conn = listener->source.loop->machine->sim->conns;
    while (conn != NULL && conn->listener != listener) {
        conn = conn->next;
    }
    return conn;
}

enum sotto_err port_accept(struct port_listener *listener,
                           struct port_loop *loop, void *tag,
                           struct port_stream **stream,
                           struct port_address *peer)
{
    struct sim_conn *conn = first_waiting(listener);
    if (conn == NULL) {
        return SOTTO_ERR_AGAIN;
    }
    struct port_stream *made = sim_call(loop->machine, SIM_CALLS_STREAMS)
                                   ? NULL
                                   : sim_stream_make(loop, SIM_STREAM, tag);
    if (made == NULL) {
        return sim_fail(SOTTO_ERR_SPACE, "No room for a connection");
    }
    made->conn = conn;
    made->side = 1;
    made->was_told = true;
    made->is_armed = loop == listener->source.loop;
    made->want = made->is_armed ? PORT_READ : 0U;
    conn->ends[1].stream = made;
    conn->listener = NULL;
    listener->waiting--;
    if (peer != NULL) {
        *peer = conn->ends[0].address;
    }
    *stream = made;
    return SOTTO_OK;
}

enum sotto_err port_move(struct port_stream *stream, struct port_loop *loop,
                         void *tag)
{
    struct port_loop *before = stream->source.loop;
    if (loop != before) {
        sim_loop_leave(&stream->source);
        if (!sim_loop_place(loop, &stream->source)) {
            (void)sim_loop_place(before, &stream->source);
            return sim_fail(SOTTO_ERR_SPACE, "No room for a connection");
        }
    }
    stream->source.tag = tag;
    return SOTTO_OK;
}

void port_listener_want(struct port_listener *listener, bool wanted)
{
    listener->is_wanted = wanted;
}

void sim_listener_free(struct port_listener *listener)
{
    struct port_listener **place = &listener->source.loop->machine->listeners;
    struct sim_conn *conn;
    while ((conn = first_waiting(listener)) != NULL) {
        conn->listener = NULL;
        sim_end_abort(conn, 1);
    }
    while (*place != listener) {
        place = &(*place)->next;
    }
    *place = listener->next;
    sim_loop_leave(&listener->source);
    free(listener);
}

void port_listener_close(struct port_listener *listener)
{
    sim_listener_free(listener);
}
