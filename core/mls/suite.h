/*
 * suite.h - a cipher suite (RFC 9420 5.1): what differs between them, in a
 * table.
 *
 * All that the rest of the library knows of a suite is here. Lengths are in
 * bytes and never above the SOTTO_MLS_..._MAX of types.h.
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
    uint8_t aead_key_len;
    uint8_t aead_nonce_len;
    uint8_t signature_public_len;
    uint8_t signature_private_len;
    enum sotto_aead_alg aead;

    /* HPKE identifiers (RFC 9180 7). */
    uint16_t kem_id;
    uint16_t kdf_id;
    uint16_t aead_id;

    /* The KEM's Diffie-Hellman and the signature. AUTH for a bad key. */
    enum sotto_err (*public_of)(const uint8_t *private_key,
                                uint8_t *public_key);
    enum sotto_err (*agree)(const uint8_t *private_key,
                            const uint8_t *peer_public, uint8_t *shared);
    enum sotto_err (*sign)(const uint8_t *private_key, const uint8_t *digest,
                           uint8_t *signature, size_t *signature_len);
    enum sotto_err (*verify)(const uint8_t *public_key, const uint8_t *digest,
                             const uint8_t *signature, size_t signature_len);
};

/* NULL for a suite that is not built in. */
const struct sotto_mls_suite *sotto_mls_suite_find(uint16_t id);

/* The suite's hash, piece by piece; hash_len bytes come out. */
struct sotto_mls_hash {
    struct sotto_sha256 sha256;
};

void sotto_mls_hash_init(struct sotto_mls_hash *hash,
                         const struct sotto_mls_suite *suite);
void sotto_mls_hash_add(struct sotto_mls_hash *hash, const void *in,
                        size_t len);
void sotto_mls_hash_end(struct sotto_mls_hash *hash, uint8_t *out);

#endif
