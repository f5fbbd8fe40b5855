/*
 * log_state.h - what a log knows while it is open. Private to core/store.
 *
 *   log_open.c   reads the segments, finds damage
 *   log.c        appends, reserves, begins and drops segments
 *   log_read.c   finds and reads entries
 */
#ifndef SOTTO_STORE_LOG_STATE_H
#define SOTTO_STORE_LOG_STATE_H

#include "core/base/syncer.h"
#include "core/store/log_record.h"

#define LOG_POINTS  7 /* places of a segment that are kept in memory */
#define LOG_CURSORS 4 /* sequential readers that need no search */
#define LOG_NO_FILE (-1)

/* One segment file. */
struct log_segment {
    uint64_t floor; /* every number in it is this or higher; 0 if unknown */
    uint64_t first; /* entries' numbers; 0 when there are none */
    uint64_t last;
    uint64_t point_number[LOG_POINTS]; /* the first entry at or after ... */
    uint32_t point_at[LOG_POINTS]; /* ... an eighth, two, ...; 0: none there */
    uint32_t id;
    uint32_t size;
    uint32_t salt;
    bool readable; /* its head is known */
};

/* Entries from `from` on stand at `at` in segment `id` or later, and all before
 * that place are below. */
struct log_cursor {
    uint64_t from; /* 0: not in use */
    uint32_t id;
    uint32_t at;
    uint32_t used; /* when, for finding the oldest */
};

struct sotto_log {
    const struct sotto_files *files; /* borrowed */
    size_t count; /* at least 1 while open; the last is written to */

    int file; /* of the last segment */
    struct sotto_syncer syncer;
    enum sotto_err failed; /* for good */

    uint64_t next;        /* number of the next entry */
    uint64_t reserved;    /* numbers below this may be used */
    uint64_t marked;      /* the highest NEXT that was appended ... */
    uint64_t mark_ticket; /* ... and its ticket: durable, it is `reserved` */
    uint64_t last;        /* newest entry; 0 */

    /* What the last sync that was started covers, and what is durable. */
    uint64_t covered_ticket;
    uint64_t covered_number;
    uint64_t durable_number;

    bool rotating;  /* a new segment is wanted before the next entry */
    bool finishing; /* nothing more will be appended */
    bool finished;  /* ... and the mark for that was tried */

    int read_file; /* of segment `read_id`, when that is not the last */
    uint32_t read_id;
    uint32_t reads; /* counts uses of cursors */

    /* Large, hence last: see core/chat/client.h. */
    struct sotto_log_config config;
    struct log_segment segments[SOTTO_LOG_SEGMENTS_MAX]; /* by id */
    struct log_cursor cursors[LOG_CURSORS];
};

/* `<name>.<id>` and a final zero. */
void log_file_name(const struct sotto_log *log, uint32_t id,
                   char name[static SOTTO_FILE_NAME_MAX + 1]);

/* Notes an entry of a segment: first, last, and a point when it is one. */
void log_note_entry(const struct sotto_log *log, struct log_segment *segment,
                    uint64_t number, uint32_t at);

/* Whether `in`, which stands at `at` of a segment, is a record's head: intact,
 * at its place, with room for its body, and not below the segment's floor.
 * Opening and reading both go by this, so that they find the same records. */
bool log_has_head(const struct log_segment *segment, uint32_t at,
                  const uint8_t in[static LOG_HEAD_LEN], struct log_head *head);

/* What the next reservation is to be: numbers below it. */
uint64_t log_reservation(const struct sotto_log *log);

/* Begins segment `id` and makes it the one that is written to. FULL with
 * nothing changed; SPACE, IO. */
enum sotto_err log_begin_segment(struct sotto_log *log, uint32_t id)
    SOTTO_MUST_CHECK;

/* Appends a NEXT record: numbers below `next` count as used once it is
 * durable. FULL with nothing changed; IO. */
enum sotto_err log_mark(struct sotto_log *log, uint64_t next) SOTTO_MUST_CHECK;

/* Removes the oldest segment's file and forgets it. IO. */
enum sotto_err log_drop_oldest(struct sotto_log *log) SOTTO_MUST_CHECK;

/* Closes the file that is open for reading, if any. */
void log_close_reading(struct sotto_log *log);

#endif
