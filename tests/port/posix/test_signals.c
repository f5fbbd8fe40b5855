/*
 * test_signals.c - signals become events of the first loop.
 */
#include "tests/port/posix/posix_test.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void each_is_an_event(void *arg)
{
    static const struct {
        int number;
        enum port_event_kind kind;
    } cases[] = {{SIGTERM, PORT_EVENT_STOP},
                 {SIGINT, PORT_EVENT_STOP},
                 {SIGHUP, PORT_EVENT_RELOAD},
                 {SIGUSR1, PORT_EVENT_STATUS},
                 {SIGWINCH, PORT_EVENT_RESIZE}};
    struct machine machine;
    (void)arg;
    CHECK(signal(SIGINT, SIG_DFL) != SIG_ERR); /* whoever started us */
    posix_test_stop_clock(); /* no stop comes long after another */
    posix_test_open(&machine);
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++) {
        struct port_event event;
        size_t count = 0;
        CHECK(raise(cases[at].number) == 0);
        while (count == 0) {
            port_wait(machine.loop, PORT_FOREVER, &event, 1, &count);
        }
        CHECK(event.kind == cases[at].kind);
        CHECK(posix_test_is_quiet(&machine, 10)); /* it is told once */
    }
    posix_test_close(&machine);
}

static void test_each_signal_is_an_event(void **state)
{
    (void)state;
    assert_int_equal(posix_test_child(each_is_an_event, NULL), 0);
}

static void all_at_once(void *arg)
{
    struct machine machine;
    (void)arg;
    posix_test_stop_clock();
    posix_test_open(&machine);
    CHECK(raise(SIGTERM) == 0);
    CHECK(raise(SIGTERM) == 0); /* at once: still one request to stop */
    CHECK(raise(SIGHUP) == 0);
    CHECK(raise(SIGUSR1) == 0);
    port_wake(machine.loop);
    unsigned seen = 0;
    while (seen != 0x1eU) {
        struct port_event event;
        size_t count = 0;
        port_wait(machine.loop, PORT_FOREVER, &event, 1, &count);
        if (count == 1) {
            CHECK((seen & 1U << event.kind) == 0);
            seen |= 1U << event.kind;
        }
    }
    posix_test_close(&machine);
}

static void test_several_signals_fit_a_turn_of_one(void **state)
{
    (void)state;
    assert_int_equal(posix_test_child(all_at_once, NULL), 0);
}

static void from_outside(void *arg)
{
    struct machine machine;
    (void)arg;
    posix_test_open(&machine);
    pid_t self = getpid();
    pid_t other = fork();
    CHECK(other >= 0);
    if (other == 0) {
        (void)usleep(50000);
        (void)kill(self, SIGTERM);
        _exit(0);
    }
    (void)posix_test_await(&machine, PORT_EVENT_STOP);
    posix_test_close(&machine);
}

static void test_a_signal_ends_a_wait_that_has_no_end(void **state)
{
    (void)state;
    assert_int_equal(posix_test_child(from_outside, NULL), 0);
}

static void to_the_first_loop(void *arg)
{
    struct machine machine;
    struct port_loop *second;
    (void)arg;
    posix_test_open(&machine);
    CHECK(port_loop_open(machine.port, 1, &second) == SOTTO_OK);
    CHECK(raise(SIGHUP) == 0);
    struct machine other = {.port = machine.port, .loop = second};
    CHECK(posix_test_is_quiet(&other, 20));
    (void)posix_test_await(&machine, PORT_EVENT_RELOAD);
    port_loop_close(second);
    /* One that comes while there is no loop waits for the next. */
    port_loop_close(machine.loop);
    CHECK(raise(SIGHUP) == 0);
    CHECK(port_loop_open(machine.port, 1, &machine.loop) == SOTTO_OK);
    (void)posix_test_await(&machine, PORT_EVENT_RELOAD);
    posix_test_close(&machine);
}

