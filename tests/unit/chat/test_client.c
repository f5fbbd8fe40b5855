/* The client alone: what it takes from a server, and what it does then. */
#include "tests/unit/support/host.h"
#include "tests/unit/test.h"

#include <string.h>

static struct host host;

static uint64_t post(const char *text)
{
    uint64_t id = 0;
    assert_int_equal(sotto_client_post(&host.client, (const uint8_t *)text,
                                       strlen(text), &id),
                     SOTTO_OK);
    return id;
}

/* The next frame is a POST with this id. */
static void expect_post(uint64_t id)
{
    struct sotto_post msg;
    const struct sotto_frame frame = host_expect(&host, SOTTO_MSG_POST);
    assert_int_equal(sotto_post_decode(&msg, frame.body, frame.len), SOTTO_OK);
    assert_int_equal(msg.id, id);
}

static void expect_nothing_sent(void)
{
    struct sotto_frame frame;
    host_fetch(&host, SIZE_MAX);
    assert_false(host_next(&host, &frame));
}

/* ---- starting ---- */

static void test_client_refuses_configurations(void **state)
{
    (void)state;
    host_begin(&host);
    struct sotto_client client;
    struct sotto_client_config config = host.client.config;
    strcpy(config.name, "Ann");
    assert_int_equal(sotto_client_init(&client, &config), SOTTO_ERR_LIMIT);
    strcpy(config.name, "ann");
    config.memory_len = sotto_client_size(1024, 0) - 1;
    assert_int_equal(sotto_client_init(&client, &config), SOTTO_ERR_SPACE);
    config.memory_len++;
    assert_int_equal(sotto_client_init(&client, &config), SOTTO_OK);
}

/* ---- protocol ---- */

enum stage {
    STAGE_AUTH,
    STAGE_JOINING,
    STAGE_ROOM,
    STAGES
};

static void bring_to(enum stage stage)
{
    if (stage == STAGE_ROOM) {
        host_enter(&host);
        return;
    }
    host_begin(&host);
    host_open(&host);
    if (stage >= STAGE_JOINING) {
        host_login(&host);
    }
    host_fetch(&host, SIZE_MAX); /* its question has gone out */
}

struct frame_case {
    uint8_t type;
    const char *body;
    size_t len;
    bool is_taken[STAGES];
};

#define BODY(text) text, sizeof(text) - 1
#define NOWHERE                                                                \
    {                                                                          \
        false, false, false                                                    \
    }
#define IN_ROOM                                                                \
    {                                                                          \
        false, false, true                                                     \
    }
#define EVERYWHERE                                                             \
    {                                                                          \
        true, true, true                                                       \
    }

static const struct frame_case frame_cases[] = {
    {SOTTO_MSG_AUTH, BODY("r=abc"), NOWHERE},
    {SOTTO_MSG_AUTH, BODY("v=abcd"), NOWHERE},
    {SOTTO_MSG_REGISTER, BODY(""), NOWHERE},
    {SOTTO_MSG_POST, BODY(""), NOWHERE},
    {SOTTO_MSG_PING, BODY(""), NOWHERE},
    {SOTTO_MSG_REGISTERED, BODY(""), NOWHERE},
    {SOTTO_MSG_WELCOME, BODY("\3ann\1\0"), NOWHERE},
    {SOTTO_MSG_ERROR, BODY("\0\1\0\0\0\0\0\0\0\0\0\0\0\0"), EVERYWHERE},
    {SOTTO_MSG_ERROR, BODY("\0\1\0\0"), NOWHERE},
    {SOTTO_MSG_JOINED,
     BODY("\0\0\6#lobby\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1"),
     {false, true, false}},
    {SOTTO_MSG_JOINED, BODY("\0\0\6#lobby\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\1"),
     NOWHERE},
    {SOTTO_MSG_JOINED, BODY("\0\0\6#lobby\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"),
     NOWHERE},
    {SOTTO_MSG_MESSAGE, BODY("\0\0\0\0\0\0\0\0\0\1\0\0\0\0\3bobhi"), IN_ROOM},
    {SOTTO_MSG_MESSAGE, BODY("\0\0\0\0\0\0\0\0\0\1\0\0\0\0\3bob"), NOWHERE},
    {SOTTO_MSG_MESSAGE, BODY("\0\0\0\0\0\0\0\0\0\1\0\0\0\0\3bob\xff"), NOWHERE},
    {SOTTO_MSG_ENTERED, BODY("\0\0\0\0\0\0\0\0\0\1\0\0\0\0\3bob"), IN_ROOM},
    {SOTTO_MSG_LEFT, BODY("\0\0\0\0\0\0\0\0\0\1\0\0\0\0\3bob"), IN_ROOM},
    {SOTTO_MSG_LEFT, BODY("\0\0\0\0\0\0\0\0\0\1\0\0\0\0\3bob?"), NOWHERE},
    {SOTTO_MSG_CAUGHT_UP, BODY("\0\0"), NOWHERE}, /* in the room: again */
    {SOTTO_MSG_ACK, BODY("\0\0"), NOWHERE},
    {SOTTO_MSG_PRESENT, BODY("\0\0\2"), NOWHERE},
    {SOTTO_MSG_PRESENT, BODY("\0\0\1\3ann"), IN_ROOM},
    {SOTTO_MSG_PONG, BODY("123456789"), NOWHERE},
    {43, BODY(""), NOWHERE},
    {255, BODY(""), NOWHERE},
};

