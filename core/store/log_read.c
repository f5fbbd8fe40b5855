/*
 * log_read.c - finding entries by number, and reading on from there.
 *
 * A read starts at the best place that is known to stand at or before the
 * number: a cursor that an earlier read left behind (for a sequential reader
 * exactly there), one of the places kept for each segment, or the segment's
 * first entry. From there it walks from head to head. Where bytes are damaged it
 * looks for the next head, and remembers that something is missing.
 */
#include "core/base/crc.h"
#include "core/store/log_state.h"
#include <string.h>

/* Where a walk is. */
struct walk {
    struct sotto_log *log;
    uint64_t from;  /* what is looked for */
    size_t segment; /* index into the table */
    uint32_t at;
    bool gap;                  /* damage since the last entry below `from` */
    struct log_cursor *cursor; /* ours to move, or NULL */
};

/* ---- where to start ---- */

static bool find_segment(const struct sotto_log *log, uint32_t id, size_t *at)
{
    /* Ids rise by one, except over a missing file. */
    for (size_t i = log->count; i-- > 0;) {
        if (log->segments[i].id == id) {
            *at = i;
            return true;
        }
    }
    return false;
}

/* The entry or point with the highest number not above `from`. */
static uint64_t start_by_index(struct walk *walk)
{
    const struct sotto_log *log = walk->log;
    size_t i = log->count;
    while (i > 0 && (log->segments[i - 1].first == 0 ||
                     log->segments[i - 1].first > walk->from)) {
        i--;
    }
    walk->segment = i > 0 ? i - 1 : 0;
    walk->at = LOG_START;
    if (i == 0) {
        return 0;
    }
    const struct log_segment *segment = &log->segments[i - 1];
    uint64_t number = segment->first;
    for (size_t p = 0; p < LOG_POINTS; p++) {
        if (segment->point_at[p] != 0 &&
            segment->point_number[p] <= walk->from) {
            number = segment->point_number[p];
            walk->at = segment->point_at[p];
        }
    }
    return number;
}

static void start(struct walk *walk)
{
    struct sotto_log *log = walk->log;
    uint64_t best = start_by_index(walk);
    for (size_t i = 0; i < LOG_CURSORS; i++) {
        struct log_cursor *cursor = &log->cursors[i];
        size_t segment = 0;
        if (cursor->from == 0 || cursor->from < best ||
            cursor->from > walk->from ||
            !find_segment(log, cursor->id, &segment)) {
            continue;
        }
        best = cursor->from;
        walk->segment = segment;
        walk->at = cursor->at;
        walk->cursor = best == walk->from ? cursor : NULL;
    }
}

static struct log_cursor *oldest_cursor(struct sotto_log *log)
{
    struct log_cursor *oldest = &log->cursors[0];
    for (size_t i = 1; i < LOG_CURSORS; i++) {
        struct log_cursor *cursor = &log->cursors[i];
        if (log->reads - cursor->used > log->reads - oldest->used) {
            oldest = cursor;
        }
    }
    return oldest;
}

/* Leaves a cursor at the walk's place: what is there or later is `from` or
 * higher. */
static void leave_cursor(struct walk *walk, uint64_t from)
{
    struct sotto_log *log = walk->log;
    struct log_cursor *cursor =
        walk->cursor != NULL ? walk->cursor : oldest_cursor(log);
    *cursor = (struct log_cursor){.from = from,
                                  .id = log->segments[walk->segment].id,
                                  .at = walk->at,
                                  .used = ++log->reads};
}

/* ---- reading ---- */

static enum sotto_err file_of(struct walk *walk, int *file)
{
    struct sotto_log *log = walk->log;
    const uint32_t id = log->segments[walk->segment].id;
    char name[SOTTO_FILE_NAME_MAX + 1];
    if (walk->segment + 1 == log->count) {
        *file = log->file;
        return SOTTO_OK;
    }
    if (log->read_file == LOG_NO_FILE || log->read_id != id) {
        log_close_reading(log);
        log_file_name(log, id, name);
        int opened = LOG_NO_FILE;
        if (log->files->open(log->files->ctx, name, 0, &opened) != SOTTO_OK) {
            return SOTTO_ERR_IO;
        }
        log->read_file = opened;
        log->read_id = id;
    }
    *file = log->read_file;
    return SOTTO_OK;
}

/* Up to `len` bytes from the walk's place + `skip`. */
static enum sotto_err read_at(struct walk *walk, uint32_t skip, uint8_t *out,
                              size_t len, size_t *got)
{
    const struct sotto_files *files = walk->log->files;
    int file = LOG_NO_FILE;
    enum sotto_err err = file_of(walk, &file);
    if (err == SOTTO_OK) {
        err = files->read(files->ctx, file, (uint64_t)walk->at + skip, out, len,
                          got);
    }
    return err == SOTTO_OK ? SOTTO_OK : SOTTO_ERR_IO;
}

/* A head that belongs at the walk's place. */
static bool is_head(const struct walk *walk, const uint8_t *in,
                    struct log_head *head)
{
    return log_has_head(&walk->log->segments[walk->segment], walk->at, in,
                        head);
}

