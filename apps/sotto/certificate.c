#include "apps/sotto/certificate.h"

#include "core/crypto/pem.h"
#include <sotto/env.h>

#ifndef SOTTO_BUILD_TIME
#    error "CMakeLists.txt defines SOTTO_BUILD_TIME for this file"
#endif

/* ---- texts with certificates ------------------------------------------------ */

enum sotto_err certificate_next(struct sotto_span *text, uint8_t *bytes,
                                size_t cap, size_t *used,
                                struct sotto_span *certificate)
{
    struct sotto_span label;
    size_t len = 0;
    enum sotto_err err = SOTTO_OK;
    while (err == SOTTO_OK || err == SOTTO_ERR_UNSUPPORTED) {
        err = sotto_pem_next(text, &label, bytes + *used, cap - *used, &len);
        if (err == SOTTO_OK && sotto_pem_is(label, "CERTIFICATE")) {
            *certificate = (struct sotto_span){bytes + *used, len};
            *used += len;
            return SOTTO_OK;
        }
    }
    return err;
}

/* Takes what can be used of the text. */
static enum sotto_err take_authorities(struct authorities *all,
                                       struct sotto_span text)
{
    struct sotto_span one;
    enum sotto_err err = SOTTO_OK;
    while (err == SOTTO_OK) {
        struct sotto_x509_facts facts;
        const size_t before = all->used;
        err = certificate_next(&text, all->bytes, sizeof all->bytes, &all->used,
                               &one);
        if (err == SOTTO_OK && sotto_x509_read(one, &facts) != SOTTO_OK) {
            all->used = before;
            all->unusable++;
        } else if (err == SOTTO_OK && all->count == AUTHORITY_COUNT_MAX) {
            err = SOTTO_ERR_SPACE;
        } else if (err == SOTTO_OK) {
            all->list[all->count++] = one;
        }
    }
    return err == SOTTO_ERR_NOT_FOUND ? SOTTO_OK : err;
}

bool authorities_take(struct authorities *authorities, const char *name,
                      struct sotto_span text, bool passes_over,
                      struct textbuf *why)
{
    authorities->count = authorities->unusable = authorities->used = 0;
    enum sotto_err err = take_authorities(authorities, text);
    const char *reason =
        err == SOTTO_ERR_SPACE ? " has more authorities than there is room for"
        : err != SOTTO_OK      ? " is damaged: a block in it is not PEM"
        : authorities->count > 0 && (passes_over || authorities->unusable == 0)
            ? NULL
        : authorities->unusable > 0
            ? (passes_over ? " has no authority with an EC key on P-256, and "
                             "others cannot be used"
                           : " has a certificate that cannot be used; it has "
                             "to be X.509 with an EC (ECDSA) key on P-256")
            : " has no certificate: it should be PEM, -----BEGIN "
              "CERTIFICATE-----";
    if (reason != NULL) {
        textbuf_add_all(why, name, reason, NULL);
    }
    return reason == NULL;
}

/* ---- times and words -------------------------------------------------------------- */

uint64_t certificate_floor(void)
{
    return SOTTO_BUILD_TIME;
}

uint64_t certificate_now(uint64_t now_s)
{
    return now_s < certificate_floor() ? SOTTO_TIME_UNKNOWN : now_s;
}

bool certificate_has_ended(uint64_t until_s, uint64_t now_s)
{
    return until_s <
           (now_s < certificate_floor() ? certificate_floor() : now_s);
}

void certificate_flaws_text(unsigned flaws, struct textbuf *out)
{
    static const struct {
        unsigned flaw;
        const char *text;
    } table[] = {
        {SOTTO_X509_EXPIRED, "it has expired"},
        {SOTTO_X509_NOT_YET, "it is not valid yet"},
        {SOTTO_X509_OTHER_NAME, "it is for another name"},
        {SOTTO_X509_OTHER_USAGE, "it is not one for servers"},
        {SOTTO_X509_UNTRUSTED,
         "it does not lead to a trusted authority by valid signatures"},
    };
    bool is_first = true;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if ((flaws & table[i].flaw) != 0) {
            textbuf_add_all(out, is_first ? "" : ", and ", table[i].text, NULL);
            is_first = false;
        }
    }
}
