/* A device in a room: whom it trusts, when it comes back, what it hears. */
#include "tests/unit/support/gadget.h"
#include "tests/unit/test.h"

#include <string.h>

static struct gadget gadget;

/* A world with somebody in it, and an account for the device. */
static struct world *begin(const struct world_options *options,
                           struct world_client **ann)
{
    struct world *world = world_begin(options);
    *ann = world_add_person(world, "ann");
    (*ann)->keeps_password = true;
    world_add_account(world, "sensor", "password");
    world_settle(world);
    gadget_init(&gadget, world);
    return world;
}

static void say(struct world *world, struct world_client *who)
{
    assert_int_not_equal(world_say(world, who, 20), 0);
    world_settle(world);
}

static void finish(struct world *world)
{
    if (!gadget.is_off) {
        gadget_off(&gadget, true);
    }
    world_end(world);
}

/* ---- a good day ---- */

static void test_device_talks_and_listens(void **state)
{
    (void)state;
    for (enum world_cut cut = WORLD_WHOLE; cut <= WORLD_BYTES; cut++) {
        struct world_client *ann = NULL;
        struct world *world =
            begin(&(struct world_options){.seed = 1, .cut = cut}, &ann);
        gadget_on(&gadget);
        assert_int_equal(gadget.counts[SOTTO_DEVICE_ONLINE], 1);
        say(world, ann);
        gadget_settle(&gadget);
        assert_int_equal(gadget.last.kind, SOTTO_DEVICE_MESSAGE);
        assert_memory_equal(gadget.last.from.at, "ann", 3);
        assert_false(gadget.last.is_own);
        const uint64_t id = gadget_say(&gadget, "too warm");
        assert_int_equal(sotto_device_unsent(gadget.device), 1);
        gadget_settle(&gadget);
        assert_int_equal(gadget.last.kind, SOTTO_DEVICE_SENT);
        assert_int_equal(gadget.last.id, id);
        assert_int_equal(sotto_device_unsent(gadget.device), 0);
        assert_string_equal(ann->heard[ann->heard_count - 1].sender, "sensor");
        assert_memory_equal(ann->heard[ann->heard_count - 1].text, "too warm",
                            8);
        assert_int_equal(gadget.counts[SOTTO_DEVICE_OFFLINE], 0);
        finish(world);
    }
}

static void test_device_tells_who_comes_and_goes(void **state)
{
    (void)state;
    struct world_client *ann = NULL;
    struct world *world = begin(&(struct world_options){.seed = 2}, &ann);
    gadget_on(&gadget);
    struct world_client *bob = world_add_person(world, "bob");
    gadget_settle(&gadget);
    assert_int_equal(gadget.last.kind, SOTTO_DEVICE_ENTERED);
    assert_memory_equal(gadget.last.from.at, "bob", 3);
    sotto_client_leave(&bob->client, false);
    bob->stays_away = true;
    gadget_settle(&gadget);
    assert_int_equal(gadget.last.kind, SOTTO_DEVICE_LEFT);
    finish(world);
}

static void test_device_is_not_made_beyond_its_limits(void **state)
{
    (void)state;
    static _Alignas(16) uint8_t memory[SOTTO_DEVICE_MEMORY(20000U, 100U)];
    static char code[SOTTO_CODE_MAX + 2];
    struct world_client *ann = NULL;
    struct world *world = begin(&(struct world_options){.seed = 3}, &ann);
    struct sotto_device *device = NULL;
    struct sotto_device_config config = gadget.config;
    memset(code, 'c', sizeof code - 1);
    config.code = code;
    assert_int_equal(sotto_device_init(&device, &config, memory, sizeof memory),
                     SOTTO_ERR_LIMIT);
    config.code = NULL;
    config.receive_limit = SOTTO_RECORD_LIMIT_MIN - 1;
    assert_int_equal(sotto_device_init(&device, &config, memory, sizeof memory),
                     SOTTO_ERR_LIMIT);
    config.receive_limit = SOTTO_RECORD_LIMIT_HOST + 1;
    assert_int_equal(sotto_device_init(&device, &config, memory, sizeof memory),
                     SOTTO_ERR_LIMIT);
    config.receive_limit = SOTTO_RECORD_LIMIT_MIN;
    assert_int_equal(sotto_device_init(&device, &config, memory, sizeof memory),
                     SOTTO_OK);
    sotto_device_wipe(device);
    finish(world);
}

