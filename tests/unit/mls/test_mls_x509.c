/*
 * test_mls_x509.c - a group whose members have certificates.
 */
#include "tests/unit/crypto/certificate.h"
#include "tests/unit/mls/party.h"
#include <sotto/mls_x509.h>
#include <string.h>

#define NOW 1700000000U /* 2023-11-14 */

static const uint8_t root_key[32] = {1, 1};
static uint8_t root_bytes[CERTIFICATE_MAX];
static struct sotto_span anchor;
static struct sotto_mls_x509 trust;

/* What each one's credential is. */
static uint8_t bodies[PARTY_CLIENTS][CERTIFICATE_MAX + 4];
static struct sotto_mls_credential credentials[PARTY_CLIENTS];

static const uint8_t x509_and_basic[] = {0, 2, 0, 1};

static struct certificate_plan plan_of(const char *subject, const uint8_t *key)
{
    return (struct certificate_plan){.subject = subject,
                                     .issuer = "root",
                                     .key = key,
                                     .issuer_key = root_key,
                                     .not_before = "20200101000000Z",
                                     .not_after = "20300101000000Z",
                                     .usage = CERTIFICATE_SIGNS};
}

/* Gives a client a certificate. */
static void certify(int client, const struct certificate_plan *plan)
{
    static uint8_t bytes[CERTIFICATE_MAX];
    struct sotto_span certificate = certificate_make(plan, bytes);
    struct sotto_mls_buffer out = {bodies[client], sizeof bodies[client], 0};

    assert_int_equal(sotto_mls_write_certificates(&certificate, 1, &out),
                     SOTTO_OK);
    credentials[client] =
        (struct sotto_mls_credential){SOTTO_MLS_CREDENTIAL_X509,
                                      party_span(&out)};
}

static enum sotto_err ask(void *ctx,
                          const struct sotto_mls_credential *credential,
                          struct sotto_span signature_key,
                          const struct sotto_mls_credential *old)
{
    (void)ctx;
    return sotto_mls_credential_x509(&trust, credential, signature_key, old);
}

static int setup(void **state)
{
    static const char *const names[PARTY_CLIENTS] = {"ann",  "bob", "cid",
                                                     "dora", "eve", "fay"};
    struct certificate_plan root = plan_of("root", root_key);

    party_setup(state);
    root.is_ca = true;
    root.usage = CERTIFICATE_CERTIFIES;
    anchor = certificate_make(&root, root_bytes);
    trust = (struct sotto_mls_x509){.anchors = &anchor,
                                    .anchor_count = 1,
                                    .now = NOW};
    for (int i = 0; i < PARTY_CLIENTS; i++) {
        struct certificate_plan plan =
            plan_of(names[i], party[i].signature_private);

        certify(i, &plan);
    }
    party_client.credential = ask;
    return 0;
}

static void make_package(int client)
{
    struct sotto_mls_identity identity = party_identity(&party[client]);

    identity.credential = credentials[client];
    identity.capabilities.credentials =
        (struct sotto_span){x509_and_basic, sizeof x509_and_basic};
    party_make_package_of(&party[client], &identity);
}

static void found(void)
{
    make_package(0);
    party_create_with(&party[0], "room", (struct sotto_span){NULL, 0});
}

/* What member 0 says to an Add of the client. */
static enum sotto_err try_add(int client)
{
    struct sotto_mls_change add = {.type = SOTTO_MLS_PROPOSAL_ADD};
    const struct sotto_mls_plan plan = {.changes = &add,
                                        .count = 1,
                                        .with_tree = true};

    make_package(client);
    add.bytes = party_span(&party[client].package_out);
    return party_try(&party[0], &plan);
}

static void test_x509_members_talk(void **state)
{
    struct sotto_span subject;

    (void)state;
    found();
    for (int i = 1; i < 3; i++) {
        assert_int_equal(try_add(i), SOTTO_OK);
        party_accept(&party[0]);
        assert_true(party[i].is_in);
    }
    party_say(&party[2], "certainly");
    party_commit(&party[1], NULL, true, true);
    assert_int_equal(sotto_mls_x509_subject(&credentials[1], &subject),
                     SOTTO_OK);
    assert_memory_equal(subject.at + subject.len - 3, "bob", 3);
}

static void test_x509_member_of_another_key_is_refused(void **state)
{
    struct certificate_plan plan = plan_of("bob", party[2].signature_private);

    (void)state;
    found();
    certify(1, &plan);
    assert_int_equal(try_add(1), SOTTO_ERR_AUTH);
}

static void test_x509_member_of_another_authority_is_refused(void **state)
{
    struct certificate_plan plan = plan_of("bob", party[1].signature_private);

    (void)state;
    found();
    plan.issuer_key = party[1].signature_private;
    certify(1, &plan);
    assert_int_equal(try_add(1), SOTTO_ERR_AUTH);
}

