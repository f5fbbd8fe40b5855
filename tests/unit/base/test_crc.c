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

int test_crc(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc32c_gives_published_values),
        cmocka_unit_test(test_crc32c_continues_over_pieces),
        cmocka_unit_test(test_crc32c_of_nothing_changes_nothing),
    };
    return cmocka_run_group_tests_name("crc", tests, NULL, NULL);
}
