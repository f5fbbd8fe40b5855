/*
 * test_mls_waiting.c - which of the proposals that wait go into a commit of our
 * own (RFC 9420 12.2, 12.4).
 */
#include "core/mls/codec.h"
#include "tests/unit/mls/party.h"
#include <string.h>

static int setup(void **state)
{
    party_setup(state);
    party_of(4);
    return 0;
}

/* required_capabilities: the extension 0xff01. */
static const uint8_t requires[] = {0, 3, 5, 2, 0xff, 1, 0, 0};

static uint32_t count_members(const struct party_member *member)
{
    struct sotto_mls_member found;
    uint32_t count = 0;
    uint32_t from = 0;

    while (sotto_mls_group_next_member(member->group, from, &found)) {
        from = found.leaf + 1;
        count++;
    }
    return count;
}

static void test_commit_prefers_remove_to_update(void **state)
{
    const struct sotto_mls_change update = {.type = SOTTO_MLS_PROPOSAL_UPDATE};
    const struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_REMOVE,
                                            .leaf = 1};

    (void)state;
    party_propose(&party[1], &update);
    party_propose(&party[2], &change);
    party_commit(&party[0], NULL, false, true);
    assert_false(party[1].is_in);
}

static void test_commit_prefers_last_update(void **state)
{
    const struct sotto_mls_change update = {.type = SOTTO_MLS_PROPOSAL_UPDATE};
    uint8_t last[32];

    (void)state;
    party_propose(&party[1], &update);
    party_propose(&party[1], &update);
    memcpy(last, party[1].group->waiting[1].keys.encryption, 32);
    party_commit(&party[0], NULL, false, true);
    assert_memory_equal(party[1].group->keys.keys[0], last, 32);
}

/* What cannot be committed does not keep us from committing. */
static void test_commit_leaves_out_what_does_not_fit(void **state)
{
    struct sotto_mls_change add = {.type = SOTTO_MLS_PROPOSAL_ADD};
    const struct sotto_mls_change extensions = {
        .type = SOTTO_MLS_PROPOSAL_EXTENSIONS,
        .bytes = {requires, sizeof requires}};

    (void)state;
    party_make_package(&party[2]); /* a member already */
    add.bytes = party_span(&party[2].package_out);
    party_propose(&party[1], &add);
    party_make_package(&party[4]);
    add.bytes = party_span(&party[4].package_out);
    party_propose(&party[1], &add);
    party_propose(&party[1], &extensions); /* nobody meets them */
    party_commit(&party[0], NULL, false, true);
    assert_true(party[4].is_in);
    assert_int_equal(count_members(&party[0]), 5);
    assert_int_equal(sotto_mls_group_extensions(party[0].group).len, 0);
}

static void test_commit_leaves_out_key_that_we_do_not_have(void **state)
{
    const struct sotto_mls_change psk = {
        .type = SOTTO_MLS_PROPOSAL_PSK,
        .psk = {.type = SOTTO_MLS_PSK_RESUMPTION,
                .usage = SOTTO_MLS_USAGE_APPLICATION,
                .group = party_text("elsewhere")}};

    (void)state;
    party_propose(&party[1], &psk);
    party_commit(&party[0], NULL, false, true);
    party_say(&party[1], "without it");
}

static struct sotto_mls_change reinit_to(const char *group_id)
{
    return (struct sotto_mls_change){.type = SOTTO_MLS_PROPOSAL_REINIT,
                                     .bytes = party_text(group_id),
                                     .cipher_suite =
                                         SOTTO_MLS_SUITE_P256_AES128GCM};
}

static void test_commit_leaves_out_reinit_while_there_is_else_to_do(
    void **state)
{
    const struct sotto_mls_change update = {.type = SOTTO_MLS_PROPOSAL_UPDATE};
    const struct sotto_mls_change reinit = reinit_to("next");

    (void)state;
    party_propose(&party[1], &reinit);
    party_propose(&party[2], &update);
    party_commit(&party[0], NULL, false, true);
    assert_true(sotto_mls_group_is_active(party[0].group));
}

static void test_commit_of_reinit_leaves_out_the_others(void **state)
{
    const struct sotto_mls_change update = {.type = SOTTO_MLS_PROPOSAL_UPDATE};
    const struct sotto_mls_change reinit = reinit_to("next");

    (void)state;
    party_propose(&party[2], &update);
    party_commit(&party[0], &reinit, false, true);
    assert_false(sotto_mls_group_is_active(party[1].group));
}

