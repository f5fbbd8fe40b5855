/*
 * credential_x509.c - X.509 credentials (RFC 9420 5.3).
 */
#include "core/crypto/x509.h"
#include "core/mls/codec.h"
#include <sotto/mls_x509.h>
#include <string.h>

/* `Certificate certificates<V>`: each is `opaque cert_data<V>`. */
static enum sotto_err read_chain(const struct sotto_mls_credential *credential,
                                 struct sotto_span chain[SOTTO_X509_CHAIN_MAX],
                                 size_t *count)
{
    struct sotto_reader items = sotto_mls_items(credential->body);

    if (credential->type != SOTTO_MLS_CREDENTIAL_X509) {
        return SOTTO_ERR_UNSUPPORTED;
    }
    *count = 0;
    while (items.left > 0 && !items.bad) {
        if (*count == SOTTO_X509_CHAIN_MAX) {
            return SOTTO_ERR_LIMIT;
        }
        chain[*count] = sotto_read_vector(&items, 1, SOTTO_VARINT_MAX);
        ++*count;
    }
    return items.bad || *count == 0 ? SOTTO_ERR_FORMAT : SOTTO_OK;
}

enum sotto_err sotto_mls_x509_subject(
    const struct sotto_mls_credential *credential, struct sotto_span *subject)
{
    struct sotto_span chain[SOTTO_X509_CHAIN_MAX];
    size_t count;
    enum sotto_err err = read_chain(credential, chain, &count);

    return err == SOTTO_OK ? sotto_x509_subject(chain[0], subject) : err;
}

/* A Name without anything in it: SEQUENCE {}. */
#define EMPTY_NAME_LEN 2U

static enum sotto_err check_successor(
    const struct sotto_mls_credential *credential,
    const struct sotto_mls_credential *old)
{
    struct sotto_span now;
    struct sotto_span before;
    enum sotto_err err = sotto_mls_x509_subject(credential, &now);

    if (err == SOTTO_OK) {
        err = sotto_mls_x509_subject(old, &before);
    }
    if (err != SOTTO_OK) {
        return err;
    }
    return now.len > EMPTY_NAME_LEN && now.len == before.len &&
                   memcmp(now.at, before.at, now.len) == 0
               ? SOTTO_OK
               : SOTTO_ERR_AUTH;
}

enum sotto_err sotto_mls_credential_x509(
    const struct sotto_mls_x509 *trust,
    const struct sotto_mls_credential *credential,
    struct sotto_span signature_key, const struct sotto_mls_credential *old)
{
    const struct sotto_x509_trust wanted = {.anchors = trust->anchors,
                                            .anchor_count = trust->anchor_count,
                                            .now = trust->now,
                                            .floor = trust->floor,
                                            .usage = SOTTO_X509_CLIENT};
    struct sotto_span chain[SOTTO_X509_CHAIN_MAX];
    uint8_t key[SOTTO_P256_PUBLIC_LEN];
    size_t count;
    enum sotto_err err = read_chain(credential, chain, &count);

    if (err == SOTTO_OK) {
        err = sotto_x509_verify(chain, count, &wanted, key);
    }
    if (err == SOTTO_OK && (signature_key.len != sizeof key ||
                            memcmp(signature_key.at, key, sizeof key) != 0)) {
        err = SOTTO_ERR_AUTH;
    }
    return err == SOTTO_OK && old != NULL ? check_successor(credential, old)
                                          : err;
}

enum sotto_err sotto_mls_write_certificates(
    const struct sotto_span *certificates, size_t count,
    struct sotto_mls_buffer *out)
{
    struct sotto_writer w;

    sotto_writer_init(&w, out->at, out->cap);
    for (size_t i = 0; i < count; i++) {
        sotto_mls_write_span(&w, certificates[i]);
    }
    return sotto_writer_finish(&w, &out->len);
}
