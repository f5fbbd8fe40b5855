/*
 * options_help.c - the help of the program and of its commands, from the
 * tables alone.
 */
#include "apps/sotto/options.h"
#include <string.h>

#define HELP_COLUMNS 79 /* of 80, so that no terminal wraps */
#define HELP_TEXT_AT 28 /* at most; where the explanation of an item starts */

/*
 * Adds a text from column `column` on, broken between words, each further
 * line indented by `indent`. A newline in the text ends a paragraph. Columns
 * are bytes: help is written in ASCII.
 */
static void add_wrapped(struct textbuf *out, const char *text, size_t column,
                        size_t indent)
{
    while (*text != '\0') {
        size_t len = strcspn(text, " \n");
        if (column > indent && column + 1 + len > HELP_COLUMNS) {
            textbuf_add_char(out, '\n');
            column = 0;
        }
        if (column < indent) {
            textbuf_add_spaces(out, indent - column);
            column = indent;
        } else if (column > indent) {
            textbuf_add_char(out, ' ');
            column++;
        }
        textbuf_add_bytes(out, text, len);
        column += len;
        text += len;
        if (*text == '\n') {
            textbuf_add_char(out, '\n');
            column = 0;
        }
        text += *text != '\0' ? 1 : 0;
    }
    textbuf_add_char(out, '\n');
}

/* An item of a list: its name, then its explanation in a column of its own. */
static void add_item(struct textbuf *out, const char *name, const char *text,
                     size_t text_at)
{
    textbuf_add_all(out, "  ", name, NULL);
    size_t column = 2 + strlen(name);
    if (column + 2 > text_at) {
        textbuf_add_char(out, '\n');
        column = 0;
    }
    textbuf_add_spaces(out, text_at - column);
    add_wrapped(out, text, text_at, text_at);
}

/* "--listen ADDR:PORT" */
static void option_title(const struct option *option, char *title, size_t cap)
{
    struct textbuf text;
    textbuf_init(&text, title, cap);
    textbuf_add_all(&text, "--", option->name, NULL);
    if (option->value != NULL) {
        textbuf_add_all(&text, " ", option->value, NULL);
    }
}

static bool is_shown(const struct option *option)
{
    return (option->flags & (OPTION_HIDDEN | OPTION_ONLY_IN_FILE)) == 0;
}

/* Where the explanations start: behind the longest title that is not too
 * long. */
static size_t text_column(const struct command *command)
{
    size_t column = sizeof "  --version" + 1;
    for (size_t at = 0; at < command->option_count; at++) {
        char title[64];
        option_title(&command->options[at], title, sizeof title);
        size_t end = strlen(title) + 4;
        if (is_shown(&command->options[at]) && end > column &&
            end <= HELP_TEXT_AT) {
            column = end;
        }
    }
    return column;
}

static void add_option(struct textbuf *out, const struct option *option,
                       size_t text_at)
{
    char title[64];
    char help[1024];
    struct textbuf text;
    option_title(option, title, sizeof title);
    textbuf_init(&text, help, sizeof help);
    textbuf_add(&text, option->help);
    if (option->kind == OPTION_CHOICE) {
        textbuf_add(&text, " (one of");
        for (size_t at = 0; option->choices[at] != NULL; at++) {
            textbuf_add_all(&text, at > 0 ? ", " : " ", option->choices[at],
                            NULL);
        }
        textbuf_add(&text, ")");
    } else if (option->kind == OPTION_LIST) {
        textbuf_add(&text, " (may be repeated)");
    }
    add_item(out, title, help, text_at);
}

static void command_help(const struct program *program,
                         const struct command *command, struct textbuf *out)
{
    size_t text_at = text_column(command);
    textbuf_add_all(out, "Usage: ", program->name, " ", command->name,
                    " [OPTION]...", NULL);
    if (command->arguments != NULL) {
        textbuf_add_all(out, " ", command->arguments, NULL);
    }
    textbuf_add(out, "\n\n");
    add_wrapped(out,
                command->description != NULL ? command->description
                                             : command->summary,
                0, 0);
    textbuf_add(out, "\nOptions:\n");
    for (size_t at = 0; at < command->option_count; at++) {
        if (is_shown(&command->options[at])) {
            add_option(out, &command->options[at], text_at);
        }
    }
    add_item(out, "--help", "Show this help", text_at);
    add_item(out, "--version", "Show the version", text_at);
    for (size_t at = 0;
         command->examples != NULL && command->examples[at] != NULL; at++) {
        textbuf_add_all(out, at == 0 ? "\nExamples:\n" : "", "  ",
                        command->examples[at], "\n", NULL);
    }
}

static bool in_group(const struct command *command, const char *group)
{
    size_t len = strlen(group);
    return strncmp(command->name, group, len) == 0 && command->name[len] == ' ';
}

/* All commands, or those that begin with the word `group`. */
static void add_commands(const struct program *program, const char *group,
                         struct textbuf *out)
{
    size_t text_at = 0;
    for (size_t at = 0; at < program->command_count; at++) {
        size_t end = strlen(program->commands[at].name) + 4;
        text_at = end > text_at ? end : text_at;
    }
    textbuf_add(out, "\nCommands:\n");
    for (size_t at = 0; at < program->command_count; at++) {
        const struct command *command = &program->commands[at];
        if (group == NULL || in_group(command, group)) {
            add_item(out, command->name, command->summary, text_at);
        }
    }
}

static void program_help(const struct program *program, const char *group,
                         struct textbuf *out)
{
    textbuf_add_all(out, "Usage: ", program->name, NULL);
    if (group != NULL) {
        textbuf_add_all(out, " ", group, " COMMAND [OPTION]...\n", NULL);
    } else {
        textbuf_add(out, " [COMMAND [OPTION]...]\n\n");
        add_wrapped(out, program->description, 0, 0);
    }
    add_commands(program, group, out);
    textbuf_add_all(out, "\nMore: ", program->name, " COMMAND --help\n", NULL);
    if (group == NULL && program->footer != NULL) {
        textbuf_add_char(out, '\n');
        add_wrapped(out, program->footer, 0, 0);
    }
}

void options_help(const struct options *options, struct textbuf *out)
{
    if (options->command != NULL) {
        command_help(options->program, options->command, out);
    } else {
        program_help(options->program, options->group, out);
    }
}

void options_version(const struct options *options, struct textbuf *out)
{
    textbuf_add_all(out, options->program->name, " ", options->program->version,
                    "\n", NULL);
}