/* A key package whose leaf node has `len` bytes, or one or two more or less,
 * which is how signatures differ: it has a long application_id. */
static void make_long_package(struct party_member *member, size_t len)
{
    static uint8_t bytes[2048];
    struct sotto_mls_identity identity = party_identity(member);
    struct sotto_mls_key_package package;
    size_t data_len = len / 2;
    struct sotto_writer w;
    struct sotto_reader r;
    size_t got = 0;

    for (int i = 0; i < 8 && (got + 2 < len || got > len + 2); i++) {
        data_len += got == 0 ? 0 : len - got; /* may wrap, and back */
        sotto_writer_init(&w, bytes, sizeof bytes);
        sotto_write_u16(&w, SOTTO_MLS_EXTENSION_APPLICATION_ID);
        sotto_write_varint(&w, data_len);
        assert_non_null(sotto_write_room(&w, data_len));
        identity.extensions = (struct sotto_span){bytes, w.len};
        party_make_package_of(member, &identity);
        r = sotto_mls_items(party_span(&member->package_out));
        sotto_mls_read_key_package(&r, &package);
        got = package.leaf_node.raw.len;
    }
    assert_in_range(got, len - 2, len + 2);
}

static size_t room_for_leaves(const struct party_member *member)
{
    const struct sotto_mls_tree *tree = &member->group->tree;

    return tree->arena_max - tree->leaf_bytes;
}

static void add_long(struct party_member *added, size_t len)
{
    struct sotto_mls_change add = {.type = SOTTO_MLS_PROPOSAL_ADD};

    make_long_package(added, len);
    add.bytes = party_span(&added->package_out);
    party_commit(&party[0], &add, true, true);
    assert_true(added->is_in);
}

/* The committer's own leaf node grows by the commit: it gets a parent hash in
 * the place of a lifetime. */
static void test_commit_leaves_out_add_that_takes_all_room(void **state)
{
    struct sotto_mls_change add = {.type = SOTTO_MLS_PROPOSAL_ADD};

    (void)state;
    party_remove(&party[0], &party[2]);
    add_long(&party[4], 1800);
    add_long(&party[5], 1000);
    make_long_package(&party[2], room_for_leaves(&party[0]) - 12);
    add.bytes = party_span(&party[2].package_out);
    party_propose(&party[1], &add);
    party_commit(&party[3], NULL, true, true);
    assert_false(party[2].is_in);
}

/* As long as they go into a message, they may wait. */
static void test_commit_leaves_out_extensions_without_room(void **state)
{
    static uint8_t bytes[1024];
    static const uint8_t name[600];
    const struct sotto_mls_external_sender sender = {
        .signature_key = sotto_mls_tree_signature_key(&party[0].group->tree, 0),
        .credential = {SOTTO_MLS_CREDENTIAL_BASIC, {name, sizeof name}}};
    struct sotto_mls_buffer out = {bytes, sizeof bytes, 0};
    struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_EXTENSIONS};

    (void)state;
    assert_int_equal(sotto_mls_write_external_senders(&sender, 1, &out),
                     SOTTO_OK);
    change.bytes = party_span(&out);
    party_propose(&party[1], &change);
    party_commit(&party[0], NULL, false, true);
    assert_int_equal(sotto_mls_group_extensions(party[0].group).len, 0);
}

/* For one whose first message was lost: it is the same proposal. */
static void test_proposal_waits_once_when_it_is_sent_again(void **state)
{
    const struct sotto_mls_change reinit = reinit_to("next");
    const struct sotto_mls_sending how = {.is_public = true};
    struct sotto_mls_buffer out = {party_message, sizeof party_message, 0};
    struct sotto_mls_event event;

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sotto_mls_propose(party[1].group, &party_client, &how,
                                           &reinit, &out),
                         SOTTO_OK);
    }
    party_deliver_to_others(&party[1], party_span(&out));
    assert_int_equal(sotto_mls_receive(party[0].group, &party_client,
                                       party_span(&out), &event),
                     SOTTO_ERR_REPLAY);
    party_commit(&party[1], NULL, false, true);
    assert_false(sotto_mls_group_is_active(party[1].group));
}

