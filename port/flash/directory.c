/*
 * directory.c - the names (FORMAT.md 5): one block, with the whole list as its
 * first record and each change as one more. A full block, or one of an earlier
 * mount, is followed by a new one; the newest whole one counts.
 */
#include "port/flash/state.h"
#include <string.h>

/* ---- slots ------------------------------------------------------------ */

uint16_t flash_slot_find(const struct flash *flash, const char *name)
{
    uint16_t at = 0;
    while (at < flash->slot_count &&
           !(flash->slots[at].listed &&
             strcmp(flash->slots[at].name, name) == 0)) {
        at++;
    }
    return at;
}

uint16_t flash_slot_unused(const struct flash *flash)
{
    uint16_t at = 0;
    while (at < flash->slot_count && flash->slots[at].id != 0) {
        at++;
    }
    return at;
}

uint16_t flash_slot_count(const struct flash *flash)
{
    uint16_t count = 0;
    for (uint16_t at = 0; at < flash->slot_count; at++) {
        count = (uint16_t)(count + (flash->slots[at].listed ? 1 : 0));
    }
    return count;
}

void flash_slot_start(struct flash *flash, uint16_t slot, uint32_t id,
                      const char *name)
{
    flash->slots[slot] =
        (struct flash_slot){.id = id, .tail = FLASH_NO_BLOCK, .listed = true};
    memcpy(flash->slots[slot].name, name, strlen(name) + 1);
}

void flash_slot_release(struct flash *flash, uint16_t slot)
{
    struct flash_slot *file = &flash->slots[slot];
    if (!file->listed && file->opens == 0 && file->sync == NULL) {
        flash_chain_free(flash, (uint8_t)slot);
        file->id = 0;
    }
}

void flash_slot_unlist(struct flash *flash, uint16_t slot)
{
    flash->slots[slot].listed = false;
    flash_slot_release(flash, slot);
}

/* ---- entries ---------------------------------------------------------- */

static void encode(uint8_t out[static FLASH_ENTRY_LEN],
                   enum flash_change change, uint32_t id, const char *name)
{
    memset(out, 0, FLASH_ENTRY_LEN);
    out[0] = (uint8_t)change;
    flash_put32(out + 4, id);
    memcpy(out + 8, name, strlen(name) + 1); /* 32 at most */
}

bool flash_is_name(const char *name)
{
    const size_t len = strlen(name);
    return len > 0 && len <= SOTTO_FILE_NAME_MAX && name[0] != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

bool flash_entry_decode(const uint8_t in[static FLASH_ENTRY_LEN],
                        struct flash_entry *entry)
{
    if (in[0] < FLASH_NEXT || in[0] > FLASH_DROP ||
        in[FLASH_ENTRY_LEN - 1] != 0) {
        return false;
    }
    entry->change = in[0];
    entry->id = flash_get32(in + 4);
    memcpy(entry->name, in + 8, sizeof entry->name);
    return entry->change != FLASH_SET ||
           (entry->id != FLASH_DIRECTORY_ID && entry->id < FLASH_NUMBERS_END &&
            flash_is_name(entry->name));
}

/* ---- writing ---------------------------------------------------------- */

uint32_t flash_list_len(uint32_t names)
{
    return (names + 1) * FLASH_ENTRY_LEN;
}

static enum sotto_err write_list(struct flash *flash, uint16_t block,
                                 const struct flash_head *head)
{
    uint8_t bytes[FLASH_ENTRY_LEN];
    flash_record_begin(flash, block, flash_head_size(flash), head->seq,
                       head->base);
    encode(bytes, FLASH_NEXT, flash->next_id, "");
    flash_record_put(flash, bytes, sizeof bytes);
    for (uint16_t at = 0; at < flash->slot_count; at++) {
        const struct flash_slot *file = &flash->slots[at];
        if (file->listed) {
            encode(bytes, FLASH_SET, file->id, file->name);
            flash_record_put(flash, bytes, sizeof bytes);
        }
    }
    return flash_record_end(flash);
}

enum sotto_err flash_list_renew(struct flash *flash, enum flash_heat heat)
{
    struct flash_head head = {.id = FLASH_DIRECTORY_ID,
                              .seq = flash_take_number(&flash->next_seq),
                              .base = flash_list_len(flash_slot_count(flash))};
    uint16_t made = FLASH_NO_BLOCK;
    enum sotto_err err = flash_block_make(flash, heat, &head, &made);
    if (err != SOTTO_OK) {
        return err;
    }
    err = write_list(flash, made, &head);
    if (err != SOTTO_OK) {
        flash_block_drop(flash, made);
        return err;
    }
    if (flash->list != FLASH_NO_BLOCK) {
        flash_block_free(flash, flash->list);
    }
    flash_block_own(flash, made, FLASH_LIST, &head);
    flash->list = made;
    flash->list_used =
        flash_head_size(flash) + flash_record_size(flash, head.base);
    flash->list_fresh = true;
    flash->list_unsure = false;
    return SOTTO_OK;
}

enum sotto_err flash_list_put(struct flash *flash, enum flash_change change,
                              uint32_t id, const char *name)
{
    uint8_t bytes[FLASH_ENTRY_LEN];
    if (flash->failed) {
        return SOTTO_ERR_IO;
    }
    if (!flash->list_fresh ||
        flash_record_room(flash->device->block_size - flash->list_used) <
            FLASH_ENTRY_LEN) {
        enum sotto_err err = flash_list_renew(flash, FLASH_HOT);
        if (err != SOTTO_OK) {
            return err;
        }
    }
    encode(bytes, change, id, name);
    flash_record_begin(flash, flash->list, flash->list_used,
                       flash->blocks[flash->list].seq, sizeof bytes);
    flash_record_put(flash, bytes, sizeof bytes);
    enum sotto_err err = flash_record_end(flash);
    if (err != SOTTO_OK) {
        flash->list_fresh = false;
        flash->list_unsure = true;
        return err;
    }
    flash->list_used += flash_record_size(flash, sizeof bytes);
    return SOTTO_OK;
}
