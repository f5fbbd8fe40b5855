/*
 * test_mls_tree_hash.c - tree hashes and parent hashes, over bytes typed in.
 */
#include "core/crypto/hash.h"
#include "core/mls/tree_hash.h"
#include "core/mls/tree_inner.h"
#include "tests/unit/mls/sample.h"
#include "tests/unit/support/seed.h"
#include "tests/unit/test.h"

#include <string.h>

static struct sample_tree tree;
static struct sample_draft draft;

/* The hash of up to three pieces. */
static void assert_hash(const uint8_t *got, struct sotto_span a,
                        struct sotto_span b, struct sotto_span c)
{
    struct sotto_sha256 hash;
    uint8_t expected[SOTTO_HASH_LEN];

    sotto_sha256_init(&hash);
    sotto_sha256_add(&hash, a.at, a.len);
    sotto_sha256_add(&hash, b.at, b.len);
    sotto_sha256_add(&hash, c.at, c.len);
    sotto_sha256_end(&hash, expected);
    assert_memory_equal(got, expected, sizeof expected);
}

#define SPAN(bytes) ((struct sotto_span){bytes, sizeof(bytes)})

static const struct sotto_span none = {NULL, 0};

static void test_tree_hash_is_over_the_leaf_and_its_index(void **state)
{
    const uint8_t third[] = {1, 0, 0, 0, 2, 1};
    const uint8_t fourth[] = {1, 0, 0, 0, 3, 0}; /* blank */

    (void)state;
    sample_tree_of(&tree, 3);
    assert_hash(sotto_mls_tree_node_hash(&tree.tree, 4), SPAN(third),
                sample_leaf(2, 2), none);
    assert_hash(sotto_mls_tree_node_hash(&tree.tree, 6), SPAN(fourth), none,
                none);
}

/* `<prefix> left_hash<V> right_hash<V>` of node 5. */
static void assert_parent_hash(struct sotto_span prefix)
{
    uint8_t hashes[2 * 33];

    hashes[0] = 32;
    memcpy(hashes + 1, sotto_mls_tree_node_hash(&tree.tree, 4), 32);
    hashes[33] = 32;
    memcpy(hashes + 34, sotto_mls_tree_node_hash(&tree.tree, 6), 32);
    assert_hash(sotto_mls_tree_node_hash(&tree.tree, 5), prefix, SPAN(hashes),
                none);
}

static void test_tree_hash_is_over_the_parent_and_its_children(void **state)
{
    const uint8_t blank[] = {2, 0};
    const uint8_t parent[] = {2, 1, 4, 'P', 0, 0, 7, 0, 4, 0, 0, 0, 3};
    uint32_t leaf;

    (void)state;
    sample_tree_of(&tree, 3);
    assert_parent_hash(SPAN(blank));
    sample_draft_of(&draft, &tree);
    sample_set_parent(&draft, 5, 7);
    assert_int_equal(sotto_mls_tree_add(&draft.draft, sample_leaf(5, 5), &leaf),
                     SOTTO_OK);
    assert_int_equal(leaf, 3);
    sample_apply(&tree, &draft);
    assert_parent_hash(SPAN(parent));
}

static void test_parent_hash_is_over_key_hash_and_sibling(void **state)
{
    const uint8_t start[] = {4, 'P', 0, 0, 7, 0, 32};
    uint8_t got[SOTTO_HASH_LEN];
    struct sotto_span sibling = {NULL, SOTTO_HASH_LEN};

    (void)state;
    sample_tree_of(&tree, 4);
    sample_draft_of(&draft, &tree);
    sample_set_parent(&draft, 3, 7);
    sample_apply(&tree, &draft);
    sotto_mls_parent_hash(&tree.tree, 3, 5, got);
    sibling.at = sotto_mls_tree_node_hash(&tree.tree, 5);
    assert_hash(got, SPAN(start), sibling, none);
}

