/* How much one client may do, and what becomes of those who have not logged in:
 * nobody is cut for it, and nobody else notices. */
#include "core/auth/throttle.h"
#include "tests/unit/chat/scene.h"
#include "tests/unit/support/peer.h"
#include "tests/unit/support/seed.h"
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

static struct peer peers[2];

/* Somebody in the room who owes nothing. */
static void bring(struct peer *peer, const char *name, uint64_t instance)
{
    struct sotto_frame frame;
    peer_open(peer, world);
    peer_login(peer, name, "password");
    world_wait(world, 2000);
    (void)peer_join(peer, instance, 0, 0);
    (void)peer_expect(peer, SOTTO_MSG_CAUGHT_UP);
    world_wait(world, 2000);
    while (peer_next(peer, &frame)) {
    }
}

static unsigned count(struct peer *peer, uint8_t type)
{
    struct sotto_frame frame;
    unsigned found = 0;
    while (peer_next(peer, &frame)) {
        found += frame.type == type;
    }
    return found;
}

static void ping(struct peer *peer, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        peer_send(peer, SOTTO_MSG_PING, "12345678", 8);
    }
}

/* ---- a connection ---- */

static void test_limits_frames_of_a_connection(void **state)
{
    (void)state;
    scene_begin_two(
        &(struct world_options){.seed = 1, .rate = {.messages = 20}});
    bring(&peers[0], "ann", 1);
    bring(&peers[1], "bob", 2);
    ping(&peers[0], 30);
    assert_int_equal(count(&peers[0], SOTTO_MSG_PONG), 21);
    ping(&peers[1], 20); /* others may as before */
    assert_int_equal(count(&peers[1], SOTTO_MSG_PONG), 20);
    world_tick(world, 59);
    assert_int_equal(count(&peers[0], SOTTO_MSG_PONG), 0);
    world_tick(world, 1);
    assert_int_equal(count(&peers[0], SOTTO_MSG_PONG), 1);
    world_tick(world, 100);
    assert_int_equal(count(&peers[0], SOTTO_MSG_PONG), 2);
    world_wait(world, 2000);
    assert_int_equal(count(&peers[0], SOTTO_MSG_PONG), 6);
}

/* Also of bytes that are no frames of the chat. */
static void test_limits_bytes_of_a_connection(void **state)
{
    (void)state;
    static const uint8_t padding[203] = {0, 0x40, 200};
    scene_begin_two(
        &(struct world_options){.seed = 1, .rate = {.bytes = 1000}});
    bring(&peers[0], "ann", 1);
    for (int i = 0; i < 8; i++) { /* some 1,800 bytes on the wire */
        peer_send_frames(&peers[0], padding, sizeof padding);
    }
    ping(&peers[0], 1);
    assert_int_equal(count(&peers[0], SOTTO_MSG_PONG), 0);
    const uint64_t start_ms = world->now_ms;
    while (count(&peers[0], SOTTO_MSG_PONG) == 0) {
        const uint64_t pause_ms =
            sotto_session_pause_ms(&world->conns[0].session, world->now_ms);
        assert_in_range(pause_ms, 1, 1200); /* of a buffer at most */
        world_tick(world, pause_ms);
    }
    assert_in_range(world->now_ms - start_ms, 800, 1000);
}

static void test_limits_pause_says_how_long(void **state)
{
    (void)state;
    scene_begin_two(
        &(struct world_options){.seed = 1, .rate = {.messages = 20}});
    bring(&peers[0], "ann", 1);
    const struct sotto_session *session = &world->conns[0].session;
    assert_int_equal(sotto_session_pause_ms(session, world->now_ms), 0);
    ping(&peers[0], 22);
    (void)count(&peers[0], SOTTO_MSG_PONG);
    assert_int_equal(sotto_session_pause_ms(session, world->now_ms), 60);
    assert_int_equal(sotto_session_pause_ms(session, world->now_ms + 59), 1);
    assert_int_equal(sotto_session_pause_ms(session, world->now_ms + 60), 0);
}

/* Who has to wait is not taken for idle, nor for one who holds on to a buffer
 * that others want. */
