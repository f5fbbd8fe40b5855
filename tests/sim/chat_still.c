/*
 * chat_still.c - a server with workers, one of whose threads stands still where it
 * matters, as it may when others have the processor: reports come all the same, as
 * soon as all workers have told, and the last one always; and nobody keeps a
 * processor busy with waiting for it. The linker puts the functions below around
 * those of the server (--wrap).
 */
#include "apps/sotto/mailbox.h"
#include "apps/sotto/server_inner.h"
#include "apps/sotto/system.h"
#include "tests/sim/turns.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEED_OF_WORKERS    3U
#define SEED_OF_ONE_THREAD 2U
#define PEOPLE             4U
#define STILL_MS           20U
#define STEP_MS            5U
#define ROUNDS             200U
#define LONG_MS            8000U
#define SOON_MS            200U /* deadlines are looked at once a second */

/* Mailboxes as small as they can be, and more than one has room for. */
#define MAILBOX 65536U
#define TEXTS   900U

struct scene {
    struct chat chat;
    bool is_hub_slow; /* it stands still after it has looked in vain again */
    unsigned looks;
    bool is_worker_slow; /* when the server ends, each stands still after it has
                            woken the hub, and then a report is asked for */
    bool is_long; /* the next worker that looks at its deadlines stands still */
    uint32_t long_ms; /* ... for so long */
    bool is_ending;
    pthread_t hub; /* once it ends */
    unsigned reports;
    unsigned long goodbyes; /* by the last report */
    unsigned stood;         /* how often somebody has */
};

static struct scene *scene(void)
{
    static struct scene scene;
    return &scene;
}

/* The calling thread, while others go on. */
static void stand_still(uint32_t ms)
{
    struct port *port = NULL;
    struct port_loop *loop = NULL;
    struct port_event event;
    size_t count = 0;
    assert_int_equal(port_open(&port), SOTTO_OK);
    assert_int_equal(port_loop_open(port, 1, &loop), SOTTO_OK);
    port_wait(loop, ms, &event, 1, &count);
    port_loop_close(loop);
    scene()->stood++;
}

void __real_system_say(const char *text, size_t len);
void __wrap_system_say(const char *text, size_t len);

void __wrap_system_say(const char *text, size_t len)
{
    char line[1024] = "";
    memcpy(line, text, len < sizeof line ? len : sizeof line - 1);
    scene()->reports += strstr(line, " server counters ") != NULL;
    const char *goodbyes = strstr(line, " shutdown=");
    if (goodbyes != NULL) {
        scene()->goodbyes = strtoul(strchr(goodbyes, '=') + 1, NULL, 10);
    }
    if (strstr(line, " server stopping") != NULL) {
        scene()->is_ending = true;
        scene()->hub = pthread_self();
    }
    __real_system_say(text, len);
}

bool __real_threads_reported(const struct server *server,
                             struct worker_report *all);
bool __wrap_threads_reported(const struct server *server,
                             struct worker_report *all);

bool __wrap_threads_reported(const struct server *server,
                             struct worker_report *all)
{
    const bool have_all = __real_threads_reported(server, all);
    scene()->looks += !have_all;
    if (scene()->is_hub_slow && !have_all && scene()->looks > 1) {
        stand_still(STILL_MS);
    }
    return have_all;
}

void __real_port_wake(struct port_loop *loop);
void __wrap_port_wake(struct port_loop *loop);

void __wrap_port_wake(struct port_loop *loop)
{
    __real_port_wake(loop);
    if (scene()->is_worker_slow && scene()->is_ending &&
        !pthread_equal(scene()->hub, pthread_self())) {
        sim_signal(scene()->chat.server, PORT_EVENT_STATUS);
        stand_still(STILL_MS);
    }
}

void __real_worker_tick(struct worker *worker);
void __wrap_worker_tick(struct worker *worker);

void __wrap_worker_tick(struct worker *worker)
{
    if (scene()->is_long) {
        scene()->is_long = false;
        stand_still(scene()->long_ms);
    }
    __real_worker_tick(worker);
}

