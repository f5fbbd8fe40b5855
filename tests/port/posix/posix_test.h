/*
 * posix_test.h - what the tests of the POSIX port's own promises share.
 *
 * What touches signals, standard input and output or limits runs in a child
 * process, so that the test program keeps its own.
 */
#ifndef SOTTO_TESTS_PORT_POSIX_TEST_H
#define SOTTO_TESTS_PORT_POSIX_TEST_H

#include "port/port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

/* Seconds after which a child hangs: only a hopeless test takes so long. */
#define HANGS_AFTER_S 300U

/* In a child: ends it with exit code 1 when the condition does not hold. */
#define CHECK(condition)                                                       \
    ((condition) ? (void)0 : posix_test_fail(#condition, __FILE__, __LINE__))
_Noreturn void posix_test_fail(const char *what, const char *file, int line);

/* Runs `run(arg)` in a child, which ends with code 0 when it returns, or by
 * SIGALRM when it hangs. Waits: the status of waitpid(2). */
int posix_test_child(void (*run)(void *arg), void *arg);

/* The same without waiting. */
pid_t posix_test_fork(void (*run)(void *arg), void *arg);
int posix_test_wait(pid_t child);

/* Makes `from` the standard input, `to` the standard output; -1 leaves it. */
void posix_test_redirect(int from, int to);

/* A machine with one loop, for a child. */
struct machine {
    struct port *port;
    struct port_loop *loop;
};

void posix_test_open(struct machine *machine);
void posix_test_close(struct machine *machine);

/* Waits for an event of this kind; others are passed over. */
struct port_event posix_test_await(struct machine *machine,
                                   enum port_event_kind kind);

/* In a child: from now on the port's monotonic clock stands still, however slow
 * the machine is, and moves only when it is told to. */
void posix_test_stop_clock(void);
void posix_test_pass(uint32_t ms);

/* Whether nothing happens within `ms`, of the machine's own clock. */
bool posix_test_is_quiet(struct machine *machine, uint32_t ms);

/* The path of a folder that is fresh in each run, for files; and of something
 * in it. */
const char *posix_test_folder(void);
void posix_test_path(const char *name, char path[static 256]);

int test_posix_signals(void);
int test_posix_console(void);
int test_posix_terminal(void);
int test_posix_files(void);
int test_posix_limits(void);

#endif
