/*
 * test_mls_secret_tree.c - the secret tree against a naive one that derives
 * every key from the root each time; windows, limits, and what is deleted.
 */
#include "core/mls/label.h"
#include "core/mls/secret_tree.h"
#include "tests/unit/crypto/hex.h"
#include "tests/unit/support/seed.h"

#define HANDSHAKE   SOTTO_MLS_RATCHET_HANDSHAKE
#define APPLICATION SOTTO_MLS_RATCHET_APPLICATION
#define LEAVES_MAX  64

/* A tree and its memory; all of it can be compared and searched. */
struct sample {
    struct sotto_mls_secret_tree tree;
    uint64_t memory[1024];
};

static const struct sotto_mls_suite *suite2(void)
{
    return sotto_mls_suite_find(SOTTO_MLS_SUITE_P256_AES128GCM);
}

static const uint8_t root_secret[SOTTO_MLS_HASH_MAX] = {
    0x6b, 0x51, 0x5c, 0xda, 0x44, 0xaf, 0xd8, 0x22, 0xfa, 0x67, 0x03,
    0x9d, 0x58, 0x11, 0x20, 0x7a, 0xe3, 0xfe, 0xa1, 0x46, 0xb2, 0xa8,
    0x2b, 0x50, 0x8d, 0xc3, 0xe8, 0x79, 0x2d, 0xa6, 0x19, 0xff};

static void start_with(struct sample *sample, uint32_t leaves,
                       const struct sotto_mls_secret_config *config)
{
    memset(sample, 0, sizeof *sample);
    assert_true(sotto_mls_secret_tree_size(config) <= sizeof sample->memory);
    sotto_mls_secret_tree_init(&sample->tree, sample->memory, suite2(), config);
    sotto_mls_secret_tree_start(&sample->tree, leaves, root_secret);
}

static void start(struct sample *sample, uint32_t leaves)
{
    const struct sotto_mls_secret_config config = {.members = leaves,
                                                   .kept = 16,
                                                   .window = 8,
                                                   .forward = 32};

    start_with(sample, leaves, &config);
}

/* ---------------------------------------------------------- the naive tree */

static void naive_key(uint32_t leaves, uint32_t leaf,
                      enum sotto_mls_ratchet_kind kind, uint32_t generation,
                      struct sotto_mls_message_key *out)
{
    static const struct sotto_span left = {(const uint8_t *)"left", 4};
    static const struct sotto_span right = {(const uint8_t *)"right", 5};
    uint8_t secret[SOTTO_MLS_HASH_MAX];

    memcpy(secret, root_secret, sizeof secret);
    for (uint32_t half = leaves / 2; half > 0; half /= 2) {
        sotto_mls_expand_with_label(suite2(), secret, "tree",
                                    (leaf & half) == 0 ? left : right, secret,
                                    32);
    }
    sotto_mls_derive_secret(suite2(), secret,
                            kind == HANDSHAKE ? "handshake" : "application",
                            secret);
    for (uint32_t i = 0; i < generation; i++) {
        sotto_mls_derive_tree_secret(suite2(), secret, "secret", i, secret, 32);
    }
    sotto_mls_derive_tree_secret(suite2(), secret, "key", generation, out->key,
                                 16);
    sotto_mls_derive_tree_secret(suite2(), secret, "nonce", generation,
                                 out->nonce, 12);
}

/* Finds a key, which is the naive tree's, and consumes it. */
static void take(struct sample *sample, uint32_t leaf,
                 enum sotto_mls_ratchet_kind kind, uint32_t generation)
{
    struct sotto_mls_message_key key;
    struct sotto_mls_message_key expected;

    assert_int_equal(sotto_mls_secret_tree_find(&sample->tree, leaf, kind,
                                                generation, &key),
                     SOTTO_OK);
    naive_key(sample->tree.leaf_count, leaf, kind, generation, &expected);
    assert_memory_equal(key.key, expected.key, 16);
    assert_memory_equal(key.nonce, expected.nonce, 12);
    assert_int_equal(key.generation, generation);
    sotto_mls_secret_tree_consume(&sample->tree, &key);
}

static enum sotto_err find(const struct sample *sample, uint32_t leaf,
                           enum sotto_mls_ratchet_kind kind,
                           uint32_t generation)
{
    struct sotto_mls_message_key key;

    return sotto_mls_secret_tree_find(&sample->tree, leaf, kind, generation,
                                      &key);
}

/* ------------------------------------------------------------------- keys */

