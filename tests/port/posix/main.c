/*
 * main.c - runs the tests of the POSIX port's own promises, and holds their
 * helpers.
 */
#include "tests/port/posix/posix_test.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

_Noreturn void posix_test_fail(const char *what, const char *file, int line)
{
    (void)fprintf(stderr, "in a child: %s (%s:%d)\n", what, file, line);
    _exit(1);
}

/* CMocka catches faults to go on with the next test; a child does not. */
static void own_faults(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    for (size_t at = 0; at < sizeof numbers / sizeof numbers[0]; at++) {
        CHECK(signal(numbers[at], SIG_DFL) != SIG_ERR);
    }
}

pid_t posix_test_fork(void (*run)(void *arg), void *arg)
{
    (void)fflush(stdout);
    (void)fflush(stderr);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        own_faults();
        (void)alarm(HANGS_AFTER_S);
        run(arg);
        _exit(0);
    }
    return child;
}

int posix_test_wait(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        assert_int_equal(errno, EINTR);
    }
    return status;
}

int posix_test_child(void (*run)(void *arg), void *arg)
{
    return posix_test_wait(posix_test_fork(run, arg));
}

void posix_test_redirect(int from, int to)
{
    CHECK(from < 0 || dup2(from, STDIN_FILENO) == STDIN_FILENO);
    CHECK(to < 0 || dup2(to, STDOUT_FILENO) == STDOUT_FILENO);
}

void posix_test_open(struct machine *machine)
{
    CHECK(port_open(&machine->port) == SOTTO_OK);
    CHECK(port_loop_open(machine->port, 16, &machine->loop) == SOTTO_OK);
}

void posix_test_close(struct machine *machine)
{
    port_loop_close(machine->loop);
    port_close(machine->port);
}

struct port_event posix_test_await(struct machine *machine,
                                   enum port_event_kind kind)
{
    for (;;) {
        struct port_event event;
        size_t count = 0;
        port_wait(machine->loop, PORT_FOREVER, &event, 1, &count);
        if (count == 1 && event.kind == kind) {
            return event;
        }
    }
}

/* ---- the clock -------------------------------------------------------- */

/* The linker puts __wrap_clock_gettime() around the C library's (--wrap). */
int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

/* Where the monotonic clock stands; 0: it goes. */
static atomic_ullong stands_at_ms;

static uint64_t real_ms(void)
{
    struct timespec now;
    CHECK(__real_clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (uint64_t)now.tv_sec * 1000U + (uint64_t)now.tv_nsec / 1000000U;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    const unsigned long long at_ms = atomic_load(&stands_at_ms);
    if (clock != CLOCK_MONOTONIC || at_ms == 0) {
        return __real_clock_gettime(clock, now);
    }
    now->tv_sec = (time_t)(at_ms / 1000U);
    now->tv_nsec = (long)(at_ms % 1000U) * 1000000L;
    return 0;
}

void posix_test_stop_clock(void)
{
    atomic_store(&stands_at_ms, real_ms());
}

void posix_test_pass(uint32_t ms)
{
    CHECK(atomic_load(&stands_at_ms) != 0);
    atomic_fetch_add(&stands_at_ms, ms);
}

bool posix_test_is_quiet(struct machine *machine, uint32_t ms)
{
    uint64_t end_ms = real_ms() + ms;
    while (real_ms() < end_ms) {
        struct port_event event;
        size_t count = 0;
        port_wait(machine->loop, 5, &event, 1, &count);
        if (count > 0) {
            return false;
        }
    }
    return true;
}

/* ---- the folder ------------------------------------------------------- */

static char folder[128];

const char *posix_test_folder(void)
{
    return folder;
}

void posix_test_path(const char *name, char path[static 256])
{
    (void)snprintf(path, 256, "%s/%s", folder, name);
}

/* usage: port_posix_tests [PATTERN]: only tests whose name fits, "*raw*". */
int main(int argc, char **argv)
{
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%s/sotto-port-XXXXXX",
                   tmp != NULL && strlen(tmp) < 100 ? tmp : "/tmp");
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        return 1;
    }
    int failed = test_posix_signals() + test_posix_console() +
                 test_posix_terminal() + test_posix_files() +
                 test_posix_limits();
    char command[256];
    (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
    if (system(command) != 0) {
        (void)fprintf(stderr, "cannot remove %s\n", folder);
    }
    return failed == 0 ? 0 : 1;
}
