/*
 * told.h - what a server has told somebody on one connection: it can be read, and
 * comes in its turn and once.
 */
#ifndef SOTTO_FUZZ_TOLD_H
#define SOTTO_FUZZ_TOLD_H

#include "core/channel/frame.h"
#include <stdbool.h>
#include <stdint.h>

struct told { /* zeros at first */
    bool is_welcome;
    bool is_in; /* the room */
    bool is_caught_up;
    uint64_t heard; /* the last entry's number */
};

/* Takes the next frame into account. */
void told_check(struct told *told, const struct sotto_frame *frame);

#endif
