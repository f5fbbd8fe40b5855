/* The client's queue, also against a second one that is slow and obvious. */
#include "core/chat/queue.h"
#include "tests/unit/support/seed.h"
#include "tests/unit/test.h"

#include <string.h>

#define CAP 1024

static _Alignas(16) uint8_t memory[CAP];
static struct sotto_queue queue;

static uint64_t push(const char *text)
{
    uint64_t id = 0;
    assert_int_equal(sotto_queue_push(&queue, 5, (const uint8_t *)text,
                                      strlen(text), &id),
                     SOTTO_OK);
    return id;
}

/* Sends all there is; returns how many. */
static size_t send_all(uint64_t seen)
{
    struct sotto_queue_item item;
    size_t count = 0;
    while (sotto_queue_peek(&queue, &item)) {
        sotto_queue_sent(&queue, seen);
        count++;
    }
    return count;
}

static int setup(void **state)
{
    (void)state;
    sotto_queue_init(&queue, memory, sizeof memory);
    return 0;
}

static void test_queue_holds_bodies_of_posts(void **state)
{
    (void)state;
    struct sotto_queue_item item;
    assert_false(sotto_queue_peek(&queue, &item));
    assert_int_equal(push("hi"), 1);
    assert_int_equal(push("ho"), 2);
    assert_true(sotto_queue_peek(&queue, &item));
    assert_int_equal(item.id, 1);
    assert_int_equal(item.body.len, 12);
    assert_memory_equal(item.body.at, "\0\5\0\0\0\0\0\0\0\1hi", 12);
    sotto_queue_sent(&queue, 0);
    assert_true(sotto_queue_peek(&queue, &item));
    assert_int_equal(item.id, 2);
    sotto_queue_sent(&queue, 0);
    assert_false(sotto_queue_peek(&queue, &item));
    assert_int_equal(queue.count, 2);
}

static void test_queue_sends_again_what_is_not_settled(void **state)
{
    (void)state;
    struct sotto_queue_item item;
    (void)push("a");
    (void)push("b");
    (void)push("c");
    assert_int_equal(send_all(0), 3);
    assert_true(sotto_queue_settle(&queue, 2));
    assert_false(sotto_queue_settle(&queue, 2));
    sotto_queue_rewind(&queue);
    assert_true(sotto_queue_peek(&queue, &item));
    assert_int_equal(item.id, 1);
    assert_true(sotto_queue_settle(&queue, 1));
    assert_int_equal(send_all(0), 1);
    assert_true(sotto_queue_settle(&queue, 3));
    assert_int_equal(queue.count, 0);
}

static void test_queue_settles_only_what_was_sent(void **state)
{
    (void)state;
    const uint64_t id = push("a");
    assert_false(sotto_queue_settle(&queue, id));
    assert_false(sotto_queue_settle(&queue, id + 1));
    assert_int_equal(send_all(0), 1);
    sotto_queue_rewind(&queue);
    assert_true(sotto_queue_settle(&queue, id)); /* on an earlier connection */
}

static void test_queue_since_is_that_of_the_first_sending(void **state)
{
    (void)state;
    uint64_t seen = 0;
    assert_false(sotto_queue_since(&queue, &seen));
    (void)push("a");
    assert_false(sotto_queue_since(&queue, &seen));
    assert_int_equal(send_all(7), 1);
    sotto_queue_rewind(&queue);
    assert_int_equal(send_all(9), 1);
    assert_true(sotto_queue_since(&queue, &seen));
    assert_int_equal(seen, 7);
}

static void test_queue_is_unsure_about_what_fell_into_a_gap(void **state)
{
    (void)state;
    uint64_t id = 0;
    (void)push("a");
    (void)push("b");
    assert_int_equal(send_all(7), 2);
    (void)push("c");
    assert_int_equal(send_all(9), 1);
    (void)push("d"); /* not sent */
    assert_false(sotto_queue_unsure(&queue, 8, &id));
    assert_true(sotto_queue_unsure(&queue, 9, &id));
    assert_int_equal(id, 1);
    assert_true(sotto_queue_settle(&queue, 1));
    assert_true(sotto_queue_unsure(&queue, 9, &id));
    assert_int_equal(id, 2);
    assert_true(sotto_queue_settle(&queue, 2));
    assert_false(sotto_queue_unsure(&queue, 10, &id));
    assert_true(sotto_queue_unsure(&queue, 11, &id));
    assert_int_equal(id, 3);
    sotto_queue_forget_sent(&queue);
    assert_false(sotto_queue_unsure(&queue, 11, &id));
    assert_false(sotto_queue_settle(&queue, 3));
}

static void test_queue_full_says_space_and_changes_nothing(void **state)
{
    (void)state;
    static uint8_t text[CAP];
    uint64_t id = 0;
    memset(text, 'x', sizeof text);
    assert_int_equal(sotto_queue_push(&queue, 0, text, CAP + 1, &id),
                     SOTTO_ERR_SPACE);
    assert_int_equal(sotto_queue_push(&queue, 0, text, SIZE_MAX, &id),
                     SOTTO_ERR_SPACE);
    size_t count = 0;
    while (sotto_queue_push(&queue, 0, text, 100, &id) == SOTTO_OK) {
        count++;
        assert_int_equal(id, count);
    }
    assert_int_equal(queue.count, count);
    assert_int_equal(send_all(0), count);
    assert_true(sotto_queue_settle(&queue, 1));
    assert_int_equal(sotto_queue_push(&queue, 0, text, 100, &id), SOTTO_OK);
    assert_int_equal(id, count + 1);
}

