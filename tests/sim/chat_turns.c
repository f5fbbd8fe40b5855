/*
 * chat_turns.c - a server that waits takes no turns: whoever waits for a disk,
 * or for callers who hear nothing, keeps no processor busy meanwhile. Nor does it
 * forget those who had to wait because they said too much.
 */
#include "tests/sim/turns.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* More than a window of posts, and more than one record of them. */
#define TEXTS  200U
#define PEOPLE 3U

/* Everybody is in the room and says more than the server takes before its disk
 * has answered. */
static void wait_for_disk(unsigned seed)
{
    static struct chat chat;
    turns_begin(&chat, seed, PEOPLE);
    turns_slow_disk(&chat);
    for (unsigned i = 0; i < TEXTS; i++) {
        chat_say(&chat, &chat.people[0]);
    }
    chat_run(&chat, 2000);
    turns_expect_few(&chat);
    assert_true(chat.people[0].waiting > 64); /* that it was the disk */
    turns_end(&chat);
}

static void test_turns_of_one_thread_are_few_while_a_disk_is_slow(void **state)
{
    (void)state;
    wait_for_disk(2);
}

static void test_turns_of_workers_are_few_while_a_disk_is_slow(void **state)
{
    (void)state;
    wait_for_disk(3);
}

static void cut_off_all(struct chat *chat, unsigned directions)
{
    for (unsigned i = 0; i < PEOPLE; i++) {
        sim_cut_off(chat->people[i].machine, directions);
    }
}

static void start_and_run(struct chat *chat, uint64_t ms)
{
    const uint64_t end_ms = sim_now_ms(chat->sim) + ms;
    while (sim_now_ms(chat->sim) < end_ms) {
        chat_start_due(chat);
        chat_run(chat, 100);
    }
}

/* They call, and hear no answer; that they gave up does not get through either,
 * so that the server has their connections until its own patience ends. */
static void test_turns_are_few_while_callers_hear_nothing(void **state)
{
    (void)state;
    static struct chat chat;
    chat_open(&chat, 2, &sim_quiet, PEOPLE);
    cut_off_all(&chat, SIM_CUT_IN);
    start_and_run(&chat, 21000);
    cut_off_all(&chat, SIM_CUT_IN | SIM_CUT_OUT);
    start_and_run(&chat, 25000);
    turns_expect_few(&chat);
    cut_off_all(&chat, 0);
    turns_end(&chat);
}

/* ---- who was too fast --------------------------------------------------- */

#define RATE      10U /* messages a second */
#define HASTY     80U
#define SLOWED_MS (HASTY / RATE * 1000U)

/* He is heard later, and all of it; nobody else says a word meanwhile. */
static void hold_up(unsigned seed)
{
    static struct chat chat;
    chat_open(&chat, seed, &sim_quiet, PEOPLE);
    chat.message_rate = RATE;
    chat_settle(&chat, 60000);
    for (unsigned i = 0; i < HASTY; i++) {
        chat_say(&chat, &chat.people[0]);
    }
    chat_run(&chat, SLOWED_MS / 4);
    assert_true(chat.people[0].waiting > HASTY / 4);
    chat_run(&chat, SLOWED_MS);
    assert_int_equal(chat.people[0].waiting, 0);
    turns_end(&chat);
}

static void test_one_thread_goes_on_with_who_was_too_fast(void **state)
{
    (void)state;
    hold_up(2);
}

static void test_workers_go_on_with_who_was_too_fast(void **state)
{
    (void)state;
    hold_up(3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns_are_few_while_callers_hear_nothing),
        cmocka_unit_test(test_turns_of_one_thread_are_few_while_a_disk_is_slow),
        cmocka_unit_test(test_turns_of_workers_are_few_while_a_disk_is_slow),
        cmocka_unit_test(test_one_thread_goes_on_with_who_was_too_fast),
        cmocka_unit_test(test_workers_go_on_with_who_was_too_fast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
