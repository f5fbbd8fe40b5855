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
EVP_CIPHER_CTX *sotto_cipher_begin(const struct sotto_aead *aead,
                                   const uint8_t *iv, int seals);

/* Takes `len` bytes (whole blocks where the cipher has blocks); `out` NULL:
 * associated data. */
bool sotto_cipher_put(EVP_CIPHER_CTX *ctx, const uint8_t *in, size_t len,
                      uint8_t *out) SOTTO_MUST_CHECK;

/* Erases the key. */
void sotto_cipher_end(EVP_CIPHER_CTX *ctx);

#endif
