/*
 * test_mls_keys.c - keys that nobody could encrypt to, that somebody else has,
 * or that are a client's second, do not get into a group (RFC 9420 7.3, 10.1,
 * 12.2).
 */
#include "core/mls/codec.h"
#include "core/mls/framing.h"
#include "core/mls/label.h"
#include "tests/unit/mls/party.h"
#include <string.h>

static const struct sotto_span none = {NULL, 0};

static int setup(void **state)
{
    party_setup(state);
    party_of(4);
    return 0;
}

static const struct sotto_mls_suite *suite(void)
{
    return sotto_mls_suite_find(SOTTO_MLS_SUITE_P256_AES128GCM);
}

/* ------------------------------------------------------ forged key packages */

static void sign_package(struct party_member *member,
                         const struct sotto_mls_key_package *package)
{
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX];
    struct sotto_piece tbs;
    struct sotto_writer w;
    size_t len;

    sotto_writer_init(&w, member->package, sizeof member->package);
    sotto_mls_write_key_package_tbs(&w, package);
    tbs = (struct sotto_piece){w.out, w.len};
    assert_int_equal(sotto_mls_sign_with_label(suite(),
                                               member->signature_private,
                                               "KeyPackageTBS", &tbs, 1,
                                               signature, &len),
                     SOTTO_OK);
    sotto_write_vector(&w, signature, len);
    assert_int_equal(sotto_writer_finish(&w, &member->package_out.len),
                     SOTTO_OK);
}

/* A key package of the member's that is right in all but its keys: those that
 * are not NULL. */
static void forge_package(struct party_member *member, const uint8_t *init,
                          const uint8_t *encryption)
{
    uint8_t bytes[sizeof member->package];
    uint8_t leaf[sizeof member->package];
    struct sotto_mls_key_package package;
    struct sotto_reader r;
    struct sotto_writer w;

    party_make_package(member);
    memcpy(bytes, member->package, sizeof bytes);
    sotto_reader_init(&r, bytes, member->package_out.len);
    sotto_mls_read_key_package(&r, &package);
    if (init != NULL) {
        package.init_key.at = init;
    }
    if (encryption != NULL) {
        package.leaf_node.encryption_key.at = encryption;
    }
    sotto_writer_init(&w, leaf, sizeof leaf);
    assert_int_equal(sotto_mls_leaf_make(suite(), member->signature_private,
                                         &package.leaf_node, none, 0, &w),
                     SOTTO_OK);
    sotto_reader_init(&r, leaf, w.len);
    sotto_mls_read_leaf_node(&r, &package.leaf_node);
    assert_int_equal(sotto_reader_finish(&r), SOTTO_OK);
    sign_package(member, &package);
}

static struct sotto_mls_change add_of(const struct party_member *member)
{
    return (struct sotto_mls_change){.type = SOTTO_MLS_PROPOSAL_ADD,
                                     .bytes = party_span(&member->package_out)};
}

/* What another member says to a proposal to add somebody. */
static enum sotto_err judge_add(const struct party_member *added)
{
    const struct sotto_mls_sender sender = {SOTTO_MLS_SENDER_MEMBER, 1};
    struct sotto_mls_proposal proposal = {.type = SOTTO_MLS_PROPOSAL_ADD};
    struct sotto_reader r = sotto_mls_items(party_span(&added->package_out));

    sotto_mls_read_key_package(&r, &proposal.add);
    assert_int_equal(sotto_reader_finish(&r), SOTTO_OK);
    return sotto_mls_proposal_check(party[0].group, &party_client, &proposal,
                                    sender);
}

static enum sotto_err propose(struct party_member *sender,
                              const struct party_member *added)
{
    const struct sotto_mls_change add = add_of(added);
    const struct sotto_mls_sending how = {.is_public = true};
    struct sotto_mls_buffer out = {party_message, sizeof party_message, 0};

    return sotto_mls_propose(sender->group, &party_client, &how, &add, &out);
}

/* ------------------------------------------------------------- on the curve */

/* As long as a point, and none. */
static const uint8_t no_point[SOTTO_MLS_PUBLIC_MAX] = {4, 1, 2, 3};

static void assert_refused(const uint8_t *init, const uint8_t *encryption)
{
    struct sotto_mls_package read;

    forge_package(&party[4], init, encryption);
    assert_int_equal(judge_add(&party[4]), SOTTO_ERR_FORMAT);
    assert_int_equal(propose(&party[1], &party[4]), SOTTO_ERR_FORMAT);
    assert_int_equal(
        sotto_mls_key_package_read(&party_client,
                                   party_span(&party[4].package_out), &read),
        SOTTO_ERR_FORMAT);
}

