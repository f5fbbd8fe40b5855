/* Logging in: who gets in, and what the others are told. */
#include "core/chat/client_inner.h"
#include "tests/unit/chat/scene.h"
#include "tests/unit/support/peer.h"
#include "tests/unit/test.h"

#include <string.h>

static void set_password(struct world_client *client, const char *password)
{
    assert_int_equal(sotto_client_set_password(&client->client,
                                               (const uint8_t *)password,
                                               strlen(password), false),
                     SOTTO_OK);
}

static void test_login_lets_in_who_knows_the_password(void **state)
{
    (void)state;
    struct world_client *ann = world_add_person(world, "ann");
    world_settle(world);
    assert_true(world_is_content(ann));
    assert_int_equal(ann->counts[SOTTO_EVENT_IDENTITY], 1);
    assert_int_equal(ann->counts[SOTTO_EVENT_DERIVE], 1);
    assert_int_equal(ann->counts[SOTTO_EVENT_LOGGED_IN], 1);
    assert_int_equal(ann->counts[SOTTO_EVENT_JOINED], 1);
    assert_int_equal(ann->counts[SOTTO_EVENT_CAUGHT_UP], 1);
    assert_int_equal(ann->counts[SOTTO_EVENT_PROBLEM], 0);
    assert_int_equal(ann->client.max_text, 400);
    assert_int_equal(sotto_hub_present(world->hub), 1);
    assert_int_equal(sotto_hub_counters(world->hub)->logins, 1);
}

static void test_login_says_the_same_to_wrong_password_and_no_account(
    void **state)
{
    (void)state;
    world_add_account(world, "ann", "right");
    struct world_client *ann = world_add_client(world, "ann", "wrong");
    struct world_client *nobody = world_add_client(world, "nobody", "right");
    world_settle(world);
    scene_expect_refused(ann, SOTTO_PROBLEM_LOGIN);
    scene_expect_refused(nobody, SOTTO_PROBLEM_LOGIN);
    assert_memory_equal(&ann->problem, &nobody->problem, sizeof ann->problem);
    assert_int_equal(ann->client.scram.iterations,
                     nobody->client.scram.iterations);
    assert_int_equal(ann->client.scram.salt_len, nobody->client.scram.salt_len);
    assert_int_equal(sotto_hub_present(world->hub), 0);
    assert_int_equal(sotto_hub_counters(world->hub)->refused_logins, 2);
}

static void test_login_without_account_gets_the_same_salt_each_time(
    void **state)
{
    (void)state;
    uint8_t salt[2][SOTTO_SCRAM_SALT_MIN];
    for (int i = 0; i < 2; i++) {
        struct world_client *nobody = world_add_client(world, "nobody", "x");
        world_settle(world);
        memcpy(salt[i], nobody->client.scram.salt, sizeof salt[i]);
        world_remove_client(world, nobody);
        world_settle(world);
        world_stop(world);
        world_start(world);
    }
    assert_memory_equal(salt[0], salt[1], sizeof salt[0]);
}

static void test_login_may_be_tried_again_on_the_same_connection(void **state)
{
    (void)state;
    world_add_account(world, "ann", "right");
    struct world_client *ann = world_add_client(world, "ann", "wrong");
    world_settle(world);
    scene_expect_refused(ann, SOTTO_PROBLEM_LOGIN);
    set_password(ann, "right");
    world_settle(world);
    assert_true(world_is_content(ann));
    assert_int_equal(ann->counts[SOTTO_EVENT_CLOSED], 0);
    assert_int_equal(ann->counts[SOTTO_EVENT_IDENTITY], 1);
}

static void test_login_is_refused_for_good_after_three_tries(void **state)
{
    (void)state;
    world_add_account(world, "ann", "right");
    struct world_client *ann = world_add_client(world, "ann", "wrong");
    world_settle(world);
    set_password(ann, "wronger");
    world_settle(world);
    ann->stays_away = true;
    assert_int_equal(ann->counts[SOTTO_EVENT_CLOSED], 0);
    set_password(ann, "wrongest");
    world_settle(world);
    assert_int_equal(ann->counts[SOTTO_EVENT_PROBLEM], 3);
    assert_int_equal(ann->counts[SOTTO_EVENT_CLOSED], 1);
    assert_int_equal(ann->closed.error, SOTTO_OK);
    assert_int_equal(ann->closed.reason, SOTTO_CLOSE_REFUSED);
    assert_true(ann->closed.before_login);
    assert_int_equal(world_open_count(world), 0);
}

