/*
 * midstate.h - a hash goes on from a midstate.
 */
#ifndef SOTTO_CRYPTO_OPENSSL_MIDSTATE_H
#define SOTTO_CRYPTO_OPENSSL_MIDSTATE_H

#include "core/crypto/midstate.h"

/* Starts `hash` (initialised or not) where the saved one stood. */
void sotto_midstate_resume(const uint32_t words[static SOTTO_MIDSTATE_WORDS],
                           struct sotto_sha256 *hash);

#endif
