/* CipherState: nonces, counters, keys that change. */
#include "core/base/text.h"
#include "core/channel/cipher.h"
#include "core/channel/symmetric.h"
#include "tests/unit/test.h"
#include <string.h>

static const enum sotto_suite all_suites[] = {SOTTO_SUITE_A128CBCHS256,
                                              SOTTO_SUITE_AESGCM,
                                              SOTTO_SUITE_CHACHAPOLY};
#define SUITES (sizeof all_suites / sizeof all_suites[0])

#define TEXT_LEN 40

static const uint8_t key[32] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
static const uint8_t ad[3] = {'a', 'd', '!'};

/* A sender and a receiver with the same key. */
struct ends {
    struct sotto_cipher send;
    struct sotto_cipher receive;
    uint8_t text[TEXT_LEN];
    uint8_t sealed[TEXT_LEN + SOTTO_AEAD_OVERHEAD_MAX];
    size_t sealed_len;
};

static void init(struct ends *ends, enum sotto_suite suite)
{
    sotto_cipher_init(&ends->send, suite);
    sotto_cipher_initialize_key(&ends->send, key);
    sotto_cipher_init(&ends->receive, suite);
    sotto_cipher_initialize_key(&ends->receive, key);
    memset(ends->text, 'x', sizeof ends->text);
}

static void seal(struct ends *ends)
{
    ends->sealed_len = sotto_cipher_sealed_len(&ends->send, TEXT_LEN);
    assert_int_equal(sotto_cipher_encrypt_with_ad(&ends->send, ad, sizeof ad,
                                                  ends->text, TEXT_LEN,
                                                  ends->sealed),
                     SOTTO_OK);
}

static enum sotto_err open_len(struct ends *ends, size_t sealed_len)
{
    uint8_t out[sizeof ends->sealed];
    size_t len;

    memset(out, 0, sizeof out);
    enum sotto_err err =
        sotto_cipher_decrypt_with_ad(&ends->receive, ad, sizeof ad,
                                     ends->sealed, sealed_len, out, &len);
    if (err == SOTTO_OK) {
        assert_int_equal(len, TEXT_LEN);
        assert_memory_equal(out, ends->text, TEXT_LEN);
    } else {
        for (size_t i = 0; i < sizeof out; i++) {
            assert_int_equal(out[i], 0);
        }
    }
    return err;
}

static enum sotto_err open_it(struct ends *ends)
{
    return open_len(ends, ends->sealed_len);
}

static void test_cipher_opens_what_it_sealed(void **state)
{
    struct ends ends;

    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        init(&ends, all_suites[i]);
        for (unsigned n = 0; n < 300; n++) { /* past one byte of n */
            seal(&ends);
            assert_int_equal(open_it(&ends), SOTTO_OK);
        }
        assert_int_equal(ends.receive.n, 300);
    }
}

static void test_cipher_refuses_other_order_and_keeps_its_place(void **state)
{
    struct ends ends;

    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        init(&ends, all_suites[i]);
        seal(&ends); /* lost */
        seal(&ends);
        assert_int_equal(open_it(&ends), SOTTO_ERR_AUTH);
        ends.receive.n = 1;
        assert_int_equal(open_it(&ends), SOTTO_OK);
        assert_int_equal(open_it(&ends), SOTTO_ERR_AUTH); /* replayed */
        assert_int_equal(ends.receive.n, 2);
    }
}

static void test_cipher_refuses_every_change(void **state)
{
    struct ends ends;

    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        init(&ends, all_suites[i]);
        seal(&ends);
        for (size_t bit = 0; bit < 8 * ends.sealed_len; bit++) {
            ends.sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_int_equal(open_it(&ends), SOTTO_ERR_AUTH);
            ends.sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        for (size_t len = 0; len < ends.sealed_len; len++) {
            assert_int_equal(open_len(&ends, len), SOTTO_ERR_AUTH);
        }
        assert_int_equal(open_it(&ends), SOTTO_OK);
    }
}

