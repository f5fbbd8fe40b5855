#include "core/chat/message.h"

static void read_name(struct sotto_reader *r, struct sotto_span *name)
{
    *name = sotto_read_vector(r, 1, SOTTO_NAME_MAX);
    if (!r->bad && !sotto_name_valid((const char *)name->at, name->len)) {
        sotto_reader_fail(r);
    }
}

static void write_span(struct sotto_writer *w, struct sotto_span span)
{
    sotto_write_vector(w, span.at, span.len);
}

void sotto_write_verifier(struct sotto_writer *w,
                          const struct sotto_verifier *verifier)
{
    sotto_write_vector(w, verifier->salt, verifier->salt_len);
    sotto_write_u32(w, verifier->iterations);
    sotto_write_bytes(w, verifier->stored_key, sizeof verifier->stored_key);
    sotto_write_bytes(w, verifier->server_key, sizeof verifier->server_key);
}

void sotto_read_verifier(struct sotto_reader *r,
                         struct sotto_verifier *verifier)
{
    struct sotto_span salt = sotto_read_vector(r, 0, SOTTO_SCRAM_SALT_MAX);
    for (size_t i = 0; i < salt.len; i++) {
        verifier->salt[i] = salt.at[i];
    }
    verifier->salt_len = (uint8_t)salt.len;
    verifier->iterations = sotto_read_u32(r);
    sotto_read_bytes(r, verifier->stored_key, sizeof verifier->stored_key);
    sotto_read_bytes(r, verifier->server_key, sizeof verifier->server_key);
}

void sotto_register_encode(struct sotto_writer *w,
                           const struct sotto_register *msg)
{
    write_span(w, msg->name);
    sotto_write_verifier(w, &msg->verifier);
    write_span(w, msg->code);
}

enum sotto_err sotto_register_decode(struct sotto_register *msg,
                                     const uint8_t *in, size_t len)
{
    struct sotto_reader r;
    *msg = (struct sotto_register){0};
    sotto_reader_init(&r, in, len);
    /* Any name is read: one that is not allowed gets an answer, not a cut. */
    msg->name = sotto_read_vector(&r, 0, 255);
    sotto_read_verifier(&r, &msg->verifier);
    msg->code = sotto_read_vector(&r, 0, SOTTO_CODE_MAX);
    return sotto_reader_finish(&r);
}

void sotto_join_encode(struct sotto_writer *w, const struct sotto_join *msg)
{
    write_span(w, msg->room);
    sotto_write_u64(w, msg->instance);
    sotto_write_u64(w, msg->from);
    sotto_write_u16(w, msg->history);
}

enum sotto_err sotto_join_decode(struct sotto_join *msg, const uint8_t *in,
                                 size_t len)
{
    struct sotto_reader r;
    sotto_reader_init(&r, in, len);
    msg->room = sotto_read_vector(&r, 1, SOTTO_ROOM_NAME_MAX);
    msg->instance = sotto_read_u64(&r);
    msg->from = sotto_read_u64(&r);
    msg->history = sotto_read_u16(&r);
    if (msg->instance == 0) {
        sotto_reader_fail(&r);
    }
    return sotto_reader_finish(&r);
}

void sotto_post_encode(struct sotto_writer *w, const struct sotto_post *msg)
{
    sotto_write_u16(w, msg->room);
    sotto_write_u64(w, msg->id);
    sotto_write_bytes(w, msg->text.at, msg->text.len);
}

enum sotto_err sotto_post_decode(struct sotto_post *msg, const uint8_t *in,
                                 size_t len)
{
    struct sotto_reader r;
    sotto_reader_init(&r, in, len);
    msg->room = sotto_read_u16(&r);
    msg->id = sotto_read_u64(&r);
    msg->text = sotto_read_rest(&r);
    if (msg->id == 0) {
        sotto_reader_fail(&r);
    }
    return sotto_reader_finish(&r);
}

void sotto_room_encode(struct sotto_writer *w, uint16_t room)
{
    sotto_write_u16(w, room);
}

enum sotto_err sotto_room_decode(uint16_t *room, const uint8_t *in, size_t len)
{
    struct sotto_reader r;
    sotto_reader_init(&r, in, len);
    *room = sotto_read_u16(&r);
    return sotto_reader_finish(&r);
}

void sotto_welcome_encode(struct sotto_writer *w,
                          const struct sotto_welcome *msg)
{
    write_span(w, msg->name);
    sotto_write_u16(w, msg->max_text);
}

enum sotto_err sotto_welcome_decode(struct sotto_welcome *msg,
                                    const uint8_t *in, size_t len)
{
    struct sotto_reader r;
    sotto_reader_init(&r, in, len);
    read_name(&r, &msg->name);
    msg->max_text = sotto_read_u16(&r);
    if (msg->max_text == 0) {
        sotto_reader_fail(&r);
    }
    return sotto_reader_finish(&r);
}

