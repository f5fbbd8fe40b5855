/*
 * contract.c - the helpers of the contract suite.
 */
#include "tests/port/contract.h"

#include <string.h>

struct world *contract_world(void)
{
    static struct world world;
    return &world;
}

int contract_loop_open(void **state)
{
    struct world *world = contract_world();
    *state = world;
    world->seen = 0;
    world->has_files = false;
    return port_loop_open(world->port, CAPACITY, &world->loop) == SOTTO_OK ? 0
                                                                           : -1;
}

int contract_loop_close(void **state)
{
    struct world *world = *state;
    if (world->has_files) {
        port_files_close(&world->files);
        world->has_files = false;
    }
    port_loop_close(world->loop);
    world->loop = NULL;
    return 0;
}

/* ---- turning ---------------------------------------------------------- */

void contract_turn(struct world *world, uint32_t timeout_ms)
{
    struct port_event events[8];
    size_t count = 99;
    port_wait(world->loop, timeout_ms, events, 8, &count);
    assert_in_range(count, 0, 8);
    for (size_t at = 0; at < count; at++) {
        if (events[at].kind == PORT_EVENT_READY) {
            struct end *end = events[at].tag;
            assert_int_not_equal(events[at].ready, 0);
            end->ready |= events[at].ready;
            end->events++;
        } else {
            world->seen |= 1U << events[at].kind;
        }
    }
}

void contract_idle(struct world *world, uint32_t ms)
{
    uint64_t end_ms = port_now_ms(world->port) + ms;
    while (port_now_ms(world->port) < end_ms) {
        contract_turn(world, 5);
    }
}

/* ---- connections ------------------------------------------------------ */

struct port_address contract_address(const char *text, uint16_t tcp_port)
{
    struct port_address address;
    assert_int_equal(port_address_parse(text, &address), SOTTO_OK);
    address.port = tcp_port;
    return address;
}

enum sotto_err contract_listen(struct world *world, const char *text,
                               struct end *listener,
                               struct port_address *address)
{
    memset(listener, 0, sizeof *listener);
    *address = contract_address(text, 0);
    enum sotto_err err =
        port_listen(world->loop, address, listener, &listener->listener);
    if (err == SOTTO_OK) {
        port_listener_address(listener->listener, address);
    }
    return err;
}

struct port_address contract_listen_here(struct world *world,
                                         struct end *listener)
{
    struct port_address address;
    assert_int_equal(contract_listen(world, "127.0.0.1", listener, &address),
                     SOTTO_OK);
    return address;
}

/* Only the part of an address before the port. */
static void host_of(const struct port_address *address,
                    char host[static PORT_ADDRESS_TEXT])
{
    char text[PORT_ADDRESS_TEXT];
    port_address_text(address, text);
    char *end = strrchr(text, ':');
    assert_non_null(end);
    *end = '\0';
    const char *start = text;
    if (text[0] == '[') {
        start = text + 1;
        *strchr(text, ']') = '\0';
    }
    memmove(host, start, strlen(start) + 1);
}

void contract_dial(struct world *world, const struct port_address *address,
                   struct end *client)
{
    char host[PORT_ADDRESS_TEXT];
    host_of(address, host);
    memset(client, 0, sizeof *client);
    assert_int_equal(port_connect(world->loop, host, address->port, client,
                                  &client->stream),
                     SOTTO_OK);
}

void contract_connect(struct world *world, const struct port_address *address,
                      struct end *client)
{
    contract_dial(world, address, client);
    TURN_UNTIL(world, port_connect_status(client->stream) != SOTTO_ERR_AGAIN);
    assert_int_equal(port_connect_status(client->stream), SOTTO_OK);
}

void contract_accept(struct world *world, struct end *listener,
                     struct end *server)
{
    memset(server, 0, sizeof *server);
    enum sotto_err err = SOTTO_ERR_AGAIN;
    TURN_UNTIL(world,
               (err = port_accept(listener->listener, world->loop, server,
                                  &server->stream, NULL)) != SOTTO_ERR_AGAIN);
    assert_int_equal(err, SOTTO_OK);
}

