/*
 * channel_bare.h - the bare layer: the library that core/crypto stands on, called
 * as directly as one can. channel_mbedtls.c or channel_openssl.c, as the core
 * has it; each keeps its own contexts.
 */
#ifndef SOTTO_BENCH_CHANNEL_BARE_H
#define SOTTO_BENCH_CHANNEL_BARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANNEL_BARE_HASH_LEN  32
#define CHANNEL_BARE_TAG_LEN   16
#define CHANNEL_BARE_NONCE_LEN 12

/* Agreements of X25519, 32 bytes each, after everything that can be done
 * beforehand. */
bool channel_bare_x25519_start(const uint8_t *scalar, const uint8_t *peer);
bool channel_bare_x25519(uint8_t *shared);

/* `count` compressions of SHA-256. */
bool channel_bare_compress(size_t count);

/* A number as a nonce of `len` bytes. */
void channel_bare_nonce(uint64_t n, uint8_t *nonce, size_t len);

#endif
