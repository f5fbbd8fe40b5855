/*
 * pl011_uart.c - Arm's PrimeCell UART, PL011.
 *
 * Arm, "PrimeCell UART (PL011) Technical Reference Manual", 3.3.
 */
#include "port/boards/cortex-m/cortex.h"
#include "port/boards/drivers/uart.h"

#define DATA         REGISTER(BOARD_UART_BASE + 0x00U)
#define FLAGS        REGISTER(BOARD_UART_BASE + 0x18U)
#define BAUD_WHOLE   REGISTER(BOARD_UART_BASE + 0x24U)
#define BAUD_PART    REGISTER(BOARD_UART_BASE + 0x28U)
#define LINE_CONTROL REGISTER(BOARD_UART_BASE + 0x2cU)
#define CONTROL      REGISTER(BOARD_UART_BASE + 0x30U)
#define FIFO_LEVELS  REGISTER(BOARD_UART_BASE + 0x34U)
#define MASK         REGISTER(BOARD_UART_BASE + 0x38U)
#define CLEAR        REGISTER(BOARD_UART_BASE + 0x44U)

#define FLAGS_RECEIVE_EMPTY (1U << 4U)
#define FLAGS_TRANSMIT_FULL (1U << 5U)

#define LINE_FIFOS      (1U << 4U)
#define LINE_EIGHT_BITS (3U << 5U)

#define CONTROL_ON (1U << 0U | 1U << 8U | 1U << 9U) /* and both directions */

#define LEVELS_LOWEST 0U /* an eighth of each FIFO */

#define INTERRUPT_RECEIVE  (1U << 4U | 1U << 6U) /* level; none came for long */
#define INTERRUPT_TRANSMIT (1U << 5U)

/* In 64ths, to the nearest. */
#define BAUD_DIVIDER ((BOARD_CLOCK_HZ * 8U / BOARD_UART_BAUD + 1U) / 2U)
_Static_assert(BOARD_CLOCK_HZ <= UINT32_MAX / 8U, "the divider's arithmetic");

void uart_device_start(void)
{
    CONTROL = 0;
    BAUD_WHOLE = BAUD_DIVIDER / 64U;
    BAUD_PART = BAUD_DIVIDER % 64U;
    LINE_CONTROL = LINE_EIGHT_BITS | LINE_FIFOS; /* takes the baud rate over */
    FIFO_LEVELS = LEVELS_LOWEST;
    MASK = INTERRUPT_RECEIVE | INTERRUPT_TRANSMIT;
    CONTROL = CONTROL_ON;
    interrupt_enable(BOARD_UART_INTERRUPT);
}

bool uart_device_receive(uint8_t *byte)
{
    if ((FLAGS & FLAGS_RECEIVE_EMPTY) != 0) {
        return false;
    }
    *byte = (uint8_t)DATA;
    return true;
}

bool uart_device_send(uint8_t byte)
{
    if ((FLAGS & FLAGS_TRANSMIT_FULL) != 0) {
        return false;
    }
    DATA = byte;
    return true;
}

void uart_device_want(bool received)
{
    MASK =
        received ? INTERRUPT_RECEIVE | INTERRUPT_TRANSMIT : INTERRUPT_TRANSMIT;
}

void uart_device_acknowledge(void)
{
    CLEAR = INTERRUPT_RECEIVE | INTERRUPT_TRANSMIT;
}
