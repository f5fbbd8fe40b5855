/*
 * certificate_file.h - certificates and their keys in files that a person named
 * (PEM): a server's chain with its private key, and the authorities that a client
 * trusts. Hosts only.
 */
#ifndef SOTTO_APP_CERTIFICATE_FILE_H
#define SOTTO_APP_CERTIFICATE_FILE_H

#include "apps/sotto/textbuf.h"
#include "core/channel/certificate.h"
#include "port/port.h"

/* The largest file of a chain or a key. */
#define CERTIFICATE_FILE_MAX 65536
/* The largest of authorities (a system's are some 300 KiB), and how many of
 * those that can be used are kept, in how many bytes. */
#define AUTHORITY_FILE_MAX  (4U << 20)
#define AUTHORITY_COUNT_MAX 256
#define AUTHORITY_BYTES     (128U << 10)

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

/* True when what a certificate vouches for until then has ended. */
bool certificate_has_ended(uint64_t until_s, uint64_t now_s);

/* Whom a client trusts. */
struct authorities {
    struct sotto_span list[AUTHORITY_COUNT_MAX];
    size_t count;
    size_t unusable; /* of a system's: others than ECDSA on P-256, mostly */
    size_t used;     /* of `bytes` */
    uint8_t bytes[AUTHORITY_BYTES];
};

/* Reads the certificates of a file, or those that the system trusts ("system").
 * False with a sentence in `why`. */
bool authorities_read(struct port *port, const char *name,
                      struct authorities *authorities, struct textbuf *why);

/* The time to judge by: `now_s`, unless it is unknown, or before this program
 * was built: then it is SOTTO_TIME_UNKNOWN. */
uint64_t certificate_now(uint64_t now_s);
/* When this program was built; seconds since 1970. */
uint64_t certificate_floor(void);

/* Adds what the flaws mean, for instance "it has expired". */
void certificate_flaws_text(unsigned flaws, struct textbuf *out);

#endif
