/*
 * test_x25519.c - X25519 against RFC 7748, and keys of low order.
 */
#include "core/crypto/x25519.h"
#include "tests/unit/crypto/hex.h"

static void agree(const char *private_hex, const char *public_hex,
                  uint8_t shared[static SOTTO_X25519_LEN])
{
    uint8_t private_key[SOTTO_X25519_LEN];
    uint8_t public_key[SOTTO_X25519_LEN];

    unhex(private_hex, private_key, sizeof private_key);
    unhex(public_hex, public_key, sizeof public_key);
    assert_int_equal(sotto_x25519_agree(private_key, public_key, shared),
                     SOTTO_OK);
}

/* RFC 7748 5.2; the second point has its top bit set. */
static void test_x25519_multiplies_as_published(void **state)
{
    uint8_t shared[SOTTO_X25519_LEN];

    (void)state;
    agree("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
          "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
          shared);
    assert_hex(
        shared, sizeof shared,
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    agree("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
          "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
          shared);
    assert_hex(
        shared, sizeof shared,
        "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

/* RFC 7748 5.2: k, u = X25519(k, u), k; 1,000 times from the base point. */
static void test_x25519_survives_a_thousand_iterations(void **state)
{
    uint8_t k[SOTTO_X25519_LEN] = {9};
    uint8_t u[SOTTO_X25519_LEN] = {9};
    uint8_t next[SOTTO_X25519_LEN];

    (void)state;
    for (int i = 1; i <= 1000; i++) {
        assert_int_equal(sotto_x25519_agree(k, u, next), SOTTO_OK);
        memcpy(u, k, sizeof u);
        memcpy(k, next, sizeof k);
        if (i == 1) {
            assert_hex(k, sizeof k,
                       "422c8e7a6227d7bca1350b3e2bb7279f"
                       "7897b87bb6854b783c60e80311ae3079");
        }
    }
    assert_hex(
        k, sizeof k,
        "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

/* RFC 7748 6.1. */
static void test_x25519_gives_both_sides_the_same_secret(void **state)
{
    static const char *alice =
        "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
    static const char *bob =
        "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
    static const char *alice_public =
        "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
    static const char *bob_public =
        "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
    static const char *secret =
        "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
    uint8_t key[SOTTO_X25519_LEN];
    uint8_t out[SOTTO_X25519_LEN];

    (void)state;
    unhex(alice, key, sizeof key);
    sotto_x25519_public(key, out);
    assert_hex(out, sizeof out, alice_public);
    unhex(bob, key, sizeof key);
    sotto_x25519_public(key, out);
    assert_hex(out, sizeof out, bob_public);
    agree(alice, bob_public, out);
    assert_hex(out, sizeof out, secret);
    agree(bob, alice_public, out);
    assert_hex(out, sizeof out, secret);
}

static void test_x25519_refuses_keys_of_low_order(void **state)
{
    static const char *const points[] = {
        /* 0, 1, the two of order 8, p - 1, p, p + 1 */
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        /* 0 again, behind the bit that is ignored */
        "0000000000000000000000000000000000000000000000000000000000000080",
    };
    const uint8_t private_key[SOTTO_X25519_LEN] = {1, 2, 3};
    uint8_t public_key[SOTTO_X25519_LEN];
    uint8_t shared[SOTTO_X25519_LEN];

    (void)state;
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        unhex(points[i], public_key, sizeof public_key);
        memset(shared, 0xff, sizeof shared);
        assert_int_equal(sotto_x25519_agree(private_key, public_key, shared),
                         SOTTO_ERR_AUTH);
        assert_true(all_zero(shared, sizeof shared));
    }
}

static void test_x25519_may_write_over_its_input(void **state)
{
    uint8_t key[SOTTO_X25519_LEN] = {5};
    uint8_t expected[SOTTO_X25519_LEN];

    (void)state;
    sotto_x25519_public(key, expected);
    sotto_x25519_public(key, key);
    assert_memory_equal(key, expected, sizeof key);
}

int test_x25519(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_x25519_multiplies_as_published),
        cmocka_unit_test(test_x25519_survives_a_thousand_iterations),
        cmocka_unit_test(test_x25519_gives_both_sides_the_same_secret),
        cmocka_unit_test(test_x25519_refuses_keys_of_low_order),
        cmocka_unit_test(test_x25519_may_write_over_its_input),
    };

    return cmocka_run_group_tests_name("crypto/x25519", tests, NULL, NULL);
}
