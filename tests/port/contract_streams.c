/*
 * contract_streams.c - bytes, readiness, back pressure, fairness.
 */
#include "tests/port/contract.h"

#include <string.h>

static void test_bytes_arrive_in_both_directions(void **state)
{
    struct world *world = *state;
    struct pair pair;
    contract_pair(world, &pair);
    contract_write(world, &pair.client, "from client", 11);
    contract_write(world, &pair.server, "from server", 11);
    contract_expect(world, &pair.server, "from client", 11);
    contract_expect(world, &pair.client, "from server", 11);
}

static void test_read_says_again_when_nothing_is_there(void **state)
{
    struct world *world = *state;
    struct pair pair;
    uint8_t in[8];
    size_t got = 77;
    contract_pair(world, &pair);
    assert_int_equal(port_read(pair.client.stream, in, sizeof in, &got),
                     SOTTO_ERR_AGAIN);
    contract_write(world, &pair.server, "abc", 3);
    contract_expect(world, &pair.client, "abc", 3);
    assert_int_equal(port_read(pair.client.stream, in, sizeof in, &got),
                     SOTTO_ERR_AGAIN);
    assert_int_equal(got, 77);
}

static void test_read_is_ready_until_all_was_read(void **state)
{
    struct world *world = *state;
    struct pair pair;
    contract_pair(world, &pair);
    contract_write(world, &pair.client, "abcd", 4);
    for (size_t at = 0; at < 4; at++) {
        for (int round = 0; round < 3; round++) { /* level-triggered */
            pair.server.ready = 0;
            TURN_UNTIL(world, pair.server.ready != 0);
            assert_int_equal(pair.server.ready, PORT_READ);
        }
        contract_expect(world, &pair.server, &"abcd"[at], 1);
    }
    pair.server.ready = 0;
    contract_idle(world, 20);
    assert_int_equal(pair.server.ready, 0);
}

static void test_only_what_is_wanted_is_told(void **state)
{
    struct world *world = *state;
    struct pair pair;
    contract_pair(world, &pair);
    port_want(pair.server.stream, 0);
    contract_write(world, &pair.client, "x", 1);
    contract_idle(world, 30);
    assert_int_equal(pair.server.events, 0);

    port_want(pair.server.stream, PORT_WRITE);
    TURN_UNTIL(world, pair.server.ready != 0);
    assert_int_equal(pair.server.ready, PORT_WRITE);

    port_want(pair.server.stream, PORT_READ);
    pair.server.ready = 0;
    TURN_UNTIL(world, pair.server.ready != 0);
    assert_int_equal(pair.server.ready, PORT_READ);

    port_want(pair.server.stream, 0);
    pair.server.ready = 0;
    contract_idle(world, 30);
    assert_int_equal(pair.server.ready, 0);
    contract_expect(world, &pair.server, "x", 1);
}

static void test_a_stream_has_one_event_a_call(void **state)
{
    struct world *world = *state;
    struct pair pair;
    contract_pair(world, &pair);
    contract_write(world, &pair.client, "x", 1);
    TURN_UNTIL(world, pair.server.ready != 0);
    port_want(pair.server.stream, PORT_READ | PORT_WRITE);
    for (int round = 0; round < 5; round++) {
        struct port_event events[4];
        size_t count = 0;
        while (count == 0) {
            port_wait(world->loop, 1000, events, 4, &count);
        }
        assert_int_equal(count, 1);
        assert_ptr_equal(events[0].tag, &pair.server);
        assert_int_equal(events[0].ready, PORT_READ | PORT_WRITE);
    }
}

/* ---- back pressure ---------------------------------------------------- */

/* No port buffers more than this between two ends. */
#define BUFFERS_MAX (256U * 1024U * 1024U)

/* Behind `total` bytes of the pattern, writes until nothing more fits for good:
 * the count of bytes in all. */
static size_t fill_more(struct world *world, struct end *end, size_t total)
{
    int refused = 0;
    while (refused < 20) {
        uint8_t out[1000];
        for (size_t at = 0; at < sizeof out; at++) {
            out[at] = contract_byte(total + at);
        }
        size_t put = 0;
        enum sotto_err err = port_write(end->stream, out, sizeof out, &put);
        if (err == SOTTO_ERR_AGAIN) {
            assert_int_equal(put, 0);
            contract_turn(world, 2); /* it may still be on its way */
            refused++;
            continue;
        }
        assert_int_equal(err, SOTTO_OK);
        assert_in_range(put, 1, sizeof out);
        total += put;
        refused = 0;
        assert_true(total < BUFFERS_MAX);
    }
    return total;
}

static size_t fill_up(struct world *world, struct end *end)
{
    return fill_more(world, end, 0);
}

/* Reads this many bytes of the pattern. */
static void drain(struct world *world, struct end *end, size_t total)
{
    static uint8_t in[4096];
    for (size_t at = 0; at < total;) {
        size_t got = 0;
        size_t cap = total - at < sizeof in ? total - at : sizeof in;
        assert_int_equal(contract_read(world, end, in, cap, &got), SOTTO_OK);
        for (size_t i = 0; i < got; i++) {
            if (in[i] != contract_byte(at + i)) {
                fail_msg("byte %zu is wrong", at + i);
            }
        }
        at += got;
    }
}

