#include "core/auth/accounts.h"

#include "core/auth/accounts_line.h"
#include "core/base/secret.h"
#include <string.h>

#define NEW_FILE     "credentials.new"
#define DAMAGED_FILE "credentials.damaged"

struct repair {
    const struct sotto_files *files;
    const struct sotto_random *random;
    struct sotto_accounts_report *report;
    int from;
    int to;
    int damaged;
    uint64_t seq;     /* of the last line read */
    uint64_t new_seq; /* of the last line written */
    bool has_head;    /* in the new file */
};

static enum sotto_err write_line(struct repair *repair,
                                 struct sotto_accounts_line *line)
{
    char text[SOTTO_ACCOUNTS_LINE_MAX];
    size_t len = 0;
    line->seq = ++repair->new_seq;
    enum sotto_err err =
        sotto_accounts_line_encode(line, text, sizeof text, &len);
    if (err == SOTTO_OK) {
        err = repair->files->append(repair->files->ctx, repair->to,
                                    (const uint8_t *)text, len);
    }
    sotto_wipe(text, sizeof text);
    return err;
}

/* A file whose first line is lost gets a new secret: unknown names then show
 * other salts than before, which is all that it means. */
static enum sotto_err ensure_head(struct repair *repair)
{
    struct sotto_accounts_line head = {.kind = SOTTO_ACCOUNTS_HEAD};
    if (repair->has_head) {
        return SOTTO_OK;
    }
    enum sotto_err err = repair->random->fill(repair->random->ctx, head.secret,
                                              sizeof head.secret);
    if (err == SOTTO_OK) {
        repair->has_head = true;
        err = write_line(repair, &head);
    }
    sotto_wipe(&head, sizeof head);
    return err;
}

static void note(struct repair *repair, const struct sotto_accounts_scan *scan,
                 const char *reason)
{
    struct sotto_accounts_report *report = repair->report;
    if (report->reason == NULL) {
        report->reason = reason;
        report->line = scan->number;
        report->offset = scan->offset;
    }
}

static enum sotto_err set_aside(struct repair *repair, const char *in,
                                size_t len)
{
    const struct sotto_files *files = repair->files;
    repair->report->damaged++;
    enum sotto_err err =
        files->append(files->ctx, repair->damaged, (const uint8_t *)in, len);
    return err == SOTTO_OK ? files->append(files->ctx, repair->damaged,
                                           (const uint8_t *)"\n", 1)
                           : err;
}

static enum sotto_err take_line(struct repair *repair,
                                const struct sotto_accounts_scan *scan,
                                const char *in, size_t len, bool is_whole)
{
    struct sotto_accounts_line line = {0};
    const char *reason = "the line is too long";
    bool is_good = is_whole && sotto_accounts_line_decode(&line, in, len,
                                                          &reason) == SOTTO_OK;
    if (is_good && line.seq <= repair->seq) {
        is_good = false;
        reason = "the line's number was there before";
    }
    if (is_good && line.kind == SOTTO_ACCOUNTS_HEAD && repair->has_head) {
        is_good = false;
        reason = "a first line in the middle";
    }
    if (!is_good) {
        note(repair, scan, reason);
        repair->seq++;
        sotto_wipe(&line, sizeof line);
        return set_aside(repair, in, len);
    }
    if (scan->number > 1 && line.seq != repair->seq + 1) {
        note(repair, scan, "lines before this one are missing");
        repair->report->missing += (uint32_t)(line.seq - repair->seq - 1);
    }
    repair->seq = line.seq;
    enum sotto_err err = SOTTO_OK;
    if (line.kind == SOTTO_ACCOUNTS_HEAD) {
        repair->has_head = true;
    } else {
        err = ensure_head(repair);
    }
    err = err == SOTTO_OK ? write_line(repair, &line) : err;
    sotto_wipe(&line, sizeof line);
    return err;
}

static enum sotto_err copy_lines(struct repair *repair)
{
    struct sotto_accounts_scan scan;
    enum sotto_err err = SOTTO_OK;
    sotto_accounts_scan_init(&scan, repair->files, repair->from);
    while (err == SOTTO_OK) {
        const char *in = NULL;
        size_t len = 0;
        bool is_whole = false;
        bool is_tail = false;
        err = sotto_accounts_scan_next(&scan, &in, &len, &is_whole, &is_tail);
        if (err == SOTTO_OK && is_tail) {
            repair->report->torn_tail = true;
            err = set_aside(repair, in, len);
            repair->report->damaged--; /* it was never acknowledged */
        } else if (err == SOTTO_OK) {
            err = take_line(repair, &scan, in, len, is_whole);
        }
    }
    sotto_wipe(&scan, sizeof scan);
    err = err == SOTTO_ERR_NOT_FOUND ? SOTTO_OK : err;
    return err == SOTTO_OK ? ensure_head(repair) : err;
}

static void close_all(struct repair *repair)
{
    const int files[] = {repair->from, repair->to, repair->damaged};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (files[i] >= 0) {
            repair->files->close(repair->files->ctx, files[i]);
        }
    }
}

enum sotto_err sotto_accounts_repair(const struct sotto_files *files,
                                     const struct sotto_random *random,
                                     struct sotto_accounts_report *report,
                                     struct sotto_io *io)
{
    struct repair repair = {.files = files,
                            .random = random,
                            .report = report,
                            .from = -1,
                            .to = -1,
                            .damaged = -1};
    *report = (struct sotto_accounts_report){0};
    enum sotto_err err =
        files->open(files->ctx, SOTTO_ACCOUNTS_FILE, 0, &repair.from);
    if (err == SOTTO_OK) {
        err = files->open(files->ctx, DAMAGED_FILE, SOTTO_FILE_CREATE,
                          &repair.damaged);
    }
    if (err == SOTTO_OK) {
        err = files->open(files->ctx, NEW_FILE,
                          SOTTO_FILE_CREATE | SOTTO_FILE_TRUNCATE, &repair.to);
    }
    if (err == SOTTO_OK) {
        err = copy_lines(&repair);
    }
    close_all(&repair);
    if (err == SOTTO_OK) {
        files->replace(files->ctx, NEW_FILE, SOTTO_ACCOUNTS_FILE, io);
    }
    return err;
}
