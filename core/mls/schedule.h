/*
 * schedule.h - the key schedule (RFC 9420 8): from one epoch's init_secret to
 * the next, and what an epoch's secrets are for.
 *
 *                  init_secret of the epoch before
 *                        |
 *     commit_secret -> Extract
 *                        |
 *                  "joiner", GroupContext ------> joiner_secret
 *                        |
 *        psk_secret -> Extract ------> "welcome": welcome_secret
 *                        |
 *                  "epoch", GroupContext -------> epoch_secret
 *                        |
 *         sender_data_secret, encryption_secret, ..., init_secret
 *
 * Secrets have hash_len bytes. What is called member_secret here, the result of
 * the second Extract, has no name in the RFC.
 */
#ifndef SOTTO_MLS_SCHEDULE_H
#define SOTTO_MLS_SCHEDULE_H

#include "core/mls/suite.h"

/* What a member keeps of an epoch. encryption_secret is not here: it goes into
 * the secret tree (9) and is gone. Wipe it. */
struct sotto_mls_epoch_secrets {
    uint8_t sender_data_secret[SOTTO_MLS_HASH_MAX];
    uint8_t exporter_secret[SOTTO_MLS_HASH_MAX];
    uint8_t external_secret[SOTTO_MLS_HASH_MAX];
    uint8_t confirmation_key[SOTTO_MLS_HASH_MAX];
    uint8_t membership_key[SOTTO_MLS_HASH_MAX];
    uint8_t resumption_psk[SOTTO_MLS_HASH_MAX];
    uint8_t epoch_authenticator[SOTTO_MLS_HASH_MAX];
    uint8_t init_secret[SOTTO_MLS_HASH_MAX]; /* for the next epoch */
};

void sotto_mls_epoch_secrets_wipe(struct sotto_mls_epoch_secrets *secrets);

/* ------------------------------------------------- from epoch to epoch (8) */

/* joiner_secret of the epoch whose encoded GroupContext (8.1) is `context`.
 * `out` may be an input. */
void sotto_mls_joiner_secret(const struct sotto_mls_suite *suite,
                             const uint8_t *init_secret,
                             const uint8_t *commit_secret,
                             struct sotto_span context, uint8_t *out);

/* `psk_secret` is what psk.h gives; zeros where there is no PSK. */
void sotto_mls_member_secret(const struct sotto_mls_suite *suite,
                             const uint8_t *joiner_secret,
                             const uint8_t *psk_secret, uint8_t *out);

void sotto_mls_welcome_secret(const struct sotto_mls_suite *suite,
                              const uint8_t *member_secret, uint8_t *out);

void sotto_mls_epoch_secret(const struct sotto_mls_suite *suite,
                            const uint8_t *member_secret,
                            struct sotto_span context, uint8_t *out);

/* All secrets of an epoch (table 4), and its encryption_secret. The
 * epoch_secret is consumed: the caller wipes it. */
void sotto_mls_epoch_derive(const struct sotto_mls_suite *suite,
                            const uint8_t *epoch_secret,
                            struct sotto_mls_epoch_secrets *out,
                            uint8_t *encryption_secret);

/* ---------------------------------------------------------- exporters (8.5) */

/* MLS-Exporter: `len` bytes for a purpose. LIMIT when they are more than
 * sotto_mls_expand_max(). */
enum sotto_err sotto_mls_exporter(const struct sotto_mls_suite *suite,
                                  const uint8_t *exporter_secret,
                                  const char *label, struct sotto_span context,
                                  uint8_t *out, size_t len) SOTTO_MUST_CHECK;

/* -------------------------------------------- external initialization (8.3) */

/* The key pair that everybody in the group has; its public half goes into a
 * GroupInfo. One curve operation, so it is made when asked for. SPACE. */
enum sotto_err sotto_mls_external_key_pair(const struct sotto_mls_suite *suite,
                                           const uint8_t *external_secret,
                                           uint8_t *private_key,
                                           uint8_t *public_key)
    SOTTO_MUST_CHECK;

/* A joiner's init_secret, and the kem_output (kem_len bytes) that tells it to
 * the group. AUTH for a bad key; RANDOM, SPACE. */
enum sotto_err sotto_mls_external_init_send(const struct sotto_mls_suite *suite,
                                            struct sotto_span external_pub,
                                            const struct sotto_random *random,
                                            uint8_t *kem_output,
                                            uint8_t *init_secret)
    SOTTO_MUST_CHECK;

/* The same init_secret for the group, which knows external_secret. AUTH for a
 * kem_output that is none; SPACE. */
enum sotto_err sotto_mls_external_init_receive(
    const struct sotto_mls_suite *suite, const uint8_t *external_secret,
    struct sotto_span kem_output, uint8_t *init_secret) SOTTO_MUST_CHECK;

#endif
