/*
 * test_mls_rules.c - which proposals go into one commit (RFC 9420 12.2, 12.3),
 * judged by a member who looks at somebody else's.
 */
#include "core/mls/codec.h"
#include "tests/unit/mls/party.h"
#include <string.h>

static const struct sotto_mls_sender by_first = {SOTTO_MLS_SENDER_MEMBER, 0};
static const struct sotto_mls_sender by_joiner = {
    SOTTO_MLS_SENDER_NEW_MEMBER_COMMIT, 0};

/* `ProposalOrRef proposals<V>`, without its length. */
static uint8_t list_bytes[8192];
static struct sotto_writer list;

static int setup(void **state)
{
    sotto_writer_init(&list, list_bytes, sizeof list_bytes);
    party_setup(state);
    party_of(4);
    return 0;
}

static void clear(void)
{
    list.len = 0;
}

static void put(struct sotto_mls_proposal proposal)
{
    sotto_write_u8(&list, SOTTO_MLS_BY_VALUE);
    sotto_mls_write_proposal(&list, &proposal);
    assert_false(list.bad);
}

static void put_bytes(struct sotto_span proposal)
{
    sotto_write_u8(&list, SOTTO_MLS_BY_VALUE);
    sotto_write_bytes(&list, proposal.at, proposal.len);
}

/* The proposal that waits at the last member as its number `number`. */
static void put_waiting(uint32_t number)
{
    sotto_write_u8(&list, SOTTO_MLS_BY_REFERENCE);
    sotto_write_vector(&list, party[3].group->waiting[number].reference, 32);
}

static void put_add(const struct party_member *added)
{
    sotto_write_u8(&list, SOTTO_MLS_BY_VALUE);
    sotto_write_u16(&list, SOTTO_MLS_PROPOSAL_ADD);
    sotto_write_bytes(&list, added->package_out.at, added->package_out.len);
}

static void put_remove(uint32_t leaf)
{
    put((struct sotto_mls_proposal){.type = SOTTO_MLS_PROPOSAL_REMOVE,
                                    .remove = leaf});
}

static const uint8_t nonces[2][33] = {{1}, {2}};

static void put_psk(uint8_t usage, size_t nonce, size_t nonce_len)
{
    struct sotto_mls_psk_id id = {.type = SOTTO_MLS_PSK_EXTERNAL,
                                  .id = party_text("psk"),
                                  .nonce = {nonces[nonce], nonce_len}};

    if (usage != 0) {
        id.type = SOTTO_MLS_PSK_RESUMPTION;
        id.usage = usage;
        id.group = party_text("room");
    }
    put((struct sotto_mls_proposal){.type = SOTTO_MLS_PROPOSAL_PSK, .psk = id});
}

static void put_reinit(uint16_t version)
{
    put((struct sotto_mls_proposal){
        .type = SOTTO_MLS_PROPOSAL_REINIT,
        .reinit = {.group_id = party_text("next"),
                   .version = version,
                   .cipher_suite = SOTTO_MLS_SUITE_P256_AES128GCM}});
}

static void put_extensions(const void *items, size_t len)
{
    put((struct sotto_mls_proposal){.type = SOTTO_MLS_PROPOSAL_EXTENSIONS,
                                    .extensions = {items, len}});
}

static void put_external_init(size_t len)
{
    static const uint8_t kem_output[65];

    put((struct sotto_mls_proposal){.type = SOTTO_MLS_PROPOSAL_EXTERNAL_INIT,
                                    .external_init = {kem_output, len}});
}

