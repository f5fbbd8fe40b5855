/*
 * chat_leaves.c - a client whose person leaves where no server answers.
 */
#include "tests/sim/turns.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define PEOPLE    2U
#define LEAVES_MS 61000U /* a minute, and what is left of a second */

/* The connection is known to be gone after a minute and a half. From then on it
 * is dialled, in vain, or waited until it is dialled again. */
#define SILENCE_MIN_MS 95000U
#define SILENCE_MAX_MS 150000U
#define STEP_MS        5000U

/* What was said is kept for a minute, and not until the network has given up. */
static void leave_after(uint64_t silence_ms)
{
    static struct chat chat;
    turns_begin(&chat, 2, PEOPLE);
    struct chat_person *person = &chat.people[0];
    sim_cut_off(person->machine, SIM_CUT_IN | SIM_CUT_OUT);
    chat_run(&chat, silence_ms);
    chat_say(&chat, person);
    sim_type_end(person->machine);
    chat_run(&chat, LEAVES_MS);
    assert_false(sim_is_running(person->machine));
    assert_int_equal(sim_exit_code(person->machine), CLIENT_EXIT_NETWORK);
    sim_cut_off(person->machine, 0);
    turns_end(&chat);
}

static void test_who_leaves_offline_is_gone_after_a_minute(void **state)
{
    (void)state;
    for (uint64_t ms = SILENCE_MIN_MS; ms <= SILENCE_MAX_MS; ms += STEP_MS) {
        leave_after(ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_leaves_offline_is_gone_after_a_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
