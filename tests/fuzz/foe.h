/*
 * foe.h - what a server says that keeps no rules: frames of its choice, to be
 * sealed with the right key.
 */
#ifndef SOTTO_FUZZ_FOE_H
#define SOTTO_FUZZ_FOE_H

#include <stddef.h>
#include <stdint.h>

#define FOE_FRAMES_MAX 800

/* Writes frames for one record, and gives their length: for 1 any bytes; for 2 a
 * frame of any type with any body; else a message that can be read, as a rule. */
size_t foe_frames(unsigned how, uint8_t out[static FOE_FRAMES_MAX]);

/* A number of an entry near those that there are, or one at the end of all. */
uint64_t foe_number(void);

#endif