static enum sotto_err judge_work(const struct sotto_mls_group *group,
                                 struct sotto_mls_work *work,
                                 struct sotto_mls_sender committer,
                                 bool has_path)
{
    const struct sotto_mls_commit commit = {.proposals = {list.out, list.len}};
    enum sotto_err err = sotto_mls_list_collect(group, &party_client, work,
                                                &commit, committer, false);

    if (err == SOTTO_OK) {
        err = sotto_mls_list_check(work, committer, has_path);
    }
    if (err == SOTTO_OK) {
        sotto_mls_tree_draft(&work->draft, work->draft_memory, &group->tree);
        err = sotto_mls_list_apply(group, work);
    }
    return err == SOTTO_OK
               ? sotto_mls_list_check_tree(group, &party_client, work)
               : err;
}

/* What the last member thinks of the list. */
static enum sotto_err judge(struct sotto_mls_sender committer, bool has_path)
{
    struct sotto_mls_work *work;
    enum sotto_err err =
        sotto_mls_work_init(party[3].group, &party_client, &work);

    assert_int_equal(err, SOTTO_OK);
    err = judge_work(party[3].group, work, committer, has_path);
    sotto_mls_work_wipe(work);
    return err;
}

static void assert_good(struct sotto_mls_sender committer, bool has_path)
{
    assert_int_equal(judge(committer, has_path), SOTTO_OK);
}

static void assert_bad(struct sotto_mls_sender committer, bool has_path)
{
    assert_int_equal(judge(committer, has_path), SOTTO_ERR_FORMAT);
}

/* ------------------------------------------------------- whom a list is about */

static void test_list_takes_what_goes_together(void **state)
{
    const struct sotto_mls_change update = {.type = SOTTO_MLS_PROPOSAL_UPDATE};

    (void)state;
    party_propose(&party[1], &update);
    party_make_package(&party[4]);
    put_add(&party[4]);
    put_remove(2);
    put_psk(0, 0, 32);
    put_waiting(0);
    assert_good(by_first, true);
}

static void test_list_refuses_update_of_committer(void **state)
{
    const struct sotto_mls_change update = {.type = SOTTO_MLS_PROPOSAL_UPDATE};

    (void)state;
    party_propose(&party[0], &update);
    put_waiting(0);
    assert_bad(by_first, true);
    assert_good((struct sotto_mls_sender){SOTTO_MLS_SENDER_MEMBER, 1}, true);
    clear();
    put_bytes(party[3].group->waiting[0].proposal);
    assert_bad(by_first, true);
}

static void test_list_refuses_remove_of_committer(void **state)
{
    (void)state;
    put_remove(0);
    assert_bad(by_first, true);
    assert_good((struct sotto_mls_sender){SOTTO_MLS_SENDER_MEMBER, 1}, true);
}

static void test_list_refuses_remove_of_nobody(void **state)
{
    (void)state;
    put_remove(4);
    assert_bad(by_first, true);
    clear();
    put_remove(UINT32_MAX);
    assert_bad(by_first, true);
}

static void test_list_refuses_two_removes_of_one(void **state)
{
    (void)state;
    put_remove(1);
    put_remove(1);
    assert_bad(by_first, true);
}

static void test_list_refuses_update_and_remove_of_one(void **state)
{
    const struct sotto_mls_change update = {.type = SOTTO_MLS_PROPOSAL_UPDATE};

    (void)state;
    party_propose(&party[1], &update);
    put_waiting(0);
    put_remove(1);
    assert_bad(by_first, true);
}

static void test_list_refuses_two_updates_of_one(void **state)
{
    const struct sotto_mls_change update = {.type = SOTTO_MLS_PROPOSAL_UPDATE};

    (void)state;
    party_propose(&party[1], &update);
    party_propose(&party[1], &update);
    put_waiting(0);
    put_waiting(1);
    assert_bad(by_first, true);
}

static void test_list_refuses_two_adds_of_one(void **state)
{
    (void)state;
    party_make_package(&party[4]);
    put_add(&party[4]);
    party_make_package(&party[4]); /* other keys, but the same signature key */
    put_add(&party[4]);
    assert_bad(by_first, true);
}

