#include "core/auth/accounts_scan.h"
#include "core/auth/accounts_state.h"

#include <string.h>

#define NEW_FILE "credentials.new"

/* A file is written anew when it has this many lines that no longer count, and
 * twice as many as do. */
#define GARBAGE_MIN 64

#define NO_FILE (-1)

/* ---- reading the file -------------------------------------------------- */

static enum sotto_err apply(struct sotto_accounts *accounts,
                            const struct sotto_accounts_line *line)
{
    switch (line->kind) {
    case SOTTO_ACCOUNTS_HEAD:
        memcpy(accounts->secret, line->secret, sizeof accounts->secret);
        sotto_accounts_index(accounts);
        return SOTTO_OK;
    case SOTTO_ACCOUNTS_ACCOUNT:
        return sotto_accounts_table_set(accounts, &line->account);
    case SOTTO_ACCOUNTS_REMOVE:
        sotto_accounts_table_remove(accounts, line->account.name);
        return SOTTO_OK;
    case SOTTO_ACCOUNTS_DEVICE:
        return SOTTO_DEVICES ? sotto_devices_set(accounts, &line->device)
                             : SOTTO_ERR_LIMIT;
    case SOTTO_ACCOUNTS_REVOKE:
        if (!SOTTO_DEVICES) {
            return SOTTO_OK; /* there is none */
        }
        if (line->device.name[0] == 0) {
            sotto_devices_drop_all(accounts, line->device.account);
        } else {
            sotto_devices_drop(accounts, line->device.account,
                               line->device.name);
        }
        return SOTTO_OK;
    }
    return SOTTO_ERR_FORMAT;
}

static enum sotto_err read_lines(struct sotto_accounts *accounts,
                                 struct sotto_accounts_scan *scan,
                                 uint64_t *whole_len)
{
    struct sotto_accounts_line line;
    enum sotto_accounts_verdict verdict = SOTTO_ACCOUNTS_TORN;
    enum sotto_err err = SOTTO_OK;
    while (err == SOTTO_OK) {
        err = sotto_accounts_scan_next(scan, &line, &verdict);
        if (err == SOTTO_OK && verdict == SOTTO_ACCOUNTS_INTACT) {
            err = apply(accounts, &line);
            accounts->seq = line.seq;
            accounts->lines++;
            *whole_len = scan->offset + scan->used;
        }
    }
    sotto_wipe(&line, sizeof line);
    return err == SOTTO_ERR_NOT_FOUND ? SOTTO_OK : err;
}

/* A file that is damaged is left as it is, for the repair. */
static enum sotto_err read_file(struct sotto_accounts *accounts,
                                struct sotto_accounts_report *report)
{
    const struct sotto_files *files = accounts->files;
    struct sotto_accounts_scan scan;
    uint64_t whole_len = 0;
    sotto_accounts_scan_init(&scan, files, accounts->file, report);
    enum sotto_err err = read_lines(accounts, &scan, &whole_len);
    sotto_accounts_scan_wipe(&scan);
    if (err == SOTTO_OK && report->reason != NULL) {
        err = SOTTO_ERR_FORMAT;
    }
    if (err == SOTTO_OK && report->torn_tail) {
        err = files->truncate(files->ctx, accounts->file, whole_len);
    }
    return err;
}

/* ---- writing ----------------------------------------------------------- */

static bool is_replacing(const struct sotto_accounts *accounts)
{
    return accounts->replacing != REPLACING_NOT;
}

/* Gives the line its number and appends it. FULL, IO. */
static enum sotto_err append(struct sotto_accounts *accounts,
                             struct sotto_accounts_line *line)
{
    char text[SOTTO_ACCOUNTS_LINE_MAX];
    size_t len = 0;
    const struct sotto_files *files = accounts->files;
    line->seq = accounts->seq + 1;
    if (line->kind == SOTTO_ACCOUNTS_ACCOUNT) {
        line->account.sequence = line->seq;
    }
    enum sotto_err err =
        sotto_accounts_line_encode(line, text, sizeof text, &len);
    SOTTO_ASSERT(err == SOTTO_OK);
    err = files->append(files->ctx, accounts->file, (const uint8_t *)text, len);
    if (err == SOTTO_OK) {
        (void)sotto_syncer_note(&accounts->syncer);
        accounts->seq = line->seq;
        accounts->lines++;
    }
    sotto_wipe(text, sizeof text);
    return err;
}

/*
 * Writes down the changes that waited, as far as there is room. FULL: the rest
 * waits on; IO.
 */
