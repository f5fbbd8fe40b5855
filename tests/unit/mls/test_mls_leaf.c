/*
 * test_mls_leaf.c - leaf nodes of one's own: what may change in them, how
 * signature keys are replaced, and GREASE.
 */
#include "core/mls/codec.h"
#include "tests/unit/mls/party.h"
#include <string.h>

static const uint8_t new_key[32] = {0x17, 1, 2, 3, 4};
static const struct sotto_mls_credential new_name = {SOTTO_MLS_CREDENTIAL_BASIC,
                                                     {(const uint8_t *)"bob",
                                                      3}};
static const uint8_t types[] = {0xff, 0x01};             /* one of our own */
static const uint8_t extension[] = {0xff, 0x01, 1, '!'}; /* an Extension */
static const uint8_t x509[] = {0x00, 0x02};

/* A member as another one sees it. */
static struct sotto_mls_leaf_node seen(const struct party_member *by,
                                       const struct party_member *member)
{
    struct sotto_mls_leaf_node leaf;

    assert_true(sotto_mls_tree_leaf_node(&by->group->tree,
                                         sotto_mls_group_me(member->group),
                                         &leaf));
    return leaf;
}

static struct sotto_mls_change update_of(const struct sotto_mls_new_leaf *leaf)
{
    return (struct sotto_mls_change){.type = SOTTO_MLS_PROPOSAL_UPDATE,
                                     .leaf_node = leaf};
}

static enum sotto_err try_leaf(struct party_member *member,
                               const struct sotto_mls_new_leaf *leaf)
{
    const struct sotto_mls_plan plan = {.leaf_node = leaf, .with_tree = true};

    return party_try(member, &plan);
}

static struct sotto_mls_buffer proposed; /* party_message */

static enum sotto_err try_update(struct party_member *member,
                                 const struct sotto_mls_new_leaf *leaf)
{
    const struct sotto_mls_sending how = {.is_public = true};
    const struct sotto_mls_change change = update_of(leaf);

    proposed = (struct sotto_mls_buffer){party_message, PARTY_MESSAGE_MAX, 0};
    return sotto_mls_propose(member->group, &party_client, &how, &change,
                             &proposed);
}

/* ------------------------------------------------------------------ changes */

static void test_leaf_changes_by_update(void **state)
{
    const struct sotto_mls_capabilities capabilities = {
        .extensions = {types, sizeof types}};
    const struct sotto_span extensions = {extension, sizeof extension};
    const struct sotto_mls_new_leaf leaf = {.credential = &new_name,
                                            .capabilities = &capabilities,
                                            .extensions = &extensions};
    const struct sotto_mls_change change = update_of(&leaf);
    struct sotto_mls_leaf_node now;

    (void)state;
    party_of(3);
    party_propose(&party[1], &change);
    party_commit(&party[0], NULL, false, false);
    now = seen(&party[2], &party[1]);
    assert_memory_equal(now.credential.body.at, "bob", 3);
    assert_memory_equal(now.extensions.at, extension, sizeof extension);
    assert_true(sotto_mls_list_has(now.capabilities.extensions, 0xff01));
    assert_true(sotto_mls_list_has(now.capabilities.cipher_suites,
                                   SOTTO_MLS_SUITE_P256_AES128GCM));
    party_say(&party[1], "it is still me");
}

static void test_leaf_changes_by_commit(void **state)
{
    const struct sotto_mls_new_leaf leaf = {.credential = &new_name,
                                            .signature_private = new_key};

    (void)state;
    party_of(3);
    assert_int_equal(try_leaf(&party[1], &leaf), SOTTO_OK);
    party_accept(&party[1]);
    assert_memory_equal(seen(&party[2], &party[1]).credential.body.at, "bob",
                        3);
    party_say(&party[1], "with a new key");
    party_commit(&party[1], NULL, true, true);
    party_say(&party[0], "we heard");
}

static void test_leaf_signs_with_old_key_until_update_is_committed(void **state)
{
    const struct sotto_mls_new_leaf leaf = {.signature_private = new_key};
    const struct sotto_mls_change change = update_of(&leaf);
    static uint8_t saved[PARTY_MESSAGE_MAX];
    struct sotto_mls_buffer out = {saved, sizeof saved, 0};
    struct sotto_span before;

    (void)state;
    party_of(3);
    before = seen(&party[0], &party[1]).signature_key;
    party_propose(&party[1], &change);
    assert_int_equal(sotto_mls_group_save(party[1].group, &out), SOTTO_OK);
    sotto_mls_group_wipe(party[1].group);
    assert_int_equal(sotto_mls_group_load(party[1].group, party_span(&out)),
                     SOTTO_OK);
    assert_memory_equal(seen(&party[0], &party[1]).signature_key.at, before.at,
                        before.len);
    party_commit(&party[2], NULL, false, true);
    assert_memory_equal(party[1].group->signature_key, new_key, 32);
    party_say(&party[1], "from now on with the new one");
}