static void test_list_adds_member_again_only_when_it_is_removed(void **state)
{
    (void)state;
    party_make_package(&party[2]);
    put_add(&party[2]);
    assert_bad(by_first, true);
    put_remove(2);
    assert_good(by_first, true);
}

static void test_list_refuses_expired_key_package(void **state)
{
    struct sotto_mls_identity identity = party_identity(&party[4]);

    (void)state;
    identity.lifetime = (struct sotto_mls_lifetime){100, 200};
    party_make_package_of(&party[4], &identity);
    put_add(&party[4]);
    party_client.now = 201;
    assert_bad(by_first, true);
    party_client.now = 200;
    assert_good(by_first, true);
}

static void test_list_refuses_key_package_that_lives_too_long(void **state)
{
    struct sotto_mls_identity identity = party_identity(&party[4]);

    (void)state;
    identity.lifetime = (struct sotto_mls_lifetime){100, 200};
    party_make_package_of(&party[4], &identity);
    put_add(&party[4]);
    party_client.max_lifetime = 99;
    assert_bad(by_first, true);
    party_client.max_lifetime = 100;
    assert_good(by_first, true);
}

/* ------------------------------------------------------------ pre-shared keys */

static void test_list_refuses_one_psk_twice(void **state)
{
    (void)state;
    put_psk(0, 0, 32);
    put_psk(0, 1, 32); /* another nonce makes it another one */
    assert_good(by_first, true);
    put_psk(0, 0, 32);
    assert_bad(by_first, true);
}

static void test_list_refuses_psk_nonce_of_wrong_length(void **state)
{
    (void)state;
    put_psk(0, 0, 31);
    assert_bad(by_first, true);
    clear();
    put_psk(0, 0, 33);
    assert_bad(by_first, true);
}

static void test_list_refuses_psk_of_reinit_and_branch(void **state)
{
    (void)state;
    put_psk(SOTTO_MLS_USAGE_APPLICATION, 0, 32);
    assert_good(by_first, true);
    clear();
    put_psk(SOTTO_MLS_USAGE_REINIT, 0, 32);
    assert_bad(by_first, true);
    clear();
    put_psk(SOTTO_MLS_USAGE_BRANCH, 0, 32);
    assert_bad(by_first, true);
}

/* -------------------------------------------------------- ReInit, ExternalInit */

static void test_list_refuses_reinit_beside_others(void **state)
{
    (void)state;
    put_reinit(SOTTO_MLS_VERSION_10);
    assert_good(by_first, false);
    put_psk(0, 0, 32);
    assert_bad(by_first, true);
    clear();
    put_reinit(SOTTO_MLS_VERSION_10);
    put_reinit(SOTTO_MLS_VERSION_10);
    assert_bad(by_first, true);
}

static void test_list_refuses_reinit_to_older_version(void **state)
{
    (void)state;
    put_reinit(SOTTO_MLS_VERSION_10 - 1);
    assert_bad(by_first, true);
    clear();
    put_reinit(SOTTO_MLS_VERSION_10 + 1);
    assert_good(by_first, true);
}

static void test_list_refuses_external_init_by_member(void **state)
{
    (void)state;
    put_external_init(65);
    assert_bad(by_first, true);
}

/* ------------------------------------------------------------------ the path */

static void test_list_needs_path_unless_it_only_adds(void **state)
{
    (void)state;
    assert_bad(by_first, false); /* nothing is proposed */
    assert_good(by_first, true);
    put_psk(0, 0, 32);
    party_make_package(&party[4]);
    put_add(&party[4]);
    assert_good(by_first, false);
    put_remove(1);
    assert_bad(by_first, false);
    clear();
    put_extensions(NULL, 0);
    assert_bad(by_first, false);
    assert_good(by_first, true);
}

/* ---------------------------------------------------------------- extensions */

/* required_capabilities: the extension 0xff01; nothing. */
static const uint8_t requires[] = {0, 3, 5, 2, 0xff, 1, 0, 0};
static const uint8_t requires_nothing[] = {0, 3, 3, 0, 0, 0};
static const uint8_t ff01[] = {0xff, 0x01};

