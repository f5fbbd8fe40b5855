/*
 * test_mls_state.c - what a group is loaded from, and what it is not: a saved
 * state is not an attacker's, but may be cut, damaged, or of another
 * configuration. The group is then as after init.
 */
#include "tests/unit/mls/party.h"
#include <string.h>

static uint8_t bytes[8192];
static struct sotto_mls_buffer saved;

/* What is loaded goes here. */
static uint64_t memory[PARTY_MEMORY];
static uint64_t empty[PARTY_MEMORY];

/* A group of three with an Update, a Remove and an Add waiting. */
static int setup(void **state)
{
    const struct sotto_mls_change update = {.type = SOTTO_MLS_PROPOSAL_UPDATE};
    const struct sotto_mls_change removal = {.type = SOTTO_MLS_PROPOSAL_REMOVE,
                                             .leaf = 2};
    struct sotto_mls_change add = {.type = SOTTO_MLS_PROPOSAL_ADD};

    party_setup(state);
    party_of(3);
    party_propose(&party[1], &update);
    party_propose(&party[1], &removal);
    party_make_package(&party[3]);
    add.bytes = party_span(&party[3].package_out);
    party_propose(&party[1], &add);
    return 0;
}

static void save(void)
{
    saved = (struct sotto_mls_buffer){bytes, sizeof bytes, 0};
    assert_int_equal(sotto_mls_group_save(party[1].group, &saved), SOTTO_OK);
}

static enum sotto_err load_with(const struct sotto_mls_config *config,
                                size_t len)
{
    size_t size = sotto_mls_group_size(config);
    struct sotto_mls_group *group;
    enum sotto_err err;

    assert_true(size <= sizeof memory);
    group = sotto_mls_group_init(memory, config);
    memcpy(empty, memory, size);
    err = sotto_mls_group_load(group, (struct sotto_span){bytes, len});
    if (err != SOTTO_OK) {
        assert_memory_equal(memory, empty, size);
    }
    return err;
}

/* Saves the group that a test has spoilt, and tries to load it. */
static void assert_refused(void)
{
    save();
    assert_int_equal(load_with(&party_config, saved.len), SOTTO_ERR_FORMAT);
}

/* --------------------------------------------------------------------- bytes */

static void test_state_is_refused_when_cut_or_longer(void **state)
{
    (void)state;
    save();
    assert_int_equal(load_with(&party_config, saved.len), SOTTO_OK);
    assert_int_equal(load_with(&party_config, saved.len + 1), SOTTO_ERR_FORMAT);
    for (size_t len = 0; len < saved.len; len++) {
        assert_int_equal(load_with(&party_config, len), SOTTO_ERR_FORMAT);
    }
}

static void test_state_is_not_written_in_part(void **state)
{
    (void)state;
    save();
    for (size_t len = saved.len; len > 0; len--) {
        struct sotto_mls_buffer out = {bytes, len - 1, 0};

        memset(bytes, 0x5a, sizeof bytes);
        assert_int_equal(sotto_mls_group_save(party[1].group, &out),
                         SOTTO_ERR_SPACE);
        for (size_t i = 0; i < len - 1; i++) {
            assert_int_equal(bytes[i], 0);
        }
        assert_int_equal(bytes[len - 1], 0x5a);
    }
}

static void test_state_of_nobody_is_not_written(void **state)
{
    struct sotto_mls_buffer out = {bytes, sizeof bytes, 0};

    (void)state;
    sotto_mls_group_wipe(party[1].group);
    assert_int_equal(sotto_mls_group_save(party[1].group, &out),
                     SOTTO_ERR_DENIED);
}

/* -------------------------------------------------------------------- a group */

static void test_state_is_refused_without_us(void **state)
{
    (void)state;
    party[1].group->me = 3; /* blank */
    assert_refused();
    party[1].group->me = UINT32_MAX;
    assert_refused();
}

static void test_state_is_refused_with_another_tree(void **state)
{
    struct sotto_mls_tree *tree = &party[1].group->tree;
    uint8_t *key = tree->arena + (tree->leaves[2].at - tree->arena) + 10;

    (void)state;
    *key ^= 1;
    assert_refused();
    *key ^= 1;
    tree->leaf_count /= 2;
    assert_refused();
}

