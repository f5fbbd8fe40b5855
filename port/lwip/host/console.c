/*
 * console.c - standard input and output as the console. The descriptors are
 * shared with other programs, so they stay blocking: poll() says when a read
 * or a small write does not wait.
 *
 * Contract: below.h, the console; port.h, the console.
 */
#include "port/lwip/host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* A pipe that poll() calls writable takes this much without waiting. */
#define WRITE_MAX PIPE_BUF

/* Signal handlers and atexit() are given nothing: hence global. */
/* NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables) */
static atomic_bool is_raw;
static struct termios found; /* as the terminal was before raw */
static struct termios ours;  /* raw */
static bool at_end;          /* of input */
/* NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables) */

/* ---- raw -------------------------------------------------------------- */

void host_terminal_restore(void)
{
    if (is_raw) {
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &found);
    }
}

void host_terminal_resume(void)
{
    if (is_raw) {
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &ours);
    }
}

void below_console_raw(bool raw)
{
    static bool at_exit;
    if (raw == is_raw) {
        return;
    }
    if (!raw) {
        host_terminal_restore();
        is_raw = false;
        return;
    }
    if (tcgetattr(STDIN_FILENO, &found) != 0) {
        return; /* no terminal */
    }
    if (!at_exit) {
        at_exit = atexit(host_terminal_restore) == 0;
    }
    ours = found;
    ours.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | ISTRIP | IXON);
    ours.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHONL | IEXTEN);
    ours.c_cc[VMIN] = 1;
    ours.c_cc[VTIME] = 0;
    is_raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &ours) == 0;
}

/* ---- the rest --------------------------------------------------------- */

enum sotto_err below_console_open(const char **why)
{
    if (fcntl(STDIN_FILENO, F_GETFD) < 0 || fcntl(STDOUT_FILENO, F_GETFD) < 0) {
        *why = "Standard input or output is closed";
        return SOTTO_ERR_UNSUPPORTED;
    }
    at_end = false;
    return SOTTO_OK;
}

void below_console_close(void)
{
    below_console_raw(false);
}

void below_console_info(struct port_console_info *info)
{
    struct winsize size = {0};
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
                 size.ws_col > 0 && size.ws_row > 0;
    *info = (struct port_console_info){.input_is_terminal =
                                           isatty(STDIN_FILENO) == 1,
                                       .output_is_terminal =
                                           isatty(STDOUT_FILENO) == 1,
                                       .columns = known ? size.ws_col : 80,
                                       .rows = known ? size.ws_row : 24};
}

void host_console_wait(unsigned wanted, int *input, int *output)
{
    *input = (wanted & PORT_READ) != 0 ? STDIN_FILENO : -1;
    *output = (wanted & PORT_WRITE) != 0 ? STDOUT_FILENO : -1;
}

/* A broken descriptor is ready too: the next call tells why. */
static bool is_ready(int fd, short what)
{
    struct pollfd poll_fd = {.fd = fd, .events = what};
    return poll(&poll_fd, 1, 0) == 1;
}

unsigned below_console_ready(void)
{
    unsigned ready = 0;
    if (at_end || is_ready(STDIN_FILENO, POLLIN)) {
        ready |= PORT_READ;
    }
    if (is_ready(STDOUT_FILENO, POLLOUT)) {
        ready |= PORT_WRITE;
    }
    return ready;
}

/* After a read or write that moved nothing. */
static enum sotto_err explain(const char **why)
{
    if (errno == EINTR || errno == EAGAIN) {
        return SOTTO_ERR_AGAIN;
    }
    *why = host_words();
    return errno == EPIPE ? SOTTO_ERR_RESET : SOTTO_ERR_IO;
}

enum sotto_err below_console_read(uint8_t *out, size_t cap, size_t *got,
                                  const char **why)
{
    if (at_end) {
        return SOTTO_ERR_CLOSED;
    }
    if (!is_ready(STDIN_FILENO, POLLIN)) {
        return SOTTO_ERR_AGAIN;
    }
    ssize_t len = read(STDIN_FILENO, out, cap);
    if (len < 0) {
        return explain(why);
    }
    if (len == 0) {
        at_end = true;
        return SOTTO_ERR_CLOSED;
    }
    *got = (size_t)len;
    return SOTTO_OK;
}

enum sotto_err below_console_write(const uint8_t *in, size_t len, size_t *put,
                                   const char **why)
{
    if (!is_ready(STDOUT_FILENO, POLLOUT)) {
        return SOTTO_ERR_AGAIN;
    }
    ssize_t done = write(STDOUT_FILENO, in, len < WRITE_MAX ? len : WRITE_MAX);
    if (done < 0) {
        return explain(why);
    }
    *put = (size_t)done;
    return done > 0 ? SOTTO_OK : SOTTO_ERR_AGAIN;
}
