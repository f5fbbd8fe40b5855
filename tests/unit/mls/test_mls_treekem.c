/*
 * test_mls_treekem.c - update paths: members with real keys come and go, and
 * everybody always learns the same secret.
 */
#include "core/mls/codec.h"
#include "core/mls/label.h"
#include "core/mls/tree_hash.h"
#include "core/mls/treekem.h"
#include "tests/unit/support/seed.h"
#include "tests/unit/test.h"

#include <string.h>

#define MEMBERS  8
#define LEAF_MAX 256
#define PATH_MAX 4096

/* The group as all see it, and each member's private keys by leaf. */
static struct {
    struct sotto_mls_tree tree;
    struct sotto_mls_tree draft;
    struct sotto_mls_path_keys keys[MEMBERS];
    uint64_t tree_memory[1024];
    uint64_t draft_memory[512];
    uint8_t leaves[4][LEAF_MAX]; /* encoded in this epoch */
    size_t leaf_count;
} group;

static const struct sotto_mls_suite *suite(void)
{
    return sotto_mls_suite_find(SOTTO_MLS_SUITE_P256_AES128GCM);
}

static const uint8_t context_bytes[] = "the provisional group context";
static const struct sotto_span context = {context_bytes, sizeof context_bytes};

static void random_bytes(struct seed *seed, uint8_t *out, size_t len)
{
    struct sotto_random random = seed_random(seed);

    assert_int_equal(random.fill(random.ctx, out, len), SOTTO_OK);
}

static void random_pair(struct seed *seed, uint8_t *private_key,
                        uint8_t *public_key)
{
    uint8_t ikm[32];

    random_bytes(seed, ikm, sizeof ikm);
    assert_int_equal(
        sotto_mls_derive_key_pair(suite(), (struct sotto_span){ikm, sizeof ikm},
                                  private_key, public_key),
        SOTTO_OK);
}

/* An encoded leaf node with the key; nobody looks at its signature here. */
static struct sotto_span make_leaf(const uint8_t *key, uint8_t source,
                                   struct sotto_span parent_hash)
{
    static const uint8_t basic[] = {0, 1};
    uint8_t *out = group.leaves[group.leaf_count++];
    struct sotto_mls_leaf_node leaf = {
        .encryption_key = {key, suite()->public_len},
        .signature_key = {key, suite()->public_len},
        .credential = {SOTTO_MLS_CREDENTIAL_BASIC, {basic, 2}},
        .capabilities.credentials = {basic, sizeof basic},
        .source = source,
        .parent_hash = parent_hash,
        .signature = {basic, 2},
    };
    struct sotto_writer w;

    sotto_writer_init(&w, out, LEAF_MAX);
    sotto_mls_write_leaf_node(&w, &leaf);
    assert_false(w.bad);
    return (struct sotto_span){out, w.len};
}

static void begin(void)
{
    group.leaf_count = 0;
    sotto_mls_tree_draft(&group.draft, group.draft_memory, &group.tree);
}

static void start(struct seed *seed)
{
    uint8_t key[SOTTO_MLS_PUBLIC_MAX];

    memset(&group, 0, sizeof group);
    assert_true(sotto_mls_tree_size(MEMBERS, LEAF_MAX) <=
                sizeof group.tree_memory);
    assert_true(sotto_mls_draft_size(MEMBERS) <= sizeof group.draft_memory);
    sotto_mls_tree_init(&group.tree, group.tree_memory, suite(), MEMBERS,
                        LEAF_MAX);
    random_pair(seed, group.keys[0].keys[0], key);
    group.keys[0].held = 1;
    assert_int_equal(sotto_mls_tree_start(
                         &group.tree, make_leaf(key, SOTTO_MLS_LEAF_UPDATE,
                                                (struct sotto_span){NULL, 0})),
                     SOTTO_OK);
}

static uint32_t some_member(struct seed *seed)
{
    uint32_t from = (uint32_t)seed_below(seed, group.tree.leaf_count);
    uint32_t leaf = sotto_mls_tree_next_leaf(&group.tree, from);

    return leaf != SOTTO_MLS_NONE ? leaf
                                  : sotto_mls_tree_next_leaf(&group.tree, 0);
}

/* ------------------------------------------------------------- proposals */

static void propose_add(struct seed *seed)
{
    uint8_t key[SOTTO_MLS_PUBLIC_MAX];
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX];
    uint32_t leaf;

    random_pair(seed, private_key, key);
    if (sotto_mls_tree_add(&group.draft,
                           make_leaf(key, SOTTO_MLS_LEAF_UPDATE,
                                     (struct sotto_span){NULL, 0}),
                           &leaf) == SOTTO_OK) {
        memset(&group.keys[leaf], 0, sizeof group.keys[leaf]);
        memcpy(group.keys[leaf].keys[0], private_key, sizeof private_key);
        group.keys[leaf].held = 1;
    } else { /* full: the draft is good for nothing */
        begin();
    }
}

