/*
 * drivers.h - what the devices of a board do for the files of this folder. A
 * board links one UART, one Ethernet device and one source of random bytes;
 * their addresses and interrupts are in its board_config.h, which the build
 * includes in front of each file.
 */
#ifndef SOTTO_PORT_BOARDS_DRIVERS_H
#define SOTTO_PORT_BOARDS_DRIVERS_H

#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flash_device;
struct netif;

/* ---- the chip --------------------------------------------------------- */

/* Starts what the devices below need: clocks, pins. Before anything else. */
void system_start(void);

/* ---- the UART --------------------------------------------------------- */

void uart_start(void);
void uart_interrupt(void);

/* Bytes that came are kept for uart_read() (true), or thrown away. Control-C is
 * never among them: see uart_take_stop(). */
void uart_listen(bool wanted);

/* At most `cap` bytes that came; 0 when there are none. */
size_t uart_read(uint8_t *out, size_t cap);

/* Takes as many of `len` bytes as there is room for. */
size_t uart_write(const uint8_t *in, size_t len);

bool uart_has_input(void);
bool uart_has_room(void);

/* True once after Control-C came. */
bool uart_take_stop(void);

/* Sends one byte, without interrupts and ring: from faults. */
void uart_send_now(uint8_t byte);

/* ---- Ethernet --------------------------------------------------------- */

/* The `init` of netif_add(); ERR_IF when the device does not answer. */
signed char ethernet_init(struct netif *netif);
void ethernet_interrupt(void);

/* As below_net_poll(). */
void ethernet_poll(struct netif *netif);

/* Frames came since the last ethernet_poll(), or were left by it. */
bool ethernet_is_due(void);

/* ---- storage ---------------------------------------------------------- */

/* Where the files are: see port/flash/flash.h. BOARD_STORAGE_BLOCKS says how
 * many blocks it has. */
const struct flash_device *storage_device(void);

/* ---- random bytes ----------------------------------------------------- */

/*
 * Random bytes for keys: from a true random number generator, or from a seed
 * that is in non-volatile memory, unique to the device, and replaced before the
 * first byte is handed out. False where there is no such thing; the program
 * then says so and does not start. Never a counter, a clock or a constant.
 */
bool entropy_fill(uint8_t *out, size_t len);

#endif
