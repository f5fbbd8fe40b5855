/*
 * test_secret.c - erasing and comparing.
 */
#include "core/base/secret.h"
#include "tests/unit/test.h"

#include <string.h>

static void test_wipe_clears_exactly_the_span(void **state)
{
    unsigned char mem[67];
    (void)state;
    for (size_t len = 0; len <= 64; len++) {
        memset(mem, 0xa5, sizeof mem);
        sotto_wipe(mem + 1, len);
        assert_int_equal(mem[0], 0xa5);
        for (size_t i = 1; i < sizeof mem; i++) {
            assert_int_equal(mem[i], i <= len ? 0 : 0xa5);
        }
    }
}

static void test_wipe_of_nothing_takes_a_null_pointer(void **state)
{
    (void)state;
    sotto_wipe(NULL, 0);
}

static void test_equal_is_true_for_equal_bytes(void **state)
{
    const unsigned char a[] = {0, 1, 0xff, 0x80};
    const unsigned char b[] = {0, 1, 0xff, 0x80};
    (void)state;
    assert_true(sotto_equal(a, b, sizeof a));
    assert_true(sotto_equal(a, a, sizeof a));
    assert_true(sotto_equal(NULL, NULL, 0));
}

static void test_equal_sees_every_single_bit(void **state)
{
    unsigned char a[33];
    unsigned char b[33];
    (void)state;
    for (size_t i = 0; i < sizeof a; i++) {
        a[i] = b[i] = (unsigned char)(7 * i);
    }
    for (size_t bit = 0; bit < 8 * sizeof a; bit++) {
        b[bit / 8] ^= (unsigned char)(1U << (bit % 8));
        assert_false(sotto_equal(a, b, sizeof a));
        b[bit / 8] ^= (unsigned char)(1U << (bit % 8));
    }
    assert_true(sotto_equal(a, b, sizeof a));
}

static void test_equal_does_not_look_beyond_its_length(void **state)
{
    (void)state;
    assert_true(sotto_equal("abcX", "abcY", 3));
    assert_false(sotto_equal("abcX", "abcY", 4));
}

int test_secret(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wipe_clears_exactly_the_span),
        cmocka_unit_test(test_wipe_of_nothing_takes_a_null_pointer),
        cmocka_unit_test(test_equal_is_true_for_equal_bytes),
        cmocka_unit_test(test_equal_sees_every_single_bit),
        cmocka_unit_test(test_equal_does_not_look_beyond_its_length),
    };
    return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
