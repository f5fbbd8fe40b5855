/*
 * keys_expanded.c - keys with what it is worth to compute beforehand: see
 * aead_keys.h.
 *
 * mbedTLS keeps AES's round keys at `rk_offset` words into `buf`, in the order
 * and byte order that its code for this processor wants. Where that code needs
 * them aligned, it moves them itself when it finds that they are not. For GCM
 * it keeps the hash key H, chooses a multiplication for this processor, and
 * where that is its portable one, prepares a table of multiples of H.
 */
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/crypto/mbedtls/aead_keys.h"
#include "core/crypto/mbedtls/midstate.h"
#include <string.h>

/* Round keys: four words for each round and four before the first. */
#define AES128_WORDS 44
#define AES256_WORDS 60

/* Where the parts of a CBC key stand in sotto_aead.words, ... */
#define ENC_AT   0
#define KEY_AT   (ENC_AT + AES128_WORDS)
#define INNER_AT (KEY_AT + SOTTO_CBC_HALF / sizeof(uint32_t))
#define OUTER_AT (INNER_AT + SOTTO_MIDSTATE_WORDS)
#define CBC_END  (OUTER_AT + SOTTO_MIDSTATE_WORDS)

/* ... and those of a GCM key. H is the middle of mbedTLS's table. */
#define H_AT    (ENC_AT + AES256_WORDS)
#define KIND_AT (H_AT + 4)
#define GCM_END (KIND_AT + 1)

#define H_PLACE (MBEDTLS_GCM_HTABLE_SIZE / 2)

/* The kind of a key of which the words are the key itself, ... */
#define KIND_KEY UINT32_MAX
/* ... else it is mbedTLS's choice of multiplication. */

_Static_assert(SOTTO_AEAD_WORDS >= CBC_END && SOTTO_AEAD_WORDS >= GCM_END,
               "enlarge SOTTO_AEAD_WORDS");
_Static_assert(sizeof((mbedtls_aes_context *)0)->buf >=
                   AES256_WORDS * sizeof(uint32_t),
               "AES-256 must be built in");

static void pack(const mbedtls_aes_context *aes, uint32_t *words, size_t count)
{
    SOTTO_ASSERT(count == 4 * ((size_t)aes->nr + 1));
    memcpy(words, aes->buf + aes->rk_offset, count * sizeof *words);
}

static void unpack(const uint32_t *words, size_t count,
                   mbedtls_aes_context *aes)
{
    mbedtls_aes_init(aes);
    aes->nr = count == AES128_WORDS ? 10 : 14;
    memcpy(aes->buf, words, count * sizeof *words);
}

/* ---- A128CBC-HS256 ------------------------------------------------------ */

void sotto_cbc_keep(struct sotto_aead *aead, const uint8_t *key)
{
    const uint8_t *enc_key = key + SOTTO_CBC_HALF;
    mbedtls_aes_context aes;
    int ret;

    mbedtls_aes_init(&aes);
    ret = mbedtls_aes_setkey_enc(&aes, enc_key, 8 * SOTTO_CBC_HALF);
    SOTTO_ASSERT(ret == 0); /* fails for other key lengths only */
    pack(&aes, aead->words + ENC_AT, AES128_WORDS);
    mbedtls_aes_free(&aes);
    memcpy(aead->words + KEY_AT, enc_key, SOTTO_CBC_HALF);
    sotto_cbc_midstates(key, aead->words + INNER_AT, aead->words + OUTER_AT);
}

void sotto_cbc_encryption(const struct sotto_aead *aead,
                          mbedtls_aes_context *aes)
{
    unpack(aead->words + ENC_AT, AES128_WORDS, aes);
}

void sotto_cbc_decryption(const struct sotto_aead *aead,
                          mbedtls_aes_context *aes)
{
    mbedtls_aes_init(aes);
    int ret =
        mbedtls_aes_setkey_dec(aes, (const uint8_t *)(aead->words + KEY_AT),
                               8 * SOTTO_CBC_HALF);
    SOTTO_ASSERT(ret == 0); /* fails for other key lengths only */
}

const uint32_t *sotto_cbc_inner(const struct sotto_aead *aead)
{
    return aead->words + INNER_AT;
}

const uint32_t *sotto_cbc_outer(const struct sotto_aead *aead)
{
    return aead->words + OUTER_AT;
}

/* ---- AES-GCM ------------------------------------------------------------ */

static size_t round_words(const struct sotto_aead *aead)
{
    return aead->alg == SOTTO_AEAD_AES128_GCM ? AES128_WORDS : AES256_WORDS;
}

static void set_key(mbedtls_gcm_context *gcm, const struct sotto_aead *aead,
                    const uint8_t *key)
{
    mbedtls_gcm_init(gcm);
    int ret = mbedtls_gcm_setkey(gcm, MBEDTLS_CIPHER_ID_AES, key,
                                 8 * (unsigned)sotto_aead_key_len(aead->alg));
    SOTTO_ASSERT(ret == 0); /* fails for other key lengths only */
}

/* Whether H is all that its multiplication wants. */
static bool has_h_alone(const mbedtls_gcm_context *gcm)
{
    const uint64_t none = 0;
    uint64_t others = 0;

    for (size_t i = 0; i < MBEDTLS_GCM_HTABLE_SIZE; i++) {
        if (i != H_PLACE) {
            others |= gcm->H[i][0] | gcm->H[i][1];
        }
    }
    return sotto_equal(&others, &none, sizeof none);
}

void sotto_gcm_keep(struct sotto_aead *aead, const uint8_t *key)
{
    mbedtls_gcm_context gcm;

    set_key(&gcm, aead, key);
    if (has_h_alone(&gcm)) {
        pack(&gcm.block_cipher_ctx.ctx.aes, aead->words + ENC_AT,
             round_words(aead));
        memcpy(aead->words + H_AT, gcm.H[H_PLACE], sizeof gcm.H[H_PLACE]);
        aead->words[KIND_AT] = gcm.acceleration;
    } else {
        memcpy(aead->words, key, sotto_aead_key_len(aead->alg));
        aead->words[KIND_AT] = KIND_KEY;
    }
    mbedtls_gcm_free(&gcm);
}

void sotto_gcm_prepare(const struct sotto_aead *aead, mbedtls_gcm_context *gcm)
{
    if (aead->words[KIND_AT] == KIND_KEY) {
        set_key(gcm, aead, (const uint8_t *)aead->words);
        return;
    }
    mbedtls_gcm_init(gcm);
    gcm->block_cipher_ctx.id = MBEDTLS_BLOCK_CIPHER_ID_AES;
    unpack(aead->words + ENC_AT, round_words(aead),
           &gcm->block_cipher_ctx.ctx.aes);
    memcpy(gcm->H[H_PLACE], aead->words + H_AT, sizeof gcm->H[H_PLACE]);
    gcm->acceleration = (unsigned char)aead->words[KIND_AT];
}