/* The clients from `from` on can do 0xff01. */
static void make_able(struct party_member *member)
{
    struct sotto_mls_identity identity = party_identity(member);

    identity.capabilities.extensions = (struct sotto_span){ff01, sizeof ff01};
    party_make_package_of(member, &identity);
}

static void test_list_refuses_two_lists_of_extensions(void **state)
{
    (void)state;
    put_extensions(requires_nothing, sizeof requires_nothing);
    assert_good(by_first, true);
    put_extensions(NULL, 0);
    assert_bad(by_first, true);
}

static void test_list_refuses_requirement_that_a_member_does_not_meet(
    void **state)
{
    (void)state;
    put_extensions(requires, sizeof requires);
    assert_bad(by_first, true);
}

static void test_list_refuses_extension_that_a_member_does_not_know(
    void **state)
{
    const uint8_t unknown[] = {0xff, 1, 0};

    (void)state;
    put_extensions(unknown, sizeof unknown);
    assert_bad(by_first, true);
}

static void test_list_refuses_extensions_that_cannot_be_read(void **state)
{
    const uint8_t cut[] = {0, 3, 2, 0, 0};
    const uint8_t odd[] = {0, 3, 4, 1, 0xff, 0, 0};
    const uint8_t senders[] = {0, 5, 2, 1, 0}; /* a key and no credential */
    const uint8_t behind[] = {0, 5, 2, 0, 0};  /* no senders, and a byte */

    (void)state;
    put_extensions(cut, sizeof cut);
    assert_bad(by_first, true);
    clear();
    put_extensions(odd, sizeof odd);
    assert_bad(by_first, true);
    clear();
    put_extensions(senders, sizeof senders);
    assert_bad(by_first, true);
    clear();
    put_extensions(behind, sizeof behind);
    assert_bad(by_first, true);
}

static void test_list_refuses_grease_in_a_group(void **state)
{
    const uint8_t grease[] = {0x0a, 0x0a, 0};

    (void)state;
    put_extensions(grease, sizeof grease);
    assert_bad(by_first, true);
}

/* New extensions count for what else is in the list (12.3). */
static void test_list_judges_adds_by_new_extensions(void **state)
{
    struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_EXTENSIONS,
                                      .bytes = {requires, sizeof requires}};

    (void)state;
    for (int i = 1; i < 4; i++) {
        party_remove(&party[0], &party[i]);
    }
    sotto_mls_group_wipe(party[0].group);
    for (int i = 0; i < 2; i++) {
        make_able(&party[i]);
    }
    party_create_with(&party[0], "able", (struct sotto_span){NULL, 0});
    make_able(&party[3]);
    party_commit(&party[0],
                 &(struct sotto_mls_change){.type = SOTTO_MLS_PROPOSAL_ADD,
                                            .bytes = party_span(
                                                &party[3].package_out)},
                 true, true);
    party_make_package(&party[2]);
    put_add(&party[2]); /* who cannot */
    assert_good(by_first, true);
    put_extensions(requires, sizeof requires);
    assert_bad(by_first, true);
    party_commit(&party[0], &change, true, true);
    clear();
    put_add(&party[2]);
    assert_bad(by_first, true);
    put_extensions(NULL, 0); /* nothing is required any more */
    assert_good(by_first, true);
    clear();
    put_add(&party[1]); /* who can */
    assert_good(by_first, true);
}

/* ------------------------------------------------- commits from outside (12.2) */

static void test_external_list_takes_what_goes_together(void **state)
{
    (void)state;
    put_external_init(65);
    put_remove(2);
    put_psk(0, 0, 32);
    assert_good(by_joiner, true);
}

