/*
 * test_p256.c - P-256: published keys, secrets and signatures, and everything
 * that must be refused.
 */
#include "core/crypto/hash.h"
#include "core/crypto/p256.h"
#include "tests/unit/crypto/hex.h"

/* RFC 6979 A.2.5. */
static const char *const rfc6979_private =
    "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
static const char *const rfc6979_public =
    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
static const struct {
    const char *digest;
    const char *signature;
} rfc6979[] = {
    /* SHA-256 of "sample" and of "test" */
    {"af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf",
     "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf371"
     "6"
     "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
    {"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
     "3045022100f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d3836"
     "7"
     "0220019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"},
    /* not in the RFC: a digest above the order, which has to be reduced, and
     * zero; by Python's cryptography library */
    {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     "304502201f2adbc54b88764c279f689fc9505959fc9e73e80dc20889a4e0be91865de75b0"
     "2"
     "21009d109b65e2fbfc0ae42ba0b2e5f03670cd458cff4882df6783f3d93d607d1755"},
    {"0000000000000000000000000000000000000000000000000000000000000000",
     "3045022068897a78df51058b490c6012251c95921abba96e2e488c8cc998942e440db9b70"
     "2"
     "210080587fb387363a1df2c9e83c00f8ca990fc0a55b5e470946499b82ca3b552a87"},
};

/* RFC 5903 8.1: two key pairs and their secret. */
static const char *const ecdh_private[] = {
    "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
    "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53"};
static const char *const ecdh_public[] = {
    "04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
    "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
    "04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
    "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab"};
static const char *const ecdh_shared =
    "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de";

static const char *const order =
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
static const char *const order_minus_one =
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";

struct key_pair {
    uint8_t private_key[SOTTO_P256_PRIVATE_LEN];
    uint8_t public_key[SOTTO_P256_PUBLIC_LEN];
};

static void load(struct key_pair *pair)
{
    unhex(rfc6979_private, pair->private_key, sizeof pair->private_key);
    unhex(rfc6979_public, pair->public_key, sizeof pair->public_key);
}

/* -------------------------------------------------------------------- keys */

static void test_p256_derives_public_keys(void **state)
{
    struct key_pair pair;
    uint8_t out[SOTTO_P256_PUBLIC_LEN];

    (void)state;
    load(&pair);
    assert_int_equal(sotto_p256_public(pair.private_key, out), SOTTO_OK);
    assert_memory_equal(out, pair.public_key, sizeof out);
    for (size_t i = 0; i < 2; i++) {
        unhex(ecdh_private[i], pair.private_key, sizeof pair.private_key);
        assert_int_equal(sotto_p256_public(pair.private_key, out), SOTTO_OK);
        assert_hex(out, sizeof out, ecdh_public[i]);
    }
}

static void test_p256_refuses_private_keys_out_of_range(void **state)
{
    static const char *const bad[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
    uint8_t digest[32] = {1};
    uint8_t signature[SOTTO_P256_SIGNATURE_MAX];
    uint8_t shared[SOTTO_P256_SHARED_LEN];
    uint8_t out[SOTTO_P256_PUBLIC_LEN];
    struct key_pair pair;
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        load(&pair);
        unhex(bad[i], pair.private_key, sizeof pair.private_key);
        assert_int_equal(sotto_p256_public(pair.private_key, out),
                         SOTTO_ERR_AUTH);
        assert_int_equal(sotto_p256_agree(pair.private_key, pair.public_key,
                                          shared),
                         SOTTO_ERR_AUTH);
        assert_int_equal(sotto_p256_sign(pair.private_key, digest, signature,
                                         &len),
                         SOTTO_ERR_AUTH);
    }
    assert_int_equal(len, 0);
}

static void test_p256_takes_the_smallest_and_the_largest_private_key(void **s)
{
    uint8_t key[SOTTO_P256_PRIVATE_LEN] = {0};
    uint8_t first[SOTTO_P256_PUBLIC_LEN];
    uint8_t last[SOTTO_P256_PUBLIC_LEN];

    (void)s;
    key[31] = 1;
    assert_int_equal(sotto_p256_public(key, first), SOTTO_OK);
    unhex(order_minus_one, key, sizeof key);
    assert_int_equal(sotto_p256_public(key, last), SOTTO_OK);
    /* n-1 gives the negative of the base point: the same x. */
    assert_memory_equal(first, last, 33);
    assert_memory_not_equal(first + 33, last + 33, 32);
}

static void test_p256_checks_points(void **state)
{
    static const char *const bad[] = {
        /* (0, 0) */
        "0400000000000000000000000000000000000000000000000000000000000000000000"
        "000000000000000000000000000000000000000000000000000000000000",
        /* a mark that is not "uncompressed", with good coordinates */
        "0660fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903"
        "fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
        /* x = p, which is 0 once reduced */
        "04ffffffff00000001000000000000000000000000ffffffffffffffffffffffff6648"
        "5c"
        "780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4",
        /* x = 2^256 - 1 */
        "04ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7903"
        "fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"};
    struct key_pair pair;
    uint8_t shared[SOTTO_P256_SHARED_LEN] = {0};

    (void)state;
    load(&pair);
    assert_int_equal(sotto_p256_check_public(pair.public_key), SOTTO_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        unhex(bad[i], pair.public_key, sizeof pair.public_key);
        assert_int_equal(sotto_p256_check_public(pair.public_key),
                         SOTTO_ERR_AUTH);
        assert_int_equal(sotto_p256_agree(pair.private_key, pair.public_key,
                                          shared),
                         SOTTO_ERR_AUTH);
    }
    assert_true(all_zero(shared, sizeof shared));
}

static void test_p256_refuses_a_point_with_any_bit_flipped(void **state)
{
    struct key_pair pair;

    (void)state;
    load(&pair);
    for (size_t bit = 0; bit < 8 * sizeof pair.public_key; bit++) {
        uint8_t mask = (uint8_t)(1U << bit % 8);

        pair.public_key[bit / 8] ^= mask;
        assert_int_equal(sotto_p256_check_public(pair.public_key),
                         SOTTO_ERR_AUTH);
        pair.public_key[bit / 8] ^= mask;
    }
}

/* -------------------------------------------------------------------- ECDH */

static void test_p256_gives_both_sides_the_same_secret(void **state)
{
    struct key_pair pair;
    uint8_t shared[SOTTO_P256_SHARED_LEN];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        unhex(ecdh_private[i], pair.private_key, sizeof pair.private_key);
        unhex(ecdh_public[1 - i], pair.public_key, sizeof pair.public_key);
        assert_int_equal(sotto_p256_agree(pair.private_key, pair.public_key,
                                          shared),
                         SOTTO_OK);
        assert_hex(shared, sizeof shared, ecdh_shared);
    }
}

