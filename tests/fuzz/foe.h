/*
 * foe.h - what a server says that keeps no rules: frames of its choice, to be
 * sealed with the right key.
 */
#ifndef SOTTO_FUZZ_FOE_H
#define SOTTO_FUZZ_FOE_H

#include <stddef.h>
#include <stdint.h>

#define FOE_FRAMES_MAX 800

/* Each writes frames for one record, and gives their length: any bytes; a frame
 * of any type with any body; a message that can be read, as a rule. */
size_t foe_frames(uint8_t out[static FOE_FRAMES_MAX]);
size_t foe_any_frame(uint8_t out[static FOE_FRAMES_MAX]);
size_t foe_message(uint8_t out[static FOE_FRAMES_MAX]);

/* A number of an entry near those that there are, or one at the end of all. */
uint64_t foe_number(void);

#endif
