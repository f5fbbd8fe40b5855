/*
 * posix.c - the machine: opening and closing, time, random bytes, errors, and
 * the one file that a person names.
 */
#include "port/posix/posix.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* ---- errors ----------------------------------------------------------- */

struct last_error {
    int code;         /* of errno, or EAI_ (negative); 0: `text` counts */
    const char *text; /* a constant sentence, or NULL */
    char words[128];  /* the system's, made when they are asked for */
};

/* What port_last_error() tells, for each thread its own. */
/* NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables) */
static _Thread_local struct last_error last_error;

enum sotto_err posix_err(int code)
{
    switch (code) {
    case EAGAIN:
        return SOTTO_ERR_AGAIN;
    case ENOMEM:
    case ENOBUFS:
    case EMFILE:
    case ENFILE:
        return SOTTO_ERR_SPACE;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return SOTTO_ERR_FULL;
    case ENOENT:
        return SOTTO_ERR_NOT_FOUND;
    case EEXIST:
        return SOTTO_ERR_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
        return SOTTO_ERR_DENIED;
    case EADDRINUSE:
        return SOTTO_ERR_BUSY;
    case EADDRNOTAVAIL:
        return SOTTO_ERR_NAME;
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
        return SOTTO_ERR_UNSUPPORTED;
    case ECONNREFUSED:
        return SOTTO_ERR_REFUSED;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
        return SOTTO_ERR_UNREACHABLE;
    case ETIMEDOUT:
        return SOTTO_ERR_TIMEOUT;
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
    case ENOTCONN:
        return SOTTO_ERR_RESET;
    default:
        return code < 0 ? SOTTO_ERR_NAME : SOTTO_ERR_IO;
    }
}

enum sotto_err posix_fail(int code)
{
    last_error.code = code;
    last_error.text = NULL;
    return posix_err(code);
}

enum sotto_err posix_fail_text(enum sotto_err err, const char *text)
{
    last_error.code = 0;
    last_error.text = text;
    return err;
}

const char *port_last_error(struct port *port)
{
    (void)port;
    if (last_error.code < 0) {
        return gai_strerror(last_error.code);
    }
    if (last_error.code > 0) {
        return strerror_r(last_error.code, last_error.words,
                          sizeof last_error.words);
    }
    return last_error.text != NULL ? last_error.text : "No error";
}

/* ---- the machine ------------------------------------------------------ */

/* A descriptor for each connection: as many as the system lets us have. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
        limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* or do with what there is */
    }
}

static enum sotto_err fill_random(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    while (len > 0) {
        ssize_t got = getrandom(out, len, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            (void)posix_fail(errno);
            return SOTTO_ERR_RANDOM;
        }
        out += got;
        len -= (size_t)got;
    }
    return SOTTO_OK;
}

/* A standard stream that was closed would give its number to the next thing
 * that is opened, and that would get what is meant for a person. So the number
 * is held, by something that fails when it is used. */
static void hold_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0) {
            /* The lowest free number, so this one. */
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

enum sotto_err port_open(struct port **port)
{
    uint8_t probe[1];
    enum sotto_err err = fill_random(NULL, probe, sizeof probe);
    if (err != SOTTO_OK) {
        return err;
    }
    struct port *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return posix_fail(ENOMEM);
    }
    hold_standard_streams();
    raise_descriptor_limit();
    posix_signals_open();
    *port = made;
    return SOTTO_OK;
}

void port_close(struct port *port)
{
    POSIX_ASSERT(port->loops == 0);
    posix_signals_close();
    free(port);
}

struct sotto_random port_random(struct port *port)
{
    struct sotto_random random = {.ctx = port, .fill = fill_random};
    return random;
}

size_t port_processors(struct port *port)
{
    (void)port;
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        int count = CPU_COUNT(&set);
        return count > 0 ? (size_t)count : 1;
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN); /* beyond cpu_set_t */
    return online > 0 ? (size_t)online : 1;
}

/* ---- time ------------------------------------------------------------- */

static struct timespec clock_read(clockid_t clock)
{
    struct timespec now;
    POSIX_ASSERT(clock_gettime(clock, &now) == 0);
    return now;
}

uint64_t posix_now_ms(void)
{
    struct timespec now = clock_read(CLOCK_MONOTONIC);
    return (uint64_t)now.tv_sec * 1000U + (uint64_t)now.tv_nsec / 1000000U;
}

uint64_t port_now_ms(struct port *port)
{
    (void)port;
    return posix_now_ms();
}

uint64_t port_now_ns(struct port *port)
{
    (void)port;
    struct timespec now = clock_read(CLOCK_MONOTONIC);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* 2024-01-01. A small machine without a battery starts its clock at 1970, or
 * at the day its system was built, until the network tells it. */
#define EARLIEST_WALL_S 1704067200

uint64_t port_wall_s(struct port *port)
{
    (void)port;
    struct timespec now = clock_read(CLOCK_REALTIME);
    return now.tv_sec < EARLIEST_WALL_S ? SOTTO_TIME_UNKNOWN
                                        : (uint64_t)now.tv_sec;
}

/* ---- a file that a person named --------------------------------------- */

/* Reads until `cap` bytes are there or the file ends. */
static enum sotto_err read_up_to(int fd, uint8_t *out, size_t cap, size_t *len)
{
    size_t total = 0;
    while (total < cap) {
        ssize_t got = read(fd, out + total, cap - total);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            (void)posix_fail(errno);
            return SOTTO_ERR_IO;
        }
        if (got == 0) {
            break;
        }
        total += (size_t)got;
    }
    *len = total;
    return SOTTO_OK;
}

enum sotto_err port_read_file(struct port *port, const char *path, uint8_t *out,
                              size_t cap, size_t *len)
{
    (void)port;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        enum sotto_err err = posix_fail(errno == ENOTDIR ? ENOENT : errno);
        return err == SOTTO_ERR_NOT_FOUND || err == SOTTO_ERR_DENIED
                   ? err
                   : SOTTO_ERR_IO;
    }
    size_t got;
    enum sotto_err err = read_up_to(fd, out, cap, &got);
    if (err == SOTTO_OK && got == cap) { /* is that all? */
        uint8_t beyond[1];
        size_t more;
        err = read_up_to(fd, beyond, sizeof beyond, &more);
        if (err == SOTTO_OK && more > 0) {
            err = posix_fail_text(SOTTO_ERR_LIMIT, "File too large");
        }
    }
    (void)close(fd);
    if (err == SOTTO_OK) {
        *len = got;
    }
    return err;
}
