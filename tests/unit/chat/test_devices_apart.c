/* Devices of several accounts side by side; and where one cannot be stored, or
 * may not come. */
#include "core/crypto/hash.h"
#include "tests/unit/chat/scene.h"
#include "tests/unit/support/peer.h"
#include "tests/unit/test.h"

#include <string.h>

static struct world_client *ann;
static struct world_client *bob;

static void begin(uint32_t burst)
{
    scene_begin(&(struct world_options){.seed = 1, .burst = burst});
    ann = world_add_person(world, "ann");
    bob = world_add_person(world, "bob");
    world_settle(world);
    assert_true(world_is_content(ann));
    assert_true(world_is_content(bob));
}

static int setup(void **state)
{
    (void)state;
    begin(0);
    return 0;
}

/* What `client` asked is done, or is not. */
static void expect_answer(struct world_client *client, enum sotto_err asked,
                          enum sotto_problem problem)
{
    const unsigned done = client->counts[SOTTO_EVENT_DONE];
    const unsigned problems = client->counts[SOTTO_EVENT_PROBLEM];
    assert_int_equal(asked, SOTTO_OK);
    world_settle(world);
    const unsigned is_done = problem == SOTTO_PROBLEM_NONE ? 1 : 0;
    assert_int_equal(client->counts[SOTTO_EVENT_DONE] - done, is_done);
    assert_int_equal(client->counts[SOTTO_EVENT_PROBLEM] - problems,
                     1 - is_done);
    assert_true(is_done == 1 || client->problem.problem == problem);
}

static void add(struct world_client *client, const char *name)
{
    expect_answer(client, sotto_client_add_device(&client->client, name),
                  SOTTO_PROBLEM_NONE);
}

/* A code, told by its number; nobody knows that of 0. */
static void make_code(uint8_t number,
                      uint8_t code[static SOTTO_DEVICE_CODE_LEN])
{
    memset(code, number, SOTTO_DEVICE_CODE_LEN);
}

static enum sotto_err ask_for_code(struct world_client *client, uint8_t number,
                                   const char *name, uint32_t seconds)
{
    uint8_t code[SOTTO_DEVICE_CODE_LEN];
    uint8_t hash[SOTTO_HASH_LEN];
    make_code(number, code);
    sotto_sha256(code, sizeof code, hash);
    return sotto_client_expect(&client->client, name, hash, seconds);
}

/* Somebody who brings a code. */
static struct world_client *add_bearer(uint8_t number)
{
    struct world_client *bearer = world_add_stranger(world, "x");
    memset(bearer->client.config.name, 0, sizeof bearer->client.config.name);
    bearer->client.config.enrols = true;
    make_code(number, bearer->client.config.device_code);
    return bearer;
}

/* Dials once more as the device that it is; it need not get in. */
static void dial_again(struct world_client *client)
{
    client->stays_away = true;
    sotto_client_dial(&client->client, world->server_public);
    world_cut(world, client);
    world_settle(world);
    client->stays_away = false;
    world_client_turn(world, client);
    client->stays_away = true;
    world_settle(world);
}

static size_t count_listed(struct world_client *client)
{
    assert_int_equal(sotto_client_list_devices(&client->client), SOTTO_OK);
    client->device_count = WORLD_DEVICES + 1;
    world_settle(world);
    assert_true(client->device_count <= WORLD_DEVICES);
    return client->device_count;
}

/* ---- side by side ---- */

static void test_devices_belong_to_one_account(void **state)
{
    (void)state;
    add(ann, "phone");
    add(bob, "phone");
    expect_answer(ann, ask_for_code(ann, 1, "radio", 0), SOTTO_PROBLEM_NONE);
    assert_int_equal(count_listed(ann), 2);
    assert_int_equal(count_listed(bob), 1);
    expect_answer(ann, sotto_client_revoke(&ann->client, "phone"),
                  SOTTO_PROBLEM_NONE);
    assert_int_equal(count_listed(ann), 1);
    dial_again(bob);
    assert_true(world_is_content(bob));
    assert_true(bob->client.link.is_ik);
}

static void test_devices_enrol_beside_others(void **state)
{
    (void)state;
    add(bob, "phone");
    expect_answer(ann, ask_for_code(ann, 1, "later", 0), SOTTO_PROBLEM_NONE);
    expect_answer(ann, ask_for_code(ann, 2, "sense", 0), SOTTO_PROBLEM_NONE);
    struct world_client *sensor = add_bearer(2);
    world_settle(world);
    assert_true(world_is_content(sensor));
    assert_string_equal(sensor->client.config.name, "ann");
    add(ann, "phone");
    /* The others of ann's stay, whatever they are called. */
    expect_answer(ann, sotto_client_revoke(&ann->client, "phone"),
                  SOTTO_PROBLEM_NONE);
    assert_true(world_is_content(sensor));
    expect_answer(ann, sotto_client_revoke(&ann->client, "sense"),
                  SOTTO_PROBLEM_NONE);
    assert_false(world_is_content(sensor));
    assert_int_equal(count_listed(ann), 1);
}

