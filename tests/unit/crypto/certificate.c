/*
 * certificate.c - makes X.509 certificates for tests, in DER, from behind: each
 * value stands before its length and tag are known.
 */
#include "tests/unit/crypto/certificate.h"
#include "core/crypto/hash.h"
#include "core/crypto/p256.h"
#include "tests/unit/test.h"
#include <string.h>

/* DER (X.690) tags. */
#define BOOLEAN    0x01
#define INTEGER    0x02
#define BIT_STRING 0x03
#define OCTETS     0x04
#define OID        0x06
#define UTF8       0x0c
#define TIME       0x18 /* GeneralizedTime */
#define SEQUENCE   0x30
#define SET        0x31

struct der {
    uint8_t bytes[CERTIFICATE_MAX];
    size_t at; /* what is written begins here */
};

static void put(struct der *der, const void *bytes, size_t len)
{
    assert_true(len <= der->at);
    der->at -= len;
    memcpy(der->bytes + der->at, bytes, len);
}

static void put_byte(struct der *der, unsigned byte)
{
    const uint8_t one = (uint8_t)byte;

    put(der, &one, 1);
}

/* Puts tag and length before what was written since `end`. */
static void wrap(struct der *der, uint8_t tag, size_t end)
{
    size_t len = end - der->at;

    put_byte(der, (unsigned)(len & 0xff));
    if (len > 0xff) {
        put_byte(der, (unsigned)(len >> 8));
        put_byte(der, 0x82);
    } else if (len > 0x7f) {
        put_byte(der, 0x81);
    }
    put_byte(der, tag);
}

static void put_value(struct der *der, uint8_t tag, const void *bytes,
                      size_t len)
{
    size_t end = der->at;

    put(der, bytes, len);
    wrap(der, tag, end);
}

/* ------------------------------------------------------------------ the parts */

/* SEQUENCE { ecdsa-with-SHA256 } */
static void put_algorithm(struct der *der)
{
    static const uint8_t oid[] = {0x2a, 0x86, 0x48, 0xce,
                                  0x3d, 0x04, 0x03, 0x02};
    size_t end = der->at;

    put_value(der, OID, oid, sizeof oid);
    wrap(der, SEQUENCE, end);
}

/* A Name: one common name. */
static void put_name(struct der *der, const char *name)
{
    static const uint8_t oid[] = {0x55, 0x04, 0x03};
    size_t end = der->at;

    put_value(der, UTF8, name, strlen(name));
    put_value(der, OID, oid, sizeof oid);
    wrap(der, SEQUENCE, end);
    wrap(der, SET, end);
    wrap(der, SEQUENCE, end);
}

static void put_key(struct der *der, const uint8_t *private_key)
{
    static const uint8_t algorithm[] = {0x06, 0x07, 0x2a, 0x86, 0x48,
                                        0xce, 0x3d, 0x02, 0x01, 0x06,
                                        0x08, 0x2a, 0x86, 0x48, 0xce,
                                        0x3d, 0x03, 0x01, 0x07};
    uint8_t key[SOTTO_P256_PUBLIC_LEN];
    size_t end = der->at;

    assert_int_equal(sotto_p256_public(private_key, key), SOTTO_OK);
    put(der, key, sizeof key);
    put_byte(der, 0); /* unused bits */
    wrap(der, BIT_STRING, end);
    put_value(der, SEQUENCE, algorithm, sizeof algorithm);
    wrap(der, SEQUENCE, end);
}

/* An extension of id-ce (2.5.29) around what was written since `end`. */
static void wrap_extension(struct der *der, uint8_t number, size_t end)
{
    const uint8_t oid[] = {0x55, 0x1d, number};
    const uint8_t yes = 0xff;

    wrap(der, OCTETS, end);
    put_value(der, BOOLEAN, &yes, 1); /* critical */
    put_value(der, OID, oid, sizeof oid);
    wrap(der, SEQUENCE, end);
}

