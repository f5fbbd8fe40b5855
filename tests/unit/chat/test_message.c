/* The messages of client and server: every byte, and nothing but those. */
#include "core/chat/message.h"
#include "tests/unit/chat/codec.h"
#include "tests/unit/test.h"

#include <string.h>

#define SPAN(text)                                                             \
    {                                                                          \
        (const uint8_t *)(text), sizeof(text) - 1                              \
    }

static uint8_t out[CODEC_MAX];

/* What an encoder wrote, against the bytes of the page. */
static void expect_bytes(const struct sotto_writer *w, const char *bytes,
                         size_t len)
{
    assert_false(w->bad);
    assert_int_equal(w->len, len);
    assert_memory_equal(w->out, bytes, len);
}

#define EXPECT_BYTES(w, bytes) expect_bytes(w, bytes, sizeof(bytes) - 1)

/* ---- REGISTER ---- */

static enum sotto_err register_again(const uint8_t *in, size_t len,
                                     struct sotto_writer *w)
{
    struct sotto_register msg;
    enum sotto_err err = sotto_register_decode(&msg, in, len);
    if (err == SOTTO_OK) {
        sotto_register_encode(w, &msg);
    }
    return err;
}

static void test_register_is_exact(void **state)
{
    (void)state;
    struct sotto_writer w;
    struct sotto_register msg = {.name = SPAN("ann"),
                                 .code = SPAN("let me in")};
    memset(msg.verifier.salt, 's', 16);
    msg.verifier.salt_len = 16;
    msg.verifier.iterations = 0x01020304;
    memset(msg.verifier.stored_key, 'K', sizeof msg.verifier.stored_key);
    memset(msg.verifier.server_key, 'S', sizeof msg.verifier.server_key);
    sotto_writer_init(&w, out, sizeof out);
    sotto_register_encode(&w, &msg);
    EXPECT_BYTES(&w, "\3ann\x10ssssssssssssssss\1\2\3\4"
                     "KKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKK"
                     "SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS"
                     "\x09let me in");
    codec_check(register_again, out, w.len, true);
}

static void test_register_reads_names_that_the_hub_refuses(void **state)
{
    (void)state;
    struct sotto_writer w;
    struct sotto_register msg = {.name = SPAN("Not A Name")};
    sotto_writer_init(&w, out, sizeof out);
    sotto_register_encode(&w, &msg);
    assert_false(w.bad);
    assert_int_equal(sotto_register_decode(&msg, out, w.len), SOTTO_OK);
    assert_int_equal(msg.name.len, 10);
    assert_int_equal(msg.code.len, 0);
    codec_check(register_again, out, w.len, true);
}

static void test_register_refuses_a_salt_that_is_too_long(void **state)
{
    (void)state;
    uint8_t salt[SOTTO_SCRAM_SALT_MAX + 1] = {0};
    uint8_t rest[4 + 32 + 32 + 1] = {0};
    for (size_t extra = 0; extra < 2; extra++) {
        struct sotto_register msg;
        struct sotto_writer w;
        sotto_writer_init(&w, out, sizeof out);
        sotto_write_vector(&w, "ann", 3);
        sotto_write_vector(&w, salt, SOTTO_SCRAM_SALT_MAX + extra);
        sotto_write_bytes(&w, rest, sizeof rest);
        assert_int_equal(sotto_register_decode(&msg, out, w.len),
                         extra == 0 ? SOTTO_OK : SOTTO_ERR_FORMAT);
    }
}

/* ---- JOIN ---- */

static enum sotto_err join_again(const uint8_t *in, size_t len,
                                 struct sotto_writer *w)
{
    struct sotto_join msg;
    enum sotto_err err = sotto_join_decode(&msg, in, len);
    if (err == SOTTO_OK) {
        sotto_join_encode(w, &msg);
    }
    return err;
}

static void test_join_is_exact(void **state)
{
    (void)state;
    struct sotto_writer w;
    const struct sotto_join msg = {.room = SPAN("#lobby"),
                                   .instance = 0x0102030405060708,
                                   .from = 0x1112131415161718,
                                   .history = 0x2122};
    sotto_writer_init(&w, out, sizeof out);
    sotto_join_encode(&w, &msg);
    EXPECT_BYTES(&w, "\6#lobby\1\2\3\4\5\6\7\x08"
                     "\x11\x12\x13\x14\x15\x16\x17\x18\x21\x22");
    codec_check(join_again, out, w.len, true);
}