/* ---- the second implementation ---- */

#define NAIVE_MAX 4096

struct naive_post {
    size_t len;
    uint64_t seen;
    bool is_sent;
    bool is_settled;
    bool is_out; /* on this connection */
};

/* By id; nothing is ever taken out. */
static struct naive_post naive[NAIVE_MAX];
static uint64_t naive_last;

static uint64_t naive_next(void)
{
    for (uint64_t id = 1; id <= naive_last; id++) {
        if (!naive[id].is_settled && !naive[id].is_out) {
            return id;
        }
    }
    return 0;
}

static uint64_t naive_oldest(void)
{
    uint64_t id = 1;
    while (id <= naive_last && naive[id].is_settled) {
        id++;
    }
    return id;
}

static uint64_t naive_unsure(uint64_t first)
{
    for (uint64_t id = 1; id <= naive_last; id++) {
        if (naive[id].is_sent && !naive[id].is_settled &&
            naive[id].seen + 1 < first) {
            return id;
        }
    }
    return 0;
}

/* Text that can be told from that of any other post. */
static void fill(uint8_t *text, size_t len, uint64_t id)
{
    for (size_t i = 0; i < len; i++) {
        text[i] = (uint8_t)(id * 31 + i);
    }
}

static void random_push(struct seed *seed)
{
    uint8_t text[300];
    const size_t len = seed_below(seed, sizeof text);
    uint64_t id = 0;
    fill(text, len, naive_last + 1);
    if (naive_last + 1 < NAIVE_MAX &&
        sotto_queue_push(&queue, 5, text, len, &id) == SOTTO_OK) {
        naive_last++;
        assert_int_equal(id, naive_last);
        naive[id] = (struct naive_post){.len = len};
    }
}

static void random_send(uint64_t seen)
{
    struct sotto_queue_item item;
    const uint64_t id = naive_next();
    assert_int_equal(sotto_queue_peek(&queue, &item), id != 0);
    if (id == 0) {
        return;
    }
    uint8_t text[300];
    fill(text, naive[id].len, id);
    assert_int_equal(item.id, id);
    assert_int_equal(item.body.len, 10 + naive[id].len);
    assert_memory_equal(item.body.at + 10, text, naive[id].len);
    sotto_queue_sent(&queue, seen);
    naive[id].is_out = true;
    if (!naive[id].is_sent) {
        naive[id].is_sent = true;
        naive[id].seen = seen;
    }
}

static void random_settle(struct seed *seed)
{
    /* Near the oldest as a rule, now and then anything. */
    const uint64_t id = seed_once_in(seed, 4)
                            ? seed_below(seed, (size_t)naive_last + 2)
                            : naive_oldest() + seed_below(seed, 3);
    const bool is_open = id >= 1 && id <= naive_last && naive[id].is_sent &&
                         !naive[id].is_settled;
    assert_int_equal(sotto_queue_settle(&queue, id), is_open);
    if (is_open) {
        naive[id].is_settled = true;
    }
}

static void random_rewind(void)
{
    sotto_queue_rewind(&queue);
    for (uint64_t id = 1; id <= naive_last; id++) {
        naive[id].is_out = false;
    }
}

static void compare(uint64_t now)
{
    size_t count = 0;
    uint64_t seen = 0;
    uint64_t unsure = 0;
    const uint64_t oldest = naive_oldest();
    for (uint64_t id = oldest; id <= naive_last; id++) {
        count += !naive[id].is_settled;
    }
    assert_int_equal(queue.count, count);
    const bool has_since = oldest <= naive_last && naive[oldest].is_sent;
    assert_int_equal(sotto_queue_since(&queue, &seen), has_since);
    assert_int_equal(seen, has_since ? naive[oldest].seen : 0);
    const uint64_t expected = naive_unsure(now - now / 8);
    assert_int_equal(sotto_queue_unsure(&queue, now - now / 8, &unsure),
                     expected != 0);
    assert_int_equal(unsure, expected);
}

static void run_random(uint64_t run)
{
    struct seed seed;
    seed_init(&seed, run);
    naive_last = 0;
    sotto_queue_init(&queue, memory, 256 + 8 * seed_below(&seed, 97));
    for (uint64_t step = 1; step < 1500; step++) {
        switch (seed_below(&seed, 8)) {
        case 0:
        case 1:
        case 2:
            random_push(&seed);
            break;
        case 3:
        case 4:
            random_send(step);
            break;
        case 5:
        case 6:
            random_settle(&seed);
            break;
        default:
            if (seed_once_in(&seed, 5)) {
                random_rewind();
            }
            break;
        }
        compare(step);
    }
}

static void test_queue_does_as_the_obvious_one(void **state)
{
    (void)state;
    for (uint64_t run = 1; run <= 60; run++) {
        run_random(seed_of_run(run));
    }
}

int test_queue(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_queue_holds_bodies_of_posts, setup),
        cmocka_unit_test_setup(test_queue_sends_again_what_is_not_settled,
                               setup),
        cmocka_unit_test_setup(test_queue_settles_only_what_was_sent, setup),
        cmocka_unit_test_setup(test_queue_since_is_that_of_the_first_sending,
                               setup),
        cmocka_unit_test_setup(test_queue_is_unsure_about_what_fell_into_a_gap,
                               setup),
        cmocka_unit_test_setup(test_queue_full_says_space_and_changes_nothing,
                               setup),
        cmocka_unit_test(test_queue_does_as_the_obvious_one),
    };
    return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
