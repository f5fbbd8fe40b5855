/*
 * requests.c - sync and replace: what they do, and when.
 */
#include "port/sim/inner.h"

#include <stdlib.h>

static struct sim_disk *disk_of(const struct sim_table *table)
{
    return &table->machine->disk;
}

void sim_requests_start(struct sim_table *table, struct sim_request *request,
                        struct sotto_io *io)
{
    struct sim *sim = table->machine->sim;
    struct sim_dice *dice = &disk_of(table)->dice;
    struct sim_request **place = &table->first;
    uint64_t start_ns = sim->now_ns;
    while (*place != NULL) { /* one after the other */
        start_ns = (*place)->done_ns > start_ns ? (*place)->done_ns : start_ns;
        place = &(*place)->next;
    }
    request->io = io;
    request->done_ns =
        start_ns + SIM_US * sim_between(dice, sim->profile.sync_min_us,
                                        sim->profile.sync_max_us);
    *place = request;
    io->state = SOTTO_IO_PENDING;
}

size_t sim_requests_count(const struct sim_table *table)
{
    size_t count = 0;
    const struct sim_request *at;
    for (at = table->first; at != NULL; at = at->next) {
        count++;
    }
    return count;
}

void sim_requests_file_cut(struct sim_table *table, const struct sim_file *file,
                           size_t len)
{
    for (struct sim_request *at = table->first; at != NULL; at = at->next) {
        if (at->file == file && at->len > len) {
            at->len = len;
        }
    }
}

/* ---- what they do ----------------------------------------------------- */

static void sync_happens(struct sim_disk *disk, struct sim_file *file,
                         size_t len)
{
    sim_file_keep(file, len);
    for (size_t i = 0; i < disk->count; i++) {
        if (disk->entries[i].now == file) {
            sim_disk_set(&disk->entries[i].kept, file);
        }
    }
}

static enum sotto_err replace_happens(struct sim_disk *disk,
                                      const struct sim_request *request)
{
    struct sim_entry *from = sim_disk_find(disk, request->from);
    if (from == NULL || from->now == NULL) {
        return SOTTO_ERR_NOT_FOUND;
    }
    struct sim_entry *to = sim_disk_name(disk, request->to);
    if (to == NULL) {
        return SOTTO_ERR_FULL;
    }
    from = sim_disk_find(disk, request->from); /* it may have moved */
    if (to != from) {
        struct sim_file *file = from->now;
        sim_file_keep(file, file->len);
        sim_disk_set(&to->now, file);
        sim_disk_set(&to->kept, file);
        sim_disk_set(&from->now, NULL);
        sim_disk_set(&from->kept, NULL);
    }
    sim_disk_tidy(disk);
    return SOTTO_OK;
}

static enum sotto_err happen(struct sim_disk *disk,
                             const struct sim_request *request)
{
    if (request->err != SOTTO_OK) {
        return request->err;
    }
    if (request->kind == SIM_REPLACE) {
        return replace_happens(disk, request);
    }
    if (request->file->is_broken) {
        return SOTTO_ERR_IO;
    }
    if (!disk->lies) {
        sync_happens(disk, request->file, request->len);
    }
    return SOTTO_OK;
}

void sim_requests_happen(struct sim_table *table, size_t count)
{
    const struct sim_request *at = table->first;
    for (; at != NULL && count > 0; at = at->next, count--) {
        (void)happen(disk_of(table), at);
    }
}

/* ---- when they are done ----------------------------------------------- */

/* A failed sync leaves what it did in doubt, and its file unusable; a failed
 * replace may have happened. */
static enum sotto_err fail(struct sim_disk *disk, struct sim_request *request,
                           enum sotto_err err)
{
    if (request->err == SOTTO_OK && sim_chance(&disk->dice, 500000)) {
        (void)happen(disk, request);
    }
    if (request->file != NULL) {
        request->file->is_broken = true;
    }
    return err;
}

static void finish(struct sim_table *table)
{
    struct sim_request *request = table->first;
    enum sotto_err err = sim_file_call(table->machine);
    err = err != SOTTO_OK ? fail(disk_of(table), request, err)
                          : happen(disk_of(table), request);
    table->first = request->next;
    if (request->file != NULL) {
        sim_file_leave(request->file);
    }
    request->io->err = err;
    request->io->state = SOTTO_IO_DONE;
    free(request);
}

void sim_requests_finish(struct sim_table *table, bool all)
{
    const struct sim *sim = table->machine->sim;
    while (table->first != NULL &&
           (all || table->first->done_ns <= sim->now_ns)) {
        finish(table);
    }
}
