#include "apps/sotto/certificate_file.h"

#include "apps/sotto/system.h"
#include "core/base/secret.h"
#include "core/crypto/p256_key.h"
#include "core/crypto/pem.h"
#include <string.h>

/* ---- files ---------------------------------------------------------------- */

/* A whole file in memory of its own; NULL with a sentence in `why`. */
static uint8_t *read_file(struct port *port, const char *name, size_t cap,
                          struct sotto_span *text, struct textbuf *why)
{
    uint8_t *memory = system_memory(cap);
    size_t len = 0;
    enum sotto_err err = memory == NULL
                             ? SOTTO_ERR_SPACE
                             : port_read_file(port, name, memory, cap, &len);
    if (err != SOTTO_OK) {
        textbuf_add_all(why, "cannot read ", name, ": ",
                        memory == NULL ? "no memory" : port_last_error(port),
                        NULL);
        system_memory_free(memory);
        return NULL;
    }
    *text = (struct sotto_span){memory, len};
    return memory;
}

/* Takes the text of a file apart, into something. */
typedef bool (*take_text)(void *into, const char *name, struct sotto_span text,
                          struct textbuf *why);

/* The file may hold a key: what was read of it is wiped. */
static bool read_into(struct port *port, const char *name, take_text take,
                      void *into, struct textbuf *why)
{
    struct sotto_span text;
    uint8_t *memory = read_file(port, name, CERTIFICATE_FILE_MAX, &text, why);
    if (memory == NULL) {
        return false;
    }
    const bool is_read = take(into, name, text, why);
    sotto_wipe(memory, text.len);
    system_memory_free(memory);
    return is_read;
}

/* ---- a server's chain ------------------------------------------------------ */

static bool take_chain(void *into, const char *name, struct sotto_span text,
                       struct textbuf *why)
{
    struct certificate_file *file = into;
    struct sotto_span one;
    size_t used = 0;
    enum sotto_err err = SOTTO_OK;
    while (err == SOTTO_OK) {
        err = certificate_next(&text, file->bytes, sizeof file->bytes, &used,
                               &one);
        if (err == SOTTO_OK && file->count == SOTTO_X509_CHAIN_MAX) {
            err = SOTTO_ERR_SPACE;
        } else if (err == SOTTO_OK) {
            file->chain[file->count++] = one;
        }
    }
    const char *reason =
        err == SOTTO_ERR_SPACE
            ? " has too long a chain: at most six certificates and 8 KiB"
        : err != SOTTO_ERR_NOT_FOUND ? " is damaged: a block in it is not PEM"
        : file->count == 0           ? " has no certificate: it should be PEM, "
                                       "-----BEGIN CERTIFICATE-----"
                                     : NULL;
    if (reason != NULL) {
        textbuf_add_all(why, name, reason, NULL);
    }
    return reason == NULL;
}

/* ---- its key ------------------------------------------------------------------ */

static const char encrypted[] =
    " is encrypted; a server that starts by itself needs it without a "
    "passphrase: openssl pkcs8 -topk8 -nocrypt -in FILE -out NEWFILE";

static const char *key_reason(enum sotto_err err, struct sotto_span label)
{
    if (err == SOTTO_ERR_NOT_FOUND) {
        return " has no private key: it should be PEM, -----BEGIN PRIVATE "
               "KEY-----";
    }
    if (sotto_pem_is(label, "ENCRYPTED PRIVATE KEY")) {
        return encrypted;
    }
    if (err == SOTTO_ERR_UNSUPPORTED) {
        return " is a key of another kind; it has to be EC (ECDSA) on P-256: "
               "openssl ecparam -name prime256v1 -genkey -noout";
    }
    return " is damaged, or not a private key";
}

static bool is_key(struct sotto_span label)
{
    return sotto_pem_is(label, "PRIVATE KEY") ||
           sotto_pem_is(label, "EC PRIVATE KEY");
}

static bool take_key(void *key, const char *name, struct sotto_span text,
                     struct textbuf *why)
{
    uint8_t der[4096];
    struct sotto_span label = {NULL, 0};
    size_t len = 0;
    enum sotto_err err = SOTTO_OK;
    do { /* parameters of the curve may stand before it */
        err = sotto_pem_next(&text, &label, der, sizeof der, &len);
    } while (err == SOTTO_OK && !is_key(label) &&
             !sotto_pem_is(label, "ENCRYPTED PRIVATE KEY") &&
             !sotto_pem_is(label, "RSA PRIVATE KEY"));
    const char *reason = NULL;
    if (err == SOTTO_OK && is_key(label)) {
        err = sotto_p256_key_decode((struct sotto_span){der, len}, key);
        reason = err == SOTTO_OK ? NULL : key_reason(err, label);
    } else if (err == SOTTO_ERR_UNSUPPORTED) {
        reason = encrypted; /* the old way, with headers */
    } else {
        reason =
            key_reason(err == SOTTO_OK ? SOTTO_ERR_UNSUPPORTED : err, label);
    }
    sotto_wipe(der, sizeof der);
    if (reason != NULL) {
        textbuf_add_all(why, name, reason, NULL);
    }
    return reason == NULL;
}

