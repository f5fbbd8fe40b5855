/*
 * test_mls_deletion.c - secrets are gone when they have been consumed (RFC 9420
 * 7.5, 9.2): neither in a group's memory nor in the scratch.
 *
 * What a secret was is worked out beforehand, or from what the committer knows;
 * then all memory is searched for it.
 */
#include "core/mls/codec.h"
#include "core/mls/label.h"
#include "tests/unit/mls/party.h"
#include <string.h>

static const struct sotto_mls_suite *suite;

static int setup(void **state)
{
    suite = sotto_mls_suite_find(SOTTO_MLS_SUITE_P256_AES128GCM);
    party_setup(state);
    memset(party_client.scratch, 0, party_client.scratch_len);
    return 0;
}

/* ---------------------------------------------------------------- searching */

static bool is_in(const void *memory, size_t size, const void *wanted,
                  size_t len)
{
    const uint8_t *bytes = memory;

    for (size_t i = 0; i + len <= size; i++) {
        if (memcmp(bytes + i, wanted, len) == 0) {
            return true;
        }
    }
    return false;
}

static bool has(const struct party_member *member, const uint8_t *secret,
                size_t len)
{
    return is_in(member->memory, sizeof member->memory, secret, len);
}

static void assert_gone_len(const struct party_member *member,
                            const uint8_t *secret, size_t len)
{
    assert_false(has(member, secret, len));
    assert_false(
        is_in(party_client.scratch, party_client.scratch_len, secret, len));
}

/* Half of a secret would be too much. */
static void assert_gone(const struct party_member *member,
                        const uint8_t *secret)
{
    assert_gone_len(member, secret, 16);
    assert_gone_len(member, secret + 16, 16);
}

/* ------------------------------------------------------------- what is consumed */

/* All secrets on the way from one epoch to the next. */
struct way {
    uint8_t init[32];
    uint8_t commit[32];
    uint8_t joiner[32];
    uint8_t member[32];
    uint8_t welcome[32];
    uint8_t epoch[32];
    uint8_t encryption[32];
};

/* commit_secret in what the committer keeps: behind its keys. */
static void read_commit_secret(uint8_t out[32])
{
    struct sotto_reader r = sotto_mls_items(party_span(&party_made.pending));
    uint32_t held = sotto_read_u32(&r);

    for (; held != 0; held &= held - 1) {
        (void)sotto_read_span(&r, 32);
    }
    (void)sotto_read_span(&r, 32); /* signature key */
    sotto_read_bytes(&r, out, 32);
    assert_false(r.bad);
}

/* Before the commit is accepted, all but what needs the new GroupContext. */
static void before_commit(const struct party_member *member, struct way *way)
{
    memcpy(way->init, member->group->secrets.init_secret, 32);
    read_commit_secret(way->commit);
}

static void after_commit(const struct party_member *member, struct way *way)
{
    struct sotto_span context = sotto_mls_group_context_span(member->group);
    struct sotto_mls_epoch_secrets secrets;
    const uint8_t no_psk[32] = {0};

    sotto_mls_joiner_secret(suite, way->init, way->commit, context,
                            way->joiner);
    sotto_mls_member_secret(suite, way->joiner, no_psk, way->member);
    sotto_mls_welcome_secret(suite, way->member, way->welcome);
    sotto_mls_epoch_secret(suite, way->member, context, way->epoch);
    sotto_mls_epoch_derive(suite, way->epoch, &secrets, way->encryption);
    /* It was worked out rightly: this one is there. */
    assert_memory_equal(secrets.init_secret, member->group->secrets.init_secret,
                        32);
}

static void assert_way_gone(const struct party_member *member,
                            const struct way *way)
{
    assert_gone(member, way->init);
    assert_gone(member, way->commit);
    assert_gone(member, way->joiner);
    assert_gone(member, way->member);
    assert_gone(member, way->welcome);
    assert_gone(member, way->epoch);
}

static const struct sotto_mls_plan with_path = {.with_path = true,
                                                .with_tree = true};

/* -------------------------------------------------------------------- commits */

