/*
 * hpke.h - Hybrid Public Key Encryption (RFC 9180) in its base mode, with a
 * Diffie-Hellman KEM: what MLS needs of it.
 *
 * One message for each context: MLS sets up a fresh one for everything it
 * encrypts (RFC 9420 5.1.3), so the sequence number of RFC 9180 5.2 is always
 * 0 and the nonce is base_nonce.
 *
 *     err = sotto_mls_hpke_send(&hpke, suite, their_key, info, 1, random, enc);
 *     if (err == SOTTO_OK) {
 *         err = sotto_mls_hpke_seal(&hpke, plaintext, ciphertext);
 *     }
 *     sotto_mls_hpke_wipe(&hpke);
 */
#ifndef SOTTO_MLS_HPKE_H
#define SOTTO_MLS_HPKE_H

#include "core/mls/suite.h"
#include <sotto/env.h>

/* A context (RFC 9180 5.1). Holds secrets: wipe it. */
struct sotto_mls_hpke {
    const struct sotto_mls_suite *suite;
    uint8_t key[SOTTO_MLS_AEAD_KEY_MAX];
    uint8_t base_nonce[SOTTO_MLS_AEAD_NONCE_MAX];
    /* What an exporter_secret, if one is asked for, comes from. */
    uint8_t secret[SOTTO_MLS_HASH_MAX];
    uint8_t psk_id_hash[SOTTO_MLS_HASH_MAX];
    uint8_t info_hash[SOTTO_MLS_HASH_MAX];
};

/* DeriveKeyPair (RFC 9180 7.1.3): one curve operation. SPACE when the back
 * end's memory is used up. */
enum sotto_err sotto_mls_hpke_derive_key_pair(
    const struct sotto_mls_suite *suite, struct sotto_span ikm,
    uint8_t *private_key, uint8_t *public_key) SOTTO_MUST_CHECK;

/*
 * SetupBaseS: a context to `public_key`, with `info` in pieces (at most 12).
 * Writes `kem_output` of kem_len bytes. Two curve operations. The ephemeral
 * key is DeriveKeyPair of private_len random bytes. AUTH for a bad public key,
 * RANDOM, SPACE; the context may be wiped even then.
 */
enum sotto_err sotto_mls_hpke_send(struct sotto_mls_hpke *hpke,
                                   const struct sotto_mls_suite *suite,
                                   struct sotto_span public_key,
                                   const struct sotto_piece *info, size_t count,
                                   const struct sotto_random *random,
                                   uint8_t *kem_output) SOTTO_MUST_CHECK;

/* SetupBaseR: the same context for the owner of the key pair. One curve
 * operation. AUTH for a kem_output that is no key; SPACE. */
enum sotto_err sotto_mls_hpke_receive(
    struct sotto_mls_hpke *hpke, const struct sotto_mls_suite *suite,
    const uint8_t *private_key, struct sotto_span public_key,
    const struct sotto_piece *info, size_t count, struct sotto_span kem_output)
    SOTTO_MUST_CHECK;

void sotto_mls_hpke_wipe(struct sotto_mls_hpke *hpke);

/* ContextS.Seal("", in): in.len + SOTTO_MLS_AEAD_TAG_LEN bytes. Once for a
 * context. CRYPTO. */
enum sotto_err sotto_mls_hpke_seal(const struct sotto_mls_hpke *hpke,
                                   struct sotto_span in, uint8_t *out)
    SOTTO_MUST_CHECK;

/* ContextR.Open("", in): `out` has room for in.len - SOTTO_MLS_AEAD_TAG_LEN
 * bytes. AUTH. */
enum sotto_err sotto_mls_hpke_open(const struct sotto_mls_hpke *hpke,
                                   struct sotto_span in, uint8_t *out,
                                   size_t *out_len) SOTTO_MUST_CHECK;

/* Context.Export: `len` bytes, at most sotto_mls_expand_max(). */
void sotto_mls_hpke_export(const struct sotto_mls_hpke *hpke,
                           struct sotto_span context, uint8_t *out, size_t len);

#endif
