/*
 * uart.h - between uart.c, which has the rings and all of drivers.h that is
 * about a UART, and the file of one device, which moves bytes one by one.
 */
#ifndef SOTTO_PORT_BOARDS_DRIVERS_UART_H
#define SOTTO_PORT_BOARDS_DRIVERS_UART_H

#include <stdbool.h>
#include <stdint.h>

/* Starts the device and enables its interrupts, in both directions. */
void uart_device_start(void);

/* Takes a byte that came; false when there is none. */
bool uart_device_receive(uint8_t *byte);

/* False when the device has no room for another byte. */
bool uart_device_send(uint8_t byte);

/* Whether bytes that come cause an interrupt. */
void uart_device_want(bool received);

/* Says to the device that its interrupt is being served. */
void uart_device_acknowledge(void);

#endif
