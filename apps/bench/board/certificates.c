/*
 * certificates.c - looking at a server's certificate, of a private authority: what
 * a board would pay that knows whom to trust, beside the handshake.
 */
#include "apps/bench/board/meter.h"
#include "core/channel/certificate.h"
#include "core/crypto/x509_write.h"
#include <string.h>

#define FROM  1767225600U /* 2026 */
#define UNTIL 1798761600U
#define NOW   1780000000U

struct certificates {
    uint8_t authority_key[SOTTO_P256_PRIVATE_LEN];
    uint8_t server_key[SOTTO_P256_PRIVATE_LEN];
    uint8_t public_key[SOTTO_P256_PUBLIC_LEN];
    uint8_t static_key[SOTTO_X25519_LEN];
    uint8_t subject[SOTTO_X509_SUBJECT_DER];
    uint8_t bytes[2][SOTTO_X509_WRITE_MIN];
    struct sotto_span authority;
    struct sotto_span leaf;
    uint8_t payload[1024];
    struct sotto_span shown; /* as it comes in message 2, without the limit */
};

static bool make_one(struct certificates *c, const char *subject,
                     const uint8_t *key, bool is_authority, uint8_t *out,
                     struct sotto_span *made)
{
    static const struct sotto_x509_name name = {
        .bytes = {(const uint8_t *)"chat.example.org", 16}};
    struct sotto_x509_issuer issuer = {.private_key = c->authority_key};
    const struct sotto_x509_plan plan = {.subject = subject,
                                         .from = FROM,
                                         .until = UNTIL,
                                         .public_key = c->public_key,
                                         .is_authority = is_authority,
                                         .names = &name,
                                         .name_count = is_authority ? 0 : 1};
    return sotto_p256_public(key, c->public_key) == SOTTO_OK &&
           sotto_x509_write_subject("authority", c->subject, &issuer.subject) ==
               SOTTO_OK &&
           sotto_x509_write(&plan, &issuer, out, SOTTO_X509_WRITE_MIN, made) ==
               SOTTO_OK;
}

static bool make(struct certificates *c)
{
    size_t len = 0;
    const struct sotto_certificate_plan plan = {.chain = &c->leaf,
                                                .count = 1,
                                                .private_key = c->server_key,
                                                .static_key = c->static_key,
                                                .receive_limit = 1024};
    memset(c->authority_key, 0x31, sizeof c->authority_key);
    memset(c->server_key, 0x32, sizeof c->server_key);
    memset(c->static_key, 0x33, sizeof c->static_key);
    if (!make_one(c, "authority", c->authority_key, true, c->bytes[0],
                  &c->authority) ||
        !make_one(c, "chat.example.org", c->server_key, false, c->bytes[1],
                  &c->leaf) ||
        sotto_certificate_encode(&plan, c->payload, sizeof c->payload, &len) !=
            SOTTO_OK) {
        return false;
    }
    struct sotto_reader r;
    sotto_reader_init(&r, c->payload, len);
    (void)sotto_read_u16(&r);
    c->shown = sotto_read_vector(&r, 1, SOTTO_CERTIFICATE_MAX);
    return sotto_reader_finish(&r) == SOTTO_OK;
}

static bool verify(void *ctx)
{
    const struct certificates *c = ctx;
    struct sotto_x509_report report;
    const struct sotto_x509_trust trust = {.anchors = &c->authority,
                                           .anchor_count = 1,
                                           .now = NOW,
                                           .usage = SOTTO_X509_SERVER,
                                           .name = "chat.example.org"};
    return sotto_certificate_verify(c->shown, c->static_key, &trust, &report) ==
           SOTTO_OK;
}

bool meter_certificates(void)
{
    static struct certificates c;
    return make(&c) &&
           meter_row("certificate of a server, verified", verify, &c);
}
