/* Devices: how they get in, who may say so, and how they are kept out. */
#include "core/crypto/hash.h"
#include "tests/unit/chat/scene.h"
#include "tests/unit/support/peer.h"
#include "tests/unit/test.h"

#include <string.h>

static struct world_client *ann; /* logged in with her password */

static const uint8_t code[SOTTO_DEVICE_CODE_LEN] = "sixteen of them";

static int setup(void **state)
{
    (void)scene_setup(state);
    ann = scene_bring("ann");
    return 0;
}

/* Lets what was asked happen; it was done, or not. */
static void expect_done(unsigned done, enum sotto_problem problem)
{
    const unsigned before = ann->counts[SOTTO_EVENT_DONE];
    const unsigned problems = ann->counts[SOTTO_EVENT_PROBLEM];
    world_settle(world);
    assert_int_equal(ann->counts[SOTTO_EVENT_DONE] - before, done);
    assert_int_equal(ann->counts[SOTTO_EVENT_PROBLEM] - problems, 1 - done);
    if (done == 0) {
        assert_int_equal(ann->problem.problem, problem);
    }
}

static void revoke(const char *name)
{
    assert_int_equal(sotto_client_revoke(&ann->client, name), SOTTO_OK);
    expect_done(1, SOTTO_PROBLEM_NONE);
}

static void expect_device(const char *name, uint32_t seconds)
{
    uint8_t hash[SOTTO_HASH_LEN];
    sotto_sha256(code, sizeof code, hash);
    assert_int_equal(sotto_client_expect(&ann->client, name, hash, seconds),
                     SOTTO_OK);
    expect_done(1, SOTTO_PROBLEM_NONE);
}

/* A device with the code, which does not know whose it is. */
static struct world_client *add_bearer(void)
{
    struct world_client *bearer = world_add_stranger(world, "x");
    memset(bearer->client.config.name, 0, sizeof bearer->client.config.name);
    bearer->client.config.enrols = true;
    memcpy(bearer->client.config.device_code, code, sizeof code);
    return bearer;
}

/* A device that enrolled. */
static struct world_client *add_sensor(void)
{
    expect_device("sensor", 0);
    struct world_client *sensor = add_bearer();
    world_settle(world);
    assert_true(world_is_content(sensor));
    return sensor;
}

/* From now on it dials as the device that it is. */
static void dial_again(struct world_client *client)
{
    sotto_client_dial(&client->client, world->server_public);
    world_cut(world, client);
    world_settle(world);
}

/* The same for one that may not get in. */
static void dial_once(struct world_client *client)
{
    client->stays_away = true;
    dial_again(client);
    client->stays_away = false;
    world_client_turn(world, client);
    client->stays_away = true;
    world_settle(world);
}

static void list(void)
{
    assert_int_equal(sotto_client_list_devices(&ann->client), SOTTO_OK);
    ann->device_count = WORLD_DEVICES + 1;
    world_settle(world);
    assert_true(ann->device_count <= WORLD_DEVICES);
}

static void test_devices_enrol_by_code_and_come_back_by_key(void **state)
{
    (void)state;
    struct world_client *sensor = add_sensor();
    assert_int_equal(sensor->counts[SOTTO_EVENT_ENROLLED], 1);
    assert_string_equal(sensor->client.config.name, "ann");
    assert_int_equal(sensor->client.config.device_code[0], 0);
    dial_again(sensor);
    assert_true(world_is_content(sensor));
    assert_true(sensor->client.link.is_ik);
    assert_int_equal(sensor->counts[SOTTO_EVENT_LOGGED_IN], 2);
    assert_int_equal(sensor->counts[SOTTO_EVENT_ENROLLED], 1);
    assert_int_not_equal(world_say(world, sensor, 20), 0);
    world_settle(world);
    world_check(world);
    assert_int_equal(ann->heard_count > 0, 1);
    assert_string_equal(ann->heard[ann->heard_count - 1].sender, "ann");
}

