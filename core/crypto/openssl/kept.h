/*
 * kept.h - what each thread keeps of libcrypto's objects.
 *
 * libcrypto's contexts are allocated, and finding an algorithm by its name takes
 * locks and longer than using it. So a thread makes each object when it first
 * needs it, and keeps it until it ends; the main thread's go with the process.
 * Nothing is shared between threads, and no message allocates anything.
 *
 * A key stays in such an object no longer than one message: it is set before,
 * and replaced by zeros after. That costs less than a message of 64 bytes
 * (apps/bench/README.md), and what a connection or group has erased is then
 * erased.
 */
#ifndef SOTTO_CRYPTO_OPENSSL_KEPT_H
#define SOTTO_CRYPTO_OPENSSL_KEPT_H

#include "core/crypto/aead.h"
#include <openssl/core_dispatch.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#define SOTTO_KEPT_CIPHERS (SOTTO_AEAD_AES128_GCM + 1)

/*
 * X25519 as libcrypto's provider of it offers it (provider-keymgmt(7),
 * provider-keyexch(7)). Called through EVP, one agreement costs an eighth more:
 * it looks for algorithms by their names several times.
 */
struct sotto_kept_x25519 {
    void *provider; /* its context; NULL: not looked for yet */
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

struct sotto_kept {
    EVP_CIPHER_CTX *ciphers[SOTTO_KEPT_CIPHERS]; /* by enum sotto_aead_alg;
                                                    A128CBC-HS256's is AES */
    EVP_KEYMGMT *x25519_keys;                    /* holds on to `x25519` */
    struct sotto_kept_x25519 x25519;
    EC_GROUP *p256;
    BN_MONT_CTX *order; /* of P-256: what multiplying modulo n wants */
    BIGNUM *order_minus_2;
};

/*
 * This thread's objects; each function makes what is missing. NULL when there is
 * no memory for it.
 */
EVP_CIPHER_CTX *sotto_kept_cipher(enum sotto_aead_alg alg);
const struct sotto_kept_x25519 *sotto_kept_x25519(void);
/* With all that P-256 wants: what is secret is never among it. */
const struct sotto_kept *sotto_kept_p256(void);

#endif
