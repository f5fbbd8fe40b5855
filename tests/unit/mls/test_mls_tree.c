/*
 * test_mls_tree.c - the ratchet tree: members come, change and go; drafts; the
 * arena; the extension ratchet_tree.
 */
#include "core/mls/codec.h"
#include "core/mls/tree_hash.h"
#include "tests/unit/mls/sample.h"
#include "tests/unit/support/seed.h"
#include "tests/unit/test.h"

#include <string.h>

#define ENCODED_MAX 4096

static struct sample_tree tree;
static struct sample_draft draft;

static void check_resolution(const struct sotto_mls_tree *of, uint32_t node,
                             const uint32_t *expected, size_t count)
{
    struct sotto_mls_resolution resolution;

    sotto_mls_resolution_init(&resolution, of, node);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(sotto_mls_resolution_next(&resolution), expected[i]);
    }
    assert_int_equal(sotto_mls_resolution_next(&resolution), SOTTO_MLS_NONE);
    assert_int_equal(sotto_mls_resolution_is_empty(of, node), count == 0);
}

/* ------------------------------------------------------------- resolutions */

/*
 * RFC 9420 4.1.1, with the leaves' numbers as nodes:
 *
 *                    _ 7
 *             ______/ \______
 *            X[1] 3          _ 11
 *          __|__           __|__
 *         _ 1   _ 5       Y 9   _ 13     leaf 5 is unmerged at node 9
 *        / \   / \       / \   / \
 *       0   2 _4  6     8  10 12 _14
 */
static void test_tree_resolves_as_in_the_rfc(void **state)
{
    const uint32_t top[] = {3, 2, 9, 10, 12};
    const uint32_t left[] = {3, 2};
    const uint32_t six[] = {6};

    (void)state;
    sample_tree_of(&tree, 8);
    sample_draft_of(&draft, &tree);
    sotto_mls_tree_remove(&draft.draft, 1);
    sotto_mls_tree_remove(&draft.draft, 2);
    sotto_mls_tree_remove(&draft.draft, 5);
    sample_set_parent(&draft, 3, 1);
    sample_set_parent(&draft, 9, 2);
    uint32_t leaf;
    assert_int_equal(sotto_mls_tree_add(&draft.draft, sample_leaf(20, 20),
                                        &leaf),
                     SOTTO_OK);
    assert_int_equal(leaf, 1);
    assert_int_equal(sotto_mls_tree_add(&draft.draft, sample_leaf(21, 21),
                                        &leaf),
                     SOTTO_OK);
    assert_int_equal(leaf, 2);
    assert_int_equal(sotto_mls_tree_add(&draft.draft, sample_leaf(22, 22),
                                        &leaf),
                     SOTTO_OK);
    assert_int_equal(leaf, 5);
    sotto_mls_tree_remove(&draft.draft, 7);
    /* Leaf 2 goes again, but its parents' keys are set anew. */
    sotto_mls_tree_remove(&draft.draft, 2);
    sample_set_parent(&draft, 3, 1);
    sotto_mls_tree_remove(&draft.draft, 1);
    sample_set_parent(&draft, 3, 1);
    assert_int_equal(sotto_mls_tree_add(&draft.draft, sample_leaf(23, 23),
                                        &leaf),
                     SOTTO_OK);
    assert_int_equal(leaf, 1);
    check_resolution(&draft.draft, 7, top, 5);
    check_resolution(&draft.draft, 3, left, 2);
    check_resolution(&draft.draft, 5, six, 1);
    check_resolution(&draft.draft, 4, NULL, 0);
    check_resolution(&draft.draft, 14, NULL, 0);
}

/* ------------------------------------------------- growing and shrinking */

