/*
 * test_scram_bounds.c - SCRAM-SHA-256: messages cut short, made longer or changed
 * anywhere, and how long they may be.
 */
#include "tests/unit/auth/talk.h"
#include "tests/unit/test.h"
#include <string.h>

/* ---- every cut, every further byte, every flipped bit ---- */

/* The four messages of the product's conversation. */
static struct {
    char text[4][SOTTO_SCRAM_MESSAGE_MAX];
    size_t len[4];
} real;

/* Plays the conversation with message `which` replaced; true when both sides
 * end up convinced. */
static bool play(size_t which, const char *in, size_t in_len)
{
    talk_begin();
    for (size_t i = 0; i < 4; i++) {
        const bool is_changed = i == which;
        enum sotto_err err = i == 0   ? talk_client_first(&noise_binding)
                             : i == 1 ? talk_challenge()
                             : i == 2 ? talk_client_final()
                                      : SOTTO_OK;
        assert_int_equal(err, SOTTO_OK);
        if (which == 4) {
            memcpy(real.text[i], talk.message, talk.len);
            real.len[i] = talk.len;
        }
        const char *text = is_changed ? in : talk.message;
        const size_t len = is_changed ? in_len : talk.len;
        err = i == 0   ? talk_server_first(text, len, &noise_binding)
              : i == 1 ? talk_take_challenge(text, len)
              : i == 2 ? talk_server_final(text, len, &noise_binding, NULL)
                       : sotto_scram_client_verify(&talk.client, text, len);
        if (err != SOTTO_OK) {
            return false;
        }
    }
    return true;
}

static void test_scram_refuses_every_cut_and_longer_message(void **state)
{
    (void)state;
    char changed[SOTTO_SCRAM_MESSAGE_MAX];
    assert_true(play(4, NULL, 0));
    for (size_t which = 0; which < 4; which++) {
        const size_t len = real.len[which];
        for (size_t cut = 0; cut < len; cut++) {
            assert_false(play(which, real.text[which], cut));
        }
        memcpy(changed, real.text[which], len);
        for (unsigned byte = 0; byte < 256; byte++) {
            changed[len] = (char)(unsigned char)byte;
            assert_false(play(which, changed, len + 1));
        }
    }
}

static void test_scram_refuses_every_flipped_bit(void **state)
{
    (void)state;
    char changed[SOTTO_SCRAM_MESSAGE_MAX];
    assert_true(play(4, NULL, 0));
    for (size_t which = 0; which < 4; which++) {
        const size_t len = real.len[which];
        for (size_t bit = 0; bit < 8 * len; bit++) {
            memcpy(changed, real.text[which], len);
            changed[bit / 8] =
                (char)((unsigned char)changed[bit / 8] ^ (1U << bit % 8));
            assert_false(play(which, changed, len));
        }
    }
}

/* ---- limits and room ---- */

static void test_scram_client_first_checks_its_input(void **state)
{
    (void)state;
    char long_name[SOTTO_SCRAM_USER_MAX + 1];
    char long_nonce[SOTTO_SCRAM_NONCE_MAX + 2];
    memset(long_name, ',', sizeof long_name);
    memset(long_nonce, 'x', sizeof long_nonce);
    long_nonce[sizeof long_nonce - 1] = 0;
    struct sotto_scram_binding odd = no_binding;
    odd.flag = 'q';
    talk_begin();
    assert_int_equal(talk_first(long_name, 65, &no_binding, "x"),
                     SOTTO_ERR_LIMIT);
    assert_int_equal(talk_first(long_name, 64, &no_binding, "x"), SOTTO_OK);
    assert_int_equal(talk_server_first(talk.message, talk.len, &no_binding),
                     SOTTO_OK);
    assert_memory_equal(talk.server.user, long_name, 64);
    assert_int_equal(talk_first("", 0, &no_binding, "x"), SOTTO_ERR_FORMAT);
    assert_int_equal(talk_first("a\0b", 3, &no_binding, "x"), SOTTO_ERR_FORMAT);
    assert_int_equal(talk_first("\xc3", 1, &no_binding, "x"), SOTTO_ERR_FORMAT);
    assert_int_equal(talk_first("a", 1, &no_binding, long_nonce),
                     SOTTO_ERR_LIMIT);
    assert_int_equal(talk_first("a", 1, &no_binding, long_nonce + 1), SOTTO_OK);
    assert_int_equal(talk_first("a", 1, &no_binding, ""), SOTTO_ERR_FORMAT);
    assert_int_equal(talk_first("a", 1, &no_binding, "a,b"), SOTTO_ERR_FORMAT);
    assert_int_equal(talk_first("a", 1, &odd, "x"), SOTTO_ERR_FORMAT);
    odd = noise_binding;
    odd.name = "a=b";
    assert_int_equal(talk_first("a", 1, &odd, "x"), SOTTO_ERR_FORMAT);
    odd = noise_binding;
    odd.data_len = SOTTO_SCRAM_BINDING_MAX + 1;
    assert_int_equal(talk_first("a", 1, &odd, "x"), SOTTO_ERR_LIMIT);
}