static void test_limits_do_not_blame_who_waits(void **state)
{
    (void)state;
    scene_begin_two(&(struct world_options){
        .seed = 1, .sessions = 4, .buffers = SOTTO_SESSION_BUFFERS_MIN});
    bring(&peers[0], "ann", 1);
    struct sotto_session *session = &world->conns[0].session;
    world->session.rate.bytes = 1; /* a PING takes half a minute */
    ping(&peers[0], 1);
    assert_int_equal(count(&peers[0], SOTTO_MSG_PONG), 0);
    assert_true(sotto_session_pause_ms(session, world->now_ms) > 20000);
    world->turns.waiting = 1; /* somebody wants a buffer */
    for (int i = 0; i < 15; i++) {
        world_tick(world, 1000);
    }
    world->turns.waiting = 0;
    assert_int_equal(session->state, SOTTO_SESSION_ROOM);
    world->session.idle_ms = 10000;
    world_tick(world, 1000);
    assert_int_equal(session->state, SOTTO_SESSION_ROOM);
    world->session.idle_ms = 60000;
    world_wait(world, 50000);
    assert_int_equal(session->state, SOTTO_SESSION_ROOM);
    assert_int_equal(count(&peers[0], SOTTO_MSG_PONG), 1);
}

/* Half a record, which takes a buffer that others wait for. */
static void begin_record(struct peer *peer)
{
    static const uint8_t half[] = {0, 200, 1, 2, 3};
    peer_send_bytes(peer, half, sizeof half);
    world_settle(world);
}

/* A stranger may be anybody: it keeps it from others for a quarter of the time
 * that a member may, and for as long as it likes when nobody waits. */
static void test_limits_strangers_hold_buffers_for_less_long(void **state)
{
    (void)state;
    scene_begin_two(&(struct world_options){.seed = 1});
    bring(&peers[0], "ann", 1);
    peer_open(&peers[1], world);
    const struct sotto_session *member = &world->conns[0].session;
    const struct sotto_session *stranger = &world->conns[1].session;
    world->session.hold_ms = 4000;
    begin_record(&peers[0]);
    begin_record(&peers[1]);
    world_tick(world, 5000);
    world_tick(world, 1);
    assert_int_equal(stranger->state, SOTTO_SESSION_LOGIN);
    world->turns.waiting = 1; /* somebody wants a buffer */
    world_tick(world, 1);
    world_tick(world, 1000);
    assert_int_equal(stranger->state, SOTTO_SESSION_LOGIN);
    world_tick(world, 1);
    assert_int_not_equal(stranger->state, SOTTO_SESSION_LOGIN);
    world_tick(world, 2999);
    assert_int_equal(member->state, SOTTO_SESSION_ROOM);
    world_tick(world, 1);
    assert_int_not_equal(member->state, SOTTO_SESSION_ROOM);
    world->turns.waiting = 0;
}

/* ---- an account ---- */

static void post(struct peer *peer, uint64_t from, uint64_t to)
{
    for (uint64_t id = from; id <= to; id++) {
        peer_post(peer, id, "a word");
    }
}

/* With all its connections together, and for longer than one of them lasts. */
static void test_limits_posts_of_an_account(void **state)
{
    (void)state;
    scene_begin_two(&(struct world_options){.seed = 1,
                                            .post_rate = {.messages = 10},
                                            .sessions = 12});
    bring(&peers[0], "ann", 1);
    bring(&peers[1], "ann", 2);
    post(&peers[0], 1, 8);
    assert_int_equal(count(&peers[0], SOTTO_MSG_ACK), 8);
    post(&peers[1], 1, 8);
    assert_int_equal(count(&peers[1], SOTTO_MSG_ACK), 3);
    post(&peers[0], 9, 10); /* this one has not heard of it yet */
    assert_int_equal(count(&peers[0], SOTTO_MSG_ACK), 1);
    peer_hang_up(&peers[1]);
    world_settle(world);

    peer_open(&peers[1], world); /* somebody new of the same account */
    peer_login(&peers[1], "ann", "password");
    (void)peer_join(&peers[1], 3, 0, 0);
    (void)count(&peers[1], SOTTO_MSG_ACK);
    post(&peers[1], 1, 1);
    assert_int_equal(count(&peers[1], SOTTO_MSG_ACK), 1);
    post(&peers[1], 2, 2);
    assert_int_equal(count(&peers[1], SOTTO_MSG_ACK), 0);
    world_wait(world, 3000);
    assert_int_equal(count(&peers[1], SOTTO_MSG_ACK), 1);
}

