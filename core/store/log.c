/*
 * log.c - appending: reservations, group commit, a new segment in time.
 *
 * What is written in which order is what makes the promises hold:
 *
 *   - A number is used only when a durable NEXT (a record, or a segment's head)
 *     is above it.
 *   - A segment begins when the one before is durable to its end, and gets
 *     entries when its own head is. So a power cut can only tear the last one,
 *     and a torn one never held an entry without a head that was durable.
 */
#include "core/base/assert.h"
#include "core/base/crc.h"
#include "core/store/log_state.h"
#include <string.h>

/* Records up to this size are appended with one call. */
#define SMALL_RECORD 512

size_t sotto_log_size(void)
{
    return sizeof(struct sotto_log);
}

void log_file_name(const struct sotto_log *log, uint32_t id,
                   char name[static SOTTO_FILE_NAME_MAX + 1])
{
    static const char digits[] = "0123456789abcdef";
    size_t len = strlen(log->config.name);
    memcpy(name, log->config.name, len);
    name[len++] = '.';
    for (unsigned shift = 32; shift > 0; shift -= 4) {
        name[len++] = digits[id >> (shift - 4) & 15U];
    }
    name[len] = 0;
}

static struct log_segment *last_segment(struct sotto_log *log)
{
    return &log->segments[log->count - 1];
}

void log_note_entry(const struct sotto_log *log, struct log_segment *segment,
                    uint64_t number, uint32_t at)
{
    const uint32_t stride = log->config.segment_bytes / (LOG_POINTS + 1);
    const uint32_t point = at / stride;
    if (segment->first == 0) {
        segment->first = number;
    }
    segment->last = number;
    if (point >= 1 && point <= LOG_POINTS &&
        segment->point_at[point - 1] == 0) {
        segment->point_at[point - 1] = at;
        segment->point_number[point - 1] = number;
    }
}

/* FULL is for the caller to try again; anything else is the end of writing. */
static enum sotto_err take_failure(struct sotto_log *log, enum sotto_err err)
{
    if (err == SOTTO_ERR_FULL) {
        return err;
    }
    log->failed = SOTTO_ERR_IO;
    return SOTTO_ERR_IO;
}

/* ---- records ---- */

/* Head and body one after the other; takes the head back when the body does not
 * fit. */
static enum sotto_err append_large(struct sotto_log *log,
                                   const uint8_t head[static LOG_HEAD_LEN],
                                   const uint8_t *body, size_t len)
{
    const struct sotto_files *files = log->files;
    enum sotto_err err =
        files->append(files->ctx, log->file, head, LOG_HEAD_LEN);
    if (err != SOTTO_OK) {
        return err;
    }
    err = files->append(files->ctx, log->file, body, len);
    if (err == SOTTO_ERR_FULL &&
        files->truncate(files->ctx, log->file, last_segment(log)->size) !=
            SOTTO_OK) {
        return SOTTO_ERR_IO;
    }
    return err;
}

static enum sotto_err append_record(struct sotto_log *log,
                                    struct log_head *head, const uint8_t *body)
{
    struct log_segment *segment = last_segment(log);
    uint8_t bytes[SMALL_RECORD];
    const size_t len = LOG_HEAD_LEN + (size_t)head->len;
    enum sotto_err err;
    head->body_crc = sotto_crc32c(0, body, head->len);
    log_head_encode(head,
                    &(struct log_place){.salt = segment->salt,
                                        .id = segment->id,
                                        .at = segment->size},
                    bytes);
    if (len <= sizeof bytes) {
        if (head->len > 0) {
            memcpy(bytes + LOG_HEAD_LEN, body, head->len);
        }
        err = log->files->append(log->files->ctx, log->file, bytes, len);
    } else {
        err = append_large(log, bytes, body, head->len);
    }
    if (err != SOTTO_OK) {
        return take_failure(log, err);
    }
    segment->size += (uint32_t)len;
    return SOTTO_OK;
}

bool log_has_head(const struct log_segment *segment, uint32_t at,
                  const uint8_t in[static LOG_HEAD_LEN], struct log_head *head)
{
    const struct log_place place = {.salt = segment->salt,
                                    .id = segment->id,
                                    .at = at};
    return log_head_decode(head, &place, in) &&
           head->number >= segment->floor &&
           head->len <= segment->size - at - LOG_HEAD_LEN;
}

