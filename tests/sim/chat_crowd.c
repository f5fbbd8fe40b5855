/*
 * chat_crowd.c - lives of a server whose places are all taken, one for each seed.
 *
 * Strangers knock all the time, at both doors, say little, and go when they
 * like: so nearly everybody who comes in has to wait until somebody else has
 * given way. Meanwhile a few people talk, and the server is asked for reports,
 * to read its codes again, and to end, often all at once. It has up to four
 * workers, and they, and everybody else, get no processor now and then, in the
 * middle of what they do.
 *
 * Claims: people come in whatever strangers do; nothing that is acknowledged is
 * lost; places are counted right; a report that was asked for comes soon, and the
 * last one always.
 *
 * usage: chat_crowd FROM COUNT [MINUTES] (default: 1), as lives.h says. The
 * linker puts the functions below around those of the program (--wrap).
 */
#include "apps/sotto/mailbox.h"
#include "apps/sotto/system.h"
#include "core/channel/link.h"
#include "tests/sim/chat.h"
#include "tests/sim/lives.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEOPLE          5U
#define PLACES          9U /* people may still have one more for a while */
#define STRANGERS       4U
#define CALLS           4U /* of each stranger at a time */
#define MINUTES_DEFAULT 1U
#define PATIENCE_MS     120000U
#define REPORT_MS       3000U
#define MAILBOX         65536U
#define BURST           100U
#define CODES           "codes"

static const char *const doors[] = {"0.0.0.0:7688", "0.0.0.0:7689"};

/* By the seed: many short pauses, or few long ones, with a slow disk. */
static const struct sim_profile days[] = {{.latency_min_us = 100,
                                           .latency_max_us = 3000,
                                           .pipe_bytes = 65536,
                                           .backlog = 16,
                                           .short_ppm = 50000,
                                           .sync_min_us = 500,
                                           .sync_max_us = 20000,
                                           .pause_ppm = 10000,
                                           .pause_max_us = 20000},
                                          {.latency_min_us = 100,
                                           .latency_max_us = 20000,
                                           .pipe_bytes = 8000,
                                           .backlog = 4,
                                           .sync_min_us = 500,
                                           .sync_max_us = 500000,
                                           .pause_ppm = 1000,
                                           .pause_max_us = 400000}};

/* ---- what the server says ----------------------------------------------- */

struct watch {
    uint64_t reports;    /* lines with counters */
    bool is_last;        /* ... one is the last line so far */
    unsigned without;    /* ends without one at the end */
    unsigned ends;       /* in good order */
    char counters[1024]; /* the last such line */
};

static struct watch *watch(void)
{
    static struct watch watch;
    return &watch;
}

void __real_system_say(const char *text, size_t len);
void __wrap_system_say(const char *text, size_t len);

void __wrap_system_say(const char *text, size_t len)
{
    struct watch *seen = watch();
    char line[sizeof seen->counters] = "";
    memcpy(line, text, len < sizeof line ? len : sizeof line - 1);
    __real_system_say(text, len);
    if (strcmp(sim_name(sim_here()), "server") != 0) {
        return;
    }
    if (strstr(line, " server stopped") != NULL) {
        seen->ends++;
        seen->without += !seen->is_last;
    }
    seen->is_last = strstr(line, " server counters ") != NULL;
    if (seen->is_last) {
        seen->reports++;
        memcpy(seen->counters, line, sizeof line);
    }
}

/* A number of the last report. */
static uint64_t counted(const char *name)
{
    const char *at = strstr(watch()->counters, name);
    return at != NULL ? strtoull(at + strlen(name), NULL, 10) : UINT64_MAX;
}

/* ---- mailboxes as small as they can be ----------------------------------- */

void __real_mailbox_init(struct mailbox *box, uint8_t *memory, size_t cap);
void __wrap_mailbox_init(struct mailbox *box, uint8_t *memory, size_t cap);

void __wrap_mailbox_init(struct mailbox *box, uint8_t *memory, size_t cap)
{
    __real_mailbox_init(box, memory, cap < MAILBOX ? cap : MAILBOX);
}

/* ---- strangers ---------------------------------------------------------- */

struct stranger {
    char host[12];
    struct seed dice;
    struct sim_machine *machine;
    uint8_t private_key[32];
    uint8_t public_key[32];
    struct port_stream *calls[CALLS];
};

