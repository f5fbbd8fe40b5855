/*
 * menu.c - see menu.h. One function takes the answer to each question and says
 * which state comes next; ask() is the only one that changes it.
 */
#include "apps/sotto/menu.h"
#include "core/base/assert.h"
#include "core/base/secret.h"
#include <string.h>

/* A typed line without the spaces around it. */
struct answer {
    const char *at;
    size_t len;
};

/* ---- answers ---------------------------------------------------------- */

static struct answer trim(const char *line, size_t len)
{
    while (len > 0 && (*line == ' ' || *line == '\t')) {
        line++;
        len--;
    }
    while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t' ||
                       line[len - 1] == '\r')) {
        len--;
    }
    return (struct answer){line, len};
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* True for the whole word (lower case here, any case there). */
static bool is(struct answer answer, const char *word)
{
    size_t len = strlen(word);
    size_t at = 0;
    while (at < len && at < answer.len && lower(answer.at[at]) == word[at]) {
        at++;
    }
    return at == len && answer.len == len;
}

static bool is_quit(struct answer answer)
{
    return is(answer, "q") || is(answer, "quit") || is(answer, "exit");
}

/* Copies what fits with a final zero; false when it does not. */
static bool copy(char *out, size_t cap, struct answer answer)
{
    if (answer.len >= cap || memchr(answer.at, '\0', answer.len) != NULL) {
        return false;
    }
    memcpy(out, answer.at, answer.len);
    out[answer.len] = '\0';
    return true;
}

/* ---- questions -------------------------------------------------------- */

/* Goes on to a question; `say` comes before it. */
static void ask(struct menu *menu, enum menu_state state, const char *say)
{
    menu->state = state;
    menu->say = say;
}

/* The first question about a client that has no answer yet. */
static enum menu_state first_open(const struct menu_choice *choice)
{
    if (!choice->has_server) {
        return MENU_SERVER;
    }
    if (!choice->has_register) {
        return MENU_ACCOUNT;
    }
    return choice->user[0] == '\0' ? MENU_USER : MENU_PASSWORD;
}

static void take_start(struct menu *menu, struct answer answer)
{
    if (is(answer, "1") || is(answer, "server")) {
        menu->choice.is_server = true;
        ask(menu, MENU_END, "");
    } else if (is(answer, "2") || is(answer, "client")) {
        ask(menu, MENU_END, "");
    } else {
        ask(menu, MENU_START, "Please type 1 or 2 (or q to leave).\n");
    }
}

static void take_server(struct menu *menu, struct answer answer)
{
    struct menu_choice *choice = &menu->choice;
    struct server_address address;
    const char *why = NULL;
    struct answer used =
        answer.len > 0 ? answer : (struct answer){"localhost", 9};
    if (!copy(choice->server, sizeof choice->server, used) ||
        server_address_parse(choice->server, &address, &why) != SOTTO_OK) {
        choice->server[0] = '\0';
        ask(menu, MENU_SERVER,
            "This is not an address. A server is written as HOST, HOST:PORT, "
            "[IPv6]:PORT\nor sotto://... as its operator gave it.\n");
        return;
    }
    choice->has_server = true;
    ask(menu, first_open(choice), "");
}

static void take_device(struct menu *menu, struct answer answer)
{
    if (answer.len == 0) {
        menu->choice.is_device = true;
        ask(menu, MENU_END, "");
    } else if (is(answer, "p") || is(answer, "password")) {
        ask(menu, first_open(&menu->choice), "");
    } else {
        ask(menu, MENU_DEVICE, "Please type Enter or p (or q to leave).\n");
    }
}

static void take_account(struct menu *menu, struct answer answer)
{
    bool registers = is(answer, "1") || is(answer, "register");
    bool logs_in =
        is(answer, "2") || is(answer, "login") || is(answer, "log in");
    if (!registers && !logs_in) {
        ask(menu, MENU_ACCOUNT, "Please type 1 or 2 (or q to leave).\n");
        return;
    }
    menu->choice.has_register = true;
    menu->choice.wants_register = registers;
    ask(menu, first_open(&menu->choice), "");
}

static void take_user(struct menu *menu, struct answer answer)
{
    if (!sotto_name_valid(answer.at, answer.len)) {
        ask(menu, MENU_USER,
            "A user name has 1 to 32 of the characters a-z 0-9 . _ - (no "
            "capitals).\n");
        return;
    }
    (void)copy(menu->choice.user, sizeof menu->choice.user, answer);
    ask(menu, MENU_PASSWORD, "");
}