bool certificate_key_read(struct port *port, const char *name,
                          uint8_t key[static SOTTO_P256_PRIVATE_LEN],
                          struct textbuf *why)
{
    return read_into(port, name, take_key, key, why);
}

/* ---- both --------------------------------------------------------------------- */

static bool check_pair(const struct certificate_file *file, const char *cert,
                       const char *key, struct textbuf *why)
{
    struct sotto_x509_facts facts;
    uint8_t public_key[SOTTO_P256_PUBLIC_LEN];
    for (size_t i = 0; i < file->count; i++) {
        struct sotto_x509_facts other;
        if (sotto_x509_read(file->chain[i], i == 0 ? &facts : &other) !=
            SOTTO_OK) {
            textbuf_add_all(why, cert, ": certificate ", NULL);
            textbuf_add_number(why, i + 1);
            textbuf_add(why, " cannot be used; it has to be X.509 with an EC "
                             "(ECDSA) key on P-256");
            return false;
        }
    }
    if (sotto_p256_public(file->private_key, public_key) != SOTTO_OK ||
        memcmp(public_key, facts.key, sizeof public_key) != 0) {
        textbuf_add_all(why, key,
                        " is not the key of the first certificate in ", cert,
                        "; the server's own has to be the first", NULL);
        return false;
    }
    return true;
}

bool certificate_file_read(struct port *port, const char *cert, const char *key,
                           struct certificate_file *file, struct textbuf *why)
{
    certificate_file_wipe(file);
    const bool is_good =
        read_into(port, cert, take_chain, file, why) &&
        certificate_key_read(port, key, file->private_key, why) &&
        check_pair(file, cert, key, why);
    if (!is_good) {
        certificate_file_wipe(file);
    }
    return is_good;
}

void certificate_file_wipe(struct certificate_file *file)
{
    sotto_wipe(file, sizeof *file);
}

struct sotto_x509_report certificate_file_examine(
    const struct certificate_file *file, uint64_t now_s)
{
    /* Its last certificate stands for the authority that clients trust. */
    const size_t rest = file->count > 1 ? file->count - 1 : 1;
    const struct sotto_x509_trust trust = {.anchors =
                                               &file->chain[file->count - 1],
                                           .anchor_count = 1,
                                           .now = certificate_now(now_s),
                                           .floor = certificate_floor(),
                                           .usage = SOTTO_X509_SERVER};
    struct sotto_x509_report report = {SOTTO_X509_UNTRUSTED, 0, 0};
    uint8_t key[SOTTO_P256_PUBLIC_LEN];
    if (sotto_x509_examine(file->chain, rest, &trust, key, &report) !=
            SOTTO_OK &&
        file->count == 1) {
        /* Whoever issued it is not here. */
        report.flaws &= ~(unsigned)SOTTO_X509_UNTRUSTED;
    }
    return report;
}

/* ---- authorities ------------------------------------------------------------------ */

/* Where systems keep those that they trust. */
static const char *const system_files[] = {
    "/etc/ssl/certs/ca-certificates.crt", /* Debian, Arch, Gentoo */
    "/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, Red Hat */
    "/etc/ssl/ca-bundle.pem",             /* SUSE */
    "/etc/ssl/cert.pem",                  /* Alpine, BSD */
};

static uint8_t *read_system_file(struct port *port, const char **name,
                                 struct sotto_span *text, struct textbuf *why)
{
    const char *named = system_variable("SSL_CERT_FILE");
    if (named != NULL && named[0] != 0) {
        *name = named;
        return read_file(port, named, AUTHORITY_FILE_MAX, text, why);
    }
    for (size_t i = 0; i < sizeof system_files / sizeof *system_files; i++) {
        char ignored[256];
        struct textbuf reason;
        textbuf_init(&reason, ignored, sizeof ignored);
        *name = system_files[i];
        uint8_t *memory =
            read_file(port, *name, AUTHORITY_FILE_MAX, text, &reason);
        if (memory != NULL) {
            return memory;
        }
    }
    textbuf_add(why, "this system's authorities are not where they are "
                     "elsewhere; name their file with --ca FILE");
    return NULL;
}

bool authorities_read(struct port *port, const char *name,
                      struct authorities *authorities, struct textbuf *why)
{
    const bool is_system = strcmp(name, "system") == 0;
    struct sotto_span text;
    uint8_t *memory =
        is_system ? read_system_file(port, &name, &text, why)
                  : read_file(port, name, AUTHORITY_FILE_MAX, &text, why);
    if (memory == NULL) {
        return false;
    }
    const bool is_taken =
        authorities_take(authorities, name, text, is_system, why);
    system_memory_free(memory);
    return is_taken;
}
