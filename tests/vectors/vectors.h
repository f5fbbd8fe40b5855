/*
 * vectors.h - what the vector runners share: files and folders, JSON, hex, and
 * the count of what passed.
 *
 * A runner is one function for one file and a main() that hands it over:
 *
 *     static void run_file(struct vectors *v, const cJSON *root)
 *     {
 *         const cJSON *test;
 *
 *         cJSON_ArrayForEach(test, cJSON_GetObjectItem(root, "vectors"))
 *         {
 *             vectors_begin(v, "%s", vectors_text(v, test, "name"));
 *             struct vectors_bytes key = vectors_hex(v, test, "key");
 *             vectors_end(v, works(key));
 *         }
 *     }
 *     int main(int argc, char **argv)
 *     {
 *         return vectors_main(argc, argv, run_file);
 *     }
 *
 * Needs cJSON, stdio and the heap.
 */
#ifndef SOTTO_TESTS_VECTORS_H
#define SOTTO_TESTS_VECTORS_H

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vectors; /* one run of a runner */

/* `at` is never NULL, and stays valid until the file has been run. */
struct vectors_bytes {
    uint8_t *at;
    size_t len;
};

typedef void vectors_run_file(struct vectors *v, const cJSON *root);

/*
 * Runs every file that is named and every *.json in every folder that is named
 * (and in those below it), in alphabetical order; prints each failing vector,
 * what was skipped and why, and last the line "N passed, N failed". Returns
 * the exit code: 1 when a vector failed, else 2 when something could not be
 * read or nothing was named, else 0.
 */
int vectors_main(int argc, char **argv, vectors_run_file *run_file);

/* One vector: its name first, then, exactly once, whether it passed. A vector
 * with a value that could not be read counts as failed. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void vectors_begin(struct vectors *v, const char *format, ...);
void vectors_end(struct vectors *v, bool passed);

/* Adds a line about the vector that is being run, e.g. what differs. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void vectors_note(struct vectors *v, const char *format, ...);

/* `count` vectors of this file are not run; `why` is a constant text. Their
 * number is reported for each reason. */
void vectors_skip(struct vectors *v, size_t count, const char *why);

/* The file is JSON but not what it should be; the run goes on with the next
 * file, and its exit code is 2. */
void vectors_unreadable(struct vectors *v, const char *why);

/*
 * A field of an object: hex of any length, text, a number from 0 to 2^53. A
 * missing one is empty, "" or 0; one of another type, or with anything but
 * hex digits in pairs, is unreadable.
 */
struct vectors_bytes vectors_hex(struct vectors *v, const cJSON *object,
                                 const char *field);
const char *vectors_text(struct vectors *v, const cJSON *object,
                         const char *field);
uint64_t vectors_number(struct vectors *v, const cJSON *object,
                        const char *field);
bool vectors_has(const cJSON *object, const char *field);

/* The hex of a value itself, such as an item of a list; `what` is its name in
 * what is said about it. */
struct vectors_bytes vectors_hex_of(struct vectors *v, const cJSON *item,
                                    const char *what);

/* A buffer of `len` zeros, valid as long as a struct vectors_bytes. */
struct vectors_bytes vectors_buffer(struct vectors *v, size_t len);

/* True when the bytes are the same; otherwise notes both under `what`. */
bool vectors_same(struct vectors *v, const char *what, const uint8_t *got,
                  size_t got_len, struct vectors_bytes expected);

#endif
