/* x509_write.c - see x509_write.h. Each value is written before its length and
 * tag are known: read the functions from their ends. */
#include "core/crypto/x509_write.h"
#include "core/base/assert.h"
#include "core/crypto/hash.h"
#include "core/crypto/p256_key.h"
#include <string.h>

/* The last second of the year 9999. */
#define TIME_MAX 253402300799U
/* UTCTime has two digits of the year: until 2049. */
#define UTC_TIME_END 2524608000U

/* Algorithm, and a signature in a BIT STRING. */
#define SIGNATURE_MAX (12U + 3U + SOTTO_P256_SIGNATURE_MAX)

/* A key identifier: so much of the key's hash (RFC 7093 2, method 1). */
#define KEY_ID_LEN 20

/* ---- parts ---------------------------------------------------------------- */

/* A Name: one common name. */
static void put_name(struct sotto_asn1 *w, const char *subject)
{
    static const uint8_t oid[] = {0x55, 0x04, 0x03};
    const size_t end = w->at;

    sotto_asn1_value(w, SOTTO_ASN1_UTF8, subject, strlen(subject));
    sotto_asn1_value(w, SOTTO_ASN1_OID, oid, sizeof oid);
    sotto_asn1_wrap(w, SOTTO_ASN1_SEQUENCE, end);
    sotto_asn1_wrap(w, SOTTO_ASN1_SET, end);
    sotto_asn1_wrap(w, SOTTO_ASN1_SEQUENCE, end);
}

/* SEQUENCE { ecdsa-with-SHA256 } */
static void put_algorithm(struct sotto_asn1 *w)
{
    static const uint8_t oid[] = {0x2a, 0x86, 0x48, 0xce,
                                  0x3d, 0x04, 0x03, 0x02};
    const size_t end = w->at;

    sotto_asn1_value(w, SOTTO_ASN1_OID, oid, sizeof oid);
    sotto_asn1_wrap(w, SOTTO_ASN1_SEQUENCE, end);
}

struct date {
    unsigned year;
    unsigned month;
    unsigned day;
};

/* The Gregorian date so many days after 1970-01-01: counted in eras of 400
 * years that begin in March, so that the leap day ends a year. */
static struct date date_of(uint64_t days)
{
    const uint64_t since = days + 719468; /* 0000-03-01 */
    const unsigned day = (unsigned)(since % 146097);
    const unsigned year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    const unsigned rest = day - (365 * year + year / 4 - year / 100);
    const unsigned month = (5 * rest + 2) / 153; /* from March */
    const struct date date = {(unsigned)(since / 146097) * 400 + year +
                                  (month >= 10 ? 1U : 0U),
                              month < 10 ? month + 3 : month - 9,
                              rest - (153 * month + 2) / 5 + 1};

    return date;
}

static void put_two(char *at, unsigned value)
{
    at[0] = (char)('0' + value / 10 % 10);
    at[1] = (char)('0' + value % 10);
}

static void put_time(struct sotto_asn1 *w, uint64_t seconds)
{
    char text[15]; /* YYYYMMDDHHMMSSZ */
    const struct date date = date_of(seconds / 86400);
    const unsigned rest = (unsigned)(seconds % 86400);

    put_two(text, date.year / 100);
    put_two(text + 2, date.year % 100);
    put_two(text + 4, date.month);
    put_two(text + 6, date.day);
    put_two(text + 8, rest / 3600);
    put_two(text + 10, rest / 60 % 60);
    put_two(text + 12, rest % 60);
    text[14] = 'Z';
    if (seconds < UTC_TIME_END) {
        sotto_asn1_value(w, SOTTO_ASN1_UTC_TIME, text + 2, sizeof text - 2);
    } else {
        sotto_asn1_value(w, SOTTO_ASN1_TIME, text, sizeof text);
    }
}

static void put_serial(struct sotto_asn1 *w, const uint8_t *random)
{
    uint8_t serial[SOTTO_X509_SERIAL_LEN];

    memcpy(serial, random, sizeof serial);
    serial[0] = (uint8_t)((serial[0] & 0x7fU) | 0x40U); /* positive, shortest */
    sotto_asn1_value(w, SOTTO_ASN1_INTEGER, serial, sizeof serial);
}

/* ---- extensions ----------------------------------------------------------- */

