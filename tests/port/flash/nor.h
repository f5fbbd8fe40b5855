/*
 * nor.h - a block device in memory that is as unkind as flash may be.
 *
 * It checks how it is used: whole units, inside a page, none programmed twice
 * without an erase (an operation that a power cut stopped counts as done). It
 * can lose power in any operation and leave any mix of old and new there, and
 * it can fail and go on. It counts operations and wear.
 */
#ifndef SOTTO_TESTS_PORT_FLASH_NOR_H
#define SOTTO_TESTS_PORT_FLASH_NOR_H

#include "port/flash/flash.h"

/* What an operation that was cut leaves behind. */
enum nor_tear {
    NOR_NOTHING, /* all as it was */
    NOR_ALL,     /* the operation was done, only its caller never knew */
    NOR_PART,    /* done up to some byte */
    NOR_REST,    /* done from some byte on */
    NOR_BITS,    /* each bit old or new */
    NOR_NOISE,   /* programming: as BITS; erasing: any bits */
    NOR_TEARS    /* how many there are */
};

struct nor {
    struct flash_device device; /* give this to port/flash */
    uint8_t *bytes;
    bool *programmed;    /* each unit */
    uint32_t *erasures;  /* each block */
    uint64_t operations; /* programs and erases so far */
    uint64_t cut_at;     /* the operation in which power goes, or 0 */
    enum nor_tear tear;
    uint64_t random;  /* state of what is left to chance */
    bool off;         /* power is gone: all calls fail */
    unsigned failing; /* of 1,000 operations so many fail, torn */
    bool read_fails;
    uint16_t bad_block; /* cannot be erased; UINT16_MAX: none */
};

/* From the heap of the test; erased, or with noise on it. */
void nor_make(struct nor *nor, uint32_t block_size, uint16_t blocks,
              uint16_t unit, uint64_t seed);
void nor_free(struct nor *nor);

/* Power comes back; no further cut is planned. */
void nor_power_up(struct nor *nor);

/* Chance, by seed: the next number below `end`. */
uint32_t nor_chance(uint64_t *random, uint32_t end);

#endif
