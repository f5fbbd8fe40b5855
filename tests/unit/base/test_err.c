/*
 * test_err.c - the names of errors.
 */
#include "tests/unit/test.h"

#include <sotto/err.h>
#include <string.h>

static void test_err_name_gives_the_name(void **state)
{
    (void)state;
    assert_string_equal(sotto_err_name(SOTTO_OK), "OK");
    assert_string_equal(sotto_err_name(SOTTO_ERR_FORMAT), "FORMAT");
    assert_string_equal(sotto_err_name(SOTTO_ERR_NOT_FOUND), "NOT_FOUND");
    assert_string_equal(sotto_err_name(SOTTO_ERR_AGAIN), "AGAIN");
}

static void test_err_name_is_different_for_each_error(void **state)
{
    int known = 0;
    (void)state;
    for (int a = 0; a >= -64; a--) {
        const char *name = sotto_err_name((enum sotto_err)a);
        if (strcmp(name, "UNKNOWN") == 0) {
            continue;
        }
        known++;
        for (int b = a - 1; b >= -64; b--) {
            assert_string_not_equal(name, sotto_err_name((enum sotto_err)b));
        }
    }
    assert_int_equal(known, 22);
}

static void test_err_name_is_unknown_for_other_values(void **state)
{
    (void)state;
    assert_string_equal(sotto_err_name((enum sotto_err) - 5), "UNKNOWN");
    assert_string_equal(sotto_err_name((enum sotto_err) - 41), "UNKNOWN");
}

int test_err(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_err_name_gives_the_name),
        cmocka_unit_test(test_err_name_is_different_for_each_error),
        cmocka_unit_test(test_err_name_is_unknown_for_other_values),
    };
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
