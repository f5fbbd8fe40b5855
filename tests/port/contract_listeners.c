/*
 * contract_listeners.c - listening and accepting.
 */
#include "tests/port/contract.h"

#include <string.h>

static void test_listen_lets_the_system_choose_a_port(void **state)
{
    struct world *world = *state;
    struct end first;
    struct end second;
    struct port_address a = contract_listen_here(world, &first);
    struct port_address b = contract_listen_here(world, &second);
    assert_int_not_equal(a.port, 0);
    assert_int_not_equal(b.port, 0);
    assert_int_not_equal(a.port, b.port);
    struct port_address loopback = contract_address("127.0.0.1", a.port);
    assert_memory_equal(a.ip, loopback.ip, sizeof a.ip);
}

static void test_listen_says_busy_on_a_taken_port(void **state)
{
    struct world *world = *state;
    struct end first;
    struct end second = {.listener = NULL};
    struct port_address address = contract_listen_here(world, &first);
    assert_int_equal(port_listen(world->loop, &address, &second,
                                 &second.listener),
                     SOTTO_ERR_BUSY);
    assert_null(second.listener);
    port_listener_close(first.listener);
    assert_int_equal(port_listen(world->loop, &address, &second,
                                 &second.listener),
                     SOTTO_OK);
}

static void test_listen_again_while_old_connections_end(void **state)
{
    struct world *world = *state;
    struct pair pair;
    contract_pair(world, &pair);
    port_stream_close(pair.server.stream); /* our side first: it waits */
    contract_expect_err(world, &pair.client, SOTTO_ERR_CLOSED);
    port_stream_close(pair.client.stream);
    contract_idle(world, 20);
    port_listener_close(pair.listener.listener);
    assert_int_equal(port_listen(world->loop, &pair.address, &pair.listener,
                                 &pair.listener.listener),
                     SOTTO_OK);
}

static void test_listen_refuses_an_address_of_another_machine(void **state)
{
    struct world *world = *state;
    struct end listener;
    struct port_address address;
    assert_int_equal(contract_listen(world, "192.0.2.1", &listener, &address),
                     SOTTO_ERR_NAME);
}

static void test_accepted_stream_gets_another_tag(void **state)
{
    struct world *world = *state;
    struct end listener;
    struct end client;
    struct end server = {.stream = NULL};
    enum sotto_err err = SOTTO_ERR_AGAIN;
    struct port_address address = contract_listen_here(world, &listener);
    contract_connect(world, &address, &client);
    TURN_UNTIL(world,
               (err = port_accept(listener.listener, world->loop, NULL,
                                  &server.stream, NULL)) != SOTTO_ERR_AGAIN);
    assert_int_equal(err, SOTTO_OK);
    assert_int_equal(port_move(server.stream, world->loop, &server), SOTTO_OK);
    contract_write(world, &client, "hello", 5);
    contract_expect(world, &server, "hello", 5);
    contract_write(world, &server, "and back", 8);
    contract_expect(world, &client, "and back", 8);
}

static void test_wildcard_takes_loopback(void **state)
{
    struct world *world = *state;
    struct end listener;
    struct port_address address;
    assert_int_equal(contract_listen(world, "0.0.0.0", &listener, &address),
                     SOTTO_OK);
    struct port_address loopback = contract_address("127.0.0.1", address.port);
    struct end client;
    struct end server;
    contract_connect(world, &loopback, &client);
    contract_accept(world, &listener, &server);
    contract_write(world, &client, "hello", 5);
    contract_expect(world, &server, "hello", 5);
}

/* The same port for both; not one that another program has for IPv4. */
static enum sotto_err listen_on_both(struct world *world, struct end *v6,
                                     struct end *v4,
                                     struct port_address *address)
{
    enum sotto_err err = SOTTO_ERR_BUSY;
    for (int i = 0; i < 10 && err == SOTTO_ERR_BUSY; i++) {
        err = contract_listen(world, "::", v6, address);
        if (err != SOTTO_OK) {
            return err;
        }
        struct port_address same = contract_address("0.0.0.0", address->port);
        err = port_listen(world->loop, &same, v4, &v4->listener);
        if (err == SOTTO_ERR_BUSY) {
            port_listener_close(v6->listener);
        }
    }
    return err;
}

static void test_ipv6_wildcard_leaves_ipv4_alone(void **state)
{
    struct world *world = *state;
    struct end v6;
    struct end v4 = {.listener = NULL};
    struct port_address address;
    enum sotto_err err = listen_on_both(world, &v6, &v4, &address);
    if (err == SOTTO_ERR_UNSUPPORTED) {
        skip();
    }
    assert_int_equal(err, SOTTO_OK);
    struct port_address loopback = contract_address("127.0.0.1", address.port);
    struct end client;
    struct end server;
    contract_connect(world, &loopback, &client);
    contract_accept(world, &v4, &server);
    assert_int_equal(port_accept(v6.listener, world->loop, &server,
                                 &server.stream, NULL),
                     SOTTO_ERR_AGAIN);
}

