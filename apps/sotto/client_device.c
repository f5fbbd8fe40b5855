/*
 * client_device.c - logging in without a password: with the key that the server
 * knows (PROTOCOL.md, "Devices"), or with an enrolment code that makes one
 * known. A login that fails never becomes one of another kind by itself.
 */
#include "apps/sotto/client_inner.h"

#include "apps/sotto/textbuf.h"
#include "core/base/secret.h"
#include "core/base/text.h"
#include <string.h>

static void complain(struct client_app *app, const char *code, const char *text)
{
    view_error(&app->view, code, text);
}

bool client_is_device(const struct client_app *app)
{
    return CLIENT_DEVICES && (app->device.logs_in || app->device.enrols);
}

/* ---- the file ----------------------------------------------------------- */

static bool open_keys(struct client_app *app, struct sotto_files *files,
                      struct known_file *known)
{
    if (!client_files_open(app, files)) {
        return false;
    }
    enum sotto_err err = known_file_open(known, DEVICE_KEYS_FILE, files,
                                         app->known, sizeof app->known);
    if (err != SOTTO_OK) {
        client_files_complain(app, "files", "cannot read " DEVICE_KEYS_FILE,
                              err);
        port_files_close(files);
    }
    return err == SOTTO_OK;
}

/* The file was in memory, with secrets. */
static void close_keys(struct client_app *app, struct sotto_files *files)
{
    port_files_close(files);
    sotto_wipe(app->known, sizeof app->known);
}

/* `user` as device_keys_find() takes it. NOT_FOUND is no error. */
static bool read_key(struct client_app *app, const char *user)
{
    struct client_device *device = &app->device;
    struct sotto_files files;
    struct known_file known;
    if (!open_keys(app, &files, &known)) {
        return false;
    }
    enum sotto_err err = device_keys_find(&known, app->server_text, user,
                                          device->key.code, &device->key);
    device->is_kept = err == SOTTO_OK;
    if (err == SOTTO_ERR_FORMAT) {
        (void)client_files_complain_of_line(app, &known);
    } else if (err == SOTTO_ERR_EXISTS) {
        complain(app, "device",
                 OPTION_ADVICE_OR(
                     "this machine has the keys of several devices of that "
                     "server; say whose with --user NAME",
                     "this machine has the keys of several devices of that "
                     "server, and uses none"));
    }
    close_keys(app, &files);
    return err != SOTTO_ERR_FORMAT;
}

bool client_device_keep(struct client_app *app, const struct device_key *add,
                        const char *user, const char *code)
{
    struct sotto_files files;
    struct known_file known;
    enum sotto_err err = SOTTO_OK;
    if (!open_keys(app, &files, &known)) {
        return false;
    }
    if (add != NULL) {
        err = device_keys_set(&known, app->server_text, add);
    }
    if (err == SOTTO_OK && user != NULL) {
        err = device_keys_forget(&known, app->server_text, user, code);
        err = err == SOTTO_ERR_NOT_FOUND ? SOTTO_OK : err;
    }
    if (err == SOTTO_OK) {
        err = client_files_save(app, &known);
    }
    if (err == SOTTO_ERR_FORMAT) {
        (void)client_files_complain_of_line(app, &known);
    } else if (err != SOTTO_OK) {
        client_files_complain(app, "files", "cannot store " DEVICE_KEYS_FILE,
                              err);
    }
    close_keys(app, &files);
    return err == SOTTO_OK;
}

/* ---- before anything is dialled ----------------------------------------- */

bool client_device_is_for(const struct client_app *app,
                          const uint8_t fingerprint[static 32])
{
    uint8_t own[SOTTO_FINGERPRINT_LEN];
    sotto_fingerprint_of_key(app->device.key.server_key, own);
    return CLIENT_DEVICES && app->device.logs_in &&
           memcmp(own, fingerprint, sizeof own) == 0;
}

/* The address brings a code. */
static bool begin_enrolling(struct client_app *app)
{
    struct client_device *device = &app->device;
    const struct client_settings *settings = &app->settings;
    uint8_t hash[SOTTO_HASH_LEN];
    if (app->trust != CLIENT_TRUST_PINNED) {
        complain(
            app, "usage",
            "an enrolment code is sent to nobody but the server that it is "
            "for: the address needs its fingerprint, as /enroll shows it: "
            "sotto://FINGERPRINT@HOST:PORT/device-...");
        return false;
    }
    if (settings->user != NULL || settings->registers ||
        settings->with_password || settings->password_file != NULL) {
        complain(app, "usage",
                 "an enrolment code says who you are: leave out --user, "
                 "--register and passwords");
        return false;
    }
    sotto_sha256(device->code, sizeof device->code, hash);
    sotto_hex_encode(hash, (DEVICE_KEY_CODE - 1) / 2, device->key.code);
    if (!read_key(app, "")) {
        return false;
    }
    device->logs_in = device->is_kept && device->key.user[0] != '\0';
    if (device->logs_in && client_device_is_for(app, app->pin)) {
        memcpy(app->user, device->key.user, sizeof app->user); /* again */
        return true;
    }
    device->is_kept = device->is_kept && !device->logs_in;
    device->logs_in = false;
    device->enrols = true;
    app->user[0] = '\0';
    return true;
}