static void test_device_refuses_what_cannot_be_said(void **state)
{
    (void)state;
    static char text[SOTTO_MAX_TEXT + 1];
    struct world_client *ann = NULL;
    struct world *world = begin(&(struct world_options){.seed = 3}, &ann);
    uint64_t id = 0;
    gadget_on(&gadget);
    memset(text, 'x', sizeof text);
    assert_int_equal(sotto_device_say(gadget.device, text, sizeof text, &id),
                     SOTTO_ERR_LIMIT);
    assert_int_equal(sotto_device_say(gadget.device, text, 0, &id),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(sotto_device_say(gadget.device, "\xff", 1, &id),
                     SOTTO_ERR_FORMAT);
    size_t count = 0;
    while (sotto_device_say(gadget.device, text, 300, &id) == SOTTO_OK) {
        count++;
    }
    assert_true(count >= GADGET_QUEUE / 348);
    gadget_settle(&gadget);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_SENT], count);
    finish(world);
}

static void test_device_leaves_when_all_is_stored(void **state)
{
    (void)state;
    struct world_client *ann = NULL;
    struct world *world = begin(&(struct world_options){.seed = 4}, &ann);
    gadget_on(&gadget);
    (void)gadget_say(&gadget, "good night");
    sotto_device_leave(gadget.device);
    gadget_settle(&gadget);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_SENT], 1);
    assert_int_equal(gadget.offline.why, SOTTO_DEVICE_WHY_LEFT);
    assert_true(gadget.offline.retry_ms == SOTTO_DEVICE_NEVER);
    assert_true(sotto_device_deadline_ms(gadget.device) == UINT64_MAX);
    sotto_device_retry(gadget.device);
    gadget_settle(&gadget);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_ONLINE], 2);
    finish(world);
}

/* To try again at once is no reason to stay. */
static void test_device_leaves_when_it_was_to_try_again(void **state)
{
    (void)state;
    struct world_client *ann = NULL;
    struct world *world = begin(&(struct world_options){.seed = 4}, &ann);
    gadget_on(&gadget);
    world_stop(world);
    gadget_settle(&gadget);
    (void)gadget_say(&gadget, "good night, whenever you come back");
    sotto_device_leave(gadget.device);
    world_start(world);
    sotto_device_retry(gadget.device);
    gadget_settle(&gadget);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_SENT], 1);
    assert_int_equal(gadget.offline.why, SOTTO_DEVICE_WHY_LEFT);
    assert_true(gadget.offline.retry_ms == SOTTO_DEVICE_NEVER);
    finish(world);
}

/* ---- power ---- */

static void test_device_hears_once_what_was_said_without_it(void **state)
{
    (void)state;
    struct world_client *ann = NULL;
    struct world *world = begin(&(struct world_options){.seed = 5}, &ann);
    gadget_on(&gadget);
    for (int life = 0; life < 4; life++) {
        gadget_off(&gadget, life % 2 == 0);
        say(world, ann);
        gadget_on(&gadget);
        gadget_store(&gadget);
        say(world, ann);
        gadget_settle(&gadget);
        gadget_store(&gadget); /* before acting */
    }
    assert_int_equal(gadget.heard_count, 8);
    for (size_t i = 0; i < GADGET_NUMBERS; i++) {
        assert_in_range(gadget.heard[i], 0, 1);
    }
    finish(world);
}

static void test_device_hears_again_what_it_did_not_store(void **state)
{
    (void)state;
    struct world_client *ann = NULL;
    struct world *world = begin(&(struct world_options){.seed = 6}, &ann);
    gadget_on(&gadget);
    say(world, ann);
    gadget_settle(&gadget);
    const uint64_t number = gadget.last.number;
    gadget_off(&gadget, true);
    gadget_on(&gadget);
    assert_int_equal(gadget.heard[number], 2);
    finish(world);
}

static void test_device_knows_its_own_words_of_an_earlier_run(void **state)
{
    (void)state;
    struct world_client *ann = NULL;
    struct world *world = begin(&(struct world_options){.seed = 7}, &ann);
    gadget_on(&gadget);
    (void)gadget_say(&gadget, "here I am");
    gadget_settle(&gadget);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_MESSAGE], 0);
    gadget_off(&gadget, true);
    gadget_on(&gadget);
    assert_int_equal(gadget.last.kind, SOTTO_DEVICE_ONLINE);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_MESSAGE], 1);
    finish(world);
}

/* Keys are made once; then the password is not needed. */
static void test_device_keeps_keys_instead_of_the_password(void **state)
{
    (void)state;
    struct world_client *ann = NULL;
    struct world *world = begin(&(struct world_options){.seed = 8}, &ann);
    gadget_on(&gadget);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_SAVE], 2); /* key; keys */
    gadget_off(&gadget, true);
    gadget.config.password.len = 0;
    gadget_on(&gadget);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_ONLINE], 2);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_SAVE], 2);
    finish(world);
}

