/* p256_key.c - see p256_key.h. */
#include "core/crypto/p256_key.h"
#include "core/base/assert.h"
#include "core/base/secret.h"
#include <string.h>

/* id-ecPublicKey and secp256r1, each with tag and length. */
static const uint8_t ec_oid[] = {0x06, 0x07, 0x2a, 0x86, 0x48,
                                 0xce, 0x3d, 0x02, 0x01};
static const uint8_t curve_oid[] = {0x06, 0x08, 0x2a, 0x86, 0x48,
                                    0xce, 0x3d, 0x03, 0x01, 0x07};

/* ---- reading ------------------------------------------------------------ */

static bool is(struct sotto_span span, const uint8_t *bytes, size_t len)
{
    return span.len == len && memcmp(span.at, bytes, len) == 0;
}

static uint8_t read_version(struct sotto_reader *r)
{
    const struct sotto_span version = sotto_asn1_read(r, SOTTO_ASN1_INTEGER);

    if (version.len != 1) {
        sotto_reader_fail(r);
        return 0;
    }
    return version.at[0];
}

/* What is left: PKCS #8 allows attributes, SEC 1 a public key. */
static void skip_contexts(struct sotto_reader *r)
{
    for (uint8_t i = 0; i < 2; i++) {
        const uint8_t tag = (uint8_t)(SOTTO_ASN1_CONTEXTS + i);
        if (sotto_asn1_is_next(r, tag)) {
            (void)sotto_asn1_read(r, tag);
        }
    }
}

/* ECPrivateKey behind its version. */
static enum sotto_err read_sec1(struct sotto_reader *r, bool needs_curve,
                                uint8_t *key)
{
    const struct sotto_span number = sotto_asn1_read(r, SOTTO_ASN1_OCTETS);
    struct sotto_span curve = {NULL, 0};

    if (sotto_asn1_is_next(r, SOTTO_ASN1_CONTEXTS)) {
        curve = sotto_asn1_read(r, SOTTO_ASN1_CONTEXTS);
    }
    skip_contexts(r);
    enum sotto_err err = sotto_reader_finish(r);
    if (err != SOTTO_OK) {
        return err;
    }
    if (number.len != SOTTO_P256_PRIVATE_LEN ||
        ((needs_curve || curve.len > 0) &&
         !is(curve, curve_oid, sizeof curve_oid))) {
        return SOTTO_ERR_UNSUPPORTED;
    }
    memcpy(key, number.at, SOTTO_P256_PRIVATE_LEN);
    return SOTTO_OK;
}

/* PrivateKeyInfo behind its version. */
static enum sotto_err read_pkcs8(struct sotto_reader *r, uint8_t *key)
{
    struct sotto_reader inner;
    uint8_t algorithm[sizeof ec_oid + sizeof curve_oid];
    const struct sotto_span found = sotto_asn1_read(r, SOTTO_ASN1_SEQUENCE);
    const struct sotto_span octets = sotto_asn1_read(r, SOTTO_ASN1_OCTETS);

    skip_contexts(r);
    enum sotto_err err = sotto_reader_finish(r);
    if (err != SOTTO_OK) {
        return err;
    }
    memcpy(algorithm, ec_oid, sizeof ec_oid);
    memcpy(algorithm + sizeof ec_oid, curve_oid, sizeof curve_oid);
    if (!is(found, algorithm, sizeof algorithm)) {
        return SOTTO_ERR_UNSUPPORTED;
    }
    sotto_reader_init(&inner, octets.at, octets.len);
    const struct sotto_span body = sotto_asn1_read(&inner, SOTTO_ASN1_SEQUENCE);
    err = sotto_reader_finish(&inner);
    if (err != SOTTO_OK) {
        return err;
    }
    sotto_reader_init(&inner, body.at, body.len);
    return read_version(&inner) == 1 ? read_sec1(&inner, false, key)
                                     : SOTTO_ERR_FORMAT;
}

