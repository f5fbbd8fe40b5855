/*
 * chain.c - one file: a chain of blocks (FORMAT.md 4).
 *
 * A block is appended to only in the mount that took it, and only as long as
 * all went well; what comes after a mount or a failure goes into a new block,
 * which takes the contents of the last one along. So nothing is programmed
 * twice, whatever a power cut left in the old one.
 */
#include "port/flash/state.h"

/* ---- finding and reading ---------------------------------------------- */

uint16_t flash_chain_find(const struct flash *flash, uint8_t slot, uint32_t at)
{
    uint16_t best = FLASH_NO_BLOCK;
    for (uint16_t i = 0; i < flash->device->blocks; i++) {
        const struct flash_block *block = &flash->blocks[i];
        if (block->owner == slot && block->start <= at &&
            (best == FLASH_NO_BLOCK ||
             block->start > flash->blocks[best].start)) {
            best = i;
        }
    }
    return best;
}

/* Where the block after the one that begins at `start` begins, or the end. */
static uint32_t next_start(const struct flash *flash, uint8_t slot,
                           uint32_t start)
{
    uint32_t next = flash->slots[slot].size;
    for (uint16_t i = 0; i < flash->device->blocks; i++) {
        const struct flash_block *block = &flash->blocks[i];
        if (block->owner == slot && block->start > start &&
            block->start < next) {
            next = block->start;
        }
    }
    return next;
}

enum sotto_err flash_chain_read(const struct flash *flash, uint8_t slot,
                                uint32_t at, uint8_t *out, size_t len)
{
    while (len > 0) {
        const uint16_t block = flash_chain_find(flash, slot, at);
        if (block == FLASH_NO_BLOCK) {
            return SOTTO_ERR_IO; /* the device lost the beginning */
        }
        const uint32_t start = flash->blocks[block].start;
        const uint32_t end = next_start(flash, slot, start);
        const size_t n = end - at < len ? end - at : len;
        enum sotto_err err = flash_data_read(flash, block, at - start, out, n);
        if (err != SOTTO_OK) {
            return err;
        }
        out += n;
        at += (uint32_t)n;
        len -= n;
    }
    return SOTTO_OK;
}

/* ---- copying ---------------------------------------------------------- */

/* One record with the first `len` bytes of another block's data. */
static enum sotto_err copy(struct flash *flash, uint16_t from, uint16_t to,
                           uint32_t seq, uint32_t len)
{
    uint8_t bytes[64];
    flash_record_begin(flash, to, flash_head_size(flash), seq, len);
    for (uint32_t at = 0; at < len;) {
        const size_t n = len - at < sizeof bytes ? len - at : sizeof bytes;
        enum sotto_err err = flash_data_read(flash, from, at, bytes, n);
        if (err != SOTTO_OK) {
            return err;
        }
        flash_record_put(flash, bytes, n);
        at += (uint32_t)n;
    }
    return flash_record_end(flash);
}

/* A block like `from`, with the first head->base bytes of it; not owned yet. */
static enum sotto_err make_copy(struct flash *flash, enum flash_heat heat,
                                uint16_t from, struct flash_head *head,
                                uint16_t *to)
{
    enum sotto_err err = flash_block_make(flash, heat, head, to);
    if (err != SOTTO_OK || head->base == 0) {
        return err;
    }
    err = copy(flash, from, *to, head->seq, head->base);
    if (err != SOTTO_OK) {
        flash_block_drop(flash, *to);
    }
    return err;
}

enum sotto_err flash_chain_move(struct flash *flash, uint8_t slot,
                                uint16_t block)
{
    const uint32_t start = flash->blocks[block].start;
    struct flash_head head = {.id = flash->slots[slot].id,
                              .seq = flash->blocks[block].seq,
                              .start = start,
                              .base = next_start(flash, slot, start) - start};
    uint16_t made = FLASH_NO_BLOCK;
    enum sotto_err err = make_copy(flash, FLASH_COLD, block, &head, &made);
    if (err == SOTTO_OK) {
        flash_block_own(flash, made, slot, &head);
        flash_block_free(flash, block);
    }
    return err;
}

/* ---- the last block --------------------------------------------------- */

static void set_tail(struct flash *flash, uint8_t slot, uint16_t block,
                     uint32_t base)
{
    struct flash_slot *file = &flash->slots[slot];
    file->tail = block;
    file->used = flash_head_size(flash) + flash_record_size(flash, base);
    file->writable = true;
}

enum sotto_err flash_chain_cut(struct flash *flash, uint8_t slot, uint32_t size,
                               enum flash_heat heat)
{
    struct flash_slot *file = &flash->slots[slot];
    const uint16_t from = flash_chain_find(flash, slot, size);
    if (from == FLASH_NO_BLOCK) { /* empty, nothing of it on the device */
        file->unsure = false;
        return file->size == size ? SOTTO_OK : SOTTO_ERR_IO;
    }
    const uint32_t start = flash->blocks[from].start;
    struct flash_head head = {.id = file->id,
                              .seq = flash_take_number(&flash->next_seq),
                              .start = start,
                              .base = size - start};
    uint16_t made = FLASH_NO_BLOCK;
    enum sotto_err err = make_copy(flash, heat, from, &head, &made);
    if (err != SOTTO_OK) {
        return err;
    }
    for (uint16_t i = 0; i < flash->device->blocks; i++) {
        if (flash->blocks[i].owner == slot && flash->blocks[i].start >= start) {
            flash_block_free(flash, i);
        }
    }
    flash_block_own(flash, made, slot, &head);
    set_tail(flash, slot, made, head.base);
    file->size = size;
    file->unsure = false;
    return SOTTO_OK;
}

