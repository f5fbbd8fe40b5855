/*
 * openssl_memory.c - what core/crypto/openssl does with memory: messages allocate
 * nothing, no key outlives its message, and a thread leaves nothing behind.
 */
#include "core/crypto/aead.h"
#include "core/crypto/hash.h"
#include "core/crypto/p256.h"
#include "core/crypto/x25519.h"
#include "tests/crypto/heap.h"
#include "tests/unit/test.h"
#include <pthread.h>
#include <string.h>

static const enum sotto_aead_alg algs[] = {SOTTO_AEAD_A128CBC_HS256,
                                           SOTTO_AEAD_AES256_GCM,
                                           SOTTO_AEAD_CHACHA20_POLY1305,
                                           SOTTO_AEAD_AES128_GCM};

#define ALG_COUNT (sizeof algs / sizeof *algs)

/* Different in each of its words, so that no other bytes are like it. */
static const uint8_t key[SOTTO_AEAD_KEY_MAX] =
    "Key of 32 bytes that is unique.";

static void exchange(const struct sotto_aead *aead, size_t text_len)
{
    uint8_t text[1000 + SOTTO_AEAD_OVERHEAD_MAX] = {0};
    uint8_t nonce[SOTTO_AEAD_NONCE_MAX] = {1};
    const size_t sealed_len = sotto_aead_sealed_len(aead->alg, text_len);
    size_t len = 0;

    if (aead->alg == SOTTO_AEAD_A128CBC_HS256) {
        sotto_aead_cbc_iv(aead, 7, nonce);
    }
    assert_int_equal(sotto_aead_seal(aead, nonce, nonce, sizeof nonce, text,
                                     text_len, text),
                     SOTTO_OK);
    assert_int_equal(sotto_aead_open(aead, nonce, nonce, sizeof nonce, text,
                                     sealed_len, text, &len),
                     SOTTO_OK);
    assert_int_equal(len, text_len);
    text[0] ^= 1;
    assert_int_equal(sotto_aead_open(aead, nonce, nonce, sizeof nonce, text,
                                     sealed_len, text, &len),
                     SOTTO_ERR_AUTH);
}

static void test_openssl_messages_allocate_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALG_COUNT; i++) {
        struct sotto_aead aead;
        size_t before;

        sotto_aead_init(&aead, algs[i], key);
        exchange(&aead, 64); /* the thread's first of this cipher */
        before = heap_calls();
        for (size_t len = 0; len <= 1000; len += 100) {
            sotto_aead_init(&aead, algs[i], key);
            exchange(&aead, len);
        }
        assert_int_equal(heap_calls(), before);
    }
}

static void test_openssl_hashes_allocate_nothing(void **state)
{
    const struct sotto_piece piece = {key, sizeof key};
    const size_t before = heap_calls();
    uint8_t mac[SOTTO_HASH_LEN];

    (void)state;
    sotto_hmac(key, sizeof key, &piece, 1, mac);
    sotto_hkdf_extract(key, sizeof key, key, sizeof key, mac);
    assert_int_equal(sotto_hkdf_expand(mac, key, sizeof key, mac, sizeof mac),
                     SOTTO_OK);
    assert_int_equal(heap_calls(), before);
}

/* An expanded AES key begins with the key itself. */
static void test_openssl_keeps_no_key_of_a_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALG_COUNT; i++) {
        struct sotto_aead aead;

        sotto_aead_init(&aead, algs[i], key);
        exchange(&aead, 64);
        sotto_aead_wipe(&aead);
        assert_false(heap_has(key, 16));
        assert_false(heap_has(key + 16, 16));
    }
}

static void test_openssl_keeps_no_private_key(void **state)
{
    uint8_t public_key[SOTTO_P256_PUBLIC_LEN];
    uint8_t reversed[32];
    uint8_t signature[SOTTO_P256_SIGNATURE_MAX];
    uint8_t shared[32];
    size_t len;

    (void)state;
    for (size_t i = 0; i < sizeof reversed; i++) { /* as numbers are kept */
        reversed[i] = key[31 - i];
    }
    sotto_x25519_public(key, public_key);
    assert_int_equal(sotto_x25519_agree(key, public_key, shared), SOTTO_OK);
    assert_int_equal(sotto_p256_public(key, public_key), SOTTO_OK);
    assert_int_equal(sotto_p256_agree(key, public_key, shared), SOTTO_OK);
    assert_int_equal(sotto_p256_sign(key, shared, signature, &len), SOTTO_OK);
    assert_false(heap_has(key, sizeof key));
    assert_false(heap_has(reversed, sizeof reversed));
    assert_false(heap_has(shared, sizeof shared));
}

static void *use_everything(void *arg)
{
    uint8_t public_key[SOTTO_P256_PUBLIC_LEN];
    uint8_t other[SOTTO_X25519_LEN];

    for (size_t i = 0; i < ALG_COUNT; i++) {
        struct sotto_aead aead;

        sotto_aead_init(&aead, algs[i], key);
        exchange(&aead, 64);
    }
    sotto_x25519_public(key, other);
    assert_int_equal(sotto_p256_public(key, public_key), SOTTO_OK);
    return arg;
}

static void test_openssl_threads_leave_nothing(void **state)
{
    size_t before;

    (void)state;
    use_everything(NULL); /* what libcrypto keeps for the process */
    before = heap_blocks();
    for (int i = 0; i < 3; i++) {
        pthread_t thread;

        assert_int_equal(pthread_create(&thread, NULL, use_everything, NULL),
                         0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(heap_blocks(), before);
    }
}

/* So that the tests above mean something. */
static void test_openssl_heap_sees_what_is_kept(void **state)
{
    size_t before = heap_blocks();

    (void)state;
    assert_true(before > 100);
    assert_true(heap_has("AES-128-CBC", 11) || heap_has("aes-128-cbc", 11));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openssl_messages_allocate_nothing),
        cmocka_unit_test(test_openssl_hashes_allocate_nothing),
        cmocka_unit_test(test_openssl_keeps_no_key_of_a_message),
        cmocka_unit_test(test_openssl_keeps_no_private_key),
        cmocka_unit_test(test_openssl_threads_leave_nothing),
        cmocka_unit_test(test_openssl_heap_sees_what_is_kept),
    };

    heap_install();
    return cmocka_run_group_tests_name("openssl_memory", tests, NULL, NULL);
}
