/*
 * spi.h - one device on a serial bus (SPI, mode 0): what sd_card.c needs.
 */
#ifndef SOTTO_PORT_BOARDS_DRIVERS_SPI_H
#define SOTTO_PORT_BOARDS_DRIVERS_SPI_H

#include <stdbool.h>
#include <stdint.h>

/* Starts the bus with a clock of at most this many hertz; again for another. */
void spi_start(uint32_t clock_hz);

/* Drives the device's select line. */
void spi_select(bool is_selected);

/* Sends a byte and returns the one that came at the same time. */
uint8_t spi_exchange(uint8_t byte);

#endif
