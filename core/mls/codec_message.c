/*
 * codec_message.c - framing (RFC 9420 6), the group context (8.1), GroupInfo
 * and Welcome (12.4.3), MLSMessage.
 */
#include "core/mls/codec_inner.h"

/* ----------------------------------------------------------- group context */

void sotto_mls_read_group_context(struct sotto_reader *r,
                                  struct sotto_mls_group_context *out)
{
    out->version = sotto_read_u16(r);
    out->cipher_suite = sotto_read_u16(r);
    out->group_id = sotto_mls_read_opaque(r);
    out->epoch = sotto_read_u64(r);
    out->tree_hash = sotto_mls_read_opaque(r);
    out->confirmed_transcript_hash = sotto_mls_read_opaque(r);
    out->extensions = sotto_mls_read_extensions(r);
}

void sotto_mls_write_group_context(struct sotto_writer *w,
                                   const struct sotto_mls_group_context *in)
{
    sotto_write_u16(w, in->version);
    sotto_write_u16(w, in->cipher_suite);
    sotto_mls_write_span(w, in->group_id);
    sotto_write_u64(w, in->epoch);
    sotto_mls_write_span(w, in->tree_hash);
    sotto_mls_write_span(w, in->confirmed_transcript_hash);
    sotto_mls_write_span(w, in->extensions);
}

/* ---------------------------------------------------------- framed content */

static bool sender_has_index(uint8_t type)
{
    return type == SOTTO_MLS_SENDER_MEMBER || type == SOTTO_MLS_SENDER_EXTERNAL;
}

static void read_sender(struct sotto_reader *r, struct sotto_mls_sender *out)
{
    out->type = sotto_read_u8(r);
    out->index = sender_has_index(out->type) ? sotto_read_u32(r) : 0;
    if (out->type < SOTTO_MLS_SENDER_MEMBER ||
        out->type > SOTTO_MLS_SENDER_NEW_MEMBER_COMMIT) {
        sotto_reader_fail(r);
    }
}

static void write_sender(struct sotto_writer *w,
                         const struct sotto_mls_sender *in)
{
    sotto_write_u8(w, in->type);
    if (sender_has_index(in->type)) {
        sotto_write_u32(w, in->index);
    }
}

struct sotto_span sotto_mls_read_content(struct sotto_reader *r,
                                         uint8_t content_type)
{
    const uint8_t *start = r->at;
    struct sotto_mls_proposal proposal;
    struct sotto_mls_commit commit;

    switch (content_type) {
    case SOTTO_MLS_CONTENT_APPLICATION:
        return sotto_mls_read_opaque(r);
    case SOTTO_MLS_CONTENT_PROPOSAL:
        sotto_mls_read_proposal(r, &proposal);
        break;
    case SOTTO_MLS_CONTENT_COMMIT:
        sotto_mls_read_commit(r, &commit);
        break;
    default:
        sotto_reader_fail(r);
        break;
    }
    return sotto_mls_read_since(r, start);
}

void sotto_mls_write_content(struct sotto_writer *w, uint8_t content_type,
                             struct sotto_span content)
{
    if (content_type == SOTTO_MLS_CONTENT_APPLICATION) {
        sotto_mls_write_span(w, content);
    } else {
        sotto_write_bytes(w, content.at, content.len);
    }
}

void sotto_mls_read_framed_content(struct sotto_reader *r,
                                   struct sotto_mls_framed_content *out)
{
    const uint8_t *start = r->at;

    out->group_id = sotto_mls_read_opaque(r);
    out->epoch = sotto_read_u64(r);
    read_sender(r, &out->sender);
    out->authenticated_data = sotto_mls_read_opaque(r);
    out->content_type = sotto_read_u8(r);
    out->content = sotto_mls_read_content(r, out->content_type);
    out->raw = sotto_mls_read_since(r, start);
}

void sotto_mls_write_framed_content(struct sotto_writer *w,
                                    const struct sotto_mls_framed_content *in)
{
    sotto_mls_write_span(w, in->group_id);
    sotto_write_u64(w, in->epoch);
    write_sender(w, &in->sender);
    sotto_mls_write_span(w, in->authenticated_data);
    sotto_write_u8(w, in->content_type);
    sotto_mls_write_content(w, in->content_type, in->content);
}

void sotto_mls_read_content_auth(struct sotto_reader *r, uint8_t content_type,
                                 struct sotto_mls_content_auth *out)
{
    out->signature = sotto_mls_read_opaque(r);
    out->confirmation_tag = (struct sotto_span){NULL, 0};
    if (content_type == SOTTO_MLS_CONTENT_COMMIT) {
        out->confirmation_tag = sotto_mls_read_opaque(r);
    }
}

