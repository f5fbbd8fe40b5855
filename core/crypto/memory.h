/*
 * memory.h - memory for what takes some while it works: P-256 and X.509. Boards
 * only, and only those that do either; without it they have libc's.
 */
#ifndef SOTTO_CRYPTO_MEMORY_H
#define SOTTO_CRYPTO_MEMORY_H

#include <stddef.h>

/* From now on all that is taken comes from here; a call that finds too little
 * fails as one whose input is bad. `memory` is aligned as by malloc, and borrowed
 * for good. */
void sotto_crypto_lend_memory(void *memory, size_t len);

#endif