static void test_client_takes_each_frame_where_it_belongs_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof frame_cases / sizeof *frame_cases; i++) {
        const struct frame_case *one = &frame_cases[i];
        for (int stage = 0; stage < STAGES; stage++) {
            bring_to((enum stage)stage);
            host_send(&host, one->type, one->body, one->len);
            assert_true(sotto_client_next(&host.client, &host.event));
            if (one->is_taken[stage]) {
                assert_int_not_equal(host.event.kind, SOTTO_EVENT_CLOSED);
                host_expect_no_event(&host);
            } else {
                assert_int_equal(host.event.kind, SOTTO_EVENT_CLOSED);
                assert_int_not_equal(host.event.error, SOTTO_OK);
            }
        }
    }
}

static void test_client_notices_a_server_that_proves_nothing(void **state)
{
    (void)state;
    host_begin(&host);
    host.verifier.server_key[0] ^= 1U;
    host_open(&host);
    char text[SOTTO_SCRAM_MESSAGE_MAX];
    size_t len = 0;
    const struct sotto_scram_binding binding = {.flag = 'p',
                                                .name =
                                                    SOTTO_SCRAM_BINDING_NAME,
                                                .data = host.link.hash,
                                                .data_len =
                                                    sizeof host.link.hash};
    struct sotto_frame frame = host_expect(&host, SOTTO_MSG_AUTH);
    assert_int_equal(sotto_scram_server_first(&host.scram,
                                              (const char *)frame.body,
                                              frame.len, &binding),
                     SOTTO_OK);
    assert_int_equal(sotto_scram_server_challenge(&host.scram, &host.verifier,
                                                  "nonce", text, sizeof text,
                                                  &len),
                     SOTTO_OK);
    host_send(&host, SOTTO_MSG_AUTH, text, len);
    host_expect_event(&host, SOTTO_EVENT_DERIVE);
    while (!sotto_client_derive(&host.client, 1)) {
    }
    frame = host_expect(&host, SOTTO_MSG_AUTH);
    assert_int_equal(sotto_scram_server_final(&host.scram,
                                              (const char *)frame.body,
                                              frame.len, &binding, text,
                                              sizeof text, &len, NULL),
                     SOTTO_OK);
    host_send(&host, SOTTO_MSG_AUTH, text, len);
    host_expect_closed(&host, SOTTO_ERR_AUTH);
    assert_true(host.event.kind != SOTTO_EVENT_CLOSED ||
                host.event.before_login);
}

static void test_client_notices_a_changed_record(void **state)
{
    (void)state;
    host_enter(&host);
    uint8_t record[34] = {0, 32};
    host_send_bytes(&host, record, sizeof record);
    host_expect_closed(&host, SOTTO_ERR_AUTH);
}

/* ---- ends ---- */

static void test_client_tells_why_the_server_closed(void **state)
{
    (void)state;
    for (int reason = SOTTO_CLOSE_BYE; reason <= SOTTO_CLOSE_STORAGE;
         reason++) {
        host_enter(&host);
        host_send_close(&host, (enum sotto_close_reason)reason);
        host_expect_event(&host, SOTTO_EVENT_CLOSED);
        assert_int_equal(host.event.error, SOTTO_OK);
        assert_int_equal(host.event.reason, reason);
        assert_false(host.event.before_login);
        host_expect_no_event(&host);
    }
}

