/*
 * hmac.c - HMAC-SHA-256 (RFC 2104), on whatever SHA-256 is linked.
 */
#include "core/base/secret.h"
#include "core/crypto/hash.h"
#include <string.h>

#define BLOCK_LEN 64
#define IPAD      0x36
#define OPAD      0x5c

static void start(struct sotto_sha256 *hash, const uint8_t *key, uint8_t pad)
{
    uint8_t block[BLOCK_LEN];

    for (size_t i = 0; i < BLOCK_LEN; i++) {
        block[i] = key[i] ^ pad;
    }
    sotto_sha256_init(hash);
    sotto_sha256_add(hash, block, sizeof block);
    sotto_wipe(block, sizeof block);
}

void sotto_hmac_init(struct sotto_hmac *mac, const uint8_t *key, size_t key_len)
{
    uint8_t block[BLOCK_LEN] = {0};

    if (key_len > BLOCK_LEN) {
        sotto_sha256(key, key_len, block);
    } else if (key_len > 0) {
        memcpy(block, key, key_len);
    }
    start(&mac->inner, block, IPAD);
    start(&mac->outer, block, OPAD);
    sotto_wipe(block, sizeof block);
}

void sotto_hmac_add(struct sotto_hmac *mac, const void *in, size_t len)
{
    sotto_sha256_add(&mac->inner, in, len);
}

void sotto_hmac_end(struct sotto_hmac *mac, uint8_t out[static SOTTO_HASH_LEN])
{
    uint8_t digest[SOTTO_HASH_LEN];

    sotto_sha256_end(&mac->inner, digest);
    sotto_sha256_add(&mac->outer, digest, sizeof digest);
    sotto_sha256_end(&mac->outer, out);
    sotto_wipe(digest, sizeof digest);
}

void sotto_hmac(const uint8_t *key, size_t key_len,
                const struct sotto_piece *pieces, size_t count,
                uint8_t out[static SOTTO_HASH_LEN])
{
    struct sotto_hmac mac;

    sotto_hmac_init(&mac, key, key_len);
    for (size_t i = 0; i < count; i++) {
        sotto_hmac_add(&mac, pieces[i].at, pieces[i].len);
    }
    sotto_hmac_end(&mac, out); /* wipes it too */
}
