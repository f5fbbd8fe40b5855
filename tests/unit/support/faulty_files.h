/*
 * faulty_files.h - a file table in memory that fails on demand.
 *
 * Keeps for every file what is there now and what would be there after a power
 * cut, as sotto/env.h promises it and not better: of what was appended or
 * truncated since the last sync a cut keeps as many bytes as the test says, the
 * last of them damaged if it wants; a file that was created, removed or
 * replaced without its sync may be there in its old or its new state.
 *
 *     faulty_files_init(&disk);
 *     disk.cut_at = 7;                    the 7th change finds no power
 *     ... use faulty_files_table(&disk) until disk.is_off ...
 *     faulty_files_power_on(&disk, &(struct faulty_cut){.keep = 12});
 *     ... open again ...
 *
 * Requests (sync, replace) stay pending until faulty_files_complete().
 */
#ifndef SOTTO_TESTS_FAULTY_FILES_H
#define SOTTO_TESTS_FAULTY_FILES_H

#include <sotto/env.h>
#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAULTY_FILES_MAX   32 /* contents, removed ones included */
#define FAULTY_HANDLES_MAX 8
#define FAULTY_STEPS_MAX   512 /* changes of one file without a sync */
#define FAULTY_PENDING_MAX 8

struct faulty_bytes {
    uint8_t *at; /* owned */
    size_t len;
    size_t cap;
};

/* One change since the last sync. */
struct faulty_step {
    bool is_truncate;
    size_t len; /* appended, or left */
};

struct faulty_content {
    struct faulty_bytes now;
    struct faulty_bytes durable;
    struct faulty_bytes appended; /* since the last sync */
    struct faulty_step steps[FAULTY_STEPS_MAX];
    size_t step_count;
    bool is_used;
    bool is_broken; /* after IO: refuses until opened again */
};

struct faulty_name {
    char text[SOTTO_FILE_NAME_MAX + 1];
    int now;     /* content, or -1 */
    int durable; /* content after a power cut, or -1 */
};

struct faulty_request {
    struct sotto_io *io;
    bool is_replace;
    int file;    /* sync: the content */
    int covered; /* ... and how many steps it covers */
    int from;    /* replace: names */
    int to;
};

struct faulty_files {
    struct faulty_content contents[FAULTY_FILES_MAX];
    struct faulty_name names[FAULTY_FILES_MAX];
    size_t name_count;
    int handles[FAULTY_HANDLES_MAX]; /* contents; -1 */
    struct faulty_request pending[FAULTY_PENDING_MAX];
    size_t pending_count;
    struct sotto_files table;

    /* For the test to read and set. */
    unsigned calls;          /* that may fail, so far */
    unsigned fail_at;        /* the nth of them fails ... (0: none) */
    enum sotto_err fail_err; /* ... with this: IO by default */
    unsigned changes;        /* of the disk, so far */
    unsigned cut_at;         /* the nth of them finds no power (0: none) */
    bool is_off;             /* the power went: everything answers IO */
    size_t capacity;         /* bytes of all files; FULL beyond; 0: no limit */
};

/* What a power cut leaves. */
struct faulty_cut {
    size_t keep;    /* bytes (a truncate counts as one) of what was not synced;
                       SIZE_MAX: all */
    size_t damaged; /* the last so many of those are not what was written */
    bool new_names; /* files created, removed or replaced without a sync are in
                       their new state */
};

void faulty_files_init(struct faulty_files *disk);
void faulty_files_free(struct faulty_files *disk);
/* Makes `to`, which is initialised, the same as `from`; nothing is open. */
void faulty_files_copy(struct faulty_files *to,
                       const struct faulty_files *from);
const struct sotto_files *faulty_files_table(struct faulty_files *disk);

/* Carries out the oldest request, or all of them. True when there was one. */
bool faulty_files_complete_one(struct faulty_files *disk);
bool faulty_files_complete(struct faulty_files *disk);

/* The most that any file has in bytes since its last sync. */
size_t faulty_files_unsynced(const struct faulty_files *disk);

/* Everything is closed and what the cut left is there; faults are off. */
void faulty_files_power_on(struct faulty_files *disk,
                           const struct faulty_cut *cut);

/* A file's present bytes, to look at and to change in place; NULL when there is
 * no such file. */
struct faulty_bytes *faulty_files_find(struct faulty_files *disk,
                                       const char *name);
/* Makes a file have exactly these bytes, durably. */
void faulty_files_put(struct faulty_files *disk, const char *name,
                      const void *in, size_t len);

#endif
