/*
 * test_mls_validate.c - what makes leaf nodes, key packages and trees valid:
 * one that is, and one for every way not to be.
 */
#include "core/mls/codec.h"
#include "core/mls/label.h"
#include "core/mls/tree_hash.h"
#include "core/mls/tree_validate.h"
#include "tests/unit/mls/sample.h"
#include "tests/unit/test.h"

#include <string.h>

#define LEAF_MAX 512

static const struct sotto_span none = {NULL, 0};

static const uint8_t types_basic[] = {0, 1, 0x2a, 0x2a};
static const uint8_t types_both[] = {0, 1, 0, 2};
static const uint8_t type_f000[] = {0xf0, 0};
static const uint8_t version_10[] = {0, 1};
static const uint8_t suite_2[] = {0, 2};
static const uint8_t group_id_bytes[] = "group";
static const uint8_t no_point[SOTTO_MLS_PUBLIC_MAX] = {4, 1, 2, 3};
static const struct sotto_span group_id = {group_id_bytes, 5};

/* A client: its keys, and a leaf node that is not signed yet. */
struct client {
    uint8_t signer[SOTTO_MLS_PRIVATE_MAX];
    uint8_t signature_key[SOTTO_MLS_PUBLIC_MAX];
    uint8_t encryption_key[SOTTO_MLS_PUBLIC_MAX];
    uint8_t init_key[SOTTO_MLS_PUBLIC_MAX];
    struct sotto_mls_leaf_node leaf;
    uint8_t bytes[LEAF_MAX];
};

static const struct sotto_mls_suite *suite(void)
{
    return sotto_mls_suite_find(SOTTO_MLS_SUITE_P256_AES128GCM);
}

static void make_pair(const char *seed, uint8_t *private_key,
                      uint8_t *public_key)
{
    assert_int_equal(
        sotto_mls_derive_key_pair(suite(),
                                  (struct sotto_span){(const uint8_t *)seed,
                                                      strlen(seed)},
                                  private_key, public_key),
        SOTTO_OK);
}

static void make_client(struct client *client, const char *name)
{
    uint8_t unused[SOTTO_MLS_PRIVATE_MAX];
    char seed[] = "xy";

    memset(client, 0, sizeof *client);
    seed[1] = name[0];
    seed[0] = 's';
    make_pair(seed, client->signer, client->signature_key);
    seed[0] = 'e';
    make_pair(seed, unused, client->encryption_key);
    seed[0] = 'i';
    make_pair(seed, unused, client->init_key);
    client->leaf = (struct sotto_mls_leaf_node){
        .encryption_key = {client->encryption_key, suite()->public_len},
        .signature_key = {client->signature_key, suite()->public_len},
        .credential = {SOTTO_MLS_CREDENTIAL_BASIC,
                       {(const uint8_t *)name, strlen(name)}},
        .capabilities = {.versions = {version_10, sizeof version_10},
                         .cipher_suites = {suite_2, sizeof suite_2},
                         .credentials = {types_basic, sizeof types_basic}},
        .source = SOTTO_MLS_LEAF_KEY_PACKAGE,
        .lifetime = {100, 200},
    };
}

/* Signs the leaf node, encodes it, and decodes it into `out`. */
static void sign_leaf(struct client *client, uint32_t index,
                      struct sotto_mls_leaf_node *out)
{
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX];
    size_t signature_len;
    struct sotto_writer w;
    struct sotto_reader r;

    sotto_writer_init(&w, client->bytes, LEAF_MAX);
    sotto_mls_write_leaf_node_tbs(&w, &client->leaf);
    assert_int_equal(sotto_mls_leaf_sign(suite(), client->signer,
                                         (struct sotto_span){client->bytes,
                                                             w.len},
                                         client->leaf.source, group_id, index,
                                         signature, &signature_len),
                     SOTTO_OK);
    sotto_write_vector(&w, signature, signature_len);
    assert_false(w.bad);
    sotto_reader_init(&r, client->bytes, w.len);
    sotto_mls_read_leaf_node(&r, out);
    assert_int_equal(sotto_reader_finish(&r), SOTTO_OK);
}

