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

/* Who asks to stop again after this long is tired of waiting. */
#define PATIENCE_MS 2000

static void on_event(int number);
static void on_usual(int number);

/* What is done about a signal, and what was before. */
struct taken {
    int number;
    void (*handler)(int number);
    enum port_event_kind kind; /* for on_event() */
    struct sigaction before;
};

/* Handlers are given nothing: hence global. */
/* NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables) */
static atomic_uint pending;    /* bit for each enum port_event_kind */
static atomic_long stop_asked; /* in ms; 0: not yet */
static atomic_int wake_fd = -1;

static struct taken taken[] = {
    {.number = SIGTERM, .handler = on_event, .kind = PORT_EVENT_STOP},
    {.number = SIGINT, .handler = on_event, .kind = PORT_EVENT_STOP},
    {.number = SIGHUP, .handler = on_event, .kind = PORT_EVENT_RELOAD},
    {.number = SIGUSR1, .handler = on_event, .kind = PORT_EVENT_STATUS},
    {.number = SIGWINCH, .handler = on_event, .kind = PORT_EVENT_RESIZE},
    {.number = SIGCONT, .handler = on_event, .kind = PORT_EVENT_RESIZE},
    {.number = SIGTSTP, .handler = on_usual},
    {.number = SIGQUIT, .handler = on_usual},
    {.number = SIGABRT, .handler = on_usual},
    {.number = SIGPIPE, .handler = SIG_IGN},
    {.number = SIGXFSZ, .handler = SIG_IGN}}; /* FULL instead */
/* NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables) */
#define TAKEN (sizeof taken / sizeof taken[0])

static void handle(int number, void (*handler)(int number))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(number, &action, NULL); /* fails for a bad number only */
}

/* What the signal does to a program that does not know it. */
static void as_usual(int number)
{
    host_terminal_restore();
    handle(number, SIG_DFL);
    sigset_t only;
    (void)sigemptyset(&only);
    (void)sigaddset(&only, number);
    (void)raise(number);
    sigset_t before;
    (void)sigprocmask(SIG_UNBLOCK, &only, &before); /* it happens here */
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Suspended, and later back; or ended. */
static void on_usual(int number)
{
    int saved = errno;
    as_usual(number);
    handle(number, on_usual);
    errno = saved;
}

static void count_stops(int number)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    long now_ms = (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    long first_ms = stop_asked;
    if (first_ms == 0) {
        stop_asked = now_ms;
    } else if (now_ms - first_ms > PATIENCE_MS) {
        as_usual(number);
    }
}

static void on_event(int number)
{
    int saved = errno;
    for (size_t i = 0; i < TAKEN; i++) {
        if (taken[i].number == number) {
            atomic_fetch_or(&pending, 1U << taken[i].kind);
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

void host_signals_start(int wake)
{
    wake_fd = wake;
    pending = 0;
    stop_asked = 0;
    for (size_t i = 0; i < TAKEN; i++) {
        (void)sigaction(taken[i].number, NULL, &taken[i].before);
        /* A program in the background of a script shall not be interrupted. */
        if (taken[i].number != SIGINT ||
            taken[i].before.sa_handler != SIG_IGN) {
            handle(taken[i].number, taken[i].handler);
        }
    }
}

void host_signals_stop(void)
{
    for (size_t i = 0; i < TAKEN; i++) {
        (void)sigaction(taken[i].number, &taken[i].before, NULL);
    }
    wake_fd = -1;
}

unsigned below_signals(void)
{
    return atomic_exchange(&pending, 0U);
}
