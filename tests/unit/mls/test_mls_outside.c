/*
 * test_mls_outside.c - proposals from outside of a group, by those who want to
 * join and by external senders; and an application's own rules.
 */
#include "core/mls/codec.h"
#include "core/mls/suite.h"
#include "tests/unit/mls/party.h"
#include <string.h>

static const uint8_t service_key[32] = {0x21, 9, 9};
static uint8_t service_public[65];
static uint8_t extension_bytes[512];
static struct sotto_mls_buffer extensions;
static struct sotto_mls_buffer out; /* party_message */

/* The group knows one external sender. */
static int setup(void **state)
{
    const struct sotto_mls_suite *suite =
        sotto_mls_suite_find(SOTTO_MLS_SUITE_P256_AES128GCM);
    struct sotto_mls_external_sender sender = {
        .signature_key = {service_public, sizeof service_public},
        .credential = {SOTTO_MLS_CREDENTIAL_BASIC, party_text("service")}};

    party_setup(state);
    out = (struct sotto_mls_buffer){party_message, PARTY_MESSAGE_MAX, 0};
    extensions =
        (struct sotto_mls_buffer){extension_bytes, sizeof extension_bytes, 0};
    assert_int_equal(suite->signature_public_of(service_key, service_public),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_write_external_senders(&sender, 1, &extensions),
                     SOTTO_OK);
    party_make_package(&party[0]);
    party_create_with(&party[0], "room", party_span(&extensions));
    party_add(&party[0], &party[1], true);
    party_add(&party[0], &party[2], true);
    return 0;
}

static struct sotto_mls_outside as_seen(void)
{
    return (struct sotto_mls_outside){.group_id = party_text("room"),
                                      .epoch =
                                          sotto_mls_group_epoch(party[0].group),
                                      .cipher_suite =
                                          SOTTO_MLS_SUITE_P256_AES128GCM};
}

static enum sotto_err service_proposes(const struct sotto_mls_change *change)
{
    const struct sotto_mls_outside group = as_seen();

    return sotto_mls_propose_external(&party_client, &group, 0, service_key,
                                      change, &out);
}

static enum sotto_err receive(struct party_member *member,
                              struct sotto_mls_event *event)
{
    return sotto_mls_receive(member->group, &party_client, party_span(&out),
                             event);
}

static void assert_refused(enum sotto_err err)
{
    static uint64_t before[PARTY_MEMORY];
    struct sotto_mls_event event;

    memcpy(before, party[1].memory, sizeof before);
    assert_int_equal(receive(&party[1], &event), err);
    assert_memory_equal(before, party[1].memory, sizeof before);
}

/* ---------------------------------------------------------- external senders */

static void test_external_sender_adds(void **state)
{
    struct sotto_mls_change add = {.type = SOTTO_MLS_PROPOSAL_ADD};
    struct sotto_mls_event event;

    (void)state;
    party_make_package(&party[3]);
    add.bytes = party_span(&party[3].package_out);
    assert_int_equal(service_proposes(&add), SOTTO_OK);
    for (int i = 0; i < 3; i++) {
        party_deliver(&party[i], party_span(&out), &event);
        assert_int_equal(event.type, SOTTO_MLS_EVENT_PROPOSAL);
        assert_false(event.is_member);
        assert_int_equal(event.sender_type, SOTTO_MLS_SENDER_EXTERNAL);
        assert_int_equal(event.sender, 0);
        assert_memory_equal(event.signature_key.at, service_public,
                            sizeof service_public);
    }
    party_commit(&party[1], NULL, false, false);
    assert_true(party[3].is_in);
    party_say(&party[3], "thanks");
}

static void test_external_sender_removes(void **state)
{
    const struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_REMOVE,
                                            .leaf = 1};

    (void)state;
    assert_int_equal(service_proposes(&change), SOTTO_OK);
    party_deliver_to_others(NULL, party_span(&out));
    party_commit(&party[2], NULL, false, true);
    assert_false(party[1].is_in);
}

static void test_external_sender_proposes_psk_reinit_and_extensions(
    void **state)
{
    const struct sotto_mls_change psk = {.type = SOTTO_MLS_PROPOSAL_PSK,
                                         .psk = {.type = SOTTO_MLS_PSK_EXTERNAL,
                                                 .id = party_text("psk")}};
    const struct sotto_mls_change none = {.type =
                                              SOTTO_MLS_PROPOSAL_EXTENSIONS};
    const struct sotto_mls_change reinit = {.type = SOTTO_MLS_PROPOSAL_REINIT,
                                            .bytes = party_text("next"),
                                            .cipher_suite =
                                                SOTTO_MLS_SUITE_P256_AES128GCM};

    (void)state;
    assert_int_equal(service_proposes(&psk), SOTTO_OK);
    party_deliver_to_others(NULL, party_span(&out));
    party_commit(&party[1], NULL, false, true);
    assert_int_equal(service_proposes(&reinit), SOTTO_OK);
    party_deliver_to_others(NULL, party_span(&out));
    assert_int_equal(service_proposes(&none), SOTTO_OK);
    party_deliver_to_others(NULL, party_span(&out));
    party_commit(&party[1], NULL, false, true);
    /* The extensions came first, and with them the service is out. */
    assert_int_equal(sotto_mls_group_extensions(party[0].group).len, 0);
    assert_int_equal(service_proposes(&reinit), SOTTO_OK);
    assert_refused(SOTTO_ERR_FORMAT);
}

