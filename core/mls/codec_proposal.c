/*
 * codec_proposal.c - parent nodes (RFC 9420 7.1), update paths (7.6), PSK
 * identifiers (8.4), required capabilities (11.1), proposals and commits (12).
 */
#include "core/mls/codec_inner.h"

/* ------------------------------------------------------------ parent node */

/* `uint32 unmerged_leaves<V>`, each larger than the one before (7.1). */
static struct sotto_span read_unmerged(struct sotto_reader *r)
{
    struct sotto_span list = sotto_mls_read_opaque(r);
    struct sotto_reader items = sotto_mls_items(list);
    uint64_t next = 0;

    while (items.left > 0 && !items.bad) {
        uint32_t leaf = sotto_read_u32(&items);

        if (leaf < next) {
            sotto_reader_fail(&items);
        }
        next = (uint64_t)leaf + 1;
    }
    sotto_mls_read_items_done(r, &items);
    return list;
}

void sotto_mls_read_parent_node(struct sotto_reader *r,
                                struct sotto_mls_parent_node *out)
{
    out->encryption_key = sotto_mls_read_opaque(r);
    out->parent_hash = sotto_mls_read_opaque(r);
    out->unmerged_leaves = read_unmerged(r);
}

void sotto_mls_write_parent_node(struct sotto_writer *w,
                                 const struct sotto_mls_parent_node *in)
{
    sotto_mls_write_span(w, in->encryption_key);
    sotto_mls_write_span(w, in->parent_hash);
    sotto_mls_write_span(w, in->unmerged_leaves);
}

/* ------------------------------------------------------------- update path */

void sotto_mls_read_hpke_ciphertext(struct sotto_reader *r,
                                    struct sotto_mls_hpke_ciphertext *out)
{
    out->kem_output = sotto_mls_read_opaque(r);
    out->ciphertext = sotto_mls_read_opaque(r);
}

void sotto_mls_write_hpke_ciphertext(struct sotto_writer *w,
                                     const struct sotto_mls_hpke_ciphertext *in)
{
    sotto_mls_write_span(w, in->kem_output);
    sotto_mls_write_span(w, in->ciphertext);
}

void sotto_mls_read_update_path_node(struct sotto_reader *r,
                                     struct sotto_mls_update_path_node *out)
{
    struct sotto_reader items;
    struct sotto_mls_hpke_ciphertext ciphertext;

    out->encryption_key = sotto_mls_read_opaque(r);
    out->encrypted_path_secret = sotto_mls_read_opaque(r);
    items = sotto_mls_items(out->encrypted_path_secret);
    while (items.left > 0 && !items.bad) {
        sotto_mls_read_hpke_ciphertext(&items, &ciphertext);
    }
    sotto_mls_read_items_done(r, &items);
}

void sotto_mls_write_update_path_node(
    struct sotto_writer *w, const struct sotto_mls_update_path_node *in)
{
    sotto_mls_write_span(w, in->encryption_key);
    sotto_mls_write_span(w, in->encrypted_path_secret);
}

void sotto_mls_read_update_path(struct sotto_reader *r,
                                struct sotto_mls_update_path *out)
{
    struct sotto_reader items;
    struct sotto_mls_update_path_node node;

    sotto_mls_read_leaf_node(r, &out->leaf_node);
    out->nodes = sotto_mls_read_opaque(r);
    items = sotto_mls_items(out->nodes);
    while (items.left > 0 && !items.bad) {
        sotto_mls_read_update_path_node(&items, &node);
    }
    sotto_mls_read_items_done(r, &items);
}

void sotto_mls_write_update_path(struct sotto_writer *w,
                                 const struct sotto_mls_update_path *in)
{
    sotto_mls_write_leaf_node(w, &in->leaf_node);
    sotto_mls_write_span(w, in->nodes);
}

/* ---------------------------------------------------------- pre-shared keys */

