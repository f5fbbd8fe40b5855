/*
 * sample.h - leaf nodes and trees for the tests of MLS.
 *
 * Where keys need not be keys, a suite with keys of four bytes keeps things
 * short: the leaf node number n then has the encryption key "E", n (three
 * bytes), and the signature key "S", n.
 */
#ifndef SOTTO_TESTS_UNIT_MLS_SAMPLE_H
#define SOTTO_TESTS_UNIT_MLS_SAMPLE_H

#include "core/base/writer.h"
#include "core/mls/tree.h"

#define SAMPLE_KEY_LEN  4
#define SAMPLE_LEAF_MAX 96
#define SAMPLE_MEMBERS  16

/* Suite 2 with short keys: for trees and hashes only. */
const struct sotto_mls_suite *sample_suite(void);

/* An encoded leaf node; valid until the next call with the same `slot`, of
 * SAMPLE_SLOTS. */
#define SAMPLE_SLOTS 64
struct sotto_span sample_leaf(size_t slot, uint32_t number);

/* A tree with its memory, and a draft with its. */
struct sample_tree {
    struct sotto_mls_tree tree;
    uint64_t memory[1536];
};

struct sample_draft {
    struct sotto_mls_tree draft;
    uint64_t memory[1024];
};

/* An empty tree for SAMPLE_MEMBERS, and one of `members` who joined one after
 * the other, leaf nodes 0, 1, ...; all parents blank. */
void sample_tree_init(struct sample_tree *sample);
void sample_tree_of(struct sample_tree *sample, uint32_t members);
void sample_draft_of(struct sample_draft *sample,
                     const struct sample_tree *tree);
/* Rehashes and applies. */
void sample_apply(struct sample_tree *tree, struct sample_draft *draft);

/* Gives a parent of a draft the key "P", `number`. */
void sample_set_parent(struct sample_draft *draft, uint32_t node,
                       uint32_t number);

#endif
