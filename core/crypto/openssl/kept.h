/*
 * kept.h - what each thread keeps of libcrypto's objects.
 *
 * libcrypto's contexts are allocated, and finding an algorithm by its name takes
 * locks and longer than using it (provider.h). So a thread makes each object when it first
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
#include "core/crypto/openssl/provider.h"
#include <openssl/ec.h>

#define SOTTO_KEPT_CIPHERS (SOTTO_AEAD_AES128_GCM + 1)

struct sotto_kept {
    /* By enum sotto_aead_alg; A128CBC-HS256's is AES. */
    struct sotto_provider_cipher ciphers[SOTTO_KEPT_CIPHERS];
    struct sotto_provider_x25519 x25519;
    EC_GROUP *p256;
    BN_MONT_CTX *order; /* of P-256: what multiplying modulo n wants */
    BIGNUM *order_minus_2;
};

/*
 * This thread's objects; each function makes what is missing. NULL when there is
 * no memory for it.
 */
const struct sotto_provider_cipher *sotto_kept_cipher(enum sotto_aead_alg alg);
const struct sotto_provider_x25519 *sotto_kept_x25519(void);
/* With all that P-256 wants: what is secret is never among it. */
const struct sotto_kept *sotto_kept_p256(void);

#endif
