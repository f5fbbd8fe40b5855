/*
 * hash.h - SHA-256 and what is built on it: HMAC, HKDF, PBKDF2.
 *
 * Contexts are opaque, sized, and hold no pointer into themselves: they can be
 * copied, which is how a running hash is read without ending it. They hold
 * secrets when what is hashed is secret: wipe them.
 * Sources: FIPS 180-4, RFC 2104, RFC 5869, RFC 8018 5.2.
 */
#ifndef SOTTO_CRYPTO_HASH_H
#define SOTTO_CRYPTO_HASH_H

#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOTTO_HASH_LEN 32

struct sotto_sha256 {
    uint64_t opaque[14]; /* the back end's state, checked by it to fit */
};

/* One piece of scattered input. */
struct sotto_piece {
    const void *at;
    size_t len;
};

void sotto_sha256_init(struct sotto_sha256 *hash);
void sotto_sha256_add(struct sotto_sha256 *hash, const void *in, size_t len);
/* Writes the digest and wipes the context. */
void sotto_sha256_end(struct sotto_sha256 *hash,
                      uint8_t out[static SOTTO_HASH_LEN]);

/* The digest of one span. */
void sotto_sha256(const void *in, size_t len,
                  uint8_t out[static SOTTO_HASH_LEN]);

struct sotto_hmac {
    struct sotto_sha256 inner; /* has taken key XOR ipad */
    struct sotto_sha256 outer; /* has taken key XOR opad */
};

/* HMAC-SHA-256 with a key of any length. A context that has been given its
 * key and nothing else may be copied to start several MACs under that key. */
void sotto_hmac_init(struct sotto_hmac *mac, const uint8_t *key,
                     size_t key_len);
void sotto_hmac_add(struct sotto_hmac *mac, const void *in, size_t len);
/* Writes the tag and wipes the context. */
void sotto_hmac_end(struct sotto_hmac *mac, uint8_t out[static SOTTO_HASH_LEN]);

/* The MAC over `count` pieces, one after the other. */
void sotto_hmac(const uint8_t *key, size_t key_len,
                const struct sotto_piece *pieces, size_t count,
                uint8_t out[static SOTTO_HASH_LEN]);

/* HKDF-Extract (RFC 5869 2.2). `salt` may be NULL with length 0. */
void sotto_hkdf_extract(const uint8_t *salt, size_t salt_len,
                        const uint8_t *ikm, size_t ikm_len,
                        uint8_t prk[static SOTTO_HASH_LEN]);

/* HKDF-Expand (RFC 5869 2.3): `len` bytes, at most 255 * 32; LIMIT beyond. */
enum sotto_err sotto_hkdf_expand(const uint8_t prk[static SOTTO_HASH_LEN],
                                 const void *info, size_t info_len,
                                 uint8_t *out, size_t len) SOTTO_MUST_CHECK;

/*
 * PBKDF2-HMAC-SHA-256 for the first 32 bytes of output (SCRAM's Hi()), in
 * slices, so that a loop can do something else in between. `rounds` is at
 * least 1.
 */
struct sotto_pbkdf2 {
    struct sotto_hmac keyed;        /* the password's key schedule */
    uint8_t last[SOTTO_HASH_LEN];   /* U_i */
    uint8_t result[SOTTO_HASH_LEN]; /* U_1 xor ... xor U_i */
    uint32_t left;                  /* rounds to do */
};

void sotto_pbkdf2_init(struct sotto_pbkdf2 *kdf, const uint8_t *password,
                       size_t password_len, const uint8_t *salt,
                       size_t salt_len, uint32_t rounds);
/* Does at most `rounds` more; true when all are done. */
bool sotto_pbkdf2_run(struct sotto_pbkdf2 *kdf, uint32_t rounds);
/* Writes the key once run() has said true, and wipes the context. */
void sotto_pbkdf2_end(struct sotto_pbkdf2 *kdf,
                      uint8_t out[static SOTTO_HASH_LEN]);

#endif
