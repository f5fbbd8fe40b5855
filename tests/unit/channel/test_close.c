/* CLOSE: the end of a direction. */
#include "core/channel/link.h"
#include "tests/unit/channel/pair.h"
#include <string.h>

static struct pair pair; /* static: tens of kilobytes */

static uint8_t assembly[16];

static void close_client(enum sotto_close_reason reason)
{
    assert_int_equal(sotto_link_close(&pair.client, reason, pair.wire,
                                      sizeof pair.wire, 0, &pair.wire_len),
                     SOTTO_OK);
}

static void test_record_close_ends_one_direction(void **state)
{
    struct sotto_record record;
    size_t len;

    (void)state;
    pair_open(&pair, SOTTO_SUITE_A128CBCHS256, 300);
    close_client(SOTTO_CLOSE_SHUTDOWN);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    pair_expect_no_frame(&pair.server);
    assert_int_equal(pair.server.state, SOTTO_LINK_ENDED);
    assert_int_equal(pair.server.close_reason, SOTTO_CLOSE_SHUTDOWN);

    /* The other one goes on, and ends by itself. */
    pair_send(&pair, &pair.server, 16, "last", 4, 0);
    assert_int_equal(pair_feed(&pair, &pair.client), SOTTO_OK);
    pair_expect_frame(&pair.client, 16, "last", 4);
    pair_expect_no_frame(&pair.client);
    assert_int_equal(sotto_link_close(&pair.server, SOTTO_CLOSE_BYE, pair.wire,
                                      sizeof pair.wire, 0, &pair.wire_len),
                     SOTTO_OK);
    assert_int_equal(pair_feed(&pair, &pair.client), SOTTO_OK);
    pair_expect_no_frame(&pair.client);
    assert_int_equal(pair.client.state, SOTTO_LINK_ENDED);

    /* Nothing is sealed after CLOSE. */
    sotto_link_begin(&pair.client, &record, pair.wire, sizeof pair.wire);
    assert_int_equal(sotto_record_add(&record, 16, assembly, 1), SOTTO_OK);
    assert_int_equal(sotto_link_end(&pair.client, &record, 0, &len),
                     SOTTO_ERR_LIMIT);
    assert_int_equal(sotto_link_close(&pair.client, SOTTO_CLOSE_BYE, pair.wire,
                                      sizeof pair.wire, 0, &len),
                     SOTTO_ERR_LIMIT);
}

/* Nothing more is sealed or opened with them. */
static void test_record_close_erases_the_keys_of_its_direction(void **state)
{
    static const struct sotto_cipher none;

    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        pair_open(&pair, pair_suites[i], 300);
        close_client(SOTTO_CLOSE_BYE);
        assert_memory_equal(&pair.client.keys.transport.send, &none,
                            sizeof none);
        assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
        pair_expect_no_frame(&pair.server);
        assert_memory_equal(&pair.server.keys.transport.receive, &none,
                            sizeof none);
    }
}

static void test_record_close_comes_after_the_frames_before_it(void **state)
{
    static const uint8_t frames[] = {
        16, 1, 'a', 17, 1, 'b', SOTTO_FRAME_CLOSE, 1, SOTTO_CLOSE_REVOKED};

    (void)state;
    pair_open(&pair, SOTTO_SUITE_AESGCM, 300);
    pair_send_raw(&pair, &pair.client, frames, sizeof frames);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    pair_expect_frame(&pair.server, 16, "a", 1);
    pair_expect_frame(&pair.server, 17, "b", 1);
    assert_int_equal(pair.server.state, SOTTO_LINK_OPEN);
    pair_expect_no_frame(&pair.server);
    assert_int_equal(pair.server.state, SOTTO_LINK_ENDED);
    assert_int_equal(pair.server.close_reason, SOTTO_CLOSE_REVOKED);
}

static void test_record_close_reasons_unknown_read_as_protocol(void **state)
{
    (void)state;
    for (unsigned reason = 0; reason < 256; reason++) {
        const uint8_t frame[] = {SOTTO_FRAME_CLOSE, 1, (uint8_t)reason};

        pair_open(&pair, SOTTO_SUITE_CHACHAPOLY, 300);
        pair_send_raw(&pair, &pair.client, frame, sizeof frame);
        assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
        pair_expect_no_frame(&pair.server);
        assert_int_equal(pair.server.close_reason, reason <= SOTTO_CLOSE_STORAGE
                                                       ? reason
                                                       : SOTTO_CLOSE_PROTOCOL);
    }
}

static void test_record_nothing_may_follow_close(void **state)
{
    (void)state;
    pair_open(&pair, SOTTO_SUITE_AESGCM, 300);
    static const uint8_t frame[] = {SOTTO_FRAME_CLOSE, 1, 0};
    pair_send_raw(&pair, &pair.client, frame, sizeof frame);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    pair_expect_no_frame(&pair.server);
    pair_send(&pair, &pair.client, 16, "more", 4, 0); /* a bad client */
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_ERR_FORMAT);
    pair_expect_failed(&pair.server, SOTTO_ERR_FORMAT);
}

static void test_record_close_drops_half_a_message(void **state)
{
    static const uint8_t frames[] = {SOTTO_FRAME_CHUNK, 1, 'a',
                                     SOTTO_FRAME_CLOSE, 1, 0};

    (void)state;
    pair_open(&pair, SOTTO_SUITE_AESGCM, 300);
    sotto_link_lend(&pair.server, assembly, sizeof assembly);
    pair_send_raw(&pair, &pair.client, frames, sizeof frames);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    pair_expect_no_frame(&pair.server);
    assert_int_equal(pair.server.state, SOTTO_LINK_ENDED);
    assert_false(sotto_link_is_assembling(&pair.server));
    assert_ptr_equal(sotto_link_take_back(&pair.server), assembly);
}

int test_close(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_close_ends_one_direction),
        cmocka_unit_test(test_record_close_erases_the_keys_of_its_direction),
        cmocka_unit_test(test_record_close_comes_after_the_frames_before_it),
        cmocka_unit_test(test_record_close_reasons_unknown_read_as_protocol),
        cmocka_unit_test(test_record_nothing_may_follow_close),
        cmocka_unit_test(test_record_close_drops_half_a_message),
    };
    return cmocka_run_group_tests_name("channel/close", tests, NULL, NULL);
}