/* ------------------------------------------- original_sibling_tree_hash */

/* The naive way: a draft without what is unmerged at the node (RFC 9420 7.9),
 * and then the parent hash, with nothing left to take out. */
static void naive_parent_hash(uint32_t node, uint32_t sibling, uint8_t *out)
{
    static struct sample_draft other;
    struct sotto_mls_tree *of = &other.draft;
    uint32_t leaf = 0;

    sample_draft_of(&other, &tree);
    while ((leaf = sotto_mls_tree_next_unmerged(&tree.tree, node, leaf)) !=
           SOTTO_MLS_NONE) {
        sotto_mls_tree_blank_leaf(of, leaf);
        for (uint32_t level = 1; level <= sotto_mls_depth(of->leaf_count);
             level++) {
            sotto_mls_tree_touch(of, sotto_mls_ancestor(leaf, level));
            sotto_mls_set_bit(sotto_mls_tree_row(of, level), leaf, false);
        }
        leaf++;
    }
    sotto_mls_tree_rehash(of);
    sotto_mls_parent_hash(of, node, sibling, out);
}

static void compare_parent_hashes(void)
{
    uint8_t got[SOTTO_HASH_LEN];
    uint8_t expected[SOTTO_HASH_LEN];

    for (uint32_t node = 1; node < sotto_mls_node_count(tree.tree.leaf_count);
         node += 2) {
        if (sotto_mls_tree_parent(&tree.tree, node) == NULL) {
            continue;
        }
        const uint32_t children[] = {sotto_mls_left(node),
                                     sotto_mls_right(node)};
        for (int i = 0; i < 2; i++) {
            sotto_mls_parent_hash(&tree.tree, node, children[i], got);
            naive_parent_hash(node, children[i], expected);
            assert_memory_equal(got, expected, sizeof got);
        }
    }
}

/* Trees with unmerged leaves everywhere: members leave, all parents are set
 * from the top or the bottom, others come, some parents are set again. */
static void make_unmerged(struct seed *seed)
{
    uint32_t members = 2 + (uint32_t)seed_below(seed, SAMPLE_MEMBERS - 1);
    uint32_t leaf;

    sample_tree_of(&tree, members);
    sample_draft_of(&draft, &tree);
    for (uint32_t i = 1; i < members; i++) {
        if (seed_below(seed, 2) == 0) {
            sotto_mls_tree_remove(&draft.draft, i);
        }
    }
    for (uint32_t round = 0; round < 3; round++) {
        uint32_t nodes = sotto_mls_node_count(draft.draft.leaf_count);

        for (uint32_t node = 1; node < nodes; node += 2) {
            if (seed_below(seed, 2 + round) == 0) {
                sample_set_parent(&draft, node, 100 * round + node);
            }
        }
        for (size_t adds = seed_below(seed, 3); adds > 0; adds--) {
            size_t slot = 20 + 3 * round + adds;

            if (sotto_mls_tree_add(&draft.draft,
                                   sample_leaf(slot, (uint32_t)slot),
                                   &leaf) != SOTTO_OK) {
                break; /* full */
            }
        }
    }
    sample_apply(&tree, &draft);
}

static void test_parent_hash_leaves_out_what_came_later(void **state)
{
    (void)state;
    for (uint64_t run = 1; run <= 200; run++) {
        struct seed seed;

        seed_init(&seed, seed_of_run(run));
        make_unmerged(&seed);
        compare_parent_hashes();
    }
}

int test_mls_tree_hash(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_hash_is_over_the_leaf_and_its_index),
        cmocka_unit_test(test_tree_hash_is_over_the_parent_and_its_children),
        cmocka_unit_test(test_parent_hash_is_over_key_hash_and_sibling),
        cmocka_unit_test(test_parent_hash_leaves_out_what_came_later),
    };
    return cmocka_run_group_tests_name("mls_tree_hash", tests, NULL, NULL);
}
