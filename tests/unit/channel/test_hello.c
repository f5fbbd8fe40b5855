/* The hello, and how a server refuses. */
#include "core/channel/link.h"
#include "tests/unit/channel/pair.h"
#include <string.h>

static struct pair pair; /* static: tens of kilobytes */

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

    /* Too late once message 2 was had. */
    pair_init(&pair, SOTTO_SUITE_AESGCM, 1024);
    pair_out(&pair, &pair.client);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    pair_out(&pair, &pair.server);
    assert_false(sotto_link_refuse(&pair.server, SOTTO_REFUSAL_BUSY));
    assert_int_equal(pair.server.state, SOTTO_LINK_HANDSHAKE);
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
        {6, SOTTO_ERR_LIMIT, SOTTO_REFUSAL_KEY},
        {7, SOTTO_ERR_LIMIT, SOTTO_REFUSAL_OTHER},
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

int test_hello(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_refuses_other_hellos),
        cmocka_unit_test(test_link_hello_is_bound_to_the_handshake),
        cmocka_unit_test(test_link_server_can_say_that_it_is_busy),
        cmocka_unit_test(test_link_client_reads_refusals_in_one_way),
    };
    return cmocka_run_group_tests_name("channel/hello", tests, NULL, NULL);
}
