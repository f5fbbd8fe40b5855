/*
 * certificate.h - certificates apart from files: whom a client trusts, the time to
 * judge by, and what is wrong in words.
 *
 * Not linked where a client never looks at one (CLIENT_CERTIFICATES).
 */
#ifndef SOTTO_APP_CERTIFICATE_H
#define SOTTO_APP_CERTIFICATE_H

#include "apps/sotto/capacity.h"
#include "apps/sotto/textbuf.h"
#include "core/channel/certificate.h"
#include "port/port.h"

/* The next certificate of a text (PEM), into `bytes` from `*used` on. NOT_FOUND
 * at the end; FORMAT, SPACE. Keys and other blocks are passed over. */
enum sotto_err certificate_next(struct sotto_span *text, uint8_t *bytes,
                                size_t cap, size_t *used,
                                struct sotto_span *certificate)
    SOTTO_MUST_CHECK;

/* Whom a client trusts. Spans are views of `bytes`: not to be copied. */
struct authorities {
    struct sotto_span list[AUTHORITY_COUNT_MAX];
    size_t count;
    size_t unusable; /* of a system's: others than ECDSA on P-256, mostly */
    size_t used;     /* of `bytes` */
    uint8_t bytes[AUTHORITY_BYTES];
};

/* Reads the certificates of a file, or those that the system trusts ("system");
 * on a board those that its image was built with, whatever the name. False with a
 * sentence in `why`. */
bool authorities_read(struct port *port, const char *name,
                      struct authorities *authorities, struct textbuf *why);

/* Takes the certificates of a text (PEM) of that name; those that cannot be used
 * are passed over, or are an error. False with a sentence in `why`. */
bool authorities_take(struct authorities *authorities, const char *name,
                      struct sotto_span text, bool passes_over,
                      struct textbuf *why);

/* The time to judge by: `now_s`, unless it is unknown, or before this program
 * was built: then it is SOTTO_TIME_UNKNOWN. */
uint64_t certificate_now(uint64_t now_s);
/* When this program was built; seconds since 1970. */
uint64_t certificate_floor(void);

/* True when what a certificate vouches for until then has ended. */
bool certificate_has_ended(uint64_t until_s, uint64_t now_s);

/* Adds what the flaws mean, for instance "it has expired". */
void certificate_flaws_text(unsigned flaws, struct textbuf *out);

#endif