static void test_commit_leaves_out_add_that_has_expired(void **state)
{
    struct sotto_mls_identity identity = party_identity(&party[4]);
    struct sotto_mls_change add = {.type = SOTTO_MLS_PROPOSAL_ADD};

    (void)state;
    identity.lifetime = (struct sotto_mls_lifetime){100, 200};
    party_make_package_of(&party[4], &identity);
    add.bytes = party_span(&party[4].package_out);
    party_client.now = 200;
    party_propose(&party[1], &add);
    party_client.now = 201;
    party_commit(&party[0], NULL, false, true);
    assert_int_equal(count_members(&party[0]), 4);
}

/* The group is full. */
static void test_commit_leaves_out_add_without_room(void **state)
{
    struct sotto_mls_change add = {.type = SOTTO_MLS_PROPOSAL_ADD};
    struct party_member *more = &party[4];

    (void)state;
    for (uint8_t i = 0; i < 5; i++) { /* five for four places */
        memset(more->signature_private, 100 + i, 32);
        party_make_package(more);
        add.bytes = party_span(&more->package_out);
        party_propose(&party[1], &add);
    }
    party_commit(&party[0], NULL, false, true);
    assert_int_equal(count_members(&party[1]), 8);
}

static void test_message_waits_for_commit_of_what_is_proposed(void **state)
{
    const struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_REMOVE,
                                            .leaf = 2};
    const struct sotto_mls_sending how = {.is_public = false};
    struct sotto_mls_buffer out = {party_message, sizeof party_message, 0};

    (void)state;
    party_propose(&party[1], &change);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sotto_mls_protect(party[i].group, &party_client, &how,
                                           party_text("secret"), &out),
                         SOTTO_ERR_BUSY);
    }
    sotto_mls_ignore_proposals(party[1].group);
    assert_int_equal(sotto_mls_protect(party[1].group, &party_client, &how,
                                       party_text("well then"), &out),
                     SOTTO_OK);
    party_commit(&party[0], NULL, false, true);
    party_say(&party[0], "we are among ourselves");
}

#define WAITING(test) cmocka_unit_test_setup(test, setup)

/* ------------------------------------------------- what is asked of a commit */

static enum sotto_err try_changes(const struct sotto_mls_change *changes,
                                  size_t count)
{
    const struct sotto_mls_plan plan = {.changes = changes,
                                        .count = count,
                                        .with_path = true};

    return party_try(&party[0], &plan);
}

static void test_commit_tells_resumption_psks_apart(void **state)
{
    static const uint8_t nonce[32] = {7};
    const uint64_t epoch = sotto_mls_group_epoch(party[0].group);
    struct sotto_mls_change changes[2] = {{.type = SOTTO_MLS_PROPOSAL_PSK}};

    (void)state;
    changes[0].psk =
        (struct sotto_mls_psk_id){.type = SOTTO_MLS_PSK_RESUMPTION,
                                  .usage = SOTTO_MLS_USAGE_APPLICATION,
                                  .group = party_text("room"),
                                  .epoch = epoch,
                                  .nonce = {nonce, sizeof nonce}};
    changes[1] = changes[0];
    assert_int_equal(try_changes(changes, 2), SOTTO_ERR_FORMAT);
    changes[1].psk.epoch = epoch - 1;
    assert_int_equal(try_changes(changes, 2), SOTTO_OK);
    changes[1] = changes[0];
    changes[1].psk.group = party_text("hall"); /* where we are not */
    assert_int_equal(try_changes(changes, 2), SOTTO_ERR_NOT_FOUND);
    changes[1].psk = (struct sotto_mls_psk_id){.type = SOTTO_MLS_PSK_EXTERNAL,
                                               .id = party_text("room"),
                                               .nonce = changes[0].psk.nonce};
    assert_int_equal(try_changes(changes, 2), SOTTO_OK);
    changes[0].psk.epoch = epoch - 3; /* which is kept no more */
    assert_int_equal(try_changes(changes, 1), SOTTO_ERR_NOT_FOUND);
}

/* Requires one extension, one proposal and one credential. */
static enum sotto_err try_requirement(uint16_t extension, uint16_t proposal,
                                      uint16_t credential)
{
    const uint8_t bytes[] = {0,
                             3,
                             9,
                             2,
                             (uint8_t)(extension >> 8),
                             (uint8_t)extension,
                             2,
                             (uint8_t)(proposal >> 8),
                             (uint8_t)proposal,
                             2,
                             (uint8_t)(credential >> 8),
                             (uint8_t)credential};
    const struct sotto_mls_change change = {.type =
                                                SOTTO_MLS_PROPOSAL_EXTENSIONS,
                                            .bytes = {bytes, sizeof bytes}};

    return try_changes(&change, 1);
}

