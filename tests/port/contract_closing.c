/*
 * contract_closing.c - the end of a connection, in good order and otherwise.
 */
#include "tests/port/contract.h"

#include <string.h>

static void test_close_is_read_as_closed_again_and_again(void **state)
{
    struct world *world = *state;
    struct pair pair;
    contract_pair(world, &pair);
    port_stream_close(pair.client.stream);
    TURN_UNTIL(world, pair.server.ready == PORT_READ);
    for (int round = 0; round < 3; round++) {
        contract_expect_err(world, &pair.server, SOTTO_ERR_CLOSED);
        pair.server.ready = 0; /* and it stays something to read */
        TURN_UNTIL(world, (pair.server.ready & PORT_READ) != 0);
    }
    port_stream_close(pair.server.stream);
}

static void test_close_in_good_order_is_only_something_to_read(void **state)
{
    struct world *world = *state;
    struct pair pair;
    contract_pair(world, &pair);
    port_want(pair.server.stream, 0);
    port_stream_close(pair.client.stream);
    contract_idle(world, 30);
    assert_int_equal(pair.server.events, 0);
    port_want(pair.server.stream, PORT_READ);
    TURN_UNTIL(world, (pair.server.ready & PORT_READ) != 0);
    contract_expect_err(world, &pair.server, SOTTO_ERR_CLOSED);
}

static void test_close_delivers_what_was_written(void **state)
{
    struct world *world = *state;
    struct pair pair;
    contract_pair(world, &pair);
    uint8_t out[5000];
    size_t put = 0;
    for (size_t at = 0; at < sizeof out; at++) {
        out[at] = contract_byte(at);
    }
    assert_int_equal(port_write(pair.server.stream, out, sizeof out, &put),
                     SOTTO_OK);
    port_stream_close(pair.server.stream);
    contract_expect(world, &pair.client, out, put);
    contract_expect_err(world, &pair.client, SOTTO_ERR_CLOSED);
}

static void test_close_delivers_all_when_the_pipe_is_full(void **state)
{
    struct world *world = *state;
    struct pair pair;
    contract_pair(world, &pair);
    size_t total = 0;
    enum sotto_err err = SOTTO_OK;
    while (err == SOTTO_OK) {
        uint8_t out[1000];
        size_t put = 0;
        for (size_t at = 0; at < sizeof out; at++) {
            out[at] = contract_byte(total + at);
        }
        err = port_write(pair.server.stream, out, sizeof out, &put);
        total += put;
    }
    assert_int_equal(err, SOTTO_ERR_AGAIN);
    port_stream_close(pair.server.stream);
    for (size_t at = 0; at < total;) {
        uint8_t in[3000];
        size_t got = 0;
        assert_int_equal(contract_read(world, &pair.client, in, sizeof in,
                                       &got),
                         SOTTO_OK);
        for (size_t i = 0; i < got; i++, at++) {
            assert_int_equal(in[i], contract_byte(at));
        }
    }
    contract_expect_err(world, &pair.client, SOTTO_ERR_CLOSED);
}

static void test_close_with_unread_bytes_is_in_good_order_too(void **state)
{
    struct world *world = *state;
    struct pair pair;
    contract_pair(world, &pair);
    contract_write(world, &pair.client, "nobody reads this", 17);
    TURN_UNTIL(world, pair.server.ready == PORT_READ);
    contract_write(world, &pair.server, "last words", 10);
    port_stream_close(pair.server.stream);
    contract_idle(world, 20);
    contract_expect(world, &pair.client, "last words", 10);
    contract_expect_err(world, &pair.client, SOTTO_ERR_CLOSED);
}

static void test_close_survives_a_peer_that_still_talks(void **state)
{
    struct world *world = *state;
    struct pair pair;
    contract_pair(world, &pair);
    port_want(pair.client.stream, 0);
    contract_write(world, &pair.server, "last words", 10);
    port_stream_close(pair.server.stream);
    for (int round = 0; round < 10; round++) {
        contract_write(world, &pair.client, "talk talk talk", 14);
        contract_turn(world, 1);
    }
    contract_expect(world, &pair.client, "last words", 10);
    contract_expect_err(world, &pair.client, SOTTO_ERR_CLOSED);
    port_stream_close(pair.client.stream);
    contract_idle(world, 20);
}

static void test_closed_streams_make_room_though_peers_are_slow(void **state)
{
    struct world *world = *state;
    struct pair pair;
    struct end clients[6];
    struct end server;
    contract_pair(world, &pair);
    for (size_t at = 0; at < 6; at++) { /* none of them ends its side */
        contract_connect(world, &pair.address, &clients[at]);
        contract_accept(world, &pair.listener, &server);
        port_stream_close(server.stream);
    }
    for (size_t at = 0; at < 6; at++) {
        contract_expect_err(world, &clients[at], SOTTO_ERR_CLOSED);
    }
    contract_connect(world, &pair.address, &clients[0]);
    contract_accept(world, &pair.listener, &server);
    contract_write(world, &server, "hello", 5);
    contract_expect(world, &clients[0], "hello", 5);
}

