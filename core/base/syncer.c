#include "core/base/syncer.h"

void sotto_syncer_init(struct sotto_syncer *syncer,
                       const struct sotto_files *files, int file)
{
    *syncer = (struct sotto_syncer){.files = files, .file = file};
}

uint64_t sotto_syncer_note(struct sotto_syncer *syncer)
{
    return ++syncer->appended;
}

static bool collect(struct sotto_syncer *syncer)
{
    if (syncer->io.state != SOTTO_IO_DONE) {
        return false;
    }
    syncer->io.state = SOTTO_IO_IDLE;
    if (syncer->io.err == SOTTO_OK) {
        syncer->durable = syncer->started;
    } else {
        syncer->failed = syncer->io.err;
    }
    return true;
}

bool sotto_syncer_run(struct sotto_syncer *syncer)
{
    const bool changed = collect(syncer);
    if (syncer->io.state == SOTTO_IO_IDLE && syncer->failed == SOTTO_OK &&
        syncer->appended > syncer->durable) {
        syncer->started = syncer->appended;
        syncer->files->sync(syncer->files->ctx, syncer->file, &syncer->io);
    }
    return changed;
}

bool sotto_syncer_is_pending(const struct sotto_syncer *syncer)
{
    return syncer->io.state == SOTTO_IO_PENDING;
}

bool sotto_syncer_is_idle(const struct sotto_syncer *syncer)
{
    if (syncer->io.state != SOTTO_IO_IDLE) {
        return false;
    }
    return syncer->failed != SOTTO_OK || syncer->appended == syncer->durable;
}
