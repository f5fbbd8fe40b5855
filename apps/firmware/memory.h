/*
 * memory.h - the arena that system_memory() gives out. A board runs one role
 * from its start to a reset, so the roles lie over each other in it, and the
 * menu's questions are gone when the server begins.
 */
#ifndef SOTTO_APPS_FIRMWARE_MEMORY_H
#define SOTTO_APPS_FIRMWARE_MEMORY_H

#include <stddef.h>

/* Takes back all that was given out, and fills it with zeros. */
void memory_begin_again(void);

/* The most bytes that were ever given out at a time. */
size_t memory_high(void);

#endif
