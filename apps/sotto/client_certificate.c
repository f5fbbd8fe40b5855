/*
 * client_certificate.c - the server's certificate, for a client that was told
 * whom to trust (--ca; on a board, the authority of its image). It decides each
 * time anew, before anything is sent.
 */
#include "apps/sotto/certificate.h"
#include "apps/sotto/client_inner.h"
#include "apps/sotto/system.h"
#include "apps/sotto/textbuf.h"
#include "apps/sotto/time_text.h"
#include <string.h>

struct client_certificate {
    struct authorities authorities;
    bool is_time_told; /* that the time is not known */
};

bool client_certificate_open(struct client_app *app)
{
    char line[1024];
    struct textbuf why;
    textbuf_init(&why, line, sizeof line);
    app->certificate = system_memory(sizeof *app->certificate);
    if (app->certificate == NULL) {
        textbuf_add(&why, "no memory for authorities");
    } else if (authorities_read(app->port, app->settings.ca,
                                &app->certificate->authorities, &why)) {
        return true;
    }
    view_error(&app->view, "usage", line);
    return false;
}

/* ---- what is wrong ---------------------------------------------------------- */

static void add_time(struct textbuf *text, const char *words, uint64_t time_s)
{
    char time[TIME_TEXT];
    time_text(time_s, time);
    textbuf_add_all(text, words, time, NULL);
}

/* Bounds that were crossed, and the clock that says so. */
static void add_times(struct textbuf *text,
                      const struct sotto_x509_report *report, uint64_t now_s)
{
    if ((report->flaws & SOTTO_X509_EXPIRED) != 0) {
        add_time(text, " (it was valid until ", report->until);
    } else if ((report->flaws & SOTTO_X509_NOT_YET) != 0) {
        add_time(text, " (it is valid from ", report->from);
    } else {
        return;
    }
    if (certificate_now(now_s) != SOTTO_TIME_UNKNOWN) {
        add_time(text, "; this machine's clock says ", now_s);
    }
    textbuf_add_char(text, ')');
}

static const char *flaw_advice(unsigned flaws)
{
    if ((flaws & SOTTO_X509_UNTRUSTED) != 0) {
        return OPTION_ADVICE_OR(
            "Ask whoever runs the server for the certificate of the "
            "authority, and name it with --ca FILE",
            "This board trusts the authority that its image was built with, "
            "and no other");
    }
    if ((flaws & SOTTO_X509_OTHER_NAME) != 0) {
        return "Use the name that the certificate is for, or ask whoever runs "
               "the server for one with this name";
    }
    if ((flaws & SOTTO_X509_OTHER_USAGE) != 0) {
        return "Whoever runs the server has to get one for servers "
               "(serverAuth)";
    }
    return SYSTEM_HAS_CLOCK
               ? "Set the clock if it is wrong; otherwise whoever runs the "
                 "server has to renew it"
               : "Whoever runs the server has to renew it";
}

static void complain(struct client_app *app, enum sotto_err err,
                     const struct sotto_x509_report *report)
{
    char *line = app->known;
    struct textbuf text;
    const char *advice = "Somebody may be in between: tell whoever runs the "
                         "server";
    textbuf_init(&text, line, sizeof app->known);
    textbuf_add_all(&text, "THE CERTIFICATE of the server ", app->server_text,
                    " is not to be trusted: ", NULL);
    if (err == SOTTO_ERR_NOT_FOUND) {
        text.len = 0;
        textbuf_add_all(
            &text, "the server ", app->server_text,
            OPTION_ADVICE_OR(" shows no certificate, and --ca asks for one",
                             " shows no certificate, or one that is too long "
                             "for this board"),
            NULL);
        advice = OPTION_ADVICE_OR(
            "Whoever runs it starts it with --cert and --key; or use its "
            "fingerprint, with --pin and without --ca",
            "Whoever runs it starts it with --cert and --key; or use its "
            "fingerprint: sotto://FINGERPRINT@HOST:PORT");
    } else if (err == SOTTO_ERR_AUTH && report->flaws != 0) {
        certificate_flaws_text(report->flaws, &text);
        add_times(&text, report, port_wall_s(app->port));
        advice = flaw_advice(report->flaws);
    } else if (err == SOTTO_ERR_AUTH) {
        textbuf_add(&text, "its signature is not one of this server's key");
    } else if (err == SOTTO_ERR_SPACE) {
        textbuf_add(&text, "there is not enough memory to look at it");
    } else if (err == SOTTO_ERR_LIMIT) {
        textbuf_add(&text, "its chain is too long");
    } else {
        textbuf_add(&text, "it is not one of X.509 with an EC (ECDSA) key on "
                           "P-256");
    }
    textbuf_add_all(&text, ". Nothing was sent. ", advice, NULL);
    view_error(&app->view, "identity", line);
}

/* ---- looking ------------------------------------------------------------------ */

/* Of a name the zone of an IPv6 address and the last dot do not count. */
static void name_of_server(const struct client_app *app,
                           char name[static ADDRESS_HOST_MAX + 1])
{
    const char *host = app->address.host;
    size_t len = strcspn(host, "%");
    len -= len > 1 && host[len - 1] == '.' ? 1 : 0;
    memcpy(name, host, len);
    name[len] = 0;
}

static void tell_of_time(struct client_app *app)
{
    if (!app->certificate->is_time_told) {
        app->certificate->is_time_told = true;
        view_remark(&app->view,
                    "this machine does not know the time (or its clock is "
                    "behind this program's own age): whether the server's "
                    "certificate has ended meanwhile cannot be told");
    }
}

enum client_verdict client_certificate_check(struct client_app *app,
                                             const uint8_t key[static 32])
{
    char name[ADDRESS_HOST_MAX + 1];
    struct sotto_x509_report report = {0};
    name_of_server(app, name);
    const struct sotto_x509_trust trust = {
        .anchors = app->certificate->authorities.list,
        .anchor_count = app->certificate->authorities.count,
        .now = certificate_now(port_wall_s(app->port)),
        .floor = certificate_floor(),
        .usage = SOTTO_X509_SERVER,
        .name = name};
    enum sotto_err err =
        sotto_certificate_verify(sotto_link_certificate(&app->client.link), key,
                                 &trust, &report);
    if (err != SOTTO_OK) {
        complain(app, err, &report);
        client_finish(app, CLIENT_EXIT_IDENTITY);
        return CLIENT_REFUSE;
    }
    if (trust.now == SOTTO_TIME_UNKNOWN) {
        tell_of_time(app);
    }
    app->trust = CLIENT_TRUST_CERTIFIED;
    app->certified_until_s = report.until;
    return CLIENT_ACCEPT;
}
