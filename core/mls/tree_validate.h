/*
 * tree_validate.h - whether leaf nodes (RFC 9420 7.3) and whole trees
 * (12.4.3.1) may be believed.
 *
 * Each check is its own function, so that nothing is checked twice: a group
 * checks a leaf when it comes in, and all leaves only when it joins.
 * Whether a credential is who it says is for the application to decide.
 */
#ifndef SOTTO_MLS_TREE_VALIDATE_H
#define SOTTO_MLS_TREE_VALIDATE_H

#include "core/mls/tree.h"

/*
 * What does not depend on the other members: the source is `source` (0: any);
 * key lengths are the suite's (whether one can encrypt to it is for
 * sotto_mls_check_public()); version, suite, its own credential type and
 * extensions are among its capabilities; all that the group's extensions ask
 * for (required_capabilities, their own types) is, too; a KEY_PACKAGE leaf's
 * lifetime contains `now` (seconds; SOTTO_TIME_UNKNOWN: not asked). Types that
 * RFC 9420 itself defines need not be listed. FORMAT.
 */
enum sotto_err sotto_mls_leaf_check(const struct sotto_mls_suite *suite,
                                    const struct sotto_mls_leaf_node *leaf,
                                    uint8_t source,
                                    struct sotto_span group_extensions,
                                    uint64_t now) SOTTO_MUST_CHECK;

/* The signature over LeafNodeTBS; `group_id` and `index` count for UPDATE and
 * COMMIT leaves. AUTH. */
enum sotto_err sotto_mls_leaf_verify(const struct sotto_mls_suite *suite,
                                     const struct sotto_mls_leaf_node *leaf,
                                     struct sotto_span group_id, uint32_t index)
    SOTTO_MUST_CHECK;
/* Signs one: `signature` has room for SOTTO_MLS_SIGNATURE_MAX bytes. `tbs` is
 * what sotto_mls_write_leaf_node_tbs() wrote. */
enum sotto_err sotto_mls_leaf_sign(const struct sotto_mls_suite *suite,
                                   const uint8_t *private_key,
                                   struct sotto_span tbs, uint8_t source,
                                   struct sotto_span group_id, uint32_t index,
                                   uint8_t *signature, size_t *signature_len)
    SOTTO_MUST_CHECK;

/* KeyPackage (10.1): version, suite, init_key and encryption_key are keys and
 * differ, both signatures, the leaf by sotto_mls_leaf_check(). FORMAT, AUTH;
 * SPACE. */
enum sotto_err sotto_mls_key_package_check(
    const struct sotto_mls_suite *suite,
    const struct sotto_mls_key_package *key_package,
    struct sotto_span group_extensions, uint64_t now) SOTTO_MUST_CHECK;

/* Nobody else in a tree or draft has the encryption key or the signature key of
 * leaf `leaf`, nor has a parent node that encryption key: whoever joins would
 * refuse the tree (7.3, 12.4.3.1, 16.7). Their lengths are known to be right
 * (sotto_mls_leaf_check() of every leaf). FORMAT. */
enum sotto_err sotto_mls_tree_check_unique(const struct sotto_mls_tree *tree,
                                           uint32_t leaf) SOTTO_MUST_CHECK;

/* Every member can read every member's type of credential. FORMAT; LIMIT when
 * there are more than SOTTO_MLS_CREDENTIAL_TYPES types. */
#define SOTTO_MLS_CREDENTIAL_TYPES 8U
enum sotto_err sotto_mls_tree_check_credentials(
    const struct sotto_mls_tree *tree) SOTTO_MUST_CHECK;

/*
 * All of a tree that a joiner was given (12.4.3.1): parent hashes; every
 * unmerged leaf is there, and unmerged in all nodes between; every leaf by the
 * checks above and its signature (one verification each, but for the leaf
 * `mine`, which is known to be our own; NONE if there is none); one can encrypt
 * to every node, and no encryption key stands in two, leaves or parents. AUTH,
 * FORMAT, LIMIT; SPACE. Lifetimes are not checked: those who let the leaves in
 * did.
 */
enum sotto_err sotto_mls_tree_check(const struct sotto_mls_tree *tree,
                                    struct sotto_span group_id,
                                    struct sotto_span group_extensions,
                                    uint32_t mine) SOTTO_MUST_CHECK;

#endif
