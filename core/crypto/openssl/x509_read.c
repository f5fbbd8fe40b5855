/*
 * x509_read.c - one certificate, read by libcrypto and looked at more closely.
 */
#include "core/crypto/openssl/x509_read.h"
#include <limits.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <string.h>

/* CertificatePolicies of which none limits anything: anyPolicy. */
static const uint8_t any_policy[] = {0x30, 0x08, 0x30, 0x06, 0x06,
                                     0x04, 0x55, 0x1d, 0x20, 0x00};

/* Both signature algorithms: ecdsa-with-SHA256, parameters absent or NULL. */
static bool is_signed_our_way(const X509 *certificate)
{
    const X509_ALGOR *inner = X509_get0_tbs_sigalg(certificate);
    const X509_ALGOR *outer;
    const ASN1_OBJECT *oid;
    int type;

    X509_get0_signature(NULL, &outer, certificate);
    X509_ALGOR_get0(&oid, &type, NULL, inner);
    return OBJ_obj2nid(oid) == NID_ecdsa_with_SHA256 &&
           (type == V_ASN1_UNDEF || type == V_ASN1_NULL) &&
           X509_ALGOR_cmp(inner, outer) == 0;
}

/* A point of P-256, the curve given by its name. */
static bool has_our_key(const X509 *certificate)
{
    const X509_PUBKEY *info = X509_get_X509_PUBKEY(certificate);
    X509_ALGOR *algorithm;
    ASN1_OBJECT *oid;
    const ASN1_OBJECT *curve;
    const void *parameters;
    int type;

    if (X509_PUBKEY_get0_param(&oid, NULL, NULL, &algorithm, info) != 1) {
        return false;
    }
    X509_ALGOR_get0(NULL, &type, &parameters, algorithm);
    curve = type == V_ASN1_OBJECT ? parameters : NULL;
    return OBJ_obj2nid(oid) == NID_X9_62_id_ecPublicKey &&
           OBJ_obj2nid(curve) == NID_X9_62_prime256v1 &&
           X509_get0_pubkey(certificate) != NULL;
}

/* What an extension asks for that is critical has to be known. */
static bool is_known(X509_EXTENSION *extension)
{
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(extension);

    if (X509_EXTENSION_get_critical(extension) == 0) {
        return true;
    }
    switch (OBJ_obj2nid(X509_EXTENSION_get_object(extension))) {
    case NID_basic_constraints:
    case NID_key_usage:
    case NID_ext_key_usage:
    case NID_subject_alt_name:
    case NID_subject_key_identifier:
    case NID_authority_key_identifier:
    case NID_netscape_cert_type:
        return true;
    case NID_certificate_policies:
        return ASN1_STRING_length(value) == sizeof any_policy &&
               memcmp(ASN1_STRING_get0_data(value), any_policy,
                      sizeof any_policy) == 0;
    default:
        return false;
    }
}

/* Only version 3 has extensions; each can be read, and is there once. */
static bool has_known_extensions(X509 *certificate)
{
    const long version = X509_get_version(certificate);
    const int count = X509_get_ext_count(certificate);

    if (version < X509_VERSION_1 || version > X509_VERSION_3 ||
        (version < X509_VERSION_3 && count > 0)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (!is_known(X509_get_ext(certificate, i))) {
            return false;
        }
    }
    return (X509_get_extension_flags(certificate) & EXFLAG_INVALID) == 0;
}

/* libcrypto reads the text of a time when it is asked. */
static bool has_times(const X509 *certificate)
{
    return ASN1_TIME_check(X509_get0_notBefore(certificate)) == 1 &&
           ASN1_TIME_check(X509_get0_notAfter(certificate)) == 1;
}

enum sotto_err sotto_openssl_read(struct sotto_span in, X509 **certificate,
                                  struct sotto_x509_fields *fields)
{
    const uint8_t *at = in.at;
    X509 *whole;

    if (in.len > LONG_MAX) {
        return SOTTO_ERR_FORMAT;
    }
    ERR_clear_error();
    whole = d2i_X509(NULL, &at, (long)in.len);
    if (whole == NULL) {
        return ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE
                   ? SOTTO_ERR_SPACE
                   : SOTTO_ERR_FORMAT;
    }
    if (!is_signed_our_way(whole) || !has_our_key(whole) || !has_times(whole) ||
        !has_known_extensions(whole) ||
        sotto_x509_fields_read(in, fields) != SOTTO_OK) {
        X509_free(whole);
        return SOTTO_ERR_FORMAT;
    }
    *certificate = whole;
    return SOTTO_OK;
}