static void test_leaf_keeps_key_when_commit_loses(void **state)
{
    const struct sotto_mls_new_leaf leaf = {.signature_private = new_key};

    (void)state;
    party_of(2);
    assert_int_equal(try_leaf(&party[1], &leaf), SOTTO_OK);
    party_commit(&party[0], NULL, true, true);
    assert_memory_equal(party[1].group->signature_key,
                        party[1].signature_private, 32);
    party_say(&party[1], "with the key that I had");
}

/* The GroupInfo that a joiner gets is signed with the key in the tree. */
static void test_leaf_welcomes_with_new_key(void **state)
{
    const struct sotto_mls_new_leaf leaf = {.signature_private = new_key};
    struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_ADD};
    struct sotto_mls_plan plan = {.changes = &change,
                                  .count = 1,
                                  .leaf_node = &leaf,
                                  .with_tree = true};

    (void)state;
    party_of(2);
    party_make_package(&party[2]);
    change.bytes = party_span(&party[2].package_out);
    assert_int_equal(party_try(&party[1], &plan), SOTTO_OK);
    party_accept(&party[1]);
    assert_true(party[2].is_in);
    party_join_external(&party[1], &party[3], SOTTO_MLS_NONE);
    party_say(&party[2], "hello");
}

/* ----------------------------------------------------------------- refusals */

static void test_leaf_refuses_type_that_it_does_not_list(void **state)
{
    const struct sotto_span extensions = {extension, sizeof extension};
    const struct sotto_mls_credential chain = {SOTTO_MLS_CREDENTIAL_X509,
                                               {NULL, 0}};
    const struct sotto_mls_new_leaf with_extension = {.extensions =
                                                          &extensions};
    const struct sotto_mls_new_leaf with_chain = {.credential = &chain};

    (void)state;
    party_of(2);
    assert_int_equal(try_leaf(&party[1], &with_extension), SOTTO_ERR_FORMAT);
    assert_int_equal(try_update(&party[1], &with_extension), SOTTO_ERR_FORMAT);
    assert_int_equal(try_leaf(&party[1], &with_chain), SOTTO_ERR_FORMAT);
    assert_int_equal(try_update(&party[1], &with_chain), SOTTO_ERR_FORMAT);
}

/* The others know BASIC only. */
static void test_leaf_refuses_credential_that_others_do_not_know(void **state)
{
    const struct sotto_mls_credential chain = {SOTTO_MLS_CREDENTIAL_X509,
                                               {NULL, 0}};
    const struct sotto_mls_capabilities capabilities = {
        .credentials = {(const uint8_t *)"\0\1\0\2", 4}};
    const struct sotto_mls_new_leaf leaf = {.credential = &chain,
                                            .capabilities = &capabilities};

    (void)state;
    party_of(2);
    assert_int_equal(try_leaf(&party[1], &leaf), SOTTO_ERR_FORMAT);
}

/* Who cannot read the others' credentials has no place among them. */
static void test_leaf_refuses_to_know_less_than_others_use(void **state)
{
    const struct sotto_mls_capabilities capabilities = {
        .credentials = {x509, sizeof x509}};
    const struct sotto_mls_credential chain = {SOTTO_MLS_CREDENTIAL_X509,
                                               {NULL, 0}};
    const struct sotto_mls_new_leaf leaf = {.credential = &chain,
                                            .capabilities = &capabilities};

    (void)state;
    party_of(2);
    assert_int_equal(try_leaf(&party[1], &leaf), SOTTO_ERR_FORMAT);
}

static void test_leaf_refuses_signature_key_of_another(void **state)
{
    const struct sotto_mls_new_leaf leaf = {.signature_private =
                                                party[0].signature_private};

    (void)state;
    party_of(2);
    assert_int_equal(try_leaf(&party[1], &leaf), SOTTO_ERR_FORMAT);
}