static void propose_update(struct seed *seed, uint32_t leaf)
{
    uint8_t key[SOTTO_MLS_PUBLIC_MAX];

    random_pair(seed, group.keys[leaf].keys[0], key);
    assert_int_equal(sotto_mls_tree_update(&group.draft, leaf,
                                           make_leaf(key, SOTTO_MLS_LEAF_UPDATE,
                                                     (struct sotto_span){NULL,
                                                                         0})),
                     SOTTO_OK);
}

/* ------------------------------------------------------------ update paths */

struct sent {
    uint8_t bytes[PATH_MAX];
    size_t len;
    uint8_t hash[32];
    struct sotto_mls_new_path path;
};

/* The committer's half; leaves the draft as it was, with the proposals only. */
static void send_path(struct seed *seed, uint32_t leaf, struct sent *sent)
{
    static uint64_t saved_memory[sizeof group.draft_memory / 8];
    struct sotto_mls_tree saved = group.draft;
    struct sotto_random random = seed_random(seed);
    uint8_t first_secret[32];
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX];
    uint8_t key[SOTTO_MLS_PUBLIC_MAX];
    struct sotto_writer w;

    memcpy(saved_memory, group.draft_memory, sizeof saved_memory);
    random_bytes(seed, first_secret, sizeof first_secret);
    random_pair(seed, private_key, key);
    assert_int_equal(sotto_mls_path_generate(&group.draft, leaf, first_secret,
                                             &sent->path),
                     SOTTO_OK);
    memcpy(sent->path.keys.keys[0], private_key, sizeof private_key);
    sent->path.keys.held |= 1;
    struct sotto_span mine =
        make_leaf(key, SOTTO_MLS_LEAF_COMMIT,
                  (struct sotto_span){sent->path.parent_hash,
                                      sent->path.parent_hash_len});
    assert_int_equal(sotto_mls_tree_set_leaf(&group.draft, leaf, mine),
                     SOTTO_OK);
    sotto_mls_tree_rehash(&group.draft);
    memcpy(sent->hash, sotto_mls_tree_hash(&group.draft), 32);
    sotto_writer_init(&w, sent->bytes, sizeof sent->bytes);
    sotto_write_bytes(&w, mine.at, mine.len);
    assert_int_equal(sotto_mls_path_encrypt(&group.draft, leaf,
                                            &sent->path.secrets, context,
                                            &random, &w),
                     SOTTO_OK);
    assert_int_equal(w.len,
                     mine.len +
                         sotto_mls_path_encrypted_len(&group.draft, leaf));
    sent->len = w.len;
    group.draft = saved;
    memcpy(group.draft_memory, saved_memory, sizeof saved_memory);
}

static void read_path(const struct sent *sent,
                      struct sotto_mls_update_path *path)
{
    struct sotto_reader r;

    sotto_reader_init(&r, sent->bytes, sent->len);
    sotto_mls_read_update_path(&r, path);
    assert_int_equal(sotto_reader_finish(&r), SOTTO_OK);
}

/* One member's private half; a new one learns by Welcome (12.4.3.1). */
static void receive(uint32_t from, uint32_t me, const struct sent *sent,
                    const struct sotto_mls_update_path *path)
{
    struct sotto_mls_path_keys keys = group.keys[me];
    uint8_t commit_secret[32];
    uint32_t level = sotto_mls_common_level(from, me);

    if (sotto_mls_tree_is_added(&group.draft, me)) {
        assert_int_equal(
            sotto_mls_path_derive(&group.draft, me, level,
                                  sent->path.secrets.secrets[level], &keys,
                                  commit_secret),
            SOTTO_OK);
    } else {
        assert_int_equal(sotto_mls_path_decrypt(&group.draft, from, path, me,
                                                context, &keys, commit_secret),
                         SOTTO_OK);
    }
    assert_memory_equal(commit_secret, sent->path.commit_secret, 32);
    group.keys[me] = keys;
}

/* Everybody else's half. */
static void receive_all(uint32_t from, const struct sent *sent)
{
    struct sotto_mls_update_path path;

    read_path(sent, &path);
    assert_int_equal(sotto_mls_path_merge(&group.draft, from, &path), SOTTO_OK);
    sotto_mls_tree_rehash(&group.draft);
    assert_memory_equal(sotto_mls_tree_hash(&group.draft), sent->hash, 32);
    assert_int_equal(sotto_mls_tree_check_parent_hashes(&group.draft),
                     SOTTO_OK);
    for (uint32_t me = 0; me < group.draft.leaf_count; me++) {
        if (me == from) {
            group.keys[me] = sent->path.keys;
        } else if (sotto_mls_tree_leaf(&group.draft, me).len > 0) {
            receive(from, me, sent, &path);
        }
    }
    sotto_mls_tree_apply(&group.tree, &group.draft);
    assert_int_equal(sotto_mls_tree_check_parent_hashes(&group.tree), SOTTO_OK);
}

