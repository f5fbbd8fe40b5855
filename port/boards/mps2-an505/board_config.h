/*
 * board_config.h - the constants of Arm's MPS2 board with FPGA image AN505: a
 * Cortex-M33 that stays in its secure state, so addresses are the secure ones.
 *
 * Arm, "Application Note AN505", 3 (memory) and 3.6 (interrupts).
 */
#ifndef SOTTO_PORT_BOARDS_MPS2_AN505_CONFIG_H
#define SOTTO_PORT_BOARDS_MPS2_AN505_CONFIG_H

#define BOARD_CLOCK_HZ 20000000U

/* How many interrupts the vector table has room for: the highest and one. */
#define BOARD_INTERRUPTS 49

#define BOARD_HANDLERS                                                         \
    BOARD(32) = uart_interrupt, BOARD(33) = uart_interrupt,                    \
    BOARD(48) = ethernet_interrupt

/* drivers/cmsdk_uart.c */
#define BOARD_UART_BASE     0x50200000U
#define BOARD_UART_RECEIVE  32 /* interrupts */
#define BOARD_UART_TRANSMIT 33
#define BOARD_UART_BAUD     115200U

/* drivers/lan9118.c */
#define BOARD_LAN9118_BASE      0x52000000U
#define BOARD_LAN9118_INTERRUPT 48

/* drivers/memory_flash.c: the beginning of PSRAM */
#define BOARD_STORAGE_BASE   0x80000000U
#define BOARD_STORAGE_BLOCK  4096U
#define BOARD_STORAGE_BLOCKS 64U

#endif
