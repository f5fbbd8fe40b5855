/*
 * files.c - the table of env.h: open numbers, requests, and what is done about
 * them in the loop.
 *
 * Contract: sotto/env.h, files; port/lwip/below.h for flash_files_poll().
 */
#include "port/flash/state.h"
#include <string.h>

/* Fills the gap between the handle and what it stands for. */
static uint8_t slot_of(const struct flash *flash, int file)
{
    if (file < 0 || file >= (int)flash->config.open ||
        flash->handles[file].slot >= flash->slot_count) {
        SOTTO_PANIC("not the number of an open file");
    }
    return flash->handles[file].slot;
}

/* After a failure: every number of the file refuses until it is closed. */
static enum sotto_err break_file(struct flash *flash, uint8_t slot)
{
    for (uint16_t at = 0; at < flash->config.open; at++) {
        if (flash->handles[at].slot == slot) {
            flash->handles[at].broken = true;
        }
    }
    return SOTTO_ERR_IO;
}

/* ---- truncating ------------------------------------------------------- */

/* To nothing: the name gets a new identity, and so needs no free block for the
 * contents. A file that has lost its name cannot. */
static enum sotto_err empty(struct flash *flash, uint8_t slot)
{
    struct flash_slot *file = &flash->slots[slot];
    const uint32_t id = flash_take_number(&flash->next_id);
    if (id == FLASH_NUMBERS_END) {
        return SOTTO_ERR_FULL;
    }
    enum sotto_err err = flash_list_put(flash, FLASH_SET, id, file->name);
    if (err == SOTTO_OK) {
        flash_chain_free(flash, slot);
        file->id = id;
    }
    return err;
}

static enum sotto_err truncate(struct flash *flash, uint8_t slot, uint32_t len)
{
    const struct flash_slot *file = &flash->slots[slot];
    if (len == file->size && !file->unsure) {
        return SOTTO_OK;
    }
    return len == 0 && file->listed
               ? empty(flash, slot)
               : flash_chain_cut(flash, slot, len, FLASH_HOT);
}

/* ---- opening and closing ---------------------------------------------- */

static enum sotto_err create(struct flash *flash, const char *name,
                             uint16_t *slot)
{
    if (flash_slot_count(flash) == flash->config.files) {
        return SOTTO_ERR_FULL;
    }
    const uint16_t made = flash_slot_unused(flash);
    if (made == flash->slot_count) {
        return SOTTO_ERR_SPACE; /* syncs of files without a name are pending */
    }
    const uint32_t id = flash_take_number(&flash->next_id);
    if (id == FLASH_NUMBERS_END) {
        return SOTTO_ERR_FULL;
    }
    enum sotto_err err = flash_list_put(flash, FLASH_SET, id, name);
    if (err == SOTTO_OK) {
        flash_slot_start(flash, made, id, name);
        *slot = made;
    }
    return err;
}

static enum sotto_err file_open(void *ctx, const char *name, unsigned flags,
                                int *file)
{
    struct flash *flash = ctx;
    uint16_t at = 0;
    if (!flash_is_name(name)) {
        return SOTTO_ERR_FORMAT;
    }
    while (at < flash->config.open && flash->handles[at].slot != FLASH_FREE) {
        at++;
    }
    if (at == flash->config.open) {
        return SOTTO_ERR_SPACE;
    }
    uint16_t slot = flash_slot_find(flash, name);
    enum sotto_err err = SOTTO_OK;
    if (slot == flash->slot_count) {
        err = (flags & SOTTO_FILE_CREATE) != 0 ? create(flash, name, &slot)
                                               : SOTTO_ERR_NOT_FOUND;
    } else if ((flags & SOTTO_FILE_TRUNCATE) != 0) {
        err = truncate(flash, (uint8_t)slot, 0);
    }
    if (err != SOTTO_OK) {
        return err;
    }
    flash->slots[slot].opens++;
    flash->handles[at] = (struct flash_handle){.slot = (uint8_t)slot};
    *file = at;
    return SOTTO_OK;
}

