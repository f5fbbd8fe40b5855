/*
 * secret_tree_inner.h - what the files of the secret tree share.
 */
#ifndef SOTTO_MLS_SECRET_TREE_INNER_H
#define SOTTO_MLS_SECRET_TREE_INNER_H

#include "core/mls/secret_tree.h"

/*
 * The state of place i (of leaf i): below PLACE_ACTIVE, the secret of the node
 * of that level whose leftmost leaf is i is stored there.
 */
#define PLACE_ACTIVE 0xfeU /* leaf i's ratchets: their number is stored */
#define PLACE_EMPTY  0xffU /* nothing starts here */

/* The secret in a place, and the number of the ratchets of an active one. */
uint8_t *sotto_mls_place_secret(const struct sotto_mls_secret_tree *tree,
                                uint32_t place);
uint32_t sotto_mls_place_sender(const struct sotto_mls_secret_tree *tree,
                                uint32_t place);

/* Makes a place active: wipes its secret and gives it the next ratchets, of
 * which there must be any. */
struct sotto_mls_ratchet *sotto_mls_place_activate(
    struct sotto_mls_secret_tree *tree, uint32_t place);

#endif