static void test_no_event_after_close(void **state)
{
    struct world *world = *state;
    struct pair pair;
    contract_pair(world, &pair);
    contract_write(world, &pair.client, "x", 1);
    TURN_UNTIL(world, pair.server.ready != 0);
    port_stream_close(pair.server.stream);
    pair.server.events = 0;
    for (int round = 0; round < 5; round++) {
        contract_write(world, &pair.client, "x", 1);
        contract_turn(world, 5);
    }
    port_stream_abort(pair.client.stream);
    pair.client.events = 0;
    contract_idle(world, 30);
    assert_int_equal(pair.server.events, 0);
    assert_int_equal(pair.client.events, 0);
}

/* ---- broken streams --------------------------------------------------- */

static void test_abort_is_read_as_reset_again_and_again(void **state)
{
    struct world *world = *state;
    struct pair pair;
    contract_pair(world, &pair);
    port_stream_abort(pair.client.stream);
    contract_provoke(world, &pair.server);
    TURN_UNTIL(world, pair.server.ready == (PORT_READ | PORT_WRITE));
    for (int round = 0; round < 3; round++) {
        size_t put = 77;
        contract_expect_err(world, &pair.server, SOTTO_ERR_RESET);
        assert_true(strlen(port_last_error(world->port)) > 0);
        assert_int_equal(port_write(pair.server.stream, (const uint8_t *)"x", 1,
                                    &put),
                         SOTTO_ERR_RESET);
        assert_int_equal(put, 77);
    }
    port_stream_close(pair.server.stream);
}

static void test_a_writer_learns_of_the_reset_and_the_reader_too(void **state)
{
    struct world *world = *state;
    struct pair pair;
    contract_pair(world, &pair);
    port_stream_abort(pair.client.stream);
    size_t put = 0;
    enum sotto_err err = SOTTO_OK;
    TURN_UNTIL(world,
               (err = port_write(pair.server.stream, (const uint8_t *)"x", 1,
                                 &put)) != SOTTO_OK);
    assert_int_equal(err, SOTTO_ERR_RESET);
    contract_expect_err(world, &pair.server, SOTTO_ERR_RESET);
}

static void test_a_broken_stream_is_told_though_nothing_is_wanted(void **state)
{
    struct world *world = *state;
    struct pair pair;
    contract_pair(world, &pair);
    port_want(pair.server.stream, 0);
    port_stream_abort(pair.client.stream);
    contract_provoke(world, &pair.server);
    for (int round = 0; round < 3; round++) {
        pair.server.ready = 0;
        TURN_UNTIL(world, pair.server.ready == (PORT_READ | PORT_WRITE));
    }
    contract_expect_err(world, &pair.server, SOTTO_ERR_RESET);
}

static void test_abort_after_bytes_ends_in_reset(void **state)
{
    struct world *world = *state;
    struct pair pair;
    contract_pair(world, &pair);
    contract_write(world, &pair.client, "perhaps", 7);
    contract_idle(world, 10);
    port_stream_abort(pair.client.stream);
    contract_provoke(world, &pair.server);
    enum sotto_err err = SOTTO_OK;
    size_t total = 0;
    while (err == SOTTO_OK) { /* what came before may be read, or is lost */
        uint8_t in[16];
        size_t got = 0;
        err = contract_read(world, &pair.server, in, sizeof in, &got);
        total += got;
    }
    assert_int_equal(err, SOTTO_ERR_RESET);
    assert_in_range(total, 0, 7);
}

int contract_closing(void)
{
    const struct CMUnitTest tests[] = {
        CONTRACT_TEST(test_close_is_read_as_closed_again_and_again),
        CONTRACT_TEST(test_close_in_good_order_is_only_something_to_read),
        CONTRACT_TEST(test_close_delivers_what_was_written),
        CONTRACT_TEST(test_close_delivers_all_when_the_pipe_is_full),
        CONTRACT_TEST(test_close_with_unread_bytes_is_in_good_order_too),
        CONTRACT_TEST(test_close_survives_a_peer_that_still_talks),
        CONTRACT_TEST(test_closed_streams_make_room_though_peers_are_slow),
        CONTRACT_TEST(test_no_event_after_close),
        CONTRACT_TEST(test_abort_is_read_as_reset_again_and_again),
        CONTRACT_TEST(test_a_writer_learns_of_the_reset_and_the_reader_too),
        CONTRACT_TEST(test_a_broken_stream_is_told_though_nothing_is_wanted),
        CONTRACT_TEST(test_abort_after_bytes_ends_in_reset),
    };
    return cmocka_run_group_tests_name("closing", tests, NULL, NULL);
}
