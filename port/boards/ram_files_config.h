/*
 * ram_files_config.h - the sizes of ram_files.c. A build overrides a value with
 * -D or in its configuration header.
 */
#ifndef SOTTO_PORT_BOARDS_RAM_FILES_CONFIG_H
#define SOTTO_PORT_BOARDS_RAM_FILES_CONFIG_H

/* Files that may exist, and handles that may be open. 44 and 4 bytes each. */
#ifndef RAM_FILES
#    define RAM_FILES 16
#endif
#ifndef RAM_FILES_OPEN
#    define RAM_FILES_OPEN 8
#endif

/* Blocks that all files share, and bytes of one. */
#ifndef RAM_FILES_BLOCKS
#    define RAM_FILES_BLOCKS 64U
#endif
#ifndef RAM_FILES_BLOCK
#    define RAM_FILES_BLOCK 256U
#endif

#endif