static void wipe_password(struct menu *menu)
{
    sotto_wipe(menu->choice.password, sizeof menu->choice.password);
    menu->choice.password_len = 0;
}

static void take_password(struct menu *menu, const char *line, size_t len)
{
    struct menu_choice *choice = &menu->choice;
    if (len == 0) {
        choice->user[0] = '\0';
        ask(menu, MENU_USER, "");
        return;
    }
    if (len > MENU_PASSWORD_MAX) {
        ask(menu, MENU_PASSWORD,
            "This password is too long: at most 256 bytes.\n");
        return;
    }
    if (!sotto_utf8_valid((const uint8_t *)line, len) ||
        memchr(line, '\0', len) != NULL) {
        ask(menu, MENU_PASSWORD, "This password is not valid UTF-8 text.\n");
        return;
    }
    memcpy(choice->password, line, len);
    choice->password[len] = '\0';
    choice->password_len = len;
    ask(menu, choice->wants_register ? MENU_PASSWORD_AGAIN : MENU_END, "");
}

static void take_password_again(struct menu *menu, const char *line, size_t len)
{
    if (len == menu->choice.password_len &&
        sotto_equal(menu->choice.password, line, len)) {
        ask(menu, MENU_END, "");
        return;
    }
    wipe_password(menu);
    ask(menu, MENU_PASSWORD, "The two are not the same. Once more, please.\n");
}

/* ---- the public functions --------------------------------------------- */

void menu_init(struct menu *menu)
{
    memset(menu, 0, sizeof *menu);
    ask(menu, MENU_START,
        "Sotto, a secure chat.\n"
        "  1  run a server\n"
        "  2  join as a client\n");
}

void menu_init_client(struct menu *menu)
{
    menu->choice.is_server = false;
    wipe_password(menu);
    ask(menu, first_open(&menu->choice), "");
}

void menu_offer_device(struct menu *menu)
{
    ask(menu, MENU_DEVICE,
        "There this machine is a device, without a password.\n");
}

void menu_ask_again(struct menu *menu)
{
    wipe_password(menu);
    menu->choice.user[0] = '\0';
    ask(menu, MENU_USER, "");
}

const char *menu_say(const struct menu *menu)
{
    return menu->say;
}

const char *menu_prompt(const struct menu *menu)
{
    switch (menu->state) {
    case MENU_START:
        return "1 or 2: ";
    case MENU_SERVER:
        return "Server (Enter for localhost): ";
    case MENU_DEVICE:
        return "Enter to come as that, p to log in with a password: ";
    case MENU_ACCOUNT:
        return "1 to register, 2 to log in: ";
    case MENU_USER:
        return "User name: ";
    case MENU_PASSWORD:
        return menu->choice.wants_register ? "New password: " : "Password: ";
    case MENU_PASSWORD_AGAIN:
        return "The same again: ";
    case MENU_END:
        break;
    }
    return "";
}

bool menu_is_secret(const struct menu *menu)
{
    return menu->state == MENU_PASSWORD || menu->state == MENU_PASSWORD_AGAIN;
}

enum menu_result menu_feed(struct menu *menu, const char *line, size_t len)
{
    struct answer answer = trim(line, len);
    SOTTO_ASSERT(menu->state != MENU_END);
    if (!menu_is_secret(menu) && is_quit(answer)) {
        return MENU_QUIT;
    }
    switch (menu->state) {
    case MENU_START:
        take_start(menu, answer);
        break;
    case MENU_SERVER:
        take_server(menu, answer);
        break;
    case MENU_DEVICE:
        take_device(menu, answer);
        break;
    case MENU_ACCOUNT:
        take_account(menu, answer);
        break;
    case MENU_USER:
        take_user(menu, answer);
        break;
    case MENU_PASSWORD:
        take_password(menu, line, len);
        break;
    case MENU_PASSWORD_AGAIN:
        take_password_again(menu, line, len);
        break;
    case MENU_END:
        break;
    }
    return menu->state == MENU_END ? MENU_DONE : MENU_MORE;
}

void menu_wipe(struct menu *menu)
{
    sotto_wipe(menu, sizeof *menu);
    menu->state = MENU_END;
    menu->say = "";
}
