/*
 * main.c - the same server and client as on a host, on a board: the role is
 * asked on the console, or fixed in firmware_config.h.
 *
 * There is no command line, and no shell to come back to: when a role ends, the
 * program does, and a reset starts it again.
 */
#include "apps/firmware/memory.h"
#include "apps/sotto/capacity.h"
#include "apps/sotto/client.h"
#include "apps/sotto/console.h"
#include "apps/sotto/menu.h"
#include "apps/sotto/server.h"
#include "apps/sotto/system.h"
#include "core/base/version.h"
#include "port/boards/board.h"
#include "port/port.h"

#define CLIENT_STREAMS  4
#define ADDRESS_POLL_MS 50U

/* There is only one, and it has no name; this is for sentences. */
#define FOLDER "storage"

/* The same for whom a client trusts, where the image has one (FIRMWARE_CA). */
#define AUTHORITY "this image's authority"

static int fail(struct port *port, const char *what, enum sotto_err err)
{
    say("sotto: ", what, ": ", port_last_error(port), " (", sotto_err_name(err),
        ")\n", NULL);
    return CLIENT_EXIT_OTHER;
}

/* Waits for DHCP, so that a client can dial at once and a person knows where
 * the server is: the board says what its address is.
 * False when it is to stop before. */
static bool wait_for_address(struct port *port, struct port_loop *loop)
{
    const uint64_t end_ms = port_now_ms(port) + FIRMWARE_ADDRESS_MS;
    struct port_address address;
    bool has_address = board_address(&address);
    while (!has_address && port_now_ms(port) < end_ms) {
        struct port_event event;
        size_t count = 0;
        port_wait(loop, ADDRESS_POLL_MS, &event, 1, &count);
        if (count > 0 && event.kind == PORT_EVENT_STOP) {
            return false;
        }
        has_address = board_address(&address);
    }
    if (!has_address) {
        say("sotto: no address yet; is there a cable?\n", NULL);
    }
    return true;
}

static int run_server(struct port *port)
{
    struct server_settings settings;
    server_defaults(&settings);
    settings.data = FOLDER;
    return server_main(port, &settings);
}

/* What a person talks to, on the console. */
struct conversation {
    struct console console;
    struct menu menu;
};

/* A client, or what the menu chose; `*is_server` when that is the server. */
static int run_menu(struct port *port, struct port_loop *loop, bool *is_server)
{
    struct conversation *with = system_memory(sizeof *with);
    struct client_settings settings;
    if (with == NULL) {
        return CLIENT_EXIT_OTHER;
    }
    enum sotto_err err =
        console_open(&with->console, port, loop, &with->console, false);
    if (err != SOTTO_OK) {
        return fail(port, "cannot use the console", err);
    }
    enum menu_result result = MENU_DONE;
    client_defaults(&settings);
    settings.data = FOLDER;
    settings.ca = CLIENT_CERTIFICATES ? AUTHORITY : NULL;
    int code = CLIENT_EXIT_OK;
    if (FIRMWARE_ROLE == FIRMWARE_ROLE_MENU) {
        menu_init(&with->menu);
        result = client_ask(&with->console, &with->menu);
        *is_server = result == MENU_DONE && with->menu.choice.is_server;
    }
    if (result == MENU_DONE && !*is_server) {
        code = client_main(port, loop, &with->console, NULL, &settings,
                           &with->menu);
    }
    menu_wipe(&with->menu);
    console_close(&with->console);
    memory_begin_again();
    return code;
}

static int run(struct port *port)
{
    struct port_loop *loop = NULL;
    bool is_server = FIRMWARE_ROLE == FIRMWARE_ROLE_SERVER;
    int code = CLIENT_EXIT_OK;
    enum sotto_err err = port_loop_open(port, CLIENT_STREAMS, &loop);
    if (err != SOTTO_OK) {
        return fail(port, "cannot wait for input", err);
    }
    const bool goes_on = wait_for_address(port, loop);
    if (goes_on && !is_server) {
        code = run_menu(port, loop, &is_server);
    }
    port_loop_close(loop);
    return goes_on && is_server ? run_server(port) : code;
}

/* What size.sh and firmware_config.h go by. */
static void say_memory(void)
{
    char at[4][SAY_NUMBER];
    say("sotto: ended; stack ", say_number(board_stack_used(), at[0]), " of ",
        say_number(board_stack_size(), at[1]), " bytes, memory ",
        say_number(memory_high(), at[2]), " of ",
        say_number(FIRMWARE_ARENA, at[3]), "\n", NULL);
}

int main(void)
{
    struct port *port = NULL;
    say("\nSotto " SOTTO_VERSION "\n", NULL);
    enum sotto_err err = port_open(&port);
    if (err != SOTTO_OK) {
        say("sotto: this board cannot be used: ",
            err == SOTTO_ERR_RANDOM
                ? "it has no source of random bytes, so it cannot make keys "
                  "(QEMU lends one: -semihosting-config "
                  "enable=on,target=native)"
                : sotto_err_name(err),
            "\n", NULL);
        return CLIENT_EXIT_OTHER;
    }
    const int code = run(port);
    port_close(port);
    say_memory();
    return code;
}
