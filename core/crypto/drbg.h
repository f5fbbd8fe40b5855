/*
 * drbg.h - HMAC-DRBG with SHA-256, as RFC 6979 3.2 uses it: the same seed
 * gives the same bytes.
 *
 * Not a source of randomness. It makes secret numbers out of a secret that is
 * there already: the nonce of a signature and the blinding of a point.
 */
#ifndef SOTTO_CRYPTO_DRBG_H
#define SOTTO_CRYPTO_DRBG_H

#include "core/crypto/hash.h"

struct sotto_drbg {
    uint8_t key[SOTTO_HASH_LEN];
    uint8_t value[SOTTO_HASH_LEN];
};

/* Seeds with `first` and then `second` (steps b to g); either may be empty. */
void sotto_drbg_init(struct sotto_drbg *drbg, struct sotto_piece first,
                     struct sotto_piece second);

/* Writes the next `len` bytes and moves on (step h): one call for each
 * candidate. */
void sotto_drbg_next(struct sotto_drbg *drbg, uint8_t *out, size_t len);

void sotto_drbg_wipe(struct sotto_drbg *drbg);

#endif
