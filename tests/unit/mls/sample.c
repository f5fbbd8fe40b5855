#include "tests/unit/mls/sample.h"
#include "core/mls/codec.h"
#include "core/mls/tree_hash.h"
#include "tests/unit/test.h"

#include <string.h>

const struct sotto_mls_suite *sample_suite(void)
{
    static struct sotto_mls_suite suite;

    suite = *sotto_mls_suite_find(SOTTO_MLS_SUITE_P256_AES128GCM);
    suite.public_len = SAMPLE_KEY_LEN;
    suite.signature_public_len = SAMPLE_KEY_LEN;
    return &suite;
}

static void make_key(uint8_t key[static SAMPLE_KEY_LEN], char kind,
                     uint32_t number)
{
    key[0] = (uint8_t)kind;
    key[1] = (uint8_t)(number >> 16);
    key[2] = (uint8_t)(number >> 8);
    key[3] = (uint8_t)number;
}

struct sotto_span sample_leaf(size_t slot, uint32_t number)
{
    static uint8_t leaves[SAMPLE_SLOTS][SAMPLE_LEAF_MAX];
    static const uint8_t basic[] = {0, 1};
    uint8_t encryption_key[SAMPLE_KEY_LEN];
    uint8_t signature_key[SAMPLE_KEY_LEN];
    /* Of different lengths, so that packing moves things. */
    static const char name[] = "somebody else";
    struct sotto_mls_leaf_node leaf = {
        .encryption_key = {encryption_key, SAMPLE_KEY_LEN},
        .signature_key = {signature_key, SAMPLE_KEY_LEN},
        .credential = {SOTTO_MLS_CREDENTIAL_BASIC,
                       {(const uint8_t *)name, 1 + number % 13}},
        .capabilities.credentials = {basic, sizeof basic},
        .source = SOTTO_MLS_LEAF_UPDATE,
        .signature = {(const uint8_t *)name, 4},
    };
    struct sotto_writer w;

    make_key(encryption_key, 'E', number);
    make_key(signature_key, 'S', number);
    sotto_writer_init(&w, leaves[slot], SAMPLE_LEAF_MAX);
    sotto_mls_write_leaf_node(&w, &leaf);
    assert_false(w.bad);
    return (struct sotto_span){leaves[slot], w.len};
}

void sample_tree_init(struct sample_tree *sample)
{
    assert_true(sotto_mls_tree_size(SAMPLE_MEMBERS, SAMPLE_LEAF_MAX) <=
                sizeof sample->memory);
    sotto_mls_tree_init(&sample->tree, sample->memory, sample_suite(),
                        SAMPLE_MEMBERS, SAMPLE_LEAF_MAX);
}

void sample_tree_of(struct sample_tree *sample, uint32_t members)
{
    struct sample_draft draft;
    uint32_t leaf;

    sample_tree_init(sample);
    assert_int_equal(sotto_mls_tree_start(&sample->tree, sample_leaf(0, 0)),
                     SOTTO_OK);
    sample_draft_of(&draft, sample);
    for (uint32_t i = 1; i < members; i++) {
        assert_int_equal(sotto_mls_tree_add(&draft.draft, sample_leaf(i, i),
                                            &leaf),
                         SOTTO_OK);
        assert_int_equal(leaf, i);
    }
    sample_apply(sample, &draft);
}

void sample_draft_of(struct sample_draft *sample,
                     const struct sample_tree *tree)
{
    assert_true(sotto_mls_draft_size(SAMPLE_MEMBERS) <= sizeof sample->memory);
    sotto_mls_tree_draft(&sample->draft, sample->memory, &tree->tree);
}

void sample_apply(struct sample_tree *tree, struct sample_draft *draft)
{
    sotto_mls_tree_rehash(&draft->draft);
    sotto_mls_tree_apply(&tree->tree, &draft->draft);
}

void sample_set_parent(struct sample_draft *draft, uint32_t node,
                       uint32_t number)
{
    struct sotto_mls_parent *parent =
        sotto_mls_tree_new_parent(&draft->draft, node);

    parent->key_len = SAMPLE_KEY_LEN;
    make_key(parent->key, 'P', number);
}
