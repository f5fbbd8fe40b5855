/*
 * certificate.h - makes X.509 certificates for tests: good ones, and such as
 * nobody may take.
 */
#ifndef SOTTO_TESTS_UNIT_CRYPTO_CERTIFICATE_H
#define SOTTO_TESTS_UNIT_CRYPTO_CERTIFICATE_H

#include <sotto/span.h>
#include <stdbool.h>

#define CERTIFICATE_MAX 768

enum certificate_usage {
    CERTIFICATE_SIGNS = 0x80,          /* digitalSignature */
    CERTIFICATE_CERTIFIES = 0x04,      /* keyCertSign */
    CERTIFICATE_ENCIPHERS_KEYS = 0x20, /* keyEncipherment */
    CERTIFICATE_ENCIPHERS_ONLY = 0x01  /* encipherOnly */
};

/* What a certificate says; what is 0 or NULL is left out. */
struct certificate_plan {
    const char *subject; /* common name */
    const char *issuer;
    const uint8_t *key;        /* the subject's private key */
    const uint8_t *issuer_key; /* that it is signed with */
    const char *not_before;    /* YYYYMMDDHHMMSSZ */
    const char *not_after;
    bool is_ca;
    int path_len;      /* plus 1 */
    uint8_t usage;     /* enum certificate_usage, together */
    uint8_t extended;  /* 1: serverAuth, 2: clientAuth */
    const char *dns;   /* subjectAltName */
    const uint8_t *ip; /* four bytes of it */
    const char *uri;
    bool has_unknown; /* a critical extension that nobody knows */
    bool is_limited;  /* to names, by an extension that is not critical */
};

/* An authority called "root", from 2020 to 2030, that signs itself; its key. */
extern const struct certificate_plan certificate_root;
extern const uint8_t certificate_root_key[32];

/* Makes it in `out`, and gives a view. */
struct sotto_span certificate_make(const struct certificate_plan *plan,
                                   uint8_t out[CERTIFICATE_MAX]);

#endif
