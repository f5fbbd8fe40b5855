/*
 * system.h - the little that the program wants of its surroundings beside
 * port.h: memory at the start, a place for words, the local time, settings.
 *
 * system_host.c has it from the C library. On a board apps/firmware has it from
 * a fixed arena and the UART, so that neither malloc nor stdio is linked.
 */
#ifndef SOTTO_APP_SYSTEM_H
#define SOTTO_APP_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed memory, aligned for everything; NULL when there is none. Taken at the
 * start of a role. */
void *system_memory(size_t size);
/* Gives it back (NULL is nothing); on a board it stays taken. */
void system_memory_free(void *memory);

/* Writes to the person who started the program: standard error, or the UART.
 * Waits until it is written. */
void system_say(const char *text, size_t len);

/* Several strings, the last argument is NULL: one after the other to
 * system_say(). */
void say(const char *text, ...);

/* A number for say(); valid until the next call with the same `at`. */
#define SAY_NUMBER 21
const char *say_number(uint64_t number, char at[static SAY_NUMBER]);

/* Seconds since 1970, or SOTTO_TIME_UNKNOWN. */
uint64_t system_wall_s(void);

/* "09:30" of a wall time, where the person is; false when this is not known. */
#define SYSTEM_CLOCK_TEXT 6
bool system_clock_text(uint64_t wall_s, char out[static SYSTEM_CLOCK_TEXT]);

/* A variable of the environment, or NULL. */
const char *system_variable(const char *name);

#endif