/* From secret-tree.json of mlswg/mls-implementations, cipher suite 2. */
static void test_mls_secret_tree_gives_the_vector(void **state)
{
    static const struct {
        uint32_t generation;
        enum sotto_mls_ratchet_kind kind;
        const char *key;
        const char *nonce;
    } keys[] = {
        {0, APPLICATION, "a598ce7c177fb480bfaf14ebe987abbe",
         "d2a490fc574848a78969d9f1"},
        {0, HANDSHAKE, "ad2d20c193c14a938daf5e0065d184c7",
         "ee8435a8115ca9cffbd0f960"},
        {15, APPLICATION, "5785ed5a700bae1becd1c756aa271a8f",
         "06748969c4ec0ab3a9955c0c"},
        {15, HANDSHAKE, "bda6d26e94b89afe6633c4dea6388e26",
         "5cc3e3f238ee00ff798ed4ee"},
    };
    struct sotto_mls_message_key key;
    static struct sample sample;

    (void)state;
    start(&sample, 1);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_int_equal(sotto_mls_secret_tree_find(&sample.tree, 0,
                                                    keys[i].kind,
                                                    keys[i].generation, &key),
                         SOTTO_OK);
        assert_hex(key.key, 16, keys[i].key);
        assert_hex(key.nonce, 12, keys[i].nonce);
        sotto_mls_secret_tree_consume(&sample.tree, &key);
    }
}

static void test_mls_secret_tree_agrees_with_a_naive_one(void **state)
{
    static struct sample sample;
    struct seed seed;

    (void)state;
    for (uint32_t leaves = 1; leaves <= LEAVES_MAX; leaves *= 2) {
        start(&sample, leaves);
        seed_init(&seed, leaves);
        for (uint32_t i = 0; i < 3 * leaves; i++) {
            uint32_t leaf = (uint32_t)seed_below(&seed, leaves);
            enum sotto_mls_ratchet_kind kind =
                seed_once_in(&seed, 2) ? HANDSHAKE : APPLICATION;
            uint32_t next =
                sotto_mls_secret_tree_generation(&sample.tree, leaf, kind);

            take(&sample, leaf, kind, next + (uint32_t)seed_below(&seed, 3));
        }
    }
}

static void test_mls_secret_tree_find_changes_nothing(void **state)
{
    static struct sample sample;
    static struct sample before;

    (void)state;
    start(&sample, 8);
    take(&sample, 3, APPLICATION, 4);
    before = sample;
    assert_int_equal(find(&sample, 0, HANDSHAKE, 7), SOTTO_OK);
    assert_int_equal(find(&sample, 3, APPLICATION, 2), SOTTO_OK);
    assert_int_equal(find(&sample, 3, APPLICATION, 5), SOTTO_OK);
    assert_int_equal(find(&sample, 3, APPLICATION, 4), SOTTO_ERR_REPLAY);
    assert_int_equal(find(&sample, 3, APPLICATION, 99), SOTTO_ERR_LIMIT);
    assert_int_equal(find(&sample, 8, APPLICATION, 0), SOTTO_ERR_FORMAT);
    assert_memory_equal(&sample, &before, sizeof sample);
}

static void test_mls_secret_tree_gives_no_key_twice(void **state)
{
    static struct sample sample;

    (void)state;
    start(&sample, 4);
    take(&sample, 1, APPLICATION, 0);
    assert_int_equal(find(&sample, 1, APPLICATION, 0), SOTTO_ERR_REPLAY);
    take(&sample, 1, APPLICATION, 3);
    take(&sample, 1, APPLICATION, 2);
    assert_int_equal(find(&sample, 1, APPLICATION, 2), SOTTO_ERR_REPLAY);
    take(&sample, 1, APPLICATION, 1);
    assert_int_equal(find(&sample, 1, APPLICATION, 1), SOTTO_ERR_REPLAY);
    take(&sample, 1, HANDSHAKE, 1); /* the other ratchet */
    take(&sample, 2, APPLICATION, 1);
}

/* ------------------------------------------------------- late messages */

