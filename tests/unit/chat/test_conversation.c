/* The conversation of PROTOCOL.md, byte for byte. */
#include "core/auth/scram.h"
#include "core/base/text.h"
#include "core/chat/entry.h"
#include "core/chat/message.h"
#include "tests/unit/test.h"

#include <string.h>

#define SPAN(text)                                                             \
    {                                                                          \
        (const uint8_t *)(text), sizeof(text) - 1                              \
    }

static const char handshake_hash[] =
    "f6d267b72278ad22d8510232168d4ccab8c60610ca73b6678920526875b81da3";

static const char client_first[] =
    "p=sotto-noise-h,,n=ann,r=rOprNGfwEbeRWgbNEkqO";
static const char server_first[] = "r=rOprNGfwEbeRWgbNEkqO3rfcNHYJY1ZVvWVs7jx2,"
                                   "s=AAECAwQFBgcICQoLDA0ODw==,i=4096";
static const char client_final[] =
    "c=cD1zb3R0by1ub2lzZS1oLCz20me3InitIthRAjIWjUzKuMYGEMpztmeJIFJodbgdow==,"
    "r=rOprNGfwEbeRWgbNEkqO3rfcNHYJY1ZVvWVs7jx2,"
    "p=SpJ2byy3KiuSaVz3WoPhvTyhLOioyqY5BXl9wIxMiMM=";
static const char server_final[] =
    "v=HD5+kvUcNBHwDKFJ5Rn1aOEjVPjNxgw8KVGEmDRDKoY=";

/* ---- the account ---- */

static void make_account(struct sotto_scram_keys *keys,
                         struct sotto_verifier *verifier)
{
    uint8_t salted[SOTTO_SCRAM_KEY_LEN];
    struct sotto_pbkdf2 kdf;
    *verifier = (struct sotto_verifier){.salt_len = 16, .iterations = 4096};
    for (uint8_t i = 0; i < 16; i++) {
        verifier->salt[i] = i;
    }
    sotto_pbkdf2_init(&kdf, (const uint8_t *)"pencil", 6, verifier->salt,
                      verifier->salt_len, verifier->iterations);
    while (!sotto_pbkdf2_run(&kdf, 1000)) {
    }
    sotto_pbkdf2_end(&kdf, salted);
    sotto_scram_keys_derive(salted, keys);
    sotto_scram_stored_key(keys, verifier->stored_key);
    memcpy(verifier->server_key, keys->server_key, SOTTO_SCRAM_KEY_LEN);
}

static void expect_text(const char *text, size_t len, const char *expected)
{
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(text, expected, len);
}

static void test_conversation_login(void **state)
{
    (void)state;
    struct sotto_scram_client client;
    struct sotto_scram_server server;
    struct sotto_scram_keys keys;
    struct sotto_verifier verifier;
    uint8_t hash[32];
    char text[SOTTO_SCRAM_MESSAGE_MAX];
    size_t len = 0;
    assert_int_equal(sotto_hex_decode(handshake_hash, 64, hash, 32), SOTTO_OK);
    const struct sotto_scram_binding binding = {.flag = 'p',
                                                .name =
                                                    SOTTO_SCRAM_BINDING_NAME,
                                                .data = hash,
                                                .data_len = sizeof hash};
    make_account(&keys, &verifier);
    assert_int_equal(sotto_scram_client_first(&client, "ann", 3, &binding,
                                              "rOprNGfwEbeRWgbNEkqO", text,
                                              sizeof text, &len),
                     SOTTO_OK);
    expect_text(text, len, client_first);
    assert_int_equal(sotto_scram_server_first(&server, text, len, &binding),
                     SOTTO_OK);
    assert_int_equal(sotto_scram_server_challenge(&server, &verifier,
                                                  "3rfcNHYJY1ZVvWVs7jx2", text,
                                                  sizeof text, &len),
                     SOTTO_OK);
    expect_text(text, len, server_first);
    assert_int_equal(sotto_scram_client_challenge(&client, text, len, 4096,
                                                  4096, 16),
                     SOTTO_OK);
    assert_int_equal(sotto_scram_client_final(&client, &keys, text, sizeof text,
                                              &len),
                     SOTTO_OK);
    expect_text(text, len, client_final);
    char answer[SOTTO_SCRAM_MESSAGE_MAX];
    assert_int_equal(sotto_scram_server_final(&server, text, len, &binding,
                                              answer, sizeof answer, &len,
                                              NULL),
                     SOTTO_OK);
    expect_text(answer, len, server_final);
    assert_int_equal(sotto_scram_client_verify(&client, answer, len), SOTTO_OK);
}

/* ---- frames ---- */

static uint8_t body[256];
static struct sotto_writer w;

static struct sotto_writer *begin(void)
{
    sotto_writer_init(&w, body, sizeof body);
    return &w;
}

