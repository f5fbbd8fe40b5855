#include "apps/sotto/cert.h"

#include "apps/sotto/address.h"
#include "apps/sotto/certificate_file.h"
#include "apps/sotto/paths.h"
#include "apps/sotto/system.h"
#include "apps/sotto/time_text.h"
#include "core/base/secret.h"
#include "core/crypto/p256_key.h"
#include "core/crypto/pem.h"
#include "core/crypto/x509_write.h"
#include <stdio.h>
#include <string.h>

#define CA_KEY      "ca.key"
#define CA_CERT     "ca.pem"
#define SERVER_KEY  "server.key"
#define SERVER_CERT "server.pem"

#define DAY_S       86400U
#define CA_DAYS     3650U
#define SERVER_DAYS 397U
/* Clocks of clients may be behind by so much. */
#define BACKDATE_S 3600U

/* The largest certificate that is made: names of 253 bytes. */
#define CERT_MAX                                                               \
    (SOTTO_X509_WRITE_MIN + SOTTO_X509_SUBJECT_DER +                           \
     OPTIONS_POSITIONAL_MAX * 260U)
#define CERT_TEXT_MAX SOTTO_PEM_TEXT(CERT_MAX, 11)

/* ---- the command line --------------------------------------------------- */

#define AT(member) offsetof(struct cert_settings, member)

#define OUT_OPTION                                                             \
    {                                                                          \
        .name = "out", .value = "DIR",                                         \
        .help = "Where to put the files; made if it is missing. Default: "     \
                "the present folder.",                                         \
        .kind = OPTION_TEXT, .offset = AT(out)                                 \
    }
#define DAYS_OPTION(default_days)                                              \
    {                                                                          \
        .name = "days", .value = "N",                                          \
        .help = "How long it is valid. Default: " default_days ".",            \
        .kind = OPTION_NUMBER, .offset = AT(days), .min = 1, .max = 36500      \
    }

static const char *check_name(const char *value)
{
    const size_t len = strlen(value);
    return len == 0 || len > SOTTO_X509_SUBJECT_MAX
               ? "is no name of 1 to 64 bytes"
               : NULL;
}

static const struct option ca_options[] = {
    OUT_OPTION,
    {.name = "name",
     .value = "NAME",
     .help = "What it is called. Default: Sotto authority.",
     .kind = OPTION_TEXT,
     .offset = AT(name),
     .check = check_name},
    DAYS_OPTION("3650"),
};

static const struct option server_options[] = {
    {.name = "ca",
     .value = "DIR",
     .help = "The folder of the authority, from 'sotto cert ca'. Default: the "
             "present folder.",
     .kind = OPTION_TEXT,
     .offset = AT(ca)},
    OUT_OPTION,
    DAYS_OPTION("397"),
};

static const char *const ca_examples[] = {"sotto cert ca --out authority",
                                          NULL};
static const char *const server_examples[] = {
    "sotto cert server chat.example.org --ca authority --out server",
    "sotto cert server chat.lan 192.0.2.1 ::1 --ca authority --out server",
    "sotto server --cert server/server.pem --key server/server.key",
    "sotto client chat.example.org --ca authority/ca.pem", NULL};

const struct command cert_commands[] = {
    {.name = "cert ca",
     .summary = "make an authority of your own for server certificates",
     .description =
         "Makes a private authority: " CA_KEY ", its private key, which "
         "whoever has it can certify servers with (keep it away from servers), "
         "and " CA_CERT ", its certificate, which clients are given: sotto "
         "client --ca " CA_CERT ".",
     .options = ca_options,
     .option_count = sizeof ca_options / sizeof *ca_options,
     .examples = ca_examples},
    {.name = "cert server",
     .summary = "make a certificate for a server",
     .arguments = "NAME...",
     .description =
         "Makes the certificate of a server with these host names and IP "
         "addresses, as clients dial them: " SERVER_CERT " and its private "
         "key, " SERVER_KEY ". A name may begin with '*.'. Where there is a "
         "key already, it makes a new certificate for it; a server that runs "
         "takes it at SIGHUP.",
     .options = server_options,
     .option_count = sizeof server_options / sizeof *server_options,
     .positional_min = 1,
     .positional_max = OPTIONS_POSITIONAL_MAX,
     .examples = server_examples},
};
const size_t cert_command_count = sizeof cert_commands / sizeof *cert_commands;

void cert_defaults(struct cert_settings *settings)
{
    *settings = (struct cert_settings){.out = ".",
                                       .ca = ".",
                                       .name = "Sotto authority"};
}