/* --------------------------------------------------------------- leaf nodes */

static enum sotto_err check(const struct client *client, uint8_t source,
                            struct sotto_span extensions, uint64_t now)
{
    return sotto_mls_leaf_check(suite(), &client->leaf, source, extensions,
                                now);
}

static void test_leaf_is_valid_within_its_lifetime(void **state)
{
    static struct client alice;

    (void)state;
    make_client(&alice, "alice");
    assert_int_equal(check(&alice, 1, none, 99), SOTTO_ERR_FORMAT);
    assert_int_equal(check(&alice, 1, none, 100), SOTTO_OK);
    assert_int_equal(check(&alice, 1, none, 200), SOTTO_OK);
    assert_int_equal(check(&alice, 1, none, 201), SOTTO_ERR_FORMAT);
    assert_int_equal(check(&alice, 1, none, SOTTO_TIME_UNKNOWN), SOTTO_OK);
    alice.leaf.source = SOTTO_MLS_LEAF_UPDATE; /* has no lifetime */
    assert_int_equal(check(&alice, 2, none, 999), SOTTO_OK);
}

static void test_leaf_is_refused_by_its_own_fields(void **state)
{
    static struct client alice;
    const uint8_t extension[] = {0xf0, 0x00, 0x00};
    const struct sotto_span capability = {type_f000, sizeof type_f000};

    (void)state;
    make_client(&alice, "alice");
    assert_int_equal(check(&alice, SOTTO_MLS_LEAF_UPDATE, none, 150),
                     SOTTO_ERR_FORMAT); /* another source */
    assert_int_equal(check(&alice, 0, none, 150), SOTTO_OK);
    alice.leaf.encryption_key.len--;
    assert_int_equal(check(&alice, 1, none, 150), SOTTO_ERR_FORMAT);
    make_client(&alice, "alice");
    alice.leaf.signature_key.len--;
    assert_int_equal(check(&alice, 1, none, 150), SOTTO_ERR_FORMAT);
    make_client(&alice, "alice");
    alice.leaf.capabilities.versions = capability;
    assert_int_equal(check(&alice, 1, none, 150), SOTTO_ERR_FORMAT);
    make_client(&alice, "alice");
    alice.leaf.capabilities.cipher_suites = capability;
    assert_int_equal(check(&alice, 1, none, 150), SOTTO_ERR_FORMAT);
    make_client(&alice, "alice");
    alice.leaf.credential.type = SOTTO_MLS_CREDENTIAL_X509; /* not its own */
    assert_int_equal(check(&alice, 1, none, 150), SOTTO_ERR_FORMAT);
    make_client(&alice, "alice");
    alice.leaf.extensions = (struct sotto_span){extension, sizeof extension};
    assert_int_equal(check(&alice, 1, none, 150), SOTTO_ERR_FORMAT);
    alice.leaf.capabilities.extensions =
        (struct sotto_span){type_f000, sizeof type_f000};
    assert_int_equal(check(&alice, 1, none, 150), SOTTO_OK);
}

