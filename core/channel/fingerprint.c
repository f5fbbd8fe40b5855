#include <sotto/fingerprint.h>

#include "core/crypto/hash.h"
#include <string.h>

#define DIGITS      52
#define GROUP       4
#define UNUSED_BITS 4 /* of the last digit */

void sotto_fingerprint_of_key(const uint8_t key[static 32],
                              uint8_t out[static SOTTO_FINGERPRINT_LEN])
{
    sotto_sha256(key, 32, out);
}

/* The five bits from bit `at` on, zeros beyond the end. */
static unsigned five_bits(const uint8_t *in, size_t len, size_t at)
{
    unsigned high = in[at / 8];
    unsigned low = at / 8 + 1 < len ? in[at / 8 + 1] : 0;
    return (high << 8 | low) >> (11 - at % 8) & 31U;
}

void sotto_fingerprint_text(
    const uint8_t fingerprint[static SOTTO_FINGERPRINT_LEN],
    char out[static SOTTO_FINGERPRINT_TEXT])
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    size_t len = 0;
    for (size_t digit = 0; digit < DIGITS; digit++) {
        if (digit > 0 && digit % GROUP == 0) {
            out[len++] = '-';
        }
        out[len++] =
            alphabet[five_bits(fingerprint, SOTTO_FINGERPRINT_LEN, 5 * digit)];
    }
    out[len] = '\0';
}

/* The value of a digit, or 32. */
static unsigned digit_value(char c)
{
    if (c >= 'a' && c <= 'z') {
        return (unsigned)(c - 'a');
    }
    if (c >= 'A' && c <= 'Z') {
        return (unsigned)(c - 'A');
    }
    if (c >= '2' && c <= '7') {
        return (unsigned)(c - '2') + 26;
    }
    return 32;
}

enum sotto_err sotto_fingerprint_parse(
    const char *text, size_t len, uint8_t out[static SOTTO_FINGERPRINT_LEN])
{
    uint8_t bytes[SOTTO_FINGERPRINT_LEN + 1] = {0}; /* and the unused bits */
    size_t digits = 0;
    for (size_t at = 0; at < len; at++) {
        unsigned value = digit_value(text[at]);
        if (text[at] == '-' && digits > 0) {
            continue;
        }
        if (value > 31 || digits == DIGITS) {
            return SOTTO_ERR_FORMAT;
        }
        unsigned bits = value << (11 - 5 * digits % 8);
        bytes[5 * digits / 8] |= (uint8_t)(bits >> 8);
        bytes[5 * digits / 8 + 1] |= (uint8_t)(bits & 0xffU);
        digits++;
    }
    if (digits != DIGITS || bytes[SOTTO_FINGERPRINT_LEN] != 0 ||
        text[len - 1] == '-') {
        return SOTTO_ERR_FORMAT;
    }
    memcpy(out, bytes, SOTTO_FINGERPRINT_LEN);
    return SOTTO_OK;
}