/* The device's key is not used: the server's is no longer known. */
static void complain_of_pin(struct client_app *app)
{
    complain(app, "device",
             app->has_pin
                 ? OPTION_ADVICE_OR(
                       "this machine's key is for another key of this server "
                       "than the one that is known now; log in with the "
                       "password, then /device add NAME",
                       "this machine's key is for another key of this server "
                       "than the one that is known now; come with a new code")
                 : OPTION_ADVICE_OR(
                       "this machine is a device of a server whose key is not "
                       "known any more: a certificate vouched for it, and has "
                       "ended (--ca FILE looks at the new one), or its line in "
                       "known_servers is gone. Name the key (--pin), or log in "
                       "with the password",
                       "this machine is a device of a server whose key is not "
                       "known any more; name it in the address"));
}

/* This machine may be a device there. */
static bool begin_with_key(struct client_app *app, bool *needs_nothing)
{
    struct client_device *device = &app->device;
    uint32_t iterations = 0;
    if (app->settings.user != NULL) {
        memcpy(app->user, app->settings.user, strlen(app->settings.user) + 1);
    }
    if (!read_key(app, app->settings.user)) {
        return false;
    }
    if (!device->is_kept) {
        return true;
    }
    memcpy(app->user, device->key.user, sizeof app->user);
    device->logs_in = true;
    if (!client_pins_read(app, &iterations)) {
        return false;
    }
    /* Without a pin the certificate decides, when the server shows it. */
    *needs_nothing = app->has_pin ? client_device_is_for(app, app->pin)
                                  : client_wants_certificate(app);
    device->logs_in = *needs_nothing;
    if (!*needs_nothing) {
        complain_of_pin(app);
    }
    return true;
}

bool client_device_begin(struct client_app *app, const char *server,
                         bool *needs_nothing)
{
    const struct client_settings *settings = &app->settings;
    *needs_nothing = false;
    if (!client_set_address(app, server)) {
        return false;
    }
    if (!CLIENT_DEVICES) {
        return true;
    }
    if (sotto_device_code_parse(app->address.code, strlen(app->address.code),
                                app->device.code)) {
        *needs_nothing = true;
        return begin_enrolling(app);
    }
    if (settings->with_password || settings->password_file != NULL ||
        settings->registers) {
        return true;
    }
    return begin_with_key(app, needs_nothing);
}

bool client_device_find(struct client_app *app)
{
    return !CLIENT_DEVICES || client_is_device(app) || read_key(app, app->user);
}

void client_device_config(struct client_app *app,
                          struct sotto_client_config *config)
{
    const struct client_device *device = &app->device;
    config->code_len = 0;
    if (device->logs_in) {
        config->link.server_key = device->key.server_key;
        sotto_fingerprint_of_key(device->key.server_key, app->seen);
    } else {
        config->enrols = true;
        memcpy(config->device_code, device->code, sizeof device->code);
    }
}

/* ---- while it logs in --------------------------------------------------- */

bool client_device_accepts(struct client_app *app, const uint8_t key[static 32])
{
    struct client_device *device = &app->device;
    memcpy(device->shown, key, sizeof device->shown);
    if (!CLIENT_DEVICES || !device->enrols || device->is_kept) {
        return true;
    }
    /* Before the server can know it. */
    memcpy(device->key.server_key, key, sizeof device->key.server_key);
    memcpy(device->key.private_key, app->identity.private_key,
           sizeof device->key.private_key);
    device->is_kept = client_device_keep(app, &device->key, NULL, NULL);
    return device->is_kept;
}