static void test_device_registers_once(void **state)
{
    (void)state;
    struct world_client *ann = NULL;
    struct world *world = begin(&(struct world_options){.seed = 9}, &ann);
    gadget.config.name = "novice";
    gadget.config.registers = true;
    gadget_on(&gadget);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_ONLINE], 1);
    gadget_off(&gadget, true);
    gadget_on(&gadget);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_ONLINE], 2);
    finish(world);
}

/* The power goes after the server has stored the account, and before the device
 * knows: it logs in. */
static void test_device_takes_an_account_that_it_had_made(void **state)
{
    (void)state;
    struct world_client *ann = NULL;
    struct world *world = begin(&(struct world_options){.seed = 10}, &ann);
    gadget.config.name = "novice";
    gadget.config.registers = true;
    gadget.saves = false;
    gadget_on(&gadget);
    gadget_off(&gadget, true);
    gadget_on(&gadget);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_ONLINE], 2);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_OFFLINE], 0);
    finish(world);
}

/* ---- what does not go well ---- */

static void test_device_stops_at_another_key(void **state)
{
    (void)state;
    struct world_client *ann = NULL;
    struct world *world = begin(&(struct world_options){.seed = 11}, &ann);
    uint8_t seen[SOTTO_FINGERPRINT_LEN];
    sotto_fingerprint_of_key(world->server_public, seen);
    gadget.fingerprint[0] = gadget.fingerprint[0] == 'a' ? 'b' : 'a';
    gadget_on(&gadget);
    assert_int_equal(gadget.offline.why, SOTTO_DEVICE_WHY_KEY);
    assert_memory_equal(gadget.offline.fingerprint, seen, sizeof seen);
    assert_true(gadget.offline.retry_ms == SOTTO_DEVICE_NEVER);
    gadget_wait(&gadget, 3600000);
    assert_int_equal(gadget.dials, 1);
    sotto_device_retry(gadget.device); /* a person wants it */
    gadget_settle(&gadget);
    assert_int_equal(gadget.dials, 2);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_OFFLINE], 2);
    finish(world);
}

static void test_device_waits_long_with_a_wrong_password(void **state)
{
    (void)state;
    struct world_client *ann = NULL;
    struct world *world = begin(&(struct world_options){.seed = 12}, &ann);
    gadget.config.password.len--;
    gadget_on(&gadget);
    assert_int_equal(gadget.offline.why, SOTTO_DEVICE_WHY_PASSWORD);
    assert_in_range(gadget.offline.retry_ms, 450000, 1350000);
    gadget_wait(&gadget, 440000);
    assert_int_equal(gadget.dials, 1);
    gadget_wait(&gadget, 960000);
    assert_in_range(gadget.dials, 2, 3);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_ONLINE], 0);
    finish(world);
}

static void test_device_says_when_a_name_is_taken(void **state)
{
    (void)state;
    struct world_client *ann = NULL;
    struct world *world = begin(&(struct world_options){.seed = 13}, &ann);
    gadget.config.registers = true;
    gadget.config.password.len--;
    gadget_on(&gadget);
    assert_int_equal(gadget.offline.why, SOTTO_DEVICE_WHY_PASSWORD);
    finish(world);
}

static void test_device_says_when_it_may_not_register(void **state)
{
    (void)state;
    struct world_client *ann = NULL;
    struct world *world =
        begin(&(struct world_options){.seed = 14,
                                      .registration =
                                          SOTTO_REGISTRATION_CLOSED},
              &ann);
    gadget.config.name = "novice";
    gadget.config.registers = true;
    gadget_on(&gadget);
    assert_int_equal(gadget.offline.why, SOTTO_DEVICE_WHY_REFUSED);
    assert_in_range(gadget.offline.retry_ms, 450000, 1350000);
    finish(world);
}

static void test_device_comes_back_less_and_less_often(void **state)
{
    (void)state;
    struct world_client *ann = NULL;
    struct world *world = begin(&(struct world_options){.seed = 15}, &ann);
    gadget_on(&gadget);
    world_stop(world);
    gadget_settle(&gadget);
    assert_int_equal(gadget.offline.why, SOTTO_DEVICE_WHY_ENDED);
    uint64_t most_ms = 750;
    for (int i = 0; i < 8; i++) {
        assert_in_range(gadget.offline.retry_ms, 250, most_ms);
        most_ms = most_ms < 45000 ? 2 * most_ms : 90000;
        gadget_wait(&gadget, gadget.offline.retry_ms);
        assert_int_equal(gadget.dials, i + 2);
        assert_int_equal(gadget.offline.why, SOTTO_DEVICE_WHY_NETWORK);
        assert_int_equal(gadget.offline.err, SOTTO_ERR_REFUSED);
    }
    const uint64_t id = gadget_say(&gadget, "said while alone");
    world_start(world);
    gadget_wait(&gadget, 90000);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_ONLINE], 2);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_SENT], 1);
    assert_int_equal(gadget.last.id, id);
    world_stop(world); /* and begins again with a short wait */
    gadget_settle(&gadget);
    assert_in_range(gadget.offline.retry_ms, 250, 750);
    finish(world);
}