/* 16 messages in every rotation of an order within the window. */
static void test_mls_secret_tree_takes_messages_in_any_order(void **state)
{
    static struct sample sample;
    struct seed seed;
    uint32_t order[8];

    (void)state;
    for (uint64_t run = 0; run < 50; run++) {
        start(&sample, 2);
        seed_init(&seed, seed_of_run(run));
        for (uint32_t i = 0; i < 8; i++) {
            order[i] = i;
        }
        for (uint32_t i = 7; i > 0; i--) {
            size_t with = seed_below(&seed, i + 1);
            uint32_t swap = order[i];

            order[i] = order[with];
            order[with] = swap;
        }
        for (uint32_t i = 0; i < 8; i++) {
            take(&sample, 1, APPLICATION, order[i]);
        }
        assert_int_equal(sample.tree.kept_count, 0);
    }
}

static void test_mls_secret_tree_window_ends_where_it_is_set(void **state)
{
    static struct sample sample;

    (void)state;
    start(&sample, 2); /* 8 generations late */
    take(&sample, 0, APPLICATION, 20);
    assert_int_equal(sample.tree.kept_count, 8);
    assert_int_equal(find(&sample, 0, APPLICATION, 11), SOTTO_ERR_REPLAY);
    assert_int_equal(find(&sample, 0, APPLICATION, 12), SOTTO_OK);
    take(&sample, 0, APPLICATION, 21); /* and it moves along */
    assert_int_equal(find(&sample, 0, APPLICATION, 12), SOTTO_ERR_REPLAY);
    take(&sample, 0, APPLICATION, 13);
    assert_int_equal(sample.tree.kept_count, 6);
}

static void test_mls_secret_tree_keeps_the_newest_when_full(void **state)
{
    static struct sample sample;

    (void)state;
    start(&sample, 8); /* 16 keys in all */
    take(&sample, 0, APPLICATION, 8);
    take(&sample, 1, APPLICATION, 8);
    assert_int_equal(sample.tree.kept_count, 16);
    take(&sample, 2, HANDSHAKE, 3);
    assert_int_equal(sample.tree.kept_count, 16);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(find(&sample, 0, APPLICATION, i), SOTTO_ERR_REPLAY);
    }
    for (uint32_t i = 3; i < 8; i++) {
        take(&sample, 0, APPLICATION, i);
    }
    take(&sample, 2, HANDSHAKE, 0);
}

static void test_mls_secret_tree_works_without_a_window(void **state)
{
    const struct sotto_mls_secret_config config = {.members = 2,
                                                   .kept = 0,
                                                   .window = 0,
                                                   .forward = 2};
    static struct sample sample;

    (void)state;
    start_with(&sample, 2, &config);
    take(&sample, 0, APPLICATION, 2);
    assert_int_equal(find(&sample, 0, APPLICATION, 1), SOTTO_ERR_REPLAY);
    take(&sample, 0, APPLICATION, 3);
    assert_int_equal(sample.tree.kept_count, 0);
}

/* ------------------------------------------------------------------ limits */

static void test_mls_secret_tree_refuses_what_is_too_far_ahead(void **state)
{
    static struct sample sample;

    (void)state;
    start(&sample, 2); /* 32 generations ahead */
    assert_int_equal(find(&sample, 0, APPLICATION, 33), SOTTO_ERR_LIMIT);
    assert_int_equal(find(&sample, 0, APPLICATION, UINT32_MAX),
                     SOTTO_ERR_LIMIT);
    take(&sample, 0, APPLICATION, 32);
    assert_int_equal(find(&sample, 0, APPLICATION, 66), SOTTO_ERR_LIMIT);
    take(&sample, 0, APPLICATION, 65);
}

static void test_mls_secret_tree_refuses_more_senders_than_set(void **state)
{
    const struct sotto_mls_secret_config config = {
        .members = 8, .senders = 2, .kept = 4, .window = 4, .forward = 4};
    struct sotto_mls_message_key key;
    static struct sample sample;

    (void)state;
    start_with(&sample, 8, &config);
    take(&sample, 5, APPLICATION, 0);
    take(&sample, 2, HANDSHAKE, 0);
    assert_int_equal(find(&sample, 3, HANDSHAKE, 0), SOTTO_ERR_SPACE);
    assert_int_equal(sotto_mls_secret_tree_next(&sample.tree, 3, HANDSHAKE,
                                                &key),
                     SOTTO_ERR_SPACE);
    assert_int_equal(sotto_mls_secret_tree_forward(&sample.tree, 3, HANDSHAKE,
                                                   5),
                     SOTTO_ERR_SPACE);
    take(&sample, 5, HANDSHAKE, 0);
}

