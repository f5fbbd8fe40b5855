/*
 * server_certificate.c - the server's certificate: read, signed, renewed while
 * the server runs, and looked at for its end.
 *
 * There are two payloads of message 2: the one that is shown, and one to make the
 * next in. The hub's thread makes them and says which is shown; a worker looks at
 * that in each turn and says which it has taken. The other one is written to only
 * when every worker has taken the one that is shown: no worker uses it then, or
 * will before the hub shows it.
 */
#include "apps/sotto/certificate_file.h"
#include "apps/sotto/server_inner.h"
#include "apps/sotto/system.h"
#include "apps/sotto/time_text.h"
#include <stdatomic.h>

#define DAY_S UINT64_C(86400)
/* From so many days before its end on, the end is in the log once a day. */
#define WARN_DAYS 21U

struct server_certificate {
    uint8_t payloads[2][SOTTO_CERTIFICATE_PAYLOAD_MAX];
    size_t lens[2];
    atomic_uint shown;
    atomic_uint taken[SERVER_WORKERS_MAX];
    /* the hub's thread */
    uint64_t until_s;
    uint64_t next_warning_s;
    bool wants_reload;
};

/* ---- making ---------------------------------------------------------------- */

static bool sign(const struct server *server,
                 const struct certificate_file *file, uint8_t *payload,
                 size_t *len, struct textbuf *why)
{
    const struct sotto_certificate_plan plan = {
        .chain = file->chain,
        .count = file->count,
        .private_key = file->private_key,
        .static_key = server->identity.public_key,
        .receive_limit = server->workers[0].session.link.receive_limit};
    enum sotto_err err =
        sotto_certificate_encode(&plan, payload, SOTTO_CERTIFICATE_PAYLOAD_MAX,
                                 len);
    if (err != SOTTO_OK) {
        textbuf_add_all(why, server->settings.cert, " cannot be used (",
                        sotto_err_name(err), ")", NULL);
    }
    return err == SOTTO_OK;
}

/* Reads both files and looks at them; what is wrong now and may be right for
 * clients later, or was until now, is in `report`. */
static bool read_files(struct port *port,
                       const struct server_settings *settings,
                       struct certificate_file *file,
                       struct sotto_x509_report *report, struct textbuf *why)
{
    if (!certificate_file_read(port, settings->cert, settings->key, file,
                               why)) {
        return false;
    }
    *report = certificate_file_examine(file, port_wall_s(port));
    const unsigned lasting =
        report->flaws & ~(unsigned)(SOTTO_X509_EXPIRED | SOTTO_X509_NOT_YET);
    if (lasting != 0) {
        textbuf_add_all(why, settings->cert, ": ", NULL);
        certificate_flaws_text(lasting, why);
        textbuf_add(why, lasting == SOTTO_X509_UNTRUSTED
                             ? ": each certificate in it has to be signed by "
                               "the next one"
                             : "");
    }
    return lasting == 0;
}

static bool make(struct server *server, uint8_t *payload, size_t *len,
                 struct sotto_x509_report *report, struct textbuf *why)
{
    struct certificate_file *file = system_memory(sizeof *file);
    if (file == NULL) {
        textbuf_add(why, "no memory for the certificate");
        return false;
    }
    const bool is_made =
        read_files(server->port, &server->settings, file, report, why) &&
        sign(server, file, payload, len, why);
    certificate_file_wipe(file);
    system_memory_free(file);
    return is_made;
}

/* ---- telling --------------------------------------------------------------- */

static void warn_of_end(struct server *server, uint64_t now_s)
{
    struct server_certificate *certificate = server->certificate;
    const uint64_t until = certificate->until_s;
    char text[TIME_TEXT];
    certificate->next_warning_s = now_s + DAY_S;
    time_text(until, text);
    if (until < now_s) {
        log_event(&server->log, LOG_ERROR, "certificate", "expired",
                  LOG_FIELDS(log_text("until", text)));
    } else if (until - now_s < WARN_DAYS * DAY_S) {
        log_event(&server->log, LOG_WARN, "certificate", "ends_soon",
                  LOG_FIELDS(log_text("until", text),
                             log_number("days_left", (until - now_s) / DAY_S)));
    }
}

/* Tells when it is valid. */
static void tell(struct server *server, const struct sotto_x509_report *report)
{
    char from[TIME_TEXT];
    char until[TIME_TEXT];
    const uint64_t now_s = port_wall_s(server->port);
    time_text(report->from, from);
    time_text(report->until, until);
    log_event(&server->log, LOG_INFO, "certificate", "shown",
              LOG_FIELDS(log_text("file", server->settings.cert),
                         log_text("until", until)));
    if ((report->flaws & SOTTO_X509_NOT_YET) != 0) {
        log_event(&server->log, LOG_ERROR, "certificate", "not_valid_yet",
                  LOG_FIELDS(log_text("from", from)));
    }
    if (now_s != SOTTO_TIME_UNKNOWN) {
        warn_of_end(server, now_s);
    }
}