static void test_limits_accounts_do_not_pay_for_others(void **state)
{
    (void)state;
    scene_begin_two(&(struct world_options){.seed = 1,
                                            .post_rate = {.bytes = 20},
                                            .sessions = 12});
    bring(&peers[0], "ann", 1);
    bring(&peers[1], "bob", 2);
    post(&peers[0], 1, 8); /* 48 bytes */
    assert_int_equal(count(&peers[0], SOTTO_MSG_ACK), 4);
    assert_int_equal(count(&peers[1], SOTTO_MSG_MESSAGE), 4);
    for (uint64_t id = 1; id <= 3; id++) {
        post(&peers[1], id, id);
        assert_int_equal(count(&peers[1], SOTTO_MSG_ACK), 1);
    }
    world_wait(world, 3000);
    assert_int_equal(count(&peers[0], SOTTO_MSG_ACK), 4);
}

/* ---- strangers ---- */

static struct sotto_hub *open_hub(size_t sessions,
                                  const struct sotto_throttle_rate *connects,
                                  void **memory)
{
    const struct sotto_throttle_rate rate = {1, 1};
    const struct sotto_hub_config config = {.sessions = sessions,
                                            .pending = 1,
                                            .throttle_entries = 4,
                                            .login_rate = rate,
                                            .account_rate = rate,
                                            .address_rate = rate,
                                            .register_rate = rate,
                                            .connect_rate = *connects};
    return scene_open_hub(&config, memory);
}

static void test_limits_connections_of_an_address(void **state)
{
    (void)state;
    scene_begin_two(&(struct world_options){.seed = 1});
    const uint8_t here[16] = {0x20, 1, [7] = 1};
    const uint8_t same[16] = {0x20, 1, [7] = 1, [15] = 9}; /* the same /64 */
    const uint8_t there[16] = {0x20, 1, [7] = 2};
    void *memory = NULL;
    struct sotto_hub *hub =
        open_hub(1, &(struct sotto_throttle_rate){3, 1000}, &memory);
    assert_true(sotto_hub_admits(hub, here, 5));
    assert_true(sotto_hub_admits(hub, same, 5));
    assert_true(sotto_hub_admits(hub, here, 5));
    assert_false(sotto_hub_admits(hub, here, 5));
    assert_false(sotto_hub_admits(hub, same, 1004));
    assert_true(sotto_hub_admits(hub, there, 5));
    assert_true(sotto_hub_admits(hub, same, 1005));
    assert_false(sotto_hub_admits(hub, here, 1005));
    assert_int_equal(sotto_hub_counters(hub)->turned_away, 3);
    free(memory);

    hub = open_hub(1, &(struct sotto_throttle_rate){0, 0}, &memory);
    for (int i = 0; i < 1000; i++) {
        assert_true(sotto_hub_admits(hub, here, 5));
    }
    free(memory);
}

#define SEATS 9

/* In the order in which they came, whoever goes. */
static void test_limits_strangers_are_known_by_age(void **state)
{
    (void)state;
    scene_begin_two(&(struct world_options){.seed = 1});
    const uint8_t ip[16] = {0};
    uint32_t since[SEATS] = {0}; /* the generation; 0: not taken */
    uint32_t generation = 0;
    struct seed seed;
    void *memory = NULL;
    seed_init(&seed, seed_of_run(1));
    struct sotto_hub *hub =
        open_hub(SEATS, &(struct sotto_throttle_rate){0, 0}, &memory);
    for (int i = 0; i < 5000; i++) {
        const uint32_t at = (uint32_t)seed_below(&seed, SEATS);
        struct sotto_seat_id id = {at, since[at]};
        if (since[at] != 0) {
            sotto_hub_leave(hub, id);
            since[at] = 0;
        } else {
            since[at] = ++generation;
            id.generation = generation;
            sotto_hub_enter(hub, id, ip);
        }
        uint32_t oldest = UINT32_MAX;
        size_t taken = 0;
        for (size_t j = 0; j < SEATS; j++) {
            taken += since[j] != 0;
            oldest = since[j] != 0 && since[j] < oldest ? since[j] : oldest;
        }
        assert_int_equal(sotto_hub_strangers(hub), taken);
        if (!seed_once_in(&seed, 4)) {
            continue;
        }
        assert_int_equal(sotto_hub_dismiss_stranger(hub, ip, &id), taken > 0);
        if (taken > 0) {
            assert_int_equal(id.generation, oldest);
            sotto_hub_leave(hub, id);
            since[id.place] = 0;
        }
    }
    free(memory);
}

