/* The server's side of a connection: what it takes, from whom, for how long. */
#include "tests/unit/chat/scene.h"
#include "tests/unit/support/peer.h"
#include "tests/unit/test.h"

#include <string.h>

static struct peer peer;

/* ---- how far a peer gets ---- */

enum stage {
    STAGE_LOGIN,
    STAGE_PROOF,
    STAGE_ACTIVE,
    STAGE_ROOM,
    STAGES
};

static void bring_to(enum stage stage)
{
    peer_open(&peer, world);
    if (stage == STAGE_PROOF) {
        peer_send_first(&peer, "ann");
        (void)peer_expect(&peer, SOTTO_MSG_AUTH);
    }
    if (stage >= STAGE_ACTIVE) {
        peer_login(&peer, "ann", "password");
    }
    if (stage >= STAGE_ROOM) {
        (void)peer_join(&peer, 1, 0, 0);
        (void)peer_expect(&peer, SOTTO_MSG_CAUGHT_UP);
    }
}

/* ---- what is not the protocol ---- */

struct frame_case {
    uint8_t type;
    const char *body;
    size_t len;
    bool is_taken[STAGES];
};

#define BODY(text) text, sizeof(text) - 1
#define NOWHERE                                                                \
    {                                                                          \
        false, false, false, false                                             \
    }
#define EVERYWHERE                                                             \
    {                                                                          \
        true, true, true, true                                                 \
    }

static const struct frame_case frame_cases[] = {
    {SOTTO_MSG_AUTH, BODY(""), NOWHERE},
    {SOTTO_MSG_AUTH, BODY("n,,n=ann,r=abcdefgh"), NOWHERE},
    {SOTTO_MSG_AUTH, BODY("y,,n=ann,r=abcdefgh"), NOWHERE},
    {SOTTO_MSG_AUTH, BODY("p=tls-exporter,,n=ann,r=abcdefgh"), NOWHERE},
    {SOTTO_MSG_AUTH,
     BODY("p=sotto-noise-h,,n=ann,r=abcdefghijklmnop"),
     {true, false, false, false}},
    {SOTTO_MSG_AUTH, BODY("c=biws,r=abcdefgh,p=AAAA"), NOWHERE},
    {SOTTO_MSG_REGISTER, BODY("\3ann"), NOWHERE},
    {SOTTO_MSG_JOIN, BODY("\6#lobby"), NOWHERE},
    {SOTTO_MSG_JOIN,
     BODY("\6#lobby\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0"),
     {false, false, true, true}},
    {SOTTO_MSG_JOIN, BODY("\6#lobby\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
     NOWHERE},
    {SOTTO_MSG_POST, BODY("\0\0\0\0\0\0\0"), NOWHERE},
    {SOTTO_MSG_POST, BODY("\0\0\0\0\0\0\0\0\0\0hello"), NOWHERE},
    {SOTTO_MSG_POST,
     BODY("\0\0\0\0\0\0\0\0\0\1hello"),
     {false, false, true, true}},
    {SOTTO_MSG_POST, BODY("\0\0\0\0\0\0\0\0\0\1"), {false, false, true, true}},
    {SOTTO_MSG_WHO, BODY("\0"), NOWHERE},
    {SOTTO_MSG_WHO, BODY("\0\0"), {false, false, true, true}},
    {SOTTO_MSG_PING, BODY(""), EVERYWHERE},
    {SOTTO_MSG_PING, BODY("12345678"), EVERYWHERE},
    {SOTTO_MSG_PING, BODY("123456789"), NOWHERE},
    {22, BODY(""), NOWHERE},
    {31, BODY(""), NOWHERE},
    {SOTTO_MSG_REGISTERED, BODY(""), NOWHERE},
    {SOTTO_MSG_WELCOME, BODY("\3ann\1\0"), NOWHERE},
    {SOTTO_MSG_MESSAGE, BODY(""), NOWHERE},
    {SOTTO_MSG_PONG, BODY(""), NOWHERE},
    {255, BODY(""), NOWHERE},
};

static void check_frame(const struct frame_case *one, enum stage stage)
{
    struct sotto_frame frame;
    bring_to(stage);
    peer_send(&peer, one->type, one->body, one->len);
    if (one->is_taken[stage]) {
        assert_true(peer_next(&peer, &frame)); /* some answer, and no end */
        assert_int_equal(peer.link.state, SOTTO_LINK_OPEN);
        peer_hang_up(&peer);
    } else {
        peer_expect_close(&peer, SOTTO_CLOSE_PROTOCOL);
    }
}

static void test_session_takes_each_frame_where_it_belongs_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof frame_cases / sizeof *frame_cases; i++) {
        for (int stage = 0; stage < STAGES; stage++) {
            check_frame(&frame_cases[i], (enum stage)stage);
        }
    }
}

