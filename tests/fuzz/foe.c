#include "foe.h"

#include "choices.h"
#include "core/chat/message_devices.h"
#include <string.h>

#define BODY_MAX (FOE_FRAMES_MAX - 8)

uint64_t foe_number(void)
{
    const uint8_t what = choose_byte();
    return what < 250 ? what : UINT64_MAX - (255 - what);
}

static void write_entry(struct sotto_writer *w, uint8_t type)
{
    struct sotto_entry entry = {.number = foe_number(),
                                .sender = {(const uint8_t *)"bob", 3}};
    const struct sotto_span text = choose_bytes(600);
    if (type == SOTTO_MSG_MESSAGE) {
        entry.text = text;
    }
    sotto_entry_encode(w, type, &entry);
}

static void write_joined(struct sotto_writer *w)
{
    const struct sotto_joined joined = {.room = choose_byte() / 250,
                                        .name = {(const uint8_t *)"#lobby", 6},
                                        .first = foe_number(),
                                        .next = foe_number()};
    sotto_joined_encode(w, &joined);
}

static void write_item(struct sotto_writer *w)
{
    const struct sotto_device_item item = {.name = {(const uint8_t *)"phone",
                                                    5},
                                           .flags = choose_byte() % 4};
    sotto_device_item_encode(w, &item);
}

static void write_error(struct sotto_writer *w)
{
    struct sotto_error error = {.problem = choose_byte() % 18,
                                .ref = choose_byte() % 8};
    if (error.problem == SOTTO_PROBLEM_THROTTLED) {
        error.detail = choose_byte() * 10000U;
    }
    sotto_error_encode(w, &error);
}

static void write_message(struct sotto_writer *w, uint8_t type)
{
    const struct sotto_welcome welcome = {.name = {(const uint8_t *)"ann", 3},
                                          .max_text = choose_byte()};
    const struct sotto_enrolled enrolled = {.account = {(const uint8_t *)"ann",
                                                        3},
                                            .device = {(const uint8_t *)"phone",
                                                       5}};
    switch (type) {
    case SOTTO_MSG_WELCOME:
        sotto_welcome_encode(w, &welcome);
        break;
    case SOTTO_MSG_ERROR:
        write_error(w);
        break;
    case SOTTO_MSG_JOINED:
        write_joined(w);
        break;
    case SOTTO_MSG_MESSAGE:
    case SOTTO_MSG_ENTERED:
    case SOTTO_MSG_LEFT:
        write_entry(w, type);
        break;
    case SOTTO_MSG_CAUGHT_UP:
        sotto_room_encode(w, choose_byte() / 250);
        break;
    case SOTTO_MSG_ACK:
        sotto_ack_encode(w, &(struct sotto_ack){.id = choose_byte() % 8,
                                                .number = foe_number()});
        break;
    case SOTTO_MSG_ENROLLED:
        sotto_enrolled_encode(w, &enrolled);
        break;
    case SOTTO_MSG_DEVICE_LIST:
        write_item(w);
        break;
    case SOTTO_MSG_DONE:
        sotto_write_u8(w, (uint8_t)(SOTTO_MSG_DEVICE_ADD + choose_byte() % 6));
        break;
    default: { /* REGISTERED, PRESENT, PONG; or any that is not right */
        const struct sotto_span in = choose_bytes(100);
        sotto_write_bytes(w, in.at, in.len);
        break;
    }
    }
}

static size_t put_frame(uint8_t *out, uint8_t type, const uint8_t *body,
                        size_t len)
{
    struct sotto_writer w;
    sotto_writer_init(&w, out, FOE_FRAMES_MAX);
    must(sotto_frame_encode(&w, type, body, len) == SOTTO_OK);
    return w.len;
}

static size_t put_message(uint8_t *out)
{
    uint8_t body[BODY_MAX];
    struct sotto_writer w;
    const uint8_t type = (uint8_t)(SOTTO_MSG_REGISTERED + choose_byte() % 14);
    sotto_writer_init(&w, body, sizeof body);
    write_message(&w, type);
    must(!w.bad);
    return put_frame(out, type, body, w.len);
}

static size_t put_any_frame(uint8_t *out)
{
    const uint8_t type = choose_byte();
    const struct sotto_span body = choose_bytes(BODY_MAX);
    return put_frame(out, type, body.at, body.len);
}

static size_t put_bytes(uint8_t *out)
{
    const struct sotto_span frames = choose_bytes(FOE_FRAMES_MAX);
    memcpy(out, frames.at, frames.len);
    return frames.len;
}

size_t foe_frames(unsigned how, uint8_t out[static FOE_FRAMES_MAX])
{
    return how == 1   ? put_bytes(out)
           : how == 2 ? put_any_frame(out)
                      : put_message(out);
}
