/*
 * mls_x509.h - X.509 credentials of MLS (RFC 9420 5.3): members who are who a
 * certificate says.
 *
 * Who does not use it does not link it; certificates take memory from malloc(),
 * or where the crypto library has none, from its own.
 */
#ifndef SOTTO_MLS_X509_H
#define SOTTO_MLS_X509_H

#include <sotto/mls.h>

/* Whom one trusts to say who is who. */
struct sotto_mls_x509 {
    const struct sotto_span *anchors; /* certificates, DER */
    size_t anchor_count;
    uint64_t now;   /* seconds since 1970, or SOTTO_TIME_UNKNOWN */
    uint64_t floor; /* where it is unknown: it is this or later */
};

/*
 * Whether a chain of certificates leads from this signature key to an anchor
 * (5.3.1), all of them valid now, and good for signing. It is for the
 * `credential` function of struct sotto_mls_client to call, which then decides
 * whether the subject is welcome. Where `old` is given, the subject has to be
 * the same, and not empty.
 *
 * AUTH; FORMAT for what cannot be read, LIMIT for a chain of more than six,
 * UNSUPPORTED for another type of credential; SPACE when there is no memory to
 * read certificates.
 */
enum sotto_err sotto_mls_credential_x509(
    const struct sotto_mls_x509 *trust,
    const struct sotto_mls_credential *credential,
    struct sotto_span signature_key, const struct sotto_mls_credential *old)
    SOTTO_MUST_CHECK;

/* The subject of a credential's first certificate: an encoded Name (RFC 5280
 * 4.1.2.4), a view. It is not verified. FORMAT, SPACE, UNSUPPORTED. */
enum sotto_err sotto_mls_x509_subject(
    const struct sotto_mls_credential *credential, struct sotto_span *subject)
    SOTTO_MUST_CHECK;

/* Writes the `body` of a credential: certificates, the leaf's own first.
 * SPACE. */
enum sotto_err sotto_mls_write_certificates(
    const struct sotto_span *certificates, size_t count,
    struct sotto_mls_buffer *out) SOTTO_MUST_CHECK;

#endif
