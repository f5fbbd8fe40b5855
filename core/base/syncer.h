/*
 * syncer.h - group commit: one sync at a time makes durable all that waited.
 *
 * Counts what is appended to one file and what is known to be durable, and
 * keeps at most one sync pending. Append, note it, ask for durability by the
 * ticket; call run() every loop turn.
 *
 *     append, note    append, note        run: sync done
 *     ticket 1        ticket 2, 3         durable = 1, the next sync
 *     run: sync --------------------->    takes 2 and 3 together
 */
#ifndef SOTTO_BASE_SYNCER_H
#define SOTTO_BASE_SYNCER_H

#include <sotto/env.h>
#include <stdbool.h>
#include <stdint.h>

struct sotto_syncer {
    const struct sotto_files *files; /* borrowed */
    int file;
    struct sotto_io io;    /* the port writes to it while a sync is pending */
    uint64_t appended;     /* tickets given */
    uint64_t started;      /* tickets the last sync that was started covers */
    uint64_t durable;      /* tickets known to be on the device */
    enum sotto_err failed; /* a sync failed: nothing more becomes durable */
};

/* Nothing is known to be durable: what the file has may be in a cache. */
void sotto_syncer_init(struct sotto_syncer *syncer,
                       const struct sotto_files *files, int file);

/* One more append (or truncate) was made: returns its ticket, 1 the first. */
uint64_t sotto_syncer_note(struct sotto_syncer *syncer);

/* Collects a sync that completed and starts the next when something waits.
 * True when `durable` moved or a failure became known. */
bool sotto_syncer_run(struct sotto_syncer *syncer);

/* The port has a request of this struct: it must stay in place. */
bool sotto_syncer_is_pending(const struct sotto_syncer *syncer);

/* Nothing is pending, and nothing waits that could still become durable. */
bool sotto_syncer_is_idle(const struct sotto_syncer *syncer);

#endif