/* ---- the life of it --------------------------------------------------------- */

/* Makes the payload that is not shown, and shows it. */
static bool load(struct server *server, struct textbuf *why)
{
    struct server_certificate *certificate = server->certificate;
    struct sotto_x509_report report;
    const unsigned next = atomic_load(&certificate->shown) ^ 1U;
    if (!make(server, certificate->payloads[next], &certificate->lens[next],
              &report, why)) {
        return false;
    }
    certificate->until_s = report.until;
    atomic_store(&certificate->shown, next);
    tell(server, &report);
    return true;
}

bool server_certificate_open(struct server *server)
{
    char line[1024];
    struct textbuf why;
    textbuf_init(&why, line, sizeof line);
    server->certificate = system_memory(sizeof *server->certificate);
    if (server->certificate == NULL) {
        textbuf_add(&why, "no memory for the certificate");
    } else if (load(server, &why)) {
        return true;
    }
    say("sotto server: ", line, "\n", NULL);
    return false;
}

void server_certificate_close(struct server *server)
{
    system_memory_free(server->certificate);
}

static bool have_all_taken(const struct server *server)
{
    struct server_certificate *certificate = server->certificate;
    const unsigned shown = atomic_load(&certificate->shown);
    for (size_t i = 0; i < server->worker_count; i++) {
        if (atomic_load(&certificate->taken[i]) != shown) {
            return false;
        }
    }
    return true;
}

static void reload(struct server *server)
{
    char line[1024];
    struct textbuf why;
    textbuf_init(&why, line, sizeof line);
    server->certificate->wants_reload = !have_all_taken(server);
    if (!server->certificate->wants_reload && !load(server, &why)) {
        log_event(&server->log, LOG_ERROR, "certificate", "unusable",
                  LOG_FIELDS(log_text("reason", line)));
    }
}

void server_certificate_reload(struct server *server)
{
    if (server->certificate != NULL) {
        reload(server);
    }
}

void server_certificate_tick(struct server *server)
{
    struct server_certificate *certificate = server->certificate;
    if (certificate == NULL) {
        return;
    }
    if (certificate->wants_reload) {
        reload(server);
    }
    if (server->wall_s != SOTTO_TIME_UNKNOWN &&
        server->wall_s >= certificate->next_warning_s) {
        warn_of_end(server, server->wall_s);
    }
}

void server_certificate_take(struct worker *worker)
{
    struct server *server = worker->server;
    struct server_certificate *certificate = server->certificate;
    if (certificate != NULL) {
        const unsigned shown = atomic_load(&certificate->shown);
        worker->session.certificate =
            (struct sotto_span){certificate->payloads[shown],
                                certificate->lens[shown]};
        atomic_store(&certificate->taken[worker - server->workers], shown);
    }
}

/* ---- --check-config ------------------------------------------------------------ */

/* An end that comes, or has come. */
static void say_times(const char *cert, const struct sotto_x509_report *report,
                      uint64_t now_s)
{
    char until[TIME_TEXT];
    char days[SAY_NUMBER];
    time_text(report->until, until);
    if (report->flaws == 0 && now_s != SOTTO_TIME_UNKNOWN) {
        say("sotto server: ", cert, " is valid until ", until, ", for ",
            say_number((report->until - now_s) / DAY_S, days), " days\n", NULL);
    } else if ((report->flaws & SOTTO_X509_EXPIRED) != 0) {
        say("sotto server: ", cert, " has expired: it was valid until ", until,
            "\n", NULL);
    } else if ((report->flaws & SOTTO_X509_NOT_YET) != 0) {
        time_text(report->from, until);
        say("sotto server: ", cert, " is not valid before ", until, "\n", NULL);
    }
}

bool server_certificate_check(struct port *port,
                              const struct server_settings *settings)
{
    struct sotto_x509_report report = {0};
    char line[1024];
    struct textbuf why;
    textbuf_init(&why, line, sizeof line);
    if (settings->cert == NULL) {
        return true;
    }
    struct certificate_file *file = system_memory(sizeof *file);
    if (file == NULL) {
        say("sotto server: no memory\n", NULL);
        return false;
    }
    const bool is_good = read_files(port, settings, file, &report, &why);
    certificate_file_wipe(file);
    system_memory_free(file);
    if (is_good) {
        say_times(settings->cert, &report, port_wall_s(port));
    } else {
        say("sotto server: ", line, "\n", NULL);
    }
    return is_good && report.flaws == 0;
}
