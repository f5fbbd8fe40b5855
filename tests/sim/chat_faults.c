/*
 * chat_faults.c - one fault at a time, at every place where it can be.
 *
 * A short life of a chat with two people: the first start of everything (by odd
 * seeds, a compaction of the accounts' file instead of its first start),
 * registration, messages over several segments of the log, a restart. It is
 * lived once for each call that a machine makes, with that call going wrong:
 *
 *   cuts      the power goes at the nth call of files, and the disk keeps what
 *             it likes of what was not synced (in so many ways)
 *   failures  the nth call of files, of streams, for random bytes, or for a
 *             place in a pool fails
 *
 * Whoever ended is started again, and a server that cannot store, too. In the
 * end everybody is in the room and all claims of the ledger hold.
 *
 * usage: chat_faults cuts|failures [WAYS]
 *        chat_faults one SEED FAULT server|client NTH, FAULT counted from 1 as
 *        above: one life again, with SOTTO_SIM_LOG=1 in the environment
 */
#include "apps/sotto/worker.h"
#include "core/auth/accounts.h"
#include "core/base/pool.h"
#include "tests/sim/chat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEOPLE        2U
#define TEXTS         12U /* of each */
#define TURN_MS       50U
#define PATIENCE_MS   600000U
#define HISTORY_BYTES 16384U /* segments of 1 KiB */
#define WAYS_DEFAULT  4U

enum fault {
    FAULT_NONE,
    FAULT_CUT,
    FAULT_FILES,
    FAULT_STREAMS,
    FAULT_RANDOM,
    FAULT_POOLS
};

static const char *const fault_names[] = {"nothing",           "power cuts",
                                          "failures of files", "of streams",
                                          "of random bytes",   "of pools"};

/* Places in the server's pools of buffers and logins. It counts connections by
 * itself, and takes a place for one only when there is one. */
struct pools {
    uint64_t calls;
    uint64_t fail_at;
};

static struct pools *pools(void)
{
    static struct pools pools;
    return &pools;
}

void *__real_sotto_pool_take(struct sotto_pool *pool);
void *__wrap_sotto_pool_take(struct sotto_pool *pool);

void *__wrap_sotto_pool_take(struct sotto_pool *pool)
{
    if (pool->size / 8 == (sizeof(struct conn) + 7) / 8) {
        return __real_sotto_pool_take(pool);
    }
    return ++pools()->calls == pools()->fail_at ? NULL
                                                : __real_sotto_pool_take(pool);
}

/* ---- one life --------------------------------------------------------- */

static struct sim_machine *victim_of(struct chat *chat, bool is_server)
{
    return is_server ? chat->server : chat->people[0].machine;
}

static void arm(struct sim_machine *victim, enum fault fault, uint64_t nth)
{
    *pools() = (struct pools){.calls = 0};
    switch (fault) {
    case FAULT_NONE:
        sim_cut_at_call(victim, 0);
        break;
    case FAULT_CUT:
        sim_cut_at_call(victim, nth);
        break;
    case FAULT_FILES:
        sim_fail_call(victim, SIM_CALLS_FILES, nth);
        break;
    case FAULT_STREAMS:
        sim_fail_call(victim, SIM_CALLS_STREAMS, nth);
        break;
    case FAULT_RANDOM:
        sim_fail_call(victim, SIM_CALLS_RANDOM, nth);
        break;
    case FAULT_POOLS:
        pools()->fail_at = nth;
        break;
    }
}

/* An operator starts a server anew that cannot store. */
static void tend(struct chat *chat)
{
    if (chat->server_is_ill && sim_is_running(chat->server)) {
        chat_stop(chat, chat->server);
    }
    chat_start_due(chat);
    chat_run(chat, TURN_MS);
}

/* Everybody says so many texts, one after the other. */
static void talk(struct chat *chat, uint32_t texts)
{
    const uint64_t end_ms = sim_now_ms(chat->sim) + PATIENCE_MS;
    bool has_more = true;
    while (has_more && sim_now_ms(chat->sim) < end_ms) {
        has_more = false;
        for (unsigned i = 0; i < PEOPLE; i++) {
            struct chat_person *person = &chat->people[i];
            if (chat->ledger.said[i] < texts) {
                has_more = true;
                if (person->is_ready && person->waiting == 0) {
                    chat_say(chat, person);
                }
            }
        }
        tend(chat);
    }
}

static void rest(struct chat *chat)
{
    const uint64_t end_ms = sim_now_ms(chat->sim) + PATIENCE_MS;
    while (!chat_is_settled(chat) && sim_now_ms(chat->sim) < end_ms) {
        tend(chat);
    }
    chat_settle(chat, 0); /* says who is not */
    chat_hear_out(chat);
}

/* From the first start to the last end. */
static void live(struct chat *chat)
{
    talk(chat, TEXTS / 2);
    rest(chat);
    chat_stop(chat, chat->server);
    talk(chat, TEXTS);
    rest(chat);
    for (unsigned i = 0; i < PEOPLE; i++) {
        chat_stop(chat, chat->people[i].machine);
    }
    chat_stop(chat, chat->server);
}

static size_t accounts_bytes(const struct chat *chat)
{
    size_t len = 0;
    (void)sim_disk_file(chat->server, SOTTO_ACCOUNTS_FILE, &len);
    return len;
}