bool cert_is_command(const struct command *command)
{
    return strncmp(command->name, "cert ", 5) == 0;
}

/* ---- a run ----------------------------------------------------------------- */

struct cert_app {
    struct port *port;
    struct port_loop *loop;
    const struct options *options;
    const struct cert_settings *settings;
    struct sotto_random random;
    struct sotto_files files; /* of the folder --out */
    uint64_t now_s;
    struct certificate_file ca;
    uint8_t key[SOTTO_P256_PRIVATE_LEN]; /* the new certificate's */
    uint8_t public_key[SOTTO_P256_PUBLIC_LEN];
    struct sotto_x509_name names[OPTIONS_POSITIONAL_MAX];
    struct port_address addresses[OPTIONS_POSITIONAL_MAX];
    struct sotto_x509_plan plan;
    uint8_t der[CERT_MAX];
    struct sotto_span certificate; /* a view of `der` */
    char text[CERT_TEXT_MAX];
};

/* Says what is wrong; the last piece is NULL. */
#define FAIL(app, ...)                                                         \
    (say("sotto ", (app)->options->command->name, ": ", __VA_ARGS__, "\n",     \
         NULL),                                                                \
     false)

static bool failed(const struct cert_app *app, const char *what,
                   const char *name, enum sotto_err err)
{
    return FAIL(app, what, app->settings->out, "/", name, ": ",
                port_last_error(app->port), " (", sotto_err_name(err), ")");
}

/* True when there is such a file in --out. */
static bool exists(const struct cert_app *app, const char *name)
{
    int file = 0;
    if (app->files.open(app->files.ctx, name, 0, &file) != SOTTO_OK) {
        return false;
    }
    app->files.close(app->files.ctx, file);
    return true;
}

static enum sotto_err append(const struct sotto_files *files, const char *name,
                             const char *text, size_t len)
{
    int file = 0;
    enum sotto_err err =
        files->open(files->ctx, name, SOTTO_FILE_CREATE | SOTTO_FILE_TRUNCATE,
                    &file);
    if (err == SOTTO_OK) {
        err = files->append(files->ctx, file, (const uint8_t *)text, len);
        files->close(files->ctx, file);
    }
    return err;
}

/* Writes DER as a whole new file, durably. */
static bool write_file(struct cert_app *app, const char *name,
                       const char *label, struct sotto_span der)
{
    const struct sotto_files *files = &app->files;
    const char *const new_name = "new.pem";
    struct sotto_io io = {0};
    size_t len = 0;
    enum sotto_err err = sotto_pem_encode(label, der.at, der.len, app->text,
                                          sizeof app->text, &len);
    if (err == SOTTO_OK) {
        err = append(files, new_name, app->text, len);
        sotto_wipe(app->text, sizeof app->text);
    }
    if (err == SOTTO_OK) {
        files->replace(files->ctx, new_name, name, &io);
        err = path_wait(app->loop, &io, NULL);
    }
    return err == SOTTO_OK || failed(app, "cannot write ", name, err);
}

static bool write_key(struct cert_app *app, const char *name)
{
    uint8_t der[SOTTO_P256_KEY_DER];
    const bool is_written = sotto_p256_key_encode(app->key, der) == SOTTO_OK &&
                            write_file(app, name, "PRIVATE KEY",
                                       (struct sotto_span){der, sizeof der});
    sotto_wipe(der, sizeof der);
    return is_written;
}

/* ---- what both make ------------------------------------------------------------ */

static bool make_key(struct cert_app *app)
{
    enum sotto_err err = SOTTO_ERR_AUTH;
    while (err == SOTTO_ERR_AUTH) { /* one in 2^32 is none */
        err = app->random.fill(app->random.ctx, app->key, sizeof app->key);
        if (err == SOTTO_OK) {
            err = sotto_p256_public(app->key, app->public_key);
        }
    }
    return err == SOTTO_OK || FAIL(app, "no random bytes to be had");
}

static void set_times(struct cert_app *app, uint64_t default_days)
{
    const uint64_t days =
        app->settings->days != 0 ? app->settings->days : default_days;
    app->plan.from = app->now_s - BACKDATE_S;
    app->plan.until = app->now_s + days * DAY_S;
}

static bool sign(struct cert_app *app, struct sotto_span issuer,
                 const uint8_t *issuer_key)
{
    const struct sotto_x509_issuer by = {issuer, issuer_key};
    app->plan.public_key = app->public_key;
    enum sotto_err err = app->random.fill(app->random.ctx, app->plan.serial,
                                          sizeof app->plan.serial);
    if (err == SOTTO_OK) {
        err = sotto_x509_write(&app->plan, &by, app->der, sizeof app->der,
                               &app->certificate);
    }
    return err == SOTTO_OK ||
           FAIL(app, "cannot make the certificate (", sotto_err_name(err), ")");
}

