/*
 * cbc_hmac.c - AEAD_AES_128_CBC_HMAC_SHA_256 (RFC 7518 5.2.2, 5.2.3).
 *
 *     K = MAC_KEY (16) | ENC_KEY (16)
 *     E = AES-128-CBC(ENC_KEY, IV, text | PKCS#7 padding)
 *     T = first 16 bytes of HMAC-SHA-256(MAC_KEY, AD | IV | E | AL)
 *
 * AL is the length of AD in bits, 64-bit big-endian. The tag is compared in
 * constant time before a single block is decrypted, so padding is only ever
 * looked at in messages that a holder of the key has made: there is no padding
 * oracle. Bad padding under a valid tag is that holder's mistake, and gets the
 * same refusal.
 */
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/crypto/mbedtls/aead_keys.h"
#include "core/crypto/mbedtls/midstate.h"
#include <string.h>

/* The MAC over AD, IV, ciphertext and AL; its first 16 bytes are the tag. */
static bool make_tag(const struct sotto_aead *aead,
                     const struct sotto_aead_message *m, const uint8_t *cipher,
                     size_t cipher_len, uint8_t mac[static SOTTO_HASH_LEN])
{
    mbedtls_sha256_context ctx;
    uint8_t al[8];
    int ret = 0;

    sotto_cbc_number(8 * (uint64_t)m->ad_len, al);
    sotto_midstate_resume(sotto_cbc_inner(aead), &ctx);
    ret |= mbedtls_sha256_update(&ctx, m->ad, m->ad_len);
    ret |= mbedtls_sha256_update(&ctx, m->nonce, SOTTO_AES_BLOCK);
    ret |= mbedtls_sha256_update(&ctx, cipher, cipher_len);
    ret |= mbedtls_sha256_update(&ctx, al, sizeof al);
    ret |= mbedtls_sha256_finish(&ctx, mac);
    sotto_midstate_resume(sotto_cbc_outer(aead), &ctx);
    ret |= mbedtls_sha256_update(&ctx, mac, SOTTO_HASH_LEN);
    ret |= mbedtls_sha256_finish(&ctx, mac);
    mbedtls_sha256_free(&ctx);
    return ret == 0;
}

static bool seal_text(const struct sotto_aead *aead,
                      const struct sotto_aead_message *m, uint8_t *out)
{
    const size_t tail_len = m->len % SOTTO_AES_BLOCK;
    const size_t body_len = m->len - tail_len;
    const uint8_t padding = (uint8_t)(SOTTO_AES_BLOCK - tail_len);
    mbedtls_aes_context aes;
    uint8_t mac[SOTTO_HASH_LEN];
    uint8_t iv[SOTTO_AES_BLOCK];   /* moves along with the chain */
    uint8_t last[SOTTO_AES_BLOCK]; /* the end of the text and its padding */
    int ret = 0;
    bool ok;

    memset(last, padding, sizeof last);
    if (tail_len > 0) {
        memcpy(last, m->text + body_len, tail_len);
    }
    memcpy(iv, m->nonce, sizeof iv);
    sotto_cbc_encryption(aead, &aes);
    if (body_len > 0) {
        ret |= mbedtls_aes_crypt_cbc(&aes, MBEDTLS_AES_ENCRYPT, body_len, iv,
                                     m->text, out);
    }
    ret |= mbedtls_aes_crypt_cbc(&aes, MBEDTLS_AES_ENCRYPT, sizeof last, iv,
                                 last, out + body_len);
    ok = ret == 0 && make_tag(aead, m, out, body_len + SOTTO_AES_BLOCK, mac);
    if (ok) {
        memcpy(out + body_len + SOTTO_AES_BLOCK, mac, SOTTO_AEAD_TAG_LEN);
    }
    mbedtls_aes_free(&aes);
    sotto_wipe(last, sizeof last);
    sotto_wipe(mac, sizeof mac);
    return ok;
}

/* The length of the text before its padding; false when that is malformed. What
 * the text ends in decides no branch: only that all of the padding is right does. */
static bool strip(const uint8_t *padded, size_t padded_len, size_t *len)
{
    const uint8_t *last = padded + padded_len - SOTTO_AES_BLOCK;
    const uint32_t padding = last[SOTTO_AES_BLOCK - 1];
    const uint32_t beyond = (padding - 1) >> 4; /* of 1 to 16: 0 */
    const uint32_t none = 0;
    uint8_t right[SOTTO_AES_BLOCK]; /* the last block as it should be */

    for (uint32_t i = 0; i < SOTTO_AES_BLOCK; i++) {
        /* All ones in the last `padding` places. */
        uint32_t mask = 0 - ((SOTTO_AES_BLOCK - 1 - i - padding) >> 31);
        right[i] = (uint8_t)((padding & mask) | (last[i] & ~mask));
    }
    bool is_right = sotto_equal(right, last, sizeof right);
    bool is_in_range = sotto_equal(&beyond, &none, sizeof none);
    sotto_wipe(right, sizeof right);
    *len = padded_len - padding;
    return is_right && is_in_range;
}

static bool open_text(const struct sotto_aead *aead,
                      const struct sotto_aead_message *m, const uint8_t *tag,
                      uint8_t *out, size_t *out_len)
{
    mbedtls_aes_context aes;
    uint8_t mac[SOTTO_HASH_LEN];
    uint8_t iv[SOTTO_AES_BLOCK];
    int ret;
    bool ok;

    if (m->len == 0 || m->len % SOTTO_AES_BLOCK != 0) {
        return false;
    }
    ok = make_tag(aead, m, m->text, m->len, mac) &&
         sotto_equal(mac, tag, SOTTO_AEAD_TAG_LEN);
    sotto_wipe(mac, sizeof mac); /* the right tag of somebody's message */
    if (!ok) {
        return false;
    }
    memcpy(iv, m->nonce, sizeof iv);
    sotto_cbc_decryption(aead, &aes);
    ret = mbedtls_aes_crypt_cbc(&aes, MBEDTLS_AES_DECRYPT, m->len, iv, m->text,
                                out);
    mbedtls_aes_free(&aes);
    return ret == 0 && strip(out, m->len, out_len);
}

const struct sotto_aead_cipher sotto_aead_cbc_hmac = {sotto_cbc_keep, seal_text,
                                                      open_text};

void sotto_aead_cbc_iv(const struct sotto_aead *aead, uint64_t n,
                       uint8_t iv[static 16])
{
    mbedtls_aes_context aes;
    uint8_t block[SOTTO_AES_BLOCK] = {0};
    int ret;

    SOTTO_ASSERT(aead->alg == SOTTO_AEAD_A128CBC_HS256);
    sotto_cbc_number(n, block + 8);
    sotto_cbc_encryption(aead, &aes);
    ret = mbedtls_aes_crypt_ecb(&aes, MBEDTLS_AES_ENCRYPT, block, iv);
    mbedtls_aes_free(&aes);
    SOTTO_ASSERT(ret == 0); /* one block under a set key cannot fail */
}