static void test_external_sender_makes_nothing_that_is_a_members(void **state)
{
    const struct sotto_mls_change update = {.type = SOTTO_MLS_PROPOSAL_UPDATE};
    const struct sotto_mls_change init = {.type =
                                              SOTTO_MLS_PROPOSAL_EXTERNAL_INIT};

    (void)state;
    assert_int_equal(service_proposes(&update), SOTTO_ERR_FORMAT);
    assert_int_equal(service_proposes(&init), SOTTO_ERR_FORMAT);
}

static void test_external_sender_of_no_number_is_refused(void **state)
{
    const struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_REMOVE,
                                            .leaf = 1};
    const struct sotto_mls_outside group = as_seen();

    (void)state;
    assert_int_equal(sotto_mls_propose_external(&party_client, &group, 1,
                                                service_key, &change, &out),
                     SOTTO_OK);
    assert_refused(SOTTO_ERR_FORMAT);
}

static void test_external_sender_with_another_key_is_refused(void **state)
{
    const struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_REMOVE,
                                            .leaf = 1};
    const struct sotto_mls_outside group = as_seen();

    (void)state;
    assert_int_equal(sotto_mls_propose_external(&party_client, &group, 0,
                                                party[4].signature_private,
                                                &change, &out),
                     SOTTO_OK);
    assert_refused(SOTTO_ERR_AUTH);
}

static void test_external_sender_of_another_epoch_is_refused(void **state)
{
    const struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_REMOVE,
                                            .leaf = 1};
    struct sotto_mls_outside group = as_seen();

    (void)state;
    group.epoch--;
    assert_int_equal(sotto_mls_propose_external(&party_client, &group, 0,
                                                service_key, &change, &out),
                     SOTTO_OK);
    assert_refused(SOTTO_ERR_REPLAY);
    group.epoch += 2;
    assert_int_equal(sotto_mls_propose_external(&party_client, &group, 0,
                                                service_key, &change, &out),
                     SOTTO_OK);
    assert_refused(SOTTO_ERR_AGAIN);
}

/* ----------------------------------------------------- those who want to join */

static enum sotto_err propose_self(struct party_member *member)
{
    struct sotto_mls_buffer info = {party_welcome, PARTY_MESSAGE_MAX, 0};
    struct sotto_mls_member_keys keys;
    struct sotto_mls_outside group;

    party_make_package(member);
    keys = party_keys(member);
    assert_int_equal(sotto_mls_group_info_make(party[0].group, &party_client,
                                               false, &info),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_group_info_read(party_span(&info), &group),
                     SOTTO_OK);
    group.authenticated_data = party_text("please");
    return sotto_mls_propose_self(&party_client, &group, &keys, &out);
}

static void test_outsider_proposes_itself(void **state)
{
    struct sotto_mls_event event;
    struct sotto_mls_change change;

    (void)state;
    assert_int_equal(propose_self(&party[3]), SOTTO_OK);
    for (int i = 0; i < 3; i++) {
        party_deliver(&party[i], party_span(&out), &event);
    }
    assert_int_equal(event.sender_type, SOTTO_MLS_SENDER_NEW_MEMBER_PROPOSAL);
    assert_memory_equal(event.authenticated_data.at, "please", 6);
    assert_int_equal(sotto_mls_change_read(event.data, &change), SOTTO_OK);
    assert_int_equal(change.type, SOTTO_MLS_PROPOSAL_ADD);
    assert_int_equal(change.bytes.len, party[3].package_out.len);
    party_commit(&party[0], NULL, false, true);
    assert_true(party[3].is_in);
    party_say(&party[3], "thanks");
}

/* Its signature is made with the key in its key package. */
static void test_outsider_proposes_nobody_else(void **state)
{
    const struct sotto_mls_outside group = as_seen();
    struct sotto_mls_member_keys keys;

    (void)state;
    party_make_package(&party[3]);
    keys = party_keys(&party[3]);
    keys.signature_private = party[4].signature_private;
    assert_int_equal(sotto_mls_propose_self(&party_client, &group, &keys, &out),
                     SOTTO_OK);
    assert_refused(SOTTO_ERR_AUTH);
}

