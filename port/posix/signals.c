/*
 * signals.c - signals become events of the first loop.
 *
 * Handlers rather than a signalfd, so that a second Control-C ends the program
 * even when its loop hangs. They only note a bit and ring the bell; only the
 * thread that opened the machine receives them. A person who started the
 * program with interrupts ignored (in the background of a script) wants them
 * ignored.
 */
#include "port/posix/posix.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

/* After a first request to end, how long the program has before a second one
 * ends it. */
#define PATIENCE_MS 2000U

/* Signals are the whole process's, and handlers are given nothing: so this
 * state, and only this, is global. */
struct saved {
    int number;
    struct sigaction before;
};

/* NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables) */
static _Atomic(struct port_loop *) ring_loop;
static atomic_uint came;        /* 1U << kind of event */
static atomic_bool asked;       /* to end ... */
static atomic_uint asked_at_ms; /* ... when; it may wrap */

static struct saved events[] = {{.number = SIGTERM},
                                {.number = SIGINT},
                                {.number = SIGHUP},
                                {.number = SIGUSR1},
                                {.number = SIGWINCH}};
static struct saved ignored[] = {{.number = SIGPIPE}, {.number = SIGXFSZ}};

/* What would leave the terminal raw. */
static struct saved endings[] = {{.number = SIGQUIT}, {.number = SIGABRT},
                                 {.number = SIGSEGV}, {.number = SIGBUS},
                                 {.number = SIGFPE},  {.number = SIGILL},
                                 {.number = SIGALRM}};
static struct saved pauses[] = {{.number = SIGTSTP}, {.number = SIGCONT}};
/* NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables) */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- handlers --------------------------------------------------------- */

static void note(enum port_event_kind kind)
{
    atomic_fetch_or(&came, 1U << kind);
    struct port_loop *loop = atomic_load(&ring_loop);
    if (loop != NULL) {
        posix_loop_ring(loop);
    }
}

/* The signal once more, to whoever handles it now; not only when the handler
 * returns. */
static void raise_again(int number)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, number);
    (void)raise(number);
    (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void default_action(int number)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    (void)sigaction(number, &action, NULL);
    raise_again(number);
}

static void on_stop(int number)
{
    unsigned now_ms = (unsigned)posix_now_ms();
    if (!atomic_exchange(&asked, true)) {
        atomic_store(&asked_at_ms, now_ms);
    } else if (now_ms - atomic_load(&asked_at_ms) > PATIENCE_MS) {
        posix_terminal_restore();
        default_action(number);
    }
    note(PORT_EVENT_STOP);
}

static void on_event(int number)
{
    int before = errno;
    switch (number) {
    case SIGTERM:
    case SIGINT:
        on_stop(number);
        break;
    case SIGHUP:
        note(PORT_EVENT_RELOAD);
        break;
    case SIGUSR1:
        note(PORT_EVENT_STATUS);
        break;
    default:
        note(PORT_EVENT_RESIZE);
        break;
    }
    errno = before;
}

static void give_back(const struct saved *list, size_t count)
{
    for (size_t at = 0; at < count; at++) {
        POSIX_ASSERT(sigaction(list[at].number, &list[at].before, NULL) == 0);
    }
}

static void handle(int number, void (*handler)(int number),
                   struct sigaction *before)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    (void)sigemptyset(&action.sa_mask);
    POSIX_ASSERT(sigaction(number, &action, before) == 0);
}

static void on_ending(int number)
{
    posix_terminal_restore();
    give_back(endings, COUNT(endings)); /* a sanitizer may want it */
    raise_again(number);
}

static void on_pause(int number)
{
    int before = errno;
    if (number == SIGTSTP) {
        posix_terminal_pause();
        default_action(number); /* here the program stands still */
        handle(SIGTSTP, on_pause, NULL);
    } else {
        posix_terminal_resume();
        note(PORT_EVENT_RESIZE);
    }
    errno = before;
}

/* ---- taking over, giving back ----------------------------------------- */

static void take_over(struct saved *list, size_t count,
                      void (*handler)(int number))
{
    for (size_t at = 0; at < count; at++) {
        handle(list[at].number, handler, &list[at].before);
    }
}

static void keep_ignored(const struct saved *list, size_t count, int number)
{
    for (size_t at = 0; at < count; at++) {
        if (list[at].number == number &&
            list[at].before.sa_handler == SIG_IGN) {
            POSIX_ASSERT(sigaction(number, &list[at].before, NULL) == 0);
        }
    }
}

void posix_signals_open(void)
{
    atomic_store(&came, 0);
    atomic_store(&asked, false);
    take_over(ignored, COUNT(ignored), SIG_IGN);
    take_over(events, COUNT(events), on_event);
    keep_ignored(events, COUNT(events), SIGINT);
}

void posix_signals_close(void)
{
    give_back(events, COUNT(events));
    give_back(ignored, COUNT(ignored));
}

void posix_signals_ring(struct port_loop *loop)
{
    atomic_store(&ring_loop, loop);
    if (loop != NULL && atomic_load(&came) != 0) {
        posix_loop_ring(loop); /* they came before there was a loop */
    }
}

unsigned posix_signals_take(void)
{
    return atomic_exchange(&came, 0);
}

void posix_signals_guard(bool guard)
{
    if (guard) {
        take_over(endings, COUNT(endings), on_ending);
        take_over(pauses, COUNT(pauses), on_pause);
        keep_ignored(pauses, COUNT(pauses), SIGTSTP); /* no job control */
    } else {
        give_back(endings, COUNT(endings));
        give_back(pauses, COUNT(pauses));
    }
}

void posix_signals_block(sigset_t *before)
{
    sigset_t set;
    (void)sigemptyset(&set);
    for (size_t at = 0; at < COUNT(events); at++) {
        (void)sigaddset(&set, events[at].number);
    }
    for (size_t at = 0; at < COUNT(pauses); at++) {
        (void)sigaddset(&set, pauses[at].number);
    }
    POSIX_ASSERT(pthread_sigmask(SIG_BLOCK, &set, before) == 0);
}

void posix_signals_unblock(const sigset_t *before)
{
    POSIX_ASSERT(pthread_sigmask(SIG_SETMASK, before, NULL) == 0);
}
