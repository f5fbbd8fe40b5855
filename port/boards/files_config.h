/*
 * files_config.h - how many files a board can hold. A build overrides a value
 * with -D or in its configuration header. About 100 bytes of RAM each.
 */
#ifndef SOTTO_PORT_BOARDS_FILES_CONFIG_H
#define SOTTO_PORT_BOARDS_FILES_CONFIG_H

/* Names that may exist. The server has two and those of its log; the client
 * three; each has a second one for moments, while it is replaced. */
#ifndef BOARD_FILES
#    define BOARD_FILES 16
#endif

/* Open at one time. */
#ifndef BOARD_FILES_OPEN
#    define BOARD_FILES_OPEN 8
#endif

/* Being replaced at one time. */
#ifndef BOARD_FILES_REPLACES
#    define BOARD_FILES_REPLACES 2
#endif

#endif
