/* What the server's side of a connection holds of memory that all share, and how
 * it waits for it. */
#include "core/chat/session_inner.h"
#include "tests/unit/chat/scene.h"
#include "tests/unit/support/peer.h"
#include "tests/unit/test.h"

#include <string.h>

static struct peer peer;

static void test_session_at_rest_holds_no_buffer(void **state)
{
    (void)state;
    struct world_client *ann = world_add_client(world, "ann", "password");
    struct world_client *bob = world_add_client(world, "bob", "password");
    world_settle(world);
    for (int i = 0; i < 15; i++) {
        assert_int_not_equal(world_say(world, ann, 400), 0);
        assert_int_not_equal(world_say(world, bob, 100), 0);
    }
    world_settle(world);
    assert_int_equal(world_acked(world, NULL), 30);
    assert_int_equal(world->buffers.taken, 0);
    assert_int_equal(world->logins.taken, 0);
}

/* Whether the bytes stand anywhere in the buffers of all sessions. */
static bool buffers_hold(const void *bytes, size_t len)
{
    const uint8_t *at = world->buffers.slots;
    const size_t cap = world->buffers.size * world->buffers.count;
    for (size_t i = 0; i + len <= cap; i++) {
        if (memcmp(at + i, bytes, len) == 0) {
            return true;
        }
    }
    return false;
}

static void test_session_keeps_nothing_of_a_login(void **state)
{
    (void)state;
    struct world_client *ann = world_add_client(world, "ann", "password");
    world_settle(world);
    assert_true(world_is_content(ann));
    assert_false(buffers_hold(",p=", 3));
}

/* A new account, the last `cut` bytes of which are missing. */
static void send_register(size_t cut)
{
    uint8_t body[256];
    struct sotto_writer w;
    struct sotto_register account = {.name = {(const uint8_t *)"eve", 3}};
    account.verifier.salt_len = SOTTO_SCRAM_SALT_MIN;
    account.verifier.iterations = 4096;
    memset(account.verifier.stored_key, 0xa5, SOTTO_SCRAM_KEY_LEN);
    sotto_writer_init(&w, body, sizeof body);
    sotto_register_encode(&w, &account);
    assert_false(w.bad);
    peer_open(&peer, world);
    peer_send(&peer, SOTTO_MSG_REGISTER, body, w.len - cut);
}

/* Nor of an account that was made, or was to be and was not the protocol. */
static void test_session_keeps_nothing_of_a_registration(void **state)
{
    (void)state;
    uint8_t stored_key[SOTTO_SCRAM_KEY_LEN];
    memset(stored_key, 0xa5, sizeof stored_key);
    send_register(0);
    (void)peer_expect(&peer, SOTTO_MSG_REGISTERED);
    assert_false(buffers_hold(stored_key, sizeof stored_key));
    peer_hang_up(&peer);
    send_register(1);
    peer_expect_close(&peer, SOTTO_CLOSE_PROTOCOL);
    assert_false(buffers_hold(stored_key, sizeof stored_key));
}

static void test_session_buffers_of_the_least_size_are_enough(void **state)
{
    (void)state;
    scene_begin_two(&(struct world_options){.seed = 1,
                                            .server_limit = 1024,
                                            .client_limit = 1024,
                                            .max_text = 1700});
    const size_t least = SOTTO_ENTRY_HEAD_MAX + 1700 + 10 * SOTTO_ACK_FRAME_MAX;
    assert_in_range(world->buffers.size, least, least + 7);
    struct world_client *ann = world_add_client(world, "ann", "password");
    struct world_client *bob = world_add_client(world, "bob", "password");
    for (int i = 0; i < 20; i++) {
        assert_int_not_equal(world_say(world, ann, 1700), 0);
        assert_int_not_equal(world_say(world, bob, 1700), 0);
        world_settle(world);
    }
    assert_int_equal(world_acked(world, NULL), 40);
    world_check(world);
}

/* Records of 256 bytes: every longer text goes in parts, up and down. */
static void test_session_cuts_and_joins_long_messages(void **state)
{
    (void)state;
    scene_begin_two(&(struct world_options){.seed = 1,
                                            .server_limit = 256,
                                            .client_limit = 256,
                                            .max_text = 4096,
                                            .queue = 60000});
    struct world_client *ann = world_add_client(world, "ann", "password");
    struct world_client *bob = world_add_client(world, "bob", "password");
    world_settle(world);
    for (size_t len = 16; len <= 4096; len += len < 600 ? 7 : 211) {
        assert_int_not_equal(world_say(world, ann, len), 0);
        world_settle(world);
    }
    assert_int_not_equal(world_say(world, ann, 4096), 0);
    world_settle(world);
    assert_int_equal(world_acked(world, ann), ann->post_count);
    assert_int_equal(bob->heard_count, ann->post_count);
    world_check(world);
}

