/*
 * log_open.c - opening: which segments there are, what is intact in them, which
 * numbers may have been used, and what a power cut left behind.
 *
 * Every segment is read once, record by record. Where no record begins the
 * search goes on byte by byte. Bad bytes with an intact record after them are
 * damage; bad bytes up to the end of the last segment are a torn tail, of
 * which nothing can have been durable (FORMAT.md says why).
 */
#include "core/base/assert.h"
#include "core/base/crc.h"
#include "core/store/log_state.h"
#include <string.h>

#define NOWHERE UINT64_MAX

/* The reading of the log, and of the segment that has its turn. */
struct scan {
    struct sotto_log *log;
    struct sotto_log_report *report;
    uint8_t *buffer;
    size_t buffer_cap;
    uint64_t hidden;   /* damaged bytes since the last intact segment head: may
                        have held reservations */
    uint64_t least;    /* what comes next is not below this */
    uint64_t used;     /* above all entries, damaged ones too */
    uint32_t first_id; /* of a log without segments */

    struct log_segment *segment;
    int file;
    uint64_t window_at; /* what of the file is in the buffer */
    size_t window_len;
    uint64_t bad_at;     /* bad bytes begin here; NOWHERE */
    uint64_t damaged_at; /* the first damage; NOWHERE */
    uint64_t damaged_bytes;
};

/* ---- which files ---- */

