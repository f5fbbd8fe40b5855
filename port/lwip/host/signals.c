/*
 * signals.c - signals as events (port.h, wait sets), and the terminal around
 * a suspension and a sudden end.
 */
#include "port/lwip/host/host.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

/* Who asks to stop again after more than this is tired of waiting. */
#define PATIENCE_S 2

/* Handlers are given nothing: hence global. */
/* NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables) */
static atomic_uint pending;        /* bit for each enum port_event_kind */
static _Atomic(time_t) stop_asked; /* monotonic seconds, plus 1; 0: not yet */
static atomic_int wake_fd = -1;
/* NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables) */

static const struct {
    int number;
    enum port_event_kind kind;
} events[] = {{SIGTERM, PORT_EVENT_STOP},    {SIGINT, PORT_EVENT_STOP},
              {SIGHUP, PORT_EVENT_RELOAD},   {SIGUSR1, PORT_EVENT_STATUS},
              {SIGWINCH, PORT_EVENT_RESIZE}, {SIGCONT, PORT_EVENT_RESIZE}};
#define EVENTS (sizeof events / sizeof events[0])

static void take(int number, void (*handler)(int number))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(number, &action, NULL); /* fails for a bad number only */
}

/* What the signal does to a program that does not know it. */
static void as_usual(int number)
{
    host_terminal_restore();
    take(number, SIG_DFL);
    sigset_t only;
    (void)sigemptyset(&only);
    (void)sigaddset(&only, number);
    (void)raise(number);
    sigset_t before;
    (void)sigprocmask(SIG_UNBLOCK, &only, &before); /* it happens here */
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
}

static void count_stops(int number)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    time_t first = stop_asked;
    if (first == 0) {
        stop_asked = now.tv_sec + 1;
    } else if (now.tv_sec + 1 - first > PATIENCE_S) {
        as_usual(number);
    }
}

static void on_event(int number)
{
    int saved = errno;
    for (size_t i = 0; i < EVENTS; i++) {
        if (events[i].number == number) {
            atomic_fetch_or(&pending, 1U << events[i].kind);
        }
    }
    if (number == SIGTERM || number == SIGINT) {
        count_stops(number);
    } else if (number == SIGCONT) {
        host_terminal_resume();
    }
    uint8_t byte = 0;
    ssize_t put = write(wake_fd, &byte, 1);
    (void)put;
    errno = saved;
}

/* Suspended, and later back; or ended. */
static void on_usual(int number)
{
    int saved = errno;
    as_usual(number);
    take(number, on_usual);
    errno = saved;
}

void host_signals_start(int wake)
{
    wake_fd = wake;
    pending = 0;
    stop_asked = 0;
    take(SIGPIPE, SIG_IGN);
    take(SIGXFSZ, SIG_IGN); /* a file at its limit: FULL, not the end */
    take(SIGTSTP, on_usual);
    take(SIGQUIT, on_usual);
    for (size_t i = 0; i < EVENTS; i++) {
        take(events[i].number, on_event);
    }
}

void host_signals_stop(void)
{
    for (size_t i = 0; i < EVENTS; i++) {
        take(events[i].number, SIG_DFL);
    }
    take(SIGTSTP, SIG_DFL);
    take(SIGQUIT, SIG_DFL);
    wake_fd = -1;
}

unsigned below_signals(void)
{
    return atomic_exchange(&pending, 0U);
}