static void test_outsider_needs_a_good_key_package(void **state)
{
    const struct sotto_mls_outside group = as_seen();
    struct sotto_mls_member_keys keys;

    (void)state;
    party_make_package(&party[3]);
    party[3].package[party[3].package_out.len - 1] ^= 1;
    keys = party_keys(&party[3]);
    assert_int_equal(sotto_mls_propose_self(&party_client, &group, &keys, &out),
                     SOTTO_ERR_AUTH);
}

/* What is signed as a new member's and is no Add. */
static void test_outsider_proposes_only_itself(void **state)
{
    const uint8_t proposal[] = {0, SOTTO_MLS_PROPOSAL_REMOVE, 0, 0, 0, 1};
    struct sotto_mls_message message = {
        .version = SOTTO_MLS_VERSION_10,
        .wire_format = SOTTO_MLS_WIRE_PUBLIC_MESSAGE,
        .public_message = {
            .content = {.group_id = party_text("room"),
                        .epoch = sotto_mls_group_epoch(party[0].group),
                        .sender = {SOTTO_MLS_SENDER_NEW_MEMBER_PROPOSAL, 0},
                        .content_type = SOTTO_MLS_CONTENT_PROPOSAL,
                        .content = {proposal, sizeof proposal}},
            .auth = {.signature = party_text("signature")}}};
    struct sotto_writer w;

    (void)state;
    sotto_writer_init(&w, out.at, out.cap);
    sotto_mls_write_message(&w, &message);
    assert_int_equal(sotto_writer_finish(&w, &out.len), SOTTO_OK);
    assert_refused(SOTTO_ERR_FORMAT);
}

/* ------------------------------------------------------ who is believed (5.3.1) */

static uint32_t asked; /* about the service */

static enum sotto_err believe(void *ctx,
                              const struct sotto_mls_credential *credential,
                              struct sotto_span signature_key,
                              const struct sotto_mls_credential *old)
{
    (void)signature_key;
    (void)old;
    if (credential->body.len == 1) {
        return SOTTO_OK;
    }
    asked++;
    return ctx == NULL ? SOTTO_OK : SOTTO_ERR_AUTH;
}

static void test_external_senders_are_asked_about(void **state)
{
    const struct sotto_mls_change change = {.type =
                                                SOTTO_MLS_PROPOSAL_EXTENSIONS,
                                            .bytes = party_span(&extensions)};
    const struct sotto_mls_change none = {.type =
                                              SOTTO_MLS_PROPOSAL_EXTENSIONS};
    const struct sotto_mls_plan plan = {.changes = &change, .count = 1};
    struct sotto_mls_event event;

    (void)state;
    party_client.credential = believe;
    asked = 0;
    party_commit(&party[0], &change, true, true);
    assert_int_equal(asked, 0); /* nobody is new */
    party_commit(&party[0], &none, true, true);
    assert_int_equal(party_try(&party[0], &plan), SOTTO_OK);
    assert_true(asked > 0);
    party_client.ctx = &asked;
    assert_int_equal(sotto_mls_receive(party[1].group, &party_client,
                                       party_span(&party_made.message), &event),
                     SOTTO_ERR_AUTH);
    assert_int_equal(party_try(&party[1], &plan), SOTTO_ERR_AUTH);
}

static void test_external_senders_are_asked_about_when_joining(void **state)
{
    const struct sotto_span none = {NULL, 0};
    struct sotto_mls_change add = {.type = SOTTO_MLS_PROPOSAL_ADD};
    const struct sotto_mls_plan plan = {.changes = &add,
                                        .count = 1,
                                        .with_tree = true};
    struct sotto_mls_member_keys keys;

    (void)state;
    party_make_package(&party[3]);
    add.bytes = party_span(&party[3].package_out);
    assert_int_equal(party_try(&party[0], &plan), SOTTO_OK);
    party_client.credential = believe;
    party_client.ctx = &asked;
    keys = party_keys(&party[3]);
    assert_int_equal(sotto_mls_join(party[3].group, &party_client, &keys,
                                    party_span(&party_made.welcome), none,
                                    NULL),
                     SOTTO_ERR_AUTH);
    sotto_mls_group_wipe(party[0].group);
    keys = party_keys(&party[0]);
    assert_int_equal(sotto_mls_group_create(party[0].group, &party_client,
                                            &keys, party_text("other"),
                                            party_span(&extensions)),
                     SOTTO_ERR_AUTH);
}

/* ------------------------------------------------------ an application's rules */

/* Nobody but member 0 may remove. */
static enum sotto_err allow(void *ctx, const struct sotto_mls_group *group,
                            uint8_t sender_type, uint32_t sender,
                            const struct sotto_mls_change *change)
{
    (void)ctx;
    assert_true(sotto_mls_group_is_active(group));
    return change->type != SOTTO_MLS_PROPOSAL_REMOVE ||
                   (sender_type == SOTTO_MLS_SENDER_MEMBER && sender == 0)
               ? SOTTO_OK
               : SOTTO_ERR_AUTH;
}

