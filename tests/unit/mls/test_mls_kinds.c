/*
 * test_mls_kinds.c - messages that came to the wrong place, are too long, or are
 * of a cipher suite that nobody has heard of.
 */
#include "tests/unit/mls/party.h"
#include <string.h>

#define UNKNOWN_SUITE 0x0a0b

static uint8_t info_bytes[4096];
static struct sotto_mls_buffer info; /* GroupInfo of a group of two */
static uint8_t out_bytes[4096];
static struct sotto_mls_buffer out;

static const struct sotto_span none = {NULL, 0};

static int begin(void **state)
{
    (void)party_setup(state);
    party_of(2);
    party_make_package(&party[2]);
    info = (struct sotto_mls_buffer){info_bytes, sizeof info_bytes, 0};
    out = (struct sotto_mls_buffer){out_bytes, sizeof out_bytes, 0};
    assert_int_equal(sotto_mls_group_info_make(party[0].group, &party_client,
                                               true, &info),
                     SOTTO_OK);
    const struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_ADD,
                                            .bytes = party_span(
                                                &party[2].package_out)};
    const struct sotto_mls_plan plan = {.changes = &change,
                                        .count = 1,
                                        .with_path = true,
                                        .with_tree = true};
    assert_int_equal(party_try(&party[0], &plan), SOTTO_OK);
    return 0;
}

static enum sotto_err receive(struct sotto_span in)
{
    struct sotto_mls_event event;

    return sotto_mls_receive(party[1].group, &party_client, in, &event);
}

static enum sotto_err join(struct sotto_span in)
{
    struct sotto_mls_member_keys keys = party_keys(&party[2]);

    return sotto_mls_join(party[2].group, &party_client, &keys, in, none, NULL);
}

static enum sotto_err join_external(struct sotto_span in)
{
    const struct sotto_mls_plan plan = {.count = 0};
    struct sotto_mls_member_keys keys = party_keys(&party[2]);

    return sotto_mls_join_external(party[2].group, &party_client, &keys, in,
                                   none, &plan, &out);
}

static enum sotto_err read_info(struct sotto_span in)
{
    struct sotto_mls_outside outside;

    return sotto_mls_group_info_read(in, &outside);
}

static void test_kinds_of_messages_have_their_places(void **state)
{
    const struct sotto_span commit = party_span(&party_made.message);
    const struct sotto_span welcome = party_span(&party_made.welcome);

    (void)state;
    assert_int_equal(receive(welcome), SOTTO_ERR_FORMAT);
    assert_int_equal(receive(party_span(&info)), SOTTO_ERR_FORMAT);
    assert_int_equal(join(commit), SOTTO_ERR_FORMAT);
    assert_int_equal(join(party_span(&info)), SOTTO_ERR_FORMAT);
    assert_int_equal(join_external(welcome), SOTTO_ERR_FORMAT);
    assert_int_equal(join_external(commit), SOTTO_ERR_FORMAT);
    assert_int_equal(read_info(welcome), SOTTO_ERR_FORMAT);
    assert_int_equal(receive(commit), SOTTO_OK);
    assert_int_equal(join(welcome), SOTTO_OK);
}

static void test_kinds_of_messages_are_not_longer_than_agreed(void **state)
{
    static uint8_t longer[PARTY_MESSAGE_MAX + 1];
    const struct sotto_span in = {longer, sizeof longer};

    (void)state;
    assert_int_equal(receive(in), SOTTO_ERR_LIMIT);
    assert_int_equal(join(in), SOTTO_ERR_LIMIT);
}

static void test_kinds_of_suites_are_known(void **state)
{
    const struct sotto_mls_identity identity = party_identity(&party[3]);
    struct sotto_mls_member_keys keys = party_keys(&party[2]);
    struct sotto_mls_outside outside;
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX];

    (void)state;
    assert_int_equal(sotto_mls_key_package_make(&party_client, UNKNOWN_SUITE,
                                                &identity, &party[3].keys,
                                                &out),
                     SOTTO_ERR_UNSUPPORTED);
    assert_int_equal(sotto_mls_signature_key_make(&party_client, UNKNOWN_SUITE,
                                                  private_key, NULL),
                     SOTTO_ERR_UNSUPPORTED);
    assert_int_equal(sotto_mls_group_info_read(party_span(&info), &outside),
                     SOTTO_OK);
    outside.cipher_suite = UNKNOWN_SUITE;
    assert_int_equal(sotto_mls_propose_self(&party_client, &outside, &keys,
                                            &out),
                     SOTTO_ERR_UNSUPPORTED);
}

static void test_kinds_of_proposals_come_from_who_may_send_them(void **state)
{
    const struct sotto_mls_change update = {.type = SOTTO_MLS_PROPOSAL_UPDATE};
    struct sotto_mls_outside outside;

    (void)state;
    assert_int_equal(sotto_mls_group_info_read(party_span(&info), &outside),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_propose_external(&party_client, &outside, 0,
                                                party[2].signature_private,
                                                &update, &out),
                     SOTTO_ERR_FORMAT);
}

static void test_kinds_of_commits_are_ones_own(void **state)
{
    struct sotto_mls_event event;

    (void)state;
    assert_int_equal(sotto_mls_commit_accept(party[1].group, &party_client,
                                             party_span(&party_made.pending),
                                             &event),
                     SOTTO_ERR_REPLAY);
    assert_int_equal(sotto_mls_commit_accept(party[2].group, &party_client,
                                             party_span(&party_made.pending),
                                             &event),
                     SOTTO_ERR_DENIED);
    party_client.scratch_len = 1;
    assert_int_equal(sotto_mls_commit_accept(party[0].group, &party_client,
                                             party_span(&party_made.pending),
                                             &event),
                     SOTTO_ERR_SPACE);
    assert_int_equal(receive(party_span(&party_made.message)), SOTTO_ERR_SPACE);
    assert_int_equal(join(party_span(&party_made.welcome)), SOTTO_ERR_SPACE);
}

static void test_kinds_of_lifetimes_end_after_they_begin(void **state)
{
    struct sotto_mls_identity identity = party_identity(&party[3]);
    struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_ADD};
    const struct sotto_mls_plan plan = {.changes = &change, .count = 1};

    (void)state;
    identity.lifetime = (struct sotto_mls_lifetime){200, 100};
    party_make_package_of(&party[3], &identity);
    change.bytes = party_span(&party[3].package_out);
    party_client.max_lifetime = 1000;
    assert_int_equal(party_try(&party[0], &plan), SOTTO_ERR_FORMAT);
}

int test_mls_kinds(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
    const struct CMUnitTest tests[] = {
        TEST(test_kinds_of_messages_have_their_places),
        TEST(test_kinds_of_messages_are_not_longer_than_agreed),
        TEST(test_kinds_of_suites_are_known),
        TEST(test_kinds_of_proposals_come_from_who_may_send_them),
        TEST(test_kinds_of_commits_are_ones_own),
        TEST(test_kinds_of_lifetimes_end_after_they_begin),
    };
#undef TEST
    return cmocka_run_group_tests_name("mls_kinds", tests, NULL, NULL);
}
