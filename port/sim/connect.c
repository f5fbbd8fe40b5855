/*
 * connect.c - dialling: a machine's name or address.
 */
#include "port/sim/inner.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 253U

/* Letters, digits and the few signs of host names and addresses. */
static bool is_possible(const char *host)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%";
    const size_t len = strlen(host);
    return len > 0 && len <= NAME_MAX_BYTES && strspn(host, allowed) == len;
}

/* The machine of that name or address, and the address; or NULL. */
static struct sim_machine *find(struct sim_machine *from, const char *host,
                                struct port_address *address)
{
    struct sim *sim = from->sim;
    struct sim_machine *to = NULL;
    if (strcmp(host, "localhost") == 0) {
        return port_address_parse("127.0.0.1", address) == SOTTO_OK ? from
                                                                    : NULL;
    }
    if (port_address_parse(host, address) == SOTTO_OK &&
        sim_address_is_of(from, address)) {
        return from;
    }
    for (size_t i = 0; i < sim->machine_count && to == NULL; i++) {
        struct sim_machine *at = sim->machines[i];
        if (strcmp(host, at->name) == 0) {
            *address =
                (struct port_address){.ip = {[10] = 0xff,
                                             [11] = 0xff,
                                             [12] = 10,
                                             [15] = (uint8_t)at->number}};
            to = at;
        } else if (port_address_is_ipv4(address) &&
                   sim_address_is_of(at, address)) {
            to = at;
        }
    }
    return to;
}

/* Where a machine dials from: as the other side will see it. */
static void set_source(struct sim_conn *conn)
{
    struct sim_machine *from = conn->ends[0].machine;
    struct port_address *source = &conn->ends[0].address;
    *source = conn->ends[1].address;
    if (from != conn->ends[1].machine) {
        source->ip[15] = (uint8_t)from->number;
    }
    source->port = from->next_port++;
    if (from->next_port == 0) {
        from->next_port = 49152;
    }
}

enum sotto_err port_connect(struct port_loop *loop, const char *host,
                            uint16_t tcp_port, void *tag,
                            struct port_stream **stream)
{
    struct port_address address = {.port = 0};
    if (!is_possible(host)) {
        return sim_fail(SOTTO_ERR_FORMAT, "Not a host name");
    }
    struct sim_machine *to = find(loop->machine, host, &address);
    struct port_stream *made = sim_call(loop->machine, SIM_CALLS_STREAMS)
                                   ? NULL
                                   : sim_stream_make(loop, SIM_STREAM, tag);
    if (made == NULL) {
        return sim_fail(SOTTO_ERR_SPACE, "No room for a connection");
    }
    made->want = PORT_READ;
    made->is_armed = true;
    made->status = SOTTO_ERR_AGAIN;
    made->is_nameless = to == NULL;
    if (to != NULL) {
        made->conn = sim_conn_make(loop->machine, to);
        if (made->conn == NULL) {
            port_stream_abort(made);
            return sim_fail(SOTTO_ERR_SPACE, "No memory for a connection");
        }
        made->conn->ends[1].address = address;
        made->conn->ends[1].address.port = tcp_port;
        made->conn->ends[0].stream = made;
        set_source(made->conn);
    }
    *stream = made;
    return SOTTO_OK;
}
