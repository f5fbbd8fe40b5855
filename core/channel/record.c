/*
 * record.c - what records carry, out of them and into them.
 *
 * Receiving: a record is opened in place, all its frames are checked, and only
 * then the first is handed out. Sending: frames are laid one after the other
 * behind the place of the length, and sealed there.
 */
#include "core/base/assert.h"
#include "core/base/reader.h"
#include "core/base/secret.h"
#include "core/base/writer.h"
#include "core/channel/link.h"
#include "core/channel/link_inner.h"
#include <string.h>

#define REKEY_FRAME_LEN 2 /* type and a length of 0 */
#define CLOSE_FRAME_LEN 3 /* type, a length of 1, reason */

/* ---- receiving ------------------------------------------------------------ */

/* Takes the first frame off `r`; a broken one leaves `r` bad. */
static struct sotto_frame read_frame(struct sotto_reader *r)
{
    uint8_t type = sotto_read_u8(r);
    struct sotto_span body = sotto_read_vector(r, 0, SOTTO_VARINT_MAX);

    return (struct sotto_frame){type, body.at, body.len, false};
}

/* What each type may look like; `last` says that nothing follows. */
static bool frame_is_allowed(const struct sotto_frame *frame, bool last)
{
    if (frame->type >= SOTTO_FRAME_APPLICATION) {
        return true;
    }
    switch (frame->type) {
    case SOTTO_FRAME_PADDING:
        return true;
    case SOTTO_FRAME_CHUNK:
        return frame->len > 0; /* an empty part would be no progress */
    case SOTTO_FRAME_REKEY:
        return frame->len == 0 && last;
    case SOTTO_FRAME_CLOSE:
        return frame->len == 1 && last;
    }
    return false;
}

/* Checks all frames of a record; `*last_type` is the last one's. */
static enum sotto_err check_frames(const uint8_t *plain, size_t len,
                                   uint8_t *last_type)
{
    struct sotto_reader r;

    sotto_reader_init(&r, plain, len);
    do { /* an empty record is not allowed either */
        struct sotto_frame frame = read_frame(&r);
        if (r.bad || !frame_is_allowed(&frame, r.left == 0)) {
            return SOTTO_ERR_FORMAT;
        }
        *last_type = frame.type;
    } while (r.left > 0);
    return SOTTO_OK;
}

enum sotto_err sotto_link_open_record(struct sotto_link *link, uint8_t *in,
                                      size_t len)
{
    struct sotto_cipher *cipher = &link->keys.transport.receive;
    size_t plain_len;
    uint8_t last_type;

    enum sotto_err err =
        sotto_cipher_decrypt_with_ad(cipher, NULL, 0, in, len, in, &plain_len);
    if (err != SOTTO_OK) {
        return sotto_link_fail(link, err);
    }
    err = check_frames(in, plain_len, &last_type);
    if (err == SOTTO_OK && last_type == SOTTO_FRAME_REKEY) {
        err = sotto_cipher_rekey(cipher);
    }
    if (err != SOTTO_OK) {
        sotto_wipe(in, len);
        return sotto_link_fail(link, err);
    }
    link->plain = in;
    link->plain_left = plain_len;
    return SOTTO_OK;
}

/* Adds a part to the message in the assembly buffer. */
static enum sotto_err join(struct sotto_link *link,
                           const struct sotto_frame *part)
{
    if (link->assembly == NULL) {
        return SOTTO_ERR_SPACE;
    }
    const size_t room = link->assembly_cap - link->assembly_len;
    size_t len = part->len;
    if (len > room) {
        if (!link->cuts_long) {
            return sotto_link_fail(link, SOTTO_ERR_LIMIT);
        }
        len = room;
        link->is_cut = true;
    }
    if (len > 0) {
        memcpy(link->assembly + link->assembly_len, part->body, len);
    }
    link->assembly_len += len;
    return SOTTO_OK;
}

/* The last part has come: the whole message, and an empty buffer again. */
static void finish_joining(struct sotto_link *link, struct sotto_frame *frame)
{
    frame->body = link->assembly;
    frame->len = link->assembly_len;
    frame->is_cut = link->is_cut;
    link->assembly_len = 0;
    link->is_cut = false;
}

/* The peer's direction is over; what it left half said is dropped. */
static void become_ended(struct sotto_link *link, uint8_t reason)
{
    link->close_reason = reason <= SOTTO_CLOSE_STORAGE
                             ? (enum sotto_close_reason)reason
                             : SOTTO_CLOSE_PROTOCOL;
    link->assembly_len = 0;
    sotto_cipher_wipe(&link->keys.transport.receive);
    link->state = SOTTO_LINK_ENDED;
}

