/*
 * console.c - standard input and output as one stream.
 *
 * Both were inherited, and other programs hold them too: they are never made
 * non-blocking. Instead poll(2) is asked before each read and write, and a
 * write is no longer than what a pipe takes whole when it takes anything. A
 * terminal may take less, so its output is opened once more, for us alone and
 * non-blocking.
 */
#include "port/posix/posix.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool posix_console_is(const struct port_stream *stream)
{
    return stream->source.kind == POSIX_INPUT;
}

static struct posix_console *console_of(struct port_stream *stream)
{
    POSIX_ASSERT(posix_console_is(stream));
    return (struct posix_console *)(void *)stream;
}

/* ---- readiness -------------------------------------------------------- */

/* One event a turn, though there are two descriptors. */
void posix_console_ready(struct posix_console *console, unsigned ready,
                         struct posix_turn *turn)
{
    if (ready == 0) {
        return;
    }
    if (!console->listed) {
        console->listed = true;
        console->listed_at = turn->count;
        posix_turn_add(turn, console->stream.source.tag, 0);
    }
    turn->events[console->listed_at].ready |= ready;
}

/* Watches one side as long as it is wanted and not at all otherwise: the end
 * of a pipe would be reported again and again. True when epoll cannot watch
 * it, because it is always ready. */
static bool watch(struct posix_source *side, unsigned ready, bool always)
{
    if (always) {
        return true;
    }
    if (ready == 0) {
        posix_disarm(side);
        return false;
    }
    return posix_arm(side, ready) != SOTTO_OK;
}

void posix_console_want(struct posix_console *console, unsigned ready)
{
    struct posix_source *input = &console->stream.source;
    struct port_loop *loop = input->loop;
    bool read =
        watch(input, ready & PORT_READ, (console->always & PORT_READ) != 0);
    bool write = watch(&console->output, ready & PORT_WRITE,
                       (console->always & PORT_WRITE) != 0);
    input->want = (uint8_t)ready;
    console->always =
        (uint8_t)((read ? PORT_READ : 0) | (write ? PORT_WRITE : 0));
    posix_loop_move(input, (console->always & ready) != 0 ? &loop->always
                                                          : &loop->streams);
}

/* ---- opening and closing ---------------------------------------------- */

/* A descriptor of our own for a terminal's output; others as they are. */
static void open_output(struct posix_console *console)
{
    char name[PATH_MAX];
    console->output.fd = STDOUT_FILENO;
    if (isatty(STDOUT_FILENO) == 0 ||
        ttyname_r(STDOUT_FILENO, name, sizeof name) != 0) {
        return;
    }
    int fd = open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0) {
        console->output.fd = fd;
        console->own_output = true;
    }
}

enum sotto_err port_console_open(struct port_loop *loop, void *tag,
                                 struct port_stream **console)
{
    struct port *port = loop->port;
    if (port->console != NULL) {
        return posix_fail_text(SOTTO_ERR_BUSY, "The console is open already");
    }
    if (fcntl(STDIN_FILENO, F_GETFD) < 0 || fcntl(STDOUT_FILENO, F_GETFD) < 0) {
        (void)posix_fail(errno);
        return SOTTO_ERR_UNSUPPORTED;
    }
    struct posix_console *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return posix_fail(ENOMEM);
    }
    made->stream.source.kind = POSIX_INPUT;
    made->stream.source.state = POSIX_OPEN;
    made->stream.source.fd = STDIN_FILENO;
    made->stream.source.tag = tag;
    enum sotto_err err = posix_loop_enter(loop, &made->stream.source);
    if (err != SOTTO_OK) {
        free(made);
        return err;
    }
    made->output.kind = POSIX_OUTPUT;
    made->output.loop = loop;
    open_output(made);
    port->console = made;
    posix_console_want(made, PORT_READ);
    *console = &made->stream;
    return SOTTO_OK;
}

void posix_console_close(struct posix_console *console)
{
    posix_terminal_cooked();
    posix_disarm(&console->stream.source);
    posix_disarm(&console->output);
    if (console->own_output) {
        (void)close(console->output.fd);
    }
    console->stream.source.loop->port->console = NULL;
    posix_loop_leave(&console->stream.source);
    free(console);
}

/* ---- reading and writing ---------------------------------------------- */

/* True when `fd` would not block, be it because it failed. */
static bool is_ready(int fd, short what)
{
    struct pollfd poll_fd = {.fd = fd, .events = what};
    return poll(&poll_fd, 1, 0) > 0;
}

static enum sotto_err console_err(int code)
{
    enum sotto_err err = posix_fail(code);
    return err == SOTTO_ERR_RESET ? err : SOTTO_ERR_IO;
}

enum sotto_err posix_console_read(struct posix_console *console, uint8_t *out,
                                  size_t cap, size_t *got)
{
    if (!console->ended) {
        if (!is_ready(STDIN_FILENO, POLLIN)) {
            return SOTTO_ERR_AGAIN;
        }
        ssize_t len = read(STDIN_FILENO, out, cap);
        if (len > 0) {
            *got = (size_t)len;
            return SOTTO_OK;
        }
        if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
            return SOTTO_ERR_AGAIN;
        }
        if (len < 0) {
            return console_err(errno);
        }
        /* A terminal says it once only; we say it always. */
        console->ended = true;
        console->always |= PORT_READ;
        posix_disarm(&console->stream.source);
        posix_console_want(console, console->stream.source.want);
    }
    return posix_fail_text(SOTTO_ERR_CLOSED, "End of input");
}

enum sotto_err posix_console_write(struct posix_console *console,
                                   const uint8_t *in, size_t len, size_t *put)
{
    if (!is_ready(console->output.fd, POLLOUT)) {
        return SOTTO_ERR_AGAIN;
    }
    ssize_t sent =
        write(console->output.fd, in, len < PIPE_BUF ? len : PIPE_BUF);
    if (sent > 0) {
        *put = (size_t)sent;
        return SOTTO_OK;
    }
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        return console_err(errno);
    }
    return SOTTO_ERR_AGAIN;
}

/* ---- what kind of console --------------------------------------------- */

void port_console_info(struct port_stream *console,
                       struct port_console_info *info)
{
    const struct posix_console *self = console_of(console);
    struct winsize size = {.ws_row = 0};
    info->input_is_terminal = isatty(STDIN_FILENO) != 0;
    info->output_is_terminal = isatty(self->output.fd) != 0;
    (void)ioctl(self->output.fd, TIOCGWINSZ, &size);
    info->columns = size.ws_col != 0 ? size.ws_col : 80;
    info->rows = size.ws_row != 0 ? size.ws_row : 24;
}

void port_console_raw(struct port_stream *console, bool raw)
{
    (void)console_of(console);
    if (!raw) {
        posix_terminal_cooked();
    } else if (isatty(STDIN_FILENO) != 0) {
        posix_terminal_raw(STDIN_FILENO);
    }
}
