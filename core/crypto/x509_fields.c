/*
 * x509_fields.c - a certificate taken apart.
 */
#include "core/crypto/x509_fields.h"
#include "core/crypto/asn1.h"
#include <string.h>

/* A SubjectPublicKeyInfo of P-256 (RFC 5480) up to the uncompressed point. */
static const uint8_t key_prefix[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a,
                                     0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                     0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
                                     0x01, 0x07, 0x03, 0x42, 0x00};

static struct sotto_reader reader_of(struct sotto_span in)
{
    struct sotto_reader r;

    sotto_reader_init(&r, in.at, in.len);
    return r;
}

/* -------------------------------------------------------------------- time */

/* Days since 1970-01-01 of the Gregorian calendar: years begin in March, so
 * that the leap day ends them. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    month = month > 2 ? month - 3 : month + 9;
    year = month > 9 ? year - 1 : year;
    return 365 * year + year / 4 - year / 100 + year / 400 +
           (153 * month + 2) / 5 + day - 1 - 719468;
}

/* Two figures. */
static int64_t read_two(struct sotto_reader *r)
{
    const unsigned tens = sotto_read_u8(r) - (unsigned)'0';
    const unsigned ones = sotto_read_u8(r) - (unsigned)'0';

    if (tens > 9 || ones > 9) {
        sotto_reader_fail(r);
        return 0;
    }
    return 10 * tens + ones;
}

/* YYMMDDHHMMSSZ, of 1950 to 2049, or YYYYMMDDHHMMSSZ. */
static uint64_t read_time(struct sotto_reader *validity)
{
    const bool is_long = sotto_asn1_is_next(validity, SOTTO_ASN1_TIME);
    struct sotto_reader r =
        reader_of(sotto_asn1_read(validity, is_long ? SOTTO_ASN1_TIME
                                                    : SOTTO_ASN1_UTC_TIME));
    const int64_t century = is_long ? read_two(&r) : 0;
    const int64_t of_century = read_two(&r);
    const int64_t year = is_long            ? 100 * century + of_century
                         : of_century >= 50 ? 1900 + of_century
                                            : 2000 + of_century;
    const int64_t month = read_two(&r);
    int64_t seconds = days_of(year, month, read_two(&r));

    for (int i = 0; i < 3; i++) {
        seconds = (i == 0 ? 24 : 60) * seconds + read_two(&r);
    }
    if (sotto_read_u8(&r) != 'Z' || sotto_reader_finish(&r) != SOTTO_OK) {
        sotto_reader_fail(validity);
    }
    return seconds < 0 ? 0 : (uint64_t)seconds;
}

/* -------------------------------------------------------------- extensions */

#define BASIC_CONSTRAINTS 19
#define NAME_CONSTRAINTS  30

/* Is it the one of id-ce (2.5.29) with that number? */
static bool is_extension(struct sotto_span oid, uint8_t number)
{
    const uint8_t known[] = {0x55, 0x1d, number};

    return oid.len == sizeof known && memcmp(oid.at, known, sizeof known) == 0;
}

/* Takes an extension. One that limits the path of who is no authority is not
 * allowed; nor one that limits the names of an authority, which would be for all
 * of them here. */
static void read_extension(struct sotto_reader *all)
{
    struct sotto_reader r =
        reader_of(sotto_asn1_read(all, SOTTO_ASN1_SEQUENCE));
    const struct sotto_span oid = sotto_asn1_read(&r, SOTTO_ASN1_OID);
    struct sotto_span is_authority = {NULL, 0};

    if (is_extension(oid, NAME_CONSTRAINTS)) {
        sotto_reader_fail(all);
    }
    if (!is_extension(oid, BASIC_CONSTRAINTS)) {
        return;
    }
    if (sotto_asn1_is_next(&r, SOTTO_ASN1_BOOLEAN)) { /* critical */
        (void)sotto_asn1_read(&r, SOTTO_ASN1_BOOLEAN);
    }
    r = reader_of(sotto_asn1_read(&r, SOTTO_ASN1_OCTETS));
    r = reader_of(sotto_asn1_read(&r, SOTTO_ASN1_SEQUENCE));
    if (sotto_asn1_is_next(&r, SOTTO_ASN1_BOOLEAN)) {
        is_authority = sotto_asn1_read(&r, SOTTO_ASN1_BOOLEAN);
    }
    if (r.left > 0 && (is_authority.len == 0 || is_authority.at[0] == 0)) {
        sotto_reader_fail(all);
    }
}

