/*
 * test_terminal.c - a console that is a terminal: raw mode and the way back,
 * suspending, Control-C, output that nobody reads.
 *
 * A pseudo-terminal stands for the terminal, and the test for the person. As
 * in a shell, a session leader starts the program in a process group of its
 * own; otherwise it could not be suspended.
 */
#include "tests/port/posix/posix_test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* ---- a terminal and a session on it ----------------------------------- */

struct terminal {
    int master; /* the person's side */
    int slave;  /* the program's side, open in the test too */
    int news[2];
    void (*program)(const struct terminal *terminal);
    pid_t shell; /* the session leader */
};

static void terminal_open(struct terminal *terminal)
{
    memset(terminal, 0, sizeof *terminal);
    terminal->master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(terminal->master >= 0);
    assert_int_equal(grantpt(terminal->master), 0);
    assert_int_equal(unlockpt(terminal->master), 0);
    terminal->slave = open(ptsname(terminal->master), O_RDWR | O_NOCTTY);
    assert_true(terminal->slave >= 0);
    assert_int_equal(pipe(terminal->news), 0);
}

static void terminal_close(struct terminal *terminal)
{
    (void)close(terminal->master);
    (void)close(terminal->slave);
    (void)close(terminal->news[0]);
    (void)close(terminal->news[1]);
}

static bool is_raw(const struct terminal *terminal)
{
    struct termios mode;
    CHECK(tcgetattr(terminal->slave, &mode) == 0);
    return (mode.c_lflag & (tcflag_t)(ECHO | ICANON)) == 0;
}

/* The program tells the test how far it is. */
static void tell(const struct terminal *terminal, char news)
{
    CHECK(write(terminal->news[1], &news, 1) == 1);
}

static void await(const struct terminal *terminal, char news)
{
    char got = '\0';
    CHECK(read(terminal->news[0], &got, 1) == 1);
    CHECK(got == news);
}

/* In the session leader: starts the program in the foreground. */
static pid_t start_program(const struct terminal *terminal)
{
    CHECK(setsid() > 0);
    CHECK(ioctl(terminal->slave, TIOCSCTTY, 0) == 0);
    CHECK(signal(SIGTTOU, SIG_IGN) != SIG_ERR);
    pid_t program = fork();
    CHECK(program >= 0);
    if (program == 0) {
        CHECK(setpgid(0, 0) == 0);
        CHECK(tcsetpgrp(terminal->slave, getpid()) == 0);
        CHECK(signal(SIGTTOU, SIG_DFL) != SIG_ERR);
        /* However the test was started: a shell would not ignore these. */
        CHECK(signal(SIGINT, SIG_DFL) != SIG_ERR);
        CHECK(signal(SIGQUIT, SIG_DFL) != SIG_ERR);
        CHECK(signal(SIGTSTP, SIG_DFL) != SIG_ERR);
        (void)alarm(HANGS_AFTER_S);
        posix_test_redirect(terminal->slave, terminal->slave);
        terminal->program(terminal);
        exit(0);
    }
    return program;
}

static int await_status(pid_t program)
{
    int status = 0;
    CHECK(waitpid(program, &status, WUNTRACED) == program);
    return status;
}

/* ---- the program: raw until it is told to stop ------------------------- */

static void raw_until_stop(const struct terminal *terminal)
{
    struct machine machine;
    struct port_stream *console;
    posix_test_open(&machine);
    CHECK(port_console_open(machine.loop, NULL, &console) == SOTTO_OK);
    port_want(console, 0);
    port_console_raw(console, true);
    tell(terminal, 'r');
    for (;;) {
        struct port_event event;
        size_t count = 0;
        port_wait(machine.loop, PORT_FOREVER, &event, 1, &count);
        if (count == 1 && event.kind == PORT_EVENT_RESIZE) {
            tell(terminal, 'd');
        } else if (count == 1 && event.kind == PORT_EVENT_STOP) {
            break;
        }
    }
    posix_test_close(&machine);
    tell(terminal, 's');
}

