/*
 * options.h - the command line, described by tables.
 *
 * One `struct command` says everything about a command: its options, its
 * positional arguments, its help. The same table reads a settings file
 * (settings.h), so that a key of the file is always a long option.
 *
 * Accepted: --name VALUE, --name=VALUE, --flag, positional arguments before,
 * between and after options, "--" (all that follows is positional), "-"
 * (positional), and in every command --help, -h and --version. There are no
 * other one-letter options. An option that is given again replaces what it
 * said before, unless its kind is a list.
 *
 * Values land in a struct of the caller's, at the offset that the table names;
 * set it to its defaults first. Texts are borrowed from argv (or from the
 * settings file's bytes): keep them as long as the struct.
 */
#ifndef SOTTO_APP_OPTIONS_H
#define SOTTO_APP_OPTIONS_H

#include "apps/sotto/textbuf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bounds of a table and of what one command line may hold. */
#define OPTIONS_MAX            64   /* options in one table */
#define OPTIONS_LIST_MAX       16   /* times that a list option may be given */
#define OPTIONS_POSITIONAL_MAX 8    /* positional arguments */
#define OPTIONS_ERROR_MAX      320  /* one sentence and its zero */
#define OPTIONS_HELP_MAX       8192 /* enough for any command's help */

/* The exit code for a command line or settings file that is wrong. */
#define OPTIONS_EXIT_USAGE 2

struct option_list {
    const char *items[OPTIONS_LIST_MAX];
    size_t count;
};

/* The kind says what type stands at `offset`. */
enum option_kind {
    OPTION_FLAG,     /* bool; no value (in a file: yes or no) */
    OPTION_TEXT,     /* const char * */
    OPTION_LIST,     /* struct option_list; may be given several times */
    OPTION_NUMBER,   /* uint64_t in decimal, min to max */
    OPTION_PORT,     /* uint16_t, 1 to 65535 */
    OPTION_DURATION, /* uint64_t milliseconds: 250ms 30s 5m 2h 7d; min to max */
    OPTION_SIZE,     /* uint64_t bytes: 512 64K 16M 1G; min to max */
    OPTION_CHOICE    /* unsigned: which of `choices` */
};

/* Where an option may stand; 0 is both. */
#define OPTION_NOT_IN_FILE  1U /* command line only (--config) */
#define OPTION_ONLY_IN_FILE 2U /* settings file only */
#define OPTION_HIDDEN       4U /* works, but help does not show it */

struct option {
    const char *name;  /* long, lower case with dashes, without "--" */
    const char *value; /* what stands for the value in help; NULL for a flag */
    const char *help;  /* what it does; wrapped at 80 columns */
    enum option_kind kind;
    unsigned flags;
    size_t offset; /* offsetof(struct of the caller, member) */
    uint64_t min;  /* NUMBER, DURATION, SIZE */
    uint64_t max;
    const char *const *choices; /* CHOICE: names, NULL at the end */
    /* TEXT and LIST: NULL, or says why a value is not allowed ("is not an
     * address"; NULL when it is). */
    const char *(*check)(const char *value);
};

struct command {
    const char *name;        /* "server", or two words: "account list" */
    const char *summary;     /* half a line, for the list of commands */
    const char *arguments;   /* "[HOST[:PORT]]", or NULL */
    const char *description; /* paragraphs, "\n" between; may be NULL */
    const struct option *options;
    size_t option_count;
    size_t positional_min;
    size_t positional_max;
    const char *const *examples; /* whole command lines, NULL at the end, or
                                    NULL; "# text" lines are remarks */
};

struct program {
    const char *name;    /* "sotto" */
    const char *version; /* "0.1.0" */
    const char *description;
    const struct command *commands;
    size_t command_count;
    const char *footer; /* the last lines of the program's help, or NULL */
};

enum options_result {
    OPTIONS_RUN,     /* go on; with `command` NULL no command was named */
    OPTIONS_HELP,    /* print options_help() on stdout, exit 0 */
    OPTIONS_VERSION, /* print options_version() on stdout, exit 0 */
    OPTIONS_ERROR    /* print `error` on stderr, exit OPTIONS_EXIT_USAGE */
};

struct options {
    const struct program *program;
    const struct command *command; /* NULL: none was named */
    /* What was typed instead of a command's second word, for help. */
    const char *group;
    uint64_t given; /* bit n: option n of the table was given */
    const char *positional[OPTIONS_POSITIONAL_MAX];
    size_t positional_count;
    char error[OPTIONS_ERROR_MAX]; /* "sotto server: unknown option --lisen,
                                      did you mean --listen?", no newline */
};

/*
 * Finds the command that argv names (its first one or two words; argv[0] is
 * skipped). ERROR with a suggestion when there is none of that name; RUN with
 * `command` NULL when argv names none at all. `*rest` is where the command's
 * own arguments start. HELP and VERSION when they are asked for before or
 * instead of a command; "help COMMAND" is understood too.
 */
enum options_result options_command(struct options *options,
                                    const struct program *program, int argc,
                                    char *const *argv, int *rest);

/*
 * Reads the command's arguments argv[at..argc) into `values`, a struct as the
 * table describes. Stops at the first error; `values` may then hold a part.
 */
enum options_result options_parse(struct options *options, int argc,
                                  char *const *argv, int at, void *values);

/* True when the option of that name was given. The name must be in the
 * table. */
bool options_given(const struct options *options, const char *name);

/* The help of the command, or of the program when there is none: terminated,
 * lines of at most 79 columns, with a final newline. */
void options_help(const struct options *options, struct textbuf *out);
/* "sotto 0.1.0\n" */
void options_version(const struct options *options, struct textbuf *out);

/*
 * Stores one value, as options_parse() and settings_read() do. Returns true,
 * or false with the reason in `why`, to stand right behind the option's name:
 * " needs a number from 1 to 100, not 'x'". With `values` NULL it only checks.
 */
bool options_store(const struct option *option, const char *value, void *values,
                   struct textbuf *why);

/* The one of `count` names that a person probably meant by `typed`, or NULL
 * when none is near. `stride` is the distance in bytes from one
 * `const char *` to the next. */
const char *options_nearest(const char *typed, const char *const *first,
                            size_t stride, size_t count);

#endif
