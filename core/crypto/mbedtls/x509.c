/*
 * x509.c - X.509 certificates by mbedTLS.
 *
 * mbedTLS is built without a clock: the times of each certificate of the path
 * that it found are compared here. It allocates while it reads; all is freed at
 * the one exit.
 */
#include "core/crypto/x509.h"
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

/* A SubjectPublicKeyInfo of P-256 (RFC 5480) up to the uncompressed point. */
static const uint8_t key_prefix[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a,
                                     0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                     0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
                                     0x01, 0x07, 0x03, 0x42, 0x00};

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
static enum sotto_err add(mbedtls_x509_crt *list, struct sotto_span in)
{
    const mbedtls_x509_crt *last = list;
    enum sotto_err err =
        translate(mbedtls_x509_crt_parse_der_nocopy(list, in.at, in.len));

    while (last->next != NULL) {
        last = last->next;
    }
    return err == SOTTO_OK && last->raw.len != in.len ? SOTTO_ERR_FORMAT : err;
}

static enum sotto_err add_all(mbedtls_x509_crt *list,
                              const struct sotto_span *in, size_t count)
{
    enum sotto_err err = count > 0 ? SOTTO_OK : SOTTO_ERR_FORMAT;

    for (size_t i = 0; i < count && err == SOTTO_OK; i++) {
        err = add(list, in[i]);
    }
    return err;
}

static enum sotto_err read_key(const mbedtls_x509_crt *certificate,
                               uint8_t key[static SOTTO_P256_PUBLIC_LEN])
{
    const mbedtls_x509_buf *info = &certificate->pk_raw;

    if (info->len != sizeof key_prefix + SOTTO_P256_PUBLIC_LEN ||
        memcmp(info->p, key_prefix, sizeof key_prefix) != 0) {
        return SOTTO_ERR_FORMAT;
    }
    memcpy(key, info->p + sizeof key_prefix, SOTTO_P256_PUBLIC_LEN);
    return SOTTO_OK;
}

/* -------------------------------------------------------------------- time */

/* Days since 1970-01-01 of the Gregorian calendar: years begin in March, so
 * that the leap day ends them. */
static int64_t days_of(const mbedtls_x509_time *time)
{
    int64_t month = time->mon > 2 ? time->mon - 3 : time->mon + 9;
    int64_t year = time->mon > 2 ? time->year : time->year - 1;

    return 365 * year + year / 4 - year / 100 + year / 400 +
           (153 * month + 2) / 5 + time->day - 1 - 719468;
}

/* Seconds since 1970; 0 for all before. */
static uint64_t seconds_of(const mbedtls_x509_time *time)
{
    int64_t minutes = (24 * days_of(time) + time->hour) * 60 + time->min;
    int64_t seconds = 60 * minutes + time->sec;

    return seconds < 0 ? 0 : (uint64_t)seconds;
}

/* What the callback is handed. */
struct times {
    const struct sotto_x509_trust *trust;
    struct sotto_x509_report *report;
};

/* Called for each certificate of the path, the anchor included. */
static int check_time(void *ctx, mbedtls_x509_crt *certificate, int depth,
                      uint32_t *flags)
{
    const struct times *times = ctx;
    const struct sotto_x509_trust *trust = times->trust;
    struct sotto_x509_report *report = times->report;
    const uint64_t from = seconds_of(&certificate->valid_from);
    const uint64_t until = seconds_of(&certificate->valid_to);
    const uint64_t earliest =
        trust->now == SOTTO_TIME_UNKNOWN ? trust->floor : trust->now;

    (void)depth;
    report->from = from > report->from ? from : report->from;
    report->until = until < report->until ? until : report->until;
    if (until < earliest) {
        *flags |= MBEDTLS_X509_BADCERT_EXPIRED;
    }
    if (trust->now != SOTTO_TIME_UNKNOWN && from > trust->now) {
        *flags |= MBEDTLS_X509_BADCERT_FUTURE;
    }
    return 0;
}

/* --------------------------------------------------------------- verifying */

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

/* A name is not looked for among the words of the subject. */
static bool has_names(const mbedtls_x509_crt *certificate)
{
    return mbedtls_x509_crt_has_ext_type(certificate,
                                         MBEDTLS_X509_EXT_SUBJECT_ALT_NAME);
}

