/* A client of a server that does not keep to the protocol, or not to its turn;
 * and what a client is asked that it cannot do. */
#include "core/chat/message_devices.h"
#include "tests/unit/support/host.h"
#include "tests/unit/test.h"

#include <string.h>

static struct host host;

/* Somebody new: the account is made at the first connection. */
static void begin_new(void)
{
    host_begin(&host);
    host.client.config.iterations_new = 3;
    assert_int_equal(sotto_client_set_password(&host.client,
                                               (const uint8_t *)"password", 8,
                                               true),
                     SOTTO_OK);
    host_open(&host);
}

/* It ends, because the server broke the protocol. */
static void expect_broken(uint8_t type, const void *body, size_t len)
{
    host_send(&host, type, body, len);
    host_expect_closed(&host, SOTTO_ERR_FORMAT);
}

static void derive(void)
{
    while (sotto_client_next(&host.client, &host.event)) {
        assert_int_equal(host.event.kind, SOTTO_EVENT_DERIVE);
    }
    while (!sotto_client_derive(&host.client, 1)) {
    }
}

/* ---- registering ---- */

static void test_client_registers_with_keys_that_are_made_first(void **state)
{
    (void)state;
    begin_new();
    host_fetch(&host, SIZE_MAX);
    derive();
    (void)host_expect(&host, SOTTO_MSG_REGISTER);
    host_send(&host, SOTTO_MSG_REGISTERED, NULL, 0);
    host_expect_event(&host, SOTTO_EVENT_REGISTERED);
    (void)host_expect(&host, SOTTO_MSG_AUTH);
    assert_true(sotto_client_derive(&host.client, 1)); /* nothing is to do */
}

static void test_client_refuses_answers_to_what_it_has_not_sent(void **state)
{
    (void)state;
    static const uint8_t taken[] = {0, SOTTO_PROBLEM_NAME_TAKEN};
    uint8_t problem[14] = {0};
    memcpy(problem, taken, sizeof taken);
    for (int i = 0; i < 2; i++) {
        begin_new();
        host_fetch(&host, SIZE_MAX);
        host_expect_event(&host, SOTTO_EVENT_DERIVE);
        if (i == 0) {
            expect_broken(SOTTO_MSG_REGISTERED, NULL, 0);
        } else {
            expect_broken(SOTTO_MSG_ERROR, problem, sizeof problem);
        }
    }
}

static void test_client_refuses_registered_with_a_body(void **state)
{
    (void)state;
    begin_new();
    host_fetch(&host, SIZE_MAX);
    derive();
    (void)host_expect(&host, SOTTO_MSG_REGISTER);
    expect_broken(SOTTO_MSG_REGISTERED, "x", 1);
}

/* ---- logging in ---- */

static void test_client_refuses_a_second_proof(void **state)
{
    (void)state;
    host_begin(&host);
    host_open(&host);
    host_prove(&host);
    expect_broken(SOTTO_MSG_AUTH, host.proof, host.proof_len);
    host_begin(&host);
    host_open(&host);
    host_login(&host);
    expect_broken(SOTTO_MSG_AUTH, host.proof, host.proof_len);
}

static void test_client_refuses_a_challenge_after_a_refusal(void **state)
{
    (void)state;
    static const char challenge[] =
        "r=rOprNGfwEbeRWgbNEkqOx,s=AAAAAAAAAAAAAAAAAAAAAA==,i=3";
    host_begin(&host);
    host_open(&host);
    (void)host_expect(&host, SOTTO_MSG_AUTH);
    host_send_problem(&host, SOTTO_PROBLEM_LOGIN, 0);
    host_expect_event(&host, SOTTO_EVENT_PROBLEM);
    expect_broken(SOTTO_MSG_AUTH, challenge, sizeof challenge - 1);
}

/* Keys that are half made go on being made on the next connection. */
static void test_client_makes_its_keys_once_over_connections(void **state)
{
    (void)state;
    char text[SOTTO_SCRAM_MESSAGE_MAX];
    for (int i = 0; i < 2; i++) {
        size_t len = 0;
        if (i == 0) {
            host_begin(&host);
        } else {
            sotto_client_disconnected(&host.client, SOTTO_ERR_RESET);
            host_expect_closed(&host, SOTTO_ERR_RESET);
            host_dial(&host);
        }
        host_open(&host);
        const struct sotto_scram_binding binding = {
            .flag = 'p',
            .name = SOTTO_SCRAM_BINDING_NAME,
            .data = host.link.hash,
            .data_len = sizeof host.link.hash};
        const struct sotto_frame frame = host_expect(&host, SOTTO_MSG_AUTH);
        assert_int_equal(sotto_scram_server_first(&host.scram,
                                                  (const char *)frame.body,
                                                  frame.len, &binding),
                         SOTTO_OK);
        assert_int_equal(sotto_scram_server_challenge(&host.scram,
                                                      &host.verifier, "nonce",
                                                      text, sizeof text, &len),
                         SOTTO_OK);
        host_send(&host, SOTTO_MSG_AUTH, text, len);
        host_expect_event(&host, SOTTO_EVENT_DERIVE);
        assert_true(sotto_client_is_deriving(&host.client));
        assert_int_equal(sotto_client_derive(&host.client, 1), i == 1);
    }
    (void)host_expect(&host, SOTTO_MSG_AUTH);
}