static void test_rule_of_application_refuses_proposals(void **state)
{
    const struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_REMOVE,
                                            .leaf = 0};
    const struct sotto_mls_sending how = {.is_public = true};

    (void)state;
    party_client.allow = allow;
    assert_int_equal(service_proposes(&change), SOTTO_OK);
    assert_refused(SOTTO_ERR_AUTH);
    assert_int_equal(sotto_mls_propose(party[2].group, &party_client, &how,
                                       &change, &out),
                     SOTTO_OK);
    assert_refused(SOTTO_ERR_AUTH);
}

static void test_rule_of_application_refuses_commits(void **state)
{
    const struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_REMOVE,
                                            .leaf = 1};
    const struct sotto_mls_plan plan = {.changes = &change, .count = 1};
    struct sotto_mls_event event;

    (void)state;
    party_client.allow = allow;
    assert_int_equal(party_try(&party[2], &plan), SOTTO_OK);
    assert_int_equal(sotto_mls_receive(party[0].group, &party_client,
                                       party_span(&party_made.message), &event),
                     SOTTO_ERR_AUTH);
    party_remove(&party[0], &party[1]);
}

/* ------------------------------------------------------------- what is written */

static void test_required_capabilities_are_written(void **state)
{
    static const uint8_t ff01[] = {0xff, 0x01};
    static const uint8_t basic[] = {0, SOTTO_MLS_CREDENTIAL_BASIC};
    static const uint8_t expected[] = {0, 3, 7, 2, 0xff, 1, 0, 2, 0, 1};
    const struct sotto_mls_required_capabilities required = {
        .extensions = {ff01, sizeof ff01},
        .credentials = {basic, sizeof basic}};
    uint8_t bytes[16];
    struct sotto_mls_buffer written = {bytes, sizeof expected, 0};

    (void)state;
    assert_int_equal(sotto_mls_write_required(&required, &written), SOTTO_OK);
    assert_int_equal(written.len, sizeof expected);
    assert_memory_equal(bytes, expected, sizeof expected);
    assert_int_equal(sotto_mls_write_required(&required, &written),
                     SOTTO_ERR_SPACE); /* behind the first */
}

static void test_key_package_is_read(void **state)
{
    struct sotto_mls_package package;
    struct sotto_span in;

    (void)state;
    party_make_package(&party[3]);
    in = party_span(&party[3].package_out);
    assert_int_equal(sotto_mls_key_package_read(&party_client, in, &package),
                     SOTTO_OK);
    assert_int_equal(package.cipher_suite, SOTTO_MLS_SUITE_P256_AES128GCM);
    assert_memory_equal(package.credential.body.at, "d", 1);
    party[3].package[3] = 0xff; /* of its suite */
    assert_int_equal(sotto_mls_key_package_read(&party_client, in, &package),
                     SOTTO_ERR_UNSUPPORTED);
    party[3].package[3] = 2;
    party[3].package[in.len - 1] ^= 1;
    assert_int_equal(sotto_mls_key_package_read(&party_client, in, &package),
                     SOTTO_ERR_AUTH);
    in.len--;
    assert_int_equal(sotto_mls_key_package_read(&party_client, in, &package),
                     SOTTO_ERR_FORMAT);
}

#define OUTSIDE(test) cmocka_unit_test_setup(test, setup)

int test_mls_outside(void)
{
    const struct CMUnitTest tests[] = {
        OUTSIDE(test_external_sender_adds),
        OUTSIDE(test_external_sender_removes),
        OUTSIDE(test_external_sender_proposes_psk_reinit_and_extensions),
        OUTSIDE(test_external_sender_makes_nothing_that_is_a_members),
        OUTSIDE(test_external_sender_of_no_number_is_refused),
        OUTSIDE(test_external_sender_with_another_key_is_refused),
        OUTSIDE(test_external_sender_of_another_epoch_is_refused),
        OUTSIDE(test_outsider_proposes_itself),
        OUTSIDE(test_outsider_proposes_nobody_else),
        OUTSIDE(test_outsider_needs_a_good_key_package),
        OUTSIDE(test_outsider_proposes_only_itself),
        OUTSIDE(test_external_senders_are_asked_about),
        OUTSIDE(test_external_senders_are_asked_about_when_joining),
        OUTSIDE(test_rule_of_application_refuses_proposals),
        OUTSIDE(test_rule_of_application_refuses_commits),
        OUTSIDE(test_required_capabilities_are_written),
        OUTSIDE(test_key_package_is_read),
    };

    return cmocka_run_group_tests_name("mls_outside", tests, NULL, NULL);
}