static void test_join_refuses_instance_0_and_rooms_of_no_name(void **state)
{
    (void)state;
    struct sotto_join msg = {.room = SPAN("#lobby")};
    struct sotto_writer w;
    sotto_writer_init(&w, out, sizeof out);
    sotto_join_encode(&w, &msg);
    assert_int_equal(sotto_join_decode(&msg, out, w.len), SOTTO_ERR_FORMAT);

    msg = (struct sotto_join){.instance = 1};
    sotto_writer_init(&w, out, sizeof out);
    sotto_join_encode(&w, &msg);
    assert_int_equal(sotto_join_decode(&msg, out, w.len), SOTTO_ERR_FORMAT);
}

/* ---- POST ---- */

static enum sotto_err post_again(const uint8_t *in, size_t len,
                                 struct sotto_writer *w)
{
    struct sotto_post msg;
    enum sotto_err err = sotto_post_decode(&msg, in, len);
    if (err == SOTTO_OK) {
        sotto_post_encode(w, &msg);
    }
    return err;
}

static void test_post_is_head_and_text(void **state)
{
    (void)state;
    struct sotto_writer w;
    const struct sotto_post msg = {.room = 0x0102,
                                   .id = 0x1112131415161718,
                                   .text = SPAN("hello")};
    sotto_writer_init(&w, out, sizeof out);
    sotto_post_encode(&w, &msg);
    EXPECT_BYTES(&w, "\1\2\x11\x12\x13\x14\x15\x16\x17\x18hello");
    codec_check(post_again, out, w.len, false);
}

static void test_post_refuses_half_a_head_and_id_0(void **state)
{
    (void)state;
    struct sotto_post msg;
    static const uint8_t bytes[11] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 'a'};
    static const uint8_t zero[11] = {0};
    for (size_t len = 0; len < 10; len++) {
        assert_int_equal(sotto_post_decode(&msg, bytes, len), SOTTO_ERR_FORMAT);
    }
    assert_int_equal(sotto_post_decode(&msg, bytes, 10), SOTTO_OK);
    assert_int_equal(msg.text.len, 0);
    assert_int_equal(sotto_post_decode(&msg, bytes, 11), SOTTO_OK);
    assert_int_equal(msg.text.len, 1);
    assert_int_equal(sotto_post_decode(&msg, zero, 11), SOTTO_ERR_FORMAT);
}

/* ---- WHO, CAUGHT_UP ---- */

static enum sotto_err room_again(const uint8_t *in, size_t len,
                                 struct sotto_writer *w)
{
    uint16_t room;
    enum sotto_err err = sotto_room_decode(&room, in, len);
    if (err == SOTTO_OK) {
        sotto_room_encode(w, room);
    }
    return err;
}

static void test_room_is_exact(void **state)
{
    (void)state;
    codec_check(room_again, (const uint8_t *)"\1\2", 2, true);
}

/* ---- WELCOME ---- */

static enum sotto_err welcome_again(const uint8_t *in, size_t len,
                                    struct sotto_writer *w)
{
    struct sotto_welcome msg;
    enum sotto_err err = sotto_welcome_decode(&msg, in, len);
    if (err == SOTTO_OK) {
        sotto_welcome_encode(w, &msg);
    }
    return err;
}

