/*
 * accounts.h - the accounts of a server and the file they are kept in.
 *
 * The whole table is in memory (the caller's); the file `credentials.json`
 * has one JSON object a line, each with a sequence number and a checksum; for
 * a name the line with the highest number counts (PROTOCOL.md is about the
 * wire; the file's format is in auth/ACCOUNTS.md). A change is appended, and
 * counts as done once its ticket is durable. Compaction writes a new file
 * and replaces the old one in one step.
 *
 * A last line that is cut short is dropped at start: it was never
 * acknowledged. Damage or a gap anywhere else could hide that an account was
 * disabled or a password changed, so opening then fails with FORMAT and a
 * report; sotto_accounts_repair() sets the damaged lines aside in another file
 * and keeps the rest, when the operator says so.
 *
 * The file also keeps one secret of the server, from which unknown names get a
 * salt that stays the same, so that a stranger cannot tell who has an account.
 */
#ifndef SOTTO_AUTH_ACCOUNTS_H
#define SOTTO_AUTH_ACCOUNTS_H

#include "core/auth/scram.h"
#include "core/base/syncer.h"
#include "core/base/text.h"
#include <sotto/env.h>
#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOTTO_ACCOUNTS_FILE "credentials.json"

#define SOTTO_DEVICE_ID_LEN 32

/* 0: a server that knows no devices and changes no passwords, for boards that
 * are short of flash. It answers who asks for that that there is no room, and
 * does not start with a file that has devices in it. */
#ifndef SOTTO_DEVICES
#    define SOTTO_DEVICES 1
#endif

/* The file is told at most once in each such stretch of time that a device was
 * seen. */
#define SOTTO_DEVICE_SEEN_S 3600

struct sotto_account {
    char name[SOTTO_NAME_MAX + 1];
    bool disabled;    /* may not log in; the name stays taken */
    uint32_t devices; /* its first one: 1 more than where it stands; 0: none */
    uint64_t created_s; /* seconds since 1970 or SOTTO_TIME_UNKNOWN */
    uint64_t sequence;  /* of its line, when that was read or written */
    uint64_t ticket;    /* of that line; 0 when it was read */
    struct sotto_verifier verifier;
};

/*
 * A device that may log in for an account without a password: it has proved
 * that it has the private key to `id`. Or one that is expected: whoever brings
 * the code of which `id` is the SHA-256 becomes it, once.
 */
struct sotto_account_device {
    char account[SOTTO_NAME_MAX + 1];
    char name[SOTTO_NAME_MAX + 1]; /* as accounts are called; of its account */
    bool is_expected;
    uint8_t id[SOTTO_DEVICE_ID_LEN]; /* no other device's, of any account */
    uint32_t
        ticket; /* the low bits, of the line that made it; 0: it was read */
    uint64_t
        time_s;     /* when it was last seen; expected: the last second in which
                        its code counts; or SOTTO_TIME_UNKNOWN */
    uint8_t ip[16]; /* where from, as in port_address; zeros: not known */
    uint32_t next;  /* of its account, as `devices`; 0: it is the last */
};

/*
 * Where a file is damaged, for a person: the first finding, and how many. What
 * damaged and missing lines said is not known: each may have disabled or
 * removed an account, or changed a password, and then an older line counts
 * again. So after a repair somebody must look through the accounts.
 */
struct sotto_accounts_report {
    uint64_t line;      /* counted from 1 */
    uint64_t offset;    /* in bytes, of the line's start */
    const char *reason; /* a constant phrase; NULL: the file is whole */
    uint32_t damaged;   /* lines that cannot be read */
    uint32_t missing;   /* lines that are not there at all */
    bool torn_tail;     /* an unfinished last line, never acknowledged */
};

struct sotto_accounts;

/* How many of each there may be. */
struct sotto_accounts_capacity {
    size_t accounts;
    size_t devices; /* of all accounts together */
};

/* Bytes of memory for that; any alignment of malloc. */
size_t sotto_accounts_size(struct sotto_accounts_capacity capacity);

/*
 * Reads the file, or starts an empty one. `memory` is the caller's until
 * close; `files` is borrowed until then, `random` during the call. A long file
 * is compacted, by run().
 * FORMAT with `report` when it is damaged, and the file stays as it is; LIMIT
 * when it holds more than `capacity`; IO, DENIED, FULL, RANDOM. After
 * an error nothing is open.
 */
enum sotto_err sotto_accounts_open(struct sotto_accounts **accounts,
                                   void *memory,
                                   struct sotto_accounts_capacity capacity,
                                   const struct sotto_files *files,
                                   const struct sotto_random *random,
                                   struct sotto_accounts_report *report)
    SOTTO_MUST_CHECK;
/* While sotto_accounts_is_idle() is false a request is pending: the memory must
 * then stay in place until the file table is closed. */
void sotto_accounts_close(struct sotto_accounts *accounts);

/* The account of that name, disabled or not; NULL. Borrowed until the next
 * change. */
const struct sotto_account *sotto_accounts_find(
    const struct sotto_accounts *accounts, const char *name, size_t name_len);

size_t sotto_accounts_count(const struct sotto_accounts *accounts);
/* The `at`th account in no particular order, for listing. */
const struct sotto_account *sotto_accounts_at(
    const struct sotto_accounts *accounts, size_t at);

/* What a login with an unknown name is answered with: always the same for a
 * name, keys that no password has. */
void sotto_accounts_fake(const struct sotto_accounts *accounts,
                         const char *name, size_t name_len, uint32_t iterations,
                         struct sotto_verifier *verifier);

