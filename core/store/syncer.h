/*
 * syncer.h - group commit: one sync at a time makes durable all that waited.
 *
 * Counts what is appended to one file and what is known to be durable, and
 * keeps at most one sync pending. Append, note it, ask for durability by the
 * ticket; call run() every loop turn.
 */
#ifndef SOTTO_STORE_SYNCER_H
#define SOTTO_STORE_SYNCER_H

#include <sotto/env.h>
#include <stdbool.h>
#include <stdint.h>

struct sotto_syncer {
    const struct sotto_files *files; /* borrowed */
    int file;
    struct sotto_io io;
    uint64_t appended;     /* tickets given */
    uint64_t started;      /* tickets the pending sync covers */
    uint64_t durable;      /* tickets known to be on the device */
    enum sotto_err failed; /* a sync failed: nothing more becomes durable */
};

void sotto_syncer_init(struct sotto_syncer *syncer,
                       const struct sotto_files *files, int file);

/* One more append was made: returns its ticket. */
uint64_t sotto_syncer_note(struct sotto_syncer *syncer);

/* Collects a sync that completed and starts the next when something waits.
 * True when `durable` moved or a failure became known. */
bool sotto_syncer_run(struct sotto_syncer *syncer);

/* Nothing is pending and nothing waits. */
bool sotto_syncer_is_idle(const struct sotto_syncer *syncer);

#endif