void flash_chain_free(struct flash *flash, uint8_t slot)
{
    struct flash_slot *file = &flash->slots[slot];
    for (uint16_t i = 0; i < flash->device->blocks; i++) {
        if (flash->blocks[i].owner == slot) {
            flash_block_free(flash, i);
        }
    }
    file->tail = FLASH_NO_BLOCK;
    file->size = 0;
    file->used = 0;
    file->writable = false;
    file->unsure = false;
}

/* ---- appending -------------------------------------------------------- */

/* Whether the last block, which cannot be written to, has so little in it that
 * it is made anew rather than followed by another. */
static bool is_renewed(const struct flash *flash, const struct flash_slot *file)
{
    if (file->tail == FLASH_NO_BLOCK || file->writable) {
        return false;
    }
    const uint32_t base = file->size - flash->blocks[file->tail].start;
    return flash_record_size(flash, base) <= flash_capacity(flash) / 4 * 3;
}

/* Data that the last block takes once it can be written to. */
static uint32_t tail_room(const struct flash *flash,
                          const struct flash_slot *file)
{
    if (file->writable) {
        return flash_record_room(flash->device->block_size - file->used);
    }
    if (!is_renewed(flash, file) || file->unsure) {
        return 0; /* unsure: at least that */
    }
    const uint32_t base = file->size - flash->blocks[file->tail].start;
    return flash_record_room(flash_capacity(flash) -
                             flash_record_size(flash, base));
}

/* Blocks that `len` bytes need beside the last one. */
static uint32_t blocks_needed(const struct flash *flash,
                              const struct flash_slot *file, size_t len)
{
    const uint32_t room = tail_room(flash, file);
    const uint32_t each = flash_record_room(flash_capacity(flash));
    if (len <= room) {
        return 0;
    }
    const size_t blocks = (len - room - 1) / each + 1;
    return blocks < UINT16_MAX ? (uint32_t)blocks : UINT16_MAX;
}

static enum sotto_err add_block(struct flash *flash, uint8_t slot)
{
    struct flash_slot *file = &flash->slots[slot];
    struct flash_head head = {.id = file->id,
                              .seq = flash_take_number(&flash->next_seq),
                              .start = file->size};
    uint16_t made = FLASH_NO_BLOCK;
    enum sotto_err err = flash_block_make(flash, FLASH_HOT, &head, &made);
    if (err == SOTTO_OK) {
        flash_block_own(flash, made, slot, &head);
        set_tail(flash, slot, made, 0);
    }
    return err;
}

/* One record, of as much as the last block takes. */
static enum sotto_err add_record(struct flash *flash, uint8_t slot,
                                 const uint8_t *in, size_t len, size_t *put)
{
    struct flash_slot *file = &flash->slots[slot];
    const uint32_t room =
        flash_record_room(flash->device->block_size - file->used);
    const uint32_t n = len < room ? (uint32_t)len : room;
    flash_record_begin(flash, file->tail, file->used,
                       flash->blocks[file->tail].seq, n);
    flash_record_put(flash, in, n);
    enum sotto_err err = flash_record_end(flash);
    if (err == SOTTO_OK) {
        file->used += flash_record_size(flash, n);
        file->size += n;
        *put = n;
    }
    return err;
}

static enum sotto_err add_all(struct flash *flash, uint8_t slot,
                              const uint8_t *in, size_t len)
{
    const struct flash_slot *file = &flash->slots[slot];
    while (len > 0) {
        size_t put = 0;
        enum sotto_err err = SOTTO_OK;
        if (!file->writable ||
            flash_record_room(flash->device->block_size - file->used) == 0) {
            err = add_block(flash, slot);
        }
        if (err == SOTTO_OK) {
            err = add_record(flash, slot, in, len, &put);
        }
        if (err != SOTTO_OK) {
            return err;
        }
        in += put;
        len -= put;
    }
    return SOTTO_OK;
}

enum sotto_err flash_chain_append(struct flash *flash, uint8_t slot,
                                  const uint8_t *in, size_t len)
{
    struct flash_slot *file = &flash->slots[slot];
    const uint32_t size = file->size;
    const uint32_t blocks = blocks_needed(flash, file, len);
    if (len > UINT32_MAX - size ||
        (blocks > 0 && flash->free < blocks + FLASH_RESERVE)) {
        return SOTTO_ERR_FULL;
    }
    enum sotto_err err = SOTTO_OK;
    if (file->unsure || is_renewed(flash, file)) {
        err = flash_chain_cut(flash, slot, size, FLASH_HOT);
        if (err != SOTTO_OK) {
            return err; /* nothing has changed */
        }
    }
    err = add_all(flash, slot, in, len);
    if (err != SOTTO_OK) {
        file->size = size; /* further blocks go with the next cut */
        file->writable = false;
        file->unsure = true;
        return SOTTO_ERR_IO;
    }
    return SOTTO_OK;
}
