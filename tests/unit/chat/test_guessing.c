/*
 * test_guessing.c - somebody who does not know a password: what the answers tell
 * him about who has an account (nothing), and how often he may try.
 */
#include "tests/unit/chat/scene.h"
#include "tests/unit/support/peer.h"
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

/* ---- what the answers tell -------------------------------------------- */

#define ANSWERS_MAX 32
#define BODY_MAX    32
#define TRIES       5 /* what the throttles allow at first */

struct answer {
    uint8_t type;
    size_t record_len; /* on the wire */
    size_t len;
    uint8_t body[BODY_MAX]; /* of a challenge: its salt's length and its count,
                               as nonce and salt differ anyway */
};

/* All that a guesser gets to see. */
struct answers {
    struct answer at[ANSWERS_MAX];
    size_t count;
    unsigned closes;
    unsigned throttled;
};

/* Takes the next answer, which has to come. */
static struct answer *note(struct answers *answers, struct peer *peer,
                           struct sotto_frame *frame)
{
    assert_true(peer_next(peer, frame));
    assert_true(answers->count < ANSWERS_MAX);
    struct answer *answer = &answers->at[answers->count++];
    answer->type = frame->type;
    answer->record_len = peer->in_used;
    answer->len = frame->len;
    if (frame->type == SOTTO_MSG_ERROR) {
        assert_true(frame->len <= BODY_MAX);
        memcpy(answer->body, frame->body, frame->len);
    }
    return answer;
}

/* One guess; how long to wait before the next one is heard, 0: not at all. */
static uint32_t guess(struct answers *answers, struct peer *peer,
                      const char *name)
{
    struct sotto_frame frame;
    struct sotto_error error;

    peer_send_first(peer, name);
    struct answer *answer = note(answers, peer, &frame);
    if (frame.type == SOTTO_MSG_AUTH) {
        peer_prove(peer, &frame, "a guess");
        answer->body[0] = peer->scram.salt_len;
        memcpy(answer->body + 1, &peer->scram.iterations,
               sizeof peer->scram.iterations);
        (void)note(answers, peer, &frame);
    }
    assert_int_equal(frame.type, SOTTO_MSG_ERROR);
    assert_int_equal(sotto_error_decode(&error, frame.body, frame.len),
                     SOTTO_OK);
    if (error.problem == SOTTO_PROBLEM_THROTTLED) {
        answers->throttled++;
        return error.detail;
    }
    assert_int_equal(error.problem, SOTTO_PROBLEM_LOGIN);
    return 0;
}

/* Guesses, three on each connection, until he is slowed down, and then as often
 * as he is let, all in a world of its own. */
static void guess_on(struct answers *answers, const char *name, bool exists,
                     bool is_disabled)
{
    struct peer *peer = malloc(sizeof *peer);
    uint64_t ticket = 0;

    assert_non_null(peer);
    memset(answers, 0, sizeof *answers);
    scene_begin(&(struct world_options){.seed = 1, .burst = TRIES});
    world_add_account(world, "other", "right");
    if (exists) {
        world_add_account(world, name, "right");
        assert_int_equal(sotto_accounts_set_disabled(world->accounts, name,
                                                     strlen(name), is_disabled,
                                                     &ticket),
                         SOTTO_OK);
        world_settle(world);
    }
    for (unsigned tries = 0; tries < 12; tries++) {
        if (tries % 3 == 0) {
            peer_open(peer, world);
        }
        uint32_t wait_ms = guess(answers, peer, name);
        if (tries % 3 == 2) { /* it was refused three times */
            peer_expect_close(peer, SOTTO_CLOSE_REFUSED);
            answers->closes++;
        }
        if (wait_ms > 0 && tries % 3 == 2) {
            world_wait(world, wait_ms);
        }
    }
    free(peer);
}

