/*
 * account_edit.c - lists accounts, disables, enables and removes them, and
 * revokes their devices.
 */
#include "apps/sotto/account_inner.h"
#include "apps/sotto/time_text.h"
#include "core/base/json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the account that is meant ------------------------------------------ */

/* The names, as options_nearest() wants them; NULL without memory. */
static const char **collect_names(const struct sotto_accounts *accounts,
                                  size_t count)
{
    const char **names = malloc((count + 1) * sizeof *names);

    for (size_t at = 0; names != NULL && at < count; at++) {
        names[at] = sotto_accounts_at(accounts, at)->name;
    }
    return names;
}

static void say_unknown(const struct account_app *app, const char *name)
{
    size_t count = sotto_accounts_count(app->accounts);
    const char **names = collect_names(app->accounts, count);
    const char *near = NULL;

    if (names != NULL && count > 0) {
        near = options_nearest(name, names, sizeof *names, count);
    }
    (void)account_fail(app, "there is no account ", name,
                       near != NULL ? ", did you mean " : "",
                       near != NULL ? near : "", near != NULL ? "?" : "", NULL);
    free(names);
}

static const struct sotto_account *find_named(const struct account_app *app)
{
    const char *name = app->options->positional[0];
    const struct sotto_account *account =
        sotto_accounts_find(app->accounts, name, strlen(name));

    if (account == NULL) {
        say_unknown(app, name);
    }
    return account;
}

const struct sotto_account *account_need_named(struct account_app *app,
                                               int *code)
{
    const struct sotto_account *account = NULL;

    *code = account_need(app);
    if (*code == ACCOUNT_EXIT_OK) {
        account = find_named(app);
        *code = account != NULL ? ACCOUNT_EXIT_OK : ACCOUNT_EXIT_OTHER;
    }
    return account;
}

/* ---- list --------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    const char *const *first = a;
    const char *const *second = b;

    return strcmp(*first, *second);
}

static const char *state_of(const struct sotto_account *account)
{
    return account->disabled ? "disabled" : "enabled";
}

static void print_row(const struct sotto_account *account)
{
    char created[TIME_TEXT] = "-";

    if (account->created_s != SOTTO_TIME_UNKNOWN) {
        time_text(account->created_s, created);
    }
    (void)printf("%-32s  %-8s  %-20s  %10u\n", account->name, state_of(account),
                 created, (unsigned)account->verifier.iterations);
}

static void print_json(const struct sotto_account *account)
{
    const char *state = state_of(account);
    struct sotto_json_writer w;
    char created[TIME_TEXT];
    char line[256];
    size_t len = 0;

    sotto_json_begin(&w, line, sizeof line);
    sotto_json_add_string(&w, "name", account->name, strlen(account->name));
    sotto_json_add_string(&w, "state", state, strlen(state));
    if (account->created_s != SOTTO_TIME_UNKNOWN) {
        time_text(account->created_s, created);
        sotto_json_add_string(&w, "created", created, strlen(created));
    }
    sotto_json_add_integer(&w, "iterations", account->verifier.iterations);
    if (sotto_json_end(&w, &len) == SOTTO_OK) {
        (void)printf("%s\n", line);
    }
}

/* Of an account that is shown, below it. */
static void print_devices(const struct account_app *app, const char *name)
{
    const size_t count = sotto_accounts_device_count(app->accounts);

    for (size_t at = 0; at < count; at++) {
        const struct sotto_account_device *device =
            sotto_accounts_device_at(app->accounts, at);
        const char *state = device->is_expected ? "expected" : "device";
        char time[TIME_TEXT] = "-";
        if (strcmp(device->account, name) != 0) {
            continue;
        }
        if (device->time_s != SOTTO_TIME_UNKNOWN) {
            time_text(device->time_s, time);
        }
        if (app->settings->json) { /* names need no escapes */
            (void)printf("{\"account\":\"%s\",\"device\":\"%s\","
                         "\"state\":\"%s\"}\n",
                         name, device->name, state);
        } else {
            (void)printf("  %-30s  %-8s  %-20s\n", device->name, state, time);
        }
    }
}

