#include "core/auth/throttle.h"
#include "tests/unit/test.h"
#include <stdbool.h>
#include <string.h>

static uint64_t memory[512];

static struct sotto_throttle *start(size_t capacity, uint32_t burst,
                                    uint32_t refill_ms)
{
    struct sotto_throttle *throttle = NULL;
    assert_true(sotto_throttle_size(capacity) <= sizeof memory);
    sotto_throttle_init(&throttle, memory, capacity,
                        &(struct sotto_throttle_rate){.burst = burst,
                                                      .refill_ms = refill_ms});
    return throttle;
}

static void key_of(uint32_t number, uint8_t key[SOTTO_THROTTLE_KEY_LEN])
{
    memset(key, 0, SOTTO_THROTTLE_KEY_LEN);
    memcpy(key, &number, sizeof number);
}

static bool take(struct sotto_throttle *throttle, uint32_t number,
                 uint64_t now_ms)
{
    uint8_t key[SOTTO_THROTTLE_KEY_LEN];
    key_of(number, key);
    return sotto_throttle_take(throttle, key, now_ms);
}

static uint32_t wait_ms(const struct sotto_throttle *throttle, uint32_t number,
                        uint64_t now_ms)
{
    uint8_t key[SOTTO_THROTTLE_KEY_LEN];
    key_of(number, key);
    return sotto_throttle_wait_ms(throttle, key, now_ms);
}

static void test_throttle_gives_burst_then_one_per_refill(void **state)
{
    (void)state;
    struct sotto_throttle *throttle = start(4, 3, 100);
    assert_true(take(throttle, 1, 1000));
    assert_true(take(throttle, 1, 1000));
    assert_int_equal(wait_ms(throttle, 1, 1000), 0);
    assert_true(take(throttle, 1, 1000));
    assert_int_equal(wait_ms(throttle, 1, 1000), 100);
    assert_false(take(throttle, 1, 1000));
    assert_false(take(throttle, 1, 1099));
    assert_int_equal(wait_ms(throttle, 1, 1099), 1);
    assert_true(take(throttle, 1, 1100));
    assert_false(take(throttle, 1, 1100));
}

static void test_throttle_never_has_more_than_burst(void **state)
{
    (void)state;
    struct sotto_throttle *throttle = start(4, 2, 10);
    assert_true(take(throttle, 1, 0));
    for (int i = 0; i < 2; i++) {
        assert_true(take(throttle, 1, 1000000));
    }
    assert_false(take(throttle, 1, 1000000));
}

static void test_throttle_keeps_keys_apart(void **state)
{
    (void)state;
    struct sotto_throttle *throttle = start(4, 1, 100);
    assert_true(take(throttle, 1, 0));
    assert_true(take(throttle, 2, 0));
    assert_false(take(throttle, 1, 0));
    assert_false(take(throttle, 2, 0));
}

static void test_throttle_takes_back_what_was_given(void **state)
{
    (void)state;
    uint8_t key[SOTTO_THROTTLE_KEY_LEN];
    struct sotto_throttle *throttle = start(4, 2, 100);
    key_of(1, key);
    sotto_throttle_give(throttle, key, 0); /* unknown: nothing to do */
    assert_true(take(throttle, 1, 0));
    assert_true(take(throttle, 1, 0));
    sotto_throttle_give(throttle, key, 0);
    assert_true(take(throttle, 1, 0));
    assert_false(take(throttle, 1, 0));
    for (int i = 0; i < 5; i++) {
        sotto_throttle_give(throttle, key, 50);
    }
    assert_true(take(throttle, 1, 50));
    assert_true(take(throttle, 1, 50));
    assert_false(take(throttle, 1, 50));
}

static void test_throttle_forgets_least_recently_used_when_full(void **state)
{
    (void)state;
    struct sotto_throttle *throttle = start(3, 1, 100);
    assert_true(take(throttle, 1, 0));
    assert_true(take(throttle, 2, 0));
    assert_true(take(throttle, 3, 0));
    assert_false(take(throttle, 1, 0)); /* used: 2 is now the oldest */
    assert_true(take(throttle, 4, 0));
    assert_false(take(throttle, 1, 0));
    assert_false(take(throttle, 3, 0));
    assert_true(take(throttle, 2, 0)); /* forgotten */
}

/* A list of keys in order of use, searched and shifted by hand. */
struct naive {
    struct {
        uint32_t key;
        uint64_t tokens_ms; /* tokens times refill time */
        uint64_t at_ms;
    } row[5];
    size_t count;
};

static bool naive_take(struct naive *n, uint32_t key, uint64_t now_ms)
{
    const uint64_t full = (uint64_t)3 * 50;
    size_t at = 0;
    while (at < n->count && n->row[at].key != key) {
        at++;
    }
    uint64_t tokens = full;
    if (at < n->count) {
        tokens = n->row[at].tokens_ms + (now_ms - n->row[at].at_ms);
        tokens = tokens > full ? full : tokens;
    } else if (n->count < 5) {
        n->count++;
    } else {
        at = 4;
    }
    memmove(&n->row[1], &n->row[0], at * sizeof n->row[0]);
    const bool ok = tokens >= 50;
    n->row[0].key = key;
    n->row[0].tokens_ms = ok ? tokens - 50 : tokens;
    n->row[0].at_ms = now_ms;
    return ok;
}

