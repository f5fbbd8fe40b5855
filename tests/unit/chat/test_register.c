/* Registering: who gets an account, when it can be relied on, and what the
 * others are told. */
#include "tests/unit/chat/scene.h"
#include "tests/unit/support/peer.h"
#include "tests/unit/test.h"

#include <string.h>

/* A client that wants to make an account first. */
static struct world_client *add_newcomer(const char *name, const char *code)
{
    struct world_client *client = world_add_stranger(world, name);
    const char *password = "pencil";
    client->client.config.code_len = (uint8_t)strlen(code);
    memcpy(client->client.config.code, code, strlen(code));
    assert_int_equal(sotto_client_set_password(&client->client,
                                               (const uint8_t *)password,
                                               strlen(password), true),
                     SOTTO_OK);
    return client;
}

static void test_register_makes_an_account_and_logs_in(void **state)
{
    (void)state;
    struct world_client *ann = add_newcomer("ann", "");
    world_settle(world);
    assert_true(world_is_content(ann));
    assert_int_equal(ann->counts[SOTTO_EVENT_REGISTERED], 1);
    assert_int_equal(sotto_hub_counters(world->hub)->registrations, 1);

    /* It is there after a power cut, and for others with the password. */
    world_crash(world, &(struct faulty_cut){0});
    world_start(world);
    struct world_client *again = world_add_client(world, "ann", "pencil");
    world_settle(world);
    assert_true(world_is_content(again));
}

static void test_register_is_told_when_it_is_durable(void **state)
{
    (void)state;
    struct world_client *ann = add_newcomer("ann", "");
    world_settle_without_disk(world);
    assert_int_equal(ann->counts[SOTTO_EVENT_REGISTERED], 0);
    assert_int_equal(ann->client.state, SOTTO_CLIENT_REGISTER);
    world_settle(world);
    assert_int_equal(ann->counts[SOTTO_EVENT_REGISTERED], 1);
}

static void test_login_waits_until_the_account_is_durable(void **state)
{
    (void)state;
    (void)add_newcomer("ann", "");
    world_settle_without_disk(world);
    struct world_client *again = world_add_client(world, "ann", "pencil");
    world_settle_without_disk(world);
    assert_int_equal(again->counts[SOTTO_EVENT_LOGGED_IN], 0);
    world_settle(world);
    assert_true(world_is_content(again));
}

/* Its line may be on the disk, or not: nobody may rely on it. */
static void test_login_to_an_account_that_could_not_be_stored(void **state)
{
    (void)state;
    world_add_account(world, "bob", "password");
    struct world_client *ann = add_newcomer("ann", "");
    world_settle_without_disk(world); /* appended; the sync is under way */
    world->disk.fail_at = world->disk.calls + 1;
    world->disk.fail_err = SOTTO_ERR_IO;
    world_settle(world);
    scene_expect_refused(ann, SOTTO_PROBLEM_STORAGE);

    struct world_client *again = world_add_client(world, "ann", "pencil");
    struct world_client *other = add_newcomer("ann", "");
    struct world_client *bob = world_add_client(world, "bob", "password");
    world_settle(world);
    scene_expect_refused(again, SOTTO_PROBLEM_STORAGE);
    scene_expect_refused(other, SOTTO_PROBLEM_STORAGE);
    assert_int_equal(bob->counts[SOTTO_EVENT_LOGGED_IN], 1);
}

static void test_register_may_be_connected_before_its_keys_are_made(
    void **state)
{
    (void)state;
    struct world_client *ann = add_newcomer("ann", "");
    assert_true(sotto_client_is_deriving(&ann->client));
    world_settle(world);
    assert_int_equal(ann->counts[SOTTO_EVENT_DERIVE], 1);
    assert_true(world_is_content(ann));
}

static void test_register_refuses_a_name_that_is_taken(void **state)
{
    (void)state;
    world_add_account(world, "ann", "other");
    struct world_client *ann = add_newcomer("ann", "");
    world_settle(world);
    scene_expect_refused(ann, SOTTO_PROBLEM_NAME_TAKEN);
}

/* Cuts the connection after the account was stored, before that is told. */
static void lose_the_answer(struct world_client *client)
{
    while (client->client.state != SOTTO_CLIENT_REGISTER ||
           client->client.control_at < client->client.control_len) {
        world_steps(world, 1);
    }
    world_half_cut(world, client);
    client->stays_away = true;
    world_settle(world);
    client->stays_away = false;
}