/* As the header says it, over all of them, for the test below. */
struct stranger {
    uint32_t generation; /* 0: not there */
    uint8_t ip[16];
    bool has_asked;
};

static size_t count_from(const struct stranger *strangers, const uint8_t *ip)
{
    size_t count = 0;
    for (size_t i = 0; i < SEATS; i++) {
        count += strangers[i].generation != 0 &&
                 memcmp(strangers[i].ip, ip, 16) == 0;
    }
    return count;
}

static bool goes_before(const struct stranger *strangers, size_t a, size_t b,
                        const uint8_t *ip)
{
    const struct stranger *x = &strangers[a];
    const struct stranger *y = &strangers[b];
    const size_t own = count_from(strangers, ip) + 1;
    const size_t of_x = count_from(strangers, x->ip);
    const size_t of_y = count_from(strangers, y->ip);
    const bool is_x_own = memcmp(x->ip, ip, 16) == 0;
    const bool is_y_own = memcmp(y->ip, ip, 16) == 0;
    if (is_x_own != is_y_own) {
        return is_x_own ? own > of_y : own <= of_x;
    }
    if (of_x != of_y) {
        return of_x > of_y;
    }
    return x->has_asked != y->has_asked ? y->has_asked
                                        : x->generation < y->generation;
}

static void test_limits_strangers_go_by_address_and_progress(void **state)
{
    (void)state;
    scene_begin_two(&(struct world_options){.seed = 1});
    struct stranger strangers[SEATS] = {{0}};
    uint32_t generation = 0;
    struct seed seed;
    void *memory = NULL;
    seed_init(&seed, seed_of_run(1));
    struct sotto_hub *hub =
        open_hub(SEATS, &(struct sotto_throttle_rate){0, 0}, &memory);
    for (int i = 0; i < 5000; i++) {
        uint8_t ip[16] = {[10] = 0xff, [11] = 0xff, 127};
        struct sotto_seat_id id = {(uint32_t)seed_below(&seed, SEATS), 0};
        struct stranger *one = &strangers[id.place];
        ip[15] = (uint8_t)seed_below(&seed, 4);
        if (one->generation != 0 && seed_once_in(&seed, 2)) {
            const struct sotto_request request = {.kind = SOTTO_REQUEST_NONE};
            struct sotto_reply reply;
            id.generation = one->generation;
            assert_int_equal(sotto_hub_request(hub, id, &request, 0, 0, &reply),
                             SOTTO_OK);
            one->has_asked = true;
            continue;
        }
        if (one->generation != 0) { /* it is to make room */
            size_t worst = id.place;
            for (size_t j = 0; j < SEATS; j++) {
                if (strangers[j].generation != 0 && j != worst &&
                    goes_before(strangers, j, worst, ip)) {
                    worst = j;
                }
            }
            assert_true(sotto_hub_dismiss_stranger(hub, ip, &id));
            assert_int_equal(id.place, worst);
            sotto_hub_leave(hub, id);
            strangers[worst].generation = 0;
            continue;
        }
        *one = (struct stranger){.generation = ++generation};
        memcpy(one->ip, ip, sizeof ip);
        id.generation = generation;
        sotto_hub_enter(hub, id, ip);
    }
    free(memory);
}

