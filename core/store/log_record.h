/*
 * log_record.h - the bytes of a segment: its head, and the head of a record.
 * Private to core/store. Layout and reasons: FORMAT.md.
 */
#ifndef SOTTO_STORE_LOG_RECORD_H
#define SOTTO_STORE_LOG_RECORD_H

#include "core/store/log.h"

#define LOG_HEAD_LEN         24
#define LOG_SEGMENT_HEAD_LEN 40
#define LOG_START            80 /* the segment's head stands there twice */

/* Numbers are below this: every reader of JSON takes them (2^53). The highest is
 * for a NEXT that says that no entry can come any more. */
#define LOG_NUMBER_END 9007199254740992ULL
#define LOG_NEXT_MAX   (LOG_NUMBER_END - 1)

enum log_record_type {
    LOG_ENTRY = 1,
    LOG_NEXT = 2 /* `number`: the lowest that was never used; no body */
};

struct log_head {
    enum log_record_type type;
    uint32_t len; /* of the body, which follows */
    uint64_t number;
    uint32_t body_crc;
};

struct log_segment_head {
    uint32_t id;    /* as in the file's name */
    uint32_t salt;  /* of its record heads */
    uint64_t floor; /* every number in it is this or higher */
    uint64_t next;  /* as of LOG_NEXT */
};

/* Where a record's head stands: its checksum fits nowhere else. */
struct log_place {
    uint32_t salt; /* of the segment */
    uint32_t id;   /* of the segment */
    uint32_t at;   /* offset in it */
};

void log_head_encode(const struct log_head *head, const struct log_place *place,
                     uint8_t out[static LOG_HEAD_LEN]);
/* False for anything that log_head_encode() did not write for that place. */
bool log_head_decode(struct log_head *head, const struct log_place *place,
                     const uint8_t in[static LOG_HEAD_LEN]);

/* Both copies. */
void log_segment_head_encode(const struct log_segment_head *head,
                             uint8_t out[static LOG_START]);
/* How many of the copies in the first `len` bytes of segment `id` are intact:
 * 0 to 2. The values are an intact one's. */
unsigned log_segment_head_decode(struct log_segment_head *head, uint32_t id,
                                 const uint8_t *in, size_t len);

#endif
