/*
 * aead_keys.h - the ciphers behind aead.h, and how their keys are kept.
 *
 * A key lives in the words of a `struct sotto_aead`; mbedTLS's contexts, which
 * also hold the state of a message and room for longer keys, are built from it
 * on the stack and wiped again. So a key may be used by several threads. There
 * are two ways to keep it, and a build links one of them:
 *
 *                         keys_expanded.c (hosts)        keys_small.c (boards)
 *     A128CBC-HS256   enc 44 | dec 44 | HMAC 8 | 8        enc 4 | HMAC 8 | 8
 *     AES-GCM         enc 60 (128-bit: 44) | table 64 | 1   key 8 (4)
 *     ChaCha20        key 8                                 key 8
 *
 * Expanded, a key is still a third smaller than mbedTLS's contexts, and there
 * is no set-up for a record. Small, a connection needs 850 bytes less, and each
 * record begins with AES's key schedule, and for GCM with its table.
 */
#ifndef SOTTO_CRYPTO_MBEDTLS_AEAD_KEYS_H
#define SOTTO_CRYPTO_MBEDTLS_AEAD_KEYS_H

#define MBEDTLS_ALLOW_PRIVATE_ACCESS /* round keys, GCM's table */

#include "core/crypto/aead.h"
#include <mbedtls/aes.h>
#include <mbedtls/gcm.h>
#include <stdbool.h>

#define SOTTO_CBC_HALF 16 /* bytes of the key: MAC_KEY, then ENC_KEY */

/* One message. `text` is what is sealed, or ciphertext without its tag. */
struct sotto_aead_message {
    const uint8_t *nonce;
    const uint8_t *ad;
    size_t ad_len;
    const uint8_t *text;
    size_t len;
};

/*
 * keys_expanded.c or keys_small.c: contexts (initialised or not) that are ready
 * for messages, and the HMAC's two midstates (midstate.h). Free the contexts
 * after use.
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

/* The midstates of a key's HMAC, inner and outer. */
void sotto_cbc_midstates(const uint8_t *key, uint32_t *inner, uint32_t *outer);

/*
 * Each cipher: keep() takes the raw key; seal() writes ciphertext and tag to
 * `out`, and false means that the back end failed; open() checks `tag`, writes
 * the plain text and its length, and false means that it must not be used.
 */
bool sotto_cbc_seal(const struct sotto_aead *aead,
                    const struct sotto_aead_message *m, uint8_t *out);
bool sotto_cbc_open(const struct sotto_aead *aead,
                    const struct sotto_aead_message *m, const uint8_t *tag,
                    uint8_t *out, size_t *out_len);

bool sotto_gcm_seal(const struct sotto_aead *aead,
                    const struct sotto_aead_message *m, uint8_t *out);
bool sotto_gcm_open(const struct sotto_aead *aead,
                    const struct sotto_aead_message *m, const uint8_t *tag,
                    uint8_t *out, size_t *out_len);

void sotto_chacha_keep(struct sotto_aead *aead, const uint8_t *key);
bool sotto_chacha_seal(const struct sotto_aead *aead,
                       const struct sotto_aead_message *m, uint8_t *out);
bool sotto_chacha_open(const struct sotto_aead *aead,
                       const struct sotto_aead_message *m, const uint8_t *tag,
                       uint8_t *out, size_t *out_len);

#endif
