/*
 * suite.h - a cipher suite (RFC 9420 5.1): what differs between them, in a
 * table, and the suite's hash, MAC and KDF.
 *
 * All that the rest of the library knows of a suite is here. Lengths are in
 * bytes and never above the SOTTO_MLS_..._MAX of types.h. Every suite of RFC
 * 9420 whose numbers are below 4 hashes with SHA-256; one with another hash
 * changes the functions below and the maxima, and nothing else.
 */
#ifndef SOTTO_MLS_SUITE_H
#define SOTTO_MLS_SUITE_H

#include "core/crypto/aead.h"
#include "core/crypto/hash.h"
#include "core/mls/types.h"

struct sotto_mls_suite {
    uint16_t id;
    uint8_t hash_len;    /* Nh of hash, KDF and MAC */
    uint8_t public_len;  /* Npk of the KEM */
    uint8_t private_len; /* Nsk of the KEM */
    uint8_t kem_len;     /* Nenc of the KEM: a kem_output */
    uint8_t shared_len;  /* what `agree` gives */
    uint8_t aead_key_len;
    uint8_t aead_nonce_len;
    uint8_t signature_public_len;
    uint8_t signature_private_len;
    enum sotto_aead_alg aead;

    /* HPKE identifiers (RFC 9180 7). */
    uint16_t kem_id;
    uint16_t kdf_id;
    uint16_t aead_id;

    /* The KEM's Diffie-Hellman. AUTH for a bad key; SPACE when the back end's
     * memory is used up. */
    enum sotto_err (*public_of)(const uint8_t *private_key,
                                uint8_t *public_key);
    enum sotto_err (*agree)(const uint8_t *private_key,
                            const uint8_t *peer_public, uint8_t *shared);
    /* Whether a public key of the KEM is one. AUTH, SPACE. */
    enum sotto_err (*check_public)(const uint8_t *public_key);

    /* The signature over pieces, one after the other. AUTH for a bad key or
     * signature; SPACE as above. */
    enum sotto_err (*sign)(const uint8_t *private_key,
                           const struct sotto_piece *pieces, size_t count,
                           uint8_t *signature, size_t *signature_len);
    enum sotto_err (*verify)(const uint8_t *public_key,
                             const struct sotto_piece *pieces, size_t count,
                             struct sotto_span signature);
    /* The public half of a signature key. AUTH, SPACE. */
    enum sotto_err (*signature_public_of)(const uint8_t *private_key,
                                          uint8_t *public_key);
};

/* NULL for a suite that is not built in. */
const struct sotto_mls_suite *sotto_mls_suite_find(uint16_t id);

/* Whether this is a public key of the suite's KEM: as long as one, and a point
 * on its curve. To encrypt to anything else fails. FORMAT; SPACE. */
enum sotto_err sotto_mls_check_public(const struct sotto_mls_suite *suite,
                                      struct sotto_span key) SOTTO_MUST_CHECK;

/* The suite's hash, piece by piece; hash_len bytes come out. A running hash
 * may be copied. */
struct sotto_mls_hash {
    struct sotto_sha256 sha256;
};

void sotto_mls_hash_init(struct sotto_mls_hash *hash,
                         const struct sotto_mls_suite *suite);
void sotto_mls_hash_add(struct sotto_mls_hash *hash, const void *in,
                        size_t len);
/* Wipes the running hash. */
void sotto_mls_hash_end(struct sotto_mls_hash *hash, uint8_t *out);

/* MAC(key, pieces) with a key of hash_len bytes; hash_len bytes come out. */
void sotto_mls_mac(const struct sotto_mls_suite *suite, const uint8_t *key,
                   const struct sotto_piece *pieces, size_t count,
                   uint8_t *out);

/* KDF.Extract: hash_len bytes. An empty salt is as good as zeros. `out` may be
 * an input. */
void sotto_mls_extract(const struct sotto_mls_suite *suite,
                       struct sotto_span salt, const struct sotto_piece *pieces,
                       size_t count, uint8_t *out);

/* The most that sotto_mls_expand() gives: 255 times hash_len. */
size_t sotto_mls_expand_max(const struct sotto_mls_suite *suite);

/* KDF.Expand: `len` bytes, at most sotto_mls_expand_max(), of a key of
 * hash_len bytes. `out` may be the key. */
void sotto_mls_expand(const struct sotto_mls_suite *suite, const uint8_t *key,
                      const struct sotto_piece *pieces, size_t count,
                      uint8_t *out, size_t len);

#endif
