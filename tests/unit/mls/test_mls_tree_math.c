/*
 * test_mls_tree_math.c - indices of nodes, against links drawn by hand and
 * against a tree that is built from the top.
 */
#include "core/mls/tree_math.h"
#include "tests/unit/test.h"

#define LEAVES 64

/* A node for each index, linked by splitting ranges: RFC 9420 C, the other
 * way round. */
struct link {
    uint32_t parent;
    uint32_t left;
    uint32_t right;
    uint32_t level;
};

static struct link links[2 * LEAVES - 1];

static void build(void)
{
    uint32_t root = LEAVES - 1;
    uint32_t half = LEAVES / 2;

    links[root].parent = SOTTO_MLS_NONE;
    for (uint32_t level = 6; level > 0; level--, half /= 2) {
        for (uint32_t i = 2 * half - 1; i < 2 * LEAVES - 1; i += 4 * half) {
            links[i].level = level;
            links[i].left = i - half;
            links[i].right = i + half;
            links[i - half].parent = i;
            links[i + half].parent = i;
        }
    }
}

static void test_tree_math_agrees_with_links(void **state)
{
    (void)state;
    build();
    assert_int_equal(sotto_mls_root(LEAVES), LEAVES - 1);
    assert_int_equal(sotto_mls_node_count(LEAVES), 2 * LEAVES - 1);
    assert_int_equal(sotto_mls_depth(LEAVES), 6);
    for (uint32_t i = 0; i < 2 * LEAVES - 1; i++) {
        assert_int_equal(sotto_mls_level(i), links[i].level);
        assert_int_equal(sotto_mls_is_leaf(i), links[i].level == 0);
        if (links[i].level > 0) {
            assert_int_equal(sotto_mls_left(i), links[i].left);
            assert_int_equal(sotto_mls_right(i), links[i].right);
            assert_int_equal(sotto_mls_sibling(links[i].left), links[i].right);
            assert_int_equal(sotto_mls_sibling(links[i].right), links[i].left);
        }
        if (links[i].parent != SOTTO_MLS_NONE) {
            assert_int_equal(sotto_mls_parent_of(i), links[i].parent);
        }
    }
}

static void test_tree_math_goes_up_from_a_leaf(void **state)
{
    (void)state;
    build();
    for (uint32_t leaf = 0; leaf < LEAVES; leaf++) {
        uint32_t node = 2 * leaf;
        for (uint32_t level = 0; level <= 6; level++) {
            assert_int_equal(sotto_mls_ancestor(leaf, level), node);
            assert_true(sotto_mls_is_below(leaf, node));
            assert_true(leaf - sotto_mls_first_leaf(node) <
                        sotto_mls_leaves_below(node));
            node = links[node].parent;
        }
    }
}

static void test_tree_math_finds_where_leaves_meet(void **state)
{
    (void)state;
    for (uint32_t a = 0; a < LEAVES; a++) {
        for (uint32_t b = 0; b < LEAVES; b++) {
            uint32_t level = 0;
            while (sotto_mls_ancestor(a, level) !=
                   sotto_mls_ancestor(b, level)) {
                level++;
            }
            assert_int_equal(sotto_mls_common_level(a, b), level);
        }
    }
}

static void test_tree_math_says_what_is_not_below(void **state)
{
    (void)state;
    assert_false(sotto_mls_is_below(2, 1));
    assert_false(sotto_mls_is_below(1, 5));
    assert_true(sotto_mls_is_below(3, 5));
    assert_false(sotto_mls_is_below(4, 5));
    assert_false(sotto_mls_is_below(SOTTO_MLS_NONE, 7));
}

int test_mls_tree_math(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_math_agrees_with_links),
        cmocka_unit_test(test_tree_math_goes_up_from_a_leaf),
        cmocka_unit_test(test_tree_math_finds_where_leaves_meet),
        cmocka_unit_test(test_tree_math_says_what_is_not_below),
    };
    return cmocka_run_group_tests_name("mls_tree_math", tests, NULL, NULL);
}
