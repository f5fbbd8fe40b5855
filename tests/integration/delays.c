/*
 * delays.c - a library to be preloaded: calls of the system take a random time
 * longer, as on a machine that is busy with something else. What threads and
 * processes do then happens in orders that are rare otherwise.
 *
 * Each process has a temper, for as long as it lives: its calls are often a
 * little late, or seldom very late, or something in between, or never.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct temper {
    unsigned often; /* of 1,000 calls */
    unsigned most_ms;
};

static const struct temper tempers[] = {
    {0, 0}, {200, 5}, {10, 400}, {50, 30}, {50, 100}};

/* By random bytes that the system gives each program at its start. */
static const struct temper *temper(void)
{
    const uint8_t *bytes = (const uint8_t *)getauxval(AT_RANDOM);
    return &tempers[bytes[0] % (sizeof tempers / sizeof *tempers)];
}

/* ---- chance ------------------------------------------------------------- */

/* xorshift64*: of each thread its own, so that none waits for another. */
static uint64_t chance(void)
{
    static _Thread_local uint64_t state;
    while (state == 0) {
        if (getrandom(&state, sizeof state, 0) != sizeof state) {
            abort();
        }
    }
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545f4914f6cdd1dU >> 32;
}

static void delay(void)
{
    const int before = errno;
    if (chance() % 1000 < temper()->often) {
        const long us = (long)(chance() % (1000UL * temper()->most_ms));
        const struct timespec time = {us / 1000000, us % 1000000 * 1000};
        (void)nanosleep(&time, NULL);
    }
    errno = before;
}

/* ---- calls -------------------------------------------------------------- */

/* NAME for all others: the next definition of it, found once, is called late,
 * and its result given back late. */
#define LATE(type, name, parameters, arguments)                                \
    type late_##name parameters __asm__(#name);                                \
    type late_##name parameters                                                \
    {                                                                          \
        static __typeof__(late_##name) *_Atomic next;                          \
        if (next == NULL) {                                                    \
            next = (__typeof__(late_##name) *)dlsym(RTLD_NEXT, #name);         \
        }                                                                      \
        delay();                                                               \
        const type result = next arguments;                                    \
        delay();                                                               \
        return result;                                                         \
    }

LATE(int, epoll_wait, (int fd, struct epoll_event *events, int cap, int ms),
     (fd, events, cap, ms))
LATE(int, accept4, (int fd, struct sockaddr *peer, socklen_t *len, int flags),
     (fd, peer, len, flags))
LATE(int, connect, (int fd, const struct sockaddr *peer, socklen_t len),
     (fd, peer, len))
LATE(ssize_t, recv, (int fd, void *out, size_t cap, int flags),
     (fd, out, cap, flags))
LATE(ssize_t, send, (int fd, const void *in, size_t len, int flags),
     (fd, in, len, flags))
LATE(ssize_t, read, (int fd, void *out, size_t cap), (fd, out, cap))
LATE(ssize_t, write, (int fd, const void *in, size_t len), (fd, in, len))
LATE(ssize_t, writev, (int fd, const struct iovec *in, int count),
     (fd, in, count))
LATE(int, fdatasync, (int fd), (fd))
LATE(int, fsync, (int fd), (fd))
LATE(int, pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex))
