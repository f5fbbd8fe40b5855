/*
 * below_files.c - port/lwip on a host with its files on flash, for the contract
 * suite: what a board does with port/flash, over a device in memory that keeps
 * its contents as long as the program runs.
 */
#include "port/flash/flash.h"
#include "port/lwip/below.h"
#include "tests/port/flash/nor.h"

#define BLOCKS   256
#define FILES    16
#define OPEN     12
#define REPLACES 4

/* The one region, as on a board. */
static struct {
    struct nor nor;
    bool made;
    struct flash *flash; /* NULL: not open */
    _Alignas(max_align_t)
        uint8_t memory[FLASH_MEMORY(BLOCKS, FILES, OPEN, REPLACES)];
} region;

enum sotto_err below_files_open(const char *folder, bool exclusive,
                                struct sotto_files *files, const char **why)
{
    static const struct flash_config config = {.files = FILES,
                                               .open = OPEN,
                                               .replaces = REPLACES};
    (void)folder;
    (void)exclusive;
    if (region.flash != NULL) {
        *why = "The files are open already";
        return SOTTO_ERR_BUSY;
    }
    if (!region.made) {
        nor_make(&region.nor, 4096, BLOCKS, 8, 1);
        region.made = true;
    }
    enum sotto_err err =
        flash_files_open(&region.flash, region.memory, sizeof region.memory,
                         &region.nor.device, &config, files);
    if (err != SOTTO_OK) {
        region.flash = NULL;
        *why = "The flash cannot be used";
    }
    return err;
}

void below_files_close(struct sotto_files *files)
{
    (void)files;
    flash_files_close(region.flash);
    region.flash = NULL;
}

bool below_files_poll(bool *more)
{
    *more = false;
    return region.flash != NULL && flash_files_poll(region.flash, more);
}

enum sotto_err below_read_file(const char *path, uint8_t *out, size_t cap,
                               size_t *len, const char **why)
{
    (void)path;
    (void)out;
    (void)cap;
    (void)len;
    *why = "There are no named files here";
    return SOTTO_ERR_UNSUPPORTED;
}
