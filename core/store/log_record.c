#include "core/store/log_record.h"
#include "core/base/assert.h"
#include "core/base/crc.h"
#include "core/base/reader.h"
#include "core/base/writer.h"
#include <string.h>

#define RECORD_MAGIC 0xe14dU
#define VERSION      1U

static const uint8_t segment_magic[8] = "SottoLog";

/* The place stands before the head in the checksum, not in the file. */
static uint32_t head_crc(const struct log_place *place, const uint8_t *head)
{
    uint8_t bytes[12];
    size_t len = 0;
    struct sotto_writer w;
    sotto_writer_init(&w, bytes, sizeof bytes);
    sotto_write_u32(&w, place->salt);
    sotto_write_u32(&w, place->id);
    sotto_write_u32(&w, place->at);
    enum sotto_err err = sotto_writer_finish(&w, &len);
    SOTTO_ASSERT(err == SOTTO_OK);
    return sotto_crc32c(sotto_crc32c(0, bytes, len), head, LOG_HEAD_LEN - 4);
}

void log_head_encode(const struct log_head *head, const struct log_place *place,
                     uint8_t out[static LOG_HEAD_LEN])
{
    size_t len = 0;
    struct sotto_writer w;
    sotto_writer_init(&w, out, LOG_HEAD_LEN);
    sotto_write_u16(&w, RECORD_MAGIC);
    sotto_write_u8(&w, (uint8_t)head->type);
    sotto_write_u8(&w, 0);
    sotto_write_u32(&w, head->len);
    sotto_write_u64(&w, head->number);
    sotto_write_u32(&w, head->body_crc);
    sotto_write_u32(&w, head_crc(place, out));
    enum sotto_err err = sotto_writer_finish(&w, &len);
    SOTTO_ASSERT(err == SOTTO_OK && len == LOG_HEAD_LEN);
}

bool log_head_decode(struct log_head *head, const struct log_place *place,
                     const uint8_t in[static LOG_HEAD_LEN])
{
    struct sotto_reader r;
    sotto_reader_init(&r, in, LOG_HEAD_LEN);
    if (sotto_read_u16(&r) != RECORD_MAGIC) {
        return false; /* first, because resynchronising asks at every byte */
    }
    const uint8_t type = sotto_read_u8(&r);
    const uint8_t zero = sotto_read_u8(&r);
    const uint32_t len = sotto_read_u32(&r);
    const uint64_t number = sotto_read_u64(&r);
    const uint32_t body_crc = sotto_read_u32(&r);
    const uint32_t crc = sotto_read_u32(&r);
    const bool is_entry = type == LOG_ENTRY && len > 0 &&
                          len <= SOTTO_LOG_ENTRY_MAX && number < LOG_NEXT_MAX;
    const bool is_next = type == LOG_NEXT && len == 0;
    if (zero != 0 || number == 0 || number >= LOG_NUMBER_END ||
        !(is_entry || is_next) || crc != head_crc(place, in)) {
        return false;
    }
    *head = (struct log_head){.type = is_entry ? LOG_ENTRY : LOG_NEXT,
                              .len = len,
                              .number = number,
                              .body_crc = body_crc};
    return true;
}

void log_segment_head_encode(const struct log_segment_head *head,
                             uint8_t out[static LOG_START])
{
    size_t len = 0;
    struct sotto_writer w;
    sotto_writer_init(&w, out, LOG_SEGMENT_HEAD_LEN);
    sotto_write_bytes(&w, segment_magic, sizeof segment_magic);
    sotto_write_u32(&w, VERSION);
    sotto_write_u32(&w, head->id);
    sotto_write_u32(&w, head->salt);
    sotto_write_u64(&w, head->floor);
    sotto_write_u64(&w, head->next);
    sotto_write_u32(&w, sotto_crc32c(0, out, LOG_SEGMENT_HEAD_LEN - 4));
    enum sotto_err err = sotto_writer_finish(&w, &len);
    SOTTO_ASSERT(err == SOTTO_OK && len == LOG_SEGMENT_HEAD_LEN);
    memcpy(out + LOG_SEGMENT_HEAD_LEN, out, LOG_SEGMENT_HEAD_LEN);
}

static bool decode_copy(struct log_segment_head *head, uint32_t id,
                        const uint8_t *in)
{
    struct sotto_reader r;
    sotto_reader_init(&r, in, LOG_SEGMENT_HEAD_LEN);
    const struct sotto_span magic = sotto_read_span(&r, sizeof segment_magic);
    const uint32_t version = sotto_read_u32(&r);
    struct log_segment_head read;
    read.id = sotto_read_u32(&r);
    read.salt = sotto_read_u32(&r);
    read.floor = sotto_read_u64(&r);
    read.next = sotto_read_u64(&r);
    const uint32_t crc = sotto_read_u32(&r);
    if (memcmp(magic.at, segment_magic, magic.len) != 0 || version != VERSION ||
        read.id != id || read.floor == 0 || read.next < read.floor ||
        read.next >= LOG_NUMBER_END ||
        crc != sotto_crc32c(0, in, LOG_SEGMENT_HEAD_LEN - 4)) {
        return false;
    }
    *head = read;
    return true;
}

unsigned log_segment_head_decode(struct log_segment_head *head, uint32_t id,
                                 const uint8_t *in, size_t len)
{
    unsigned intact = 0;
    for (size_t at = 0; at < LOG_START; at += LOG_SEGMENT_HEAD_LEN) {
        if (len >= at + LOG_SEGMENT_HEAD_LEN) {
            intact += decode_copy(head, id, in + at);
        }
    }
    return intact;
}
