/*
 * contract_loops.c - wait sets: time-outs, waking, places.
 */
#include "tests/port/contract.h"

#include <string.h>

static void test_wait_takes_its_time_and_does_not_spin(void **state)
{
    struct world *world = *state;
    struct port_event events[4];
    size_t count = 99;
    uint64_t start_ms = port_now_ms(world->port);
    unsigned calls = 0;
    while (port_now_ms(world->port) < start_ms + 50) {
        port_wait(world->loop, 50, events, 4, &count);
        assert_int_equal(count, 0);
        calls++;
    }
    assert_in_range(calls, 1, 50);
}

static void test_wait_for_nothing_returns(void **state)
{
    struct world *world = *state;
    struct port_event events[1];
    for (int step = 0; step < 1000; step++) {
        size_t count = 99;
        port_wait(world->loop, 0, events, 1, &count);
        assert_int_equal(count, 0);
    }
}

static void test_wake_ends_a_wait_that_has_no_end(void **state)
{
    struct world *world = *state;
    struct port_event events[4];
    size_t count = 0;
    port_wake(world->loop);
    while (count == 0) {
        port_wait(world->loop, PORT_FOREVER, events, 4, &count);
    }
    assert_int_equal(count, 1);
    assert_int_equal(events[0].kind, PORT_EVENT_WAKE);
}

static void test_wakes_before_a_wait_are_one_event(void **state)
{
    struct world *world = *state;
    for (int round = 0; round < 3; round++) {
        port_wake(world->loop);
        port_wake(world->loop);
        port_wake(world->loop);
        world->seen = 0;
        TURN_UNTIL(world, world->seen != 0);
        assert_int_equal(world->seen, 1U << PORT_EVENT_WAKE);
        world->seen = 0;
        contract_idle(world, 20);
        assert_int_equal(world->seen, 0);
    }
}

static void test_wake_is_told_beside_ready_streams(void **state)
{
    struct world *world = *state;
    struct pair pair;
    contract_pair(world, &pair);
    contract_write(world, &pair.client, "x", 1);
    TURN_UNTIL(world, pair.server.ready != 0);
    for (int round = 0; round < 5; round++) {
        port_wake(world->loop);
        bool woken = false;
        for (int step = 0; step < 10 && !woken; step++) {
            struct port_event events[1]; /* room for one of the two */
            size_t count = 0;
            port_wait(world->loop, 1000, events, 1, &count);
            woken = count == 1 && events[0].kind == PORT_EVENT_WAKE;
        }
        assert_true(woken);
    }
}

static void test_second_loop_works_or_is_unsupported(void **state)
{
    struct world *world = *state;
    struct port_loop *second = NULL;
    enum sotto_err err = port_loop_open(world->port, 4, &second);
    if (err == SOTTO_ERR_UNSUPPORTED) {
        assert_null(second);
        skip();
    }
    assert_int_equal(err, SOTTO_OK);
    port_wake(second);
    contract_idle(world, 10);
    assert_int_equal(world->seen, 0); /* it was not for this one */
    struct port_event events[4];
    size_t count = 0;
    while (count == 0) {
        port_wait(second, 1000, events, 4, &count);
    }
    assert_int_equal(events[0].kind, PORT_EVENT_WAKE);
    port_loop_close(second);
}

/* ---- places ----------------------------------------------------------- */

/* Connections up to the capacity: the listener takes a place too. */
#define FULL_PAIRS ((CAPACITY - 1) / 2)

static void test_loop_holds_its_capacity_and_no_more(void **state)
{
    struct world *world = *state;
    struct end listener;
    struct end clients[FULL_PAIRS];
    struct end servers[FULL_PAIRS];
    struct end more = {.stream = NULL};
    struct port_address address = contract_listen_here(world, &listener);
    for (size_t at = 0; at < FULL_PAIRS; at++) {
        contract_connect(world, &address, &clients[at]);
        contract_accept(world, &listener, &servers[at]);
    }
    assert_int_equal(port_connect(world->loop, "127.0.0.1", address.port, &more,
                                  &more.stream),
                     SOTTO_ERR_SPACE);
    assert_null(more.stream);
    struct port_address other = contract_address("127.0.0.1", 0);
    struct port_listener *unmade = NULL;
    assert_int_equal(port_listen(world->loop, &other, &more, &unmade),
                     SOTTO_ERR_SPACE);
    for (size_t at = 0; at < FULL_PAIRS; at++) { /* and all of them work */
        uint8_t byte = (uint8_t)at;
        contract_write(world, &clients[at], &byte, 1);
        contract_expect(world, &servers[at], &byte, 1);
    }
}

static void test_accept_says_space_until_a_place_is_free(void **state)
{
    struct world *world = *state;
    struct end listener;
    struct end clients[CAPACITY];
    struct end servers[CAPACITY];
    struct port_address address = contract_listen_here(world, &listener);
    size_t accepted = 0;
    size_t connected = 0;
    /* Two clients more than servers: no place is left for theirs. */
    while (1 + connected + accepted < CAPACITY - 2) {
        contract_connect(world, &address, &clients[connected++]);
        contract_accept(world, &listener, &servers[accepted++]);
    }
    contract_dial(world, &address, &clients[connected++]);
    contract_dial(world, &address, &clients[connected++]);
    assert_int_equal(1 + connected + accepted, CAPACITY);
    struct end late = {.stream = NULL};
    enum sotto_err err = SOTTO_OK;
    TURN_UNTIL(world,
               (err = port_accept(listener.listener, world->loop, &late,
                                  &late.stream, NULL)) != SOTTO_ERR_AGAIN);
    assert_int_equal(err, SOTTO_ERR_SPACE);
    assert_null(late.stream);

    port_stream_close(servers[0].stream);
    port_stream_close(clients[0].stream);
    TURN_UNTIL(world, (err = port_accept(listener.listener, world->loop, &late,
                                         &late.stream, NULL)) == SOTTO_OK);
    contract_write(world, &late, "late", 4);
}

static void test_closing_a_loop_takes_all_with_it(void **state)
{
    struct world *world = *state;
    struct pair pair;
    contract_pair(world, &pair);
    struct end dialling;
    contract_dial(world, &pair.address, &dialling);
    contract_write(world, &pair.client, "unread", 6);
    port_loop_close(world->loop);
    assert_int_equal(port_loop_open(world->port, CAPACITY, &world->loop),
                     SOTTO_OK);
    contract_idle(world, 20); /* nothing of the old one is told here */
    struct end listener = {.listener = NULL};
    assert_int_equal(port_listen(world->loop, &pair.address, &listener,
                                 &listener.listener),
                     SOTTO_OK); /* the port is free */
}

int contract_loops(void)
{
    const struct CMUnitTest tests[] = {
        CONTRACT_TEST(test_wait_takes_its_time_and_does_not_spin),
        CONTRACT_TEST(test_wait_for_nothing_returns),
        CONTRACT_TEST(test_wake_ends_a_wait_that_has_no_end),
        CONTRACT_TEST(test_wakes_before_a_wait_are_one_event),
        CONTRACT_TEST(test_wake_is_told_beside_ready_streams),
        CONTRACT_TEST(test_second_loop_works_or_is_unsupported),
        CONTRACT_TEST(test_loop_holds_its_capacity_and_no_more),
        CONTRACT_TEST(test_accept_says_space_until_a_place_is_free),
        CONTRACT_TEST(test_closing_a_loop_takes_all_with_it),
    };
    return cmocka_run_group_tests_name("loops", tests, NULL, NULL);
}
