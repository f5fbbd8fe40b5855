/*
 * client_owner.c - what a person who logged in with the password does about
 * devices.
 */
#include "apps/sotto/client_inner.h"

#include "apps/sotto/options.h"
#include "apps/sotto/textbuf.h"
#include "core/base/secret.h"
#include "core/base/text.h"
#include <string.h>

#define WORDS_MAX   4
#define COMMAND_MAX 128 /* characters */

#define CODE_ADDRESS_MAX                                                       \
    (ADDRESS_TEXT + SOTTO_FINGERPRINT_TEXT + SOTTO_DEVICE_CODE_TEXT + 16)

struct words {
    char text[COMMAND_MAX];
    const char *at[WORDS_MAX];
    size_t count;
};

static void complain(struct client_app *app, const char *code, const char *text)
{
    view_error(&app->view, code, text);
}

/* ---- asking ------------------------------------------------------------- */

/* Remembers what was asked, or says why it was not. */
static bool asked(struct client_app *app, uint8_t type, enum sotto_err err)
{
    if (err == SOTTO_OK) {
        app->owner->asked = type;
        return true;
    }
    if (err == SOTTO_ERR_FORMAT) {
        complain(app, view_problem_code(SOTTO_PROBLEM_NAME_BAD),
                 view_problem_text(SOTTO_PROBLEM_NAME_BAD));
    } else if (err == SOTTO_ERR_AGAIN) {
        complain(app, "offline", "not connected at the moment");
    } else {
        complain(app, "queue_full", "too much waits already for the server");
    }
    return false;
}

bool client_owner_may_ask(struct client_app *app)
{
    if (app->device.logs_in) {
        complain(app, view_problem_code(SOTTO_PROBLEM_PASSWORD),
                 "this needs the password: start again with --with-password");
    }
    return !app->device.logs_in;
}

static bool set_name(struct client_app *app, const char *name)
{
    struct textbuf text;
    if (!sotto_name_valid(name, strlen(name))) {
        return asked(app, 0, SOTTO_ERR_FORMAT);
    }
    textbuf_init(&text, app->owner->name, sizeof app->owner->name);
    textbuf_add(&text, name);
    return true;
}

/* ---- this machine ------------------------------------------------------- */

/* The key is kept before the server is told, and as it was before when it is
 * not told after all, or refuses. */
static void undo_add(struct client_app *app)
{
    struct client_device *device = &app->device;
    const struct client_owner *owner = app->owner;
    device->key = owner->before;
    device->is_kept = owner->had_before;
    (void)client_device_keep(app, owner->had_before ? &owner->before : NULL,
                             owner->had_before ? NULL : app->user, "");
}

static void add_this(struct client_app *app, const char *name)
{
    struct client_device *device = &app->device;
    struct client_owner *owner = app->owner;
    struct device_key *key = &device->key;
    if (!client_owner_may_ask(app) || !set_name(app, name)) {
        return;
    }
    if (app->client.state != SOTTO_CLIENT_ROOM) {
        (void)asked(app, 0, SOTTO_ERR_AGAIN);
        return;
    }
    owner->before = *key;
    owner->had_before = device->is_kept;
    memset(key, 0, sizeof *key);
    memcpy(key->user, app->user, sizeof key->user);
    memcpy(key->device, owner->name, sizeof key->device);
    memcpy(key->server_key, device->shown, sizeof key->server_key);
    memcpy(key->private_key, app->identity.private_key,
           sizeof key->private_key);
    device->is_kept = client_device_keep(app, key, NULL, NULL);
    if (!device->is_kept ||
        !asked(app, SOTTO_MSG_DEVICE_ADD,
               sotto_client_add_device(&app->client, name))) {
        undo_add(app);
    }
}

/* ---- others ------------------------------------------------------------- */

/* How long the code counts: "30m", "7d"; NULL: the default. */
static bool read_seconds(struct client_app *app, const char *text)
{
    static const struct option lifetime = {.name = "time",
                                           .value = "TIME",
                                           .kind = OPTION_DURATION,
                                           .min = 60000U,
                                           .max = 31536000000U};
    uint64_t ms = CLIENT_CODE_SECONDS * 1000ULL;
    char line[OPTIONS_ERROR_MAX];
    struct textbuf why;
    textbuf_init(&why, line, sizeof line);
    textbuf_add(&why, "/enroll NAME TIME");
    if (text != NULL && !options_store(&lifetime, text, &ms, &why)) {
        complain(app, "command", line);
        return false;
    }
    app->owner->seconds = (uint32_t)(ms / 1000U);
    return true;
}

