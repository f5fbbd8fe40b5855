/*
 * chat_clients.c - clients that have it hard: no server answers whose person
 * leaves, or nobody looks at the screen for a while.
 */
#include "tests/sim/turns.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define PEOPLE 2U

/* ---- no server ---------------------------------------------------------- */

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

/* ---- a slow screen ------------------------------------------------------ */

/* More than screen and client hold; the last of it is read from the server, and
 * waits for room. */
#define TEXTS_MIN 560U
#define TEXTS_MAX 680U
#define TEXTS_ADD 10U
#define TALK_MS   20000U

/* A client looks at the time once a second, and might go on only then. */
#define PROMPT_MS 200U
#define LOOK_MS   20U

/* Nobody looks at the screen of the first while the second one talks. */
static void talk(struct chat *chat, unsigned texts)
{
    struct chat_person *talker = &chat->people[1];
    turns_begin(chat, 2, PEOPLE);
    for (unsigned i = 0; i < texts; i++) {
        chat_say(chat, talker);
    }
    for (unsigned ms = 0; ms < TALK_MS; ms += LOOK_MS) {
        sim_run(chat->sim, LOOK_MS);
        chat_read(talker);
    }
    assert_int_equal(talker->waiting, 0);
}

static void expect_all_shown(const struct chat *chat)
{
    const struct ledger_view *view = &chat->ledger.views[0];
    assert_int_equal(view->numbers[view->count - 1],
                     chat->ledger.views[1].acked);
}

static void look_late(unsigned texts)
{
    static struct chat chat;
    talk(&chat, texts);
    struct chat_person *late = &chat.people[0];
    for (unsigned ms = 0; ms < PROMPT_MS; ms += LOOK_MS) {
        chat_read(late);
        sim_run(chat.sim, LOOK_MS);
    }
    chat_read(late);
    expect_all_shown(&chat);
    turns_end(&chat);
}

static void test_a_screen_that_is_looked_at_again_shows_all(void **state)
{
    (void)state;
    for (unsigned texts = TEXTS_MIN; texts <= TEXTS_MAX; texts += TEXTS_ADD) {
        look_late(texts);
    }
}

/* He leaves with words that the screen has no room for yet. They wait for two
 * seconds, not for so many events. */
static void test_last_words_outlast_signals(void **state)
{
    (void)state;
    static struct chat chat;
    talk(&chat, TEXTS_MIN - 60U); /* as many as the client holds */
    struct chat_person *late = &chat.people[0];
    sim_type_end(late->machine);
    for (unsigned ms = 0; ms < 1000; ms += LOOK_MS) {
        sim_signal(late->machine, PORT_EVENT_STATUS);
        sim_run(chat.sim, LOOK_MS);
    }
    assert_true(sim_is_running(late->machine));
    for (unsigned ms = 0; ms < PROMPT_MS; ms += LOOK_MS) {
        chat_read(late);
        sim_run(chat.sim, LOOK_MS);
    }
    assert_false(sim_is_running(late->machine));
    assert_int_equal(sim_exit_code(late->machine), CLIENT_EXIT_OK);
    expect_all_shown(&chat);
    turns_end(&chat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_screen_that_is_looked_at_again_shows_all),
        cmocka_unit_test(test_last_words_outlast_signals),
        cmocka_unit_test(test_who_leaves_offline_is_gone_after_a_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