/*
 * Changes. Each is in the table at once and appended to the file; it may be
 * acknowledged when sotto_accounts_durable() has reached `*ticket`. add:
 * EXISTS when the name is taken, SPACE when the table is full. The others:
 * NOT_FOUND. All: FULL, IO with nothing changed; AGAIN when many changes were
 * made while the file is being compacted (rare; run() ends it).
 */
enum sotto_err sotto_accounts_add(struct sotto_accounts *accounts,
                                  const char *name, size_t name_len,
                                  const struct sotto_verifier *verifier,
                                  uint64_t now_s, uint64_t *ticket)
    SOTTO_MUST_CHECK;
enum sotto_err sotto_accounts_set_verifier(
    struct sotto_accounts *accounts, const char *name, size_t name_len,
    const struct sotto_verifier *verifier, uint64_t *ticket) SOTTO_MUST_CHECK;
enum sotto_err sotto_accounts_set_disabled(struct sotto_accounts *accounts,
                                           const char *name, size_t name_len,
                                           bool disabled, uint64_t *ticket)
    SOTTO_MUST_CHECK;
enum sotto_err sotto_accounts_remove(struct sotto_accounts *accounts,
                                     const char *name, size_t name_len,
                                     uint64_t *ticket) SOTTO_MUST_CHECK;

/* ---- devices: accounts_devices.c ---- */

/* By id: a public key, or the hash of a code. NULL. */
const struct sotto_account_device *sotto_accounts_device(
    const struct sotto_accounts *accounts,
    const uint8_t id[static SOTTO_DEVICE_ID_LEN]);

size_t sotto_accounts_device_count(const struct sotto_accounts *accounts);
/* The `at`th in no particular order. */
const struct sotto_account_device *sotto_accounts_device_at(
    const struct sotto_accounts *accounts, size_t at);
/* Of an account the one after `last`, which may be NULL: the first. NULL at the
 * end, and for an account that is not there. */
const struct sotto_account_device *sotto_accounts_next_device(
    const struct sotto_accounts *accounts, const char *account,
    size_t account_len, const struct sotto_account_device *last);

/*
 * Changes, as those above. add: a new device, or an expected one instead of an
 * expected one of that name. FORMAT for a public key that is not in its shortest
 * form (RFC 7748 5: below 2^255 - 19), so that one key cannot be two devices;
 * EXISTS when its account has a device of that name, or another has its id;
 * NOT_FOUND without such an account; SPACE.
 */
enum sotto_err sotto_accounts_add_device(
    struct sotto_accounts *accounts, const struct sotto_account_device *device,
    uint64_t *ticket) SOTTO_MUST_CHECK;

/*
 * A code was brought, by the owner of the key `id`: the device that it was made
 * for has that key from now on, and the code is used up. NOT_FOUND for a code
 * that does not count, at the time `now_s`; otherwise as add. `*device` is the
 * device then.
 */
enum sotto_err sotto_accounts_enrol(
    struct sotto_accounts *accounts,
    const uint8_t code_hash[static SOTTO_DEVICE_ID_LEN],
    const uint8_t id[static SOTTO_DEVICE_ID_LEN], uint64_t now_s,
    const struct sotto_account_device **device, uint64_t *ticket)
    SOTTO_MUST_CHECK;

/* One of an account's, or all of them with a `name_len` of 0. NOT_FOUND when
 * there is none. */
enum sotto_err sotto_accounts_revoke(struct sotto_accounts *accounts,
                                     const char *account, size_t account_len,
                                     const char *name, size_t name_len,
                                     uint64_t *ticket) SOTTO_MUST_CHECK;

/* An enrolled device has logged in. In the table at once, in the file with the
 * first login of every SOTTO_DEVICE_SEEN_S, when nothing is in the way: it is
 * only said to people. */
void sotto_accounts_seen(struct sotto_accounts *accounts,
                         const uint8_t id[static SOTTO_DEVICE_ID_LEN],
                         uint64_t now_s, const uint8_t ip[static 16]);

/* ---- time passing ---- */

/* The ticket of the last change of all: when it is durable, all are. */
uint64_t sotto_accounts_last_ticket(const struct sotto_accounts *accounts);

/* The highest durable ticket. After a failed sync `*failed` (may be NULL) is
 * that error and the number stays. */
uint64_t sotto_accounts_durable(const struct sotto_accounts *accounts,
                                enum sotto_err *failed);

/* OK when the account as it is now would survive a power cut; AGAIN as long as
 * its line is on the way to the disk; after a failed sync that error. The same
 * of a device. */
enum sotto_err sotto_accounts_settled(const struct sotto_accounts *accounts,
                                      const struct sotto_account *account)
    SOTTO_MUST_CHECK;
enum sotto_err sotto_accounts_device_settled(
    const struct sotto_accounts *accounts,
    const struct sotto_account_device *device) SOTTO_MUST_CHECK;

/* Every loop turn: drives syncs and compaction. True when something changed
 * that a waiting caller wants to know. */
bool sotto_accounts_run(struct sotto_accounts *accounts);
bool sotto_accounts_is_idle(const struct sotto_accounts *accounts);

/*
 * For the operator, server down: copies the intact lines to a new file and
 * the damaged ones to `credentials.damaged` (appended), then replaces. Lines
 * get new numbers. Accounts are afterwards what the intact lines say: the
 * report tells how much is not known, see above. With OK the caller runs the
 * loop until `io` is DONE. NOT_FOUND, DENIED, FULL, IO, RANDOM: the accounts'
 * file was not changed.
 */
enum sotto_err sotto_accounts_repair(const struct sotto_files *files,
                                     const struct sotto_random *random,
                                     struct sotto_accounts_report *report,
                                     struct sotto_io *io) SOTTO_MUST_CHECK;

#endif
