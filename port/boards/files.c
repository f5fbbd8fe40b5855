/*
 * files.c - a board's files: port/flash over the device that the board has.
 *
 * Contract: port/lwip/below.h, files.
 */
#include "port/boards/drivers.h"
#include "port/boards/files_config.h"
#include "port/flash/flash.h"
#include "port/lwip/below.h"

struct storage {
    struct flash *flash; /* NULL: not open */
    _Alignas(
        8) uint8_t memory[FLASH_MEMORY(BOARD_STORAGE_BLOCKS, BOARD_FILES,
                                       BOARD_FILES_OPEN, BOARD_FILES_REPLACES)];
};

static struct storage *storage(void)
{
    static struct storage the_only_one;
    return &the_only_one;
}

enum sotto_err below_files_open(const char *folder, bool exclusive,
                                struct sotto_files *files, const char **why)
{
    static const struct flash_config config = {.files = BOARD_FILES,
                                               .open = BOARD_FILES_OPEN,
                                               .replaces =
                                                   BOARD_FILES_REPLACES};
    struct storage *made = storage();
    (void)folder;
    (void)exclusive; /* it always is */
    if (made->flash != NULL) {
        *why = "This machine has one folder, and it is open";
        return SOTTO_ERR_BUSY;
    }
    enum sotto_err err =
        flash_files_open(&made->flash, made->memory, sizeof made->memory,
                         storage_device(), &config, files);
    if (err != SOTTO_OK) {
        made->flash = NULL;
        *why = err == SOTTO_ERR_FORMAT
                   ? "The storage holds something else, or is damaged"
                   : "The storage cannot be used";
    }
    return err;
}

void below_files_close(struct sotto_files *files)
{
    (void)files;
    flash_files_close(storage()->flash);
    storage()->flash = NULL;
}

bool below_files_poll(bool *more)
{
    *more = false;
    return storage()->flash != NULL && flash_files_poll(storage()->flash, more);
}
