/* The past of a room: what a newcomer sees of it, and what those hear who were
 * away, or slow. */
#include "tests/unit/chat/scene.h"
#include "tests/unit/support/peer.h"
#include "tests/unit/test.h"

#include <string.h>

/* ---- the past ---- */

static void test_room_shows_a_newcomer_as_much_as_it_asks_for(void **state)
{
    (void)state;
    struct peer peer;
    struct world_client *ann = world_add_person(world, "ann");
    world_add_account(world, "bob", "password");
    world_settle(world);
    scene_say(ann, 10); /* with ENTERED: numbers 1 to 11 */
    world_settle(world);
    static const uint16_t asked[] = {0, 1, 10, 11, 12, 1000};
    static const size_t shown[] = {0, 1, 10, 11, 12, 23};
    size_t more = 0; /* ENTERED and LEFT of bob, from the times before */
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct sotto_frame frame;
        size_t entries = 0;
        peer_open(&peer, world);
        peer_login(&peer, "bob", "password");
        const struct sotto_joined joined = peer_join(&peer, i + 1, 0, asked[i]);
        assert_int_equal(joined.next, 11 + more + 2);
        while (peer_next(&peer, &frame)) {
            entries += frame.type != SOTTO_MSG_CAUGHT_UP;
        }
        const size_t there = 11 + more;
        assert_int_equal(entries, shown[i] < there ? shown[i] : there);
        peer_hang_up(&peer);
        more += 2;
    }
}

static void test_room_history_reaches_over_skipped_numbers(void **state)
{
    (void)state;
    scene_begin(&(struct world_options){.seed = 1, .history = 100});
    struct world_client *ann = world_add_person(world, "ann");
    for (int i = 0; i < 12; i++) {
        world_settle(world);
        scene_say(ann, 5);
        world_settle(world);
        world_crash(world, &(struct faulty_cut){0});
        world_start(world); /* up to 16 numbers are not used */
    }
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    assert_int_equal(scene_heard(bob, SOTTO_MSG_MESSAGE, "ann"), 60);
    world_check(world);
}

static void test_room_resumes_without_gap_or_double(void **state)
{
    (void)state;
    struct world_client *ann = world_add_person(world, "ann");
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    for (int i = 0; i < 5; i++) {
        scene_say(ann, 3);
        world_settle(world);
        bob->stays_away = true;
        world_cut(world, bob);
        world_settle(world);
        scene_say(ann, 4);
        scene_say(bob, 2);
        world_settle(world);
        bob->stays_away = false;
        world_settle(world);
    }
    assert_int_equal(scene_heard(bob, SOTTO_MSG_MESSAGE, "ann"), 35);
    assert_int_equal(scene_heard(ann, SOTTO_MSG_MESSAGE, "bob"), 10);
    assert_int_equal(scene_heard(bob, SOTTO_MSG_MESSAGE, "bob"), 0);
    assert_int_equal(world_acked(world, bob), 10);
    assert_false(bob->missed);
    world_check(world);
}

/* The acknowledgement was lost, the message was not: it is not said again. */
static void test_room_does_not_say_twice_what_arrived(void **state)
{
    (void)state;
    struct world_client *ann = world_add_person(world, "ann");
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    scene_say(ann, 3);
    while (scene_heard(bob, SOTTO_MSG_MESSAGE, "ann") < 3) {
        world_settle_without_disk(world);
    }
    world_half_cut(world, ann);
    world_settle_without_disk(world); /* back; the disk still works on it */
    assert_int_equal(ann->client.state, SOTTO_CLIENT_ROOM);
    assert_false(ann->client.is_caught_up);
    assert_int_equal(world_acked(world, ann), 0);
    world_settle(world);
    assert_int_equal(world_acked(world, ann), 3);
    assert_true(world_is_content(ann));
    assert_int_equal(scene_heard(bob, SOTTO_MSG_MESSAGE, "ann"), 3);
    assert_int_equal(scene_heard(bob, SOTTO_MSG_LEFT, NULL), 0);
    world_check(world);
}

