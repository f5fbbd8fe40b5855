/*
 * client_passwd.c - /passwd: asks for a new password twice, and whether all
 * devices are to be revoked; makes keys of it, in slices, while the
 * conversation goes on; tells the server. The next lines that are typed are the
 * answers, also where nothing can come of it: a program may have written them
 * already, and they are not for the room.
 */
#include "apps/sotto/client_inner.h"

#include "apps/sotto/unicode.h"
#include "core/base/secret.h"
#include <string.h>

static void complain(struct client_app *app, const char *code, const char *text)
{
    view_error(&app->view, code, text);
}

static void end(struct client_app *app)
{
    sotto_wipe(&app->owner->passwd, sizeof app->owner->passwd);
}

void client_passwd_begin(struct client_app *app)
{
    if (console_shows_secrets(app->console)) {
        complain(app, "usage",
                 "the output is not a terminal: a password that is typed "
                 "would be seen");
    } else if (!app->console->is_typed || client_owner_may_ask(app)) {
        app->owner->passwd.step = PASSWD_NEW;
    }
}

bool client_passwd_asks(const struct client_app *app, const char **prompt,
                        bool *is_secret)
{
    static const char *const prompts[] = {
        [PASSWD_NEW] = "New password (empty: keep the old one): ",
        [PASSWD_AGAIN] = "The same again: ",
        [PASSWD_DEVICES] = "Revoke all devices as well (yes, no)? "};
    const enum passwd_step step = app->owner->passwd.step;
    if (step != PASSWD_NEW && step != PASSWD_AGAIN && step != PASSWD_DEVICES) {
        return false;
    }
    *prompt = prompts[step];
    *is_secret = step != PASSWD_DEVICES;
    return true;
}

/* ---- the answers --------------------------------------------------------- */

static void take_new(struct client_app *app, const char *line, size_t len)
{
    struct client_passwd *passwd = &app->owner->passwd;
    if (len == 0) {
        end(app);
        complain(app, "passwd", "the password stays as it is");
        return;
    }
    enum sotto_err err =
        len > MENU_PASSWORD_MAX
            ? SOTTO_ERR_LIMIT /* nobody could log in with it */
            : unicode_nfc((const uint8_t *)line, len, passwd->password,
                          sizeof passwd->password, &passwd->password_len);
    if (err != SOTTO_OK) {
        passwd->password_len = 0; /* which is said when it has come again */
    }
    passwd->step = PASSWD_AGAIN;
}

static void take_again(struct client_app *app, const char *line, size_t len)
{
    struct client_passwd *passwd = &app->owner->passwd;
    uint8_t again[CLIENT_PASSWORD_MAX + 1];
    size_t again_len = 0;
    enum sotto_err err = unicode_nfc((const uint8_t *)line, len, again,
                                     sizeof again, &again_len);
    const bool is_same = err == SOTTO_OK && again_len == passwd->password_len &&
                         sotto_equal(again, passwd->password, again_len);
    sotto_wipe(again, sizeof again);
    if (passwd->password_len == 0) {
        end(app);
        complain(app, "passwd",
                 "the password is too long, or has characters that do not "
                 "exist; it stays as it was");
        return;
    }
    if (is_same) {
        passwd->step = PASSWD_DEVICES;
        return;
    }
    end(app);
    complain(app, "passwd",
             "these were two different ones; the password stays as it was");
}

static void begin_deriving(struct client_app *app)
{
    struct client_passwd *passwd = &app->owner->passwd;
    struct sotto_verifier *verifier = &passwd->verifier;
    const uint32_t before = app->client.verifier.iterations;
    const uint32_t wanted = (uint32_t)app->settings.iterations_new;
    if (!client_owner_may_ask(app)) {
        end(app);
        return;
    }
    /* Never weaker than it was: see known_accounts. */
    verifier->iterations = wanted > before ? wanted : before;
    verifier->salt_len = SOTTO_SCRAM_SALT_MIN;
    if (app->random.fill(app->random.ctx, verifier->salt, verifier->salt_len) !=
        SOTTO_OK) {
        end(app);
        complain(app, "start", "no random bytes to be had");
        return;
    }
    sotto_pbkdf2_init(&passwd->kdf, passwd->password, passwd->password_len,
                      verifier->salt, verifier->salt_len, verifier->iterations);
    sotto_wipe(passwd->password, sizeof passwd->password);
    passwd->step = PASSWD_DERIVE;
}

static void take_devices(struct client_app *app, const char *line, size_t len)
{
    const bool is_yes = len == 3 && memcmp(line, "yes", 3) == 0;
    if (is_yes || (len == 2 && memcmp(line, "no", 2) == 0)) {
        app->owner->passwd.revokes = is_yes;
        begin_deriving(app);
    } /* otherwise it is asked again */
}

bool client_passwd_line(struct client_app *app, const char *line, size_t len)
{
    switch (app->owner->passwd.step) {
    case PASSWD_NEW:
        take_new(app, line, len);
        break;
    case PASSWD_AGAIN:
        take_again(app, line, len);
        break;
    case PASSWD_DEVICES:
        take_devices(app, line, len);
        return true;
    case PASSWD_NONE:
    case PASSWD_DERIVE:
    case PASSWD_SENT:
        return false;
    }
    console_wipe_line(app->console);
    return true;
}

/* ---- the keys ------------------------------------------------------------ */

bool client_passwd_is_deriving(const struct client_app *app)
{
    return app->owner->passwd.step == PASSWD_DERIVE;
}

void client_passwd_derive(struct client_app *app)
{
    struct client_passwd *passwd = &app->owner->passwd;
    uint8_t salted[SOTTO_SCRAM_KEY_LEN];
    if (!sotto_pbkdf2_run(&passwd->kdf, CLIENT_ROUNDS)) {
        return;
    }
    sotto_pbkdf2_end(&passwd->kdf, salted);
    sotto_scram_keys_derive(salted, &passwd->keys);
    sotto_wipe(salted, sizeof salted);
    sotto_scram_stored_key(&passwd->keys, passwd->verifier.stored_key);
    memcpy(passwd->verifier.server_key, passwd->keys.server_key,
           SOTTO_SCRAM_KEY_LEN);
    if (sotto_client_change_password(&app->client, &passwd->verifier,
                                     passwd->revokes) != SOTTO_OK) {
        end(app);
        complain(app, "offline",
                 "not connected at the moment: the password stays as it was");
        return;
    }
    passwd->step = PASSWD_SENT;
    app->owner->asked = SOTTO_MSG_PASSWORD;
}

bool client_passwd_stop(struct client_app *app)
{
    const enum passwd_step step = app->owner->passwd.step;
    if (step == PASSWD_NONE || step == PASSWD_SENT) {
        return false;
    }
    end(app);
    complain(app, "passwd", "the password stays as it is");
    return true;
}

void client_passwd_done(struct client_app *app)
{
    struct client_passwd *passwd = &app->owner->passwd;
    const bool revoked = passwd->revokes;
    /* For the next connection of this run, and for the next run. */
    sotto_client_set_keys(&app->client, &passwd->verifier, &passwd->keys);
    client_pins_save(app, passwd->verifier.iterations);
    view_done(&app->view, "passwd", "",
              revoked ? "the password was changed, and all devices were revoked"
                      : "the password was changed; others who were logged in "
                        "with the old one are cut off");
    end(app);
}

void client_passwd_failed(struct client_app *app)
{
    end(app);
}