/* Moves on byte by byte to the first intact head in the window. */
static bool search(struct walk *walk, const uint8_t *window, size_t len)
{
    struct log_head head;
    for (size_t i = 0; len - i >= LOG_HEAD_LEN; i++) {
        if (is_head(walk, window + i, &head)) {
            return true;
        }
        walk->at++;
    }
    return false;
}

/* Moves to the next intact head, or to the segment's end. */
static enum sotto_err resynchronise(struct walk *walk)
{
    const uint32_t size = walk->log->segments[walk->segment].size;
    uint8_t window[256];
    walk->gap = true;
    walk->at++;
    while (size - walk->at >= LOG_HEAD_LEN) {
        const size_t left = size - walk->at;
        size_t got = 0;
        enum sotto_err err =
            read_at(walk, 0, window,
                    left < sizeof window ? left : sizeof window, &got);
        if (err != SOTTO_OK) {
            return err;
        }
        if (got < LOG_HEAD_LEN) {
            break; /* the file has become shorter */
        }
        if (search(walk, window, got)) {
            return SOTTO_OK;
        }
    }
    walk->at = size;
    return SOTTO_OK;
}

/* Goes to the next segment. FORMAT when what is missing before it may be what
 * is looked for; `*number` is then the last that may be missing. */
static enum sotto_err next_segment(struct walk *walk, uint64_t *number)
{
    const struct sotto_log *log = walk->log;
    const struct log_segment *before = &log->segments[walk->segment];
    walk->gap |= !before->readable;
    if (walk->segment + 1 == log->count) {
        *number = log->last; /* it was there when we opened */
        return SOTTO_ERR_FORMAT;
    }
    const struct log_segment *segment = before + 1;
    walk->gap |= segment->id != before->id + 1;
    walk->segment++;
    walk->at = LOG_START;
    if (segment->floor == 0) {
        return SOTTO_OK; /* unreadable */
    }
    const bool is_missing = walk->gap && segment->floor > walk->from;
    walk->gap = false;
    if (!is_missing) {
        return SOTTO_OK;
    }
    *number = segment->floor - 1;
    leave_cursor(walk, segment->floor);
    return SOTTO_ERR_FORMAT;
}

/* Reads the head at the walk's place; where there is none the walk moves to the
 * next place where there is, or to the segment's end. */
static enum sotto_err read_head(struct walk *walk, struct log_head *head,
                                bool *is_intact)
{
    const struct log_segment *segment = &walk->log->segments[walk->segment];
    uint8_t bytes[LOG_HEAD_LEN];
    size_t got = 0;
    enum sotto_err err = SOTTO_OK;
    if (segment->size - walk->at >= LOG_HEAD_LEN) {
        err = read_at(walk, 0, bytes, sizeof bytes, &got);
    }
    *is_intact = got == sizeof bytes && is_head(walk, bytes, head);
    return err == SOTTO_OK && !*is_intact ? resynchronise(walk) : err;
}

/*
 * Walks to the first entry that is `from` or higher: OK, and the walk stands at
 * its head. FORMAT as for sotto_log_read(), IO.
 */
static enum sotto_err find(struct walk *walk, struct log_head *head,
                           uint64_t *number)
{
    for (;;) {
        const struct log_segment *segment = &walk->log->segments[walk->segment];
        const bool is_at_end = !segment->readable || walk->at >= segment->size;
        bool is_intact = false;
        enum sotto_err err = is_at_end ? next_segment(walk, number)
                                       : read_head(walk, head, &is_intact);
        if (err != SOTTO_OK) {
            return err;
        }
        if (!is_intact) {
            continue; /* from another place */
        }
        if (head->type == LOG_ENTRY && head->number >= walk->from) {
            return SOTTO_OK;
        }
        /* What was missing before a lower entry was lower still. */
        walk->gap &= head->type != LOG_ENTRY;
        walk->at += LOG_HEAD_LEN + head->len;
    }
}

enum sotto_err sotto_log_read(struct sotto_log *log, uint64_t from,
                              uint8_t *out, size_t cap, size_t *len,
                              uint64_t *number)
{
    struct walk walk = {.log = log, .from = from == 0 ? 1 : from};
    struct log_head head;
    if (walk.from > log->last) {
        return SOTTO_ERR_NOT_FOUND;
    }
    start(&walk);
    enum sotto_err err = find(&walk, &head, number);
    if (err != SOTTO_OK) {
        return err;
    }
    if (walk.gap && head.number > walk.from) {
        *number = head.number - 1;
        leave_cursor(&walk, head.number);
        return SOTTO_ERR_FORMAT;
    }
    size_t got = 0;
    if (head.len <= cap) {
        err = read_at(&walk, LOG_HEAD_LEN, out, head.len, &got);
        if (err != SOTTO_OK) {
            return err;
        }
    }
    walk.at += LOG_HEAD_LEN + head.len;
    leave_cursor(&walk, head.number + 1);
    *number = head.number;
    if (head.len > cap) {
        *len = head.len;
        return SOTTO_ERR_SPACE;
    }
    if (got < head.len || sotto_crc32c(0, out, head.len) != head.body_crc) {
        return SOTTO_ERR_FORMAT;
    }
    *len = head.len;
    return SOTTO_OK;
}
