/*
 * host.c - a host below port/lwip: clock, entropy, waiting. Its only network
 * is inside the process (wire.c), so that nothing here needs root; whatever two
 * streams say to each other goes through the whole stack.
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

/* Who writes to this pipe wakes below_wait(). */
/* What passes of the virtual time with each look at it. */
#define LOOK_NS 100000U

/* One machine a process, and a signal handler that is given nothing: hence
 * global. */
/* NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables) */
static int wake_pipe[2] = {-1, -1};
static bool is_virtual; /* time is `virtual_ns` */
static uint64_t virtual_ns;
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
    if (loss > 0 && !is_virtual) {
        host_wire_lose((unsigned)loss, setting("SOTTO_SEED", 1));
        virtual_ns = 1000000000U; /* any, but the same */
        is_virtual = true;
    }
}

enum sotto_err below_start(const char **why)
{
    uint8_t probe;
    if (below_random(&probe, sizeof probe) != SOTTO_OK) {
        *why = "This machine gives no random bytes";
        return SOTTO_ERR_RANDOM;
    }
    if (pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        *why = host_words();
        return SOTTO_ERR_IO;
    }
    read_settings();
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

enum sotto_err below_random(uint8_t *out, size_t len)
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

/* ---- waiting ---------------------------------------------------------- */

void below_wait(uint32_t ms, unsigned console)
{
    struct pollfd fds[3] = {{.fd = wake_pipe[0], .events = POLLIN},
                            {.fd = -1, .events = POLLIN},
                            {.fd = -1, .events = POLLOUT}};
    host_console_wait(console, &fds[1].fd, &fds[2].fd);
    int timeout = ms > INT32_MAX ? -1 : (int)ms;
    bool jump = is_virtual && timeout > 0 && !host_wire_busy();
    if (jump || host_wire_busy()) {
        timeout = 0;
    }
    int ready = poll(fds, 3, timeout);
    if (jump && ready == 0) {
        virtual_ns += (uint64_t)ms * 1000000U;
    }
    if (ready > 0 && fds[0].revents != 0) {
        uint8_t bytes[64];
        while (read(wake_pipe[0], bytes, sizeof bytes) > 0) {
        }
    }
}

void below_wake(void)
{
    uint8_t byte = 0;
    ssize_t put = write(wake_pipe[1], &byte, 1);
    (void)put; /* full is as good as written */
}
