/*
 * chachapoly.c - ChaCha20-Poly1305 (RFC 8439).
 *
 * The cipher has no key schedule: the key itself is kept, in eight words.
 */
#include "core/base/assert.h"
#include "core/crypto/mbedtls/aead_keys.h"
#include <mbedtls/chachapoly.h>
#include <string.h>

#define KEY_LEN 32

static void keep(struct sotto_aead *aead, const uint8_t *key)
{
    memcpy(aead->words, key, KEY_LEN);
}

static void unpack(const struct sotto_aead *aead,
                   mbedtls_chachapoly_context *ctx)
{
    int ret;

    mbedtls_chachapoly_init(ctx);
    ret = mbedtls_chachapoly_setkey(ctx, (const uint8_t *)aead->words);
    SOTTO_ASSERT(ret == 0); /* any 32 bytes are a key */
}

static bool seal_text(const struct sotto_aead *aead,
                      const struct sotto_aead_message *m, uint8_t *out)
{
    mbedtls_chachapoly_context ctx;
    int ret;

    unpack(aead, &ctx);
    ret = mbedtls_chachapoly_encrypt_and_tag(&ctx, m->len, m->nonce, m->ad,
                                             m->ad_len, m->text, out,
                                             out + m->len);
    mbedtls_chachapoly_free(&ctx);
    return ret == 0;
}

static bool open_text(const struct sotto_aead *aead,
                      const struct sotto_aead_message *m, const uint8_t *tag,
                      uint8_t *out, size_t *out_len)
{
    mbedtls_chachapoly_context ctx;
    int ret;

    /* Decrypts, then compares the tag in constant time; on a mismatch it
     * erases what it wrote. */
    unpack(aead, &ctx);
    ret = mbedtls_chachapoly_auth_decrypt(&ctx, m->len, m->nonce, m->ad,
                                          m->ad_len, tag, m->text, out);
    mbedtls_chachapoly_free(&ctx);
    *out_len = m->len;
    return ret == 0;
}

const struct sotto_aead_cipher sotto_aead_chacha = {keep, seal_text, open_text};
