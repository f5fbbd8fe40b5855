/* symmetric.c - SymmetricState: Noise 5.2, step by step. */
#include "core/channel/symmetric.h"
#include "core/base/assert.h"
#include "core/base/secret.h"
#include <string.h>

#define HKDF_OUTPUTS_MAX 3

/* Noise's HKDF with `count` outputs of 32 bytes: HKDF of RFC 5869 with `ck` as
 * salt and no info (Noise 4.3). */
static void hkdf(const uint8_t ck[static SOTTO_HASH_LEN], const uint8_t *ikm,
                 size_t len, uint8_t *out, size_t count)
{
    uint8_t prk[SOTTO_HASH_LEN];

    sotto_hkdf_extract(ck, SOTTO_HASH_LEN, ikm, len, prk);
    enum sotto_err err =
        sotto_hkdf_expand(prk, NULL, 0, out, count * SOTTO_HASH_LEN);
    SOTTO_ASSERT(err == SOTTO_OK); /* it can only be too much output */
    sotto_wipe(prk, sizeof prk);
}

/* h = HASH(h || in) */
static void hash_onto(uint8_t h[static SOTTO_HASH_LEN], const uint8_t *in,
                      size_t len)
{
    struct sotto_sha256 hash;

    sotto_sha256_init(&hash);
    sotto_sha256_add(&hash, h, SOTTO_HASH_LEN);
    sotto_sha256_add(&hash, in, len);
    sotto_sha256_end(&hash, h);
}

void sotto_symmetric_init(struct sotto_symmetric *symmetric,
                          enum sotto_suite suite, const char *name,
                          size_t name_len)
{
    sotto_cipher_init(&symmetric->cipher, suite);
    memset(symmetric->h, 0, sizeof symmetric->h);
    if (name_len <= SOTTO_HASH_LEN) {
        memcpy(symmetric->h, name, name_len);
    } else {
        sotto_sha256(name, name_len, symmetric->h);
    }
    memcpy(symmetric->ck, symmetric->h, SOTTO_HASH_LEN);
}

void sotto_symmetric_wipe(struct sotto_symmetric *symmetric)
{
    sotto_wipe(symmetric, sizeof *symmetric);
}

void sotto_symmetric_mix_hash(struct sotto_symmetric *symmetric,
                              const uint8_t *in, size_t len)
{
    hash_onto(symmetric->h, in, len);
}

void sotto_symmetric_mix_key(struct sotto_symmetric *symmetric,
                             const uint8_t *ikm, size_t len)
{
    uint8_t out[2 * SOTTO_HASH_LEN];

    hkdf(symmetric->ck, ikm, len, out, 2);
    memcpy(symmetric->ck, out, SOTTO_HASH_LEN);
    sotto_cipher_initialize_key(&symmetric->cipher, out + SOTTO_HASH_LEN);
    sotto_wipe(out, sizeof out);
}

void sotto_symmetric_mix_key_and_hash(struct sotto_symmetric *symmetric,
                                      const uint8_t *ikm, size_t len)
{
    uint8_t out[HKDF_OUTPUTS_MAX * SOTTO_HASH_LEN];

    hkdf(symmetric->ck, ikm, len, out, 3);
    memcpy(symmetric->ck, out, SOTTO_HASH_LEN);
    hash_onto(symmetric->h, out + SOTTO_HASH_LEN, SOTTO_HASH_LEN);
    sotto_cipher_initialize_key(&symmetric->cipher,
                                out + (size_t)2 * SOTTO_HASH_LEN);
    sotto_wipe(out, sizeof out);
}

enum sotto_err sotto_symmetric_encrypt_and_hash(
    struct sotto_symmetric *symmetric, const uint8_t *in, size_t len,
    uint8_t *out)
{
    size_t sealed_len = sotto_cipher_sealed_len(&symmetric->cipher, len);
    enum sotto_err err =
        sotto_cipher_encrypt_with_ad(&symmetric->cipher, symmetric->h,
                                     SOTTO_HASH_LEN, in, len, out);
    if (err == SOTTO_OK) {
        hash_onto(symmetric->h, out, sealed_len);
    }
    return err;
}

enum sotto_err sotto_symmetric_decrypt_and_hash(
    struct sotto_symmetric *symmetric, const uint8_t *in, size_t len,
    uint8_t *out, size_t *out_len)
{
    uint8_t next[SOTTO_HASH_LEN];

    /* The ciphertext is hashed first: opening in place overwrites it. */
    memcpy(next, symmetric->h, sizeof next);
    hash_onto(next, in, len);
    enum sotto_err err =
        sotto_cipher_decrypt_with_ad(&symmetric->cipher, symmetric->h,
                                     SOTTO_HASH_LEN, in, len, out, out_len);
    if (err == SOTTO_OK) {
        memcpy(symmetric->h, next, sizeof next);
    }
    return err;
}

void sotto_symmetric_split(const struct sotto_symmetric *symmetric,
                           uint8_t k1[static SOTTO_CIPHER_KEY_LEN],
                           uint8_t k2[static SOTTO_CIPHER_KEY_LEN])
{
    uint8_t out[2 * SOTTO_HASH_LEN];

    hkdf(symmetric->ck, NULL, 0, out, 2);
    memcpy(k1, out, SOTTO_CIPHER_KEY_LEN);
    memcpy(k2, out + SOTTO_HASH_LEN, SOTTO_CIPHER_KEY_LEN);
    sotto_wipe(out, sizeof out);
}