void contract_pair(struct world *world, struct pair *pair)
{
    memset(pair, 0, sizeof *pair);
    pair->address = contract_listen_here(world, &pair->listener);
    contract_connect(world, &pair->address, &pair->client);
    contract_accept(world, &pair->listener, &pair->server);
    pair->client.ready = 0;
    pair->client.events = 0;
}

/* ---- bytes ------------------------------------------------------------ */

void contract_write(struct world *world, struct end *end, const void *bytes,
                    size_t len)
{
    const uint8_t *in = bytes;
    uint64_t end_ms = port_now_ms(world->port) + world->patience_ms;
    while (len > 0) {
        size_t put = 0;
        enum sotto_err err = port_write(end->stream, in, len, &put);
        if (err == SOTTO_ERR_AGAIN) {
            assert_true(port_now_ms(world->port) < end_ms);
            contract_turn(world, 1);
            continue;
        }
        assert_int_equal(err, SOTTO_OK);
        assert_in_range(put, 1, len);
        in += put;
        len -= put;
    }
}

enum sotto_err contract_read(struct world *world, struct end *end, uint8_t *out,
                             size_t cap, size_t *got)
{
    enum sotto_err err = SOTTO_ERR_AGAIN;
    TURN_UNTIL(world, (err = port_read(end->stream, out, cap, got)) !=
                          SOTTO_ERR_AGAIN);
    if (err == SOTTO_OK) {
        assert_in_range(*got, 1, cap);
    }
    return err;
}

void contract_expect(struct world *world, struct end *end, const void *bytes,
                     size_t len)
{
    const uint8_t *expected = bytes;
    while (len > 0) {
        uint8_t in[256];
        size_t got = 0;
        size_t cap = len < sizeof in ? len : sizeof in;
        assert_int_equal(contract_read(world, end, in, cap, &got), SOTTO_OK);
        assert_memory_equal(in, expected, got);
        expected += got;
        len -= got;
    }
}

void contract_expect_err(struct world *world, struct end *end,
                         enum sotto_err err)
{
    uint8_t in[16];
    size_t got = 77;
    assert_int_equal(contract_read(world, end, in, sizeof in, &got), err);
    assert_int_equal(got, 77); /* untouched */
}

void contract_provoke(struct world *world, struct end *end)
{
    size_t put = 0;
    if (world->is_lossy) {
        enum sotto_err err =
            port_write(end->stream, (const uint8_t *)"?", 1, &put);
        assert_true(err == SOTTO_OK || err == SOTTO_ERR_RESET);
    }
}

uint8_t contract_byte(size_t at)
{
    return (uint8_t)(at ^ at >> 8 ^ at >> 16);
}

/* ---- files ------------------------------------------------------------ */

void contract_files_open(struct world *world)
{
    enum sotto_err err =
        port_files_open(world->loop, world->folder, true, &world->files);
    if (err == SOTTO_ERR_UNSUPPORTED) {
        err = port_files_open(world->loop, world->folder, false, &world->files);
    }
    assert_int_equal(err, SOTTO_OK);
    world->has_files = true;
    char name[SOTTO_FILE_NAME_MAX + 1];
    while (world->files.list(world->files.ctx, "", 0, name) == SOTTO_OK) {
        assert_int_equal(world->files.remove(world->files.ctx, name), SOTTO_OK);
    }
}

void contract_expect_contents(struct world *world, int file, const char *text)
{
    uint8_t bytes[256];
    size_t got = 0;
    uint64_t len = 0;
    assert_int_equal(world->files.size(world->files.ctx, file, &len), SOTTO_OK);
    assert_int_equal(len, strlen(text));
    assert_int_equal(world->files.read(world->files.ctx, file, 0, bytes,
                                       sizeof bytes, &got),
                     SOTTO_OK);
    assert_int_equal(got, strlen(text));
    assert_memory_equal(bytes, text, got);
}
