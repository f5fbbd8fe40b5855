/*
 * midstate.h - mbedTLS's SHA-256 goes on from a midstate.
 */
#ifndef SOTTO_CRYPTO_MBEDTLS_MIDSTATE_H
#define SOTTO_CRYPTO_MBEDTLS_MIDSTATE_H

#define MBEDTLS_ALLOW_PRIVATE_ACCESS /* the state of a SHA-256 context */

#include "core/crypto/midstate.h"
#include <mbedtls/sha256.h>

/* Starts `ctx` (initialised or not) where the saved hash stood. */
void sotto_midstate_resume(const uint32_t words[static SOTTO_MIDSTATE_WORDS],
                           mbedtls_sha256_context *ctx);

#endif
