/*
 * options.c - see options.h. Values are read in options_value.c, help is
 * written in options_help.c.
 */
#include "apps/sotto/options.h"
#include "core/base/assert.h"
#include <string.h>

/* ---- errors ----------------------------------------------------------- */

/* Starts the sentence: "sotto server: ". */
static void begin_error(struct options *options, struct textbuf *error)
{
    textbuf_init(error, options->error, sizeof options->error);
    textbuf_add(error, options->program->name);
    if (options->command != NULL) {
        textbuf_add_all(error, " ", options->command->name, NULL);
    } else if (options->group != NULL) {
        textbuf_add_all(error, " ", options->group, NULL);
    }
    textbuf_add(error, ": ");
}

static void add_suggestion(struct textbuf *error, const char *dashes,
                           const char *name)
{
    if (name != NULL) {
        textbuf_add_all(error, ", did you mean ", dashes, name, "?", NULL);
    }
}

/* ---- commands --------------------------------------------------------- */

static bool is_help(const char *arg)
{
    return strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0;
}

/* The length of a command's first word. */
static size_t first_word(const struct command *command)
{
    return strcspn(command->name, " ");
}

static bool is_first_word(const struct command *command, const char *word)
{
    size_t len = first_word(command);
    return strlen(word) == len && strncmp(command->name, word, len) == 0;
}

/* The second word of a command's name, or NULL. */
static const char *second_word(const struct command *command)
{
    const char *space = strchr(command->name, ' ');
    return space != NULL ? space + 1 : NULL;
}

/* The command of one word (`second` NULL) or of two. */
static const struct command *find_command(const struct program *program,
                                          const char *first, const char *second)
{
    for (size_t at = 0; at < program->command_count; at++) {
        const struct command *command = &program->commands[at];
        const char *own = second_word(command);
        if (is_first_word(command, first) &&
            (own == NULL) == (second == NULL) &&
            (second == NULL || strcmp(own, second) == 0)) {
            return command;
        }
    }
    return NULL;
}

/* True when commands of two words begin with this one. */
static bool is_group(const struct program *program, const char *word)
{
    for (size_t at = 0; at < program->command_count; at++) {
        const struct command *command = &program->commands[at];
        if (second_word(command) != NULL && is_first_word(command, word)) {
            return true;
        }
    }
    return false;
}

static enum options_result unknown_command(struct options *options,
                                           const char *word)
{
    const struct program *program = options->program;
    struct textbuf error;
    begin_error(options, &error);
    if (word[0] == '-') {
        textbuf_add_all(&error, "unknown option ", word,
                        " (options of a command stand behind its name)", NULL);
        return OPTIONS_ERROR;
    }
    textbuf_add_all(&error, "unknown command ", word, NULL);
    const char *near =
        options_nearest(word, &program->commands[0].name,
                        sizeof program->commands[0], program->command_count);
    add_suggestion(&error, "", near);
    if (near == NULL) {
        textbuf_add_all(&error, " (see ", program->name, " --help)", NULL);
    }
    return OPTIONS_ERROR;
}

/* `second` is what was typed behind the group's word, or NULL. */
static enum options_result unknown_in_group(struct options *options,
                                            const char *second)
{
    const char *names[OPTIONS_MAX];
    size_t count = 0;
    const struct program *program = options->program;
    for (size_t at = 0; at < program->command_count; at++) {
        const struct command *command = &program->commands[at];
        if (second_word(command) != NULL && count < OPTIONS_MAX &&
            is_first_word(command, options->group)) {
            names[count++] = second_word(command);
        }
    }
    struct textbuf error;
    begin_error(options, &error);
    const char *near =
        second != NULL ? options_nearest(second, names, sizeof names[0], count)
                       : NULL;
    if (near != NULL) {
        textbuf_add_all(&error, "unknown command ", second, NULL);
        add_suggestion(&error, "", near);
        return OPTIONS_ERROR;
    }
    textbuf_add(&error, "needs one of ");
    for (size_t at = 0; at < count; at++) {
        textbuf_add_all(&error, at > 0 ? ", " : "", names[at], NULL);
    }
    if (second != NULL) {
        textbuf_add_all(&error, ", not ", second, NULL);
    }
    return OPTIONS_ERROR;
}

