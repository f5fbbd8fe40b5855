/*
 * mls_forge.h - messages that somebody makes who has the keys but keeps no
 * rules: signed, tagged and sealed as they should be, with any content. So the
 * checks behind the authentication are reached.
 */
#ifndef SOTTO_FUZZ_MLS_FORGE_H
#define SOTTO_FUZZ_MLS_FORGE_H

#include "mls_world.h"

/* A Proposal or Commit of a member's, or of a joiner's (NEW_MEMBER_COMMIT), of
 * which `content` is all but the frame. A commit gets the confirmation tag that
 * another member would compute for it, if it gets that far. */
void forge_message(struct world_client *sender, uint8_t sender_type,
                   uint8_t content_type, struct sotto_span content);

/* One Proposal of any type, with anything in it: from the input. */
void forge_proposal(struct world_client *sender, struct sotto_writer *w);

/* The Commit that `sender` has pending, with other proposals, another path, or
 * bytes of it changed; with a leaf node that is signed again. False when there
 * is none. */
bool forge_commit(struct world_client *sender, struct sotto_writer *w);

/* Changes a Commit's bytes and signs its leaf node again; gives the length.
 * `at` is where the joiner's leaf goes, or the member's leaf. */
size_t forge_path(const struct world_client *sender, uint8_t *commit,
                  size_t len, size_t cap);

/* A Welcome of `sender` for all clients, with a GroupInfo and GroupSecrets of
 * which anything may have been changed before they were signed and sealed. */
void forge_welcome(struct world_client *sender);

/* Changes a GroupInfo that `sender` made, and signs it again. */
size_t forge_group_info(const struct world_client *sender, uint8_t *info,
                        size_t len, size_t cap);

#endif
