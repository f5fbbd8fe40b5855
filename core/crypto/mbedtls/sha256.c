/*
 * sha256.c - SHA-256 (FIPS 180-4) by mbedTLS.
 *
 * The public struct is only a place for bytes: every function copies mbedTLS's
 * context out of it and back. That keeps to C's aliasing rules whatever the
 * optimiser sees, and a hundred bytes copied are nothing beside a compression.
 */
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/crypto/hash.h"
#include "core/crypto/mbedtls/midstate.h"
#include <string.h>

_Static_assert(sizeof(mbedtls_sha256_context) <= sizeof(struct sotto_sha256),
               "enlarge sotto_sha256.opaque");

/* mbedTLS's return values exist for alternative implementations, none of which
 * is built in: a failure would be a mistake of ours. */
static void must(int ret)
{
    SOTTO_ASSERT(ret == 0);
}

static void load(const struct sotto_sha256 *hash, mbedtls_sha256_context *ctx)
{
    memcpy(ctx, hash->opaque, sizeof *ctx);
}

static void store(struct sotto_sha256 *hash, mbedtls_sha256_context *ctx)
{
    memcpy(hash->opaque, ctx, sizeof *ctx);
    sotto_wipe(ctx, sizeof *ctx);
}

void sotto_sha256_init(struct sotto_sha256 *hash)
{
    mbedtls_sha256_context ctx;

    mbedtls_sha256_init(&ctx);
    must(mbedtls_sha256_starts(&ctx, 0));
    store(hash, &ctx);
}

void sotto_sha256_add(struct sotto_sha256 *hash, const void *in, size_t len)
{
    mbedtls_sha256_context ctx;

    load(hash, &ctx);
    must(mbedtls_sha256_update(&ctx, in, len));
    store(hash, &ctx);
}

void sotto_sha256_end(struct sotto_sha256 *hash,
                      uint8_t out[static SOTTO_HASH_LEN])
{
    mbedtls_sha256_context ctx;

    load(hash, &ctx);
    must(mbedtls_sha256_finish(&ctx, out));
    sotto_wipe(&ctx, sizeof ctx);
    sotto_wipe(hash, sizeof *hash);
}

void sotto_sha256(const void *in, size_t len,
                  uint8_t out[static SOTTO_HASH_LEN])
{
    must(mbedtls_sha256(in, len, out, 0));
}

void sotto_midstate_save(const struct sotto_sha256 *hash,
                         uint32_t words[static SOTTO_MIDSTATE_WORDS])
{
    mbedtls_sha256_context ctx;

    load(hash, &ctx);
    SOTTO_ASSERT(ctx.total[0] == sizeof ctx.buffer && ctx.total[1] == 0);
    memcpy(words, ctx.state, sizeof ctx.state);
    sotto_wipe(&ctx, sizeof ctx);
}

void sotto_midstate_take(const uint32_t words[static SOTTO_MIDSTATE_WORDS],
                         uint8_t block[static SOTTO_SHA256_BLOCK])
{
    mbedtls_sha256_context ctx; /* only its state is used */

    memcpy(ctx.state, words, sizeof ctx.state);
    must(mbedtls_internal_sha256_process(&ctx, block));
    sotto_midstate_put(ctx.state, block);
    sotto_wipe(ctx.state, sizeof ctx.state);
}

void sotto_midstate_resume(const uint32_t words[static SOTTO_MIDSTATE_WORDS],
                           mbedtls_sha256_context *ctx)
{
    mbedtls_sha256_init(ctx);
    memcpy(ctx->state, words, sizeof ctx->state);
    ctx->total[0] = sizeof ctx->buffer;
}