static void test_accept_says_again_when_nobody_waits(void **state)
{
    struct world *world = *state;
    struct end listener;
    struct end server = {.stream = NULL};
    (void)contract_listen_here(world, &listener);
    contract_idle(world, 20);
    assert_int_equal(listener.events, 0);
    assert_int_equal(port_accept(listener.listener, world->loop, &server,
                                 &server.stream, NULL),
                     SOTTO_ERR_AGAIN);
    assert_null(server.stream);
}

static void test_accept_tells_the_peer(void **state)
{
    struct world *world = *state;
    struct end listener;
    struct end client;
    struct end server = {.stream = NULL};
    struct port_address address = contract_listen_here(world, &listener);
    contract_connect(world, &address, &client);
    struct port_address peer;
    memset(&peer, 0, sizeof peer);
    enum sotto_err err = SOTTO_ERR_AGAIN;
    TURN_UNTIL(world,
               (err = port_accept(listener.listener, world->loop, &server,
                                  &server.stream, &peer)) != SOTTO_ERR_AGAIN);
    assert_int_equal(err, SOTTO_OK);
    assert_memory_equal(peer.ip, address.ip, sizeof peer.ip);
    assert_int_not_equal(peer.port, 0);
    assert_int_not_equal(peer.port, address.port);
    struct port_address again;
    port_stream_peer(server.stream, &again);
    assert_memory_equal(again.ip, peer.ip, sizeof peer.ip);
    assert_int_equal(again.port, peer.port);
    port_stream_peer(client.stream, &again);
    assert_memory_equal(again.ip, address.ip, sizeof again.ip);
    assert_int_equal(again.port, address.port);
    assert_int_equal(port_connect_status(server.stream), SOTTO_OK);
}

static void test_listener_is_ready_as_long_as_somebody_waits(void **state)
{
    struct world *world = *state;
    struct end listener;
    struct end clients[3];
    struct end server;
    struct port_address address = contract_listen_here(world, &listener);
    for (size_t at = 0; at < 3; at++) {
        contract_connect(world, &address, &clients[at]);
    }
    for (size_t at = 0; at < 3; at++) {
        listener.ready = 0;
        TURN_UNTIL(world, listener.ready != 0);
        assert_int_equal(listener.ready, PORT_READ);
        listener.ready = 0; /* again, though nothing new happened */
        TURN_UNTIL(world, listener.ready != 0);
        contract_accept(world, &listener, &server);
    }
    contract_idle(world, 20);
    listener.ready = 0;
    contract_idle(world, 20);
    assert_int_equal(listener.ready, 0);
}

static void test_unwanted_connections_wait(void **state)
{
    struct world *world = *state;
    struct end listener;
    struct end client;
    struct end server;
    struct port_address address = contract_listen_here(world, &listener);
    port_listener_want(listener.listener, false);
    contract_connect(world, &address, &client);
    contract_idle(world, 20);
    assert_int_equal(listener.events, 0);
    port_listener_want(listener.listener, true);
    TURN_UNTIL(world, listener.ready == PORT_READ);
    contract_accept(world, &listener, &server);
}

static void test_accepted_streams_outlive_the_listener(void **state)
{
    struct world *world = *state;
    struct pair pair;
    contract_pair(world, &pair);
    port_listener_close(pair.listener.listener);
    pair.listener.events = 0;
    contract_write(world, &pair.client, "still here", 10);
    contract_expect(world, &pair.server, "still here", 10);
    contract_write(world, &pair.server, "me too", 6);
    contract_expect(world, &pair.client, "me too", 6);
    contract_idle(world, 10);
    assert_int_equal(pair.listener.events, 0);
}

static void test_closing_a_listener_drops_who_waited(void **state)
{
    struct world *world = *state;
    struct end listener;
    struct end client;
    struct port_address address = contract_listen_here(world, &listener);
    contract_connect(world, &address, &client);
    contract_idle(world, 10);
    port_listener_close(listener.listener);
    contract_provoke(world, &client);
    uint8_t in[1];
    size_t got;
    enum sotto_err err = contract_read(world, &client, in, 1, &got);
    assert_true(err == SOTTO_ERR_RESET || err == SOTTO_ERR_CLOSED);
}

int contract_listeners(void)
{
    const struct CMUnitTest tests[] = {
        CONTRACT_TEST(test_listen_lets_the_system_choose_a_port),
        CONTRACT_TEST(test_listen_says_busy_on_a_taken_port),
        CONTRACT_TEST(test_listen_again_while_old_connections_end),
        CONTRACT_TEST(test_listen_refuses_an_address_of_another_machine),
        CONTRACT_TEST(test_accepted_stream_gets_another_tag),
        CONTRACT_TEST(test_wildcard_takes_loopback),
        CONTRACT_TEST(test_ipv6_wildcard_leaves_ipv4_alone),
        CONTRACT_TEST(test_accept_says_again_when_nobody_waits),
        CONTRACT_TEST(test_accept_tells_the_peer),
        CONTRACT_TEST(test_listener_is_ready_as_long_as_somebody_waits),
        CONTRACT_TEST(test_unwanted_connections_wait),
        CONTRACT_TEST(test_accepted_streams_outlive_the_listener),
        CONTRACT_TEST(test_closing_a_listener_drops_who_waited),
    };
    return cmocka_run_group_tests_name("listeners", tests, NULL, NULL);
}