/* -------------------------------------------------------------- signatures */

static void test_p256_signs_and_verifies_as_published(void **state)
{
    struct key_pair pair;
    uint8_t digest[32];
    uint8_t signature[SOTTO_P256_SIGNATURE_MAX];

    (void)state;
    load(&pair);
    for (size_t i = 0; i < sizeof rfc6979 / sizeof *rfc6979; i++) {
        size_t len = 0;

        unhex(rfc6979[i].digest, digest, sizeof digest);
        assert_int_equal(sotto_p256_sign(pair.private_key, digest, signature,
                                         &len),
                         SOTTO_OK);
        assert_hex(signature, len, rfc6979[i].signature);
        assert_int_equal(sotto_p256_verify(pair.public_key, digest, signature,
                                           len),
                         SOTTO_OK);
    }
}

/* A valid signature, in DER and raw. */
struct signed_digest {
    struct key_pair pair;
    uint8_t digest[32];
    uint8_t der[SOTTO_P256_SIGNATURE_MAX + 1];
    size_t len;
    uint8_t raw[SOTTO_P256_RAW_SIGNATURE_LEN];
};

static void sign(struct signed_digest *s)
{
    load(&s->pair);
    unhex(rfc6979[0].digest, s->digest, sizeof s->digest);
    s->len = unhex(rfc6979[0].signature, s->der, sizeof s->der);
    memcpy(s->raw, s->der + 5, 32);
    memcpy(s->raw + 32, s->der + 40, 32);
}

static enum sotto_err verify(const struct signed_digest *s)
{
    return sotto_p256_verify(s->pair.public_key, s->digest, s->der, s->len);
}

