/*
 * hpke.c - HPKE in its base mode (RFC 9180).
 */
#include "core/mls/hpke.h"

#include "core/base/secret.h"
#include "core/mls/pieces.h"
#include <string.h>

#define MODE_BASE 0 /* RFC 9180 5, table 1 */

/* The candidates for a private key that RFC 9180 7.1.3 allows. For P-256 the
 * second is needed once in 2^32 times. */
#define CANDIDATES_MAX 256U

static const char version[] = "HPKE-v1";

/* ------------------- LabeledExtract and LabeledExpand (RFC 9180 section 4) */

/* Whose labels: those of the suite's KEM alone, or those of HPKE. */
struct scope {
    const struct sotto_mls_suite *suite;
    bool is_kem;
};

static struct scope kem_of(const struct sotto_mls_suite *suite)
{
    return (struct scope){suite, true};
}

static struct scope hpke_of(const struct sotto_mls_suite *suite)
{
    return (struct scope){suite, false};
}

/* "HPKE-v1", suite_id, label. */
static void add_label(struct sotto_mls_pieces *p, struct scope scope,
                      const char *label)
{
    const struct sotto_mls_suite *suite = scope.suite;

    sotto_mls_pieces_add(p, version, strlen(version));
    if (scope.is_kem) {
        sotto_mls_pieces_add(p, "KEM", 3);
        sotto_mls_pieces_u16(p, suite->kem_id);
    } else {
        sotto_mls_pieces_add(p, "HPKE", 4);
        sotto_mls_pieces_u16(p, suite->kem_id);
        sotto_mls_pieces_u16(p, suite->kdf_id);
        sotto_mls_pieces_u16(p, suite->aead_id);
    }
    sotto_mls_pieces_add(p, label, strlen(label));
}

static void add_all(struct sotto_mls_pieces *p,
                    const struct sotto_piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sotto_mls_pieces_add(p, pieces[i].at, pieces[i].len);
    }
}

static void labeled_extract(struct scope scope, struct sotto_span salt,
                            const char *label, const struct sotto_piece *ikm,
                            size_t count, uint8_t *out)
{
    struct sotto_mls_pieces p;

    sotto_mls_pieces_init(&p);
    add_label(&p, scope, label);
    add_all(&p, ikm, count);
    sotto_mls_extract(scope.suite, salt, p.at, p.count, out);
}

static void labeled_expand(struct scope scope, const uint8_t *prk,
                           const char *label, const struct sotto_piece *info,
                           size_t count, uint8_t *out, size_t len)
{
    struct sotto_mls_pieces p;

    sotto_mls_pieces_init(&p);
    sotto_mls_pieces_u16(&p, (uint16_t)len);
    add_label(&p, scope, label);
    add_all(&p, info, count);
    sotto_mls_expand(scope.suite, prk, p.at, p.count, out, len);
}

/* ---------------------------------------- the KEM (RFC 9180 4.1 and 7.1.3) */

static const struct sotto_span none = {NULL, 0};

enum sotto_err sotto_mls_hpke_derive_key_pair(
    const struct sotto_mls_suite *suite, struct sotto_span ikm,
    uint8_t *private_key, uint8_t *public_key)
{
    const struct sotto_piece seed = {ikm.at, ikm.len};
    uint8_t dkp_prk[SOTTO_MLS_HASH_MAX];
    enum sotto_err err = SOTTO_ERR_AUTH;

    labeled_extract(kem_of(suite), none, "dkp_prk", &seed, 1, dkp_prk);
    /* AUTH says that the number is 0 or too large: the next one then. */
    for (unsigned i = 0; i < CANDIDATES_MAX && err == SOTTO_ERR_AUTH; i++) {
        const uint8_t counter = (uint8_t)i;
        const struct sotto_piece piece = {&counter, 1};

        labeled_expand(kem_of(suite), dkp_prk, "candidate", &piece, 1,
                       private_key, suite->private_len);
        err = suite->public_of(private_key, public_key);
    }
    sotto_wipe(dkp_prk, sizeof dkp_prk);
    return err;
}

/* ExtractAndExpand: the KEM's shared secret from the Diffie-Hellman result and
 * both public keys. */
static void shared_secret(const struct sotto_mls_suite *suite,
                          const uint8_t *dh, const uint8_t *kem_output,
                          const uint8_t *public_key, uint8_t *out)
{
    const struct sotto_piece secret = {dh, suite->shared_len};
    const struct sotto_piece kem_context[] = {
        {kem_output, suite->kem_len},
        {public_key, suite->public_len},
    };
    uint8_t eae_prk[SOTTO_MLS_HASH_MAX];

    labeled_extract(kem_of(suite), none, "eae_prk", &secret, 1, eae_prk);
    labeled_expand(kem_of(suite), eae_prk, "shared_secret", kem_context, 2, out,
                   suite->hash_len);
    sotto_wipe(eae_prk, sizeof eae_prk);
}

