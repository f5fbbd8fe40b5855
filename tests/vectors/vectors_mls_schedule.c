/*
 * vectors_mls_schedule.c - key-schedule.json, psk_secret.json and
 * transcript-hashes.json: from epoch to epoch.
 */
#include "core/mls/codec.h"
#include "core/mls/psk.h"
#include "core/mls/schedule.h"
#include "core/mls/transcript.h"
#include "tests/vectors/vectors_mls.h"
#include <string.h>

#define CONTEXT_MAX 4096

/* ------------------------------------------------------------- key-schedule */

/* A group's key schedule, on its way through the epochs. */
struct chain {
    const struct sotto_mls_suite *suite;
    struct sotto_span group_id;
    uint64_t epoch;
    uint8_t init_secret[SOTTO_MLS_HASH_MAX];
    uint8_t context[CONTEXT_MAX]; /* GroupContext of the epoch */
    size_t context_len;
};

static bool same_secret(struct vectors *v, const struct chain *chain,
                        const cJSON *item, const char *field,
                        const uint8_t *secret)
{
    return vectors_same(v, field, secret, chain->suite->hash_len,
                        vectors_hex(v, item, field));
}

static bool build_context(struct vectors *v, struct chain *chain,
                          const cJSON *item)
{
    const struct sotto_mls_group_context context = {
        .version = SOTTO_MLS_VERSION_10,
        .cipher_suite = chain->suite->id,
        .group_id = chain->group_id,
        .epoch = chain->epoch,
        .tree_hash = vectors_mls_span(v, item, "tree_hash"),
        .confirmed_transcript_hash =
            vectors_mls_span(v, item, "confirmed_transcript_hash"),
    };
    struct sotto_writer w;

    sotto_writer_init(&w, chain->context, sizeof chain->context);
    sotto_mls_write_group_context(&w, &context);
    if (sotto_writer_finish(&w, &chain->context_len) != SOTTO_OK) {
        return vectors_mls_fail(v, "the group context is too long");
    }
    return vectors_same(v, "group_context", chain->context, chain->context_len,
                        vectors_hex(v, item, "group_context"));
}

/* From the last epoch's init_secret to this one's epoch_secret. */
static bool run_joining(struct vectors *v, struct chain *chain,
                        const cJSON *item, uint8_t *epoch_secret)
{
    const struct sotto_mls_suite *suite = chain->suite;
    const struct sotto_span context = {chain->context, chain->context_len};
    const uint8_t *commit_secret =
        vectors_mls_secret(v, item, "commit_secret", suite);
    const uint8_t *psk_secret =
        vectors_mls_secret(v, item, "psk_secret", suite);
    uint8_t joiner_secret[SOTTO_MLS_HASH_MAX];
    uint8_t member_secret[SOTTO_MLS_HASH_MAX];
    uint8_t welcome_secret[SOTTO_MLS_HASH_MAX];

    if (commit_secret == NULL || psk_secret == NULL) {
        return false;
    }
    sotto_mls_joiner_secret(suite, chain->init_secret, commit_secret, context,
                            joiner_secret);
    sotto_mls_member_secret(suite, joiner_secret, psk_secret, member_secret);
    sotto_mls_welcome_secret(suite, member_secret, welcome_secret);
    sotto_mls_epoch_secret(suite, member_secret, context, epoch_secret);
    return same_secret(v, chain, item, "joiner_secret", joiner_secret) &&
           same_secret(v, chain, item, "welcome_secret", welcome_secret);
}

static bool run_exporter(struct vectors *v, const struct chain *chain,
                         const cJSON *item, const uint8_t *exporter_secret)
{
    size_t len = (size_t)vectors_number(v, item, "length");

    if (len > sotto_mls_expand_max(chain->suite)) {
        return vectors_mls_fail(v, "the exporter's length is odd");
    }
    struct vectors_bytes out = vectors_buffer(v, len);
    if (sotto_mls_exporter(chain->suite, exporter_secret,
                           vectors_text(v, item, "label"),
                           vectors_mls_span(v, item, "context"), out.at,
                           len) != SOTTO_OK) {
        return vectors_mls_fail(v, "nothing was exported");
    }
    return vectors_same(v, "exporter", out.at, len,
                        vectors_hex(v, item, "secret"));
}

static bool run_external(struct vectors *v, const struct chain *chain,
                         const cJSON *item, const uint8_t *external_secret)
{
    const struct sotto_mls_suite *suite = chain->suite;
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX];
    uint8_t public_key[SOTTO_MLS_PUBLIC_MAX];
    uint8_t kem_output[SOTTO_MLS_PUBLIC_MAX];
    uint8_t sent[SOTTO_MLS_HASH_MAX];
    uint8_t received[SOTTO_MLS_HASH_MAX];
    struct sotto_drbg drbg;
    const struct sotto_random random = vectors_mls_random(&drbg);

    if (sotto_mls_external_key_pair(suite, external_secret, private_key,
                                    public_key) != SOTTO_OK ||
        !vectors_same(v, "external_pub", public_key, suite->public_len,
                      vectors_hex(v, item, "external_pub"))) {
        return false;
    }
    if (sotto_mls_external_init_send(suite,
                                     (struct sotto_span){public_key,
                                                         suite->public_len},
                                     &random, kem_output, sent) != SOTTO_OK ||
        sotto_mls_external_init_receive(suite, external_secret,
                                        (struct sotto_span){kem_output,
                                                            suite->kem_len},
                                        received) != SOTTO_OK ||
        memcmp(sent, received, suite->hash_len) != 0) {
        return vectors_mls_fail(v, "an external init_secret does not arrive");
    }
    return true;
}

