/* What client and server say about devices: every byte, and nothing but those. */
#include "core/chat/message_devices.h"
#include "tests/unit/chat/codec.h"
#include "tests/unit/test.h"

#include <string.h>

#define SPAN(text)                                                             \
    {                                                                          \
        (const uint8_t *)(text), sizeof(text) - 1                              \
    }

static uint8_t out[CODEC_MAX];

static void begin(struct sotto_writer *w)
{
    sotto_writer_init(w, out, sizeof out);
}

/* What an encoder wrote, against the bytes of the page. */
static void expect_bytes(const struct sotto_writer *w, const char *bytes,
                         size_t len)
{
    assert_false(w->bad);
    assert_int_equal(w->len, len);
    assert_memory_equal(w->out, bytes, len);
}

static enum sotto_err expect_again(const uint8_t *in, size_t len,
                                   struct sotto_writer *w)
{
    struct sotto_expect msg;
    enum sotto_err err = sotto_expect_decode(&msg, in, len);
    if (err == SOTTO_OK) {
        sotto_expect_encode(w, &msg);
    }
    assert_int_equal(sotto_device_request_ok(SOTTO_MSG_EXPECT, in, len),
                     err == SOTTO_OK);
    return err;
}

static void test_expect_is_exact(void **state)
{
    (void)state;
    static const char bytes[] =
        "\6sensorhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh\1\2\3\4";
    struct sotto_writer w;
    struct sotto_expect msg = {.device = SPAN("sensor"), .seconds = 0x01020304};
    memset(msg.hash, 'h', sizeof msg.hash);
    begin(&w);
    sotto_expect_encode(&w, &msg);
    expect_bytes(&w, bytes, sizeof bytes - 1);
    codec_check(expect_again, out, w.len, true);
}

static enum sotto_err enrolled_again(const uint8_t *in, size_t len,
                                     struct sotto_writer *w)
{
    struct sotto_enrolled msg;
    enum sotto_err err = sotto_enrolled_decode(&msg, in, len);
    if (err == SOTTO_OK) {
        sotto_enrolled_encode(w, &msg);
    }
    return err;
}

static void test_enrolled_is_exact(void **state)
{
    (void)state;
    static const char bytes[] = "\3ann\6sensor";
    struct sotto_writer w;
    const struct sotto_enrolled msg = {SPAN("ann"), SPAN("sensor")};
    begin(&w);
    sotto_enrolled_encode(&w, &msg);
    expect_bytes(&w, bytes, sizeof bytes - 1);
    codec_check(enrolled_again, out, w.len, true);
}

static enum sotto_err password_again(const uint8_t *in, size_t len,
                                     struct sotto_writer *w)
{
    struct sotto_new_password msg;
    enum sotto_err err = sotto_new_password_decode(&msg, in, len);
    if (err == SOTTO_OK) {
        sotto_new_password_encode(w, &msg);
    }
    return err;
}

static void test_password_is_exact(void **state)
{
    (void)state;
    static const char bytes[] = "\x10ssssssssssssssss\0\0\x10\1"
                                "KKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKK"
                                "SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS\1";
    struct sotto_writer w;
    struct sotto_new_password msg = {.revokes_devices = true};
    memset(msg.verifier.salt, 's', 16);
    msg.verifier.salt_len = 16;
    msg.verifier.iterations = 4097;
    memset(msg.verifier.stored_key, 'K', sizeof msg.verifier.stored_key);
    memset(msg.verifier.server_key, 'S', sizeof msg.verifier.server_key);
    begin(&w);
    sotto_new_password_encode(&w, &msg);
    expect_bytes(&w, bytes, sizeof bytes - 1);
    codec_check(password_again, out, w.len, true);
}

static enum sotto_err name_again(const uint8_t *in, size_t len,
                                 struct sotto_writer *w)
{
    struct sotto_span name;
    enum sotto_err err = sotto_one_name_decode(&name, false, in, len);
    if (err == SOTTO_OK) {
        sotto_one_name_encode(w, name);
    }
    return err;
}

