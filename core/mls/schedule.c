/*
 * schedule.c - the key schedule (RFC 9420 8).
 */
#include "core/mls/schedule.h"

#include "core/base/secret.h"
#include "core/mls/hpke.h"
#include "core/mls/label.h"
#include <string.h>

/* 8.3: the exporter label of HPKE, which has the prefix of MLS spelt out. */
static const char external_label[] = "MLS 1.0 external init secret";

void sotto_mls_epoch_secrets_wipe(struct sotto_mls_epoch_secrets *secrets)
{
    sotto_wipe(secrets, sizeof *secrets);
}

/* ------------------------------------------------- from epoch to epoch (8) */

void sotto_mls_joiner_secret(const struct sotto_mls_suite *suite,
                             const uint8_t *init_secret,
                             const uint8_t *commit_secret,
                             struct sotto_span context, uint8_t *out)
{
    const struct sotto_span salt = {init_secret, suite->hash_len};
    const struct sotto_piece ikm = {commit_secret, suite->hash_len};
    uint8_t extracted[SOTTO_MLS_HASH_MAX];

    sotto_mls_extract(suite, salt, &ikm, 1, extracted);
    sotto_mls_expand_with_label(suite, extracted, "joiner", context, out,
                                suite->hash_len);
    sotto_wipe(extracted, sizeof extracted);
}

void sotto_mls_member_secret(const struct sotto_mls_suite *suite,
                             const uint8_t *joiner_secret,
                             const uint8_t *psk_secret, uint8_t *out)
{
    const struct sotto_span salt = {joiner_secret, suite->hash_len};
    const struct sotto_piece ikm = {psk_secret, suite->hash_len};

    sotto_mls_extract(suite, salt, &ikm, 1, out);
}

void sotto_mls_welcome_secret(const struct sotto_mls_suite *suite,
                              const uint8_t *member_secret, uint8_t *out)
{
    sotto_mls_derive_secret(suite, member_secret, "welcome", out);
}

void sotto_mls_epoch_secret(const struct sotto_mls_suite *suite,
                            const uint8_t *member_secret,
                            struct sotto_span context, uint8_t *out)
{
    sotto_mls_expand_with_label(suite, member_secret, "epoch", context, out,
                                suite->hash_len);
}

void sotto_mls_epoch_derive(const struct sotto_mls_suite *suite,
                            const uint8_t *epoch_secret,
                            struct sotto_mls_epoch_secrets *out,
                            uint8_t *encryption_secret)
{
    const struct {
        const char *label;
        uint8_t *secret;
    } table[] = {
        {"sender data", out->sender_data_secret},
        {"encryption", encryption_secret},
        {"exporter", out->exporter_secret},
        {"external", out->external_secret},
        {"confirm", out->confirmation_key},
        {"membership", out->membership_key},
        {"resumption", out->resumption_psk},
        {"authentication", out->epoch_authenticator},
        {"init", out->init_secret},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        sotto_mls_derive_secret(suite, epoch_secret, table[i].label,
                                table[i].secret);
    }
}

/* ---------------------------------------------------------- exporters (8.5) */

enum sotto_err sotto_mls_exporter(const struct sotto_mls_suite *suite,
                                  const uint8_t *exporter_secret,
                                  const char *label, struct sotto_span context,
                                  uint8_t *out, size_t len)
{
    uint8_t secret[SOTTO_MLS_HASH_MAX];
    uint8_t digest[SOTTO_MLS_HASH_MAX];
    const struct sotto_span hashed = {digest, suite->hash_len};
    struct sotto_mls_hash hash;

    if (len > sotto_mls_expand_max(suite)) {
        return SOTTO_ERR_LIMIT;
    }
    sotto_mls_hash_init(&hash, suite);
    sotto_mls_hash_add(&hash, context.at, context.len);
    sotto_mls_hash_end(&hash, digest);
    sotto_mls_derive_secret(suite, exporter_secret, label, secret);
    sotto_mls_expand_with_label(suite, secret, "exported", hashed, out, len);
    sotto_wipe(secret, sizeof secret);
    return SOTTO_OK;
}

/* -------------------------------------------- external initialization (8.3) */

enum sotto_err sotto_mls_external_key_pair(const struct sotto_mls_suite *suite,
                                           const uint8_t *external_secret,
                                           uint8_t *private_key,
                                           uint8_t *public_key)
{
    const struct sotto_span ikm = {external_secret, suite->hash_len};

    return sotto_mls_hpke_derive_key_pair(suite, ikm, private_key, public_key);
}

/* 8.3 calls SetupBase with an empty `info`, and then has a sentence that it be
 * the GroupInfo. What implementations sent each other (external_join.json of
 * the vectors) has it empty. */
static void export_init_secret(const struct sotto_mls_hpke *hpke,
                               uint8_t *init_secret)
{
    const struct sotto_span label = {(const uint8_t *)external_label,
                                     strlen(external_label)};

    sotto_mls_hpke_export(hpke, label, init_secret, hpke->suite->hash_len);
}

enum sotto_err sotto_mls_external_init_send(const struct sotto_mls_suite *suite,
                                            struct sotto_span external_pub,
                                            const struct sotto_random *random,
                                            uint8_t *kem_output,
                                            uint8_t *init_secret)
{
    struct sotto_mls_hpke hpke;
    enum sotto_err err;

    err = sotto_mls_hpke_send(&hpke, suite, external_pub, NULL, 0, random,
                              kem_output);
    if (err == SOTTO_OK) {
        export_init_secret(&hpke, init_secret);
    }
    sotto_mls_hpke_wipe(&hpke);
    return err;
}

enum sotto_err sotto_mls_external_init_receive(
    const struct sotto_mls_suite *suite, const uint8_t *external_secret,
    struct sotto_span kem_output, uint8_t *init_secret)
{
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX];
    uint8_t public_key[SOTTO_MLS_PUBLIC_MAX];
    const struct sotto_span public_span = {public_key, suite->public_len};
    struct sotto_mls_hpke hpke;
    enum sotto_err err;

    err = sotto_mls_external_key_pair(suite, external_secret, private_key,
                                      public_key);
    if (err == SOTTO_OK) {
        err = sotto_mls_hpke_receive(&hpke, suite, private_key, public_span,
                                     NULL, 0, kem_output);
    }
    if (err == SOTTO_OK) {
        export_init_secret(&hpke, init_secret);
    }
    sotto_mls_hpke_wipe(&hpke);
    sotto_wipe(private_key, sizeof private_key);
    return err;
}
