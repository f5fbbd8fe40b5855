/* Records: what they carry, limits, bad ones, and joining. */
#include "core/channel/link.h"
#include "tests/unit/channel/pair.h"
#include <string.h>

#define MESSAGE_MAX 40000

/* Static: tens of kilobytes. */
static struct pair pair;
static uint8_t message[MESSAGE_MAX];
static uint8_t assembly[MESSAGE_MAX];

static void open_pair(enum sotto_suite suite, uint16_t limit)
{
    pair_open(&pair, suite, limit);
    for (size_t i = 0; i < sizeof message; i++) {
        message[i] = (uint8_t)(i * 7 + i / 256);
    }
}

/* ---- many frames in a record ----------------------------------------------- */

static void test_record_carries_frames_in_order(void **state)
{
    struct sotto_record record;
    size_t len;

    (void)state;
    open_pair(SOTTO_SUITE_A128CBCHS256, 1024);
    sotto_link_begin(&pair.client, &record, pair.wire, sizeof pair.wire);
    for (uint8_t i = 0; i < 10; i++) {
        assert_int_equal(sotto_record_add(&record, (uint8_t)(16 + i), message,
                                          i),
                         SOTTO_OK);
        assert_int_equal(sotto_record_add(&record, SOTTO_FRAME_PADDING, message,
                                          i),
                         SOTTO_OK);
    }
    const uint8_t ready[] = {200, 1, 'a', 255, 0}; /* two frames */
    assert_int_equal(sotto_record_add_frames(&record, ready, sizeof ready),
                     SOTTO_OK);
    assert_int_equal(sotto_link_end(&pair.client, &record, 0, &len), SOTTO_OK);
    pair.wire_len = len;
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    for (uint8_t i = 0; i < 10; i++) {
        pair_expect_frame(&pair.server, (uint8_t)(16 + i), message, i);
    }
    pair_expect_frame(&pair.server, 200, "a", 1);
    pair_expect_frame(&pair.server, 255, "", 0);
    pair_expect_no_frame(&pair.server);
}

static void test_record_empty_is_not_sent(void **state)
{
    struct sotto_record record;
    size_t len = 99;

    (void)state;
    open_pair(SOTTO_SUITE_AESGCM, 1024);
    sotto_link_begin(&pair.client, &record, pair.wire, sizeof pair.wire);
    assert_int_equal(sotto_link_end(&pair.client, &record, 0, &len), SOTTO_OK);
    assert_int_equal(len, 0);
    assert_int_equal(pair.client.keys.transport.send.n, 0);
}

static void test_record_feed_waits_until_frames_are_collected(void **state)
{
    size_t used;

    (void)state;
    open_pair(SOTTO_SUITE_AESGCM, 1024);
    uint8_t first[64];
    pair_send(&pair, &pair.client, 16, "1", 1, 0);
    size_t first_len = pair.wire_len;
    memcpy(first, pair.wire, first_len);
    assert_int_equal(sotto_link_feed(&pair.server, first, first_len, &used),
                     SOTTO_OK);
    assert_int_equal(used, first_len);
    pair_send(&pair, &pair.client, 16, "2", 1, 0);
    assert_int_equal(sotto_link_feed(&pair.server, pair.wire, pair.wire_len,
                                     &used),
                     SOTTO_OK);
    assert_int_equal(used, 0);
    pair_expect_frame(&pair.server, 16, "1", 1);
    pair_expect_no_frame(&pair.server);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    pair_expect_frame(&pair.server, 16, "2", 1);
}

/* ---- limits --------------------------------------------------------------------- */

static void test_record_never_exceeds_the_peers_limit(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        open_pair(pair_suites[i], 300);
        for (size_t cap = 258; cap < 340; cap++) {
            struct sotto_record record;
            size_t len;

            sotto_link_begin(&pair.client, &record, pair.wire, cap);
            while (sotto_record_add(&record, 16, message, 1) == SOTTO_OK) {
            }
            /* What is left is less than such a frame, and none fits. */
            assert_true(record.room - record.len < 3);
            assert_int_equal(sotto_record_add_frames(&record, message, 3),
                             SOTTO_ERR_SPACE);
            pair.client.send_records = SOTTO_REKEY_RECORDS; /* REKEY too */
            assert_int_equal(sotto_link_end(&pair.client, &record, 0, &len),
                             SOTTO_OK);
            assert_true(len <= cap && len <= 302);
            assert_true(len + 20 > (cap < 302 ? cap : 302));
        }
    }
}

