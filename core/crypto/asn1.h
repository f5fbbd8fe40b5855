/*
 * asn1.h - values of ASN.1 in DER (X.690), as keys and certificates are made of.
 *
 * Reading is from the front, with a struct sotto_reader. Writing is from behind,
 * because a value stands before its length is known: what is in an outer value
 * is written first, then wrapped.
 */
#ifndef SOTTO_CRYPTO_ASN1_H
#define SOTTO_CRYPTO_ASN1_H

#include "core/base/reader.h"
#include <sotto/err.h>
#include <sotto/span.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sotto_asn1_tag {
    SOTTO_ASN1_BOOLEAN = 0x01,
    SOTTO_ASN1_INTEGER = 0x02,
    SOTTO_ASN1_BIT_STRING = 0x03,
    SOTTO_ASN1_OCTETS = 0x04,
    SOTTO_ASN1_OID = 0x06,
    SOTTO_ASN1_UTF8 = 0x0c,
    SOTTO_ASN1_UTC_TIME = 0x17,
    SOTTO_ASN1_TIME = 0x18, /* GeneralizedTime */
    SOTTO_ASN1_SEQUENCE = 0x30,
    SOTTO_ASN1_SET = 0x31,
    SOTTO_ASN1_CONTEXT = 0x80,  /* plus its number: [0], [1], ... */
    SOTTO_ASN1_CONTEXTS = 0xa0, /* the same, around other values */
};

/* The contents of the next value, which must have this tag and the shortest
 * length of at most 65535; otherwise the reader is `bad` and the span empty. */
struct sotto_span sotto_asn1_read(struct sotto_reader *r, uint8_t tag);

/* True when the next value has this tag. */
bool sotto_asn1_is_next(const struct sotto_reader *r, uint8_t tag);

/* Writes from the end of `out` towards its beginning. */
struct sotto_asn1 {
    uint8_t *out; /* borrowed */
    size_t cap;
    size_t at; /* what is written begins here */
    bool bad;  /* something did not fit: nothing more was written */
};

void sotto_asn1_init(struct sotto_asn1 *w, uint8_t *out, size_t cap);

/* Bytes as they are. */
void sotto_asn1_put(struct sotto_asn1 *w, const void *in, size_t len);
void sotto_asn1_put_byte(struct sotto_asn1 *w, uint8_t byte);

/* Tag and length, before what was written since `at` was `end`. */
void sotto_asn1_wrap(struct sotto_asn1 *w, uint8_t tag, size_t end);

/* A value with these contents. */
void sotto_asn1_value(struct sotto_asn1 *w, uint8_t tag, const void *in,
                      size_t len);

/* All that was written: a view of the end of `out`. SPACE. */
enum sotto_err sotto_asn1_finish(const struct sotto_asn1 *w,
                                 struct sotto_span *written) SOTTO_MUST_CHECK;

#endif
