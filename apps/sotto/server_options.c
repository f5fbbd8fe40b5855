/*
 * server_options.c - what a server can be told: its options, their defaults,
 * and the settings file.
 */
#include "apps/sotto/server.h"

#include "apps/sotto/address.h"
#include "apps/sotto/capacity.h"
#include "apps/sotto/settings.h"
#include "apps/sotto/system.h"
#include "core/auth/scram.h"
#include "core/chat/hub.h"

/* ---- settings ---- */

static const char *const registration_names[] = {"open", "invite", "closed",
                                                 NULL};

#define AT(member) offsetof(struct server_settings, member)

static const struct option server_options[] = {
    {.name = "listen",
     .value = "ADDR:PORT",
     .help = "Where to listen. Default: port 7688 on all addresses, IPv6 and "
             "IPv4.",
     .kind = OPTION_LIST,
     .offset = AT(listen),
     .check = listen_address_check},
    {.name = "data",
     .value = "DIR",
     .help = "The folder for accounts, messages and the server's key. Default: "
             "$XDG_DATA_HOME/sotto/server.",
     .kind = OPTION_TEXT,
     .offset = AT(data)},
    {.name = "registration",
     .value = "WHO",
     .help = "Who may make an account: everybody, those with an invitation "
             "code, nobody. Default: open.",
     .kind = OPTION_CHOICE,
     .offset = AT(registration),
     .choices = registration_names},
    {.name = "invite-file",
     .value = "FILE",
     .help = "A file of invitation codes, one a line; read again at SIGHUP.",
     .kind = OPTION_TEXT,
     .offset = AT(invite_file)},
    {.name = "workers",
     .value = "N",
     .help = "Threads for the connections; with one there is no thread beside "
             "the server's own. Default: one for each processor.",
     .kind = OPTION_NUMBER,
     .offset = AT(workers),
     .min = 1,
     .max = SERVER_WORKERS_MAX},
    {.name = "cert",
     .value = "FILE",
     .help = "A certificate of this server (PEM, EC on P-256), with those of "
             "its authorities behind it, for clients that trust one (--ca); "
             "read again at SIGHUP. 'sotto cert' makes some.",
     .kind = OPTION_TEXT,
     .offset = AT(cert)},
    {.name = "key",
     .value = "FILE",
     .help = "The private key of --cert (PEM, without a passphrase).",
     .kind = OPTION_TEXT,
     .offset = AT(key)},
    {.name = "max-connections",
     .value = "N",
     .help = "Connections at a time. For one more somebody who has not logged "
             "in has to go; where all have, it is refused. Default: 1024.",
     .kind = OPTION_NUMBER,
     .offset = AT(max_connections),
     .min = 1,
     .max = 100000},
    {.name = "max-half-open",
     .value = "N",
     .help =
         "Connections at a time that have not logged in; for one more one of "
         "them has to go. Default: three quarters of --max-connections.",
     .kind = OPTION_NUMBER,
     .offset = AT(max_half_open),
     .min = 1,
     .max = 100000},
    {.name = "max-accounts",
     .value = "N",
     .help = "Accounts that may exist. Default: 10000.",
     .kind = OPTION_NUMBER,
     .offset = AT(max_accounts),
     .min = 1,
     .max = 1000000},
    {.name = "history",
     .value = "SIZE",
     .help = "How much of the room's log is kept; beyond that the oldest part "
             "is removed. Default: 256M.",
     .kind = OPTION_SIZE,
     .offset = AT(history_bytes),
     .min = 1U << 20,
     .max = 1ULL << 36},
    {.name = "login-timeout",
     .value = "TIME",
     .help = "From connecting to being logged in. Default: 60s.",
     .kind = OPTION_DURATION,
     .offset = AT(login_ms),
     .min = 100,
     .max = 3600000},
    {.name = "idle-timeout",
     .value = "TIME",
     .help = "Without a sign of life of a client (clients make one every half "
             "minute). Default: 3m.",
     .kind = OPTION_DURATION,
     .offset = AT(idle_ms),
     .min = 100,
     .max = 86400000},
    {.name = "stall-timeout",
     .value = "TIME",
     .help = "For a client that does not read what is sent to it. Default: "
             "30s.",
     .kind = OPTION_DURATION,
     .offset = AT(stall_ms),
     .min = 100,
     .max = 3600000},
    {.name = "login-tries",
     .value = "N",
     .help = "Wrong passwords a minute for one account from one address. "
             "Default: 10.",
     .kind = OPTION_NUMBER,
     .offset = AT(login_tries),
     .min = 1,
     .max = 60000},
    {.name = "register-tries",
     .value = "N",
     .help = "Registrations an hour from one address. Default: 100.",
     .kind = OPTION_NUMBER,
     .offset = AT(register_tries),
     .min = 1,
     .max = 3600000},
    {.name = "connect-rate",
     .value = "N",
     .help = "New connections a second from one address (IPv6: one /64), after "
             "as many at once as --max-connections; others are told to come "
             "later. 0: no limit. Default: 100.",
     .kind = OPTION_NUMBER,
     .offset = AT(connect_rate),
     .max = 1000},
    {.name = "message-rate",
     .value = "N",
     .help = "Messages a second of one connection, and of one account on all "
             "its connections, after as many at once; what is more has to wait "
             "and is not lost. 0: no limit. Default: 1000.",
     .kind = OPTION_NUMBER,
     .offset = AT(message_rate),
     .max = 1000000},
    {.name = "byte-rate",
     .value = "SIZE",
     .help = "Bytes a second, likewise. 0: no limit. Default: 1M.",
     .kind = OPTION_SIZE,
     .offset = AT(byte_rate),
     .max = 1U << 30},
    {.name = "log-level",
     .value = "LEVEL",
     .help = "What is logged on standard error. Default: info.",
     .kind = OPTION_CHOICE,
     .offset = AT(log_level),
     .choices = log_level_names},
    {.name = "log-no-time",
     .help = "No time in the log, where the system adds its own.",
     .kind = OPTION_FLAG,
     .offset = AT(no_time)},
    {.name = "config",
     .value = "FILE",
     .help = "Read settings from an INI file: a section [server] with these "
             "options' names as keys. The command line wins.",
     .kind = OPTION_TEXT,
     .offset = AT(config),
     .flags = OPTION_NOT_IN_FILE},
    {.name = "check-config",
     .help = "Look at the settings, say what is wrong with them, and end.",
     .kind = OPTION_FLAG,
     .offset = AT(check_config),
     .flags = OPTION_NOT_IN_FILE},
    {.name = "min-iterations",
     .value = "N",
     .help = "The weakest key derivation that a registration may use.",
     .kind = OPTION_NUMBER,
     .offset = AT(iterations_min),
     .flags = OPTION_HIDDEN,
     .min = 1,
     .max = SOTTO_SCRAM_ITERATIONS_MAX},
};

