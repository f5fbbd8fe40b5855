/*
 * x509.c - X.509 certificates by libcrypto.
 *
 * Libcrypto reads certificates and verifies their signatures. Which certificates
 * are readable, and which path is taken, are rules of this project that both
 * back ends keep (core/crypto/x509.h), and they are narrower than libcrypto's
 * own; so they stand here. All that is allocated is freed at the one exit.
 */
#include "core/crypto/openssl/x509_read.h"
#include "core/crypto/x509_back.h"
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

/* ----------------------------------------------------------------- reading */

/* Certificates, and the bytes that they were read from. */
struct list {
    STACK_OF(X509) * whole;
    const struct sotto_span *bytes;
};

/* `first`: fields of the first. */
static enum sotto_err read_all(struct list *list, const struct sotto_span *in,
                               size_t count, struct sotto_x509_fields *first)
{
    struct sotto_x509_fields other;
    enum sotto_err err = count > 0 ? SOTTO_OK : SOTTO_ERR_FORMAT;

    list->bytes = in;
    for (size_t i = 0; i < count && err == SOTTO_OK; i++) {
        X509 *certificate = NULL;

        err = sotto_openssl_read(in[i], &certificate, i == 0 ? first : &other);
        if (err == SOTTO_OK && sk_X509_push(list->whole, certificate) <= 0) {
            X509_free(certificate);
            err = SOTTO_ERR_SPACE;
        }
    }
    return err;
}

static X509 *get(const struct list *list, int at)
{
    return sk_X509_value(list->whole, at);
}

static int count_of(const struct list *list)
{
    return sk_X509_num(list->whole);
}

/* -------------------------------------------------------------------- path */

static bool is_self_issued(const X509 *certificate)
{
    return X509_NAME_cmp(X509_get_issuer_name(certificate),
                         X509_get_subject_name(certificate)) == 0;
}

/* Where a certificate says nothing about its usage, it is good for all. What is
 * for one direction of encryption only signs nothing. */
static bool may(X509 *certificate, uint32_t usage)
{
    const uint32_t allowed = X509_get_key_usage(certificate);

    return allowed == UINT32_MAX ||
           (allowed & (usage | KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY)) == usage;
}

/* May `parent` be who made `child`, with so many levels of authorities between it
 * and the first certificate? Very old anchors (X.509 versions 1 and 2) cannot say
 * that they are authorities. */
static bool is_parent(const X509 *child, X509 *parent, bool is_top, long levels)
{
    const bool is_old = X509_get_version(parent) < X509_VERSION_3;
    const long path_len = X509_get_pathlen(parent); /* -1: any */

    return X509_NAME_cmp(X509_get_issuer_name(child),
                         X509_get_subject_name(parent)) == 0 &&
           ((is_top && is_old) ||
            ((X509_get_extension_flags(parent) & EXFLAG_CA) != 0 &&
             may(parent, KU_KEY_CERT_SIGN))) &&
           (path_len < 0 || levels <= path_len);
}

static bool has_signed(X509 *parent, X509 *child)
{
    return X509_verify(child, X509_get0_pubkey(parent)) == 1;
}

/* Where in the list the anchor is that has made `child`; -1: there is none. */
static int find_anchor(X509 *child, const struct list *anchors, long levels)
{
    for (int i = 0; i < count_of(anchors); i++) {
        if (is_parent(child, get(anchors, i), true, levels) &&
            has_signed(get(anchors, i), child)) {
            return i;
        }
    }
    return -1;
}

/* Where in the chain, from `at` on, the next one is on the way to an anchor. */
static int find_next(const X509 *child, const struct list *chain, int at,
                     long levels)
{
    while (at < count_of(chain) &&
           !is_parent(child, get(chain, at), false, levels)) {
        at++;
    }
    return at < count_of(chain) ? at : -1;
}

/* A self-issued certificate that is itself trusted, byte for byte. */
static bool is_anchor(const struct list *chain, const struct list *anchors)
{
    const struct sotto_span *own = &chain->bytes[0];
    bool found = false;

    for (int i = 0; i < count_of(anchors); i++) {
        const struct sotto_span *anchor = &anchors->bytes[i];

        found |= anchor->len == own->len &&
                 memcmp(anchor->at, own->at, own->len) == 0;
    }
    return found && is_self_issued(get(chain, 0));
}

static void add_times(struct sotto_x509_report *report, const struct list *list,
                      int at)
{
    struct sotto_x509_fields fields;

    if (sotto_x509_fields_read(list->bytes[at], &fields) != SOTTO_OK) {
        report->flaws |= SOTTO_X509_UNTRUSTED; /* but it was read before */
        return;
    }
    sotto_x509_add_times(report, &fields);
}

/* From the first certificate to an anchor, as early as there is one; each parent
 * stands behind its child, so this ends. Self-issued authorities do not count as
 * levels, but for the highest. */