/* A few proposals, or none; the committer is never touched by them. */
static void propose(struct seed *seed, uint32_t committer)
{
    uint32_t leaf = some_member(seed);
    size_t what = seed_below(seed, 5);

    if (what <= 2) {
        propose_add(seed);
    } else if (what == 3 && leaf != committer) {
        sotto_mls_tree_remove(&group.draft, leaf);
    } else if (what == 4 && leaf != committer) {
        propose_update(seed, leaf);
    }
}

static void run_epoch(struct seed *seed)
{
    static struct sent sent;
    uint32_t committer = some_member(seed);

    begin();
    propose(seed, committer);
    if (seed_below(seed, 4) == 0) { /* no path: new ones stay unmerged */
        sotto_mls_tree_rehash(&group.draft);
        sotto_mls_tree_apply(&group.tree, &group.draft);
        for (uint32_t me = 0; me < MEMBERS; me++) {
            sotto_mls_path_keys_prune(&group.keys[me], &group.tree, me);
        }
        return;
    }
    send_path(seed, committer, &sent);
    receive_all(committer, &sent);
}

static void test_treekem_agrees_through_random_histories(void **state)
{
    (void)state;
    for (uint64_t run = 1; run <= 4; run++) {
        struct seed seed;

        seed_init(&seed, seed_of_run(run));
        start(&seed);
        for (int epoch = 0; epoch < 25; epoch++) {
            run_epoch(&seed);
        }
    }
}

/* ---------------------------------------------------------------- refusals */

/* Four members with all parents set by leaf 0, and a path of leaf 1's that
 * nobody has taken yet. */
static void prepare(struct sent *sent)
{
    struct seed seed;

    seed_init(&seed, 7);
    start(&seed);
    begin();
    for (int i = 0; i < 3; i++) {
        propose_add(&seed);
    }
    send_path(&seed, 0, sent);
    receive_all(0, sent);
    begin();
    send_path(&seed, 1, sent);
    begin();
}

static void test_treekem_refuses_a_path_of_the_wrong_shape(void **state)
{
    static struct sent sent;
    struct sotto_mls_update_path path;
    struct sotto_mls_update_path_node node;
    struct sotto_reader nodes;

    (void)state;
    prepare(&sent);
    read_path(&sent, &path);
    nodes = sotto_mls_items(path.nodes);
    sotto_mls_read_update_path_node(&nodes, &node);
    size_t first_len = path.nodes.len - nodes.left;
    path.nodes.len = first_len; /* one node less */
    assert_int_equal(sotto_mls_path_merge(&group.draft, 1, &path),
                     SOTTO_ERR_FORMAT);
    begin();
    read_path(&sent, &path);
    path.nodes.at += first_len; /* the other one less */
    path.nodes.len -= first_len;
    assert_int_equal(sotto_mls_path_merge(&group.draft, 1, &path),
                     SOTTO_ERR_FORMAT);
    begin();
}

/* Each node's key in turn in place of the path's first: of a leaf, of parents
 * beside the path, and of those that the path replaces. */
static void test_treekem_refuses_a_key_that_is_there_already(void **state)
{
    static struct sent sent;
    struct sotto_mls_update_path path;
    struct sotto_mls_update_path_node node;
    struct sotto_reader nodes;
    size_t refused = 0;

    (void)state;
    prepare(&sent);
    read_path(&sent, &path);
    nodes = sotto_mls_items(path.nodes);
    sotto_mls_read_update_path_node(&nodes, &node);
    uint8_t *key = sent.bytes + (node.encryption_key.at - sent.bytes);
    for (uint32_t i = 0; i < 7; i++) {
        struct sotto_span other = sotto_mls_tree_key(&group.tree, i);

        if (other.len > 0) {
            memcpy(key, other.at, other.len);
            assert_int_equal(sotto_mls_path_merge(&group.draft, 1, &path),
                             SOTTO_ERR_FORMAT);
            begin();
            refused++;
        }
    }
    assert_int_equal(refused, 6); /* four leaves, two parents of leaf 0's */
    sotto_mls_read_update_path_node(&nodes, &node); /* twice on the path */
    memcpy(key, node.encryption_key.at, node.encryption_key.len);
    assert_int_equal(sotto_mls_path_merge(&group.draft, 1, &path),
                     SOTTO_ERR_FORMAT);
}

