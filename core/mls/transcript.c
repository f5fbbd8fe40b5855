/*
 * transcript.c - transcript hashes and the confirmation tag (RFC 9420 8.2).
 */
#include "core/mls/transcript.h"

#include "core/base/secret.h"
#include "core/mls/content.h"

static void hash_pieces(const struct sotto_mls_suite *suite,
                        const struct sotto_mls_pieces *p, uint8_t *out)
{
    struct sotto_mls_hash hash;

    sotto_mls_hash_init(&hash, suite);
    for (size_t i = 0; i < p->count; i++) {
        sotto_mls_hash_add(&hash, p->at[i].at, p->at[i].len);
    }
    sotto_mls_hash_end(&hash, out);
}

void sotto_mls_confirmed_hash(
    const struct sotto_mls_suite *suite, struct sotto_span interim,
    const struct sotto_mls_authenticated_content *commit, uint8_t *out)
{
    struct sotto_mls_pieces p;

    sotto_mls_pieces_init(&p);
    sotto_mls_pieces_add(&p, interim.at, interim.len);
    /* ConfirmedTranscriptHashInput */
    sotto_mls_pieces_u16(&p, commit->wire_format);
    sotto_mls_pieces_content(&p, &commit->content);
    sotto_mls_pieces_vector(&p, commit->auth.signature);
    hash_pieces(suite, &p, out);
}

void sotto_mls_interim_hash(const struct sotto_mls_suite *suite,
                            struct sotto_span confirmed, struct sotto_span tag,
                            uint8_t *out)
{
    struct sotto_mls_pieces p;

    sotto_mls_pieces_init(&p);
    sotto_mls_pieces_add(&p, confirmed.at, confirmed.len);
    sotto_mls_pieces_vector(&p, tag); /* InterimTranscriptHashInput */
    hash_pieces(suite, &p, out);
}

void sotto_mls_confirmation_tag(const struct sotto_mls_suite *suite,
                                const uint8_t *confirmation_key,
                                struct sotto_span confirmed, uint8_t *out)
{
    const struct sotto_piece piece = {confirmed.at, confirmed.len};

    sotto_mls_mac(suite, confirmation_key, &piece, 1, out);
}

enum sotto_err sotto_mls_confirmation_check(const struct sotto_mls_suite *suite,
                                            const uint8_t *confirmation_key,
                                            struct sotto_span confirmed,
                                            struct sotto_span tag)
{
    uint8_t expected[SOTTO_MLS_HASH_MAX];
    bool same;

    sotto_mls_confirmation_tag(suite, confirmation_key, confirmed, expected);
    same = tag.len == suite->hash_len && sotto_equal(expected, tag.at, tag.len);
    sotto_wipe(expected, sizeof expected);
    return same ? SOTTO_OK : SOTTO_ERR_AUTH;
}
