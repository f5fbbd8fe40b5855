/*
 * midstate.h - SHA-256 stopped between two blocks.
 *
 * An HMAC begins with one block that depends on the key alone. The eight words
 * that are left of it are all that has to be kept to start further MACs under
 * the same key, and they cost two compressions less each time.
 */
#ifndef SOTTO_CRYPTO_MBEDTLS_MIDSTATE_H
#define SOTTO_CRYPTO_MBEDTLS_MIDSTATE_H

#define MBEDTLS_ALLOW_PRIVATE_ACCESS /* the state of a SHA-256 context */

#include "core/crypto/hash.h"
#include <mbedtls/sha256.h>

#define SOTTO_MIDSTATE_WORDS 8

/* The state of a hash that has taken exactly one block (64 bytes). */
void sotto_midstate_save(const struct sotto_sha256 *hash,
                         uint32_t words[static SOTTO_MIDSTATE_WORDS]);

/* Starts `ctx` (initialised or not) where the saved hash stood. */
void sotto_midstate_resume(const uint32_t words[static SOTTO_MIDSTATE_WORDS],
                           mbedtls_sha256_context *ctx);

#endif
