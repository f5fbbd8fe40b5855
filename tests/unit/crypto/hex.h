/*
 * hex.h - published values, typed in as hex.
 */
#ifndef SOTTO_TESTS_CRYPTO_HEX_H
#define SOTTO_TESTS_CRYPTO_HEX_H

#include "tests/unit/test.h"
#include <stdint.h>
#include <string.h>

static inline uint8_t hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = strchr(digits, c);

    assert_non_null(at);
    return (uint8_t)(at - digits);
}

/* Decodes `hex` (lower case) into `out` and returns the length. */
static inline size_t unhex(const char *hex, uint8_t *out, size_t cap)
{
    size_t len = strlen(hex) / 2;

    assert_int_equal(strlen(hex) % 2, 0);
    assert_true(len <= cap);
    for (size_t i = 0; i < len; i++) {
        out[i] =
            (uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
    }
    return len;
}

static inline void assert_hex(const uint8_t *value, size_t len, const char *hex)
{
    uint8_t expected[512];

    assert_int_equal(unhex(hex, expected, sizeof expected), len);
    assert_memory_equal(value, expected, len);
}

/* True when all `len` bytes are zero. */
static inline int all_zero(const uint8_t *in, size_t len)
{
    uint8_t any = 0;

    for (size_t i = 0; i < len; i++) {
        any |= in[i];
    }
    return any == 0;
}

#endif
