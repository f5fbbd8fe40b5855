/*
 * test_der.c - the one DER encoding of a signature, and all the others.
 */
#include "core/crypto/der.h"
#include "tests/unit/crypto/hex.h"

/* Numbers of every shape: short, with and without a sign byte, full. */
static const struct {
    const char *r;
    const char *s;
    const char *der;
} pairs[] = {
    {"0000000000000000000000000000000000000000000000000000000000000001",
     "000000000000000000000000000000000000000000000000000000000000007f",
     "300602010102017f"},
    {"0000000000000000000000000000000000000000000000000000000000000000",
     "0000000000000000000000000000000000000000000000000000000000000080",
     "300702010002020080"},
    {"00ff000000000000000000000000000000000000000000000000000000000000",
     "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     "3044022000ff000000000000000000000000000000000000000000000000000000000000"
     "02207fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
    {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     "8000000000000000000000000000000000000000000000000000000000000000",
     "3046022100ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
     "ffff0221008000000000000000000000000000000000000000000000000000000000"
     "000000"},
};

static void test_der_encodes_and_decodes(void **state)
{
    uint8_t raw[SOTTO_P256_RAW_SIGNATURE_LEN];
    uint8_t again[SOTTO_P256_RAW_SIGNATURE_LEN];
    uint8_t der[SOTTO_P256_SIGNATURE_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        size_t len;

        unhex(pairs[i].r, raw, 32);
        unhex(pairs[i].s, raw + 32, 32);
        len = sotto_der_encode_signature(raw, der);
        assert_hex(der, len, pairs[i].der);
        assert_true(sotto_der_decode_signature(der, len, again));
        assert_memory_equal(raw, again, sizeof raw);
    }
}

static void test_der_refuses_other_encodings(void **state)
{
    static const char *const bad[] = {
        "",
        "30",
        "3000",
        "3003020101",           /* s is missing */
        "30060201010201017f",   /* trailing byte */
        "30070201010201017f",   /* trailing byte inside */
        "30050201010201",       /* s is cut */
        "310602010102017f",     /* not a sequence */
        "300603010102017f",     /* r is a bit string */
        "300602010103017f",     /* s is */
        "30810602010102017f",   /* long form of the length */
        "308002010102017f0000", /* indefinite length */
        "30070281010102017f",   /* long form inside */
        "30070202000102017f",   /* r has a needless zero */
        "3006020101020180",     /* s is negative */
        "3005020002017f",       /* r has no bytes */
        "300602010102ff7f",     /* s says 255 bytes */
        "300602ff0102017f",     /* r does */
    };
    uint8_t der[128];
    uint8_t raw[SOTTO_P256_RAW_SIGNATURE_LEN];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t len = unhex(bad[i], der, sizeof der);

        assert_false(sotto_der_decode_signature(der, len, raw));
    }
}

/* Whatever decodes is what its value encodes to. */
static void test_der_takes_a_flipped_bit_only_as_another_value(void **state)
{
    uint8_t der[SOTTO_P256_SIGNATURE_MAX];
    uint8_t again[SOTTO_P256_SIGNATURE_MAX];
    uint8_t raw[SOTTO_P256_RAW_SIGNATURE_LEN];
    size_t len = unhex(pairs[3].der, der, sizeof der);

    (void)state;
    for (size_t bit = 0; bit < 8 * len; bit++) {
        uint8_t mask = (uint8_t)(1U << bit % 8);

        der[bit / 8] ^= mask;
        if (sotto_der_decode_signature(der, len, raw)) {
            assert_int_equal(sotto_der_encode_signature(raw, again), len);
            assert_memory_equal(again, der, len);
        }
        der[bit / 8] ^= mask;
    }
}

static void test_der_refuses_every_truncation(void **state)
{
    uint8_t der[SOTTO_P256_SIGNATURE_MAX + 1];
    uint8_t raw[SOTTO_P256_RAW_SIGNATURE_LEN];

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        size_t len = unhex(pairs[i].der, der, sizeof der);

        for (size_t cut = 0; cut < len; cut++) {
            assert_false(sotto_der_decode_signature(der, cut, raw));
        }
        der[len] = 0;
        assert_false(sotto_der_decode_signature(der, len + 1, raw));
    }
}

int test_der(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_der_encodes_and_decodes),
        cmocka_unit_test(test_der_refuses_other_encodings),
        cmocka_unit_test(test_der_takes_a_flipped_bit_only_as_another_value),
        cmocka_unit_test(test_der_refuses_every_truncation),
    };

    return cmocka_run_group_tests_name("crypto/der", tests, NULL, NULL);
}
