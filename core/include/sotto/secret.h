/*
 * secret.h - the only two functions that erase and compare secrets.
 */
#ifndef SOTTO_SECRET_H
#define SOTTO_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Sets `len` bytes to zero in a way the compiler may not leave out. */
void sotto_wipe(void *mem, size_t len);

/* True when the two spans of `len` bytes are the same; the time taken depends
 * on `len` only. */
bool sotto_equal(const void *a, const void *b, size_t len);

#endif
