#include "tests/unit/auth/accounts_bench.h"
#include "tests/unit/test.h"
#include <string.h>

static const char *const device_names[BENCH_DEVICES] = {"phone", "sensor"};
static const char *const names[BENCH_NAMES] = {"alice", "bob", "carol",
                                               "dave-2.x", "e"};
static uint64_t memory[32 * 1024 / 8];

/* Never twice the same on one bench, and always the same on the next. */
static enum sotto_err fill(void *ctx, uint8_t *out, size_t len)
{
    uint8_t *next = ctx;
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(++*next * 73U);
    }
    return SOTTO_OK;
}

void bench_begin_accounts(struct accounts_bench *bench)
{
    memset(bench, 0, sizeof *bench);
    faulty_files_init(&bench->disk);
    bench->random = (struct sotto_random){&bench->next_random, fill};
}

void bench_end_accounts(struct accounts_bench *bench)
{
    faulty_files_free(&bench->disk);
}

enum sotto_err bench_open_accounts(struct accounts_bench *bench)
{
    const struct sotto_accounts_capacity capacity = {BENCH_NAMES,
                                                     BENCH_NAMES *
                                                         BENCH_DEVICES};
    assert_true(sotto_accounts_size(capacity) <= sizeof memory);
    return sotto_accounts_open(&bench->accounts, memory, capacity,
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

void bench_id(uint32_t tag, uint8_t id[static SOTTO_DEVICE_ID_LEN])
{
    for (size_t i = 0; i < SOTTO_DEVICE_ID_LEN; i++) {
        id[i] = (uint8_t)(tag >> 8 * (i % 4));
    }
    id[SOTTO_DEVICE_ID_LEN - 1] = 1;
}

static struct sotto_account_device make_device(const char *account,
                                               const char *name, uint32_t tag)
{
    struct sotto_account_device device = {.is_expected = true};
    memcpy(device.account, account, strlen(account) + 1);
    memcpy(device.name, name, strlen(name) + 1);
    bench_id(tag, device.id);
    return device;
}

/* A device that is not there is expected, one that is expected is enrolled, one
 * that is enrolled is revoked; now and then all are. */
static enum sotto_err change_device(struct accounts_bench *bench,
                                    const char *account,
                                    struct bench_account *expected,
                                    uint32_t tag)
{
    const size_t which = tag / 7 % BENCH_DEVICES;
    struct bench_device *device = &expected->devices[which];
    const char *name = device_names[which];
    const struct sotto_account_device made = make_device(account, name, tag);
    if (device->tag == 0) {
        *device = (struct bench_device){tag, true};
        return sotto_accounts_add_device(bench->accounts, &made,
                                         &bench->ticket);
    }
    if (device->is_expected) {
        const struct sotto_account_device *enrolled = NULL;
        uint8_t code_hash[SOTTO_DEVICE_ID_LEN];
        bench_id(device->tag, code_hash);
        *device = (struct bench_device){tag, false};
        return sotto_accounts_enrol(bench->accounts, code_hash, made.id, 0,
                                    &enrolled, &bench->ticket);
    }
    const bool is_all = tag % 3 == 0;
    if (is_all) {
        memset(expected->devices, 0, sizeof expected->devices);
    }
    *device = (struct bench_device){0};
    return sotto_accounts_revoke(bench->accounts, account, strlen(account),
                                 name, is_all ? 0 : strlen(name),
                                 &bench->ticket);
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
    } else if (n % 7 < 3 && !bench->without_devices) {
        err = change_device(bench, name, account, tag);
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

static bool same_devices(const struct accounts_bench *bench,
                         const struct bench_table *table)
{
    size_t count = 0;
    for (size_t i = 0; i < BENCH_NAMES * BENCH_DEVICES; i++) {
        const size_t who = i / BENCH_DEVICES;
        const struct bench_device *expected =
            &table->accounts[who].devices[i % BENCH_DEVICES];
        uint8_t id[SOTTO_DEVICE_ID_LEN];
        if (expected->tag == 0) {
            continue;
        }
        bench_id(expected->tag, id);
        const struct sotto_account_device *got =
            sotto_accounts_device(bench->accounts, id);
        if (got == NULL || got->is_expected != expected->is_expected ||
            strcmp(got->account, names[who]) != 0 ||
            strcmp(got->name, device_names[i % BENCH_DEVICES]) != 0) {
            return false;
        }
        count++;
    }
    return count == sotto_accounts_device_count(bench->accounts);
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
    return count == sotto_accounts_count(bench->accounts) &&
           same_devices(bench, table);
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
