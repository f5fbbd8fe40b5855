/*
 * midstate.h - SHA-256 stopped between two blocks.
 *
 * An HMAC begins with one block that depends on the key alone. The eight words
 * that are left of it are all that has to be kept to start further MACs under
 * the same key, and they cost two compressions less each time. Part of the back
 * end, as hash.h is.
 */
#ifndef SOTTO_CRYPTO_MIDSTATE_H
#define SOTTO_CRYPTO_MIDSTATE_H

#include "core/crypto/hash.h"

#define SOTTO_MIDSTATE_WORDS 8
#define SOTTO_SHA256_BLOCK   64

/* The state of a hash that has taken exactly one block. */
void sotto_midstate_save(const struct sotto_sha256 *hash,
                         uint32_t words[static SOTTO_MIDSTATE_WORDS]);

/* One compression from a midstate: the eight words that come out replace the
 * first half of `block`, big-endian. */
void sotto_midstate_take(const uint32_t words[static SOTTO_MIDSTATE_WORDS],
                         uint8_t block[static SOTTO_SHA256_BLOCK]);

/* Numbers of SHA-256 as bytes. */
static inline void sotto_midstate_put(
    const uint32_t words[static SOTTO_MIDSTATE_WORDS], uint8_t *out)
{
    for (size_t i = 0; i < SOTTO_MIDSTATE_WORDS; i++) {
        out[4 * i] = (uint8_t)(words[i] >> 24);
        out[4 * i + 1] = (uint8_t)(words[i] >> 16);
        out[4 * i + 2] = (uint8_t)(words[i] >> 8);
        out[4 * i + 3] = (uint8_t)words[i];
    }
}

#endif
