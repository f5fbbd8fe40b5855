/*
 * provider.h - ciphers and X25519 as libcrypto's providers offer them.
 *
 * EVP, which most programs call, looks for algorithms, and for the lengths of
 * keys and IVs, by their names each time; beside a short message or one X25519
 * that takes long. What it calls in the end is as well documented: provider(7),
 * provider-cipher(7), provider-keymgmt(7), provider-keyexch(7). All functions
 * that are taken here are obligatory for a provider.
 */
#ifndef SOTTO_CRYPTO_OPENSSL_PROVIDER_H
#define SOTTO_CRYPTO_OPENSSL_PROVIDER_H

#include <openssl/core_dispatch.h>
#include <openssl/evp.h>
#include <stdbool.h>

struct sotto_provider_cipher {
    EVP_CIPHER *holder; /* of the provider */
    void *ctx;          /* for any number of keys; NULL: not made yet */
    OSSL_FUNC_cipher_newctx_fn *new_ctx;
    OSSL_FUNC_cipher_freectx_fn *free_ctx;
    OSSL_FUNC_cipher_encrypt_init_fn *encrypt_init;
    OSSL_FUNC_cipher_decrypt_init_fn *decrypt_init;
    OSSL_FUNC_cipher_update_fn *update;
    OSSL_FUNC_cipher_final_fn *final;
    OSSL_FUNC_cipher_get_ctx_params_fn *get_params;
    OSSL_FUNC_cipher_set_ctx_params_fn *set_params;
};

struct sotto_provider_x25519 {
    EVP_KEYMGMT *holder;
    void *ctx; /* the provider's; NULL: not found yet */
    OSSL_FUNC_keymgmt_new_fn *new_key;
    OSSL_FUNC_keymgmt_free_fn *free_key;
    OSSL_FUNC_keymgmt_import_fn *import;
    OSSL_FUNC_keymgmt_get_params_fn *get_params;
    OSSL_FUNC_keyexch_newctx_fn *new_exchange;
    OSSL_FUNC_keyexch_freectx_fn *free_exchange;
    OSSL_FUNC_keyexch_init_fn *init;
    OSSL_FUNC_keyexch_set_peer_fn *set_peer;
    OSSL_FUNC_keyexch_derive_fn *derive;
};

/* Each makes, over a struct of zeros, what is asked for; else its `ctx` stays
 * NULL. To be freed in either case. */
void sotto_provider_cipher(struct sotto_provider_cipher *cipher,
                           const char *name);
void sotto_provider_cipher_free(struct sotto_provider_cipher *cipher);
void sotto_provider_x25519(struct sotto_provider_x25519 *x25519);
void sotto_provider_x25519_free(struct sotto_provider_x25519 *x25519);

#endif
