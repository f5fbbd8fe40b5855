/*
 * kept.c - what each thread keeps of libcrypto's objects.
 */
#include "core/crypto/openssl/kept.h"
#include <openssl/crypto.h>
#include <openssl/obj_mac.h>
#include <stdbool.h>

/* The names that libcrypto has for them. */
static const char *const cipher_names[SOTTO_KEPT_CIPHERS] = {
    [SOTTO_AEAD_A128CBC_HS256] = "AES-128-CBC",
    [SOTTO_AEAD_AES256_GCM] = "AES-256-GCM",
    [SOTTO_AEAD_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
    [SOTTO_AEAD_AES128_GCM] = "AES-128-GCM",
};

/* Where a thread finds its own. Written once, by whoever comes first. */
/* NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables) */
static CRYPTO_ONCE kept_once = CRYPTO_ONCE_STATIC_INIT;
static CRYPTO_THREAD_LOCAL kept_of_thread;
static bool kept_works;
/* NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables) */

/* Called for what a thread has when it ends. */
static void drop(void *arg)
{
    struct sotto_kept *kept = arg;

    for (size_t i = 0; i < SOTTO_KEPT_CIPHERS; i++) {
        sotto_provider_cipher_free(&kept->ciphers[i]);
    }
    sotto_provider_x25519_free(&kept->x25519);
    EC_GROUP_free(kept->p256);
    BN_MONT_CTX_free(kept->order);
    BN_free(kept->order_minus_2);
    OPENSSL_free(kept);
}

static void start(void)
{
    kept_works = CRYPTO_THREAD_init_local(&kept_of_thread, drop) == 1;
}

static struct sotto_kept *find(void)
{
    struct sotto_kept *kept;

    if (CRYPTO_THREAD_run_once(&kept_once, start) != 1 || !kept_works) {
        return NULL;
    }
    kept = CRYPTO_THREAD_get_local(&kept_of_thread);
    if (kept == NULL) {
        kept = OPENSSL_zalloc(sizeof *kept);
        if (kept != NULL &&
            CRYPTO_THREAD_set_local(&kept_of_thread, kept) != 1) {
            OPENSSL_free(kept);
            kept = NULL;
        }
    }
    return kept;
}

const struct sotto_provider_cipher *sotto_kept_cipher(enum sotto_aead_alg alg)
{
    struct sotto_kept *kept = find();
    struct sotto_provider_cipher *cipher;

    if (kept == NULL) {
        return NULL;
    }
    cipher = &kept->ciphers[alg];
    if (cipher->ctx == NULL) {
        sotto_provider_cipher_free(cipher); /* of a part that was made */
        sotto_provider_cipher(cipher, cipher_names[alg]);
    }
    return cipher->ctx == NULL ? NULL : cipher;
}

const struct sotto_provider_x25519 *sotto_kept_x25519(void)
{
    struct sotto_kept *kept = find();

    if (kept == NULL) {
        return NULL;
    }
    if (kept->x25519.ctx == NULL) {
        sotto_provider_x25519_free(&kept->x25519);
        sotto_provider_x25519(&kept->x25519);
    }
    return kept->x25519.ctx == NULL ? NULL : &kept->x25519;
}

/* Parts are there when an earlier call found no memory for the rest. */
static void make_p256(struct sotto_kept *kept)
{
    BN_CTX *scratch = BN_CTX_new();

    if (kept->p256 == NULL) {
        kept->p256 = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    }
    if (kept->order == NULL) {
        kept->order = BN_MONT_CTX_new();
    }
    if (scratch != NULL && kept->p256 != NULL && kept->order != NULL) {
        const BIGNUM *order = EC_GROUP_get0_order(kept->p256);

        if (BN_MONT_CTX_set(kept->order, order, scratch) == 1) {
            kept->order_minus_2 = BN_dup(order);
        }
    }
    if (kept->order_minus_2 != NULL) {
        (void)BN_sub_word(kept->order_minus_2, 2); /* makes it no longer */
    }
    BN_CTX_free(scratch);
}

const struct sotto_kept *sotto_kept_p256(void)
{
    struct sotto_kept *kept = find();

    if (kept != NULL && kept->order_minus_2 == NULL) {
        make_p256(kept);
    }
    return kept == NULL || kept->order_minus_2 == NULL ? NULL : kept;
}
