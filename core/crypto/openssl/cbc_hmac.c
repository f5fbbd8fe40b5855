/*
 * cbc_hmac.c - AEAD_AES_128_CBC_HMAC_SHA_256 (RFC 7518 5.2.2, 5.2.3) by
 * libcrypto. What it computes, and why there is no padding oracle, stands in
 * core/crypto/mbedtls/cbc_hmac.c.
 *
 * A key's words: ENC_KEY 4 | the HMAC's midstates 8 | 8.
 */
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/crypto/aead_ciphers.h"
#include "core/crypto/openssl/cipher.h"
#include "core/crypto/openssl/midstate.h"
#include <string.h>

#define INNER_AT (SOTTO_CBC_HALF / sizeof(uint32_t))
#define OUTER_AT (INNER_AT + SOTTO_MIDSTATE_WORDS)

_Static_assert(SOTTO_AEAD_WORDS >= OUTER_AT + SOTTO_MIDSTATE_WORDS,
               "enlarge SOTTO_AEAD_WORDS");

static void keep(struct sotto_aead *aead, const uint8_t *key)
{
    memcpy(aead->words, key + SOTTO_CBC_HALF, SOTTO_CBC_HALF);
    sotto_cbc_midstates(key, aead->words + INNER_AT, aead->words + OUTER_AT);
}

/* The MAC over AD, IV, ciphertext and AL; its first 16 bytes are the tag. */
static void make_tag(const struct sotto_aead *aead,
                     const struct sotto_aead_message *m, const uint8_t *cipher,
                     size_t cipher_len, uint8_t mac[static SOTTO_HASH_LEN])
{
    struct sotto_sha256 hash;
    uint8_t al[8];

    sotto_cbc_number(8 * (uint64_t)m->ad_len, al);
    sotto_midstate_resume(aead->words + INNER_AT, &hash);
    sotto_sha256_add(&hash, m->ad, m->ad_len);
    sotto_sha256_add(&hash, m->nonce, SOTTO_AES_BLOCK);
    sotto_sha256_add(&hash, cipher, cipher_len);
    sotto_sha256_add(&hash, al, sizeof al);
    sotto_sha256_end(&hash, mac);
    sotto_midstate_resume(aead->words + OUTER_AT, &hash);
    sotto_sha256_add(&hash, mac, SOTTO_HASH_LEN);
    sotto_sha256_end(&hash, mac);
}

/* Libcrypto pads, and takes padding off again. */
static bool seal_text(const struct sotto_aead *aead,
                      const struct sotto_aead_message *m, uint8_t *out)
{
    const size_t len =
        sotto_aead_sealed_len(aead->alg, m->len) - SOTTO_AEAD_TAG_LEN;
    uint8_t mac[SOTTO_HASH_LEN];
    EVP_CIPHER_CTX *ctx = sotto_cipher_begin(aead, m->nonce, 1);
    int rest;
    bool ok = sotto_cipher_put(ctx, m->text, m->len, out) &&
              EVP_CipherFinal_ex(ctx, out + len - SOTTO_AES_BLOCK, &rest) == 1;

    sotto_cipher_end(ctx);
    if (ok) {
        make_tag(aead, m, out, len, mac);
        memcpy(out + len, mac, SOTTO_AEAD_TAG_LEN);
        sotto_wipe(mac, sizeof mac);
    }
    return ok;
}

static bool open_text(const struct sotto_aead *aead,
                      const struct sotto_aead_message *m, const uint8_t *tag,
                      uint8_t *out, size_t *out_len)
{
    EVP_CIPHER_CTX *ctx;
    uint8_t mac[SOTTO_HASH_LEN];
    int rest;
    bool ok;

    if (m->len == 0 || m->len % SOTTO_AES_BLOCK != 0) {
        return false;
    }
    make_tag(aead, m, m->text, m->len, mac);
    ok = sotto_equal(mac, tag, SOTTO_AEAD_TAG_LEN);
    sotto_wipe(mac, sizeof mac); /* the right tag of somebody's message */
    if (!ok) {
        return false;
    }
    ctx = sotto_cipher_begin(aead, m->nonce, 0);
    ok = sotto_cipher_put(ctx, m->text, m->len, out) &&
         EVP_CipherFinal_ex(ctx, out + m->len - SOTTO_AES_BLOCK, &rest) == 1;
    sotto_cipher_end(ctx);
    if (ok) {
        *out_len = m->len - SOTTO_AES_BLOCK + (size_t)rest;
    }
    return ok;
}

const struct sotto_aead_cipher sotto_aead_cbc_hmac = {keep, seal_text,
                                                      open_text};

/* One block in CBC mode, from an IV of zeros. */
void sotto_aead_cbc_iv(const struct sotto_aead *aead, uint64_t n,
                       uint8_t iv[static 16])
{
    static const uint8_t zeros[SOTTO_AES_BLOCK] = {0};
    uint8_t block[SOTTO_AES_BLOCK] = {0};
    EVP_CIPHER_CTX *ctx;
    bool ok;

    SOTTO_ASSERT(aead->alg == SOTTO_AEAD_A128CBC_HS256);
    sotto_cbc_number(n, block + 8);
    ctx = sotto_cipher_begin(aead, zeros, 1);
    ok = sotto_cipher_put(ctx, block, sizeof block, iv);
    sotto_cipher_end(ctx);
    SOTTO_ASSERT(ok); /* one block under a set key cannot fail */
}
