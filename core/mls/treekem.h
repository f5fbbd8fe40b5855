/*
 * treekem.h - update paths (RFC 9420 7.4 to 7.6): fresh secrets for everybody
 * above a leaf, encrypted to the subtrees that hang off the path.
 *
 * A committer makes a path in this order, on a draft:
 *   sotto_mls_path_generate()   secrets and keys; parents and parent hashes
 *   sotto_mls_tree_set_leaf()   its own leaf, signed with the parent hash
 *   sotto_mls_tree_rehash()     gives the tree hash for the GroupContext
 *   sotto_mls_path_encrypt()    the UpdatePathNodes
 * Everybody else:
 *   sotto_mls_path_check()      its keys
 *   sotto_mls_path_merge()      the public half
 *   sotto_mls_tree_rehash()
 *   sotto_mls_path_decrypt()    the private half
 */
#ifndef SOTTO_MLS_TREEKEM_H
#define SOTTO_MLS_TREEKEM_H

#include "core/base/reader.h"
#include "core/mls/tree.h"

/* A member's private keys: its leaf's (level 0) and those above it that it
 * knows. Holds no pointer; copied to decide, then committed. */
struct sotto_mls_path_keys {
    uint32_t held; /* a bit for each level */
    uint8_t keys[SOTTO_MLS_LEVELS][SOTTO_MLS_PRIVATE_MAX];
};

/* What generating a path leaves to be encrypted: path_secret by level. */
struct sotto_mls_path_secrets {
    uint32_t held; /* a bit for each level of the filtered direct path */
    uint8_t secrets[SOTTO_MLS_LEVELS][SOTTO_MLS_HASH_MAX];
};

/* What its maker knows of a new path; wiped when the commit is made. */
struct sotto_mls_new_path {
    struct sotto_mls_path_secrets secrets;
    struct sotto_mls_path_keys keys; /* above the leaf; its own is missing */
    uint8_t commit_secret[SOTTO_MLS_HASH_MAX];
    uint8_t parent_hash[SOTTO_MLS_HASH_MAX]; /* for the leaf node */
    size_t parent_hash_len;                  /* 0 in a group of one */
};

void sotto_mls_new_path_wipe(struct sotto_mls_new_path *path);
void sotto_mls_path_keys_wipe(struct sotto_mls_path_keys *keys);

/* As bytes, and back: uint32 levels, then their keys, the lowest first. There
 * is always that of the leaf; without it, or with a level that no tree has, the
 * reader becomes bad. */
void sotto_mls_path_keys_write(struct sotto_writer *w,
                               const struct sotto_mls_suite *suite,
                               const struct sotto_mls_path_keys *keys);
void sotto_mls_path_keys_read(struct sotto_reader *r,
                              const struct sotto_mls_suite *suite,
                              struct sotto_mls_path_keys *keys);

/* Forgets the keys of nodes that are blank in the tree now, or beyond it. */
void sotto_mls_path_keys_prune(struct sotto_mls_path_keys *keys,
                               const struct sotto_mls_tree *tree,
                               uint32_t leaf);

/*
 * Generates the path of `leaf` in the draft: blanks its direct path, derives
 * secrets and keys from `first_secret` (hash_len fresh random bytes) along the
 * filtered direct path, sets the parents with their parent hashes. Computes
 * the hashes of all other nodes on the way. SPACE when the crypto back end's
 * memory is used up; `path` is then wiped.
 */
enum sotto_err sotto_mls_path_generate(struct sotto_mls_tree *draft,
                                       uint32_t leaf,
                                       const uint8_t *first_secret,
                                       struct sotto_mls_new_path *path)
    SOTTO_MUST_CHECK;

/* The length of, and the encoding of, `UpdatePathNode nodes<V>`: each secret
 * encrypted to the resolution of the sibling below its node, but not to the
 * leaves the draft added. `context` is the provisional GroupContext. */
size_t sotto_mls_path_encrypted_len(const struct sotto_mls_tree *draft,
                                    uint32_t leaf);
enum sotto_err sotto_mls_path_encrypt(
    const struct sotto_mls_tree *draft, uint32_t leaf,
    const struct sotto_mls_path_secrets *secrets, struct sotto_span context,
    const struct sotto_random *random, struct sotto_writer *w) SOTTO_MUST_CHECK;

/* Whether one can encrypt to all nodes of somebody else's path, the leaf
 * included. FORMAT; SPACE. */
enum sotto_err sotto_mls_path_check(const struct sotto_mls_suite *suite,
                                    const struct sotto_mls_update_path *path)
    SOTTO_MUST_CHECK;

/*
 * Puts the public half of `leaf`'s update path into the draft, which has the
 * proposals already. FORMAT when the number of nodes or ciphertexts is not
 * what the tree asks for, a key has a wrong length, or stands in the tree
 * before; AUTH when the leaf's parent hash does not fit. `path` is borrowed by
 * the draft. The leaf node itself is validated elsewhere.
 */
enum sotto_err sotto_mls_path_merge(struct sotto_mls_tree *draft, uint32_t leaf,
                                    const struct sotto_mls_update_path *path)
    SOTTO_MUST_CHECK;

/*
 * The private half for member `me`: decrypts the one path secret that is meant
 * for it with the keys it holds, derives those above, checks each against the
 * public key in the draft, and puts them into `keys` (which on failure is
 * unspecified: hand in a copy). Gives commit_secret. AUTH.
 */
enum sotto_err sotto_mls_path_decrypt(const struct sotto_mls_tree *draft,
                                      uint32_t leaf,
                                      const struct sotto_mls_update_path *path,
                                      uint32_t me, struct sotto_span context,
                                      struct sotto_mls_path_keys *keys,
                                      uint8_t *commit_secret) SOTTO_MUST_CHECK;

/*
 * What a path secret tells member `me` (7.4): private keys from the ancestor
 * at `level` upwards, each checked against the tree; commit_secret at the end
 * (NULL: not wanted). Used for Welcome (12.4.3.1): `level` is where `me` and
 * the committer meet. AUTH.
 */
enum sotto_err sotto_mls_path_derive(const struct sotto_mls_tree *tree,
                                     uint32_t me, uint32_t level,
                                     const uint8_t *path_secret,
                                     struct sotto_mls_path_keys *keys,
                                     uint8_t *commit_secret) SOTTO_MUST_CHECK;

#endif