static void test_record_length_meets_the_limit_before_its_bytes_come(
    void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        uint8_t head[2];
        size_t used;

        open_pair(pair_suites[i], 300);
        head[0] = 300 >> 8;
        head[1] = 300 & 0xff;
        assert_int_equal(sotto_link_need(&pair.server, head, 1), 2);
        assert_int_equal(sotto_link_need(&pair.server, head, 2), 302);
        assert_int_equal(sotto_link_feed(&pair.server, head, 2, &used),
                         SOTTO_OK);
        assert_int_equal(used, 0);
        head[1]++;
        assert_int_equal(sotto_link_need(&pair.server, head, 2), 2);
        assert_int_equal(sotto_link_feed(&pair.server, head, 2, &used),
                         SOTTO_ERR_LIMIT);
        pair_expect_failed(&pair.server, SOTTO_ERR_LIMIT);
    }
}

static void test_record_shorter_than_its_tag_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        uint8_t least = (uint8_t)sotto_suite_sealed_len(pair_suites[i], 0);
        for (uint8_t length = 0; length < least; length++) {
            uint8_t head[2] = {0, length};
            size_t used;

            open_pair(pair_suites[i], 300);
            assert_int_equal(sotto_link_feed(&pair.server, head, 2, &used),
                             SOTTO_ERR_FORMAT);
            pair_expect_failed(&pair.server, SOTTO_ERR_FORMAT);
        }
    }
}

/* ---- bad records ------------------------------------------------------------------ */

/* Three records sealed one after the other. */
struct three {
    uint8_t bytes[3][64];
    size_t len[3];
};

static void seal_three(struct three *three, enum sotto_suite suite)
{
    open_pair(suite, 300);
    for (uint8_t i = 0; i < 3; i++) {
        pair_send(&pair, &pair.client, 16, &i, 1, 0);
        memcpy(three->bytes[i], pair.wire, pair.wire_len);
        three->len[i] = pair.wire_len;
    }
}

static enum sotto_err feed_one(const struct three *three, size_t at)
{
    memcpy(pair.wire, three->bytes[at], three->len[at]);
    pair.wire_len = three->len[at];
    enum sotto_err err = pair_feed(&pair, &pair.server);
    if (err == SOTTO_OK) {
        const uint8_t body = (uint8_t)at;
        pair_expect_frame(&pair.server, 16, &body, 1);
        pair_expect_no_frame(&pair.server);
    }
    return err;
}

static void test_record_replayed_is_refused(void **state)
{
    struct three three;

    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        seal_three(&three, pair_suites[i]);
        assert_int_equal(feed_one(&three, 0), SOTTO_OK);
        assert_int_equal(feed_one(&three, 0), SOTTO_ERR_AUTH);
        pair_expect_failed(&pair.server, SOTTO_ERR_AUTH);
    }
}

static void test_record_dropped_or_reordered_is_noticed(void **state)
{
    struct three three;

    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        seal_three(&three, pair_suites[i]);
        assert_int_equal(feed_one(&three, 1), SOTTO_ERR_AUTH); /* 0 is late */
        pair_expect_failed(&pair.server, SOTTO_ERR_AUTH);
        seal_three(&three, pair_suites[i]);
        assert_int_equal(feed_one(&three, 0), SOTTO_OK);
        assert_int_equal(feed_one(&three, 2), SOTTO_ERR_AUTH); /* 1 is lost */
    }
}

static void test_record_sent_back_is_refused(void **state)
{
    (void)state;
    open_pair(SOTTO_SUITE_A128CBCHS256, 300);
    pair_send(&pair, &pair.client, 16, "me", 2, 0);
    assert_int_equal(pair_feed(&pair, &pair.client), SOTTO_ERR_AUTH);
}

