/*
 * memory_files.h - a file table in memory whose calls can be made to fail.
 *
 * Requests complete when the test says so, as in a loop.
 */
#ifndef SOTTO_TESTS_APPS_MEMORY_FILES_H
#define SOTTO_TESTS_APPS_MEMORY_FILES_H

#include <sotto/env.h>

#define MEMORY_FILES     4
#define MEMORY_FILE_SIZE 8192

struct memory_file {
    char name[SOTTO_FILE_NAME_MAX + 1]; /* empty: not there */
    uint8_t bytes[MEMORY_FILE_SIZE];
    size_t len;
};

struct memory_files {
    struct memory_file files[MEMORY_FILES];
    int open_count;
    int calls;              /* that can fail, so far */
    int fail_at;            /* the nth such call fails; 0: none */
    enum sotto_err fail_as; /* with this */
    /* A pending replace. */
    struct sotto_io *io;
    char from[SOTTO_FILE_NAME_MAX + 1];
    char to[SOTTO_FILE_NAME_MAX + 1];
};

/* Starts empty; the table refers to `memory`. */
struct sotto_files memory_files_init(struct memory_files *memory);

/* Makes a file with this text. */
void memory_files_put(struct memory_files *memory, const char *name,
                      const char *text);
/* Its bytes, terminated; NULL when it is not there. */
const char *memory_files_get(struct memory_files *memory, const char *name);

/* Lets the pending request complete. */
void memory_files_run(struct memory_files *memory);

#endif