uint64_t log_reservation(const struct sotto_log *log)
{
    const uint64_t end = log->next + log->config.reserve;
    return end < LOG_NEXT_MAX ? end : LOG_NEXT_MAX;
}

enum sotto_err log_mark(struct sotto_log *log, uint64_t next)
{
    struct log_head head = {.type = LOG_NEXT, .number = next};
    enum sotto_err err = append_record(log, &head, (const uint8_t *)"");
    if (err == SOTTO_OK) {
        log->marked = next;
        log->mark_ticket = sotto_syncer_note(&log->syncer);
    }
    return err;
}

/* ---- segments ---- */

enum sotto_err log_drop_oldest(struct sotto_log *log)
{
    char name[SOTTO_FILE_NAME_MAX + 1];
    const uint32_t id = log->segments[0].id;
    if (log->read_file != LOG_NO_FILE && log->read_id == id) {
        log_close_reading(log);
    }
    log_file_name(log, id, name);
    enum sotto_err err = log->files->remove(log->files->ctx, name);
    if (err != SOTTO_OK && err != SOTTO_ERR_NOT_FOUND) {
        return SOTTO_ERR_IO;
    }
    log->count--;
    memmove(&log->segments[0], &log->segments[1],
            log->count * sizeof log->segments[0]);
    return SOTTO_OK;
}

/* Makes the file, with its head in it. */
static enum sotto_err create_segment(struct sotto_log *log,
                                     const struct log_segment_head *head,
                                     int *file)
{
    const struct sotto_files *files = log->files;
    char name[SOTTO_FILE_NAME_MAX + 1];
    uint8_t bytes[LOG_START];
    log_file_name(log, head->id, name);
    log_segment_head_encode(head, bytes);
    enum sotto_err err =
        files->open(files->ctx, name, SOTTO_FILE_CREATE | SOTTO_FILE_TRUNCATE,
                    file);
    if (err != SOTTO_OK) {
        return err;
    }
    err = files->append(files->ctx, *file, bytes, sizeof bytes);
    if (err != SOTTO_OK) {
        /* An empty segment counts as not begun: it may stay if need be. */
        files->close(files->ctx, *file);
        (void)files->remove(files->ctx, name);
    }
    return err;
}

enum sotto_err log_begin_segment(struct sotto_log *log, uint32_t id)
{
    const struct log_segment_head head = {.id = id,
                                          .salt = log->config.salt,
                                          .floor = log->next,
                                          .next = log_reservation(log)};
    int file = LOG_NO_FILE;
    enum sotto_err err = SOTTO_OK;
    if (log->count == log->config.segments) {
        err = log_drop_oldest(log);
    }
    if (err == SOTTO_OK) {
        err = create_segment(log, &head, &file);
    }
    if (err != SOTTO_OK) {
        return err;
    }
    if (log->file != LOG_NO_FILE) {
        log->files->close(log->files->ctx, log->file);
    }
    log->file = file;
    log->segments[log->count++] = (struct log_segment){.id = id,
                                                       .size = LOG_START,
                                                       .salt = head.salt,
                                                       .floor = head.floor,
                                                       .readable = true};
    sotto_syncer_init(&log->syncer, log->files, file);
    log->covered_ticket = 0;
    log->reserved = log->next; /* nothing before the head is durable */
    log->marked = head.next;
    log->mark_ticket = sotto_syncer_note(&log->syncer);
    log->rotating = false;
    return SOTTO_OK;
}

/* A new segment, once the present one is durable to its end. AGAIN until then;
 * FULL, IO. */
static enum sotto_err rotate(struct sotto_log *log)
{
    if (!sotto_syncer_is_idle(&log->syncer)) {
        return SOTTO_ERR_AGAIN;
    }
    enum sotto_err err = log_begin_segment(log, last_segment(log)->id + 1);
    return err == SOTTO_OK ? SOTTO_ERR_AGAIN : take_failure(log, err);
}

/* ---- appending ---- */

/* What stands in the way of using log->next. */
static enum sotto_err check_ready(struct sotto_log *log)
{
    if (log->failed != SOTTO_OK) {
        return SOTTO_ERR_IO;
    }
    if (log->finishing) {
        return SOTTO_ERR_AGAIN;
    }
    if (log->next == LOG_NEXT_MAX) {
        return SOTTO_ERR_FULL; /* of numbers */
    }
    if (!log->rotating &&
        last_segment(log)->size >= log->config.segment_bytes &&
        last_segment(log)->first != 0) {
        log->rotating = true;
    }
    if (log->rotating) {
        return rotate(log);
    }
    if (log->next < log->reserved) {
        return SOTTO_OK;
    }
    if (log->marked <= log->next) {
        enum sotto_err err = log_mark(log, log_reservation(log));
        if (err != SOTTO_OK) {
            return err;
        }
    }
    return SOTTO_ERR_AGAIN;
}