static void test_commit_requires_what_all_can(void **state)
{
    (void)state;
    /* What the RFC defines, and what was never heard of. */
    assert_int_equal(try_requirement(3, 1, 1), SOTTO_OK);
    assert_int_equal(try_requirement(5, 7, 1), SOTTO_OK);
    assert_int_equal(try_requirement(0, 7, 1), SOTTO_ERR_FORMAT);
    assert_int_equal(try_requirement(6, 7, 1), SOTTO_ERR_FORMAT);
    assert_int_equal(try_requirement(3, 0, 1), SOTTO_ERR_FORMAT);
    assert_int_equal(try_requirement(3, 0xf001, 1), SOTTO_ERR_FORMAT);
    assert_int_equal(try_requirement(3, 7, 9), SOTTO_ERR_FORMAT);
}

/* ------------------------------------------------------- what a proposal says */

static uint8_t written[256];

static struct sotto_mls_change read_back(const struct sotto_mls_proposal *in)
{
    struct sotto_mls_change out = {.type = 0};
    struct sotto_writer w;

    sotto_writer_init(&w, written, sizeof written - 1);
    sotto_mls_write_proposal(&w, in);
    assert_false(w.bad);
    assert_int_equal(sotto_mls_change_read((struct sotto_span){written, w.len},
                                           &out),
                     SOTTO_OK);
    assert_int_equal(out.type, in->type);
    written[w.len] = 0; /* one byte more */
    struct sotto_mls_change untouched;
    assert_int_equal(sotto_mls_change_read((struct sotto_span){written,
                                                               w.len + 1},
                                           &untouched),
                     SOTTO_ERR_FORMAT);
    return out;
}

static void test_change_says_what_its_proposal_says(void **state)
{
    struct sotto_mls_proposal in = {.type = SOTTO_MLS_PROPOSAL_REMOVE,
                                    .remove = 5};

    (void)state;
    assert_int_equal(read_back(&in).leaf, 5);
    in = (struct sotto_mls_proposal){.type = SOTTO_MLS_PROPOSAL_PSK,
                                     .psk = {.type = SOTTO_MLS_PSK_EXTERNAL,
                                             .id = party_text("key")}};
    assert_int_equal(read_back(&in).psk.id.len, 3);
    in = (struct sotto_mls_proposal){
        .type = SOTTO_MLS_PROPOSAL_REINIT,
        .reinit = {.group_id = party_text("next"),
                   .version = SOTTO_MLS_VERSION_10,
                   .cipher_suite = SOTTO_MLS_SUITE_P256_AES128GCM}};
    assert_int_equal(read_back(&in).cipher_suite,
                     SOTTO_MLS_SUITE_P256_AES128GCM);
    in.reinit.version = 2; /* of which we know nothing more */
    assert_int_equal(read_back(&in).bytes.len, 0);
    in = (struct sotto_mls_proposal){.type = SOTTO_MLS_PROPOSAL_EXTENSIONS,
                                     .extensions = {requires, sizeof requires}};
    assert_int_equal(read_back(&in).bytes.len, sizeof requires);
    in = (struct sotto_mls_proposal){.type = SOTTO_MLS_PROPOSAL_EXTERNAL_INIT,
                                     .external_init = party_text("kem")};
    assert_int_equal(read_back(&in).bytes.len, 0);
}

int test_mls_waiting(void)
{
    const struct CMUnitTest tests[] = {
        WAITING(test_commit_prefers_remove_to_update),
        WAITING(test_commit_prefers_last_update),
        WAITING(test_commit_leaves_out_what_does_not_fit),
        WAITING(test_commit_leaves_out_key_that_we_do_not_have),
        WAITING(test_commit_leaves_out_reinit_while_there_is_else_to_do),
        WAITING(test_commit_of_reinit_leaves_out_the_others),
        WAITING(test_commit_leaves_out_add_that_takes_all_room),
        WAITING(test_commit_leaves_out_extensions_without_room),
        WAITING(test_proposal_waits_once_when_it_is_sent_again),
        WAITING(test_commit_leaves_out_add_that_has_expired),
        WAITING(test_commit_leaves_out_add_without_room),
        WAITING(test_message_waits_for_commit_of_what_is_proposed),
        WAITING(test_commit_tells_resumption_psks_apart),
        WAITING(test_commit_requires_what_all_can),
        WAITING(test_change_says_what_its_proposal_says),
    };

    return cmocka_run_group_tests_name("mls_waiting", tests, NULL, NULL);
}