static void put_constraints(struct der *der,
                            const struct certificate_plan *plan)
{
    size_t end = der->at;
    const uint8_t yes = 0xff;

    if (plan->path_len > 0) {
        const uint8_t len = (uint8_t)(plan->path_len - 1);

        put_value(der, INTEGER, &len, 1);
    }
    if (plan->is_ca) {
        put_value(der, BOOLEAN, &yes, 1);
    }
    wrap(der, SEQUENCE, end);
    wrap_extension(der, 19, end);
}

static void put_usage(struct der *der, uint8_t usage)
{
    size_t end = der->at;
    unsigned unused = 0;

    while ((usage >> unused & 1) == 0) {
        unused++;
    }
    put_byte(der, usage);
    put_byte(der, unused);
    wrap(der, BIT_STRING, end);
    wrap_extension(der, 15, end);
}

static void put_extended(struct der *der, uint8_t extended)
{
    const uint8_t oid[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, extended};
    size_t end = der->at;

    put_value(der, OID, oid, sizeof oid);
    wrap(der, SEQUENCE, end);
    wrap_extension(der, 37, end);
}

static void put_names(struct der *der, const struct certificate_plan *plan)
{
    size_t end = der->at;

    if (plan->ip != NULL) {
        put_value(der, 0x87, plan->ip, 4);
    }
    if (plan->dns != NULL) {
        put_value(der, 0x82, plan->dns, strlen(plan->dns));
    }
    wrap(der, SEQUENCE, end);
    wrap_extension(der, 17, end);
}

static void put_extensions(struct der *der, const struct certificate_plan *plan)
{
    size_t end = der->at;

    if (plan->has_unknown) {
        wrap_extension(der, 99, end);
    }
    if (plan->dns != NULL || plan->ip != NULL) {
        put_names(der, plan);
    }
    if (plan->extended != 0) {
        put_extended(der, plan->extended);
    }
    if (plan->usage != 0) {
        put_usage(der, plan->usage);
    }
    put_constraints(der, plan);
    wrap(der, SEQUENCE, end);
    wrap(der, 0xa3, end);
}

/* ------------------------------------------------------------ the certificate */

static void put_tbs(struct der *der, const struct certificate_plan *plan)
{
    const uint8_t version = 2; /* v3 */
    const uint8_t serial = 1;
    size_t end = der->at;
    size_t here;

    put_extensions(der, plan);
    put_key(der, plan->key);
    put_name(der, plan->subject);
    here = der->at;
    put_value(der, TIME, plan->not_after, strlen(plan->not_after));
    put_value(der, TIME, plan->not_before, strlen(plan->not_before));
    wrap(der, SEQUENCE, here);
    put_name(der, plan->issuer);
    put_algorithm(der);
    put_value(der, INTEGER, &serial, 1);
    here = der->at;
    put_value(der, INTEGER, &version, 1);
    wrap(der, 0xa0, here);
    wrap(der, SEQUENCE, end);
}

struct sotto_span certificate_make(const struct certificate_plan *plan,
                                   uint8_t out[CERTIFICATE_MAX])
{
    struct der tbs = {.at = CERTIFICATE_MAX};
    struct der der = {.at = CERTIFICATE_MAX};
    struct sotto_sha256 hash;
    uint8_t digest[32];
    uint8_t signature[SOTTO_P256_SIGNATURE_MAX];
    size_t len;

    put_tbs(&tbs, plan);
    sotto_sha256_init(&hash);
    sotto_sha256_add(&hash, tbs.bytes + tbs.at, CERTIFICATE_MAX - tbs.at);
    sotto_sha256_end(&hash, digest);
    assert_int_equal(sotto_p256_sign(plan->issuer_key, digest, signature, &len),
                     SOTTO_OK);
    put(&der, signature, len);
    put_byte(&der, 0);
    wrap(&der, BIT_STRING, CERTIFICATE_MAX);
    put_algorithm(&der);
    put(&der, tbs.bytes + tbs.at, CERTIFICATE_MAX - tbs.at);
    wrap(&der, SEQUENCE, CERTIFICATE_MAX);
    memcpy(out, der.bytes + der.at, CERTIFICATE_MAX - der.at);
    return (struct sotto_span){out, CERTIFICATE_MAX - der.at};
}