/*
 * Acts on one frame of the record and takes it off; true when it makes a
 * message, which `*frame` then is. After an error it is still there.
 */
static bool take_frame(struct sotto_link *link, struct sotto_frame *frame,
                       enum sotto_err *err)
{
    struct sotto_reader r;

    sotto_reader_init(&r, link->plain, link->plain_left);
    struct sotto_frame next = read_frame(&r); /* checked before */
    bool is_message = next.type >= SOTTO_FRAME_APPLICATION;
    bool was_cut = is_message && link->assembly_len > 0;
    if (next.type == SOTTO_FRAME_CHUNK || was_cut) {
        *err = join(link, &next);
        if (*err != SOTTO_OK) {
            return false;
        }
    }
    link->plain = r.at;
    link->plain_left = r.left;
    if (next.type == SOTTO_FRAME_CLOSE) {
        become_ended(link, next.body[0]);
    }
    if (was_cut) {
        finish_joining(link, &next);
    }
    if (is_message) {
        *frame = next;
    }
    return is_message;
}

bool sotto_link_next(struct sotto_link *link, struct sotto_frame *frame,
                     enum sotto_err *err)
{
    *err = link->state == SOTTO_LINK_FAILED ? link->error : SOTTO_OK;
    while (link->has_keys && link->plain_left > 0 && *err == SOTTO_OK) {
        if (take_frame(link, frame, err)) {
            return true;
        }
    }
    return false;
}

void sotto_link_lend(struct sotto_link *link, uint8_t *buffer, size_t cap)
{
    SOTTO_ASSERT(link->assembly == NULL);
    link->assembly = buffer;
    link->assembly_cap = cap;
    link->assembly_len = 0;
    link->is_cut = false;
}

bool sotto_link_is_assembling(const struct sotto_link *link)
{
    return link->assembly_len > 0;
}

uint8_t *sotto_link_take_back(struct sotto_link *link)
{
    uint8_t *buffer = link->assembly;

    SOTTO_ASSERT(link->assembly_len == 0);
    link->assembly = NULL;
    link->assembly_cap = 0;
    return buffer;
}

/* ---- sending -------------------------------------------------------------- */

static size_t frame_len(size_t body_len)
{
    return 1 + sotto_varint_len(body_len) + body_len;
}

void sotto_link_begin(const struct sotto_link *link,
                      struct sotto_record *record, uint8_t *buffer, size_t cap)
{
    SOTTO_ASSERT(cap >= SOTTO_RECORD_HEAD + SOTTO_RECORD_LIMIT_MIN);
    SOTTO_ASSERT(link->has_keys);
    size_t limit = cap - SOTTO_RECORD_HEAD;
    if (limit > link->send_limit) {
        limit = link->send_limit;
    }
    record->buffer = buffer;
    record->room = sotto_suite_plain_max(link->suite, limit) - REKEY_FRAME_LEN;
    record->len = 0;
}

static size_t room_left(const struct sotto_record *record)
{
    return record->room - record->len;
}

/* Writes a frame that is known to fit. */
static void put_frame(struct sotto_record *record, uint8_t type,
                      const uint8_t *body, size_t len)
{
    struct sotto_writer w;
    size_t fits = frame_len(len);

    sotto_writer_init(&w, record->buffer + SOTTO_RECORD_HEAD + record->len,
                      fits);
    sotto_write_u8(&w, type);
    sotto_write_vector(&w, body, len);
    SOTTO_ASSERT(!w.bad && w.len == fits);
    record->len += fits;
}

enum sotto_err sotto_record_add(struct sotto_record *record, uint8_t type,
                                const uint8_t *body, size_t len)
{
    SOTTO_ASSERT(type >= SOTTO_FRAME_APPLICATION ||
                 type == SOTTO_FRAME_PADDING);
    if (len > record->room || frame_len(len) > room_left(record)) {
        return SOTTO_ERR_SPACE;
    }
    put_frame(record, type, body, len);
    return SOTTO_OK;
}

enum sotto_err sotto_record_add_frames(struct sotto_record *record,
                                       const uint8_t *frames, size_t len)
{
    if (len > room_left(record)) {
        return SOTTO_ERR_SPACE;
    }
    if (len > 0) {
        memcpy(record->buffer + SOTTO_RECORD_HEAD + record->len, frames, len);
    }
    record->len += len;
    return SOTTO_OK;
}

/* The longest body whose frame takes at most `room` bytes; 0 if none does. */
static size_t body_that_fits(size_t room)
{
    static const struct {
        size_t prefix;
        size_t longest; /* body with that prefix */
    } lengths[] = {{1, 0x3f}, {2, 0x3fff}, {4, SOTTO_VARINT_MAX}};
    size_t best = 0;

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t around = 1 + lengths[i].prefix;
        size_t body = room > around ? room - around : 0;
        if (body > lengths[i].longest) {
            body = lengths[i].longest;
        }
        if (body > best) {
            best = body;
        }
    }
    return best;
}

