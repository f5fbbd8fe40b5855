/*
 * account_reset.c - gives an account a new password.
 *
 * What is derived is the same as at a registration: random salt, 600,000
 * rounds, and of the result only what checks a password is kept.
 */
#include "apps/sotto/account_inner.h"
#include "apps/sotto/menu.h"
#include "apps/sotto/unicode.h"
#include "core/base/secret.h"
#include <stdio.h>
#include <string.h>

#define ROUNDS_A_CALL 100000U

struct password {
    uint8_t at[UNICODE_NFC_MAX]; /* in normal form */
    size_t len;
};

/* The first line of a file. */
static enum sotto_err read_first_line(const struct account_app *app,
                                      uint8_t *out, size_t cap, size_t *len)
{
    enum sotto_err err =
        port_read_file(app->port, app->settings->password_file, out, cap, len);
    if (err == SOTTO_OK) {
        const uint8_t *end = memchr(out, '\n', *len);
        *len = end == NULL ? *len : (size_t)(end - out);
        *len -= *len > 0 && out[*len - 1] == '\r' ? 1 : 0;
    }
    return err;
}

/* Why there is no password. */
static int no_password(const struct account_app *app, enum sotto_err err)
{
    switch (err) {
    case SOTTO_ERR_CLOSED:
    case SOTTO_ERR_REFUSED:
        return account_fail(app, "no password; nothing was changed", NULL);
    case SOTTO_ERR_SPACE:
    case SOTTO_ERR_LIMIT:
        return account_fail(app, "the password is too long: at most 256 bytes",
                            NULL);
    case SOTTO_ERR_UNSUPPORTED:
        (void)account_fail(app,
                           "the password would be seen; use a terminal for "
                           "input and output, or --password-file FILE",
                           NULL);
        return ACCOUNT_EXIT_USAGE;
    default:
        return account_fail(app, "cannot read the password: ",
                            port_last_error(app->port), NULL);
    }
}

/* Checks it as the client does, so that it can be entered there. */
static int normalise(const struct account_app *app, const uint8_t *typed,
                     size_t len, struct password *password)
{
    if (len == 0) {
        return account_fail(app, "the password is empty", NULL);
    }
    if (len > MENU_PASSWORD_MAX) {
        return no_password(app, SOTTO_ERR_LIMIT);
    }
    if (memchr(typed, '\0', len) != NULL ||
        unicode_nfc(typed, len, password->at, sizeof password->at,
                    &password->len) != SOTTO_OK) {
        return account_fail(app,
                            "the password has characters that do not exist or "
                            "cannot be normalised",
                            NULL);
    }
    return ACCOUNT_EXIT_OK;
}

static int get_password(struct account_app *app, struct password *password)
{
    char typed[4096];
    size_t len = 0;
    enum sotto_err err =
        app->settings->password_file != NULL
            ? read_first_line(app, (uint8_t *)typed, sizeof typed, &len)
            : account_ask_password(app, typed, sizeof typed, &len);
    int code = err == SOTTO_OK
                   ? normalise(app, (const uint8_t *)typed, len, password)
                   : no_password(app, err);
    sotto_wipe(typed, sizeof typed);
    return code;
}

static enum sotto_err derive(const struct account_app *app,
                             const struct password *password,
                             struct sotto_verifier *verifier)
{
    struct sotto_pbkdf2 kdf;
    struct sotto_scram_keys keys;
    uint8_t salted[SOTTO_SCRAM_KEY_LEN];

    *verifier =
        (struct sotto_verifier){.salt_len = SOTTO_SCRAM_SALT_MIN,
                                .iterations =
                                    (uint32_t)app->settings->iterations};
    enum sotto_err err =
        app->random.fill(app->random.ctx, verifier->salt, verifier->salt_len);
    if (err != SOTTO_OK) {
        return err;
    }
    sotto_pbkdf2_init(&kdf, password->at, password->len, verifier->salt,
                      verifier->salt_len, verifier->iterations);
    while (!sotto_pbkdf2_run(&kdf, ROUNDS_A_CALL)) {
    }
    sotto_pbkdf2_end(&kdf, salted);
    sotto_scram_keys_derive(salted, &keys);
    sotto_scram_stored_key(&keys, verifier->stored_key);
    memcpy(verifier->server_key, keys.server_key, sizeof verifier->server_key);
    sotto_wipe(salted, sizeof salted);
    sotto_wipe(&keys, sizeof keys);
    return SOTTO_OK;
}

static int set_password(struct account_app *app, const char *name,
                        const struct password *password)
{
    struct sotto_verifier verifier;
    uint64_t ticket = 0;
    enum sotto_err err = derive(app, password, &verifier);

    if (err != SOTTO_OK) {
        return account_fail(app, "no random bytes to be had", NULL);
    }
    err = sotto_accounts_set_verifier(app->accounts, name, strlen(name),
                                      &verifier, &ticket);
    sotto_wipe(&verifier, sizeof verifier);
    return err == SOTTO_OK ? account_finish(app, ticket)
                           : account_refused(app, err);
}

int account_reset(struct account_app *app)
{
    const char *name = app->options->positional[0];
    struct password password = {.len = 0};
    int code = ACCOUNT_EXIT_OK;

    const struct sotto_account *account = account_need_named(app, &code);
    if (account == NULL) {
        return code;
    }
    bool is_disabled = account->disabled;
    code = get_password(app, &password);
    if (code == ACCOUNT_EXIT_OK) {
        code = set_password(app, name, &password);
        sotto_wipe(&password, sizeof password);
    }
    if (code == ACCOUNT_EXIT_OK) {
        (void)printf("Done: %s has a new password.%s\n", name,
                     is_disabled ? " It is still disabled." : "");
    }
    return code;
}