void sotto_mls_write_content_auth(struct sotto_writer *w, uint8_t content_type,
                                  const struct sotto_mls_content_auth *in)
{
    sotto_mls_write_span(w, in->signature);
    if (content_type == SOTTO_MLS_CONTENT_COMMIT) {
        sotto_mls_write_span(w, in->confirmation_tag);
    }
}

void sotto_mls_read_authenticated_content(
    struct sotto_reader *r, struct sotto_mls_authenticated_content *out)
{
    out->wire_format = sotto_read_u16(r);
    sotto_mls_read_framed_content(r, &out->content);
    sotto_mls_read_content_auth(r, out->content.content_type, &out->auth);
}

void sotto_mls_write_authenticated_content(
    struct sotto_writer *w, const struct sotto_mls_authenticated_content *in)
{
    sotto_write_u16(w, in->wire_format);
    sotto_mls_write_framed_content(w, &in->content);
    sotto_mls_write_content_auth(w, in->content.content_type, &in->auth);
}

/* ------------------------------------------- public and private messages */

void sotto_mls_read_public_message(struct sotto_reader *r,
                                   struct sotto_mls_public_message *out)
{
    sotto_mls_read_framed_content(r, &out->content);
    sotto_mls_read_content_auth(r, out->content.content_type, &out->auth);
    out->membership_tag = (struct sotto_span){NULL, 0};
    if (out->content.sender.type == SOTTO_MLS_SENDER_MEMBER) {
        out->membership_tag = sotto_mls_read_opaque(r);
    }
}

void sotto_mls_write_public_message(struct sotto_writer *w,
                                    const struct sotto_mls_public_message *in)
{
    sotto_mls_write_framed_content(w, &in->content);
    sotto_mls_write_content_auth(w, in->content.content_type, &in->auth);
    if (in->content.sender.type == SOTTO_MLS_SENDER_MEMBER) {
        sotto_mls_write_span(w, in->membership_tag);
    }
}

void sotto_mls_read_private_message(struct sotto_reader *r,
                                    struct sotto_mls_private_message *out)
{
    const uint8_t *start = r->at;

    out->group_id = sotto_mls_read_opaque(r);
    out->epoch = sotto_read_u64(r);
    out->content_type = sotto_read_u8(r);
    if (out->content_type < SOTTO_MLS_CONTENT_APPLICATION ||
        out->content_type > SOTTO_MLS_CONTENT_COMMIT) {
        sotto_reader_fail(r);
    }
    out->authenticated_data = sotto_mls_read_opaque(r);
    out->aad = sotto_mls_read_since(r, start);
    out->encrypted_sender_data = sotto_mls_read_opaque(r);
    out->ciphertext = sotto_mls_read_opaque(r);
}

void sotto_mls_write_private_message(struct sotto_writer *w,
                                     const struct sotto_mls_private_message *in)
{
    sotto_mls_write_span(w, in->group_id);
    sotto_write_u64(w, in->epoch);
    sotto_write_u8(w, in->content_type);
    sotto_mls_write_span(w, in->authenticated_data);
    sotto_mls_write_span(w, in->encrypted_sender_data);
    sotto_mls_write_span(w, in->ciphertext);
}

/* ----------------------------------------------------------------- joining */

void sotto_mls_read_group_info(struct sotto_reader *r,
                               struct sotto_mls_group_info *out)
{
    const uint8_t *start = r->at;

    sotto_mls_read_group_context(r, &out->context);
    out->extensions = sotto_mls_read_extensions(r);
    out->confirmation_tag = sotto_mls_read_opaque(r);
    out->signer = sotto_read_u32(r);
    out->tbs = sotto_mls_read_since(r, start);
    out->signature = sotto_mls_read_opaque(r);
}

void sotto_mls_write_group_info_tbs(struct sotto_writer *w,
                                    const struct sotto_mls_group_info *in)
{
    sotto_mls_write_group_context(w, &in->context);
    sotto_mls_write_span(w, in->extensions);
    sotto_mls_write_span(w, in->confirmation_tag);
    sotto_write_u32(w, in->signer);
}

void sotto_mls_write_group_info(struct sotto_writer *w,
                                const struct sotto_mls_group_info *in)
{
    sotto_mls_write_group_info_tbs(w, in);
    sotto_mls_write_span(w, in->signature);
}

void sotto_mls_read_group_secrets(struct sotto_reader *r,
                                  struct sotto_mls_group_secrets *out)
{
    struct sotto_reader items;
    struct sotto_mls_psk_id id;

