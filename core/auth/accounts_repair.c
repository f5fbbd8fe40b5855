#include "core/auth/accounts_scan.h"

#include "core/base/secret.h"
#include <string.h>

#define NEW_FILE     "credentials.new"
#define DAMAGED_FILE "credentials.damaged"

struct repair {
    const struct sotto_files *files;
    const struct sotto_random *random;
    int from;
    int to;
    int damaged;      /* -1 until there is something to set aside */
    uint64_t new_seq; /* of the last line written */
    bool has_head;    /* in the new file */
};

static enum sotto_err write_line(struct repair *repair,
                                 struct sotto_accounts_line *line)
{
    char text[SOTTO_ACCOUNTS_LINE_MAX];
    size_t len = 0;
    line->seq = ++repair->new_seq;
    if (line->kind == SOTTO_ACCOUNTS_HEAD) {
        line->lines = 0; /* not known before the end; the file is put in place
                            as a whole all the same */
    }
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

static enum sotto_err set_aside(struct repair *repair, const char *in,
                                size_t len)
{
    const struct sotto_files *files = repair->files;
    enum sotto_err err = SOTTO_OK;
    if (repair->damaged < 0) {
        err = files->open(files->ctx, DAMAGED_FILE, SOTTO_FILE_CREATE,
                          &repair->damaged);
    }
    if (err == SOTTO_OK && len > 0) {
        err = files->append(files->ctx, repair->damaged, (const uint8_t *)in,
                            len);
    }
    return err == SOTTO_OK ? files->append(files->ctx, repair->damaged,
                                           (const uint8_t *)"\n", 1)
                           : err;
}

static enum sotto_err keep(struct repair *repair,
                           struct sotto_accounts_line *line)
{
    enum sotto_err err = SOTTO_OK;
    if (line->kind == SOTTO_ACCOUNTS_HEAD) {
        repair->has_head = true;
    } else {
        err = ensure_head(repair);
    }
    return err == SOTTO_OK ? write_line(repair, line) : err;
}

static enum sotto_err copy_lines(struct repair *repair,
                                 struct sotto_accounts_report *report)
{
    struct sotto_accounts_scan scan;
    struct sotto_accounts_line line;
    enum sotto_accounts_verdict verdict = SOTTO_ACCOUNTS_TORN;
    enum sotto_err err = SOTTO_OK;
    sotto_accounts_scan_init(&scan, repair->files, repair->from, report);
    while (err == SOTTO_OK) {
        err = sotto_accounts_scan_next(&scan, &line, &verdict);
        if (err == SOTTO_OK) {
            err = verdict == SOTTO_ACCOUNTS_INTACT
                      ? keep(repair, &line)
                      : set_aside(repair, scan.text, scan.line_len);
        }
    }
    sotto_accounts_scan_wipe(&scan);
    sotto_wipe(&line, sizeof line);
    return err == SOTTO_ERR_NOT_FOUND ? ensure_head(repair) : err;
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
    struct repair repair = {
        .files = files, .random = random, .from = -1, .to = -1, .damaged = -1};
    *report = (struct sotto_accounts_report){0};
    enum sotto_err err =
        files->open(files->ctx, SOTTO_ACCOUNTS_FILE, 0, &repair.from);
    if (err == SOTTO_OK) {
        err = files->open(files->ctx, NEW_FILE,
                          SOTTO_FILE_CREATE | SOTTO_FILE_TRUNCATE, &repair.to);
    }
    if (err == SOTTO_OK) {
        err = copy_lines(&repair, report);
    }
    close_all(&repair);
    if (err == SOTTO_OK) {
        files->replace(files->ctx, NEW_FILE, SOTTO_ACCOUNTS_FILE, io);
    } else if (repair.to >= 0) {
        (void)files->remove(files->ctx, NEW_FILE);
    }
    return err;
}
