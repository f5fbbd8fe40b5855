/* Logging in and registering: who gets in, and what the others are told. */
#include "core/chat/client_inner.h"
#include "tests/unit/support/peer.h"
#include "tests/unit/support/world.h"
#include "tests/unit/test.h"

#include <string.h>

static struct world *world;

static void begin(const struct world_options *options)
{
    world = world_begin(options);
}

static int setup(void **state)
{
    (void)state;
    begin(&(struct world_options){.seed = 1});
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_end(world);
    world = NULL;
    return 0;
}

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

static void expect_problem(const struct world_client *client,
                           enum sotto_problem problem)
{
    assert_int_equal(client->counts[SOTTO_EVENT_PROBLEM], 1);
    assert_int_equal(client->problem.problem, problem);
    assert_int_equal(client->problem.ref, 0);
    assert_int_equal(client->counts[SOTTO_EVENT_LOGGED_IN], 0);
}

static void set_password(struct world_client *client, const char *password)
{
    assert_int_equal(sotto_client_set_password(&client->client,
                                               (const uint8_t *)password,
                                               strlen(password), false),
                     SOTTO_OK);
}

/* ---- logging in ---- */

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
    expect_problem(ann, SOTTO_PROBLEM_LOGIN);
    expect_problem(nobody, SOTTO_PROBLEM_LOGIN);
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
    expect_problem(ann, SOTTO_PROBLEM_LOGIN);
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
    expect_problem(guess, SOTTO_PROBLEM_LOGIN);
    expect_problem(ann, SOTTO_PROBLEM_DISABLED);
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
    world_end(world);
    begin(&(struct world_options){.seed = 1, .burst = 2});
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
    world_end(world);
    begin(&(struct world_options){.seed = 1, .burst = 1});
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

/* ---- registering ---- */

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
    expect_problem(ann, SOTTO_PROBLEM_STORAGE);

    struct world_client *again = world_add_client(world, "ann", "pencil");
    struct world_client *other = add_newcomer("ann", "");
    struct world_client *bob = world_add_client(world, "bob", "password");
    world_settle(world);
    expect_problem(again, SOTTO_PROBLEM_STORAGE);
    expect_problem(other, SOTTO_PROBLEM_STORAGE);
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
    expect_problem(ann, SOTTO_PROBLEM_NAME_TAKEN);
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
    expect_problem(ann, SOTTO_PROBLEM_NAME_TAKEN);
}

static void test_register_closed(void **state)
{
    (void)state;
    world_end(world);
    begin(&(struct world_options){.registration = SOTTO_REGISTRATION_CLOSED});
    struct world_client *ann = add_newcomer("ann", "");
    world_settle(world);
    expect_problem(ann, SOTTO_PROBLEM_CLOSED);
}

static void test_register_by_invitation(void **state)
{
    (void)state;
    static const struct sotto_span codes[] = {{(const uint8_t *)"first", 5},
                                              {(const uint8_t *)"second", 6}};
    world_end(world);
    begin(&(struct world_options){.registration = SOTTO_REGISTRATION_INVITE});
    assert_int_equal(sotto_hub_set_codes(world->hub, codes, 2), SOTTO_OK);
    struct world_client *ann = add_newcomer("ann", "");
    struct world_client *bob = add_newcomer("bob", "secon");
    struct world_client *carl = add_newcomer("carl", "second");
    world_settle(world);
    expect_problem(ann, SOTTO_PROBLEM_CODE);
    expect_problem(bob, SOTTO_PROBLEM_CODE);
    assert_true(world_is_content(carl));

    assert_int_equal(sotto_hub_set_codes(world->hub, codes, 1), SOTTO_OK);
    struct world_client *dora = add_newcomer("dora", "second");
    struct world_client *emil = add_newcomer("emil", "first");
    world_settle(world);
    expect_problem(dora, SOTTO_PROBLEM_CODE);
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
    world_end(world);
    begin(&(struct world_options){.accounts = 1});
    world_add_account(world, "ann", "password");
    struct world_client *bob = add_newcomer("bob", "");
    world_settle(world);
    expect_problem(bob, SOTTO_PROBLEM_FULL);
}

static void test_register_with_a_full_disk_says_so_and_may_be_repeated(
    void **state)
{
    (void)state;
    world->disk.capacity = 1;
    struct world_client *ann = add_newcomer("ann", "");
    world_settle(world);
    expect_problem(ann, SOTTO_PROBLEM_STORAGE);
    world->disk.capacity = 0;
    world_cut(world, ann);
    world_settle(world);
    assert_true(world_is_content(ann));
    assert_int_equal(ann->counts[SOTTO_EVENT_REGISTERED], 1);
}

static void test_register_is_throttled(void **state)
{
    (void)state;
    world_end(world);
    begin(&(struct world_options){.seed = 1, .burst = 1});
    world_add_account(world, "ann", "other");
    struct world_client *ann = add_newcomer("ann", "");
    world_settle(world);
    expect_problem(ann, SOTTO_PROBLEM_NAME_TAKEN);
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
    uint8_t body[256];
    struct sotto_writer w;
    struct peer peer;
    const struct sotto_register msg = {.name = {(const uint8_t *)"bob", 3},
                                       .verifier = {.salt_len = 16,
                                                    .iterations =
                                                        WORLD_ITERATIONS}};

    (void)state;
    world_add_account(world, "ann", "pencil");
    world_settle(world);
    peer_open(&peer, world);
    world_settle(world);
    fill_accounts();
    sotto_writer_init(&w, body, sizeof body);
    sotto_register_encode(&w, &msg);
    peer_send(&peer, SOTTO_MSG_REGISTER, body, w.len);
    assert_int_equal(sotto_hub_counters(world->hub)->storage_errors, 0);
    peer_expect(&peer, SOTTO_MSG_REGISTERED);
    assert_non_null(sotto_accounts_find(world->accounts, "bob", 3));
    peer_hang_up(&peer);
}

int test_login(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
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
    return cmocka_run_group_tests_name("login", tests, NULL, NULL);
}
