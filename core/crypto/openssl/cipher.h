/*
 * cipher.h - one message by the context that a thread keeps for a cipher.
 *
 * begin(), put() for each piece, end(): the key is in the context only between
 * the first and the last.
 */
#ifndef SOTTO_CRYPTO_OPENSSL_CIPHER_H
#define SOTTO_CRYPTO_OPENSSL_CIPHER_H

#include "core/crypto/openssl/kept.h"
#include <stdbool.h>

/* This thread's context with the key at the front of `aead`'s words; `iv`: or
 * nonce. */
const struct sotto_provider_cipher *sotto_cipher_begin(
    const struct sotto_aead *aead, const uint8_t *iv, bool seals);

/* Takes `len` bytes and writes to `out` the blocks that are whole; `out` NULL:
 * associated data. */
bool sotto_cipher_put(const struct sotto_provider_cipher *cipher,
                      const uint8_t *in, size_t len, uint8_t *out)
    SOTTO_MUST_CHECK;

/* Writes what is left, at most a block, and its length; false when the message
 * is not to be had. */
bool sotto_cipher_finish(const struct sotto_provider_cipher *cipher,
                         uint8_t *out, size_t *len) SOTTO_MUST_CHECK;

/* Erases the key. */
void sotto_cipher_end(const struct sotto_provider_cipher *cipher,
                      enum sotto_aead_alg alg);

#endif
