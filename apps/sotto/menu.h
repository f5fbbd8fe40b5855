/*
 * menu.h - the questions that a person is asked who starts `sotto` without a
 * command, and those that `sotto client` asks for what the command line left
 * open.
 *
 *     start -> [server] done
 *           -> [client] done
 *     host -> (where this machine is a device: -> as that or not)
 *          -> register or log in -> user -> password
 *             (register: -> password again) -> done
 *
 * Lines go in, texts come out: the caller prints menu_say() and menu_prompt(),
 * reads a line (without echo where menu_is_secret()), and hands it to
 * menu_feed(), until it says DONE or QUIT. A line that makes no sense gets a
 * sentence and the same question again. "q" leaves, except at a password, which
 * it could be; an empty password goes back to the user name.
 */
#ifndef SOTTO_APP_MENU_H
#define SOTTO_APP_MENU_H

#include "apps/sotto/address.h"
#include "core/base/text.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MENU_PASSWORD_MAX 256 /* bytes of UTF-8 */
#define MENU_PROMPT_MAX   64  /* with the final zero */
#define MENU_SERVER_MAX                                                        \
    (ADDRESS_TEXT + SOTTO_FINGERPRINT_TEXT + ADDRESS_CODE_MAX + 16)

struct menu_choice {
    bool is_server;                /* run a server; the rest means nothing */
    bool has_server;               /* `server` is set */
    bool has_register;             /* `wants_register` is set */
    bool wants_register;           /* make an account; false: log in */
    bool is_device;                /* log in as the device that it is */
    char server[MENU_SERVER_MAX];  /* as server_address_parse() takes it */
    char user[SOTTO_NAME_MAX + 1]; /* or empty */
    uint8_t password[MENU_PASSWORD_MAX + 1]; /* UTF-8 as typed, terminated */
    size_t password_len;
};

enum menu_state {
    MENU_START,
    MENU_SERVER,
    MENU_DEVICE,
    MENU_ACCOUNT,
    MENU_USER,
    MENU_PASSWORD,
    MENU_PASSWORD_AGAIN,
    MENU_END
};

enum menu_result {
    MENU_MORE,      /* ask on */
    MENU_DONE,      /* `choice` is filled */
    MENU_QUIT,      /* the person wants to leave */
    MENU_UNANSWERED /* of client_ask() only */
};

struct menu {
    enum menu_state state;
    struct menu_choice choice; /* what is known so far */
    const char *say;           /* constant text, or "" */
};

/* Starts at the first question. */
void menu_init(struct menu *menu);

/* Starts at the first question about a client that `menu->choice` does not
 * answer: fields that are not set are asked for, the password always. */
void menu_init_client(struct menu *menu);

/* Asks next whether to come as the device that this machine is there. */
void menu_offer_device(struct menu *menu);

/* Asks again for user and password, after a login was refused. */
void menu_ask_again(struct menu *menu);

/* What to print before the prompt: lines, each with a "\n"; may be "". */
const char *menu_say(const struct menu *menu);
/* The prompt, ending in a space. */
const char *menu_prompt(const struct menu *menu);
/* True when the line must not be shown while it is typed. */
bool menu_is_secret(const struct menu *menu);

/* Takes one line, without its end. */
enum menu_result menu_feed(struct menu *menu, const char *line, size_t len);

/* Wipes the password and everything else. */
void menu_wipe(struct menu *menu);

#endif
