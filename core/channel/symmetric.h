/*
 * symmetric.h - the running key and hash of a handshake: Noise's
 * SymmetricState, with SHA-256.
 *
 * After: Noise revision 34, section 5.2.
 */
#ifndef SOTTO_CHANNEL_SYMMETRIC_H
#define SOTTO_CHANNEL_SYMMETRIC_H

#include "core/channel/cipher.h"
#include "core/crypto/hash.h"
#include <sotto/err.h>
#include <stddef.h>
#include <stdint.h>

struct sotto_symmetric {
    struct sotto_cipher cipher;
    uint8_t ck[SOTTO_HASH_LEN]; /* the chaining key */
    uint8_t h[SOTTO_HASH_LEN];  /* the hash of all that was said */
};

/* InitializeSymmetric with a protocol name of `name_len` bytes. */
void sotto_symmetric_init(struct sotto_symmetric *symmetric,
                          enum sotto_suite suite, const char *name,
                          size_t name_len);

void sotto_symmetric_wipe(struct sotto_symmetric *symmetric);

void sotto_symmetric_mix_hash(struct sotto_symmetric *symmetric,
                              const uint8_t *in, size_t len);

void sotto_symmetric_mix_key(struct sotto_symmetric *symmetric,
                             const uint8_t *ikm, size_t len);

void sotto_symmetric_mix_key_and_hash(struct sotto_symmetric *symmetric,
                                      const uint8_t *ikm, size_t len);

/* EncryptAndHash: sotto_cipher_sealed_len() bytes go to `out`. CRYPTO. */
enum sotto_err sotto_symmetric_encrypt_and_hash(
    struct sotto_symmetric *symmetric, const uint8_t *in, size_t len,
    uint8_t *out) SOTTO_MUST_CHECK;

/* DecryptAndHash: `out` is `in` or room for `len` bytes apart from it. AUTH:
 * the state has not changed, and no plaintext has left. */
enum sotto_err sotto_symmetric_decrypt_and_hash(
    struct sotto_symmetric *symmetric, const uint8_t *in, size_t len,
    uint8_t *out, size_t *out_len) SOTTO_MUST_CHECK;

/* Split: the keys from initiator to responder (`k1`) and back (`k2`). */
void sotto_symmetric_split(const struct sotto_symmetric *symmetric,
                           uint8_t k1[static SOTTO_CIPHER_KEY_LEN],
                           uint8_t k2[static SOTTO_CIPHER_KEY_LEN]);

#endif
