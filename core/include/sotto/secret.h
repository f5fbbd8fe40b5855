/*
 * secret.h - the only functions that erase and compare secrets.
 */
#ifndef SOTTO_SECRET_H
#define SOTTO_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Sets `len` bytes to zero in a way the compiler may not leave out. */
void sotto_wipe(void *mem, size_t len);

/*
 * Erases what calls that have returned left behind on this thread's stack, as far
 * down as the deepest of the cryptographic library goes: compilers put parts of
 * keys there, and so does the library. For whoever ends the life of a key.
 */
void sotto_wipe_stack(void);

/* True when the two spans of `len` bytes are the same; the time taken depends
 * on `len` only. */
bool sotto_equal(const void *a, const void *b, size_t len);

#endif
