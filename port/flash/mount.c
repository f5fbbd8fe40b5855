/*
 * mount.c - opening: what the blocks say (FORMAT.md 7). Nothing is written, so
 * a cut while opening changes nothing, and opening twice finds the same.
 */
#include "port/flash/state.h"
#include <string.h>

#define WEAR_LOST UINT32_MAX /* for the time being */

/* ---- blocks ----------------------------------------------------------- */

/* The data in intact records from the block's beginning on. */
static enum sotto_err data_len(const struct flash *flash, uint16_t block,
                               uint32_t seq, uint32_t *len)
{
    uint32_t used = flash_head_size(flash);
    uint32_t sum = 0;
    for (;;) {
        uint32_t here = 0;
        enum sotto_err err = flash_record_check(flash, block, used, seq, &here);
        if (err == SOTTO_ERR_NOT_FOUND) {
            *len = sum;
            return SOTTO_OK;
        }
        if (err != SOTTO_OK) {
            return err;
        }
        sum += here;
        used += flash_record_size(flash, here);
    }
}

/* As flash_head_read(), and FORMAT too when what the block needs to count is
 * not there. */
static enum sotto_err read_whole(const struct flash *flash, uint16_t block,
                                 struct flash_head *head)
{
    uint32_t len = 0;
    enum sotto_err err = flash_head_read(flash, block, head);
    if (err != SOTTO_OK || head->base == 0) {
        return err;
    }
    err = flash_record_check(flash, block, flash_head_size(flash), head->seq,
                             &len);
    if (err == SOTTO_OK && len != head->base) {
        err = SOTTO_ERR_NOT_FOUND;
    }
    return err == SOTTO_ERR_NOT_FOUND ? SOTTO_ERR_FORMAT : err;
}

/* The first look at all heads: the wear, the highest number, the newest list.
 * FORMAT when blocks of ours are there and no list. */
static enum sotto_err look_at_heads(struct flash *flash)
{
    bool any = false;
    for (uint16_t at = 0; at < flash->device->blocks; at++) {
        struct flash_block *block = &flash->blocks[at];
        struct flash_head head;
        enum sotto_err err = flash_head_read(flash, at, &head);
        block->owner = FLASH_FREE;
        block->wear = WEAR_LOST;
        if (err == SOTTO_ERR_FORMAT) {
            continue;
        }
        if (err != SOTTO_OK) {
            return err == SOTTO_ERR_LIMIT ? SOTTO_ERR_FORMAT : err;
        }
        block->seq = head.seq;
        block->start = head.start;
        block->wear = head.wear;
        flash->next_seq =
            head.seq >= flash->next_seq ? head.seq + 1 : flash->next_seq;
        if (head.id != FLASH_DIRECTORY_ID) {
            any = true;
            continue;
        }
        err = read_whole(flash, at, &head);
        if (err == SOTTO_OK && (flash->list == FLASH_NO_BLOCK ||
                                head.seq > flash->blocks[flash->list].seq)) {
            flash->list = at;
        } else if (err != SOTTO_OK && err != SOTTO_ERR_FORMAT) {
            return err;
        }
    }
    return any && flash->list == FLASH_NO_BLOCK ? SOTTO_ERR_FORMAT : SOTTO_OK;
}

/* ---- the list --------------------------------------------------------- */

static uint16_t slot_of_id(const struct flash *flash, uint32_t id)
{
    uint16_t at = 0;
    while (at < flash->slot_count && flash->slots[at].id != id) {
        at++;
    }
    return at;
}

static void forget(struct flash *flash, uint16_t slot)
{
    if (slot < flash->slot_count) {
        flash->slots[slot].id = 0;
        flash->slots[slot].listed = false;
    }
}

static enum sotto_err apply(struct flash *flash,
                            const struct flash_entry *entry)
{
    if (entry->id >= flash->next_id) {
        flash->next_id = entry->id + (entry->change == FLASH_SET ? 1 : 0);
    }
    if (entry->change == FLASH_NEXT) {
        return SOTTO_OK;
    }
    forget(flash, slot_of_id(flash, entry->id));
    if (entry->change == FLASH_DROP) {
        return SOTTO_OK;
    }
    forget(flash, flash_slot_find(flash, entry->name));
    const uint16_t slot = flash_slot_unused(flash);
    if (slot >= flash->config.files) {
        return SOTTO_ERR_SPACE;
    }
    flash_slot_start(flash, slot, entry->id, entry->name);
    return SOTTO_OK;
}

static enum sotto_err replay(struct flash *flash)
{
    uint32_t len = 0;
    enum sotto_err err =
        data_len(flash, flash->list, flash->blocks[flash->list].seq, &len);
    for (uint32_t at = 0; err == SOTTO_OK && at + FLASH_ENTRY_LEN <= len;
         at += FLASH_ENTRY_LEN) {
        uint8_t bytes[FLASH_ENTRY_LEN];
        struct flash_entry entry;
        err = flash_data_read(flash, flash->list, at, bytes, sizeof bytes);
        if (err == SOTTO_OK) {
            err = flash_entry_decode(bytes, &entry) ? apply(flash, &entry)
                                                    : SOTTO_ERR_FORMAT;
        }
    }
    return err;
}

/* ---- files ------------------------------------------------------------ */

/* Where the last block of a file can begin: it is no longer than the device. */
static uint32_t last_start(const struct flash *flash)
{
    return (flash->device->blocks - 1U) * flash_capacity(flash);
}