static void test_login_of_a_disabled_account_needs_the_password(void **state)
{
    (void)state;
    uint64_t ticket = 0;
    world_add_account(world, "ann", "right");
    assert_int_equal(sotto_accounts_set_disabled(world->accounts, "ann", 3,
                                                 true, &ticket),
                     SOTTO_OK);
    struct world_client *guess = world_add_client(world, "ann", "wrong");
    struct world_client *ann = world_add_client(world, "ann", "right");
    world_settle(world);
    scene_expect_refused(guess, SOTTO_PROBLEM_LOGIN);
    scene_expect_refused(ann, SOTTO_PROBLEM_DISABLED);
}

/* The server's signature is for those who get in. */
static void test_login_that_is_refused_gets_no_signature(void **state)
{
    (void)state;
    struct peer peer;
    uint64_t ticket = 0;
    world_add_account(world, "ann", "right");
    assert_int_equal(sotto_accounts_set_disabled(world->accounts, "ann", 3,
                                                 true, &ticket),
                     SOTTO_OK);
    peer_open(&peer, world);
    peer_send_first(&peer, "ann");
    peer_send_proof(&peer, "right");
    (void)peer_expect_problem(&peer, SOTTO_PROBLEM_DISABLED);
    peer_hang_up(&peer);
}

/* The account was changed between challenge and proof. */
static void test_login_needs_the_password_of_now(void **state)
{
    (void)state;
    struct peer peer;
    uint64_t ticket = 0;
    struct sotto_verifier changed = {.salt_len = 16, .iterations = 2};
    world_add_account(world, "ann", "right");
    peer_open(&peer, world);
    peer_send_first(&peer, "ann");
    assert_int_equal(sotto_accounts_set_verifier(world->accounts, "ann", 3,
                                                 &changed, &ticket),
                     SOTTO_OK);
    peer_send_proof(&peer, "right");
    (void)peer_expect_problem(&peer, SOTTO_PROBLEM_LOGIN);
    peer_hang_up(&peer);
}

static void test_login_with_a_bad_name_is_told_so(void **state)
{
    (void)state;
    struct peer peer;
    peer_open(&peer, world);
    peer_send_first(&peer, "Ann");
    (void)peer_expect_problem(&peer, SOTTO_PROBLEM_NAME_BAD);
    peer_hang_up(&peer);
}

static void test_login_is_throttled_and_told_for_how_long(void **state)
{
    (void)state;
    scene_begin(&(struct world_options){.seed = 1, .burst = 2});
    world_add_account(world, "ann", "right");
    struct world_client *ann = world_add_client(world, "ann", "wrong");
    world_settle(world);
    set_password(ann, "wrong, too");
    world_settle(world);
    assert_int_equal(ann->problem.problem, SOTTO_PROBLEM_LOGIN);
    ann->stays_away = true;
    set_password(ann, "right");
    world_settle(world);
    assert_int_equal(ann->problem.problem, SOTTO_PROBLEM_THROTTLED);
    assert_in_range(ann->problem.detail, 1, 60000);
    assert_int_equal(sotto_hub_counters(world->hub)->throttled, 1);

    /* The connection was used up; the right password is as good later. */
    assert_int_equal(ann->closed.reason, SOTTO_CLOSE_REFUSED);
    world_wait(world, ann->problem.detail);
    ann->stays_away = false;
    world_settle(world);
    assert_true(world_is_content(ann));
}

static void test_login_success_costs_no_token(void **state)
{
    (void)state;
    scene_begin(&(struct world_options){.seed = 1, .burst = 1});
    struct world_client *ann = world_add_person(world, "ann");
    for (int i = 0; i < 5; i++) {
        world_settle(world);
        assert_true(world_is_content(ann));
        world_cut(world, ann);
    }
    world_settle(world);
    assert_true(world_is_content(ann));
    assert_int_equal(ann->counts[SOTTO_EVENT_PROBLEM], 0);
}

static void test_login_again_needs_no_password(void **state)
{
    (void)state;
    struct world_client *ann = world_add_person(world, "ann");
    world_settle(world);
    sotto_client_forget_password(&ann->client);
    world_cut(world, ann);
    world_settle(world);
    assert_true(world_is_content(ann));
    assert_int_equal(ann->counts[SOTTO_EVENT_LOGGED_IN], 2);
    assert_int_equal(ann->counts[SOTTO_EVENT_DERIVE], 1);
    assert_int_equal(ann->counts[SOTTO_EVENT_PASSWORD], 0);
}

