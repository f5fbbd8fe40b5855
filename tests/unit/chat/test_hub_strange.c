/* A hub that finds in its log what it cannot show, ends while it is asked, or is
 * told of somebody who has gone. */
#include "tests/unit/chat/scene.h"
#include "tests/unit/test.h"

#include <string.h>

static struct world_client *ann;

static int setup(void **state)
{
    (void)state;
    scene_begin(&(struct world_options){.seed = 1, .history = 20});
    ann = scene_bring("ann");
    return 0;
}

static void say(void)
{
    assert_int_not_equal(world_say(world, ann, 20), 0);
    world_settle(world);
    assert_true(world_is_content(ann));
}

/* Somebody new sees so many of ann's messages. */
static void expect_past(unsigned messages)
{
    assert_int_equal(scene_heard(scene_bring("bob"), SOTTO_MSG_MESSAGE, NULL),
                     messages);
}

static void test_hub_leaves_out_entries_of_a_later_version(void **state)
{
    (void)state;
    uint64_t number = 0;
    say();
    assert_int_equal(sotto_log_append(world->log, (const uint8_t *)"\xff later",
                                      7, &number),
                     SOTTO_OK);
    assert_int_equal(sotto_hub_counters(world->hub)->left_out, 0);
    say();
    expect_past(2);
    assert_int_equal(sotto_hub_counters(world->hub)->left_out, 1);
}

static void test_hub_leaves_out_damaged_entries(void **state)
{
    (void)state;
    say();
    say();
    say();
    struct faulty_bytes *bytes =
        faulty_files_find(&world->disk, "lobby.00000001");
    assert_non_null(bytes);
    size_t at = 0; /* of the second one's text */
    while (memcmp(bytes->at + at, "ann 1 ", 6) != 0) {
        assert_true(++at < bytes->len - 6);
    }
    bytes->at[at] ^= 1;
    expect_past(2);
    assert_int_equal(sotto_hub_counters(world->hub)->left_out, 1);
}

static void test_hub_that_ends_still_answers_but_changes_nothing(void **state)
{
    (void)state;
    sotto_hub_drain(world->hub);
    assert_int_equal(sotto_client_list_devices(&ann->client), SOTTO_OK);
    assert_int_equal(sotto_client_who(&ann->client), SOTTO_OK);
    world_settle(world);
    assert_int_equal(ann->counts[SOTTO_EVENT_DEVICES], 1);
    assert_int_equal(ann->counts[SOTTO_EVENT_PRESENT], 1);
    assert_int_equal(sotto_client_add_device(&ann->client, "phone"), SOTTO_OK);
    ann->stays_away = true;
    world_settle(world);
    assert_int_equal(ann->counts[SOTTO_EVENT_DONE], 0);
    assert_int_equal(sotto_accounts_device_count(world->accounts), 0);
}

static void test_hub_knows_nobody_who_has_gone(void **state)
{
    (void)state;
    const struct world_conn *conn = &world->conns[0];
    const struct sotto_seat_id old = {conn->seat.place,
                                      conn->seat.generation + 1};
    const struct sotto_request request = {.kind = SOTTO_REQUEST_WHO};
    struct sotto_reply reply;
    sotto_hub_leave(world->hub, old);
    assert_int_equal(sotto_hub_request(world->hub, old, &request, world->now_ms,
                                       world->wall_s, &reply),
                     SOTTO_OK);
    assert_int_equal(reply.kind, SOTTO_REPLY_NONE);
    say(); /* ann was not meant */
}

int test_hub_strange(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, scene_end)
    const struct CMUnitTest tests[] = {
        TEST(test_hub_leaves_out_entries_of_a_later_version),
        TEST(test_hub_leaves_out_damaged_entries),
        TEST(test_hub_that_ends_still_answers_but_changes_nothing),
        TEST(test_hub_knows_nobody_who_has_gone),
    };
#undef TEST
    return cmocka_run_group_tests_name("hub_strange", tests, NULL, NULL);
}
