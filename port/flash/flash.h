/*
 * flash.h - the file table of sotto/env.h over a block device: the storage of
 * a board, and of the tests on a host.
 *
 * What is appended is programmed before append() returns, so a power cut takes
 * at most what was being programmed; what was truncated, replaced or removed
 * is so from the moment the call (or the request) is done. A cut at any program
 * or erase leaves every file as it was before or as it is after, an append
 * that was cut as a prefix of it. Opening reads and never writes. The bytes,
 * and why this holds: FORMAT.md.
 *
 * No heap: the memory is the caller's. One thread, the one that runs the loop;
 * nothing here is called from interrupts.
 */
#ifndef SOTTO_PORT_FLASH_FLASH_H
#define SOTTO_PORT_FLASH_FLASH_H

#include <sotto/env.h>
#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest program unit, and the size of the aligned stretches in which
 * bytes are programmed: a power of two. Costs as much RAM. */
#ifndef FLASH_PAGE
#    define FLASH_PAGE 256
#endif

/* Cold blocks are moved when they are erased this many times less often than
 * the most worn free one. Smaller: more even wear, more copying. */
#ifndef FLASH_WEAR_SPREAD
#    define FLASH_WEAR_SPREAD 64
#endif

/* Blocks that appends leave free: one is needed to move a block's contents, the
 * other stands in for one that fails. */
#define FLASH_RESERVE 2

/*
 * The device: a row of blocks that are erased whole. Addresses are bytes from
 * its start. Each call waits until it is done and answers OK or IO; they take
 * effect in the order in which they are made.
 */
struct flash_device {
    void *ctx;

    uint32_t block_size; /* a power of two, 512 to 1 MiB */
    uint16_t blocks;     /* 4 or more; the device is below 4 GiB */
    uint16_t unit;       /* what is programmed at once, and only once between
                            two erasures: a power of two, 1 to FLASH_PAGE */

    /* Any address, any length. */
    enum sotto_err (*read)(void *ctx, uint32_t at, uint8_t *out, size_t len);

    /* Programs whole units, inside one stretch of FLASH_PAGE bytes (counted
     * from address 0), none of which was programmed since it was erased. */
    enum sotto_err (*program)(void *ctx, uint32_t at, const uint8_t *in,
                              size_t len);

    /* Makes every byte of a block 0xff. */
    enum sotto_err (*erase)(void *ctx, uint16_t block);

    /* What was programmed before survives a power cut. NULL where that is so
     * when program() returns. */
    enum sotto_err (*sync)(void *ctx);
};

/* The capacities. */
struct flash_config {
    uint16_t files;    /* names, 1 to 200 */
    uint16_t open;     /* numbers at one time, 1 to 50 */
    uint16_t replaces; /* requests to replace at one time, 1 to 50 */
};

struct flash; /* in the caller's memory */

/* Bytes of memory that are enough on every machine: 16 a block, and for each
 * name and each open file about 100. For an array of a board:
 *     static _Alignas(max_align_t) uint8_t memory[FLASH_MEMORY(256, 8, 6, 2)];
 */
#define FLASH_MEMORY(blocks, files, open, replaces)                            \
    (FLASH_PAGE + 320U + 16U * (blocks) + 80U * ((files) + (open)) +           \
     8U * (open) + 80U * (replaces))

/*
 * Finds the files of a device, in `memory` (aligned as by malloc; borrowed
 * until flash_files_close(), like the device) and fills the table. An erased
 * device, or one with nothing of ours on it, has no files. LIMIT: geometry or
 * capacities are out of the bounds above, or the names do not fit a block
 * (one name takes 40 bytes of it). SPACE: `memory_len` is below FLASH_MEMORY(),
 * or there are more files than `config` has names. FORMAT: it was written with
 * another geometry or version, or the list of names is lost;
 * flash_files_erase() makes it usable. IO.
 */
enum sotto_err flash_files_open(struct flash **flash, void *memory,
                                size_t memory_len,
                                const struct flash_device *device,
                                const struct flash_config *config,
                                struct sotto_files *files) SOTTO_MUST_CHECK;

/* Finishes pending requests, which become DONE in it. */
void flash_files_close(struct flash *flash);

/*
 * For the loop: carries out the oldest request; or, when there is none, one
 * step of what keeps later calls short and wear even: at most one erased block
 * and one block copied. True when a request became DONE. `*more` says whether
 * another step could be taken at once.
 */
bool flash_files_poll(struct flash *flash, bool *more);

/* For people: what is there. */
struct flash_space {
    uint32_t blocks;       /* usable ones */
    uint32_t free;         /* of them; FLASH_RESERVE stay so */
    uint32_t block_bytes;  /* of a file that fit one block, about */
    uint32_t wear_highest; /* erasures of the most worn block, as known */
};
void flash_files_space(const struct flash *flash, struct flash_space *space);

/* Erases every block: everything is gone. IO when one could not be. */
enum sotto_err flash_files_erase(const struct flash_device *device)
    SOTTO_MUST_CHECK;

#endif