static void walk(const struct list *chain, const struct list *anchors,
                 struct sotto_x509_report *report)
{
    int at = 0;
    long levels = 0;

    add_times(report, chain, 0);
    while (!is_anchor(chain, anchors) && at >= 0) {
        X509 *child = get(chain, at);
        const int anchor = find_anchor(child, anchors, levels);

        if (anchor >= 0) {
            add_times(report, anchors, anchor);
            return;
        }
        at = find_next(child, chain, at + 1, levels);
        if (at < 0 || !has_signed(get(chain, at), child)) {
            report->flaws |= SOTTO_X509_UNTRUSTED;
        }
        if (at >= 0) {
            add_times(report, chain, at);
        }
        levels += levels == 0 || !is_self_issued(child) ? 1 : 0;
    }
}

/* ------------------------------------------------------------------- names */

static struct sotto_span text_of(const ASN1_STRING *text)
{
    return (struct sotto_span){ASN1_STRING_get0_data(text),
                               (size_t)ASN1_STRING_length(text)};
}

/* Is it for that IP address, or, where it is NULL, for that DNS name? */
static bool is_named(const GENERAL_NAME *general, const char *name,
                     const ASN1_OCTET_STRING *ip)
{
    int type;
    const void *value = GENERAL_NAME_get0_value(general, &type);

    if (ip != NULL) {
        return type == GEN_IPADD && ASN1_OCTET_STRING_cmp(value, ip) == 0;
    }
    return type == GEN_DNS && sotto_x509_is_for(text_of(value), name);
}

static bool has_name(const X509 *certificate, const char *name)
{
    GENERAL_NAMES *names =
        X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    ASN1_OCTET_STRING *ip = a2i_IPADDRESS(name);
    bool found = false;

    for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++) {
        found = is_named(sk_GENERAL_NAME_value(names, i), name, ip);
    }
    GENERAL_NAMES_free(names);
    ASN1_OCTET_STRING_free(ip);
    return found;
}

/* --------------------------------------------------------------- verifying */

static bool is_for_usage(X509 *certificate, enum sotto_x509_usage usage)
{
    const uint32_t extended = usage == SOTTO_X509_SERVER
                                  ? XKU_SSL_SERVER | XKU_ANYEKU
                                  : XKU_SSL_CLIENT | XKU_ANYEKU;

    /* All bits where the certificate says nothing. */
    return may(certificate, KU_DIGITAL_SIGNATURE) &&
           (X509_get_extended_key_usage(certificate) & extended) != 0;
}

static enum sotto_err verify(const struct list *chain,
                             const struct list *anchors,
                             const struct sotto_x509_trust *trust,
                             struct sotto_x509_report *report)
{
    X509 *first = get(chain, 0);

    sotto_x509_begin_report(report);
    walk(chain, anchors, report);
    if (trust->name != NULL && !has_name(first, trust->name)) {
        report->flaws |= SOTTO_X509_OTHER_NAME;
    }
    if (!is_for_usage(first, trust->usage)) {
        report->flaws |= SOTTO_X509_OTHER_USAGE;
    }
    return sotto_x509_end_report(report, trust);
}

enum sotto_err sotto_x509_examine(const struct sotto_span *chain, size_t count,
                                  const struct sotto_x509_trust *trust,
                                  uint8_t key[static SOTTO_P256_PUBLIC_LEN],
                                  struct sotto_x509_report *report)
{
    struct list list = {sk_X509_new_null(), NULL};
    struct list anchors = {sk_X509_new_null(), NULL};
    struct sotto_x509_fields first;
    struct sotto_x509_fields other;
    enum sotto_err err = SOTTO_OK;

    if (count > SOTTO_X509_CHAIN_MAX) {
        err = SOTTO_ERR_LIMIT;
    } else if (list.whole == NULL || anchors.whole == NULL) {
        err = SOTTO_ERR_SPACE;
    }
    if (err == SOTTO_OK) {
        err = read_all(&list, chain, count, &first);
    }
    if (err == SOTTO_OK) {
        err = read_all(&anchors, trust->anchors, trust->anchor_count, &other);
    }
    if (err == SOTTO_OK) {
        err = verify(&list, &anchors, trust, report);
    }
    if (err == SOTTO_OK) {
        err = sotto_x509_fields_key(&first, key);
    }
    sk_X509_pop_free(list.whole, X509_free);
    sk_X509_pop_free(anchors.whole, X509_free);
    ERR_clear_error(); /* what was refused leaves its reasons there */
    return err;
}

enum sotto_err sotto_x509_parse(struct sotto_span certificate,
                                struct sotto_x509_fields *fields)
{
    X509 *whole = NULL;
    enum sotto_err err = sotto_openssl_read(certificate, &whole, fields);

    X509_free(whole);
    ERR_clear_error();
    return err;
}
