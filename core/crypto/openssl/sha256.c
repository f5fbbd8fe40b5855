/*
 * sha256.c - SHA-256 (FIPS 180-4) by libcrypto.
 *
 * Its low-level functions, though OpenSSL 3 would rather see the EVP interface
 * used: they work in bytes of ours, which can be copied and hold a midstate,
 * where EVP's contexts are allocated; and both run the same code, which uses the
 * processor's instructions for it.
 *
 * The public struct is a place for SHA256_CTX. Only libcrypto looks into it in
 * that place; here it is copied out and back.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/crypto/hash.h"
#include "core/crypto/openssl/midstate.h"
#include <openssl/sha.h>
#include <string.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct sotto_sha256),
               "enlarge sotto_sha256.opaque");
_Static_assert(sizeof(SHA_LONG) == sizeof(uint32_t), "words of 32 bits");

/* They return 1, as they cannot fail. */
static void must(int ret)
{
    SOTTO_ASSERT(ret == 1);
}

static SHA256_CTX *context(struct sotto_sha256 *hash)
{
    return (SHA256_CTX *)(void *)hash->opaque;
}

void sotto_sha256_init(struct sotto_sha256 *hash)
{
    must(SHA256_Init(context(hash)));
}

void sotto_sha256_add(struct sotto_sha256 *hash, const void *in, size_t len)
{
    must(SHA256_Update(context(hash), in, len));
}

void sotto_sha256_end(struct sotto_sha256 *hash,
                      uint8_t out[static SOTTO_HASH_LEN])
{
    must(SHA256_Final(out, context(hash)));
    sotto_wipe(hash, sizeof *hash);
}

void sotto_sha256(const void *in, size_t len,
                  uint8_t out[static SOTTO_HASH_LEN])
{
    struct sotto_sha256 hash;

    sotto_sha256_init(&hash);
    sotto_sha256_add(&hash, in, len);
    sotto_sha256_end(&hash, out);
}

void sotto_midstate_save(const struct sotto_sha256 *hash,
                         uint32_t words[static SOTTO_MIDSTATE_WORDS])
{
    SHA256_CTX ctx;

    memcpy(&ctx, hash->opaque, sizeof ctx);
    SOTTO_ASSERT(ctx.Nl == 8 * SOTTO_SHA256_BLOCK && ctx.Nh == 0);
    memcpy(words, ctx.h, sizeof ctx.h);
    sotto_wipe(&ctx, sizeof ctx);
}

void sotto_midstate_take(const uint32_t words[static SOTTO_MIDSTATE_WORDS],
                         uint8_t block[static SOTTO_SHA256_BLOCK])
{
    SHA256_CTX ctx; /* only its state is used */

    memcpy(ctx.h, words, sizeof ctx.h);
    SHA256_Transform(&ctx, block);
    sotto_midstate_put(ctx.h, block);
    sotto_wipe(ctx.h, sizeof ctx.h);
}

void sotto_midstate_resume(const uint32_t words[static SOTTO_MIDSTATE_WORDS],
                           struct sotto_sha256 *hash)
{
    SHA256_CTX ctx;

    must(SHA256_Init(&ctx));
    memcpy(ctx.h, words, sizeof ctx.h);
    ctx.Nl = 8 * SOTTO_SHA256_BLOCK; /* bits */
    memcpy(hash->opaque, &ctx, sizeof ctx);
    sotto_wipe(&ctx, sizeof ctx);
}