void sotto_mls_read_psk_id(struct sotto_reader *r, struct sotto_mls_psk_id *out)
{
    *out = (struct sotto_mls_psk_id){.type = sotto_read_u8(r)};
    if (out->type == SOTTO_MLS_PSK_EXTERNAL) {
        out->id = sotto_mls_read_opaque(r);
    } else if (out->type == SOTTO_MLS_PSK_RESUMPTION) {
        out->usage = sotto_read_u8(r);
        if (out->usage < SOTTO_MLS_USAGE_APPLICATION ||
            out->usage > SOTTO_MLS_USAGE_BRANCH) {
            sotto_reader_fail(r);
        }
        out->group = sotto_mls_read_opaque(r);
        out->epoch = sotto_read_u64(r);
    } else {
        sotto_reader_fail(r);
    }
    out->nonce = sotto_mls_read_opaque(r);
}

void sotto_mls_write_psk_id(struct sotto_writer *w,
                            const struct sotto_mls_psk_id *in)
{
    sotto_write_u8(w, in->type);
    if (in->type == SOTTO_MLS_PSK_EXTERNAL) {
        sotto_mls_write_span(w, in->id);
    } else {
        sotto_write_u8(w, in->usage);
        sotto_mls_write_span(w, in->group);
        sotto_write_u64(w, in->epoch);
    }
    sotto_mls_write_span(w, in->nonce);
}

/* -------------------------------------------- contents of two extensions */

void sotto_mls_read_required_capabilities(
    struct sotto_reader *r, struct sotto_mls_required_capabilities *out)
{
    out->extensions = sotto_mls_read_list(r);
    out->proposals = sotto_mls_read_list(r);
    out->credentials = sotto_mls_read_list(r);
}

void sotto_mls_write_required_capabilities(
    struct sotto_writer *w, const struct sotto_mls_required_capabilities *in)
{
    sotto_mls_write_span(w, in->extensions);
    sotto_mls_write_span(w, in->proposals);
    sotto_mls_write_span(w, in->credentials);
}

void sotto_mls_read_external_sender(struct sotto_reader *r,
                                    struct sotto_mls_external_sender *out)
{
    out->signature_key = sotto_mls_read_opaque(r);
    sotto_mls_read_credential(r, &out->credential);
}

void sotto_mls_write_external_sender(struct sotto_writer *w,
                                     const struct sotto_mls_external_sender *in)
{
    sotto_mls_write_span(w, in->signature_key);
    sotto_mls_write_credential(w, &in->credential);
}

/* --------------------------------------------------------------- proposals */

static void read_reinit(struct sotto_reader *r, struct sotto_mls_reinit *out)
{
    out->group_id = sotto_mls_read_opaque(r);
    out->version = sotto_read_u16(r);
    out->cipher_suite = sotto_read_u16(r);
    out->extensions = sotto_mls_read_extensions(r);
}

static void write_reinit(struct sotto_writer *w,
                         const struct sotto_mls_reinit *in)
{
    sotto_mls_write_span(w, in->group_id);
    sotto_write_u16(w, in->version);
    sotto_write_u16(w, in->cipher_suite);
    sotto_mls_write_span(w, in->extensions);
}

void sotto_mls_read_proposal_body(struct sotto_reader *r,
                                  struct sotto_mls_proposal *out)
{
    switch (out->type) {
    case SOTTO_MLS_PROPOSAL_ADD:
        sotto_mls_read_key_package(r, &out->add);
        break;
    case SOTTO_MLS_PROPOSAL_UPDATE:
        sotto_mls_read_leaf_node(r, &out->update);
        break;
    case SOTTO_MLS_PROPOSAL_REMOVE:
        out->remove = sotto_read_u32(r);
        break;
    case SOTTO_MLS_PROPOSAL_PSK:
        sotto_mls_read_psk_id(r, &out->psk);
        break;
    case SOTTO_MLS_PROPOSAL_REINIT:
        read_reinit(r, &out->reinit);
        break;
    case SOTTO_MLS_PROPOSAL_EXTERNAL_INIT:
        out->external_init = sotto_mls_read_opaque(r);
        break;
    case SOTTO_MLS_PROPOSAL_EXTENSIONS:
        out->extensions = sotto_mls_read_extensions(r);
        break;
    default: /* its length is not known */
        sotto_reader_fail(r);
        break;
    }
}