enum sotto_err sotto_log_append(struct sotto_log *log, const uint8_t *entry,
                                size_t len, uint64_t *number)
{
    SOTTO_ASSERT(len > 0 && len <= SOTTO_LOG_ENTRY_MAX);
    enum sotto_err err = check_ready(log);
    if (err != SOTTO_OK) {
        return err;
    }
    struct log_segment *segment = last_segment(log);
    const uint32_t at = segment->size;
    struct log_head head = {.type = LOG_ENTRY,
                            .len = (uint32_t)len,
                            .number = log->next};
    err = append_record(log, &head, entry);
    if (err != SOTTO_OK) {
        return err;
    }
    (void)sotto_syncer_note(&log->syncer);
    log_note_entry(log, segment, log->next, at);
    log->last = log->next++;
    *number = log->last;
    return SOTTO_OK;
}

/* ---- every loop turn ---- */

/* Collects and starts a sync, and says what that means for numbers. */
static bool sync_turn(struct sotto_log *log)
{
    struct sotto_syncer *syncer = &log->syncer;
    const bool changed = sotto_syncer_run(syncer);
    if (changed && syncer->failed != SOTTO_OK) {
        log->failed = SOTTO_ERR_IO;
    }
    if (changed && syncer->failed == SOTTO_OK) {
        log->durable_number = log->covered_number;
        if (syncer->durable >= log->mark_ticket) {
            log->reserved = log->marked;
        }
    }
    if (syncer->started != log->covered_ticket) {
        log->covered_ticket = syncer->started;
        log->covered_number = log->last;
    }
    return changed;
}

/* Goes on with whatever waits. */
static void step(struct sotto_log *log)
{
    enum sotto_err err = SOTTO_OK;
    if (log->failed != SOTTO_OK) {
        return;
    }
    if (log->finishing) {
        if (!log->finished && sotto_syncer_is_idle(&log->syncer)) {
            log->finished = true;
            err = log_mark(log, log->next);
        }
    } else if (log->rotating) {
        err = rotate(log);
    } else if (log->marked - log->next <= log->config.reserve / 2 &&
               log->marked == log->reserved && log->marked < LOG_NEXT_MAX) {
        err = log_mark(log, log_reservation(log));
    }
    (void)err; /* AGAIN and FULL: next time; IO is noted in `failed` */
}

bool sotto_log_run(struct sotto_log *log)
{
    const enum sotto_err failed = log->failed;
    bool changed = sync_turn(log);
    step(log);
    changed |= sync_turn(log);
    return changed || log->failed != failed;
}

void sotto_log_finish(struct sotto_log *log)
{
    log->finishing = true;
}

bool sotto_log_is_idle(const struct sotto_log *log)
{
    const bool wants_mark =
        log->finishing && !log->finished && log->failed == SOTTO_OK;
    return sotto_syncer_is_idle(&log->syncer) && !wants_mark;
}

uint64_t sotto_log_durable(const struct sotto_log *log, enum sotto_err *failed)
{
    if (failed != NULL) {
        *failed = log->failed;
    }
    return log->durable_number;
}

uint64_t sotto_log_next_number(const struct sotto_log *log)
{
    return log->next;
}

uint64_t sotto_log_first(const struct sotto_log *log)
{
    for (size_t i = 0; i < log->count; i++) {
        if (log->segments[i].first != 0) {
            return log->segments[i].first;
        }
    }
    return 0;
}

uint64_t sotto_log_last(const struct sotto_log *log)
{
    return log->last;
}

void log_close_reading(struct sotto_log *log)
{
    if (log->read_file != LOG_NO_FILE) {
        log->files->close(log->files->ctx, log->read_file);
        log->read_file = LOG_NO_FILE;
    }
}

void sotto_log_close(struct sotto_log *log)
{
    log_close_reading(log);
    if (log->file != LOG_NO_FILE) {
        log->files->close(log->files->ctx, log->file);
        log->file = LOG_NO_FILE;
    }
}
