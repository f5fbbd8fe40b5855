/*
 * test_in_between.c - somebody between two links, without a key that would help
 * him: he changes bytes, repeats, moves and mixes units, and offers keys of low
 * order. Whatever he does, in every suite and both patterns, the first side that
 * can notice does, nothing is handed out, and no key stays behind.
 */
#include "core/channel/link.h"
#include "tests/unit/channel/pair.h"
#include <string.h>

#define LIMIT 1024
#define TEXT  "attack at dawn"

/* What goes over the wire at once, in this order. */
enum step {
    MESSAGE_1, /* the hello in front of it */
    MESSAGE_2,
    MESSAGE_3, /* IK has none */
    UP,        /* a record of the client's */
    DOWN,      /* a record of the server's */
    STEPS
};

#define STEP_MAX 256

/* A conversation as it should be: what was said, and both ends when it was said
 * and not yet heard. */
struct talk {
    bool is_ik;
    enum sotto_suite suite;
    uint8_t bytes[STEPS][STEP_MAX];
    size_t len[STEPS];
    struct sotto_link client[STEPS];
    struct sotto_link server[STEPS];
};

/* Static: tens of kilobytes. */
static struct pair pair;
static struct talk talk;
static struct talk other; /* of the same two, at another time */
static unsigned frames;   /* that were handed out */

static bool is_up(enum step step)
{
    return step == MESSAGE_1 || step == MESSAGE_3 || step == UP;
}

static struct sotto_link *speaker(enum step step)
{
    return is_up(step) ? &pair.client : &pair.server;
}

static struct sotto_link *listener(enum step step)
{
    return is_up(step) ? &pair.server : &pair.client;
}

/* Both before the first byte. Static keys are always the same ones; ephemeral
 * keys differ between sessions. */
static void begin(enum sotto_suite suite, bool is_ik, uint8_t session)
{
    if (is_ik) {
        pair_init_ik(&pair, suite, LIMIT, NULL, true);
    } else {
        pair_init(&pair, suite, LIMIT);
        pair.server.takes_ik = true;
    }
    pair.client_random.next = (uint8_t)(1 + 10 * session);
    pair.server_random.next = (uint8_t)(101 + 10 * session);
    frames = 0;
}

/* What is next to be said comes to the wire; false when there is nothing. */
static bool say(enum step step)
{
    struct sotto_link *from = speaker(step);

    if (step == UP || step == DOWN) {
        if (from->state != SOTTO_LINK_OPEN) {
            return false;
        }
        pair_send(&pair, from, 16, TEXT, sizeof TEXT - 1, 0);
        return true;
    }
    return sotto_link_out(from, pair.wire, sizeof pair.wire, &pair.wire_len) ==
               SOTTO_OK &&
           pair.wire_len > 0;
}

/* Where a length waits for more bytes than there are, they come: zeros. */
static enum sotto_err feed_unit(struct sotto_link *to, size_t at, size_t *used)
{
    size_t left = pair.wire_len - at;

    enum sotto_err err = sotto_link_feed(to, pair.wire + at, left, used);
    if (err == SOTTO_OK && *used == 0 && to->state != SOTTO_LINK_IDENTITY) {
        size_t need = sotto_link_need(to, pair.wire + at, left);
        assert_true(need > left && at + need <= sizeof pair.wire);
        memset(pair.wire + pair.wire_len, 0, need - left);
        err = sotto_link_feed(to, pair.wire + at, need, used);
    }
    return err;
}

/* `to` hears what is on the wire, decides for the other's key, and hands out. */
static void hear(struct sotto_link *to)
{
    enum sotto_err err = SOTTO_OK;
    struct sotto_frame frame;
    size_t used = 1;

    for (size_t at = 0; at < pair.wire_len && used > 0; at += used) {
        err = feed_unit(to, at, &used);
        if (err != SOTTO_OK) {
            assert_int_equal(to->state, SOTTO_LINK_FAILED);
            return;
        }
    }
    if (to->state == SOTTO_LINK_IDENTITY) {
        sotto_link_accept(to);
    }
    while (sotto_link_next(to, &frame, &err)) {
        frames++;
    }
}

