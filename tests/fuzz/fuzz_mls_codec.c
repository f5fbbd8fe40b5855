/*
 * fuzz_mls_codec.c - every decoder of MLS (RFC 9420), by libFuzzer: the first
 * byte says which. What is taken must come back as the same bytes; a tree must
 * bear the checks and changes that a group would make of it.
 */
#include "choices.h"
#include "core/mls/codec.h"
#include "core/mls/tree_hash.h"
#include <string.h>

#define OUT_MAX  65536
#define MEMBERS  32
#define LEAF_LEN 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t out[OUT_MAX];

/* Reads and writes one structure. */
#define RECODE(name, type)                                                     \
    static void name##_again(struct sotto_reader *r, struct sotto_writer *w)   \
    {                                                                          \
        struct type value;                                                     \
        sotto_mls_read_##name(r, &value);                                      \
        if (!r->bad) {                                                         \
            sotto_mls_write_##name(w, &value);                                 \
        }                                                                      \
    }

RECODE(credential, sotto_mls_credential)
RECODE(leaf_node, sotto_mls_leaf_node)
RECODE(key_package, sotto_mls_key_package)
RECODE(parent_node, sotto_mls_parent_node)
RECODE(update_path, sotto_mls_update_path)
RECODE(group_context, sotto_mls_group_context)
RECODE(psk_id, sotto_mls_psk_id)
RECODE(required_capabilities, sotto_mls_required_capabilities)
RECODE(external_sender, sotto_mls_external_sender)
RECODE(proposal, sotto_mls_proposal)
RECODE(commit, sotto_mls_commit)
RECODE(framed_content, sotto_mls_framed_content)
RECODE(authenticated_content, sotto_mls_authenticated_content)
RECODE(group_info, sotto_mls_group_info)
RECODE(group_secrets, sotto_mls_group_secrets)
RECODE(welcome, sotto_mls_welcome)
RECODE(message, sotto_mls_message)

typedef void recode(struct sotto_reader *r, struct sotto_writer *w);

static recode *const structures[] = {
    credential_again,      leaf_node_again,
    key_package_again,     parent_node_again,
    update_path_again,     group_context_again,
    psk_id_again,          required_capabilities_again,
    external_sender_again, proposal_again,
    commit_again,          framed_content_again,
    group_info_again,      authenticated_content_again,
    welcome_again,         group_secrets_again,
    message_again,
};

#define STRUCTURES (sizeof structures / sizeof structures[0])

static void try_structure(recode *again, const uint8_t *in, size_t len)
{
    struct sotto_reader r;
    struct sotto_writer w;

    sotto_reader_init(&r, in, len);
    sotto_writer_init(&w, out, sizeof out);
    again(&r, &w);
    if (!r.bad) { /* what is left over is somebody else's */
        must(!w.bad && w.len == len - r.left);
        must(memcmp(out, in, w.len) == 0);
    }
}

/* -------------------------------------------------------------------- trees */

static uint64_t tree_memory[8192];
static uint64_t fresh_memory[8192];
static uint64_t draft_memory[2048];

static struct sotto_span encode(const struct sotto_mls_tree *tree)
{
    struct sotto_writer w;

    sotto_writer_init(&w, out, sizeof out);
    sotto_mls_tree_write(&w, tree);
    must(!w.bad && w.len == sotto_mls_tree_encoded_len(tree));
    return (struct sotto_span){out, w.len};
}

/* Every resolution is walked to its end; it has no more nodes than the tree. */
static void walk(const struct sotto_mls_tree *tree)
{
    uint32_t nodes = sotto_mls_node_count(tree->leaf_count);

    for (uint32_t node = 0; node < nodes; node++) {
        struct sotto_mls_resolution resolution;
        uint32_t count = 0;

        sotto_mls_resolution_init(&resolution, tree, node);
        while (sotto_mls_resolution_next(&resolution) != SOTTO_MLS_NONE) {
            must(++count <= nodes);
        }
    }
}

/* Removes a member, adds it again, and compares with what decoding makes of
 * the result: hashes that were kept with hashes that were computed afresh.
 * Parent hashes that were valid stay so. */
static void change(struct sotto_mls_tree *tree,
                   const struct sotto_mls_suite *suite, uint32_t leaf)
{
    static uint8_t leaf_node[OUT_MAX];
    struct sotto_span old = sotto_mls_tree_leaf(tree, leaf);
    struct sotto_mls_tree draft;
    struct sotto_mls_tree fresh;
    bool was_valid = sotto_mls_tree_check_parent_hashes(tree) == SOTTO_OK;
    uint32_t at;

    memcpy(leaf_node, old.at, old.len);
    sotto_mls_tree_draft(&draft, draft_memory, tree);
    sotto_mls_tree_remove(&draft, leaf);
    must(sotto_mls_tree_add(&draft, (struct sotto_span){leaf_node, old.len},
                            &at) == SOTTO_OK);
    sotto_mls_tree_rehash(&draft);
    must(!was_valid || sotto_mls_tree_check_parent_hashes(&draft) == SOTTO_OK);
    sotto_mls_tree_apply(tree, &draft);
    sotto_mls_tree_init(&fresh, fresh_memory, suite, MEMBERS, LEAF_LEN);
    must(sotto_mls_tree_decode(&fresh, encode(tree)) == SOTTO_OK);
    must(fresh.leaf_count == tree->leaf_count);
    must(memcmp(sotto_mls_tree_hash(&fresh), sotto_mls_tree_hash(tree),
                suite->hash_len) == 0);
}

static void try_tree(const uint8_t *in, size_t len)
{
    const struct sotto_mls_suite *suite =
        sotto_mls_suite_find(SOTTO_MLS_SUITE_P256_AES128GCM);
    struct sotto_mls_tree tree;
    struct sotto_span back;
    uint32_t leaf;

    must(sotto_mls_tree_size(MEMBERS, LEAF_LEN) <= sizeof tree_memory &&
         sotto_mls_draft_size(MEMBERS) <= sizeof draft_memory);
    sotto_mls_tree_init(&tree, tree_memory, suite, MEMBERS, LEAF_LEN);
    if (sotto_mls_tree_decode(&tree, (struct sotto_span){in, len}) !=
        SOTTO_OK) {
        must(tree.leaf_count == 0);
        return;
    }
    back = encode(&tree);
    must(back.len == len && memcmp(back.at, in, len) == 0);
    walk(&tree);
    leaf = sotto_mls_tree_next_leaf(&tree, 0);
    /* Parents alone do not make a group; their tree might shrink to none. */
    if (leaf != SOTTO_MLS_NONE) {
        change(&tree, suite, leaf);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > OUT_MAX) {
        return 0;
    }
    if (data[0] % (STRUCTURES + 1) < STRUCTURES) {
        try_structure(structures[data[0] % (STRUCTURES + 1)], data + 1,
                      size - 1);
    } else {
        try_tree(data + 1, size - 1);
    }
    return 0;
}