static enum sotto_err verify_raw(const struct signed_digest *s)
{
    return sotto_p256_verify_raw(s->pair.public_key, s->digest, s->raw);
}

static void test_p256_verifies_raw_signatures(void **state)
{
    struct signed_digest s;

    (void)state;
    sign(&s);
    assert_int_equal(verify_raw(&s), SOTTO_OK);
    s.digest[7] ^= 1;
    assert_int_equal(verify_raw(&s), SOTTO_ERR_AUTH);
}

static void test_p256_refuses_r_and_s_out_of_range(void **state)
{
    static const char *const bad[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
    struct signed_digest s;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        for (size_t half = 0; half < 2; half++) {
            sign(&s);
            unhex(bad[i], s.raw + 32 * half, 32);
            assert_int_equal(verify_raw(&s), SOTTO_ERR_AUTH);
        }
    }
}

static void test_p256_refuses_a_signature_with_any_bit_flipped(void **state)
{
    struct signed_digest s;

    (void)state;
    sign(&s);
    assert_int_equal(verify(&s), SOTTO_OK);
    for (size_t bit = 0; bit < 8 * s.len; bit++) {
        uint8_t mask = (uint8_t)(1U << bit % 8);

        s.der[bit / 8] ^= mask;
        assert_int_equal(verify(&s), SOTTO_ERR_AUTH);
        s.der[bit / 8] ^= mask;
    }
}

static void test_p256_refuses_cut_and_longer_signatures(void **state)
{
    struct signed_digest s;
    size_t len;

    (void)state;
    sign(&s);
    len = s.len;
    s.der[len] = 0;
    for (s.len = 0; s.len <= len + 1; s.len++) {
        assert_int_equal(verify(&s), s.len == len ? SOTTO_OK : SOTTO_ERR_AUTH);
    }
}

static void test_p256_refuses_another_digest_and_key(void **state)
{
    struct signed_digest s;

    (void)state;
    sign(&s);
    s.digest[31] ^= 1;
    assert_int_equal(verify(&s), SOTTO_ERR_AUTH);
    sign(&s);
    unhex(ecdh_public[0], s.pair.public_key, sizeof s.pair.public_key);
    assert_int_equal(verify(&s), SOTTO_ERR_AUTH);
    s.pair.public_key[64] ^= 1; /* off the curve */
    assert_int_equal(verify(&s), SOTTO_ERR_AUTH);
}

/* The form with n - s is valid ECDSA too, and nothing of ours takes a
 * signature for an identifier; it is here so that nobody starts to. */
static void test_p256_signatures_are_malleable(void **state)
{
    struct signed_digest s;
    uint8_t n[32];
    int borrow = 0;

    (void)state;
    sign(&s);
    unhex(order, n, sizeof n);
    for (size_t i = 32; i-- > 0;) {
        int difference = n[i] - s.raw[32 + i] - borrow;

        borrow = difference < 0;
        s.raw[32 + i] = (uint8_t)(difference + 256 * borrow);
    }
    assert_int_equal(verify_raw(&s), SOTTO_OK);
}

int test_p256(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_p256_derives_public_keys),
        cmocka_unit_test(test_p256_refuses_private_keys_out_of_range),
        cmocka_unit_test(
            test_p256_takes_the_smallest_and_the_largest_private_key),
        cmocka_unit_test(test_p256_checks_points),
        cmocka_unit_test(test_p256_refuses_a_point_with_any_bit_flipped),
        cmocka_unit_test(test_p256_gives_both_sides_the_same_secret),
        cmocka_unit_test(test_p256_signs_and_verifies_as_published),
        cmocka_unit_test(test_p256_verifies_raw_signatures),
        cmocka_unit_test(test_p256_refuses_r_and_s_out_of_range),
        cmocka_unit_test(test_p256_refuses_a_signature_with_any_bit_flipped),
        cmocka_unit_test(test_p256_refuses_cut_and_longer_signatures),
        cmocka_unit_test(test_p256_refuses_another_digest_and_key),
        cmocka_unit_test(test_p256_signatures_are_malleable),
    };

    return cmocka_run_group_tests_name("crypto/p256", tests, NULL, NULL);
}
