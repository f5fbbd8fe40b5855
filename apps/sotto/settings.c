/*
 * settings.c - see settings.h.
 *
 * The file is cut into terminated strings in place: section, key and value of
 * a line never need more room than the line has.
 */
#include "apps/sotto/settings.h"
#include "core/base/assert.h"
#include <string.h>

struct settings {
    struct options *options;
    const char *file;
    size_t line; /* from 1 */
    void *values;
    struct textbuf *errors;
    size_t error_count;
    bool in_section; /* lines are ours */
    bool skips;      /* lines are another command's, or nobody's */
    uint64_t seen;   /* bit n: option n has a line */
    size_t
        first_line[OPTIONS_MAX]; /* where, for the complaint about a second */
};

/* Adds one line of complaint, of up to four parts; NULL ends them sooner. */
static void complain(struct settings *s, const char *a, const char *b,
                     const char *c, const char *d)
{
    char line[2 * OPTIONS_ERROR_MAX];
    struct textbuf text;
    textbuf_init(&text, line, sizeof line - 1);
    textbuf_add_all(&text, s->file, ":", NULL);
    textbuf_add_number(&text, s->line);
    textbuf_add_all(&text, ": ", a, b, c, d, NULL);
    line[text.len] = '\n';
    line[text.len + 1] = '\0';
    s->error_count++;
    if (s->errors->cap - s->errors->len > text.len + 1) {
        textbuf_add(s->errors, line);
    }
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Takes the spaces off both ends, in place. */
static char *trim(char *text)
{
    while (is_space(*text)) {
        text++;
    }
    size_t len = strlen(text);
    while (len > 0 && is_space(text[len - 1])) {
        len--;
    }
    text[len] = '\0';
    return text;
}

/* Text of the file as part of an error: nothing that moves a cursor. */
static const char *printable(char *text)
{
    for (char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            *at = '?';
        }
    }
    return text;
}

/* ---- sections --------------------------------------------------------- */

static bool is_command(const struct program *program, const char *name)
{
    for (size_t at = 0; at < program->command_count; at++) {
        if (strcmp(program->commands[at].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void read_section(struct settings *s, char *line)
{
    size_t len = strlen(line);
    const struct program *program = s->options->program;
    if (line[len - 1] != ']') {
        complain(s, "a section needs a closing bracket: ", printable(line), "]",
                 NULL);
        s->in_section = false;
        s->skips = true;
        return;
    }
    line[len - 1] = '\0';
    char *name = trim(line + 1);
    s->in_section = strcmp(name, s->options->command->name) == 0;
    s->skips = !s->in_section;
    if (!s->in_section && !is_command(program, name)) {
        complain(s, "unknown section [", printable(name), "], expected ",
                 s->options->command->name);
    }
}

/* ---- keys and values -------------------------------------------------- */

static const struct option *find_key(const struct command *command,
                                     const char *key)
{
    for (size_t at = 0; at < command->option_count; at++) {
        const struct option *option = &command->options[at];
        if ((option->flags & OPTION_NOT_IN_FILE) == 0 &&
            strcmp(option->name, key) == 0) {
            return option;
        }
    }
    return NULL;
}

static void unknown_key(struct settings *s, char *key)
{
    const struct command *command = s->options->command;
    const char *names[OPTIONS_MAX];
    size_t count = 0;
    for (size_t at = 0; at < command->option_count; at++) {
        if (strcmp(command->options[at].name, key) == 0) {
            complain(s, "", key, " works on the command line only", NULL);
            return;
        }
        if ((command->options[at].flags & OPTION_NOT_IN_FILE) == 0) {
            names[count++] = command->options[at].name;
        }
    }
    const char *near = options_nearest(key, names, sizeof names[0], count);
    char meant[64];
    struct textbuf text;
    textbuf_init(&text, meant, sizeof meant);
    if (near != NULL) {
        textbuf_add_all(&text, ", did you mean ", near, "?", NULL);
    }
    complain(s, "unknown setting ", printable(key), meant, NULL);
}

/* False, with a complaint, for a second line of what is no list. */
static bool is_first_line(struct settings *s, const struct option *option)
{
    size_t number = (size_t)(option - s->options->command->options);
    bool again = (s->seen >> number & 1U) != 0;
    if (!again) {
        s->seen |= 1ULL << number;
        s->first_line[number] = s->line;
    }
    if (!again || option->kind == OPTION_LIST) {
        return true;
    }
    char digits[24];
    struct textbuf text;
    textbuf_init(&text, digits, sizeof digits);
    textbuf_add_number(&text, s->first_line[number]);
    complain(s, option->name, " stands already in line ", digits, NULL);
    return false;
}

/* Takes the quotes off, in place; NULL when the second is missing. */
static char *unquote(char *value)
{
    size_t len = strlen(value);
    if (value[0] != '"') {
        return value;
    }
    if (len < 2 || value[len - 1] != '"') {
        return NULL;
    }
    value[len - 1] = '\0';
    return value + 1;
}

static void read_setting(struct settings *s, char *line)
{
    char *equals = strchr(line, '=');
    if (equals == NULL) {
        complain(s, "this is no setting (NAME = VALUE): ", printable(line),
                 NULL, NULL);
        return;
    }
    *equals = '\0';
    char *key = trim(line);
    const struct option *option = find_key(s->options->command, key);
    if (option == NULL) {
        unknown_key(s, key);
        return;
    }
    char *value = unquote(trim(equals + 1));
    if (value == NULL) {
        complain(s, key, " needs a closing quote", NULL, NULL);
        return;
    }
    if (!is_first_line(s, option)) {
        return;
    }
    size_t number = (size_t)(option - s->options->command->options);
    bool overridden = (s->options->given >> number & 1U) != 0;
    char reason[OPTIONS_ERROR_MAX];
    struct textbuf why;
    textbuf_init(&why, reason, sizeof reason);
    if (!options_store(option, value, overridden ? NULL : s->values, &why)) {
        complain(s, key, reason, NULL, NULL);
    }
}

static void read_line(struct settings *s, char *line)
{
    line = trim(line);
    if (line[0] == '\0' || line[0] == '#' || line[0] == ';') {
        return;
    }
    if (line[0] == '[') {
        read_section(s, line);
    } else if (s->in_section) {
        read_setting(s, line);
    } else if (!s->skips) {
        complain(s, "a section must come first: [", s->options->command->name,
                 "]", NULL);
        s->skips = true; /* once is enough */
    }
}

size_t settings_read(struct options *options, const char *file, char *text,
                     size_t len, void *values, struct textbuf *errors)
{
    struct settings s = {.options = options,
                         .file = file,
                         .values = values,
                         .errors = errors};
    SOTTO_ASSERT(options->command != NULL);
    SOTTO_ASSERT(options->command->option_count <= OPTIONS_MAX);
    text[len] = '\0';
    size_t at = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < len) {
        size_t line_len = strcspn(text + at, "\n");
        char *line = text + at;
        s.line++;
        if (at + line_len < len && text[at + line_len] == '\0') {
            complain(&s, "this is not a text file", NULL, NULL, NULL);
            return s.error_count;
        }
        at += line_len + 1;
        line[line_len] = '\0';
        read_line(&s, line);
    }
    return s.error_count;
}
