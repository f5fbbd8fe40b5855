/*
 * chat_news.c - what is said reaches everybody at once, however many they are
 * and wherever they have their places; a turn writes to nobody twice, and what is
 * waited for stays the same. The linker puts functions around the port's (--wrap).
 */
#include "core/channel/link.h"
#include "tests/sim/turns.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* So many that in the room are more than twice as many as get their records
 * sealed together; some are devices that nobody has let in. */
#define PEOPLE        25U
#define LISTENERS_MIN 17U

/* Deadlines, which might be the reason for another try, are looked at once a
 * second. */
#define PROMPT_MS 200U

#define SAYINGS 20U
#define STREAMS 64U
#define TALK_MS 5000U

/* What the server did with a stream. */
struct peer {
    const struct port_stream *stream;
    uint64_t turn; /* when it was written to */
    unsigned wish;
};

struct seen {
    bool is_watched;
    struct peer peers[STREAMS];
    size_t count;
    size_t longest; /* write */
    unsigned twice; /* written to in one turn */
    unsigned wishes_changed;
};

static struct seen *seen(void)
{
    static struct seen seen;
    return &seen;
}

static struct peer *peer_of(const struct port_stream *stream)
{
    struct seen *all = seen();
    size_t at = 0;
    while (at < all->count && all->peers[at].stream != stream) {
        at++;
    }
    if (at == STREAMS) {
        abort(); /* STREAMS is too small for this test */
    }
    if (at == all->count) {
        all->peers[all->count++] =
            (struct peer){.stream = stream, .wish = PORT_READ};
    }
    return &all->peers[at];
}

enum sotto_err __real_port_write(struct port_stream *stream, const uint8_t *in,
                                 size_t len, size_t *put);
enum sotto_err __wrap_port_write(struct port_stream *stream, const uint8_t *in,
                                 size_t len, size_t *put);

enum sotto_err __wrap_port_write(struct port_stream *stream, const uint8_t *in,
                                 size_t len, size_t *put)
{
    struct seen *all = seen();
    if (all->is_watched && turns_are_here()) {
        struct peer *peer = peer_of(stream);
        all->twice += peer->turn == turns_taken();
        all->longest = len > all->longest ? len : all->longest;
        peer->turn = turns_taken();
    }
    return __real_port_write(stream, in, len, put);
}

void __real_port_want(struct port_stream *stream, unsigned ready);
void __wrap_port_want(struct port_stream *stream, unsigned ready);

void __wrap_port_want(struct port_stream *stream, unsigned ready)
{
    if (seen()->is_watched && turns_are_here()) {
        struct peer *peer = peer_of(stream);
        seen()->wishes_changed += peer->wish != ready;
        peer->wish = ready;
    }
    __real_port_want(stream, ready);
}

static void watch(void)
{
    *seen() = (struct seen){.is_watched = true};
}

/* ---- everybody hears it ------------------------------------------------- */

static bool has_heard(const struct chat *chat, unsigned person, uint64_t number)
{
    const struct ledger_view *view = &chat->ledger.views[person];
    return view->count > 0 && view->numbers[view->count - 1] >= number;
}

/* The last of them speaks, and all others hear it; how many these are. */
static unsigned speak_to_all(struct chat *chat)
{
    unsigned listeners = 0;
    const uint64_t before = chat->ledger.views[PEOPLE - 1].acked;
    chat_say(chat, &chat->people[PEOPLE - 1]);
    chat_run(chat, PROMPT_MS);
    const uint64_t number = chat->ledger.views[PEOPLE - 1].acked;
    assert_true(number > before);
    for (unsigned i = 0; i < PEOPLE - 1; i++) {
        if (chat->people[i].is_ready) {
            assert_true(has_heard(chat, i, number));
            listeners++;
        }
    }
    return listeners;
}

/* One after the other leaves, in another order than they came: so there are all
 * numbers of listeners, and places between them that nobody has. */
static void tell_everybody(unsigned seed)
{
    static struct chat chat;
    turns_begin(&chat, seed, PEOPLE);
    assert_in_range(speak_to_all(&chat), LISTENERS_MIN, PEOPLE);
    for (unsigned i = 0; i < PEOPLE - 1; i++) {
        chat_stop(&chat, chat.people[i].machine);
        (void)speak_to_all(&chat);
    }
    turns_end(&chat);
}

static void test_one_thread_tells_everybody_at_once(void **state)
{
    (void)state;
    tell_everybody(2);
}

static void test_workers_tell_everybody_at_once(void **state)
{
    (void)state;
    tell_everybody(3);
}

/* Half of all writes do a part of their work only: the rest follows. */
static void test_what_is_half_written_is_heard_at_once(void **state)
{
    static struct chat chat;
    struct sim_profile narrow = sim_quiet;
    (void)state;
    turns_begin(&chat, 2, PEOPLE);
    narrow.short_ppm = 500000;
    sim_set_profile(chat.sim, &narrow);
    for (unsigned i = 0; i < SAYINGS; i++) {
        (void)speak_to_all(&chat);
    }
    turns_end(&chat);
}

/* ---- what it does not do ------------------------------------------------ */

static void test_a_turn_writes_to_nobody_twice(void **state)
{
    static struct chat chat;
    (void)state;
    turns_begin(&chat, 2, PEOPLE);
    watch();
    for (unsigned i = 0; i < PEOPLE * SAYINGS; i++) {
        chat_say(&chat, &chat.people[i % PEOPLE]);
    }
    chat_run(&chat, TALK_MS);
    assert_in_range(seen()->longest, SOTTO_RECORD_LIMIT_HOST / 2,
                    SOTTO_RECORD_HEAD + SOTTO_RECORD_LIMIT_HOST);
    assert_int_equal(seen()->twice, 0);
    turns_end(&chat);
}

/* Nobody waits for anything but the next words. */
static void test_what_is_waited_for_stays_the_same_while_people_talk(
    void **state)
{
    static struct chat chat;
    (void)state;
    turns_begin(&chat, 2, PEOPLE);
    watch();
    for (unsigned i = 0; i < SAYINGS; i++) {
        assert_in_range(speak_to_all(&chat), LISTENERS_MIN, PEOPLE);
    }
    assert_in_range(seen()->count, LISTENERS_MIN + 1, PEOPLE);
    assert_int_equal(seen()->wishes_changed, 0);
    turns_end(&chat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_thread_tells_everybody_at_once),
        cmocka_unit_test(test_workers_tell_everybody_at_once),
        cmocka_unit_test(test_what_is_half_written_is_heard_at_once),
        cmocka_unit_test(test_a_turn_writes_to_nobody_twice),
        cmocka_unit_test(
            test_what_is_waited_for_stays_the_same_while_people_talk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