static void test_guessing_tells_nothing_of_who_has_an_account(void **state)
{
    static struct answers wrong;
    static struct answers unknown;
    static struct answers disabled;

    (void)state;
    guess_on(&wrong, "somebody", true, false);
    guess_on(&unknown, "somebody", false, false);
    guess_on(&disabled, "somebody", true, true);
    assert_int_equal(wrong.closes, 4);
    assert_in_range(wrong.throttled, 3, 9); /* it has seen that, too */
    assert_true(wrong.count > 12);
    assert_memory_equal(&unknown, &wrong, sizeof wrong);
    assert_memory_equal(&disabled, &wrong, sizeof wrong);
}

/* Not even over lives of the server: the salt of a name stays, and asks for as
 * much work as one that a client makes. */
static void test_guessing_meets_the_same_salt_in_every_life(void **state)
{
    struct peer *peer = malloc(sizeof *peer);
    uint8_t salts[3][SOTTO_SCRAM_SALT_MIN];

    (void)state;
    assert_non_null(peer);
    for (int i = 0; i < 3; i++) {
        peer_open(peer, world);
        peer_send_first(peer, "nobody");
        peer_send_proof(peer, "x");
        (void)peer_expect_problem(peer, SOTTO_PROBLEM_LOGIN);
        assert_int_equal(peer->scram.salt_len, SOTTO_SCRAM_SALT_MIN);
        assert_int_equal(peer->scram.iterations, WORLD_ITERATIONS);
        memcpy(salts[i], peer->scram.salt, sizeof salts[i]);
        peer_hang_up(peer);
        world_add_account(world, i == 0 ? "ann" : i == 1 ? "bob" : "eve", "x");
        world_stop(world);
        world_start(world);
    }
    assert_memory_equal(salts[0], salts[1], sizeof salts[0]);
    assert_memory_equal(salts[0], salts[2], sizeof salts[0]);
    free(peer);
}

/* Fakes that the server made: the linker puts this around core's (--wrap). */
static unsigned fakes;

void __real_sotto_accounts_fake(const struct sotto_accounts *accounts,
                                const char *name, size_t name_len,
                                uint32_t iterations,
                                struct sotto_verifier *verifier);
void __wrap_sotto_accounts_fake(const struct sotto_accounts *accounts,
                                const char *name, size_t name_len,
                                uint32_t iterations,
                                struct sotto_verifier *verifier);

void __wrap_sotto_accounts_fake(const struct sotto_accounts *accounts,
                                const char *name, size_t name_len,
                                uint32_t iterations,
                                struct sotto_verifier *verifier)
{
    fakes++;
    __real_sotto_accounts_fake(accounts, name, name_len, iterations, verifier);
}

/* A fake takes hashing, which on a board is milliseconds: if it were made for
 * unknown names alone, a clock would tell them from others. */
static void test_guessing_costs_the_same_whoever_has_an_account(void **state)
{
    static const char *const names[] = {"somebody", "nobody"};
    struct peer *peer = malloc(sizeof *peer);

    (void)state;
    assert_non_null(peer);
    world_add_account(world, names[0], "right");
    for (size_t i = 0; i < 2; i++) {
        fakes = 0;
        peer_open(peer, world);
        peer_send_first(peer, names[i]);
        peer_send_proof(peer, "wrong");
        (void)peer_expect_problem(peer, SOTTO_PROBLEM_LOGIN);
        assert_int_equal(fakes, 1);
        peer_hang_up(peer);
    }
    free(peer);
}

/* ---- how often ------------------------------------------------------------ */

/* The rates of a server with 10 tries in a minute (its default). */
static const struct sotto_throttle_rate login_rate = {10, 6000};
static const struct sotto_throttle_rate account_rate = {60, 1001};
static const struct sotto_throttle_rate address_rate = {120, 501};

#define HOUR_S 3600U

static uint64_t bound(const struct sotto_throttle_rate *rate, uint64_t ms)
{
    return rate->burst + ms / rate->refill_ms;
}

