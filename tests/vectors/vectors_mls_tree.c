/*
 * vectors_mls_tree.c - tree-math.json, tree-operations.json and
 * tree-validation.json.
 */
#include "core/mls/tree_math.h"
#include "tests/vectors/vectors_mls.h"

/* --------------------------------------------------------------- tree math */

/* Whether `nodes[at]` is `got`, where NONE stands for null. */
static bool is_node(struct vectors *v, const cJSON *nodes, uint32_t at,
                    uint32_t got)
{
    const cJSON *node = cJSON_GetArrayItem(nodes, (int)at);
    bool same = got == SOTTO_MLS_NONE
                    ? cJSON_IsNull(node)
                    : cJSON_IsNumber(node) && node->valueint == (int)got;

    if (!same) {
        vectors_note(v, "%s of %u is %d", nodes->string, (unsigned)at,
                     (int)got);
    }
    return same;
}

bool vectors_mls_tree_math(struct vectors *v, const cJSON *test)
{
    uint32_t leaves = (uint32_t)vectors_number(v, test, "n_leaves");
    uint32_t count = sotto_mls_node_count(leaves);
    uint32_t root = sotto_mls_root(leaves);
    bool ok = count == vectors_number(v, test, "n_nodes") &&
              root == vectors_number(v, test, "root");

    for (uint32_t i = 0; ok && i < count; i++) {
        uint32_t left = SOTTO_MLS_NONE;
        uint32_t right = SOTTO_MLS_NONE;
        uint32_t parent = SOTTO_MLS_NONE;
        uint32_t sibling = SOTTO_MLS_NONE;

        if (!sotto_mls_is_leaf(i)) {
            left = sotto_mls_left(i);
            right = sotto_mls_right(i);
        }
        if (i != root) {
            parent = sotto_mls_parent_of(i);
            sibling = sotto_mls_sibling(i);
        }
        ok = is_node(v, cJSON_GetObjectItem(test, "left"), i, left) &&
             is_node(v, cJSON_GetObjectItem(test, "right"), i, right) &&
             is_node(v, cJSON_GetObjectItem(test, "parent"), i, parent) &&
             is_node(v, cJSON_GetObjectItem(test, "sibling"), i, sibling);
    }
    return ok || vectors_mls_fail(v, "the indices differ");
}