static void file_close(void *ctx, int file)
{
    struct flash *flash = ctx;
    const uint8_t slot = slot_of(flash, file);
    flash->handles[file].slot = FLASH_FREE;
    flash->slots[slot].opens--;
    flash_slot_release(flash, slot);
}

/* ---- bytes ------------------------------------------------------------ */

static enum sotto_err file_size(void *ctx, int file, uint64_t *len)
{
    const struct flash *flash = ctx;
    *len = flash->slots[slot_of(flash, file)].size;
    return SOTTO_OK;
}

static enum sotto_err file_read(void *ctx, int file, uint64_t at, uint8_t *out,
                                size_t len, size_t *got)
{
    const struct flash *flash = ctx;
    const uint8_t slot = slot_of(flash, file);
    const uint32_t size = flash->slots[slot].size;
    const uint32_t from = at < size ? (uint32_t)at : size;
    const size_t n = size - from < len ? size - from : len;
    enum sotto_err err = flash_chain_read(flash, slot, from, out, n);
    if (err == SOTTO_OK) {
        *got = n;
    }
    return err;
}

static enum sotto_err file_append(void *ctx, int file, const uint8_t *in,
                                  size_t len)
{
    struct flash *flash = ctx;
    const uint8_t slot = slot_of(flash, file);
    if (flash->handles[file].broken || flash->failed) {
        return break_file(flash, slot);
    }
    enum sotto_err err =
        len == 0 ? SOTTO_OK : flash_chain_append(flash, slot, in, len);
    return err == SOTTO_OK || err == SOTTO_ERR_FULL ? err
                                                    : break_file(flash, slot);
}

static enum sotto_err file_truncate(void *ctx, int file, uint64_t len)
{
    struct flash *flash = ctx;
    const uint8_t slot = slot_of(flash, file);
    if (flash->handles[file].broken || flash->failed) {
        return break_file(flash, slot);
    }
    if (len > flash->slots[slot].size) {
        return SOTTO_ERR_LIMIT;
    }
    return truncate(flash, slot, (uint32_t)len) == SOTTO_OK
               ? SOTTO_OK
               : break_file(flash, slot);
}

/* ---- starting requests ------------------------------------------------ */

/* `err` is OK, or what the request will end with. */
static void start(struct flash *flash, struct sotto_io *io, enum sotto_err err)
{
    *io = (struct sotto_io){.state = SOTTO_IO_PENDING, .err = err};
    struct sotto_io **last = &flash->requests;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = io;
}

static void file_sync(void *ctx, int file, struct sotto_io *io)
{
    struct flash *flash = ctx;
    struct flash_slot *slot = &flash->slots[slot_of(flash, file)];
    if (slot->sync != NULL) {
        SOTTO_PANIC("two syncs of one file");
    }
    slot->sync = io;
    start(flash, io, flash->handles[file].broken ? SOTTO_ERR_IO : SOTTO_OK);
}

static void file_replace(void *ctx, const char *from, const char *to,
                         struct sotto_io *io)
{
    struct flash *flash = ctx;
    if (!flash_is_name(from) || !flash_is_name(to)) {
        start(flash, io, SOTTO_ERR_FORMAT);
        return;
    }
    uint16_t at = 0;
    while (at < flash->config.replaces && flash->replaces[at].io != NULL) {
        at++;
    }
    if (at == flash->config.replaces) {
        start(flash, io, SOTTO_ERR_SPACE);
        return;
    }
    struct flash_replace *replace = &flash->replaces[at];
    replace->io = io;
    memcpy(replace->from, from, strlen(from) + 1);
    memcpy(replace->to, to, strlen(to) + 1);
    start(flash, io, SOTTO_OK);
}

/* ---- carrying them out ------------------------------------------------ */

/* What was appended is programmed already. Only after a failure is there
 * something to make sure of. */
static enum sotto_err make_durable(struct flash *flash, uint8_t slot)
{
    const struct flash_slot *file = &flash->slots[slot];
    enum sotto_err err = flash->failed ? SOTTO_ERR_IO : SOTTO_OK;
    if (err == SOTTO_OK && flash->list_unsure) {
        err = flash_list_renew(flash, FLASH_HOT);
    }
    if (err == SOTTO_OK && file->unsure) {
        err = flash_chain_cut(flash, slot, file->size, FLASH_HOT);
    }
    return err == SOTTO_OK ? flash_device_sync(flash) : err;
}