static void test_client_has_a_name_unless_it_enrols(void **state)
{
    (void)state;
    struct sotto_client client;
    host_begin(&host);
    struct sotto_client_config named = host.client.config;
    named.enrols = true;
    assert_int_equal(sotto_client_init(&client, &named), SOTTO_OK);
    memset(named.name, 0, sizeof named.name);
    assert_int_equal(sotto_client_init(&client, &named), SOTTO_OK);
    named.enrols = false;
    assert_int_equal(sotto_client_init(&client, &named), SOTTO_ERR_LIMIT);
}

/* ---- devices ---- */

static void test_client_refuses_answers_about_devices_out_of_turn(void **state)
{
    (void)state;
    uint8_t body[64];
    struct sotto_writer w;
    const struct sotto_enrolled enrolled = {.account = {(const uint8_t *)"ann",
                                                        3},
                                            .device = {(const uint8_t *)"phone",
                                                       5}};
    sotto_writer_init(&w, body, sizeof body);
    sotto_enrolled_encode(&w, &enrolled);
    host_enter(&host);
    expect_broken(SOTTO_MSG_ENROLLED, body, w.len);
    host_enter(&host);
    expect_broken(SOTTO_MSG_DONE, "xy", 2);
    host_enter(&host);
    expect_broken(SOTTO_MSG_DONE, "", 0);
}

static void test_client_names_devices_as_accounts_are_named(void **state)
{
    (void)state;
    static const uint8_t hash[SOTTO_DEVICE_ID_LEN] = {1};
    host_enter(&host);
    assert_int_equal(sotto_client_expect(&host.client, "A phone", hash, 1),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(sotto_client_revoke(&host.client, "A phone"),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(sotto_client_add_device(&host.client, ""),
                     SOTTO_ERR_FORMAT);
}

static void test_client_asks_nothing_about_devices_elsewhere(void **state)
{
    (void)state;
    host_begin(&host);
    assert_int_equal(sotto_client_revoke(&host.client, "phone"),
                     SOTTO_ERR_AGAIN);
    assert_int_equal(sotto_client_change_password(&host.client, &host.verifier,
                                                  false),
                     SOTTO_ERR_AGAIN);
}

/* ---- the room ---- */

/* Nothing is above the last number that there is, and it stays seen. */
static void test_client_hears_nothing_after_the_last_number(void **state)
{
    (void)state;
    host_begin(&host);
    host_open(&host);
    host_login(&host);
    (void)host_join(&host, 1, 10);
    host_send_message(&host, UINT64_MAX, "last", 4);
    host_expect_event(&host, SOTTO_EVENT_ENTRY);
    host_send(&host, SOTTO_MSG_CAUGHT_UP, "\0\0", 2);
    host_expect_event(&host, SOTTO_EVENT_CAUGHT_UP);
    host_send_message(&host, 10, "ten", 3);
    host_expect_no_event(&host);
}

/* ---- time ---- */

static void test_client_gives_up_a_handshake_that_does_not_end(void **state)
{
    (void)state;
    host_begin(&host);
    const uint64_t deadline_ms = sotto_client_deadline_ms(&host.client);
    assert_true(deadline_ms < UINT64_MAX);
    sotto_client_tick(&host.client, deadline_ms - 1);
    host_expect_no_event(&host);
    sotto_client_tick(&host.client, deadline_ms);
    host_expect_closed(&host, SOTTO_ERR_TIMEOUT);
    assert_int_equal(sotto_client_deadline_ms(&host.client), UINT64_MAX);
    sotto_client_tick(&host.client, deadline_ms + 1); /* nothing to give up */
    host_expect_no_event(&host);
}

int test_client_strict(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client_registers_with_keys_that_are_made_first),
        cmocka_unit_test(test_client_refuses_answers_to_what_it_has_not_sent),
        cmocka_unit_test(test_client_refuses_registered_with_a_body),
        cmocka_unit_test(test_client_refuses_a_second_proof),
        cmocka_unit_test(test_client_refuses_a_challenge_after_a_refusal),
        cmocka_unit_test(test_client_makes_its_keys_once_over_connections),
        cmocka_unit_test(test_client_has_a_name_unless_it_enrols),
        cmocka_unit_test(test_client_refuses_answers_about_devices_out_of_turn),
        cmocka_unit_test(test_client_names_devices_as_accounts_are_named),
        cmocka_unit_test(test_client_asks_nothing_about_devices_elsewhere),
        cmocka_unit_test(test_client_hears_nothing_after_the_last_number),
        cmocka_unit_test(test_client_gives_up_a_handshake_that_does_not_end),
    };
    return cmocka_run_group_tests_name("client_strict", tests, NULL, NULL);
}
