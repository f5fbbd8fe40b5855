/*
 * test_console.c - standard input and output that are pipes and files.
 */
#include "tests/port/posix/posix_test.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct pipes {
    int in[2];  /* the child's standard input */
    int out[2]; /* its standard output */
};

static void pipes_open(struct pipes *pipes)
{
    assert_int_equal(pipe(pipes->in), 0);
    assert_int_equal(pipe(pipes->out), 0);
}

static void pipes_close(struct pipes *pipes)
{
    for (size_t at = 0; at < 2; at++) {
        (void)close(pipes->in[at]);
        (void)close(pipes->out[at]);
    }
}

static struct port_stream *console_open(struct machine *machine)
{
    struct port_stream *console;
    posix_test_open(machine);
    CHECK(port_console_open(machine->loop, NULL, &console) == SOTTO_OK);
    return console;
}

static size_t read_some(struct port_stream *console, char *out, size_t cap)
{
    size_t got = 0;
    CHECK(port_read(console, (uint8_t *)out, cap, &got) == SOTTO_OK);
    CHECK(got >= 1 && got <= cap);
    return got;
}

/* The end of input is read again and again, and stays something to read. */
static void check_ended(struct machine *machine, struct port_stream *console)
{
    for (int round = 0; round < 3; round++) {
        char in[4];
        size_t got = 77;
        CHECK(posix_test_await(machine, PORT_EVENT_READY).ready == PORT_READ);
        CHECK(port_read(console, (uint8_t *)in, sizeof in, &got) ==
              SOTTO_ERR_CLOSED);
        CHECK(got == 77);
    }
    port_want(console, 0); /* but a program may lose interest */
    CHECK(posix_test_is_quiet(machine, 20));
}

/* ---- pipes ------------------------------------------------------------ */

static void on_pipes(void *arg)
{
    const struct pipes *pipes = arg;
    struct machine machine;
    struct port_console_info info;
    char in[16];
    size_t len = 77;
    posix_test_redirect(pipes->in[0], pipes->out[1]);
    int flags = fcntl(STDIN_FILENO, F_GETFL) | fcntl(STDOUT_FILENO, F_GETFL);
    struct port_stream *console = console_open(&machine);
    CHECK(port_read(console, (uint8_t *)in, sizeof in, &len) ==
          SOTTO_ERR_AGAIN);
    CHECK(len == 77);
    CHECK(posix_test_is_quiet(&machine, 20));
    CHECK(write(pipes->in[1], "hello", 5) == 5);
    CHECK(posix_test_await(&machine, PORT_EVENT_READY).ready == PORT_READ);
    CHECK(read_some(console, in, 2) == 2 && memcmp(in, "he", 2) == 0);
    CHECK(posix_test_await(&machine, PORT_EVENT_READY).ready == PORT_READ);
    CHECK(read_some(console, in, sizeof in) == 3 && memcmp(in, "llo", 3) == 0);
    CHECK(posix_test_is_quiet(&machine, 20));

    CHECK(port_write(console, (const uint8_t *)"answer", 6, &len) == SOTTO_OK);
    CHECK(len == 6);
    CHECK(read(pipes->out[0], in, sizeof in) == 6);
    CHECK(memcmp(in, "answer", 6) == 0);

    port_console_info(console, &info);
    CHECK(!info.input_is_terminal && !info.output_is_terminal);
    CHECK(info.columns == 80 && info.rows == 24);
    port_console_raw(console, true); /* nothing happens */

    CHECK((flags & O_NONBLOCK) == 0);
    CHECK((fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK) == 0);
    CHECK((fcntl(STDOUT_FILENO, F_GETFL) & O_NONBLOCK) == 0);
    posix_test_close(&machine);
}

static void test_console_on_pipes(void **state)
{
    struct pipes pipes;
    (void)state;
    pipes_open(&pipes);
    assert_int_equal(posix_test_child(on_pipes, &pipes), 0);
    pipes_close(&pipes);
}