static void test_treekem_refuses_keys_that_are_no_points(void **state)
{
    static struct sent sent;
    struct sotto_mls_update_path path;
    struct sotto_mls_update_path_node node;
    struct sotto_reader nodes;
    uint8_t *key;

    (void)state;
    prepare(&sent);
    read_path(&sent, &path);
    assert_int_equal(sotto_mls_path_check(suite(), &path), SOTTO_OK);
    path.leaf_node.encryption_key.len--;
    assert_int_equal(sotto_mls_path_check(suite(), &path), SOTTO_ERR_FORMAT);
    path.leaf_node.encryption_key.len++;
    nodes = sotto_mls_items(path.nodes);
    while (nodes.left > 0) {
        sotto_mls_read_update_path_node(&nodes, &node);
        key = sent.bytes + (node.encryption_key.at - sent.bytes);
        key[64] ^= 1;
        assert_int_equal(sotto_mls_path_check(suite(), &path),
                         SOTTO_ERR_FORMAT);
        key[64] ^= 1;
    }
}

static void test_treekem_refuses_another_parent_hash(void **state)
{
    static struct sent sent;
    struct sotto_mls_update_path path;
    uint8_t wrong[32] = {0};

    (void)state;
    prepare(&sent);
    read_path(&sent, &path);
    path.leaf_node.parent_hash = (struct sotto_span){wrong, sizeof wrong};
    assert_int_equal(sotto_mls_path_merge(&group.draft, 1, &path),
                     SOTTO_ERR_AUTH);
    begin();
    path.leaf_node.parent_hash = (struct sotto_span){NULL, 0};
    assert_int_equal(sotto_mls_path_merge(&group.draft, 1, &path),
                     SOTTO_ERR_AUTH);
}

static void test_treekem_refuses_what_it_cannot_decrypt(void **state)
{
    static struct sent sent;
    static const uint8_t other[] = "another context";
    struct sotto_mls_update_path path;
    struct sotto_mls_path_keys keys;
    uint8_t commit_secret[32];

    (void)state;
    prepare(&sent);
    read_path(&sent, &path);
    assert_int_equal(sotto_mls_path_merge(&group.draft, 1, &path), SOTTO_OK);
    sotto_mls_tree_rehash(&group.draft);
    keys = group.keys[2];
    assert_int_equal(sotto_mls_path_decrypt(&group.draft, 1, &path, 2,
                                            (struct sotto_span){other,
                                                                sizeof other},
                                            &keys, commit_secret),
                     SOTTO_ERR_AUTH);
    keys = group.keys[0]; /* someone else's, and nothing for leaf 2 in it */
    keys.held = 0;
    assert_int_equal(sotto_mls_path_decrypt(&group.draft, 1, &path, 2, context,
                                            &keys, commit_secret),
                     SOTTO_ERR_AUTH);
}

/* A committer that encrypts a secret which does not make the keys it shows. */
static void test_treekem_refuses_secrets_that_do_not_make_the_keys(void **state)
{
    static struct sent sent;
    struct sotto_mls_path_keys keys;
    uint8_t wrong[32] = {1};

    (void)state;
    prepare(&sent);
    keys = group.keys[2];
    assert_int_equal(sotto_mls_path_derive(&group.tree, 2, 2, wrong, &keys,
                                           NULL),
                     SOTTO_ERR_AUTH);
}

static void test_treekem_forgets_keys_of_blank_nodes(void **state)
{
    static struct sent sent;
    const uint8_t zeros[SOTTO_MLS_PRIVATE_MAX] = {0};
    struct sotto_mls_path_keys keys;

    (void)state;
    prepare(&sent);
    keys = group.keys[0];
    assert_int_equal(keys.held, 7);
    sotto_mls_tree_remove(&group.draft, 2);
    sotto_mls_path_keys_prune(&keys, &group.draft, 0);
    assert_int_equal(keys.held, 3);
    assert_memory_equal(keys.keys[2], zeros, sizeof zeros);
    sotto_mls_tree_remove(&group.draft, 3); /* one level less */
    sotto_mls_tree_remove(&group.draft, 1);
    sotto_mls_path_keys_prune(&keys, &group.draft, 0);
    assert_int_equal(keys.held, 1);
}

int test_mls_treekem(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_treekem_agrees_through_random_histories),
        cmocka_unit_test(test_treekem_refuses_a_path_of_the_wrong_shape),
        cmocka_unit_test(test_treekem_refuses_a_key_that_is_there_already),
        cmocka_unit_test(test_treekem_refuses_keys_that_are_no_points),
        cmocka_unit_test(test_treekem_refuses_another_parent_hash),
        cmocka_unit_test(test_treekem_refuses_what_it_cannot_decrypt),
        cmocka_unit_test(
            test_treekem_refuses_secrets_that_do_not_make_the_keys),
        cmocka_unit_test(test_treekem_forgets_keys_of_blank_nodes),
    };
    return cmocka_run_group_tests_name("mls_treekem", tests, NULL, NULL);
}