static void tell(const struct cert_app *app, const char *name, const char *what)
{
    (void)printf("%s/%s  %s", app->settings->out, name, what);
}

static void tell_end(const struct cert_app *app)
{
    char until[TIME_TEXT];
    time_text(app->plan.until, until);
    (void)printf(", valid until %s\n", until);
}

/* ---- an authority ------------------------------------------------------------------ */

static bool make_ca(struct cert_app *app)
{
    uint8_t subject[SOTTO_X509_SUBJECT_DER];
    struct sotto_span name;
    if (exists(app, CA_KEY) || exists(app, CA_CERT)) {
        return FAIL(app, "there is an authority in ", app->settings->out,
                    " already; its certificates would be worth nothing "
                    "without it. Choose another folder with --out DIR");
    }
    app->plan.subject = app->settings->name;
    app->plan.is_authority = true;
    set_times(app, CA_DAYS);
    if (sotto_x509_write_subject(app->plan.subject, subject, &name) !=
        SOTTO_OK) {
        return FAIL(app, "--name is too long");
    }
    if (!make_key(app) || !sign(app, name, app->key) ||
        !write_key(app, CA_KEY) ||
        !write_file(app, CA_CERT, "CERTIFICATE", app->certificate)) {
        return false;
    }
    tell(app, CA_KEY,
         "the authority's private key: keep it safe, and away "
         "from servers\n");
    tell(app, CA_CERT, "its certificate, for clients (--ca)");
    tell_end(app);
    return true;
}

/* ---- a server ------------------------------------------------------------------------- */

/* Labels of letters, digits, - and _; a star may stand for the first. What ends
 * in a number is an IPv4 address, or a mistake. */