static void test_client_tells_a_refusal(void **state)
{
    (void)state;
    host_begin(&host);
    host_fetch(&host, SIZE_MAX);
    host_send_bytes(&host, "\0\0\5", 3);
    host_expect_event(&host, SOTTO_EVENT_CLOSED);
    assert_int_equal(host.event.error, SOTTO_ERR_REFUSED);
    assert_int_equal(host.event.refusal, SOTTO_REFUSAL_BUSY);
    assert_true(host.event.before_login);
}

static void test_client_takes_in_what_came_before_the_end(void **state)
{
    (void)state;
    host_enter(&host);
    host_send_message(&host, 1, "one", 3);
    host_send_message(&host, 2, "two", 3);
    host_expect_event(&host, SOTTO_EVENT_ENTRY);
    host_expect_event(&host, SOTTO_EVENT_ENTRY);
    sotto_client_disconnected(&host.client, SOTTO_ERR_CLOSED);
    host_expect_closed(&host, SOTTO_ERR_CLOSED);
}

/* ---- time ---- */

static void tick(uint64_t ms)
{
    host.now_ms += ms;
    sotto_client_tick(&host.client, host.now_ms);
}

static void test_client_pings_and_gives_up(void **state)
{
    (void)state;
    host_enter(&host);
    tick(SOTTO_CLIENT_PING_MS);
    expect_nothing_sent();
    tick(1);
    (void)host_expect(&host, SOTTO_MSG_PING);
    tick(1000);
    expect_nothing_sent(); /* one is enough */
    host_send(&host, SOTTO_MSG_PONG, NULL, 0);
    host_expect_no_event(&host);
    tick(SOTTO_CLIENT_PING_MS + 1);
    (void)host_expect(&host, SOTTO_MSG_PING);
    tick(SOTTO_CLIENT_PING_MS + 1);
    (void)host_expect(&host, SOTTO_MSG_PING);
    tick(SOTTO_CLIENT_PING_MS);
    host_expect_closed(&host, SOTTO_ERR_TIMEOUT);
}

/* The server may have heard nothing of one who only listens. */
static void test_client_that_hears_much_pings_too(void **state)
{
    (void)state;
    host_enter(&host);
    for (uint64_t i = 0; i < 8; i++) {
        tick(SOTTO_CLIENT_PING_MS / 2);
        host_send_message(&host, i + 1, "one", 3);
        host_expect_event(&host, SOTTO_EVENT_ENTRY);
        expect_nothing_sent();
        assert_true(sotto_client_deadline_ms(&host.client) >= host.now_ms);
        tick(SOTTO_CLIENT_PING_MS / 2 + 1);
        (void)host_expect(&host, SOTTO_MSG_PING);
        host_send(&host, SOTTO_MSG_PONG, NULL, 0);
        host_expect_no_event(&host);
    }
}

static void test_client_waits_for_a_handshake_only_so_long(void **state)
{
    (void)state;
    host_begin(&host);
    host_fetch(&host, SIZE_MAX);
    tick(20000);
    host_expect_no_event(&host);
    tick(1);
    host_expect_closed(&host, SOTTO_ERR_TIMEOUT);
}

static void test_client_lets_a_person_think_about_a_key(void **state)
{
    (void)state;
    uint8_t out[2048];
    size_t len = 0;
    host_begin(&host);
    host_fetch(&host, SIZE_MAX);
    for (size_t used = 1; used > 0; host.up_used += used) {
        assert_int_equal(sotto_link_feed(&host.link, host.up + host.up_used,
                                         host.up_len - host.up_used, &used),
                         SOTTO_OK);
    }
    assert_int_equal(sotto_link_out(&host.link, out, sizeof out, &len),
                     SOTTO_OK);
    host_send_bytes(&host, out, len);
    host_expect_event(&host, SOTTO_EVENT_IDENTITY);
    tick(1000000);
    host_expect_no_event(&host);
    assert_int_equal(host.client.state, SOTTO_CLIENT_IDENTITY);
    sotto_client_leave(&host.client, false);
    host_expect_closed(&host, SOTTO_OK);
}

/* ---- posts ---- */