static void suspend_and_resume(void *arg)
{
    struct terminal *terminal = arg;
    pid_t program = start_program(terminal);
    await(terminal, 'r');
    CHECK(is_raw(terminal));
    for (int round = 0; round < 2; round++) {
        CHECK(write(terminal->master, "\x1a", 1) == 1); /* Control-Z */
        CHECK(WIFSTOPPED(await_status(program)));
        CHECK(!is_raw(terminal));
        CHECK(kill(-program, SIGCONT) == 0);
        await(terminal, 'd'); /* draw again */
        CHECK(is_raw(terminal));
    }
    CHECK(write(terminal->master, "\x03", 1) == 1); /* Control-C */
    await(terminal, 's');
    CHECK(await_status(program) == 0);
    CHECK(!is_raw(terminal));
}

static void test_suspending_restores_and_resuming_sets_raw_again(void **state)
{
    struct terminal terminal;
    (void)state;
    terminal_open(&terminal);
    terminal.program = raw_until_stop;
    assert_int_equal(posix_test_child(suspend_and_resume, &terminal), 0);
    terminal_close(&terminal);
}

static void resize(void *arg)
{
    struct terminal *terminal = arg;
    pid_t program = start_program(terminal);
    await(terminal, 'r');
    struct winsize size = {.ws_col = 100, .ws_row = 50};
    CHECK(ioctl(terminal->master, TIOCSWINSZ, &size) == 0);
    await(terminal, 'd');
    CHECK(kill(program, SIGTERM) == 0);
    await(terminal, 's');
    CHECK(await_status(program) == 0);
}

static void test_another_size_is_an_event(void **state)
{
    struct terminal terminal;
    (void)state;
    terminal_open(&terminal);
    terminal.program = raw_until_stop;
    assert_int_equal(posix_test_child(resize, &terminal), 0);
    terminal_close(&terminal);
}

/* ---- every way to end ------------------------------------------------- */

static void raw_then_news(const struct terminal *terminal)
{
    static struct machine machine; /* left open, as by a program that ends */
    static struct port_stream *console;
    posix_test_open(&machine);
    CHECK(port_console_open(machine.loop, NULL, &console) == SOTTO_OK);
    port_console_raw(console, true);
    CHECK(is_raw(terminal));
}

static void ends_by_exit(const struct terminal *terminal)
{
    raw_then_news(terminal);
    exit(0);
}

static void ends_by_closing(const struct terminal *terminal)
{
    struct machine machine;
    struct port_stream *console;
    posix_test_open(&machine);
    CHECK(port_console_open(machine.loop, NULL, &console) == SOTTO_OK);
    port_console_raw(console, true);
    CHECK(is_raw(terminal));
    port_stream_close(console);
    CHECK(!is_raw(terminal));
    posix_test_close(&machine);
}

static void ends_by_abort(const struct terminal *terminal)
{
    raw_then_news(terminal);
    abort();
}

static void ends_by_fault(const struct terminal *terminal)
{
    raw_then_news(terminal);
    (void)kill(getpid(), SIGSEGV);
    for (;;) {
        (void)pause();
    }
}

static void ends_by_quit(const struct terminal *terminal)
{
    raw_then_news(terminal);
    (void)kill(getpid(), SIGQUIT);
    for (;;) {
        (void)pause();
    }
}

static void ends_by_insisting(const struct terminal *terminal)
{
    posix_test_stop_clock();
    raw_then_news(terminal);
    CHECK(raise(SIGINT) == 0);
    posix_test_pass(2001);
    CHECK(raise(SIGINT) == 0);
}

static void run_to_its_end(void *arg)
{
    struct terminal *terminal = arg;
    pid_t program = start_program(terminal);
    (void)await_status(program);
    CHECK(!is_raw(terminal));
}

static void test_every_end_restores_the_terminal(void **state)
{
    static void (*const ends[])(
        const struct terminal *terminal) = {ends_by_exit,  ends_by_closing,
                                            ends_by_abort, ends_by_fault,
                                            ends_by_quit,  ends_by_insisting};
    (void)state;
    for (size_t at = 0; at < sizeof ends / sizeof ends[0]; at++) {
        struct terminal terminal;
        terminal_open(&terminal);
        terminal.program = ends[at];
        assert_false(is_raw(&terminal));
        assert_int_equal(posix_test_child(run_to_its_end, &terminal), 0);
        assert_false(is_raw(&terminal));
        terminal_close(&terminal);
    }
}

/* ---- bytes ------------------------------------------------------------ */