static enum sotto_err write_queued(struct sotto_accounts *accounts)
{
    enum sotto_err err = SOTTO_OK;
    size_t written = 0;
    while (err == SOTTO_OK && written < accounts->queued) {
        err = append(accounts, &accounts->queue[written]);
        written += err == SOTTO_OK;
    }
    accounts->queued -= written;
    memmove(accounts->queue, accounts->queue + written,
            accounts->queued * sizeof accounts->queue[0]);
    sotto_wipe(accounts->queue + accounts->queued,
               written * sizeof accounts->queue[0]);
    return err;
}

enum sotto_err sotto_accounts_write(struct sotto_accounts *accounts,
                                    struct sotto_accounts_line *line,
                                    uint64_t *ticket)
{
    enum sotto_err err = accounts->failed;
    if (err == SOTTO_OK && !is_replacing(accounts)) {
        err = write_queued(accounts); /* changes stay in their order */
        err = err == SOTTO_OK ? append(accounts, line) : err;
        accounts->failed = err == SOTTO_ERR_FULL ? SOTTO_OK : err;
    } else if (err == SOTTO_OK && accounts->queued == SOTTO_ACCOUNTS_QUEUE) {
        err = SOTTO_ERR_AGAIN;
    } else if (err == SOTTO_OK) {
        accounts->queue[accounts->queued++] = *line;
    }
    if (err == SOTTO_OK) {
        *ticket = ++accounts->tickets;
    }
    return err;
}

/* Adds a line to the new file. */
static enum sotto_err write_line(struct sotto_accounts *accounts, int file,
                                 struct sotto_accounts_line *line)
{
    char text[SOTTO_ACCOUNTS_LINE_MAX];
    size_t len = 0;
    const struct sotto_files *files = accounts->files;
    line->seq = ++accounts->new_seq;
    enum sotto_err err =
        sotto_accounts_line_encode(line, text, sizeof text, &len);
    SOTTO_ASSERT(err == SOTTO_OK);
    err = files->append(files->ctx, file, (const uint8_t *)text, len);
    sotto_wipe(text, sizeof text);
    return err;
}

static enum sotto_err write_all(struct sotto_accounts *accounts, int file)
{
    struct sotto_accounts_line line = {.kind = SOTTO_ACCOUNTS_HEAD};
    memcpy(line.secret, accounts->secret, sizeof line.secret);
    line.lines = accounts->count + accounts->device_count;
    enum sotto_err err = write_line(accounts, file, &line);
    for (size_t i = 0; err == SOTTO_OK && i < accounts->count; i++) {
        line.kind = SOTTO_ACCOUNTS_ACCOUNT;
        line.account = accounts->table[i];
        err = write_line(accounts, file, &line);
    }
    for (size_t i = 0; err == SOTTO_OK && i < accounts->device_count; i++) {
        line.kind = SOTTO_ACCOUNTS_DEVICE;
        line.device = accounts->devices[i];
        err = write_line(accounts, file, &line);
    }
    sotto_wipe(&line, sizeof line);
    return err;
}

/* Writes all that counts to a new file and starts to put it in the place of
 * the old one. Numbers go on, so an older line can never be taken for a newer
 * one. */
static enum sotto_err start_replacing(struct sotto_accounts *accounts,
                                      enum sotto_accounts_replacing kind)
{
    const struct sotto_files *files = accounts->files;
    int file = NO_FILE;
    accounts->new_seq = accounts->seq;
    enum sotto_err err =
        files->open(files->ctx, NEW_FILE,
                    SOTTO_FILE_CREATE | SOTTO_FILE_TRUNCATE, &file);
    if (err != SOTTO_OK) {
        return err;
    }
    err = write_all(accounts, file);
    files->close(files->ctx, file);
    if (err != SOTTO_OK) {
        (void)files->remove(files->ctx, NEW_FILE);
        return err;
    }
    accounts->replacing = kind;
    files->replace(files->ctx, NEW_FILE, SOTTO_ACCOUNTS_FILE, &accounts->io);
    return SOTTO_OK;
}

/* Opens the file that is now in place. */
static enum sotto_err open_replaced(struct sotto_accounts *accounts)
{
    const struct sotto_files *files = accounts->files;
    if (accounts->file != NO_FILE) {
        files->close(files->ctx, accounts->file);
        accounts->file = NO_FILE;
    }
    enum sotto_err err =
        files->open(files->ctx, SOTTO_ACCOUNTS_FILE, 0, &accounts->file);
    if (err != SOTTO_OK) {
        return err;
    }
    accounts->lines = accounts->new_seq - accounts->seq;
    accounts->seq = accounts->new_seq;
    accounts->base = accounts->tickets - accounts->queued;
    sotto_syncer_init(&accounts->syncer, files, accounts->file);
    return SOTTO_OK;
}