static bool is_dns_name(const char *name)
{
    const size_t len = strlen(name);
    size_t label = 0; /* characters of it so far */
    bool is_number = false;
    size_t at = strncmp(name, "*.", 2) == 0 ? 2 : 0;
    if (len > ADDRESS_HOST_MAX) {
        return false;
    }
    for (; at < len; at++) {
        const char c = name[at];
        const bool is_letter = (c >= 'a' && c <= 'z') ||
                               (c >= 'A' && c <= 'Z') ||
                               (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (!is_letter && (c != '.' || label == 0)) {
            return false;
        }
        is_number = (label == 0 || is_number) && c >= '0' && c <= '9';
        label = is_letter ? label + 1 : 0;
    }
    return label > 0 && !is_number;
}

static bool set_name(struct cert_app *app, size_t i)
{
    const char *text = app->options->positional[i];
    struct port_address *address = &app->addresses[i];
    struct sotto_x509_name *name = &app->names[i];
    if (port_address_parse(text, address) == SOTTO_OK) {
        const size_t skip = port_address_is_ipv4(address) ? 12 : 0;
        *name = (struct sotto_x509_name){true,
                                         {address->ip + skip,
                                          sizeof address->ip - skip}};
        return true;
    }
    if (!is_dns_name(text)) {
        return FAIL(app, "'", text,
                    "' is no host name and no IP address; letters beyond "
                    "ASCII are written as DNS has them (xn--...)");
    }
    *name =
        (struct sotto_x509_name){false, {(const uint8_t *)text, strlen(text)}};
    return true;
}

static bool set_names(struct cert_app *app)
{
    const char *first = app->options->positional[0];
    for (size_t i = 0; i < app->options->positional_count; i++) {
        if (!set_name(app, i)) {
            return false;
        }
    }
    app->plan.names = app->names;
    app->plan.name_count = app->options->positional_count;
    app->plan.subject =
        strlen(first) <= SOTTO_X509_SUBJECT_MAX ? first : "Sotto server";
    return true;
}

/* The path of a file in a folder. */
static bool path_of(struct cert_app *app, const char *folder, const char *name,
                    char out[static PATH_TEXT_MAX])
{
    struct textbuf path;
    textbuf_init(&path, out, PATH_TEXT_MAX);
    textbuf_add_all(&path, folder, "/", name, NULL);
    return !path.cut || FAIL(app, "a folder's name is too long");
}

static bool read_ca(struct cert_app *app)
{
    char cert[PATH_TEXT_MAX];
    char key[PATH_TEXT_MAX];
    char line[1024];
    struct textbuf why;
    textbuf_init(&why, line, sizeof line);
    return path_of(app, app->settings->ca, CA_CERT, cert) &&
           path_of(app, app->settings->ca, CA_KEY, key) &&
           (certificate_file_read(app->port, cert, key, &app->ca, &why) ||
            FAIL(app, line,
                 "; 'sotto cert ca' makes an authority, --ca DIR "
                 "names its folder"));
}

/* The key that is there, or a new one. */
static bool need_key(struct cert_app *app)
{
    char path[PATH_TEXT_MAX];
    char line[1024];
    struct textbuf why;
    textbuf_init(&why, line, sizeof line);
    if (!exists(app, SERVER_KEY)) {
        return make_key(app) && write_key(app, SERVER_KEY);
    }
    return path_of(app, app->settings->out, SERVER_KEY, path) &&
           (certificate_key_read(app->port, path, app->key, &why) ||
            FAIL(app, line)) &&
           (sotto_p256_public(app->key, app->public_key) == SOTTO_OK ||
            FAIL(app, "no memory"));
}

/* What clients will say of it: of the first name that is no pattern. */
static bool check(struct cert_app *app)
{
    const char *first = app->options->positional[0];
    const struct sotto_x509_trust trust = {.anchors = app->ca.chain,
                                           .anchor_count = 1,
                                           .now = app->now_s,
                                           .usage = SOTTO_X509_SERVER,
                                           .name =
                                               first[0] == '*' ? NULL : first};
    uint8_t key[SOTTO_P256_PUBLIC_LEN];
    struct sotto_x509_report report = {0};
    char line[256];
    struct textbuf why;
    enum sotto_err err =
        sotto_x509_examine(&app->certificate, 1, &trust, key, &report);
    textbuf_init(&why, line, sizeof line);
    certificate_flaws_text(report.flaws, &why);
    return err == SOTTO_OK ||
           FAIL(app, "clients would refuse a certificate of this authority: ",
                err == SOTTO_ERR_AUTH ? line : sotto_err_name(err));
}

static bool make_server(struct cert_app *app)
{
    struct sotto_x509_facts ca;
    if (!set_names(app) || !read_ca(app)) {
        return false;
    }
    if (sotto_x509_read(app->ca.chain[0], &ca) != SOTTO_OK ||
        ca.until <= app->now_s) {
        return FAIL(app, "the authority's own certificate has expired; make a "
                         "new one, and give it to the clients");
    }
    set_times(app, SERVER_DAYS);
    if (app->plan.until > ca.until) {
        app->plan.until = ca.until; /* beyond that nobody believes it */
    }
    app->plan.from = app->plan.from < ca.from ? ca.from : app->plan.from;
    if (!need_key(app) || !sign(app, ca.subject, app->ca.private_key) ||
        !check(app) ||
        !write_file(app, SERVER_CERT, "CERTIFICATE", app->certificate)) {
        return false;
    }
    tell(app, SERVER_KEY, "the server's private key, for --key\n");
    tell(app, SERVER_CERT, "its certificate, for --cert");
    tell_end(app);
    return true;
}

/* ---- running ---------------------------------------------------------------------- */

static bool run(struct cert_app *app)
{
    if (certificate_now(app->now_s) == SOTTO_TIME_UNKNOWN) {
        return FAIL(app, "this machine's clock is behind the age of this "
                         "program; set it first");
    }
    enum sotto_err err =
        path_open(app->loop, app->settings->out, false, &app->files);
    if (err != SOTTO_OK) {
        return failed(app, "cannot use ", "", err);
    }
    const bool is_ca = strcmp(app->options->command->name, "cert ca") == 0;
    bool is_done = is_ca ? make_ca(app) : make_server(app);
    port_files_close(&app->files);
    if (is_done && (fflush(stdout) != 0 || ferror(stdout) != 0)) {
        is_done = FAIL(app, "the output could not be written");
    }
    return is_done;
}

int cert_main(struct port *port, const struct options *options,
              const struct cert_settings *settings)
{
    struct cert_app *app = system_memory(sizeof *app);
    bool is_done = false;
    if (app == NULL) {
        say("sotto cert: no memory\n", NULL);
        return 1;
    }
    app->port = port;
    app->options = options;
    app->settings = settings;
    app->random = port_random(port);
    app->now_s = port_wall_s(port);
    if (port_loop_open(port, 1, &app->loop) == SOTTO_OK) {
        is_done = run(app);
        port_loop_close(app->loop);
    } else {
        (void)FAIL(app, "cannot start: ", port_last_error(port));
    }
    sotto_wipe(app, sizeof *app);
    system_memory_free(app);
    return is_done ? 0 : 1;
}
