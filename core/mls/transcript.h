/*
 * transcript.h - transcript hashes (RFC 9420 8.2) and the confirmation tag
 * (6.1): everybody in an epoch has seen the same commits.
 *
 *     interim[n-1] + Commit n without its tag  ->  confirmed[n]
 *     confirmed[n] + tag of Commit n           ->  interim[n]
 *
 * Hashes and tags have hash_len bytes; both hashes of a new group's epoch 0
 * start from an empty confirmed hash.
 */
#ifndef SOTTO_MLS_TRANSCRIPT_H
#define SOTTO_MLS_TRANSCRIPT_H

#include "core/mls/suite.h"

/* confirmed_transcript_hash after the commit in `commit`, whose confirmation
 * tag does not count. `interim` may be empty. */
void sotto_mls_confirmed_hash(
    const struct sotto_mls_suite *suite, struct sotto_span interim,
    const struct sotto_mls_authenticated_content *commit, uint8_t *out);

/* interim_transcript_hash of an epoch. `confirmed` may be empty. */
void sotto_mls_interim_hash(const struct sotto_mls_suite *suite,
                            struct sotto_span confirmed, struct sotto_span tag,
                            uint8_t *out);

/* confirmation_tag of an epoch: its confirmation_key, its confirmed hash. */
void sotto_mls_confirmation_tag(const struct sotto_mls_suite *suite,
                                const uint8_t *confirmation_key,
                                struct sotto_span confirmed, uint8_t *out);

/* AUTH unless `tag` is the confirmation tag. */
enum sotto_err sotto_mls_confirmation_check(const struct sotto_mls_suite *suite,
                                            const uint8_t *confirmation_key,
                                            struct sotto_span confirmed,
                                            struct sotto_span tag)
    SOTTO_MUST_CHECK;

#endif