static void test_devices_are_let_in_for_their_account_only(void **state)
{
    (void)state;
    static const char *const others[] = {"bob", "robert"};
    for (size_t i = 0; i < 2; i++) {
        struct world_client *sensor = add_bearer((uint8_t)(1 + i));
        sensor->stays_away = true;
        expect_answer(ann,
                      ask_for_code(ann, (uint8_t)(1 + i),
                                   i == 0 ? "one" : "two", 0),
                      SOTTO_PROBLEM_NONE);
        sensor->stays_away = false;
        world_settle(world);
        assert_true(world_is_content(sensor));
        strcpy(sensor->client.config.name, others[i]);
        dial_again(sensor);
        assert_false(world_is_content(sensor));
        assert_int_equal(sensor->problem.problem, SOTTO_PROBLEM_LOGIN);
    }
}

/* ---- where it may not be ---- */

static void test_devices_of_a_disabled_account_stay_out(void **state)
{
    (void)state;
    uint64_t ticket = 0;
    add(bob, "phone");
    assert_int_equal(sotto_accounts_set_disabled(world->accounts, "bob", 3,
                                                 true, &ticket),
                     SOTTO_OK);
    dial_again(bob);
    assert_false(world_is_content(bob));
    assert_int_equal(bob->closed.refusal, SOTTO_REFUSAL_KEY);
}

static void test_devices_are_not_stored_on_a_full_disk(void **state)
{
    (void)state;
    add(bob, "phone");
    expect_answer(ann, ask_for_code(ann, 1, "sensor", 0), SOTTO_PROBLEM_NONE);
    world->disk.capacity = 1;
    expect_answer(ann, sotto_client_add_device(&ann->client, "phone"),
                  SOTTO_PROBLEM_STORAGE);
    expect_answer(ann, ask_for_code(ann, 2, "other", 0), SOTTO_PROBLEM_STORAGE);
    expect_answer(bob, sotto_client_revoke(&bob->client, "phone"),
                  SOTTO_PROBLEM_STORAGE);
    for (int with_devices = 0; with_devices < 2; with_devices++) {
        expect_answer(ann,
                      sotto_client_change_password(&ann->client,
                                                   &bob->client.verifier,
                                                   with_devices == 1),
                      SOTTO_PROBLEM_STORAGE);
    }
    struct world_client *bearer = add_bearer(1);
    bearer->stays_away = true;
    world_client_turn(world, bearer);
    bearer->stays_away = false;
    world_client_turn(world, bearer);
    bearer->stays_away = true;
    world_settle(world);
    assert_int_equal(bearer->problem.problem, SOTTO_PROBLEM_STORAGE);
    world->disk.capacity = 0;
    add(ann, "phone");
}

static void test_devices_have_a_largest_number(void **state)
{
    (void)state;
    char name[] = "d00";
    for (uint8_t i = 0; i < 16; i++) {
        name[1] = (char)('0' + i / 10);
        name[2] = (char)('0' + i % 10);
        expect_answer(ann, ask_for_code(ann, i, name, 60), SOTTO_PROBLEM_NONE);
    }
    expect_answer(bob, sotto_client_add_device(&bob->client, "phone"),
                  SOTTO_PROBLEM_FULL);
}

/* With names as long as they may be, and next to the answers that are to come
 * for posts, the list has its room. */
static void test_devices_are_listed_while_posts_wait(void **state)
{
    (void)state;
    static struct peer peer;
    uint8_t frames[256];
    struct sotto_writer w;
    char name[SOTTO_NAME_MAX + 1] = "a-name-of-a-device-of-32-letters";
    for (uint8_t i = 0; i < 16; i++) {
        name[0] = (char)('a' + i);
        expect_answer(ann, ask_for_code(ann, i, name, 0), SOTTO_PROBLEM_NONE);
    }
    peer_enter(&peer, world, "ann", 5);
    sotto_writer_init(&w, frames, sizeof frames);
    for (uint64_t id = 1; id <= world->options.window; id++) {
        uint8_t body[16];
        struct sotto_writer post;
        sotto_writer_init(&post, body, sizeof body);
        sotto_post_encode(
            &post,
            &(struct sotto_post){.id = id, .text = {(const uint8_t *)"x", 1}});
        assert_int_equal(sotto_frame_encode(&w, SOTTO_MSG_POST, body, post.len),
                         SOTTO_OK);
    }
    assert_int_equal(sotto_frame_encode(&w, SOTTO_MSG_DEVICES, NULL, 0),
                     SOTTO_OK);
    peer_send_frames(&peer, frames, w.len);
    const struct sotto_frame list = peer_expect(&peer, SOTTO_MSG_DEVICE_LIST);
    assert_int_equal(list.len, 16 * SOTTO_DEVICE_ITEM_MAX);
    for (uint64_t id = 1; id <= world->options.window; id++) {
        (void)peer_expect(&peer, SOTTO_MSG_ACK);
    }
}

