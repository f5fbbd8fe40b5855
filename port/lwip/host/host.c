/*
 * host.c - a host below port/lwip: clock, entropy, waiting. Its network is
 * inside the process (wire.c, slirp.c), so that nothing here needs root.
 *
 * Contract: below.h.
 */
#include "port/lwip/host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* What passes of the virtual time with each look at it. */
#define LOOK_NS 100000U

/* One machine a process, and a signal handler that is given nothing: hence
 * global. */
/* NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables) */
static int wake_pipe[2] = {-1, -1}; /* who writes to it wakes below_wait() */
static bool is_virtual;             /* time is `virtual_ns` */
static uint64_t virtual_ns;
static uint64_t random_state; /* random bytes, when time is virtual */
/* NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables) */

const char *host_words(void)
{
    return strerror(errno);
}

_Noreturn void sotto_panic(const char *what, const char *file, int line)
{
    host_terminal_restore();
    fprintf(stderr, "panic: %s (%s:%d)\n", what, file, line);
    abort();
}

/* ---- start and end ---------------------------------------------------- */

static unsigned long setting(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtoul(text, NULL, 10) : otherwise;
}

static void read_settings(void)
{
    unsigned long loss = setting("SOTTO_LWIP_LOSS", 0);
    unsigned long seed = setting("SOTTO_SEED", 1);
    if (loss > 0 && !is_virtual && host_net_lose((unsigned)loss, seed)) {
        virtual_ns = 1000000000U; /* any, but the same */
        random_state = seed;
        is_virtual = true;
        (void)fprintf(stderr, "SOTTO_SEED=%lu\n", seed);
    }
}

/* So that nothing that is opened gets the number of a standard stream that was
 * closed, and with it what is meant for a person. */
static void hold_standard_streams(void)
{
    int fd = 0;
    while (fd >= 0 && fd <= STDERR_FILENO) {
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    }
    if (fd > STDERR_FILENO) {
        (void)close(fd);
    }
}

enum sotto_err below_start(const char **why)
{
    uint8_t probe;
    hold_standard_streams();
    read_settings();
    if (below_random(&probe, sizeof probe) != SOTTO_OK) {
        *why = "This machine gives no random bytes";
        return SOTTO_ERR_RANDOM;
    }
    if (pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        *why = host_words();
        return SOTTO_ERR_IO;
    }
    host_signals_start(wake_pipe[1]);
    return SOTTO_OK;
}

void below_stop(void)
{
    host_signals_stop();
    (void)close(wake_pipe[0]);
    (void)close(wake_pipe[1]);
    wake_pipe[0] = -1;
    wake_pipe[1] = -1;
}

/* ---- time and random bytes -------------------------------------------- */

uint64_t below_now_ns(void)
{
    if (is_virtual) {
        virtual_ns += LOOK_NS;
        return virtual_ns;
    }
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

uint64_t below_now_ms(void)
{
    return below_now_ns() / 1000000U;
}

uint64_t below_wall_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec > 0 ? (uint64_t)now.tv_sec : SOTTO_TIME_UNKNOWN;
}

uint64_t host_draw(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15U;
    uint64_t mixed = *state;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebU;
    return mixed ^ mixed >> 31;
}

static enum sotto_err from_system(uint8_t *out, size_t len)
{
    while (len > 0) {
        ssize_t got = getrandom(out, len, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return SOTTO_ERR_RANDOM;
        }
        out += got;
        len -= (size_t)got;
    }
    return SOTTO_OK;
}

enum sotto_err below_random(uint8_t *out, size_t len)
{
    if (!is_virtual) {
        return from_system(out, len);
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)host_draw(&random_state);
    }
    return SOTTO_OK;
}

/* ---- waiting ---------------------------------------------------------- */

static void empty_pipe(void)
{
    uint8_t bytes[64];
    while (read(wake_pipe[0], bytes, sizeof bytes) > 0) {
    }
}

void below_wait(uint32_t ms, unsigned console)
{
    struct pollfd fds[3 + HOST_NET_FDS] = {{.fd = wake_pipe[0],
                                            .events = POLLIN},
                                           {.fd = -1, .events = POLLIN},
                                           {.fd = -1, .events = POLLOUT}};
    host_console_wait(console, &fds[1].fd, &fds[2].fd);
    int timeout = ms > INT32_MAX ? -1 : (int)ms;
    size_t count = 3 + host_net_wait(&fds[3], HOST_NET_FDS, &timeout);
    bool jump = is_virtual && timeout > 0;
    int ready = poll(fds, count, jump ? 0 : timeout);
    host_net_waited(ready < 0);
    if (jump && ready == 0) {
        virtual_ns += (uint64_t)ms * 1000000U;
    }
    if (ready > 0 && fds[0].revents != 0) {
        empty_pipe();
    }
}

void below_wake(void)
{
    uint8_t byte = 0;
    ssize_t put = write(wake_pipe[1], &byte, 1);
    (void)put; /* full is as good as written */
}
