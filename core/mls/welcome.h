/*
 * welcome.h - what a Welcome and a GroupInfo are sealed and signed with (RFC
 * 9420 12.4.3, 12.4.3.1).
 *
 *     GroupInfo      sealed once, under welcome_secret, for all new members
 *     GroupSecrets   encrypted to each one's init_key; has joiner_secret, from
 *                    which (and the PSKs) welcome_secret comes
 *
 * What a group makes of them is in the group's files.
 */
#ifndef SOTTO_MLS_WELCOME_H
#define SOTTO_MLS_WELCOME_H

#include "core/mls/suite.h"

/* Signs a GroupInfo: `tbs` is what sotto_mls_write_group_info_tbs() wrote, and
 * `signature` has room for SOTTO_MLS_SIGNATURE_MAX bytes. AUTH for a bad key;
 * SPACE when the back end's memory is used up. */
enum sotto_err sotto_mls_group_info_sign(const struct sotto_mls_suite *suite,
                                         const uint8_t *private_key,
                                         struct sotto_span tbs,
                                         uint8_t *signature,
                                         size_t *signature_len)
    SOTTO_MUST_CHECK;

/* Verifies one that was decoded, with its signer's key. AUTH, SPACE. */
enum sotto_err sotto_mls_group_info_verify(
    const struct sotto_mls_suite *suite, struct sotto_span public_key,
    const struct sotto_mls_group_info *group_info) SOTTO_MUST_CHECK;

/* Seals an encoded GroupInfo: group_info.len + SOTTO_MLS_AEAD_TAG_LEN bytes;
 * `out` may be where it stands. CRYPTO. */
enum sotto_err sotto_mls_group_info_seal(const struct sotto_mls_suite *suite,
                                         const uint8_t *welcome_secret,
                                         struct sotto_span group_info,
                                         uint8_t *out) SOTTO_MUST_CHECK;

/* Opens encrypted_group_info: its length less SOTTO_MLS_AEAD_TAG_LEN bytes, at
 * most `cap`. AUTH; SPACE when there is no room. */
enum sotto_err sotto_mls_group_info_open(const struct sotto_mls_suite *suite,
                                         const uint8_t *welcome_secret,
                                         struct sotto_span sealed, uint8_t *out,
                                         size_t cap, size_t *out_len)
    SOTTO_MUST_CHECK;

/* Encrypts an encoded GroupSecrets to a new member: kem_len bytes, and
 * group_secrets.len + SOTTO_MLS_AEAD_TAG_LEN bytes. Errors of
 * sotto_mls_encrypt_with_label(). */
enum sotto_err sotto_mls_group_secrets_encrypt(
    const struct sotto_mls_suite *suite, struct sotto_span init_key,
    struct sotto_span encrypted_group_info, struct sotto_span group_secrets,
    const struct sotto_random *random, uint8_t *kem_output, uint8_t *ciphertext)
    SOTTO_MUST_CHECK;

/* Decrypts them for the owner of the key package. Errors of
 * sotto_mls_decrypt_with_label(). */
enum sotto_err sotto_mls_group_secrets_decrypt(
    const struct sotto_mls_suite *suite, const uint8_t *init_private,
    struct sotto_span init_key, struct sotto_span encrypted_group_info,
    const struct sotto_mls_hpke_ciphertext *in, uint8_t *out, size_t cap,
    size_t *out_len) SOTTO_MUST_CHECK;

/* The entry of a Welcome, which was decoded, for a KeyPackageRef; false when
 * there is none. */
bool sotto_mls_welcome_find(const struct sotto_mls_welcome *welcome,
                            struct sotto_span key_package_ref,
                            struct sotto_mls_encrypted_group_secrets *out);

#endif
