/*
 * board_config.h - the constants of Arm's MPS2 board with FPGA image AN385
 * (Cortex-M3); AN386 (Cortex-M4) has the same.
 *
 * Arm, "Application Note AN385", tables 3-1 (memory) and 3-3 (interrupts).
 */
#ifndef SOTTO_PORT_BOARDS_MPS2_CONFIG_H
#define SOTTO_PORT_BOARDS_MPS2_CONFIG_H

#define BOARD_CLOCK_HZ 25000000U

/* How many interrupts the vector table has room for: the highest and one. */
#define BOARD_INTERRUPTS 14

#define BOARD_HANDLERS                                                         \
    BOARD(0) = uart_interrupt, BOARD(1) = uart_interrupt,                      \
    BOARD(13) = ethernet_interrupt

/* drivers/cmsdk_uart.c */
#define BOARD_UART_BASE     0x40004000U
#define BOARD_UART_RECEIVE  0 /* interrupts */
#define BOARD_UART_TRANSMIT 1
#define BOARD_UART_BAUD     115200U

/* drivers/lan9118.c */
#define BOARD_LAN9118_BASE      0x40200000U
#define BOARD_LAN9118_INTERRUPT 13

/* drivers/memory_flash.c: the beginning of PSRAM */
#define BOARD_STORAGE_BASE   0x21000000U
#define BOARD_STORAGE_BLOCK  4096U
#define BOARD_STORAGE_BLOCKS 64U

#endif