/* What the flags of a verification mean. */
static unsigned flaws_of(uint32_t flags)
{
    const uint32_t known = MBEDTLS_X509_BADCERT_EXPIRED |
                           MBEDTLS_X509_BADCERT_FUTURE |
                           MBEDTLS_X509_BADCERT_CN_MISMATCH;

    return ((flags & MBEDTLS_X509_BADCERT_EXPIRED) != 0 ? SOTTO_X509_EXPIRED
                                                        : 0U) |
           ((flags & MBEDTLS_X509_BADCERT_FUTURE) != 0 ? SOTTO_X509_NOT_YET
                                                       : 0U) |
           ((flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) != 0
                ? SOTTO_X509_OTHER_NAME
                : 0U) |
           ((flags & ~known) != 0 ? SOTTO_X509_UNTRUSTED : 0U);
}

static enum sotto_err verify(mbedtls_x509_crt *chain, mbedtls_x509_crt *anchors,
                             const struct sotto_x509_trust *trust,
                             struct sotto_x509_report *report)
{
    struct times times = {trust, report};
    uint32_t flags = 0;

    *report = (struct sotto_x509_report){.until = UINT64_MAX};
    int ret = mbedtls_x509_crt_verify_with_profile(chain, anchors, NULL,
                                                   &profile, trust->name,
                                                   &flags, check_time, &times);
    report->flaws = flaws_of(flags);
    if (trust->name != NULL && !has_names(chain)) {
        report->flaws |= SOTTO_X509_OTHER_NAME;
    }
    if (!is_for_usage(chain, trust->usage)) {
        report->flaws |= SOTTO_X509_OTHER_USAGE;
    }
    if (ret != 0 && report->flaws == 0) {
        report->flaws = SOTTO_X509_UNTRUSTED;
    }
    return report->flaws == 0 ? SOTTO_OK : SOTTO_ERR_AUTH;
}

enum sotto_err sotto_x509_examine(const struct sotto_span *chain, size_t count,
                                  const struct sotto_x509_trust *trust,
                                  uint8_t key[static SOTTO_P256_PUBLIC_LEN],
                                  struct sotto_x509_report *report)
{
    mbedtls_x509_crt list;
    mbedtls_x509_crt anchors;
    enum sotto_err err;

    if (count > SOTTO_X509_CHAIN_MAX) {
        return SOTTO_ERR_LIMIT;
    }
    mbedtls_x509_crt_init(&list);
    mbedtls_x509_crt_init(&anchors);
    err = add_all(&list, chain, count);
    if (err == SOTTO_OK) {
        err = add_all(&anchors, trust->anchors, trust->anchor_count);
    }
    if (err == SOTTO_OK) {
        err = verify(&list, &anchors, trust, report);
    }
    if (err == SOTTO_OK) {
        err = read_key(&list, key);
    }
    mbedtls_x509_crt_free(&list);
    mbedtls_x509_crt_free(&anchors);
    return err;
}

enum sotto_err sotto_x509_verify(const struct sotto_span *chain, size_t count,
                                 const struct sotto_x509_trust *trust,
                                 uint8_t key[static SOTTO_P256_PUBLIC_LEN])
{
    struct sotto_x509_report report;

    return sotto_x509_examine(chain, count, trust, key, &report);
}

enum sotto_err sotto_x509_read(struct sotto_span certificate,
                               struct sotto_x509_facts *facts)
{
    mbedtls_x509_crt list;
    struct sotto_x509_facts found;
    enum sotto_err err;

    mbedtls_x509_crt_init(&list);
    err = add(&list, certificate);
    if (err == SOTTO_OK) {
        err = read_key(&list, found.key);
    }
    if (err == SOTTO_OK) {
        found.subject =
            (struct sotto_span){list.subject_raw.p, list.subject_raw.len};
        found.from = seconds_of(&list.valid_from);
        found.until = seconds_of(&list.valid_to);
        *facts = found;
    }
    mbedtls_x509_crt_free(&list);
    return err;
}

enum sotto_err sotto_x509_subject(struct sotto_span certificate,
                                  struct sotto_span *subject)
{
    mbedtls_x509_crt list;
    enum sotto_err err;

    mbedtls_x509_crt_init(&list);
    err = add(&list, certificate);
    if (err == SOTTO_OK) {
        *subject =
            (struct sotto_span){list.subject_raw.p, list.subject_raw.len};
    }
    mbedtls_x509_crt_free(&list);
    return err;
}