static struct sotto_hub *open_hub(void **memory, size_t throttle_entries)
{
    const struct sotto_hub_config config = {.sessions = 1,
                                            .pending = 1,
                                            .throttle_entries =
                                                throttle_entries,
                                            .iterations_fake = WORLD_ITERATIONS,
                                            .login_rate = login_rate,
                                            .account_rate = account_rate,
                                            .address_rate = address_rate,
                                            .register_rate = login_rate};

    return scene_open_hub(&config, memory);
}

/* Who guesses: from so many addresses, at so many names. */
struct attack {
    unsigned addresses;
    unsigned names;
    size_t throttle_entries;
};

/* Guesses in an hour that reached a password, of ten that are made in each
 * second: addresses and names in turn. */
static uint64_t attack_for_an_hour(const struct attack *attack)
{
    uint32_t generation = 0;
    uint64_t guesses = 0;
    unsigned turn = 0;
    void *memory = NULL;
    struct sotto_hub *hub = open_hub(&memory, attack->throttle_entries);

    for (uint64_t now_ms = 0; now_ms < 1000U * HOUR_S;
         now_ms += 1000U * attack->addresses / 10) {
        for (unsigned i = 0; i < attack->addresses; i++) {
            char name[8] = "ann-000";
            const uint8_t ip[16] = {0x20, [6] = (uint8_t)i, [15] = 1};
            const struct sotto_seat_id id = {0, ++generation};
            const unsigned which = turn++ % attack->names;
            struct sotto_request request = {.kind = SOTTO_REQUEST_LOOKUP};
            struct sotto_reply reply;

            name[4] = (char)('0' + which / 100);
            name[5] = (char)('0' + which / 10 % 10);
            name[6] = (char)('0' + which % 10);
            request.name = (struct sotto_span){(const uint8_t *)name, 7};
            sotto_hub_enter(hub, id, ip);
            assert_int_equal(sotto_hub_request(hub, id, &request, now_ms, 1,
                                               &reply),
                             SOTTO_OK);
            guesses += reply.kind == SOTTO_REPLY_ACCOUNT;
            sotto_hub_leave(hub, id);
        }
    }
    free(memory);
    return guesses;
}

static void test_guessing_is_bounded_for_an_address_and_an_account(void **state)
{
    const struct attack attack = {1, 1, 256};

    (void)state;
    const uint64_t guesses = attack_for_an_hour(&attack);
    assert_in_range(guesses, HOUR_S / 6, bound(&login_rate, 1000U * HOUR_S));
}

/* Many machines at one account. */
static void test_guessing_is_bounded_for_an_account(void **state)
{
    const struct attack attack = {200, 1, 256};

    (void)state;
    const uint64_t guesses = attack_for_an_hour(&attack);
    assert_in_range(guesses, HOUR_S / 2, bound(&account_rate, 1000U * HOUR_S));
}

/* One machine at many accounts, even where there are more of them than the
 * tables remember: it cannot have its own debt forgotten. */
static void test_guessing_is_bounded_for_an_address(void **state)
{
    (void)state;
    for (unsigned names = 100; names <= 900; names += 400) {
        const struct attack attack = {1, names, 64};
        const uint64_t guesses = attack_for_an_hour(&attack);
        assert_in_range(guesses, HOUR_S, bound(&address_rate, 1000U * HOUR_S));
    }
}

int test_guessing(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_end)
    const struct CMUnitTest tests[] = {
        TEST(test_guessing_tells_nothing_of_who_has_an_account),
        TEST(test_guessing_meets_the_same_salt_in_every_life),
        TEST(test_guessing_costs_the_same_whoever_has_an_account),
        TEST(test_guessing_is_bounded_for_an_address_and_an_account),
        TEST(test_guessing_is_bounded_for_an_account),
        TEST(test_guessing_is_bounded_for_an_address),
    };
#undef TEST
    return cmocka_run_group_tests_name("chat/guessing", tests, NULL, NULL);
}
