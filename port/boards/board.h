/*
 * board.h - what a program on a board may ask of it beside port.h: the console
 * before and after port.h uses it, the end, the network's address, and how
 * deep the stack went.
 */
#ifndef SOTTO_PORT_BOARDS_BOARD_H
#define SOTTO_PORT_BOARDS_BOARD_H

#include "port/port.h"

/* Writes to the console and waits until the UART has taken all of it. A '\n'
 * begins a new line. Not from interrupts. */
void board_write(const char *text, size_t len);

/* Ends the program: under an emulator or debugger with this exit code; else
 * sleeps until somebody resets the board. */
_Noreturn void board_exit(int code);

/* The board's own address; false as long as it has none. The port is 0. */
bool board_address(struct port_address *address);

/* Bytes of stack that were ever in use, and how many there are. */
size_t board_stack_used(void);
size_t board_stack_size(void);

#endif