static void test_record_with_any_bit_flipped_is_refused(void **state)
{
    static struct sotto_link before;
    struct three three;

    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        seal_three(&three, pair_suites[i]);
        before = pair.server;
        for (size_t bit = 0; bit < 8 * three.len[0]; bit++) {
            size_t used = 0;

            pair.server = before;
            memcpy(pair.wire, three.bytes[0], three.len[0]);
            pair.wire[bit / 8] ^= (uint8_t)(1U << bit % 8);
            enum sotto_err err =
                sotto_link_feed(&pair.server, pair.wire, three.len[0], &used);
            /* A longer length within the limit only waits for more. */
            assert_true(err != SOTTO_OK || (bit < 16 && used == 0));
        }
    }
}

/* A record made shorter, its length field too. */
static void test_record_with_its_end_cut_off_is_refused(void **state)
{
    static struct sotto_link before;
    struct three three;

    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        seal_three(&three, pair_suites[i]);
        before = pair.server;
        for (size_t len = 2; len < three.len[0]; len++) {
            size_t used;

            pair.server = before;
            memcpy(pair.wire, three.bytes[0], len);
            pair.wire[1] = (uint8_t)(len - 2);
            assert_true(sotto_link_feed(&pair.server, pair.wire, len, &used) !=
                        SOTTO_OK);
        }
    }
}

static void test_record_failure_can_still_be_told_with_close(void **state)
{
    struct three three;
    uint8_t close[300];
    size_t len;

    (void)state;
    seal_three(&three, SOTTO_SUITE_AESGCM);
    assert_int_equal(feed_one(&three, 1), SOTTO_ERR_AUTH);
    assert_int_equal(sotto_link_close(&pair.server, SOTTO_CLOSE_PROTOCOL, close,
                                      sizeof close, 0, &len),
                     SOTTO_OK);
    memcpy(pair.wire, close, len);
    pair.wire_len = len;
    assert_int_equal(pair_feed(&pair, &pair.client), SOTTO_OK);
    pair_expect_no_frame(&pair.client);
    assert_int_equal(pair.client.state, SOTTO_LINK_ENDED);
    assert_int_equal(pair.client.close_reason, SOTTO_CLOSE_PROTOCOL);
}

/* ---- joining ------------------------------------------------------------------------- */

/* Sends message[0..len) in as many records as it takes; gives their count. */
static unsigned send_parts(size_t len)
{
    unsigned count = 0;
    size_t done = 0;
    bool complete = false;

    while (!complete) {
        struct sotto_record record;

        sotto_link_begin(&pair.client, &record, pair.wire, sizeof pair.wire);
        complete = sotto_record_add_part(&record, 20, message, len, &done);
        assert_true(complete || record.room - record.len < 2 ||
                    record.len + 2 >= record.room);
        assert_int_equal(sotto_link_end(&pair.client, &record, 0,
                                        &pair.wire_len),
                         SOTTO_OK);
        assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
        if (complete) {
            assert_int_equal(done, len);
            pair_expect_frame(&pair.server, 20, message, len);
        }
        pair_expect_no_frame(&pair.server);
        assert_int_equal(sotto_link_is_assembling(&pair.server), !complete);
        count++;
    }
    return count;
}

static void test_record_joins_messages_of_every_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        open_pair(pair_suites[i], 256);
        sotto_link_lend(&pair.server, assembly, sizeof assembly);
        for (size_t len = 0; len < 800; len++) {
            unsigned count = send_parts(len);
            assert_true(count <= len / 200 + 1);
        }
        assert_ptr_equal(sotto_link_take_back(&pair.server), assembly);
    }
}

static void test_record_joins_large_messages_around_the_border(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        open_pair(pair_suites[i], SOTTO_RECORD_LIMIT_HOST);
        sotto_link_lend(&pair.server, assembly, sizeof assembly);
        size_t whole =
            sotto_suite_plain_max(pair_suites[i], SOTTO_RECORD_LIMIT_HOST);
        for (size_t len = whole - 12; len < whole + 4; len++) {
            /* type, two bytes of length, and two set aside for REKEY */
            assert_int_equal(send_parts(len), len + 5 <= whole ? 1 : 2);
        }
        assert_int_equal(send_parts(MESSAGE_MAX), 3);
    }
}