static void test_commit_leaves_nothing_of_its_way(void **state)
{
    struct way way;

    (void)state;
    party_of(3);
    assert_int_equal(party_try(&party[1], &with_path), SOTTO_OK);
    before_commit(&party[1], &way);
    assert_gone(&party[1], way.commit); /* it is in `pending` only */
    party_accept(&party[1]);
    after_commit(&party[0], &way);
    for (int i = 0; i < 3; i++) {
        assert_way_gone(&party[i], &way);
    }
}

/* Of the joiner, too, who has read joiner_secret and a path secret. */
static void test_welcome_leaves_nothing_of_its_way(void **state)
{
    struct sotto_mls_change add = {.type = SOTTO_MLS_PROPOSAL_ADD};
    const struct sotto_mls_plan plan = {.changes = &add,
                                        .count = 1,
                                        .with_path = true,
                                        .with_tree = true};
    struct way way;

    (void)state;
    party_of(2);
    party_make_package(&party[2]);
    add.bytes = party_span(&party[2].package_out);
    assert_int_equal(party_try(&party[0], &plan), SOTTO_OK);
    before_commit(&party[0], &way);
    party_accept(&party[0]);
    after_commit(&party[2], &way);
    assert_way_gone(&party[2], &way);
    assert_gone(&party[2], party[2].keys.init_private);
    assert_way_gone(&party[0], &way);
}

static void test_epoch_takes_its_secrets_along(void **state)
{
    struct sotto_mls_epoch_secrets old;
    const uint8_t *gone[] = {old.exporter_secret,  old.external_secret,
                             old.confirmation_key, old.membership_key,
                             old.init_secret,      old.epoch_authenticator};

    (void)state;
    party_of(2);
    old = party[1].group->secrets;
    party_commit(&party[0], NULL, true, true);
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
        assert_gone(&party[1], gone[i]);
    }
    /* Kept, as the configuration says: for late messages, and as a PSK. */
    assert_true(has(&party[1], old.sender_data_secret, 32));
    assert_true(has(&party[1], old.resumption_psk, 32));
    for (int i = 0; i < 2; i++) {
        party_commit(&party[0], NULL, true, true);
    }
    assert_gone(&party[1], old.sender_data_secret);
    assert_gone(&party[1], old.resumption_psk);
}

static void test_forgotten_epoch_takes_its_secrets_along(void **state)
{
    uint8_t sender_data[32];
    uint8_t root[32];

    (void)state;
    party_of(2);
    memcpy(sender_data, party[1].group->secrets.sender_data_secret, 32);
    memcpy(root, party[1].group->secret_tree.secrets, 32);
    party_commit(&party[0], NULL, true, true);
    assert_true(has(&party[1], root, 32));
    sotto_mls_forget_past(party[1].group,
                          sotto_mls_group_epoch(party[1].group));
    assert_gone(&party[1], sender_data);
    assert_gone(&party[1], root);
}

static void test_path_replaces_private_keys(void **state)
{
    struct sotto_mls_path_keys old[3];

    (void)state;
    party_of(3);
    party_commit(&party[1], NULL, true, true);
    for (int i = 0; i < 3; i++) {
        old[i] = party[i].group->keys;
    }
    party_commit(&party[0], NULL, true, true);
    assert_gone(&party[0], old[0].keys[0]);
    for (uint32_t level = 1; level < 3; level++) {
        for (int i = 0; i < 3; i++) {
            if ((old[i].held >> level & 1) != 0) {
                assert_gone(&party[i], old[i].keys[level]);
            }
        }
    }
    assert_true(has(&party[1], old[1].keys[0], 32)); /* its leaf is as it was */
}

/* path_secret and node_secret of each level of the path. */
static void test_path_leaves_no_path_secrets(void **state)
{
    struct sotto_mls_work *work = party_client.scratch;

    (void)state;
    party_of(4);
    assert_int_equal(party_try(&party[3], &with_path), SOTTO_OK);
    /* The whole struct, which has them all while a commit is made. */
    for (size_t i = 0; i < sizeof *work; i++) {
        assert_int_equal(((const uint8_t *)work)[i], 0);
    }
}