static void test_tree_adds_at_the_leftmost_blank_leaf(void **state)
{
    uint32_t leaf;

    (void)state;
    sample_tree_of(&tree, 5);
    assert_int_equal(tree.tree.leaf_count, 8);
    sample_draft_of(&draft, &tree);
    sotto_mls_tree_remove(&draft.draft, 3);
    sotto_mls_tree_remove(&draft.draft, 1);
    assert_int_equal(sotto_mls_tree_add(&draft.draft, sample_leaf(9, 9), &leaf),
                     SOTTO_OK);
    assert_int_equal(leaf, 1);
    assert_int_equal(sotto_mls_tree_add(&draft.draft, sample_leaf(10, 10),
                                        &leaf),
                     SOTTO_OK);
    assert_int_equal(leaf, 3);
    assert_true(sotto_mls_tree_is_added(&draft.draft, 3));
    assert_false(sotto_mls_tree_is_added(&draft.draft, 2));
    assert_false(sotto_mls_tree_is_added(&tree.tree, 3));
}

static void test_tree_doubles_and_halves(void **state)
{
    uint32_t leaf;

    (void)state;
    sample_tree_of(&tree, 4);
    assert_int_equal(tree.tree.leaf_count, 4);
    sample_draft_of(&draft, &tree);
    assert_int_equal(sotto_mls_tree_add(&draft.draft, sample_leaf(4, 4), &leaf),
                     SOTTO_OK);
    assert_int_equal(leaf, 4);
    assert_int_equal(draft.draft.leaf_count, 8);
    sample_apply(&tree, &draft);
    sample_draft_of(&draft, &tree);
    sotto_mls_tree_remove(&draft.draft, 2);
    sotto_mls_tree_remove(&draft.draft, 3);
    assert_int_equal(draft.draft.leaf_count, 8);
    sotto_mls_tree_remove(&draft.draft, 4);
    assert_int_equal(draft.draft.leaf_count, 2);
    sample_apply(&tree, &draft);
    assert_int_equal(tree.tree.leaf_count, 2);
}

static void test_tree_drops_the_root_it_shrinks_by(void **state)
{
    uint32_t leaf;

    (void)state;
    sample_tree_of(&tree, 5);
    sample_draft_of(&draft, &tree);
    sotto_mls_tree_remove(&draft.draft, 4);
    sample_apply(&tree, &draft);
    sample_draft_of(&draft, &tree);
    assert_int_equal(sotto_mls_tree_add(&draft.draft, sample_leaf(4, 4), &leaf),
                     SOTTO_OK);
    assert_true(sotto_mls_tree_is_blank(&draft.draft, 7));
    assert_true(sotto_mls_tree_is_blank(&draft.draft, 11));
}

static void test_tree_refuses_one_member_too_many(void **state)
{
    uint32_t leaf;

    (void)state;
    sample_tree_of(&tree, SAMPLE_MEMBERS);
    sample_draft_of(&draft, &tree);
    assert_int_equal(sotto_mls_tree_add(&draft.draft, sample_leaf(20, 20),
                                        &leaf),
                     SOTTO_ERR_SPACE);
}

static void test_tree_marks_the_new_as_unmerged(void **state)
{
    uint32_t leaf;

    (void)state;
    sample_tree_of(&tree, 7);
    sample_draft_of(&draft, &tree);
    sample_set_parent(&draft, 13, 1);
    sample_set_parent(&draft, 7, 2);
    assert_int_equal(sotto_mls_tree_add(&draft.draft, sample_leaf(7, 7), &leaf),
                     SOTTO_OK);
    assert_int_equal(leaf, 7);
    assert_true(sotto_mls_tree_is_unmerged(&draft.draft, 13, 7));
    assert_true(sotto_mls_tree_is_unmerged(&draft.draft, 7, 7));
    assert_false(sotto_mls_tree_is_unmerged(&draft.draft, 11, 7)); /* blank */
    assert_false(sotto_mls_tree_is_unmerged(&draft.draft, 7, 6));
    assert_int_equal(sotto_mls_tree_next_unmerged(&draft.draft, 7, 0), 7);
    assert_int_equal(sotto_mls_tree_next_unmerged(&draft.draft, 7, 8),
                     SOTTO_MLS_NONE);
    sotto_mls_tree_blank_path(&draft.draft, 7);
    assert_false(sotto_mls_tree_is_unmerged(&draft.draft, 7, 7));
}

/* ------------------------------------------------------------------- drafts */

