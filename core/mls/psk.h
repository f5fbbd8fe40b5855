/*
 * psk.h - psk_secret: the pre-shared keys of a commit, chained (RFC 9420 8.4).
 *
 *     sotto_mls_psk_begin(&chain, suite, count);
 *     for each, in the order of the Commit (or of GroupSecrets):
 *         sotto_mls_psk_add(&chain, &id, psk);
 *     sotto_mls_psk_end(&chain, psk_secret);
 *
 * Whether an identifier is allowed here is for the group to decide (12.1.4).
 */
#ifndef SOTTO_MLS_PSK_H
#define SOTTO_MLS_PSK_H

#include "core/mls/suite.h"

struct sotto_mls_psk_chain {
    const struct sotto_mls_suite *suite;
    uint16_t index;                     /* PSKs taken in */
    uint16_t count;                     /* PSKs that there are */
    uint8_t secret[SOTTO_MLS_HASH_MAX]; /* psk_secret_[index] */
};

/* `count` may be 0: psk_secret is then all zeros. */
void sotto_mls_psk_begin(struct sotto_mls_psk_chain *chain,
                         const struct sotto_mls_suite *suite, uint16_t count);

/* Takes in the next PSK, of any length, under its PreSharedKeyID. */
void sotto_mls_psk_add(struct sotto_mls_psk_chain *chain,
                       const struct sotto_mls_psk_id *id,
                       struct sotto_span psk);

/* Writes hash_len bytes once all are in, and wipes the chain. */
void sotto_mls_psk_end(struct sotto_mls_psk_chain *chain, uint8_t *psk_secret);

/* Wipes a chain that is given up. */
void sotto_mls_psk_wipe(struct sotto_mls_psk_chain *chain);

#endif
