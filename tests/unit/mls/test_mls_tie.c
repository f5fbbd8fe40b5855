/*
 * test_mls_tie.c - groups that come from another group: by a ReInit, or
 * branched off; and what a joiner compares.
 *
 * The clients 0 to 2 are in "room". Each of them joins the new group by the
 * memory and the keys of the client three further, under its own name.
 */
#include "core/mls/tie.h"
#include "tests/unit/mls/party.h"
#include <string.h>

#define NEW(n) (&party[(n) + 3])

static const struct sotto_span none = {NULL, 0};

/* The old group of whose turn it is, which the context says. */
static const struct sotto_mls_group *find_group(void *ctx,
                                                struct sotto_span group_id)
{
    const struct party_member *member = ctx;

    return group_id.len == 4 && memcmp(group_id.at, "room", 4) == 0
               ? member->group
               : NULL;
}

/* The three are in "room", and each has a key package for the new group. */
static int setup(void **state)
{
    party_setup(state);
    party_of(3);
    for (int i = 0; i < 3; i++) {
        struct sotto_mls_identity identity = party_identity(&party[i]);

        identity.signature_private = NEW(i)->signature_private;
        party_make_package_of(NEW(i), &identity);
    }
    party_client.find_group = find_group;
    party_client.psk = NULL; /* the group knows its own */
    return 0;
}

/* "next" is announced. */
static int setup_reinit(void **state)
{
    static const uint8_t extensions[] = {0, 1, 1, 'x'};
    const struct sotto_mls_change reinit = {.type = SOTTO_MLS_PROPOSAL_REINIT,
                                            .bytes = party_text("next"),
                                            .cipher_suite =
                                                SOTTO_MLS_SUITE_P256_AES128GCM,
                                            .extensions = {extensions,
                                                           sizeof extensions}};

    setup(state);
    party_commit(&party[0], &reinit, false, true);
    return 0;
}

static struct sotto_span announced_extensions(void)
{
    static const uint8_t extensions[] = {0, 1, 1, 'x'};

    return (struct sotto_span){extensions, sizeof extensions};
}

/* Client 0 founds the new group with some of the others. */
static void found(const char *group_id, struct sotto_span extensions)
{
    party_client.ctx = &party[0];
    party_create_with(NEW(0), group_id, extensions);
}

/* Its first commit: `count` others, and the tie to an epoch of the old group. */
static enum sotto_err try_first(uint8_t usage, uint64_t epoch,
                                const struct party_member *const *others,
                                size_t count)
{
    struct sotto_mls_change changes[4] = {
        {.type = SOTTO_MLS_PROPOSAL_PSK,
         .psk = {.type = SOTTO_MLS_PSK_RESUMPTION,
                 .usage = usage,
                 .group = party_text("room"),
                 .epoch = epoch}}};
    const struct sotto_mls_plan plan = {.changes = changes,
                                        .count = 1 + count,
                                        .with_tree = true};

    for (size_t i = 0; i < count; i++) {
        changes[1 + i] =
            (struct sotto_mls_change){.type = SOTTO_MLS_PROPOSAL_ADD,
                                      .bytes =
                                          party_span(&others[i]->package_out)};
    }
    return party_try(NEW(0), &plan);
}

static uint64_t last_epoch(void)
{
    return sotto_mls_group_epoch(party[0].group);
}

static enum sotto_err try_both(uint8_t usage)
{
    const struct party_member *const others[] = {NEW(1), NEW(2)};

    return try_first(usage, last_epoch(), others, 2);
}

/* The client `n` joins by the Welcome that was made. */
static enum sotto_err join(int n)
{
    struct sotto_mls_member_keys keys = party_keys(NEW(n));
    enum sotto_err err;

    party_client.ctx = &party[n];
    err = sotto_mls_join(NEW(n)->group, &party_client, &keys,
                         party_span(&party_made.welcome), none, NULL);
    NEW(n)->is_in = err == SOTTO_OK;
    return err;
}

/* All who were made welcome come, and talk. */
static void take_over(int count)
{
    struct sotto_mls_event event;

    assert_int_equal(sotto_mls_commit_accept(NEW(0)->group, &party_client,
                                             party_span(&party_made.pending),
                                             &event),
                     SOTTO_OK);
    for (int i = 1; i < count; i++) {
        assert_int_equal(join(i), SOTTO_OK);
    }
    for (int i = 0; i < 3; i++) {
        party[i].is_in = false; /* they talk in the new one now */
    }
    party_assert_agreed();
    party_say(NEW(count - 1), "here we are");
}