static void test_tree_stays_bit_for_bit_under_a_draft(void **state)
{
    static struct sample_tree before;
    uint32_t leaf;

    (void)state;
    sample_tree_of(&tree, 6);
    memcpy(&before, &tree, sizeof before);
    sample_draft_of(&draft, &tree);
    sotto_mls_tree_remove(&draft.draft, 5);
    assert_int_equal(sotto_mls_tree_update(&draft.draft, 1,
                                           sample_leaf(30, 30)),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_tree_add(&draft.draft, sample_leaf(31, 31),
                                        &leaf),
                     SOTTO_OK);
    sample_set_parent(&draft, 3, 3);
    sotto_mls_tree_rehash(&draft.draft);
    assert_memory_equal(&before, &tree, sizeof before);
    assert_memory_not_equal(sotto_mls_tree_hash(&draft.draft),
                            sotto_mls_tree_hash(&tree.tree), 32);
}

static size_t encode(const struct sotto_mls_tree *of,
                     uint8_t out[static ENCODED_MAX])
{
    struct sotto_writer w;

    sotto_writer_init(&w, out, ENCODED_MAX);
    sotto_mls_tree_write(&w, of);
    assert_false(w.bad);
    assert_int_equal(w.len, sotto_mls_tree_encoded_len(of));
    return w.len;
}

/* What both encode to, and their hashes, are the same. */
static void assert_same_tree(const struct sotto_mls_tree *a,
                             const struct sotto_mls_tree *b)
{
    static uint8_t one[ENCODED_MAX];
    static uint8_t other[ENCODED_MAX];
    size_t len = encode(a, one);

    assert_int_equal(encode(b, other), len);
    assert_memory_equal(one, other, len);
    assert_int_equal(a->leaf_count, b->leaf_count);
    for (uint32_t i = 0; i < sotto_mls_node_count(a->leaf_count); i++) {
        assert_memory_equal(sotto_mls_tree_node_hash(a, i),
                            sotto_mls_tree_node_hash(b, i), 32);
    }
}

/* Decoding computes all hashes from nothing: the naive second opinion. */
static void assert_well_kept(const struct sotto_mls_tree *of)
{
    static struct sample_tree fresh;
    static uint8_t bytes[ENCODED_MAX];
    size_t len = encode(of, bytes);

    sample_tree_init(&fresh);
    assert_int_equal(sotto_mls_tree_decode(&fresh.tree,
                                           (struct sotto_span){bytes, len}),
                     SOTTO_OK);
    assert_same_tree(of, &fresh.tree);
}

static uint32_t some_member(struct seed *seed, const struct sotto_mls_tree *of)
{
    uint32_t from = (uint32_t)seed_below(seed, of->leaf_count);
    uint32_t leaf = sotto_mls_tree_next_leaf(of, from);

    return leaf != SOTTO_MLS_NONE ? leaf : sotto_mls_tree_next_leaf(of, 0);
}

static uint32_t count_members(const struct sotto_mls_tree *of)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < of->leaf_count; i++) {
        count += sotto_mls_tree_leaf(of, i).len > 0 ? 1 : 0;
    }
    return count;
}

/* One change at random, as a proposal or an update path would make it. */
static void change(struct seed *seed, uint32_t number)
{
    struct sotto_mls_tree *of = &draft.draft;
    struct sotto_span leaf_node = sample_leaf(number % SAMPLE_SLOTS, number);
    uint32_t leaf = some_member(seed, of);
    uint32_t members = count_members(of);

    switch (seed_below(seed, 4)) {
    case 0:
        if (members < SAMPLE_MEMBERS) {
            assert_int_equal(sotto_mls_tree_add(of, leaf_node, &leaf),
                             SOTTO_OK);
        }
        break;
    case 1:
        if (members > 1) {
            sotto_mls_tree_remove(of, leaf);
        }
        break;
    case 2:
        assert_int_equal(sotto_mls_tree_update(of, leaf, leaf_node), SOTTO_OK);
        break;
    default:
        assert_int_equal(sotto_mls_tree_set_leaf(of, leaf, leaf_node),
                         SOTTO_OK);
        sotto_mls_tree_blank_path(of, leaf);
        for (uint32_t level = 1; level <= sotto_mls_depth(of->leaf_count);
             level++) {
            if (seed_below(seed, 3) > 0) {
                sample_set_parent(&draft, sotto_mls_ancestor(leaf, level),
                                  number * 8 + level);
            }
        }
        break;
    }
}

