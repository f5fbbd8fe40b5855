/*
 * fuzz_accounts.c - the credential file, by libFuzzer: one that was written and
 * has changed since, one that somebody made who knows how, and single lines.
 *
 * What opens is what the accounts were at some moment: no change of the file
 * brings an old password or a removed account back to life. What does not open
 * can be repaired, and then it opens.
 */
#include "choices.h"
#include "core/auth/accounts_line.h"
#include "core/base/crc.h"
#include "tests/unit/auth/accounts_bench.h"
#include <stdio.h>
#include <string.h>

#define CHANGES_MAX 60U
#define LINES_MAX   24U

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct accounts_bench bench;

/* ---- what must hold of any that are open ---- */

static void check_accounts(void)
{
    const struct sotto_accounts *accounts = bench.accounts;
    const size_t count = sotto_accounts_count(accounts);
    const size_t devices = sotto_accounts_device_count(accounts);
    size_t listed = 0;
    must(count <= BENCH_NAMES && devices <= BENCH_NAMES * BENCH_DEVICES);
    for (size_t i = 0; i < count; i++) {
        const struct sotto_account *account = sotto_accounts_at(accounts, i);
        const size_t len = strlen(account->name);
        must(sotto_name_valid(account->name, len));
        must(sotto_accounts_find(accounts, account->name, len) == account);
        const struct sotto_account_device *device = NULL;
        while ((device = sotto_accounts_next_device(accounts, account->name,
                                                    len, device)) != NULL) {
            must(strcmp(device->account, account->name) == 0);
            must(++listed <= devices);
        }
    }
    must(listed == devices);
    for (size_t i = 0; i < devices; i++) {
        const struct sotto_account_device *device =
            sotto_accounts_device_at(accounts, i);
        must(sotto_name_valid(device->name, strlen(device->name)));
        must(sotto_accounts_device(accounts, device->id) == device);
        must(sotto_accounts_find(accounts, device->account,
                                 strlen(device->account)) != NULL);
    }
}

/* Something changes once more, and is there after the next start. */
static void change_and_reopen(void)
{
    char name[SOTTO_NAME_MAX + 1] = "zoe";
    const struct sotto_verifier verifier = bench_verifier(1);
    uint64_t ticket = 0;
    enum sotto_err err =
        sotto_accounts_add(bench.accounts, name, 3, &verifier, 1, &ticket);
    must(err == SOTTO_OK || err == SOTTO_ERR_EXISTS || err == SOTTO_ERR_SPACE);
    bench_pump_accounts(&bench);
    must(err != SOTTO_OK ||
         sotto_accounts_durable(bench.accounts, NULL) >= ticket);
    const size_t count = sotto_accounts_count(bench.accounts);
    bench_kill_accounts(&bench);
    must(bench_open_accounts(&bench) == SOTTO_OK);
    must(sotto_accounts_count(bench.accounts) == count);
    check_accounts();
    bench_kill_accounts(&bench);
}

static void repair_and_open(void)
{
    const uint32_t damaged = bench.report.damaged;
    must(bench.report.reason != NULL);
    must(bench_repair_accounts(&bench) == SOTTO_OK);
    must(bench.report.damaged == damaged);
    enum sotto_err err = bench_open_accounts(&bench);
    must(err == SOTTO_OK || err == SOTTO_ERR_LIMIT);
    if (err == SOTTO_OK) {
        must(bench.report.reason == NULL);
        check_accounts();
        change_and_reopen();
    }
}

/* ---- a file that was written ---- */

static bool is_some_moment(void)
{
    for (size_t changes = 0; changes <= bench.changes; changes++) {
        if (bench_is_after(&bench, changes)) {
            return true;
        }
    }
    return false;
}

static void try_damaged(void)
{
    must(bench_open_accounts(&bench) == SOTTO_OK);
    bench_pump_accounts(&bench);
    bench_changes(&bench, choose_byte() % CHANGES_MAX, 1 + choose_byte() % 8U);
    bench_pump_accounts(&bench);
    bench_kill_accounts(&bench);
    struct faulty_bytes *bytes =
        faulty_files_find(&bench.disk, SOTTO_ACCOUNTS_FILE);
    must(bytes != NULL && bytes->len > 0);
    if (choose_byte() % 4 == 0) {
        bytes->len = choose_below(bytes->len);
    } else {
        bytes->len = choose_patch(bytes->at, bytes->len, bytes->cap);
    }
    enum sotto_err err = bench_open_accounts(&bench);
    if (err == SOTTO_OK) {
        must(bench.report.reason == NULL);
        must(is_some_moment());
        check_accounts();
        change_and_reopen();
    } else {
        must(err == SOTTO_ERR_FORMAT);
        repair_and_open();
    }
}

