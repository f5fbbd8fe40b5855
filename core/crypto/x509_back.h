/*
 * x509_back.h - certificates: what a back end brings beside
 * sotto_x509_examine(), and what x509.c brings for it.
 */
#ifndef SOTTO_CRYPTO_X509_BACK_H
#define SOTTO_CRYPTO_X509_BACK_H

#include "core/crypto/x509.h"
#include "core/crypto/x509_fields.h"
#include <stdbool.h>

/* The library reads a certificate, unverified; the fields are taken. FORMAT,
 * SPACE. */
enum sotto_err sotto_x509_parse(struct sotto_span certificate,
                                struct sotto_x509_fields *fields)
    SOTTO_MUST_CHECK;

/* Is a DNS name of a certificate for that host, which is no IP address? `*.` at
 * its beginning stands for any first label; case does not count. */
bool sotto_x509_is_for(struct sotto_span dns, const char *name);

/* A report without flaws; the times of each certificate of the way to the
 * anchor; at last what they mean: AUTH when there is any flaw. */
void sotto_x509_begin_report(struct sotto_x509_report *report);
void sotto_x509_add_times(struct sotto_x509_report *report,
                          const struct sotto_x509_fields *fields);
enum sotto_err sotto_x509_end_report(struct sotto_x509_report *report,
                                     const struct sotto_x509_trust *trust)
    SOTTO_MUST_CHECK;

#endif