static void hear_bytes(struct sotto_link *to, const uint8_t *in, size_t len)
{
    assert_true(len <= sizeof pair.wire);
    memcpy(pair.wire, in, len);
    pair.wire_len = len;
    hear(to);
}

/* The honest conversation, kept. */
static void have(struct talk *t, enum sotto_suite suite, bool is_ik,
                 uint8_t session)
{
    memset(t, 0, sizeof *t);
    t->suite = suite;
    t->is_ik = is_ik;
    begin(suite, is_ik, session);
    for (enum step step = MESSAGE_1; step < STEPS; step++) {
        if (is_ik && step == MESSAGE_3) {
            continue;
        }
        assert_true(say(step));
        assert_true(pair.wire_len <= STEP_MAX);
        memcpy(t->bytes[step], pair.wire, pair.wire_len);
        t->len[step] = pair.wire_len;
        t->client[step] = pair.client;
        t->server[step] = pair.server;
        hear(listener(step));
    }
    assert_int_equal(frames, 2);
    assert_int_equal(pair.client.state, SOTTO_LINK_OPEN);
    assert_int_equal(pair.server.state, SOTTO_LINK_OPEN);
}

/* The conversation is taken up where `step` was said: `in` is heard in its
 * place, and then whatever the two still have to say to each other. */
static void go_on(const struct talk *t, enum step step, const uint8_t *in,
                  size_t len)
{
    pair.client = t->client[step];
    pair.server = t->server[step];
    frames = 0;
    hear_bytes(listener(step), in, len);
    for (step = (enum step)(step + 1); step < STEPS; step++) {
        if (say(step)) {
            hear(listener(step));
        }
    }
}

static bool is_zero(const void *memory, size_t len)
{
    const uint8_t *at = memory;

    for (size_t i = 0; i < len; i++) {
        if (at[i] != 0) {
            return false;
        }
    }
    return true;
}

/* A link that failed has no key left, but for one that CLOSE can be said with,
 * and no text. */
static void expect_nothing_left(const struct sotto_link *link)
{
    assert_null(link->plain);
    assert_int_equal(link->plain_left, 0);
    if (link->has_keys) {
        assert_true(is_zero(&link->keys.transport.receive,
                            sizeof link->keys.transport.receive));
    } else {
        assert_true(is_zero(&link->keys, sizeof link->keys));
    }
}

static void expect_noticed(void)
{
    bool noticed = false;

    assert_int_equal(frames, 0);
    if (pair.client.state == SOTTO_LINK_FAILED) {
        expect_nothing_left(&pair.client);
        noticed = true;
    }
    if (pair.server.state == SOTTO_LINK_FAILED) {
        expect_nothing_left(&pair.server);
        noticed = true;
    }
    assert_true(noticed);
    for (size_t i = 0; i + sizeof TEXT - 1 <= STEP_MAX; i++) {
        assert_memory_not_equal(pair.wire + i, TEXT, sizeof TEXT - 1);
    }
}

static void for_each_kind(void (*try)(enum sotto_suite suite, bool is_ik))
{
    for (size_t i = 0; i < 2 * PAIR_SUITES; i++) {
        try(pair_suites[i / 2], i % 2 == 1);
    }
}

/* ---- changed ------------------------------------------------------------------ */

static void change_every_byte(enum sotto_suite suite, bool is_ik)
{
    uint8_t changed[STEP_MAX];

    have(&talk, suite, is_ik, 0);
    for (enum step step = MESSAGE_1; step < STEPS; step++) {
        for (size_t at = 0; at < talk.len[step]; at++) {
            memcpy(changed, talk.bytes[step], talk.len[step]);
            changed[at] ^= (uint8_t)(1U << at % 8);
            go_on(&talk, step, changed, talk.len[step]);
            expect_noticed();
        }
    }
}

/* Of the hello (version, pattern, suite, receive limit), of each message and of
 * a record of each side. */