/* ---- a file that somebody made ---- */

static void choose_name(char out[static SOTTO_NAME_MAX + 1])
{
    static const char *const names[] = {"ann", "bob", "zoe", "d", ""};
    strcpy(out, names[choose_byte() % (sizeof names / sizeof *names)]);
}

/* One of the kinds that are in the file: anything may be in it. */
static struct sotto_accounts_line choose_line(uint64_t seq)
{
    const uint8_t what = choose_byte();
    struct sotto_accounts_line line = {.kind =
                                           (enum sotto_accounts_kind)(what % 5),
                                       .seq = seq};
    switch (line.kind) {
    case SOTTO_ACCOUNTS_HEAD:
        line.lines = what / 8U;
        break;
    case SOTTO_ACCOUNTS_ACCOUNT:
        line.account.disabled = what >= 128;
        line.account.created_s = what;
        line.account.verifier = bench_verifier(what);
        choose_name(line.account.name);
        break;
    case SOTTO_ACCOUNTS_REMOVE:
        choose_name(line.account.name);
        break;
    case SOTTO_ACCOUNTS_DEVICE:
    case SOTTO_ACCOUNTS_REVOKE:
        choose_name(line.device.account);
        choose_name(line.device.name);
        line.device.is_expected = what >= 128;
        line.device.time_s = what;
        bench_id(choose_byte() % 4U, line.device.id);
        break;
    }
    return line;
}

static size_t forge_line(uint64_t seq, char *out, size_t cap)
{
    struct sotto_accounts_line line = choose_line(seq);
    size_t len = 0;
    if (seq == 1) {
        line =
            (struct sotto_accounts_line){.kind = SOTTO_ACCOUNTS_HEAD, .seq = 1};
    }
    must(sotto_accounts_line_encode(&line, out, cap, &len) == SOTTO_OK);
    return len;
}

static void try_forged(void)
{
    static char file[LINES_MAX * SOTTO_ACCOUNTS_LINE_MAX];
    size_t len = 0;
    uint64_t seq = 1;
    const size_t lines = 1 + choose_byte() % LINES_MAX;
    for (size_t i = 0; i < lines; i++) {
        len += forge_line(seq, file + len, sizeof file - len);
        seq += choose_byte() < 240 ? 1U : choose_byte() % 4U;
    }
    faulty_files_put(&bench.disk, SOTTO_ACCOUNTS_FILE, file, len);
    enum sotto_err err = bench_open_accounts(&bench);
    if (err == SOTTO_OK) {
        check_accounts();
        change_and_reopen();
    } else if (err == SOTTO_ERR_FORMAT) {
        repair_and_open();
    } else {
        must(err == SOTTO_ERR_LIMIT);
    }
}

/* ---- a line ---- */

static size_t encode(const struct sotto_accounts_line *line,
                     char out[static SOTTO_ACCOUNTS_LINE_MAX])
{
    size_t len = 0;
    must(sotto_accounts_line_encode(line, out, SOTTO_ACCOUNTS_LINE_MAX, &len) ==
         SOTTO_OK);
    must(len > 0 && out[len - 1] == '\n');
    return len - 1;
}

/* Any text with the checksum that it should have. */
static void try_line(void)
{
    static char text[SOTTO_ACCOUNTS_LINE_MAX + 32];
    static char first[SOTTO_ACCOUNTS_LINE_MAX];
    static char second[SOTTO_ACCOUNTS_LINE_MAX];
    struct sotto_accounts_line line;
    const char *reason = NULL;
    const struct sotto_span in = choose_bytes(SOTTO_ACCOUNTS_LINE_MAX);
    memcpy(text, in.at, in.len);
    const size_t len =
        in.len + (size_t)snprintf(text + in.len, 32, ",\"crc\":\"%08x\"}",
                                  (unsigned)sotto_crc32c(0, in.at, in.len));
    if (sotto_accounts_line_decode(&line, text, len, &reason) != SOTTO_OK) {
        must(reason != NULL);
        return;
    }
    const size_t first_len = encode(&line, first);
    must(sotto_accounts_line_decode(&line, first, first_len, &reason) ==
         SOTTO_OK);
    must(encode(&line, second) == first_len);
    must(memcmp(first, second, first_len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const tries[])(void) = {try_damaged, try_forged, try_line};
    choices_start(data, size);
    bench_begin_accounts(&bench);
    tries[choose_byte() % 3]();
    bench_end_accounts(&bench);
    return 0;
}