/* However few of the crowd are among those who came first. */
static void test_limits_a_crowd_of_one_address_pushes_itself_out(void **state)
{
    (void)state;
    scene_begin_two(&(struct world_options){.seed = 1});
    const uint8_t crowd[16] = {0x20, 1, [7] = 1};
    void *memory = NULL;
    struct sotto_hub *hub =
        open_hub(300, &(struct sotto_throttle_rate){0, 0}, &memory);
    for (uint32_t i = 0; i < 300; i++) {
        const uint8_t other[16] = {0x20, 2, (uint8_t)i, (uint8_t)(i >> 8)};
        sotto_hub_enter(hub, (struct sotto_seat_id){i, 1},
                        i < 100 ? other : crowd);
    }
    for (uint32_t i = 0; i < 1000; i++) {
        uint8_t same[16] = {0x20, 1, [7] = 1, [15] = (uint8_t)i};
        struct sotto_seat_id id;
        assert_true(sotto_hub_dismiss_stranger(hub, same, &id));
        assert_int_equal(id.place, 100 + i % 200);
        sotto_hub_leave(hub, id);
        id.generation++;
        sotto_hub_enter(hub, id, same);
    }
    free(memory);
}

/* A knock is a part of the handshake, and costs its sender nothing. */
static void test_limits_who_knocks_has_asked_for_nothing(void **state)
{
    (void)state;
    scene_begin_two(&(struct world_options){.seed = 1});
    const uint8_t ip[16] = {0x20, 1};
    static const uint8_t key[32] = {1};
    const struct sotto_request knock = {.kind = SOTTO_REQUEST_DEVICE,
                                        .device = {.key = {key, sizeof key}}};
    const struct sotto_request none = {.kind = SOTTO_REQUEST_NONE};
    struct sotto_seat_id id = {0, 1};
    struct sotto_reply reply;
    void *memory = NULL;
    struct sotto_hub *hub =
        open_hub(2, &(struct sotto_throttle_rate){0, 0}, &memory);
    sotto_hub_enter(hub, (struct sotto_seat_id){0, 1}, ip);
    sotto_hub_enter(hub, (struct sotto_seat_id){1, 1}, ip);
    id.place = 1;
    assert_int_equal(sotto_hub_request(hub, id, &knock, 0, 0, &reply),
                     SOTTO_OK);
    id.place = 0;
    assert_int_equal(sotto_hub_request(hub, id, &none, 0, 0, &reply), SOTTO_OK);
    assert_true(sotto_hub_dismiss_stranger(hub, ip, &id));
    assert_int_equal(id.place, 1);
    free(memory);
}

static void test_limits_who_logs_in_is_no_stranger(void **state)
{
    (void)state;
    struct sotto_seat_id id = {0};
    const uint8_t there[16] = {0x20, 1};
    scene_begin_two(&(struct world_options){.seed = 1});
    peer_open(&peers[0], world);
    peer_open(&peers[1], world);
    assert_int_equal(sotto_hub_strangers(world->hub), 2);
    peer_login(&peers[0], "ann", "password");
    assert_int_equal(sotto_hub_strangers(world->hub), 1);
    assert_true(sotto_hub_dismiss_stranger(world->hub, there, &id));
    assert_int_equal(id.place, 1);
    assert_int_equal(sotto_hub_strangers(world->hub), 0);
    assert_false(sotto_hub_dismiss_stranger(world->hub, there, &id));
    peer_login(&peers[1], "bob", "password"); /* before it was told to go */
    peer_hang_up(&peers[1]);
    world_settle(world);
    assert_int_equal(sotto_hub_strangers(world->hub), 0);
    assert_false(sotto_hub_dismiss_stranger(world->hub, there, &id));
}

int test_limits(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, scene_end)
    const struct CMUnitTest tests[] = {
        TEST(test_limits_frames_of_a_connection),
        TEST(test_limits_bytes_of_a_connection),
        TEST(test_limits_pause_says_how_long),
        TEST(test_limits_do_not_blame_who_waits),
        TEST(test_limits_strangers_hold_buffers_for_less_long),
        TEST(test_limits_posts_of_an_account),
        TEST(test_limits_accounts_do_not_pay_for_others),
        TEST(test_limits_connections_of_an_address),
        TEST(test_limits_strangers_are_known_by_age),
        TEST(test_limits_strangers_go_by_address_and_progress),
        TEST(test_limits_a_crowd_of_one_address_pushes_itself_out),
        TEST(test_limits_who_knocks_has_asked_for_nothing),
        TEST(test_limits_who_logs_in_is_no_stranger),
    };
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
#undef TEST
}