/* argv[at] is the first word of a command, or meant to be. */
static enum options_result match_command(struct options *options, int argc,
                                         char *const *argv, int at, int *rest)
{
    const char *first = argv[at];
    const char *second = at + 1 < argc ? argv[at + 1] : NULL;
    if (second != NULL) {
        options->command = find_command(options->program, first, second);
    }
    if (options->command != NULL) {
        *rest = at + 2;
        return OPTIONS_RUN;
    }
    options->command = find_command(options->program, first, NULL);
    *rest = at + 1;
    if (options->command != NULL) {
        return OPTIONS_RUN;
    }
    if (!is_group(options->program, first)) {
        return unknown_command(options, first);
    }
    options->group = first;
    if (second != NULL && is_help(second)) {
        return OPTIONS_HELP;
    }
    if (second != NULL && strcmp(second, "--version") == 0) {
        return OPTIONS_VERSION;
    }
    return unknown_in_group(options, second);
}

enum options_result options_command(struct options *options,
                                    const struct program *program, int argc,
                                    char *const *argv, int *rest)
{
    memset(options, 0, sizeof *options);
    options->program = program;
    *rest = argc > 0 ? 1 : 0;
    if (argc < 2) {
        return OPTIONS_RUN;
    }
    if (is_help(argv[1])) {
        return OPTIONS_HELP;
    }
    if (strcmp(argv[1], "--version") == 0) {
        return OPTIONS_VERSION;
    }
    if (strcmp(argv[1], "help") != 0) {
        return match_command(options, argc, argv, 1, rest);
    }
    if (argc == 2) {
        return OPTIONS_HELP;
    }
    enum options_result result = match_command(options, argc, argv, 2, rest);
    /* "help account" names a group, which is fine. */
    bool is_bare_group = options->group != NULL && argc == 3;
    return result == OPTIONS_RUN || is_bare_group ? OPTIONS_HELP : result;
}

/* ---- options ---------------------------------------------------------- */

/* The option that `len` letters name, or NULL. */
static const struct option *find_option(const struct command *command,
                                        const char *name, size_t len)
{
    for (size_t at = 0; at < command->option_count; at++) {
        const struct option *option = &command->options[at];
        if ((option->flags & OPTION_ONLY_IN_FILE) == 0 &&
            strlen(option->name) == len &&
            memcmp(option->name, name, len) == 0) {
            return option;
        }
    }
    return NULL;
}

static uint64_t bit_of(const struct command *command,
                       const struct option *option)
{
    return 1ULL << (size_t)(option - command->options);
}

/* What the person meant by `name`, of the options that help shows. */
static const char *nearest_option(const struct command *command,
                                  const char *name)
{
    const char *names[OPTIONS_MAX];
    size_t count = 0;
    for (size_t at = 0; at < command->option_count; at++) {
        const struct option *option = &command->options[at];
        if ((option->flags & (OPTION_ONLY_IN_FILE | OPTION_HIDDEN)) == 0) {
            names[count++] = option->name;
        }
    }
    return options_nearest(name, names, sizeof names[0], count);
}

/* `arg` begins with one or two dashes. */
static enum options_result unknown_option(struct options *options,
                                          const char *arg)
{
    const struct command *command = options->command;
    size_t len = strcspn(arg, "=");
    size_t dashes = arg[1] == '-' ? 2 : 1;
    char name[64];
    struct textbuf typed;
    textbuf_init(&typed, name, sizeof name);
    textbuf_add_bytes(&typed, arg + dashes, len - dashes);
    const char *near = typed.cut ? NULL : nearest_option(command, name);

    struct textbuf error;
    begin_error(options, &error);
    textbuf_add(&error, "unknown option ");
    textbuf_add_bytes(&error, arg, len);
    add_suggestion(&error, "--", near);
    if (near == NULL) {
        textbuf_add_all(&error, " (see ", options->program->name, " ",
                        command->name, " --help)", NULL);
    }
    return OPTIONS_ERROR;
}