void sotto_mls_write_proposal_body(struct sotto_writer *w,
                                   const struct sotto_mls_proposal *in)
{
    switch (in->type) {
    case SOTTO_MLS_PROPOSAL_ADD:
        sotto_mls_write_key_package(w, &in->add);
        break;
    case SOTTO_MLS_PROPOSAL_UPDATE:
        sotto_mls_write_leaf_node(w, &in->update);
        break;
    case SOTTO_MLS_PROPOSAL_REMOVE:
        sotto_write_u32(w, in->remove);
        break;
    case SOTTO_MLS_PROPOSAL_PSK:
        sotto_mls_write_psk_id(w, &in->psk);
        break;
    case SOTTO_MLS_PROPOSAL_REINIT:
        write_reinit(w, &in->reinit);
        break;
    case SOTTO_MLS_PROPOSAL_EXTERNAL_INIT:
        sotto_mls_write_span(w, in->external_init);
        break;
    default:
        sotto_mls_write_span(w, in->extensions);
        break;
    }
}

void sotto_mls_read_proposal(struct sotto_reader *r,
                             struct sotto_mls_proposal *out)
{
    const uint8_t *start = r->at;

    out->type = sotto_read_u16(r);
    sotto_mls_read_proposal_body(r, out);
    out->raw = sotto_mls_read_since(r, start);
}

void sotto_mls_write_proposal(struct sotto_writer *w,
                              const struct sotto_mls_proposal *in)
{
    sotto_write_u16(w, in->type);
    sotto_mls_write_proposal_body(w, in);
}

/* ----------------------------------------------------------------- commits */

enum sotto_err sotto_mls_proposal_decode(struct sotto_span in,
                                         struct sotto_mls_proposal *out)
{
    struct sotto_reader r = sotto_mls_items(in);

    sotto_mls_read_proposal(&r, out);
    return sotto_reader_finish(&r);
}

void sotto_mls_read_proposal_or_ref(struct sotto_reader *r,
                                    struct sotto_mls_proposal_or_ref *out)
{
    out->by = sotto_read_u8(r);
    if (out->by == SOTTO_MLS_BY_VALUE) {
        sotto_mls_read_proposal(r, &out->proposal);
    } else if (out->by == SOTTO_MLS_BY_REFERENCE) {
        out->reference = sotto_mls_read_opaque(r);
    } else {
        sotto_reader_fail(r);
    }
}

void sotto_mls_write_proposal_or_ref(struct sotto_writer *w,
                                     const struct sotto_mls_proposal_or_ref *in)
{
    sotto_write_u8(w, in->by);
    if (in->by == SOTTO_MLS_BY_VALUE) {
        sotto_mls_write_proposal(w, &in->proposal);
    } else {
        sotto_mls_write_span(w, in->reference);
    }
}

static void check_proposals(struct sotto_reader *r, struct sotto_span proposals)
{
    struct sotto_reader items = sotto_mls_items(proposals);
    struct sotto_mls_proposal_or_ref one;

    while (items.left > 0 && !items.bad) {
        sotto_mls_read_proposal_or_ref(&items, &one);
    }
    sotto_mls_read_items_done(r, &items);
}

void sotto_mls_read_commit(struct sotto_reader *r, struct sotto_mls_commit *out)
{
    out->proposals = sotto_mls_read_opaque(r);
    check_proposals(r, out->proposals);
    out->has_path = sotto_mls_read_present(r);
    if (out->has_path) {
        sotto_mls_read_update_path(r, &out->path);
    }
}

void sotto_mls_write_commit(struct sotto_writer *w,
                            const struct sotto_mls_commit *in)
{
    sotto_mls_write_span(w, in->proposals);
    sotto_write_u8(w, in->has_path ? 1 : 0);
    if (in->has_path) {
        sotto_mls_write_update_path(w, &in->path);
    }
}
