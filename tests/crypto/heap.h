/*
 * heap.h - the heap that libcrypto is given: it counts, can be used up, and can
 * be searched. One thread at a time uses it.
 */
#ifndef SOTTO_TESTS_CRYPTO_HEAP_H
#define SOTTO_TESTS_CRYPTO_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* Comes in between, once for all, before libcrypto allocates anything. */
void heap_install(void);

/* How many allocations succeed from now on; below 0: all. */
void heap_allow(int count);

/* Allocations so far, failed ones too; and blocks that are not free. */
size_t heap_calls(void);
size_t heap_blocks(void);

/* Do these bytes stand in a block that is not free? */
bool heap_has(const void *bytes, size_t len);

#endif
