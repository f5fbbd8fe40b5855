/*
 * pbkdf2.c - PBKDF2-HMAC-SHA-256 (RFC 8018 5.2), first block of output.
 *
 * Whoever guesses passwords runs this as fast as he can, so we must not be
 * slow: after the first round each MAC is taken over 32 bytes under the same
 * key, which fits one block with its padding. With the key's two midstates a
 * round is exactly two compressions, run on one prepared block:
 *
 *     U_i (32) | 80 00 … 00 (24) | bits hashed: 8 * (64 + 32) (8)
 *
 * The inner and the outer hash share this shape, so the digest of one is
 * written straight into the place of the other's input.
 */
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/crypto/hash.h"
#include "core/crypto/midstate.h"
#include <string.h>

#define WORDS     SOTTO_MIDSTATE_WORDS
#define BLOCK_LEN SOTTO_SHA256_BLOCK

/* What a slice of rounds works on. */
struct rounds {
    uint32_t inner[WORDS];
    uint32_t outer[WORDS];
    uint8_t result[SOTTO_HASH_LEN];
    uint8_t block[BLOCK_LEN];
};

static void begin(struct rounds *r, const struct sotto_pbkdf2 *kdf)
{
    const unsigned bits = 8 * (BLOCK_LEN + SOTTO_HASH_LEN);

    memset(r, 0, sizeof *r);
    sotto_midstate_save(&kdf->keyed.inner, r->inner);
    sotto_midstate_save(&kdf->keyed.outer, r->outer);
    memcpy(r->result, kdf->result, SOTTO_HASH_LEN);
    memcpy(r->block, kdf->last, SOTTO_HASH_LEN);
    r->block[SOTTO_HASH_LEN] = 0x80;
    r->block[BLOCK_LEN - 2] = (uint8_t)(bits >> 8);
    r->block[BLOCK_LEN - 1] = (uint8_t)(bits & 0xff);
}

static void finish(struct rounds *r, struct sotto_pbkdf2 *kdf)
{
    memcpy(kdf->last, r->block, SOTTO_HASH_LEN);
    memcpy(kdf->result, r->result, SOTTO_HASH_LEN);
    sotto_wipe(r, sizeof *r);
}

void sotto_pbkdf2_init(struct sotto_pbkdf2 *kdf, const uint8_t *password,
                       size_t password_len, const uint8_t *salt,
                       size_t salt_len, uint32_t rounds)
{
    static const uint8_t first_block[4] = {0, 0, 0, 1};
    struct sotto_hmac mac;

    SOTTO_ASSERT(rounds >= 1);
    sotto_hmac_init(&kdf->keyed, password, password_len);
    mac = kdf->keyed;
    sotto_hmac_add(&mac, salt, salt_len);
    sotto_hmac_add(&mac, first_block, sizeof first_block);
    sotto_hmac_end(&mac, kdf->last);
    memcpy(kdf->result, kdf->last, sizeof kdf->result);
    kdf->left = rounds - 1;
}

bool sotto_pbkdf2_run(struct sotto_pbkdf2 *kdf, uint32_t rounds)
{
    struct rounds r;

    if (rounds > kdf->left) {
        rounds = kdf->left;
    }
    begin(&r, kdf);
    for (uint32_t i = 0; i < rounds; i++) {
        sotto_midstate_take(r.inner, r.block);
        sotto_midstate_take(r.outer, r.block);
        for (size_t j = 0; j < SOTTO_HASH_LEN; j++) {
            r.result[j] ^= r.block[j];
        }
    }
    finish(&r, kdf);
    kdf->left -= rounds;
    return kdf->left == 0;
}

void sotto_pbkdf2_end(struct sotto_pbkdf2 *kdf,
                      uint8_t out[static SOTTO_HASH_LEN])
{
    SOTTO_ASSERT(kdf->left == 0);
    memcpy(out, kdf->result, SOTTO_HASH_LEN);
    sotto_wipe(kdf, sizeof *kdf);
}