/* Encap. */
static enum sotto_err encap(const struct sotto_mls_suite *suite,
                            const uint8_t *public_key,
                            const struct sotto_random *random,
                            uint8_t *kem_output, uint8_t *out)
{
    uint8_t seed[SOTTO_MLS_PRIVATE_MAX];
    uint8_t ephemeral[SOTTO_MLS_PRIVATE_MAX];
    uint8_t dh[SOTTO_MLS_HASH_MAX];
    const struct sotto_span ikm = {seed, suite->private_len};
    enum sotto_err err;

    err = random->fill(random->ctx, seed, suite->private_len);
    if (err == SOTTO_OK) {
        err = sotto_mls_hpke_derive_key_pair(suite, ikm, ephemeral, kem_output);
    }
    if (err == SOTTO_OK) {
        err = suite->agree(ephemeral, public_key, dh);
    }
    if (err == SOTTO_OK) {
        shared_secret(suite, dh, kem_output, public_key, out);
    }
    sotto_wipe(seed, sizeof seed);
    sotto_wipe(ephemeral, sizeof ephemeral);
    sotto_wipe(dh, sizeof dh);
    return err;
}

/* ---------------------------------------- the context (RFC 9180 5.1, 5.2) */

/* LabeledExpand of the secret, with key_schedule_context. */
static void expand_secret(const struct sotto_mls_hpke *hpke, const char *label,
                          uint8_t *out, size_t len)
{
    static const uint8_t mode = MODE_BASE;
    const struct sotto_piece context[] = {
        {&mode, 1},
        {hpke->psk_id_hash, hpke->suite->hash_len},
        {hpke->info_hash, hpke->suite->hash_len},
    };

    labeled_expand(hpke_of(hpke->suite), hpke->secret, label, context, 3, out,
                   len);
}

/* KeySchedule, in base mode: psk and psk_id are empty. `shared` is the KEM's
 * shared secret, and wiped. */
static void key_schedule(struct sotto_mls_hpke *hpke,
                         const struct sotto_mls_suite *suite, uint8_t *shared,
                         const struct sotto_piece *info, size_t count)
{
    const struct sotto_span salt = {shared, suite->hash_len};
    struct scope scope = hpke_of(suite);

    hpke->suite = suite;
    labeled_extract(scope, none, "psk_id_hash", NULL, 0, hpke->psk_id_hash);
    labeled_extract(scope, none, "info_hash", info, count, hpke->info_hash);
    labeled_extract(scope, salt, "secret", NULL, 0, hpke->secret);
    expand_secret(hpke, "key", hpke->key, suite->aead_key_len);
    expand_secret(hpke, "base_nonce", hpke->base_nonce, suite->aead_nonce_len);
    sotto_wipe(shared, suite->hash_len);
}

enum sotto_err sotto_mls_hpke_send(struct sotto_mls_hpke *hpke,
                                   const struct sotto_mls_suite *suite,
                                   struct sotto_span public_key,
                                   const struct sotto_piece *info, size_t count,
                                   const struct sotto_random *random,
                                   uint8_t *kem_output)
{
    uint8_t secret[SOTTO_MLS_HASH_MAX];
    enum sotto_err err;

    if (public_key.len != suite->public_len) {
        return SOTTO_ERR_AUTH;
    }
    err = encap(suite, public_key.at, random, kem_output, secret);
    if (err == SOTTO_OK) {
        key_schedule(hpke, suite, secret, info, count);
    }
    return err;
}

enum sotto_err sotto_mls_hpke_receive(
    struct sotto_mls_hpke *hpke, const struct sotto_mls_suite *suite,
    const uint8_t *private_key, struct sotto_span public_key,
    const struct sotto_piece *info, size_t count, struct sotto_span kem_output)
{
    uint8_t dh[SOTTO_MLS_HASH_MAX];
    uint8_t secret[SOTTO_MLS_HASH_MAX];
    enum sotto_err err;

    if (kem_output.len != suite->kem_len ||
        public_key.len != suite->public_len) {
        return SOTTO_ERR_AUTH;
    }
    err = suite->agree(private_key, kem_output.at, dh); /* Decap */
    if (err == SOTTO_OK) {
        shared_secret(suite, dh, kem_output.at, public_key.at, secret);
        key_schedule(hpke, suite, secret, info, count);
    }
    sotto_wipe(dh, sizeof dh);
    return err;
}

void sotto_mls_hpke_wipe(struct sotto_mls_hpke *hpke)
{
    sotto_wipe(hpke, sizeof *hpke);
}

enum sotto_err sotto_mls_hpke_seal(const struct sotto_mls_hpke *hpke,
                                   struct sotto_span in, uint8_t *out)
{
    struct sotto_aead aead;
    enum sotto_err err;

    sotto_aead_init(&aead, hpke->suite->aead, hpke->key);
    err = sotto_aead_seal(&aead, hpke->base_nonce, NULL, 0, in.at, in.len, out);
    sotto_aead_wipe(&aead);
    return err;
}

enum sotto_err sotto_mls_hpke_open(const struct sotto_mls_hpke *hpke,
                                   struct sotto_span in, uint8_t *out,
                                   size_t *out_len)
{
    struct sotto_aead aead;
    enum sotto_err err;

    sotto_aead_init(&aead, hpke->suite->aead, hpke->key);
    err = sotto_aead_open(&aead, hpke->base_nonce, NULL, 0, in.at, in.len, out,
                          out_len);
    sotto_aead_wipe(&aead);
    return err;
}

void sotto_mls_hpke_export(const struct sotto_mls_hpke *hpke,
                           struct sotto_span context, uint8_t *out, size_t len)
{
    const struct sotto_piece piece = {context.at, context.len};
    uint8_t exporter_secret[SOTTO_MLS_HASH_MAX];

    expand_secret(hpke, "exp", exporter_secret, hpke->suite->hash_len);
    labeled_expand(hpke_of(hpke->suite), exporter_secret, "sec", &piece, 1, out,
                   len);
    sotto_wipe(exporter_secret, sizeof exporter_secret);
}
