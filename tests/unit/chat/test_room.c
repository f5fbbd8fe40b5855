/* People in a room: what each of them hears, and when. */
#include "tests/unit/support/peer.h"
#include "tests/unit/support/world.h"
#include "tests/unit/test.h"

#include <string.h>

static struct world *world;

static void begin(const struct world_options *options)
{
    if (world != NULL) {
        world_end(world);
    }
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

/* How many entries of a type a client heard, of one sender or of all. */
static size_t heard(const struct world_client *client, uint8_t type,
                    const char *sender)
{
    size_t count = 0;
    for (size_t i = 0; i < client->heard_count; i++) {
        const struct world_heard *one = &client->heard[i];
        count += one->type == type &&
                 (sender == NULL || strcmp(one->sender, sender) == 0);
    }
    return count;
}

static void say(struct world_client *client, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_not_equal(world_say(world, client, 20), 0);
    }
}

/* ---- talking ---- */

static void test_room_people_hear_each_other(void **state)
{
    (void)state;
    struct world_client *ann = world_add_person(world, "ann");
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    say(ann, 2);
    say(bob, 1);
    world_settle(world);
    assert_int_equal(heard(bob, SOTTO_MSG_MESSAGE, "ann"), 2);
    assert_int_equal(heard(ann, SOTTO_MSG_MESSAGE, "bob"), 1);
    assert_int_equal(heard(ann, SOTTO_MSG_MESSAGE, "ann"), 0); /* ACKs do */
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
    say(ann, 3);
    world_settle_without_disk(world);
    assert_int_equal(heard(bob, SOTTO_MSG_MESSAGE, "ann"), 3);
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
    peer_open(&peer, world);
    peer_login(&peer, "bob", "password");
    (void)peer_join(&peer, 7, 0, 0);
    (void)peer_expect(&peer, SOTTO_MSG_CAUGHT_UP);
    const uint64_t times[] = {1234567890, SOTTO_TIME_UNKNOWN, UINT32_MAX,
                              (uint64_t)UINT32_MAX + 1};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        world->wall_s = times[i];
        say(ann, 1);
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
    say(ann, 3);
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
    assert_int_equal(heard(ann, SOTTO_MSG_ENTERED, "bob"), 1);
    assert_int_equal(heard(bob, SOTTO_MSG_ENTERED, NULL), 0);
    world_remove_client(world, bob);
    world_settle(world);
    assert_int_equal(heard(ann, SOTTO_MSG_LEFT, "bob"), 1);
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
    assert_int_equal(heard(ann, SOTTO_MSG_ENTERED, "bob"), 1);
    assert_int_equal(sotto_client_who(&ann->client), SOTTO_OK);
    world_settle(world);
    assert_string_equal(ann->present, "ann bob ");

    /* Both see what the other says. */
    say(bob, 1);
    world_settle(world);
    assert_int_equal(heard(other, SOTTO_MSG_MESSAGE, "bob"), 1);

    world_remove_client(world, bob);
    world_settle(world);
    assert_int_equal(heard(ann, SOTTO_MSG_LEFT, "bob"), 0);
    assert_int_equal(sotto_client_who(&ann->client), SOTTO_OK);
    world_settle(world);
    assert_string_equal(ann->present, "ann bob ");
    world_remove_client(world, other);
    world_settle(world);
    assert_int_equal(heard(ann, SOTTO_MSG_LEFT, "bob"), 1);
    world_check(world);
}

static void test_room_client_leaves_when_all_is_acknowledged(void **state)
{
    (void)state;
    struct world_client *ann = world_add_person(world, "ann");
    world_settle(world);
    say(ann, 2);
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
    say(ann, 1);
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
    begin(&(struct world_options){
        .seed = 1, .sessions = 41, .accounts = 50, .server_limit = 256});
    for (size_t i = 0; i < 40; i++) {
        name[0] = (char)('a' + (char)(i % 26));
        name[1] = (char)('a' + (char)(i / 26));
        world_add_account(world, name, "password");
        peer_open(&crowd[i], world);
        peer_login(&crowd[i], name, "password");
        (void)peer_join(&crowd[i], 1, 0, 0);
        world_settle(world);
    }
    world_add_account(world, "zoe", "password");
    peer_open(&peer, world);
    peer_login(&peer, "zoe", "password");
    (void)peer_join(&peer, 1, 0, 0);
    (void)peer_expect(&peer, SOTTO_MSG_CAUGHT_UP);
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
    peer_open(&peer, world);
    peer_login(&peer, "ann", "password");
    (void)peer_join(&peer, 1, 0, 0);
    (void)peer_expect(&peer, SOTTO_MSG_CAUGHT_UP);
    peer_send_frames(&peer, "\x14\2\0\0\x14\2\0\0", 8);
    (void)peer_expect(&peer, SOTTO_MSG_PRESENT);
    (void)peer_expect(&peer, SOTTO_MSG_PRESENT);
    assert_false(peer_next(&peer, &frame));
    peer_send(&peer, SOTTO_MSG_WHO, "\0\1", 2);
    (void)peer_expect_problem(&peer, SOTTO_PROBLEM_ROOM);
    peer_hang_up(&peer);
}