static bool parse_id(const char *digits, uint32_t *id)
{
    uint32_t value = 0;
    for (size_t i = 0; i < 8; i++) {
        const char c = digits[i];
        if (c >= '0' && c <= '9') {
            value = value << 4 | (uint32_t)(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            value = value << 4 | (uint32_t)(c - 'a' + 10);
        } else {
            return false; /* another file's name, or its end */
        }
    }
    *id = value;
    return digits[8] == 0;
}

/* The `*index`th segment file or the next after it, in any order. */
static enum sotto_err list_segment(const struct sotto_log *log, size_t *index,
                                   uint32_t *id)
{
    char prefix[SOTTO_FILE_NAME_MAX + 1];
    char name[SOTTO_FILE_NAME_MAX + 1];
    const size_t len = strlen(log->config.name);
    memcpy(prefix, log->config.name, len);
    prefix[len] = '.';
    prefix[len + 1] = 0;
    for (;; ++*index) {
        enum sotto_err err =
            log->files->list(log->files->ctx, prefix, *index, name);
        if (err != SOTTO_OK || parse_id(name + len + 1, id)) {
            return err;
        }
    }
}

/* Keeps the table sorted and the newest in it. */
static void insert_segment(struct sotto_log *log, uint32_t id)
{
    size_t at = log->count;
    while (at > 0 && log->segments[at - 1].id > id) {
        at--;
    }
    if (log->count == log->config.segments) {
        if (at == 0) {
            return; /* too old */
        }
        at--;
        memmove(&log->segments[0], &log->segments[1],
                at * sizeof log->segments[0]);
    } else {
        memmove(&log->segments[at + 1], &log->segments[at],
                (log->count - at) * sizeof log->segments[0]);
        log->count++;
    }
    log->segments[at] = (struct log_segment){.id = id};
}

static enum sotto_err collect_segments(struct sotto_log *log)
{
    uint32_t id = 0;
    for (size_t index = 0;; index++) {
        enum sotto_err err = list_segment(log, &index, &id);
        if (err != SOTTO_OK) {
            return err == SOTTO_ERR_NOT_FOUND ? SOTTO_OK : err;
        }
        insert_segment(log, id);
    }
}

/* Those below the oldest that is kept: a removal that a power cut undid, or
 * fewer are to be kept than before. */
static enum sotto_err remove_surplus(struct sotto_log *log)
{
    char name[SOTTO_FILE_NAME_MAX + 1];
    uint32_t id = 0;
    size_t index = 0;
    for (;;) {
        enum sotto_err err = list_segment(log, &index, &id);
        if (err != SOTTO_OK) {
            return err == SOTTO_ERR_NOT_FOUND ? SOTTO_OK : err;
        }
        if (id >= log->segments[0].id) {
            index++;
            continue;
        }
        log_file_name(log, id, name);
        err = log->files->remove(log->files->ctx, name);
        if (err != SOTTO_OK) {
            return SOTTO_ERR_IO;
        }
        index = 0; /* the order may have changed */
    }
}

/* ---- what is in them ---- */

/* The bytes [at, at + len) of the file; `*in` is NULL when it is shorter. */
static enum sotto_err look(struct scan *scan, uint64_t at, size_t len,
                           const uint8_t **in)
{
    const struct sotto_files *files = scan->log->files;
    *in = NULL;
    if (at > scan->segment->size || len > scan->segment->size - at) {
        return SOTTO_OK;
    }
    if (at < scan->window_at || at - scan->window_at > scan->window_len ||
        len > scan->window_len - (size_t)(at - scan->window_at)) {
        size_t got = 0;
        enum sotto_err err = files->read(files->ctx, scan->file, at,
                                         scan->buffer, scan->buffer_cap, &got);
        if (err != SOTTO_OK || got < len) {
            return SOTTO_ERR_IO;
        }
        scan->window_at = at;
        scan->window_len = got;
    }
    *in = scan->buffer + (size_t)(at - scan->window_at);
    return SOTTO_OK;
}

static void note_bad(struct scan *scan, uint64_t at)
{
    if (scan->bad_at == NOWHERE) {
        scan->bad_at = at;
    }
}

/* What is bad up to `at` is damage. */
static void note_damage(struct scan *scan, uint64_t at)
{
    if (scan->bad_at != NOWHERE) {
        if (scan->damaged_at == NOWHERE) {
            scan->damaged_at = scan->bad_at;
        }
        scan->hidden += at - scan->bad_at;
        scan->bad_at = NOWHERE;
    }
}

static void raise_to(uint64_t *number, uint64_t to)
{
    if (*number < to) {
        *number = to;
    }
}

static void take_record(struct scan *scan, const struct log_head *head,
                        uint64_t at)
{
    struct sotto_log *log = scan->log;
    note_damage(scan, at);
    if (head->type == LOG_NEXT) {
        log->next = head->number;
        raise_to(&log->next, scan->used);
        return;
    }
    log_note_entry(log, scan->segment, head->number, (uint32_t)at);
    log->last = head->number;
    scan->least = head->number + 1;
    scan->report->entries++;
}

/* Reads what stands at `*at` and moves on: past a record, or by one byte. */
static enum sotto_err scan_record(struct scan *scan, uint64_t *at)
{
    const uint8_t *in = NULL;
    struct log_head head;
    enum sotto_err err = look(scan, *at, LOG_HEAD_LEN, &in);
    if (err != SOTTO_OK) {
        return err;
    }
    if (in == NULL || !log_has_head(scan->segment, (uint32_t)*at, in, &head)) {
        note_bad(scan, *at);
        *at += in == NULL ? scan->segment->size - *at : 1;
        return SOTTO_OK;
    }
    const size_t len = LOG_HEAD_LEN + (size_t)head.len;
    err = look(scan, *at, len, &in);
    if (err != SOTTO_OK) {
        return err;
    }
    /* A number that is not above all entries before it is not of our making, even
     * where all checksums are right. */
    if (head.number >= scan->least &&
        sotto_crc32c(0, in + LOG_HEAD_LEN, head.len) == head.body_crc) {
        take_record(scan, &head, *at);
    } else {
        note_bad(scan, *at);
    }
    if (head.type == LOG_ENTRY) {
        raise_to(&scan->used, head.number + 1);
        raise_to(&scan->log->next, scan->used);
    }
    *at += len;
    return SOTTO_OK;
}

/* Reads the head; `*born` is false for a segment that had none yet when the
 * power went. */
static enum sotto_err scan_head(struct scan *scan, bool is_last, bool *born)
{
    struct log_segment *segment = scan->segment;
    struct log_segment_head head = {0};
    const uint8_t *in = NULL;
    const size_t len = segment->size < LOG_START ? segment->size : LOG_START;
    enum sotto_err err = look(scan, 0, len, &in);
    if (err != SOTTO_OK) {
        return err;
    }
    const unsigned intact =
        log_segment_head_decode(&head, segment->id, in, len);
    *born = !(is_last && intact < 2 && segment->size <= LOG_START);
    if (intact > 0) {
        segment->salt = head.salt;
        raise_to(&scan->least, head.floor);
        segment->floor = scan->least;
        raise_to(&scan->log->next, head.next);
        scan->hidden = 0;
        segment->readable = true;
    }
    if (intact < 2 && *born) {
        note_bad(scan, 0);
        note_damage(scan, intact > 0 ? LOG_START : segment->size);
    }
    return SOTTO_OK;
}

static enum sotto_err scan_segment(struct scan *scan, bool is_last, bool *born)
{
    const struct sotto_files *files = scan->log->files;
    uint64_t size = 0;
    enum sotto_err err = files->size(files->ctx, scan->file, &size);
    if (err == SOTTO_OK && size > UINT32_MAX) {
        err = SOTTO_ERR_LIMIT;
    }
    if (err != SOTTO_OK) {
        return err;
    }
    scan->segment->size = (uint32_t)size;
    err = scan_head(scan, is_last, born);
    uint64_t at = scan->segment->readable ? LOG_START : size;
    while (err == SOTTO_OK && at < size) {
        err = scan_record(scan, &at);
    }
    if (err == SOTTO_OK &&
        (!is_last || (*born && scan->damaged_at != NOWHERE))) {
        note_damage(scan, size);
    }
    return err;
}

/* ---- what to do about it ---- */

static void report_damage(struct sotto_log *log, uint32_t id, uint64_t at,
                          struct sotto_log_report *report)
{
    if (report->damaged_segments == 0) {
        log_file_name(log, id, report->damaged);
        report->damaged_offset = at;
    }
    report->damaged_segments++;
}

/* The power went before the segment had a head: it will be begun again. */
static enum sotto_err remove_unborn(struct scan *scan)
{
    struct sotto_log *log = scan->log;
    char name[SOTTO_FILE_NAME_MAX + 1];
    scan->first_id = scan->segment->id;
    log_file_name(log, scan->segment->id, name);
    log->count--;
    return log->files->remove(log->files->ctx, name) == SOTTO_OK ? SOTTO_OK
                                                                 : SOTTO_ERR_IO;
}

static enum sotto_err drop_tail(struct scan *scan)
{
    const struct sotto_files *files = scan->log->files;
    if (scan->bad_at == NOWHERE) {
        return SOTTO_OK;
    }
    enum sotto_err err = files->truncate(files->ctx, scan->file, scan->bad_at);
    if (err == SOTTO_OK) {
        scan->report->torn_bytes = scan->segment->size - scan->bad_at;
        scan->segment->size = (uint32_t)scan->bad_at;
    }
    return err;
}

static enum sotto_err open_segment(struct scan *scan, size_t at)
{
    const struct sotto_log *log = scan->log;
    char name[SOTTO_FILE_NAME_MAX + 1];
    scan->segment = &scan->log->segments[at];
    scan->window_at = 0;
    scan->window_len = 0;
    scan->bad_at = NOWHERE;
    scan->damaged_at = NOWHERE;
    log_file_name(log, scan->segment->id, name);
    enum sotto_err err =
        log->files->open(log->files->ctx, name, 0, &scan->file);
    return err == SOTTO_ERR_NOT_FOUND ? SOTTO_ERR_IO : err;
}

/* The segment stays open, to be written to; what is in it becomes durable with
 * the first sync. */
static void keep_open(struct scan *scan)
{
    struct sotto_log *log = scan->log;
    log->file = scan->file;
    sotto_syncer_init(&log->syncer, log->files, log->file);
    (void)sotto_syncer_note(&log->syncer);
}

/* Reads segment `at` of the table. */
static enum sotto_err take_segment(struct scan *scan, size_t at)
{
    struct sotto_log *log = scan->log;
    const bool is_last = at + 1 == log->count;
    bool born = true;
    enum sotto_err err = open_segment(scan, at);
    if (err != SOTTO_OK) {
        return err;
    }
    if (is_last) {
        log->durable_number = log->last; /* of those before, see log.c */
    }
    err = scan_segment(scan, is_last, &born);
    if (err == SOTTO_OK && is_last && born) {
        err = drop_tail(scan);
    }
    if (scan->damaged_at != NOWHERE) {
        report_damage(log, scan->segment->id, scan->damaged_at, scan->report);
        log->rotating = is_last; /* it gets no more entries */
    }
    if (err == SOTTO_OK && is_last && born) {
        keep_open(scan);
        return SOTTO_OK;
    }
    log->files->close(log->files->ctx, scan->file);
    return err == SOTTO_OK && !born ? remove_unborn(scan) : err;
}

static enum sotto_err read_segments(struct scan *scan)
{
    struct sotto_log *log = scan->log;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_segment *segment = &log->segments[i];
        if (i > 0 && segment->id != segment[-1].id + 1) {
            report_damage(log, segment[-1].id + 1, 0, scan->report);
        }
        enum sotto_err err = take_segment(scan, i);
        if (err != SOTTO_OK) {
            return err;
        }
    }
    if (log->count > 0 && log->file == LOG_NO_FILE) {
        enum sotto_err err = open_segment(scan, log->count - 1);
        if (err != SOTTO_OK) {
            return err;
        }
        keep_open(scan);
        log->rotating = true;
    }
    return SOTTO_OK;
}

