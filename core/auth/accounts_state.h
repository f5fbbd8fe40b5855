/*
 * accounts_state.h - the inside of the accounts, shared by accounts.c (the
 * file), accounts_table.c (the accounts) and accounts_devices.c.
 */
#ifndef SOTTO_AUTH_ACCOUNTS_STATE_H
#define SOTTO_AUTH_ACCOUNTS_STATE_H

#include "core/auth/accounts.h"
#include "core/auth/accounts_line.h"
#include "core/auth/keyed_index.h"
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
    struct sotto_account_device *devices;
    struct sotto_accounts_capacity capacity;
    size_t count;
    size_t device_count;
    struct sotto_keyed_index by_name;
    struct sotto_keyed_index by_id; /* of devices */
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

/* Gives the struct, its tables and their indexes their places in `memory`. */
struct sotto_accounts *sotto_accounts_lay_out(
    void *memory, struct sotto_accounts_capacity capacity);

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

/* accounts.c: writes a change down, in the file, or, while that is being
 * replaced, in the queue for the new one. FULL, IO; AGAIN when the queue is
 * full. */
enum sotto_err sotto_accounts_write(struct sotto_accounts *accounts,
                                    struct sotto_accounts_line *line,
                                    uint64_t *ticket) SOTTO_MUST_CHECK;

/* ---- accounts_devices.c: the table of devices ---- */

struct sotto_piece sotto_device_id_at(const void *table, size_t place);

/* Puts a device in, or in place of the one of its account and name. Without
 * such an account, or with an id that another has, nothing happens. LIMIT. */
enum sotto_err sotto_devices_set(struct sotto_accounts *accounts,
                                 const struct sotto_account_device *device)
    SOTTO_MUST_CHECK;
void sotto_devices_drop(struct sotto_accounts *accounts, const char *account,
                        const char *name);
/* All of an account. */
void sotto_devices_drop_all(struct sotto_accounts *accounts,
                            const char *account);

#endif
