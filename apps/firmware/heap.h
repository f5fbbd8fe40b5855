/*
 * heap.h - calloc() and free() for firmware that looks at certificates: mbedTLS
 * takes memory while it does, and gives all of it back.
 *
 * First fit in one piece of memory. Without it there is none to be had, and what
 * asks for it fails. Linked only with FIRMWARE_CA, in place of libc's heap.
 */
#ifndef SOTTO_APPS_FIRMWARE_HEAP_H
#define SOTTO_APPS_FIRMWARE_HEAP_H

#include <stddef.h>

/* The memory to give out from now on: `len` is a multiple of 8, `memory` is
 * aligned to as much. Borrowed for good. */
void heap_begin(void *memory, size_t len);

#endif
