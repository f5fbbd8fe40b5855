/*
 * contract_connects.c - connecting, and why it fails.
 */
#include "tests/port/contract.h"

#include <string.h>

/* A port of 127.0.0.1 where nobody listens. */
static struct port_address closed_port(struct world *world)
{
    struct end listener;
    struct port_address address = contract_listen_here(world, &listener);
    port_listener_close(listener.listener);
    return address;
}

static void test_connect_is_told_again_until_the_status_is_asked(void **state)
{
    struct world *world = *state;
    struct end listener;
    struct end client;
    struct port_address address = contract_listen_here(world, &listener);
    contract_dial(world, &address, &client);
    for (int round = 0; round < 3; round++) {
        client.ready = 0;
        TURN_UNTIL(world, client.ready != 0);
        assert_int_equal(client.ready, PORT_WRITE);
    }
    assert_int_equal(port_connect_status(client.stream), SOTTO_OK);
    client.ready = 0;
    contract_idle(world, 20);
    assert_int_equal(client.ready, 0); /* only reading is wanted now */
    assert_int_equal(port_connect_status(client.stream), SOTTO_OK);
}

static void test_connect_is_open_only_after_a_wait(void **state)
{
    struct world *world = *state;
    struct end listener;
    struct end client;
    struct port_address address = contract_listen_here(world, &listener);
    contract_dial(world, &address, &client);
    uint8_t in[1];
    size_t len = 77;
    assert_int_equal(port_connect_status(client.stream), SOTTO_ERR_AGAIN);
    assert_int_equal(port_read(client.stream, in, 1, &len), SOTTO_ERR_AGAIN);
    assert_int_equal(port_write(client.stream, in, 1, &len), SOTTO_ERR_AGAIN);
    assert_int_equal(len, 77);
}

static void test_what_was_wanted_meanwhile_holds_afterwards(void **state)
{
    struct world *world = *state;
    struct end listener;
    struct end client;
    struct port_address address = contract_listen_here(world, &listener);
    contract_dial(world, &address, &client);
    port_want(client.stream, 0); /* the outcome is told all the same */
    TURN_UNTIL(world, client.ready == PORT_WRITE);
    port_want(client.stream, PORT_WRITE);
    assert_int_equal(port_connect_status(client.stream), SOTTO_OK);
    client.ready = 0;
    TURN_UNTIL(world, client.ready == PORT_WRITE);
    port_want(client.stream, 0);
    client.ready = 0;
    contract_idle(world, 20);
    assert_int_equal(client.ready, 0);
}

static void test_connect_reports_refused(void **state)
{
    struct world *world = *state;
    struct port_address address = closed_port(world);
    struct end client;
    contract_dial(world, &address, &client);
    TURN_UNTIL(world, client.ready == (PORT_READ | PORT_WRITE));
    uint8_t in[1];
    size_t len = 77;
    for (int round = 0; round < 2; round++) {
        assert_int_equal(port_connect_status(client.stream), SOTTO_ERR_REFUSED);
        assert_true(strlen(port_last_error(world->port)) > 0);
        assert_int_equal(port_read(client.stream, in, 1, &len),
                         SOTTO_ERR_REFUSED);
        assert_int_equal(port_write(client.stream, in, 1, &len),
                         SOTTO_ERR_REFUSED);
        client.ready = 0; /* a failed stream stays ready */
        TURN_UNTIL(world, client.ready == (PORT_READ | PORT_WRITE));
    }
    assert_int_equal(len, 77);
    port_stream_close(client.stream);
    client.events = 0;
    contract_idle(world, 20);
    assert_int_equal(client.events, 0);
}

static void test_failed_connects_do_not_starve_others(void **state)
{
    struct world *world = *state;
    struct port_address nobody = closed_port(world);
    struct end failed[3];
    struct pair pair;
    for (size_t at = 0; at < 3; at++) {
        contract_dial(world, &nobody, &failed[at]);
        TURN_UNTIL(world, failed[at].ready != 0);
    }
    contract_pair(world, &pair);
    contract_write(world, &pair.client, "x", 1);
    struct end *all[4] = {&failed[0], &failed[1], &failed[2], &pair.server};
    unsigned missing = 4;
    for (size_t at = 0; at < 4; at++) {
        all[at]->events = 0;
    }
    const uint64_t end_ms = port_now_ms(world->port) + world->patience_ms;
    while (missing > 0 && port_now_ms(world->port) < end_ms) {
        struct port_event event;
        size_t count = 0;
        port_wait(world->loop, 10, &event, 1, &count);
        if (count == 1 && event.kind == PORT_EVENT_READY) {
            struct end *end = event.tag;
            missing -= end->events++ == 0 ? 1 : 0;
        }
    }
    assert_int_equal(missing, 0);
    port_stream_abort(failed[0].stream);
}

static void test_connect_knows_localhost(void **state)
{
    struct world *world = *state;
    struct end listener;
    struct end client = {.stream = NULL};
    struct end server;
    struct port_address address = contract_listen_here(world, &listener);
    assert_int_equal(port_connect(world->loop, "localhost", address.port,
                                  &client, &client.stream),
                     SOTTO_OK);
    TURN_UNTIL(world, (client.ready & PORT_WRITE) != 0);
    assert_int_equal(port_connect_status(client.stream), SOTTO_OK);
    contract_accept(world, &listener, &server);
    struct port_address peer;
    port_stream_peer(client.stream, &peer);
    assert_int_equal(peer.port, address.port);
    contract_write(world, &client, "by name", 7);
    contract_expect(world, &server, "by name", 7);
}