static void test_devices_are_added_after_a_password_login(void **state)
{
    (void)state;
    assert_int_equal(sotto_client_add_device(&ann->client, "Phone"),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(sotto_client_add_device(&ann->client, "phone"), SOTTO_OK);
    expect_done(1, SOTTO_PROBLEM_NONE);
    assert_int_equal(sotto_client_add_device(&ann->client, "tablet"), SOTTO_OK);
    expect_done(0, SOTTO_PROBLEM_DEVICE_TAKEN); /* it is the same key */
    dial_again(ann);
    assert_true(world_is_content(ann));
    assert_true(ann->client.link.is_ik);
}

static void test_devices_cannot_speak_for_their_account(void **state)
{
    (void)state;
    const struct sotto_verifier verifier = {.salt_len = 16, .iterations = 5};
    uint8_t hash[SOTTO_HASH_LEN] = {9};
    assert_int_equal(sotto_client_add_device(&ann->client, "phone"), SOTTO_OK);
    expect_done(1, SOTTO_PROBLEM_NONE);
    dial_again(ann);
    assert_int_equal(sotto_client_add_device(&ann->client, "two"), SOTTO_OK);
    expect_done(0, SOTTO_PROBLEM_PASSWORD);
    assert_int_equal(sotto_client_expect(&ann->client, "two", hash, 0),
                     SOTTO_OK);
    expect_done(0, SOTTO_PROBLEM_PASSWORD);
    assert_int_equal(sotto_client_revoke(&ann->client, "phone"), SOTTO_OK);
    expect_done(0, SOTTO_PROBLEM_PASSWORD);
    assert_int_equal(sotto_client_change_password(&ann->client, &verifier,
                                                  true),
                     SOTTO_OK);
    expect_done(0, SOTTO_PROBLEM_PASSWORD);
    assert_int_equal(sotto_client_list_devices(&ann->client), SOTTO_OK);
    expect_done(0, SOTTO_PROBLEM_PASSWORD);
    assert_int_equal(ann->counts[SOTTO_EVENT_DEVICES], 0);
}

static void test_devices_that_are_unknown_are_refused_early(void **state)
{
    (void)state;
    struct world_client *bob = world_add_person(world, "bob");
    sotto_client_dial(&bob->client, world->server_public);
    world_client_turn(world, bob); /* dials, once */
    bob->stays_away = true;
    world_settle(world);
    assert_true(bob->counts[SOTTO_EVENT_CLOSED] > 0);
    assert_int_equal(bob->closed.error, SOTTO_ERR_REFUSED);
    assert_int_equal(bob->closed.refusal, SOTTO_REFUSAL_KEY);
    assert_int_equal(bob->counts[SOTTO_EVENT_LOGGED_IN], 0);
    assert_int_equal(bob->counts[SOTTO_EVENT_IDENTITY], 0);
    assert_int_equal(world->why, SOTTO_WHY_KEY);
}

static void test_devices_are_refused_with_their_account(void **state)
{
    (void)state;
    uint64_t ticket = 0;
    struct world_client *sensor = add_sensor();
    enum sotto_err err =
        sotto_accounts_set_disabled(world->accounts, "ann", 3, true, &ticket);
    assert_int_equal(err, SOTTO_OK);
    dial_once(sensor);
    assert_int_equal(sensor->closed.refusal, SOTTO_REFUSAL_KEY);
    assert_int_equal(world->why, SOTTO_WHY_DISABLED);
}

static void test_devices_are_of_the_account_that_they_say(void **state)
{
    (void)state;
    struct world_client *sensor = add_sensor();
    memcpy(sensor->client.config.name, "bob", 4);
    dial_once(sensor);
    assert_int_equal(sensor->problem.problem, SOTTO_PROBLEM_LOGIN);
    assert_int_equal(sensor->counts[SOTTO_EVENT_LOGGED_IN], 1);
    assert_int_equal(world->why, SOTTO_WHY_ACCOUNT);
}

static void test_devices_codes_count_once(void **state)
{
    (void)state;
    struct world_client *sensor = add_sensor();
    struct world_client *thief = add_bearer();
    world_settle(world);
    assert_int_equal(thief->counts[SOTTO_EVENT_LOGGED_IN], 0);
    assert_int_equal(thief->problem.problem, SOTTO_PROBLEM_DEVICE_UNKNOWN);
    assert_int_equal(world->why, SOTTO_WHY_CODE);
    world_remove_client(world, thief);
    /* It did not hear the answer: with its key the code is as good as new. */
    memcpy(sensor->client.config.device_code, code, sizeof code);
    sensor->client.config.enrols = true;
    world_cut(world, sensor);
    world_settle(world);
    assert_true(world_is_content(sensor));
    assert_int_equal(sensor->counts[SOTTO_EVENT_ENROLLED], 2);
}

static void test_devices_codes_end(void **state)
{
    (void)state;
    expect_device("sensor", 60);
    list();
    assert_int_equal(ann->device_count, 1);
    assert_int_equal(ann->devices[0].flags, SOTTO_DEVICE_EXPECTED);
    assert_int_equal(ann->devices[0].time_s, world->wall_s + 60);
    world->wall_s += 61;
    struct world_client *late = add_bearer();
    world_settle(world);
    assert_int_equal(late->counts[SOTTO_EVENT_LOGGED_IN], 0);
    assert_int_equal(late->problem.problem, SOTTO_PROBLEM_DEVICE_UNKNOWN);
    assert_int_equal(world->why, SOTTO_WHY_EXPIRED);
}

static void test_devices_are_listed(void **state)
{
    (void)state;
    list();
    assert_int_equal(ann->device_count, 0);
    struct world_client *sensor = add_sensor();
    list();
    assert_int_equal(ann->device_count, 1);
    assert_string_equal(ann->devices[0].name, "sensor");
    assert_int_equal(ann->devices[0].flags, SOTTO_DEVICE_HERE);
    assert_int_equal(ann->devices[0].time_s, world->wall_s);
    world_remove_client(world, sensor);
    world_settle(world);
    list();
    assert_int_equal(ann->devices[0].flags, 0);
}

static void test_devices_are_cut_off_when_revoked(void **state)
{
    (void)state;
    struct world_client *sensor = add_sensor();
    assert_int_equal(sotto_client_revoke(&ann->client, "sofa"), SOTTO_OK);
    expect_done(0, SOTTO_PROBLEM_DEVICE_UNKNOWN);
    assert_true(world_is_content(sensor));
    sotto_client_dial(&sensor->client, world->server_public);
    sensor->stays_away = true;
    revoke("sensor");
    assert_int_equal(sensor->closed.error, SOTTO_OK);
    assert_int_equal(sensor->closed.reason, SOTTO_CLOSE_REVOKED);
    sensor->stays_away = false;
    world_client_turn(world, sensor); /* dials, once */
    sensor->stays_away = true;
    world_settle(world);
    assert_int_equal(sensor->closed.refusal, SOTTO_REFUSAL_KEY);
    assert_int_equal(sensor->counts[SOTTO_EVENT_LOGGED_IN], 1);
    assert_true(world_is_content(ann));
}

static void change_password(bool revokes)
{
    struct sotto_verifier verifier = {.salt_len = 16, .iterations = 5};
    struct sotto_scram_keys keys;
    struct sotto_pbkdf2 kdf;
    uint8_t salted[SOTTO_SCRAM_KEY_LEN];
    sotto_pbkdf2_init(&kdf, (const uint8_t *)"new", 3, verifier.salt, 16, 5);
    while (!sotto_pbkdf2_run(&kdf, 100)) {
    }
    sotto_pbkdf2_end(&kdf, salted);
    sotto_scram_keys_derive(salted, &keys);
    sotto_scram_stored_key(&keys, verifier.stored_key);
    memcpy(verifier.server_key, keys.server_key, sizeof verifier.server_key);
    assert_int_equal(sotto_client_change_password(&ann->client, &verifier,
                                                  revokes),
                     SOTTO_OK);
    expect_done(1, SOTTO_PROBLEM_NONE);
}

static void test_password_changes_and_cuts_off_who_knew_the_old_one(
    void **state)
{
    (void)state;
    struct world_client *sensor = add_sensor();
    struct world_client *thief = world_add_client(world, "ann", "password");
    world_settle(world);
    assert_true(world_is_content(thief));
    thief->stays_away = true;
    change_password(false);
    assert_int_equal(thief->closed.reason, SOTTO_CLOSE_REVOKED);
    assert_true(world_is_content(sensor));
    assert_true(world_is_content(ann));
    struct world_client *again = world_add_client(world, "ann", "new");
    world_settle(world);
    assert_true(world_is_content(again));
}

static void test_password_may_take_all_devices_along(void **state)
{
    (void)state;
    struct world_client *sensor = add_sensor();
    sensor->stays_away = true;
    change_password(true);
    assert_int_equal(sensor->closed.reason, SOTTO_CLOSE_REVOKED);
    list();
    assert_int_equal(ann->device_count, 0);
}

static struct sotto_seat_id seat_of(const struct world_client *client)
{
    return world->conns[world->wires[client->wire].conn].seat;
}

/* What the hub says at once to a request of that client's connection. */
static enum sotto_reply_kind ask_hub(const struct world_client *client,
                                     const struct sotto_request *request)
{
    struct sotto_reply reply;
    assert_int_equal(sotto_hub_request(world->hub, seat_of(client), request,
                                       world->now_ms, world->wall_s, &reply),
                     SOTTO_OK);
    return reply.kind;
}

/* The next thing that the hub says is that this client has to go. */
static void expect_kick(const struct world_client *client)
{
    struct sotto_reply reply;
    assert_true(sotto_hub_next(world->hub, &reply));
    assert_int_equal(reply.kind, SOTTO_REPLY_KICK);
    assert_int_equal(reply.reason, SOTTO_CLOSE_REVOKED);
    assert_int_equal(reply.seat.place, seat_of(client).place);
}

static struct sotto_request about_devices(uint8_t type,
                                          const struct sotto_writer *body)
{
    static const uint8_t key[SOTTO_DEVICE_ID_LEN] = {1};
    return (struct sotto_request){.kind = SOTTO_REQUEST_DEVICE,
                                  .device = {type,
                                             {body->out, body->len},
                                             {key, sizeof key}}};
}

/* Requests that were under way when their author was cut off. */
static void test_devices_say_nothing_more_once_revoked(void **state)
{
    (void)state;
    struct world_client *sensor = add_sensor();
    uint8_t body[SOTTO_NAME_MAX + 1];
    struct sotto_writer w;
    const struct sotto_request post = {
        .kind = SOTTO_REQUEST_POST,
        .post = {.room = SOTTO_LOBBY,
                 .id = 1,
                 .text = {(const uint8_t *)"me again", 8}}};
    sotto_writer_init(&w, body, sizeof body);
    sotto_one_name_encode(&w, (struct sotto_span){NULL, 0});
    const struct sotto_request revoke = about_devices(SOTTO_MSG_REVOKE, &w);
    assert_int_equal(ask_hub(ann, &revoke), SOTTO_REPLY_TAKEN);
    const uint64_t next = sotto_hub_next_number(world->hub);
    assert_int_equal(ask_hub(sensor, &post), SOTTO_REPLY_NONE);
    assert_int_equal(sotto_hub_next_number(world->hub), next);
    expect_kick(sensor);
}

static void test_password_that_is_old_makes_no_device_any_more(void **state)
{
    (void)state;
    struct world_client *thief = world_add_client(world, "ann", "password");
    world_settle(world);
    uint8_t bodies[2][128];
    struct sotto_writer w;
    const struct sotto_new_password msg = {{.salt_len = SOTTO_SCRAM_SALT_MIN,
                                            .iterations = 5},
                                           true};
    sotto_writer_init(&w, bodies[0], sizeof bodies[0]);
    sotto_new_password_encode(&w, &msg);
    const struct sotto_request change = about_devices(SOTTO_MSG_PASSWORD, &w);
    sotto_writer_init(&w, bodies[1], sizeof bodies[1]);
    sotto_expect_encode(&w, &(struct sotto_expect){
                                .device = {(const uint8_t *)"sofa", 4}});
    const struct sotto_request expect = about_devices(SOTTO_MSG_EXPECT, &w);
    assert_int_equal(ask_hub(ann, &change), SOTTO_REPLY_TAKEN);
    assert_int_equal(ask_hub(thief, &expect), SOTTO_REPLY_NONE);
    assert_int_equal(sotto_accounts_device_count(world->accounts), 0);
    expect_kick(thief);
}

static void test_password_that_is_weak_is_refused(void **state)
{
    (void)state;
    struct sotto_verifier verifier = {.salt_len = 16, .iterations = 1};
    assert_int_equal(sotto_client_change_password(&ann->client, &verifier,
                                                  true),
                     SOTTO_OK);
    expect_done(0, SOTTO_PROBLEM_WEAK);
}

/* Everything survives a crash once it was said to be done. */
static void test_devices_survive_a_crash(void **state)
{
    (void)state;
    struct world_client *sensor = add_sensor();
    sotto_client_dial(&sensor->client, world->server_public);
    world_crash(world, &(struct faulty_cut){0});
    world_start(world);
    world_settle(world);
    assert_true(world_is_content(sensor));
    assert_true(sensor->client.link.is_ik);
}

/* Another connection with the key of that client, by IK. */
static struct world_client *add_twin(const struct world_client *client)
{
    struct world_client *twin = world_add_stranger(world, "ann");
    memcpy(twin->private_key, client->private_key, sizeof twin->private_key);
    memcpy(twin->public_key, client->public_key, sizeof twin->public_key);
    sotto_client_dial(&twin->client, world->server_public);
    return twin;
}

/* A power cut could take it back: nobody may rely on it before. */
static void test_devices_get_in_when_they_are_durable(void **state)
{
    (void)state;
    for (int with_code = 0; with_code < 2; with_code++) {
        struct world_client *first = ann;
        if (with_code == 0) {
            assert_int_equal(sotto_client_add_device(&ann->client, "phone"),
                             SOTTO_OK);
        } else {
            expect_device("sensor", 0);
            first = add_bearer();
        }
        world_settle_without_disk(world);
        struct world_client *twin = add_twin(first);
        world_settle_without_disk(world);
        assert_int_equal(twin->counts[SOTTO_EVENT_LOGGED_IN], 0);
        assert_int_equal(twin->counts[SOTTO_EVENT_CLOSED], 0);
        world_settle(world);
        assert_true(world_is_content(twin));
        assert_true(twin->client.link.is_ik);
    }
}

static void test_devices_that_could_not_be_stored_stay_out(void **state)
{
    (void)state;
    assert_int_equal(sotto_client_add_device(&ann->client, "phone"), SOTTO_OK);
    world_settle_without_disk(world); /* appended; the sync is under way */
    world->disk.fail_at = world->disk.calls + 1;
    world->disk.fail_err = SOTTO_ERR_IO;
    struct world_client *twin = add_twin(ann);
    world_settle(world);
    assert_int_equal(ann->problem.problem, SOTTO_PROBLEM_STORAGE);
    assert_int_equal(twin->problem.problem, SOTTO_PROBLEM_STORAGE);
    assert_int_equal(twin->counts[SOTTO_EVENT_LOGGED_IN], 0);
}

/* What the file says may still be in a cache when a server finds it there. */
static void test_devices_that_were_read_wait_for_the_first_sync(void **state)
{
    (void)state;
    struct world_client *sensor = add_sensor();
    sotto_client_dial(&sensor->client, world->server_public);
    world_crash(world, &(struct faulty_cut){0});
    world_start(world);
    world_settle_without_disk(world);
    assert_int_equal(ann->counts[SOTTO_EVENT_LOGGED_IN], 1);
    assert_int_equal(sensor->counts[SOTTO_EVENT_LOGGED_IN], 1);
    world_settle(world);
    assert_true(world_is_content(sensor));
    assert_true(world_is_content(ann));
}

static void test_devices_frames_need_their_state(void **state)
{
    static const struct {
        uint8_t type;
        const char *body;
        size_t len;
    } cases[] = {
        {SOTTO_MSG_DEVICE_LOGIN, "\003ann", 4}, /* over XX */
        {SOTTO_MSG_DEVICES, "", 0},             /* nobody is logged in */
        {SOTTO_MSG_DEVICE_ADD, "\001a", 2},
        {SOTTO_MSG_ENROL, "too short", 9},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct peer peer;
        peer_open(&peer, world);
        peer_send(&peer, cases[i].type, cases[i].body, cases[i].len);
        peer_expect_close(&peer, SOTTO_CLOSE_PROTOCOL);
        peer_hang_up(&peer);
    }
}

int test_devices(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, scene_end)
    const struct CMUnitTest tests[] = {
        TEST(test_devices_enrol_by_code_and_come_back_by_key),
        TEST(test_devices_are_added_after_a_password_login),
        TEST(test_devices_cannot_speak_for_their_account),
        TEST(test_devices_that_are_unknown_are_refused_early),
        TEST(test_devices_are_refused_with_their_account),
        TEST(test_devices_are_of_the_account_that_they_say),
        TEST(test_devices_codes_count_once),
        TEST(test_devices_codes_end),
        TEST(test_devices_are_listed),
        TEST(test_devices_are_cut_off_when_revoked),
        TEST(test_password_changes_and_cuts_off_who_knew_the_old_one),
        TEST(test_password_may_take_all_devices_along),
        TEST(test_devices_say_nothing_more_once_revoked),
        TEST(test_password_that_is_old_makes_no_device_any_more),
        TEST(test_password_that_is_weak_is_refused),
        TEST(test_devices_survive_a_crash),
        TEST(test_devices_get_in_when_they_are_durable),
        TEST(test_devices_that_could_not_be_stored_stay_out),
        TEST(test_devices_that_were_read_wait_for_the_first_sync),
        TEST(test_devices_frames_need_their_state),
    };
#undef TEST
    return cmocka_run_group_tests_name("chat/devices", tests, NULL, NULL);
}
