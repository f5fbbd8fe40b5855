/* test_p256_key.c - private keys of P-256 in DER. */
#include "core/crypto/p256_key.h"
#include "tests/unit/crypto/hex.h"

/* One key, as openssl writes it in both forms. */
#define PRIVATE                                                                \
    "e77a32c9763ebefa7b39ab89aeabc55e188517b2e50d57ca1c824e453754f99b"
#define POINT                                                                  \
    "043fbae66979998bf3d3e4aab490e71c8cd847d61820defede7072a7035c2e53dfe23fe5" \
    "b89210364841faea08c21c8ca4067d5f78823b29c0ede3b3ff86e885a7"
static const char sec1[] =
    "30770201010420" PRIVATE "a00a06082a8648ce3d030107a144034200" POINT;
static const char pkcs8[] = "308187020100301306072a8648ce3d020106082a8648ce3d03"
                            "0107046d306b0201010420" PRIVATE "a144034200" POINT;

/* Keys of other kinds, by openssl: P-384, Ed25519. */
static const char p384[] =
    "3081b6020100301006072a8648ce3d020106052b8104002204819e30819b02010104303508"
    "c6f39231921e8e395c28913ea85003db7d8ea70b5d3a0f6600280cf395b925245982013f83"
    "e844315eef82e058f9a1640362000477469242a303aa13ddda72074dad98cda9a3f1acd08e"
    "bc32d76b3ba953bb252b0594b0824cd329d22ca1520f743c68e5ed8035679c5b666a7efebf"
    "f698e63c9dd1fc0fc7ab8e7b9f04f9649d14ca091418a2d0ae8d7c41ad5df5f57dfcaf5c5"
    "1";
static const char ed25519[] =
    "302e020100300506032b6570042204208a04a5b655325754743921a45ec86a7e4909413eda"
    "b4cfeecaa9c1837f537383";

static uint8_t der[256];
static uint8_t key[SOTTO_P256_PRIVATE_LEN];

static enum sotto_err decode(size_t len)
{
    return sotto_p256_key_decode((struct sotto_span){der, len}, key);
}

static void test_p256_key_reads_what_openssl_writes(void **state)
{
    uint8_t expected[SOTTO_P256_PRIVATE_LEN];

    (void)state;
    (void)unhex(PRIVATE, expected, sizeof expected);
    assert_int_equal(decode(unhex(sec1, der, sizeof der)), SOTTO_OK);
    assert_memory_equal(key, expected, sizeof key);
    memset(key, 0, sizeof key);
    assert_int_equal(decode(unhex(pkcs8, der, sizeof der)), SOTTO_OK);
    assert_memory_equal(key, expected, sizeof key);
}

static void test_p256_key_writes_what_openssl_writes(void **state)
{
    uint8_t expected[SOTTO_P256_KEY_DER];

    (void)state;
    assert_int_equal(unhex(pkcs8, expected, sizeof expected),
                     SOTTO_P256_KEY_DER);
    (void)unhex(PRIVATE, key, sizeof key);
    assert_int_equal(sotto_p256_key_encode(key, der), SOTTO_OK);
    assert_memory_equal(der, expected, sizeof expected);
    memset(key, 0, sizeof key);
    assert_int_equal(sotto_p256_key_encode(key, der), SOTTO_ERR_AUTH);
}

static void test_p256_key_refuses_other_kinds(void **state)
{
    (void)state;
    assert_int_equal(decode(unhex(p384, der, sizeof der)),
                     SOTTO_ERR_UNSUPPORTED);
    assert_int_equal(decode(unhex(ed25519, der, sizeof der)),
                     SOTTO_ERR_UNSUPPORTED);
    /* Of P-256, but a number that is too large; and of no curve at all. */
    const size_t len = unhex(sec1, der, sizeof der);
    memset(der + 7, 0xff, SOTTO_P256_PRIVATE_LEN);
    assert_int_equal(decode(len), SOTTO_ERR_AUTH);
    assert_int_equal(decode(unhex("30250201010420" PRIVATE, der, sizeof der)),
                     SOTTO_ERR_UNSUPPORTED);
}

static void test_p256_key_refuses_truncations_and_more(void **state)
{
    static const char *const forms[] = {sec1, pkcs8};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const size_t len = unhex(forms[i], der, sizeof der);
        for (size_t n = 0; n < len; n++) {
            assert_int_equal(decode(n), SOTTO_ERR_FORMAT);
        }
        der[len] = 0;
        assert_int_equal(decode(len + 1), SOTTO_ERR_FORMAT);
    }
}

/* A changed bit gives another key, no key, or is not looked at. */
static void test_p256_key_bears_every_changed_bit(void **state)
{
    static const char *const forms[] = {sec1, pkcs8};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const size_t len = unhex(forms[i], der, sizeof der);
        for (size_t bit = 0; bit < 8 * len; bit++) {
            der[bit / 8] ^= (uint8_t)(1U << bit % 8);
            const enum sotto_err err = decode(len);
            assert_true(err == SOTTO_OK || err == SOTTO_ERR_FORMAT ||
                        err == SOTTO_ERR_UNSUPPORTED || err == SOTTO_ERR_AUTH);
            /* What stands before the number counts, all but the lowest bit of
             * PKCS #8's version. */
            if (bit / 8 < (i == 0 ? 7U : 36U) && !(i == 1 && bit == 40)) {
                assert_int_not_equal(err, SOTTO_OK);
            }
            der[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
}

int test_p256_key(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_p256_key_reads_what_openssl_writes),
        cmocka_unit_test(test_p256_key_writes_what_openssl_writes),
        cmocka_unit_test(test_p256_key_refuses_other_kinds),
        cmocka_unit_test(test_p256_key_refuses_truncations_and_more),
        cmocka_unit_test(test_p256_key_bears_every_changed_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