static bool run_epoch(struct vectors *v, struct chain *chain, const cJSON *item)
{
    struct sotto_mls_epoch_secrets s;
    uint8_t encryption[SOTTO_MLS_HASH_MAX];
    uint8_t epoch_secret[SOTTO_MLS_HASH_MAX];

    if (!build_context(v, chain, item) ||
        !run_joining(v, chain, item, epoch_secret)) {
        return false;
    }
    sotto_mls_epoch_derive(chain->suite, epoch_secret, &s, encryption);
    memcpy(chain->init_secret, s.init_secret, sizeof chain->init_secret);
    const struct {
        const char *field;
        const uint8_t *secret;
    } all[] = {
        {"sender_data_secret", s.sender_data_secret},
        {"encryption_secret", encryption},
        {"exporter_secret", s.exporter_secret},
        {"external_secret", s.external_secret},
        {"confirmation_key", s.confirmation_key},
        {"membership_key", s.membership_key},
        {"resumption_psk", s.resumption_psk},
        {"epoch_authenticator", s.epoch_authenticator},
        {"init_secret", s.init_secret},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (!same_secret(v, chain, item, all[i].field, all[i].secret)) {
            return false;
        }
    }
    return run_external(v, chain, item, s.external_secret) &&
           run_exporter(v, chain,
                        cJSON_GetObjectItemCaseSensitive(item, "exporter"),
                        s.exporter_secret);
}

bool vectors_mls_key_schedule(struct vectors *v, const cJSON *test)
{
    static struct chain chain; /* some kilobytes */
    const cJSON *item;

    chain.suite =
        sotto_mls_suite_find((uint16_t)vectors_number(v, test, "cipher_suite"));
    chain.group_id = vectors_mls_span(v, test, "group_id");
    chain.epoch = 0;
    const uint8_t *init_secret =
        vectors_mls_secret(v, test, "initial_init_secret", chain.suite);
    if (init_secret == NULL) {
        return false;
    }
    memcpy(chain.init_secret, init_secret, chain.suite->hash_len);
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(test, "epochs"))
    {
        if (!run_epoch(v, &chain, item)) {
            vectors_note(v, "in epoch %u", (unsigned)chain.epoch);
            return false;
        }
        chain.epoch++;
    }
    return true;
}

/* --------------------------------------------------------------- psk_secret */

bool vectors_mls_psk_secret(struct vectors *v, const cJSON *test)
{
    const struct sotto_mls_suite *suite =
        sotto_mls_suite_find((uint16_t)vectors_number(v, test, "cipher_suite"));
    const cJSON *psks = cJSON_GetObjectItemCaseSensitive(test, "psks");
    struct sotto_mls_psk_chain chain;
    uint8_t secret[SOTTO_MLS_HASH_MAX];
    const cJSON *item;

    sotto_mls_psk_begin(&chain, suite, (uint16_t)cJSON_GetArraySize(psks));
    cJSON_ArrayForEach(item, psks)
    {
        const struct sotto_mls_psk_id id = {
            .type = SOTTO_MLS_PSK_EXTERNAL,
            .id = vectors_mls_span(v, item, "psk_id"),
            .nonce = vectors_mls_span(v, item, "psk_nonce"),
        };

        sotto_mls_psk_add(&chain, &id, vectors_mls_span(v, item, "psk"));
    }
    sotto_mls_psk_end(&chain, secret);
    return vectors_same(v, "psk_secret", secret, suite->hash_len,
                        vectors_hex(v, test, "psk_secret"));
}

/* -------------------------------------------------------- transcript-hashes */

bool vectors_mls_transcript_hashes(struct vectors *v, const cJSON *test)
{
    const struct sotto_mls_suite *suite =
        sotto_mls_suite_find((uint16_t)vectors_number(v, test, "cipher_suite"));
    const uint8_t *key = vectors_mls_secret(v, test, "confirmation_key", suite);
    struct sotto_span in = vectors_mls_span(v, test, "authenticated_content");
    struct sotto_mls_authenticated_content content;
    struct sotto_reader r;
    uint8_t confirmed[SOTTO_MLS_HASH_MAX];
    uint8_t interim[SOTTO_MLS_HASH_MAX];

    sotto_reader_init(&r, in.at, in.len);
    sotto_mls_read_authenticated_content(&r, &content);
    if (sotto_reader_finish(&r) != SOTTO_OK || key == NULL ||
        content.content.content_type != SOTTO_MLS_CONTENT_COMMIT) {
        return vectors_mls_fail(v, "no commit, or no confirmation key");
    }
    sotto_mls_confirmed_hash(suite,
                             vectors_mls_span(v, test,
                                              "interim_transcript_hash_before"),
                             &content, confirmed);
    const struct sotto_span span = {confirmed, suite->hash_len};
    sotto_mls_interim_hash(suite, span, content.auth.confirmation_tag, interim);
    if (sotto_mls_confirmation_check(suite, key, span,
                                     content.auth.confirmation_tag) !=
        SOTTO_OK) {
        return vectors_mls_fail(v, "the confirmation tag does not fit");
    }
    return vectors_same(v, "confirmed_transcript_hash_after", confirmed,
                        suite->hash_len,
                        vectors_hex(v, test,
                                    "confirmed_transcript_hash_after")) &&
           vectors_same(v, "interim_transcript_hash_after", interim,
                        suite->hash_len,
                        vectors_hex(v, test, "interim_transcript_hash_after"));
}