static void test_tree_keeps_its_hashes_through_random_histories(void **state)
{
    (void)state;
    for (uint64_t run = 1; run <= 20; run++) {
        struct seed seed;
        uint32_t number = 100;

        seed_init(&seed, seed_of_run(run));
        sample_tree_of(&tree, 1 + (uint32_t)seed_below(&seed, SAMPLE_MEMBERS));
        for (int epoch = 0; epoch < 40; epoch++) {
            sample_draft_of(&draft, &tree);
            for (size_t i = seed_below(&seed, 5) + 1; i > 0; i--) {
                change(&seed, number++);
            }
            sotto_mls_tree_rehash(&draft.draft);
            assert_well_kept(&draft.draft);
            if (seed_below(&seed, 3) > 0) { /* others are given up */
                sotto_mls_tree_apply(&tree.tree, &draft.draft);
                assert_same_tree(&tree.tree, &draft.draft);
            }
        }
    }
}

/* ---------------------------------------------------------------- the arena */

static void test_tree_refuses_leaves_that_do_not_fit(void **state)
{
    static const uint8_t huge[SAMPLE_MEMBERS * (SAMPLE_LEAF_MAX + 8)];
    static uint8_t leaf_node[sizeof huge + SAMPLE_LEAF_MAX];
    struct sotto_span small = sample_leaf(0, 0);
    struct sotto_mls_leaf_node leaf;
    struct sotto_reader r = sotto_mls_items(small);
    struct sotto_writer w;
    uint32_t at;

    (void)state;
    sotto_mls_read_leaf_node(&r, &leaf);
    leaf.signature = (struct sotto_span){huge, sizeof huge};
    sotto_writer_init(&w, leaf_node, sizeof leaf_node);
    sotto_mls_write_leaf_node(&w, &leaf);
    assert_false(w.bad);
    sample_tree_of(&tree, 2);
    sample_draft_of(&draft, &tree);
    assert_int_equal(sotto_mls_tree_add(&draft.draft,
                                        (struct sotto_span){leaf_node, w.len},
                                        &at),
                     SOTTO_ERR_SPACE);
    sample_tree_init(&tree);
    assert_int_equal(
        sotto_mls_tree_start(&tree.tree, (struct sotto_span){leaf_node, w.len}),
        SOTTO_ERR_SPACE);
}

/* --------------------------------------------------- the extension's bytes */

static enum sotto_err decode(const uint8_t *in, size_t len)
{
    static struct sample_tree empty;
    enum sotto_err err;

    sample_tree_init(&empty);
    sample_tree_init(&tree);
    err = sotto_mls_tree_decode(&tree.tree, (struct sotto_span){in, len});
    if (err != SOTTO_OK) { /* empty again */
        assert_int_equal(tree.tree.leaf_count, 0);
        assert_int_equal(tree.tree.leaf_bytes, 0);
    }
    return err;
}

/* `optional<Node>` values, with their length in front. */
static size_t wrap(uint8_t *out, const uint8_t *nodes, size_t len)
{
    struct sotto_writer w;

    sotto_writer_init(&w, out, ENCODED_MAX);
    sotto_write_vector(&w, nodes, len);
    return w.len;
}

/* A leaf (present, type 1), then what `rest` says. */
static size_t wrap_after_leaf(uint8_t *out, const uint8_t *rest, size_t len)
{
    uint8_t nodes[256];
    struct sotto_span leaf = sample_leaf(0, 0);
    struct sotto_writer w;

    sotto_writer_init(&w, nodes, sizeof nodes);
    sotto_write_u8(&w, 1);
    sotto_write_u8(&w, 1);
    sotto_write_bytes(&w, leaf.at, leaf.len);
    sotto_write_bytes(&w, rest, len);
    return wrap(out, nodes, w.len);
}