/* id-ce (2.5.29) and a number, around what was written since `end`. */
static void wrap_extension(struct sotto_asn1 *w, uint8_t number,
                           bool is_critical, size_t end)
{
    const uint8_t oid[] = {0x55, 0x1d, number};
    const uint8_t yes = 0xff;

    sotto_asn1_wrap(w, SOTTO_ASN1_OCTETS, end);
    if (is_critical) {
        sotto_asn1_value(w, SOTTO_ASN1_BOOLEAN, &yes, 1);
    }
    sotto_asn1_value(w, SOTTO_ASN1_OID, oid, sizeof oid);
    sotto_asn1_wrap(w, SOTTO_ASN1_SEQUENCE, end);
}

static void put_key_id(struct sotto_asn1 *w, uint8_t tag, const uint8_t *key)
{
    uint8_t id[SOTTO_HASH_LEN];

    sotto_sha256(key, SOTTO_P256_PUBLIC_LEN, id);
    sotto_asn1_value(w, tag, id, KEY_ID_LEN);
}

/* Key identifiers: of the subject and of the issuer. */
static void put_key_ids(struct sotto_asn1 *w,
                        const struct sotto_x509_plan *plan,
                        const uint8_t *issuer_key)
{
    size_t end = w->at;

    put_key_id(w, SOTTO_ASN1_CONTEXT, issuer_key);
    sotto_asn1_wrap(w, SOTTO_ASN1_SEQUENCE, end);
    wrap_extension(w, 35, false, end);
    end = w->at;
    put_key_id(w, SOTTO_ASN1_OCTETS, plan->public_key);
    wrap_extension(w, 14, false, end);
}

static void put_usage(struct sotto_asn1 *w, bool is_authority)
{
    /* keyCertSign and cRLSign, or digitalSignature: bits from the highest. */
    const uint8_t bits[2] = {is_authority ? 1 : 7, is_authority ? 0x06 : 0x80};
    const size_t end = w->at;

    sotto_asn1_value(w, SOTTO_ASN1_BIT_STRING, bits, sizeof bits);
    wrap_extension(w, 15, true, end);
}

/* An authority for servers: none below it. */
static void put_constraints(struct sotto_asn1 *w, bool is_authority)
{
    const uint8_t yes = 0xff;
    const uint8_t none = 0;
    const size_t end = w->at;

    if (is_authority) {
        sotto_asn1_value(w, SOTTO_ASN1_INTEGER, &none, 1);
        sotto_asn1_value(w, SOTTO_ASN1_BOOLEAN, &yes, 1);
    }
    sotto_asn1_wrap(w, SOTTO_ASN1_SEQUENCE, end);
    wrap_extension(w, 19, true, end);
}

static void put_server_usage(struct sotto_asn1 *w)
{
    static const uint8_t oid[] = {0x2b, 0x06, 0x01, 0x05,
                                  0x05, 0x07, 0x03, 0x01};
    const size_t end = w->at;

    sotto_asn1_value(w, SOTTO_ASN1_OID, oid, sizeof oid);
    sotto_asn1_wrap(w, SOTTO_ASN1_SEQUENCE, end);
    wrap_extension(w, 37, false, end);
}

static void put_names(struct sotto_asn1 *w, const struct sotto_x509_plan *plan)
{
    const size_t end = w->at;

    for (size_t i = plan->name_count; i > 0; i--) {
        const struct sotto_x509_name *name = &plan->names[i - 1];
        sotto_asn1_value(w, SOTTO_ASN1_CONTEXT + (name->is_ip ? 7 : 2),
                         name->bytes.at, name->bytes.len);
    }
    sotto_asn1_wrap(w, SOTTO_ASN1_SEQUENCE, end);
    wrap_extension(w, 17, false, end);
}

static void put_extensions(struct sotto_asn1 *w,
                           const struct sotto_x509_plan *plan,
                           const uint8_t *issuer_key)
{
    const size_t end = w->at;

    put_key_ids(w, plan, issuer_key);
    if (!plan->is_authority) {
        put_names(w, plan);
        put_server_usage(w);
    }
    put_usage(w, plan->is_authority);
    put_constraints(w, plan->is_authority);
    sotto_asn1_wrap(w, SOTTO_ASN1_SEQUENCE, end);
    sotto_asn1_wrap(w, SOTTO_ASN1_CONTEXTS + 3, end);
}

/* ---- the certificate -------------------------------------------------------- */

/* TBSCertificate. */
static void put_body(struct sotto_asn1 *w, const struct sotto_x509_plan *plan,
                     struct sotto_span issuer, const uint8_t *issuer_key)
{
    const uint8_t version = 2; /* v3 */
    const size_t end = w->at;
    size_t here;

