/*
 * outside.c - proposals from outside of a group (RFC 9420 12.1.8): one's own
 * Add, and what an external sender may propose.
 *
 * Who is outside has no keys of the group: such a proposal is a PublicMessage
 * without a membership tag, and its signature does not cover the GroupContext.
 */
#include "core/base/secret.h"
#include "core/mls/codec.h"
#include "core/mls/framing.h"
#include "core/mls/group.h"
#include "core/mls/tree_validate.h"

static const struct sotto_span none = {NULL, 0};

enum sotto_err sotto_mls_group_info_read(struct sotto_span group_info,
                                         struct sotto_mls_outside *out)
{
    struct sotto_reader r = sotto_mls_items(group_info);
    const struct sotto_mls_group_context *context;
    struct sotto_mls_message message;

    sotto_mls_read_message(&r, &message);
    if (sotto_reader_finish(&r) != SOTTO_OK ||
        message.wire_format != SOTTO_MLS_WIRE_GROUP_INFO) {
        return SOTTO_ERR_FORMAT;
    }
    context = &message.group_info.context;
    *out = (struct sotto_mls_outside){.group_id = context->group_id,
                                      .epoch = context->epoch,
                                      .cipher_suite = context->cipher_suite};
    return SOTTO_OK;
}

enum sotto_err sotto_mls_key_package_read(const struct sotto_mls_client *client,
                                          struct sotto_span key_package,
                                          struct sotto_mls_package *out)
{
    struct sotto_reader r = sotto_mls_items(key_package);
    const struct sotto_mls_suite *suite;
    struct sotto_mls_key_package package;
    enum sotto_err err;

    sotto_mls_read_key_package(&r, &package);
    err = sotto_reader_finish(&r);
    if (err != SOTTO_OK) {
        return err;
    }
    suite = sotto_mls_suite_find(package.cipher_suite);
    if (suite == NULL) {
        return SOTTO_ERR_UNSUPPORTED;
    }
    err = sotto_mls_key_package_check(suite, &package, none, client->now);
    if (err == SOTTO_OK) {
        err = sotto_mls_check_client(client, &package.leaf_node, NULL);
    }
    if (err == SOTTO_OK) {
        *out = (struct sotto_mls_package){
            .cipher_suite = package.cipher_suite,
            .credential = package.leaf_node.credential,
            .signature_key = package.leaf_node.signature_key,
            .capabilities = package.leaf_node.capabilities,
            .lifetime = package.leaf_node.lifetime,
            .leaf_extensions = package.leaf_node.extensions,
            .package_extensions = package.extensions};
    }
    return err;
}

/* Signs the proposal and writes the message. */
static enum sotto_err send(const struct sotto_mls_suite *suite,
                           const struct sotto_mls_outside *group,
                           struct sotto_mls_sender sender,
                           const uint8_t *signature_private,
                           struct sotto_span proposal,
                           struct sotto_mls_buffer *out)
{
    struct sotto_mls_authenticated_content message = {
        .wire_format = SOTTO_MLS_WIRE_PUBLIC_MESSAGE,
        .content = {.group_id = group->group_id,
                    .epoch = group->epoch,
                    .sender = sender,
                    .authenticated_data = group->authenticated_data,
                    .content_type = SOTTO_MLS_CONTENT_PROPOSAL,
                    .content = proposal}};
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX];
    struct sotto_writer w;
    size_t len = 0;
    enum sotto_err err =
        sotto_mls_content_sign(suite, signature_private, &message, none,
                               signature, &len);

    message.auth.signature = (struct sotto_span){signature, len};
    sotto_writer_init(&w, out->at, out->cap);
    if (err == SOTTO_OK) {
        err = sotto_mls_public_protect(suite, NULL, &message, none, &w);
    }
    return err == SOTTO_OK ? sotto_writer_finish(&w, &out->len) : err;
}

/* Types that external senders may send; Adds are checked as members will. */
static enum sotto_err check(const struct sotto_mls_suite *suite,
                            const struct sotto_mls_client *client,
                            struct sotto_mls_sender sender,
                            struct sotto_span written)
{
    struct sotto_mls_proposal proposal;
    enum sotto_err err = sotto_mls_proposal_decode(written, &proposal);

    if (err == SOTTO_OK && !sotto_mls_may_send(sender, proposal.type)) {
        err = SOTTO_ERR_FORMAT;
    }
    if (err == SOTTO_OK && proposal.type == SOTTO_MLS_PROPOSAL_ADD) {
        err = sotto_mls_key_package_check(suite, &proposal.add, none,
                                          client->now);
    }
    return err;
}

static enum sotto_err propose(const struct sotto_mls_client *client,
                              const struct sotto_mls_outside *group,
                              struct sotto_mls_sender sender,
                              const uint8_t *signature_private,
                              const struct sotto_mls_change *change,
                              struct sotto_mls_buffer *out)
{
    const struct sotto_mls_suite *suite =
        sotto_mls_suite_find(group->cipher_suite);
    struct sotto_span proposal;
    struct sotto_writer w;
    enum sotto_err err;

    if (suite == NULL) {
        return SOTTO_ERR_UNSUPPORTED;
    }
    sotto_writer_init(&w, client->scratch, client->scratch_len);
    err = sotto_mls_proposal_write(suite, client, change, &w);
    if (err == SOTTO_OK && w.bad) {
        err = SOTTO_ERR_SPACE;
    }
    proposal = (struct sotto_span){w.out, w.len};
    if (err == SOTTO_OK) {
        err = check(suite, client, sender, proposal);
    }
    return err == SOTTO_OK
               ? send(suite, group, sender, signature_private, proposal, out)
               : err;
}

enum sotto_err sotto_mls_propose_self(const struct sotto_mls_client *client,
                                      const struct sotto_mls_outside *group,
                                      const struct sotto_mls_member_keys *keys,
                                      struct sotto_mls_buffer *out)
{
    const struct sotto_mls_sender me = {SOTTO_MLS_SENDER_NEW_MEMBER_PROPOSAL,
                                        0};
    const struct sotto_mls_change add = {.type = SOTTO_MLS_PROPOSAL_ADD,
                                         .bytes = keys->key_package};

    return propose(client, group, me, keys->signature_private, &add, out);
}

enum sotto_err sotto_mls_propose_external(const struct sotto_mls_client *client,
                                          const struct sotto_mls_outside *group,
                                          uint32_t sender,
                                          const uint8_t *signature_private,
                                          const struct sotto_mls_change *change,
                                          struct sotto_mls_buffer *out)
{
    const struct sotto_mls_sender me = {SOTTO_MLS_SENDER_EXTERNAL, sender};

    return propose(client, group, me, signature_private, change, out);
}