/* Parts that fit every room, from none to beyond the two-byte lengths. */
static void test_record_part_fills_the_room_there_is(void **state)
{
    static uint8_t buffer[20000];

    (void)state;
    for (size_t room = 0; room < 17000; room += room < 200 ? 1 : 17) {
        struct sotto_record record = {buffer, room, 0};
        size_t done = 0;

        assert_false(
            sotto_record_add_part(&record, 20, message, MESSAGE_MAX, &done));
        assert_true(record.len <= room);
        assert_true(done > 0 || room < 3);
        assert_true(record.len + 2 >= room || room < 3);
    }
    for (size_t room = 16380; room < 16400; room++) {
        struct sotto_record record = {buffer, room, 0};
        size_t done = 0;

        assert_false(
            sotto_record_add_part(&record, 20, message, MESSAGE_MAX, &done));
        assert_true(record.len <= room && record.len + 2 >= room);
    }
}

static void test_record_chunk_asks_for_a_buffer_and_goes_on(void **state)
{
    static const uint8_t frames[] = {
        SOTTO_FRAME_CHUNK, 2, 'a', 'b', 21, 1, 'c', 22, 1, 'd'};
    struct sotto_frame frame;
    enum sotto_err err;

    (void)state;
    open_pair(SOTTO_SUITE_AESGCM, 300);
    pair_send_raw(&pair, &pair.client, frames, sizeof frames);
    assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
    for (int i = 0; i < 2; i++) {
        assert_false(sotto_link_next(&pair.server, &frame, &err));
        assert_int_equal(err, SOTTO_ERR_SPACE);
        assert_int_equal(pair.server.state, SOTTO_LINK_OPEN);
    }
    sotto_link_lend(&pair.server, assembly, 3);
    pair_expect_frame(&pair.server, 21, "abc", 3);
    assert_ptr_equal(sotto_link_take_back(&pair.server), assembly);
    assert_ptr_equal(sotto_link_take_back(&pair.server), NULL);
    pair_expect_frame(&pair.server, 22, "d", 1);
    pair_expect_no_frame(&pair.server);
}

static void test_record_message_larger_than_the_buffer_is_refused(void **state)
{
    static const uint8_t frames[] = {
        SOTTO_FRAME_CHUNK, 2, 'a', 'b', 21, 1, 'c'};
    struct sotto_frame frame;
    enum sotto_err err;

    (void)state;
    for (size_t cap = 1; cap < 3; cap++) {
        open_pair(SOTTO_SUITE_AESGCM, 300);
        sotto_link_lend(&pair.server, assembly, cap);
        pair_send_raw(&pair, &pair.client, frames, sizeof frames);
        assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
        assert_false(sotto_link_next(&pair.server, &frame, &err));
        assert_int_equal(err, SOTTO_ERR_LIMIT);
        pair_expect_failed(&pair.server, SOTTO_ERR_LIMIT);
        assert_ptr_equal(sotto_link_take_back(&pair.server), assembly);
    }
}

int test_record(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_carries_frames_in_order),
        cmocka_unit_test(test_record_empty_is_not_sent),
        cmocka_unit_test(test_record_feed_waits_until_frames_are_collected),
        cmocka_unit_test(test_record_never_exceeds_the_peers_limit),
        cmocka_unit_test(
            test_record_length_meets_the_limit_before_its_bytes_come),
        cmocka_unit_test(test_record_shorter_than_its_tag_is_refused),
        cmocka_unit_test(test_record_replayed_is_refused),
        cmocka_unit_test(test_record_dropped_or_reordered_is_noticed),
        cmocka_unit_test(test_record_sent_back_is_refused),
        cmocka_unit_test(test_record_with_any_bit_flipped_is_refused),
        cmocka_unit_test(test_record_with_its_end_cut_off_is_refused),
        cmocka_unit_test(test_record_failure_can_still_be_told_with_close),
        cmocka_unit_test(test_record_joins_messages_of_every_length),
        cmocka_unit_test(test_record_joins_large_messages_around_the_border),
        cmocka_unit_test(test_record_part_fills_the_room_there_is),
        cmocka_unit_test(test_record_chunk_asks_for_a_buffer_and_goes_on),
        cmocka_unit_test(test_record_message_larger_than_the_buffer_is_refused),
    };
    return cmocka_run_group_tests_name("channel/record", tests, NULL, NULL);
}