/* ------------------------------------------------------------------- reinit */

static void test_reinit_brings_all_to_new_group(void **state)
{
    (void)state;
    found("next", announced_extensions());
    assert_int_equal(try_both(SOTTO_MLS_USAGE_REINIT), SOTTO_OK);
    take_over(3);
}

/* Who joins compares, too: the founder's library did not. */
static void assert_joiner_refuses(enum sotto_err err)
{
    party_client.find_group = find_group;
    assert_int_equal(join(1), err);
    assert_false(sotto_mls_group_is_active(NEW(1)->group));
}

/* The founder does not look, and is given the key. */
static uint8_t key[32];

static enum sotto_err give_key(void *ctx, const struct sotto_mls_psk_id *id,
                               struct sotto_span *psk)
{
    (void)ctx;
    (void)id;
    *psk = (struct sotto_span){key, sizeof key};
    return SOTTO_OK;
}

static void look_away(void)
{
    memcpy(key, sotto_mls_group_resumption_psk(party[0].group).at, sizeof key);
    party_client.find_group = NULL;
    party_client.psk = give_key;
}

/* Neither the founder takes it, nor, where he does not look, who joins. */
static void assert_both_refuse(void)
{
    assert_int_equal(try_both(SOTTO_MLS_USAGE_REINIT), SOTTO_ERR_FORMAT);
    look_away();
    assert_int_equal(try_both(SOTTO_MLS_USAGE_REINIT), SOTTO_OK);
    assert_joiner_refuses(SOTTO_ERR_FORMAT);
}

static void test_reinit_refuses_another_identifier(void **state)
{
    (void)state;
    found("nest", announced_extensions());
    assert_both_refuse();
}

static void test_reinit_refuses_other_extensions(void **state)
{
    (void)state;
    found("next", none);
    assert_both_refuse();
}

static void test_reinit_refuses_to_leave_somebody_out(void **state)
{
    const struct party_member *const others[] = {NEW(1)};

    (void)state;
    found("next", announced_extensions());
    assert_int_equal(try_first(SOTTO_MLS_USAGE_REINIT, last_epoch(), others, 1),
                     SOTTO_ERR_FORMAT);
    look_away();
    assert_int_equal(try_first(SOTTO_MLS_USAGE_REINIT, last_epoch(), others, 1),
                     SOTTO_OK);
    assert_joiner_refuses(SOTTO_ERR_FORMAT);
}

/* The group has not ended. */
static void test_reinit_refuses_what_was_not_announced(void **state)
{
    (void)state;
    found("next", none);
    assert_both_refuse();
}

/* The epoch before the commit with the ReInit. */
static void test_reinit_refuses_psk_of_another_epoch(void **state)
{
    const struct party_member *const others[] = {NEW(1), NEW(2)};

    (void)state;
    found("next", announced_extensions());
    assert_int_equal(try_first(SOTTO_MLS_USAGE_REINIT, last_epoch() - 1, others,
                               2),
                     SOTTO_ERR_FORMAT);
}

static void test_reinit_is_known_after_loading(void **state)
{
    static uint8_t saved[PARTY_MESSAGE_MAX];
    struct sotto_mls_buffer out = {saved, sizeof saved, 0};

    (void)state;
    assert_int_equal(sotto_mls_group_save(party[1].group, &out), SOTTO_OK);
    sotto_mls_group_wipe(party[1].group);
    found("next", announced_extensions());
    assert_int_equal(try_both(SOTTO_MLS_USAGE_REINIT), SOTTO_OK);
    assert_int_equal(join(1), SOTTO_ERR_NOT_FOUND); /* no PSK, no group */
    assert_int_equal(sotto_mls_group_load(party[1].group, party_span(&out)),
                     SOTTO_OK);
    party_client.ctx = &party[0];
    take_over(3);
}

/* --------------------------------------------------------------------- branch */

static void test_branch_takes_some_along(void **state)
{
    const struct party_member *const others[] = {NEW(1)};

    (void)state;
    found("corner", none);
    assert_int_equal(try_first(SOTTO_MLS_USAGE_BRANCH, last_epoch(), others, 1),
                     SOTTO_OK);
    take_over(2);
}