    out->joiner_secret = sotto_mls_read_opaque(r);
    out->has_path_secret = sotto_mls_read_present(r);
    out->path_secret = (struct sotto_span){NULL, 0};
    if (out->has_path_secret) {
        out->path_secret = sotto_mls_read_opaque(r);
    }
    out->psks = sotto_mls_read_opaque(r);
    items = sotto_mls_items(out->psks);
    while (items.left > 0 && !items.bad) {
        sotto_mls_read_psk_id(&items, &id);
    }
    sotto_mls_read_items_done(r, &items);
}

void sotto_mls_write_group_secrets(struct sotto_writer *w,
                                   const struct sotto_mls_group_secrets *in)
{
    sotto_mls_write_span(w, in->joiner_secret);
    sotto_write_u8(w, in->has_path_secret ? 1 : 0);
    if (in->has_path_secret) {
        sotto_mls_write_span(w, in->path_secret);
    }
    sotto_mls_write_span(w, in->psks);
}

void sotto_mls_read_encrypted_group_secrets(
    struct sotto_reader *r, struct sotto_mls_encrypted_group_secrets *out)
{
    out->new_member = sotto_mls_read_opaque(r);
    sotto_mls_read_hpke_ciphertext(r, &out->secrets);
}

void sotto_mls_write_encrypted_group_secrets(
    struct sotto_writer *w, const struct sotto_mls_encrypted_group_secrets *in)
{
    sotto_mls_write_span(w, in->new_member);
    sotto_mls_write_hpke_ciphertext(w, &in->secrets);
}

void sotto_mls_read_welcome(struct sotto_reader *r,
                            struct sotto_mls_welcome *out)
{
    struct sotto_reader items;
    struct sotto_mls_encrypted_group_secrets one;

    out->cipher_suite = sotto_read_u16(r);
    out->secrets = sotto_mls_read_opaque(r);
    items = sotto_mls_items(out->secrets);
    while (items.left > 0 && !items.bad) {
        sotto_mls_read_encrypted_group_secrets(&items, &one);
    }
    sotto_mls_read_items_done(r, &items);
    out->encrypted_group_info = sotto_mls_read_opaque(r);
}

void sotto_mls_write_welcome(struct sotto_writer *w,
                             const struct sotto_mls_welcome *in)
{
    sotto_write_u16(w, in->cipher_suite);
    sotto_mls_write_span(w, in->secrets);
    sotto_mls_write_span(w, in->encrypted_group_info);
}

/* -------------------------------------------------------------- MLSMessage */

void sotto_mls_read_message(struct sotto_reader *r,
                            struct sotto_mls_message *out)
{
    out->version = sotto_read_u16(r);
    if (out->version != SOTTO_MLS_VERSION_10) {
        sotto_reader_fail(r); /* what follows is not known */
    }
    out->wire_format = sotto_read_u16(r);
    switch (out->wire_format) {
    case SOTTO_MLS_WIRE_PUBLIC_MESSAGE:
        sotto_mls_read_public_message(r, &out->public_message);
        break;
    case SOTTO_MLS_WIRE_PRIVATE_MESSAGE:
        sotto_mls_read_private_message(r, &out->private_message);
        break;
    case SOTTO_MLS_WIRE_WELCOME:
        sotto_mls_read_welcome(r, &out->welcome);
        break;
    case SOTTO_MLS_WIRE_GROUP_INFO:
        sotto_mls_read_group_info(r, &out->group_info);
        break;
    case SOTTO_MLS_WIRE_KEY_PACKAGE:
        sotto_mls_read_key_package(r, &out->key_package);
        break;
    default:
        sotto_reader_fail(r);
        break;
    }
}

void sotto_mls_write_message(struct sotto_writer *w,
                             const struct sotto_mls_message *in)
{
    sotto_write_u16(w, in->version);
    sotto_write_u16(w, in->wire_format);
    switch (in->wire_format) {
    case SOTTO_MLS_WIRE_PUBLIC_MESSAGE:
        sotto_mls_write_public_message(w, &in->public_message);
        break;
    case SOTTO_MLS_WIRE_PRIVATE_MESSAGE:
        sotto_mls_write_private_message(w, &in->private_message);
        break;
    case SOTTO_MLS_WIRE_WELCOME:
        sotto_mls_write_welcome(w, &in->welcome);
        break;
    case SOTTO_MLS_WIRE_GROUP_INFO:
        sotto_mls_write_group_info(w, &in->group_info);
        break;
    default:
        sotto_mls_write_key_package(w, &in->key_package);
        break;
    }
}
