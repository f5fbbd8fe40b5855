/*
 * psk.c - psk_secret (RFC 9420 8.4).
 */
#include "core/mls/psk.h"

#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/mls/label.h"
#include "core/mls/pieces.h"
#include <string.h>

void sotto_mls_psk_begin(struct sotto_mls_psk_chain *chain,
                         const struct sotto_mls_suite *suite, uint16_t count)
{
    chain->suite = suite;
    chain->index = 0;
    chain->count = count;
    memset(chain->secret, 0, sizeof chain->secret); /* psk_secret_[0] */
}

/* PreSharedKeyID. */
static void add_id(struct sotto_mls_pieces *p,
                   const struct sotto_mls_psk_id *id)
{
    sotto_mls_pieces_u8(p, id->type);
    if (id->type == SOTTO_MLS_PSK_EXTERNAL) {
        sotto_mls_pieces_vector(p, id->id);
    } else {
        sotto_mls_pieces_u8(p, id->usage);
        sotto_mls_pieces_vector(p, id->group);
        sotto_mls_pieces_u64(p, id->epoch);
    }
    sotto_mls_pieces_vector(p, id->nonce);
}

void sotto_mls_psk_add(struct sotto_mls_psk_chain *chain,
                       const struct sotto_mls_psk_id *id, struct sotto_span psk)
{
    const struct sotto_mls_suite *suite = chain->suite;
    const struct sotto_span no_salt = {NULL, 0};
    const struct sotto_piece ikm = {psk.at, psk.len};
    const struct sotto_piece last = {chain->secret, suite->hash_len};
    struct sotto_mls_pieces label; /* PSKLabel */
    uint8_t input[SOTTO_MLS_HASH_MAX];
    const struct sotto_span salt = {input, suite->hash_len};

    SOTTO_ASSERT(chain->index < chain->count);
    sotto_mls_pieces_init(&label);
    add_id(&label, id);
    sotto_mls_pieces_u16(&label, chain->index);
    sotto_mls_pieces_u16(&label, chain->count);

    /* psk_extracted, then psk_input, then the next psk_secret */
    sotto_mls_extract(suite, no_salt, &ikm, 1, input);
    sotto_mls_expand_with_label_pieces(suite, input, "derived psk", label.at,
                                       label.count, input, suite->hash_len);
    sotto_mls_extract(suite, salt, &last, 1, chain->secret);
    chain->index++;
    sotto_wipe(input, sizeof input);
}

void sotto_mls_psk_end(struct sotto_mls_psk_chain *chain, uint8_t *psk_secret)
{
    SOTTO_ASSERT(chain->index == chain->count);
    memcpy(psk_secret, chain->secret, chain->suite->hash_len);
    sotto_mls_psk_wipe(chain);
}

void sotto_mls_psk_wipe(struct sotto_mls_psk_chain *chain)
{
    sotto_wipe(chain, sizeof *chain);
}
