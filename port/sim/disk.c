/*
 * disk.c - what a disk holds now, and what it is sure to keep.
 *
 * Each file has its bytes twice, and each name its file: as programs see it,
 * and as it is after a cut of power that comes at once and keeps as little as
 * it may. A real cut keeps something in between, by chance.
 */
#include "port/sim/inner.h"

#include <stdlib.h>
#include <string.h>

/* ---- files ------------------------------------------------------------ */

struct sim_file *sim_file_make(void)
{
    struct sim_file *file = calloc(1, sizeof *file);
    if (file != NULL) {
        file->uses = 1;
    }
    return file;
}

void sim_file_use(struct sim_file *file)
{
    file->uses++;
}

void sim_file_leave(struct sim_file *file)
{
    if (--file->uses == 0) {
        free(file->now);
        free(file->kept);
        free(file);
    }
}

bool sim_file_append(struct sim_file *file, const uint8_t *in, size_t len)
{
    if (file->room - file->len < len) {
        const size_t room = 2 * (file->room + len);
        uint8_t *now = realloc(file->now, room);
        if (now == NULL) {
            return false;
        }
        file->now = now;
        file->room = room;
    }
    if (len > 0) {
        memcpy(file->now + file->len, in, len);
    }
    file->len += len;
    return true;
}

void sim_file_cut(struct sim_file *file, size_t len)
{
    file->len = len;
    file->same = len < file->same ? len : file->same;
}

void sim_file_keep(struct sim_file *file, size_t len)
{
    if (len > file->kept_len) {
        uint8_t *kept = realloc(file->kept, len);
        SIM_ASSERT(kept != NULL); /* a host that small runs no simulation */
        file->kept = kept;
    }
    if (len > file->same) {
        memcpy(file->kept + file->same, file->now + file->same,
               len - file->same);
    }
    file->kept_len = len;
    file->same = len;
}

/* ---- names ------------------------------------------------------------ */

struct sim_entry *sim_disk_find(struct sim_disk *disk, const char *name)
{
    for (size_t i = 0; i < disk->count; i++) {
        if (strcmp(disk->entries[i].name, name) == 0) {
            return &disk->entries[i];
        }
    }
    return NULL;
}

void sim_disk_tidy(struct sim_disk *disk)
{
    size_t count = 0;
    for (size_t i = 0; i < disk->count; i++) {
        if (disk->entries[i].now != NULL || disk->entries[i].kept != NULL) {
            disk->entries[count++] = disk->entries[i];
        }
    }
    disk->count = count;
}

/* A file that was removed, the first there is, stays so whatever happens. */
static void settle_removal(struct sim_disk *disk)
{
    for (size_t i = 0; i < disk->count; i++) {
        if (disk->entries[i].now == NULL) {
            sim_disk_set(&disk->entries[i].kept, NULL);
            sim_disk_tidy(disk);
            return;
        }
    }
}

struct sim_entry *sim_disk_name(struct sim_disk *disk, const char *name)
{
    struct sim_entry *entry = sim_disk_find(disk, name);
    if (entry == NULL && disk->count == SIM_FILES_MAX) {
        settle_removal(disk);
    }
    if (entry == NULL && disk->count < SIM_FILES_MAX) {
        entry = &disk->entries[disk->count++];
        *entry = (struct sim_entry){.now = NULL};
        memcpy(entry->name, name, strlen(name) + 1);
    }
    return entry;
}

uint64_t sim_disk_used(const struct sim_disk *disk)
{
    uint64_t used = 0;
    for (size_t i = 0; i < disk->count; i++) {
        used += disk->entries[i].now != NULL ? disk->entries[i].now->len : 0;
    }
    return used;
}

void sim_disk_set(struct sim_file **place, struct sim_file *file)
{
    struct sim_file *old = *place;
    if (file != NULL) {
        sim_file_use(file);
    }
    *place = file;
    if (old != NULL) {
        sim_file_leave(old);
    }
}

/* ---- without power ---------------------------------------------------- */

/* The tail that was not synced: all of it, a part, or nothing, and the last
 * bytes perhaps as they never were. */
static void lose_tail(struct sim_dice *dice, struct sim_file *file)
{
    if (file->len == file->same && file->kept_len == file->same) {
        return;
    }
    if (sim_chance(dice, 300000)) { /* nothing that is new; not even a cut */
        file->len = file->same;
        SIM_ASSERT(sim_file_append(file, file->kept + file->same,
                                   file->kept_len - file->same));
        return;
    }
    if (sim_chance(dice, 700000)) {
        file->len = sim_between(dice, file->same, file->len);
    }
    if (file->len > file->same && sim_chance(dice, 500000)) {
        const size_t from = sim_between(dice, file->same, file->len - 1);
        const uint8_t mask = sim_chance(dice, 500000) ? 0 : 0xff;
        for (size_t i = from; i < file->len; i++) {
            file->now[i] = mask & (uint8_t)sim_roll(dice);
        }
    }
}

static void lose_power(struct sim_disk *disk, struct sim_entry *entry)
{
    if (entry->now != entry->kept) {
        const bool is_new = sim_chance(&disk->dice, 500000);
        sim_disk_set(is_new ? &entry->kept : &entry->now,
                     is_new ? entry->now : entry->kept);
    }
    if (entry->now != NULL) {
        entry->now->is_broken = false;
        lose_tail(&disk->dice, entry->now);
        sim_file_keep(entry->now, entry->now->len);
    }
}

void sim_disk_lose_power(struct sim_disk *disk)
{
    struct sim_table *table;
    for (table = disk->tables; table != NULL; table = table->next) {
        const size_t count = sim_requests_count(table);
        sim_requests_happen(table, sim_below(&disk->dice, count + 1));
    }
    for (size_t i = 0; i < disk->count; i++) {
        lose_power(disk, &disk->entries[i]);
    }
    sim_disk_tidy(disk);
}

void sim_disk_free(struct sim_disk *disk)
{
    for (size_t i = 0; i < disk->count; i++) {
        sim_disk_set(&disk->entries[i].now, NULL);
        sim_disk_set(&disk->entries[i].kept, NULL);
    }
    disk->count = 0;
}

/* ---- the driver's side ------------------------------------------------ */

void sim_disk_room(struct sim_machine *machine, uint64_t bytes)
{
    machine->disk.room = bytes;
}

void sim_disk_lies(struct sim_machine *machine, bool lies)
{
    machine->disk.lies = lies;
}

const uint8_t *sim_disk_file(const struct sim_machine *machine,
                             const char *name, size_t *len)
{
    const struct sim_disk *disk = &machine->disk;
    for (size_t i = 0; i < disk->count; i++) {
        const struct sim_entry *entry = &disk->entries[i];
        if (strcmp(entry->name, name) == 0 && entry->now != NULL) {
            *len = entry->now->len;
            return entry->now->now;
        }
    }
    return NULL;
}

void sim_put_file(struct sim_machine *machine, const char *path,
                  const char *text)
{
    machine->file_path = path;
    machine->file_text = text;
}