static void test_session_ends_on_garbage_in_a_record(void **state)
{
    (void)state;
    uint8_t garbage[100];
    for (int stage = 0; stage < STAGES; stage++) {
        bring_to((enum stage)stage);
        memset(garbage, 0, sizeof garbage);
        garbage[1] = 98;
        peer_send_bytes(&peer, garbage, sizeof garbage);
        peer_expect_close(&peer, SOTTO_CLOSE_PROTOCOL);
    }
}

static void test_session_ends_on_a_record_above_the_limit(void **state)
{
    (void)state;
    bring_to(STAGE_ROOM);
    peer_send_bytes(&peer, "\xff\xff", 2);
    peer_expect_close(&peer, SOTTO_CLOSE_PROTOCOL);
}

/* Whatever comes at first: an answer of a few bytes at most, and the end; the
 * people inside do not notice. */
static void test_session_ends_on_garbage_instead_of_a_handshake(void **state)
{
    (void)state;
    struct world_client *bob = world_add_client(world, "bob", "password");
    struct seed seed;
    seed_init(&seed, seed_of_run(3));
    world_settle(world);
    for (int i = 0; i < 200; i++) {
        uint8_t garbage[200];
        memcpy(garbage, "Sotto\1\1\3\1\0\0\x20", 12);
        const size_t good = seed_below(&seed, 13);
        for (size_t k = good; k < sizeof garbage; k++) {
            garbage[k] = (uint8_t)seed_next(&seed);
        }
        peer_dial(&peer, world);
        peer_send_bytes(&peer, garbage, sizeof garbage);
        world_wait(world,
                   11000); /* it may wait for more, and does not get it */
        assert_true(peer.wire->down.is_ended);
        assert_in_range(peer.wire->down.len, 0, 3 + 101);
        peer_hang_up(&peer);
    }
    assert_true(world_is_content(bob));
    assert_int_equal(bob->counts[SOTTO_EVENT_CLOSED], 0);
    assert_int_equal(world_open_count(world), 1);
}

static void test_session_refuses_ids_that_do_not_go_up(void **state)
{
    (void)state;
    bring_to(STAGE_ROOM);
    peer_post(&peer, 5, "five");
    (void)peer_expect(&peer, SOTTO_MSG_ACK);
    peer_post(&peer, 7, "seven");
    (void)peer_expect(&peer, SOTTO_MSG_ACK);
    peer_post(&peer, 7, "seven again");
    peer_expect_close(&peer, SOTTO_CLOSE_PROTOCOL);
    assert_int_equal(sotto_hub_counters(world->hub)->posts, 2);
}

static void test_session_stays_silent_after_the_clients_close(void **state)
{
    (void)state;
    uint8_t out[SOTTO_RECORD_HEAD + SOTTO_RECORD_LIMIT_MIN];
    size_t len = 0;
    bring_to(STAGE_ROOM);
    assert_int_equal(sotto_link_close(&peer.link, SOTTO_CLOSE_BYE, out,
                                      sizeof out, 0, &len),
                     SOTTO_OK);
    peer_send_bytes(&peer, out, len);
    peer_expect_end(&peer);
    assert_int_equal(world_open_count(world), 0);
}

/* ---- what is refused, without an end ---- */

static void test_session_refuses_texts(void **state)
{
    (void)state;
    static char text[402];
    bring_to(STAGE_ROOM);
    memset(text, 'x', 401);
    peer_post(&peer, 1, text);
    assert_int_equal(peer_expect_problem(&peer, SOTTO_PROBLEM_TEXT).ref, 1);
    peer_post(&peer, 2, "");
    assert_int_equal(peer_expect_problem(&peer, SOTTO_PROBLEM_TEXT).ref, 2);
    peer_post(&peer, 3, "\xc0\x80");
    assert_int_equal(peer_expect_problem(&peer, SOTTO_PROBLEM_TEXT).ref, 3);
    text[400] = 0;
    peer_post(&peer, 4, text);
    (void)peer_expect(&peer, SOTTO_MSG_ACK);
    peer_hang_up(&peer);
}