static void test_register_goes_on_when_the_answer_was_lost(void **state)
{
    (void)state;
    struct world_client *ann = add_newcomer("ann", "");
    lose_the_answer(ann);
    assert_non_null(sotto_accounts_find(world->accounts, "ann", 3));
    world_settle(world);
    assert_true(world_is_content(ann));
    assert_int_equal(ann->counts[SOTTO_EVENT_PROBLEM], 0);
}

static void test_register_lost_and_taken_by_somebody_else(void **state)
{
    (void)state;
    world_add_account(world, "ann", "other");
    struct world_client *ann = add_newcomer("ann", "");
    lose_the_answer(ann);
    world_settle(world);
    scene_expect_refused(ann, SOTTO_PROBLEM_NAME_TAKEN);
}

static void test_register_closed(void **state)
{
    (void)state;
    scene_begin(
        &(struct world_options){.registration = SOTTO_REGISTRATION_CLOSED});
    struct world_client *ann = add_newcomer("ann", "");
    world_settle(world);
    scene_expect_refused(ann, SOTTO_PROBLEM_CLOSED);
}

static void test_register_by_invitation(void **state)
{
    (void)state;
    static const struct sotto_span codes[] = {{(const uint8_t *)"first", 5},
                                              {(const uint8_t *)"second", 6}};
    scene_begin(
        &(struct world_options){.registration = SOTTO_REGISTRATION_INVITE});
    assert_int_equal(sotto_hub_set_codes(world->hub, codes, 2), SOTTO_OK);
    struct world_client *ann = add_newcomer("ann", "");
    struct world_client *bob = add_newcomer("bob", "secon");
    struct world_client *carl = add_newcomer("carl", "second");
    world_settle(world);
    scene_expect_refused(ann, SOTTO_PROBLEM_CODE);
    scene_expect_refused(bob, SOTTO_PROBLEM_CODE);
    assert_true(world_is_content(carl));

    assert_int_equal(sotto_hub_set_codes(world->hub, codes, 1), SOTTO_OK);
    struct world_client *dora = add_newcomer("dora", "second");
    struct world_client *emil = add_newcomer("emil", "first");
    world_settle(world);
    scene_expect_refused(dora, SOTTO_PROBLEM_CODE);
    assert_true(world_is_content(emil));
}

static void test_register_refuses_more_codes_than_it_can_keep(void **state)
{
    (void)state;
    static struct sotto_span codes[SOTTO_CODES_MAX + 1];
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        codes[i] = (struct sotto_span){(const uint8_t *)"code", 4};
    }
    assert_int_equal(sotto_hub_set_codes(world->hub, codes,
                                         SOTTO_CODES_MAX + 1),
                     SOTTO_ERR_SPACE);
    assert_int_equal(sotto_hub_set_codes(world->hub, codes, SOTTO_CODES_MAX),
                     SOTTO_OK);
}

static void test_register_full(void **state)
{
    (void)state;
    scene_begin(&(struct world_options){.accounts = 1});
    world_add_account(world, "ann", "password");
    struct world_client *bob = add_newcomer("bob", "");
    world_settle(world);
    scene_expect_refused(bob, SOTTO_PROBLEM_FULL);
}

static void test_register_with_a_full_disk_says_so_and_may_be_repeated(
    void **state)
{
    (void)state;
    world->disk.capacity = 1;
    struct world_client *ann = add_newcomer("ann", "");
    world_settle(world);
    scene_expect_refused(ann, SOTTO_PROBLEM_STORAGE);
    world->disk.capacity = 0;
    world_cut(world, ann);
    world_settle(world);
    assert_true(world_is_content(ann));
    assert_int_equal(ann->counts[SOTTO_EVENT_REGISTERED], 1);
}

static void test_register_is_throttled(void **state)
{
    (void)state;
    scene_begin(&(struct world_options){.seed = 1, .burst = 1});
    world_add_account(world, "ann", "other");
    struct world_client *ann = add_newcomer("ann", "");
    world_settle(world);
    scene_expect_refused(ann, SOTTO_PROBLEM_NAME_TAKEN);
    world_cut(world, ann);
    world_settle(world);
    assert_int_equal(ann->problem.problem, SOTTO_PROBLEM_THROTTLED);
    assert_in_range(ann->problem.detail, 1, 60000);
}

/* ---- registering, from a client that does it wrongly ---- */