enum sotto_err sotto_p256_key_decode(
    struct sotto_span der, uint8_t private_key[static SOTTO_P256_PRIVATE_LEN])
{
    uint8_t key[SOTTO_P256_PRIVATE_LEN];
    uint8_t public_key[SOTTO_P256_PUBLIC_LEN];
    struct sotto_reader r;

    sotto_reader_init(&r, der.at, der.len);
    const struct sotto_span body = sotto_asn1_read(&r, SOTTO_ASN1_SEQUENCE);
    enum sotto_err err = sotto_reader_finish(&r);
    if (err != SOTTO_OK) {
        return err;
    }
    sotto_reader_init(&r, body.at, body.len);
    const uint8_t version = read_version(&r);
    if (r.bad || version > 1) {
        return SOTTO_ERR_FORMAT;
    }
    /* 0 is PKCS #8, 1 SEC 1; version 1 of PKCS #8 (RFC 5958) looks different
     * behind it. */
    err = version == 0 || sotto_asn1_is_next(&r, SOTTO_ASN1_SEQUENCE)
              ? read_pkcs8(&r, key)
              : read_sec1(&r, true, key);
    if (err == SOTTO_OK) {
        err = sotto_p256_public(key, public_key); /* is it one? */
    }
    if (err == SOTTO_OK) {
        memcpy(private_key, key, sizeof key);
    }
    sotto_wipe(key, sizeof key);
    return err;
}

/* ---- writing ------------------------------------------------------------ */

static void put_algorithm(struct sotto_asn1 *w)
{
    const size_t end = w->at;

    sotto_asn1_put(w, curve_oid, sizeof curve_oid);
    sotto_asn1_put(w, ec_oid, sizeof ec_oid);
    sotto_asn1_wrap(w, SOTTO_ASN1_SEQUENCE, end);
}

/* The point as a BIT STRING. */
static void put_point(struct sotto_asn1 *w, const uint8_t *public_key)
{
    const size_t end = w->at;

    sotto_asn1_put(w, public_key, SOTTO_P256_PUBLIC_LEN);
    sotto_asn1_put_byte(w, 0); /* unused bits */
    sotto_asn1_wrap(w, SOTTO_ASN1_BIT_STRING, end);
}

void sotto_p256_key_put_public(
    struct sotto_asn1 *w,
    const uint8_t public_key[static SOTTO_P256_PUBLIC_LEN])
{
    const size_t end = w->at;

    put_point(w, public_key);
    put_algorithm(w);
    sotto_asn1_wrap(w, SOTTO_ASN1_SEQUENCE, end);
}

enum sotto_err sotto_p256_key_encode(
    const uint8_t private_key[static SOTTO_P256_PRIVATE_LEN],
    uint8_t der[static SOTTO_P256_KEY_DER])
{
    uint8_t public_key[SOTTO_P256_PUBLIC_LEN];
    const uint8_t sec1_version = 1;
    const uint8_t version = 0;
    struct sotto_asn1 w;

    enum sotto_err err = sotto_p256_public(private_key, public_key);
    if (err != SOTTO_OK) {
        return err;
    }
    sotto_asn1_init(&w, der, SOTTO_P256_KEY_DER);
    put_point(&w, public_key);
    sotto_asn1_wrap(&w, SOTTO_ASN1_CONTEXTS + 1, SOTTO_P256_KEY_DER);
    sotto_asn1_value(&w, SOTTO_ASN1_OCTETS, private_key,
                     SOTTO_P256_PRIVATE_LEN);
    sotto_asn1_value(&w, SOTTO_ASN1_INTEGER, &sec1_version, 1);
    sotto_asn1_wrap(&w, SOTTO_ASN1_SEQUENCE, SOTTO_P256_KEY_DER);
    sotto_asn1_wrap(&w, SOTTO_ASN1_OCTETS, SOTTO_P256_KEY_DER);
    put_algorithm(&w);
    sotto_asn1_value(&w, SOTTO_ASN1_INTEGER, &version, 1);
    sotto_asn1_wrap(&w, SOTTO_ASN1_SEQUENCE, SOTTO_P256_KEY_DER);
    SOTTO_ASSERT(!w.bad && w.at == 0);
    return SOTTO_OK;
}
