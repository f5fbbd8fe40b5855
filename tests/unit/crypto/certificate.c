/*
 * certificate.c - makes X.509 certificates for tests.
 */
#include "tests/unit/crypto/certificate.h"
#include "core/crypto/asn1.h"
#include "core/crypto/hash.h"
#include "core/crypto/p256_key.h"
#include "tests/unit/test.h"
#include <string.h>

/* ------------------------------------------------------------------ the parts */

/* SEQUENCE { ecdsa-with-SHA256 } */
static void put_algorithm(struct sotto_asn1 *der)
{
    static const uint8_t oid[] = {0x2a, 0x86, 0x48, 0xce,
                                  0x3d, 0x04, 0x03, 0x02};
    size_t end = der->at;

    sotto_asn1_value(der, SOTTO_ASN1_OID, oid, sizeof oid);
    sotto_asn1_wrap(der, SOTTO_ASN1_SEQUENCE, end);
}

/* A Name: one common name. */
static void put_name(struct sotto_asn1 *der, const char *name)
{
    static const uint8_t oid[] = {0x55, 0x04, 0x03};
    size_t end = der->at;

    sotto_asn1_value(der, SOTTO_ASN1_UTF8, name, strlen(name));
    sotto_asn1_value(der, SOTTO_ASN1_OID, oid, sizeof oid);
    sotto_asn1_wrap(der, SOTTO_ASN1_SEQUENCE, end);
    sotto_asn1_wrap(der, SOTTO_ASN1_SET, end);
    sotto_asn1_wrap(der, SOTTO_ASN1_SEQUENCE, end);
}

static void put_key(struct sotto_asn1 *der, const uint8_t *private_key)
{
    uint8_t key[SOTTO_P256_PUBLIC_LEN];

    assert_int_equal(sotto_p256_public(private_key, key), SOTTO_OK);
    sotto_p256_key_put_public(der, key);
}

/* An extension of id-ce (2.5.29) around what was written since `end`. */
static void wrap_any(struct sotto_asn1 *der, uint8_t number, bool is_critical,
                     size_t end)
{
    const uint8_t oid[] = {0x55, 0x1d, number};
    const uint8_t yes = 0xff;

    sotto_asn1_wrap(der, SOTTO_ASN1_OCTETS, end);
    if (is_critical) {
        sotto_asn1_value(der, SOTTO_ASN1_BOOLEAN, &yes, 1);
    }
    sotto_asn1_value(der, SOTTO_ASN1_OID, oid, sizeof oid);
    sotto_asn1_wrap(der, SOTTO_ASN1_SEQUENCE, end);
}

static void wrap_extension(struct sotto_asn1 *der, uint8_t number, size_t end)
{
    wrap_any(der, number, true, end);
}

static void put_constraints(struct sotto_asn1 *der,
                            const struct certificate_plan *plan)
{
    size_t end = der->at;
    const uint8_t yes = 0xff;

    if (plan->path_len > 0) {
        const uint8_t len = (uint8_t)(plan->path_len - 1);

        sotto_asn1_value(der, SOTTO_ASN1_INTEGER, &len, 1);
    }
    if (plan->is_ca) {
        sotto_asn1_value(der, SOTTO_ASN1_BOOLEAN, &yes, 1);
    }
    sotto_asn1_wrap(der, SOTTO_ASN1_SEQUENCE, end);
    wrap_extension(der, 19, end);
}

static void put_usage(struct sotto_asn1 *der, uint8_t usage)
{
    size_t end = der->at;
    uint8_t unused = 0;

    while ((usage >> unused & 1) == 0) {
        unused++;
    }
    sotto_asn1_put_byte(der, usage);
    sotto_asn1_put_byte(der, unused);
    sotto_asn1_wrap(der, SOTTO_ASN1_BIT_STRING, end);
    wrap_extension(der, 15, end);
}

static void put_extended(struct sotto_asn1 *der, uint8_t extended)
{
    const uint8_t oid[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, extended};
    size_t end = der->at;

    sotto_asn1_value(der, SOTTO_ASN1_OID, oid, sizeof oid);
    sotto_asn1_wrap(der, SOTTO_ASN1_SEQUENCE, end);
    wrap_extension(der, 37, end);
}

static void put_names(struct sotto_asn1 *der,
                      const struct certificate_plan *plan)
{
    size_t end = der->at;

    if (plan->uri != NULL) {
        sotto_asn1_value(der, 0x86, plan->uri, strlen(plan->uri));
    }
    if (plan->ip != NULL) {
        sotto_asn1_value(der, 0x87, plan->ip, 4);
    }
    if (plan->dns != NULL) {
        sotto_asn1_value(der, 0x82, plan->dns, strlen(plan->dns));
    }
    sotto_asn1_wrap(der, SOTTO_ASN1_SEQUENCE, end);
    wrap_extension(der, 17, end);
}

