/*
 * chat_scarce.c - a server with as few record buffers as a board's: whoever
 * found none is told when there is one, not only when deadlines are looked at,
 * and takes no turns until then. The linker puts the functions below around the
 * port's and the pool's (--wrap).
 */
#include "core/base/pool.h"
#include "core/chat/session.h"
#include "tests/sim/chat.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <string.h>

#include <cmocka.h>

#define BUFFERS   (SOTTO_SESSION_BUFFERS_MIN + 1U)
#define PEOPLE    8U
#define SETTLE_MS 300000U

/* All speak at once, so often. Deadlines are looked at once a second. */
#define ROUNDS    20U
#define SAYINGS   6U
#define STEP_MS   5U
#define PROMPT_MS 500U

/* While a disk is slow: as in chat_turns.c. */
#define TEXTS          200U
#define WATCH_MS       4000U
#define TURNS_A_SECOND 20U

struct counted {
    const struct sim_machine *machine; /* whose turns */
    uint64_t turns;
    uint64_t scarce; /* pools made smaller */
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

void __real_sotto_pool_init(struct sotto_pool *pool, void *memory, size_t count,
                            size_t size);
void __wrap_sotto_pool_init(struct sotto_pool *pool, void *memory, size_t count,
                            size_t size);

void __wrap_sotto_pool_init(struct sotto_pool *pool, void *memory, size_t count,
                            size_t size)
{
    const bool is_of_buffers =
        size == SOTTO_SESSION_BUFFER((size_t)SOTTO_RECORD_LIMIT_HOST);
    counted()->scarce += is_of_buffers;
    __real_sotto_pool_init(pool, memory, is_of_buffers ? BUFFERS : count, size);
}

static void begin(struct chat *chat, unsigned seed)
{
    *counted() = (struct counted){.machine = NULL};
    chat_open(chat, seed, &sim_quiet, PEOPLE);
    chat_settle(chat, SETTLE_MS);
    assert_string_equal(chat->ledger.wrong, "");
    assert_true(counted()->scarce > 0);
}

static void end(struct chat *chat)
{
    chat_settle(chat, SETTLE_MS);
    chat_audit(chat);
    assert_string_equal(chat->ledger.wrong, "");
    chat_close(chat);
}

static void speak(struct chat *chat, unsigned texts)
{
    for (unsigned i = 0; i < texts; i++) {
        chat_say(chat, &chat->people[i % PEOPLE]);
    }
}

/* ---- nobody is forgotten ------------------------------------------------ */

static void speak_at_once(unsigned seed)
{
    static struct chat chat;
    begin(&chat, seed);
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned took_ms = 0;
        speak(&chat, PEOPLE * SAYINGS);
        while (!chat_is_settled(&chat) && took_ms < PROMPT_MS) {
            chat_run(&chat, STEP_MS);
            took_ms += STEP_MS;
        }
        assert_true(chat_is_settled(&chat));
    }
    end(&chat);
}

static void test_one_thread_forgets_nobody(void **state)
{
    (void)state;
    speak_at_once(2);
}

static void test_workers_forget_nobody(void **state)
{
    (void)state;
    speak_at_once(3);
}

/* ---- nobody wakes others in vain ---------------------------------------- */

static void starve(unsigned seed)
{
    static struct chat chat;
    struct sim_profile slow = sim_quiet;
    begin(&chat, seed);
    slow.sync_min_us = slow.sync_max_us = 60000000;
    sim_set_profile(chat.sim, &slow);
    speak(&chat, TEXTS);
    chat_run(&chat, 2000);
    *counted() = (struct counted){.machine = chat.server};
    chat_run(&chat, WATCH_MS);
    assert_in_range(counted()->turns, 1, TURNS_A_SECOND * WATCH_MS / 1000);
    sim_set_profile(chat.sim, &sim_quiet);
    end(&chat);
}

static void test_turns_of_one_thread_are_few_without_buffers(void **state)
{
    (void)state;
    starve(2);
}

static void test_turns_of_workers_are_few_without_buffers(void **state)
{
    (void)state;
    starve(3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_thread_forgets_nobody),
        cmocka_unit_test(test_workers_forget_nobody),
        cmocka_unit_test(test_turns_of_one_thread_are_few_without_buffers),
        cmocka_unit_test(test_turns_of_workers_are_few_without_buffers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