static void test_throttle_agrees_with_naive_table(void **state)
{
    (void)state;
    struct sotto_throttle *throttle = start(5, 3, 50);
    struct naive naive = {0};
    uint32_t random = 12345;
    uint64_t now_ms = 1;
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525U + 1013904223U;
        const uint32_t key = (random >> 16) % 9;
        now_ms += (random >> 24) % 16;
        assert_int_equal(take(throttle, key, now_ms),
                         naive_take(&naive, key, now_ms));
    }
}

static void test_throttle_key_ip_cuts_ipv6_to_64_bits(void **state)
{
    (void)state;
    const uint8_t v6[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 7, 1, 2, 3, 4, 5};
    const uint8_t net[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 7};
    const uint8_t v4[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1};
    uint8_t key[SOTTO_THROTTLE_KEY_LEN];
    sotto_throttle_key_ip(v6, key);
    assert_memory_equal(key, net, sizeof key);
    sotto_throttle_key_ip(v4, key);
    assert_memory_equal(key, v4, sizeof key);
}

static void test_throttle_key_name_differs_by_name(void **state)
{
    (void)state;
    uint8_t one[SOTTO_THROTTLE_KEY_LEN];
    uint8_t two[SOTTO_THROTTLE_KEY_LEN];
    sotto_throttle_key_name("alice", 5, one);
    sotto_throttle_key_name("alicf", 5, two);
    assert_memory_not_equal(one, two, sizeof one);
    sotto_throttle_key_name("alice", 5, two);
    assert_memory_equal(one, two, sizeof one);
}

static void test_throttle_survives_extreme_rates(void **state)
{
    (void)state;
    struct sotto_throttle *throttle = start(2, UINT32_MAX, UINT32_MAX);
    assert_true(take(throttle, 1, 5));
    assert_int_equal(wait_ms(throttle, 1, 5), 0);
    throttle = start(2, 1, UINT32_MAX);
    assert_true(take(throttle, 1, 5));
    assert_int_equal(wait_ms(throttle, 1, 5), UINT32_MAX);
    assert_int_equal(wait_ms(throttle, 1, 0), UINT32_MAX);
}

static void test_throttle_charges_more_than_there_is(void **state)
{
    (void)state;
    uint8_t key[SOTTO_THROTTLE_KEY_LEN];
    struct sotto_throttle *throttle = start(4, 3, 100);
    key_of(1, key);
    assert_int_equal(sotto_throttle_charge(throttle, key, 200, 1000), 0);
    assert_int_equal(sotto_throttle_charge(throttle, key, 1, 1000), 1);
    assert_int_equal(sotto_throttle_charge(throttle, key, 5000, 1000), 5001);
    assert_int_equal(wait_ms(throttle, 1, 1000), 5001);
    assert_int_equal(wait_ms(throttle, 1, 6001), 0);
    assert_int_equal(sotto_throttle_charge(throttle, key, 0, 6201), 0);
    for (int i = 0; i < 3; i++) {
        assert_true(take(throttle, 1, 6201));
    }
    assert_false(take(throttle, 1, 6201));
}

/* A debt is forgotten last where it was made last. */
static void test_throttle_remembers_who_was_charged_last(void **state)
{
    (void)state;
    uint8_t key[SOTTO_THROTTLE_KEY_LEN];
    struct sotto_throttle *throttle = start(2, 1, 100);
    key_of(1, key);
    (void)sotto_throttle_charge(throttle, key, 900, 0);
    assert_true(take(throttle, 2, 0));
    (void)sotto_throttle_charge(throttle, key, 100, 0);
    assert_true(take(throttle, 3, 0)); /* in the place of 2 */
    assert_int_equal(wait_ms(throttle, 1, 0), 1000);
    assert_int_equal(wait_ms(throttle, 2, 0), 0);
}

int test_throttle(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_throttle_gives_burst_then_one_per_refill),
        cmocka_unit_test(test_throttle_never_has_more_than_burst),
        cmocka_unit_test(test_throttle_keeps_keys_apart),
        cmocka_unit_test(test_throttle_takes_back_what_was_given),
        cmocka_unit_test(test_throttle_forgets_least_recently_used_when_full),
        cmocka_unit_test(test_throttle_agrees_with_naive_table),
        cmocka_unit_test(test_throttle_key_ip_cuts_ipv6_to_64_bits),
        cmocka_unit_test(test_throttle_key_name_differs_by_name),
        cmocka_unit_test(test_throttle_survives_extreme_rates),
        cmocka_unit_test(test_throttle_charges_more_than_there_is),
        cmocka_unit_test(test_throttle_remembers_who_was_charged_last),
    };
    return cmocka_run_group_tests_name("throttle", tests, NULL, NULL);
}