static enum sotto_err run_replace(struct flash *flash,
                                  const struct flash_replace *replace)
{
    const uint16_t from = flash_slot_find(flash, replace->from);
    const uint16_t to = flash_slot_find(flash, replace->to);
    if (from == flash->slot_count) {
        return SOTTO_ERR_NOT_FOUND;
    }
    enum sotto_err err = make_durable(flash, (uint8_t)from);
    if (err != SOTTO_OK || from == to) {
        return err;
    }
    struct flash_slot *file = &flash->slots[from];
    err = flash_list_put(flash, FLASH_SET, file->id, replace->to);
    if (err != SOTTO_OK) {
        return err;
    }
    memcpy(file->name, replace->to, sizeof file->name);
    if (to < flash->slot_count) {
        flash_slot_unlist(flash, to);
    }
    return flash_device_sync(flash);
}

static enum sotto_err run_sync(struct flash *flash, uint8_t slot,
                               enum sotto_err err)
{
    if (err == SOTTO_OK) {
        err = make_durable(flash, slot);
    }
    flash->slots[slot].sync = NULL;
    if (err != SOTTO_OK) {
        (void)break_file(flash, slot);
    }
    flash_slot_release(flash, slot);
    return err;
}

/* What the oldest request comes to; whose it is tells what it asks for. */
static enum sotto_err run(struct flash *flash, const struct sotto_io *io)
{
    for (uint16_t at = 0; at < flash->slot_count; at++) {
        if (flash->slots[at].sync == io) {
            return run_sync(flash, (uint8_t)at, io->err);
        }
    }
    for (uint16_t at = 0; at < flash->config.replaces; at++) {
        if (flash->replaces[at].io == io) {
            enum sotto_err err = run_replace(flash, &flash->replaces[at]);
            flash->replaces[at].io = NULL;
            return err;
        }
    }
    return io->err; /* refused when it was started */
}

static bool run_oldest(struct flash *flash)
{
    struct sotto_io *io = flash->requests;
    if (io == NULL) {
        return false;
    }
    io->err = run(flash, io);
    flash->requests = io->next;
    io->next = NULL;
    io->state = SOTTO_IO_DONE;
    return true;
}

bool flash_files_poll(struct flash *flash, bool *more)
{
    const bool done = run_oldest(flash);
    if (!done) {
        flash_wear_step(flash);
    }
    *more = flash->requests != NULL || flash_wear_wants(flash);
    return done;
}

/* ---- names ------------------------------------------------------------ */

static enum sotto_err file_remove(void *ctx, const char *name)
{
    struct flash *flash = ctx;
    if (!flash_is_name(name)) {
        return SOTTO_ERR_FORMAT;
    }
    const uint16_t slot = flash_slot_find(flash, name);
    if (slot == flash->slot_count) {
        return SOTTO_ERR_NOT_FOUND;
    }
    if (flash_list_put(flash, FLASH_DROP, flash->slots[slot].id, "") !=
        SOTTO_OK) {
        return SOTTO_ERR_IO;
    }
    flash_slot_unlist(flash, slot);
    return SOTTO_OK;
}

/* In the order of the slots, which a file keeps as long as it has a name. */
static enum sotto_err file_list(void *ctx, const char *prefix, size_t index,
                                char name[static SOTTO_FILE_NAME_MAX + 1])
{
    const struct flash *flash = ctx;
    for (uint16_t at = 0; at < flash->slot_count; at++) {
        const struct flash_slot *file = &flash->slots[at];
        if (!file->listed || strncmp(file->name, prefix, strlen(prefix)) != 0) {
            continue;
        }
        if (index-- == 0) {
            memcpy(name, file->name, sizeof file->name);
            return SOTTO_OK;
        }
    }
    return SOTTO_ERR_NOT_FOUND;
}

/* ---- the table -------------------------------------------------------- */

