#include "tests/unit/auth/accounts_bench.h"
#include "tests/unit/test.h"
#include <string.h>

static const char *const names[BENCH_NAMES] = {"alice", "bob", "carol",
                                               "dave-2.x", "e"};
static uint64_t memory[32 * 1024 / 8];

/* Never twice the same, and always the same in the next run. */
static enum sotto_err fill(void *ctx, uint8_t *out, size_t len)
{
    static uint8_t next;
    (void)ctx;
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(++next * 73U);
    }
    return SOTTO_OK;
}

void bench_begin_accounts(struct accounts_bench *bench)
{
    memset(bench, 0, sizeof *bench);
    faulty_files_init(&bench->disk);
    bench->random = (struct sotto_random){.fill = fill};
}

void bench_end_accounts(struct accounts_bench *bench)
{
    faulty_files_free(&bench->disk);
}

enum sotto_err bench_open_accounts(struct accounts_bench *bench)
{
    assert_true(sotto_accounts_size(BENCH_NAMES) <= sizeof memory);
    return sotto_accounts_open(&bench->accounts, memory, BENCH_NAMES,
                               faulty_files_table(&bench->disk), &bench->random,
                               &bench->report);
}

void bench_pump_accounts(struct accounts_bench *bench)
{
    bool changed = true;
    for (int turns = 0; changed; turns++) {
        assert_true(turns < 1000);
        changed = sotto_accounts_run(bench->accounts);
        changed |= faulty_files_complete(&bench->disk);
    }
}

void bench_kill_accounts(struct accounts_bench *bench)
{
    (void)faulty_files_complete(&bench->disk);
    sotto_accounts_close(bench->accounts);
}

enum sotto_err bench_repair_accounts(struct accounts_bench *bench)
{
    struct sotto_io io = {0};
    enum sotto_err err =
        sotto_accounts_repair(faulty_files_table(&bench->disk), &bench->random,
                              &bench->report, &io);
    if (err != SOTTO_OK) {
        assert_int_equal(io.state, SOTTO_IO_IDLE);
        return err;
    }
    (void)faulty_files_complete(&bench->disk);
    return io.state == SOTTO_IO_DONE ? io.err : SOTTO_ERR_IO;
}

struct sotto_verifier bench_verifier(uint32_t tag)
{
    struct sotto_verifier v = {.salt_len = (uint8_t)(16 + tag % 3),
                               .iterations = 4096 + tag};
    for (size_t i = 0; i < v.salt_len; i++) {
        v.salt[i] = (uint8_t)(tag + i);
    }
    for (size_t i = 0; i < SOTTO_SCRAM_KEY_LEN; i++) {
        v.stored_key[i] = (uint8_t)(tag * 3 + i);
        v.server_key[i] = (uint8_t)(tag * 5 + i);
    }
    return v;
}

static bool same_verifier(const struct sotto_verifier *a,
                          const struct sotto_verifier *b)
{
    return a->salt_len == b->salt_len && a->iterations == b->iterations &&
           memcmp(a->salt, b->salt, a->salt_len) == 0 &&
           memcmp(a->stored_key, b->stored_key, sizeof a->stored_key) == 0 &&
           memcmp(a->server_key, b->server_key, sizeof a->server_key) == 0;
}

enum sotto_err bench_change(struct accounts_bench *bench)
{
    const size_t n = bench->changes;
    assert_true(n < BENCH_CHANGES);
    struct bench_table table = bench->after[n];
    const uint32_t tag = (uint32_t)n + 1;
    const size_t who = n * 7 / 3 % BENCH_NAMES;
    struct bench_account *account = &table.accounts[who];
    const struct sotto_verifier v = bench_verifier(tag);
    const char *name = names[who];
    const size_t len = strlen(name);
    enum sotto_err err;
    if (account->tag == 0) {
        err = sotto_accounts_add(bench->accounts, name, len, &v, 1000 + tag,
                                 &bench->ticket);
        *account = (struct bench_account){.tag = tag};
    } else if (n % 4 == 0) {
        err = sotto_accounts_remove(bench->accounts, name, len, &bench->ticket);
        *account = (struct bench_account){0};
    } else if (n % 4 == 1) {
        account->disabled = !account->disabled;
        err = sotto_accounts_set_disabled(bench->accounts, name, len,
                                          account->disabled, &bench->ticket);
    } else {
        err = sotto_accounts_set_verifier(bench->accounts, name, len, &v,
                                          &bench->ticket);
        account->tag = tag;
    }
    if (err == SOTTO_OK) {
        bench->tickets[n] = bench->ticket;
        bench->after[++bench->changes] = table;
    }
    return err;
}

void bench_changes(struct accounts_bench *bench, size_t count,
                   size_t pump_every)
{
    for (size_t i = 1; i <= count; i++) {
        assert_int_equal(bench_change(bench), SOTTO_OK);
        if (i % pump_every == 0) {
            bench_pump_accounts(bench);
        }
    }
}

bool bench_is_after(const struct accounts_bench *bench, size_t changes)
{
    const struct bench_table *table = &bench->after[changes];
    size_t count = 0;
    for (size_t i = 0; i < BENCH_NAMES; i++) {
        const struct bench_account *expected = &table->accounts[i];
        const struct sotto_account *got =
            sotto_accounts_find(bench->accounts, names[i], strlen(names[i]));
        if ((got != NULL) != (expected->tag != 0)) {
            return false;
        }
        if (got == NULL) {
            continue;
        }
        const struct sotto_verifier v = bench_verifier(expected->tag);
        if (got->disabled != expected->disabled ||
            strcmp(got->name, names[i]) != 0 ||
            !same_verifier(&got->verifier, &v)) {
            return false;
        }
        count++;
    }
    return count == sotto_accounts_count(bench->accounts);
}

size_t bench_acknowledged(const struct accounts_bench *bench)
{
    const uint64_t durable = sotto_accounts_durable(bench->accounts, NULL);
    size_t count = 0;
    while (count < bench->changes && bench->tickets[count] <= durable) {
        count++;
    }
    return count;
}
