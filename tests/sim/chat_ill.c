/*
 * chat_ill.c - a server whose disk has failed: it goes on, and says once that it
 * has to be started again. The linker puts the function below around the one by
 * which the program says something (--wrap).
 */
#include "apps/sotto/system.h"
#include "tests/sim/turns.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define PEOPLE  2U
#define WAIT_MS 3000U
#define LINE    "error server stores_nothing of=room"

/* How often the line was said. */
static unsigned *told(void)
{
    static unsigned count;
    return &count;
}

void __real_system_say(const char *text, size_t len);
void __wrap_system_say(const char *text, size_t len);

void __wrap_system_say(const char *text, size_t len)
{
    char line[512] = "";
    memcpy(line, text, len < sizeof line ? len : sizeof line - 1);
    *told() += strstr(line, LINE) != NULL;
    __real_system_say(text, len);
}

static void say_in_vain(struct chat *chat)
{
    chat_say(chat, &chat->people[0]);
    chat_run(chat, WAIT_MS);
    assert_true(chat->server_is_ill); /* a person was told, too */
    assert_int_equal(chat->people[0].waiting, 0);
    assert_int_equal(*told(), 1);
}

/* `nth`: the write of the message, or the sync after it. */
static void fail_call(uint64_t nth)
{
    static struct chat chat;
    *told() = 0;
    turns_begin(&chat, 2, PEOPLE);
    assert_int_equal(*told(), 0);
    sim_fail_call(chat.server, SIM_CALLS_FILES, nth);
    say_in_vain(&chat);
    say_in_vain(&chat);
    chat_stop(&chat, chat.server);
    turns_end(&chat);
    assert_int_equal(*told(), 1); /* it was well again */
}

static void test_says_what_to_do_when_a_write_has_failed(void **state)
{
    (void)state;
    fail_call(1);
}

static void test_says_what_to_do_when_a_sync_has_failed(void **state)
{
    (void)state;
    fail_call(2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_says_what_to_do_when_a_write_has_failed),
        cmocka_unit_test(test_says_what_to_do_when_a_sync_has_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