static void test_session_refuses_what_needs_a_room_outside_of_it(void **state)
{
    (void)state;
    bring_to(STAGE_ACTIVE);
    peer_post(&peer, 1, "hello");
    assert_int_equal(peer_expect_problem(&peer, SOTTO_PROBLEM_ROOM).ref, 1);
    peer_send(&peer, SOTTO_MSG_WHO, "\0\0", 2);
    assert_int_equal(peer_expect_problem(&peer, SOTTO_PROBLEM_ROOM).ref, 0);
    peer_send(&peer, SOTTO_MSG_JOIN,
              BODY("\5#room\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0"));
    assert_int_equal(peer_expect_problem(&peer, SOTTO_PROBLEM_ROOM).ref, 0);
    (void)peer_join(&peer, 1, 0, 0);
    (void)peer_expect(&peer, SOTTO_MSG_CAUGHT_UP);
    peer_send(&peer, SOTTO_MSG_JOIN,
              BODY("\6#lobby\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0"));
    (void)peer_expect_problem(&peer, SOTTO_PROBLEM_ROOM); /* in it already */
    peer_send(&peer, SOTTO_MSG_POST, BODY("\0\1\0\0\0\0\0\0\0\2hello"));
    assert_int_equal(peer_expect_problem(&peer, SOTTO_PROBLEM_ROOM).ref, 2);
    peer_hang_up(&peer);
}

static void test_session_answers_ping_with_its_bytes(void **state)
{
    (void)state;
    bring_to(STAGE_LOGIN);
    peer_send(&peer, SOTTO_MSG_PING, "12345", 5);
    const struct sotto_frame frame = peer_expect(&peer, SOTTO_MSG_PONG);
    assert_int_equal(frame.len, 5);
    assert_memory_equal(frame.body, "12345", 5);
    peer_hang_up(&peer);
}

/* A feed may still be behind the log, when hub and sessions are threads. */
static void test_session_skips_what_a_page_has_shown_already(void **state)
{
    (void)state;
    struct sotto_frame frame;
    bring_to(STAGE_ROOM);
    struct world_client *bob = world_add_client(world, "bob", "password");
    world_settle(world);
    (void)peer_expect(&peer, SOTTO_MSG_ENTERED);
    struct sotto_session *session = &world->conns[0].session;
    session->next_number += 2; /* as if a page had held two more */
    for (int i = 0; i < 3; i++) {
        assert_int_not_equal(world_say(world, bob, 20), 0);
    }
    world_settle(world);
    (void)peer_expect(&peer, SOTTO_MSG_MESSAGE);
    assert_false(peer_next(&peer, &frame));
    peer_hang_up(&peer);
}

/* ---- deadlines ---- */

static void test_session_login_has_a_deadline(void **state)
{
    (void)state;
    peer_dial(&peer, world);
    world_wait(world, 9000);
    assert_int_equal(world_open_count(world), 1);
    world_wait(world, 2000);
    peer_expect_end(&peer);
    for (int stage = STAGE_LOGIN; stage <= STAGE_PROOF; stage++) {
        bring_to((enum stage)stage);
        for (int i = 0; i < 9; i++) { /* being busy does not help */
            world_wait(world, 1000);
            peer_send(&peer, SOTTO_MSG_PING, NULL, 0);
            (void)peer_expect(&peer, SOTTO_MSG_PONG);
        }
        world_wait(world, 2000);
        peer_expect_close(&peer, SOTTO_CLOSE_TIMEOUT);
    }
}

static void test_session_expects_to_hear_of_its_client(void **state)
{
    (void)state;
    bring_to(STAGE_ROOM);
    for (int i = 0; i < 3; i++) {
        world_wait(world, 119000);
        peer_send(&peer, SOTTO_MSG_PING, NULL, 0);
        (void)peer_expect(&peer, SOTTO_MSG_PONG);
    }
    world_wait(world, 122000);
    peer_expect_close(&peer, SOTTO_CLOSE_TIMEOUT);
}

