/* The pool: the lowest free slot first, and never one twice. */
#include "core/base/pool.h"
#include "tests/unit/support/seed.h"
#include "tests/unit/test.h"

#include <string.h>

#define COUNT_MAX 100
#define SIZE      24

static _Alignas(16) uint8_t memory[COUNT_MAX * SIZE + 64];
static struct sotto_pool pool;

static void test_pool_gives_the_lowest_slot_first(void **state)
{
    (void)state;
    sotto_pool_init(&pool, memory, 3, SIZE);
    uint8_t *a = sotto_pool_take(&pool);
    uint8_t *b = sotto_pool_take(&pool);
    uint8_t *c = sotto_pool_take(&pool);
    assert_int_equal(sotto_pool_index(&pool, a), 0);
    assert_int_equal(sotto_pool_index(&pool, b), 1);
    assert_int_equal(sotto_pool_index(&pool, c), 2);
    assert_null(sotto_pool_take(&pool));
    assert_int_equal(pool.taken, 3);
    sotto_pool_give(&pool, c);
    sotto_pool_give(&pool, a);
    assert_ptr_equal(sotto_pool_take(&pool), a);
    assert_ptr_equal(sotto_pool_take(&pool), c);
    assert_ptr_equal(sotto_pool_at(&pool, 1), b);
}

static void test_pool_slots_lie_apart_and_aligned(void **state)
{
    (void)state;
    assert_true(sotto_pool_size(70, 5) <= sizeof memory);
    sotto_pool_init(&pool, memory, 70, 5);
    for (size_t i = 0; i < 70; i++) {
        uint8_t *slot = sotto_pool_take(&pool);
        assert_int_equal((uintptr_t)slot % 8, 0);
        assert_true(slot >= memory);
        assert_true(slot + 5 <= memory + sotto_pool_size(70, 5));
        assert_int_equal(sotto_pool_index(&pool, slot), i);
        memset(slot, 0xff, 5);
    }
    assert_null(sotto_pool_take(&pool));
}

static size_t lowest_free(const bool *is_taken, size_t count)
{
    size_t at = 0;
    while (at < count && is_taken[at]) {
        at++;
    }
    return at;
}

static void take_as_expected(bool *is_taken, size_t count)
{
    const size_t expected = lowest_free(is_taken, count);
    uint8_t *slot = sotto_pool_take(&pool);
    if (expected == count) {
        assert_null(slot);
        return;
    }
    assert_int_equal(sotto_pool_index(&pool, slot), expected);
    is_taken[expected] = true;
}

static void run_random(uint64_t run)
{
    struct seed seed;
    bool is_taken[COUNT_MAX] = {false};
    seed_init(&seed, run);
    const size_t count = 1 + seed_below(&seed, COUNT_MAX);
    const size_t odds = 2 + seed_below(&seed, 3); /* how full it gets */
    size_t taken = 0;
    assert_true(sotto_pool_size(count, SIZE) <= sizeof memory);
    sotto_pool_init(&pool, memory, count, SIZE);
    for (int step = 0; step < 2000; step++) {
        if (!seed_once_in(&seed, odds)) {
            take_as_expected(is_taken, count);
        } else {
            const size_t at = seed_below(&seed, count);
            if (is_taken[at]) {
                sotto_pool_give(&pool, sotto_pool_at(&pool, at));
                is_taken[at] = false;
            }
        }
        taken = 0;
        for (size_t i = 0; i < count; i++) {
            taken += is_taken[i];
        }
        assert_int_equal(pool.taken, taken);
    }
}

static void test_pool_does_as_a_row_of_flags(void **state)
{
    (void)state;
    for (uint64_t run = 1; run <= 50; run++) {
        run_random(seed_of_run(run));
    }
}

int test_pool(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_gives_the_lowest_slot_first),
        cmocka_unit_test(test_pool_slots_lie_apart_and_aligned),
        cmocka_unit_test(test_pool_does_as_a_row_of_flags),
    };
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