static bool is_power(uint32_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static bool is_possible(const struct flash_device *device,
                        const struct flash_config *config)
{
    return is_power(device->block_size) && device->block_size >= 512 &&
           device->block_size <= 1U << 20 && is_power(device->unit) &&
           device->unit <= FLASH_PAGE && FLASH_PAGE <= device->block_size &&
           device->blocks >= 4 &&
           device->blocks <= UINT32_MAX / device->block_size &&
           config->files >= 1 && config->files <= 200 && config->open >= 1 &&
           config->open <= 50 && config->replaces >= 1 &&
           config->replaces <= 50;
}

/* The whole list and one change fit a block. */
static bool list_fits(const struct flash *flash)
{
    return flash_record_size(flash, flash_list_len(flash->config.files)) +
               flash_record_size(flash, FLASH_ENTRY_LEN) <=
           flash_capacity(flash);
}

/* The parts of the memory one after the other; `flash` and the slots have the
 * strictest alignment and come first. */
static struct flash *lay_out(void *memory, const struct flash_device *device,
                             const struct flash_config *config)
{
    struct flash *flash = memory;
    memset(flash, 0, sizeof *flash);
    flash->device = device;
    flash->config = *config;
    flash->slot_count = (uint16_t)(config->files + config->open);
    flash->slots = (struct flash_slot *)(void *)(flash + 1);
    flash->replaces =
        (struct flash_replace *)(void *)(flash->slots + flash->slot_count);
    flash->blocks =
        (struct flash_block *)(void *)(flash->replaces + config->replaces);
    flash->handles =
        (struct flash_handle *)(void *)(flash->blocks + device->blocks);
    memset(flash->slots, 0, flash->slot_count * sizeof *flash->slots);
    memset(flash->replaces, 0, config->replaces * sizeof *flash->replaces);
    memset(flash->blocks, 0, device->blocks * sizeof *flash->blocks);
    for (uint16_t at = 0; at < config->open; at++) {
        flash->handles[at] = (struct flash_handle){.slot = FLASH_FREE};
    }
    return flash;
}

enum sotto_err flash_files_open(struct flash **flash, void *memory,
                                size_t memory_len,
                                const struct flash_device *device,
                                const struct flash_config *config,
                                struct sotto_files *files)
{
    if (!is_possible(device, config)) {
        return SOTTO_ERR_LIMIT;
    }
    if (memory_len < FLASH_MEMORY((size_t)device->blocks, (size_t)config->files,
                                  (size_t)config->open,
                                  (size_t)config->replaces)) {
        return SOTTO_ERR_SPACE;
    }
    struct flash *made = lay_out(memory, device, config);
    enum sotto_err err = list_fits(made) ? SOTTO_OK : SOTTO_ERR_LIMIT;
    if (err == SOTTO_OK) {
        err = flash_mount(made);
    }
    if (err != SOTTO_OK) {
        return err;
    }
    *files = (struct sotto_files){.ctx = made,
                                  .open = file_open,
                                  .close = file_close,
                                  .size = file_size,
                                  .read = file_read,
                                  .append = file_append,
                                  .truncate = file_truncate,
                                  .sync = file_sync,
                                  .replace = file_replace,
                                  .remove = file_remove,
                                  .list = file_list};
    *flash = made;
    return SOTTO_OK;
}

void flash_files_close(struct flash *flash)
{
    while (run_oldest(flash)) {
    }
}

void flash_files_space(const struct flash *flash, struct flash_space *space)
{
    *space = (struct flash_space){.free = flash->free,
                                  .block_bytes =
                                      flash_record_room(flash_capacity(flash))};
    for (uint16_t at = 0; at < flash->device->blocks; at++) {
        const struct flash_block *block = &flash->blocks[at];
        space->blocks += block->owner != FLASH_BAD ? 1 : 0;
        if (block->wear > space->wear_highest) {
            space->wear_highest = block->wear;
        }
    }
}

enum sotto_err flash_files_erase(const struct flash_device *device)
{
    enum sotto_err err = SOTTO_OK;
    for (uint16_t at = 0; at < device->blocks; at++) {
        if (device->erase(device->ctx, at) != SOTTO_OK) {
            err = SOTTO_ERR_IO;
        }
    }
    return err;
}
