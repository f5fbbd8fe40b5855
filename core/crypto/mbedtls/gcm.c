/*
 * gcm.c - AES-128-GCM and AES-256-GCM (NIST SP 800-38D), 96-bit nonces.
 *
 * What mbedTLS prepares from a key is the round keys, the multiples of the
 * hash key H, and the choice of multiplication for this processor. Nothing is
 * allocated, because the block cipher is called without its cipher layer.
 */
#include "core/base/assert.h"
#include "core/crypto/mbedtls/aead_keys.h"
#include <mbedtls/gcm.h>
#include <string.h>

#if !defined(MBEDTLS_BLOCK_CIPHER_C)
#    error "MBEDTLS_CIPHER_C must be off: GCM would allocate"
#endif

#define NONCE_LEN 12

/* Where the parts of the key stand in sotto_aead.words. */
#define ENC_AT   0
#define TABLE_AT (ENC_AT + SOTTO_AES256_WORDS)
#define KIND_AT  (TABLE_AT + 64)
#define END_AT   (KIND_AT + 1)

_Static_assert(sizeof((struct sotto_aead *)0)->words >=
                   END_AT * sizeof(uint32_t),
               "enlarge sotto_aead.words");
_Static_assert(sizeof((mbedtls_gcm_context *)0)->H ==
                   (KIND_AT - TABLE_AT) * sizeof(uint32_t),
               "MBEDTLS_GCM_LARGE_TABLE must be off: 4 KiB for each key");

static size_t round_words(const struct sotto_aead *aead)
{
    return aead->alg == SOTTO_AEAD_AES128_GCM ? SOTTO_AES128_WORDS
                                              : SOTTO_AES256_WORDS;
}

void sotto_gcm_init(struct sotto_aead *aead, const uint8_t *key)
{
    mbedtls_gcm_context gcm;
    unsigned bits = aead->alg == SOTTO_AEAD_AES128_GCM ? 128 : 256;
    int ret;

    mbedtls_gcm_init(&gcm);
    ret = mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, bits);
    SOTTO_ASSERT(ret == 0); /* fails for other key lengths only */
    sotto_aes_pack(&gcm.block_cipher_ctx.ctx.aes, aead->words + ENC_AT,
                   round_words(aead));
    memcpy(aead->words + TABLE_AT, gcm.H, sizeof gcm.H);
    aead->words[KIND_AT] = gcm.acceleration;
    mbedtls_gcm_free(&gcm);
}

static void unpack(const struct sotto_aead *aead, mbedtls_gcm_context *gcm)
{
    mbedtls_gcm_init(gcm);
    gcm->block_cipher_ctx.id = MBEDTLS_BLOCK_CIPHER_ID_AES;
    sotto_aes_unpack(aead->words + ENC_AT, round_words(aead),
                     &gcm->block_cipher_ctx.ctx.aes);
    memcpy(gcm->H, aead->words + TABLE_AT, sizeof gcm->H);
    gcm->acceleration = (unsigned char)aead->words[KIND_AT];
}

bool sotto_gcm_seal(const struct sotto_aead *aead,
                    const struct sotto_aead_message *m, uint8_t *out)
{
    mbedtls_gcm_context gcm;
    int ret;

    unpack(aead, &gcm);
    ret = mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, m->len, m->nonce,
                                    NONCE_LEN, m->ad, m->ad_len, m->text, out,
                                    SOTTO_AEAD_TAG_LEN, out + m->len);
    mbedtls_gcm_free(&gcm);
    return ret == 0;
}

bool sotto_gcm_open(const struct sotto_aead *aead,
                    const struct sotto_aead_message *m, const uint8_t *tag,
                    uint8_t *out, size_t *out_len)
{
    mbedtls_gcm_context gcm;
    int ret;

    /* Decrypts, then compares the tag in constant time; on a mismatch it
     * erases what it wrote. */
    unpack(aead, &gcm);
    ret = mbedtls_gcm_auth_decrypt(&gcm, m->len, m->nonce, NONCE_LEN, m->ad,
                                   m->ad_len, tag, SOTTO_AEAD_TAG_LEN, m->text,
                                   out);
    mbedtls_gcm_free(&gcm);
    *out_len = m->len;
    return ret == 0;
}
