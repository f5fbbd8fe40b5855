/*
 * aead_keys.h - the ciphers behind aead.h, and how their keys are kept.
 *
 * An expanded key lives in the words of a `struct sotto_aead`, packed to what
 * depends on the key alone; mbedTLS's contexts, which also hold the state of a
 * message and room for longer keys, are built from it on the stack and wiped
 * again. So a key of ours is a third smaller, may be used by several threads,
 * and there is no key set-up for a record.
 *
 *     A128CBC-HS256   enc 44 | dec 44 | HMAC inner 8 | HMAC outer 8
 *     AES-GCM         enc 60 (128-bit: 44) | table 64 | kind of table 1
 *     ChaCha20        key 8
 */
#ifndef SOTTO_CRYPTO_MBEDTLS_AEAD_KEYS_H
#define SOTTO_CRYPTO_MBEDTLS_AEAD_KEYS_H

#define MBEDTLS_ALLOW_PRIVATE_ACCESS /* round keys, GCM's table */

#include "core/crypto/aead.h"
#include <mbedtls/aes.h>
#include <stdbool.h>

/* Round keys: four words for each round and four before the first. */
#define SOTTO_AES128_WORDS 44
#define SOTTO_AES256_WORDS 60

/* One message. `text` is what is sealed, or ciphertext without its tag. */
struct sotto_aead_message {
    const uint8_t *nonce;
    const uint8_t *ad;
    size_t ad_len;
    const uint8_t *text;
    size_t len;
};

/* Packs the round keys of a context, and unpacks them into one (initialised or
 * not) for 10 or 14 rounds. */
void sotto_aes_pack(const mbedtls_aes_context *aes, uint32_t *words,
                    size_t count);
void sotto_aes_unpack(const uint32_t *words, size_t count,
                      mbedtls_aes_context *aes);

/*
 * Each cipher: init() takes the raw key; seal() writes ciphertext and tag to
 * `out`, and false means that the back end failed; open() checks `tag`, writes
 * the plain text and its length, and false means that it must not be used.
 */
void sotto_cbc_init(struct sotto_aead *aead, const uint8_t *key);
bool sotto_cbc_seal(const struct sotto_aead *aead,
                    const struct sotto_aead_message *m, uint8_t *out);
bool sotto_cbc_open(const struct sotto_aead *aead,
                    const struct sotto_aead_message *m, const uint8_t *tag,
                    uint8_t *out, size_t *out_len);

void sotto_gcm_init(struct sotto_aead *aead, const uint8_t *key);
bool sotto_gcm_seal(const struct sotto_aead *aead,
                    const struct sotto_aead_message *m, uint8_t *out);
bool sotto_gcm_open(const struct sotto_aead *aead,
                    const struct sotto_aead_message *m, const uint8_t *tag,
                    uint8_t *out, size_t *out_len);

void sotto_chacha_init(struct sotto_aead *aead, const uint8_t *key);
bool sotto_chacha_seal(const struct sotto_aead *aead,
                       const struct sotto_aead_message *m, uint8_t *out);
bool sotto_chacha_open(const struct sotto_aead *aead,
                       const struct sotto_aead_message *m, const uint8_t *tag,
                       uint8_t *out, size_t *out_len);

#endif
