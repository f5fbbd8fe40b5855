/*
 * framing_public.c - PublicMessage (RFC 9420 6.2).
 */
#include "core/base/secret.h"
#include "core/mls/codec.h"
#include "core/mls/framing.h"

/* Which sender may send what, and that in the open (6.1, 6.2). */
static bool is_allowed(const struct sotto_mls_framed_content *content)
{
    bool is_commit = content->content_type == SOTTO_MLS_CONTENT_COMMIT;
    bool is_proposal = content->content_type == SOTTO_MLS_CONTENT_PROPOSAL;

    switch (content->sender.type) {
    case SOTTO_MLS_SENDER_MEMBER:
        return is_proposal || is_commit;
    case SOTTO_MLS_SENDER_EXTERNAL:
    case SOTTO_MLS_SENDER_NEW_MEMBER_PROPOSAL:
        return is_proposal;
    case SOTTO_MLS_SENDER_NEW_MEMBER_COMMIT:
        return is_commit;
    default:
        return false;
    }
}

enum sotto_err sotto_mls_public_protect(
    const struct sotto_mls_suite *suite, const uint8_t *membership_key,
    const struct sotto_mls_authenticated_content *in, struct sotto_span context,
    struct sotto_writer *w)
{
    struct sotto_mls_message message = {
        .version = SOTTO_MLS_VERSION_10,
        .wire_format = SOTTO_MLS_WIRE_PUBLIC_MESSAGE,
        .public_message = {.content = in->content, .auth = in->auth},
    };
    uint8_t tag[SOTTO_MLS_HASH_MAX];

    if (!is_allowed(&in->content) ||
        in->wire_format != SOTTO_MLS_WIRE_PUBLIC_MESSAGE) {
        return SOTTO_ERR_FORMAT;
    }
    if (in->content.sender.type == SOTTO_MLS_SENDER_MEMBER) {
        sotto_mls_membership_tag(suite, membership_key, in, context, tag);
        message.public_message.membership_tag =
            (struct sotto_span){tag, suite->hash_len};
    }
    sotto_mls_write_message(w, &message);
    return w->bad ? SOTTO_ERR_SPACE : SOTTO_OK;
}

enum sotto_err sotto_mls_public_unprotect(
    const struct sotto_mls_suite *suite, const uint8_t *membership_key,
    const struct sotto_mls_public_message *in, struct sotto_span context,
    struct sotto_mls_authenticated_content *out)
{
    const struct sotto_mls_authenticated_content content = {
        .wire_format = SOTTO_MLS_WIRE_PUBLIC_MESSAGE,
        .content = in->content,
        .auth = in->auth,
    };
    uint8_t tag[SOTTO_MLS_HASH_MAX];

    if (!is_allowed(&in->content)) {
        return SOTTO_ERR_FORMAT;
    }
    if (in->content.sender.type == SOTTO_MLS_SENDER_MEMBER) {
        sotto_mls_membership_tag(suite, membership_key, &content, context, tag);
        bool same = in->membership_tag.len == suite->hash_len &&
                    sotto_equal(tag, in->membership_tag.at, suite->hash_len);
        sotto_wipe(tag, sizeof tag);
        if (!same) {
            return SOTTO_ERR_AUTH;
        }
    }
    *out = content;
    return SOTTO_OK;
}