void __real_mailbox_init(struct mailbox *box, uint8_t *memory, size_t cap);
void __wrap_mailbox_init(struct mailbox *box, uint8_t *memory, size_t cap);

void __wrap_mailbox_init(struct mailbox *box, uint8_t *memory, size_t cap)
{
    __real_mailbox_init(box, memory, cap < MAILBOX ? cap : MAILBOX);
}

static void begin(unsigned people)
{
    *scene() = (struct scene){.reports = 0};
    turns_begin(&scene()->chat, SEED_OF_WORKERS, people);
}

/* ---- reports ------------------------------------------------------------ */

static void test_report_comes_when_the_last_worker_has_told(void **state)
{
    (void)state;
    struct chat *chat = &scene()->chat;
    begin(1);
    scene()->is_hub_slow = true;
    sim_signal(chat->server, PORT_EVENT_STATUS);
    chat_run(chat, SOON_MS);
    assert_true(scene()->stood > 0);
    assert_int_equal(scene()->reports, 1);
    turns_end(chat);
}

static void test_end_reports_when_a_report_was_asked_for_just_before(
    void **state)
{
    (void)state;
    struct chat *chat = &scene()->chat;
    begin(1);
    scene()->is_worker_slow = true;
    chat_stop(chat, chat->server);
    assert_true(scene()->stood > 0);
    assert_true(scene()->reports > 0);
    scene()->is_worker_slow = false;
    turns_end(chat);
}

/* ---- threads that miss each other ---------------------------------------- */

/* Whoever is about to sleep looks once more, and whoever has sent something looks
 * whether the other one sleeps: between any two of these steps both may have to
 * wait for a processor. Then nobody has to be woken by a deadline. */
static void look_away(void)
{
    struct port *port = NULL;
    assert_int_equal(port_open(&port), SOTTO_OK);
    (void)port_now_ns(port); /* may pause */
}

bool __real_mailbox_is_empty(struct mailbox *box);
bool __wrap_mailbox_is_empty(struct mailbox *box);

bool __wrap_mailbox_is_empty(struct mailbox *box)
{
    look_away();
    const bool is_empty = __real_mailbox_is_empty(box);
    look_away();
    return is_empty;
}

bool __real_mailbox_has_room(struct mailbox *box, size_t span);
bool __wrap_mailbox_has_room(struct mailbox *box, size_t span);

bool __wrap_mailbox_has_room(struct mailbox *box, size_t span)
{
    look_away();
    const bool has_room = __real_mailbox_has_room(box, span);
    look_away();
    return has_room;
}

void __real_mailbox_send(struct mailbox *box);
void __wrap_mailbox_send(struct mailbox *box);

void __wrap_mailbox_send(struct mailbox *box)
{
    look_away();
    __real_mailbox_send(box);
    look_away();
}

bool __real_mailbox_done(struct mailbox *box);
bool __wrap_mailbox_done(struct mailbox *box);

bool __wrap_mailbox_done(struct mailbox *box)
{
    look_away();
    const bool is_wanted = __real_mailbox_done(box);
    look_away();
    return is_wanted;
}

/* Everybody has his answers. */
static bool is_settled_soon(struct chat *chat)
{
    const uint64_t end_ms = sim_now_ms(chat->sim) + SOON_MS;
    while (!chat_is_settled(chat) && sim_now_ms(chat->sim) < end_ms) {
        chat_run(chat, STEP_MS);
    }
    return chat_is_settled(chat);
}

static void test_nobody_is_woken_by_a_deadline(void **state)
{
    (void)state;
    struct chat *chat = &scene()->chat;
    struct sim_profile restless = sim_quiet;
    restless.pause_ppm = 20000;
    restless.pause_max_us = 3000;
    begin(PEOPLE);
    sim_set_profile(chat->sim, &restless);
    for (unsigned i = 0; i < ROUNDS; i++) {
        chat_say(chat, &chat->people[i % PEOPLE]);
        assert_true(is_settled_soon(chat));
    }
    turns_end(chat);
}

/* ---- a mailbox that is full ---------------------------------------------- */

