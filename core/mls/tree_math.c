/*
 * tree_math.c - the array form of a full binary tree (RFC 9420 Appendix C).
 */
#include "core/mls/tree_math.h"

uint32_t sotto_mls_level(uint32_t node)
{
    uint32_t level = 0;

    while ((node >> level & 1U) != 0) {
        level++;
    }
    return level;
}

uint32_t sotto_mls_node_of_leaf(uint32_t leaf)
{
    return 2 * leaf;
}

uint32_t sotto_mls_leaf_of_node(uint32_t node)
{
    return node / 2;
}

bool sotto_mls_is_leaf(uint32_t node)
{
    return node % 2 == 0;
}

uint32_t sotto_mls_node_count(uint32_t leaf_count)
{
    return 2 * leaf_count - 1;
}

uint32_t sotto_mls_root(uint32_t leaf_count)
{
    return leaf_count - 1;
}

uint32_t sotto_mls_depth(uint32_t leaf_count)
{
    return sotto_mls_level(sotto_mls_root(leaf_count));
}

uint32_t sotto_mls_left(uint32_t node)
{
    return node - (1U << (sotto_mls_level(node) - 1));
}

uint32_t sotto_mls_right(uint32_t node)
{
    return node + (1U << (sotto_mls_level(node) - 1));
}

uint32_t sotto_mls_parent_of(uint32_t node)
{
    uint32_t bit = 1U << sotto_mls_level(node);

    /* ...x0 1..1 with x above it: the parent is ...01 1..1. */
    return (node | bit) & ~(bit << 1);
}

uint32_t sotto_mls_sibling(uint32_t node)
{
    return node ^ (2U << sotto_mls_level(node));
}

uint32_t sotto_mls_ancestor(uint32_t leaf, uint32_t level)
{
    uint32_t below = (1U << level) - 1;

    return ((leaf & ~below) << 1) + below;
}

uint32_t sotto_mls_common_level(uint32_t leaf, uint32_t other)
{
    uint32_t differ = leaf ^ other;
    uint32_t level = 0;

    while (differ >> level != 0) {
        level++;
    }
    return level;
}

uint32_t sotto_mls_first_leaf(uint32_t node)
{
    return (node & (node + 1)) / 2;
}

uint32_t sotto_mls_leaves_below(uint32_t node)
{
    return 1U << sotto_mls_level(node);
}

bool sotto_mls_is_below(uint32_t leaf, uint32_t node)
{
    return leaf - sotto_mls_first_leaf(node) < sotto_mls_leaves_below(node);
}
