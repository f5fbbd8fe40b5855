/*
 * account_inner.h - what the files of `sotto account` share; nobody else
 * includes it.
 */
#ifndef SOTTO_APP_ACCOUNT_INNER_H
#define SOTTO_APP_ACCOUNT_INNER_H

#include "apps/sotto/account.h"
#include "apps/sotto/paths.h"
#include "core/auth/accounts.h"

#define ACCOUNT_EXIT_OK    0
#define ACCOUNT_EXIT_OTHER 1
#define ACCOUNT_EXIT_USAGE OPTIONS_EXIT_USAGE

struct account_app {
    struct port *port;
    struct port_loop *loop;
    const struct options *options;
    const struct account_settings *settings;
    struct sotto_random random;
    struct sotto_files files;
    const char *folder;
    char default_folder[PATH_TEXT_MAX];
    char file[PATH_TEXT_MAX]; /* the credential file's path, for people */
    void *memory;             /* of `accounts` */
    struct sotto_accounts *accounts;
    struct sotto_accounts_report report; /* what was found on opening */
};

/* ---- account.c ---------------------------------------------------------- */

/* Prints a line on standard error: "sotto account list: " and the pieces, of
 * which the last is NULL. Returns OTHER. */
int account_fail(const struct account_app *app, ...);

/* Reads the accounts. FORMAT with `report` when the file is damaged. */
enum sotto_err account_open(struct account_app *app) SOTTO_MUST_CHECK;
/* Lets go of them: nothing is pending afterwards. */
void account_close(struct account_app *app);
/* Opens, or says why not; the exit code. */
int account_need(struct account_app *app);

/* Waits until `ticket` is durable, or says that it is not. The exit code. */
int account_finish(struct account_app *app, uint64_t ticket);

/* Says why the change that an accounts call refused was not made. */
int account_refused(const struct account_app *app, enum sotto_err err);

/* True when all that was printed has left. */
bool account_flush(void);

/* ---- questions (account_ask.c) ------------------------------------------ */

/* Asks a question that "yes" answers, on a terminal, unless --yes did. The exit
 * code: OK when it was yes; else it says why not, `what` being what nobody could
 * be asked: "it is meant". */
int account_confirm(struct account_app *app, const char *prompt,
                    const char *what);

/*
 * Asks for a new password: on a terminal twice, without showing it, until both
 * are the same; on a pipe reads a line. CLOSED at the end of input, REFUSED
 * when the person interrupts or enters nothing, SPACE when it does not fit
 * `cap` (with a final zero), UNSUPPORTED when it would be seen. Other errors
 * are those of the console.
 */
enum sotto_err account_ask_password(struct account_app *app, char *out,
                                    size_t cap, size_t *len) SOTTO_MUST_CHECK;

/* ---- the commands: each returns the exit code --------------------------- */

int account_list(struct account_app *app);    /* account_edit.c */
int account_disable(struct account_app *app); /* account_edit.c */
int account_enable(struct account_app *app);  /* account_edit.c */
int account_remove(struct account_app *app);  /* account_edit.c */
int account_revoke(struct account_app *app);  /* account_edit.c */
int account_reset(struct account_app *app);   /* account_reset.c */
int account_repair(struct account_app *app);  /* account_repair.c */

/* account_edit.c: opens, and finds the account that the command line names; NULL
 * with the exit code, when it has said why not. */
const struct sotto_account *account_need_named(struct account_app *app,
                                               int *code);

#endif
