/*
 * client_device.h - a client without a password, and one whose person looks
 * after devices; parts of struct client_app (client_inner.h).
 *
 * client_device.c: logs in with this machine's key, or with an enrolment code
 * (CLIENT_DEVICES). Hosts only: client_owner.c: /device, /devices, /revoke and
 * /enroll; client_passwd.c: /passwd.
 */
#ifndef SOTTO_APP_CLIENT_DEVICE_H
#define SOTTO_APP_CLIENT_DEVICE_H

#include "apps/sotto/device_keys.h"
#include "core/chat/client.h"

/* How long a code of /enroll counts, unless its person says otherwise. */
#define CLIENT_CODE_SECONDS 86400U

/* /passwd: what comes next. */
enum passwd_step {
    PASSWD_NONE,
    PASSWD_NEW,     /* a line: the new one */
    PASSWD_AGAIN,   /* a line: the same */
    PASSWD_DEVICES, /* a line: whether to revoke all devices */
    PASSWD_DERIVE,
    PASSWD_SENT
};

struct client_passwd {
    enum passwd_step step;
    uint8_t password[CLIENT_PASSWORD_MAX + 1]; /* in normal form */
    size_t password_len;
    bool revokes;
    struct sotto_pbkdf2 kdf;
    struct sotto_verifier verifier;
    struct sotto_scram_keys keys;
};

struct client_device {
    struct device_key key;
    bool is_kept; /* the file has it */
    bool logs_in; /* with this key: a password is not needed */
    bool enrols;  /* with `code` */
    uint8_t code[SOTTO_DEVICE_CODE_LEN];
    uint8_t shown[32]; /* the server's key, once it was found to be right */

    /* A login with the key failed: a look at the server's key. */
    bool is_looking;
    bool has_looked;
    enum sotto_err why;
    enum sotto_refusal refusal;
};

/* What the server was asked by a person, and has not answered. */
struct client_owner {
    uint8_t asked;                 /* the frame's type; 0: nothing */
    char name[SOTTO_NAME_MAX + 1]; /* of the device; empty: all */
    struct device_key before;      /* ADD: what was kept before */
    bool had_before;
    uint8_t new_code[SOTTO_DEVICE_CODE_LEN];
    uint32_t seconds;

    struct client_passwd passwd;
};

struct client_app;

/* ---- client_device.c ---- */

/*
 * Before anybody is asked anything: whether this run needs no password, because
 * the address `server` brings a code, or this machine is a device there. Then
 * `*needs_nothing`, and user and address are set. False after an error that was
 * shown.
 */
bool client_device_begin(struct client_app *app, const char *server,
                         bool *needs_nothing);
/* The key of this server and user, if there is one. False after an error that
 * was shown. */
bool client_device_find(struct client_app *app);
/* Puts into a configuration what a login without password needs. */
void client_device_config(struct client_app *app,
                          struct sotto_client_config *config);
/* True while this run logs in, or enrols, without a password. */
bool client_is_device(const struct client_app *app);
/* Whether it may be dialled with IK because its fingerprint is this one. */
bool client_device_is_for(const struct client_app *app,
                          const uint8_t fingerprint[static 32]);

/* State IDENTITY. True: this was only a look at the key, and dealt with. */
bool client_device_looks(struct client_app *app, const uint8_t key[static 32]);
/* The key is right. False after an error that was shown. */
bool client_device_accepts(struct client_app *app,
                           const uint8_t key[static 32]);
void client_device_enrolled(struct client_app *app,
                            const struct sotto_client_event *event);
/* The server does not let it in. */
void client_device_refused(struct client_app *app, uint16_t problem);
/* The connection is over. True: dealt with, it is dialled again. */
bool client_device_ended(struct client_app *app,
                         const struct sotto_client_event *event);
/* The next connection is one of a device again. */
void client_device_look_over(struct client_app *app);

/* Changes the file: keeps `add` (or NULL), then drops the key for `user` and
 * `code` (or NULL). False after an error that was shown. */
bool client_device_keep(struct client_app *app, const struct device_key *add,
                        const char *user, const char *code);

/* ---- client_owner.c ---- */

/* Takes a line that is a command about devices. False for any other line. */
bool client_owner_line(struct client_app *app, const char *line, size_t len);
/* False where only a login with the password may do it, which is said. */
bool client_owner_may_ask(struct client_app *app);
/* No line is taken while the server owes an answer. */
bool client_owner_waits(const struct client_app *app);
/* DONE, DEVICES. */
void client_owner_event(struct client_app *app,
                        const struct sotto_client_event *event);
/* True when the problem is the answer to what was asked. */
bool client_owner_problem(struct client_app *app, uint16_t problem);
/* The connection is over. */
void client_owner_ended(struct client_app *app);
void client_owner_help(struct client_app *app);

/* ---- client_passwd.c ---- */

void client_passwd_begin(struct client_app *app);
/* True while a line is wanted: the prompt, and whether it is secret. */
bool client_passwd_asks(const struct client_app *app, const char **prompt,
                        bool *is_secret);
/* Takes an answer. False when none is wanted. */
bool client_passwd_line(struct client_app *app, const char *line, size_t len);
bool client_passwd_is_deriving(const struct client_app *app);
/* One slice; when it was the last, the server is told. */
void client_passwd_derive(struct client_app *app);
/* The person leaves. True when there was a new one that will not be sent, which
 * is said. */
bool client_passwd_stop(struct client_app *app);
/* The server has changed it, or did not. */
void client_passwd_done(struct client_app *app);
void client_passwd_failed(struct client_app *app);

#endif