static void test_update_replaces_leafs_private_key(void **state)
{
    const struct sotto_mls_change update = {.type = SOTTO_MLS_PROPOSAL_UPDATE};
    uint8_t old[32];
    uint8_t dropped[32];

    (void)state;
    party_of(3);
    memcpy(old, party[1].group->keys.keys[0], 32);
    party_propose(&party[1], &update);
    memcpy(dropped, party[1].group->waiting[0].keys.encryption, 32);
    party_propose(&party[1], &update); /* the last one counts */
    assert_true(has(&party[1], old, 32));
    party_commit(&party[0], NULL, false, true);
    assert_gone(&party[1], old);
    assert_gone(&party[1], dropped);
}

static void test_new_signature_key_replaces_old_one(void **state)
{
    static const uint8_t new_key[32] = {0x17, 1, 2, 3, 4};
    const struct sotto_mls_new_leaf leaf = {.signature_private = new_key};
    const struct sotto_mls_plan plan = {.leaf_node = &leaf};

    (void)state;
    party_of(2);
    assert_int_equal(party_try(&party[1], &plan), SOTTO_OK);
    party_accept(&party[1]);
    assert_gone(&party[1], party[1].signature_private);
}

/* ------------------------------------------------------------------- messages */

/* The key that a message of the sender's next generation is sealed with. */
static struct sotto_mls_message_key key_of(const struct party_member *member,
                                           uint32_t leaf,
                                           enum sotto_mls_ratchet_kind kind)
{
    const struct sotto_mls_secret_tree *tree = &member->group->secret_tree;
    struct sotto_mls_message_key key;
    uint32_t generation = sotto_mls_secret_tree_generation(tree, leaf, kind);

    assert_int_equal(sotto_mls_secret_tree_find(tree, leaf, kind, generation,
                                                &key),
                     SOTTO_OK);
    return key;
}

static struct sotto_mls_message_key next_key(const struct party_member *member,
                                             uint32_t leaf)
{
    return key_of(member, leaf, SOTTO_MLS_RATCHET_APPLICATION);
}

/* Past epochs are kept for late messages, but not what the commit's key is made
 * of. */
static void test_private_commit_leaves_no_key(void **state)
{
    struct sotto_mls_message_key key;
    uint8_t root[32];

    (void)state;
    party_of(3);
    key = key_of(&party[1], 0, SOTTO_MLS_RATCHET_HANDSHAKE);
    memcpy(root, party[1].group->secret_tree.secrets, 32);
    party_commit(&party[0], NULL, true, false);
    for (int i = 0; i < 3; i++) {
        assert_gone_len(&party[i], key.key, 16);
        assert_gone(&party[i], root);
    }
}

static void test_message_leaves_no_key(void **state)
{
    struct sotto_mls_message_key key;

    (void)state;
    party_of(4);
    for (int round = 0; round < 3; round++) {
        key = next_key(&party[0], 2);
        party_say(&party[2], "hello");
        for (int i = 0; i < 4; i++) {
            assert_gone_len(&party[i], key.key, 16);
            assert_gone_len(&party[i], key.nonce, 12);
        }
    }
}

/* The secrets of all nodes above the sender, and its ratchet's first ones. */
static void test_message_leaves_nothing_above_its_sender(void **state)
{
    uint8_t node[32];
    uint8_t ratchet[32];
    uint8_t first[32];

    (void)state;
    party_of(4);
    memcpy(first, party[0].group->secret_tree.secrets, 32); /* encryption */
    memcpy(node, first, 32);
    party_say(&party[3], "hello");
    for (int level = 0; level < 2; level++) { /* leaf 3 is right, right */
        for (int i = 0; i < 4; i++) {
            assert_gone(&party[i], node);
        }
        sotto_mls_expand_with_label(suite, node, "tree", party_text("right"),
                                    node, 32);
    }
    sotto_mls_derive_secret(suite, node, "application", ratchet);
    for (int i = 0; i < 4; i++) {
        assert_gone(&party[i], node);
        assert_gone(&party[i], ratchet);
    }
    /* What is beside the way is still there. */
    sotto_mls_expand_with_label(suite, first, "tree", party_text("left"), node,
                                32);
    assert_true(has(&party[0], node, 32));
}