static void enroll(struct client_app *app, const char *name, const char *time)
{
    struct client_owner *owner = app->owner;
    uint8_t hash[SOTTO_HASH_LEN];
    if (!client_owner_may_ask(app) || !set_name(app, name) ||
        !read_seconds(app, time)) {
        return;
    }
    if (app->random.fill(app->random.ctx, owner->new_code,
                         sizeof owner->new_code) != SOTTO_OK) {
        complain(app, "start", "no random bytes to be had");
        return;
    }
    sotto_sha256(owner->new_code, sizeof owner->new_code, hash);
    (void)asked(app, SOTTO_MSG_EXPECT,
                sotto_client_expect(&app->client, name, hash, owner->seconds));
}

static void revoke(struct client_app *app, const char *name)
{
    const bool is_all = strcmp(name, "--all") == 0;
    if (!client_owner_may_ask(app) || (!is_all && !set_name(app, name))) {
        return;
    }
    if (is_all) {
        app->owner->name[0] = '\0';
    }
    (void)asked(app, SOTTO_MSG_REVOKE,
                sotto_client_revoke(&app->client, is_all ? NULL : name));
}

/* ---- answers ------------------------------------------------------------ */

/* Nobody needs the fingerprint's dashes who does not type it. */
static void drop_dashes(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        if (*from != '-') {
            *to++ = *from;
        }
    }
    *to = '\0';
}

/* "sotto://FINGERPRINT@host:port/device-…". */
static void write_address(const struct client_app *app, const char *fingerprint,
                          const char *code, char out[static CODE_ADDRESS_MAX])
{
    struct textbuf text;
    textbuf_init(&text, out, CODE_ADDRESS_MAX);
    textbuf_add_all(&text, "sotto://", fingerprint, "@", app->server_text, "/",
                    code, NULL);
}

/* The code that was made, as an address and as a picture. */
static void show_code(struct client_app *app)
{
    struct client_owner *owner = app->owner;
    char fingerprint[SOTTO_FINGERPRINT_TEXT];
    char code[SOTTO_DEVICE_CODE_TEXT];
    char address[CODE_ADDRESS_MAX];
    sotto_fingerprint_text(app->seen, fingerprint);
    sotto_device_code_text(owner->new_code, code);
    write_address(app, fingerprint, code, address);
    view_enroll(&app->view, owner->name, address, owner->seconds);
    drop_dashes(fingerprint); /* a smaller picture */
    write_address(app, fingerprint, code, address);
    view_qr(&app->view, address);
    sotto_wipe(code, sizeof code);
    sotto_wipe(address, sizeof address);
    sotto_wipe(owner->new_code, sizeof owner->new_code);
}

/* This machine may have been one of those that were revoked. */
static void forget_revoked(struct client_app *app)
{
    struct client_device *device = &app->device;
    const struct client_owner *owner = app->owner;
    if (device->is_kept && (owner->name[0] == '\0' ||
                            strcmp(owner->name, device->key.device) == 0)) {
        device->is_kept = !client_device_keep(app, NULL, app->user, "");
    }
}

static void take_done(struct client_app *app, uint8_t type)
{
    struct client_owner *owner = app->owner;
    if (type != owner->asked) {
        return;
    }
    owner->asked = 0;
    switch (type) {
    case SOTTO_MSG_DEVICE_ADD:
        view_done(&app->view, "device_add", owner->name,
                  "this machine is a device now: it logs in without the "
                  "password");
        break;
    case SOTTO_MSG_EXPECT:
        show_code(app);
        break;
    case SOTTO_MSG_PASSWORD:
        if (owner->passwd.revokes) {
            owner->name[0] = '\0';
            forget_revoked(app);
        }
        client_passwd_done(app);
        break;
    default:
        forget_revoked(app);
        view_done(
            &app->view, "revoke", owner->name,
            owner->name[0] == '\0'
                ? "all devices were revoked"
                : "revoked: that device is cut off, and cannot come back");
        break;
    }
}

static void take_list(struct client_app *app, struct sotto_span list)
{
    struct sotto_device_item item;
    size_t count = 0;
    app->owner->asked = 0;
    while (sotto_device_list_next(&list, &item)) {
        view_device(&app->view, &item, count++ == 0);
    }
    view_devices_end(&app->view, count);
}