static void test_signals_go_to_the_first_loop(void **state)
{
    (void)state;
    assert_int_equal(posix_test_child(to_the_first_loop, NULL), 0);
}

/* ---- a person insists ------------------------------------------------- */

static void stop_twice_soon(void *arg)
{
    struct machine machine;
    (void)arg;
    posix_test_stop_clock();
    posix_test_open(&machine);
    for (int round = 0; round < 5; round++) { /* the last one after 2 s */
        CHECK(raise(SIGTERM) == 0);
        (void)posix_test_await(&machine, PORT_EVENT_STOP);
        posix_test_pass(500);
    }
    posix_test_close(&machine);
}

static void test_stops_in_a_row_are_events(void **state)
{
    (void)state;
    assert_int_equal(posix_test_child(stop_twice_soon, NULL), 0);
}

static void hang_after_stop(void *arg)
{
    struct machine machine;
    (void)arg;
    posix_test_stop_clock();
    posix_test_open(&machine);
    CHECK(raise(SIGTERM) == 0);
    posix_test_pass(2001); /* of a loop that hangs */
    CHECK(raise(SIGTERM) == 0);
    CHECK(false); /* not reached */
}

static void test_a_second_stop_much_later_ends_the_program(void **state)
{
    (void)state;
    int status = posix_test_child(hang_after_stop, NULL);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
}

/* ---- manners ---------------------------------------------------------- */

static void ignored_interrupt(void *arg)
{
    struct machine machine;
    (void)arg;
    CHECK(signal(SIGINT, SIG_IGN) != SIG_ERR);
    posix_test_open(&machine);
    CHECK(raise(SIGINT) == 0);
    CHECK(posix_test_is_quiet(&machine, 20));
    posix_test_close(&machine);
}

static void test_an_ignored_interrupt_stays_ignored(void **state)
{
    (void)state;
    assert_int_equal(posix_test_child(ignored_interrupt, NULL), 0);
}

static void broken_pipe(void *arg)
{
    struct machine machine;
    int ends[2];
    (void)arg;
    CHECK(pipe(ends) == 0);
    CHECK(close(ends[0]) == 0);
    posix_test_open(&machine);
    CHECK(write(ends[1], "x", 1) == -1 && errno == EPIPE);
    posix_test_close(&machine);
}

static void test_a_broken_pipe_is_no_signal(void **state)
{
    (void)state;
    assert_int_equal(posix_test_child(broken_pipe, NULL), 0);
}

static void own_handler(int number)
{
    (void)number;
}

static void restored(void *arg)
{
    struct machine machine;
    struct sigaction action;
    (void)arg;
    CHECK(signal(SIGHUP, own_handler) != SIG_ERR);
    for (int round = 0; round < 2; round++) { /* it can be opened again */
        posix_test_open(&machine);
        CHECK(raise(SIGHUP) == 0);
        (void)posix_test_await(&machine, PORT_EVENT_RELOAD);
        posix_test_close(&machine);
    }
    CHECK(sigaction(SIGHUP, NULL, &action) == 0);
    CHECK(action.sa_handler == own_handler);
}

static void test_closing_gives_the_signals_back(void **state)
{
    (void)state;
    assert_int_equal(posix_test_child(restored, NULL), 0);
}

int test_posix_signals(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_signal_is_an_event),
        cmocka_unit_test(test_several_signals_fit_a_turn_of_one),
        cmocka_unit_test(test_a_signal_ends_a_wait_that_has_no_end),
        cmocka_unit_test(test_signals_go_to_the_first_loop),
        cmocka_unit_test(test_stops_in_a_row_are_events),
        cmocka_unit_test(test_a_second_stop_much_later_ends_the_program),
        cmocka_unit_test(test_an_ignored_interrupt_stays_ignored),
        cmocka_unit_test(test_a_broken_pipe_is_no_signal),
        cmocka_unit_test(test_closing_gives_the_signals_back),
    };
    return cmocka_run_group_tests_name("signals", tests, NULL, NULL);
}
