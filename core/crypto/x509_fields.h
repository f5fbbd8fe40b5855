/*
 * x509_fields.h - what back ends look at themselves in a certificate (RFC 5280
 * 4.1): read the same for all of them, because libraries differ in what they
 * let pass.
 */
#ifndef SOTTO_CRYPTO_X509_FIELDS_H
#define SOTTO_CRYPTO_X509_FIELDS_H

#include "core/crypto/p256.h"
#include <sotto/span.h>

struct sotto_x509_fields {
    struct sotto_span subject; /* its encoded Name, a view */
    struct sotto_span key;     /* SubjectPublicKeyInfo, a view */
    uint64_t from;             /* first and last second since 1970, 0 for all */
    uint64_t until;            /* before */
};

/*
 * Takes a certificate apart that a library has read. FORMAT where an encoding is
 * not DER, a time is not in the form of RFC 5280 4.1.2.5, something stands
 * behind it, or a path length is given to who is no authority (4.2.1.9).
 */
enum sotto_err sotto_x509_fields_read(struct sotto_span certificate,
                                      struct sotto_x509_fields *fields)
    SOTTO_MUST_CHECK;

/* The key, where it is an uncompressed point of P-256. FORMAT. */
enum sotto_err sotto_x509_fields_key(const struct sotto_x509_fields *fields,
                                     uint8_t key[static SOTTO_P256_PUBLIC_LEN])
    SOTTO_MUST_CHECK;

#endif
