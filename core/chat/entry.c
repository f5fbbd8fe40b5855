#include "core/chat/entry.h"

enum sotto_err sotto_stored_encode(const struct sotto_stored *entry,
                                   uint8_t *out, size_t cap, size_t *len)
{
    struct sotto_writer w;
    sotto_writer_init(&w, out, cap);
    sotto_write_u8(&w, entry->type);
    sotto_write_u32(&w, entry->time_s);
    sotto_write_u64(&w, entry->instance);
    sotto_write_u64(&w, entry->id);
    sotto_write_vector(&w, entry->sender.at, entry->sender.len);
    sotto_write_bytes(&w, entry->text.at, entry->text.len);
    return sotto_writer_finish(&w, len);
}

/* Messages have a text that clients will take; nothing else has one. */
static bool is_text_allowed(uint8_t type, struct sotto_span text)
{
    if (type == SOTTO_MSG_MESSAGE) {
        return text.len > 0 && text.len <= SOTTO_MAX_TEXT &&
               sotto_utf8_valid(text.at, text.len);
    }
    return (type == SOTTO_MSG_ENTERED || type == SOTTO_MSG_LEFT) &&
           text.len == 0;
}

enum sotto_err sotto_stored_decode(struct sotto_stored *entry,
                                   const uint8_t *in, size_t len)
{
    struct sotto_reader r;
    sotto_reader_init(&r, in, len);
    entry->type = sotto_read_u8(&r);
    entry->time_s = sotto_read_u32(&r);
    entry->instance = sotto_read_u64(&r);
    entry->id = sotto_read_u64(&r);
    entry->sender = sotto_read_vector(&r, 1, SOTTO_NAME_MAX);
    entry->text = sotto_read_rest(&r);
    if (!is_text_allowed(entry->type, entry->text) ||
        !sotto_name_valid((const char *)entry->sender.at, entry->sender.len)) {
        sotto_reader_fail(&r);
    }
    return sotto_reader_finish(&r);
}

enum sotto_err sotto_stored_frame(const struct sotto_stored *entry,
                                  uint16_t room, uint64_t number, uint8_t *out,
                                  size_t cap, size_t *len)
{
    const struct sotto_entry body = {
        .room = room,
        .number = number,
        .time_s = entry->time_s,
        .sender = entry->sender,
        .text = entry->text,
    };
    const size_t body_len = 2 + 8 + 4 + sotto_varint_len(entry->sender.len) +
                            entry->sender.len + entry->text.len;
    struct sotto_writer w;
    sotto_writer_init(&w, out, cap);
    sotto_write_u8(&w, entry->type);
    sotto_write_varint(&w, body_len);
    sotto_entry_encode(&w, entry->type, &body);
    return sotto_writer_finish(&w, len);
}