static void test_mls_secret_tree_rounds_members_up(void **state)
{
    const struct sotto_mls_secret_config five = {.members = 5};
    const struct sotto_mls_secret_config eight = {.members = 8};
    static struct sample sample;

    (void)state;
    assert_int_equal(sotto_mls_secret_tree_size(&five),
                     sotto_mls_secret_tree_size(&eight));
    start_with(&sample, 8, &five);
    take(&sample, 7, APPLICATION, 0);
}

/* ------------------------------------------------------------------ our own */

static void test_mls_secret_tree_next_never_repeats(void **state)
{
    struct sotto_mls_message_key key;
    struct sotto_mls_message_key expected;
    static struct sample sample;

    (void)state;
    start(&sample, 4);
    for (uint32_t i = 0; i < 20; i++) {
        assert_int_equal(sotto_mls_secret_tree_next(&sample.tree, 2,
                                                    APPLICATION, &key),
                         SOTTO_OK);
        naive_key(4, 2, APPLICATION, i, &expected);
        assert_int_equal(key.generation, i);
        assert_memory_equal(key.key, expected.key, 16);
        assert_int_equal(find(&sample, 2, APPLICATION, i), SOTTO_ERR_REPLAY);
    }
    assert_int_equal(sample.tree.kept_count, 0);
}

static void test_mls_secret_tree_forward_skips_without_keeping(void **state)
{
    struct sotto_mls_message_key key;
    static struct sample sample;

    (void)state;
    start(&sample, 4);
    assert_int_equal(sotto_mls_secret_tree_forward(&sample.tree, 2, APPLICATION,
                                                   100),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_secret_tree_forward(&sample.tree, 2, APPLICATION,
                                                   50),
                     SOTTO_OK); /* is there already */
    assert_int_equal(sample.tree.kept_count, 0);
    assert_int_equal(sotto_mls_secret_tree_next(&sample.tree, 2, APPLICATION,
                                                &key),
                     SOTTO_OK);
    assert_int_equal(key.generation, 100);
    assert_int_equal(sotto_mls_secret_tree_generation(&sample.tree, 2,
                                                      APPLICATION),
                     101);
    assert_int_equal(sotto_mls_secret_tree_generation(&sample.tree, 2,
                                                      HANDSHAKE),
                     0);
    assert_int_equal(sotto_mls_secret_tree_generation(&sample.tree, 9,
                                                      HANDSHAKE),
                     0);
}

static void test_mls_secret_tree_ends_before_it_wraps(void **state)
{
    struct sotto_mls_message_key key;
    static struct sample sample;

    (void)state;
    start(&sample, 1);
    take(&sample, 0, APPLICATION, 0);
    sample.tree.senders[0][APPLICATION].generation = UINT32_MAX - 1;
    assert_int_equal(sotto_mls_secret_tree_next(&sample.tree, 0, APPLICATION,
                                                &key),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_secret_tree_next(&sample.tree, 0, APPLICATION,
                                                &key),
                     SOTTO_ERR_LIMIT);
    assert_int_equal(sotto_mls_secret_tree_next(&sample.tree, 0, APPLICATION,
                                                &key),
                     SOTTO_ERR_LIMIT);
}

/* ----------------------------------------------------------------- deleting */

/* Whether the last 12 bytes of a secret, key or nonce are anywhere. */
static bool contains(const struct sample *sample, const uint8_t *secret,
                     size_t len)
{
    const uint8_t *at = (const uint8_t *)sample->memory;

    for (size_t i = 0; i + 12 <= sizeof sample->memory; i++) {
        if (memcmp(at + i, secret + len - 12, 12) == 0) {
            return true;
        }
    }
    return false;
}