/* The beginning of a handshake, whole or not. */
static void knock(struct stranger *stranger, struct port_stream *call)
{
    static struct sotto_link link;
    uint8_t bytes[SOTTO_HELLO_LEN + SOTTO_RECORD_HEAD +
                  SOTTO_HANDSHAKE_MESSAGE_MAX];
    const struct sotto_link_config config = {
        .is_client = true,
        .suite = SOTTO_SUITE_A128CBCHS256,
        .receive_limit = SOTTO_RECORD_LIMIT_MIN,
        .random = seed_random(&stranger->dice),
        .static_private = stranger->private_key,
        .static_public = stranger->public_key};
    size_t len = 0;
    size_t put = 0;
    sotto_link_init(&link, &config);
    if (sotto_link_out(&link, bytes, sizeof bytes, &len) == SOTTO_OK) {
        len -= seed_once_in(&stranger->dice, 4)
                   ? seed_below(&stranger->dice, len)
                   : 0;
        bytes[0] ^= seed_once_in(&stranger->dice, 8); /* or of something else */
        (void)!port_write(call, bytes, len, &put);
    }
}

static void do_something(struct stranger *stranger, struct port_loop *loop)
{
    struct port_stream **call =
        &stranger->calls[seed_below(&stranger->dice, CALLS)];
    if (*call == NULL) {
        const uint16_t door = (uint16_t)(7688 + seed_below(&stranger->dice, 2));
        (void)!port_connect(loop, "server", door, call, call);
        return;
    }
    switch (seed_below(&stranger->dice, 8)) {
    case 0:
        port_stream_close(*call);
        *call = NULL;
        break;
    case 1:
        port_stream_abort(*call);
        *call = NULL;
        break;
    case 2:
        knock(stranger, *call);
        break;
    default: /* keeps its place */
        break;
    }
}

static void listen_to(struct port_stream **call)
{
    uint8_t bytes[512];
    size_t got = 0;
    if (*call == NULL) {
        return;
    }
    enum sotto_err err = port_connect_status(*call);
    if (err == SOTTO_OK) {
        err = port_read(*call, bytes, sizeof bytes, &got);
    }
    if (err != SOTTO_OK && err != SOTTO_ERR_AGAIN) {
        port_stream_close(*call);
        *call = NULL;
    }
}

static int stranger_program(void *arg)
{
    struct stranger *stranger = arg;
    struct port *port = NULL;
    struct port_loop *loop = NULL;
    memset(stranger->calls, 0, sizeof stranger->calls);
    if (port_open(&port) != SOTTO_OK ||
        port_loop_open(port, CALLS, &loop) != SOTTO_OK) {
        return 1;
    }
    for (;;) {
        struct port_event events[CALLS];
        size_t count = 0;
        const size_t rest_ms = seed_once_in(&stranger->dice, 4) ? 300 : 20;
        port_wait(loop, (uint32_t)seed_below(&stranger->dice, rest_ms), events,
                  CALLS, &count);
        for (size_t i = 0; i < count; i++) {
            if (events[i].kind == PORT_EVENT_READY) {
                listen_to(events[i].tag);
            }
        }
        do_something(stranger, loop);
    }
}

/* ---- one life ----------------------------------------------------------- */

static void tune(const struct chat *chat, struct server_settings *settings)
{
    (void)chat;
    for (size_t i = 0; i < sizeof doors / sizeof *doors; i++) {
        settings->listen.items[settings->listen.count++] = doors[i];
    }
    settings->max_connections = PLACES;
    settings->connect_rate = 0;
    settings->invite_file = CODES;
}

static void start_strangers(struct chat *chat, struct stranger *strangers)
{
    for (unsigned i = 0; i < STRANGERS; i++) {
        struct stranger *stranger = &strangers[i];
        seed_init(&stranger->dice, seed_next(&chat->dice));
        (void)snprintf(stranger->host, sizeof stranger->host, "s%u", i);
        stranger->private_key[0] = stranger->public_key[0] = (uint8_t)(9 + i);
        stranger->machine = sim_machine_add(chat->sim, stranger->host,
                                            stranger_program, stranger);
        sim_start(stranger->machine);
    }
}

