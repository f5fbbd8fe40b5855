/*
 * gcm.c - AES-128-GCM and AES-256-GCM (NIST SP 800-38D), 96-bit nonces.
 *
 * What mbedTLS prepares from a key is the round keys, the multiples of the
 * hash key H, and the choice of multiplication for this processor. Nothing is
 * allocated, because the block cipher is called without its cipher layer.
 */
#include "core/crypto/mbedtls/aead_keys.h"

#if !defined(MBEDTLS_BLOCK_CIPHER_C)
#    error "MBEDTLS_CIPHER_C must be off: GCM would allocate"
#endif

#define NONCE_LEN 12

static bool seal_text(const struct sotto_aead *aead,
                      const struct sotto_aead_message *m, uint8_t *out)
{
    mbedtls_gcm_context gcm;
    int ret;

    sotto_gcm_prepare(aead, &gcm);
    ret = mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, m->len, m->nonce,
                                    NONCE_LEN, m->ad, m->ad_len, m->text, out,
                                    SOTTO_AEAD_TAG_LEN, out + m->len);
    mbedtls_gcm_free(&gcm);
    return ret == 0;
}

static bool open_text(const struct sotto_aead *aead,
                      const struct sotto_aead_message *m, const uint8_t *tag,
                      uint8_t *out, size_t *out_len)
{
    mbedtls_gcm_context gcm;
    int ret;

    /* Decrypts, then compares the tag in constant time; on a mismatch it
     * erases what it wrote. */
    sotto_gcm_prepare(aead, &gcm);
    ret = mbedtls_gcm_auth_decrypt(&gcm, m->len, m->nonce, NONCE_LEN, m->ad,
                                   m->ad_len, tag, SOTTO_AEAD_TAG_LEN, m->text,
                                   out);
    mbedtls_gcm_free(&gcm);
    *out_len = m->len;
    return ret == 0;
}

const struct sotto_aead_cipher sotto_aead_gcm = {sotto_gcm_keep, seal_text,
                                                 open_text};
