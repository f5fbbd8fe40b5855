/*
 * test_mls_welcome.c - what a Welcome and a GroupInfo are sealed and signed
 * with. (Whole Welcomes are in the vectors.)
 */
#include "core/mls/codec.h"
#include "core/mls/label.h"
#include "core/mls/welcome.h"
#include "tests/unit/crypto/hex.h"
#include "tests/unit/support/seed.h"

static const uint8_t welcome_secret[SOTTO_MLS_HASH_MAX] = {9};
static const struct sotto_span group_info = {(const uint8_t *)"group info", 10};

static const struct sotto_mls_suite *suite2(void)
{
    return sotto_mls_suite_find(SOTTO_MLS_SUITE_P256_AES128GCM);
}

static void make_keys(uint8_t *private_key, uint8_t *public_key)
{
    const struct sotto_span ikm = {(const uint8_t *)"joiner", 6};

    assert_int_equal(sotto_mls_derive_key_pair(suite2(), ikm, private_key,
                                               public_key),
                     SOTTO_OK);
}

static void test_mls_group_info_opens_as_it_was_sealed(void **state)
{
    uint8_t sealed[10 + SOTTO_MLS_AEAD_TAG_LEN];
    struct sotto_span in = {sealed, sizeof sealed};
    uint8_t out[10];
    size_t len;

    (void)state;
    assert_int_equal(sotto_mls_group_info_seal(suite2(), welcome_secret,
                                               group_info, sealed),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_group_info_open(suite2(), welcome_secret, in,
                                               out, sizeof out, &len),
                     SOTTO_OK);
    assert_int_equal(len, group_info.len);
    assert_memory_equal(out, group_info.at, len);
    assert_int_equal(sotto_mls_group_info_open(suite2(), welcome_secret, in,
                                               out, sizeof out - 1, &len),
                     SOTTO_ERR_SPACE);
    for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        assert_int_equal(sotto_mls_group_info_open(suite2(), welcome_secret, in,
                                                   out, sizeof out, &len),
                         SOTTO_ERR_AUTH);
        sealed[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
    for (in.len = 0; in.len < sizeof sealed; in.len++) {
        assert_int_equal(sotto_mls_group_info_open(suite2(), welcome_secret, in,
                                                   out, sizeof out, &len),
                         SOTTO_ERR_AUTH);
    }
}

static void test_mls_group_info_verifies_what_it_signs(void **state)
{
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX];
    uint8_t public_key[SOTTO_MLS_PUBLIC_MAX];
    const struct sotto_span key = {public_key, sizeof public_key};
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX];
    struct sotto_mls_group_info info = {.tbs = group_info,
                                        .signature = {signature, 0}};

    (void)state;
    make_keys(private_key, public_key);
    assert_int_equal(sotto_mls_group_info_sign(suite2(), private_key,
                                               group_info, signature,
                                               &info.signature.len),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_group_info_verify(suite2(), key, &info),
                     SOTTO_OK);
    info.tbs.len--;
    assert_int_equal(sotto_mls_group_info_verify(suite2(), key, &info),
                     SOTTO_ERR_AUTH);
}

static void test_mls_group_secrets_are_bound_to_the_group_info(void **state)
{
    static const struct sotto_span secrets = {(const uint8_t *)"secrets", 7};
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX];
    uint8_t public_key[SOTTO_MLS_PUBLIC_MAX];
    const struct sotto_span key = {public_key, sizeof public_key};
    uint8_t kem_output[SOTTO_MLS_PUBLIC_MAX];
    uint8_t ciphertext[7 + SOTTO_MLS_AEAD_TAG_LEN];
    const struct sotto_mls_hpke_ciphertext in = {
        {kem_output, sizeof kem_output},
        {ciphertext, sizeof ciphertext},
    };
    struct sotto_span other = group_info;
    struct seed seed;
    struct sotto_random random;
    uint8_t out[7];
    size_t len;

    (void)state;
    make_keys(private_key, public_key);
    seed_init(&seed, 1);
    random = seed_random(&seed);
    assert_int_equal(sotto_mls_group_secrets_encrypt(suite2(), key, group_info,
                                                     secrets, &random,
                                                     kem_output, ciphertext),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_group_secrets_decrypt(suite2(), private_key, key,
                                                     group_info, &in, out,
                                                     sizeof out, &len),
                     SOTTO_OK);
    assert_int_equal(len, secrets.len);
    assert_memory_equal(out, secrets.at, len);
    other.len--;
    assert_int_equal(sotto_mls_group_secrets_decrypt(suite2(), private_key, key,
                                                     other, &in, out,
                                                     sizeof out, &len),
                     SOTTO_ERR_AUTH);
}

static void test_mls_welcome_finds_the_one_it_is_for(void **state)
{
    static const char *const refs[] = {"alice", "bobby", "carol"};
    struct sotto_mls_encrypted_group_secrets entry;
    struct sotto_mls_welcome welcome;
    struct sotto_writer w;
    uint8_t bytes[128];

    (void)state;
    sotto_writer_init(&w, bytes, sizeof bytes);
    for (size_t i = 0; i < 3; i++) {
        const struct sotto_span ref = {(const uint8_t *)refs[i], 5};
        const struct sotto_mls_encrypted_group_secrets one = {ref, {ref, ref}};

        sotto_mls_write_encrypted_group_secrets(&w, &one);
    }
    welcome.secrets = (struct sotto_span){bytes, w.len};
    for (size_t i = 0; i < 3; i++) {
        const struct sotto_span ref = {(const uint8_t *)refs[i], 5};

        assert_true(sotto_mls_welcome_find(&welcome, ref, &entry));
        assert_memory_equal(entry.secrets.ciphertext.at, refs[i], 5);
    }
    const struct sotto_span dave = {(const uint8_t *)"david", 5};
    const struct sotto_span short_one = {(const uint8_t *)"alic", 4};
    assert_false(sotto_mls_welcome_find(&welcome, dave, &entry));
    assert_false(sotto_mls_welcome_find(&welcome, short_one, &entry));
    welcome.secrets.len = 0;
    assert_false(sotto_mls_welcome_find(&welcome, dave, &entry));
}

int test_mls_welcome(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mls_group_info_opens_as_it_was_sealed),
        cmocka_unit_test(test_mls_group_info_verifies_what_it_signs),
        cmocka_unit_test(test_mls_group_secrets_are_bound_to_the_group_info),
        cmocka_unit_test(test_mls_welcome_finds_the_one_it_is_for),
    };

    return cmocka_run_group_tests_name("mls_welcome", tests, NULL, NULL);
}
