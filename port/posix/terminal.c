/*
 * terminal.c - raw mode, and the way back from it whatever happens.
 *
 * The way back is taken in signal handlers and at exit too, so what it needs
 * is kept here and not in an object.
 */
#include "port/posix/posix.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

/* NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables) */
static volatile sig_atomic_t is_raw;
static volatile sig_atomic_t raw_fd;
static struct termios found_mode;
static struct termios raw_mode;
static bool at_exit; /* registered */
/* NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables) */

/* Not from the background: the terminal is somebody else's then, and asking
 * would stop us. */
static void set_mode(const struct termios *mode)
{
    if (tcgetpgrp(raw_fd) != getpgrp()) {
        return;
    }
    while (tcsetattr(raw_fd, TCSANOW, mode) != 0 && errno == EINTR) {
    }
}

void posix_terminal_pause(void)
{
    if (is_raw) {
        set_mode(&found_mode);
    }
}

void posix_terminal_resume(void)
{
    if (is_raw) {
        set_mode(&raw_mode);
    }
}

void posix_terminal_restore(void)
{
    if (is_raw) {
        set_mode(&found_mode);
        is_raw = 0;
    }
}

/* Without echo and line by line editing, Enter as it comes. Signals stay, so
 * that Control-C and Control-Z work, and so does what output needs. */
static void make_raw_mode(void)
{
    raw_mode = found_mode;
    raw_mode.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
    raw_mode.c_iflag &=
        ~(tcflag_t)(ICRNL | INLCR | IGNCR | ISTRIP | IXON | PARMRK);
    raw_mode.c_cc[VMIN] = 1;
    raw_mode.c_cc[VTIME] = 0;
}

void posix_terminal_raw(int fd)
{
    if (is_raw || tcgetattr(fd, &found_mode) != 0) {
        return;
    }
    if (!at_exit) {
        at_exit = atexit(posix_terminal_restore) == 0;
    }
    make_raw_mode();
    raw_fd = fd;
    posix_signals_guard(true);
    is_raw = 1;
    set_mode(&raw_mode);
}

void posix_terminal_cooked(void)
{
    if (is_raw) {
        posix_terminal_restore();
        posix_signals_guard(false);
    }
}
