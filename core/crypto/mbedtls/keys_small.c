/*
 * keys_small.c - keys as they are, but for an HMAC's midstates, which are as
 * small as what they replace: see aead_keys.h.
 */
#include "core/base/assert.h"
#include "core/crypto/mbedtls/aead_keys.h"
#include "core/crypto/mbedtls/midstate.h"
#include <string.h>

/* Where the parts of a CBC key stand in sotto_aead.words. */
#define ENC_AT   0
#define INNER_AT (ENC_AT + SOTTO_CBC_HALF / sizeof(uint32_t))
#define OUTER_AT (INNER_AT + SOTTO_MIDSTATE_WORDS)
#define CBC_END  (OUTER_AT + SOTTO_MIDSTATE_WORDS)

_Static_assert(SOTTO_AEAD_WORDS >= CBC_END &&
                   SOTTO_AEAD_WORDS * sizeof(uint32_t) >= SOTTO_AEAD_KEY_MAX,
               "enlarge SOTTO_AEAD_WORDS");

/* mbedTLS refuses other key lengths only. */
static void must(int ret)
{
    SOTTO_ASSERT(ret == 0);
}

static const uint8_t *key_of(const struct sotto_aead *aead)
{
    return (const uint8_t *)aead->words;
}

void sotto_cbc_keep(struct sotto_aead *aead, const uint8_t *key)
{
    memcpy(aead->words + ENC_AT, key + SOTTO_CBC_HALF, SOTTO_CBC_HALF);
    sotto_cbc_midstates(key, aead->words + INNER_AT, aead->words + OUTER_AT);
}

void sotto_cbc_encryption(const struct sotto_aead *aead,
                          mbedtls_aes_context *aes)
{
    mbedtls_aes_init(aes);
    must(mbedtls_aes_setkey_enc(aes, key_of(aead), 8 * SOTTO_CBC_HALF));
}

void sotto_cbc_decryption(const struct sotto_aead *aead,
                          mbedtls_aes_context *aes)
{
    mbedtls_aes_init(aes);
    must(mbedtls_aes_setkey_dec(aes, key_of(aead), 8 * SOTTO_CBC_HALF));
}

const uint32_t *sotto_cbc_inner(const struct sotto_aead *aead)
{
    return aead->words + INNER_AT;
}

const uint32_t *sotto_cbc_outer(const struct sotto_aead *aead)
{
    return aead->words + OUTER_AT;
}

void sotto_gcm_keep(struct sotto_aead *aead, const uint8_t *key)
{
    memcpy(aead->words, key, sotto_aead_key_len(aead->alg));
}

void sotto_gcm_prepare(const struct sotto_aead *aead, mbedtls_gcm_context *gcm)
{
    mbedtls_gcm_init(gcm);
    must(mbedtls_gcm_setkey(gcm, MBEDTLS_CIPHER_ID_AES, key_of(aead),
                            8 * (unsigned)sotto_aead_key_len(aead->alg)));
}