/* One worker stands still, and is sent more than its mailbox has room for. */
static void fill_mailbox(struct chat *chat, uint32_t ms)
{
    scene()->long_ms = ms;
    scene()->is_long = true;
    while (scene()->is_long) {
        chat_run(chat, STEP_MS);
    }
    for (unsigned i = 0; i < TEXTS; i++) {
        chat_say(chat, &chat->people[1 + i % (PEOPLE - 1)]);
    }
    chat_run(chat, 1000);
}

/* While somebody knocks, too: nobody can be let in before there is room for it. */
static void test_turns_are_few_while_a_worker_stands_still(void **state)
{
    (void)state;
    struct chat *chat = &scene()->chat;
    struct chat_person *late = &scene()->chat.people[0];
    begin(PEOPLE);
    chat_stop(chat, late->machine);
    fill_mailbox(chat, LONG_MS);
    late->start_ms = 0;
    chat_start_due(chat);
    chat_run(chat, 1000);
    turns_expect_few(chat);
    assert_false(late->is_ready);
    while (scene()->stood == 0) {
        chat_run(chat, STEP_MS);
    }
    chat_run(chat, SOON_MS);
    assert_true(late->is_ready);
    turns_end(chat);
}

/* A server that is to end waits for it: everybody is told goodbye. */
static void test_end_waits_for_a_worker_that_stands_still(void **state)
{
    (void)state;
    struct chat *chat = &scene()->chat;
    begin(PEOPLE);
    fill_mailbox(chat, LONG_MS / 2);
    sim_signal(chat->server, PORT_EVENT_STOP);
    chat_run(chat, 1000);
    assert_true(sim_is_running(chat->server));
    while (scene()->stood == 0) {
        chat_run(chat, STEP_MS);
    }
    chat_run(chat, SOON_MS);
    assert_false(sim_is_running(chat->server));
    assert_int_equal(sim_exit_code(chat->server), 0);
    assert_int_equal(scene()->goodbyes, PEOPLE);
    turns_end(chat);
}

/* ---- doors that are shut -------------------------------------------------- */

static void open_doors(const struct chat *chat,
                       struct server_settings *settings)
{
    static const char *const doors[] = {"0.0.0.0:7688", "0.0.0.0:7689",
                                        "0.0.0.0:7690", "0.0.0.0:7691",
                                        "0.0.0.0:7692", "0.0.0.0:7693"};
    (void)chat;
    for (size_t i = 0; i < sizeof doors / sizeof *doors; i++) {
        settings->listen.items[settings->listen.count++] = doors[i];
    }
}

/* It hears in one moment that it is to end, and that somebody knocks. */
static void test_end_lets_nobody_in_who_knocks_in_that_moment(void **state)
{
    (void)state;
    struct chat *chat = &scene()->chat;
    struct chat_person *late = &chat->people[0];
    *scene() = (struct scene){.long_ms = 1000};
    turns_begin(chat, SEED_OF_ONE_THREAD, 2);
    chat_stop(chat, late->machine);
    chat_stop(chat, chat->server);
    chat->tune = open_doors;
    chat_settle(chat, LONG_MS);
    chat_stop(chat, late->machine);
    scene()->is_long = true;
    while (scene()->is_long) {
        chat_run(chat, STEP_MS);
    }
    late->start_ms = 0;
    chat_start_due(chat);
    chat_run(chat, SOON_MS);
    sim_signal(chat->server, PORT_EVENT_STOP);
    while (scene()->stood == 0) {
        chat_run(chat, STEP_MS);
    }
    chat_run(chat, SOON_MS);
    assert_false(late->is_ready);
    assert_false(sim_is_running(chat->server));
    assert_int_equal(sim_exit_code(chat->server), 0);
    turns_end(chat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report_comes_when_the_last_worker_has_told),
        cmocka_unit_test(
            test_end_reports_when_a_report_was_asked_for_just_before),
        cmocka_unit_test(test_nobody_is_woken_by_a_deadline),
        cmocka_unit_test(test_turns_are_few_while_a_worker_stands_still),
        cmocka_unit_test(test_end_waits_for_a_worker_that_stands_still),
        cmocka_unit_test(test_end_lets_nobody_in_who_knocks_in_that_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