static void test_leaf_must_do_what_the_group_asks_for(void **state)
{
    static struct client alice;
    /* required_capabilities: extension 0xf000; proposal add (default);
     * credential basic. */
    const uint8_t required[] = {0x00, 0x03, 0x09, 0x02, 0xf0, 0x00,
                                0x02, 0x00, 0x01, 0x02, 0x00, 0x01};
    const uint8_t broken[] = {0x00, 0x03, 0x01, 0x02};
    const uint8_t unknown[] = {0xf0, 0x00, 0x00};
    const struct sotto_span capability = {type_f000, sizeof type_f000};

    (void)state;
    make_client(&alice, "alice");
    assert_int_equal(check(&alice, 1,
                           (struct sotto_span){required, sizeof required}, 150),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(check(&alice, 1,
                           (struct sotto_span){unknown, sizeof unknown}, 150),
                     SOTTO_ERR_FORMAT);
    alice.leaf.capabilities.extensions = capability;
    assert_int_equal(check(&alice, 1,
                           (struct sotto_span){required, sizeof required}, 150),
                     SOTTO_OK);
    assert_int_equal(check(&alice, 1,
                           (struct sotto_span){unknown, sizeof unknown}, 150),
                     SOTTO_OK);
    assert_int_equal(check(&alice, 1,
                           (struct sotto_span){broken, sizeof broken}, 150),
                     SOTTO_ERR_FORMAT);
}

static void test_leaf_is_signed_for_its_place_in_the_group(void **state)
{
    static struct client alice;
    static const uint8_t other[] = "other";
    struct sotto_mls_leaf_node leaf;

    (void)state;
    make_client(&alice, "alice");
    sign_leaf(&alice, 3, &leaf); /* of a key package: for any place */
    assert_int_equal(sotto_mls_leaf_verify(suite(), &leaf, none, 0), SOTTO_OK);
    alice.leaf.source = SOTTO_MLS_LEAF_COMMIT;
    sign_leaf(&alice, 3, &leaf);
    assert_int_equal(sotto_mls_leaf_verify(suite(), &leaf, group_id, 3),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_leaf_verify(suite(), &leaf, group_id, 4),
                     SOTTO_ERR_AUTH);
    assert_int_equal(sotto_mls_leaf_verify(suite(), &leaf,
                                           (struct sotto_span){other, 5}, 3),
                     SOTTO_ERR_AUTH);
    alice.bytes[3] ^= 1; /* the encryption key */
    assert_int_equal(sotto_mls_leaf_verify(suite(), &leaf, group_id, 3),
                     SOTTO_ERR_AUTH);
}

/* ------------------------------------------------------------- key packages */

static enum sotto_err check_key_package(struct client *client,
                                        struct sotto_mls_key_package *package,
                                        bool is_signed)
{
    uint8_t bytes[2 * LEAF_MAX];
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX] = {0};
    size_t signature_len = 8;
    struct sotto_writer w;
    struct sotto_reader r;

    sign_leaf(client, 0, &package->leaf_node);
    sotto_writer_init(&w, bytes, sizeof bytes);
    sotto_mls_write_key_package_tbs(&w, package);
    if (is_signed) {
        const struct sotto_piece tbs = {bytes, w.len};

        assert_int_equal(sotto_mls_sign_with_label(suite(), client->signer,
                                                   "KeyPackageTBS", &tbs, 1,
                                                   signature, &signature_len),
                         SOTTO_OK);
    }
    sotto_write_vector(&w, signature, signature_len);
    assert_false(w.bad);
    sotto_reader_init(&r, bytes, w.len);
    sotto_mls_read_key_package(&r, package);
    assert_int_equal(sotto_reader_finish(&r), SOTTO_OK);
    return sotto_mls_key_package_check(suite(), package, none, 150);
}

static void test_key_package_is_checked_throughout(void **state)
{
    static struct client bob;
    struct sotto_mls_key_package package;
    const struct sotto_mls_key_package fresh = {
        .version = SOTTO_MLS_VERSION_10,
        .cipher_suite = SOTTO_MLS_SUITE_P256_AES128GCM,
        .init_key = {bob.init_key, SOTTO_MLS_PUBLIC_MAX},
    };

    (void)state;
    make_client(&bob, "bob");
    package = fresh;
    assert_int_equal(check_key_package(&bob, &package, true), SOTTO_OK);
    package = fresh;
    assert_int_equal(check_key_package(&bob, &package, false), SOTTO_ERR_AUTH);
    package = fresh;
    package.version = 2;
    assert_int_equal(check_key_package(&bob, &package, true), SOTTO_ERR_FORMAT);
    package = fresh;
    package.cipher_suite = 1;
    assert_int_equal(check_key_package(&bob, &package, true), SOTTO_ERR_FORMAT);
    package = fresh;
    package.init_key = bob.leaf.encryption_key;
    assert_int_equal(check_key_package(&bob, &package, true), SOTTO_ERR_FORMAT);
    package = fresh;
    bob.leaf.source = SOTTO_MLS_LEAF_UPDATE;
    assert_int_equal(check_key_package(&bob, &package, true), SOTTO_ERR_FORMAT);
}