/* RFC 9420 9.2, whose example is a message of D in a group of four. */
static void test_mls_secret_tree_deletes_what_is_consumed(void **state)
{
    static const struct sotto_span left = {(const uint8_t *)"left", 4};
    static const struct sotto_span right = {(const uint8_t *)"right", 5};
    uint8_t e[32], f[32], c[32], d[32], ar0[32], ar1[32], ar2[32], hr0[32];
    struct sotto_mls_message_key k0, k1;
    static struct sample sample;

    (void)state;
    sotto_mls_expand_with_label(suite2(), root_secret, "tree", left, e, 32);
    sotto_mls_expand_with_label(suite2(), root_secret, "tree", right, f, 32);
    sotto_mls_expand_with_label(suite2(), f, "tree", left, c, 32);
    sotto_mls_expand_with_label(suite2(), f, "tree", right, d, 32);
    sotto_mls_derive_secret(suite2(), d, "application", ar0);
    sotto_mls_derive_secret(suite2(), d, "handshake", hr0);
    sotto_mls_derive_tree_secret(suite2(), ar0, "secret", 0, ar1, 32);
    sotto_mls_derive_tree_secret(suite2(), ar1, "secret", 1, ar2, 32);
    naive_key(4, 3, APPLICATION, 0, &k0);
    naive_key(4, 3, APPLICATION, 1, &k1);

    start(&sample, 4);
    assert_true(contains(&sample, root_secret, 32));
    take(&sample, 3, APPLICATION, 1);
    /* K1, N1, AR1, AR0, D, F and G are gone; */
    assert_false(contains(&sample, k1.key, 16));
    assert_false(contains(&sample, k1.nonce, 12));
    assert_false(contains(&sample, ar1, 32));
    assert_false(contains(&sample, ar0, 32));
    assert_false(contains(&sample, d, 32));
    assert_false(contains(&sample, f, 32));
    assert_false(contains(&sample, root_secret, 32));
    /* K0, N0, AR2, HR0, E and C are there. */
    assert_true(contains(&sample, k0.key, 16));
    assert_true(contains(&sample, k0.nonce, 12));
    assert_true(contains(&sample, ar2, 32));
    assert_true(contains(&sample, hr0, 32));
    assert_true(contains(&sample, e, 32));
    assert_true(contains(&sample, c, 32));

    take(&sample, 3, APPLICATION, 0);
    assert_false(contains(&sample, k0.key, 16));
    assert_false(contains(&sample, k0.nonce, 12));
}

static void test_mls_secret_tree_wipe_leaves_nothing(void **state)
{
    static struct sample sample;
    static struct sample fresh;
    const struct sotto_mls_secret_config config = {.members = 8,
                                                   .kept = 16,
                                                   .window = 8,
                                                   .forward = 32};

    (void)state;
    memset(&fresh, 0, sizeof fresh);
    sotto_mls_secret_tree_init(&fresh.tree, fresh.memory, suite2(), &config);
    start(&sample, 8);
    take(&sample, 5, APPLICATION, 6);
    take(&sample, 0, HANDSHAKE, 1);
    sotto_mls_secret_tree_wipe(&sample.tree);
    assert_memory_equal(sample.memory, fresh.memory, sizeof sample.memory);
    assert_int_equal(find(&sample, 0, HANDSHAKE, 2), SOTTO_ERR_FORMAT);
}

static void test_mls_secret_tree_starts_the_next_epoch_afresh(void **state)
{
    static struct sample sample;

    (void)state;
    start(&sample, 8);
    take(&sample, 5, APPLICATION, 6);
    sotto_mls_secret_tree_start(&sample.tree, 4, root_secret);
    assert_int_equal(find(&sample, 5, APPLICATION, 0), SOTTO_ERR_FORMAT);
    take(&sample, 3, APPLICATION, 0);
}

int test_mls_secret_tree(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mls_secret_tree_gives_the_vector),
        cmocka_unit_test(test_mls_secret_tree_agrees_with_a_naive_one),
        cmocka_unit_test(test_mls_secret_tree_find_changes_nothing),
        cmocka_unit_test(test_mls_secret_tree_gives_no_key_twice),
        cmocka_unit_test(test_mls_secret_tree_takes_messages_in_any_order),
        cmocka_unit_test(test_mls_secret_tree_window_ends_where_it_is_set),
        cmocka_unit_test(test_mls_secret_tree_keeps_the_newest_when_full),
        cmocka_unit_test(test_mls_secret_tree_works_without_a_window),
        cmocka_unit_test(test_mls_secret_tree_refuses_what_is_too_far_ahead),
        cmocka_unit_test(test_mls_secret_tree_refuses_more_senders_than_set),
        cmocka_unit_test(test_mls_secret_tree_rounds_members_up),
        cmocka_unit_test(test_mls_secret_tree_next_never_repeats),
        cmocka_unit_test(test_mls_secret_tree_forward_skips_without_keeping),
        cmocka_unit_test(test_mls_secret_tree_ends_before_it_wraps),
        cmocka_unit_test(test_mls_secret_tree_deletes_what_is_consumed),
        cmocka_unit_test(test_mls_secret_tree_wipe_leaves_nothing),
        cmocka_unit_test(test_mls_secret_tree_starts_the_next_epoch_afresh),
    };

    return cmocka_run_group_tests_name("mls_secret_tree", tests, NULL, NULL);
}