static void test_session_clients_ping_and_stay(void **state)
{
    (void)state;
    struct world_client *ann = world_add_client(world, "ann", "password");
    world_wait(world, 1000000);
    assert_true(world_is_content(ann));
    assert_int_equal(ann->counts[SOTTO_EVENT_CLOSED], 0);
}

/* Not the client's fault: the disk has not answered. */
static void test_session_does_not_blame_the_client_for_a_slow_disk(void **state)
{
    (void)state;
    struct world_client *ann = world_add_client(world, "ann", "password");
    world_settle(world);
    for (int i = 0; i < 30; i++) {
        assert_int_not_equal(world_say(world, ann, 30), 0);
    }
    for (int i = 0; i < 300; i++) { /* without faulty_files_complete() */
        for (int k = 0; k < 3; k++) {
            world_client_turn(world, ann);
            world_server_turn(world, &world->conns[0]);
            world_hub_turn(world);
        }
        sotto_session_tick(&world->conns[0].session, world->now_ms += 1000);
    }
    assert_int_equal(world->conns[0].session.state, SOTTO_SESSION_ROOM);
    assert_int_equal(ann->counts[SOTTO_EVENT_CLOSED], 0);
    world_settle(world);
    assert_int_equal(world_acked(world, ann), 30);
}

static void test_session_gives_up_a_close_that_nobody_reads(void **state)
{
    (void)state;
    bring_to(STAGE_ROOM);
    const uint8_t filler[WORLD_PIPE] = {0};
    struct world_pipe *down = &peer.wire->down;
    world_pipe_put(down, filler, sizeof down->bytes - down->len);
    sotto_session_close(&world->conns[0].session, SOTTO_CLOSE_SHUTDOWN);
    world_wait(world, 19000);
    assert_int_equal(world_open_count(world), 1);
    world_wait(world, 3000);
    assert_int_equal(world_open_count(world), 0);
    peer_hang_up(&peer);
}

/* ---- ends ---- */

static void test_session_says_why_it_closes(void **state)
{
    (void)state;
    static const enum sotto_close_reason reasons[] = {SOTTO_CLOSE_SHUTDOWN,
                                                      SOTTO_CLOSE_OVERLOAD,
                                                      SOTTO_CLOSE_REVOKED,
                                                      SOTTO_CLOSE_STORAGE};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        bring_to(STAGE_ROOM);
        sotto_session_close(&world->conns[0].session, reasons[i]);
        peer_expect_close(&peer, reasons[i]);
    }
}

/* The hub has not agreed to the login yet: the server proves nothing. */
static void test_session_that_ends_meanwhile_gives_no_signature(void **state)
{
    (void)state;
    char proof[SOTTO_SCRAM_MESSAGE_MAX];
    struct sotto_session *session = &world->conns[0].session;
    uint8_t *at = NULL;
    size_t cap = 0;
    peer_open(&peer, world);
    peer_send_first(&peer, "ann");
    const struct sotto_frame frame = peer_expect(&peer, SOTTO_MSG_AUTH);
    peer_put(&peer, SOTTO_MSG_AUTH, proof,
             peer_make_proof(&peer, &frame, "password", proof));
    struct world_pipe *up = &peer.wire->up;
    assert_true(sotto_session_input(session, &at, &cap) && cap >= up->len);
    memcpy(at, up->bytes, up->len);
    sotto_session_input_done(session, up->len, world->now_ms);
    world_pipe_drop(up, up->len);
    const struct sotto_request *request =
        sotto_session_next(session, world->now_ms);
    assert_non_null(request);
    assert_int_equal(request->kind, SOTTO_REQUEST_LOGIN);
    assert_true(request->proof_ok);
    sotto_session_close(session, SOTTO_CLOSE_TIMEOUT);
    peer_expect_close(&peer, SOTTO_CLOSE_TIMEOUT);
}