/* Nobody could read them. */
static void test_leaf_refuses_fields_that_cannot_be_read(void **state)
{
    const struct sotto_span cut = {(const uint8_t *)"\xff\1\2", 3};
    const struct sotto_mls_credential other = {0x1234, {NULL, 0}};
    const struct sotto_mls_capabilities odd = {
        .proposals = {(const uint8_t *)"\xff", 1}};
    const struct sotto_mls_new_leaf leaves[] = {{.extensions = &cut},
                                                {.credential = &other},
                                                {.capabilities = &odd}};

    (void)state;
    party_of(2);
    for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++) {
        assert_int_equal(try_update(&party[1], &leaves[i]), SOTTO_ERR_FORMAT);
        assert_int_equal(try_leaf(&party[1], &leaves[i]), SOTTO_ERR_FORMAT);
    }
}

static void test_leaf_refuses_what_is_no_key(void **state)
{
    static const uint8_t zero[32];
    const struct sotto_mls_new_leaf leaf = {.signature_private = zero};

    (void)state;
    party_of(2);
    assert_int_equal(try_leaf(&party[1], &leaf), SOTTO_ERR_AUTH);
    assert_int_equal(try_update(&party[1], &leaf), SOTTO_ERR_AUTH);
}

/* Takes a name only as the successor of itself. */
static enum sotto_err is_same_name(
    void *ctx, const struct sotto_mls_credential *credential,
    struct sotto_span signature_key, const struct sotto_mls_credential *old)
{
    (void)ctx;
    (void)signature_key;
    return old == NULL || (old->body.len == credential->body.len &&
                           memcmp(old->body.at, credential->body.at,
                                  old->body.len) == 0)
               ? SOTTO_OK
               : SOTTO_ERR_AUTH;
}

static void test_leaf_refuses_credential_that_is_no_successor(void **state)
{
    const struct sotto_mls_new_leaf leaf = {.credential = &new_name};
    struct sotto_mls_event event;

    (void)state;
    party_of(2);
    party_client.credential = is_same_name;
    assert_int_equal(try_leaf(&party[1], &leaf), SOTTO_OK);
    assert_int_equal(sotto_mls_receive(party[0].group, &party_client,
                                       party_span(&party_made.message), &event),
                     SOTTO_ERR_AUTH);
    assert_int_equal(try_update(&party[1], &leaf), SOTTO_OK);
    assert_int_equal(sotto_mls_receive(party[0].group, &party_client,
                                       party_span(&proposed), &event),
                     SOTTO_ERR_AUTH);
}

/* ------------------------------------------------------------- key packages */

static enum sotto_err try_package(const struct sotto_mls_identity *identity)
{
    struct sotto_mls_buffer out = {party_message, sizeof party_message, 0};
    struct sotto_mls_package_keys keys;

    return sotto_mls_key_package_make(&party_client,
                                      SOTTO_MLS_SUITE_P256_AES128GCM, identity,
                                      &keys, &out);
}

/* 7.2: what every client knows is not listed. */
static void test_leaf_refuses_to_list_what_all_know(void **state)
{
    static const uint8_t last_extension[] = {0xff, 1, 0, 5};
    static const uint8_t last_proposal[] = {0, 7};
    static const uint8_t next[] = {0, 8};
    struct sotto_mls_identity identity = party_identity(&party[0]);

    (void)state;
    identity.capabilities.extensions =
        (struct sotto_span){last_extension, sizeof last_extension};
    assert_int_equal(try_package(&identity), SOTTO_ERR_FORMAT);
    identity.capabilities.extensions = (struct sotto_span){next, sizeof next};
    assert_int_equal(try_package(&identity), SOTTO_OK);
    identity.capabilities.proposals =
        (struct sotto_span){last_proposal, sizeof last_proposal};
    assert_int_equal(try_package(&identity), SOTTO_ERR_FORMAT);
    identity.capabilities.proposals = (struct sotto_span){next, sizeof next};
    assert_int_equal(try_package(&identity), SOTTO_OK);
}

static void test_leaf_refuses_identity_that_nobody_would_take(void **state)
{
    struct sotto_mls_identity identity = party_identity(&party[0]);

    (void)state;
    assert_int_equal(try_package(&identity), SOTTO_OK);
    identity.extensions = (struct sotto_span){extension, sizeof extension};
    assert_int_equal(try_package(&identity), SOTTO_ERR_FORMAT);
    identity.extensions.len = 0;
    identity.capabilities.credentials =
        (struct sotto_span){x509, sizeof x509}; /* not its own */
    assert_int_equal(try_package(&identity), SOTTO_ERR_FORMAT);
    identity = party_identity(&party[0]);
    identity.lifetime = (struct sotto_mls_lifetime){10, 20};
    party_client.now = 21;
    assert_int_equal(try_package(&identity), SOTTO_ERR_FORMAT);
    party_client.now = 20;
    assert_int_equal(try_package(&identity), SOTTO_OK);
    identity.package_extensions = (struct sotto_span){extension, 2}; /* cut */
    assert_int_equal(try_package(&identity), SOTTO_ERR_FORMAT);
}

