/*
 * account_ask.c - the two questions of `sotto account`.
 *
 * The console is opened for a question and closed before anything else is
 * printed.
 */
#include "apps/sotto/account_inner.h"
#include "apps/sotto/console.h"
#include "core/base/secret.h"
#include <stdio.h>
#include <string.h>

#define ANSWER_MAX 16

/* The console, or NULL. It is large, and there is one a program. */
static struct console *open_console(struct account_app *app,
                                    struct port_console_info *info,
                                    enum sotto_err *err)
{
    static struct console console;

    (void)fflush(stdout);
    *err = console_open(&console, app->port, app->loop, &console, false);
    if (*err != SOTTO_OK) {
        return NULL;
    }
    port_console_info(console.stream, info);
    return &console;
}

static bool is_yes(const char *answer)
{
    return strcmp(answer, "yes") == 0 || strcmp(answer, "y") == 0 ||
           strcmp(answer, "Yes") == 0 || strcmp(answer, "YES") == 0;
}

enum answer {
    ANSWER_YES,
    ANSWER_NO,
    ANSWER_NOBODY /* there is no terminal to ask on */
};

static enum answer ask(struct account_app *app, const char *prompt)
{
    struct port_console_info info;
    enum sotto_err err = SOTTO_OK;
    enum answer answer = ANSWER_NO;
    char line[ANSWER_MAX];
    size_t len = 0;
    struct console *console = open_console(app, &info, &err);

    if (console == NULL) {
        return ANSWER_NOBODY;
    }
    if (!console_is_interactive(console)) {
        answer = ANSWER_NOBODY;
    } else if (console_ask(console, prompt, false, line, sizeof line, &len) ==
                   SOTTO_OK &&
               is_yes(line)) {
        answer = ANSWER_YES;
    }
    console_close(console);
    return answer;
}

int account_confirm(struct account_app *app, const char *prompt,
                    const char *what)
{
    if (app->settings->yes) {
        return ACCOUNT_EXIT_OK;
    }
    switch (ask(app, prompt)) {
    case ANSWER_YES:
        return ACCOUNT_EXIT_OK;
    case ANSWER_NO:
        return account_fail(app, "nothing was changed", NULL);
    case ANSWER_NOBODY:
        break;
    }
    (void)account_fail(app, "nobody to ask whether ", what, "; say --yes",
                       NULL);
    return ACCOUNT_EXIT_USAGE;
}

/* On a terminal: until the person has typed the same twice. */
static enum sotto_err ask_twice(struct console *console, char *out, size_t cap,
                                size_t *len)
{
    static const char differ[] = "The two are not the same. Once more, please."
                                 "\n";
    char again[CONSOLE_LINE_MAX];
    size_t again_len = 0;
    enum sotto_err err = SOTTO_OK;
    bool is_same = false;

    while (err == SOTTO_OK && !is_same) {
        err = console_ask(console, "New password: ", true, out, cap, len);
        if (err == SOTTO_OK && *len == 0) {
            err = SOTTO_ERR_REFUSED;
        }
        if (err == SOTTO_OK) {
            err = console_ask(console, "Once more: ", true, again, sizeof again,
                              &again_len);
        }
        is_same = err == SOTTO_OK && again_len == *len &&
                  sotto_equal(again, out, *len);
        if (err == SOTTO_OK && !is_same) {
            console_print(console, differ, sizeof differ - 1);
        }
    }
    sotto_wipe(again, sizeof again);
    return err;
}

enum sotto_err account_ask_password(struct account_app *app, char *out,
                                    size_t cap, size_t *len)
{
    struct port_console_info info;
    enum sotto_err err = SOTTO_OK;
    struct console *console = open_console(app, &info, &err);

    if (console == NULL) {
        return err;
    }
    if (console_is_interactive(console)) {
        err = ask_twice(console, out, cap, len);
    } else if (info.input_is_terminal) {
        err = SOTTO_ERR_UNSUPPORTED; /* it would be shown while typed */
    } else {
        err = console_ask(console, "", true, out, cap, len);
    }
    console_close(console);
    return err;
}