static void test_room_replaces_the_same_clients_half_dead_connection(
    void **state)
{
    (void)state;
    struct world_client *ann = world_add_person(world, "ann");
    struct peer first;
    struct peer second;
    world_add_account(world, "bob", "password");
    peer_enter(&first, world, "bob", 42);
    peer_open(&second, world);
    peer_login(&second, "bob", "password");
    (void)peer_join(&second, 42, 1, 0);
    peer_expect_close(&first, SOTTO_CLOSE_REPLACED);
    world_settle(world);
    assert_int_equal(scene_heard(ann, SOTTO_MSG_LEFT, "bob"), 0);
    assert_int_equal(scene_heard(ann, SOTTO_MSG_ENTERED, "bob"), 1);
    peer_hang_up(&second);
    assert_int_equal(scene_heard(ann, SOTTO_MSG_LEFT, "bob"), 1);
}

/* Somebody else who happens to have the same instance replaces nobody. */
static void test_room_instances_belong_to_accounts(void **state)
{
    (void)state;
    struct peer ann;
    struct peer bob;
    world_add_account(world, "ann", "password");
    world_add_account(world, "bob", "password");
    peer_enter(&ann, world, "ann", 42);
    peer_open(&bob, world);
    peer_login(&bob, "bob", "password");
    (void)peer_join(&bob, 42, 1, 0);
    struct sotto_frame frame = peer_expect(&bob, SOTTO_MSG_ENTERED); /* ann */
    peer_post(&ann, 1, "hello");
    frame = peer_expect(&bob, SOTTO_MSG_CAUGHT_UP);
    (void)frame;
    peer_hang_up(&ann);
    peer_hang_up(&bob);
}

/* ---- gaps ---- */

/* A log of so few and small segments that old entries go soon. */
static const struct world_options forgetful = {.seed = 1,
                                               .segment = 1024,
                                               .segments = 2,
                                               .pending = 8};

static void test_room_says_when_something_was_missed(void **state)
{
    (void)state;
    scene_begin(&forgetful);
    struct world_client *ann = world_add_person(world, "ann");
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    bob->stays_away = true;
    world_cut(world, bob);
    world_settle(world);
    for (int i = 0; i < 20; i++) {
        scene_say(ann, 5);
        world_settle(world);
    }
    bob->stays_away = false;
    world_settle(world);
    assert_true(bob->missed);
    assert_true(bob->joined.first > 5);
    assert_true(world_is_content(bob));
    world_check(world);
}

/* While it was connected, too. */
static void test_room_slow_reader_hears_that_something_was_missed(void **state)
{
    (void)state;
    struct world_options options = forgetful;
    options.feed = 1024;
    scene_begin(&options);
    struct world_client *ann = world_add_person(world, "ann");
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    bob->is_there = false; /* it neither reads nor writes for a while */
    for (int i = 0; i < 20; i++) {
        scene_say(ann, 5);
        world_settle(world);
    }
    bob->is_there = true;
    world_settle(world);
    assert_int_equal(bob->closed.error, SOTTO_OK);
    assert_int_equal(bob->closed.reason, SOTTO_CLOSE_SLOW);
    assert_int_equal(bob->counts[SOTTO_EVENT_JOINED], 2);
    assert_true(bob->missed);
    assert_true(world_is_content(bob));
    world_check(world);
}

/* Whether a post arrived cannot be told any more: it is not said again, and its
 * author hears of it. */
static void test_room_is_honest_about_posts_in_a_gap(void **state)
{
    (void)state;
    scene_begin(&forgetful);
    struct world_client *ann = world_add_person(world, "ann");
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    scene_say(bob, 2);
    while (scene_heard(ann, SOTTO_MSG_MESSAGE, "bob") < 2) {
        world_settle_without_disk(world);
    }
    world_half_cut(world, bob);
    bob->stays_away = true;
    scene_say(bob, 1); /* this one was never sent */
    for (int i = 0; i < 20; i++) {
        scene_say(ann, 5);
        world_settle(world);
    }
    bob->stays_away = false;
    world_settle(world);
    assert_int_equal(bob->counts[SOTTO_EVENT_PROBLEM], 2);
    assert_int_equal(bob->posts[0].problem, SOTTO_PROBLEM_UNSURE);
    assert_int_equal(bob->posts[1].problem, SOTTO_PROBLEM_UNSURE);
    assert_int_not_equal(bob->posts[2].number, 0);
    assert_int_equal(scene_heard(ann, SOTTO_MSG_MESSAGE, "bob"), 3);
    assert_true(world_is_content(bob));
}