static void test_login_asks_for_a_password_when_the_keys_do_not_fit(
    void **state)
{
    (void)state;
    uint64_t ticket = 0;
    struct world_client *ann = world_add_person(world, "ann");
    world_settle(world);
    sotto_client_forget_password(&ann->client);
    assert_int_equal(sotto_accounts_remove(world->accounts, "ann", 3, &ticket),
                     SOTTO_OK);
    world_add_account(world, "ann", "password");
    struct sotto_verifier changed =
        sotto_accounts_find(world->accounts, "ann", 3)->verifier;
    changed.salt[0] ^= 1U;
    assert_int_equal(sotto_accounts_set_verifier(world->accounts, "ann", 3,
                                                 &changed, &ticket),
                     SOTTO_OK);
    world_cut(world, ann);
    world_settle(world);
    assert_int_equal(ann->counts[SOTTO_EVENT_PASSWORD], 1);
    assert_int_equal(ann->client.state, SOTTO_CLIENT_DERIVE);
    set_password(ann, "wrong now");
    world_settle(world);
    assert_int_equal(ann->problem.problem, SOTTO_PROBLEM_LOGIN);
}

static void test_login_with_keys_that_were_kept(void **state)
{
    (void)state;
    struct world_client *ann = world_add_person(world, "ann");
    world_settle(world);
    const struct sotto_verifier verifier = ann->client.verifier;
    const struct sotto_scram_keys keys = ann->client.keys;
    world_remove_client(world, ann);
    struct world_client *again = world_add_stranger(world, "ann");
    sotto_client_set_keys(&again->client, &verifier, &keys);
    world_settle(world);
    assert_true(world_is_content(again));
    assert_int_equal(again->counts[SOTTO_EVENT_DERIVE], 0);
}

static void test_login_refuses_a_server_that_asks_for_little(void **state)
{
    (void)state;
    world_add_account(world, "ann", "right");
    struct world_client *ann = world_add_client(world, "ann", "right");
    ann->client.config.iterations_min = WORLD_ITERATIONS + 1;
    world_client_turn(world, ann); /* dials, once */
    ann->stays_away = true;
    world_settle(world);
    assert_int_equal(ann->counts[SOTTO_EVENT_CLOSED], 1);
    assert_int_equal(ann->closed.error, SOTTO_ERR_LIMIT);
    assert_true(ann->closed.before_login);
}

static void test_login_does_not_happen_at_a_server_with_another_key(
    void **state)
{
    (void)state;
    world_add_account(world, "ann", "right");
    struct world_client *ann = world_add_client(world, "ann", "right");
    ann->distrusts = true;
    world_client_turn(world, ann);
    ann->stays_away = true;
    world_settle(world);
    assert_int_equal(ann->counts[SOTTO_EVENT_IDENTITY], 1);
    assert_int_equal(ann->closed.error, SOTTO_ERR_AUTH);
    assert_int_equal(world_open_count(world), 0);
    assert_int_equal(sotto_hub_counters(world->hub)->logins, 0);
}

/* A server that does not know the account cannot just say WELCOME. */
static void test_login_is_not_believed_without_the_servers_proof(void **state)
{
    (void)state;
    world_add_account(world, "ann", "right");
    struct world_client *ann = world_add_client(world, "ann", "right");
    uint8_t body[64];
    struct sotto_writer w;
    struct sotto_client_event event;
    bool has_event = false;
    world_client_turn(world, ann);
    ann->client.state = SOTTO_CLIENT_PROOF;
    sotto_writer_init(&w, body, sizeof body);
    sotto_welcome_encode(
        &w, &(struct sotto_welcome){.name = {(const uint8_t *)"ann", 3},
                                    .max_text = 100});
    const struct sotto_frame frame = {.type = SOTTO_MSG_WELCOME,
                                      .body = body,
                                      .len = w.len};
    assert_int_equal(sotto_client_take(&ann->client, &frame, &event,
                                       &has_event),
                     SOTTO_ERR_FORMAT);
}

int test_login(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_end)
    const struct CMUnitTest tests[] = {
        TEST(test_login_lets_in_who_knows_the_password),
        TEST(test_login_says_the_same_to_wrong_password_and_no_account),
        TEST(test_login_without_account_gets_the_same_salt_each_time),
        TEST(test_login_may_be_tried_again_on_the_same_connection),
        TEST(test_login_is_refused_for_good_after_three_tries),
        TEST(test_login_of_a_disabled_account_needs_the_password),
        TEST(test_login_that_is_refused_gets_no_signature),
        TEST(test_login_needs_the_password_of_now),
        TEST(test_login_with_a_bad_name_is_told_so),
        TEST(test_login_is_throttled_and_told_for_how_long),
        TEST(test_login_success_costs_no_token),
        TEST(test_login_again_needs_no_password),
        TEST(test_login_asks_for_a_password_when_the_keys_do_not_fit),
        TEST(test_login_with_keys_that_were_kept),
        TEST(test_login_refuses_a_server_that_asks_for_little),
        TEST(test_login_does_not_happen_at_a_server_with_another_key),
        TEST(test_login_is_not_believed_without_the_servers_proof),
    };
#undef TEST
    return cmocka_run_group_tests_name("login", tests, NULL, NULL);
}