    put_extensions(w, plan, issuer_key);
    sotto_p256_key_put_public(w, plan->public_key);
    put_name(w, plan->subject);
    here = w->at;
    put_time(w, plan->until);
    put_time(w, plan->from);
    sotto_asn1_wrap(w, SOTTO_ASN1_SEQUENCE, here);
    sotto_asn1_put(w, issuer.at, issuer.len);
    put_algorithm(w);
    put_serial(w, plan->serial);
    here = w->at;
    sotto_asn1_value(w, SOTTO_ASN1_INTEGER, &version, 1);
    sotto_asn1_wrap(w, SOTTO_ASN1_CONTEXTS, here);
    sotto_asn1_wrap(w, SOTTO_ASN1_SEQUENCE, end);
}

static bool is_subject(const char *subject)
{
    const size_t len = strlen(subject);

    return len > 0 && len <= SOTTO_X509_SUBJECT_MAX;
}

static bool is_plan(const struct sotto_x509_plan *plan)
{
    if (!is_subject(plan->subject) || plan->from > plan->until ||
        plan->until > TIME_MAX) {
        return false;
    }
    if (plan->is_authority) {
        return plan->name_count == 0;
    }
    for (size_t i = 0; i < plan->name_count; i++) {
        const struct sotto_x509_name *name = &plan->names[i];
        const size_t len = name->bytes.len;
        if (name->is_ip ? len != 4 && len != 16 : len == 0 || len > 253) {
            return false;
        }
    }
    return plan->name_count > 0 && plan->name_count <= SOTTO_X509_NAMES_MAX;
}

enum sotto_err sotto_x509_write_subject(
    const char *subject, uint8_t out[static SOTTO_X509_SUBJECT_DER],
    struct sotto_span *name)
{
    struct sotto_asn1 w;

    if (!is_subject(subject)) {
        return SOTTO_ERR_LIMIT;
    }
    sotto_asn1_init(&w, out, SOTTO_X509_SUBJECT_DER);
    put_name(&w, subject);
    return sotto_asn1_finish(&w, name);
}

/* Algorithm and signature, as they stand behind the signed part. */
static enum sotto_err put_signature(struct sotto_asn1 *w,
                                    const uint8_t *private_key,
                                    struct sotto_span body)
{
    uint8_t digest[SOTTO_HASH_LEN];
    uint8_t signature[SOTTO_P256_SIGNATURE_MAX];
    size_t len = 0;
    const size_t end = w->at;

    sotto_sha256(body.at, body.len, digest);
    enum sotto_err err = sotto_p256_sign(private_key, digest, signature, &len);
    if (err == SOTTO_OK) {
        sotto_asn1_put(w, signature, len);
        sotto_asn1_put_byte(w, 0); /* unused bits */
        sotto_asn1_wrap(w, SOTTO_ASN1_BIT_STRING, end);
        put_algorithm(w);
    }
    return err;
}

/* The signed part is written with room behind it for the signature over it. */
enum sotto_err sotto_x509_write(const struct sotto_x509_plan *plan,
                                const struct sotto_x509_issuer *issuer,
                                uint8_t *out, size_t cap,
                                struct sotto_span *certificate)
{
    uint8_t issuer_key[SOTTO_P256_PUBLIC_LEN];
    uint8_t tail[SIGNATURE_MAX];
    struct sotto_asn1 tail_writer;
    struct sotto_span body;
    struct sotto_span signature;
    struct sotto_asn1 w;

    if (!is_plan(plan)) {
        return SOTTO_ERR_LIMIT;
    }
    if (cap < SIGNATURE_MAX) {
        return SOTTO_ERR_SPACE;
    }
    enum sotto_err err = sotto_p256_public(issuer->private_key, issuer_key);
    if (err != SOTTO_OK) {
        return err;
    }
    sotto_asn1_init(&w, out, cap - SIGNATURE_MAX);
    put_body(&w, plan, issuer->subject, issuer_key);
    err = sotto_asn1_finish(&w, &body);
    if (err != SOTTO_OK) {
        return err;
    }
    sotto_asn1_init(&tail_writer, tail, sizeof tail);
    err = put_signature(&tail_writer, issuer->private_key, body);
    if (err == SOTTO_OK) {
        err = sotto_asn1_finish(&tail_writer, &signature);
    }
    if (err != SOTTO_OK) {
        return err;
    }
    memcpy(out + w.cap, signature.at, signature.len);
    w.cap += signature.len;
    sotto_asn1_wrap(&w, SOTTO_ASN1_SEQUENCE, w.cap);
    return sotto_asn1_finish(&w, certificate);
}