/* NameConstraints: nobody but example.org and what is below it. */
static void put_permitted(struct sotto_asn1 *der)
{
    size_t end = der->at;

    sotto_asn1_value(der, 0x82, "example.org", 11);
    sotto_asn1_wrap(der, SOTTO_ASN1_SEQUENCE, end);
    sotto_asn1_wrap(der, 0xa0, end);
    sotto_asn1_wrap(der, SOTTO_ASN1_SEQUENCE, end);
    wrap_any(der, 30, false, end);
}

static void put_extensions(struct sotto_asn1 *der,
                           const struct certificate_plan *plan)
{
    size_t end = der->at;

    if (plan->has_unknown) {
        wrap_extension(der, 99, end);
    }
    if (plan->is_limited) {
        put_permitted(der);
    }
    if (plan->dns != NULL || plan->ip != NULL || plan->uri != NULL) {
        put_names(der, plan);
    }
    if (plan->extended != 0) {
        put_extended(der, plan->extended);
    }
    if (plan->usage != 0) {
        put_usage(der, plan->usage);
    }
    put_constraints(der, plan);
    sotto_asn1_wrap(der, SOTTO_ASN1_SEQUENCE, end);
    sotto_asn1_wrap(der, 0xa3, end);
}

/* ------------------------------------------------------------ the certificate */

const uint8_t certificate_root_key[32] = {1, 1};

const struct certificate_plan certificate_root = {
    .subject = "root",
    .issuer = "root",
    .key = certificate_root_key,
    .issuer_key = certificate_root_key,
    .not_before = "20200101000000Z",
    .not_after = "20300101000000Z",
    .is_ca = true,
    .usage = CERTIFICATE_CERTIFIES};

static void put_tbs(struct sotto_asn1 *der, const struct certificate_plan *plan)
{
    const uint8_t version = 2; /* v3 */
    const uint8_t serial = 1;
    size_t end = der->at;
    size_t here;

    put_extensions(der, plan);
    put_key(der, plan->key);
    put_name(der, plan->subject);
    here = der->at;
    sotto_asn1_value(der, SOTTO_ASN1_TIME, plan->not_after,
                     strlen(plan->not_after));
    sotto_asn1_value(der, SOTTO_ASN1_TIME, plan->not_before,
                     strlen(plan->not_before));
    sotto_asn1_wrap(der, SOTTO_ASN1_SEQUENCE, here);
    put_name(der, plan->issuer);
    put_algorithm(der);
    sotto_asn1_value(der, SOTTO_ASN1_INTEGER, &serial, 1);
    here = der->at;
    sotto_asn1_value(der, SOTTO_ASN1_INTEGER, &version, 1);
    sotto_asn1_wrap(der, 0xa0, here);
    sotto_asn1_wrap(der, SOTTO_ASN1_SEQUENCE, end);
}

struct sotto_span certificate_make(const struct certificate_plan *plan,
                                   uint8_t out[CERTIFICATE_MAX])
{
    uint8_t body[CERTIFICATE_MAX];
    uint8_t whole[CERTIFICATE_MAX];
    uint8_t digest[32];
    uint8_t signature[SOTTO_P256_SIGNATURE_MAX];
    struct sotto_asn1 der;
    struct sotto_span made;
    size_t len;

    sotto_asn1_init(&der, body, sizeof body);
    put_tbs(&der, plan);
    assert_int_equal(sotto_asn1_finish(&der, &made), SOTTO_OK);
    sotto_sha256(made.at, made.len, digest);
    assert_int_equal(sotto_p256_sign(plan->issuer_key, digest, signature, &len),
                     SOTTO_OK);
    sotto_asn1_init(&der, whole, sizeof whole);
    sotto_asn1_put(&der, signature, len);
    sotto_asn1_put_byte(&der, 0);
    sotto_asn1_wrap(&der, SOTTO_ASN1_BIT_STRING, sizeof whole);
    put_algorithm(&der);
    sotto_asn1_put(&der, made.at, made.len);
    sotto_asn1_wrap(&der, SOTTO_ASN1_SEQUENCE, sizeof whole);
    assert_int_equal(sotto_asn1_finish(&der, &made), SOTTO_OK);
    memcpy(out, made.at, made.len);
    return (struct sotto_span){out, made.len};
}