static void test_welcome_is_exact(void **state)
{
    (void)state;
    struct sotto_writer w;
    struct sotto_welcome msg = {.name = SPAN("ann"), .max_text = 0x1000};
    sotto_writer_init(&w, out, sizeof out);
    sotto_welcome_encode(&w, &msg);
    EXPECT_BYTES(&w, "\3ann\x10\0");
    codec_check(welcome_again, out, w.len, true);
    assert_int_equal(sotto_welcome_decode(&msg, (const uint8_t *)"\3ANN\x10\0",
                                          6),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(sotto_welcome_decode(&msg, (const uint8_t *)"\3ann\0\0",
                                          6),
                     SOTTO_ERR_FORMAT);
}

/* ---- ERROR ---- */

static enum sotto_err error_again(const uint8_t *in, size_t len,
                                  struct sotto_writer *w)
{
    struct sotto_error msg;
    enum sotto_err err = sotto_error_decode(&msg, in, len);
    if (err == SOTTO_OK) {
        sotto_error_encode(w, &msg);
    }
    return err;
}

static void test_error_is_exact(void **state)
{
    (void)state;
    struct sotto_writer w;
    const struct sotto_error msg = {.problem = SOTTO_PROBLEM_THROTTLED,
                                    .ref = 0x1112131415161718,
                                    .detail = 0x21222324};
    sotto_writer_init(&w, out, sizeof out);
    sotto_error_encode(&w, &msg);
    EXPECT_BYTES(&w, "\0\3\x11\x12\x13\x14\x15\x16\x17\x18\x21\x22\x23\x24");
    codec_check(error_again, out, w.len, true);
}

/* ---- JOINED ---- */

static enum sotto_err joined_again(const uint8_t *in, size_t len,
                                   struct sotto_writer *w)
{
    struct sotto_joined msg;
    enum sotto_err err = sotto_joined_decode(&msg, in, len);
    if (err == SOTTO_OK) {
        sotto_joined_encode(w, &msg);
    }
    return err;
}

static void test_joined_is_exact(void **state)
{
    (void)state;
    struct sotto_writer w;
    const struct sotto_joined msg = {.room = 0x0102,
                                     .name = SPAN("#lobby"),
                                     .first = 0x1112131415161718,
                                     .next = 0x2122232425262728};
    sotto_writer_init(&w, out, sizeof out);
    sotto_joined_encode(&w, &msg);
    EXPECT_BYTES(&w, "\1\2\6#lobby\x11\x12\x13\x14\x15\x16\x17\x18"
                     "\x21\x22\x23\x24\x25\x26\x27\x28");
    codec_check(joined_again, out, w.len, true);
}

/* ---- MESSAGE, ENTERED, LEFT ---- */

static enum sotto_err entry_again(uint8_t type, const uint8_t *in, size_t len,
                                  struct sotto_writer *w)
{
    struct sotto_entry msg;
    enum sotto_err err = sotto_entry_decode(&msg, type, in, len);
    if (err == SOTTO_OK) {
        sotto_entry_encode(w, type, &msg);
    }
    return err;
}

static enum sotto_err message_again(const uint8_t *in, size_t len,
                                    struct sotto_writer *w)
{
    return entry_again(SOTTO_MSG_MESSAGE, in, len, w);
}

static enum sotto_err left_again(const uint8_t *in, size_t len,
                                 struct sotto_writer *w)
{
    return entry_again(SOTTO_MSG_LEFT, in, len, w);
}

static const struct sotto_entry an_entry = {.room = 0x0102,
                                            .number = 0x1112131415161718,
                                            .time_s = 0x21222324,
                                            .sender = SPAN("bob"),
                                            .text = SPAN("h\xc3\xa9!")};

static void test_message_is_head_and_text(void **state)
{
    (void)state;
    struct sotto_writer w;
    sotto_writer_init(&w, out, sizeof out);
    sotto_entry_encode(&w, SOTTO_MSG_MESSAGE, &an_entry);
    EXPECT_BYTES(&w, "\1\2\x11\x12\x13\x14\x15\x16\x17\x18\x21\x22\x23\x24"
                     "\3bobh\xc3\xa9!");
    codec_check(message_again, out, w.len, false);
}

static void test_notices_have_no_text(void **state)
{
    (void)state;
    struct sotto_writer w;
    sotto_writer_init(&w, out, sizeof out);
    sotto_entry_encode(&w, SOTTO_MSG_LEFT, &an_entry);
    codec_check(left_again, out, w.len, true);
    struct sotto_entry msg;
    assert_int_equal(sotto_entry_decode(&msg, SOTTO_MSG_MESSAGE, out, w.len),
                     SOTTO_ERR_FORMAT);
}

static void test_message_refuses_what_is_not_utf8(void **state)
{
    (void)state;
    struct sotto_entry msg = an_entry;
    struct sotto_writer w;
    msg.text = (struct sotto_span)SPAN("half a letter \xc3");
    sotto_writer_init(&w, out, sizeof out);
    sotto_entry_encode(&w, SOTTO_MSG_MESSAGE, &msg);
    assert_int_equal(sotto_entry_decode(&msg, SOTTO_MSG_MESSAGE, out, w.len),
                     SOTTO_ERR_FORMAT);
}

/* ---- ACK ---- */

static enum sotto_err ack_again(const uint8_t *in, size_t len,
                                struct sotto_writer *w)
{
    struct sotto_ack msg;
    enum sotto_err err = sotto_ack_decode(&msg, in, len);
    if (err == SOTTO_OK) {
        sotto_ack_encode(w, &msg);
    }
    return err;
}

static void test_ack_is_exact(void **state)
{
    (void)state;
    struct sotto_writer w;
    const struct sotto_ack msg = {.room = 0x0102,
                                  .id = 0x1112131415161718,
                                  .number = 0x2122232425262728};
    sotto_writer_init(&w, out, sizeof out);
    sotto_ack_encode(&w, &msg);
    EXPECT_BYTES(&w, "\1\2\x11\x12\x13\x14\x15\x16\x17\x18"
                     "\x21\x22\x23\x24\x25\x26\x27\x28");
    codec_check(ack_again, out, w.len, true);
}

/* ---- PRESENT ---- */

static enum sotto_err present_again(const uint8_t *in, size_t len,
                                    struct sotto_writer *w)
{
    struct sotto_present msg;
    struct sotto_span name;
    enum sotto_err err = sotto_present_decode(&msg, in, len);
    if (err != SOTTO_OK) {
        return err;
    }
    sotto_write_u16(w, msg.room);
    sotto_write_u8(w, msg.is_last);
    while (sotto_present_next(&msg, &name)) {
        sotto_write_vector(w, name.at, name.len);
    }
    return SOTTO_OK;
}

static void test_present_is_names_in_a_row(void **state)
{
    (void)state;
    static const uint8_t page[] = "\0\0\1\3ann\x04"
                                  "carl\1x";
    struct sotto_present msg;
    struct sotto_span name;
    codec_check(present_again, page, sizeof page - 1, false);
    assert_int_equal(sotto_present_decode(&msg, page, sizeof page - 1),
                     SOTTO_OK);
    assert_true(msg.is_last);
    assert_true(sotto_present_next(&msg, &name));
    assert_memory_equal(name.at, "ann", name.len);
    assert_true(sotto_present_next(&msg, &name));
    assert_true(sotto_present_next(&msg, &name));
    assert_memory_equal(name.at, "x", name.len);
    assert_false(sotto_present_next(&msg, &name));
}

static void test_present_may_be_empty(void **state)
{
    (void)state;
    struct sotto_present msg;
    struct sotto_span name;
    assert_int_equal(sotto_present_decode(&msg, (const uint8_t *)"\0\0\0", 3),
                     SOTTO_OK);
    assert_false(msg.is_last);
    assert_false(sotto_present_next(&msg, &name));
}

static void test_present_has_a_largest_page(void **state)
{
    (void)state;
    uint8_t page[SOTTO_PRESENT_MAX + 1] = {0};
    struct sotto_present msg;
    for (size_t at = 3; at < sizeof page; at += 2) {
        page[at] = 1; /* names of one letter */
        page[at + 1 < sizeof page ? at + 1 : at] = 'x';
    }
    assert_int_equal(sotto_present_decode(&msg, page, SOTTO_PRESENT_MAX - 1),
                     SOTTO_OK);
    assert_int_equal(sotto_present_decode(&msg, page, SOTTO_PRESENT_MAX + 1),
                     SOTTO_ERR_FORMAT);
}

/* ---- frames ---- */

static void test_frame_is_type_length_body(void **state)
{
    (void)state;
    static const uint8_t body[64] = {0};
    struct sotto_writer w;
    sotto_writer_init(&w, out, 3 + sizeof body);
    assert_int_equal(sotto_frame_encode(&w, SOTTO_MSG_PONG, body, 64),
                     SOTTO_OK);
    assert_int_equal(w.len, 67);
    assert_memory_equal(out, "\x2a\x40\x40\0", 4);
    for (size_t cap = 0; cap < 3 + sizeof body; cap++) {
        sotto_writer_init(&w, out, cap);
        assert_int_equal(sotto_frame_encode(&w, SOTTO_MSG_PONG, body, 64),
                         SOTTO_ERR_SPACE);
        assert_int_equal(w.len, 0);
        assert_false(w.bad);
    }
}

int test_message(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_register_is_exact),
        cmocka_unit_test(test_register_reads_names_that_the_hub_refuses),
        cmocka_unit_test(test_register_refuses_a_salt_that_is_too_long),
        cmocka_unit_test(test_join_is_exact),
        cmocka_unit_test(test_join_refuses_instance_0_and_rooms_of_no_name),
        cmocka_unit_test(test_post_is_head_and_text),
        cmocka_unit_test(test_post_refuses_half_a_head_and_id_0),
        cmocka_unit_test(test_room_is_exact),
        cmocka_unit_test(test_welcome_is_exact),
        cmocka_unit_test(test_error_is_exact),
        cmocka_unit_test(test_joined_is_exact),
        cmocka_unit_test(test_message_is_head_and_text),
        cmocka_unit_test(test_notices_have_no_text),
        cmocka_unit_test(test_message_refuses_what_is_not_utf8),
        cmocka_unit_test(test_ack_is_exact),
        cmocka_unit_test(test_present_is_names_in_a_row),
        cmocka_unit_test(test_present_may_be_empty),
        cmocka_unit_test(test_present_has_a_largest_page),
        cmocka_unit_test(test_frame_is_type_length_body),
    };
    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