static enum options_result option_error(struct options *options,
                                        const struct option *option,
                                        const char *why)
{
    struct textbuf error;
    begin_error(options, &error);
    textbuf_add_all(&error, "--", option->name, why, NULL);
    return OPTIONS_ERROR;
}

/* `value` is what follows the '=', or NULL. Advances `*at` over the value. */
static enum options_result read_value(struct options *options,
                                      const struct option *option,
                                      const char *value, int argc,
                                      char *const *argv, int *at, void *values)
{
    if (option->kind == OPTION_FLAG && value != NULL) {
        return option_error(options, option, " takes no value");
    }
    if (option->kind == OPTION_FLAG) {
        value = "yes";
    }
    if (value == NULL && *at + 1 < argc) {
        value = argv[++*at];
        /* Far more often a forgotten value than one that begins so. */
        if (strncmp(value, "--", 2) == 0) {
            value = NULL;
        }
    }
    char reason[OPTIONS_ERROR_MAX];
    struct textbuf why;
    textbuf_init(&why, reason, sizeof reason);
    if (value == NULL) {
        textbuf_add_all(&why, " needs a value: --", option->name, " ",
                        option->value, NULL);
        return option_error(options, option, reason);
    }
    if (!options_store(option, value, values, &why)) {
        return option_error(options, option, reason);
    }
    options->given |= bit_of(options->command, option);
    return OPTIONS_RUN;
}

static enum options_result read_option(struct options *options, int argc,
                                       char *const *argv, int *at, void *values)
{
    const char *arg = argv[*at];
    if (is_help(arg)) {
        return OPTIONS_HELP;
    }
    if (strcmp(arg, "--version") == 0) {
        return OPTIONS_VERSION;
    }
    if (arg[1] != '-') {
        return unknown_option(options, arg);
    }
    size_t len = strcspn(arg + 2, "=");
    const struct option *option = find_option(options->command, arg + 2, len);
    if (option == NULL) {
        return unknown_option(options, arg);
    }
    const char *value = arg[2 + len] == '=' ? arg + 3 + len : NULL;
    return read_value(options, option, value, argc, argv, at, values);
}

static enum options_result add_positional(struct options *options,
                                          const char *arg)
{
    if (options->positional_count == options->command->positional_max) {
        struct textbuf error;
        begin_error(options, &error);
        textbuf_add_all(&error, "one argument too many: ", arg, NULL);
        return OPTIONS_ERROR;
    }
    options->positional[options->positional_count++] = arg;
    return OPTIONS_RUN;
}

static enum options_result check_positionals(struct options *options)
{
    const struct command *command = options->command;
    if (options->positional_count >= command->positional_min) {
        return OPTIONS_RUN;
    }
    struct textbuf error;
    begin_error(options, &error);
    textbuf_add_all(&error, "an argument is missing: ", options->program->name,
                    " ", command->name, " ", command->arguments, NULL);
    return OPTIONS_ERROR;
}

enum options_result options_parse(struct options *options, int argc,
                                  char *const *argv, int at, void *values)
{
    SOTTO_ASSERT(options->command != NULL);
    SOTTO_ASSERT(options->command->option_count <= OPTIONS_MAX);
    SOTTO_ASSERT(options->command->positional_max <= OPTIONS_POSITIONAL_MAX);
    bool only_positionals = false;
    for (; at < argc; at++) {
        const char *arg = argv[at];
        enum options_result result = OPTIONS_RUN;
        if (!only_positionals && strcmp(arg, "--") == 0) {
            only_positionals = true;
        } else if (!only_positionals && arg[0] == '-' && arg[1] != '\0') {
            result = read_option(options, argc, argv, &at, values);
        } else {
            result = add_positional(options, arg);
        }
        if (result != OPTIONS_RUN) {
            return result;
        }
    }
    return check_positionals(options);
}

bool options_given(const struct options *options, const char *name)
{
    const struct command *command = options->command;
    const struct option *option = find_option(command, name, strlen(name));
    SOTTO_ASSERT(option != NULL);
    return (options->given & bit_of(command, option)) != 0;
}
