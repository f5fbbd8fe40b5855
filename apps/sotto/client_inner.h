/*
 * client_inner.h - the running client, shared by the files client*.c.
 */
#ifndef SOTTO_APP_CLIENT_INNER_H
#define SOTTO_APP_CLIENT_INNER_H

#include "apps/sotto/address.h"
#include "apps/sotto/capacity.h"
#include "apps/sotto/client.h"
#include "apps/sotto/client_device.h"
#include "apps/sotto/client_keylog.h"
#include "apps/sotto/console.h"
#include "apps/sotto/identity.h"
#include "apps/sotto/known_servers.h"
#include "apps/sotto/paths.h"
#include "apps/sotto/view.h"
#include "core/chat/client.h"

/* Where trust in the server's key comes from. */
enum client_trust {
    CLIENT_TRUST_NONE,  /* never seen */
    CLIENT_TRUST_FIRST, /* seen now, and taken: not proved before the login */
    CLIENT_TRUST_KNOWN, /* the key of earlier logins */
    CLIENT_TRUST_CERTIFIED, /* a certificate vouches for it: at this connection */
    CLIENT_TRUST_PINNED     /* named by the person: address or --pin */
};

struct client_certificate;

struct client_app {
    struct port *port;
    struct port_loop *loop;
    struct port_loop *files_loop; /* its own: waiting there loses no event */
    struct console *console;
    struct sotto_random random;
    const char *folder; /* of this client's files */
    bool has_pin;
    enum client_trust trust;                /* in `pin`; what it comes from */
    struct client_certificate *certificate; /* whom it trusts; NULL: nobody */
    struct client_device device;
    struct client_owner *owner;   /* hosts; NULL elsewhere */
    struct client_keylog *keylog; /* hosts; NULL without --keylog */
    uint64_t certified_until_s;   /* KNOWN, CERTIFIED: when a certificate's word
                                   for the key ends; 0: a person's does not */
    struct menu *menu;            /* what was answered; borrowed */
    size_t password_len;
    bool registers;

    uint8_t *memory;            /* of `client` */
    struct port_stream *stream; /* NULL when not connected */
    bool is_connecting;
    bool is_reading;      /* PORT_READ is wanted */
    bool is_writing;      /* a write was cut short */
    bool is_held;         /* events wait for room on the console */
    bool had_login;       /* once, in this run */
    bool is_asking_key;   /* the person is to look at a new key */
    bool was_ready;       /* in the room, once */
    bool is_offline_told; /* the person knows that it is tried again */
    bool is_leaving;
    bool has_input_ended;
    uint64_t now_ms;
    uint64_t tick_ms;
    uint64_t redial_ms; /* when to dial again, 0 for not */
    uint64_t backoff_ms;
    unsigned early_tries; /* before the first login */
    uint64_t give_up_ms;  /* when leaving, and nobody answers */
    bool is_done;
    enum client_exit exit_code;

    /* Large, hence last: see core/chat/client.h. */
    struct sotto_client client;
    struct client_settings settings;
    struct view view;
    struct identity identity;
    struct server_address address;
    char server_text[ADDRESS_TEXT];
    uint8_t pin[SOTTO_FINGERPRINT_LEN];
    uint8_t seen[SOTTO_FINGERPRINT_LEN]; /* what the server shows */
    char user[SOTTO_NAME_MAX + 1];
    uint8_t password[CLIENT_PASSWORD_MAX + 1]; /* in normal form */
    char default_folder[PATH_TEXT_MAX];
    char known[KNOWN_FILE_MAX]; /* one of the two files, while it is read; or a
                                   long sentence */
};

/* client_run.c: dials and talks until it is done. */
void client_run(struct client_app *app);
/* Closes the stream, if there is one. */
void client_drop_stream(struct client_app *app);

/* client_end.c: what went wrong, in words, and whether to go on. */

/* The network failed: before the first login that is the end, unless it was
 * cut, and not often yet; later the client tries again. `what` is "cannot reach" or "disconnected from". */
void client_network_failed(struct client_app *app, const char *what,
                           enum sotto_err err);
/* The server refused a login, a registration, or a message. */
void client_take_problem(struct client_app *app,
                         const struct sotto_error *problem);
/* The event CLOSED. */
void client_take_end(struct client_app *app,
                     const struct sotto_client_event *event);

/* client.c: makes a client of the name and password that are set. False after
 * an error that was shown. */
bool client_start(struct client_app *app);
/* Reads the server's address, and a pin that goes with it. False after an error
 * that was shown. */
bool client_set_address(struct client_app *app, const char *text);
/* Asks for user and password again; false when the person gives up. */
bool client_ask_again(struct client_app *app);
/* Ends the run. */
void client_finish(struct client_app *app, enum client_exit exit_code);

/* client_pins.c */

enum client_verdict {
    CLIENT_ACCEPT,
    CLIENT_ASK,   /* never seen: ask the person, then dial again */
    CLIENT_REFUSE /* shown why; the run is over */
};

/* Reads what is known about the server and the account: has_pin, pin, trust,
 * and the iteration count that the account had. False after an error that was
 * shown. */
bool client_pins_read(struct client_app *app, uint32_t *iterations);

/* True where a certificate decides, if no person has. */
bool client_wants_certificate(const struct client_app *app);

/* Looks at the key that the server shows. */
enum client_verdict client_pins_check(struct client_app *app,
                                      const uint8_t key[static 32]);

/* Asks whether the key that was seen is the right one. */
bool client_pins_ask(struct client_app *app);

/* After the server has proved itself: remembers key and iteration count (0:
 * there was no password). */
void client_pins_save(struct client_app *app, uint32_t iterations);

/* client_certificate.c: where there are CLIENT_CERTIFICATES */

/* Reads whom to trust. False after an error that was shown. */
bool client_certificate_open(struct client_app *app);

/* Looks at the certificate that came with the key. ACCEPT or REFUSE. */
enum client_verdict client_certificate_check(struct client_app *app,
                                             const uint8_t key[static 32]);

/* client_pins.c, about files in general: opens this client's folder, which
 * others may hold for moments; says what is wrong; stores a change. */
bool client_files_open(struct client_app *app, struct sotto_files *files);
void client_files_complain(struct client_app *app, const char *code,
                           const char *what, enum sotto_err err);
/* A line that cannot be read. False. */
bool client_files_complain_of_line(struct client_app *app,
                                   const struct known_file *known);
enum sotto_err client_files_save(struct client_app *app,
                                 struct known_file *known) SOTTO_MUST_CHECK;

#endif
