/*
 * tie.h - groups that come from another group (RFC 9420 11.2, 11.3).
 */
#ifndef SOTTO_MLS_TIE_H
#define SOTTO_MLS_TIE_H

#include "core/mls/group.h"

/* Whether a PSK ties a group to another: by reinit or branch. */
bool sotto_mls_is_tie(const struct sotto_mls_psk_id *id);

/* What a group keeps of the ReInit that ended it: hash_len bytes. */
void sotto_mls_reinit_hash(const struct sotto_mls_suite *suite,
                           const struct sotto_mls_reinit *reinit, uint8_t *out);

/* Whether a new group is what the old one, which the client finds, makes of it
 * (12.4.3.1): in the epoch 1; after a ReInit as it was announced there, and all
 * members came along; branched off with the same version and suite, and nobody
 * else is in it. NOT_FOUND, FORMAT. */
enum sotto_err sotto_mls_tie_check(
    const struct sotto_mls_client *client, const struct sotto_mls_psk_id *tie,
    const struct sotto_mls_group_context *context,
    const struct sotto_mls_tree *tree) SOTTO_MUST_CHECK;

#endif
