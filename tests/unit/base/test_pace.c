#include "core/base/pace.h"
#include "tests/unit/test.h"

static const struct sotto_rate rate = {.messages = 100, .bytes = 1000};

static void test_pace_costs_what_the_rate_says(void **state)
{
    (void)state;
    const struct sotto_rate messages = {.messages = 3};
    const struct sotto_rate bytes = {.bytes = UINT32_MAX};
    const struct sotto_rate none = {0};
    assert_int_equal(sotto_rate_cost_ns(&rate, 1, 0), 10000000);
    assert_int_equal(sotto_rate_cost_ns(&rate, 0, 1), 1000000);
    assert_int_equal(sotto_rate_cost_ns(&rate, 2, 30), 50000000);
    assert_int_equal(sotto_rate_cost_ns(&messages, 1, 1000), 333333333);
    assert_int_equal(sotto_rate_cost_ns(&bytes, 9, UINT32_MAX), 1000000000);
    assert_int_equal(sotto_rate_cost_ns(&none, UINT32_MAX, UINT32_MAX), 0);
}

static void test_pace_allows_a_burst_then_the_rate(void **state)
{
    (void)state;
    struct sotto_pace pace = {0};
    const uint64_t cost = sotto_rate_cost_ns(&rate, 1, 0);
    for (int i = 0; i < 100; i++) {
        assert_false(sotto_pace_is_exceeded(&pace, 5000));
        sotto_pace_charge(&pace, cost, 5000);
    }
    assert_false(sotto_pace_is_exceeded(&pace, 5000));
    sotto_pace_charge(&pace, cost, 5000);
    assert_true(sotto_pace_is_exceeded(&pace, 5000));
    assert_true(sotto_pace_is_exceeded(&pace, 5009));
    assert_false(sotto_pace_is_exceeded(&pace, 5010));
}

/* Whoever goes on exactly when he may has done a second's worth more each
 * second. */
static void test_pace_keeps_the_rate(void **state)
{
    (void)state;
    struct sotto_pace pace = {0};
    const struct sotto_rate fast = {.messages = 7000};
    const uint64_t cost = sotto_rate_cost_ns(&fast, 1, 0);
    uint64_t done = 0;
    for (uint64_t now_ms = 0; now_ms < 10000;) {
        while (!sotto_pace_is_exceeded(&pace, now_ms)) {
            sotto_pace_charge(&pace, cost, now_ms);
            done++;
        }
        const uint64_t wait_ms = sotto_pace_left_ms(&pace, now_ms);
        assert_in_range(wait_ms, SOTTO_PACE_STEP_MS, SOTTO_PACE_STEP_MS + 1);
        now_ms += wait_ms;
    }
    assert_in_range(done, 7000 * 10, 7000 * 11 + 1);
}

static void test_pace_forgets_what_was_paid(void **state)
{
    (void)state;
    struct sotto_pace pace = {0};
    sotto_pace_charge(&pace, 5000U * 1000000ULL, 1000);
    assert_int_equal(sotto_pace_left_ms(&pace, 1000), 4010);
    assert_int_equal(sotto_pace_left_ms(&pace, 5009), 1);
    assert_int_equal(sotto_pace_left_ms(&pace, 5010), 0);
    sotto_pace_charge(&pace, 1, 100000); /* no credit for a long silence */
    assert_false(sotto_pace_is_exceeded(&pace, 100000));
    sotto_pace_charge(&pace, 1000U * 1000000ULL, 100000);
    assert_true(sotto_pace_is_exceeded(&pace, 100000));
}

static void test_pace_without_a_limit_never_waits(void **state)
{
    (void)state;
    struct sotto_pace pace = {0};
    const struct sotto_rate none = {0};
    for (int i = 0; i < 1000; i++) {
        sotto_pace_charge(&pace, sotto_rate_cost_ns(&none, 1000, 1000000), 7);
    }
    assert_false(sotto_pace_is_exceeded(&pace, 7));
    assert_int_equal(sotto_pace_left_ms(&pace, 7), 0);
}

static void test_pace_holds_up_who_is_told_to_wait(void **state)
{
    (void)state;
    struct sotto_pace pace = {0};
    sotto_pace_hold(&pace, 0, 1000);
    assert_int_equal(sotto_pace_left_ms(&pace, 1000), 0);
    sotto_pace_hold(&pace, 50, 1000);
    assert_true(sotto_pace_is_exceeded(&pace, 1000));
    assert_int_equal(sotto_pace_left_ms(&pace, 1000), 60);
    sotto_pace_hold(&pace, 20, 1000); /* the longer one counts */
    assert_int_equal(sotto_pace_left_ms(&pace, 1000), 60);
    sotto_pace_hold(&pace, UINT32_MAX, 1000);
    assert_true(sotto_pace_is_exceeded(&pace, 1000 + UINT32_MAX - 1));
    assert_int_equal(sotto_pace_left_ms(&pace, 1010 + (uint64_t)UINT32_MAX), 0);
}

int test_pace(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pace_costs_what_the_rate_says),
        cmocka_unit_test(test_pace_allows_a_burst_then_the_rate),
        cmocka_unit_test(test_pace_keeps_the_rate),
        cmocka_unit_test(test_pace_forgets_what_was_paid),
        cmocka_unit_test(test_pace_without_a_limit_never_waits),
        cmocka_unit_test(test_pace_holds_up_who_is_told_to_wait),
    };
    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