static void test_group_refuses_extensions_that_cannot_be_read(void **state)
{
    struct sotto_mls_identity identity = party_identity(&party[0]);
    const struct sotto_span cut = {extension, 1};
    struct sotto_mls_member_keys keys;

    (void)state;
    identity.capabilities.extensions =
        (struct sotto_span){(const uint8_t *)"\0",
                            2}; /* type 0, which is none */
    party_make_package_of(&party[0], &identity);
    keys = party_keys(&party[0]);
    assert_int_equal(sotto_mls_group_create(party[0].group, &party_client,
                                            &keys, party_text("room"), cut),
                     SOTTO_ERR_FORMAT);
}

/* --------------------------------------------------------------------- GREASE */

static struct sotto_mls_key_package read_package(const struct party_member *of)
{
    struct sotto_reader r = sotto_mls_items(party_span(&of->package_out));
    struct sotto_mls_key_package key_package;

    sotto_mls_read_key_package(&r, &key_package);
    assert_int_equal(sotto_reader_finish(&r), SOTTO_OK);
    return key_package;
}

static uint32_t count_grease(struct sotto_span list)
{
    struct sotto_reader items = sotto_mls_items(list);
    uint32_t count = 0;

    while (items.left > 0) {
        count += sotto_mls_is_grease(sotto_read_u16(&items)) ? 1 : 0;
    }
    return count;
}

static uint32_t count_greased(struct sotto_span extensions)
{
    struct sotto_reader items = sotto_mls_items(extensions);
    struct sotto_mls_extension one;
    uint32_t count = 0;

    while (items.left > 0) {
        sotto_mls_read_extension(&items, &one);
        count += sotto_mls_is_grease(one.type) ? 1 : 0;
    }
    return count;
}

static void test_leaf_has_grease_where_wanted(void **state)
{
    struct sotto_mls_key_package package;
    const struct sotto_mls_capabilities *can = &package.leaf_node.capabilities;

    (void)state;
    for (int grease = 0; grease < 2; grease++) {
        uint32_t expected = grease == 0 ? 0 : 1;

        party_client.grease = grease != 0;
        party_make_package(&party[0]);
        package = read_package(&party[0]);
        assert_int_equal(count_grease(can->versions), 0);
        assert_int_equal(count_grease(can->cipher_suites), expected);
        assert_int_equal(count_grease(can->extensions), expected);
        assert_int_equal(count_grease(can->proposals), expected);
        assert_int_equal(count_grease(can->credentials), expected);
        assert_int_equal(count_greased(package.leaf_node.extensions), expected);
        assert_int_equal(count_greased(package.extensions), expected);
    }
}

static void test_grease_is_fifteen_values(void **state)
{
    uint32_t count = 0;

    (void)state;
    for (uint32_t i = 0; i <= 0xffff; i++) {
        count += sotto_mls_is_grease((uint16_t)i) ? 1 : 0;
    }
    assert_int_equal(count, 15);
    assert_true(sotto_mls_is_grease(0x0a0a));
    assert_true(sotto_mls_is_grease(0xeaea));
    assert_false(sotto_mls_is_grease(0xfafa));
}

static void test_grease_does_not_disturb(void **state)
{
    const struct sotto_mls_capabilities capabilities = {
        .extensions = {types, sizeof types}};
    const struct sotto_mls_new_leaf leaf = {.capabilities = &capabilities};

    (void)state;
    party_client.grease = true;
    party_of(3);
    assert_int_equal(try_leaf(&party[2], &leaf), SOTTO_OK);
    party_accept(&party[2]);
    party_join_external(&party[1], &party[3], SOTTO_MLS_NONE);
    party_add(&party[3], &party[4], true);
    party_say(&party[4], "nothing to see here");
}

/* --------------------------------------------------------- signature keys */

/* A source whose first bytes are 0xff, which is no private key: so many times. */
static enum sotto_err fill_badly(void *ctx, uint8_t *out, size_t len)
{
    int *bad = ctx;

    memset(out, *bad > 0 ? 0xff : 0x55, len);
    (*bad)--;
    return SOTTO_OK;
}

static enum sotto_err fill_not(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    (void)out;
    (void)len;
    return SOTTO_ERR_RANDOM;
}

static enum sotto_err try_key(const struct sotto_random *random,
                              uint8_t private_key[static SOTTO_MLS_PRIVATE_MAX],
                              struct sotto_mls_buffer *public_key)
{
    const struct sotto_mls_client client = {.random = random};