static void test_tree_decodes_only_what_it_encodes(void **state)
{
    static uint8_t out[ENCODED_MAX];
    const uint8_t parent[] = {1, 2, 4, 'k', 'e', 'y', 's', 0, 4, 0, 0, 0, 1};
    const uint8_t not_below[] = {1, 2, 4, 'k', 'e', 'y', 's', 0, 4, 0, 0, 0, 2};
    const uint8_t short_key[] = {1, 2, 3, 'k', 'e', 'y', 0, 0};
    const uint8_t short_hash[] = {1, 2, 4, 'k', 'e', 'y', 's', 1, 'h', 0};
    const uint8_t leaf_at_odd[] = {1, 1};
    const uint8_t blank[] = {0};
    const uint8_t presence[] = {2};

    (void)state;
    assert_int_equal(decode(out, wrap_after_leaf(out, NULL, 0)), SOTTO_OK);
    assert_int_equal(tree.tree.leaf_count, 1);
    assert_int_equal(decode(out, wrap_after_leaf(out, parent, sizeof parent)),
                     SOTTO_OK);
    assert_int_equal(tree.tree.leaf_count, 2);
    assert_well_kept(&tree.tree);
    assert_int_equal(decode(out,
                            wrap_after_leaf(out, not_below, sizeof not_below)),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(decode(out,
                            wrap_after_leaf(out, short_key, sizeof short_key)),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(decode(out, wrap_after_leaf(out, short_hash,
                                                 sizeof short_hash)),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(decode(out, wrap_after_leaf(out, leaf_at_odd,
                                                 sizeof leaf_at_odd)),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(decode(out, wrap_after_leaf(out, blank, sizeof blank)),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(decode(out,
                            wrap_after_leaf(out, presence, sizeof presence)),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(decode(out, wrap(out, NULL, 0)), SOTTO_ERR_FORMAT);
}

static void test_tree_refuses_more_nodes_than_it_holds(void **state)
{
    static const uint8_t blanks[2 * SAMPLE_MEMBERS];
    static uint8_t out[ENCODED_MAX];

    (void)state;
    assert_int_equal(decode(out, wrap(out, blanks, sizeof blanks)),
                     SOTTO_ERR_LIMIT);
    assert_int_equal(decode(out, wrap(out, blanks, sizeof blanks - 1)),
                     SOTTO_ERR_FORMAT); /* the last is blank */
}

static void test_tree_survives_every_flip_and_cut(void **state)
{
    static uint8_t bytes[ENCODED_MAX];
    static uint8_t again[ENCODED_MAX];
    size_t len;

    (void)state;
    sample_tree_of(&tree, 3);
    sample_draft_of(&draft, &tree);
    sample_set_parent(&draft, 3, 3);
    uint32_t leaf;
    assert_int_equal(sotto_mls_tree_add(&draft.draft, sample_leaf(9, 9), &leaf),
                     SOTTO_OK);
    sample_apply(&tree, &draft);
    len = encode(&tree.tree, bytes);
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(decode(bytes, cut), SOTTO_ERR_FORMAT);
    }
    for (size_t bit = 0; bit < 8 * len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (decode(bytes, len) == SOTTO_OK) {
            assert_int_equal(encode(&tree.tree, again), len);
            assert_memory_equal(again, bytes, len);
        }
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

int test_mls_tree(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_resolves_as_in_the_rfc),
        cmocka_unit_test(test_tree_adds_at_the_leftmost_blank_leaf),
        cmocka_unit_test(test_tree_doubles_and_halves),
        cmocka_unit_test(test_tree_drops_the_root_it_shrinks_by),
        cmocka_unit_test(test_tree_refuses_one_member_too_many),
        cmocka_unit_test(test_tree_marks_the_new_as_unmerged),
        cmocka_unit_test(test_tree_stays_bit_for_bit_under_a_draft),
        cmocka_unit_test(test_tree_keeps_its_hashes_through_random_histories),
        cmocka_unit_test(test_tree_refuses_leaves_that_do_not_fit),
        cmocka_unit_test(test_tree_decodes_only_what_it_encodes),
        cmocka_unit_test(test_tree_refuses_more_nodes_than_it_holds),
        cmocka_unit_test(test_tree_survives_every_flip_and_cut),
    };
    return cmocka_run_group_tests_name("mls_tree", tests, NULL, NULL);
}
