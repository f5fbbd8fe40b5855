/*
 * der.c - ECDSA signatures in DER.
 */
#include "core/crypto/der.h"
#include <string.h>

#define SEQUENCE   0x30
#define INTEGER    0x02
#define NUMBER_LEN 32
#define HEADER_LEN 2 /* tag and length, which is below 128 throughout */

/* Shortest form: no leading zero, but for one that keeps the number positive
 * (a byte of 0x80 and above would make it negative). */
static size_t encode_number(const uint8_t number[static NUMBER_LEN],
                            uint8_t *out)
{
    size_t skip = 0;
    size_t zero;

    while (skip < NUMBER_LEN - 1 && number[skip] == 0) {
        skip++;
    }
    zero = number[skip] >> 7;
    out[0] = INTEGER;
    out[1] = (uint8_t)(zero + NUMBER_LEN - skip);
    out[2] = 0;
    memcpy(out + HEADER_LEN + zero, number + skip, NUMBER_LEN - skip);
    return HEADER_LEN + out[1];
}

size_t sotto_der_encode_signature(
    const uint8_t raw[static SOTTO_P256_RAW_SIGNATURE_LEN],
    uint8_t der[static SOTTO_P256_SIGNATURE_MAX])
{
    size_t len = HEADER_LEN;

    len += encode_number(raw, der + len);
    len += encode_number(raw + NUMBER_LEN, der + len);
    der[0] = SEQUENCE;
    der[1] = (uint8_t)(len - HEADER_LEN);
    return len;
}

/* Takes one INTEGER from the front of `in`: the last 32 bytes of its value,
 * whatever the rest. Returns what it took, 0 when there is none. */
static size_t decode_number(const uint8_t *in, size_t len,
                            uint8_t number[static NUMBER_LEN])
{
    size_t value_len;

    if (len < HEADER_LEN || in[0] != INTEGER || in[1] > len - HEADER_LEN) {
        return 0;
    }
    value_len = in[1];
    memset(number, 0, NUMBER_LEN);
    if (value_len <= NUMBER_LEN) {
        memcpy(number + NUMBER_LEN - value_len, in + HEADER_LEN, value_len);
    } else {
        memcpy(number, in + HEADER_LEN + value_len - NUMBER_LEN, NUMBER_LEN);
    }
    return HEADER_LEN + value_len;
}

/*
 * Reads loosely, encodes again and compares: as there is one encoding for each
 * r || s, only that one can come out the same.
 */
bool sotto_der_decode_signature(
    const uint8_t *der, size_t len,
    uint8_t raw[static SOTTO_P256_RAW_SIGNATURE_LEN])
{
    uint8_t again[SOTTO_P256_SIGNATURE_MAX];
    size_t r_len;

    if (len < HEADER_LEN || len > sizeof again) {
        return false;
    }
    r_len = decode_number(der + HEADER_LEN, len - HEADER_LEN, raw);
    if (r_len == 0 ||
        decode_number(der + HEADER_LEN + r_len, len - HEADER_LEN - r_len,
                      raw + NUMBER_LEN) == 0) {
        return false;
    }
    return sotto_der_encode_signature(raw, again) == len &&
           memcmp(again, der, len) == 0;
}