static void test_in_between_every_changed_byte_is_noticed(void **state)
{
    (void)state;
    for_each_kind(change_every_byte);
}

/* Shorter by some bytes at the end, the length field as it was or made to fit. */
static void cut_every_unit(enum sotto_suite suite, bool is_ik)
{
    uint8_t cut[STEP_MAX];

    have(&talk, suite, is_ik, 0);
    for (enum step step = MESSAGE_1; step < STEPS; step++) {
        const size_t head = step == MESSAGE_1 ? SOTTO_HELLO_LEN : 0;
        for (size_t len = head + 2; len < talk.len[step]; len++) {
            memcpy(cut, talk.bytes[step], len);
            go_on(&talk, step, cut, len); /* zeros come in their place */
            expect_noticed();
            cut[head] = (uint8_t)((len - head - 2) >> 8);
            cut[head + 1] = (uint8_t)(len - head - 2);
            if (!is_up(step) && len == head + 2) {
                continue; /* a length of 0 is a refusal's */
            }
            go_on(&talk, step, cut, len);
            expect_noticed();
        }
    }
}

static void test_in_between_every_cut_unit_is_noticed(void **state)
{
    (void)state;
    for_each_kind(cut_every_unit);
}

/* ---- moved, mixed, sent back ------------------------------------------------------- */

/* Each unit of `from` in the place of each unit of `talk`. */
static void mix(const struct talk *from)
{
    for (enum step step = MESSAGE_1; step < STEPS; step++) {
        for (enum step unit = MESSAGE_1; unit < STEPS; unit++) {
            const bool is_honest = from == &talk && unit == step;
            if (is_honest || talk.len[step] == 0 || from->len[unit] == 0) {
                continue;
            }
            go_on(&talk, step, from->bytes[unit], from->len[unit]);
            expect_noticed();
            if (unit == MESSAGE_1) { /* without its hello, too */
                go_on(&talk, step, from->bytes[unit] + SOTTO_HELLO_LEN,
                      from->len[unit] - SOTTO_HELLO_LEN);
                expect_noticed();
            }
        }
    }
}

/* Out of order, or back to whoever said it. */
static void mix_with_itself(enum sotto_suite suite, bool is_ik)
{
    have(&talk, suite, is_ik, 0);
    mix(&talk);
}

static void test_in_between_no_unit_passes_for_another(void **state)
{
    (void)state;
    for_each_kind(mix_with_itself);
}

/* From another session of the same two, in the same pattern and suite and in all
 * others. */
static void mix_with_others(enum sotto_suite suite, bool is_ik)
{
    for (size_t i = 0; i < 2 * PAIR_SUITES; i++) {
        have(&other, pair_suites[i / 2], i % 2 == 1, 1);
        have(&talk, suite, is_ik, 0);
        mix(&other);
    }
}

static void test_in_between_no_unit_of_another_session_passes(void **state)
{
    (void)state;
    for_each_kind(mix_with_others);
}

/* ---- a whole session again -------------------------------------------------------- */

/* The server's side of another life: its ephemeral key is a new one. */
static void replay_client(enum sotto_suite suite, bool is_ik)
{
    have(&other, suite, is_ik, 0);
    begin(suite, is_ik, 1);
    for (enum step step = MESSAGE_1; step <= UP; step++) {
        if (is_up(step) && other.len[step] > 0) {
            assert_int_not_equal(pair.server.state, SOTTO_LINK_FAILED);
            hear_bytes(&pair.server, other.bytes[step], other.len[step]);
        } else {
            (void)say(step); /* to nobody */
        }
        assert_true(is_ik || pair.server.state != SOTTO_LINK_OPEN);
        if (pair.server.state == SOTTO_LINK_FAILED) {
            break;
        }
    }
    /* XX ends at message 3. Message 1 of IK is as good as it was, and leads
     * nowhere: the first record, which a login counts at, is not taken. */
    assert_int_equal(pair.server.state, SOTTO_LINK_FAILED);
    assert_int_equal(pair.server.error, SOTTO_ERR_AUTH);
    assert_int_equal(pair.server.has_keys, is_ik);
    assert_int_equal(frames, 0);
    expect_nothing_left(&pair.server);
}