void client_device_enrolled(struct client_app *app,
                            const struct sotto_client_event *event)
{
    struct client_device *device = &app->device;
    struct device_key *key = &device->key;
    char code[DEVICE_KEY_CODE];
    const struct sotto_enrolled *enrolled = &event->enrolled;
    memcpy(code, key->code, sizeof code);
    memset(key->user, 0, sizeof key->user);
    memset(key->device, 0, sizeof key->device);
    memcpy(key->user, enrolled->account.at, enrolled->account.len);
    memcpy(key->device, enrolled->device.at, enrolled->device.len);
    memcpy(key->server_key, device->shown, sizeof key->server_key);
    memcpy(app->user, key->user, sizeof app->user);
    /* First that the server is right. Not stored, the code still stands there:
     * it can be said again. */
    client_pins_save(app, 0);
    (void)client_device_keep(app, key, "", code);
    device->enrols = false;
    device->logs_in = true;
    sotto_wipe(device->code, sizeof device->code);
    sotto_client_dial(&app->client, key->server_key);
    view_enrolled(&app->view, key->user, key->device);
}

void client_device_refused(struct client_app *app, uint16_t problem)
{
    struct client_device *device = &app->device;
    if (device->enrols && problem == SOTTO_PROBLEM_DEVICE_UNKNOWN) {
        (void)client_device_keep(app, NULL, "", device->key.code);
    }
}

/* ---- when it fails ------------------------------------------------------ */

void client_device_look_over(struct client_app *app)
{
    struct client_device *device = &app->device;
    if (device->is_looking) {
        device->is_looking = false;
        sotto_client_dial(&app->client, device->key.server_key);
    }
}

/* Failures that can mean that the server does not have, or no longer has, one
 * of the two keys. */
static bool can_be_keys(const struct sotto_client_event *event)
{
    switch ((int)event->error) {
    case SOTTO_ERR_REFUSED:
        return event->refusal == SOTTO_REFUSAL_KEY;
    case SOTTO_ERR_AUTH:
    case SOTTO_ERR_FORMAT:
    case SOTTO_ERR_CLOSED:
    case SOTTO_ERR_RESET:
        return true;
    default:
        return false;
    }
}

bool client_device_ended(struct client_app *app,
                         const struct sotto_client_event *event)
{
    struct client_device *device = &app->device;
    const bool has_looked = device->has_looked || device->is_looking;
    client_device_look_over(app);
    device->has_looked = false;
    if (!CLIENT_DEVICES || !device->logs_in || has_looked ||
        !event->before_login || !can_be_keys(event)) {
        return false;
    }
    device->why = event->error;
    device->refusal = event->refusal;
    device->is_looking = true;
    sotto_client_dial(&app->client, NULL);
    app->redial_ms = app->now_ms;
    return true;
}

/* The server is another one, or has another key. */
static void other_key(struct client_app *app, const uint8_t key[static 32])
{
    if (app->settings.ca != NULL && app->certified_until_s != 0) {
        app->has_pin = false; /* the certificate decides */
        app->trust = CLIENT_TRUST_NONE;
        app->certified_until_s = 0;
    }
    if (client_pins_check(app, key) == CLIENT_REFUSE) {
        return;
    }
    complain(app, "identity",
             OPTION_ADVICE_OR(
                 "the server has another key than the one that knows this "
                 "machine; log in with the password (--with-password), then "
                 "/device add NAME",
                 "the server has another key than the one that knows this "
                 "machine; come with a new code"));
    client_finish(app, CLIENT_EXIT_IDENTITY);
}

static void same_key(struct client_app *app)
{
    const struct client_device *device = &app->device;
    if (device->refusal == SOTTO_REFUSAL_KEY &&
        device->why == SOTTO_ERR_REFUSED) {
        complain(app, "revoked",
                 OPTION_ADVICE_OR(
                     "the server does not take this machine's key: it was "
                     "revoked, or never became a device (or so it seems: this "
                     "answer could be forged). Log in with the password "
                     "(--with-password); /device add NAME makes it one again",
                     "the server does not take this machine's key: it was "
                     "revoked (or so it seems: this answer could be forged). "
                     "Log in with a password, or come with a code"));
        client_finish(app, CLIENT_EXIT_REFUSED);
    } else if (device->why == SOTTO_ERR_AUTH ||
               device->why == SOTTO_ERR_FORMAT) {
        complain(app, "identity",
                 "the login with this machine's key failed, though the server "
                 "shows the key that it should have: it is for another "
                 "account, or somebody is in between");
        client_finish(app, CLIENT_EXIT_IDENTITY);
    } else {
        sotto_client_disconnected(&app->client, device->why);
    }
}

bool client_device_looks(struct client_app *app, const uint8_t key[static 32])
{
    struct client_device *device = &app->device;
    if (!CLIENT_DEVICES || !device->is_looking) {
        return false;
    }
    client_device_look_over(app);
    device->has_looked = true;
    client_drop_stream(app);
    if (memcmp(key, device->key.server_key, sizeof device->key.server_key) ==
        0) {
        same_key(app);
    } else {
        other_key(app, key);
    }
    return true;
}
