/* People in a room: what each of them hears, and when. */
#include "tests/unit/chat/scene.h"
#include "tests/unit/support/peer.h"
#include "tests/unit/test.h"

#include <string.h>

/* ---- talking ---- */

static void test_room_people_hear_each_other(void **state)
{
    (void)state;
    struct world_client *ann = world_add_person(world, "ann");
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    scene_say(ann, 2);
    scene_say(bob, 1);
    world_settle(world);
    assert_int_equal(scene_heard(bob, SOTTO_MSG_MESSAGE, "ann"), 2);
    assert_int_equal(scene_heard(ann, SOTTO_MSG_MESSAGE, "bob"), 1);
    assert_int_equal(scene_heard(ann, SOTTO_MSG_MESSAGE, "ann"),
                     0); /* ACKs do */
    assert_int_equal(world_acked(world, ann), 2);
    assert_int_equal(world_acked(world, bob), 1);
    world_check(world);
}

static void test_room_delivers_on_append_and_acknowledges_after_sync(
    void **state)
{
    (void)state;
    struct world_client *ann = world_add_person(world, "ann");
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    scene_say(ann, 3);
    world_settle_without_disk(world);
    assert_int_equal(scene_heard(bob, SOTTO_MSG_MESSAGE, "ann"), 3);
    assert_int_equal(world_acked(world, ann), 0);
    world_settle(world);
    assert_int_equal(world_acked(world, ann), 3);
    assert_int_equal(sotto_hub_counters(world->hub)->posts, 3);
    assert_int_equal(sotto_hub_counters(world->hub)->acked, 3);
}

static void test_room_entries_have_the_time_or_none(void **state)
{
    (void)state;
    struct peer peer;
    struct sotto_entry entry;
    struct world_client *ann = world_add_person(world, "ann");
    world_add_account(world, "bob", "password");
    world_settle(world);
    peer_enter(&peer, world, "bob", 7);
    const uint64_t times[] = {1234567890, SOTTO_TIME_UNKNOWN, UINT32_MAX,
                              (uint64_t)UINT32_MAX + 1};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        world->wall_s = times[i];
        scene_say(ann, 1);
        const struct sotto_frame frame = peer_expect(&peer, SOTTO_MSG_MESSAGE);
        assert_int_equal(sotto_entry_decode(&entry, frame.type, frame.body,
                                            frame.len),
                         SOTTO_OK);
        assert_int_equal(entry.time_s,
                         times[i] > UINT32_MAX ? SOTTO_TIME_UNKNOWN : times[i]);
    }
    peer_hang_up(&peer);
}

static void test_room_posts_wait_until_there_is_a_connection(void **state)
{
    (void)state;
    struct world_client *ann = world_add_person(world, "ann");
    ann->stays_away = true;
    scene_say(ann, 3);
    world_settle(world);
    assert_int_equal(sotto_client_unsettled(&ann->client), 3);
    ann->stays_away = false;
    world_settle(world);
    assert_int_equal(world_acked(world, ann), 3);
}