static void test_client_sends_posts_after_caught_up_only(void **state)
{
    (void)state;
    host_begin(&host);
    (void)post("early");
    host_open(&host);
    host_login(&host);
    const struct sotto_join join = host_join(&host, 5, 9);
    assert_int_equal(join.from, 0);
    assert_int_not_equal(join.instance, 0);
    expect_nothing_sent();
    host_send(&host, SOTTO_MSG_CAUGHT_UP, "\0\0", 2);
    host_expect_event(&host, SOTTO_EVENT_CAUGHT_UP);
    expect_post(1);
    assert_int_equal(post("now"), 2);
    expect_post(2);
}

static void test_client_asks_from_where_it_was(void **state)
{
    (void)state;
    host_begin(&host);
    host_open(&host);
    host_login(&host);
    const uint64_t instance = host_join(&host, 5, 9).instance;
    host_send_message(&host, 6, "six", 3);
    host_expect_event(&host, SOTTO_EVENT_ENTRY);
    host_reconnect(&host); /* not caught up: from 7 on */
    struct sotto_join join = host_join(&host, 7, 9);
    assert_int_equal(join.from, 7);
    assert_int_equal(join.instance, instance);
    assert_false(host.event.missed);
    host_send(&host, SOTTO_MSG_CAUGHT_UP, "\0\0", 2);
    host_expect_event(&host, SOTTO_EVENT_CAUGHT_UP);
    host_reconnect(&host); /* caught up to 8, which nobody could show */
    join = host_join(&host, 9, 9);
    assert_int_equal(join.from, 9);
    assert_false(host.event.missed);
}

/* Joined, and cut off before anything was heard: the past that was promised is
 * asked for, and no more. */
static void test_client_does_not_ask_for_all_of_the_past(void **state)
{
    (void)state;
    host_begin(&host);
    host_open(&host);
    host_login(&host);
    (void)host_join(&host, 1000, 1100);
    host_reconnect(&host);
    assert_int_equal(host_join(&host, 1000, 1100).from, 1000);
}

static void test_client_asks_from_before_its_open_posts(void **state)
{
    (void)state;
    host_enter(&host);
    (void)post("a");
    expect_post(1);
    host_send_message(&host, 1, "x", 1);
    host_expect_event(&host, SOTTO_EVENT_ENTRY);
    host_send_message(&host, 3, "y", 1);
    host_expect_event(&host, SOTTO_EVENT_ENTRY);
    host_reconnect(&host);
    assert_int_equal(host_join(&host, 1, 4).from, 1);
    host_send_message(&host, 1, "x", 1); /* again: not told twice */
    host_send_ack(&host, 1, 2);
    host_expect_event(&host, SOTTO_EVENT_ACKED);
    assert_int_equal(host.event.number, 2);
    host_send_message(&host, 3, "y", 1);
    host_send(&host, SOTTO_MSG_CAUGHT_UP, "\0\0", 2);
    host_expect_event(&host, SOTTO_EVENT_CAUGHT_UP);
    expect_nothing_sent();
    host_send_ack(&host, 1, 2);
    host_expect_no_event(&host);
}

static void test_client_does_not_take_acks_for_what_it_never_said(void **state)
{
    (void)state;
    host_enter(&host);
    (void)post("a");
    host_send_ack(&host, 1, 1);
    host_send_ack(&host, 2, 2);
    host_send_problem(&host, SOTTO_PROBLEM_TEXT, 1);
    host_expect_no_event(&host);
    expect_post(1);
    assert_int_equal(sotto_client_unsettled(&host.client), 1);
}

static void test_client_refuses_an_answer_to_half_a_post(void **state)
{
    (void)state;
    static char text[3001];
    memset(text, 'x', 3000);
    host_enter(&host);
    (void)post(text);
    host_fetch(&host, SIZE_MAX); /* sent, but not acknowledged */
    host_reconnect(&host);
    (void)host_join(&host, 1, 1);
    host_send(&host, SOTTO_MSG_CAUGHT_UP, "\0\0", 2);
    host_expect_event(&host, SOTTO_EVENT_CAUGHT_UP);
    host_fetch(&host, 1); /* the first part of it */
    host_send_ack(&host, 1, 1);
    host_expect_closed(&host, SOTTO_ERR_FORMAT);
}

