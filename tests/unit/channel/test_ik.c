/* Links that dial IK: a device and a server that knows it. */
#include "core/channel/link.h"
#include "tests/unit/channel/pair.h"
#include <string.h>

static struct pair pair; /* static: tens of kilobytes */

/* Both ends before the first byte; the client dials the key of 32 times
 * `server_byte`. */
static void init(enum sotto_suite suite, uint8_t server_byte, bool takes_ik)
{
    struct pair_keys dialled;

    pair_make_keys(&dialled, server_byte);
    pair_init_ik(&pair, suite, 1024, dialled.s_public, takes_ik);
    memset(&dialled, 0, sizeof dialled); /* it was copied */
}

/* As far as the server's IDENTITY. */
static void meet(enum sotto_suite suite)
{
    init(suite, 0x22, true);
    pair_out(&pair, &pair.client);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    assert_int_equal(pair.server.state, SOTTO_LINK_IDENTITY);
}

static void test_ik_opens_in_one_round_trip_in_every_suite(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        size_t none = 0;

        meet(pair_suites[i]);
        assert_memory_equal(pair.server.peer_static, pair.client_keys.s_public,
                            32);
        assert_int_equal(sotto_link_out(&pair.server, pair.wire,
                                        sizeof pair.wire, &none),
                         SOTTO_OK);
        assert_int_equal(none, 0); /* not before it was accepted */
        sotto_link_accept(&pair.server);
        pair_out(&pair, &pair.server);
        assert_int_equal(pair.server.state, SOTTO_LINK_OPEN);
        assert_int_equal(pair_feed(&pair, &pair.client), SOTTO_OK);
        assert_int_equal(pair.client.state, SOTTO_LINK_IDENTITY);
        assert_memory_equal(pair.client.peer_static, pair.server_keys.s_public,
                            32);
        sotto_link_accept(&pair.client);
        assert_int_equal(pair.client.state, SOTTO_LINK_OPEN);
        assert_memory_equal(pair.client.hash, pair.server.hash, 32);
        pair_send(&pair, &pair.client, 16, "hello", 5, 0);
        assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
        pair_expect_frame(&pair.server, 16, "hello", 5);
        pair_send(&pair, &pair.server, 17, "you too", 7, 0);
        assert_int_equal(pair_feed(&pair, &pair.client), SOTTO_OK);
        pair_expect_frame(&pair.client, 17, "you too", 7);
    }
}

static void test_ik_unknown_key_is_refused_before_an_answer(void **state)
{
    (void)state;
    meet(SOTTO_SUITE_AESGCM);
    assert_true(sotto_link_refuse(&pair.server, SOTTO_REFUSAL_KEY));
    pair_out(&pair, &pair.server);
    assert_int_equal(pair.wire_len, 3);
    assert_int_equal(pair_feed(&pair, &pair.client), SOTTO_ERR_LIMIT);
    assert_int_equal(pair.client.refusal, SOTTO_REFUSAL_KEY);
}

static void test_ik_is_refused_by_who_does_not_take_it(void **state)
{
    (void)state;
    init(SOTTO_SUITE_AESGCM, 0x22, false);
    pair_out(&pair, &pair.client);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_ERR_FORMAT);
    assert_int_equal(pair.server.refusal, SOTTO_REFUSAL_SUITE);
}

/* The server has another key: neither learns anything of the other. */
static void test_ik_fails_at_a_changed_server_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        init(pair_suites[i], 0x33, true);
        pair_out(&pair, &pair.client);
        assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_ERR_AUTH);
        pair_expect_failed(&pair.server, SOTTO_ERR_AUTH);
    }
}

/* Message 1 can be sent again; without the ephemeral key nothing follows. */
static void test_ik_replayed_message_1_leads_nowhere(void **state)
{
    static uint8_t first[PAIR_OUT_MAX];
    static uint8_t record[PAIR_RECORD_MAX];

    (void)state;
    init(SOTTO_SUITE_AESGCM, 0x22, true);
    pair_out(&pair, &pair.client);
    const size_t first_len = pair.wire_len;
    memcpy(first, pair.wire, first_len);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    sotto_link_accept(&pair.server);
    pair_out(&pair, &pair.server);
    assert_int_equal(pair_feed(&pair, &pair.client), SOTTO_OK);
    sotto_link_accept(&pair.client);
    pair_send(&pair, &pair.client, 16, "let me in", 9, 0);
    const size_t record_len = pair.wire_len;
    memcpy(record, pair.wire, record_len);

    init(SOTTO_SUITE_AESGCM, 0x22, true);
    pair.server_random.next = 7; /* the server's ephemeral key is another */
    memcpy(pair.wire, first, first_len);
    pair.wire_len = first_len;
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    assert_int_equal(pair.server.state, SOTTO_LINK_IDENTITY);
    sotto_link_accept(&pair.server);
    pair_out(&pair, &pair.server);
    memcpy(pair.wire, record, record_len);
    pair.wire_len = record_len;
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_ERR_AUTH);
}

/* A hello that was changed to XX, or from it, is noticed. */
static void test_ik_and_xx_are_not_taken_for_each_other(void **state)
{
    (void)state;
    init(SOTTO_SUITE_AESGCM, 0x22, true);
    pair_out(&pair, &pair.client);
    pair.wire[6] = SOTTO_PATTERN_XX;
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_ERR_FORMAT);

    pair_init(&pair, SOTTO_SUITE_AESGCM, 1024);
    pair.server.takes_ik = true;
    pair_out(&pair, &pair.client);
    pair.wire[6] = SOTTO_PATTERN_IK;
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_ERR_FORMAT);
}

/* Nothing behind message 1 is taken before the server has decided. */
static void test_ik_server_takes_nothing_in_identity(void **state)
{
    uint8_t more[16] = {0};
    size_t used = 1;

    (void)state;
    meet(SOTTO_SUITE_CHACHAPOLY);
    assert_int_equal(sotto_link_feed(&pair.server, more, sizeof more, &used),
                     SOTTO_OK);
    assert_int_equal(used, 0);
}

int test_ik(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ik_opens_in_one_round_trip_in_every_suite),
        cmocka_unit_test(test_ik_unknown_key_is_refused_before_an_answer),
        cmocka_unit_test(test_ik_is_refused_by_who_does_not_take_it),
        cmocka_unit_test(test_ik_fails_at_a_changed_server_key),
        cmocka_unit_test(test_ik_replayed_message_1_leads_nowhere),
        cmocka_unit_test(test_ik_and_xx_are_not_taken_for_each_other),
        cmocka_unit_test(test_ik_server_takes_nothing_in_identity),
    };
    return cmocka_run_group_tests_name("channel/ik", tests, NULL, NULL);
}