static void test_add_refuses_keys_that_are_no_points(void **state)
{
    (void)state;
    forge_package(&party[4], NULL, NULL);
    assert_int_equal(judge_add(&party[4]), SOTTO_OK);
    assert_refused(no_point, NULL);
    assert_refused(NULL, no_point);
}

static void test_update_refuses_key_that_is_no_point(void **state)
{
    const struct sotto_mls_group *group = party[1].group;
    const struct sotto_mls_sender sender = {SOTTO_MLS_SENDER_MEMBER, 1};
    struct sotto_mls_proposal proposal = {.type = SOTTO_MLS_PROPOSAL_UPDATE};
    struct sotto_mls_leaf_node leaf;
    uint8_t bytes[1024];
    struct sotto_reader r;
    struct sotto_writer w;

    (void)state;
    assert_true(sotto_mls_tree_leaf_node(&group->tree, 1, &leaf));
    leaf.source = SOTTO_MLS_LEAF_UPDATE;
    leaf.encryption_key.at = no_point;
    sotto_writer_init(&w, bytes, sizeof bytes);
    assert_int_equal(sotto_mls_leaf_make(suite(), party[1].signature_private,
                                         &leaf, sotto_mls_group_id(group), 1,
                                         &w),
                     SOTTO_OK);
    sotto_reader_init(&r, bytes, w.len);
    sotto_mls_read_leaf_node(&r, &proposal.update);
    assert_int_equal(sotto_mls_proposal_check(party[0].group, &party_client,
                                              &proposal, sender),
                     SOTTO_ERR_FORMAT);
}

/* Signs the commit in party_made, which is public, once more. */
static void sign_commit(struct sotto_mls_message *message)
{
    const struct sotto_mls_group *group = party[0].group;
    struct sotto_mls_authenticated_content content = {
        .wire_format = SOTTO_MLS_WIRE_PUBLIC_MESSAGE,
        .content = message->public_message.content,
        .auth = message->public_message.auth};
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX];
    uint8_t bytes[4096];
    struct sotto_writer w;
    size_t len;

    assert_int_equal(sotto_mls_content_sign(suite(), party[0].signature_private,
                                            &content,
                                            sotto_mls_group_context_span(group),
                                            signature, &len),
                     SOTTO_OK);
    content.auth.signature = (struct sotto_span){signature, len};
    sotto_writer_init(&w, bytes, sizeof bytes);
    assert_int_equal(sotto_mls_public_protect(
                         suite(), group->secrets.membership_key, &content,
                         sotto_mls_group_context_span(group), &w),
                     SOTTO_OK);
    memcpy(party_message, bytes, w.len);
    party_made.message.len = w.len;
}

static void test_commit_with_path_to_no_point_is_refused(void **state)
{
    const struct sotto_mls_plan plan = {.with_path = true,
                                        .how = {.is_public = true}};
    struct sotto_mls_update_path_node node;
    struct sotto_mls_message message;
    struct sotto_mls_commit commit;
    struct sotto_mls_event event;
    struct sotto_reader r;

    (void)state;
    assert_int_equal(party_try(&party[0], &plan), SOTTO_OK);
    r = sotto_mls_items(party_span(&party_made.message));
    sotto_mls_read_message(&r, &message);
    r = sotto_mls_items(message.public_message.content.content);
    sotto_mls_read_commit(&r, &commit);
    r = sotto_mls_items(commit.path.nodes);
    sotto_mls_read_update_path_node(&r, &node);
    party_message[node.encryption_key.at - party_message + 64] ^= 1;
    sign_commit(&message);
    assert_int_equal(sotto_mls_receive(party[1].group, &party_client,
                                       party_span(&party_made.message), &event),
                     SOTTO_ERR_FORMAT);
}

/* ------------------------------------------------- one key, one node (16.7) */

static void test_add_refuses_key_of_a_parent(void **state)
{
    const struct sotto_mls_tree *tree = &party[0].group->tree;
    struct sotto_mls_change add;
    const struct sotto_mls_plan plan = {.changes = &add, .count = 1};

    (void)state;
    forge_package(&party[4], NULL, sotto_mls_tree_key(tree, 3).at);
    add = add_of(&party[4]);
    assert_int_equal(party_try(&party[1], &plan), SOTTO_ERR_FORMAT);
    party_propose(&party[1], &add); /* by itself it is good */
    party_commit(&party[0], NULL, true, true);
    assert_false(party[4].is_in);
}

/* ------------------------------------------------- one client, once (12.2) */

