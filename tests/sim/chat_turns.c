/*
 * chat_turns.c - a server that waits takes no turns: whoever waits for a disk,
 * or for callers who hear nothing, keeps no processor busy meanwhile. The linker
 * puts the function below around the port's (--wrap).
 */
#include "tests/sim/chat.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <string.h>

#include <cmocka.h>

/* More than a window of posts, and more than one record of them. */
#define TEXTS     200U
#define PEOPLE    3U
#define SETTLE_MS 300000U
#define WATCH_MS  4000U

/* In a second: deadlines are looked at by the hub and by each worker, pauses
 * end, and clients ask for signs of life. */
#define TURNS_A_SECOND 20U

struct counted {
    const struct sim_machine *machine; /* whose turns */
    uint64_t turns;
};

static struct counted *counted(void)
{
    static struct counted counted;
    return &counted;
}

void __real_port_wait(struct port_loop *loop, uint32_t timeout_ms,
                      struct port_event *events, size_t cap, size_t *count);
void __wrap_port_wait(struct port_loop *loop, uint32_t timeout_ms,
                      struct port_event *events, size_t cap, size_t *count);

void __wrap_port_wait(struct port_loop *loop, uint32_t timeout_ms,
                      struct port_event *events, size_t cap, size_t *count)
{
    counted()->turns += sim_here() == counted()->machine;
    __real_port_wait(loop, timeout_ms, events, cap, count);
}

/* Everybody is in the room and says more than the server takes before its disk
 * has answered, which takes a minute. */
static void wait_for_disk(unsigned seed)
{
    static struct chat chat;
    struct sim_profile slow = sim_quiet;
    chat_open(&chat, seed, &sim_quiet, PEOPLE);
    chat_settle(&chat, SETTLE_MS);
    assert_string_equal(chat.ledger.wrong, "");
    slow.sync_min_us = slow.sync_max_us = 60000000;
    sim_set_profile(chat.sim, &slow);
    for (unsigned i = 0; i < TEXTS; i++) {
        chat_say(&chat, &chat.people[0]);
    }
    chat_run(&chat, 2000);
    *counted() = (struct counted){.machine = chat.server};
    chat_run(&chat, WATCH_MS);
    const uint64_t turns = counted()->turns;
    assert_in_range(turns, 1, TURNS_A_SECOND * WATCH_MS / 1000);
    assert_true(chat.people[0].waiting > 64); /* that it was the disk */
    sim_set_profile(chat.sim, &sim_quiet);
    chat_settle(&chat, SETTLE_MS);
    chat_audit(&chat);
    assert_string_equal(chat.ledger.wrong, "");
    chat_close(&chat);
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
    *counted() = (struct counted){.machine = chat.server};
    chat_run(&chat, WATCH_MS);
    const uint64_t turns = counted()->turns;
    assert_in_range(turns, 1, TURNS_A_SECOND * WATCH_MS / 1000);
    cut_off_all(&chat, 0);
    chat_settle(&chat, SETTLE_MS);
    chat_audit(&chat);
    assert_string_equal(chat.ledger.wrong, "");
    chat_close(&chat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns_are_few_while_callers_hear_nothing),
        cmocka_unit_test(test_turns_of_one_thread_are_few_while_a_disk_is_slow),
        cmocka_unit_test(test_turns_of_workers_are_few_while_a_disk_is_slow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