/* A server that is there, and says nothing any more. */
static void test_device_gives_up_a_server_that_is_silent(void **state)
{
    (void)state;
    struct world_client *ann = NULL;
    struct world *world = begin(&(struct world_options){.seed = 16}, &ann);
    gadget_on(&gadget);
    gadget.wire->is_stuck = true;
    gadget_wait(&gadget, 89000);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_OFFLINE], 0);
    gadget_wait(&gadget, 2000);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_OFFLINE], 1);
    assert_int_equal(gadget.offline.why, SOTTO_DEVICE_WHY_NETWORK);
    assert_int_equal(gadget.offline.err, SOTTO_ERR_TIMEOUT);
    finish(world);
}

static void test_device_waits_while_the_server_is_full(void **state)
{
    (void)state;
    struct world_client *ann = NULL;
    struct world *world =
        begin(&(struct world_options){.seed = 17, .sessions = 1}, &ann);
    gadget_on(&gadget);
    assert_int_equal(gadget.offline.why, SOTTO_DEVICE_WHY_BUSY);
    world_remove_client(world, ann);
    gadget_wait(&gadget, 2000);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_ONLINE], 1);
    finish(world);
}

static void test_device_tells_what_was_not_stored(void **state)
{
    (void)state;
    struct world_client *ann = NULL;
    struct world *world = begin(&(struct world_options){.seed = 18}, &ann);
    gadget_on(&gadget);
    world->disk.capacity = 1; /* full from now on */
    const uint64_t id = gadget_say(&gadget, "nowhere to be put");
    gadget_settle(&gadget);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_UNSENT], 1);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_SENT], 0);
    for (size_t i = 0; i < gadget.kind_count; i++) {
        assert_int_not_equal(gadget.kinds[i], SOTTO_DEVICE_SENT);
    }
    assert_int_not_equal(id, 0);
    finish(world);
}

/* The server's log is gone, or a part of it. */
static void test_device_is_told_that_it_missed_something(void **state)
{
    (void)state;
    struct world_client *ann = NULL;
    struct world *world = begin(&(struct world_options){.seed = 19,
                                                        .segment = 1024,
                                                        .segments = 4},
                                &ann);
    gadget_on(&gadget);
    gadget_off(&gadget, true);
    for (int i = 0; i < 60; i++) {
        assert_int_not_equal(world_say(world, ann, 200), 0);
        world_settle(world);
    }
    gadget_on(&gadget);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_MISSED], 1);
    assert_int_equal(gadget.counts[SOTTO_DEVICE_SAVE], 3);
    assert_true(gadget.heard_count > 0 && gadget.heard_count < 60);
    finish(world);
}

int test_device(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_device_talks_and_listens),
        cmocka_unit_test(test_device_tells_who_comes_and_goes),
        cmocka_unit_test(test_device_is_not_made_beyond_its_limits),
        cmocka_unit_test(test_device_refuses_what_cannot_be_said),
        cmocka_unit_test(test_device_leaves_when_all_is_stored),
        cmocka_unit_test(test_device_leaves_when_it_was_to_try_again),
        cmocka_unit_test(test_device_hears_once_what_was_said_without_it),
        cmocka_unit_test(test_device_hears_again_what_it_did_not_store),
        cmocka_unit_test(test_device_knows_its_own_words_of_an_earlier_run),
        cmocka_unit_test(test_device_keeps_keys_instead_of_the_password),
        cmocka_unit_test(test_device_registers_once),
        cmocka_unit_test(test_device_takes_an_account_that_it_had_made),
        cmocka_unit_test(test_device_stops_at_another_key),
        cmocka_unit_test(test_device_waits_long_with_a_wrong_password),
        cmocka_unit_test(test_device_says_when_a_name_is_taken),
        cmocka_unit_test(test_device_says_when_it_may_not_register),
        cmocka_unit_test(test_device_comes_back_less_and_less_often),
        cmocka_unit_test(test_device_gives_up_a_server_that_is_silent),
        cmocka_unit_test(test_device_waits_while_the_server_is_full),
        cmocka_unit_test(test_device_tells_what_was_not_stored),
        cmocka_unit_test(test_device_is_told_that_it_missed_something),
    };
    return cmocka_run_group_tests_name("device", tests, NULL, NULL);
}