void client_owner_event(struct client_app *app,
                        const struct sotto_client_event *event)
{
    if (event->kind == SOTTO_EVENT_DEVICES) {
        take_list(app, event->devices);
    } else {
        take_done(app, event->type);
    }
}

bool client_owner_problem(struct client_app *app, uint16_t problem)
{
    struct client_owner *owner = app->owner;
    const uint8_t type = owner->asked;
    if (type == 0) {
        return false;
    }
    owner->asked = 0;
    if (type == SOTTO_MSG_DEVICE_ADD) {
        undo_add(app);
    } else if (type == SOTTO_MSG_PASSWORD) {
        client_passwd_failed(app);
    }
    complain(app, view_problem_code(problem), view_problem_text(problem));
    return true;
}

void client_owner_ended(struct client_app *app)
{
    if (app->owner->asked != 0) {
        const bool is_password = app->owner->asked == SOTTO_MSG_PASSWORD;
        app->owner->asked = 0;
        if (is_password) {
            client_passwd_failed(app);
        }
        complain(app, "unsure",
                 is_password
                     ? "the connection ended before the server had answered: "
                       "the new password counts, or still the old one"
                     : "the connection ended before the server had answered: "
                       "what was asked last may be done, or not; /devices "
                       "tells");
    }
}

bool client_owner_waits(const struct client_app *app)
{
    return app->owner->asked != 0 || client_passwd_is_deriving(app);
}

/* ---- what is typed ------------------------------------------------------ */

static bool split(const char *line, size_t len, struct words *words)
{
    words->count = 0;
    if (len >= sizeof words->text || memchr(line, 0, len) != NULL) {
        return false;
    }
    memcpy(words->text, line, len);
    words->text[len] = '\0';
    char *at = words->text;
    while (*at != '\0') {
        at += strspn(at, " ");
        if (*at == '\0') {
            break;
        }
        if (words->count == WORDS_MAX) {
            return false;
        }
        words->at[words->count++] = at;
        at += strcspn(at, " ");
        if (*at != '\0') {
            *at++ = '\0';
        }
    }
    return words->count > 0;
}

static void explain(struct client_app *app, const char *text)
{
    complain(app, "command", text);
}

static void take_words(struct client_app *app, const struct words *words)
{
    const char *const *at = words->at;
    const size_t count = words->count;
    if (strcmp(at[0], "/devices") == 0) {
        if (client_owner_may_ask(app)) {
            (void)asked(app, SOTTO_MSG_DEVICES,
                        sotto_client_list_devices(&app->client));
        }
    } else if (strcmp(at[0], "/passwd") == 0) {
        client_passwd_begin(app);
    } else if (strcmp(at[0], "/device") == 0) {
        if (count == 3 && strcmp(at[1], "add") == 0) {
            add_this(app, at[2]);
        } else {
            explain(app, "it is /device add NAME; NAME is how this machine is "
                         "to be called");
        }
    } else if (strcmp(at[0], "/enroll") == 0) {
        if (count == 2 || count == 3) {
            enroll(app, at[1], count == 3 ? at[2] : NULL);
        } else {
            explain(app, "it is /enroll NAME, or /enroll NAME 7d for a code "
                         "that counts so long");
        }
    } else if (count == 2) {
        revoke(app, at[1]);
    } else {
        explain(app, "it is /revoke NAME, or /revoke --all");
    }
}

bool client_owner_line(struct client_app *app, const char *line, size_t len)
{
    static const char *const commands[] = {"/device", "/devices", "/enroll",
                                           "/passwd", "/revoke"};
    struct words words;
    if (!split(line, len, &words)) {
        return false;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(words.at[0], commands[i]) == 0) {
            take_words(app, &words);
            return true;
        }
    }
    return false;
}

void client_owner_help(struct client_app *app)
{
    view_remark(&app->view, "/device add NAME   log in from this machine "
                            "without the password from now on");
    view_remark(&app->view, "/devices           list yours");
    view_remark(&app->view, "/enroll NAME       make a code by which another "
                            "device gets in, once, within a day");
    view_remark(&app->view, "/revoke NAME       shut that device out (--all: "
                            "all of them)");
    view_remark(&app->view, "/passwd            change your password");
}