static void test_cipher_binds_the_ad(void **state)
{
    struct ends ends;
    uint8_t out[sizeof ends.sealed];
    size_t len;

    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        init(&ends, all_suites[i]);
        seal(&ends);
        assert_int_equal(sotto_cipher_decrypt_with_ad(
                             &ends.receive, ad, sizeof ad - 1, ends.sealed,
                             ends.sealed_len, out, &len),
                         SOTTO_ERR_AUTH);
    }
}

static void test_cipher_stops_before_the_counter_wraps(void **state)
{
    struct ends ends;
    uint8_t byte = 0;
    size_t len;

    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        init(&ends, all_suites[i]);
        ends.send.n = ends.receive.n = UINT64_MAX - 1;
        seal(&ends);
        assert_int_equal(open_it(&ends), SOTTO_OK);
        for (int again = 0; again < 2; again++) {
            assert_int_equal(sotto_cipher_encrypt_with_ad(&ends.send, NULL, 0,
                                                          &byte, 1,
                                                          ends.sealed),
                             SOTTO_ERR_LIMIT);
            assert_int_equal(sotto_cipher_decrypt_with_ad(&ends.receive, NULL,
                                                          0, ends.sealed,
                                                          ends.sealed_len,
                                                          ends.sealed, &len),
                             SOTTO_ERR_LIMIT);
        }
        assert_true(ends.send.n == UINT64_MAX);
    }
}

static void test_cipher_passes_text_without_a_key(void **state)
{
    struct sotto_cipher cipher;
    uint8_t out[4] = {0};
    size_t len = 0;

    (void)state;
    sotto_cipher_init(&cipher, SOTTO_SUITE_AESGCM);
    assert_int_equal(sotto_cipher_sealed_len(&cipher, 3), 3);
    assert_int_equal(sotto_cipher_encrypt_with_ad(&cipher, NULL, 0,
                                                  (const uint8_t *)"abc", 3,
                                                  out),
                     SOTTO_OK);
    assert_memory_equal(out, "abc", 3);
    assert_int_equal(sotto_cipher_decrypt_with_ad(&cipher, NULL, 0, out, 3, out,
                                                  &len),
                     SOTTO_OK);
    assert_int_equal(len, 3);
    assert_int_equal(cipher.n, 0);
}

/* Noise's nonces written out by hand. */
static void test_cipher_nonces_are_those_of_the_suites(void **state)
{
    static const uint64_t n = 0x0102030405060708U;
    static const uint8_t gcm[16] = {0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
    static const uint8_t chacha[16] = {0, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1};
    struct ends ends;
    uint8_t expected[sizeof ends.sealed];
    uint8_t iv[16] = {0};

    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        init(&ends, all_suites[i]);
        if (all_suites[i] == SOTTO_SUITE_A128CBCHS256) {
            sotto_aead_cbc_iv(&ends.send.aead, n, iv);
        }
        const uint8_t *nonces[] = {iv, gcm, chacha};
        ends.send.n = n;
        seal(&ends);
        assert_int_equal(sotto_aead_seal(&ends.send.aead, nonces[i], ad,
                                         sizeof ad, ends.text, TEXT_LEN,
                                         expected),
                         SOTTO_OK);
        assert_memory_equal(ends.sealed, expected, ends.sealed_len);
    }
}

/* From a128cbchs256.json, made with an independent implementation. */
static void test_cipher_rekeys_a128cbchs256_as_defined(void **state)
{
    struct sotto_cipher cipher;
    uint8_t k[32];
    uint8_t rekeyed[32];

    (void)state;
    assert_int_equal(sotto_hex_decode("68f66f0ab183099aacb9ae81312e32b9"
                                      "82ab040a25cba34f16f0681454a5e9cc",
                                      64, k, 32),
                     SOTTO_OK);
    assert_int_equal(sotto_hex_decode("771758a8efa8d769c1bf43f202029822"
                                      "f224ed0a7fcc130ef6dad75ea13da26a",
                                      64, rekeyed, 32),
                     SOTTO_OK);
    sotto_cipher_init(&cipher, SOTTO_SUITE_A128CBCHS256);
    sotto_cipher_initialize_key(&cipher, k);
    assert_int_equal(sotto_cipher_rekey(&cipher), SOTTO_OK);
    assert_memory_equal(cipher.k, rekeyed, 32);
}