/* ------------------------------------------------------ leaves of one tree */

static struct sample_tree tree;
static struct sample_draft draft;

static void test_tree_refuses_a_key_twice(void **state)
{
    uint32_t leaf;

    (void)state;
    sample_tree_of(&tree, 4);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(sotto_mls_tree_check_unique(&tree.tree, i), SOTTO_OK);
    }
    sample_draft_of(&draft, &tree);
    assert_int_equal(sotto_mls_tree_add(&draft.draft, sample_leaf(9, 2), &leaf),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_tree_check_unique(&draft.draft, leaf),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(sotto_mls_tree_check_unique(&draft.draft, 2),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(sotto_mls_tree_check_unique(&draft.draft, 3), SOTTO_OK);
}

/* Adds `client`'s leaf node to the draft. */
static void add_client(struct client *client)
{
    struct sotto_mls_leaf_node leaf;
    uint32_t at;

    sign_leaf(client, 0, &leaf);
    assert_int_equal(sotto_mls_tree_add(&draft.draft, leaf.raw, &at), SOTTO_OK);
}

static void test_tree_needs_everybody_to_know_every_credential(void **state)
{
    static struct client carol;

    (void)state;
    sample_tree_init(&tree);
    assert_int_equal(sotto_mls_tree_start(&tree.tree, sample_leaf(0, 0)),
                     SOTTO_OK);
    sample_draft_of(&draft, &tree);
    make_client(&carol, "carol");
    carol.leaf.capabilities.credentials =
        (struct sotto_span){types_both, sizeof types_both};
    add_client(&carol);
    assert_int_equal(sotto_mls_tree_check_credentials(&draft.draft), SOTTO_OK);
    sample_draft_of(&draft, &tree);
    carol.leaf.credential =
        (struct sotto_mls_credential){SOTTO_MLS_CREDENTIAL_X509,
                                      {(const uint8_t *)"\003crt", 4}};
    add_client(&carol); /* the other one does not know X.509 */
    assert_int_equal(sotto_mls_tree_check_credentials(&draft.draft),
                     SOTTO_ERR_FORMAT);
}

/* -------------------------------------------------------------- whole trees */

/* A tree of alice and bob with real leaves; valid. */
static void make_tree(struct client *alice, struct client *bob, void *memory)
{
    struct sotto_mls_leaf_node leaf;
    uint32_t at;

    make_client(alice, "alice");
    make_client(bob, "bob");
    sotto_mls_tree_init(&tree.tree, memory, suite(), 4, LEAF_MAX);
    sign_leaf(alice, 0, &leaf);
    assert_int_equal(sotto_mls_tree_start(&tree.tree, leaf.raw), SOTTO_OK);
    sample_draft_of(&draft, &tree);
    sign_leaf(bob, 0, &leaf);
    assert_int_equal(sotto_mls_tree_add(&draft.draft, leaf.raw, &at), SOTTO_OK);
}

static enum sotto_err check_draft(void)
{
    sotto_mls_tree_rehash(&draft.draft);
    return sotto_mls_tree_check(&draft.draft, group_id, none, SOTTO_MLS_NONE);
}

static void test_tree_is_checked_throughout(void **state)
{
    static uint64_t memory[1024];
    static struct client alice;
    static struct client bob;

    (void)state;
    assert_true(sotto_mls_tree_size(4, LEAF_MAX) <= sizeof memory);
    make_tree(&alice, &bob, memory);
    assert_int_equal(check_draft(), SOTTO_OK);
    /* A parent that nobody's parent hash speaks for. */
    struct sotto_mls_parent *parent =
        sotto_mls_tree_new_parent(&draft.draft, 1);
    parent->key_len = suite()->public_len;
    memcpy(parent->key, alice.init_key, parent->key_len);
    assert_int_equal(check_draft(), SOTTO_ERR_AUTH);
    /* A leaf whose signature is another's. */
    make_tree(&alice, &bob, memory);
    bob.bytes[2 * (2 + SOTTO_MLS_PUBLIC_MAX) + 3] ^= 1; /* behind the keys */
    assert_int_equal(check_draft(), SOTTO_ERR_AUTH);
    assert_int_equal(sotto_mls_tree_check(&draft.draft, group_id, none, 0),
                     SOTTO_ERR_AUTH);
    /* Whose own it is knows that. */
    assert_int_equal(sotto_mls_tree_check(&draft.draft, group_id, none, 1),
                     SOTTO_OK);
    /* A member twice. */
    make_tree(&alice, &bob, memory);
    add_client(&alice);
    assert_int_equal(check_draft(), SOTTO_ERR_FORMAT);
}

/* Alice sets the root: its key, and her leaf node with its parent hash. */
static void set_root(struct client *alice, const uint8_t *key)
{
    static uint8_t parent_hash[SOTTO_MLS_HASH_MAX];
    struct sotto_mls_parent *parent =
        sotto_mls_tree_new_parent(&draft.draft, 1);
    struct sotto_mls_leaf_node leaf;

    parent->key_len = suite()->public_len;
    memcpy(parent->key, key, parent->key_len);
    sotto_mls_tree_rehash(&draft.draft);
    sotto_mls_parent_hash(&draft.draft, 1, 2, parent_hash);
    alice->leaf.source = SOTTO_MLS_LEAF_COMMIT;
    alice->leaf.parent_hash =
        (struct sotto_span){parent_hash, suite()->hash_len};
    sign_leaf(alice, 0, &leaf);
    assert_int_equal(sotto_mls_tree_set_leaf(&draft.draft, 0, leaf.raw),
                     SOTTO_OK);
}

static void test_tree_refuses_a_parent_with_somebody_elses_key(void **state)
{
    static uint64_t memory[1024];
    static struct client alice;
    static struct client bob;

    (void)state;
    make_tree(&alice, &bob, memory);
    set_root(&alice, alice.init_key);
    assert_int_equal(check_draft(), SOTTO_OK);
    assert_int_equal(sotto_mls_tree_check_unique(&draft.draft, 1), SOTTO_OK);
    make_tree(&alice, &bob, memory);
    set_root(&alice, bob.encryption_key);
    assert_int_equal(check_draft(), SOTTO_ERR_FORMAT);
    assert_int_equal(sotto_mls_tree_check_unique(&draft.draft, 0), SOTTO_OK);
    assert_int_equal(sotto_mls_tree_check_unique(&draft.draft, 1),
                     SOTTO_ERR_FORMAT);
    make_tree(&alice, &bob, memory);
    set_root(&alice, no_point);
    assert_int_equal(check_draft(), SOTTO_ERR_FORMAT);
    make_tree(&alice, &bob, memory);
    set_root(&alice, alice.init_key);
    bob.leaf.signature_key = alice.leaf.signature_key; /* not bob's */
    struct sotto_mls_leaf_node leaf;
    sign_leaf(&bob, 1, &leaf);
    assert_int_equal(sotto_mls_tree_set_leaf(&draft.draft, 1, leaf.raw),
                     SOTTO_OK);
    assert_int_equal(check_draft(), SOTTO_ERR_AUTH); /* her parent hash */
}

int test_mls_validate(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaf_is_valid_within_its_lifetime),
        cmocka_unit_test(test_leaf_is_refused_by_its_own_fields),
        cmocka_unit_test(test_leaf_must_do_what_the_group_asks_for),
        cmocka_unit_test(test_leaf_is_signed_for_its_place_in_the_group),
        cmocka_unit_test(test_key_package_is_checked_throughout),
        cmocka_unit_test(test_tree_refuses_a_key_twice),
        cmocka_unit_test(test_tree_needs_everybody_to_know_every_credential),
        cmocka_unit_test(test_tree_is_checked_throughout),
        cmocka_unit_test(test_tree_refuses_a_parent_with_somebody_elses_key),
    };
    return cmocka_run_group_tests_name("mls_validate", tests, NULL, NULL);
}