static void send_register(struct peer *peer, const char *name,
                          uint32_t iterations, uint8_t salt_len)
{
    uint8_t body[256];
    struct sotto_writer w;
    const struct sotto_register msg = {.name = {(const uint8_t *)name,
                                                strlen(name)},
                                       .verifier = {.salt_len = salt_len,
                                                    .iterations = iterations}};
    sotto_writer_init(&w, body, sizeof body);
    sotto_register_encode(&w, &msg);
    peer_send(peer, SOTTO_MSG_REGISTER, body, w.len);
}

static void test_register_refuses_bad_names_and_weak_verifiers(void **state)
{
    (void)state;
    struct peer peer;
    peer_open(&peer, world);
    send_register(&peer, "Ann", WORLD_ITERATIONS, SOTTO_SCRAM_SALT_MIN);
    (void)peer_expect_problem(&peer, SOTTO_PROBLEM_NAME_BAD);
    send_register(&peer, "ann", WORLD_ITERATIONS - 1, SOTTO_SCRAM_SALT_MIN);
    (void)peer_expect_problem(&peer, SOTTO_PROBLEM_WEAK);
    send_register(&peer, "ann", WORLD_ITERATIONS, SOTTO_SCRAM_SALT_MIN - 1);
    (void)peer_expect_problem(&peer, SOTTO_PROBLEM_WEAK);
    peer_expect_close(&peer, SOTTO_CLOSE_REFUSED);

    peer_open(&peer, world);
    send_register(&peer, "ann", SOTTO_SCRAM_ITERATIONS_MAX + 1,
                  SOTTO_SCRAM_SALT_MIN);
    (void)peer_expect_problem(&peer, SOTTO_PROBLEM_WEAK);
    peer_hang_up(&peer);
}

/* ---- a file that is being replaced ---- */

/* Changes accounts until their file is being replaced and takes no more. */
static void fill_accounts(void)
{
    uint64_t ticket = 0;
    enum sotto_err err = SOTTO_OK;
    bool is_disabled = false;
    while (err == SOTTO_OK) {
        const struct faulty_files *disk = &world->disk;
        is_disabled = !is_disabled;
        err = sotto_accounts_set_disabled(world->accounts, "ann", 3,
                                          is_disabled, &ticket);
        (void)sotto_accounts_run(world->accounts);
        if (disk->pending_count == 0 ||
            !disk->pending[disk->pending_count - 1].is_replace) {
            (void)faulty_files_complete(&world->disk);
            (void)sotto_accounts_run(world->accounts);
        }
    }
    assert_int_equal(err, SOTTO_ERR_AGAIN);
}

static void test_register_waits_for_a_file_that_is_being_replaced(void **state)
{
    (void)state;
    struct peer peer;
    world_add_account(world, "ann", "pencil");
    world_settle(world);
    peer_open(&peer, world);
    world_settle(world);
    fill_accounts();
    send_register(&peer, "bob", WORLD_ITERATIONS, SOTTO_SCRAM_SALT_MIN);
    assert_int_equal(sotto_hub_counters(world->hub)->storage_errors, 0);
    peer_expect(&peer, SOTTO_MSG_REGISTERED);
    assert_non_null(sotto_accounts_find(world->accounts, "bob", 3));
    peer_hang_up(&peer);
}

int test_register(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_end)
    const struct CMUnitTest tests[] = {
        TEST(test_register_makes_an_account_and_logs_in),
        TEST(test_register_is_told_when_it_is_durable),
        TEST(test_login_waits_until_the_account_is_durable),
        TEST(test_login_to_an_account_that_could_not_be_stored),
        TEST(test_register_may_be_connected_before_its_keys_are_made),
        TEST(test_register_refuses_a_name_that_is_taken),
        TEST(test_register_goes_on_when_the_answer_was_lost),
        TEST(test_register_lost_and_taken_by_somebody_else),
        TEST(test_register_closed),
        TEST(test_register_by_invitation),
        TEST(test_register_refuses_more_codes_than_it_can_keep),
        TEST(test_register_full),
        TEST(test_register_with_a_full_disk_says_so_and_may_be_repeated),
        TEST(test_register_is_throttled),
        TEST(test_register_waits_for_a_file_that_is_being_replaced),
        TEST(test_register_refuses_bad_names_and_weak_verifiers),
    };
#undef TEST
    return cmocka_run_group_tests_name("register", tests, NULL, NULL);
}
