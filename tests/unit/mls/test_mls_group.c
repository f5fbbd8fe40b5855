/*
 * test_mls_group.c - groups among themselves: members made of the library
 * alone, who create, add, remove, update, and talk.
 */
#include "tests/unit/mls/party.h"
#include <string.h>

/* --------------------------------------------------------------------- tests */

static void test_group_of_three_talks(void **state)
{
    (void)state;
    party_create(&party[0]);
    party_add(&party[0], &party[1], false);
    party_add(&party[1], &party[2], true);
    party_say(&party[0], "hello");
    party_say(&party[2], "good evening");
    party_remove(&party[2], &party[0]);
    party_say(&party[1], "alone at last");
}

static void test_group_heals_by_update(void **state)
{
    const struct sotto_mls_change update = {.type = SOTTO_MLS_PROPOSAL_UPDATE};

    (void)state;
    party_create(&party[0]);
    party_add(&party[0], &party[1], false);
    party_add(&party[0], &party[2], true);
    party_propose(&party[1], &update);
    party_propose(&party[2], &update);
    party_commit(&party[0], NULL, false, false);
    party_commit(&party[1], NULL, true, true);
    party_say(&party[2], "still here");
}

static struct party_member *pick_member(bool is_in)
{
    struct party_member *found = NULL;
    uint32_t count = 0;

    for (int i = 0; i < PARTY_CLIENTS; i++) {
        if (party[i].is_in == is_in && party_pick(++count) == 0) {
            found = &party[i];
        }
    }
    return found;
}

static void take_step(void)
{
    const struct sotto_mls_change update = {.type = SOTTO_MLS_PROPOSAL_UPDATE};
    struct party_member *sender = pick_member(true);
    struct party_member *in = pick_member(true);
    struct party_member *out = pick_member(false);

    switch (party_pick(7)) {
    case 0:
    case 1:
        if (out != NULL) {
            party_add(sender, out, party_pick(2) == 0);
        }
        break;
    case 2:
        if (in != sender) {
            party_remove(sender, in);
        }
        break;
    case 3:
        party_propose(in, &update);
        break;
    case 4:
        if (out != NULL) {
            party_join_external(sender, out, SOTTO_MLS_NONE);
        }
        break;
    case 5:
        party_commit(sender, NULL, true, party_pick(2) == 0);
        break;
    default:
        if (sender->group->waiting_count > 0) {
            party_commit(sender, NULL, false, true);
        }
        party_say(sender, "something");
        break;
    }
}

static void test_group_agrees_through_random_history(void **state)
{
    (void)state;
    party_create(&party[0]);
    for (int step = 0; step < 60; step++) {
        take_step();
    }
}

static void test_group_drops_commit_that_lost(void **state)
{
    struct sotto_mls_plan plan = {.with_path = true};
    struct sotto_mls_made made = {{party_message, sizeof party_message, 0},
                                  {party_welcome, sizeof party_welcome, 0},
                                  {party_pending, sizeof party_pending, 0}};
    struct sotto_mls_event event;

    (void)state;
    party_create(&party[0]);
    party_add(&party[0], &party[1], true);
    assert_int_equal(sotto_mls_commit_make(party[1].group, &party_client, &plan,
                                           &made),
                     SOTTO_OK);
    memcpy(party_welcome, party_pending, made.pending.len);
    party_commit(&party[0], NULL, true, false);
    assert_int_equal(sotto_mls_commit_accept(
                         party[1].group, &party_client,
                         (struct sotto_span){party_welcome, made.pending.len},
                         &event),
                     SOTTO_ERR_REPLAY);
    party_say(&party[1], "the other one was first");
}

static void test_group_takes_joiner_from_outside(void **state)
{
    (void)state;
    party_create(&party[0]);
    party_join_external(&party[0], &party[1], SOTTO_MLS_NONE);
    party_add(&party[1], &party[2], true);
    party_join_external(&party[2], &party[3], SOTTO_MLS_NONE);
    party_say(&party[3], "from outside");
    party_say(&party[0], "welcome");
}

static void test_group_takes_back_who_lost_its_state(void **state)
{
    uint32_t leaf;

    (void)state;
    party_create(&party[0]);
    party_add(&party[0], &party[1], true);
    party_add(&party[0], &party[2], true);
    leaf = sotto_mls_group_me(party[1].group);
    sotto_mls_group_wipe(party[1].group);
    party[1].is_in = false;
    party_join_external(&party[0], &party[1], leaf);
    party_say(&party[1], "back again");
    party_say(&party[2], "so you are");
}

