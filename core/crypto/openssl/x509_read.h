/*
 * x509_read.h - one certificate: whether it is one that this project reads.
 */
#ifndef SOTTO_CRYPTO_OPENSSL_X509_READ_H
#define SOTTO_CRYPTO_OPENSSL_X509_READ_H

#include "core/crypto/x509_fields.h"
#include <openssl/x509.h>

/* Reads a certificate: FORMAT for one that is not readable as x509.h has it,
 * SPACE. */
enum sotto_err sotto_openssl_read(struct sotto_span in, X509 **certificate,
                                  struct sotto_x509_fields *fields)
    SOTTO_MUST_CHECK;

#endif