/* Some signals, of which it hears in one moment. */
static void signal_server(struct chat *chat, bool may_end)
{
    const size_t which = 1 + seed_below(&chat->dice, 7);
    if (!sim_is_running(chat->server)) {
        return;
    }
    if ((which & 1) != 0) {
        sim_signal(chat->server, PORT_EVENT_STATUS);
    }
    if ((which & 2) != 0) {
        sim_signal(chat->server, PORT_EVENT_RELOAD);
    }
    if ((which & 4) != 0 && may_end) {
        sim_signal(chat->server, PORT_EVENT_STOP);
        chat->server_ms = sim_now_ms(chat->sim) + seed_below(&chat->dice, 5000);
    }
}

static void something_happens(struct chat *chat)
{
    struct chat_person *person = &chat->people[seed_below(&chat->dice, PEOPLE)];
    switch (seed_below(&chat->dice, 16)) {
    case 0:
        signal_server(chat, true);
        break;
    case 1:
    case 2:
        signal_server(chat, false);
        break;
    case 3:
        if (sim_is_running(person->machine)) {
            sim_signal(person->machine, PORT_EVENT_STOP);
        }
        break;
    case 4: /* a connection breaks, or there is no descriptor for one */
        sim_fail_call(chat->server, SIM_CALLS_STREAMS,
                      1 + seed_below(&chat->dice, 100));
        break;
    case 5: /* all say much at once */
        for (unsigned i = 0; i < BURST; i++) {
            chat_say(chat, &chat->people[i % PEOPLE]);
        }
        break;
    default:
        chat_say(chat, person);
        break;
    }
}

/* The server tells how many there are. */
static void count_all(struct chat *chat)
{
    const uint64_t reports = watch()->reports;
    sim_signal(chat->server, PORT_EVENT_STATUS);
    chat_run(chat, REPORT_MS);
    if (watch()->reports != reports + 1) {
        ledger_wrong(&chat->ledger, "no report");
    } else if (counted(" connections=") != PEOPLE ||
               counted(" logged_in=") != PEOPLE) {
        ledger_wrong(&chat->ledger, "miscounted: %s", watch()->counters);
    }
}

static void calm_down(struct chat *chat, const struct stranger *strangers)
{
    chat_settle(chat, PATIENCE_MS); /* with all of them at the doors */
    for (unsigned i = 0; i < STRANGERS; i++) {
        sim_kill(strangers[i].machine);
    }
    sim_set_profile(chat->sim, &sim_quiet);
    for (unsigned i = 0; i < PEOPLE; i++) {
        chat_say(chat, &chat->people[i]);
    }
    chat_settle(chat, PATIENCE_MS);
    chat_run(chat, 20000); /* what was half open is noticed */
    if (chat->ledger.wrong[0] == '\0') {
        count_all(chat);
    }
    if (chat->ledger.wrong[0] == '\0') {
        chat_audit(chat);
    }
    if (watch()->without > 0) {
        ledger_wrong(&chat->ledger, "ended without a last report");
    }
}

/* False when something was wrong. */
static bool live(uint64_t seed, uint64_t minutes)
{
    static struct chat chat;
    static struct stranger strangers[STRANGERS];
    *watch() = (struct watch){0};
    chat_open(&chat, seed, &days[seed % 8 / 4], PEOPLE);
    chat.workers = 1 + (unsigned)((seed + 1) % 4);
    chat.tune = tune;
    sim_put_file(chat.server, CODES, "open sesame\n");
    start_strangers(&chat, strangers);
    const uint64_t end_ms = sim_now_ms(chat.sim) + minutes * 60000U;
    while (sim_now_ms(chat.sim) < end_ms && chat.ledger.wrong[0] == '\0') {
        something_happens(&chat);
        chat_run(&chat, 1 + seed_below(&chat.dice, 1000));
        chat_start_due(&chat);
    }
    calm_down(&chat, strangers);
    const bool is_right = chat.ledger.wrong[0] == '\0';
    (void)printf("%u workers, %u ends, %" PRIu64 " reports, %" PRIu64
                 " acknowledged, digest %08" PRIx32 "%s%s\n",
                 chat.workers, watch()->ends, watch()->reports,
                 chat.ledger.acked_count, chat.digest,
                 is_right ? "" : ": WRONG: ", chat.ledger.wrong);
    chat_close(&chat);
    return is_right;
}

int main(int argc, char **argv)
{
    return lives_main(argc, argv, MINUTES_DEFAULT, live);
}
