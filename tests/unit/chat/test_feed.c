/* The feed, also against a second one that keeps everything. */
#include "core/chat/feed.h"
#include "tests/unit/support/seed.h"
#include "tests/unit/test.h"

#include <string.h>

#define CAP       1024
#define FRAME_MAX 400
#define ITEMS_MAX 4000
#define READERS   5

static uint8_t ring[CAP];
static struct sotto_feed feed;

static uint8_t byte_of(uint64_t number, size_t at)
{
    return (uint8_t)(number * 17 + at);
}

static void put(uint64_t number, size_t len)
{
    uint8_t frame[FRAME_MAX];
    for (size_t i = 0; i < len; i++) {
        frame[i] = byte_of(number, i);
    }
    const struct sotto_feed_item item = {.number = number,
                                         .instance = number ^ 0xff,
                                         .frame = {frame, len}};
    sotto_feed_put(&feed, &item);
    memset(frame, 0, sizeof frame); /* it was copied */
}

static void expect_item(const struct sotto_feed_item *item, uint64_t number,
                        size_t len)
{
    assert_int_equal(item->number, number);
    assert_int_equal(item->instance, number ^ 0xff);
    assert_int_equal(item->frame.len, len);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(item->frame.at[i], byte_of(number, i));
    }
}

static void test_feed_gives_what_was_put(void **state)
{
    (void)state;
    struct sotto_cursor cursor;
    struct sotto_feed_item item;
    sotto_feed_init(&feed, ring, sizeof ring, 10);
    assert_true(sotto_feed_seek(&feed, 10, &cursor));
    assert_int_equal(sotto_feed_peek(&feed, &cursor, &item),
                     SOTTO_ERR_NOT_FOUND);
    put(10, 1);
    put(12, 30);
    assert_int_equal(sotto_feed_peek(&feed, &cursor, &item), SOTTO_OK);
    expect_item(&item, 10, 1);
    assert_int_equal(sotto_feed_peek(&feed, &cursor, &item), SOTTO_OK);
    expect_item(&item, 10, 1); /* peeking moves nothing */
    sotto_feed_skip(&cursor, &item);
    assert_int_equal(sotto_feed_peek(&feed, &cursor, &item), SOTTO_OK);
    expect_item(&item, 12, 30);
    sotto_feed_skip(&cursor, &item);
    assert_int_equal(sotto_feed_peek(&feed, &cursor, &item),
                     SOTTO_ERR_NOT_FOUND);
}

static void test_feed_does_not_know_what_was_before_it(void **state)
{
    (void)state;
    struct sotto_cursor cursor;
    sotto_feed_init(&feed, ring, sizeof ring, 10);
    assert_false(sotto_feed_seek(&feed, 9, &cursor));
    put(12, 1);
    assert_false(sotto_feed_seek(&feed, 9, &cursor));
    assert_true(sotto_feed_seek(&feed, 11, &cursor)); /* 12 comes next */
}

static void test_feed_tells_a_reader_that_it_was_too_slow(void **state)
{
    (void)state;
    struct sotto_cursor cursor;
    struct sotto_feed_item item;
    sotto_feed_init(&feed, ring, sizeof ring, 1);
    assert_true(sotto_feed_seek(&feed, 1, &cursor));
    for (uint64_t number = 1; number < 20; number++) {
        put(number, 100);
    }
    assert_int_equal(sotto_feed_peek(&feed, &cursor, &item), SOTTO_ERR_LIMIT);
    assert_false(sotto_feed_seek(&feed, 1, &cursor));
    assert_true(sotto_feed_seek(&feed, 19, &cursor));
    assert_int_equal(sotto_feed_peek(&feed, &cursor, &item), SOTTO_OK);
    expect_item(&item, 19, 100);
}

/* ---- against a list of everything ---- */

struct put_item {
    uint64_t number;
    size_t len;
};

static struct put_item all[ITEMS_MAX];
static size_t all_count;

struct reader {
    struct sotto_cursor cursor;
    size_t next; /* in `all` */
};

static void random_put(struct seed *seed)
{
    const uint64_t before = all_count > 0 ? all[all_count - 1].number : 99;
    const uint64_t number =
        before + 1 + (seed_once_in(seed, 5) ? seed_below(seed, 9) : 0);
    const size_t len = 1 + seed_below(seed, FRAME_MAX);
    put(number, len);
    all[all_count++] = (struct put_item){number, len};
}

/* Whether the item must still be there: no more than half of the ring has been
 * used after it, whatever was lost at its end. */
static bool must_be_there(size_t index)
{
    size_t bytes = 0;
    for (size_t i = index; i < all_count; i++) {
        bytes += all[i].len + 32;
    }
    return bytes <= CAP / 2;
}

static void start_over(struct reader *reader, struct seed *seed)
{
    const size_t back = seed_below(seed, 6);
    reader->next = all_count > back ? all_count - back : 0;
    const uint64_t from =
        reader->next < all_count ? all[reader->next].number : feed.next;
    if (!sotto_feed_seek(&feed, from, &reader->cursor)) {
        assert_false(must_be_there(reader->next));
        reader->next = all_count;
        assert_true(sotto_feed_seek(&feed, feed.next, &reader->cursor));
    }
}

static void read_one(struct reader *reader, struct seed *seed)
{
    struct sotto_feed_item item;
    enum sotto_err err = sotto_feed_peek(&feed, &reader->cursor, &item);
    if (err == SOTTO_OK) {
        expect_item(&item, all[reader->next].number, all[reader->next].len);
        sotto_feed_skip(&reader->cursor, &item);
        reader->next++;
    } else if (err == SOTTO_ERR_NOT_FOUND) {
        assert_int_equal(reader->next, all_count);
    } else {
        assert_int_equal(err, SOTTO_ERR_LIMIT);
        assert_false(must_be_there(reader->next));
        start_over(reader, seed);
    }
}

static void run_random(uint64_t run)
{
    struct seed seed;
    struct reader readers[READERS];
    seed_init(&seed, run);
    all_count = 0;
    sotto_feed_init(&feed, ring, sizeof ring, 100);
    for (size_t i = 0; i < READERS; i++) {
        start_over(&readers[i], &seed);
    }
    while (all_count < ITEMS_MAX / 4) {
        struct reader *reader = &readers[seed_below(&seed, READERS)];
        if (seed_once_in(&seed, 4)) {
            random_put(&seed);
        } else if (seed_once_in(&seed, 50)) {
            start_over(reader, &seed);
        } else {
            read_one(reader, &seed);
        }
    }
}

static void test_feed_does_as_a_list_of_everything(void **state)
{
    (void)state;
    for (uint64_t run = 1; run <= 100; run++) {
        run_random(seed_of_run(run));
    }
}

int test_feed(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_feed_gives_what_was_put),
        cmocka_unit_test(test_feed_does_not_know_what_was_before_it),
        cmocka_unit_test(test_feed_tells_a_reader_that_it_was_too_slow),
        cmocka_unit_test(test_feed_does_as_a_list_of_everything),
    };
    return cmocka_run_group_tests_name("feed", tests, NULL, NULL);
}