/* Noise 4.2: the first 32 bytes of ENCRYPT(k, 2^64-1, "", 32 zeros). */
static void test_cipher_rekeys_the_others_as_noise_does(void **state)
{
    static const uint8_t last[16] = {0,    0,    0,    0,    0xff, 0xff,
                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t zeros[32] = {0};
    struct ends ends;
    uint8_t text[32 + SOTTO_AEAD_TAG_LEN];

    (void)state;
    for (size_t i = 1; i < SUITES; i++) {
        init(&ends, all_suites[i]);
        assert_int_equal(sotto_aead_seal(&ends.send.aead, last, NULL, 0, zeros,
                                         sizeof zeros, text),
                         SOTTO_OK);
        assert_int_equal(sotto_cipher_rekey(&ends.send), SOTTO_OK);
        assert_memory_equal(ends.send.k, text, 32);
    }
}

static void test_cipher_rekey_keeps_the_counter(void **state)
{
    struct ends ends;

    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        init(&ends, all_suites[i]);
        seal(&ends);
        assert_int_equal(open_it(&ends), SOTTO_OK);
        assert_int_equal(sotto_cipher_rekey(&ends.send), SOTTO_OK);
        seal(&ends);
        assert_int_equal(open_it(&ends), SOTTO_ERR_AUTH); /* the old key */
        assert_int_equal(sotto_cipher_rekey(&ends.receive), SOTTO_OK);
        assert_int_equal(open_it(&ends), SOTTO_OK);
        assert_int_equal(ends.send.n, 2);
    }
}

static void test_suite_plain_max_is_the_inverse_of_sealed_len(void **state)
{
    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        size_t least = sotto_suite_sealed_len(all_suites[i], 0);
        for (size_t limit = least; limit < 700; limit++) {
            size_t most = sotto_suite_plain_max(all_suites[i], limit);
            assert_true(sotto_suite_sealed_len(all_suites[i], most) <= limit);
            assert_true(sotto_suite_sealed_len(all_suites[i], most + 1) >
                        limit);
        }
        assert_int_equal(sotto_suite_plain_max(all_suites[i], least - 1), 0);
    }
}

static void test_suite_is_found_by_its_exact_name(void **state)
{
    enum sotto_suite suite;

    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        const char *name = sotto_suite_name(all_suites[i]);
        assert_int_equal(sotto_suite_find(name, strlen(name), &suite),
                         SOTTO_OK);
        assert_int_equal(suite, all_suites[i]);
        assert_int_equal(sotto_suite_find(name, strlen(name) - 1, &suite),
                         SOTTO_ERR_NOT_FOUND);
        assert_true(sotto_suite_is_known((unsigned)all_suites[i]));
    }
    assert_int_equal(sotto_suite_find("aesgcm", 6, &suite),
                     SOTTO_ERR_NOT_FOUND);
    assert_false(sotto_suite_is_known(0));
    assert_false(sotto_suite_is_known(4));
    assert_false(sotto_suite_is_known(255));
}

int test_cipher(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cipher_opens_what_it_sealed),
        cmocka_unit_test(test_cipher_refuses_other_order_and_keeps_its_place),
        cmocka_unit_test(test_cipher_refuses_every_change),
        cmocka_unit_test(test_cipher_binds_the_ad),
        cmocka_unit_test(test_cipher_stops_before_the_counter_wraps),
        cmocka_unit_test(test_cipher_passes_text_without_a_key),
        cmocka_unit_test(test_cipher_nonces_are_those_of_the_suites),
        cmocka_unit_test(test_cipher_rekeys_a128cbchs256_as_defined),
        cmocka_unit_test(test_cipher_rekeys_the_others_as_noise_does),
        cmocka_unit_test(test_cipher_rekey_keeps_the_counter),
        cmocka_unit_test(test_suite_plain_max_is_the_inverse_of_sealed_len),
        cmocka_unit_test(test_suite_is_found_by_its_exact_name),
    };
    return cmocka_run_group_tests_name("channel/cipher", tests, NULL, NULL);
}