    return sotto_mls_signature_key_make(&client, SOTTO_MLS_SUITE_P256_AES128GCM,
                                        private_key, public_key);
}

static void test_signature_key_is_made_and_serves(void **state)
{
    const uint8_t none[SOTTO_MLS_PRIVATE_MAX] = {0};
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX];
    uint8_t bytes[SOTTO_MLS_PUBLIC_MAX];
    struct sotto_mls_buffer public_key = {bytes, sizeof bytes, 0};
    struct sotto_mls_identity identity = party_identity(&party[0]);
    struct sotto_mls_member seen_member;
    int bad = 1;
    const struct sotto_random random = {&bad, fill_badly};

    (void)state;
    assert_int_equal(try_key(&random, private_key, &public_key), SOTTO_OK);
    memcpy(party[0].signature_private, private_key, sizeof private_key);
    party_make_package_of(&party[0], &identity);
    identity.signature_public = bytes; /* or known already */
    party_make_package_of(&party[1], &identity);
    party_create(&party[0]);
    party_add(&party[0], &party[1], true);
    assert_true(sotto_mls_group_next_member(party[0].group, 0, &seen_member));
    assert_int_equal(seen_member.signature_key.len, public_key.len);
    assert_memory_equal(seen_member.signature_key.at, bytes, public_key.len);

    public_key.cap = public_key.len - 1;
    assert_int_equal(try_key(&random, private_key, &public_key),
                     SOTTO_ERR_SPACE);
    assert_memory_equal(private_key, none, sizeof none);
    assert_int_equal(try_key(&random, private_key, NULL), SOTTO_OK);
}

static void test_signature_key_is_not_made_without_chance(void **state)
{
    const uint8_t none[SOTTO_MLS_PRIVATE_MAX] = {0};
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX] = {1};
    int bad = 1000;
    const struct sotto_random random = {&bad, fill_badly};
    const struct sotto_random broken = {NULL, fill_not};
    const struct sotto_mls_client client = {.random = &random};

    (void)state;
    assert_int_equal(try_key(&random, private_key, NULL), SOTTO_ERR_RANDOM);
    assert_memory_equal(private_key, none, sizeof none);
    assert_int_equal(try_key(&broken, private_key, NULL), SOTTO_ERR_RANDOM);
    assert_int_equal(sotto_mls_signature_key_make(&client, 0x0a0a, private_key,
                                                  NULL),
                     SOTTO_ERR_UNSUPPORTED);
}

int test_mls_leaf(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_leaf_changes_by_update, party_setup),
        cmocka_unit_test_setup(test_leaf_changes_by_commit, party_setup),
        cmocka_unit_test_setup(
            test_leaf_signs_with_old_key_until_update_is_committed,
            party_setup),
        cmocka_unit_test_setup(test_leaf_keeps_key_when_commit_loses,
                               party_setup),
        cmocka_unit_test_setup(test_leaf_welcomes_with_new_key, party_setup),
        cmocka_unit_test_setup(test_leaf_refuses_type_that_it_does_not_list,
                               party_setup),
        cmocka_unit_test_setup(
            test_leaf_refuses_credential_that_others_do_not_know, party_setup),
        cmocka_unit_test_setup(test_leaf_refuses_to_know_less_than_others_use,
                               party_setup),
        cmocka_unit_test_setup(test_leaf_refuses_signature_key_of_another,
                               party_setup),
        cmocka_unit_test_setup(test_leaf_refuses_fields_that_cannot_be_read,
                               party_setup),
        cmocka_unit_test_setup(test_leaf_refuses_what_is_no_key, party_setup),
        cmocka_unit_test_setup(
            test_leaf_refuses_credential_that_is_no_successor, party_setup),
        cmocka_unit_test_setup(
            test_leaf_refuses_identity_that_nobody_would_take, party_setup),
        cmocka_unit_test_setup(
            test_group_refuses_extensions_that_cannot_be_read, party_setup),
        cmocka_unit_test_setup(test_leaf_refuses_to_list_what_all_know,
                               party_setup),
        cmocka_unit_test_setup(test_leaf_has_grease_where_wanted, party_setup),
        cmocka_unit_test_setup(test_grease_is_fifteen_values, party_setup),
        cmocka_unit_test_setup(test_grease_does_not_disturb, party_setup),
        cmocka_unit_test_setup(test_signature_key_is_made_and_serves,
                               party_setup),
        cmocka_unit_test_setup(test_signature_key_is_not_made_without_chance,
                               party_setup),
    };

    return cmocka_run_group_tests_name("mls_leaf", tests, NULL, NULL);
}