/* Even where the room goes on. */
static void test_session_closes_though_there_is_more_to_say(void **state)
{
    (void)state;
    struct sotto_frame frame;
    const uint8_t filler[WORLD_PIPE] = {0};
    bring_to(STAGE_ROOM);
    struct world_client *bob = world_add_client(world, "bob", "password");
    world_settle(world);
    (void)peer_expect(&peer, SOTTO_MSG_ENTERED);
    world_pipe_put(&peer.wire->down, filler, sizeof filler); /* full */
    for (int i = 0; i < 10; i++) {
        assert_int_not_equal(world_say(world, bob, 200), 0);
    }
    world_settle(world);
    sotto_session_close(&world->conns[0].session, SOTTO_CLOSE_SHUTDOWN);
    world_pipe_drop(&peer.wire->down, sizeof filler);
    while (peer_next(&peer, &frame)) {
        assert_int_equal(frame.type, SOTTO_MSG_MESSAGE); /* sealed before */
    }
    assert_int_equal(peer.link.state, SOTTO_LINK_ENDED);
    assert_int_equal(peer.link.close_reason, SOTTO_CLOSE_SHUTDOWN);
    peer_expect_end(&peer);
}

static void test_session_says_busy_before_the_handshake(void **state)
{
    (void)state;
    peer_dial(&peer, world);
    sotto_session_close(&world->conns[0].session, SOTTO_CLOSE_OVERLOAD);
    world_settle(world);
    assert_int_equal(peer.wire->down.len, 3);
    assert_memory_equal(peer.wire->down.bytes, "\0\0\5", 3);
    assert_true(peer.wire->down.is_ended);
    peer_hang_up(&peer);
}

static void test_session_server_without_a_place_says_busy(void **state)
{
    (void)state;
    scene_begin_two(&(struct world_options){.seed = 1, .sessions = 1});
    struct world_client *ann = world_add_client(world, "ann", "password");
    world_settle(world);
    struct world_client *bob = world_add_client(world, "bob", "password");
    world_client_turn(world, bob);
    bob->stays_away = true;
    world_settle(world);
    assert_int_equal(bob->closed.error, SOTTO_ERR_REFUSED);
    assert_int_equal(bob->closed.refusal, SOTTO_REFUSAL_BUSY);
    world_remove_client(world, ann);
    bob->stays_away = false;
    world_settle(world);
    assert_true(world_is_content(bob));
}

static void test_session_without_memory_for_a_login_says_overload(void **state)
{
    (void)state;
    bring_to(STAGE_LOGIN);
    while (sotto_pool_take(&world->logins) != NULL) {
    }
    peer_send_first(&peer, "ann");
    peer_expect_close(&peer, SOTTO_CLOSE_OVERLOAD);
    for (size_t i = 0; i < world->options.sessions; i++) {
        sotto_pool_give(&world->logins, sotto_pool_at(&world->logins, i));
    }
}

static void test_session_without_random_bytes_ends_the_login(void **state)
{
    (void)state;
    bring_to(STAGE_LOGIN);
    world->random_fails = true;
    peer_send_first(&peer, "ann");
    world->random_fails = false;
    peer_expect_close(&peer, SOTTO_CLOSE_OVERLOAD);
}

int test_session(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, scene_setup_two, scene_end)
    const struct CMUnitTest tests[] = {
        TEST(test_session_takes_each_frame_where_it_belongs_only),
        TEST(test_session_ends_on_garbage_in_a_record),
        TEST(test_session_ends_on_a_record_above_the_limit),
        TEST(test_session_ends_on_garbage_instead_of_a_handshake),
        TEST(test_session_refuses_ids_that_do_not_go_up),
        TEST(test_session_stays_silent_after_the_clients_close),
        TEST(test_session_refuses_texts),
        TEST(test_session_refuses_what_needs_a_room_outside_of_it),
        TEST(test_session_answers_ping_with_its_bytes),
        TEST(test_session_skips_what_a_page_has_shown_already),
        TEST(test_session_login_has_a_deadline),
        TEST(test_session_expects_to_hear_of_its_client),
        TEST(test_session_clients_ping_and_stay),
        TEST(test_session_does_not_blame_the_client_for_a_slow_disk),
        TEST(test_session_gives_up_a_close_that_nobody_reads),
        TEST(test_session_says_why_it_closes),
        TEST(test_session_that_ends_meanwhile_gives_no_signature),
        TEST(test_session_closes_though_there_is_more_to_say),
        TEST(test_session_says_busy_before_the_handshake),
        TEST(test_session_server_without_a_place_says_busy),
        TEST(test_session_without_memory_for_a_login_says_overload),
        TEST(test_session_without_random_bytes_ends_the_login),
    };
#undef TEST
    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