static void test_write_says_again_until_the_peer_reads(void **state)
{
    struct world *world = *state;
    struct pair pair;
    contract_pair(world, &pair);
    port_want(pair.client.stream, 0); /* the reader does not care yet */
    port_want(pair.server.stream, PORT_WRITE);
    size_t total = fill_up(world, &pair.server);
    size_t before = 0;
    while (before != total) { /* the network may have been late */
        before = total;
        pair.server.ready = 0;
        contract_idle(world, 30);
        if (pair.server.ready != 0) { /* but then it is true */
            total = fill_more(world, &pair.server, total);
            assert_int_not_equal(total, before);
        }
    }

    drain(world, &pair.client, total);
    TURN_UNTIL(world, pair.server.ready == PORT_WRITE);
    contract_write(world, &pair.server, "more", 4);
    contract_expect(world, &pair.client, "more", 4);
}

static void test_a_full_stream_does_not_hold_up_others(void **state)
{
    struct world *world = *state;
    struct pair full;
    struct end client;
    struct end server;
    contract_pair(world, &full);
    (void)fill_up(world, &full.server);
    port_want(full.server.stream, PORT_READ | PORT_WRITE);
    contract_connect(world, &full.address, &client);
    contract_accept(world, &full.listener, &server);
    for (int round = 0; round < 10; round++) {
        contract_write(world, &client, "ping", 4);
        contract_expect(world, &server, "ping", 4);
        contract_write(world, &server, "pong", 4);
        contract_expect(world, &client, "pong", 4);
    }
    contract_write(world, &full.client, "x", 1); /* the other way is free */
    contract_expect(world, &full.server, "x", 1);
}

static void test_both_ends_may_be_full_at_once(void **state)
{
    struct world *world = *state;
    struct pair pair;
    contract_pair(world, &pair);
    size_t down = fill_up(world, &pair.server);
    size_t up = fill_up(world, &pair.client);
    drain(world, &pair.client, down);
    drain(world, &pair.server, up);
}

/* A megabyte in odd pieces, as a program would: as much as fits each turn. */
static void test_many_bytes_arrive_whole(void **state)
{
    struct world *world = *state;
    struct pair pair;
    contract_pair(world, &pair);
    port_want(pair.client.stream, PORT_WRITE);
    const size_t total = 1000003;
    size_t sent = 0;
    size_t read = 0;
    uint64_t end_ms = port_now_ms(world->port) + world->patience_ms;
    while (read < total) {
        assert_true(port_now_ms(world->port) < end_ms);
        static uint8_t bytes[7777];
        size_t len = 0;
        contract_turn(world, 10);
        if ((pair.client.ready & PORT_WRITE) != 0 && sent < total) {
            size_t most = 1 + sent % sizeof bytes;
            most = most < total - sent ? most : total - sent;
            for (size_t at = 0; at < most; at++) {
                bytes[at] = contract_byte(sent + at);
            }
            if (port_write(pair.client.stream, bytes, most, &len) == SOTTO_OK) {
                sent += len;
            }
        }
        if ((pair.server.ready & PORT_READ) != 0 &&
            port_read(pair.server.stream, bytes, 1 + read % sizeof bytes,
                      &len) == SOTTO_OK) {
            for (size_t at = 0; at < len; at++) {
                assert_int_equal(bytes[at], contract_byte(read + at));
            }
            read += len;
        }
        pair.client.ready = 0;
        pair.server.ready = 0;
    }
    assert_int_equal(read, total);
}

/* ---- fairness --------------------------------------------------------- */

#define CROWD 8U

static void test_nobody_starves_with_room_for_one_event(void **state)
{
    struct world *world = *state;
    struct pair pair;
    struct end clients[CROWD];
    struct end servers[CROWD];
    contract_pair(world, &pair);
    for (size_t at = 0; at < CROWD; at++) {
        contract_connect(world, &pair.address, &clients[at]);
        contract_accept(world, &pair.listener, &servers[at]);
        contract_write(world, &clients[at], "x", 1);
    }
    for (size_t at = 0; at < CROWD; at++) {
        TURN_UNTIL(world, servers[at].ready != 0);
    }
    for (size_t at = 0; at < CROWD; at++) {
        servers[at].events = 0;
    }
    unsigned missing = CROWD; /* nobody reads: all stay ready */
    for (unsigned turn = 0; turn < 10 * CROWD && missing > 0; turn++) {
        struct port_event event;
        size_t count = 0;
        port_wait(world->loop, 10, &event, 1, &count);
        if (count == 1) {
            assert_int_equal(event.kind, PORT_EVENT_READY);
            struct end *end = event.tag;
            missing -= end->events++ == 0 ? 1 : 0;
        }
    }
    assert_int_equal(missing, 0);
}

int contract_streams(void)
{
    const struct CMUnitTest tests[] = {
        CONTRACT_TEST(test_bytes_arrive_in_both_directions),
        CONTRACT_TEST(test_read_says_again_when_nothing_is_there),
        CONTRACT_TEST(test_read_is_ready_until_all_was_read),
        CONTRACT_TEST(test_only_what_is_wanted_is_told),
        CONTRACT_TEST(test_a_stream_has_one_event_a_call),
        CONTRACT_TEST(test_write_says_again_until_the_peer_reads),
        CONTRACT_TEST(test_a_full_stream_does_not_hold_up_others),
        CONTRACT_TEST(test_both_ends_may_be_full_at_once),
        CONTRACT_TEST(test_many_bytes_arrive_whole),
        CONTRACT_TEST(test_nobody_starves_with_room_for_one_event),
    };
    return cmocka_run_group_tests_name("streams", tests, NULL, NULL);
}
