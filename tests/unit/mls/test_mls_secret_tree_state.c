/*
 * test_mls_secret_tree_state.c - a secret tree as bytes and back: at every
 * point of a history, cut short, with every bit turned.
 */
#include "core/mls/secret_tree.h"
#include "tests/unit/crypto/hex.h"
#include "tests/unit/support/seed.h"

#define LEAVES  8
#define OUT_MAX 4096

struct sample {
    struct sotto_mls_secret_tree tree;
    uint64_t memory[512];
};

static const struct sotto_mls_secret_config config = {.members = LEAVES,
                                                      .kept = 6,
                                                      .window = 4,
                                                      .forward = 8};

static void init(struct sample *sample,
                 const struct sotto_mls_secret_config *with)
{
    memset(sample, 0, sizeof *sample);
    assert_true(sotto_mls_secret_tree_size(with) <= sizeof sample->memory);
    sotto_mls_secret_tree_init(&sample->tree, sample->memory,
                               sotto_mls_suite_find(
                                   SOTTO_MLS_SUITE_P256_AES128GCM),
                               with);
}

static void start(struct sample *sample)
{
    static const uint8_t secret[SOTTO_MLS_HASH_MAX] = {1, 2, 3};

    init(sample, &config);
    sotto_mls_secret_tree_start(&sample->tree, LEAVES, secret);
}

/* Some message of somebody. */
static void receive(struct sample *sample, struct seed *seed)
{
    struct sotto_mls_message_key key;
    uint32_t leaf = (uint32_t)seed_below(seed, LEAVES);
    enum sotto_mls_ratchet_kind kind =
        (enum sotto_mls_ratchet_kind)seed_below(seed, 2);
    uint32_t generation =
        sotto_mls_secret_tree_generation(&sample->tree, leaf, kind);

    generation += (uint32_t)seed_below(seed, 4);
    assert_int_equal(sotto_mls_secret_tree_find(&sample->tree, leaf, kind,
                                                generation, &key),
                     SOTTO_OK);
    sotto_mls_secret_tree_consume(&sample->tree, &key);
}

static size_t write(const struct sample *sample, uint8_t *out)
{
    struct sotto_writer w;

    sotto_writer_init(&w, out, OUT_MAX);
    sotto_mls_secret_tree_write(&w, &sample->tree);
    assert_false(w.bad);
    assert_true(w.len <= sotto_mls_secret_tree_encoded_max(&config));
    return w.len;
}

static enum sotto_err read(struct sample *sample, const uint8_t *in, size_t len,
                           size_t *left)
{
    struct sotto_reader r;
    enum sotto_err err;

    sotto_reader_init(&r, in, len);
    err = sotto_mls_secret_tree_read(&r, &sample->tree);
    *left = r.left;
    return err;
}

/* Both have the same keys to give. */
static void assert_same_keys(const struct sample *a, const struct sample *b)
{
    struct sotto_mls_message_key x;
    struct sotto_mls_message_key y;

    for (uint32_t leaf = 0; leaf < LEAVES; leaf++) {
        for (unsigned kind = 0; kind < SOTTO_MLS_RATCHETS; kind++) {
            for (uint32_t generation = 0; generation < 10; generation++) {
                enum sotto_err err = sotto_mls_secret_tree_find(
                    &a->tree, leaf, (enum sotto_mls_ratchet_kind)kind,
                    generation, &x);

                assert_int_equal(sotto_mls_secret_tree_find(
                                     &b->tree, leaf,
                                     (enum sotto_mls_ratchet_kind)kind,
                                     generation, &y),
                                 err);
                if (err == SOTTO_OK) {
                    assert_memory_equal(x.key, y.key, 16);
                    assert_memory_equal(x.nonce, y.nonce, 12);
                }
            }
        }
    }
}

static void test_mls_secret_tree_comes_back_as_it_was(void **state)
{
    static uint8_t out[OUT_MAX];
    static uint8_t again[OUT_MAX];
    static struct sample sample;
    static struct sample back;
    struct seed seed;
    size_t left;

    (void)state;
    start(&sample);
    init(&back, &config);
    seed_init(&seed, seed_of_run(1));
    for (size_t i = 0; i < 40; i++) {
        size_t len = write(&sample, out);

        out[len] = 0x55; /* what follows stays */
        assert_int_equal(read(&back, out, len + 1, &left), SOTTO_OK);
        assert_int_equal(left, 1);
        assert_int_equal(write(&back, again), len);
        assert_memory_equal(out, again, len);
        assert_same_keys(&sample, &back);
        receive(&sample, &seed);
    }
}

