/*
 * aead_keys.h - how the keys of aead_ciphers.h are kept here.
 *
 * mbedTLS's contexts, which also hold the state of a message and room for longer
 * keys, are built from the key's words on the stack and wiped again. There are
 * two ways to keep a key, and a build links one of them:
 *
 *                         keys_expanded.c (hosts)       keys_small.c (boards)
 *     A128CBC-HS256   enc 44 | key 4 | HMAC 8 | 8      enc 4 | HMAC 8 | 8
 *     AES-GCM         enc 60 (128-bit: 44) | H 4 | 1    key 8 (4)
 *     ChaCha20        key 8                             key 8
 *
 * Expanded, there is no set-up for a record, but for the round keys of a CBC
 * record that is opened, and for GCM where mbedTLS multiplies with its portable
 * code: its table would make every key 240 bytes longer, and an idle connection
 * has two keys. Small, a connection needs 360 bytes less, and each record begins
 * with AES's key schedule, and for GCM with H.
 */
#ifndef SOTTO_CRYPTO_MBEDTLS_AEAD_KEYS_H
#define SOTTO_CRYPTO_MBEDTLS_AEAD_KEYS_H

#define MBEDTLS_ALLOW_PRIVATE_ACCESS /* round keys, GCM's table */

#include "core/crypto/aead_ciphers.h"
#include <mbedtls/aes.h>
#include <mbedtls/gcm.h>

/*
 * keys_expanded.c or keys_small.c: contexts (initialised or not) that are ready
 * for messages, and the HMAC's two midstates. Free the contexts after use.
 */
void sotto_cbc_keep(struct sotto_aead *aead, const uint8_t *key);
void sotto_cbc_encryption(const struct sotto_aead *aead,
                          mbedtls_aes_context *aes);
void sotto_cbc_decryption(const struct sotto_aead *aead,
                          mbedtls_aes_context *aes);
const uint32_t *sotto_cbc_inner(const struct sotto_aead *aead);
const uint32_t *sotto_cbc_outer(const struct sotto_aead *aead);
void sotto_gcm_keep(struct sotto_aead *aead, const uint8_t *key);
void sotto_gcm_prepare(const struct sotto_aead *aead, mbedtls_gcm_context *gcm);

#endif
