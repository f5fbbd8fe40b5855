/*
 * label.h - the labelled functions of RFC 9420: 5.1.2 (SignWithLabel), 5.1.3
 * (EncryptWithLabel), 5.2 (RefHash), 8 (ExpandWithLabel, DeriveSecret), 9.1
 * (DeriveTreeSecret).
 *
 * Labels are given without "MLS 1.0 ", which is put in front here, but for
 * those of sotto_mls_ref_hash().
 */
#ifndef SOTTO_MLS_LABEL_H
#define SOTTO_MLS_LABEL_H

#include "core/mls/suite.h"

/* ----------------------------------------------- deriving secrets (8, 9.1) */

/* ExpandWithLabel: `len` bytes, at most sotto_mls_expand_max(), of a secret of
 * hash_len bytes. `out` may be `secret`. */
void sotto_mls_expand_with_label(const struct sotto_mls_suite *suite,
                                 const uint8_t *secret, const char *label,
                                 struct sotto_span context, uint8_t *out,
                                 size_t len);

/* The same with the context in pieces, one after the other (at most 12). */
void sotto_mls_expand_with_label_pieces(const struct sotto_mls_suite *suite,
                                        const uint8_t *secret,
                                        const char *label,
                                        const struct sotto_piece *context,
                                        size_t count, uint8_t *out, size_t len);

/* DeriveSecret: hash_len bytes. `out` may be `secret`. */
void sotto_mls_derive_secret(const struct sotto_mls_suite *suite,
                             const uint8_t *secret, const char *label,
                             uint8_t *out);

/* DeriveTreeSecret: `len` bytes for one generation. `out` may be `secret`. */
void sotto_mls_derive_tree_secret(const struct sotto_mls_suite *suite,
                                  const uint8_t *secret, const char *label,
                                  uint32_t generation, uint8_t *out,
                                  size_t len);

/* ------------------------------------------- hash-based identifiers (5.2) */

#define SOTTO_MLS_KEY_PACKAGE_REF "MLS 1.0 KeyPackage Reference"
#define SOTTO_MLS_PROPOSAL_REF    "MLS 1.0 Proposal Reference"

/* RefHash: hash_len bytes. `label` is whole: one of the two above. */
void sotto_mls_ref_hash(const struct sotto_mls_suite *suite, const char *label,
                        struct sotto_span value, uint8_t *out);

/* The same over pieces, one after the other. */
void sotto_mls_ref_hash_pieces(const struct sotto_mls_suite *suite,
                               const char *label,
                               const struct sotto_piece *value, size_t count,
                               uint8_t *out);

/* --------------------------------------------------------- signing (5.1.2) */

/* SignWithLabel over the pieces, one after the other (at most 12).
 * `signature` has room for SOTTO_MLS_SIGNATURE_MAX bytes. AUTH for a bad key;
 * SPACE when the back end's memory is used up. */
enum sotto_err sotto_mls_sign_with_label(
    const struct sotto_mls_suite *suite, const uint8_t *private_key,
    const char *label, const struct sotto_piece *pieces, size_t count,
    uint8_t *signature, size_t *signature_len) SOTTO_MUST_CHECK;

/* VerifyWithLabel; AUTH for a bad key (its length included) or signature;
 * SPACE as above. */
enum sotto_err sotto_mls_verify_with_label(
    const struct sotto_mls_suite *suite, struct sotto_span public_key,
    const char *label, const struct sotto_piece *pieces, size_t count,
    struct sotto_span signature) SOTTO_MUST_CHECK;

/* ------------------------------------------- public-key encryption (5.1.3) */

/* DeriveKeyPair of the suite's KEM (RFC 9180 7.1.3). SPACE. */
enum sotto_err sotto_mls_derive_key_pair(const struct sotto_mls_suite *suite,
                                         struct sotto_span ikm,
                                         uint8_t *private_key,
                                         uint8_t *public_key) SOTTO_MUST_CHECK;

/*
 * EncryptWithLabel: writes kem_len bytes to `kem_output` and plaintext.len +
 * SOTTO_MLS_AEAD_TAG_LEN bytes to `ciphertext`. AUTH for a bad public key,
 * RANDOM, SPACE as above. On failure both outputs are unspecified.
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
