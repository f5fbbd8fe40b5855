/*
 * pl022_spi.c - Arm's PrimeCell synchronous serial port, PL022, as SPI master.
 * The select line is a pin (BOARD_SPI_SELECT).
 *
 * Arm, "PrimeCell Synchronous Serial Port (PL022) Technical Reference Manual",
 * 3.3.
 */
#include "port/boards/cortex-m/cortex.h"
#include "port/boards/drivers/spi.h"

#define CONTROL_0 REGISTER(BOARD_SPI_BASE + 0x00U)
#define CONTROL_1 REGISTER(BOARD_SPI_BASE + 0x04U)
#define DATA      REGISTER(BOARD_SPI_BASE + 0x08U)
#define STATE     REGISTER(BOARD_SPI_BASE + 0x0cU)
#define PRESCALE  REGISTER(BOARD_SPI_BASE + 0x10U)

#define CONTROL_0_EIGHT_BITS 7U /* and mode 0 */
#define CONTROL_1_ON         2U
#define STATE_RECEIVED       4U
#define PRESCALE_LAST        254U

/* The clock is BOARD_CLOCK_HZ / an even number from 2 to 254. */
void spi_start(uint32_t clock_hz)
{
    uint32_t divider = (BOARD_CLOCK_HZ + clock_hz - 1U) / clock_hz;
    divider += divider % 2U;
    CONTROL_1 = 0;
    PRESCALE = divider < PRESCALE_LAST ? divider : PRESCALE_LAST;
    CONTROL_0 = CONTROL_0_EIGHT_BITS;
    CONTROL_1 = CONTROL_1_ON;
}

void spi_select(bool is_selected)
{
    REGISTER(BOARD_SPI_SELECT) =
        is_selected ? BOARD_SPI_SELECTED : BOARD_SPI_RELEASED;
}

uint8_t spi_exchange(uint8_t byte)
{
    DATA = byte;
    while ((STATE & STATE_RECEIVED) == 0) { /* eight clocks, whatever comes */
    }
    return (uint8_t)DATA;
}
