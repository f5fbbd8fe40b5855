/*
 * x509.c - what of x509.h is the same for every back end.
 */
#include "core/crypto/x509.h"
#include "core/crypto/x509_back.h"
#include <sotto/env.h>
#include <string.h>

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
    struct sotto_x509_fields fields;
    uint8_t key[SOTTO_P256_PUBLIC_LEN];
    enum sotto_err err = sotto_x509_parse(certificate, &fields);

    if (err == SOTTO_OK) {
        err = sotto_x509_fields_key(&fields, key);
    }
    if (err == SOTTO_OK) {
        *facts = (struct sotto_x509_facts){.subject = fields.subject,
                                           .from = fields.from,
                                           .until = fields.until};
        memcpy(facts->key, key, sizeof key);
    }
    return err;
}

enum sotto_err sotto_x509_subject(struct sotto_span certificate,
                                  struct sotto_span *subject)
{
    struct sotto_x509_fields fields;
    enum sotto_err err = sotto_x509_parse(certificate, &fields);

    if (err == SOTTO_OK) {
        *subject = fields.subject;
    }
    return err;
}

/* ------------------------------------------------------- for the back ends */

static bool is_same_text(const uint8_t *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned x = a[i];
        unsigned y = (uint8_t)b[i];

        x += x >= 'A' && x <= 'Z' ? 'a' - 'A' : 0;
        y += y >= 'A' && y <= 'Z' ? 'a' - 'A' : 0;
        if (x != y) {
            return false;
        }
    }
    return true;
}

bool sotto_x509_is_for(struct sotto_span dns, const char *name)
{
    const size_t name_len = strlen(name);
    const char *dot = strchr(name, '.');

    if (dns.len == name_len && is_same_text(dns.at, name, name_len)) {
        return true;
    }
    return dns.len >= 3 && dns.at[0] == '*' && dns.at[1] == '.' &&
           dot != NULL && dot != name && strlen(dot) == dns.len - 1 &&
           is_same_text(dns.at + 1, dot, dns.len - 1);
}

void sotto_x509_begin_report(struct sotto_x509_report *report)
{
    *report = (struct sotto_x509_report){.until = UINT64_MAX};
}

void sotto_x509_add_times(struct sotto_x509_report *report,
                          const struct sotto_x509_fields *fields)
{
    if (fields->from > report->from) {
        report->from = fields->from;
    }
    if (fields->until < report->until) {
        report->until = fields->until;
    }
}

enum sotto_err sotto_x509_end_report(struct sotto_x509_report *report,
                                     const struct sotto_x509_trust *trust)
{
    const uint64_t earliest =
        trust->now == SOTTO_TIME_UNKNOWN ? trust->floor : trust->now;

    if (report->until < earliest) {
        report->flaws |= SOTTO_X509_EXPIRED;
    }
    if (trust->now != SOTTO_TIME_UNKNOWN && report->from > trust->now) {
        report->flaws |= SOTTO_X509_NOT_YET;
    }
    return report->flaws == 0 ? SOTTO_OK : SOTTO_ERR_AUTH;
}
