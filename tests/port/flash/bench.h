/*
 * bench.h - the files on a flash, beside a naive model of them.
 *
 * A step is one call of env.h that changes something. It is made on both, and
 * must have the same outcome. When power goes in a step, what is found
 * afterwards must be the files before the step or after it, an append may also
 * have left a part: that is more than env.h asks, and all that flash.h says.
 */
#ifndef SOTTO_TESTS_PORT_FLASH_BENCH_H
#define SOTTO_TESTS_PORT_FLASH_BENCH_H

#include "tests/port/flash/nor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define BENCH_NAMES    6
#define BENCH_FILE_MAX 24576 /* bytes of one file */
#define BENCH_MEMORY   FLASH_MEMORY(256, BENCH_NAMES, BENCH_NAMES, 2)

enum bench_kind {
    BENCH_CREATE,   /* with TRUNCATE when there is an amount */
    BENCH_APPEND,   /* amount bytes */
    BENCH_TRUNCATE, /* by amount bytes, or to nothing */
    BENCH_SYNC,
    BENCH_REPLACE, /* `other` by `name` */
    BENCH_REMOVE,
    BENCH_POLL,  /* amount turns of the loop */
    BENCH_REOPEN /* the table, as after a restart */
};

struct bench_step {
    enum bench_kind kind;
    uint8_t name;  /* index of a name */
    uint8_t other; /* the same */
    uint32_t amount;
};

struct bench_file {
    bool exists;
    size_t len;
    uint8_t bytes[BENCH_FILE_MAX];
};

struct bench {
    struct nor nor;
    struct flash *flash;
    struct sotto_files files;
    int numbers[BENCH_NAMES]; /* open files; -1 */
    struct bench_file model[BENCH_NAMES];
    struct bench_file next[2]; /* of `name`, `other` after the step */
    uint64_t random;           /* what is appended */
    uint64_t fulls;            /* steps that ended so */
    _Alignas(max_align_t) uint8_t memory[BENCH_MEMORY];
};

void bench_make(struct bench *bench, uint32_t block_size, uint16_t blocks,
                uint16_t unit, uint64_t seed);
void bench_free(struct bench *bench);

/* Whether the step can be made: files it needs are there, and fit the model. */
bool bench_can(const struct bench *bench, const struct bench_step *step);

/* Makes the step: OK, FULL (nothing changed), or IO. After IO without a cut
 * everything is as before, once what is open was closed. */
enum sotto_err bench_make_step(struct bench *bench,
                               const struct bench_step *step);

/* After a cut in this step (NULL: between steps): power comes back, the table
 * is opened, the files are compared, the model takes what was found. True when
 * the step is to be made again. */
bool bench_recover(struct bench *bench, const struct bench_step *step);

/* Everything that can be read is as the model says. */
void bench_check(const struct bench *bench);

/* Closes everything and syncs all files; the first error. NOT_FOUND when there
 * is none. */
enum sotto_err bench_sync_all(struct bench *bench);

/* Closes everything and opens the table again. */
void bench_reopen(struct bench *bench);

/* Turns the loop until nothing is left to do. */
void bench_settle(struct bench *bench);

const char *bench_name(size_t index);

/* The groups; each gives the number of its tests that failed. */
int flash_cuts(void);
int flash_histories(void);
int flash_limits(void);

#endif