static void one_event(void *arg)
{
    const struct pipes *pipes = arg;
    struct machine machine;
    struct port_event events[4];
    size_t count = 0;
    posix_test_redirect(pipes->in[0], pipes->out[1]);
    struct port_stream *console = console_open(&machine);
    CHECK(write(pipes->in[1], "x", 1) == 1);
    port_want(console, PORT_READ | PORT_WRITE);
    for (int round = 0; round < 3; round++) {
        port_wait(machine.loop, PORT_FOREVER, events, 4, &count);
        CHECK(count == 1);
        CHECK(events[0].ready == (PORT_READ | PORT_WRITE));
    }
    posix_test_close(&machine);
}

static void test_console_has_one_event_a_turn(void **state)
{
    struct pipes pipes;
    (void)state;
    pipes_open(&pipes);
    assert_int_equal(posix_test_child(one_event, &pipes), 0);
    pipes_close(&pipes);
}

static void input_ends(void *arg)
{
    const struct pipes *pipes = arg;
    struct machine machine;
    char in[16];
    posix_test_redirect(pipes->in[0], -1);
    struct port_stream *console = console_open(&machine);
    CHECK(write(pipes->in[1], "last", 4) == 4);
    CHECK(close(pipes->in[1]) == 0);
    port_want(console, 0); /* the end alone does not wake us */
    CHECK(posix_test_is_quiet(&machine, 20));
    port_want(console, PORT_READ);
    (void)posix_test_await(&machine, PORT_EVENT_READY);
    CHECK(read_some(console, in, sizeof in) == 4);
    check_ended(&machine, console);
    posix_test_close(&machine);
}

static void test_console_input_ends(void **state)
{
    struct pipes pipes;
    (void)state;
    pipes_open(&pipes);
    pid_t child = posix_test_fork(input_ends, &pipes);
    (void)close(pipes.in[1]); /* only the child holds it */
    assert_int_equal(posix_test_wait(child), 0);
    pipes_close(&pipes);
}

/* ---- output that nobody reads, or nobody can ---------------------------- */

static void output_is_full(void *arg)
{
    const struct pipes *pipes = arg;
    struct machine machine;
    static uint8_t bytes[100000];
    size_t total = 0;
    posix_test_redirect(pipes->in[0], pipes->out[1]);
    struct port_stream *console = console_open(&machine);
    enum sotto_err err = SOTTO_OK;
    while (err == SOTTO_OK) {
        size_t put = 0;
        err = port_write(console, bytes, sizeof bytes, &put);
        total += put;
    }
    CHECK(err == SOTTO_ERR_AGAIN && total > 0);
    port_want(console, PORT_WRITE);
    CHECK(posix_test_is_quiet(&machine, 20));
    for (size_t at = 0; at < total;) {
        ssize_t got = read(pipes->out[0], bytes, sizeof bytes);
        CHECK(got > 0);
        at += (size_t)got;
    }
    CHECK(posix_test_await(&machine, PORT_EVENT_READY).ready == PORT_WRITE);
    posix_test_close(&machine);
}

static void test_console_output_says_again_when_full(void **state)
{
    struct pipes pipes;
    (void)state;
    pipes_open(&pipes);
    assert_int_equal(posix_test_child(output_is_full, &pipes), 0);
    pipes_close(&pipes);
}

static void output_is_gone(void *arg)
{
    const struct pipes *pipes = arg;
    struct machine machine;
    size_t put = 77;
    posix_test_redirect(pipes->in[0], pipes->out[1]);
    struct port_stream *console = console_open(&machine);
    CHECK(close(pipes->out[0]) == 0);
    (void)posix_test_await(&machine, PORT_EVENT_READY); /* gone there too */
    CHECK(port_write(console, (const uint8_t *)"x", 1, &put) ==
          SOTTO_ERR_RESET);
    CHECK(put == 77);
    posix_test_close(&machine);
}

static void test_console_output_says_reset_when_gone(void **state)
{
    struct pipes pipes;
    (void)state;
    pipes_open(&pipes);
    pid_t child = posix_test_fork(output_is_gone, &pipes);
    (void)close(pipes.out[0]);
    assert_int_equal(write(pipes.in[1], "x", 1), 1);
    assert_int_equal(posix_test_wait(child), 0);
    pipes_close(&pipes);
}

/* ---- files ------------------------------------------------------------ */

