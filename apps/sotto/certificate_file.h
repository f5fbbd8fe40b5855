/*
 * certificate_file.h - certificates and their keys in files that a person named
 * (PEM): a server's chain with its private key. certificate_file.c has
 * authorities_read() (certificate.h) of files, too. Hosts only.
 */
#ifndef SOTTO_APP_CERTIFICATE_FILE_H
#define SOTTO_APP_CERTIFICATE_FILE_H

#include "apps/sotto/certificate.h"
#include "apps/sotto/textbuf.h"
#include "core/channel/certificate.h"
#include "port/port.h"

/* The largest file of a chain or a key. */
#define CERTIFICATE_FILE_MAX 65536
/* The largest of authorities; a system's are some 300 KiB. */
#define AUTHORITY_FILE_MAX (4U << 20)

/* A server's certificate. Spans are views of `bytes`: not to be copied. */
struct certificate_file {
    struct sotto_span chain[SOTTO_X509_CHAIN_MAX];
    size_t count;
    uint8_t private_key[SOTTO_P256_PRIVATE_LEN];
    uint8_t bytes[SOTTO_CERTIFICATE_MAX];
};

/*
 * Reads a chain and the key of its first certificate, and looks whether both are
 * what they should be, apart from times. False with a sentence in `why` that
 * names the file; `file` is then wiped.
 */
bool certificate_file_read(struct port *port, const char *cert, const char *key,
                           struct certificate_file *file, struct textbuf *why);
void certificate_file_wipe(struct certificate_file *file);

/* Reads a private key alone. False with a sentence in `why`. */
bool certificate_key_read(struct port *port, const char *name,
                          uint8_t key[static SOTTO_P256_PRIVATE_LEN],
                          struct textbuf *why);

/* When the chain is valid: every certificate in it is, and what else is wrong
 * with it is in `flaws` (enum sotto_x509_flaw), but for whose it is, which is for
 * clients to say. */
struct sotto_x509_report certificate_file_examine(
    const struct certificate_file *file, uint64_t now_s);

#endif