/* An account may have more of them than this server would give it: the file can
 * be another's. As many are listed as fit. */
static void test_devices_beyond_the_limit_are_not_listed(void **state)
{
    (void)state;
    static struct peer peer;
    struct sotto_account_device device = {
        .account = "ann", .name = "a-name-of-a-device-of-32-letters"};
    uint64_t ticket = 0;
    scene_begin(&(struct world_options){.seed = 1, .accounts = 40});
    (void)world_add_person(world, "ann");
    for (uint8_t i = 0; i <= SOTTO_DEVICES_MAX; i++) {
        device.name[0] = (char)('a' + i % 26);
        device.name[1] = (char)('a' + i / 26);
        device.name[SOTTO_NAME_MAX - 1] = i == 0 ? '\0' : '2';
        device.id[0] = i;
        assert_int_equal(sotto_accounts_add_device(world->accounts, &device,
                                                   &ticket),
                         SOTTO_OK);
    }
    world_settle(world);
    peer_enter(&peer, world, "ann", 5);
    peer_send(&peer, SOTTO_MSG_DEVICES, NULL, 0);
    const struct sotto_frame list = peer_expect(&peer, SOTTO_MSG_DEVICE_LIST);
    assert_int_equal(list.len, SOTTO_DEVICES_MAX * SOTTO_DEVICE_ITEM_MAX - 1);
    assert_int_equal(sotto_device_list_check(list.body, list.len), SOTTO_OK);
}

static void test_devices_codes_last_where_there_is_no_clock(void **state)
{
    (void)state;
    world->wall_s = SOTTO_TIME_UNKNOWN;
    expect_answer(ann, ask_for_code(ann, 1, "sensor", 1), SOTTO_PROBLEM_NONE);
    struct world_client *sensor = add_bearer(1);
    world_settle(world);
    assert_true(world_is_content(sensor));
}

static void test_devices_codes_cannot_be_guessed_at_will(void **state)
{
    (void)state;
    begin(4);
    struct world_client *bearer = add_bearer(0);
    unsigned tries = 0;
    bearer->stays_away = true;
    while (bearer->problem.problem != SOTTO_PROBLEM_THROTTLED) {
        assert_true(++tries < 8);
        bearer->stays_away = false;
        world_client_turn(world, bearer);
        bearer->stays_away = true;
        world_settle(world);
        world_cut(world, bearer);
        world_settle(world);
    }
    assert_true(tries > 2);
}

/* As right passwords are not: many devices may come from one address. */
static void test_devices_codes_that_count_are_no_guesses(void **state)
{
    (void)state;
    begin(2);
    for (uint8_t number = 1; number <= 5; number++) {
        const char name[] = {(char)('a' + number), 0};
        expect_answer(ann, ask_for_code(ann, number, name, 0),
                      SOTTO_PROBLEM_NONE);
        struct world_client *bearer = add_bearer(number);
        world_settle(world);
        assert_true(world_is_content(bearer));
        world_remove_client(world, bearer);
        world_settle(world);
    }
}

int test_devices_apart(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, scene_end)
    const struct CMUnitTest tests[] = {
        TEST(test_devices_belong_to_one_account),
        TEST(test_devices_enrol_beside_others),
        TEST(test_devices_are_let_in_for_their_account_only),
        TEST(test_devices_of_a_disabled_account_stay_out),
        TEST(test_devices_are_not_stored_on_a_full_disk),
        TEST(test_devices_have_a_largest_number),
        TEST(test_devices_are_listed_while_posts_wait),
        TEST(test_devices_beyond_the_limit_are_not_listed),
        TEST(test_devices_codes_last_where_there_is_no_clock),
        TEST(test_devices_codes_cannot_be_guessed_at_will),
        TEST(test_devices_codes_that_count_are_no_guesses),
    };
#undef TEST
    return cmocka_run_group_tests_name("devices_apart", tests, NULL, NULL);
}