/* A file of accounts that the server will compact; its size. */
static size_t grow_accounts(struct chat *chat)
{
    chat_do(chat, CHAT_GROWS);
    if (sim_exit_code(chat->server) != 0) {
        ledger_wrong(&chat->ledger, "the accounts' file did not grow");
    }
    return accounts_bytes(chat);
}

/* In a life without faults all of it happens. */
static void expect_all(struct chat *chat, size_t grown_bytes)
{
    static const char third_segment[] = "lobby.00000003";
    size_t len = 0;
    if (grown_bytes > 0 && accounts_bytes(chat) >= grown_bytes) {
        ledger_wrong(&chat->ledger, "the accounts' file was not compacted");
    }
    if (sim_disk_file(chat->server, third_segment, &len) == NULL) {
        ledger_wrong(&chat->ledger, "the log has no %s", third_segment);
    }
}

/* One life with one fault; false when something is wrong. `*calls` is how many
 * calls of that kind there were. */
static bool try_fault(uint64_t seed, enum fault fault, bool is_server,
                      uint64_t nth, uint64_t calls[static FAULT_POOLS + 1])
{
    static struct chat chat;
    chat_open(&chat, seed, &sim_quiet, PEOPLE);
    chat.history_bytes = HISTORY_BYTES;
    const size_t grown_bytes = seed % 2 == 1 ? grow_accounts(&chat) : 0;
    struct sim_machine *victim = victim_of(&chat, is_server);
    const uint64_t files = sim_calls(victim, SIM_CALLS_FILES);
    const uint64_t streams = sim_calls(victim, SIM_CALLS_STREAMS);
    const uint64_t random = sim_calls(victim, SIM_CALLS_RANDOM);
    arm(victim, fault, nth);
    live(&chat);
    if (fault == FAULT_NONE) {
        expect_all(&chat, grown_bytes);
    }
    calls[FAULT_CUT] = sim_calls(victim, SIM_CALLS_FILES) - files;
    calls[FAULT_FILES] = calls[FAULT_CUT];
    calls[FAULT_STREAMS] = sim_calls(victim, SIM_CALLS_STREAMS) - streams;
    calls[FAULT_RANDOM] = sim_calls(victim, SIM_CALLS_RANDOM) - random;
    calls[FAULT_POOLS] = pools()->calls;
    arm(victim, FAULT_NONE, 0);
    chat_audit(&chat);
    const bool is_right = chat.ledger.wrong[0] == '\0';
    if (!is_right) {
        (void)printf("seed %" PRIu64 ", %s: call %" PRIu64 " of %s: %s\n", seed,
                     fault_names[fault], nth, is_server ? "server" : "client",
                     chat.ledger.wrong);
    }
    chat_close(&chat);
    return is_right;
}

/* ---- all of them ------------------------------------------------------ */

/* Every place of one kind; how many lives went wrong. */
static uint64_t try_all(uint64_t seed, enum fault fault, bool is_server)
{
    uint64_t calls[FAULT_POOLS + 1] = {0};
    uint64_t wrong = try_fault(seed, FAULT_NONE, is_server, 0, calls) ? 0 : 1;
    const uint64_t count = calls[fault];
    for (uint64_t nth = 1; nth <= count; nth++) {
        wrong += try_fault(seed, fault, is_server, nth, calls) ? 0 : 1;
    }
    (void)printf("%s, %s, seed %" PRIu64 ": %" PRIu64 " places, %" PRIu64
                 " wrong\n",
                 fault_names[fault], is_server ? "server" : "client", seed,
                 count, wrong);
    (void)fflush(stdout);
    return wrong;
}

static int try_one(char **argv)
{
    uint64_t calls[FAULT_POOLS + 1] = {0};
    return try_fault(strtoull(argv[0], NULL, 0),
                     (enum fault)strtoull(argv[1], NULL, 0),
                     strcmp(argv[2], "server") == 0, strtoull(argv[3], NULL, 0),
                     calls)
               ? 0
               : 1;
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "one") == 0) {
        return try_one(argv + 2);
    }
    const bool cuts = argc > 1 && strcmp(argv[1], "cuts") == 0;
    const bool failures = argc > 1 && strcmp(argv[1], "failures") == 0;
    if (!cuts && !failures) {
        (void)fprintf(stderr, "usage: chat_faults cuts|failures [WAYS]\n");
        return 2;
    }
    uint64_t ways = cuts ? WAYS_DEFAULT : 2; /* one and two workers */
    ways = argc > 2 ? strtoull(argv[2], NULL, 0) : ways;
    uint64_t wrong = 0;
    for (uint64_t seed = 1; seed <= ways; seed++) {
        const enum fault first = cuts ? FAULT_CUT : FAULT_FILES;
        const enum fault last = cuts ? FAULT_CUT : FAULT_RANDOM;
        for (int fault = (int)first; fault <= (int)last; fault++) {
            wrong += try_all(seed, (enum fault)fault, true);
            wrong += try_all(seed, (enum fault)fault, false);
        }
        wrong += cuts ? 0 : try_all(seed, FAULT_POOLS, true);
    }
    return wrong == 0 ? 0 : 1;
}
