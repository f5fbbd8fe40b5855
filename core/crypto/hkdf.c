/*
 * hkdf.c - HKDF with SHA-256 (RFC 5869).
 */
#include "core/base/secret.h"
#include "core/crypto/hash.h"
#include <string.h>

#define BLOCKS_MAX 255 /* the counter is one byte */

void sotto_hkdf_extract(const uint8_t *salt, size_t salt_len,
                        const uint8_t *ikm, size_t ikm_len,
                        uint8_t prk[static SOTTO_HASH_LEN])
{
    /* No salt stands for 32 zeros, and HMAC pads an empty key to the same. */
    const struct sotto_piece piece = {ikm, ikm_len};

    sotto_hmac(salt, salt_len, &piece, 1, prk);
}

enum sotto_err sotto_hkdf_expand(const uint8_t prk[static SOTTO_HASH_LEN],
                                 const void *info, size_t info_len,
                                 uint8_t *out, size_t len)
{
    struct sotto_hmac keyed;
    struct sotto_hmac mac;
    uint8_t block[SOTTO_HASH_LEN];
    uint8_t counter = 0;

    if (len > (size_t)BLOCKS_MAX * SOTTO_HASH_LEN) {
        return SOTTO_ERR_LIMIT;
    }
    sotto_hmac_init(&keyed, prk, SOTTO_HASH_LEN);
    while (len > 0) {
        size_t take = len < sizeof block ? len : sizeof block;

        mac = keyed;
        if (counter > 0) {
            sotto_hmac_add(&mac, block, sizeof block);
        }
        counter++;
        sotto_hmac_add(&mac, info, info_len);
        sotto_hmac_add(&mac, &counter, 1);
        sotto_hmac_end(&mac, block);
        memcpy(out, block, take);
        out += take;
        len -= take;
    }
    sotto_wipe(&keyed, sizeof keyed);
    sotto_wipe(block, sizeof block);
    return SOTTO_OK;
}
