/* The entries of a room as the log keeps them, and as frames. */
#include "core/chat/entry.h"
#include "tests/unit/chat/codec.h"
#include "tests/unit/test.h"

#include <string.h>

static uint8_t out[SOTTO_ENTRY_MAX + 1];

static struct sotto_span span(const char *text)
{
    return (struct sotto_span){(const uint8_t *)text, strlen(text)};
}

static struct sotto_stored a_message(const char *text)
{
    return (struct sotto_stored){.type = SOTTO_MSG_MESSAGE,
                                 .time_s = 0x01020304,
                                 .instance = 0x1112131415161718,
                                 .id = 7,
                                 .sender = span("ann"),
                                 .text = span(text)};
}

static enum sotto_err stored_again(const uint8_t *in, size_t len,
                                   struct sotto_writer *w)
{
    struct sotto_stored entry;
    size_t written = 0;
    enum sotto_err err = sotto_stored_decode(&entry, in, len);
    if (err == SOTTO_OK) {
        err = sotto_stored_encode(&entry, w->out, w->cap, &written);
        w->len = written;
    }
    return err;
}

static size_t encode(const struct sotto_stored *entry)
{
    size_t len = 0;
    assert_int_equal(sotto_stored_encode(entry, out, sizeof out, &len),
                     SOTTO_OK);
    return len;
}

static enum sotto_err decode(const struct sotto_stored *entry)
{
    struct sotto_stored read;
    const size_t len = encode(entry);
    return sotto_stored_decode(&read, out, len);
}

static void test_stored_message_comes_back(void **state)
{
    (void)state;
    const struct sotto_stored entry = a_message("hi");
    const size_t len = encode(&entry);
    static const char bytes[] = "\x24\1\2\3\4\x11\x12\x13\x14\x15\x16\x17\x18"
                                "\0\0\0\0\0\0\0\7\3annhi";
    assert_int_equal(len, sizeof bytes - 1);
    assert_memory_equal(out, bytes, len);
    codec_check(stored_again, out, len, false);
}

static void test_stored_notice_comes_back(void **state)
{
    (void)state;
    struct sotto_stored entry = a_message("");
    entry.type = SOTTO_MSG_ENTERED;
    codec_check(stored_again, out, encode(&entry), true);
    entry.type = SOTTO_MSG_LEFT;
    codec_check(stored_again, out, encode(&entry), true);
}

static void test_stored_refuses_what_no_hub_writes(void **state)
{
    (void)state;
    struct sotto_stored entry = a_message("");
    assert_int_equal(decode(&entry), SOTTO_ERR_FORMAT); /* no text */
    entry = a_message("\xff");
    assert_int_equal(decode(&entry), SOTTO_ERR_FORMAT); /* no UTF-8 */
    entry = a_message("hi");
    entry.type = SOTTO_MSG_LEFT;
    assert_int_equal(decode(&entry), SOTTO_ERR_FORMAT); /* a notice with one */
    entry = a_message("hi");
    entry.type = SOTTO_MSG_ACK;
    assert_int_equal(decode(&entry), SOTTO_ERR_FORMAT);
    entry = a_message("hi");
    entry.sender = span("Ann");
    assert_int_equal(decode(&entry), SOTTO_ERR_FORMAT);
}

static void test_stored_takes_the_longest_text_and_name(void **state)
{
    (void)state;
    static uint8_t text[SOTTO_MAX_TEXT + 1];
    static uint8_t frame[SOTTO_FRAME_MAX];
    size_t len = 0;
    memset(text, 'x', sizeof text);
    struct sotto_stored entry = a_message("");
    entry.sender = span("an-account-name-of-32-characters");
    assert_int_equal(entry.sender.len, SOTTO_NAME_MAX);
    entry.text = (struct sotto_span){text, SOTTO_MAX_TEXT};
    assert_true(encode(&entry) <= SOTTO_ENTRY_MAX);
    assert_int_equal(decode(&entry), SOTTO_OK);
    assert_int_equal(sotto_stored_frame(&entry, 0xffff, UINT64_MAX, frame,
                                        sizeof frame, &len),
                     SOTTO_OK);
    entry.text.len++;
    assert_int_equal(decode(&entry), SOTTO_ERR_FORMAT);
}

static void test_stored_says_when_it_does_not_fit(void **state)
{
    (void)state;
    const struct sotto_stored entry = a_message("hi");
    const size_t need = encode(&entry);
    for (size_t cap = 0; cap < need; cap++) {
        size_t len = 99;
        assert_int_equal(sotto_stored_encode(&entry, out, cap, &len),
                         SOTTO_ERR_SPACE);
        assert_int_equal(len, 99);
    }
}

/* The frame is what message.h reads: with a length before the body that is
 * right below and above one byte's worth. */
static void check_frame(const struct sotto_stored *entry)
{
    static uint8_t frame[SOTTO_FRAME_MAX];
    size_t len = 0;
    struct sotto_entry read;
    struct sotto_reader r;
    assert_int_equal(sotto_stored_frame(entry, 3, 9, frame, sizeof frame, &len),
                     SOTTO_OK);
    sotto_reader_init(&r, frame, len);
    assert_int_equal(sotto_read_u8(&r), entry->type);
    const struct sotto_span body = sotto_read_vector(&r, 0, SOTTO_FRAME_MAX);
    assert_int_equal(sotto_reader_finish(&r), SOTTO_OK);
    assert_int_equal(sotto_entry_decode(&read, entry->type, body.at, body.len),
                     SOTTO_OK);
    assert_int_equal(read.room, 3);
    assert_int_equal(read.number, 9);
    assert_int_equal(read.time_s, entry->time_s);
    assert_int_equal(read.sender.len, entry->sender.len);
    assert_memory_equal(read.sender.at, entry->sender.at, read.sender.len);
    assert_int_equal(read.text.len, entry->text.len);
    if (read.text.len > 0) {
        assert_memory_equal(read.text.at, entry->text.at, read.text.len);
    }
}

static void test_stored_frame_is_a_message(void **state)
{
    (void)state;
    char text[101] = "";
    for (size_t len = 1; len < sizeof text; len++) {
        text[len - 1] = 'a';
        const struct sotto_stored entry = a_message(text);
        check_frame(&entry);
    }
    struct sotto_stored entry = a_message("");
    entry.type = SOTTO_MSG_ENTERED;
    check_frame(&entry);
}

int test_entry(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stored_message_comes_back),
        cmocka_unit_test(test_stored_notice_comes_back),
        cmocka_unit_test(test_stored_refuses_what_no_hub_writes),
        cmocka_unit_test(test_stored_takes_the_longest_text_and_name),
        cmocka_unit_test(test_stored_says_when_it_does_not_fit),
        cmocka_unit_test(test_stored_frame_is_a_message),
    };
    return cmocka_run_group_tests_name("entry", tests, NULL, NULL);
}