static const char *const server_examples[] = {
    "sotto server", "sotto server --listen 127.0.0.1:7688 --data ./chat",
    "sotto server --registration invite --invite-file codes.txt",
    "sotto server --cert server.pem --key server.key", NULL};

const struct command server_command = {
    .name = "server",
    .summary = "run a chat server",
    .description =
        "Runs a chat server until it is told to stop (SIGTERM or Control-C). "
        "Its key is made on the first start; its fingerprint, which clients "
        "are to be given, is in the first lines of the log. SIGUSR1 logs "
        "counters.",
    .options = server_options,
    .option_count = sizeof server_options / sizeof *server_options,
    .examples = server_examples,
};

void server_defaults(struct server_settings *settings)
{
    *settings = (struct server_settings){
        .log_level = LOG_INFO,
        .max_connections = SERVER_CONNECTIONS,
        .max_accounts = SERVER_ACCOUNTS,
        .history_bytes = SERVER_HISTORY,
        .login_ms = 60000,
        .idle_ms = 180000,
        .stall_ms = 30000,
        .login_tries = 10,
        .register_tries = 100,
        .connect_rate = SERVER_CONNECT_RATE,
        .message_rate = 1000,
        .byte_rate = 1U << 20,
        .iterations_min = SOTTO_SCRAM_ITERATIONS_MIN,
    };
}

/* Reads the settings file into `settings`; false when it said what is wrong. */
static bool read_settings(struct port *port, struct options *options,
                          struct server_settings *settings)
{
    static char text[SETTINGS_FILE_MAX + 1];
    static char errors[SETTINGS_FILE_MAX];
    size_t len = 0;
    if (settings->config == NULL) {
        return true;
    }
    enum sotto_err err = port_read_file(port, settings->config, (uint8_t *)text,
                                        SETTINGS_FILE_MAX, &len);
    if (err != SOTTO_OK) {
        say("sotto server: cannot read ", settings->config, ": ",
            port_last_error(port), "\n", NULL);
        return false;
    }
    struct textbuf out;
    textbuf_init(&out, errors, sizeof errors);
    const size_t count =
        settings_read(options, settings->config, text, len, settings, &out);
    say(errors, NULL);
    return count == 0;
}

/* What no single option can say. */
static bool check_settings(const struct server_settings *settings)
{
    if ((settings->cert == NULL) != (settings->key == NULL)) {
        say("sotto server: --cert FILE and --key FILE are given together: the "
            "certificate, and its private key\n",
            NULL);
        return false;
    }
    if (settings->registration == SOTTO_REGISTRATION_INVITE &&
        settings->invite_file == NULL) {
        say("sotto server: --registration invite needs --invite-file FILE with "
            "the codes\n",
            NULL);
        return false;
    }
    return true;
}

bool server_settings_ready(struct port *port, struct options *options,
                           struct server_settings *settings)
{
    return read_settings(port, options, settings) && check_settings(settings) &&
           (!settings->check_config ||
            server_certificate_check(port, settings));
}
