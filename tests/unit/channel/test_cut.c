/* Messages that are too long to be joined: the beginning of them. */
#include "core/channel/link.h"
#include "tests/unit/channel/pair.h"

static struct pair pair; /* static: tens of kilobytes */

static uint8_t assembly[16];

static void test_cut_hands_out_what_fitted(void **state)
{
    static const uint8_t frames[] = {SOTTO_FRAME_CHUNK,
                                     2,
                                     'a',
                                     'b',
                                     SOTTO_FRAME_CHUNK,
                                     1,
                                     'c',
                                     21,
                                     1,
                                     'd',
                                     22,
                                     1,
                                     'e'};
    struct sotto_frame frame;
    enum sotto_err err;

    (void)state;
    for (size_t cap = 1; cap <= 4; cap++) {
        pair_open(&pair, SOTTO_SUITE_AESGCM, 300);
        pair.server.cuts_long = true;
        sotto_link_lend(&pair.server, assembly, cap);
        pair_send_raw(&pair, &pair.client, frames, sizeof frames);
        assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
        assert_true(sotto_link_next(&pair.server, &frame, &err));
        assert_int_equal(frame.type, 21);
        assert_int_equal(frame.len, cap);
        assert_memory_equal(frame.body, "abcd", cap);
        assert_int_equal(frame.is_cut, cap < 4);
        assert_true(sotto_link_next(&pair.server, &frame, &err));
        assert_int_equal(frame.type, 22);
        assert_false(frame.is_cut);
        pair_expect_no_frame(&pair.server);
    }
}

static void test_cut_forgets_what_an_ended_peer_half_said(void **state)
{
    static const uint8_t frames[] = {SOTTO_FRAME_CHUNK, 3, 'a', 'b', 'c'};
    static const uint8_t whole[] = {SOTTO_FRAME_CHUNK, 1, 'x', 21, 1, 'y'};
    struct sotto_frame frame;
    enum sotto_err err;

    (void)state;
    pair_open(&pair, SOTTO_SUITE_AESGCM, 300);
    pair.server.cuts_long = true;
    sotto_link_lend(&pair.server, assembly, 2);
    pair_send_raw(&pair, &pair.client, frames, sizeof frames);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    pair_expect_no_frame(&pair.server);

    /* The same struct on a new connection, with room enough. */
    pair_open(&pair, SOTTO_SUITE_AESGCM, 300);
    pair.server.cuts_long = true;
    sotto_link_lend(&pair.server, assembly, 2);
    pair_send_raw(&pair, &pair.client, whole, sizeof whole);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    assert_true(sotto_link_next(&pair.server, &frame, &err));
    assert_int_equal(frame.len, 2);
    assert_false(frame.is_cut);
}

int test_cut(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_hands_out_what_fitted),
        cmocka_unit_test(test_cut_forgets_what_an_ended_peer_half_said),
    };
    return cmocka_run_group_tests_name("cut", tests, NULL, NULL);
}
