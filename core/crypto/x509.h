/*
 * x509.h - X.509 certificates (RFC 5280): whether a chain of them leads to
 * somebody who is trusted, and the P-256 key that it vouches for.
 *
 * Signatures are ECDSA on P-256 with SHA-256, nothing else. What a critical
 * extension asks for and is not known here (constraints of names among it) makes
 * a certificate unreadable. Revocation is not looked at.
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

/* The subject of a certificate: its encoded Name, a view. FORMAT, SPACE. */
enum sotto_err sotto_x509_subject(struct sotto_span certificate,
                                  struct sotto_span *subject) SOTTO_MUST_CHECK;

#endif
