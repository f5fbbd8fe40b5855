/*
 * x509.c - X.509 certificates by mbedTLS.
 *
 * mbedTLS is built without a clock: the times of each certificate of the path
 * that it found are taken here. It allocates while it reads; all is freed at the
 * one exit.
 */
#include "core/crypto/x509_back.h"
#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>
#include <sotto/env.h>
#include <string.h>

/* ECDSA on P-256 with SHA-256 only. */
static const mbedtls_x509_crt_profile profile = {
    MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA256),
    MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_ECKEY) |
        MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_ECDSA),
    MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP256R1), 0};

/* ----------------------------------------------------------------- reading */

static enum sotto_err translate(int ret)
{
    if (ret == 0) {
        return SOTTO_OK;
    }
    return ret == MBEDTLS_ERR_X509_ALLOC_FAILED ? SOTTO_ERR_SPACE
                                                : SOTTO_ERR_FORMAT;
}

/* Adds a certificate to a list; its bytes are borrowed. */
static enum sotto_err add(mbedtls_x509_crt *list, struct sotto_span in,
                          struct sotto_x509_fields *fields)
{
    enum sotto_err err =
        translate(mbedtls_x509_crt_parse_der_nocopy(list, in.at, in.len));

    return err == SOTTO_OK ? sotto_x509_fields_read(in, fields) : err;
}

/* `first`: fields of the first. */
static enum sotto_err add_all(mbedtls_x509_crt *list,
                              const struct sotto_span *in, size_t count,
                              struct sotto_x509_fields *first)
{
    struct sotto_x509_fields other;
    enum sotto_err err = count > 0 ? SOTTO_OK : SOTTO_ERR_FORMAT;

    for (size_t i = 0; i < count && err == SOTTO_OK; i++) {
        err = add(list, in[i], i == 0 ? first : &other);
    }
    return err;
}

/* ---------------------------------------------------------------- verifying */

/* Called for each certificate of the path, the anchor included. */
/* NOLINTBEGIN(readability-non-const-parameter) mbedTLS says what the type is */
static int add_times(void *report, mbedtls_x509_crt *certificate, int depth,
                     uint32_t *flags)
/* NOLINTEND(readability-non-const-parameter) */
{
    const struct sotto_span bytes = {certificate->raw.p, certificate->raw.len};
    struct sotto_x509_fields fields;

    (void)depth;
    (void)flags;
    if (sotto_x509_fields_read(bytes, &fields) != SOTTO_OK) {
        return MBEDTLS_ERR_X509_FATAL_ERROR; /* but it was read before */
    }
    sotto_x509_add_times(report, &fields);
    return 0;
}

static bool is_for_usage(const mbedtls_x509_crt *certificate,
                         enum sotto_x509_usage usage)
{
    const char *oid = usage == SOTTO_X509_SERVER ? MBEDTLS_OID_SERVER_AUTH
                                                 : MBEDTLS_OID_CLIENT_AUTH;

    return mbedtls_x509_crt_check_key_usage(
               certificate, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) == 0 &&
           mbedtls_x509_crt_check_extended_key_usage(certificate, oid,
                                                     strlen(oid)) == 0;
}

/* An IP address has to be given as one. A name is not looked for among the words
 * of the subject; mbedTLS would, and takes a URI for a name, too. */
static bool has_name(const mbedtls_x509_crt *certificate, const char *name)
{
    const mbedtls_x509_sequence *at = &certificate->subject_alt_names;
    uint32_t ip[4];
    const size_t ip_len = mbedtls_x509_crt_parse_cn_inet_pton(name, ip);
    bool found = false;

    for (; at != NULL && !found; at = at->next) {
        const struct sotto_span value = {at->buf.p, at->buf.len};
        const int type = at->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK;

        if (ip_len > 0) {
            found = type == MBEDTLS_X509_SAN_IP_ADDRESS &&
                    value.len == ip_len && memcmp(value.at, ip, ip_len) == 0;
        } else {
            found = type == MBEDTLS_X509_SAN_DNS_NAME &&
                    sotto_x509_is_for(value, name);
        }
    }
    return found;
}

static enum sotto_err verify(mbedtls_x509_crt *chain, mbedtls_x509_crt *anchors,
                             const struct sotto_x509_trust *trust,
                             struct sotto_x509_report *report)
{
    uint32_t flags = 0;

    sotto_x509_begin_report(report);
    int ret =
        mbedtls_x509_crt_verify_with_profile(chain, anchors, NULL, &profile,
                                             NULL, &flags, add_times, report);
    if (trust->name != NULL && !has_name(chain, trust->name)) {
        report->flaws |= SOTTO_X509_OTHER_NAME;
    }
    if (flags != 0 || ret != 0) {
        report->flaws |= SOTTO_X509_UNTRUSTED;
    }
    if (!is_for_usage(chain, trust->usage)) {
        report->flaws |= SOTTO_X509_OTHER_USAGE;
    }
    return sotto_x509_end_report(report, trust);
}

enum sotto_err sotto_x509_examine(const struct sotto_span *chain, size_t count,
                                  const struct sotto_x509_trust *trust,
                                  uint8_t key[static SOTTO_P256_PUBLIC_LEN],
                                  struct sotto_x509_report *report)
{
    mbedtls_x509_crt list;
    mbedtls_x509_crt anchors;
    struct sotto_x509_fields first;
    struct sotto_x509_fields other;
    enum sotto_err err;

    if (count > SOTTO_X509_CHAIN_MAX) {
        return SOTTO_ERR_LIMIT;
    }
    mbedtls_x509_crt_init(&list);
    mbedtls_x509_crt_init(&anchors);
    err = add_all(&list, chain, count, &first);
    if (err == SOTTO_OK) {
        err = add_all(&anchors, trust->anchors, trust->anchor_count, &other);
    }
    if (err == SOTTO_OK) {
        err = verify(&list, &anchors, trust, report);
    }
    if (err == SOTTO_OK) {
        err = sotto_x509_fields_key(&first, key);
    }
    mbedtls_x509_crt_free(&list);
    mbedtls_x509_crt_free(&anchors);
    return err;
}

enum sotto_err sotto_x509_parse(struct sotto_span certificate,
                                struct sotto_x509_fields *fields)
{
    mbedtls_x509_crt list;
    enum sotto_err err;

    mbedtls_x509_crt_init(&list);
    err = add(&list, certificate, fields);
    mbedtls_x509_crt_free(&list);
    return err;
}