/* A key that was stepped over is kept, and goes with its message. */
static void test_late_message_leaves_no_key(void **state)
{
    static uint8_t bytes[1024];
    struct sotto_mls_buffer late = {bytes, sizeof bytes, 0};
    struct sotto_mls_message_key key;
    struct sotto_mls_event event;

    (void)state;
    party_of(2);
    key = next_key(&party[1], 0);
    party_seal(&party[0], "late", &late);
    party_say(&party[0], "early");
    assert_true(has(&party[1], key.key, 16));
    party_deliver(&party[1], party_span(&late), &event);
    assert_gone_len(&party[1], key.key, 16);
}

/* What was opened and turned out to be forged is not left lying about. */
static void test_forged_message_leaves_no_text(void **state)
{
    static const char words[] = "only for us, and forged at that";
    struct sotto_mls_buffer out = {party_message, PARTY_MESSAGE_MAX, 0};
    struct sotto_mls_event event;

    (void)state;
    party_of(2);
    party[0].group->signature_key[5] ^= 1;
    party_seal(&party[0], words, &out);
    assert_int_equal(sotto_mls_receive(party[1].group, &party_client,
                                       party_span(&out), &event),
                     SOTTO_ERR_AUTH);
    assert_gone_len(&party[1], (const uint8_t *)words, sizeof words - 1);
}

/* ------------------------------------------------------------------ the group */

static bool is_zero(const void *memory, size_t size)
{
    const uint8_t *bytes = memory;
    uint8_t any = 0;

    for (size_t i = 0; i < size; i++) {
        any |= bytes[i];
    }
    return any == 0;
}

/* But for where things stand, nothing is left of a group. */
static void test_removed_member_has_nothing_left(void **state)
{
    static uint64_t empty[PARTY_MEMORY];
    struct sotto_mls_event event;
    const struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_REMOVE,
                                            .leaf = 1};
    const struct sotto_mls_plan plan = {.changes = &change, .count = 1};

    (void)state;
    party_of(2);
    party_say(&party[0], "before");
    party_commit(&party[0], NULL, true, true);
    assert_int_equal(party_try(&party[0], &plan), SOTTO_OK);
    assert_int_equal(sotto_mls_receive(party[1].group, &party_client,
                                       party_span(&party_made.message), &event),
                     SOTTO_OK);
    assert_int_equal(event.type, SOTTO_MLS_EVENT_REMOVED);
    memcpy(empty, party[1].memory, sizeof empty);
    assert_true(is_zero((const uint8_t *)empty + sizeof(struct sotto_mls_group),
                        sizeof empty - sizeof(struct sotto_mls_group)));
    sotto_mls_group_wipe(party[1].group);
    assert_memory_equal(empty, party[1].memory, sizeof empty);
}

#define DELETION(test) cmocka_unit_test_setup(test, setup)

int test_mls_deletion(void)
{
    const struct CMUnitTest tests[] = {
        DELETION(test_commit_leaves_nothing_of_its_way),
        DELETION(test_welcome_leaves_nothing_of_its_way),
        DELETION(test_epoch_takes_its_secrets_along),
        DELETION(test_private_commit_leaves_no_key),
        DELETION(test_forgotten_epoch_takes_its_secrets_along),
        DELETION(test_path_replaces_private_keys),
        DELETION(test_path_leaves_no_path_secrets),
        DELETION(test_update_replaces_leafs_private_key),
        DELETION(test_new_signature_key_replaces_old_one),
        DELETION(test_message_leaves_no_key),
        DELETION(test_message_leaves_nothing_above_its_sender),
        DELETION(test_late_message_leaves_no_key),
        DELETION(test_forged_message_leaves_no_text),
        DELETION(test_removed_member_has_nothing_left),
    };

    return cmocka_run_group_tests_name("mls_deletion", tests, NULL, NULL);
}