static void test_group_goes_on_from_bytes(void **state)
{
    const struct sotto_mls_change update = {.type = SOTTO_MLS_PROPOSAL_UPDATE};
    struct sotto_mls_buffer out = {party_pending, sizeof party_pending, 0};
    struct sotto_mls_buffer again = {party_welcome, sizeof party_welcome, 0};

    (void)state;
    party_create(&party[0]);
    for (int i = 1; i < PARTY_CLIENTS; i++) {
        party_add(&party[i - 1], &party[i], true);
    }
    party_say(&party[4], "before");
    party_propose(&party[2], &update);
    assert_int_equal(sotto_mls_group_save(party[2].group, &out), SOTTO_OK);
    sotto_mls_group_wipe(party[2].group);
    for (size_t len = 0; len < out.len; len += 7) {
        assert_int_not_equal(
            sotto_mls_group_load(party[2].group,
                                 (struct sotto_span){party_pending, len}),
            SOTTO_OK);
    }
    assert_int_equal(sotto_mls_group_load(party[2].group, party_span(&out)),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_group_save(party[2].group, &again), SOTTO_OK);
    assert_int_equal(out.len, again.len);
    assert_memory_equal(party_pending, party_welcome, out.len);
    party_commit(&party[0], NULL, false, true);
    party_say(&party[2], "after");
}

static void test_group_mixes_keys_in(void **state)
{
    struct sotto_mls_change external = {.type = SOTTO_MLS_PROPOSAL_PSK,
                                        .psk = {.type = SOTTO_MLS_PSK_EXTERNAL,
                                                .id = party_text("password")}};
    struct sotto_mls_change resumption = {
        .type = SOTTO_MLS_PROPOSAL_PSK,
        .psk = {.type = SOTTO_MLS_PSK_RESUMPTION,
                .usage = SOTTO_MLS_USAGE_APPLICATION,
                .group = party_text("room")}};

    (void)state;
    party_create(&party[0]);
    party_add(&party[0], &party[1], true);
    party_add(&party[0], &party[2], true);
    party_commit(&party[1], NULL, true, true);
    resumption.psk.epoch = sotto_mls_group_epoch(party[0].group) - 1;
    party_propose(&party[2], &resumption);
    party_commit(&party[1], &external, false, false);
    party_say(&party[0], "with more keys");
}

/* The PSK of the group before comes from find_psk(), as it would from its
 * sotto_mls_group_resumption_psk(). */
static void test_group_branches_off(void **state)
{
    struct sotto_mls_change changes[2] = {
        {.type = SOTTO_MLS_PROPOSAL_ADD},
        {.type = SOTTO_MLS_PROPOSAL_PSK,
         .psk = {.type = SOTTO_MLS_PSK_RESUMPTION,
                 .usage = SOTTO_MLS_USAGE_BRANCH,
                 .group = party_text("other room"),
                 .epoch = 7}}};
    const struct sotto_mls_plan plan = {.changes = changes,
                                        .count = 2,
                                        .with_tree = true};
    struct sotto_mls_made made = {{party_message, sizeof party_message, 0},
                                  {party_welcome, sizeof party_welcome, 0},
                                  {party_pending, sizeof party_pending, 0}};
    struct sotto_mls_member_keys keys;
    struct sotto_mls_psk_id tie;
    struct sotto_mls_event event;

    (void)state;
    party_create(&party[0]);
    party_make_package(&party[1]);
    changes[0].bytes = party_span(&party[1].package_out);
    keys = party_keys(&party[1]);
    assert_int_equal(sotto_mls_commit_make(party[0].group, &party_client, &plan,
                                           &made),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_commit_accept(party[0].group, &party_client,
                                             party_span(&made.pending), &event),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_join(party[1].group, &party_client, &keys,
                                    party_span(&made.welcome),
                                    (struct sotto_span){NULL, 0}, &tie),
                     SOTTO_OK);
    party[1].is_in = true;
    party_assert_agreed();
    assert_int_equal(tie.usage, SOTTO_MLS_USAGE_BRANCH);
    assert_int_equal(tie.epoch, 7);
    /* Later on it is not allowed any more. */
    assert_int_equal(
        sotto_mls_commit_make(party[0].group, &party_client,
                              &(struct sotto_mls_plan){.changes = &changes[1],
                                                       .count = 1},
                              &made),
        SOTTO_ERR_FORMAT);
}

static void test_group_ends_by_reinit(void **state)
{
    const struct sotto_mls_change reinit = {.type = SOTTO_MLS_PROPOSAL_REINIT,
                                            .bytes = party_text("new room"),
                                            .cipher_suite =
                                                SOTTO_MLS_SUITE_P256_AES128GCM};
    const struct sotto_mls_sending how = {.is_public = false};
    struct sotto_mls_buffer out = {party_message, sizeof party_message, 0};

    (void)state;
    party_create(&party[0]);
    party_add(&party[0], &party[1], true);
    party_propose(&party[1], &reinit);
    party_commit(&party[0], NULL, false, true);
    for (int i = 0; i < 2; i++) {
        assert_false(sotto_mls_group_is_active(party[i].group));
        assert_int_equal(sotto_mls_protect(party[i].group, &party_client, &how,
                                           party_text("too late"), &out),
                         SOTTO_ERR_DENIED);
    }
}