static void test_state_is_refused_with_keys_above_any_tree(void **state)
{
    (void)state;
    party[1].group->keys.held |= 1U << SOTTO_MLS_LEVELS;
    assert_refused();
}

static void test_state_is_refused_without_our_own_key(void **state)
{
    (void)state;
    party[1].group->keys.held &= ~1U;
    assert_refused();
}

/* A commit that waits begins with its keys, too. */
static void test_pending_commit_is_refused_with_keys_that_cannot_be(
    void **state)
{
    const struct sotto_mls_plan plan = {.with_path = true};
    struct sotto_mls_event event;

    (void)state;
    assert_int_equal(party_try(&party[1], &plan), SOTTO_OK);
    memcpy(memory, party[1].memory, sizeof memory);
    party_pending[0] ^= 0x80; /* the highest level */
    assert_int_equal(sotto_mls_commit_accept(party[1].group, &party_client,
                                             party_span(&party_made.pending),
                                             &event),
                     SOTTO_ERR_FORMAT);
    assert_memory_equal(memory, party[1].memory, sizeof memory);
    party_pending[0] ^= 0x80;
    assert_int_equal(sotto_mls_commit_accept(party[1].group, &party_client,
                                             party_span(&party_made.pending),
                                             &event),
                     SOTTO_OK);
}

/* ------------------------------------------------------------------ what waits */

static void test_state_is_refused_with_proposal_of_nobody(void **state)
{
    struct sotto_mls_waiting *waiting = party[1].group->waiting;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        waiting[i].sender.index = 3;
        assert_refused();
        waiting[i].sender.index = 1;
    }
    waiting[0].sender.type = SOTTO_MLS_SENDER_EXTERNAL; /* an Update */
    assert_refused();
}

static void test_state_is_refused_with_proposal_about_nobody(void **state)
{
    struct sotto_mls_waiting *waiting = &party[1].group->waiting[1];
    uint8_t *leaf = party[1].group->waiting_bytes +
                    (waiting->proposal.at - party[1].group->waiting_bytes) + 5;

    (void)state;
    assert_int_equal(*leaf, 2);
    *leaf = 3;
    assert_refused();
}

/* ------------------------------------------------------- other configurations */

static void test_state_needs_room(void **state)
{
    struct sotto_mls_config config = party_config;

    (void)state;
    save();
    config.members = 4;
    assert_int_equal(load_with(&config, saved.len), SOTTO_OK);
    config.members = 2;
    assert_int_equal(load_with(&config, saved.len), SOTTO_ERR_LIMIT);
    config = party_config;
    config.leaf_len = 32;
    assert_int_equal(load_with(&config, saved.len), SOTTO_ERR_SPACE);
    config = party_config;
    config.proposals = 2;
    assert_int_equal(load_with(&config, saved.len), SOTTO_ERR_SPACE);
    config = party_config;
    config.proposal_bytes = 64;
    assert_int_equal(load_with(&config, saved.len), SOTTO_ERR_SPACE);
    config = party_config;
    config.past_epochs = 0; /* forgets them */
    config.past_psks = 0;
    assert_int_equal(load_with(&config, saved.len), SOTTO_OK);
}

#define STATE(test) cmocka_unit_test_setup(test, setup)

int test_mls_state(void)
{
    const struct CMUnitTest tests[] = {
        STATE(test_state_is_refused_when_cut_or_longer),
        STATE(test_state_is_not_written_in_part),
        STATE(test_state_of_nobody_is_not_written),
        STATE(test_state_is_refused_without_us),
        STATE(test_state_is_refused_with_another_tree),
        STATE(test_state_is_refused_with_keys_above_any_tree),
        STATE(test_state_is_refused_without_our_own_key),
        STATE(test_pending_commit_is_refused_with_keys_that_cannot_be),
        STATE(test_state_is_refused_with_proposal_of_nobody),
        STATE(test_state_is_refused_with_proposal_about_nobody),
        STATE(test_state_needs_room),
    };

    return cmocka_run_group_tests_name("mls_state", tests, NULL, NULL);
}