static void test_room_client_refuses_texts_that_no_server_takes(void **state)
{
    (void)state;
    static const uint8_t text[401] = {0};
    uint64_t id = 0;
    struct world_client *ann = world_add_person(world, "ann");
    world_settle(world);
    assert_int_equal(sotto_client_post(&ann->client, text, 401, &id),
                     SOTTO_ERR_LIMIT);
    assert_int_equal(sotto_client_post(&ann->client, text, 0, &id),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(sotto_client_post(&ann->client, (const uint8_t *)"\xff", 1,
                                       &id),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(sotto_client_post(&ann->client, text, 400, &id), SOTTO_OK);
}

/* ---- coming and going ---- */

static void test_room_tells_who_comes_and_who_goes(void **state)
{
    (void)state;
    struct world_client *ann = world_add_person(world, "ann");
    world_settle(world);
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    assert_int_equal(scene_heard(ann, SOTTO_MSG_ENTERED, "bob"), 1);
    assert_int_equal(scene_heard(bob, SOTTO_MSG_ENTERED, NULL), 0);
    world_remove_client(world, bob);
    world_settle(world);
    assert_int_equal(scene_heard(ann, SOTTO_MSG_LEFT, "bob"), 1);
    assert_int_equal(sotto_hub_present(world->hub), 1);
    world_check(world);
}

static void test_room_counts_an_account_once_however_often_it_is_here(
    void **state)
{
    (void)state;
    struct world_client *ann = world_add_person(world, "ann");
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    struct world_client *other = world_add_client(world, "bob", "password");
    world_settle(world);
    assert_int_equal(scene_heard(ann, SOTTO_MSG_ENTERED, "bob"), 1);
    assert_int_equal(sotto_client_who(&ann->client), SOTTO_OK);
    world_settle(world);
    assert_string_equal(ann->present, "ann bob ");

    /* Both see what the other says. */
    scene_say(bob, 1);
    world_settle(world);
    assert_int_equal(scene_heard(other, SOTTO_MSG_MESSAGE, "bob"), 1);

    world_remove_client(world, bob);
    world_settle(world);
    assert_int_equal(scene_heard(ann, SOTTO_MSG_LEFT, "bob"), 0);
    assert_int_equal(sotto_client_who(&ann->client), SOTTO_OK);
    world_settle(world);
    assert_string_equal(ann->present, "ann bob ");
    world_remove_client(world, other);
    world_settle(world);
    assert_int_equal(scene_heard(ann, SOTTO_MSG_LEFT, "bob"), 1);
    world_check(world);
}

/* The log begins a segment, and waits for its disk to do so. */
static void fill_segment(struct peer *peer)
{
    static uint8_t body[10 + 400];
    memset(body, 'x', sizeof body);
    memset(body, 0, 10);
    for (uint8_t id = 1; id <= 2; id++) {
        body[9] = id;
        peer_put(peer, SOTTO_MSG_POST, body, sizeof body);
        world_settle_without_disk(world);
    }
}

/* That somebody goes cannot be written down at once, and he is back before. */
static void test_room_tells_nothing_of_who_is_back_in_time(void **state)
{
    (void)state;
    static struct peer first;
    static struct peer second;
    static const uint8_t join[] = "\6#lobby\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\0\0";
    scene_begin(&(struct world_options){.seed = 1, .segment = 1024});
    struct world_client *bob = scene_bring("bob");
    world_add_account(world, "ann", "password");
    peer_enter(&first, world, "ann", 1);
    peer_open(&second, world);
    peer_login(&second, "ann", "password");
    fill_segment(&first);
    first.wire->client = -1;
    first.wire->up.is_ended = true;
    world_settle_without_disk(world);
    assert_int_equal(world_open_count(world), 2);
    peer_put(&second, SOTTO_MSG_JOIN, join, sizeof join);
    world_settle_without_disk(world);
    (void)peer_expect(&second, SOTTO_MSG_JOINED);
    assert_int_equal(scene_heard(bob, SOTTO_MSG_ENTERED, "ann"), 1);
    assert_int_equal(scene_heard(bob, SOTTO_MSG_LEFT, "ann"), 0);
    peer_hang_up(&second);
    assert_int_equal(scene_heard(bob, SOTTO_MSG_LEFT, "ann"), 1);
}

static void test_room_client_leaves_when_all_is_acknowledged(void **state)
{
    (void)state;
    struct world_client *ann = world_add_person(world, "ann");
    world_settle(world);
    scene_say(ann, 2);
    sotto_client_leave(&ann->client, false);
    ann->stays_away = true;
    world_settle_without_disk(world);
    assert_int_equal(ann->counts[SOTTO_EVENT_CLOSED], 0);
    world_settle(world);
    assert_int_equal(world_acked(world, ann), 2);
    assert_int_equal(ann->counts[SOTTO_EVENT_CLOSED], 1);
    assert_int_equal(ann->closed.error, SOTTO_OK);
    assert_int_equal(ann->closed.reason, SOTTO_CLOSE_BYE);
    assert_int_equal(world_open_count(world), 0);
}

static void test_room_client_leaves_at_once(void **state)
{
    (void)state;
    struct world_client *ann = world_add_person(world, "ann");
    world_settle(world);
    scene_say(ann, 1);
    world_settle_without_disk(world);
    sotto_client_leave(&ann->client, true);
    ann->stays_away = true;
    world_settle_without_disk(world);
    assert_int_equal(world_acked(world, ann), 0);
    assert_int_equal(ann->counts[SOTTO_EVENT_CLOSED], 1);
    assert_int_equal(ann->closed.reason, SOTTO_CLOSE_BYE);
}

static void test_room_client_leaves_before_it_is_in(void **state)
{
    (void)state;
    struct world_client *ann = world_add_person(world, "ann");
    struct world_client *bob = world_add_person(world, "bob");
    bob->stays_away = true;
    world_client_turn(world, ann); /* its hello is under way */
    ann->stays_away = true;
    sotto_client_leave(&ann->client, false);
    sotto_client_leave(&bob->client, true);
    world_settle(world);
    assert_int_equal(ann->counts[SOTTO_EVENT_CLOSED], 1);
    assert_int_equal(ann->closed.reason, SOTTO_CLOSE_BYE);
    assert_int_equal(bob->counts[SOTTO_EVENT_CLOSED], 1);
    assert_int_equal(world_open_count(world), 0);
}

/* ---- who ---- */

static void test_room_who_comes_in_pages(void **state)
{
    (void)state;
    struct peer peer;
    struct sotto_frame frame;
    struct sotto_present present;
    char name[SOTTO_NAME_MAX + 1] = "a-name-that-is-quite-long-indeed";
    static struct peer crowd[40]; /* more than a stack */
    scene_begin(&(struct world_options){
        .seed = 1, .sessions = 41, .accounts = 50, .server_limit = 256});
    for (size_t i = 0; i < 40; i++) {
        name[0] = (char)('a' + (char)(i % 26));
        name[1] = (char)('a' + (char)(i / 26));
        world_add_account(world, name, "password");
        peer_enter(&crowd[i], world, name, 1);
        world_settle(world);
    }
    world_add_account(world, "zoe", "password");
    peer_enter(&peer, world, "zoe", 1);
    size_t names = 0;
    size_t pages = 0;
    peer_send(&peer, SOTTO_MSG_WHO, "\0\0", 2);
    do {
        struct sotto_span one;
        frame = peer_expect(&peer, SOTTO_MSG_PRESENT);
        assert_int_equal(sotto_present_decode(&present, frame.body, frame.len),
                         SOTTO_OK);
        pages++;
        struct sotto_present page = present;
        while (sotto_present_next(&page, &one)) {
            names++;
        }
    } while (!present.is_last);
    assert_int_equal(names, 41);
    assert_true(pages > 1);
}

static void test_room_each_who_has_its_own_answer(void **state)
{
    (void)state;
    struct peer peer;
    struct sotto_frame frame;
    world_add_account(world, "ann", "password");
    peer_enter(&peer, world, "ann", 1);
    peer_send_frames(&peer, "\x14\2\0\0\x14\2\0\0", 8);
    (void)peer_expect(&peer, SOTTO_MSG_PRESENT);
    (void)peer_expect(&peer, SOTTO_MSG_PRESENT);
    assert_false(peer_next(&peer, &frame));
    peer_send(&peer, SOTTO_MSG_WHO, "\0\1", 2);
    (void)peer_expect_problem(&peer, SOTTO_PROBLEM_ROOM);
    peer_hang_up(&peer);
}

/* ---- storage ---- */

static void test_room_full_disk_refuses_posts_and_goes_on_later(void **state)
{
    (void)state;
    struct world_client *ann = world_add_person(world, "ann");
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    world->disk.capacity = 1;
    scene_say(ann, 2);
    world_settle(world);
    assert_int_equal(ann->counts[SOTTO_EVENT_PROBLEM], 2);
    assert_int_equal(ann->posts[0].problem, SOTTO_PROBLEM_STORAGE);
    assert_int_equal(scene_heard(bob, SOTTO_MSG_MESSAGE, NULL), 0);
    assert_int_equal(sotto_hub_counters(world->hub)->storage_errors, 2);

    /* People still come and go, unannounced. */
    struct world_client *carl = world_add_client(world, "bob", "password");
    world_settle(world);
    assert_true(world_is_content(carl));

    world->disk.capacity = 0;
    scene_say(ann, 1);
    world_settle(world);
    assert_int_equal(scene_heard(bob, SOTTO_MSG_MESSAGE, "ann"), 1);
    assert_int_equal(world_acked(world, ann), 1);
    world_check(world);
}

/* A crash leaves a gap in the numbers, and nothing can be written behind it. */
static void test_room_comes_to_rest_with_a_full_disk_after_a_crash(void **state)
{
    (void)state;
    struct world_client *ann = world_add_person(world, "ann");
    world_settle(world);
    world_crash(world, &(struct faulty_cut){0});
    world_start(world);
    world->disk.capacity = 1;
    world_settle(world);
    assert_true(world_is_content(ann));
}

static void test_room_failed_sync_acknowledges_nothing(void **state)
{
    (void)state;
    struct world_client *ann = world_add_person(world, "ann");
    world_settle(world);
    scene_say(ann, 2);
    world_settle_without_disk(world); /* appended; the sync is under way */
    world->disk.fail_at = world->disk.calls + 1;
    world->disk.fail_err = SOTTO_ERR_IO;
    world_settle(world);
    assert_int_equal(world_acked(world, ann), 0);
    assert_int_equal(ann->posts[0].problem, SOTTO_PROBLEM_STORAGE);
    assert_int_equal(ann->posts[1].problem, SOTTO_PROBLEM_STORAGE);
    scene_say(ann, 1);
    world_settle(world);
    assert_int_equal(ann->posts[2].problem, SOTTO_PROBLEM_STORAGE);
    assert_true(sotto_hub_is_idle(world->hub));
}

int test_room(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_end)
    const struct CMUnitTest tests[] = {
        TEST(test_room_people_hear_each_other),
        TEST(test_room_delivers_on_append_and_acknowledges_after_sync),
        TEST(test_room_entries_have_the_time_or_none),
        TEST(test_room_posts_wait_until_there_is_a_connection),
        TEST(test_room_client_refuses_texts_that_no_server_takes),
        TEST(test_room_tells_who_comes_and_who_goes),
        TEST(test_room_counts_an_account_once_however_often_it_is_here),
        TEST(test_room_tells_nothing_of_who_is_back_in_time),
        TEST(test_room_client_leaves_when_all_is_acknowledged),
        TEST(test_room_client_leaves_at_once),
        TEST(test_room_client_leaves_before_it_is_in),
        TEST(test_room_who_comes_in_pages),
        TEST(test_room_each_who_has_its_own_answer),
        TEST(test_room_full_disk_refuses_posts_and_goes_on_later),
        TEST(test_room_comes_to_rest_with_a_full_disk_after_a_crash),
        TEST(test_room_failed_sync_acknowledges_nothing),
    };
#undef TEST
    return cmocka_run_group_tests_name("room", tests, NULL, NULL);
}
