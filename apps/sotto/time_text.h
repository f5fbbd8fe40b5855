/*
 * time_text.h - a point in time as text: "2026-01-31T09:30:00Z" (RFC 3339,
 * seconds, UTC).
 */
#ifndef SOTTO_APP_TIME_TEXT_H
#define SOTTO_APP_TIME_TEXT_H

#include <sotto/err.h>
#include <stddef.h>
#include <stdint.h>

#define TIME_TEXT 21 /* 20 characters and a zero */

/* Writes a time in seconds since 1970; after the year 9999 its last second. */
void time_text(uint64_t wall_s, char out[static TIME_TEXT]);

/* The inverse: exactly this form, a date that exists, 1970 to 9999; FORMAT. */
enum sotto_err time_text_parse(const char *text, size_t len, uint64_t *wall_s)
    SOTTO_MUST_CHECK;

#endif
