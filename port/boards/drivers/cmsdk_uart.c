/*
 * cmsdk_uart.c - the UART of Arm's Cortex-M System Design Kit.
 *
 * Arm, "Cortex-M System Design Kit Technical Reference Manual", 4.3.
 */
#include "port/boards/cortex-m/cortex.h"
#include "port/boards/drivers/uart.h"

#define DATA      REGISTER(BOARD_UART_BASE + 0x00U)
#define STATE     REGISTER(BOARD_UART_BASE + 0x04U)
#define CONTROL   REGISTER(BOARD_UART_BASE + 0x08U)
#define INTERRUPT REGISTER(BOARD_UART_BASE + 0x0cU)
#define DIVIDER   REGISTER(BOARD_UART_BASE + 0x10U)

#define STATE_TRANSMIT_FULL 1U
#define STATE_RECEIVE_FULL  2U

#define CONTROL_TRANSMIT           1U
#define CONTROL_RECEIVE            2U
#define CONTROL_TRANSMIT_INTERRUPT 4U
#define CONTROL_RECEIVE_INTERRUPT  8U

#define INTERRUPT_TRANSMIT 1U
#define INTERRUPT_RECEIVE  2U

void uart_device_start(void)
{
    DIVIDER = BOARD_CLOCK_HZ / BOARD_UART_BAUD;
    CONTROL = CONTROL_TRANSMIT | CONTROL_RECEIVE | CONTROL_TRANSMIT_INTERRUPT |
              CONTROL_RECEIVE_INTERRUPT;
    interrupt_enable(BOARD_UART_RECEIVE);
    interrupt_enable(BOARD_UART_TRANSMIT);
}

bool uart_device_receive(uint8_t *byte)
{
    if ((STATE & STATE_RECEIVE_FULL) == 0) {
        return false;
    }
    *byte = (uint8_t)DATA;
    return true;
}

bool uart_device_send(uint8_t byte)
{
    if ((STATE & STATE_TRANSMIT_FULL) != 0) {
        return false;
    }
    DATA = byte;
    return true;
}

void uart_device_want(bool received)
{
    if (received) {
        CONTROL |= CONTROL_RECEIVE_INTERRUPT;
    } else {
        CONTROL &= ~CONTROL_RECEIVE_INTERRUPT;
    }
}

void uart_device_acknowledge(void)
{
    INTERRUPT = INTERRUPT_TRANSMIT | INTERRUPT_RECEIVE;
}