static void on_files(void *arg)
{
    struct machine machine;
    char path[256];
    char in[4];
    char text[16] = "";
    size_t put = 0;
    (void)arg;
    posix_test_path("input", path);
    int from = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(from >= 0 && write(from, "0123456789", 10) == 10);
    CHECK(lseek(from, 0, SEEK_SET) == 0);
    posix_test_path("output", path);
    int to = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(to >= 0);
    posix_test_redirect(from, to);
    struct port_stream *console = console_open(&machine);
    while (strlen(text) < 10) { /* a regular file is always ready */
        CHECK(posix_test_await(&machine, PORT_EVENT_READY).ready == PORT_READ);
        size_t got = read_some(console, in, sizeof in);
        strncat(text, in, got);
    }
    CHECK(strcmp(text, "0123456789") == 0);
    check_ended(&machine, console);

    port_want(console, PORT_WRITE);
    CHECK(posix_test_await(&machine, PORT_EVENT_READY).ready == PORT_WRITE);
    CHECK(port_write(console, (const uint8_t *)"out", 3, &put) == SOTTO_OK);
    CHECK(pread(to, text, 3, 0) == 3 && memcmp(text, "out", 3) == 0);
    posix_test_close(&machine);
}

static void test_console_on_files(void **state)
{
    (void)state;
    assert_int_equal(posix_test_child(on_files, NULL), 0);
}

static void on_dev_null(void *arg)
{
    struct machine machine;
    (void)arg;
    int null = open("/dev/null", O_RDWR);
    CHECK(null >= 0);
    posix_test_redirect(null, null);
    struct port_stream *console = console_open(&machine);
    check_ended(&machine, console);
    posix_test_close(&machine);
}

static void test_console_on_dev_null_has_ended(void **state)
{
    (void)state;
    assert_int_equal(posix_test_child(on_dev_null, NULL), 0);
}

static void with_a_crowd(void *arg)
{
    struct machine machine;
    struct port_event event = {.tag = NULL};
    size_t count = 0;
    (void)arg;
    int null = open("/dev/null", O_RDWR);
    CHECK(null >= 0);
    posix_test_redirect(null, null);
    (void)console_open(&machine);
    struct port_address address;
    struct port_listener *listener;
    struct port_stream *client;
    int tag = 0;
    CHECK(port_address_parse("127.0.0.1", &address) == SOTTO_OK);
    CHECK(port_listen(machine.loop, &address, &tag, &listener) == SOTTO_OK);
    port_listener_address(listener, &address);
    CHECK(port_connect(machine.loop, "127.0.0.1", address.port, &tag,
                       &client) == SOTTO_OK);
    while (event.tag != &tag) { /* however late the network is */
        port_wait(machine.loop, PORT_FOREVER, &event, 1, &count);
    }
    int others = 0;
    int console = 0;
    for (int turn = 0; turn < 100; turn++) {
        port_wait(machine.loop, 10, &event, 1, &count);
        others += count == 1 && event.tag == &tag ? 1 : 0;
        console += count == 1 && event.tag == NULL ? 1 : 0;
    }
    CHECK(others > 20 && console > 20);
    posix_test_close(&machine);
}

static void test_an_always_ready_console_starves_nobody(void **state)
{
    (void)state;
    assert_int_equal(posix_test_child(with_a_crowd, NULL), 0);
}

static void without_one(void *arg)
{
    struct machine machine;
    struct port_stream *console = NULL;
    (void)arg;
    posix_test_open(&machine);
    CHECK(close(STDIN_FILENO) == 0);
    CHECK(port_console_open(machine.loop, NULL, &console) ==
          SOTTO_ERR_UNSUPPORTED);
    CHECK(console == NULL);
    posix_test_close(&machine);
}

static void test_no_standard_input_is_no_console(void **state)
{
    (void)state;
    assert_int_equal(posix_test_child(without_one, NULL), 0);
}

int test_posix_console(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_console_on_pipes),
        cmocka_unit_test(test_console_has_one_event_a_turn),
        cmocka_unit_test(test_console_input_ends),
        cmocka_unit_test(test_console_output_says_again_when_full),
        cmocka_unit_test(test_console_output_says_reset_when_gone),
        cmocka_unit_test(test_console_on_files),
        cmocka_unit_test(test_console_on_dev_null_has_ended),
        cmocka_unit_test(test_an_always_ready_console_starves_nobody),
        cmocka_unit_test(test_no_standard_input_is_no_console),
    };
    return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