static void test_session_with_a_full_window_lets_the_client_wait(void **state)
{
    (void)state;
    scene_begin_two(&(struct world_options){.seed = 1, .window = 3});
    peer_enter(&peer, world, "ann", 1);
    struct world_conn *conn = &world->conns[0];
    for (uint64_t id = 1; id <= 10; id++) { /* ten at once, no disk */
        uint8_t body[11] = {0};
        body[9] = (uint8_t)id;
        body[10] = 'x';
        peer_put(&peer, SOTTO_MSG_POST, body, sizeof body);
    }
    for (int i = 0; i < 50; i++) {
        world_server_turn(world, conn);
        world_hub_turn(world);
    }
    assert_int_equal(conn->session.unacked, 3);
    assert_int_equal(sotto_hub_counters(world->hub)->posts, 3);
    for (uint64_t id = 1; id <= 10; id++) {
        struct sotto_ack ack;
        const struct sotto_frame frame = peer_expect(&peer, SOTTO_MSG_ACK);
        assert_int_equal(sotto_ack_decode(&ack, frame.body, frame.len),
                         SOTTO_OK);
        assert_int_equal(ack.id, id);
    }
    peer_hang_up(&peer);
}

/* A record of as many requests as it holds; false when the wire has no room. */
static bool ask_much(uint8_t type, const uint8_t *body, size_t len)
{
    uint8_t out[SOTTO_RECORD_HEAD + 1024];
    struct sotto_record record;
    struct world_pipe *up = &peer.wire->up;
    size_t sealed = 0;
    sotto_link_begin(&peer.link, &record, out, sizeof out);
    while (sotto_record_add(&record, type, body, len) == SOTTO_OK) {
    }
    assert_int_equal(sotto_link_end(&peer.link, &record, 0, &sealed), SOTTO_OK);
    if (sealed > sizeof up->bytes - up->len) {
        return false;
    }
    world_pipe_put(up, out, sealed);
    world_settle(world);
    return true;
}

/* Who asks and asks, and does not read: a few records are taken, and he is cut,
 * however quiet it is. */
static void test_session_takes_no_more_than_it_can_answer(void **state)
{
    (void)state;
    static const uint8_t types[] = {SOTTO_MSG_PING, SOTTO_MSG_WHO};
    const uint8_t body[2] = {0};
    const uint8_t filler[WORLD_PIPE] = {0};
    for (size_t i = 0; i < sizeof types; i++) {
        size_t records = 0;
        peer_enter(&peer, world, "ann", 1);
        struct world_pipe *down = &peer.wire->down;
        world_pipe_put(down, filler, sizeof down->bytes - down->len);
        while (ask_much(types[i], body, sizeof body)) {
            assert_true(++records < 10);
        }
        world_wait(world, 19000);
        assert_int_equal(world_open_count(world), 1);
        world_wait(world, 3000);
        assert_int_equal(world_open_count(world), 0);
        peer_hang_up(&peer);
    }
}

static void test_session_waits_for_buffers_that_others_have(void **state)
{
    (void)state;
    void *taken[64];
    size_t count = 0;
    scene_begin_two(&(struct world_options){.seed = 1, .buffers = 16});
    struct world_client *ann = world_add_client(world, "ann", "password");
    struct world_client *bob = world_add_client(world, "bob", "password");
    world_settle(world);
    while ((taken[count] = sotto_pool_take(&world->buffers)) != NULL) {
        count++;
    }
    assert_int_not_equal(world_say(world, ann, 300), 0);
    world_settle(world);
    assert_int_equal(world_acked(world, ann), 0);
    while (count > 0) { /* one more at a time */
        sotto_pool_give(&world->buffers, taken[--count]);
        world_settle(world);
    }
    assert_int_equal(world_acked(world, ann), 1);
    assert_int_equal(bob->heard_count, 1);
    assert_int_equal(world->buffers.taken, 0);
}

static bool takes_input(struct sotto_session *session)
{
    uint8_t *at = NULL;
    size_t cap = 0;
    return sotto_session_input(session, &at, &cap);
}

/* With room for one of them at a time. */
static void test_session_waits_for_its_turn(void **state)
{
    (void)state;
    struct sotto_session s[3];
    scene_begin_two(&(
        struct world_options){.seed = 1, .buffers = SOTTO_SESSION_BUFFERS_MIN});
    for (size_t i = 0; i < 3; i++) {
        sotto_session_init(&s[i], &world->session, 0);
    }
    assert_true(takes_input(&s[0]));
    assert_false(takes_input(&s[1]));
    assert_false(takes_input(&s[2]));
    assert_true(s[1].is_starved && s[2].is_starved);

    sotto_session_input_done(&s[0], 0, 0); /* it gives its buffer back, ... */
    assert_false(takes_input(&s[0]));      /* and comes after the others */
    assert_false(takes_input(&s[2]));
    assert_true(takes_input(&s[1]));
    sotto_session_input_done(&s[1], 0, 0);
    assert_false(takes_input(&s[1])); /* it waits for the round after theirs */
    assert_true(takes_input(&s[2]));
    sotto_session_input_done(&s[2], 0, 0);
    sotto_session_close(&s[0], SOTTO_CLOSE_PROTOCOL); /* nobody waits for it */
    assert_true(takes_input(&s[1]));
    for (size_t i = 0; i < 3; i++) {
        sotto_session_wipe(&s[i]);
    }
    assert_int_equal(world->buffers.taken, 0);
    assert_int_equal(world->turns.waiting, 0);
    assert_int_equal(world->turns.for_next, 0);
}

