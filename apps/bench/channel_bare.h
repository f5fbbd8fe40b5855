/*
 * channel_bare.h - mbedTLS's contexts of the bare layer (channel_mbedtls.c).
 */
#ifndef SOTTO_BENCH_CHANNEL_BARE_H
#define SOTTO_BENCH_CHANNEL_BARE_H

#include <mbedtls/aes.h>
#include <mbedtls/chachapoly.h>
#include <mbedtls/gcm.h>
#include <mbedtls/sha256.h>
#include <stddef.h>
#include <stdint.h>

struct channel_bare {
    mbedtls_aes_context encrypt;
    mbedtls_aes_context decrypt;
    mbedtls_sha256_context inner; /* has taken the key's block */
    mbedtls_sha256_context outer;
    mbedtls_gcm_context gcm;
    mbedtls_chachapoly_context chacha;
    uint64_t sent; /* messages so far */
    uint64_t received;
};

#endif
