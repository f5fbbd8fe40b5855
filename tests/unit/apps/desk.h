/*
 * desk.h - somebody at a terminal with the line editor: random keys, sizes,
 * messages and delays. After each step the editor must be in order, and whenever
 * all was given out the terminal must show exactly what a naive drawing of prompt
 * and line shows.
 */
#ifndef SOTTO_TESTS_APPS_DESK_H
#define SOTTO_TESTS_APPS_DESK_H

#include "tests/unit/apps/seat.h"

struct desk {
    struct seat seat;
    struct terminal expected; /* the naive drawing */
    char taken[8192];         /* bytes on their way to the terminal */
    size_t taken_len;
    char message[32]; /* what was last printed above the line, or empty */
    uint32_t (*draw)(void *ctx, uint32_t below); /* where chance comes from */
    void *draw_ctx;
    uint32_t messages;
    bool is_hidden;
};

/* A terminal of some size, and a line begun. */
void desk_sit_down(struct desk *desk,
                   uint32_t (*draw)(void *ctx, uint32_t below), void *draw_ctx);

/* Something happens. */
void desk_step(struct desk *desk);
/* Some key; or bytes that look like one. */
void desk_press(struct desk *desk);
/* The screen takes some bytes only; they arrive later. */
void desk_peek(struct desk *desk);

/* The line is what a line may be. */
void desk_check_line(const struct desk *desk);
/* Takes everything; the screen shows what it should. */
void desk_finish(struct desk *desk);

#endif
