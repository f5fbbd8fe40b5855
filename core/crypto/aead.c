/*
 * aead.c - which cipher does it: the table of core/crypto/aead.h, and what of
 * A128CBC-HS256 is the same for every back end.
 */
#include "core/crypto/aead.h"
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/crypto/aead_ciphers.h"
#include "core/crypto/midstate.h"

/* What the ciphers differ in. */
struct row {
    size_t key_len;
    size_t nonce_len;
    const struct sotto_aead_cipher *cipher;
};

static const struct row rows[] = {
#if SOTTO_AEAD_CBC
    [SOTTO_AEAD_A128CBC_HS256] = {32, 16, &sotto_aead_cbc_hmac},
#endif
#if SOTTO_AEAD_CHACHA
    [SOTTO_AEAD_CHACHA20_POLY1305] = {32, 12, &sotto_aead_chacha},
#endif
#if SOTTO_AEAD_GCM
    [SOTTO_AEAD_AES256_GCM] = {32, 12, &sotto_aead_gcm},
    [SOTTO_AEAD_AES128_GCM] = {16, 12, &sotto_aead_gcm},
#endif
};

#define ROW_COUNT (sizeof rows / sizeof rows[0])

static const struct row *find(enum sotto_aead_alg alg)
{
    SOTTO_ASSERT((size_t)alg < ROW_COUNT && rows[alg].key_len != 0);
    return &rows[alg];
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
    (void)find(alg);
    if (alg == SOTTO_AEAD_A128CBC_HS256) {
        len += SOTTO_AES_BLOCK - len % SOTTO_AES_BLOCK;
    }
    return len + SOTTO_AEAD_TAG_LEN;
}

void sotto_aead_init(struct sotto_aead *aead, enum sotto_aead_alg alg,
                     const uint8_t *key)
{
    const struct sotto_aead_cipher *cipher = find(alg)->cipher;

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

    if (!find(aead->alg)->cipher->seal(aead, &m, out)) {
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
    if (!find(aead->alg)->cipher->open(aead, &m, in + m.len, out, &plain_len)) {
        sotto_wipe(out, m.len);
        return SOTTO_ERR_AUTH;
    }
    *out_len = plain_len;
    return SOTTO_OK;
}

/* ---- A128CBC-HS256 ------------------------------------------------------ */

void sotto_cbc_midstates(const uint8_t *key, uint32_t *inner, uint32_t *outer)
{
    struct sotto_hmac mac;

    sotto_hmac_init(&mac, key, SOTTO_CBC_HALF);
    sotto_midstate_save(&mac.inner, inner);
    sotto_midstate_save(&mac.outer, outer);
    sotto_wipe(&mac, sizeof mac);
}

void sotto_cbc_number(uint64_t n, uint8_t out[static 8])
{
    for (size_t i = 0; i < 8; i++) {
        out[i] = (uint8_t)(n >> (56 - 8 * i));
    }
}