bool sotto_record_add_part(struct sotto_record *record, uint8_t type,
                           const uint8_t *body, size_t len, size_t *done)
{
    SOTTO_ASSERT(type >= SOTTO_FRAME_APPLICATION && *done <= len);
    const uint8_t *rest = len > 0 ? body + *done : body;
    size_t left = len - *done;

    if (left <= record->room && frame_len(left) <= room_left(record)) {
        put_frame(record, type, rest, left);
        *done = len;
        return true;
    }
    size_t part = body_that_fits(room_left(record));
    if (part > 0) {
        put_frame(record, SOTTO_FRAME_CHUNK, rest, part);
        *done += part;
    }
    return false;
}

/* Seals `len` bytes of frames that stand behind the head, and writes it. */
static enum sotto_err seal(struct sotto_link *link, uint8_t *buffer, size_t len,
                           size_t *sealed_len)
{
    struct sotto_writer w;
    uint8_t *text = buffer + SOTTO_RECORD_HEAD;
    size_t length = sotto_suite_sealed_len(link->suite, len);

    SOTTO_ASSERT(length <= link->send_limit);
    enum sotto_err err =
        sotto_cipher_encrypt_with_ad(&link->keys.transport.send, NULL, 0, text,
                                     len, text);
    if (err == SOTTO_OK) {
        sotto_writer_init(&w, buffer, SOTTO_RECORD_HEAD);
        sotto_write_u16(&w, (uint16_t)length);
        *sealed_len = SOTTO_RECORD_HEAD + length;
    }
    return err;
}

/* Nothing can be sealed any more, so no CLOSE can be sent either. */
static enum sotto_err fail_sending(struct sotto_link *link, enum sotto_err err)
{
    link->has_keys = false;
    return sotto_link_fail(link, err);
}

/* Seals a record that ends in REKEY, and renews the key. */
static enum sotto_err seal_and_rekey(struct sotto_link *link,
                                     struct sotto_record *record,
                                     uint64_t now_ms, size_t *len)
{
    record->room += REKEY_FRAME_LEN; /* set aside by sotto_link_begin() */
    put_frame(record, SOTTO_FRAME_REKEY, NULL, 0);
    enum sotto_err err = seal(link, record->buffer, record->len, len);
    if (err == SOTTO_OK) {
        err = sotto_cipher_rekey(&link->keys.transport.send);
        link->send_records = 0;
        link->send_rekey_ms = now_ms;
    }
    return err;
}

enum sotto_err sotto_link_end(struct sotto_link *link,
                              struct sotto_record *record, uint64_t now_ms,
                              size_t *len)
{
    enum sotto_err err;

    *len = 0;
    if (link->state == SOTTO_LINK_FAILED) {
        return link->error;
    }
    if (link->sent_close) {
        return SOTTO_ERR_LIMIT;
    }
    if (record->len == 0) {
        return SOTTO_OK;
    }
    if (link->keys.transport.send.n == 0) {
        link->send_rekey_ms = now_ms; /* the key's age counts from here */
    }
    link->send_records++;
    if (link->send_records >= SOTTO_REKEY_RECORDS ||
        now_ms - link->send_rekey_ms >= SOTTO_REKEY_MS) {
        err = seal_and_rekey(link, record, now_ms, len);
    } else {
        err = seal(link, record->buffer, record->len, len);
    }
    record->len = 0; /* it cannot be sealed twice */
    if (err != SOTTO_OK) {
        *len = 0;
        return fail_sending(link, err);
    }
    return SOTTO_OK;
}

enum sotto_err sotto_link_close(struct sotto_link *link,
                                enum sotto_close_reason reason, uint8_t *buffer,
                                size_t cap, uint64_t now_ms, size_t *len)
{
    struct sotto_record record;
    const uint8_t body = (uint8_t)reason;

    (void)now_ms; /* the key ends with this record, whatever its age */
    *len = 0;
    if (!link->has_keys || link->sent_close) {
        return SOTTO_ERR_LIMIT;
    }
    sotto_link_begin(link, &record, buffer, cap);
    put_frame(&record, SOTTO_FRAME_CLOSE, &body, 1);
    enum sotto_err err = seal(link, buffer, record.len, len);
    if (err != SOTTO_OK) {
        return fail_sending(link, err);
    }
    link->sent_close = true;
    sotto_cipher_wipe(&link->keys.transport.send);
    return SOTTO_OK;
}