static void test_group_gives_its_tree_apart_from_the_welcome(void **state)
{
    static uint8_t tree_bytes[PARTY_MESSAGE_MAX];
    struct sotto_mls_change add = {.type = SOTTO_MLS_PROPOSAL_ADD};
    const struct sotto_mls_plan plan = {.changes = &add, .count = 1};
    struct sotto_mls_buffer tree = {tree_bytes, sizeof tree_bytes, 0};
    struct sotto_mls_member_keys keys;
    struct sotto_mls_event event;
    struct sotto_span welcome;

    (void)state;
    assert_int_equal(sotto_mls_group_tree(party[0].group, &tree),
                     SOTTO_ERR_DENIED);
    party_create(&party[0]);
    party_make_package(&party[1]);
    add.bytes = party_span(&party[1].package_out);
    keys = party_keys(&party[1]);
    assert_int_equal(party_try(&party[0], &plan), SOTTO_OK);
    assert_int_equal(sotto_mls_commit_accept(party[0].group, &party_client,
                                             party_span(&party_made.pending),
                                             &event),
                     SOTTO_OK);
    welcome = party_span(&party_made.welcome);
    assert_int_equal(sotto_mls_join(party[1].group, &party_client, &keys,
                                    welcome, (struct sotto_span){NULL, 0},
                                    NULL),
                     SOTTO_ERR_NOT_FOUND);
    assert_int_equal(sotto_mls_group_tree(party[0].group, &tree), SOTTO_OK);
    assert_int_equal(sotto_mls_join(party[1].group, &party_client, &keys,
                                    welcome, party_span(&tree), NULL),
                     SOTTO_OK);
    party[1].is_in = true;
    party_assert_agreed();
    tree.cap = tree.len - 1;
    assert_int_equal(sotto_mls_group_tree(party[1].group, &tree),
                     SOTTO_ERR_SPACE);
}

static void test_group_refuses_what_does_not_fit(void **state)
{
    static uint64_t before[PARTY_MEMORY];
    struct sotto_mls_change add_twice[2] = {{.type = SOTTO_MLS_PROPOSAL_ADD},
                                            {.type = SOTTO_MLS_PROPOSAL_ADD}};
    struct sotto_mls_change self = {.type = SOTTO_MLS_PROPOSAL_REMOVE};
    struct sotto_mls_plan plan = {.changes = add_twice, .count = 2};
    struct sotto_mls_made made = {{party_message, sizeof party_message, 0},
                                  {party_welcome, sizeof party_welcome, 0},
                                  {party_pending, sizeof party_pending, 0}};

    (void)state;
    party_create(&party[0]);
    party_make_package(&party[1]);
    add_twice[0].bytes = party_span(&party[1].package_out);
    add_twice[1].bytes = add_twice[0].bytes;
    memcpy(before, party[0].memory, sizeof before);
    assert_int_equal(sotto_mls_commit_make(party[0].group, &party_client, &plan,
                                           &made),
                     SOTTO_ERR_FORMAT);
    plan = (struct sotto_mls_plan){.changes = &self, .count = 1};
    assert_int_equal(sotto_mls_commit_make(party[0].group, &party_client, &plan,
                                           &made),
                     SOTTO_ERR_FORMAT);
    plan = (struct sotto_mls_plan){.changes = add_twice, .count = 1};
    made.welcome.cap = 100;
    assert_int_equal(sotto_mls_commit_make(party[0].group, &party_client, &plan,
                                           &made),
                     SOTTO_ERR_SPACE);
    assert_memory_equal(before, party[0].memory, sizeof before);
}

int test_mls_group(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_group_of_three_talks, party_setup),
        cmocka_unit_test_setup(test_group_heals_by_update, party_setup),
        cmocka_unit_test_setup(test_group_agrees_through_random_history,
                               party_setup),
        cmocka_unit_test_setup(test_group_drops_commit_that_lost, party_setup),
        cmocka_unit_test_setup(test_group_takes_joiner_from_outside,
                               party_setup),
        cmocka_unit_test_setup(test_group_takes_back_who_lost_its_state,
                               party_setup),
        cmocka_unit_test_setup(test_group_goes_on_from_bytes, party_setup),
        cmocka_unit_test_setup(test_group_mixes_keys_in, party_setup),
        cmocka_unit_test_setup(test_group_branches_off, party_setup),
        cmocka_unit_test_setup(test_group_ends_by_reinit, party_setup),
        cmocka_unit_test_setup(test_group_gives_its_tree_apart_from_the_welcome,
                               party_setup),
        cmocka_unit_test_setup(test_group_refuses_what_does_not_fit,
                               party_setup),
    };

    return cmocka_run_group_tests_name("mls_group", tests, NULL, NULL);
}
