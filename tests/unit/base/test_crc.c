/*
 * test_crc.c - CRC-32C against RFC 3720 B.4 and the usual check value.
 */
#include "core/base/crc.h"
#include "tests/unit/test.h"

#include <string.h>

static void test_crc32c_gives_published_values(void **state)
{
    uint8_t bytes[32];
    (void)state;

    assert_int_equal(sotto_crc32c(0, "123456789", 9), 0xe3069283U);
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(sotto_crc32c(0, bytes, sizeof bytes), 0x8a9136aaU);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(sotto_crc32c(0, bytes, sizeof bytes), 0x62a8ab43U);
    for (uint8_t i = 0; i < 32; i++) {
        bytes[i] = i;
    }
    assert_int_equal(sotto_crc32c(0, bytes, sizeof bytes), 0x46dd794eU);
    for (uint8_t i = 0; i < 32; i++) {
        bytes[i] = (uint8_t)(31 - i);
    }
    assert_int_equal(sotto_crc32c(0, bytes, sizeof bytes), 0x113fdb5cU);
}

static void test_crc32c_continues_over_pieces(void **state)
{
    const char *digits = "123456789";
    (void)state;
    for (size_t cut = 0; cut <= 9; cut++) {
        uint32_t crc = sotto_crc32c(0, digits, cut);
        crc = sotto_crc32c(crc, digits + cut, 9 - cut);
        assert_int_equal(crc, 0xe3069283U);
    }
}

static void test_crc32c_of_nothing_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(sotto_crc32c(0, NULL, 0), 0);
    assert_int_equal(sotto_crc32c(0x12345678U, NULL, 0), 0x12345678U);
}

/* As it is defined, bit by bit. */
static uint32_t by_bits(const uint8_t *in, size_t len)
{
    uint32_t crc = 0xffffffffU;
    for (size_t i = 0; i < 8 * len; i++) {
        const uint32_t bit = (crc ^ (uint32_t)in[i / 8] >> i % 8) & 1U;
        crc = crc >> 1 ^ (bit != 0 ? 0x82f63b78U : 0);
    }
    return ~crc;
}

static void test_crc32c_is_what_its_bits_give(void **state)
{
    uint8_t bytes[80];
    uint32_t value = 1;
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) {
        value = value * 1664525U + 1013904223U; /* Numerical Recipes' */
        bytes[i] = (uint8_t)(value >> 24);
    }
    for (size_t from = 0; from <= 8; from++) {
        for (size_t len = 0; from + len <= sizeof bytes; len++) {
            assert_int_equal(sotto_crc32c(0, bytes + from, len),
                             by_bits(bytes + from, len));
        }
    }
}

int test_crc(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc32c_gives_published_values),
        cmocka_unit_test(test_crc32c_continues_over_pieces),
        cmocka_unit_test(test_crc32c_is_what_its_bits_give),
        cmocka_unit_test(test_crc32c_of_nothing_changes_nothing),
    };
    return cmocka_run_group_tests_name("crc", tests, NULL, NULL);
}