static void end_replacing(struct sotto_accounts *accounts)
{
    const bool was_first = accounts->replacing == REPLACING_FIRST;
    enum sotto_err err = accounts->io.err;
    accounts->io.state = SOTTO_IO_IDLE;
    accounts->replacing = REPLACING_NOT;
    if (err == SOTTO_OK) {
        err = open_replaced(accounts);
    } else if (!was_first && err != SOTTO_ERR_IO) {
        /* The old file is still in place and goes on. */
        accounts->next_compact = 2 * accounts->lines;
        err = SOTTO_OK;
    }
    accounts->failed = err;
}

/* ---- opening and closing ----------------------------------------------- */

static enum sotto_err start_file(struct sotto_accounts *accounts,
                                 const struct sotto_random *random)
{
    enum sotto_err err =
        random->fill(random->ctx, accounts->secret, sizeof accounts->secret);
    return err == SOTTO_OK ? start_replacing(accounts, REPLACING_FIRST) : err;
}

enum sotto_err sotto_accounts_open(struct sotto_accounts **accounts_out,
                                   void *memory,
                                   struct sotto_accounts_capacity capacity,
                                   const struct sotto_files *files,
                                   const struct sotto_random *random,
                                   struct sotto_accounts_report *report)
{
    struct sotto_accounts *accounts = sotto_accounts_lay_out(memory, capacity);
    accounts->files = files;
    *report = (struct sotto_accounts_report){0};
    enum sotto_err err =
        files->open(files->ctx, SOTTO_ACCOUNTS_FILE, 0, &accounts->file);
    if (err == SOTTO_ERR_NOT_FOUND) {
        err = start_file(accounts, random);
    } else if (err == SOTTO_OK) {
        err = read_file(accounts, report);
        sotto_syncer_init(&accounts->syncer, files, accounts->file);
        /* What was read may not be durable: the first ticket is for it. */
        accounts->tickets = sotto_syncer_note(&accounts->syncer);
        (void)files->remove(files->ctx, NEW_FILE); /* a power cut left it */
    }
    if (err != SOTTO_OK) {
        sotto_accounts_close(accounts);
        return err;
    }
    accounts->next_compact = 0;
    *accounts_out = accounts;
    return SOTTO_OK;
}

void sotto_accounts_close(struct sotto_accounts *accounts)
{
    if (accounts->file != NO_FILE) {
        accounts->files->close(accounts->files->ctx, accounts->file);
        accounts->file = NO_FILE;
    }
    sotto_wipe(accounts->table, accounts->count * sizeof(struct sotto_account));
    sotto_wipe(accounts->devices,
               accounts->device_count * sizeof(struct sotto_account_device));
    sotto_wipe(accounts->secret, sizeof accounts->secret);
    sotto_wipe(accounts->queue, sizeof accounts->queue);
    accounts->count = 0;
    accounts->device_count = 0;
}

/* ---- changes ----------------------------------------------------------- */

enum sotto_err sotto_accounts_add(struct sotto_accounts *accounts,
                                  const char *name, size_t name_len,
                                  const struct sotto_verifier *verifier,
                                  uint64_t now_s, uint64_t *ticket)
{
    SOTTO_ASSERT(sotto_name_valid(name, name_len));
    const struct sotto_account *taken =
        sotto_accounts_get(accounts, name, name_len);
    if (taken != NULL) {
        const enum sotto_err err = sotto_accounts_settled(accounts, taken);
        return err == SOTTO_OK || err == SOTTO_ERR_AGAIN ? SOTTO_ERR_EXISTS
                                                         : err;
    }
    if (accounts->count == accounts->capacity.accounts) {
        return SOTTO_ERR_SPACE;
    }
    struct sotto_accounts_line line = {.kind = SOTTO_ACCOUNTS_ACCOUNT};
    memcpy(line.account.name, name, name_len);
    line.account.verifier = *verifier;
    line.account.created_s = now_s;
    enum sotto_err err = sotto_accounts_write(accounts, &line, ticket);
    if (err == SOTTO_OK) {
        line.account.ticket = *ticket;
        err = sotto_accounts_table_set(accounts, &line.account);
        SOTTO_ASSERT(err == SOTTO_OK);
    }
    sotto_wipe(&line, sizeof line);
    return err;
}

/* Writes the changed copy of an account down, then lets it count. */
static enum sotto_err change(struct sotto_accounts *accounts,
                             struct sotto_account *account,
                             const struct sotto_account *changed,
                             uint64_t *ticket)
{
    struct sotto_accounts_line line = {.kind = SOTTO_ACCOUNTS_ACCOUNT,
                                       .account = *changed};
    enum sotto_err err = sotto_accounts_write(accounts, &line, ticket);
    if (err == SOTTO_OK) {
        *account = line.account;
        account->ticket = *ticket;
    }
    sotto_wipe(&line, sizeof line);
    return err;
}

