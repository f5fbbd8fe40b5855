/*
 * chat_scarce.c - a server with as few record buffers as a board's: whoever
 * found none is told when there is one, not only when deadlines are looked at,
 * and takes no turns until then. The linker puts the function below around
 * the pool's (--wrap).
 */
#include "core/base/pool.h"
#include "core/chat/session.h"
#include "tests/sim/turns.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define BUFFERS (SOTTO_SESSION_BUFFERS_MIN + 1U)
#define PEOPLE  8U

/* All speak at once, so often. Deadlines are looked at once a second. */
#define ROUNDS    20U
#define SAYINGS   6U
#define STEP_MS   5U
#define PROMPT_MS 500U

/* While a disk is slow: as in chat_turns.c. */
#define TEXTS 200U

/* How many pools were made smaller. */
static unsigned *scarce(void)
{
    static unsigned count;
    return &count;
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
    *scarce() += is_of_buffers;
    __real_sotto_pool_init(pool, memory, is_of_buffers ? BUFFERS : count, size);
}

static void begin(struct chat *chat, unsigned seed)
{
    *scarce() = 0;
    turns_begin(chat, seed, PEOPLE);
    assert_true(*scarce() > 0);
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
    turns_end(&chat);
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
    begin(&chat, seed);
    turns_slow_disk(&chat);
    speak(&chat, TEXTS);
    chat_run(&chat, 2000);
    turns_expect_few(&chat);
    turns_end(&chat);
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
