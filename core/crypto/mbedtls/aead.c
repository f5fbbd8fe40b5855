/*
 * aead.c - which cipher does it: the table of core/crypto/aead.h.
 */
#include "core/crypto/aead.h"
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/crypto/mbedtls/aead_keys.h"

#define CBC_BLOCK_LEN 16

/* What the ciphers differ in. */
struct cipher {
    size_t key_len;
    size_t nonce_len;
    void (*keep)(struct sotto_aead *aead, const uint8_t *key);
    bool (*seal)(const struct sotto_aead *aead,
                 const struct sotto_aead_message *m, uint8_t *out);
    bool (*open)(const struct sotto_aead *aead,
                 const struct sotto_aead_message *m, const uint8_t *tag,
                 uint8_t *out, size_t *out_len);
};

static const struct cipher ciphers[] = {
    [SOTTO_AEAD_A128CBC_HS256] = {32, 16, sotto_cbc_keep, sotto_cbc_seal,
                                  sotto_cbc_open},
    [SOTTO_AEAD_CHACHA20_POLY1305] = {32, 12, sotto_chacha_keep,
                                      sotto_chacha_seal, sotto_chacha_open},
#if SOTTO_AEAD_GCM
    [SOTTO_AEAD_AES256_GCM] = {32, 12, sotto_gcm_keep, sotto_gcm_seal,
                               sotto_gcm_open},
    [SOTTO_AEAD_AES128_GCM] = {16, 12, sotto_gcm_keep, sotto_gcm_seal,
                               sotto_gcm_open},
#endif
};

#define CIPHER_COUNT (sizeof ciphers / sizeof ciphers[0])

static const struct cipher *find(enum sotto_aead_alg alg)
{
    SOTTO_ASSERT((size_t)alg < CIPHER_COUNT && ciphers[alg].key_len != 0);
    return &ciphers[alg];
}

size_t sotto_aead_key_len(enum sotto_aead_alg alg)
{
    return find(alg)->key_len;
}

size_t sotto_aead_nonce_len(enum sotto_aead_alg alg)
{
    return find(alg)->nonce_len;
}

size_t sotto_aead_sealed_len(enum sotto_aead_alg alg, size_t len)
{
    if (find(alg) == &ciphers[SOTTO_AEAD_A128CBC_HS256]) {
        len += CBC_BLOCK_LEN - len % CBC_BLOCK_LEN;
    }
    return len + SOTTO_AEAD_TAG_LEN;
}

void sotto_aead_init(struct sotto_aead *aead, enum sotto_aead_alg alg,
                     const uint8_t *key)
{
    const struct cipher *cipher = find(alg);

    sotto_wipe(aead, sizeof *aead);
    aead->alg = alg;
    cipher->keep(aead, key);
}

void sotto_aead_wipe(struct sotto_aead *aead)
{
    sotto_wipe(aead, sizeof *aead);
}

enum sotto_err sotto_aead_seal(const struct sotto_aead *aead,
                               const uint8_t *nonce, const uint8_t *ad,
                               size_t ad_len, const uint8_t *in, size_t len,
                               uint8_t *out)
{
    const struct sotto_aead_message m = {nonce, ad, ad_len, in, len};

    if (!find(aead->alg)->seal(aead, &m, out)) {
        sotto_wipe(out, sotto_aead_sealed_len(aead->alg, len));
        return SOTTO_ERR_CRYPTO;
    }
    return SOTTO_OK;
}

enum sotto_err sotto_aead_open(const struct sotto_aead *aead,
                               const uint8_t *nonce, const uint8_t *ad,
                               size_t ad_len, const uint8_t *in, size_t len,
                               uint8_t *out, size_t *out_len)
{
    struct sotto_aead_message m = {nonce, ad, ad_len, in, 0};
    size_t plain_len;

    if (len < SOTTO_AEAD_TAG_LEN) {
        return SOTTO_ERR_AUTH;
    }
    m.len = len - SOTTO_AEAD_TAG_LEN;
    if (!find(aead->alg)->open(aead, &m, in + m.len, out, &plain_len)) {
        sotto_wipe(out, m.len);
        return SOTTO_ERR_AUTH;
    }
    *out_len = plain_len;
    return SOTTO_OK;
}