static void print_all(const struct account_app *app, const char *const *names,
                      size_t count)
{
    if (!app->settings->json) {
        (void)printf("%-32s  %-8s  %-20s  %10s\n", "NAME", "STATE", "CREATED",
                     "ITERATIONS");
    }
    for (size_t at = 0; at < count; at++) {
        const struct sotto_account *account =
            sotto_accounts_find(app->accounts, names[at], strlen(names[at]));
        if (app->settings->json) {
            print_json(account);
        } else {
            print_row(account);
        }
        print_devices(app, names[at]);
    }
}

int account_list(struct account_app *app)
{
    int code = account_need(app);

    if (code != ACCOUNT_EXIT_OK) {
        return code;
    }
    size_t count = sotto_accounts_count(app->accounts);
    const char **names = collect_names(app->accounts, count);
    if (names == NULL) {
        return account_fail(app, "not enough memory", NULL);
    }
    qsort(names, count, sizeof *names, by_name);
    print_all(app, names, count);
    free(names);
    return ACCOUNT_EXIT_OK;
}

/* ---- disable and enable ------------------------------------------------- */

static int set_disabled(struct account_app *app, bool disabled)
{
    const char *name = app->options->positional[0];
    const char *state = disabled ? "disabled" : "enabled";
    uint64_t ticket = 0;
    int code = ACCOUNT_EXIT_OK;

    const struct sotto_account *account = account_need_named(app, &code);
    if (account == NULL) {
        return code;
    }
    if (account->disabled == disabled) {
        (void)printf("%s is %s already.\n", name, state);
        return ACCOUNT_EXIT_OK;
    }
    enum sotto_err err =
        sotto_accounts_set_disabled(app->accounts, name, strlen(name), disabled,
                                    &ticket);
    if (err != SOTTO_OK) {
        return account_refused(app, err);
    }
    code = account_finish(app, ticket);
    if (code == ACCOUNT_EXIT_OK) {
        (void)printf("Done: %s is %s.\n", name, state);
    }
    return code;
}

int account_disable(struct account_app *app)
{
    return set_disabled(app, true);
}

int account_enable(struct account_app *app)
{
    return set_disabled(app, false);
}

/* ---- revoke ------------------------------------------------------------- */

int account_revoke(struct account_app *app)
{
    const bool is_all = app->options->positional_count < 2;
    const char *name = app->options->positional[0];
    const char *device = is_all ? "" : app->options->positional[1];
    uint64_t ticket = 0;
    int code = ACCOUNT_EXIT_OK;

    if (account_need_named(app, &code) == NULL) {
        return code;
    }
    enum sotto_err err =
        sotto_accounts_revoke(app->accounts, name, strlen(name), device,
                              strlen(device), &ticket);
    if (err == SOTTO_ERR_NOT_FOUND) {
        return account_fail(app, name, " has no ",
                            is_all ? "devices" : "device ", device, NULL);
    }
    if (err != SOTTO_OK) {
        return account_refused(app, err);
    }
    code = account_finish(app, ticket);
    if (code == ACCOUNT_EXIT_OK) {
        (void)printf("Done: %s of %s %s revoked.\n",
                     is_all ? "all devices" : device, name,
                     is_all ? "are" : "is");
    }
    return code;
}

/* ---- remove ------------------------------------------------------------- */

/* The exit code is OK when it is meant. */
static int confirm_removal(struct account_app *app, const char *name)
{
    char prompt[SOTTO_NAME_MAX + 48];

    (void)snprintf(prompt, sizeof prompt,
                   "Remove %s for good? yes or no: ", name);
    return account_confirm(app, prompt, "it is meant");
}

int account_remove(struct account_app *app)
{
    const char *name = app->options->positional[0];
    uint64_t ticket = 0;
    int code = ACCOUNT_EXIT_OK;

    if (account_need_named(app, &code) == NULL) {
        return code;
    }
    code = confirm_removal(app, name);
    if (code != ACCOUNT_EXIT_OK) {
        return code;
    }
    enum sotto_err err =
        sotto_accounts_remove(app->accounts, name, strlen(name), &ticket);
    if (err != SOTTO_OK) {
        return account_refused(app, err);
    }
    code = account_finish(app, ticket);
    if (code == ACCOUNT_EXIT_OK) {
        (void)printf("Done: %s is removed.\n", name);
    }
    return code;
}