static void test_one_name_is_exact(void **state)
{
    (void)state;
    struct sotto_span name = SPAN("x");
    codec_check(name_again, (const uint8_t *)"\6sensor", 7, true);
    assert_int_equal(sotto_one_name_decode(&name, false, (const uint8_t *)"\0",
                                           1),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(sotto_one_name_decode(&name, true, (const uint8_t *)"\0",
                                           1),
                     SOTTO_OK);
    assert_int_equal(name.len, 0);
    assert_int_equal(sotto_one_name_decode(&name, true,
                                           (const uint8_t *)"\3Ann", 4),
                     SOTTO_ERR_FORMAT);
}

/* ---- DEVICE_LIST ---- */

static enum sotto_err list_again(const uint8_t *in, size_t len,
                                 struct sotto_writer *w)
{
    struct sotto_span list = {in, len};
    struct sotto_device_item item;
    enum sotto_err err = sotto_device_list_check(in, len);
    while (err == SOTTO_OK && sotto_device_list_next(&list, &item)) {
        sotto_device_item_encode(w, &item);
    }
    return err;
}

static void test_device_list_is_exact(void **state)
{
    (void)state;
    static const char bytes[] = "\6laptop\2\1\2\3\4iiiiiiiiiiiiiiii"
                                "\6sensor\1\0\0\0\0iiiiiiiiiiiiiiii";
    struct sotto_writer w;
    struct sotto_device_item one = {.name = SPAN("laptop"),
                                    .flags = SOTTO_DEVICE_HERE,
                                    .time_s = 0x01020304};
    struct sotto_device_item two = {.name = SPAN("sensor"),
                                    .flags = SOTTO_DEVICE_EXPECTED};
    memset(one.ip, 'i', sizeof one.ip);
    memset(two.ip, 'i', sizeof two.ip);
    begin(&w);
    sotto_device_item_encode(&w, &one);
    sotto_device_item_encode(&w, &two);
    expect_bytes(&w, bytes, sizeof bytes - 1);
    codec_check(list_again, out, w.len, false); /* a shorter list is a list */
    assert_int_equal(sotto_device_list_check(out, 0), SOTTO_OK);
}

/* Expected and here at once, and bits that mean nothing. */
static void test_device_list_refuses_other_flags(void **state)
{
    (void)state;
    for (unsigned flags = 0; flags < 256; flags++) {
        struct sotto_writer w;
        const struct sotto_device_item item = {.name = SPAN("laptop"),
                                               .flags = (uint8_t)flags};
        begin(&w);
        sotto_device_item_encode(&w, &item);
        assert_int_equal(sotto_device_list_check(out, w.len),
                         flags < 3 ? SOTTO_OK : SOTTO_ERR_FORMAT);
    }
}

static void test_requests_are_looked_at_by_their_type(void **state)
{
    (void)state;
    static const uint8_t code[SOTTO_DEVICE_CODE_LEN + 1] = {0};
    for (size_t len = 0; len <= sizeof code; len++) {
        assert_int_equal(sotto_device_request_ok(SOTTO_MSG_ENROL, code, len),
                         len == SOTTO_DEVICE_CODE_LEN);
        assert_int_equal(sotto_device_request_ok(SOTTO_MSG_DEVICES, code, len),
                         len == 0);
        assert_false(sotto_device_request_ok(SOTTO_MSG_POST, code, len));
    }
}

int test_message_devices(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expect_is_exact),
        cmocka_unit_test(test_enrolled_is_exact),
        cmocka_unit_test(test_password_is_exact),
        cmocka_unit_test(test_one_name_is_exact),
        cmocka_unit_test(test_device_list_is_exact),
        cmocka_unit_test(test_device_list_refuses_other_flags),
        cmocka_unit_test(test_requests_are_looked_at_by_their_type),
    };
    return cmocka_run_group_tests_name("chat/message_devices", tests, NULL,
                                       NULL);
}
