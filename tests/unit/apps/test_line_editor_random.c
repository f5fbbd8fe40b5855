/* The line editor under random keys, sizes, messages and delays (desk.h). */
#include "tests/unit/apps/desk.h"
#include "tests/unit/test.h"

static uint32_t draw(void *ctx, uint32_t below)
{
    uint32_t *seed = ctx;
    *seed = *seed * 1664525U + 1013904223U;
    return (*seed >> 8) % below;
}

static void test_line_editor_random_keys(void **state)
{
    (void)state;
    static struct desk desk;
    for (uint32_t seed = 1; seed <= 200; seed++) {
        uint32_t chance = seed;
        desk_sit_down(&desk, draw, &chance);
        for (int at = 0; at < 500; at++) {
            desk_step(&desk);
        }
        desk_finish(&desk);
    }
}

/* Nobody looks at all: bytes for the screen stay bounded, nothing is lost of
 * what is typed. */
static void test_line_editor_random_without_a_screen(void **state)
{
    (void)state;
    static struct desk desk;
    for (uint32_t seed = 1; seed <= 20; seed++) {
        uint32_t chance = seed;
        desk_sit_down(&desk, draw, &chance);
        for (int at = 0; at < 2000; at++) {
            desk_press(&desk);
            desk_peek(&desk);
        }
        desk_check_line(&desk);
    }
}

int test_line_editor_random(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_editor_random_keys),
        cmocka_unit_test(test_line_editor_random_without_a_screen),
    };
    return cmocka_run_group_tests_name("line_editor_random", tests, NULL, NULL);
}
