/*
 * accounts_bench.h - accounts on a disk in memory, and a naive table to compare
 * them with: what every change that was made so far should have led to.
 */
#ifndef SOTTO_TESTS_ACCOUNTS_BENCH_H
#define SOTTO_TESTS_ACCOUNTS_BENCH_H

#include "core/auth/accounts.h"
#include "tests/unit/support/faulty_files.h"

#define BENCH_NAMES   5
#define BENCH_CHANGES 512

/* A device of the naive table. `tag` is what its id is made of; 0: none. */
struct bench_device {
    uint32_t tag;
    bool is_expected;
};

#define BENCH_DEVICES 2 /* of an account */

/* What an account of the naive table is. `tag` is what its verifier is made
 * of; 0: there is none. */
struct bench_account {
    uint32_t tag;
    bool disabled;
    struct bench_device devices[BENCH_DEVICES];
};

struct bench_table {
    struct bench_account accounts[BENCH_NAMES];
};

struct accounts_bench {
    struct faulty_files disk;
    struct sotto_random random;
    uint8_t next_random;
    struct sotto_accounts *accounts;
    struct sotto_accounts_report report;
    bool without_devices; /* changes are of accounts only */
    size_t changes;       /* made so far */
    uint64_t ticket;      /* of the last one */
    uint64_t tickets[BENCH_CHANGES];
    /* The table after so many changes. */
    struct bench_table after[BENCH_CHANGES + 1];
};

void bench_begin_accounts(struct accounts_bench *bench);
void bench_end_accounts(struct accounts_bench *bench);

enum sotto_err bench_open_accounts(struct accounts_bench *bench)
    SOTTO_MUST_CHECK;
/* Runs until nothing changes any more. */
void bench_pump_accounts(struct accounts_bench *bench);
/* Completes what is pending and closes, without any ceremony. */
void bench_kill_accounts(struct accounts_bench *bench);
/* Repairs and waits for it. */
enum sotto_err bench_repair_accounts(struct accounts_bench *bench)
    SOTTO_MUST_CHECK;

/* The verifier for a tag, and the id. */
struct sotto_verifier bench_verifier(uint32_t tag);
void bench_id(uint32_t tag, uint8_t id[static SOTTO_DEVICE_ID_LEN]);

/*
 * Makes a change that follows from the number of changes before: adds, changes
 * the password, disables, enables or removes one of BENCH_NAMES accounts, or expects,
 * enrols or revokes devices of one. On success it is in the naive table too.
 */
enum sotto_err bench_change(struct accounts_bench *bench) SOTTO_MUST_CHECK;
/* Makes changes, pumping after each `pump_every`th. */
void bench_changes(struct accounts_bench *bench, size_t count,
                   size_t pump_every);

/* True when the accounts are what the naive table was after so many changes. */
bool bench_is_after(const struct accounts_bench *bench, size_t changes);
/* How many changes were acknowledged. */
size_t bench_acknowledged(const struct accounts_bench *bench);

#endif