/* The block's owner, when it is a whole block of a file with a name; whether it
 * still counts is seen later. */
static enum sotto_err collect(struct flash *flash, uint16_t block)
{
    struct flash_head head;
    enum sotto_err err = flash_head_read(flash, block, &head);
    if (err == SOTTO_OK) {
        const uint16_t slot = slot_of_id(flash, head.id);
        if (head.id == FLASH_DIRECTORY_ID || slot == flash->slot_count ||
            head.start > last_start(flash)) {
            return SOTTO_OK;
        }
        err = read_whole(flash, block, &head);
        if (err == SOTTO_OK) {
            flash->blocks[block].owner = (uint8_t)slot;
        }
    }
    return err == SOTTO_ERR_FORMAT ? SOTTO_OK : err;
}

static enum sotto_err collect_all(struct flash *flash)
{
    enum sotto_err err = SOTTO_OK;
    for (uint16_t at = 0; err == SOTTO_OK && at < flash->device->blocks; at++) {
        err = collect(flash, at);
    }
    return err;
}

/* Whether `other` makes `at` void: it was written later and begins no later. Of
 * a block and its copy the one that has more (erasing may have begun), or the
 * first. */
static enum sotto_err is_void(const struct flash *flash, uint16_t at,
                              uint16_t other, bool *yes)
{
    const struct flash_block *mine = &flash->blocks[at];
    const struct flash_block *its = &flash->blocks[other];
    *yes = false;
    if (at == other || mine->owner != its->owner || its->seq < mine->seq) {
        return SOTTO_OK;
    }
    if (its->seq > mine->seq) {
        *yes = its->start <= mine->start;
        return SOTTO_OK;
    }
    uint32_t my_len = 0;
    uint32_t its_len = 0;
    enum sotto_err err = data_len(flash, at, mine->seq, &my_len);
    if (err == SOTTO_OK) {
        err = data_len(flash, other, its->seq, &its_len);
    }
    *yes = its_len > my_len || (its_len == my_len && other < at);
    return err;
}

static enum sotto_err is_void_by_any(const struct flash *flash, uint16_t at,
                                     bool *yes)
{
    enum sotto_err err = SOTTO_OK;
    *yes = false;
    for (uint16_t other = 0;
         err == SOTTO_OK && !*yes && other < flash->device->blocks; other++) {
        err = is_void(flash, at, other, yes);
    }
    return err;
}

/* What is void because of a block that is void itself is void because of the
 * one that made that so; so they may go one by one. */
static enum sotto_err drop_void(struct flash *flash)
{
    for (uint16_t at = 0; at < flash->device->blocks; at++) {
        bool is = false;
        if (flash->blocks[at].owner >= flash->slot_count) {
            continue;
        }
        enum sotto_err err = is_void_by_any(flash, at, &is);
        if (err != SOTTO_OK) {
            return err;
        }
        if (is) {
            flash->blocks[at].owner = FLASH_FREE;
        }
    }
    return SOTTO_OK;
}

static enum sotto_err measure(struct flash *flash, uint16_t slot)
{
    struct flash_slot *file = &flash->slots[slot];
    file->tail = flash_chain_find(flash, (uint8_t)slot, UINT32_MAX);
    if (file->id == 0 || file->tail == FLASH_NO_BLOCK) {
        return SOTTO_OK;
    }
    const struct flash_block *tail = &flash->blocks[file->tail];
    uint32_t len = 0;
    enum sotto_err err = data_len(flash, file->tail, tail->seq, &len);
    file->size = tail->start + len;
    return err;
}

/* A block that was erased and got no head has lost its count. It was the least
 * worn of the free ones when it was taken, so it has hardly more erasures than
 * the least worn of them now; where none is known, than any block. */
static void count_free(struct flash *flash)
{
    uint32_t least = WEAR_LOST;
    uint32_t most = 0;
    for (uint16_t at = 0; at < flash->device->blocks; at++) {
        const struct flash_block *block = &flash->blocks[at];
        const bool is_free = block->owner == FLASH_FREE;
        flash->free = (uint16_t)(flash->free + (is_free ? 1 : 0));
        if (block->wear != WEAR_LOST && block->wear > most) {
            most = block->wear;
        }
        if (is_free && block->wear < least) {
            least = block->wear;
        }
    }
    for (uint16_t at = 0; at < flash->device->blocks; at++) {
        if (flash->blocks[at].wear == WEAR_LOST) {
            flash->blocks[at].wear = least != WEAR_LOST ? least : most;
        }
    }
}

enum sotto_err flash_mount(struct flash *flash)
{
    flash->next_seq = 1;
    flash->next_id = FLASH_DIRECTORY_ID + 1;
    flash->list = FLASH_NO_BLOCK;
    flash->ready = FLASH_NO_BLOCK;
    enum sotto_err err = look_at_heads(flash);
    if (err == SOTTO_OK && flash->list != FLASH_NO_BLOCK) {
        err = replay(flash);
    }
    if (err == SOTTO_OK) {
        err = collect_all(flash);
    }
    if (err == SOTTO_OK) {
        err = drop_void(flash);
    }
    for (uint16_t slot = 0; err == SOTTO_OK && slot < flash->slot_count;
         slot++) {
        err = measure(flash, slot);
    }
    if (err != SOTTO_OK) {
        return err;
    }
    if (flash->list != FLASH_NO_BLOCK) {
        flash->blocks[flash->list].owner = FLASH_LIST;
        flash->last = flash->list;
    }
    count_free(flash);
    return SOTTO_OK;
}