/* ---- the past ---- */

static void test_room_shows_a_newcomer_as_much_as_it_asks_for(void **state)
{
    (void)state;
    struct peer peer;
    struct world_client *ann = world_add_person(world, "ann");
    world_add_account(world, "bob", "password");
    world_settle(world);
    say(ann, 10); /* with ENTERED: numbers 1 to 11 */
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
    begin(&(struct world_options){.seed = 1, .history = 100});
    struct world_client *ann = world_add_person(world, "ann");
    for (int i = 0; i < 12; i++) {
        world_settle(world);
        say(ann, 5);
        world_settle(world);
        world_crash(world, &(struct faulty_cut){0});
        world_start(world); /* up to 16 numbers are not used */
    }
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    assert_int_equal(heard(bob, SOTTO_MSG_MESSAGE, "ann"), 60);
    world_check(world);
}

static void test_room_resumes_without_gap_or_double(void **state)
{
    (void)state;
    struct world_client *ann = world_add_person(world, "ann");
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    for (int i = 0; i < 5; i++) {
        say(ann, 3);
        world_settle(world);
        bob->stays_away = true;
        world_cut(world, bob);
        world_settle(world);
        say(ann, 4);
        say(bob, 2);
        world_settle(world);
        bob->stays_away = false;
        world_settle(world);
    }
    assert_int_equal(heard(bob, SOTTO_MSG_MESSAGE, "ann"), 35);
    assert_int_equal(heard(ann, SOTTO_MSG_MESSAGE, "bob"), 10);
    assert_int_equal(heard(bob, SOTTO_MSG_MESSAGE, "bob"), 0);
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
    say(ann, 3);
    while (heard(bob, SOTTO_MSG_MESSAGE, "ann") < 3) {
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
    assert_int_equal(heard(bob, SOTTO_MSG_MESSAGE, "ann"), 3);
    assert_int_equal(heard(bob, SOTTO_MSG_LEFT, NULL), 0);
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
    peer_open(&first, world);
    peer_login(&first, "bob", "password");
    (void)peer_join(&first, 42, 0, 0);
    (void)peer_expect(&first, SOTTO_MSG_CAUGHT_UP);
    peer_open(&second, world);
    peer_login(&second, "bob", "password");
    (void)peer_join(&second, 42, 1, 0);
    peer_expect_close(&first, SOTTO_CLOSE_REPLACED);
    world_settle(world);
    assert_int_equal(heard(ann, SOTTO_MSG_LEFT, "bob"), 0);
    assert_int_equal(heard(ann, SOTTO_MSG_ENTERED, "bob"), 1);
    peer_hang_up(&second);
    assert_int_equal(heard(ann, SOTTO_MSG_LEFT, "bob"), 1);
}

/* Somebody else who happens to have the same instance replaces nobody. */
static void test_room_instances_belong_to_accounts(void **state)
{
    (void)state;
    struct peer ann;
    struct peer bob;
    world_add_account(world, "ann", "password");
    world_add_account(world, "bob", "password");
    peer_open(&ann, world);
    peer_login(&ann, "ann", "password");
    (void)peer_join(&ann, 42, 0, 0);
    (void)peer_expect(&ann, SOTTO_MSG_CAUGHT_UP);
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
    begin(&forgetful);
    struct world_client *ann = world_add_person(world, "ann");
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    bob->stays_away = true;
    world_cut(world, bob);
    world_settle(world);
    for (int i = 0; i < 20; i++) {
        say(ann, 5);
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
    begin(&options);
    struct world_client *ann = world_add_person(world, "ann");
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    bob->is_there = false; /* it neither reads nor writes for a while */
    for (int i = 0; i < 20; i++) {
        say(ann, 5);
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
    begin(&forgetful);
    struct world_client *ann = world_add_person(world, "ann");
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    say(bob, 2);
    while (heard(ann, SOTTO_MSG_MESSAGE, "bob") < 2) {
        world_settle_without_disk(world);
    }
    world_half_cut(world, bob);
    bob->stays_away = true;
    say(bob, 1); /* this one was never sent */
    for (int i = 0; i < 20; i++) {
        say(ann, 5);
        world_settle(world);
    }
    bob->stays_away = false;
    world_settle(world);
    assert_int_equal(bob->counts[SOTTO_EVENT_PROBLEM], 2);
    assert_int_equal(bob->posts[0].problem, SOTTO_PROBLEM_UNSURE);
    assert_int_equal(bob->posts[1].problem, SOTTO_PROBLEM_UNSURE);
    assert_int_not_equal(bob->posts[2].number, 0);
    assert_int_equal(heard(ann, SOTTO_MSG_MESSAGE, "bob"), 3);
    assert_true(world_is_content(bob));
}

static void test_room_goes_on_with_a_server_that_begins_anew(void **state)
{
    (void)state;
    begin(&(struct world_options){.seed = 1, .history = 50});
    struct world_client *ann = world_add_person(world, "ann");
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    say(ann, 20);
    world_settle(world);
    world_crash(world, &(struct faulty_cut){0});
    say(bob, 2);

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
    assert_int_equal(heard(ann, SOTTO_MSG_MESSAGE, "bob"), 2);
}

/* ---- storage ---- */

static void test_room_full_disk_refuses_posts_and_goes_on_later(void **state)
{
    (void)state;
    struct world_client *ann = world_add_person(world, "ann");
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    world->disk.capacity = 1;
    say(ann, 2);
    world_settle(world);
    assert_int_equal(ann->counts[SOTTO_EVENT_PROBLEM], 2);
    assert_int_equal(ann->posts[0].problem, SOTTO_PROBLEM_STORAGE);
    assert_int_equal(heard(bob, SOTTO_MSG_MESSAGE, NULL), 0);
    assert_int_equal(sotto_hub_counters(world->hub)->storage_errors, 2);

    /* People still come and go, unannounced. */
    struct world_client *carl = world_add_client(world, "bob", "password");
    world_settle(world);
    assert_true(world_is_content(carl));

    world->disk.capacity = 0;
    say(ann, 1);
    world_settle(world);
    assert_int_equal(heard(bob, SOTTO_MSG_MESSAGE, "ann"), 1);
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
    say(ann, 2);
    world_settle_without_disk(world); /* appended; the sync is under way */
    world->disk.fail_at = world->disk.calls + 1;
    world->disk.fail_err = SOTTO_ERR_IO;
    world_settle(world);
    assert_int_equal(world_acked(world, ann), 0);
    assert_int_equal(ann->posts[0].problem, SOTTO_PROBLEM_STORAGE);
    assert_int_equal(ann->posts[1].problem, SOTTO_PROBLEM_STORAGE);
    say(ann, 1);
    world_settle(world);
    assert_int_equal(ann->posts[2].problem, SOTTO_PROBLEM_STORAGE);
    assert_true(sotto_hub_is_idle(world->hub));
}

/* ---- slow readers ---- */

static void test_room_slow_reader_goes_on_from_the_log(void **state)
{
    (void)state;
    begin(&(struct world_options){.seed = 1, .feed = 1024});
    struct world_client *ann = world_add_person(world, "ann");
    struct world_client *bob = world_add_person(world, "bob");
    world_settle(world);
    bob->is_there = false; /* it neither reads nor writes for a while */
    for (int i = 0; i < 40; i++) {
        say(ann, 5);
        world_settle(world);
    }
    assert_int_equal(world_acked(world, ann), 200); /* nobody waited for it */
    bob->is_there = true;
    world_settle(world);
    assert_int_equal(bob->counts[SOTTO_EVENT_JOINED], 1);
    assert_int_equal(heard(bob, SOTTO_MSG_MESSAGE, "ann"), 200);
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
        say(ann, 5);
        world_settle(world);
    }
    world_wait(world, 21000);
    assert_int_equal(world_open_count(world), 1);
    assert_int_equal(heard(ann, SOTTO_MSG_LEFT, "bob"), 1);
    bob->is_there = true;
    world_settle(world);
    assert_int_equal(bob->counts[SOTTO_EVENT_JOINED], 2);
    assert_int_equal(heard(bob, SOTTO_MSG_MESSAGE, "ann"), 200);
    assert_false(bob->missed);
    world_check(world);
}

int test_room(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_room_people_hear_each_other),
        TEST(test_room_delivers_on_append_and_acknowledges_after_sync),
        TEST(test_room_entries_have_the_time_or_none),
        TEST(test_room_posts_wait_until_there_is_a_connection),
        TEST(test_room_client_refuses_texts_that_no_server_takes),
        TEST(test_room_tells_who_comes_and_who_goes),
        TEST(test_room_counts_an_account_once_however_often_it_is_here),
        TEST(test_room_client_leaves_when_all_is_acknowledged),
        TEST(test_room_client_leaves_at_once),
        TEST(test_room_client_leaves_before_it_is_in),
        TEST(test_room_who_comes_in_pages),
        TEST(test_room_each_who_has_its_own_answer),
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
        TEST(test_room_full_disk_refuses_posts_and_goes_on_later),
        TEST(test_room_comes_to_rest_with_a_full_disk_after_a_crash),
        TEST(test_room_failed_sync_acknowledges_nothing),
        TEST(test_room_slow_reader_goes_on_from_the_log),
        TEST(test_room_reader_that_takes_nothing_is_dropped_and_resumes),
    };
#undef TEST
    return cmocka_run_group_tests_name("room", tests, NULL, NULL);
}