static void test_connect_reports_refused_by_name(void **state)
{
    struct world *world = *state;
    struct port_address address = closed_port(world);
    struct end client = {.stream = NULL};
    assert_int_equal(port_connect(world->loop, "localhost", address.port,
                                  &client, &client.stream),
                     SOTTO_OK);
    TURN_UNTIL(world, client.ready == (PORT_READ | PORT_WRITE));
    assert_int_equal(port_connect_status(client.stream), SOTTO_ERR_REFUSED);
}

static void test_connect_refuses_impossible_names(void **state)
{
    struct world *world = *state;
    char long_name[300];
    memset(long_name, 'a', sizeof long_name);
    long_name[sizeof long_name - 1] = '\0';
    const char *const cases[] = {"",       " ",     "two words",   "a/b",
                                 "a\nb",   "[::1]", "caf\xc3\xa9", "a@b",
                                 long_name};
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++) {
        struct end client = {.stream = NULL};
        assert_int_equal(port_connect(world->loop, cases[at], 1, &client,
                                      &client.stream),
                         SOTTO_ERR_FORMAT);
        assert_null(client.stream);
    }
}

/* A label of a name has at most 63 bytes: this one exists nowhere, and no
 * network is needed to know it. */
static void test_connect_reports_a_name_that_does_not_exist(void **state)
{
    struct world *world = *state;
    char name[80] = "";
    memset(name, 'x', 64);
    memcpy(name + 64, ".invalid", 9);
    struct end client = {.stream = NULL};
    enum sotto_err err =
        port_connect(world->loop, name, 7688, &client, &client.stream);
    if (err == SOTTO_ERR_FORMAT) {
        assert_null(client.stream); /* seen at once: as good */
        return;
    }
    assert_int_equal(err, SOTTO_OK);
    TURN_UNTIL(world, client.ready == (PORT_READ | PORT_WRITE));
    assert_int_equal(port_connect_status(client.stream), SOTTO_ERR_NAME);
    assert_true(strlen(port_last_error(world->port)) > 0);
}

static void test_closing_the_loop_ends_a_look_up(void **state)
{
    struct world *world = *state;
    for (int round = 0; round < 10; round++) {
        struct end client = {.stream = NULL};
        assert_int_equal(port_connect(world->loop, "localhost", 1, &client,
                                      &client.stream),
                         SOTTO_OK);
        if (round % 2 == 0) {
            contract_turn(world, 0);
        }
        port_loop_close(world->loop);
        assert_int_equal(port_loop_open(world->port, CAPACITY, &world->loop),
                         SOTTO_OK);
        contract_turn(world, 0);
    }
}

static void test_connect_can_be_given_up(void **state)
{
    struct world *world = *state;
    struct end listener;
    struct end clients[4];
    struct port_address address = contract_listen_here(world, &listener);
    contract_dial(world, &address, &clients[0]);
    contract_dial(world, &address, &clients[1]);
    for (size_t at = 2; at < 4; at++) {
        clients[at].events = 0;
        assert_int_equal(port_connect(world->loop, "localhost", address.port,
                                      &clients[at], &clients[at].stream),
                         SOTTO_OK);
    }
    port_stream_close(clients[0].stream);
    port_stream_abort(clients[1].stream);
    port_stream_close(clients[2].stream);
    port_stream_abort(clients[3].stream);
    contract_idle(world, 50);
    for (size_t at = 0; at < 4; at++) {
        assert_int_equal(clients[at].events, 0);
    }
}

static void test_connect_over_ipv6(void **state)
{
    struct world *world = *state;
    struct end listener;
    struct end client;
    struct end server;
    struct port_address address;
    enum sotto_err err = contract_listen(world, "::1", &listener, &address);
    if (err == SOTTO_ERR_UNSUPPORTED) {
        skip();
    }
    assert_int_equal(err, SOTTO_OK);
    contract_connect(world, &address, &client);
    contract_accept(world, &listener, &server);
    struct port_address peer;
    port_stream_peer(server.stream, &peer);
    assert_memory_equal(peer.ip, address.ip, sizeof peer.ip);
    contract_write(world, &client, "over six", 8);
    contract_expect(world, &server, "over six", 8);
    contract_write(world, &server, "indeed", 6);
    contract_expect(world, &client, "indeed", 6);
    struct end other = {.listener = NULL};
    assert_int_equal(port_listen(world->loop, &address, &other,
                                 &other.listener),
                     SOTTO_ERR_BUSY);
}

int contract_connects(void)
{
    const struct CMUnitTest tests[] = {
        CONTRACT_TEST(test_connect_is_told_again_until_the_status_is_asked),
        CONTRACT_TEST(test_connect_is_open_only_after_a_wait),
        CONTRACT_TEST(test_what_was_wanted_meanwhile_holds_afterwards),
        CONTRACT_TEST(test_connect_reports_refused),
        CONTRACT_TEST(test_failed_connects_do_not_starve_others),
        CONTRACT_TEST(test_connect_knows_localhost),
        CONTRACT_TEST(test_connect_reports_refused_by_name),
        CONTRACT_TEST(test_connect_refuses_impossible_names),
        CONTRACT_TEST(test_connect_reports_a_name_that_does_not_exist),
        CONTRACT_TEST(test_closing_the_loop_ends_a_look_up),
        CONTRACT_TEST(test_connect_can_be_given_up),
        CONTRACT_TEST(test_connect_over_ipv6),
    };
    return cmocka_run_group_tests_name("connects", tests, NULL, NULL);
}
