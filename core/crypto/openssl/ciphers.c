/*
 * ciphers.c - AES-GCM (NIST SP 800-38D, 96-bit nonces) and ChaCha20-Poly1305
 * (RFC 8439) by libcrypto's EVP interface; its low-level functions for AES do
 * not use the processor's instructions.
 *
 * The words of a key are the key: kept.h says why.
 */
#include "core/base/assert.h"
#include "core/crypto/aead_ciphers.h"
#include "core/crypto/openssl/cipher.h"
#include <limits.h>
#include <string.h>

_Static_assert(SOTTO_AEAD_WORDS * sizeof(uint32_t) >= SOTTO_AEAD_KEY_MAX,
               "enlarge SOTTO_AEAD_WORDS");

/* ---- the context of a thread (cipher.h) --------------------------------- */

EVP_CIPHER_CTX *sotto_cipher_begin(const struct sotto_aead *aead,
                                   const uint8_t *iv, int seals)
{
    const uint8_t *key = (const uint8_t *)aead->words;
    EVP_CIPHER_CTX *ctx = sotto_kept_cipher(aead->alg);
    int ret;

    SOTTO_ASSERT(ctx != NULL); /* but for memory: see README.md */
    ret = EVP_CipherInit_ex2(ctx, NULL, key, iv, seals, NULL);
    SOTTO_ASSERT(ret == 1);
    return ctx;
}

bool sotto_cipher_put(EVP_CIPHER_CTX *ctx, const uint8_t *in, size_t len,
                      uint8_t *out)
{
    int out_len;

    return len == 0 || (len <= INT_MAX && EVP_CipherUpdate(ctx, out, &out_len,
                                                           in, (int)len) == 1);
}

void sotto_cipher_end(EVP_CIPHER_CTX *ctx)
{
    static const uint8_t zeros[SOTTO_AEAD_KEY_MAX] = {0};
    int ret = EVP_CipherInit_ex2(ctx, NULL, zeros, NULL, 1, NULL);

    SOTTO_ASSERT(ret == 1);
}

/* ---- both ciphers ------------------------------------------------------- */

static void keep(struct sotto_aead *aead, const uint8_t *key)
{
    memcpy(aead->words, key, sotto_aead_key_len(aead->alg));
}

static bool seal_text(const struct sotto_aead *aead,
                      const struct sotto_aead_message *m, uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = sotto_cipher_begin(aead, m->nonce, 1);
    int rest;
    bool ok = sotto_cipher_put(ctx, m->ad, m->ad_len, NULL) &&
              sotto_cipher_put(ctx, m->text, m->len, out) &&
              EVP_CipherFinal_ex(ctx, out + m->len, &rest) == 1 &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG,
                                  SOTTO_AEAD_TAG_LEN, out + m->len) == 1;

    sotto_cipher_end(ctx);
    return ok;
}

static bool open_text(const struct sotto_aead *aead,
                      const struct sotto_aead_message *m, const uint8_t *tag,
                      uint8_t *out, size_t *out_len)
{
    uint8_t expected[SOTTO_AEAD_TAG_LEN]; /* the call takes no const */
    EVP_CIPHER_CTX *ctx = sotto_cipher_begin(aead, m->nonce, 0);
    int rest;
    bool ok;

    /* Decrypts, then compares the tag in constant time. */
    memcpy(expected, tag, sizeof expected);
    ok = sotto_cipher_put(ctx, m->ad, m->ad_len, NULL) &&
         sotto_cipher_put(ctx, m->text, m->len, out) &&
         EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, SOTTO_AEAD_TAG_LEN,
                             expected) == 1 &&
         EVP_CipherFinal_ex(ctx, out, &rest) == 1;
    sotto_cipher_end(ctx);
    *out_len = m->len;
    return ok;
}

const struct sotto_aead_cipher sotto_aead_gcm = {keep, seal_text, open_text};
const struct sotto_aead_cipher sotto_aead_chacha = {keep, seal_text, open_text};