/* What was written, as a frame of this type, in hex; blanks do not count. */
static void expect_frame(uint8_t type, const char *expected)
{
    uint8_t frame[sizeof body + 4];
    char hex[2 * sizeof frame + 1];
    char plain[sizeof hex];
    struct sotto_writer f;
    size_t len = 0;
    sotto_writer_init(&f, frame, sizeof frame);
    assert_int_equal(sotto_frame_encode(&f, type, body, w.len), SOTTO_OK);
    sotto_hex_encode(frame, f.len, hex);
    for (const char *at = expected; *at != 0; at++) {
        if (*at != ' ') {
            plain[len++] = *at;
        }
    }
    plain[len] = 0;
    assert_string_equal(hex, plain);
}

static void test_conversation_registering(void **state)
{
    (void)state;
    struct sotto_scram_keys keys;
    struct sotto_register msg = {.name = SPAN("ann"), .code = SPAN("welcome")};
    make_account(&keys, &msg.verifier);
    sotto_register_encode(begin(), &msg);
    expect_frame(
        SOTTO_MSG_REGISTER,
        "11 4061 03616e6e 10000102030405060708090a0b0c0d0e0f 00001000"
        "cc709da25db4e38fd9c96ccf2e2ee8c40a4291a98ac3d67e13853f400a5dff96"
        "75de697813a2b559cb345bbb566c0ff8788369ac383940afdfde9e5425a16221"
        "0777656c636f6d65");
    (void)begin();
    expect_frame(SOTTO_MSG_REGISTERED, "20 00");
}

static void test_conversation_coming_in(void **state)
{
    (void)state;
    sotto_welcome_encode(begin(), &(struct sotto_welcome){.name = SPAN("ann"),
                                                          .max_text = 4096});
    expect_frame(SOTTO_MSG_WELCOME, "21 06 03616e6e 1000");
    sotto_join_encode(begin(),
                      &(struct sotto_join){.room = SPAN("#lobby"),
                                           .instance = 0x0123456789abcdef,
                                           .history = 20});
    expect_frame(SOTTO_MSG_JOIN, "12 19 06236c6f626279 0123456789abcdef "
                                 "0000000000000000 0014");
    sotto_joined_encode(begin(), &(struct sotto_joined){.name = SPAN("#lobby"),
                                                        .first = 6,
                                                        .next = 8});
    expect_frame(SOTTO_MSG_JOINED, "23 19 0000 06236c6f626279 "
                                   "0000000000000006 0000000000000008");
    sotto_entry_encode(begin(), SOTTO_MSG_MESSAGE,
                       &(struct sotto_entry){.number = 6,
                                             .time_s = 1700000000,
                                             .sender = SPAN("bob"),
                                             .text = SPAN("ol\xc3\xa9")});
    expect_frame(SOTTO_MSG_MESSAGE,
                 "24 16 0000 0000000000000006 6553f100 03626f62 6f6cc3a9");
    sotto_room_encode(begin(), SOTTO_LOBBY);
    expect_frame(SOTTO_MSG_CAUGHT_UP, "27 02 0000");
}

static void test_conversation_in_the_room(void **state)
{
    (void)state;
    sotto_post_encode(begin(),
                      &(struct sotto_post){.id = 1, .text = SPAN("hello")});
    expect_frame(SOTTO_MSG_POST, "13 0f 0000 0000000000000001 68656c6c6f");
    sotto_ack_encode(begin(), &(struct sotto_ack){.id = 1, .number = 8});
    expect_frame(SOTTO_MSG_ACK, "28 12 0000 0000000000000001 0000000000000008");
    sotto_room_encode(begin(), SOTTO_LOBBY);
    expect_frame(SOTTO_MSG_WHO, "14 02 0000");
    sotto_room_encode(begin(), SOTTO_LOBBY);
    sotto_write_u8(&w, 1);
    sotto_write_vector(&w, "ann", 3);
    sotto_write_vector(&w, "bob", 3);
    sotto_write_vector(&w, "carl", 4);
    expect_frame(SOTTO_MSG_PRESENT, "29 10 0000 01 03616e6e 03626f62 "
                                    "046361726c");
    sotto_entry_encode(begin(), SOTTO_MSG_LEFT,
                       &(struct sotto_entry){.number = 9,
                                             .sender = SPAN("bob")});
    expect_frame(SOTTO_MSG_LEFT,
                 "26 12 0000 0000000000000009 00000000 03626f62");
    sotto_post_encode(begin(), &(struct sotto_post){.id = 2});
    expect_frame(SOTTO_MSG_POST, "13 0a 0000 0000000000000002");
    sotto_error_encode(begin(),
                       &(struct sotto_error){.problem = SOTTO_PROBLEM_TEXT,
                                             .ref = 2});
    expect_frame(SOTTO_MSG_ERROR, "22 0e 000b 0000000000000002 00000000");
    sotto_write_u8(begin(), 1);
    expect_frame(SOTTO_MSG_PING, "15 01 01");
    expect_frame(SOTTO_MSG_PONG, "2a 01 01");
}

int test_conversation(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversation_login),
        cmocka_unit_test(test_conversation_registering),
        cmocka_unit_test(test_conversation_coming_in),
        cmocka_unit_test(test_conversation_in_the_room),
    };
    return cmocka_run_group_tests_name("conversation", tests, NULL, NULL);
}
