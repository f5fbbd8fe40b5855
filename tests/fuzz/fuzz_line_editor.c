/*
 * fuzz_line_editor.c - the keys of a terminal, by libFuzzer: what is pressed,
 * printed and resized, and how slow the screen is (tests/unit/apps/desk.h says
 * what must hold).
 */
#include "choices.h"
#include "tests/unit/apps/desk.h"

#define STEPS_MAX 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t draw(void *ctx, uint32_t below)
{
    (void)ctx;
    return choose_byte() % below;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct desk desk;
    choices_start(data, size);
    desk_sit_down(&desk, draw, NULL);
    for (int steps = 0; choices_left() && steps < STEPS_MAX; steps++) {
        desk_step(&desk);
    }
    desk_finish(&desk);
    return 0;
}