void sotto_error_encode(struct sotto_writer *w, const struct sotto_error *msg)
{
    sotto_write_u16(w, msg->problem);
    sotto_write_u64(w, msg->ref);
    sotto_write_u32(w, msg->detail);
}

enum sotto_err sotto_error_decode(struct sotto_error *msg, const uint8_t *in,
                                  size_t len)
{
    struct sotto_reader r;
    sotto_reader_init(&r, in, len);
    msg->problem = sotto_read_u16(&r);
    msg->ref = sotto_read_u64(&r);
    msg->detail = sotto_read_u32(&r);
    return sotto_reader_finish(&r);
}

void sotto_joined_encode(struct sotto_writer *w, const struct sotto_joined *msg)
{
    sotto_write_u16(w, msg->room);
    write_span(w, msg->name);
    sotto_write_u64(w, msg->first);
    sotto_write_u64(w, msg->next);
}

enum sotto_err sotto_joined_decode(struct sotto_joined *msg, const uint8_t *in,
                                   size_t len)
{
    struct sotto_reader r;
    sotto_reader_init(&r, in, len);
    msg->room = sotto_read_u16(&r);
    msg->name = sotto_read_vector(&r, 1, SOTTO_ROOM_NAME_MAX);
    msg->first = sotto_read_u64(&r);
    msg->next = sotto_read_u64(&r);
    if (!sotto_utf8_valid(msg->name.at, msg->name.len) || msg->first == 0 ||
        msg->first > msg->next) {
        sotto_reader_fail(&r);
    }
    return sotto_reader_finish(&r);
}

void sotto_entry_encode(struct sotto_writer *w, uint8_t type,
                        const struct sotto_entry *msg)
{
    sotto_write_u16(w, msg->room);
    sotto_write_u64(w, msg->number);
    sotto_write_u32(w, msg->time_s);
    write_span(w, msg->sender);
    if (type == SOTTO_MSG_MESSAGE) {
        sotto_write_bytes(w, msg->text.at, msg->text.len);
    }
}

enum sotto_err sotto_entry_decode(struct sotto_entry *msg, uint8_t type,
                                  const uint8_t *in, size_t len)
{
    struct sotto_reader r;
    sotto_reader_init(&r, in, len);
    msg->room = sotto_read_u16(&r);
    msg->number = sotto_read_u64(&r);
    msg->time_s = sotto_read_u32(&r);
    read_name(&r, &msg->sender);
    msg->text = (struct sotto_span){0};
    if (type == SOTTO_MSG_MESSAGE) {
        msg->text = sotto_read_rest(&r);
        if (msg->text.len == 0 ||
            !sotto_utf8_valid(msg->text.at, msg->text.len)) {
            sotto_reader_fail(&r);
        }
    }
    return sotto_reader_finish(&r);
}

void sotto_ack_encode(struct sotto_writer *w, const struct sotto_ack *msg)
{
    sotto_write_u16(w, msg->room);
    sotto_write_u64(w, msg->id);
    sotto_write_u64(w, msg->number);
}

enum sotto_err sotto_ack_decode(struct sotto_ack *msg, const uint8_t *in,
                                size_t len)
{
    struct sotto_reader r;
    sotto_reader_init(&r, in, len);
    msg->room = sotto_read_u16(&r);
    msg->id = sotto_read_u64(&r);
    msg->number = sotto_read_u64(&r);
    return sotto_reader_finish(&r);
}

enum sotto_err sotto_present_decode(struct sotto_present *msg,
                                    const uint8_t *in, size_t len)
{
    struct sotto_reader r;
    sotto_reader_init(&r, in, len);
    msg->room = sotto_read_u16(&r);
    uint8_t last = sotto_read_u8(&r);
    msg->is_last = last == 1;
    if (last > 1 || len > SOTTO_PRESENT_MAX) {
        sotto_reader_fail(&r);
    }
    msg->names = sotto_read_rest(&r);

    /* All names are looked at now, so that taking them apart cannot fail. */
    struct sotto_reader names;
    sotto_reader_init(&names, msg->names.at, msg->names.len);
    while (names.left > 0 && !names.bad) {
        struct sotto_span name;
        read_name(&names, &name);
    }
    if (names.bad) {
        sotto_reader_fail(&r);
    }
    return sotto_reader_finish(&r);
}

bool sotto_present_next(struct sotto_present *msg, struct sotto_span *name)
{
    struct sotto_reader r;
    if (msg->names.len == 0) {
        return false;
    }
    sotto_reader_init(&r, msg->names.at, msg->names.len);
    read_name(&r, name);
    msg->names = sotto_read_rest(&r);
    return !r.bad;
}

enum sotto_err sotto_frame_encode(struct sotto_writer *w, uint8_t type,
                                  const uint8_t *body, size_t len)
{
    const size_t head = 1 + sotto_varint_len(len);
    if (w->bad || w->cap - w->len < head || w->cap - w->len - head < len) {
        return SOTTO_ERR_SPACE;
    }
    sotto_write_u8(w, type);
    sotto_write_vector(w, body, len);
    return SOTTO_OK;
}
