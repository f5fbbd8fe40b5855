/*
 * x509_write.h - makes X.509 certificates (RFC 5280) of a private authority: its
 * own, and those of servers. ECDSA on P-256 with SHA-256.
 */
#ifndef SOTTO_CRYPTO_X509_WRITE_H
#define SOTTO_CRYPTO_X509_WRITE_H

#include "core/crypto/p256.h"
#include <sotto/span.h>
#include <stdbool.h>

#define SOTTO_X509_SERIAL_LEN  16
#define SOTTO_X509_SUBJECT_MAX 64 /* bytes of a common name */
#define SOTTO_X509_SUBJECT_DER (SOTTO_X509_SUBJECT_MAX + 16U) /* as a Name */
#define SOTTO_X509_NAMES_MAX   32
/* What a certificate takes beside its names and its issuer's. */
#define SOTTO_X509_WRITE_MIN 640

/* A name that a certificate is for: a DNS name in ASCII, which may begin with
 * "*.", or the 4 or 16 bytes of an IP address. */
struct sotto_x509_name {
    bool is_ip;
    struct sotto_span bytes;
};

/* What a certificate is to say. */
struct sotto_x509_plan {
    const char *subject; /* common name: 1 to SOTTO_X509_SUBJECT_MAX bytes */
    uint64_t from;       /* first and last second, since 1970, until 9999 */
    uint64_t until;
    uint8_t serial[SOTTO_X509_SERIAL_LEN]; /* random bytes */
    const uint8_t *public_key; /* of P-256, SOTTO_P256_PUBLIC_LEN bytes */
    bool is_authority;         /* it certifies servers; otherwise it is one */
    const struct sotto_x509_name *names; /* of a server */
    size_t name_count;                   /* 1 to SOTTO_X509_NAMES_MAX */
};

/* Who signs it. */
struct sotto_x509_issuer {
    struct sotto_span subject; /* its encoded Name */
    const uint8_t *private_key;
};

/* The encoded Name of a common name, for an authority that signs itself: a view
 * of `out`. LIMIT for one that is too long or empty. */
enum sotto_err sotto_x509_write_subject(
    const char *subject, uint8_t out[static SOTTO_X509_SUBJECT_DER],
    struct sotto_span *name) SOTTO_MUST_CHECK;

/*
 * Makes a certificate in `out`; `*certificate` is a view of it. LIMIT for a plan
 * that is not as above; AUTH when the issuer's key is none; SPACE.
 */
enum sotto_err sotto_x509_write(const struct sotto_x509_plan *plan,
                                const struct sotto_x509_issuer *issuer,
                                uint8_t *out, size_t cap,
                                struct sotto_span *certificate)
    SOTTO_MUST_CHECK;

#endif