static void read_extensions(struct sotto_reader *tbs)
{
    struct sotto_reader r =
        reader_of(sotto_asn1_read(tbs, SOTTO_ASN1_CONTEXTS + 3));
    struct sotto_reader all =
        reader_of(sotto_asn1_read(&r, SOTTO_ASN1_SEQUENCE));

    while (all.left > 0 && !all.bad) {
        read_extension(&all);
    }
    if (all.bad || sotto_reader_finish(&r) != SOTTO_OK) {
        sotto_reader_fail(tbs);
    }
}

/* ------------------------------------------------------------- certificate */

/* The next SEQUENCE with its tag and length. */
static struct sotto_span read_whole(struct sotto_reader *r)
{
    const uint8_t *at = r->at;

    (void)sotto_asn1_read(r, SOTTO_ASN1_SEQUENCE);
    return (struct sotto_span){at, (size_t)(r->at - at)};
}

static enum sotto_err read_tbs(struct sotto_span tbs,
                               struct sotto_x509_fields *fields)
{
    struct sotto_reader r = reader_of(tbs);
    struct sotto_reader validity;

    if (sotto_asn1_is_next(&r, SOTTO_ASN1_CONTEXTS)) {
        (void)sotto_asn1_read(&r, SOTTO_ASN1_CONTEXTS); /* version */
    }
    (void)sotto_asn1_read(&r, SOTTO_ASN1_INTEGER);  /* serialNumber */
    (void)sotto_asn1_read(&r, SOTTO_ASN1_SEQUENCE); /* signature */
    (void)sotto_asn1_read(&r, SOTTO_ASN1_SEQUENCE); /* issuer */
    validity = reader_of(sotto_asn1_read(&r, SOTTO_ASN1_SEQUENCE));
    fields->from = read_time(&validity);
    fields->until = read_time(&validity);
    fields->subject = read_whole(&r);
    fields->key = read_whole(&r);
    for (uint8_t i = 1; i <= 2; i++) { /* unique identifiers */
        if (sotto_asn1_is_next(&r, SOTTO_ASN1_CONTEXT + i)) {
            (void)sotto_asn1_read(&r, SOTTO_ASN1_CONTEXT + i);
        }
    }
    if (r.left > 0) {
        read_extensions(&r);
    }
    return sotto_reader_finish(&validity) == SOTTO_OK ? sotto_reader_finish(&r)
                                                      : SOTTO_ERR_FORMAT;
}

enum sotto_err sotto_x509_fields_read(struct sotto_span certificate,
                                      struct sotto_x509_fields *fields)
{
    struct sotto_reader outside = reader_of(certificate);
    struct sotto_reader r =
        reader_of(sotto_asn1_read(&outside, SOTTO_ASN1_SEQUENCE));
    const struct sotto_span tbs = sotto_asn1_read(&r, SOTTO_ASN1_SEQUENCE);
    struct sotto_span signature;

    (void)sotto_asn1_read(&r, SOTTO_ASN1_SEQUENCE); /* signatureAlgorithm */
    signature = sotto_asn1_read(&r, SOTTO_ASN1_BIT_STRING);
    if (sotto_reader_finish(&r) != SOTTO_OK ||
        sotto_reader_finish(&outside) != SOTTO_OK || signature.len == 0 ||
        signature.at[0] != 0) { /* bits of its last byte that are not used */
        return SOTTO_ERR_FORMAT;
    }
    return read_tbs(tbs, fields);
}

enum sotto_err sotto_x509_fields_key(const struct sotto_x509_fields *fields,
                                     uint8_t key[static SOTTO_P256_PUBLIC_LEN])
{
    if (fields->key.len != sizeof key_prefix + SOTTO_P256_PUBLIC_LEN ||
        memcmp(fields->key.at, key_prefix, sizeof key_prefix) != 0) {
        return SOTTO_ERR_FORMAT;
    }
    memcpy(key, fields->key.at + sizeof key_prefix, SOTTO_P256_PUBLIC_LEN);
    return SOTTO_OK;
}
