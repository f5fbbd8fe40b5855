#include "apps/sotto/mailbox.h"
#include "tests/unit/support/seed.h"
#include "tests/unit/test.h"

#include <string.h>

#define CAP 256

struct fixture {
    struct mailbox box;
    uint64_t memory[CAP / 8];
};

static int setup(void **state)
{
    static struct fixture fixture;
    memset(&fixture, 0xaa, sizeof fixture);
    mailbox_init(&fixture.box, (uint8_t *)fixture.memory, CAP);
    *state = &fixture;
    return 0;
}

static void put(struct mailbox *box, const char *text)
{
    const size_t len = strlen(text);
    assert_true(mailbox_has_room(box, MAILBOX_SPAN(len)));
    memcpy(mailbox_reserve(box, len), text, len);
    mailbox_send(box);
}

static void takes(struct mailbox *box, const char *text)
{
    size_t len = 0;
    const void *message = mailbox_peek(box, &len);
    assert_non_null(message);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(message, text, len);
    assert_int_equal((uintptr_t)message % 8, 0);
    (void)mailbox_done(box);
}

static void test_mailbox_hands_over_in_order(void **state)
{
    struct fixture *f = *state;
    size_t len = 0;
    assert_true(mailbox_is_empty(&f->box));
    assert_null(mailbox_peek(&f->box, &len));
    put(&f->box, "a");
    put(&f->box, "a longer one");
    put(&f->box, "12345678");
    assert_false(mailbox_is_empty(&f->box));
    takes(&f->box, "a");
    takes(&f->box, "a longer one");
    takes(&f->box, "12345678");
    assert_true(mailbox_is_empty(&f->box));
}

static void test_mailbox_shows_nothing_before_it_is_sent(void **state)
{
    struct fixture *f = *state;
    size_t len = 0;
    assert_true(mailbox_has_room(&f->box, MAILBOX_SPAN(3)));
    memcpy(mailbox_reserve(&f->box, 3), "abc", 3);
    assert_null(mailbox_peek(&f->box, &len));
    mailbox_send(&f->box);
    takes(&f->box, "abc");
}

static void test_mailbox_keeps_a_message_until_it_is_done(void **state)
{
    struct fixture *f = *state;
    size_t len = 0;
    put(&f->box, "abc");
    char *message = mailbox_peek(&f->box, &len);
    message[0] = 'x';
    assert_ptr_equal(mailbox_peek(&f->box, &len), message);
    takes(&f->box, "xbc");
}

/* To the last byte: as many as fit, then none, then one for each taken. */
static void test_mailbox_can_be_filled(void **state)
{
    struct fixture *f = *state;
    const size_t count = CAP / MAILBOX_SPAN(8);
    for (size_t i = 0; i < count; i++) {
        put(&f->box, "12345678");
    }
    assert_false(mailbox_has_room(&f->box, MAILBOX_SPAN(1)));
    takes(&f->box, "12345678");
    put(&f->box, "23456789");
    assert_false(mailbox_has_room(&f->box, MAILBOX_SPAN(1)));
    for (size_t i = 1; i < count; i++) {
        takes(&f->box, "12345678");
    }
    takes(&f->box, "23456789");
    assert_true(mailbox_is_empty(&f->box));
    assert_int_equal(f->box.most, CAP);
}

/* What does not fit before the end of the ring stands at its beginning, as soon
 * as there is room for it and for what stays empty. */
static void test_mailbox_leaves_the_end_of_the_ring_empty(void **state)
{
    struct fixture *f = *state;
    char long_one[CAP / 2 - 7];
    memset(long_one, 'x', sizeof long_one);
    long_one[sizeof long_one - 1] = 0; /* 120 bytes: half of the ring */
    put(&f->box, long_one);
    put(&f->box, "12345678");
    takes(&f->box, long_one);
    /* 112 bytes to the end, 128 at the beginning: it takes all of those. */
    assert_true(mailbox_has_room(&f->box, CAP / 2));
    put(&f->box, long_one);
    assert_false(mailbox_has_room(&f->box, MAILBOX_SPAN(1)));
    takes(&f->box, "12345678");
    takes(&f->box, long_one);
    assert_true(mailbox_is_empty(&f->box));
}

static void test_mailbox_says_that_somebody_waits_for_room(void **state)
{
    struct fixture *f = *state;
    size_t len = 0;
    char long_one[CAP / 2 - 7];
    memset(long_one, 'x', sizeof long_one);
    long_one[sizeof long_one - 1] = 0;
    put(&f->box, long_one);
    put(&f->box, "a");
    assert_false(mailbox_has_room(&f->box, CAP / 2));
    assert_non_null(mailbox_peek(&f->box, &len));
    assert_true(mailbox_done(&f->box));
    assert_non_null(mailbox_peek(&f->box, &len));
    assert_false(mailbox_done(&f->box)); /* once is enough */
}

/* Lengths and turns at random, beside a plain count of what is in it. */
static void test_mailbox_at_random(void **state)
{
    struct fixture *f = *state;
    struct seed seed;
    uint8_t next_in = 0;
    uint8_t next_out = 0;
    seed_init(&seed, 1);
    for (int step = 0; step < 20000; step++) {
        const size_t len = 1 + seed_below(&seed, CAP / 2 - 8);
        size_t got = 0;
        if (seed_once_in(&seed, 2)) {
            if (mailbox_has_room(&f->box, MAILBOX_SPAN(len))) {
                memset(mailbox_reserve(&f->box, len), next_in++, len);
                mailbox_send(&f->box);
            } else {
                assert_false(mailbox_is_empty(&f->box));
            }
        } else {
            const uint8_t *message = mailbox_peek(&f->box, &got);
            assert_int_equal(message == NULL, next_in == next_out);
            for (size_t i = 0; message != NULL && i < got; i++) {
                assert_int_equal(message[i], next_out);
            }
            if (message != NULL) {
                next_out++;
                (void)mailbox_done(&f->box);
            }
        }
    }
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int test_mailbox(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_mailbox_hands_over_in_order),
        TEST(test_mailbox_shows_nothing_before_it_is_sent),
        TEST(test_mailbox_keeps_a_message_until_it_is_done),
        TEST(test_mailbox_can_be_filled),
        TEST(test_mailbox_leaves_the_end_of_the_ring_empty),
        TEST(test_mailbox_says_that_somebody_waits_for_room),
        TEST(test_mailbox_at_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
