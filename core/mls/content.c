/*
 * content.c - signatures and membership tags (RFC 9420 6.1, 6.2).
 */
#include "core/mls/content.h"

#include "core/base/writer.h"
#include "core/mls/label.h"

static const char tbs_label[] = "FramedContentTBS";

static void add_sender(struct sotto_mls_pieces *p,
                       const struct sotto_mls_sender *sender)
{
    sotto_mls_pieces_u8(p, sender->type);
    if (sender->type == SOTTO_MLS_SENDER_MEMBER ||
        sender->type == SOTTO_MLS_SENDER_EXTERNAL) {
        sotto_mls_pieces_u32(p, sender->index);
    }
}

void sotto_mls_pieces_content(struct sotto_mls_pieces *p,
                              const struct sotto_mls_framed_content *content)
{
    sotto_mls_pieces_vector(p, content->group_id);
    sotto_mls_pieces_u64(p, content->epoch);
    add_sender(p, &content->sender);
    sotto_mls_pieces_vector(p, content->authenticated_data);
    sotto_mls_pieces_u8(p, content->content_type);
    if (content->content_type == SOTTO_MLS_CONTENT_APPLICATION) {
        sotto_mls_pieces_prefix(p, content->content.len);
    }
    sotto_mls_pieces_add(p, content->content.at, content->content.len);
}

/* FramedContentTBS. */
static void add_tbs(struct sotto_mls_pieces *p,
                    const struct sotto_mls_authenticated_content *in,
                    struct sotto_span context)
{
    uint8_t sender = in->content.sender.type;

    sotto_mls_pieces_u16(p, SOTTO_MLS_VERSION_10);
    sotto_mls_pieces_u16(p, in->wire_format);
    sotto_mls_pieces_content(p, &in->content);
    if (sender == SOTTO_MLS_SENDER_MEMBER ||
        sender == SOTTO_MLS_SENDER_NEW_MEMBER_COMMIT) {
        sotto_mls_pieces_add(p, context.at, context.len);
    }
}

/* FramedContentAuthData. */
static void add_auth(struct sotto_mls_pieces *p,
                     const struct sotto_mls_authenticated_content *in)
{
    sotto_mls_pieces_vector(p, in->auth.signature);
    if (in->content.content_type == SOTTO_MLS_CONTENT_COMMIT) {
        sotto_mls_pieces_vector(p, in->auth.confirmation_tag);
    }
}

bool sotto_mls_content_fits(const struct sotto_mls_authenticated_content *in,
                            size_t more)
{
    const size_t lens[] = {
        in->content.group_id.len,
        in->content.authenticated_data.len,
        in->content.content.len,
        in->auth.signature.len,
        SOTTO_MLS_NUMBERS_MAX,
        SOTTO_MLS_HASH_MAX, /* the tag */
        more,
    };
    size_t left = SOTTO_VARINT_MAX;

    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        if (lens[i] > left) {
            return false;
        }
        left -= lens[i];
    }
    return true;
}

enum sotto_err sotto_mls_content_sign(
    const struct sotto_mls_suite *suite, const uint8_t *private_key,
    const struct sotto_mls_authenticated_content *in, struct sotto_span context,
    uint8_t *signature, size_t *signature_len)
{
    struct sotto_mls_pieces tbs;

    if (!sotto_mls_content_fits(in, context.len)) {
        return SOTTO_ERR_LIMIT;
    }
    sotto_mls_pieces_init(&tbs);
    add_tbs(&tbs, in, context);
    return sotto_mls_sign_with_label(suite, private_key, tbs_label, tbs.at,
                                     tbs.count, signature, signature_len);
}

enum sotto_err sotto_mls_content_verify(
    const struct sotto_mls_suite *suite, struct sotto_span public_key,
    const struct sotto_mls_authenticated_content *in, struct sotto_span context)
{
    struct sotto_mls_pieces tbs;

    if (!sotto_mls_content_fits(in, context.len)) {
        return SOTTO_ERR_LIMIT;
    }
    sotto_mls_pieces_init(&tbs);
    add_tbs(&tbs, in, context);
    return sotto_mls_verify_with_label(suite, public_key, tbs_label, tbs.at,
                                       tbs.count, in->auth.signature);
}

void sotto_mls_membership_tag(const struct sotto_mls_suite *suite,
                              const uint8_t *membership_key,
                              const struct sotto_mls_authenticated_content *in,
                              struct sotto_span context, uint8_t *out)
{
    struct sotto_mls_pieces tbm; /* AuthenticatedContentTBM */

    sotto_mls_pieces_init(&tbm);
    add_tbs(&tbm, in, context);
    add_auth(&tbm, in);
    sotto_mls_mac(suite, membership_key, tbm.at, tbm.count, out);
}

void sotto_mls_proposal_ref(const struct sotto_mls_suite *suite,
                            const struct sotto_mls_authenticated_content *in,
                            uint8_t *out)
{
    struct sotto_mls_pieces p; /* AuthenticatedContent */

    sotto_mls_pieces_init(&p);
    sotto_mls_pieces_u16(&p, in->wire_format);
    sotto_mls_pieces_content(&p, &in->content);
    add_auth(&p, in);
    sotto_mls_ref_hash_pieces(suite, SOTTO_MLS_PROPOSAL_REF, p.at, p.count,
                              out);
}
