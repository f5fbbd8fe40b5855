/*
 * faulty_content.h - the bytes of one file in faulty_files.h: what is there
 * now, what is on the device, and the changes in between.
 */
#ifndef SOTTO_TESTS_FAULTY_CONTENT_H
#define SOTTO_TESTS_FAULTY_CONTENT_H

#include "tests/unit/support/faulty_files.h"

void faulty_bytes_add(struct faulty_bytes *bytes, const void *in, size_t len);
void faulty_bytes_set(struct faulty_bytes *bytes,
                      const struct faulty_bytes *from);
void faulty_bytes_free(struct faulty_bytes *bytes);

/* One change was made. */
void faulty_content_note(struct faulty_content *content, bool is_truncate,
                         size_t len);

/* Carries out the first `count` changes on the durable bytes, `budget` bytes'
 * worth; gives how many appended bytes that took. */
size_t faulty_content_replay(struct faulty_content *content, size_t count,
                             size_t budget);

/* The first `count` changes are on the device. */
void faulty_content_settle(struct faulty_content *content, size_t count);

/* The bytes' worth of all changes. */
size_t faulty_content_unsynced(const struct faulty_content *content);

void faulty_content_free(struct faulty_content *content);

#endif