static void test_mls_secret_tree_without_epoch_comes_back(void **state)
{
    uint8_t out[OUT_MAX];
    static struct sample sample;
    size_t left;

    (void)state;
    init(&sample, &config);
    assert_int_equal(write(&sample, out), 8);
    assert_int_equal(read(&sample, out, 8, &left), SOTTO_OK);
    assert_int_equal(sample.tree.leaf_count, 0);
}

/* Refused, and then as after a wipe; or what gives the same bytes again. */
static void assert_strict(struct sample *sample, const uint8_t *in, size_t len)
{
    static uint8_t again[OUT_MAX];
    static struct sample fresh;
    size_t left;

    init(&fresh, &config);
    if (read(sample, in, len, &left) == SOTTO_OK) {
        assert_int_equal(write(sample, again), len - left);
        assert_memory_equal(in, again, len - left);
    } else {
        assert_memory_equal(sample->memory, fresh.memory, sizeof fresh.memory);
        assert_int_equal(sample->tree.leaf_count, 0);
    }
}

static size_t write_some(uint8_t *out)
{
    static struct sample sample;
    struct seed seed;

    start(&sample);
    seed_init(&seed, 9);
    for (size_t i = 0; i < 5; i++) {
        receive(&sample, &seed);
    }
    assert_true(sample.tree.kept_count > 0);
    return write(&sample, out);
}

static void test_mls_secret_tree_refuses_what_is_cut(void **state)
{
    static uint8_t out[OUT_MAX];
    static struct sample sample;
    size_t len = write_some(out);
    size_t left;

    (void)state;
    init(&sample, &config);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(read(&sample, out, i, &left), SOTTO_ERR_FORMAT);
        assert_strict(&sample, out, i);
    }
}

static void test_mls_secret_tree_reads_only_what_it_writes(void **state)
{
    static uint8_t out[OUT_MAX];
    static struct sample sample;
    size_t len = write_some(out);

    (void)state;
    init(&sample, &config);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        out[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        assert_strict(&sample, out, len);
        out[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
}

/* Subtrees that cannot stand where they do. */
static void test_mls_secret_tree_refuses_odd_subtrees(void **state)
{
    static const struct {
        uint32_t leaf_count;
        uint8_t levels[4];
        size_t count;
        enum sotto_err err;
    } cases[] = {
        {4, {2}, 1, SOTTO_OK},
        {4, {1, 0, 0}, 3, SOTTO_OK},
        {4, {0, 1, 0}, 3, SOTTO_ERR_FORMAT}, /* across two parents */
        {4, {3}, 1, SOTTO_ERR_FORMAT},       /* above the root */
        {4, {200}, 1, SOTTO_ERR_FORMAT},     /* no state at all */
        {3, {0, 0, 0}, 3, SOTTO_ERR_FORMAT}, /* no full tree */
        {1, {0}, 1, SOTTO_OK},
    };
    static const uint8_t secret[SOTTO_MLS_HASH_MAX] = {7};
    static struct sample sample;
    uint8_t bytes[256];
    struct sotto_writer w;
    size_t left;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sotto_writer_init(&w, bytes, sizeof bytes);
        sotto_write_u32(&w, cases[i].leaf_count);
        for (size_t j = 0; j < cases[i].count; j++) {
            sotto_write_u8(&w, cases[i].levels[j]);
            sotto_write_bytes(&w, secret, sizeof secret);
        }
        sotto_write_u32(&w, 0);
        init(&sample, &config);
        assert_int_equal(read(&sample, bytes, w.len, &left), cases[i].err);
    }
}

static void test_mls_secret_tree_needs_room_to_come_back(void **state)
{
    static const struct sotto_mls_secret_config small[] = {
        {.members = LEAVES / 2, .kept = 6},
        {.members = LEAVES, .senders = 1, .kept = 6},
        {.members = LEAVES, .kept = 0},
    };
    static uint8_t out[OUT_MAX];
    static struct sample sample;
    size_t len = write_some(out);
    size_t left;

    (void)state;
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
        init(&sample, &small[i]);
        assert_int_equal(read(&sample, out, len, &left), SOTTO_ERR_SPACE);
        assert_int_equal(sample.tree.leaf_count, 0);
    }
}

int test_mls_secret_tree_state(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mls_secret_tree_comes_back_as_it_was),
        cmocka_unit_test(test_mls_secret_tree_without_epoch_comes_back),
        cmocka_unit_test(test_mls_secret_tree_refuses_what_is_cut),
        cmocka_unit_test(test_mls_secret_tree_reads_only_what_it_writes),
        cmocka_unit_test(test_mls_secret_tree_refuses_odd_subtrees),
        cmocka_unit_test(test_mls_secret_tree_needs_room_to_come_back),
    };

    return cmocka_run_group_tests_name("mls_secret_tree_state", tests, NULL,
                                       NULL);
}