static void test_x509_member_that_expired_is_refused(void **state)
{
    struct certificate_plan plan = plan_of("bob", party[1].signature_private);

    (void)state;
    found();
    plan.not_after = "20231101000000Z";
    certify(1, &plan);
    assert_int_equal(try_add(1), SOTTO_ERR_AUTH);
    trust.now = SOTTO_TIME_UNKNOWN;
    assert_int_equal(try_add(1), SOTTO_OK);
    trust.floor = NOW;
    assert_int_equal(try_add(1), SOTTO_ERR_AUTH);
}

static void test_x509_member_for_another_purpose_is_refused(void **state)
{
    struct certificate_plan plan = plan_of("bob", party[1].signature_private);

    (void)state;
    found();
    plan.extended = 1; /* serverAuth */
    certify(1, &plan);
    assert_int_equal(try_add(1), SOTTO_ERR_AUTH);
}

static void test_x509_member_with_garbage_is_refused(void **state)
{
    static const uint8_t garbage[] = {3, 0x30, 1, 0};

    (void)state;
    found();
    credentials[1].body = (struct sotto_span){garbage, sizeof garbage};
    assert_int_equal(try_add(1), SOTTO_ERR_FORMAT);
    credentials[1].body.len = 0; /* no certificate at all */
    assert_int_equal(try_add(1), SOTTO_ERR_FORMAT);
}

static void test_x509_member_with_long_chain_is_refused(void **state)
{
    static uint8_t bytes[8 * CERTIFICATE_MAX];
    struct sotto_span chain[7];
    struct sotto_mls_buffer out = {bytes, sizeof bytes, 0};
    struct sotto_mls_member member = {.leaf = 0};

    (void)state;
    found();
    assert_true(sotto_mls_group_next_member(party[0].group, 0, &member));
    for (size_t i = 0; i < 7; i++) {
        chain[i] = anchor;
    }
    assert_int_equal(sotto_mls_write_certificates(chain, 7, &out), SOTTO_OK);
    member.credential.body = party_span(&out);
    assert_int_equal(ask(NULL, &member.credential, member.signature_key, NULL),
                     SOTTO_ERR_LIMIT);
    out.cap = out.len - 1;
    assert_int_equal(sotto_mls_write_certificates(chain, 7, &out),
                     SOTTO_ERR_SPACE);
}

static void test_x509_member_without_certificate_is_refused(void **state)
{
    (void)state;
    found();
    credentials[1] = party_identity(&party[1]).credential;
    assert_int_equal(try_add(1), SOTTO_ERR_UNSUPPORTED);
}

/* A new certificate for the same person, with a new key. */
static void test_x509_member_renews_its_certificate(void **state)
{
    static const uint8_t new_key[32] = {7, 7};
    struct certificate_plan plan = plan_of("bob", new_key);
    const struct sotto_mls_new_leaf leaf = {.credential = &credentials[1],
                                            .signature_private = new_key};
    const struct sotto_mls_plan commit = {.leaf_node = &leaf};
    struct sotto_mls_event event;

    (void)state;
    found();
    assert_int_equal(try_add(1), SOTTO_OK);
    party_accept(&party[0]);
    plan.subject = "eve";
    certify(1, &plan);
    assert_int_equal(party_try(&party[1], &commit), SOTTO_OK);
    assert_int_equal(sotto_mls_receive(party[0].group, &party_client,
                                       party_span(&party_made.message), &event),
                     SOTTO_ERR_AUTH);
    plan.subject = "bob";
    certify(1, &plan);
    assert_int_equal(party_try(&party[1], &commit), SOTTO_OK);
    party_accept(&party[1]);
    party_say(&party[1], "for another year");
}

int test_mls_x509(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_x509_members_talk, setup),
        cmocka_unit_test_setup(test_x509_member_of_another_key_is_refused,
                               setup),
        cmocka_unit_test_setup(test_x509_member_of_another_authority_is_refused,
                               setup),
        cmocka_unit_test_setup(test_x509_member_that_expired_is_refused, setup),
        cmocka_unit_test_setup(test_x509_member_for_another_purpose_is_refused,
                               setup),
        cmocka_unit_test_setup(test_x509_member_with_garbage_is_refused, setup),
        cmocka_unit_test_setup(test_x509_member_with_long_chain_is_refused,
                               setup),
        cmocka_unit_test_setup(test_x509_member_without_certificate_is_refused,
                               setup),
        cmocka_unit_test_setup(test_x509_member_renews_its_certificate, setup),
    };

    return cmocka_run_group_tests_name("mls_x509", tests, NULL, NULL);
}