enum sotto_err sotto_accounts_set_verifier(
    struct sotto_accounts *accounts, const char *name, size_t name_len,
    const struct sotto_verifier *verifier, uint64_t *ticket)
{
    struct sotto_account *account =
        sotto_accounts_get(accounts, name, name_len);
    if (account == NULL) {
        return SOTTO_ERR_NOT_FOUND;
    }
    struct sotto_account changed = *account;
    changed.verifier = *verifier;
    return change(accounts, account, &changed, ticket);
}

enum sotto_err sotto_accounts_set_disabled(struct sotto_accounts *accounts,
                                           const char *name, size_t name_len,
                                           bool disabled, uint64_t *ticket)
{
    struct sotto_account *account =
        sotto_accounts_get(accounts, name, name_len);
    if (account == NULL) {
        return SOTTO_ERR_NOT_FOUND;
    }
    struct sotto_account changed = *account;
    changed.disabled = disabled;
    return change(accounts, account, &changed, ticket);
}

enum sotto_err sotto_accounts_remove(struct sotto_accounts *accounts,
                                     const char *name, size_t name_len,
                                     uint64_t *ticket)
{
    struct sotto_accounts_line line = {.kind = SOTTO_ACCOUNTS_REMOVE};
    if (sotto_accounts_get(accounts, name, name_len) == NULL) {
        return SOTTO_ERR_NOT_FOUND;
    }
    memcpy(line.account.name, name, name_len);
    enum sotto_err err = sotto_accounts_write(accounts, &line, ticket);
    if (err == SOTTO_OK) {
        sotto_accounts_table_remove(accounts, line.account.name);
    }
    return err;
}

/* ---- time passing ------------------------------------------------------ */

uint64_t sotto_accounts_last_ticket(const struct sotto_accounts *accounts)
{
    return accounts->tickets;
}

uint64_t sotto_accounts_durable(const struct sotto_accounts *accounts,
                                enum sotto_err *failed)
{
    if (failed != NULL) {
        *failed = accounts->failed;
    }
    return accounts->base + accounts->syncer.durable;
}

/* What was read may not be durable: the first ticket is for it. */
static enum sotto_err is_durable(const struct sotto_accounts *accounts,
                                 uint64_t ticket)
{
    enum sotto_err failed = SOTTO_OK;
    const uint64_t durable = sotto_accounts_durable(accounts, &failed);
    if (durable > 0 && ticket <= durable) {
        return SOTTO_OK;
    }
    return failed != SOTTO_OK ? failed : SOTTO_ERR_AGAIN;
}

enum sotto_err sotto_accounts_settled(const struct sotto_accounts *accounts,
                                      const struct sotto_account *account)
{
    return is_durable(accounts, account->ticket);
}

/* Of all tickets with these low bits it is the last one that was given, or an
 * older one: then this waits for a line that it need not wait for. */
enum sotto_err sotto_accounts_device_settled(
    const struct sotto_accounts *accounts,
    const struct sotto_account_device *device)
{
    const uint64_t last = accounts->tickets;
    return is_durable(accounts,
                      last - (uint32_t)((uint32_t)last - device->ticket));
}

static bool wants_compaction(const struct sotto_accounts *accounts)
{
    const uint64_t live = accounts->count + accounts->device_count + 1;
    return accounts->lines > live + GARBAGE_MIN && accounts->lines > 3 * live &&
           accounts->lines >= accounts->next_compact;
}

bool sotto_accounts_run(struct sotto_accounts *accounts)
{
    bool changed = false;
    if (is_replacing(accounts) && accounts->io.state == SOTTO_IO_DONE) {
        end_replacing(accounts);
        changed = true;
    }
    if (is_replacing(accounts) || accounts->failed != SOTTO_OK) {
        return changed;
    }
    enum sotto_err err = write_queued(accounts);
    accounts->failed = err == SOTTO_ERR_FULL ? SOTTO_OK : err;
    if (sotto_syncer_run(&accounts->syncer)) {
        accounts->failed = accounts->syncer.failed;
        changed = true;
    }
    if (accounts->failed == SOTTO_OK && accounts->queued == 0 &&
        sotto_syncer_is_idle(&accounts->syncer) && wants_compaction(accounts) &&
        start_replacing(accounts, REPLACING_COMPACT) != SOTTO_OK) {
        accounts->next_compact = 2 * accounts->lines; /* no room: later */
    }
    return changed || accounts->failed != SOTTO_OK;
}

bool sotto_accounts_is_idle(const struct sotto_accounts *accounts)
{
    if (is_replacing(accounts) || !sotto_syncer_is_idle(&accounts->syncer)) {
        return false;
    }
    return accounts->queued == 0 || accounts->failed != SOTTO_OK;
}
