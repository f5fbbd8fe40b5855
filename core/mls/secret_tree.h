/*
 * secret_tree.h - the secret tree (RFC 9420 9): a key for every message of an
 * epoch, each used once and then gone.
 *
 * From encryption_secret at the root a secret goes down to every leaf, and
 * from there two hash ratchets run, one for handshake and one for application
 * messages; each generation gives one key and nonce. Secrets are derived when
 * they are needed and deleted when they are consumed (9.2):
 *
 *            G              at first only G is kept
 *          /   \
 *         E     F           for a message of D: E and C are kept, and D's two
 *        / \   / \          ratchets; G, F and D's own secret are gone
 *       A   B C   D
 *
 * What is kept are always the secrets of subtrees that do not overlap, so each
 * is stored under its leftmost leaf: one place for every leaf is enough, and a
 * left child overwrites its parent. Ratchets take memory only for members that
 * have sent something in this epoch.
 *
 * A message that comes late finds its key among the kept ones: the keys of
 * generations that were stepped over, for all senders together, the oldest
 * giving way. A message that is too far ahead is refused before any work.
 *
 * To decide first: sotto_mls_secret_tree_find() works a key out and changes
 * nothing; sotto_mls_secret_tree_consume() deletes it, and all it came from,
 * once the message turned out to be good, and cannot fail.
 */
#ifndef SOTTO_MLS_SECRET_TREE_H
#define SOTTO_MLS_SECRET_TREE_H

#include "core/base/reader.h"
#include "core/base/writer.h"
#include "core/mls/suite.h"

enum sotto_mls_ratchet_kind {
    SOTTO_MLS_RATCHET_HANDSHAKE = 0,
    SOTTO_MLS_RATCHET_APPLICATION = 1
};

#define SOTTO_MLS_RATCHETS 2 /* of each member */

/* How much an epoch's tree may hold. */
struct sotto_mls_secret_config {
    uint32_t members; /* leaves at most; rounded up to a power of two */
    uint32_t senders; /* members that can send in one epoch, ourselves
                         included: 72 bytes each; messages of others are
                         refused with SPACE, so 0, which stands for all of
                         them, is right unless memory is short */
    uint32_t kept;    /* keys kept for late messages: 56 bytes each */
    uint32_t window;  /* how many generations late, for one ratchet */
    uint32_t forward; /* how many generations ahead of the last seen one */
};

/* What a message is sealed with. Wipe it. */
struct sotto_mls_message_key {
    uint32_t leaf;
    enum sotto_mls_ratchet_kind kind;
    uint32_t generation;
    uint8_t key[SOTTO_MLS_AEAD_KEY_MAX];
    uint8_t nonce[SOTTO_MLS_AEAD_NONCE_MAX]; /* before the reuse guard */
};

struct sotto_mls_ratchet {
    uint8_t secret[SOTTO_MLS_HASH_MAX];
    uint32_t generation; /* the next one, which `secret` gives */
};

struct sotto_mls_secret_tree {
    const struct sotto_mls_suite *suite;
    struct sotto_mls_secret_config config; /* completed */
    uint32_t leaf_count; /* of this epoch; 0: no epoch yet, or wiped */

    /* In memory handed in. */
    struct sotto_mls_ratchet (*senders)[SOTTO_MLS_RATCHETS];
    struct sotto_mls_message_key *kept; /* the oldest first */
    uint8_t *secrets;                   /* SOTTO_MLS_HASH_MAX for each leaf */
    uint8_t *states; /* of each leaf's place; see secret_tree.c */

    uint32_t sender_count;
    uint32_t kept_count;
};

/* ------------------------------------------------------------------ memory */

/* Bytes for a tree; and the tree in that memory, aligned as malloc() would
 * and the tree's from now on. It is then as after a wipe. */
size_t sotto_mls_secret_tree_size(const struct sotto_mls_secret_config *config);
void sotto_mls_secret_tree_init(struct sotto_mls_secret_tree *tree,
                                void *memory,
                                const struct sotto_mls_suite *suite,
                                const struct sotto_mls_secret_config *config);

/* Wipes whatever there is and starts an epoch: `leaf_count` is the width of its
 * ratchet tree. The caller wipes its encryption_secret. */
void sotto_mls_secret_tree_start(struct sotto_mls_secret_tree *tree,
                                 uint32_t leaf_count,
                                 const uint8_t *encryption_secret);

/* Deletes all secrets of the epoch. */
void sotto_mls_secret_tree_wipe(struct sotto_mls_secret_tree *tree);

/* -------------------------------------------------------------------- keys */

/*
 * The key of a message, found or derived; the tree stays as it is. FORMAT for
 * a leaf outside the tree; REPLAY for a generation whose key is gone: it was
 * used, or it is too late; LIMIT for one too far ahead, and for the very last
 * (2^32 - 1); SPACE when too many have sent something in this epoch.
 */
enum sotto_err sotto_mls_secret_tree_find(
    const struct sotto_mls_secret_tree *tree, uint32_t leaf,
    enum sotto_mls_ratchet_kind kind, uint32_t generation,
    struct sotto_mls_message_key *out) SOTTO_MUST_CHECK;

/* Deletes a key that was found, and what it came from; keys of generations
 * before it are kept for a while. The tree has not changed in between. */
void sotto_mls_secret_tree_consume(struct sotto_mls_secret_tree *tree,
                                   const struct sotto_mls_message_key *key);

/* The next key of our own ratchet, consumed: never handed out twice. LIMIT when
 * there is none left; SPACE as above. */
enum sotto_err sotto_mls_secret_tree_next(struct sotto_mls_secret_tree *tree,
                                          uint32_t leaf,
                                          enum sotto_mls_ratchet_kind kind,
                                          struct sotto_mls_message_key *out)
    SOTTO_MUST_CHECK;

/* The generation that a ratchet gives next; 0 outside the tree. */
uint32_t sotto_mls_secret_tree_generation(
    const struct sotto_mls_secret_tree *tree, uint32_t leaf,
    enum sotto_mls_ratchet_kind kind);

/*
 * Steps our own ratchet to `generation`, keeping no key; nothing if it is there
 * already. For one who reserves generations durably before use and comes back
 * from an older state: no limit is set to how far. SPACE.
 */
enum sotto_err sotto_mls_secret_tree_forward(struct sotto_mls_secret_tree *tree,
                                             uint32_t leaf,
                                             enum sotto_mls_ratchet_kind kind,
                                             uint32_t generation)
    SOTTO_MUST_CHECK;

void sotto_mls_message_key_wipe(struct sotto_mls_message_key *key);

/* -------------------------------------------- as bytes: secret_tree_state.c */

/* The most that sotto_mls_secret_tree_write() writes. */
size_t sotto_mls_secret_tree_encoded_max(
    const struct sotto_mls_secret_config *config);

/* All of an epoch's secrets, to be encrypted by the caller. */
void sotto_mls_secret_tree_write(struct sotto_writer *w,
                                 const struct sotto_mls_secret_tree *tree);

/* Back again, into a tree that was initialised for as much or more. FORMAT for
 * what cannot be; SPACE for more than there is room for; the tree is then as
 * after a wipe. What follows in the reader is left there. */
enum sotto_err sotto_mls_secret_tree_read(struct sotto_reader *r,
                                          struct sotto_mls_secret_tree *tree)
    SOTTO_MUST_CHECK;

#endif
