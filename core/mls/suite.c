/*
 * suite.c - the table of cipher suites (RFC 9420 5.1, 17.1).
 *
 * Suite 0x0001, which the RFC makes mandatory, and 0x0003 need Ed25519, which
 * core/crypto does not have; their rows would be the only addition here.
 */
#include "core/mls/suite.h"

#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/crypto/p256.h"
#include <string.h>

#define EXPAND_BLOCKS_MAX 255 /* the counter of HKDF-Expand is one byte */

/* ----------------------------------------------------- ECDSA with P-256 */

static void digest_pieces(const struct sotto_piece *pieces, size_t count,
                          uint8_t digest[static SOTTO_HASH_LEN])
{
    struct sotto_sha256 hash;

    sotto_sha256_init(&hash);
    for (size_t i = 0; i < count; i++) {
        sotto_sha256_add(&hash, pieces[i].at, pieces[i].len);
    }
    sotto_sha256_end(&hash, digest);
}

static enum sotto_err sign_p256(const uint8_t *private_key,
                                const struct sotto_piece *pieces, size_t count,
                                uint8_t *signature, size_t *signature_len)
{
    uint8_t digest[SOTTO_HASH_LEN];

    digest_pieces(pieces, count, digest);
    return sotto_p256_sign(private_key, digest, signature, signature_len);
}

static enum sotto_err verify_p256(const uint8_t *public_key,
                                  const struct sotto_piece *pieces,
                                  size_t count, struct sotto_span signature)
{
    uint8_t digest[SOTTO_HASH_LEN];

    digest_pieces(pieces, count, digest);
    return sotto_p256_verify(public_key, digest, signature.at, signature.len);
}

/* ------------------------------------------------------------- the table */

static const struct sotto_mls_suite suites[] = {
    {
        .id = SOTTO_MLS_SUITE_P256_AES128GCM,
        .hash_len = SOTTO_HASH_LEN,
        .public_len = SOTTO_P256_PUBLIC_LEN,
        .private_len = SOTTO_P256_PRIVATE_LEN,
        .kem_len = SOTTO_P256_PUBLIC_LEN,
        .shared_len = SOTTO_P256_SHARED_LEN,
        .aead_key_len = 16,
        .aead_nonce_len = 12,
        .signature_public_len = SOTTO_P256_PUBLIC_LEN,
        .signature_private_len = SOTTO_P256_PRIVATE_LEN,
        .aead = SOTTO_AEAD_AES128_GCM,
        .kem_id = 0x0010,  /* DHKEM(P-256, HKDF-SHA256) */
        .kdf_id = 0x0001,  /* HKDF-SHA256 */
        .aead_id = 0x0001, /* AES-128-GCM */
        .public_of = sotto_p256_public,
        .agree = sotto_p256_agree,
        .check_public = sotto_p256_check_public,
        .sign = sign_p256,
        .verify = verify_p256,
        .signature_public_of = sotto_p256_public,
    },
};

_Static_assert(SOTTO_HASH_LEN <= SOTTO_MLS_HASH_MAX &&
                   SOTTO_P256_SHARED_LEN <= SOTTO_MLS_HASH_MAX &&
                   SOTTO_P256_PUBLIC_LEN <= SOTTO_MLS_PUBLIC_MAX &&
                   SOTTO_P256_PRIVATE_LEN <= SOTTO_MLS_PRIVATE_MAX &&
                   SOTTO_P256_SIGNATURE_MAX <= SOTTO_MLS_SIGNATURE_MAX &&
                   SOTTO_AEAD_TAG_LEN == SOTTO_MLS_AEAD_TAG_LEN,
               "a suite's lengths are above the maxima");

const struct sotto_mls_suite *sotto_mls_suite_find(uint16_t id)
{
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        if (suites[i].id == id) {
            return &suites[i];
        }
    }
    return NULL;
}

enum sotto_err sotto_mls_check_public(const struct sotto_mls_suite *suite,
                                      struct sotto_span key)
{
    enum sotto_err err = SOTTO_ERR_AUTH;

    if (key.len == suite->public_len) {
        err = suite->check_public(key.at);
    }
    return err == SOTTO_ERR_AUTH ? SOTTO_ERR_FORMAT : err;
}

/* ------------------------------------------------------ hash, MAC and KDF */

void sotto_mls_hash_init(struct sotto_mls_hash *hash,
                         const struct sotto_mls_suite *suite)
{
    SOTTO_ASSERT(suite->hash_len == SOTTO_HASH_LEN);
    sotto_sha256_init(&hash->sha256);
}

void sotto_mls_hash_add(struct sotto_mls_hash *hash, const void *in, size_t len)
{
    sotto_sha256_add(&hash->sha256, in, len);
}

void sotto_mls_hash_end(struct sotto_mls_hash *hash, uint8_t *out)
{
    sotto_sha256_end(&hash->sha256, out);
}

void sotto_mls_mac(const struct sotto_mls_suite *suite, const uint8_t *key,
                   const struct sotto_piece *pieces, size_t count, uint8_t *out)
{
    sotto_hmac(key, suite->hash_len, pieces, count, out);
}

void sotto_mls_extract(const struct sotto_mls_suite *suite,
                       struct sotto_span salt, const struct sotto_piece *pieces,
                       size_t count, uint8_t *out)
{
    SOTTO_ASSERT(suite->hash_len == SOTTO_HASH_LEN);
    sotto_hmac(salt.at, salt.len, pieces, count, out);
}

size_t sotto_mls_expand_max(const struct sotto_mls_suite *suite)
{
    return EXPAND_BLOCKS_MAX * (size_t)suite->hash_len;
}

void sotto_mls_expand(const struct sotto_mls_suite *suite, const uint8_t *key,
                      const struct sotto_piece *pieces, size_t count,
                      uint8_t *out, size_t len)
{
    struct sotto_hmac keyed;
    uint8_t block[SOTTO_HASH_LEN];
    uint8_t counter = 0;

    SOTTO_ASSERT(len <= sotto_mls_expand_max(suite));
    sotto_hmac_init(&keyed, key, suite->hash_len);
    while (len > 0) {
        size_t take = len < sizeof block ? len : sizeof block;
        struct sotto_hmac mac = keyed;

        sotto_hmac_add(&mac, block, counter > 0 ? sizeof block : 0);
        for (size_t i = 0; i < count; i++) {
            sotto_hmac_add(&mac, pieces[i].at, pieces[i].len);
        }
        counter++;
        sotto_hmac_add(&mac, &counter, 1);
        sotto_hmac_end(&mac, block); /* wipes it too */
        memcpy(out, block, take);
        out += take;
        len -= take;
    }
    sotto_wipe(&keyed, sizeof keyed);
    sotto_wipe(block, sizeof block);
}