static void test_room_goes_on_with_a_server_that_begins_anew(void **state)
{
    (void)state;
    scene_begin(&(struct world_options){.seed = 1, .history = 50});
    struct world_client *ann = world_add_person(world, "ann");
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    scene_say(ann, 20);
    world_settle(world);
    world_crash(world, &(struct faulty_cut){0});
    scene_say(bob, 2);

    /* Another disk, with the same accounts. */
    faulty_files_free(&world->disk);
    faulty_files_init(&world->disk);
    world->last_number = 0;
    memset(world->book, 0, sizeof world->book);
    for (size_t i = 0; i < ann->post_count; i++) {
        ann->posts[i].number = 0; /* of the old log */
    }
    bob->heard_count = 0;
    world_start(world);
    world_add_account(world, "ann", "password");
    world_add_account(world, "bob", "password");
    ann->heard_count = 0;
    world_settle(world);
    assert_true(bob->missed);
    assert_true(world_is_content(ann));
    assert_true(world_is_content(bob));
    assert_int_equal(world_acked(world, bob), 2);
    assert_int_equal(scene_heard(ann, SOTTO_MSG_MESSAGE, "bob"), 2);
}

/* ---- slow readers ---- */

static void test_room_slow_reader_goes_on_from_the_log(void **state)
{
    (void)state;
    scene_begin(&(struct world_options){.seed = 1, .feed = 1024});
    struct world_client *ann = world_add_person(world, "ann");
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    bob->is_there = false; /* it neither reads nor writes for a while */
    for (int i = 0; i < 40; i++) {
        scene_say(ann, 5);
        world_settle(world);
    }
    assert_int_equal(world_acked(world, ann), 200); /* nobody waited for it */
    bob->is_there = true;
    world_settle(world);
    assert_int_equal(bob->counts[SOTTO_EVENT_JOINED], 1);
    assert_int_equal(scene_heard(bob, SOTTO_MSG_MESSAGE, "ann"), 200);
    world_check(world);
}

static void test_room_reader_that_takes_nothing_is_dropped_and_resumes(
    void **state)
{
    (void)state;
    struct world_client *ann = world_add_person(world, "ann");
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    bob->is_there = false;
    for (int i = 0; i < 40; i++) {
        scene_say(ann, 5);
        world_settle(world);
    }
    world_wait(world, 21000);
    assert_int_equal(world_open_count(world), 1);
    assert_int_equal(scene_heard(ann, SOTTO_MSG_LEFT, "bob"), 1);
    bob->is_there = true;
    world_settle(world);
    assert_int_equal(bob->counts[SOTTO_EVENT_JOINED], 2);
    assert_int_equal(scene_heard(bob, SOTTO_MSG_MESSAGE, "ann"), 200);
    assert_false(bob->missed);
    world_check(world);
}

int test_room_past(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_end)
    const struct CMUnitTest tests[] = {
        TEST(test_room_shows_a_newcomer_as_much_as_it_asks_for),
        TEST(test_room_history_reaches_over_skipped_numbers),
        TEST(test_room_resumes_without_gap_or_double),
        TEST(test_room_does_not_say_twice_what_arrived),
        TEST(test_room_replaces_the_same_clients_half_dead_connection),
        TEST(test_room_instances_belong_to_accounts),
        TEST(test_room_says_when_something_was_missed),
        TEST(test_room_slow_reader_hears_that_something_was_missed),
        TEST(test_room_is_honest_about_posts_in_a_gap),
        TEST(test_room_goes_on_with_a_server_that_begins_anew),
        TEST(test_room_slow_reader_goes_on_from_the_log),
        TEST(test_room_reader_that_takes_nothing_is_dropped_and_resumes),
    };
#undef TEST
    return cmocka_run_group_tests_name("room_past", tests, NULL, NULL);
}
