/*
 * accounts_state.h - the inside of the accounts, shared by accounts.c (the
 * file) and accounts_table.c (the table).
 */
#ifndef SOTTO_AUTH_ACCOUNTS_STATE_H
#define SOTTO_AUTH_ACCOUNTS_STATE_H

#include "core/auth/accounts.h"
#include "core/auth/accounts_line.h"
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/base/syncer.h"

/* Lines that may wait while the file is being replaced; 250 bytes each. */
#ifndef SOTTO_ACCOUNTS_QUEUE
#    define SOTTO_ACCOUNTS_QUEUE 8
#endif

enum sotto_accounts_replacing {
    REPLACING_NOT,
    REPLACING_FIRST, /* there is no file yet */
    REPLACING_COMPACT
};

struct sotto_accounts {
    const struct sotto_files *files; /* borrowed */
    struct sotto_account *table;
    uint32_t *index; /* open addressing; 0 is empty, else place + 1 */
    size_t index_size;
    size_t capacity;
    size_t count;
    int file;
    uint64_t seq;     /* of the last line */
    uint64_t lines;   /* in the file */
    uint64_t tickets; /* given */
    uint64_t base;    /* the ticket before the first of `syncer` */
    struct sotto_syncer syncer;
    struct sotto_io io; /* of the replacing */
    enum sotto_accounts_replacing replacing;
    enum sotto_err failed; /* for good */
    uint64_t next_compact; /* lines at which compaction is tried again */
    uint8_t secret[SOTTO_ACCOUNTS_SECRET];
    uint64_t new_seq; /* of the last line of the file that is put in place */
    struct sotto_accounts_line
        queue[SOTTO_ACCOUNTS_QUEUE]; /* made while replacing */
    size_t queued;
};

/* Gives the struct, its table and its index their places in `memory`. */
struct sotto_accounts *sotto_accounts_lay_out(void *memory, size_t capacity);

/* NULL when there is none. */
struct sotto_account *sotto_accounts_get(const struct sotto_accounts *accounts,
                                         const char *name, size_t len);

/* Puts an account in, or in place of the one of its name. LIMIT. */
enum sotto_err sotto_accounts_table_set(struct sotto_accounts *accounts,
                                        const struct sotto_account *account)
    SOTTO_MUST_CHECK;
void sotto_accounts_table_remove(struct sotto_accounts *accounts,
                                 const char *name);

/* After the secret was set or changed. */
void sotto_accounts_index(struct sotto_accounts *accounts);

#endif