static void test_client_says_other_things_between_long_posts(void **state)
{
    (void)state;
    static char text[3001];
    struct sotto_frame frame;
    memset(text, 'x', 3000);
    host_enter(&host);
    (void)post(text);
    host_fetch(&host, 1);
    assert_int_equal(sotto_client_who(&host.client), SOTTO_OK);
    (void)post(text);
    host_fetch(&host, SIZE_MAX);
    const uint8_t expected[] = {SOTTO_MSG_POST, SOTTO_MSG_WHO, SOTTO_MSG_POST};
    size_t who = 0;
    size_t posts = 0;
    for (size_t i = 0; i < sizeof expected; i++) {
        assert_true(host_next(&host, &frame));
        who += frame.type == SOTTO_MSG_WHO;
        posts += frame.type == SOTTO_MSG_POST && frame.len == 3010;
    }
    assert_int_equal(who, 1);
    assert_int_equal(posts, 2);
}

static void test_client_says_when_too_much_waits(void **state)
{
    (void)state;
    static const char text[4000] = {'x'};
    uint64_t id = 0;
    size_t count = 0;
    host_begin(&host);
    enum sotto_err err = SOTTO_OK;
    while (err == SOTTO_OK) {
        err = sotto_client_post(&host.client, (const uint8_t *)text, 4000, &id);
        count++;
    }
    assert_int_equal(err, SOTTO_ERR_SPACE);
    assert_true(count > 2);
    assert_int_equal(sotto_client_who(&host.client), SOTTO_ERR_AGAIN);
}

/* ---- long texts ---- */

static void test_client_cuts_texts_that_are_too_long_for_it(void **state)
{
    (void)state;
    static char text[2 * SOTTO_MAX_TEXT];
    host_enter(&host);
    for (size_t shift = 0; shift < 4; shift++) { /* letters of 4 bytes */
        memset(text, 'x', shift);
        for (size_t i = shift; i + 4 <= sizeof text; i += 4) {
            memcpy(text + i, "\xf0\x9f\x98\x80", 4);
        }
        const size_t whole = shift + ((sizeof text - shift) & ~(size_t)3);
        host_send_message(&host, 1 + shift, text, whole);
        host_expect_event(&host, SOTTO_EVENT_ENTRY);
        assert_true(host.event.is_cut);
        const struct sotto_span got = host.event.entry.text;
        assert_in_range(got.len, SOTTO_MAX_TEXT - 3, SOTTO_MAX_TEXT);
        assert_int_equal((got.len - shift) % 4, 0);
        assert_memory_equal(got.at, text, got.len);
    }
    host_send_message(&host, 9, text, SOTTO_MAX_TEXT - 1);
    host_expect_event(&host, SOTTO_EVENT_ENTRY);
    assert_false(host.event.is_cut);
}

static void test_client_cuts_nothing_but_texts(void **state)
{
    (void)state;
    static const uint8_t names[2 * SOTTO_FRAME_MAX] = {0, 0, 1};
    host_enter(&host);
    host_send(&host, SOTTO_MSG_PRESENT, names, sizeof names);
    host_expect_closed(&host, SOTTO_ERR_LIMIT);
}

int test_client(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client_refuses_configurations),
        cmocka_unit_test(test_client_takes_each_frame_where_it_belongs_only),
        cmocka_unit_test(test_client_notices_a_server_that_proves_nothing),
        cmocka_unit_test(test_client_notices_a_changed_record),
        cmocka_unit_test(test_client_tells_why_the_server_closed),
        cmocka_unit_test(test_client_tells_a_refusal),
        cmocka_unit_test(test_client_takes_in_what_came_before_the_end),
        cmocka_unit_test(test_client_pings_and_gives_up),
        cmocka_unit_test(test_client_that_hears_much_pings_too),
        cmocka_unit_test(test_client_waits_for_a_handshake_only_so_long),
        cmocka_unit_test(test_client_lets_a_person_think_about_a_key),
        cmocka_unit_test(test_client_sends_posts_after_caught_up_only),
        cmocka_unit_test(test_client_asks_from_where_it_was),
        cmocka_unit_test(test_client_does_not_ask_for_all_of_the_past),
        cmocka_unit_test(test_client_asks_from_before_its_open_posts),
        cmocka_unit_test(test_client_does_not_take_acks_for_what_it_never_said),
        cmocka_unit_test(test_client_refuses_an_answer_to_half_a_post),
        cmocka_unit_test(test_client_says_other_things_between_long_posts),
        cmocka_unit_test(test_client_says_when_too_much_waits),
        cmocka_unit_test(test_client_cuts_texts_that_are_too_long_for_it),
        cmocka_unit_test(test_client_cuts_nothing_but_texts),
    };
    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
