/* certificate.c - see certificate.h; PROTOCOL.md, "Certificate". */
#include "core/channel/certificate.h"
#include "core/base/reader.h"
#include "core/base/writer.h"
#include "core/crypto/hash.h"
#include <string.h>

/* What a signature is for: RFC 8446 4.4.3 has the same shape, so that none of
 * one protocol is one of the other. */
static const char context[] = "sotto server static key v1";
#define SPACES 64U

/* The hash of what is signed. */
static void digest_of(struct sotto_span certificate, const uint8_t *static_key,
                      uint8_t digest[static SOTTO_HASH_LEN])
{
    uint8_t spaces[SPACES];
    uint8_t fingerprint[SOTTO_HASH_LEN];
    struct sotto_sha256 hash;

    memset(spaces, ' ', sizeof spaces);
    sotto_sha256(certificate.at, certificate.len, fingerprint);
    sotto_sha256_init(&hash);
    sotto_sha256_add(&hash, spaces, sizeof spaces);
    sotto_sha256_add(&hash, context, sizeof context); /* its zero, too */
    sotto_sha256_add(&hash, static_key, SOTTO_X25519_LEN);
    sotto_sha256_add(&hash, fingerprint, sizeof fingerprint);
    sotto_sha256_end(&hash, digest);
}

/* ---- the server's side --------------------------------------------------- */

/* Signs the static key; AUTH when the certificate is one of another key. */
static enum sotto_err sign(const struct sotto_certificate_plan *plan,
                           uint8_t *signature, size_t *len)
{
    struct sotto_x509_facts facts;
    uint8_t key[SOTTO_P256_PUBLIC_LEN];
    uint8_t digest[SOTTO_HASH_LEN];

    enum sotto_err err = sotto_x509_read(plan->chain[0], &facts);
    if (err == SOTTO_OK) {
        err = sotto_p256_public(plan->private_key, key);
    }
    if (err == SOTTO_OK && memcmp(key, facts.key, sizeof key) != 0) {
        err = SOTTO_ERR_AUTH;
    }
    if (err == SOTTO_OK) {
        digest_of(plan->chain[0], plan->static_key, digest);
        err = sotto_p256_sign(plan->private_key, digest, signature, len);
    }
    return err;
}

/* Bytes of certificate<V> without its own prefix. */
static size_t body_len(const struct sotto_certificate_plan *plan,
                       size_t signature_len)
{
    size_t len = sotto_varint_len(signature_len) + signature_len;

    for (size_t i = 0; i < plan->count; i++) {
        const size_t part = plan->chain[i].len;
        if (part > SOTTO_CERTIFICATE_MAX) {
            return SIZE_MAX;
        }
        len += sotto_varint_len(part) + part;
    }
    return len;
}

enum sotto_err sotto_certificate_encode(
    const struct sotto_certificate_plan *plan, uint8_t *out, size_t cap,
    size_t *len)
{
    uint8_t signature[SOTTO_P256_SIGNATURE_MAX];
    size_t signature_len = 0;
    struct sotto_writer w;

    if (plan->count == 0) {
        return SOTTO_ERR_FORMAT;
    }
    if (plan->count > SOTTO_X509_CHAIN_MAX) {
        return SOTTO_ERR_LIMIT;
    }
    enum sotto_err err = sign(plan, signature, &signature_len);
    if (err != SOTTO_OK) {
        return err;
    }
    const size_t body = body_len(plan, signature_len);
    if (body > SOTTO_CERTIFICATE_MAX) {
        return SOTTO_ERR_LIMIT;
    }
    sotto_writer_init(&w, out, cap);
    sotto_write_u16(&w, plan->receive_limit);
    sotto_write_varint(&w, body);
    sotto_write_vector(&w, signature, signature_len);
    for (size_t i = 0; i < plan->count; i++) {
        sotto_write_vector(&w, plan->chain[i].at, plan->chain[i].len);
    }
    return sotto_writer_finish(&w, len);
}

/* ---- the client's side --------------------------------------------------- */

enum sotto_err sotto_certificate_verify(
    struct sotto_span certificate,
    const uint8_t static_key[static SOTTO_X25519_LEN],
    const struct sotto_x509_trust *trust, struct sotto_x509_report *report)
{
    struct sotto_span chain[SOTTO_X509_CHAIN_MAX];
    size_t count = 0;
    uint8_t key[SOTTO_P256_PUBLIC_LEN];
    uint8_t digest[SOTTO_HASH_LEN];
    struct sotto_reader r;

    if (certificate.len == 0) {
        return SOTTO_ERR_NOT_FOUND;
    }
    sotto_reader_init(&r, certificate.at, certificate.len);
    const struct sotto_span signature =
        sotto_read_vector(&r, 1, SOTTO_P256_SIGNATURE_MAX);
    while (!r.bad && r.left > 0) {
        if (count == SOTTO_X509_CHAIN_MAX) {
            return SOTTO_ERR_LIMIT;
        }
        chain[count++] = sotto_read_vector(&r, 1, SOTTO_CERTIFICATE_MAX);
    }
    enum sotto_err err = count > 0 ? sotto_reader_finish(&r) : SOTTO_ERR_FORMAT;
    if (err == SOTTO_OK) {
        err = sotto_x509_examine(chain, count, trust, key, report);
    }
    if (err == SOTTO_OK) {
        digest_of(chain[0], static_key, digest);
        err = sotto_p256_verify(key, digest, signature.at, signature.len);
    }
    return err;
}