static void test_scram_server_bounds_client_first(void **state)
{
    (void)state;
    char text[SOTTO_SCRAM_FIRST_MAX + 2];
    const size_t head = strlen("n,,n=user,r=a,x=");
    talk_begin();
    memset(text, 'x', sizeof text);
    memcpy(text, "n,,n=user,r=a,x=", head);
    assert_int_equal(talk_server_first(text, SOTTO_SCRAM_FIRST_MAX,
                                       &no_binding),
                     SOTTO_OK);
    assert_int_equal(talk_challenge(), SOTTO_OK);
    assert_int_equal(talk_server_first(text, SOTTO_SCRAM_FIRST_MAX + 1,
                                       &no_binding),
                     SOTTO_ERR_LIMIT);
    memcpy(text, "n,,n=user,r=axx", 15);
    assert_int_equal(talk_server_first(text, 12 + 64, &no_binding), SOTTO_OK);
    assert_int_equal(talk_server_first(text, 12 + 65, &no_binding),
                     SOTTO_ERR_LIMIT);
    memset(text, 'x', sizeof text);
    memcpy(text, "n,,n=", 5);
    memcpy(text + 5 + 65, ",r=a", 4);
    assert_int_equal(talk_server_first(text, 5 + 65 + 4, &no_binding),
                     SOTTO_ERR_LIMIT);
}

/* Each message fits exactly, and one byte less is SPACE. */
static void test_scram_answers_space_when_room_is_short(void **state)
{
    (void)state;
    char out[SOTTO_SCRAM_MESSAGE_MAX];
    size_t len = 0;
    assert_true(play(4, NULL, 0));
    talk_begin();
    assert_int_equal(sotto_scram_client_first(&talk.client, "user", 4,
                                              &noise_binding, NONCE, out,
                                              real.len[0] - 1, &len),
                     SOTTO_ERR_SPACE);
    assert_int_equal(sotto_scram_client_first(&talk.client, "user", 4,
                                              &noise_binding, NONCE, out,
                                              real.len[0], &len),
                     SOTTO_OK);
    assert_int_equal(talk_server_first(out, len, &noise_binding), SOTTO_OK);
    for (size_t missing = 2; missing-- > 0;) {
        assert_int_equal(sotto_scram_server_challenge(
                             &talk.server, &talk.verifier, OTHER_NONCE, out,
                             real.len[1] - missing, &len),
                         missing > 0 ? SOTTO_ERR_SPACE : SOTTO_OK);
    }
    assert_int_equal(talk_take_challenge(out, len), SOTTO_OK);
    for (size_t missing = 2; missing-- > 0;) {
        assert_int_equal(sotto_scram_client_final(&talk.client, &talk.keys, out,
                                                  real.len[2] - missing, &len),
                         missing > 0 ? SOTTO_ERR_SPACE : SOTTO_OK);
    }
    char answer[SOTTO_SCRAM_MESSAGE_MAX];
    size_t answer_len = 0;
    for (size_t missing = 2; missing-- > 0;) {
        assert_int_equal(sotto_scram_server_final(&talk.server, out, len,
                                                  &noise_binding, answer,
                                                  real.len[3] - missing,
                                                  &answer_len, NULL),
                         missing > 0 ? SOTTO_ERR_SPACE : SOTTO_OK);
    }
    assert_int_equal(sotto_scram_client_verify(&talk.client, answer,
                                               answer_len),
                     SOTTO_OK);
}

static void test_scram_wipes(void **state)
{
    (void)state;
    static const struct sotto_scram_client no_client;
    static const struct sotto_scram_server no_server;
    assert_true(play(4, NULL, 0));
    sotto_scram_client_wipe(&talk.client);
    sotto_scram_server_wipe(&talk.server);
    assert_memory_equal(&talk.client, &no_client, sizeof no_client);
    assert_memory_equal(&talk.server, &no_server, sizeof no_server);
}

int test_scram_bounds(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scram_refuses_every_cut_and_longer_message),
        cmocka_unit_test(test_scram_refuses_every_flipped_bit),
        cmocka_unit_test(test_scram_client_first_checks_its_input),
        cmocka_unit_test(test_scram_server_bounds_client_first),
        cmocka_unit_test(test_scram_answers_space_when_room_is_short),
        cmocka_unit_test(test_scram_wipes),
    };
    return cmocka_run_group_tests_name("scram_bounds", tests, NULL, NULL);
}
