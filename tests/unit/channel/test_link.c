/* The life of a link: hello, handshake, identity, units. */
#include "core/channel/link.h"
#include "tests/unit/channel/pair.h"
#include <string.h>

/* Static, because it is tens of kilobytes and boards run these tests too. */
static struct pair pair;

static void test_link_opens_in_every_suite(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        pair_open(&pair, pair_suites[i], 1024);
        assert_int_equal(pair.server.suite, pair_suites[i]);
        assert_memory_equal(pair.client.hash, pair.server.hash, 32);
        assert_memory_equal(pair.client.peer_static, pair.server_keys.s_public,
                            32);
        assert_memory_equal(pair.server.peer_static, pair.client_keys.s_public,
                            32);
        pair_send(&pair, &pair.client, 16, "hello", 5, 0);
        assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
        pair_expect_frame(&pair.server, 16, "hello", 5);
        pair_expect_no_frame(&pair.server);
        pair_send(&pair, &pair.server, 17, "you too", 7, 0);
        assert_int_equal(pair_feed(&pair, &pair.client), SOTTO_OK);
        pair_expect_frame(&pair.client, 17, "you too", 7);
        pair_expect_no_frame(&pair.client);
    }
}

/* ---- the same bytes cut differently --------------------------------------- */

/* Feeds the wire in two parts, cut at `cut`, copied as a reader's buffer would
 * hold them. */
static void feed_cut(struct sotto_link *to, const uint8_t *wire, size_t len,
                     size_t cut)
{
    uint8_t buffer[512];
    size_t have = 0; /* bytes in the buffer */
    size_t from = 0; /* next one of the wire */

    assert_true(len <= sizeof buffer);
    while (from < len) {
        size_t more = from < cut && cut < len ? cut - from : len - from;
        memcpy(buffer + have, wire + from, more);
        have += more;
        from += more;
        size_t used = 1;
        while (used > 0 && have > 0) {
            size_t need = sotto_link_need(to, buffer, have);
            assert_int_equal(sotto_link_feed(to, buffer, have, &used),
                             SOTTO_OK);
            assert_true(used == 0 || used == need);
            assert_true(used > 0 || need > have);
            memmove(buffer, buffer + used, have - used);
            have -= used;
        }
    }
    assert_int_equal(have, 0);
}

static void test_link_does_not_mind_where_bytes_are_cut(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < 300; cut++) {
        struct sotto_frame frame;
        enum sotto_err err;

        pair_init(&pair, SOTTO_SUITE_A128CBCHS256, 1024);
        pair_out(&pair, &pair.client);
        feed_cut(&pair.server, pair.wire, pair.wire_len, cut);
        pair_out(&pair, &pair.server);
        feed_cut(&pair.client, pair.wire, pair.wire_len, cut);
        sotto_link_accept(&pair.client);
        pair_out(&pair, &pair.client);
        /* The client's last message and its first record in one piece. */
        size_t first = pair.wire_len;
        uint8_t both[512];
        memcpy(both, pair.wire, first);
        pair_send(&pair, &pair.client, 16, "x", 1, 0);
        memcpy(both + first, pair.wire, pair.wire_len);
        feed_cut(&pair.server, both, first + pair.wire_len, cut);
        assert_int_equal(pair.server.state, SOTTO_LINK_OPEN);
        assert_true(sotto_link_next(&pair.server, &frame, &err));
        assert_int_equal(frame.type, 16);
    }
}

/* ---- the hello -------------------------------------------------------------- */

static void expect_refusal(size_t at, uint8_t value, enum sotto_refusal refusal)
{
    pair_init(&pair, SOTTO_SUITE_AESGCM, 1024);
    pair_out(&pair, &pair.client);
    pair.wire[at] = value;
    assert_true(pair_feed(&pair, &pair.server) != SOTTO_OK);
    assert_int_equal(pair.server.state, SOTTO_LINK_FAILED);
    assert_int_equal(pair.server.refusal, refusal);
    pair_out(&pair, &pair.server);
    assert_int_equal(pair.wire_len, 3);
    const uint8_t bytes[3] = {0, 0, (uint8_t)refusal};
    assert_memory_equal(pair.wire, bytes, 3);
    assert_int_equal(pair_feed(&pair, &pair.client), SOTTO_ERR_LIMIT);
    assert_int_equal(pair.client.refusal, refusal);
    assert_int_equal(pair.client.state, SOTTO_LINK_FAILED);
}

