#include "tests/sim/chat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVER_NAME   "server"
#define PASSWORD_FILE "password"
#define CLIENT_PLACES 4
/* The log in the smallest pieces that a server makes; and, by some seeds, so
 * small that the oldest have to go. */
#define HISTORY_BYTES (1U << 20)
#define HISTORY_SMALL 16384U
#define TURN_MS       100U
#define HEAR_MS       2000U /* on a quiet network */
#define FIRST_SEGMENT "lobby.00000001"
/* Starts of the server that may fail before somebody looks at why. */
#define STARTS_PATIENT 4U

/* ---- the server's program --------------------------------------------- */

static int serve(struct chat *chat, struct port *port)
{
    struct server_settings settings;
    server_defaults(&settings);
    settings.data = CHAT_FOLDER;
    settings.max_connections = 32;
    settings.max_accounts = CHAT_ACCOUNTS;
    settings.history_bytes = chat->history_bytes;
    settings.workers = chat->workers;
    if (chat->message_rate != 0) {
        settings.message_rate = chat->message_rate;
    }
    settings.login_tries = 60000;
    settings.register_tries = 3600000;
    settings.iterations_min = 1;
    if (chat->tune != NULL) {
        chat->tune(chat, &settings);
    }
    return server_main(port, &settings);
}

static int server_program(void *arg)
{
    struct chat *chat = arg;
    struct port *port = NULL;
    if (port_open(&port) != SOTTO_OK) {
        return 1;
    }
    return chat->duty == CHAT_SERVES ? serve(chat, port)
                                     : chat_duty(chat, port);
}

/* ---- a person's program ----------------------------------------------- */

static int talk(struct chat_person *person, struct port *port,
                struct port_loop *loop, struct console *console)
{
    struct client_settings settings;
    struct menu menu;
    const char *server = SERVER_NAME;
    memset(&menu, 0, sizeof menu);
    client_defaults(&settings);
    settings.user = person->name;
    settings.password_file = PASSWORD_FILE;
    settings.data = CHAT_FOLDER;
    settings.registers = person->registers;
    settings.json = true;
    settings.trust_first = true;
    settings.iterations_min = 1;
    settings.iterations_new = 1;
    chat_log_in_with(person, &settings, &server);
    return client_main(port, loop, console, server, &settings, &menu);
}

static int person_program(void *arg)
{
    struct port *port = NULL;
    struct port_loop *loop = NULL;
    struct console *console = sim_memory(sizeof *console);
    int code = CLIENT_EXIT_OTHER;
    if (port_open(&port) == SOTTO_OK &&
        port_loop_open(port, CLIENT_PLACES, &loop) == SOTTO_OK) {
        if (console_open(console, port, loop, console, true) == SOTTO_OK) {
            code = talk(arg, port, loop, console);
            console_close(console);
        }
        port_loop_close(loop);
    }
    sim_memory_free(console);
    return code;
}

/* ---- the world -------------------------------------------------------- */

/* The first six want three names. */
static void choose_name(struct chat_person *person, const char *more)
{
    const unsigned number = person->number;
    (void)snprintf(person->name, sizeof person->name, "p%u%s",
                   number < 6 ? number / 2 : number, more);
}

void chat_open(struct chat *chat, uint64_t seed,
               const struct sim_profile *profile, unsigned people)
{
    memset(chat, 0, sizeof *chat);
    seed_init(&chat->dice, seed);
    chat->sim = sim_open(seed, profile);
    chat->people_count = people;
    chat->workers = 1 + (unsigned)(seed % 2);
    chat->history_bytes = seed % 8 >= 6 ? HISTORY_SMALL : HISTORY_BYTES;
    chat->server =
        sim_machine_add(chat->sim, SERVER_NAME, server_program, chat);
    for (unsigned i = 0; i < people; i++) {
        struct chat_person *person = &chat->people[i];
        person->chat = chat;
        person->number = i;
        person->registers = true;
        person->start_ms = seed_below(&chat->dice, 20000);
        choose_name(person, "");
        (void)snprintf(person->host, sizeof person->host, "h%u", i);
        (void)snprintf(person->password, sizeof person->password,
                       "secret-%u-of-%u", i, i * 7919U);
        person->machine =
            sim_machine_add(chat->sim, person->host, person_program, person);
        sim_put_file(person->machine, PASSWORD_FILE, person->password);
    }
    chat_give_devices(chat);
    ledger_open(&chat->ledger);
    chat_watch_secrets(chat);
}

void chat_close(struct chat *chat)
{
    sim_close(chat->sim);
    ledger_close(&chat->ledger);
}

void chat_run(struct chat *chat, uint64_t ms)
{
    sim_run(chat->sim, ms);
    for (unsigned i = 0; i < chat->people_count; i++) {
        chat_read(&chat->people[i]);
        if (!sim_is_running(chat->people[i].machine)) {
            chat->people[i].is_ready = false;
        }
    }
}

/* Who was refused has lost the race for a name, or his account. */
static void look_back(struct chat_person *person)
{
    if (sim_exit_code(person->machine) == CLIENT_EXIT_IDENTITY) {
        ledger_wrong(&person->chat->ledger, "%u: the server has another key",
                     person->number);
    }
    if (!person->was_refused || person->device.owner != NULL) {
        return;
    }
    if (person->has_account) {
        ledger_wrong(&person->chat->ledger, "%u lost the account %s",
                     person->number, person->name);
    }
    choose_name(person, person->number % 2 == 0 ? "-even" : "-odd");
    person->registers = true;
}

