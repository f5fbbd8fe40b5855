#include "core/auth/accounts_scan.h"

#include "core/base/secret.h"
#include <string.h>

void sotto_accounts_scan_init(struct sotto_accounts_scan *scan,
                              const struct sotto_files *files, int file,
                              struct sotto_accounts_report *report)
{
    *scan = (struct sotto_accounts_scan){.files = files,
                                         .file = file,
                                         .report = report};
    *report = (struct sotto_accounts_report){0};
}

void sotto_accounts_scan_wipe(struct sotto_accounts_scan *scan)
{
    sotto_wipe(scan, sizeof *scan);
}

static enum sotto_err refill(struct sotto_accounts_scan *scan)
{
    size_t got = 0;
    scan->len -= scan->used;
    scan->at += scan->used;
    memmove(scan->text, scan->text + scan->used, scan->len);
    scan->used = 0;
    enum sotto_err err =
        scan->files->read(scan->files->ctx, scan->file, scan->at + scan->len,
                          (uint8_t *)scan->text + scan->len,
                          sizeof scan->text - scan->len, &got);
    scan->len += err == SOTTO_OK ? got : 0;
    return err;
}

/* ---- what is wrong ---- */

/* The first finding is the one that a person is told. */
static void note(struct sotto_accounts_scan *scan, const char *reason)
{
    struct sotto_accounts_report *report = scan->report;
    if (report->reason == NULL) {
        report->line = scan->number;
        report->offset = scan->offset;
        report->reason = reason;
    }
}

static enum sotto_accounts_verdict note_damage(struct sotto_accounts_scan *scan,
                                               const char *reason)
{
    note(scan, reason);
    scan->report->damaged++;
    return SOTTO_ACCOUNTS_DAMAGED;
}

/* `gap` numbers are skipped; as many as there are damaged lines in between are
 * theirs. */
static void note_gap(struct sotto_accounts_scan *scan, uint64_t gap,
                     const char *reason)
{
    struct sotto_accounts_report *report = scan->report;
    if (gap <= scan->bad) {
        return;
    }
    const uint64_t missing = gap - scan->bad;
    const uint64_t room = UINT32_MAX - report->missing;
    note(scan, reason);
    report->missing += (uint32_t)(missing < room ? missing : room);
}

/* ---- one line ---- */

static enum sotto_accounts_verdict judge_order(
    struct sotto_accounts_scan *scan, const struct sotto_accounts_line *line)
{
    if (scan->has_last && line->seq <= scan->last) {
        return note_damage(scan, "the line's number was there before");
    }
    if (line->kind == SOTTO_ACCOUNTS_HEAD) {
        if (scan->has_last) {
            return note_damage(scan, "a first line in the middle");
        }
        scan->has_head = true;
        scan->promised = line->seq + line->lines;
    } else if (!scan->has_last && !scan->has_head) {
        note_gap(scan, 1, "the first line is missing");
    }
    if (scan->has_last) {
        note_gap(scan, line->seq - scan->last - 1,
                 "lines before this one are missing");
    }
    scan->has_last = true;
    scan->last = line->seq;
    scan->bad = 0;
    return SOTTO_ACCOUNTS_INTACT;
}

/*
 * The end of the file without a line feed. Usually a power cut has torn it. But
 * when a whole line is in it, with something else behind, then its line feed was
 * there and is damaged: what it says was perhaps acknowledged.
 */
static enum sotto_accounts_verdict judge_tail(struct sotto_accounts_scan *scan,
                                              struct sotto_accounts_line *line)
{
    const char *reason = NULL;
    for (size_t len = 1; len < scan->line_len; len++) {
        if (scan->text[len - 1] == '}' &&
            sotto_accounts_line_decode(line, scan->text, len, &reason) ==
                SOTTO_OK) {
            scan->bad++;
            return note_damage(scan, "the line's end is damaged");
        }
    }
    scan->report->torn_tail = true;
    return SOTTO_ACCOUNTS_TORN;
}

/* A file is put in place with its first line and all that it promises: when
 * they are not there, it was no power cut that took them. */
static void judge_end(struct sotto_accounts_scan *scan)
{
    if (!scan->has_last) {
        note_gap(scan, 1, "the first line is missing");
    } else if (scan->promised > scan->last) {
        note_gap(scan, scan->promised - scan->last,
                 "lines at the end are missing");
    }
}

enum sotto_err sotto_accounts_scan_next(struct sotto_accounts_scan *scan,
                                        struct sotto_accounts_line *line,
                                        enum sotto_accounts_verdict *verdict)
{
    enum sotto_err err = refill(scan);
    if (err != SOTTO_OK) {
        return err;
    }
    if (scan->len == 0) {
        judge_end(scan);
        return SOTTO_ERR_NOT_FOUND;
    }
    const char *end = memchr(scan->text, '\n', scan->len);
    scan->line_len = end != NULL ? (size_t)(end - scan->text) : scan->len;
    scan->used = scan->line_len + (end != NULL);
    scan->offset = scan->at;
    scan->number++;
    const char *reason = "the line is too long";
    if (end == NULL && scan->len < sizeof scan->text) {
        *verdict = judge_tail(scan, line);
    } else if (end != NULL &&
               sotto_accounts_line_decode(line, scan->text, scan->line_len,
                                          &reason) == SOTTO_OK) {
        *verdict = judge_order(scan, line);
    } else {
        scan->bad++;
        *verdict = note_damage(scan, reason);
    }
    return SOTTO_OK;
}
