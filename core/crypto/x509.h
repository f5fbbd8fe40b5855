/*
 * x509.h - X.509 certificates (RFC 5280): whether a chain of them leads to
 * somebody who is trusted, and the P-256 key that it vouches for.
 *
 * Signatures are ECDSA on P-256 with SHA-256, nothing else. What a critical
 * extension asks for and is not known here makes a certificate unreadable, and
 * so do constraints of names, critical or not. Revocation is not looked at.
 *
 * A back end need not have this: who does not call it does not link it.
 */
#ifndef SOTTO_CRYPTO_X509_H
#define SOTTO_CRYPTO_X509_H

#include "core/crypto/p256.h"
#include <sotto/span.h>

/* What a certificate is to be good for. Where it says nothing about its usage,
 * it is good for everything. */
enum sotto_x509_usage {
    SOTTO_X509_CLIENT = 0, /* digitalSignature, clientAuth */
    SOTTO_X509_SERVER      /* digitalSignature, serverAuth */
};

/* The most certificates in a chain, the anchor not counted. */
#define SOTTO_X509_CHAIN_MAX 6U

/* Whom one trusts, and when and for what. */
struct sotto_x509_trust {
    const struct sotto_span *anchors; /* certificates, DER */
    size_t anchor_count;
    uint64_t now;   /* seconds since 1970, or SOTTO_TIME_UNKNOWN */
    uint64_t floor; /* where it is unknown: it is this or later */
    enum sotto_x509_usage usage;
    const char *name; /* a DNS name, or an IP address in figures, that the first
                         certificate is for; NULL: any */
};

/*
 * Verifies a chain: the certificate itself first, then those that may be wanted
 * on the way to an anchor; all in DER. `key` gets its public key.
 *
 * FORMAT for what cannot be read, whose key is not of P-256, or has bytes behind
 * it; an anchor counts, too. AUTH for a chain that leads to no anchor, or is not
 * valid now, or not for this usage or name; LIMIT for one that is too long;
 * SPACE when the back end's memory is used up while reading.
 */
enum sotto_err sotto_x509_verify(const struct sotto_span *chain, size_t count,
                                 const struct sotto_x509_trust *trust,
                                 uint8_t key[static SOTTO_P256_PUBLIC_LEN])
    SOTTO_MUST_CHECK;

/* What can be wrong with a chain: bits, for words to a person. */
enum sotto_x509_flaw {
    SOTTO_X509_EXPIRED = 1,
    SOTTO_X509_NOT_YET = 2,
    SOTTO_X509_OTHER_NAME = 4,
    SOTTO_X509_OTHER_USAGE = 8,
    SOTTO_X509_UNTRUSTED = 16 /* no way to an anchor: of another authority, one
                                 in between is missing, or a signature or its
                                 algorithm is wrong */
};

struct sotto_x509_report {
    unsigned flaws; /* enum sotto_x509_flaw, together */
    uint64_t from;  /* when all certificates of the way to the anchor, this */
    uint64_t until; /* included, are valid: first and last second, since 1970 */
};

/*
 * The same as sotto_x509_verify(), and says what was found. With OK and with
 * AUTH `report` is set; `flaws` is 0 with OK and not 0 with AUTH.
 */
enum sotto_err sotto_x509_examine(const struct sotto_span *chain, size_t count,
                                  const struct sotto_x509_trust *trust,
                                  uint8_t key[static SOTTO_P256_PUBLIC_LEN],
                                  struct sotto_x509_report *report)
    SOTTO_MUST_CHECK;

/* One certificate, unverified. */
struct sotto_x509_facts {
    struct sotto_span subject; /* its encoded Name, a view */
    uint8_t key[SOTTO_P256_PUBLIC_LEN];
    uint64_t from; /* first and last second, since 1970 */
    uint64_t until;
};

/* Reads a certificate with a key of P-256. FORMAT, SPACE. */
enum sotto_err sotto_x509_read(struct sotto_span certificate,
                               struct sotto_x509_facts *facts) SOTTO_MUST_CHECK;

/* The subject of a certificate: its encoded Name, a view. FORMAT, SPACE. */
enum sotto_err sotto_x509_subject(struct sotto_span certificate,
                                  struct sotto_span *subject) SOTTO_MUST_CHECK;

#endif
