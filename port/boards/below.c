/*
 * below.c - what port/lwip asks of the machine, on a board: clock, entropy,
 * waiting, the console. The network is in network.c.
 *
 * Contract: port/lwip/below.h.
 */
#include "port/lwip/below.h"
#include "port/boards/board.h"
#include "port/boards/cortex-m/cortex.h"
#include "port/boards/drivers.h"

#include <stdatomic.h>

/* What a terminal on a serial line is taken for. */
#define COLUMNS 80
#define ROWS    24

/* Set by interrupts, too. */
/* NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables) */
static atomic_bool is_awake;

/* ---- start and end ---------------------------------------------------- */

void board_start(void)
{
    system_start();
    uart_start();
}

enum sotto_err below_start(const char **why)
{
    uint8_t probe;
    if (!entropy_fill(&probe, sizeof probe)) {
        *why = "This board has no source of random bytes (in QEMU: "
               "-semihosting-config enable=on,target=native)";
        return SOTTO_ERR_RANDOM;
    }
    return SOTTO_OK;
}

void below_stop(void)
{
}

/* ---- time, random bytes, waiting -------------------------------------- */

uint64_t below_now_ms(void)
{
    return clock_ms();
}

uint64_t below_now_ns(void)
{
    return clock_ns();
}

uint64_t below_wall_s(void)
{
    return SOTTO_TIME_UNKNOWN;
}

enum sotto_err below_random(uint8_t *out, size_t len)
{
    return len == 0 || entropy_fill(out, len) ? SOTTO_OK : SOTTO_ERR_RANDOM;
}

/* Interrupts are masked. */
static bool has_news(unsigned console)
{
    return is_awake || ethernet_is_due() ||
           ((console & PORT_READ) != 0 && uart_has_input()) ||
           ((console & PORT_WRITE) != 0 && uart_has_room());
}

void below_wait(uint32_t ms, unsigned console)
{
    uint64_t end = ms == PORT_FOREVER ? UINT64_MAX : clock_ms() + ms;
    bool slept = true;
    while (slept && clock_ms() < end) {
        bool masked = interrupts_mask();
        slept = !has_news(console);
        if (slept) {
            sleep_until_interrupt();
        }
        interrupts_restore(masked); /* and it is served here */
    }
    is_awake = false;
}

void below_wake(void)
{
    is_awake = true;
}

unsigned below_signals(void)
{
    return uart_take_stop() ? 1U << PORT_EVENT_STOP : 0;
}

/* ---- the console ------------------------------------------------------ */

enum sotto_err below_console_open(const char **why)
{
    (void)why;
    uart_listen(true);
    return SOTTO_OK;
}

void below_console_close(void)
{
    uart_listen(false);
}

unsigned below_console_ready(void)
{
    return (uart_has_input() ? PORT_READ : 0U) |
           (uart_has_room() ? PORT_WRITE : 0U);
}

enum sotto_err below_console_read(uint8_t *out, size_t cap, size_t *got,
                                  const char **why)
{
    (void)why;
    size_t len = uart_read(out, cap);
    if (len == 0) {
        return SOTTO_ERR_AGAIN;
    }
    *got = len;
    return SOTTO_OK;
}

enum sotto_err below_console_write(const uint8_t *in, size_t len, size_t *put,
                                   const char **why)
{
    (void)why;
    size_t done = uart_write(in, len);
    if (done == 0) {
        return SOTTO_ERR_AGAIN;
    }
    *put = done;
    return SOTTO_OK;
}

void below_console_info(struct port_console_info *info)
{
    *info = (struct port_console_info){.input_is_terminal = true,
                                       .output_is_terminal = true,
                                       .columns = COLUMNS,
                                       .rows = ROWS};
}

void below_console_raw(bool raw)
{
    (void)raw; /* a UART is never anything else */
}

/* ---- without port.h --------------------------------------------------- */

void board_write(const char *text, size_t len)
{
    while (len > 0) {
        size_t done = uart_write((const uint8_t *)text, len);
        if (done == 0) {
            sleep_until_interrupt();
        }
        text += done;
        len -= done;
    }
}

void board_write_now(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n') {
            uart_send_now('\r');
        }
        uart_send_now((uint8_t)text[i]);
    }
}

/* ---- named files ------------------------------------------------------ */

enum sotto_err below_read_file(const char *path, uint8_t *out, size_t cap,
                               size_t *len, const char **why)
{
    (void)path;
    (void)out;
    (void)cap;
    (void)len;
    *why = "A board has no files that a person could name";
    return SOTTO_ERR_UNSUPPORTED;
}
