/*
 * kept.c - what each thread keeps of libcrypto's objects.
 */
#include "core/crypto/openssl/kept.h"
#include <openssl/crypto.h>
#include <openssl/obj_mac.h>
#include <openssl/provider.h>
#include <stdbool.h>
#include <string.h>

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
        EVP_CIPHER_CTX_free(kept->ciphers[i]);
    }
    EVP_KEYMGMT_free(kept->x25519_keys);
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

/* A context for one cipher and any number of keys. */
static EVP_CIPHER_CTX *make_cipher(const char *name)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    if (cipher == NULL || ctx == NULL ||
        EVP_CipherInit_ex2(ctx, cipher, NULL, NULL, 1, NULL) != 1) {
        EVP_CIPHER_CTX_free(ctx);
        ctx = NULL;
    }
    EVP_CIPHER_free(cipher); /* the context holds on to it */
    return ctx;
}

EVP_CIPHER_CTX *sotto_kept_cipher(enum sotto_aead_alg alg)
{
    struct sotto_kept *kept = find();

    if (kept == NULL) {
        return NULL;
    }
    if (kept->ciphers[alg] == NULL) {
        kept->ciphers[alg] = make_cipher(cipher_names[alg]);
    }
    return kept->ciphers[alg];
}

static void take_key_function(struct sotto_kept_x25519 *x25519,
                              const OSSL_DISPATCH *function)
{
    switch (function->function_id) {
    case OSSL_FUNC_KEYMGMT_NEW:
        x25519->new_key = OSSL_FUNC_keymgmt_new(function);
        break;
    case OSSL_FUNC_KEYMGMT_FREE:
        x25519->free_key = OSSL_FUNC_keymgmt_free(function);
        break;
    case OSSL_FUNC_KEYMGMT_IMPORT:
        x25519->import = OSSL_FUNC_keymgmt_import(function);
        break;
    case OSSL_FUNC_KEYMGMT_GET_PARAMS:
        x25519->get_params = OSSL_FUNC_keymgmt_get_params(function);
        break;
    default:
        break;
    }
}

static void take_exchange_function(struct sotto_kept_x25519 *x25519,
                                   const OSSL_DISPATCH *function)
{
    switch (function->function_id) {
    case OSSL_FUNC_KEYEXCH_NEWCTX:
        x25519->new_exchange = OSSL_FUNC_keyexch_newctx(function);
        break;
    case OSSL_FUNC_KEYEXCH_FREECTX:
        x25519->free_exchange = OSSL_FUNC_keyexch_freectx(function);
        break;
    case OSSL_FUNC_KEYEXCH_INIT:
        x25519->init = OSSL_FUNC_keyexch_init(function);
        break;
    case OSSL_FUNC_KEYEXCH_SET_PEER:
        x25519->set_peer = OSSL_FUNC_keyexch_set_peer(function);
        break;
    case OSSL_FUNC_KEYEXCH_DERIVE:
        x25519->derive = OSSL_FUNC_keyexch_derive(function);
        break;
    default:
        break;
    }
}

/* Whether it is the first of those names, between which there are colons. */
static bool is_x25519(const char *names)
{
    static const char name[] = "X25519";
    const size_t len = sizeof name - 1;

    return strncmp(names, name, len) == 0 &&
           (names[len] == ':' || names[len] == '\0');
}

/* Takes the provider's functions for X25519, of the operation `id`. */
static bool take_functions(const OSSL_PROVIDER *provider, int id,
                           void (*take)(struct sotto_kept_x25519 *x25519,
                                        const OSSL_DISPATCH *function),
                           struct sotto_kept_x25519 *x25519)
{
    int no_cache;
    const OSSL_ALGORITHM *all =
        OSSL_PROVIDER_query_operation(provider, id, &no_cache);
    const OSSL_ALGORITHM *at = all;
    bool is_there = false;

    for (; at != NULL && at->algorithm_names != NULL && !is_there; at++) {
        is_there = is_x25519(at->algorithm_names);
        for (size_t i = 0; is_there && at->implementation[i].function_id != 0;
             i++) {
            take(x25519, &at->implementation[i]);
        }
    }
    OSSL_PROVIDER_unquery_operation(provider, id, all);
    return is_there;
}

/* All of the functions are obligatory for providers of the two operations. */
static void make_x25519(struct sotto_kept *kept)
{
    struct sotto_kept_x25519 found = {NULL};
    const OSSL_PROVIDER *provider;

    if (kept->x25519_keys == NULL) {
        kept->x25519_keys = EVP_KEYMGMT_fetch(NULL, "X25519", NULL);
    }
    if (kept->x25519_keys == NULL) {
        return;
    }
    provider = EVP_KEYMGMT_get0_provider(kept->x25519_keys);
    if (take_functions(provider, OSSL_OP_KEYMGMT, take_key_function, &found) &&
        take_functions(provider, OSSL_OP_KEYEXCH, take_exchange_function,
                       &found)) {
        found.provider = OSSL_PROVIDER_get0_provider_ctx(provider);
        kept->x25519 = found;
    }
}

const struct sotto_kept_x25519 *sotto_kept_x25519(void)
{
    struct sotto_kept *kept = find();

    if (kept != NULL && kept->x25519.provider == NULL) {
        make_x25519(kept);
    }
    return kept == NULL || kept->x25519.provider == NULL ? NULL : &kept->x25519;
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
