/*
 * label.h - the labelled functions of RFC 9420: 5.1.2 (SignWithLabel), 5.1.3
 * (EncryptWithLabel), 5.2 (RefHash), 8 (ExpandWithLabel, DeriveSecret).
 *
 * Labels are given without "MLS 1.0 ", which is put in front here.
 */
#ifndef SOTTO_MLS_LABEL_H
#define SOTTO_MLS_LABEL_H

#include "core/mls/suite.h"

/* ExpandWithLabel: `len` bytes of a secret of hash_len bytes. */
enum sotto_err sotto_mls_expand_with_label(const struct sotto_mls_suite *suite,
                                           const uint8_t *secret,
                                           const char *label,
                                           struct sotto_span context,
                                           uint8_t *out, size_t len)
    SOTTO_MUST_CHECK;

/* DeriveSecret: hash_len bytes. `out` may be `secret`. */
void sotto_mls_derive_secret(const struct sotto_mls_suite *suite,
                             const uint8_t *secret, const char *label,
                             uint8_t *out);

/* RefHash: hash_len bytes. `label` is whole here ("MLS 1.0 KeyPackage
 * Reference"). */
void sotto_mls_ref_hash(const struct sotto_mls_suite *suite, const char *label,
                        struct sotto_span value, uint8_t *out);

/* SignWithLabel over the pieces, one after the other. `signature` has room for
 * SOTTO_MLS_SIGNATURE_MAX bytes. AUTH for a bad key. */
enum sotto_err sotto_mls_sign_with_label(
    const struct sotto_mls_suite *suite, const uint8_t *private_key,
    const char *label, const struct sotto_piece *pieces, size_t count,
    uint8_t *signature, size_t *signature_len) SOTTO_MUST_CHECK;

/* VerifyWithLabel; AUTH for a bad key (its length included) or signature. */
enum sotto_err sotto_mls_verify_with_label(
    const struct sotto_mls_suite *suite, struct sotto_span public_key,
    const char *label, const struct sotto_piece *pieces, size_t count,
    struct sotto_span signature) SOTTO_MUST_CHECK;

/* DeriveKeyPair of the suite's KEM (RFC 9180 7.1.3). */
enum sotto_err sotto_mls_derive_key_pair(const struct sotto_mls_suite *suite,
                                         struct sotto_span ikm,
                                         uint8_t *private_key,
                                         uint8_t *public_key) SOTTO_MUST_CHECK;

/*
 * EncryptWithLabel: writes kem_len bytes to `kem_output` and plaintext.len +
 * SOTTO_MLS_AEAD_TAG_LEN bytes to `ciphertext`. AUTH for a bad public key,
 * RANDOM.
 */
enum sotto_err sotto_mls_encrypt_with_label(
    const struct sotto_mls_suite *suite, struct sotto_span public_key,
    const char *label, struct sotto_span context, struct sotto_span plaintext,
    const struct sotto_random *random, uint8_t *kem_output, uint8_t *ciphertext)
    SOTTO_MUST_CHECK;

/*
 * DecryptWithLabel: writes ciphertext.len - SOTTO_MLS_AEAD_TAG_LEN bytes to
 * `out`, at most `cap`. The public key is asked for because deriving it would
 * be one more curve operation. AUTH for anything that was not encrypted so;
 * SPACE when there is no room.
 */
enum sotto_err sotto_mls_decrypt_with_label(
    const struct sotto_mls_suite *suite, const uint8_t *private_key,
    struct sotto_span public_key, const char *label, struct sotto_span context,
    const struct sotto_mls_hpke_ciphertext *in, uint8_t *out, size_t cap,
    size_t *out_len) SOTTO_MUST_CHECK;

#endif