static void start_person(struct chat_person *person)
{
    look_back(person);
    person->was_refused = false;
    person->waiting = 0;
    chat_begin_device(person);
    ledger_begin_run(&person->chat->ledger, person->number);
    sim_start(person->machine);
}

/* A server that does not start asks for a repair of its accounts' file when a
 * cut of power has damaged lines that were not synced. */
static void start_server(struct chat *chat)
{
    if (sim_exit_code(chat->server) == 1 &&
        ++chat->failed_starts % STARTS_PATIENT == 0) {
        chat_do(chat, CHAT_REPAIRS);
    }
    chat->server_is_ill = false;
    chat->server_ms = sim_now_ms(chat->sim) + 1000; /* if it fails */
    sim_start(chat->server);
}

void chat_start_due(struct chat *chat)
{
    const uint64_t now_ms = sim_now_ms(chat->sim);
    if (!sim_is_running(chat->server) && now_ms >= chat->server_ms) {
        start_server(chat);
    }
    for (unsigned i = 0; i < chat->people_count; i++) {
        struct chat_person *person = &chat->people[i];
        if (!sim_is_running(person->machine) && chat_may_start(person) &&
            now_ms >= person->start_ms) {
            person->start_ms = now_ms + 1000 + seed_below(&chat->dice, 5000);
            start_person(person);
        }
    }
}

void chat_say(struct chat *chat, struct chat_person *person)
{
    char text[LEDGER_TEXT_MAX + 1];
    if (!sim_is_running(person->machine)) {
        return;
    }
    size_t len = ledger_say(&chat->ledger, person->number, text);
    text[len++] = '\n';
    if (sim_type(person->machine, text, len)) {
        person->waiting++;
    }
}

bool chat_is_settled(const struct chat *chat)
{
    for (unsigned i = 0; i < chat->people_count; i++) {
        const struct chat_person *person = &chat->people[i];
        if ((!person->is_ready || person->waiting > 0) &&
            !chat_may_rest(person)) {
            return false;
        }
    }
    return sim_is_running(chat->server) && !chat->server_is_ill;
}

/* Whom the world waits for, as a sentence. */
static void blame(struct chat *chat)
{
    if (!sim_is_running(chat->server)) {
        ledger_wrong(&chat->ledger, "the server does not start");
    }
    for (unsigned i = 0; i < chat->people_count; i++) {
        const struct chat_person *person = &chat->people[i];
        if ((!person->is_ready || person->waiting > 0) &&
            !chat_may_rest(person)) {
            ledger_wrong(&chat->ledger,
                         "%u is stuck: %s the room, %u texts not answered", i,
                         person->is_ready ? "in" : "not in",
                         (unsigned)person->waiting);
        }
    }
    ledger_wrong(&chat->ledger, "the server cannot store");
}

void chat_settle(struct chat *chat, uint64_t ms)
{
    const uint64_t end_ms = sim_now_ms(chat->sim) + ms;
    while (!chat_is_settled(chat)) {
        if (sim_now_ms(chat->sim) > end_ms) {
            blame(chat);
            return;
        }
        chat_start_due(chat);
        chat_run(chat, TURN_MS);
    }
}

void chat_hear_out(struct chat *chat)
{
    if (!chat_is_settled(chat)) {
        return;
    }
    chat_run(chat, HEAR_MS);
    for (unsigned i = 0; i < chat->people_count; i++) {
        if (chat->people[i].is_ready) {
            ledger_heard(&chat->ledger, i);
        }
    }
}

void chat_stop(struct chat *chat, struct sim_machine *machine)
{
    const uint64_t end_ms = sim_now_ms(chat->sim) + 60000;
    if (!sim_is_running(machine)) {
        return;
    }
    sim_signal(machine, PORT_EVENT_STOP);
    while (sim_is_running(machine) && sim_now_ms(chat->sim) < end_ms) {
        chat_run(chat, TURN_MS);
    }
    if (sim_is_running(machine)) {
        ledger_wrong(&chat->ledger, "%s does not stop", sim_name(machine));
    }
}

void chat_do(struct chat *chat, enum chat_duty duty)
{
    chat->duty = duty;
    sim_start(chat->server);
    while (sim_is_running(chat->server)) {
        chat_run(chat, TURN_MS);
    }
    chat->duty = CHAT_SERVES;
}

void chat_audit(struct chat *chat)
{
    size_t len = 0;
    chat_hear_out(chat);
    for (unsigned i = 0; i < chat->people_count; i++) {
        chat_stop(chat, chat->people[i].machine);
    }
    chat_stop(chat, chat->server);
    if (sim_is_running(chat->server)) {
        return;
    }
    chat_do(chat, CHAT_AUDITS);
    if (sim_exit_code(chat->server) != 0) {
        ledger_wrong(&chat->ledger, "the log is damaged");
    }
    ledger_settle(&chat->ledger,
                  sim_disk_file(chat->server, FIRST_SEGMENT, &len) != NULL);
}
