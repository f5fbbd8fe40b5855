/*
 * ciphers.c - AES-GCM (NIST SP 800-38D, 96-bit nonces) and ChaCha20-Poly1305
 * (RFC 8439) by libcrypto's provider; its low-level functions for AES do not use
 * the processor's instructions.
 *
 * The words of a key are the key: kept.h says why.
 */
#include "core/base/assert.h"
#include "core/crypto/aead_ciphers.h"
#include "core/crypto/openssl/cipher.h"
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <string.h>

_Static_assert(SOTTO_AEAD_WORDS * sizeof(uint32_t) >= SOTTO_AEAD_KEY_MAX,
               "enlarge SOTTO_AEAD_WORDS");

/* ---- the context of a thread (cipher.h) --------------------------------- */

/* Of the cipher: A128CBC-HS256's key has another half. */
static size_t key_len(enum sotto_aead_alg alg)
{
    return alg == SOTTO_AEAD_A128CBC_HS256 ? SOTTO_CBC_HALF
                                           : sotto_aead_key_len(alg);
}

const struct sotto_provider_cipher *sotto_cipher_begin(
    const struct sotto_aead *aead, const uint8_t *iv, bool seals)
{
    const uint8_t *key = (const uint8_t *)aead->words;
    const struct sotto_provider_cipher *cipher = sotto_kept_cipher(aead->alg);
    const size_t iv_len = sotto_aead_nonce_len(aead->alg);
    int ret;

    SOTTO_ASSERT(cipher != NULL); /* but for memory: see README.md */
    ret = (seals ? cipher->encrypt_init
                 : cipher->decrypt_init)(cipher->ctx, key, key_len(aead->alg),
                                         iv, iv_len, NULL);
    SOTTO_ASSERT(ret == 1);
    return cipher;
}

bool sotto_cipher_put(const struct sotto_provider_cipher *cipher,
                      const uint8_t *in, size_t len, uint8_t *out)
{
    size_t out_len;

    return len == 0 || cipher->update(cipher->ctx, out, &out_len,
                                      len + SOTTO_AES_BLOCK, in, len) == 1;
}

bool sotto_cipher_finish(const struct sotto_provider_cipher *cipher,
                         uint8_t *out, size_t *len)
{
    return cipher->final(cipher->ctx, out, len, SOTTO_AES_BLOCK) == 1;
}

void sotto_cipher_end(const struct sotto_provider_cipher *cipher,
                      enum sotto_aead_alg alg)
{
    static const uint8_t zeros[SOTTO_AEAD_KEY_MAX] = {0};
    int ret =
        cipher->encrypt_init(cipher->ctx, zeros, key_len(alg), NULL, 0, NULL);

    SOTTO_ASSERT(ret == 1);
}

/* ---- both ciphers ------------------------------------------------------- */

static void keep(struct sotto_aead *aead, const uint8_t *key)
{
    memcpy(aead->words, key, sotto_aead_key_len(aead->alg));
}

/* The tag, to be read or to be compared. */
static OSSL_PARAM tag_parameter(uint8_t *tag)
{
    return OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag,
                                             SOTTO_AEAD_TAG_LEN);
}

static bool seal_text(const struct sotto_aead *aead,
                      const struct sotto_aead_message *m, uint8_t *out)
{
    const struct sotto_provider_cipher *cipher =
        sotto_cipher_begin(aead, m->nonce, true);
    OSSL_PARAM tag[2] = {tag_parameter(out + m->len),
                         OSSL_PARAM_construct_end()};
    size_t rest;
    bool ok = sotto_cipher_put(cipher, m->ad, m->ad_len, NULL) &&
              sotto_cipher_put(cipher, m->text, m->len, out) &&
              sotto_cipher_finish(cipher, out + m->len, &rest) &&
              cipher->get_params(cipher->ctx, tag) == 1;

    sotto_cipher_end(cipher, aead->alg);
    return ok;
}

static bool open_text(const struct sotto_aead *aead,
                      const struct sotto_aead_message *m, const uint8_t *tag,
                      uint8_t *out, size_t *out_len)
{
    uint8_t copy[SOTTO_AEAD_TAG_LEN]; /* the parameter has no const */
    OSSL_PARAM expected[2] = {tag_parameter(copy), OSSL_PARAM_construct_end()};
    const struct sotto_provider_cipher *cipher =
        sotto_cipher_begin(aead, m->nonce, false);
    size_t rest;
    bool ok;

    /* Decrypts, then compares the tag in constant time. */
    memcpy(copy, tag, sizeof copy);
    ok = sotto_cipher_put(cipher, m->ad, m->ad_len, NULL) &&
         sotto_cipher_put(cipher, m->text, m->len, out) &&
         cipher->set_params(cipher->ctx, expected) == 1 &&
         sotto_cipher_finish(cipher, out, &rest);
    sotto_cipher_end(cipher, aead->alg);
    *out_len = m->len;
    return ok;
}

const struct sotto_aead_cipher sotto_aead_gcm = {keep, seal_text, open_text};
const struct sotto_aead_cipher sotto_aead_chacha = {keep, seal_text, open_text};