static void test_link_refuses_other_hellos(void **state)
{
    (void)state;
    for (size_t at = 0; at < 5; at++) {
        expect_refusal(at, 'x', SOTTO_REFUSAL_MAGIC);
    }
    expect_refusal(5, 0, SOTTO_REFUSAL_VERSION);
    expect_refusal(5, 2, SOTTO_REFUSAL_VERSION);
    expect_refusal(6, 0, SOTTO_REFUSAL_SUITE);
    expect_refusal(6, SOTTO_PATTERN_IK, SOTTO_REFUSAL_SUITE);
    expect_refusal(7, 0, SOTTO_REFUSAL_SUITE);
    expect_refusal(7, 4, SOTTO_REFUSAL_SUITE);
    expect_refusal(8, 0, SOTTO_REFUSAL_LIMIT); /* 1024 becomes 0 */
}

static void test_link_hello_is_bound_to_the_handshake(void **state)
{
    (void)state;
    /* A change that both sides can live with: they notice all the same. */
    pair_init(&pair, SOTTO_SUITE_AESGCM, 1024);
    pair_out(&pair, &pair.client);
    pair.wire[8] = 8;
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    pair_out(&pair, &pair.server);
    assert_int_equal(pair_feed(&pair, &pair.client), SOTTO_ERR_AUTH);

    /* A lower suite. */
    pair_init(&pair, SOTTO_SUITE_AESGCM, 1024);
    pair_out(&pair, &pair.client);
    pair.wire[7] = SOTTO_SUITE_CHACHAPOLY;
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    pair_out(&pair, &pair.server);
    assert_int_equal(pair_feed(&pair, &pair.client), SOTTO_ERR_AUTH);
}

static void test_link_server_can_say_that_it_is_busy(void **state)
{
    (void)state;
    pair_init(&pair, SOTTO_SUITE_AESGCM, 1024);
    assert_true(sotto_link_refuse(&pair.server, SOTTO_REFUSAL_BUSY));
    pair_out(&pair, &pair.client);
    pair_out(&pair, &pair.server);
    assert_int_equal(pair_feed(&pair, &pair.client), SOTTO_ERR_LIMIT);
    assert_int_equal(pair.client.refusal, SOTTO_REFUSAL_BUSY);

    pair_init(&pair, SOTTO_SUITE_AESGCM, 1024);
    pair_out(&pair, &pair.client);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    assert_true(sotto_link_refuse(&pair.server, SOTTO_REFUSAL_BUSY));

    pair_open(&pair, SOTTO_SUITE_AESGCM, 1024);
    assert_false(sotto_link_refuse(&pair.server, SOTTO_REFUSAL_BUSY));
    assert_int_equal(pair.server.state, SOTTO_LINK_OPEN);
}

static void test_link_client_reads_refusals_in_one_way(void **state)
{
    static const struct {
        uint8_t code;
        enum sotto_err err;
        enum sotto_refusal refusal;
    } cases[] = {
        {0, SOTTO_ERR_FORMAT, SOTTO_REFUSAL_NONE},
        {1, SOTTO_ERR_LIMIT, SOTTO_REFUSAL_MAGIC},
        {5, SOTTO_ERR_LIMIT, SOTTO_REFUSAL_BUSY},
        {6, SOTTO_ERR_LIMIT, SOTTO_REFUSAL_OTHER},
        {255, SOTTO_ERR_LIMIT, SOTTO_REFUSAL_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[3] = {0, 0, cases[i].code};
        size_t used;

        pair_init(&pair, SOTTO_SUITE_AESGCM, 1024);
        pair_out(&pair, &pair.client);
        assert_int_equal(sotto_link_need(&pair.client, bytes, 2), 3);
        assert_int_equal(sotto_link_feed(&pair.client, bytes, 2, &used),
                         SOTTO_OK);
        assert_int_equal(used, 0);
        assert_int_equal(sotto_link_feed(&pair.client, bytes, 3, &used),
                         cases[i].err);
        assert_int_equal(pair.client.refusal, cases[i].refusal);
    }
}

int test_link(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_opens_in_every_suite),
        cmocka_unit_test(test_link_does_not_mind_where_bytes_are_cut),
        cmocka_unit_test(test_link_refuses_other_hellos),
        cmocka_unit_test(test_link_hello_is_bound_to_the_handshake),
        cmocka_unit_test(test_link_server_can_say_that_it_is_busy),
        cmocka_unit_test(test_link_client_reads_refusals_in_one_way),
    };
    return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