/* It gets a buffer for what it has to say, which needs no turn: it still waits
 * for the other, and has to be told of it. */
static void test_session_that_speaks_still_waits_for_its_turn(void **state)
{
    (void)state;
    struct sotto_session s[2];
    scene_begin_two(&(
        struct world_options){.seed = 1, .buffers = SOTTO_SESSION_BUFFERS_MIN});
    for (size_t i = 0; i < 2; i++) {
        sotto_session_init(&s[i], &world->session, 0);
    }
    assert_true(takes_input(&s[0]));
    assert_false(takes_input(&s[1]));
    assert_true(sotto_session_has_out(&s[1]));
    assert_true(s[1].is_starved);
    sotto_session_input_done(&s[0], 0, 0);
    assert_true(takes_input(&s[1]));
    assert_false(s[1].is_starved);
    for (size_t i = 0; i < 2; i++) {
        sotto_session_wipe(&s[i]);
    }
    assert_int_equal(world->buffers.taken, 0);
}

/* Half a record keeps a buffer as long as nobody wants it, and a stranger's no
 * longer than a quarter of hold_ms (5,000) then. */
static void test_session_gives_way_when_others_wait(void **state)
{
    (void)state;
    struct sotto_session s[2];
    uint8_t *at = NULL;
    size_t cap = 0;
    scene_begin_two(&(
        struct world_options){.seed = 1, .buffers = SOTTO_SESSION_BUFFERS_MIN});
    for (size_t i = 0; i < 2; i++) {
        sotto_session_init(&s[i], &world->session, 0);
    }
    assert_true(sotto_session_input(&s[0], &at, &cap));
    memcpy(at, "Sot", 3);
    sotto_session_input_done(&s[0], 3, 0);
    sotto_session_tick(&s[0], 2000);
    assert_int_equal(s[0].state, SOTTO_SESSION_HANDSHAKE);

    assert_false(takes_input(&s[1]));
    for (uint64_t now_ms = 2000; now_ms <= 3250; now_ms += 250) {
        sotto_session_tick(&s[0], now_ms);
        assert_int_equal(s[0].state, SOTTO_SESSION_HANDSHAKE);
    }
    sotto_session_tick(&s[0], 3251);
    assert_int_equal(s[0].state, SOTTO_SESSION_CLOSING);
    assert_null(sotto_session_next(&s[0], 3251)); /* gives it back */
    assert_true(takes_input(&s[1]));
    sotto_session_wipe(&s[0]);
    sotto_session_wipe(&s[1]);
    assert_int_equal(world->buffers.taken, 0);
}

/* Who reads a little now and then keeps what he is sent, though others wait for
 * buffers; who does not, for hold_ms (5,000), does not. */
static void test_session_lets_a_slow_reader_go_on(void **state)
{
    (void)state;
    const uint8_t filler[WORLD_PIPE] = {0};
    struct world_client *bob = world_add_client(world, "bob", "password");
    world_settle(world);
    peer_enter(&peer, world, "ann", 1);
    struct sotto_session *session = &world->conns[1].session;
    struct world_pipe *down = &peer.wire->down;
    world_pipe_put(down, filler, sizeof down->bytes - down->len);
    assert_int_not_equal(world_say(world, bob, 300), 0);
    world_settle(world);
    assert_non_null(session->out);
    world->turns.waiting++; /* somebody does */
    for (int i = 0; i < 10; i++) {
        world_pipe_drop(down, 10);
        world_server_turn(world, &world->conns[1]);
        world->now_ms += 1000;
        sotto_session_tick(session, world->now_ms);
        assert_int_equal(session->state, SOTTO_SESSION_ROOM);
    }
    for (int i = 0; i < 7; i++) {
        world->now_ms += 1000;
        sotto_session_tick(session, world->now_ms);
    }
    assert_int_equal(session->state, SOTTO_SESSION_CLOSING);
    world->turns.waiting--;
    peer_hang_up(&peer);
}

int test_session_memory(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, scene_setup_two, scene_end)
    const struct CMUnitTest tests[] = {
        TEST(test_session_at_rest_holds_no_buffer),
        TEST(test_session_keeps_nothing_of_a_login),
        TEST(test_session_keeps_nothing_of_a_registration),
        TEST(test_session_buffers_of_the_least_size_are_enough),
        TEST(test_session_cuts_and_joins_long_messages),
        TEST(test_session_with_a_full_window_lets_the_client_wait),
        TEST(test_session_takes_no_more_than_it_can_answer),
        TEST(test_session_waits_for_buffers_that_others_have),
        TEST(test_session_that_speaks_still_waits_for_its_turn),
        TEST(test_session_waits_for_its_turn),
        TEST(test_session_gives_way_when_others_wait),
        TEST(test_session_lets_a_slow_reader_go_on),
    };
#undef TEST
    return cmocka_run_group_tests_name("session_memory", tests, NULL, NULL);
}