/* Of an epoch that is over, whose key is still there. */
static void test_branch_may_be_from_a_past_epoch(void **state)
{
    const struct party_member *const others[] = {NEW(1)};
    uint64_t epoch = last_epoch();

    (void)state;
    party_commit(&party[1], NULL, true, true);
    found("corner", none);
    assert_int_equal(try_first(SOTTO_MLS_USAGE_BRANCH, epoch, others, 1),
                     SOTTO_OK);
    take_over(2);
}

static void test_branch_refuses_stranger(void **state)
{
    const struct party_member *const others[] = {NEW(1), NEW(2)};

    (void)state;
    party_make_package(NEW(2)); /* by another name */
    found("corner", none);
    assert_int_equal(try_first(SOTTO_MLS_USAGE_BRANCH, last_epoch(), others, 2),
                     SOTTO_ERR_FORMAT);
    look_away();
    assert_int_equal(try_first(SOTTO_MLS_USAGE_BRANCH, last_epoch(), others, 2),
                     SOTTO_OK);
    assert_joiner_refuses(SOTTO_ERR_FORMAT);
}

/* f is c. */
static bool is_same_client(void *ctx, const struct sotto_mls_credential *a,
                           const struct sotto_mls_credential *b)
{
    uint8_t first = a->body.at[0] == 'f' ? 'c' : a->body.at[0];
    uint8_t second = b->body.at[0] == 'f' ? 'c' : b->body.at[0];

    (void)ctx;
    return first == second;
}

static void test_branch_takes_whom_the_application_knows_as_the_same(
    void **state)
{
    (void)state;
    party_client.is_same_client = is_same_client;
    party_make_package(NEW(2)); /* by another name */
    found("corner", none);
    assert_int_equal(try_both(SOTTO_MLS_USAGE_BRANCH), SOTTO_OK);
    take_over(3);
}

static void test_branch_refuses_group_that_is_not_known(void **state)
{
    (void)state;
    found("corner", none);
    sotto_mls_group_wipe(party[0].group);
    assert_int_equal(try_both(SOTTO_MLS_USAGE_BRANCH), SOTTO_ERR_NOT_FOUND);
}

/* ------------------------------------------------------------------- the check */

static void test_tie_refuses_other_version_suite_and_epoch(void **state)
{
    const struct sotto_mls_psk_id branch = {.type = SOTTO_MLS_PSK_RESUMPTION,
                                            .usage = SOTTO_MLS_USAGE_BRANCH,
                                            .group = party_text("room")};
    const struct sotto_mls_tree *tree = &party[0].group->tree;
    struct sotto_mls_group_context context = party[0].group->context;

    (void)state;
    party_client.ctx = &party[0];
    context.epoch = 1;
    assert_int_equal(sotto_mls_tie_check(&party_client, &branch, &context,
                                         tree),
                     SOTTO_OK);
    context.version++;
    assert_int_equal(sotto_mls_tie_check(&party_client, &branch, &context,
                                         tree),
                     SOTTO_ERR_FORMAT);
    context.version--;
    context.cipher_suite++;
    assert_int_equal(sotto_mls_tie_check(&party_client, &branch, &context,
                                         tree),
                     SOTTO_ERR_FORMAT);
    context.cipher_suite--;
    context.epoch++;
    assert_int_equal(sotto_mls_tie_check(&party_client, &branch, &context,
                                         tree),
                     SOTTO_ERR_FORMAT);
}

static void test_tie_refuses_two(void **state)
{
    struct sotto_mls_change changes[2];
    const struct sotto_mls_plan plan = {.changes = changes, .count = 2};

    (void)state;
    for (int i = 0; i < 2; i++) {
        changes[i] =
            (struct sotto_mls_change){.type = SOTTO_MLS_PROPOSAL_PSK,
                                      .psk = {.type = SOTTO_MLS_PSK_RESUMPTION,
                                              .usage = SOTTO_MLS_USAGE_BRANCH,
                                              .group = party_text("room"),
                                              .epoch = last_epoch()}};
    }
    found("corner", none);
    assert_int_equal(party_try(NEW(0), &plan), SOTTO_ERR_FORMAT);
}