/* No record is shorter, and a power of two is divided by without a subroutine. */
#define BYTES_A_MARK 16U
_Static_assert(LOG_HEAD_LEN >= BYTES_A_MARK, "a mark is one record");

/*
 * Makes the log ready to be written to. Where damage may hide that numbers were
 * reserved, a wide berth is given to all that so many bytes can have reserved.
 * A disk that is full is no reason not to open, as long as there is a segment:
 * what is there can be read.
 */
static enum sotto_err begin_writing(struct scan *scan)
{
    struct sotto_log *log = scan->log;
    if (scan->hidden > 0) {
        log->next += (scan->hidden / BYTES_A_MARK + 1) * SOTTO_LOG_RESERVE_MAX;
    }
    if (log->next > LOG_NEXT_MAX) {
        log->next = LOG_NEXT_MAX;
    }
    if (log->count == 0) {
        return log_begin_segment(log, scan->first_id);
    }
    log->reserved = log->next;
    log->marked = log->next;
    if (log->rotating) {
        return SOTTO_OK;
    }
    enum sotto_err err = log_mark(log, log_reservation(log));
    return err == SOTTO_ERR_FULL ? SOTTO_OK : err;
}

static void check_config(const struct sotto_log_config *config)
{
    const size_t len = strlen(config->name);
    SOTTO_ASSERT(len > 0 && len <= SOTTO_LOG_NAME_MAX);
    SOTTO_ASSERT(config->segment_bytes >= 1024 &&
                 config->segment_bytes <= 1U << 30);
    SOTTO_ASSERT(config->segments >= 2 &&
                 config->segments <= SOTTO_LOG_SEGMENTS_MAX);
    SOTTO_ASSERT(config->reserve >= 1 &&
                 config->reserve <= SOTTO_LOG_RESERVE_MAX);
}

enum sotto_err sotto_log_open(struct sotto_log **log_out, void *memory,
                              const struct sotto_log_config *config,
                              const struct sotto_files *files, uint8_t *buffer,
                              size_t buffer_cap,
                              struct sotto_log_report *report)
{
    SOTTO_ASSERT(buffer_cap >= SOTTO_LOG_BUFFER_MIN);
    check_config(config);
    struct sotto_log *log = memory;
    *log = (struct sotto_log){.files = files,
                              .config = *config,
                              .file = LOG_NO_FILE,
                              .read_file = LOG_NO_FILE,
                              .next = 1};
    *report = (struct sotto_log_report){0};
    struct scan scan = {.log = log, .report = report, .first_id = 1};
    scan.buffer = buffer;
    scan.buffer_cap = buffer_cap;
    enum sotto_err err = collect_segments(log);
    if (err == SOTTO_OK && log->count > 0) {
        err = remove_surplus(log);
    }
    if (err == SOTTO_OK) {
        err = read_segments(&scan);
    }
    if (err == SOTTO_OK) {
        err = begin_writing(&scan);
    }
    if (err != SOTTO_OK) {
        sotto_log_close(log);
        return err;
    }
    *log_out = log;
    return SOTTO_OK;
}