static void test_in_between_a_recorded_client_does_not_come_in(void **state)
{
    (void)state;
    for_each_kind(replay_client);
}

static void replay_server(enum sotto_suite suite, bool is_ik)
{
    have(&other, suite, is_ik, 0);
    begin(suite, is_ik, 1);
    assert_true(say(MESSAGE_1));
    hear_bytes(&pair.client, other.bytes[MESSAGE_2], other.len[MESSAGE_2]);
    assert_int_equal(pair.client.state, SOTTO_LINK_FAILED);
    assert_int_equal(pair.client.error, SOTTO_ERR_AUTH);
    expect_nothing_left(&pair.client);
}

static void test_in_between_a_recorded_server_is_not_believed(void **state)
{
    (void)state;
    for_each_kind(replay_server);
}

/* ---- keys of low order -------------------------------------------------------------- */

/* The point instead of 32 bytes at `at` of what is said in `step`. */
static void put_point(enum step step, size_t at, const uint8_t point[static 32])
{
    uint8_t changed[STEP_MAX];

    memcpy(changed, talk.bytes[step], talk.len[step]);
    memcpy(changed + at, point, 32);
    go_on(&talk, step, changed, talk.len[step]);
    expect_noticed();
}

/* A side that shows the point as its static key, sealed as it should be. */
static void lie(enum sotto_suite suite, bool is_ik, bool is_client,
                const uint8_t point[static 32])
{
    begin(suite, is_ik, 0);
    if (is_client) {
        pair.client.keys.handshake.s_public = point;
    } else {
        pair.server.keys.own.s_public = point;
    }
    for (enum step step = MESSAGE_1; step < STEPS; step++) {
        if (say(step)) {
            hear(listener(step));
        }
    }
    const struct sotto_link *hearer = is_client ? &pair.server : &pair.client;
    assert_int_equal(hearer->state, SOTTO_LINK_FAILED);
    assert_int_equal(hearer->error, SOTTO_ERR_AUTH);
    expect_noticed();
}

static void offer_points(enum sotto_suite suite, bool is_ik)
{
    have(&talk, suite, is_ik, 0);
    for (size_t i = 0; i < 2 * PAIR_LOW_ORDER; i++) {
        uint8_t point[32];

        memcpy(point, pair_low_order[i / 2], sizeof point);
        point[31] ^= (uint8_t)(i % 2 << 7); /* a bit that does not count */
        put_point(MESSAGE_1, SOTTO_HELLO_LEN + SOTTO_RECORD_HEAD, point);
        put_point(MESSAGE_2, SOTTO_RECORD_HEAD, point);
        lie(suite, is_ik, true, point);
        if (!is_ik) {
            lie(suite, is_ik, false, point);
            continue;
        }
        /* What a client was told to dial. */
        pair_init_ik(&pair, suite, LIMIT, point, true);
        assert_false(say(MESSAGE_1));
        assert_int_equal(pair.client.error, SOTTO_ERR_AUTH);
        expect_nothing_left(&pair.client);
    }
}

/* Wherever a key comes in: ephemeral and static, of both sides. */
static void test_in_between_keys_of_low_order_are_refused(void **state)
{
    (void)state;
    for_each_kind(offer_points);
}

int test_in_between(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_between_every_changed_byte_is_noticed),
        cmocka_unit_test(test_in_between_every_cut_unit_is_noticed),
        cmocka_unit_test(test_in_between_no_unit_passes_for_another),
        cmocka_unit_test(test_in_between_no_unit_of_another_session_passes),
        cmocka_unit_test(test_in_between_a_recorded_client_does_not_come_in),
        cmocka_unit_test(test_in_between_a_recorded_server_is_not_believed),
        cmocka_unit_test(test_in_between_keys_of_low_order_are_refused),
    };
    return cmocka_run_group_tests_name("channel/in_between", tests, NULL, NULL);
}
