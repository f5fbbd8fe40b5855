/*
 * aes.c - AES round keys in and out of mbedTLS's context.
 *
 * mbedTLS keeps them at `rk_offset` words into `buf`, in the order and byte
 * order that its code for this processor wants. Where that code needs them
 * aligned, it moves them itself when it finds that they are not.
 */
#include "core/base/assert.h"
#include "core/crypto/mbedtls/aead_keys.h"
#include <string.h>

_Static_assert(sizeof((mbedtls_aes_context *)0)->buf >=
                   SOTTO_AES256_WORDS * sizeof(uint32_t),
               "AES-256 must be built in");

void sotto_aes_pack(const mbedtls_aes_context *aes, uint32_t *words,
                    size_t count)
{
    SOTTO_ASSERT(count == 4 * ((size_t)aes->nr + 1));
    memcpy(words, aes->buf + aes->rk_offset, count * sizeof *words);
}

void sotto_aes_unpack(const uint32_t *words, size_t count,
                      mbedtls_aes_context *aes)
{
    mbedtls_aes_init(aes);
    aes->nr = count == SOTTO_AES128_WORDS ? 10 : 14;
    memcpy(aes->buf, words, count * sizeof *words);
}