static void read_raw(void *arg)
{
    const struct terminal *terminal = arg;
    struct machine machine;
    struct port_stream *console;
    struct port_console_info info;
    struct winsize size = {.ws_col = 132, .ws_row = 43};
    char in[8];
    size_t got = 0;
    /* The terminal is nobody's, so nothing of job control gets in the way. */
    CHECK(setsid() > 0);
    CHECK(ioctl(terminal->slave, TIOCSCTTY, 0) == 0);
    posix_test_redirect(terminal->slave, terminal->slave);
    posix_test_open(&machine);
    CHECK(port_console_open(machine.loop, NULL, &console) == SOTTO_OK);
    CHECK(ioctl(terminal->master, TIOCSWINSZ, &size) == 0);
    port_console_info(console, &info);
    CHECK(info.input_is_terminal && info.output_is_terminal);
    CHECK(info.columns == 132 && info.rows == 43);

    CHECK(write(terminal->master, "ab", 2) == 2); /* no line yet */
    CHECK(port_read(console, (uint8_t *)in, sizeof in, &got) ==
          SOTTO_ERR_AGAIN);
    CHECK(write(terminal->master, "\r", 1) == 1);
    (void)posix_test_await(&machine, PORT_EVENT_READY);
    CHECK(port_read(console, (uint8_t *)in, sizeof in, &got) == SOTTO_OK);
    CHECK(got == 3 && memcmp(in, "ab\n", 3) == 0);

    port_console_raw(console, true);
    CHECK(write(terminal->master, "\r", 1) == 1);
    (void)posix_test_await(&machine, PORT_EVENT_READY);
    CHECK(port_read(console, (uint8_t *)in, sizeof in, &got) == SOTTO_OK);
    CHECK(got == 1 && in[0] == '\r');

    port_console_raw(console, false);
    CHECK(write(terminal->master, "\x04", 1) == 1); /* Control-D */
    for (int round = 0; round < 3; round++) {
        (void)posix_test_await(&machine, PORT_EVENT_READY);
        CHECK(port_read(console, (uint8_t *)in, sizeof in, &got) ==
              SOTTO_ERR_CLOSED);
    }
    posix_test_close(&machine);
}

static void test_raw_input_comes_byte_by_byte(void **state)
{
    struct terminal terminal;
    (void)state;
    terminal_open(&terminal);
    assert_int_equal(posix_test_child(read_raw, &terminal), 0);
    terminal_close(&terminal);
}

static void write_unread(void *arg)
{
    const struct terminal *terminal = arg;
    struct machine machine;
    struct port_stream *console;
    static uint8_t bytes[4000];
    memset(bytes, 'x', sizeof bytes);
    posix_test_redirect(terminal->slave, terminal->slave);
    posix_test_open(&machine);
    CHECK(port_console_open(machine.loop, NULL, &console) == SOTTO_OK);
    size_t total = 0;
    enum sotto_err err = SOTTO_OK;
    while (err == SOTTO_OK) { /* a write that blocked would never end */
        size_t put = 0;
        err = port_write(console, bytes, sizeof bytes, &put);
        total += put;
    }
    CHECK(err == SOTTO_ERR_AGAIN && total > 0);
    port_want(console, PORT_WRITE);
    CHECK(fcntl(terminal->master, F_SETFL, O_NONBLOCK) == 0);
    bool is_ready = false;
    while (!is_ready) { /* the kernel hands over piece by piece */
        while (read(terminal->master, bytes, sizeof bytes) > 0) {
        }
        is_ready = !posix_test_is_quiet(&machine, 5);
    }
    CHECK(posix_test_await(&machine, PORT_EVENT_READY).ready == PORT_WRITE);
    CHECK((fcntl(terminal->slave, F_GETFL) & O_NONBLOCK) == 0);
    posix_test_close(&machine);
}

static void test_a_terminal_that_nobody_reads_blocks_nobody(void **state)
{
    struct terminal terminal;
    (void)state;
    terminal_open(&terminal);
    assert_int_equal(posix_test_child(write_unread, &terminal), 0);
    terminal_close(&terminal);
}

int test_posix_terminal(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suspending_restores_and_resuming_sets_raw_again),
        cmocka_unit_test(test_another_size_is_an_event),
        cmocka_unit_test(test_every_end_restores_the_terminal),
        cmocka_unit_test(test_raw_input_comes_byte_by_byte),
        cmocka_unit_test(test_a_terminal_that_nobody_reads_blocks_nobody),
    };
    return cmocka_run_group_tests_name("terminal", tests, NULL, NULL);
}