/* A client may have several devices, whose names begin with its own. */
static bool is_same_client(void *ctx, const struct sotto_mls_credential *a,
                           const struct sotto_mls_credential *b)
{
    (void)ctx;
    return a->body.len > 0 && b->body.len > 0 && a->body.at[0] == b->body.at[0];
}

static void make_device(struct party_member *member, const char *name)
{
    struct sotto_mls_identity identity = party_identity(member);

    identity.credential.body = party_text(name);
    party_make_package_of(member, &identity);
}

/* The first member adds these, and removes a leaf if that is not NONE. */
static enum sotto_err try_adds(const struct party_member *one,
                               const struct party_member *other,
                               uint32_t removed)
{
    const struct sotto_mls_change changes[] = {
        add_of(one),
        other == NULL
            ? (struct sotto_mls_change){.type = SOTTO_MLS_PROPOSAL_REMOVE,
                                        .leaf = removed}
            : add_of(other)};
    const bool is_alone = other == NULL && removed == SOTTO_MLS_NONE;
    const struct sotto_mls_plan plan = {.changes = changes,
                                        .count = is_alone ? 1 : 2,
                                        .with_path = true,
                                        .with_tree = true,
                                        .how = {.is_public = true}};

    return party_try(&party[0], &plan);
}

/* What the last member says to the commit that was made. */
static enum sotto_err judge_made(void)
{
    struct sotto_mls_event event;

    return sotto_mls_receive(party[3].group, &party_client,
                             party_span(&party_made.message), &event);
}

static void test_add_refuses_client_that_is_a_member(void **state)
{
    (void)state;
    make_device(&party[4], "b's telephone");
    assert_int_equal(try_adds(&party[4], NULL, SOTTO_MLS_NONE), SOTTO_OK);
    party_client.is_same_client = is_same_client;
    assert_int_equal(judge_made(), SOTTO_ERR_FORMAT);
    assert_int_equal(try_adds(&party[4], NULL, SOTTO_MLS_NONE),
                     SOTTO_ERR_FORMAT);
    /* But in the place of the other device. */
    assert_int_equal(try_adds(&party[4], NULL, 1), SOTTO_OK);
    party_accept(&party[0]);
    assert_true(party[4].is_in);
    assert_false(party[1].is_in);
}

static void test_add_refuses_client_twice(void **state)
{
    (void)state;
    make_device(&party[4], "x's telephone");
    make_device(&party[5], "x's clock");
    assert_int_equal(try_adds(&party[4], &party[5], SOTTO_MLS_NONE), SOTTO_OK);
    party_client.is_same_client = is_same_client;
    assert_int_equal(judge_made(), SOTTO_ERR_FORMAT);
    assert_int_equal(try_adds(&party[4], &party[5], SOTTO_MLS_NONE),
                     SOTTO_ERR_FORMAT);
    make_device(&party[5], "y's clock");
    assert_int_equal(try_adds(&party[4], &party[5], SOTTO_MLS_NONE), SOTTO_OK);
}

static void test_commit_leaves_out_client_that_is_a_member(void **state)
{
    struct sotto_mls_change add;

    (void)state;
    party_client.is_same_client = is_same_client;
    make_device(&party[4], "b's telephone");
    add = add_of(&party[4]);
    party_propose(&party[1], &add);
    make_device(&party[5], "x's clock");
    add = add_of(&party[5]);
    party_propose(&party[1], &add);
    party_commit(&party[0], NULL, true, true);
    assert_false(party[4].is_in);
    assert_true(party[5].is_in);
}

static bool are_all_one(void *ctx, const struct sotto_mls_credential *a,
                        const struct sotto_mls_credential *b)
{
    (void)ctx;
    (void)a;
    (void)b;
    return true;
}

/* Nobody adds who comes from outside: the rule is not about them. */
static void test_client_comes_from_outside_again(void **state)
{
    (void)state;
    party_client.is_same_client = are_all_one;
    party_join_external(&party[0], &party[4], SOTTO_MLS_NONE);
    party_say(&party[4], "my other device");
}

#define KEYS(test) cmocka_unit_test_setup(test, setup)

int test_mls_keys(void)
{
    const struct CMUnitTest tests[] = {
        KEYS(test_add_refuses_keys_that_are_no_points),
        KEYS(test_update_refuses_key_that_is_no_point),
        KEYS(test_commit_with_path_to_no_point_is_refused),
        KEYS(test_add_refuses_key_of_a_parent),
        KEYS(test_add_refuses_client_that_is_a_member),
        KEYS(test_add_refuses_client_twice),
        KEYS(test_commit_leaves_out_client_that_is_a_member),
        KEYS(test_client_comes_from_outside_again),
    };

    return cmocka_run_group_tests_name("mls_keys", tests, NULL, NULL);
}