static void test_external_list_needs_one_external_init(void **state)
{
    (void)state;
    put_psk(0, 0, 32);
    assert_bad(by_joiner, true);
    put_external_init(65);
    assert_good(by_joiner, true);
    put_external_init(65);
    assert_bad(by_joiner, true);
}

static void test_external_list_refuses_kem_output_of_wrong_length(void **state)
{
    (void)state;
    put_external_init(64);
    assert_bad(by_joiner, true);
}

static void test_external_list_needs_path(void **state)
{
    (void)state;
    put_external_init(65);
    assert_bad(by_joiner, false);
}

static void test_external_list_removes_one_at_most(void **state)
{
    (void)state;
    put_external_init(65);
    put_remove(1);
    put_remove(2);
    assert_bad(by_joiner, true);
}

static void test_external_list_refuses_other_types(void **state)
{
    const struct sotto_mls_change update = {.type = SOTTO_MLS_PROPOSAL_UPDATE};

    (void)state;
    party_propose(&party[0], &update);
    party_make_package(&party[4]);
    put_external_init(65);
    put_add(&party[4]);
    assert_bad(by_joiner, true);
    clear();
    put_external_init(65);
    put_bytes(party[3].group->waiting[0].proposal);
    assert_bad(by_joiner, true);
    clear();
    put_external_init(65);
    put_extensions(NULL, 0);
    assert_bad(by_joiner, true);
    clear();
    put_external_init(65);
    put_reinit(SOTTO_MLS_VERSION_10);
    assert_bad(by_joiner, true);
}

static void test_external_list_refuses_references(void **state)
{
    const struct sotto_mls_change psk = {.type = SOTTO_MLS_PROPOSAL_PSK,
                                         .psk = {.type = SOTTO_MLS_PSK_EXTERNAL,
                                                 .id = party_text("psk")}};

    (void)state;
    party_propose(&party[0], &psk);
    put_external_init(65);
    put_waiting(0);
    assert_bad(by_joiner, true);
}

#define RULE(test) cmocka_unit_test_setup(test, setup)

int test_mls_rules(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_list_takes_what_goes_together),
        RULE(test_list_refuses_update_of_committer),
        RULE(test_list_refuses_remove_of_committer),
        RULE(test_list_refuses_remove_of_nobody),
        RULE(test_list_refuses_two_removes_of_one),
        RULE(test_list_refuses_update_and_remove_of_one),
        RULE(test_list_refuses_two_updates_of_one),
        RULE(test_list_refuses_two_adds_of_one),
        RULE(test_list_adds_member_again_only_when_it_is_removed),
        RULE(test_list_refuses_expired_key_package),
        RULE(test_list_refuses_key_package_that_lives_too_long),
        RULE(test_list_refuses_one_psk_twice),
        RULE(test_list_refuses_psk_nonce_of_wrong_length),
        RULE(test_list_refuses_psk_of_reinit_and_branch),
        RULE(test_list_refuses_reinit_beside_others),
        RULE(test_list_refuses_reinit_to_older_version),
        RULE(test_list_refuses_external_init_by_member),
        RULE(test_list_needs_path_unless_it_only_adds),
        RULE(test_list_refuses_two_lists_of_extensions),
        RULE(test_list_refuses_requirement_that_a_member_does_not_meet),
        RULE(test_list_refuses_extension_that_a_member_does_not_know),
        RULE(test_list_refuses_extensions_that_cannot_be_read),
        RULE(test_list_refuses_grease_in_a_group),
        RULE(test_list_judges_adds_by_new_extensions),
        RULE(test_external_list_takes_what_goes_together),
        RULE(test_external_list_needs_one_external_init),
        RULE(test_external_list_refuses_kem_output_of_wrong_length),
        RULE(test_external_list_needs_path),
        RULE(test_external_list_removes_one_at_most),
        RULE(test_external_list_refuses_other_types),
        RULE(test_external_list_refuses_references),
    };

    return cmocka_run_group_tests_name("mls_rules", tests, NULL, NULL);
}
