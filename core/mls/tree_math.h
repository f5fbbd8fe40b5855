/*
 * tree_math.h - the array form of a full binary tree (RFC 9420 Appendix C).
 *
 *     level 2              3
 *                   _______|_______
 *     level 1      1               5
 *                __|__           __|__
 *     level 0   0     2         4     6        nodes
 *               0     1         2     3        leaves
 *
 * Leaf i is node 2i. A node's level is the number of ones its index ends with;
 * the width never shows in it, so a tree grows and shrinks to the right and
 * nothing moves. `leaf_count` is always a power of two.
 */
#ifndef SOTTO_MLS_TREE_MATH_H
#define SOTTO_MLS_TREE_MATH_H

#include <sotto/mls.h>
#include <stdbool.h>
#include <stdint.h>

/* The levels of the largest tree, the leaves' included: what a member's keys
 * and a new path's secrets have room for. */
#if SOTTO_MLS_MAX_MEMBERS <= 16
#    define SOTTO_MLS_LEVELS 5U
#elif SOTTO_MLS_MAX_MEMBERS <= 256
#    define SOTTO_MLS_LEVELS 9U
#elif SOTTO_MLS_MAX_MEMBERS <= 1024
#    define SOTTO_MLS_LEVELS 11U
#else
#    define SOTTO_MLS_LEVELS 17U
#endif

/* SOTTO_MLS_NONE stands for "no node" and "no leaf". */

uint32_t sotto_mls_level(uint32_t node);
uint32_t sotto_mls_node_of_leaf(uint32_t leaf);
/* Of a node at level 0. */
uint32_t sotto_mls_leaf_of_node(uint32_t node);
bool sotto_mls_is_leaf(uint32_t node);

uint32_t sotto_mls_node_count(uint32_t leaf_count);
uint32_t sotto_mls_root(uint32_t leaf_count);
/* The level of the root: the length of every direct path. */
uint32_t sotto_mls_depth(uint32_t leaf_count);

/* Of a node that is not a leaf. */
uint32_t sotto_mls_left(uint32_t node);
uint32_t sotto_mls_right(uint32_t node);
/* Of a node that is not the root of its tree. */
uint32_t sotto_mls_parent_of(uint32_t node);
uint32_t sotto_mls_sibling(uint32_t node);

/* The ancestor at `level` of leaf `leaf` (itself at level 0). */
uint32_t sotto_mls_ancestor(uint32_t leaf, uint32_t level);
/* The level of the lowest node above (or at) both leaves. */
uint32_t sotto_mls_common_level(uint32_t leaf, uint32_t other);

/* The leaves below a node: the first, and how many. */
uint32_t sotto_mls_first_leaf(uint32_t node);
uint32_t sotto_mls_leaves_below(uint32_t node);
bool sotto_mls_is_below(uint32_t leaf, uint32_t node);

#endif
