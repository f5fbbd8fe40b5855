/*
 * wear.c - taking, giving back and evening out blocks (FORMAT.md 6).
 */
#include "port/flash/state.h"

enum sotto_err flash_device_sync(const struct flash *flash)
{
    const struct flash_device *device = flash->device;
    if (device->sync == NULL) {
        return SOTTO_OK;
    }
    return device->sync(device->ctx) == SOTTO_OK ? SOTTO_OK : SOTTO_ERR_IO;
}

/* ---- one block -------------------------------------------------------- */

/* What is erased may be all that said so before: the bytes that replace it have
 * to be there first. */
static enum sotto_err erase(struct flash *flash, uint16_t block)
{
    const struct flash_device *device = flash->device;
    enum sotto_err err = flash_device_sync(flash);
    if (err != SOTTO_OK) {
        return err;
    }
    flash->blocks[block].wear++;
    return device->erase(device->ctx, block) == SOTTO_OK ? SOTTO_OK
                                                         : SOTTO_ERR_IO;
}

static void set_bad(struct flash *flash, uint16_t block)
{
    flash->blocks[block].owner = FLASH_BAD;
    flash->free--;
}

/* The free block with the least wear, or the most. Among equals the next after
 * the one that was taken last: nothing is worn by being first. */
static uint16_t pick(const struct flash *flash, enum flash_heat heat)
{
    const uint16_t count = flash->device->blocks;
    uint16_t best = FLASH_NO_BLOCK;
    for (uint16_t step = 1; step <= count; step++) {
        const uint16_t at = (uint16_t)((flash->last + step) % count);
        const struct flash_block *block = &flash->blocks[at];
        if (block->owner != FLASH_FREE) {
            continue;
        }
        if (best == FLASH_NO_BLOCK ||
            (heat == FLASH_HOT ? block->wear < flash->blocks[best].wear
                               : block->wear > flash->blocks[best].wear)) {
            best = at;
        }
    }
    return best;
}

/* A free block, erased. One that cannot be erased is not used again; there are
 * only so many, so this ends. */
static enum sotto_err take(struct flash *flash, enum flash_heat heat,
                           uint16_t *block)
{
    enum sotto_err none = SOTTO_ERR_FULL;
    for (;;) {
        uint16_t at = flash->ready;
        if (at == FLASH_NO_BLOCK || heat == FLASH_COLD) {
            at = pick(flash, heat);
        }
        if (at == FLASH_NO_BLOCK) {
            return none;
        }
        if (at == flash->ready) {
            flash->ready = FLASH_NO_BLOCK;
        } else if (erase(flash, at) != SOTTO_OK) {
            set_bad(flash, at);
            none = SOTTO_ERR_IO;
            continue;
        }
        flash->last = at;
        flash->taken = true;
        *block = at;
        return SOTTO_OK;
    }
}

enum sotto_err flash_block_make(struct flash *flash, enum flash_heat heat,
                                struct flash_head *head, uint16_t *block)
{
    uint16_t at = FLASH_NO_BLOCK;
    if (flash->failed || head->seq == FLASH_NUMBERS_END) {
        return SOTTO_ERR_IO;
    }
    enum sotto_err err = take(flash, heat, &at);
    if (err != SOTTO_OK) {
        return err;
    }
    flash->blocks[at].owner = FLASH_MAKING;
    flash->free--;
    head->wear = flash->blocks[at].wear;
    err = flash_head_write(flash, at, head);
    if (err != SOTTO_OK) {
        flash_block_drop(flash, at);
        return err;
    }
    *block = at;
    return SOTTO_OK;
}

void flash_block_own(struct flash *flash, uint16_t block, uint8_t owner,
                     const struct flash_head *head)
{
    flash->blocks[block].owner = owner;
    flash->blocks[block].seq = head->seq;
    flash->blocks[block].start = head->start;
}

void flash_block_free(struct flash *flash, uint16_t block)
{
    flash->blocks[block].owner = FLASH_FREE;
    flash->free++;
}

void flash_block_drop(struct flash *flash, uint16_t block)
{
    flash_block_free(flash, block);
    if (erase(flash, block) != SOTTO_OK) {
        /* It may be found at the next mount, and what is written from now on
         * would count for less than it. */
        set_bad(flash, block);
        flash->failed = true;
    }
}

/* ---- steps ------------------------------------------------------------ */

/* The coldest block that is worth a move, or NO_BLOCK. Blocks of files without
 * a name are left alone: they are gone when the file is closed. */
static uint16_t find_cold(const struct flash *flash)
{
    const uint16_t worn = pick(flash, FLASH_COLD);
    uint16_t cold = FLASH_NO_BLOCK;
    if (worn == FLASH_NO_BLOCK) {
        return FLASH_NO_BLOCK;
    }
    for (uint16_t at = 0; at < flash->device->blocks; at++) {
        const struct flash_block *block = &flash->blocks[at];
        const bool moves =
            block->owner == FLASH_LIST || (block->owner < flash->slot_count &&
                                           flash->slots[block->owner].listed);
        if (moves && (cold == FLASH_NO_BLOCK ||
                      block->wear < flash->blocks[cold].wear)) {
            cold = at;
        }
    }
    if (cold == FLASH_NO_BLOCK ||
        flash->blocks[worn].wear <= flash->blocks[cold].wear) {
        return FLASH_NO_BLOCK;
    }
    const uint32_t less = flash->blocks[worn].wear - flash->blocks[cold].wear;
    return less > FLASH_WEAR_SPREAD ? cold : FLASH_NO_BLOCK;
}

static enum sotto_err move(struct flash *flash, uint16_t block)
{
    const uint8_t owner = flash->blocks[block].owner;
    if (owner == FLASH_LIST) {
        return flash_list_renew(flash, FLASH_COLD);
    }
    if (flash->slots[owner].tail == block || flash->slots[owner].unsure) {
        return flash_chain_cut(flash, owner, flash->slots[owner].size,
                               FLASH_COLD);
    }
    return flash_chain_move(flash, owner, block);
}

static bool wants_ready(const struct flash *flash)
{
    return flash->taken && flash->ready == FLASH_NO_BLOCK && flash->free > 0;
}

bool flash_wear_wants(const struct flash *flash)
{
    return flash->taken && !flash->failed;
}

/* A block that was taken starts this: something is moved until wear is even,
 * then one block is erased ahead, and that is all until the next is taken. */
void flash_wear_step(struct flash *flash)
{
    if (!flash_wear_wants(flash)) {
        return;
    }
    const uint16_t cold = find_cold(flash);
    if (cold != FLASH_NO_BLOCK && move(flash, cold) == SOTTO_OK) {
        return;
    }
    if (wants_ready(flash)) {
        const uint16_t next = pick(flash, FLASH_HOT);
        if (erase(flash, next) != SOTTO_OK) {
            set_bad(flash, next);
            return;
        }
        flash->ready = next;
    }
    flash->taken = false;
}
