/*
 * fuzz_chat.c - every message of client and server, and an entry as the log
 * keeps it, by libFuzzer: the first byte says which. What is taken must come
 * back as the same bytes.
 */
#include "choices.h"
#include "core/chat/entry.h"
#include "core/chat/message.h"
#include "core/chat/message_devices.h"
#include <string.h>

#define BODY_MAX 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads and writes one message. */
#define RECODE(name)                                                           \
    static enum sotto_err name##_again(const uint8_t *in, size_t len,          \
                                       struct sotto_writer *w)                 \
    {                                                                          \
        struct sotto_##name msg;                                               \
        enum sotto_err err = sotto_##name##_decode(&msg, in, len);             \
        if (err == SOTTO_OK) {                                                 \
            sotto_##name##_encode(w, &msg);                                    \
        }                                                                      \
        return err;                                                            \
    }

RECODE(register)
RECODE(join)
RECODE(post)
RECODE(welcome)
RECODE(error)
RECODE(joined)
RECODE(ack)
RECODE(expect)
RECODE(enrolled)
RECODE(new_password)

static enum sotto_err room_again(const uint8_t *in, size_t len,
                                 struct sotto_writer *w)
{
    uint16_t room = 0;
    enum sotto_err err = sotto_room_decode(&room, in, len);
    if (err == SOTTO_OK) {
        sotto_room_encode(w, room);
    }
    return err;
}

/* The first byte is the frame's type. */
static enum sotto_err entry_again(const uint8_t *in, size_t len,
                                  struct sotto_writer *w)
{
    struct sotto_entry msg;
    const uint8_t type =
        (uint8_t)(SOTTO_MSG_MESSAGE + (len > 0 ? in[0] % 3 : 0));
    if (len == 0) {
        return SOTTO_ERR_FORMAT;
    }
    enum sotto_err err = sotto_entry_decode(&msg, type, in + 1, len - 1);
    if (err == SOTTO_OK) {
        must(msg.sender.len > 0 && msg.sender.len <= SOTTO_NAME_MAX);
        must(type == SOTTO_MSG_MESSAGE || msg.text.len == 0);
        sotto_write_u8(w, in[0]);
        sotto_entry_encode(w, type, &msg);
    }
    return err;
}

static enum sotto_err present_again(const uint8_t *in, size_t len,
                                    struct sotto_writer *w)
{
    struct sotto_present msg;
    struct sotto_span name;
    enum sotto_err err = sotto_present_decode(&msg, in, len);
    if (err == SOTTO_OK) {
        must(len <= SOTTO_PRESENT_MAX);
        sotto_write_u16(w, msg.room);
        sotto_write_u8(w, msg.is_last);
        while (sotto_present_next(&msg, &name)) {
            must(name.len > 0 && name.len <= SOTTO_NAME_MAX);
            sotto_write_vector(w, name.at, name.len);
        }
    }
    return err;
}

static enum sotto_err name_again(const uint8_t *in, size_t len,
                                 struct sotto_writer *w)
{
    struct sotto_span name;
    enum sotto_err err = sotto_one_name_decode(&name, true, in, len);
    if (err == SOTTO_OK) {
        must((sotto_one_name_decode(&name, false, in, len) == SOTTO_OK) ==
             (name.len > 0));
        sotto_one_name_encode(w, name);
    }
    return err;
}

static enum sotto_err devices_again(const uint8_t *in, size_t len,
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

/* As it is stored, and as it is delivered. */
static enum sotto_err stored_again(const uint8_t *in, size_t len,
                                   struct sotto_writer *w)
{
    static uint8_t frame[SOTTO_FRAME_MAX + 16];
    struct sotto_stored entry;
    struct sotto_reader r;
    struct sotto_entry delivered;
    size_t frame_len = 0;
    enum sotto_err err = sotto_stored_decode(&entry, in, len);
    if (err != SOTTO_OK) {
        return err;
    }
    must(sotto_stored_encode(&entry, w->out, w->cap, &w->len) == SOTTO_OK);
    must(sotto_stored_frame(&entry, 7, 9, frame, sizeof frame, &frame_len) ==
         SOTTO_OK);
    sotto_reader_init(&r, frame, frame_len);
    must(sotto_read_u8(&r) == entry.type);
    const struct sotto_span body = sotto_read_vector(&r, 0, SOTTO_FRAME_MAX);
    must(sotto_reader_finish(&r) == SOTTO_OK);
    must(sotto_entry_decode(&delivered, entry.type, body.at, body.len) ==
         SOTTO_OK);
    must(delivered.number == 9 && delivered.text.len == entry.text.len);
    return SOTTO_OK;
}

/* What the session lets through to the hub is what the hub's decoders take. */
static enum sotto_err request_again(const uint8_t *in, size_t len,
                                    struct sotto_writer *w)
{
    struct sotto_expect expect;
    struct sotto_new_password password;
    struct sotto_span name;
    if (len == 0) {
        return SOTTO_ERR_FORMAT;
    }
    const uint8_t type = in[0];
    const bool is_ok = sotto_device_request_ok(type, in + 1, len - 1);
    switch (type) {
    case SOTTO_MSG_EXPECT:
        must(is_ok ==
             (sotto_expect_decode(&expect, in + 1, len - 1) == SOTTO_OK));
        break;
    case SOTTO_MSG_PASSWORD:
        must(is_ok == (sotto_new_password_decode(&password, in + 1, len - 1) ==
                       SOTTO_OK));
        break;
    case SOTTO_MSG_DEVICE_ADD:
        must(is_ok == (sotto_one_name_decode(&name, false, in + 1, len - 1) ==
                       SOTTO_OK));
        break;
    default:
        break;
    }
    sotto_write_bytes(w, in, len);
    return SOTTO_OK;
}

typedef enum sotto_err recode(const uint8_t *in, size_t len,
                              struct sotto_writer *w);

static recode *const messages[] = {
    register_again, join_again,    post_again,         room_again,
    welcome_again,  error_again,   joined_again,       ack_again,
    entry_again,    present_again, name_again,         devices_again,
    expect_again,   stored_again,  new_password_again, enrolled_again,
    request_again};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t out[BODY_MAX];
    struct sotto_writer w;
    if (size == 0 || size > BODY_MAX) {
        return 0;
    }
    recode *again = messages[data[0] % (sizeof messages / sizeof *messages)];
    sotto_writer_init(&w, out, sizeof out);
    enum sotto_err err = again(data + 1, size - 1, &w);
    if (err == SOTTO_OK) {
        must(!w.bad && w.len == size - 1);
        must(memcmp(out, data + 1, w.len) == 0);
    } else {
        must(err == SOTTO_ERR_FORMAT);
    }
    return 0;
}
