/*
 * chat_duty.c - what the server's machine does beside serving.
 */
#include "apps/sotto/capacity.h"
#include "core/auth/accounts.h"
#include "core/chat/entry.h"
#include "core/store/log.h"
#include "tests/sim/chat.h"

/* Lines of accounts, more than three times the accounts and sixty. */
#define GROWTH 80

static void audit_entry(struct chat *chat, uint64_t number, const uint8_t *in,
                        size_t len)
{
    struct ledger *ledger = &chat->ledger;
    struct sotto_stored entry;
    struct ledger_what what;
    if (sotto_stored_decode(&entry, in, len) != SOTTO_OK) {
        ledger_wrong(ledger, "number %llu is damaged",
                     (unsigned long long)number);
        return;
    }
    if (entry.type != SOTTO_MSG_MESSAGE) {
        ledger_name((const char *)entry.sender.at, entry.sender.len,
                    entry.type == SOTTO_MSG_ENTERED, &what);
    } else if (!ledger_recognise(ledger, (const char *)entry.text.at,
                                 entry.text.len, &what)) {
        ledger_wrong(ledger, "number %llu was never said",
                     (unsigned long long)number);
        return;
    }
    ledger_stored(ledger, number, &what);
}

/* Reads the log from its first entry to its last. */
static bool audit_log(struct chat *chat, struct sotto_log *log, uint8_t *buffer)
{
    uint64_t number = 0;
    size_t len = 0;
    enum sotto_err err;
    while ((err = sotto_log_read(log, number + 1, buffer, SOTTO_LOG_BUFFER_MIN,
                                 &len, &number)) == SOTTO_OK) {
        audit_entry(chat, number, buffer, len);
    }
    return err == SOTTO_ERR_NOT_FOUND;
}

static bool audit(struct chat *chat, const struct sotto_files *files)
{
    const struct sotto_log_config config = {.name = "lobby",
                                            .segment_bytes =
                                                (uint32_t)(chat->history_bytes /
                                                           SERVER_SEGMENTS),
                                            .segments = SERVER_SEGMENTS,
                                            .reserve = 1};
    struct sotto_log_report report;
    struct sotto_log *log = NULL;
    uint8_t *buffer = sim_memory(SOTTO_LOG_BUFFER_MIN);
    if (sotto_log_open(&log, sim_memory(sotto_log_size()), &config, files,
                       buffer, SOTTO_LOG_BUFFER_MIN, &report) != SOTTO_OK) {
        return false;
    }
    const bool is_whole = report.damaged_segments == 0;
    const bool is_read = audit_log(chat, log, buffer);
    sotto_log_close(log);
    return is_whole && is_read;
}

/* Until nothing is under way: the first start of the file, for instance. */
static void finish(struct sotto_accounts *accounts, struct port_loop *loop)
{
    (void)sotto_accounts_run(accounts);
    while (!sotto_accounts_is_idle(accounts)) {
        struct port_event event;
        size_t count = 0;
        port_wait(loop, PORT_FOREVER, &event, 1, &count);
        (void)sotto_accounts_run(accounts);
    }
}

/* An account that was disabled and enabled so often that the next server
 * compacts the file. */
static bool grow(struct port *port, struct port_loop *loop,
                 const struct sotto_files *files)
{
    static const char name[] = "nobody";
    const size_t len = sizeof name - 1;
    const struct sotto_random random = port_random(port);
    struct sotto_verifier verifier = {.salt_len = SOTTO_SCRAM_SALT_MIN,
                                      .iterations = 1};
    const struct sotto_accounts_capacity capacity = {.accounts = CHAT_ACCOUNTS};
    struct sotto_accounts_report report;
    struct sotto_accounts *accounts = NULL;
    uint64_t ticket = 0;
    void *memory = sim_memory(sotto_accounts_size(capacity));
    if (sotto_accounts_open(&accounts, memory, capacity, files, &random,
                            &report) != SOTTO_OK) {
        return false;
    }
    finish(accounts, loop);
    bool is_right = sotto_accounts_add(accounts, name, len, &verifier, 0,
                                       &ticket) == SOTTO_OK;
    for (int i = 0; is_right && i < GROWTH; i++) {
        is_right = sotto_accounts_set_disabled(accounts, name, len, i % 2 == 0,
                                               &ticket) == SOTTO_OK;
    }
    sotto_accounts_close(accounts);
    return is_right;
}

static bool repair(struct chat *chat, struct port *port, struct port_loop *loop,
                   const struct sotto_files *files)
{
    const struct sotto_random random = port_random(port);
    struct sotto_accounts_report report;
    struct sotto_io io = {.state = SOTTO_IO_IDLE};
    enum sotto_err err = sotto_accounts_repair(files, &random, &report, &io);
    while (err == SOTTO_OK && io.state == SOTTO_IO_PENDING) {
        struct port_event event;
        size_t count = 0;
        port_wait(loop, PORT_FOREVER, &event, 1, &count);
    }
    chat->repairs += err == SOTTO_OK && report.reason != NULL;
    return err == SOTTO_OK && io.err == SOTTO_OK;
}

static bool work(struct chat *chat, struct port *port, struct port_loop *loop,
                 const struct sotto_files *files)
{
    switch (chat->duty) {
    case CHAT_SERVES:
        break;
    case CHAT_GROWS:
        return grow(port, loop, files);
    case CHAT_REPAIRS:
        return repair(chat, port, loop, files);
    case CHAT_AUDITS:
        return audit(chat, files);
    }
    return false;
}

int chat_duty(struct chat *chat, struct port *port)
{
    struct sotto_files files;
    struct port_loop *loop = NULL;
    if (port_loop_open(port, 1, &loop) != SOTTO_OK ||
        port_files_open(loop, CHAT_FOLDER, true, &files) != SOTTO_OK) {
        return 1;
    }
    const bool is_right = work(chat, port, loop, &files);
    port_files_close(&files);
    port_loop_close(loop);
    return is_right ? 0 : 1;
}
