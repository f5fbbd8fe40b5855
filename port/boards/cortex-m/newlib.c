/*
 * newlib.c - main() with arguments, standard output and a heap, for the tests
 * and measurements that run in an emulator: newlib's library for semihosting
 * does the rest. The firmware links none of this.
 *
 * The linker puts __wrap_main() between start.c and the program's main().
 */
#include "port/boards/cortex-m/cortex.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ARGUMENTS_MAX 64

/* The linker script's. */
extern char board_heap_start[];
extern char board_heap_end[];

/* NOLINTBEGIN(bugprone-reserved-identifier) names of newlib and the linker */
void initialise_monitor_handles(void);
void *_sbrk(ptrdiff_t more);
int __real_main(int argc, char **argv);
int __wrap_main(void);
/* NOLINTEND(bugprone-reserved-identifier) */

/* newlib's own takes for granted that the stack lies above the heap. */
void *_sbrk(ptrdiff_t more)
{
    static char *end = board_heap_start;
    char *before = end;
    if (more > board_heap_end - before) {
        errno = ENOMEM;
        return (void *)-1; /* NOLINT(performance-no-int-to-ptr) its contract */
    }
    end += more;
    return before;
}

/* Cuts the line at its spaces, in place. */
static int split(char *line, char **argv)
{
    int argc = 0;
    for (char *word = strtok(line, " "); word != NULL && argc < ARGUMENTS_MAX;
         word = strtok(NULL, " ")) {
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    return argc;
}

int __wrap_main(void)
{
    static char line[4096];
    static char *argv[ARGUMENTS_MAX + 1];
    initialise_monitor_handles();
    const int argc =
        semihosting_arguments(line, sizeof line) ? split(line, argv) : 0;
    exit(__real_main(argc, argv));
}
