/*
 * board_config.h - the constants of Luminary Micro's (now Texas Instruments')
 * Stellaris LM3S6965 Ethernet evaluation board: a Cortex-M3 with Ethernet
 * inside, 256 KiB of flash, 64 KiB of RAM, and a slot for an SD card.
 *
 * "LM3S6965 Microcontroller Data Sheet", tables 2-8 (memory) and 2-9
 * (interrupts); "Stellaris LM3S6965 Evaluation Board User's Manual".
 */
#ifndef SOTTO_PORT_BOARDS_LM3S6965EVB_CONFIG_H
#define SOTTO_PORT_BOARDS_LM3S6965EVB_CONFIG_H

/* As system.c sets it. */
#define BOARD_CLOCK_HZ 50000000U

/* How many interrupts the vector table has room for: the highest and one. */
#define BOARD_INTERRUPTS 43

#define BOARD_HANDLERS BOARD(5) = uart_interrupt, BOARD(42) = ethernet_interrupt

/* system.c */
#define BOARD_SYSTEM_BASE 0x400fe000U
#define BOARD_GPIO_A_BASE 0x40004000U
#define BOARD_GPIO_D_BASE 0x40007000U

/* drivers/pl011_uart.c: UART 0 */
#define BOARD_UART_BASE      0x4000c000U
#define BOARD_UART_INTERRUPT 5
#define BOARD_UART_BAUD      115200U

/* drivers/stellaris_ethernet.c */
#define BOARD_ETHERNET_BASE      0x40048000U
#define BOARD_ETHERNET_INTERRUPT 42

/* Where the maker of the board stored its address: 3 bytes in each. */
#define BOARD_ETHERNET_ADDRESS_FIRST (BOARD_SYSTEM_BASE + 0x1e0U)
#define BOARD_ETHERNET_ADDRESS_LAST  (BOARD_SYSTEM_BASE + 0x1e4U)

/* drivers/pl022_spi.c: SSI 0. The card's select line is pin D0, whose register
 * is this alone. */
#define BOARD_SPI_BASE     0x40008000U
#define BOARD_SPI_SELECT   (BOARD_GPIO_D_BASE + (1U << 2U))
#define BOARD_SPI_SELECTED 0U
#define BOARD_SPI_RELEASED 1U
#define BOARD_SPI_FASTEST  12500000U /* hertz; the card allows 25 M */

/* drivers/sd_card.c: the beginning of a card that is used for nothing else. A
 * block is erased at once, and so large that a sector for each record of a file
 * does not fill it soon. */
#define BOARD_STORAGE_BLOCK  16384U
#define BOARD_STORAGE_BLOCKS 48U

#endif
