/*
 * secrets.c - nothing that is done with a secret can be seen from its time.
 *
 * Run by valgrind's memcheck, which is told that each secret is memory that was
 * never written. It follows what is computed from that, and reports every branch
 * and every address that depends on it: a leak, however seldom it would show. So
 * what the compiler made of the code is checked, not what the code looks like.
 *
 * With --leak it leaks, so that one knows that this would be seen.
 */
#include "core/base/secret.h"
#include "core/base/text.h"
#include "core/crypto/aead.h"
#include "core/crypto/hash.h"
#include "core/crypto/x25519.h"
#include "tests/unit/test.h"
#include <stdio.h>
#include <string.h>
#include <valgrind/memcheck.h>

#define TEXT_MAX 200

/* Bytes that are not known from here on. */
static void hide(void *at, size_t len)
{
    VALGRIND_MAKE_MEM_UNDEFINED(at, len);
}

/* What was computed may be looked at. */
static void show(void *at, size_t len)
{
    VALGRIND_MAKE_MEM_DEFINED(at, len);
}

static void check_x25519(void)
{
    uint8_t private_key[SOTTO_X25519_LEN] = {1, 2, 3};
    uint8_t public_key[SOTTO_X25519_LEN];
    uint8_t again[SOTTO_X25519_LEN];

    sotto_x25519_public(private_key, again);
    hide(private_key, sizeof private_key);
    sotto_x25519_public(private_key, public_key);
    show(public_key, sizeof public_key);
    assert_memory_equal(public_key, again, sizeof again);
}

static void check_hashes(void)
{
    uint8_t secret[TEXT_MAX] = {1};
    uint8_t out[SOTTO_HASH_LEN];
    const struct sotto_piece piece = {secret, sizeof secret};
    struct sotto_pbkdf2 kdf;

    hide(secret, sizeof secret);
    sotto_sha256(secret, sizeof secret, out);
    sotto_hmac(secret, 32, &piece, 1, out);
    sotto_hkdf_extract(secret, 32, secret, 32, out);
    assert_int_equal(sotto_hkdf_expand(out, NULL, 0, secret, 64), SOTTO_OK);
    sotto_pbkdf2_init(&kdf, secret, 20, (const uint8_t *)"salt", 4, 3);
    assert_true(sotto_pbkdf2_run(&kdf, 3));
    sotto_pbkdf2_end(&kdf, out);
}

/* A record's key and its text; who opens it answers by whether the tag fits, so
 * only its being made can be looked at. */
static void check_seal(enum sotto_aead_alg alg)
{
    uint8_t key[SOTTO_AEAD_KEY_MAX] = {1};
    uint8_t nonce[SOTTO_AEAD_NONCE_MAX] = {1};
    uint8_t text[TEXT_MAX + SOTTO_AEAD_OVERHEAD_MAX] = {1};
    struct sotto_aead aead;

    hide(key, sizeof key);
    hide(text, sizeof text);
    sotto_aead_init(&aead, alg, key);
    for (size_t len = 0; len <= TEXT_MAX; len += 50) {
        assert_int_equal(sotto_aead_seal(&aead, nonce, nonce, sizeof nonce,
                                         text, len, text),
                         SOTTO_OK);
    }
    sotto_aead_wipe(&aead);
}

/* That it is well formed may show; what it says may not (core/base/text.c). */
static void check_text(void)
{
    uint8_t secret[32] = {0xa1, 0x5f, 0xff};
    uint8_t again[sizeof secret];
    char text[2 * sizeof secret + 1];
    size_t len = 0;

    hide(secret, sizeof secret);
    sotto_hex_encode(secret, sizeof secret, text);
    assert_int_equal(sotto_base64_encode(secret, sizeof secret, text,
                                         sizeof text, &len),
                     SOTTO_OK);
    show(text, sizeof text);
    assert_int_equal(sotto_base64_decode(text, len, again, sizeof again, &len),
                     SOTTO_OK);
    assert_int_equal(len, sizeof secret);
}

static void check_equal(void)
{
    uint8_t one[32] = {1};
    uint8_t other[32] = {1, 2};
    bool is_equal;

    hide(one, sizeof one);
    hide(other, sizeof other);
    is_equal = sotto_equal(one, other, sizeof one);
    show(&is_equal, sizeof is_equal);
    assert_false(is_equal);
}

static void test_secrets_do_not_show_in_time(void **state)
{
    (void)state;
    check_x25519();
    check_hashes();
    check_seal(SOTTO_AEAD_A128CBC_HS256);
    check_seal(SOTTO_AEAD_AES256_GCM);
    check_seal(SOTTO_AEAD_CHACHA20_POLY1305);
    check_text();
    check_equal();
}

/* A branch, as nobody is to write it. */
static int leak(void)
{
    uint8_t secret[1] = {1};

    hide(secret, sizeof secret);
    return puts(secret[0] == 1 ? "one" : "another") < 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secrets_do_not_show_in_time),
    };

    if (argc > 1 && strcmp(argv[1], "--leak") == 0) {
        return leak();
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