/* Where nobody compares, nobody joins. */
static void test_tie_is_refused_unless_somebody_looks(void **state)
{
    struct sotto_mls_member_keys keys = party_keys(NEW(1));
    struct sotto_mls_psk_id tie;

    (void)state;
    found("corner", none);
    assert_int_equal(try_both(SOTTO_MLS_USAGE_BRANCH), SOTTO_OK);
    look_away();
    assert_int_equal(join(1), SOTTO_ERR_FORMAT);
    assert_int_equal(sotto_mls_join(NEW(1)->group, &party_client, &keys,
                                    party_span(&party_made.welcome), none,
                                    &tie),
                     SOTTO_OK);
    assert_int_equal(tie.usage, SOTTO_MLS_USAGE_BRANCH);
    assert_int_equal(tie.epoch, last_epoch());
}

static void test_group_of_known_identifier_is_refused(void **state)
{
    const struct sotto_mls_change add = {.type = SOTTO_MLS_PROPOSAL_ADD,
                                         .bytes =
                                             party_span(&NEW(1)->package_out)};
    const struct sotto_mls_plan with_add = {.changes = &add,
                                            .count = 1,
                                            .with_tree = true};
    const struct sotto_mls_plan plan = {.count = 0};
    struct sotto_mls_buffer info = {party_welcome, PARTY_MESSAGE_MAX, 0};
    struct sotto_mls_buffer out = {party_message, PARTY_MESSAGE_MAX, 0};
    struct sotto_mls_member_keys keys = party_keys(NEW(1));

    (void)state;
    found("room", none);
    assert_int_equal(party_try(NEW(0), &with_add), SOTTO_OK);
    assert_int_equal(join(1), SOTTO_ERR_EXISTS);
    assert_int_equal(sotto_mls_group_info_make(party[0].group, &party_client,
                                               true, &info),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_join_external(NEW(1)->group, &party_client,
                                             &keys, party_span(&info), none,
                                             &plan, &out),
                     SOTTO_ERR_EXISTS);
}

/* With any usage, a PSK may come from another group that one is in. */
static void test_psk_is_found_in_another_group(void **state)
{
    const struct sotto_mls_change psk = {
        .type = SOTTO_MLS_PROPOSAL_PSK,
        .psk = {.type = SOTTO_MLS_PSK_RESUMPTION,
                .usage = SOTTO_MLS_USAGE_APPLICATION,
                .group = party_text("room"),
                .epoch = last_epoch()}};
    const struct sotto_mls_plan plan = {.changes = &psk, .count = 1};

    (void)state;
    found("corner", none);
    assert_int_equal(party_try(NEW(0), &plan), SOTTO_OK);
    sotto_mls_group_wipe(party[0].group);
    assert_int_equal(party_try(NEW(0), &plan), SOTTO_ERR_NOT_FOUND);
}

int test_mls_tie(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_reinit_brings_all_to_new_group,
                               setup_reinit),
        cmocka_unit_test_setup(test_reinit_refuses_another_identifier,
                               setup_reinit),
        cmocka_unit_test_setup(test_reinit_refuses_other_extensions,
                               setup_reinit),
        cmocka_unit_test_setup(test_reinit_refuses_to_leave_somebody_out,
                               setup_reinit),
        cmocka_unit_test_setup(test_reinit_refuses_what_was_not_announced,
                               setup),
        cmocka_unit_test_setup(test_reinit_refuses_psk_of_another_epoch,
                               setup_reinit),
        cmocka_unit_test_setup(test_reinit_is_known_after_loading,
                               setup_reinit),
        cmocka_unit_test_setup(test_branch_takes_some_along, setup),
        cmocka_unit_test_setup(test_branch_may_be_from_a_past_epoch, setup),
        cmocka_unit_test_setup(test_branch_refuses_stranger, setup),
        cmocka_unit_test_setup(
            test_branch_takes_whom_the_application_knows_as_the_same, setup),
        cmocka_unit_test_setup(test_branch_refuses_group_that_is_not_known,
                               setup),
        cmocka_unit_test_setup(test_tie_refuses_other_version_suite_and_epoch,
                               setup),
        cmocka_unit_test_setup(test_tie_refuses_two, setup),
        cmocka_unit_test_setup(test_tie_is_refused_unless_somebody_looks,
                               setup),
        cmocka_unit_test_setup(test_group_of_known_identifier_is_refused,
                               setup),
        cmocka_unit_test_setup(test_psk_is_found_in_another_group, setup),
    };

    return cmocka_run_group_tests_name("mls_tie", tests, NULL, NULL);
}
