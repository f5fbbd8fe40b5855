/*
 * codec.h - the structures of RFC 9420 from bytes and back.
 *
 * A read function takes one structure off a reader; what is not allowed marks
 * the reader bad (ask sotto_reader_finish() at the end of the whole). Reading
 * is strict: what was read gives, written again, the same bytes. A vector is
 * checked item by item when the structure around it is read, so later passes
 * over its span cannot meet bad items. Depth is bounded by the types: nothing
 * here recurses.
 *
 *     sotto_reader_init(&r, in, len);
 *     sotto_mls_read_commit(&r, &commit);
 *     err = sotto_reader_finish(&r);
 *
 *     struct sotto_reader items = sotto_mls_items(commit.proposals);
 *     while (items.left > 0) {
 *         sotto_mls_read_proposal_or_ref(&items, &one);
 *     }
 *
 * Write functions take the fields, never `raw` and `tbs`. Numbers of GREASE
 * (13.5) pass wherever a list of types or an extension may hold them. Unknown
 * types of credentials and proposals cannot be read: their length is unknown.
 */
#ifndef SOTTO_MLS_CODEC_H
#define SOTTO_MLS_CODEC_H

#include "core/base/reader.h"
#include "core/base/writer.h"
#include "core/mls/types.h"

/* A reader over the items of a vector. */
struct sotto_reader sotto_mls_items(struct sotto_span vector);

/* Whether two spans have the same bytes, none of them secret. */
bool sotto_mls_same(struct sotto_span a, struct sotto_span b);

/* A span as `opaque x<V>`. */
void sotto_mls_write_span(struct sotto_writer *w, struct sotto_span span);

/* ------------------------------------------ codec_leaf.c: 5.3, 7.2, 10, 13 */

void sotto_mls_read_credential(struct sotto_reader *r,
                               struct sotto_mls_credential *out);
void sotto_mls_write_credential(struct sotto_writer *w,
                                const struct sotto_mls_credential *in);

void sotto_mls_read_extension(struct sotto_reader *r,
                              struct sotto_mls_extension *out);
void sotto_mls_write_extension(struct sotto_writer *w,
                               const struct sotto_mls_extension *in);
/* `Extension x<V>`: the span of its items. A type that stands there twice is
 * not allowed. */
struct sotto_span sotto_mls_read_extensions(struct sotto_reader *r);
/* The data of the extension `type` in a list that was read; false if none. */
bool sotto_mls_find_extension(struct sotto_span extensions, uint16_t type,
                              struct sotto_span *data);
/* True when a list of 16-bit numbers, as in the capabilities, has `value`. */
bool sotto_mls_list_has(struct sotto_span list, uint16_t value);

void sotto_mls_read_leaf_node(struct sotto_reader *r,
                              struct sotto_mls_leaf_node *out);
void sotto_mls_write_leaf_node(struct sotto_writer *w,
                               const struct sotto_mls_leaf_node *in);
/* All but the signature: LeafNodeTBS up to where its source adds more. */
void sotto_mls_write_leaf_node_tbs(struct sotto_writer *w,
                                   const struct sotto_mls_leaf_node *in);

void sotto_mls_read_key_package(struct sotto_reader *r,
                                struct sotto_mls_key_package *out);
void sotto_mls_write_key_package(struct sotto_writer *w,
                                 const struct sotto_mls_key_package *in);
/* KeyPackageTBS. */
void sotto_mls_write_key_package_tbs(struct sotto_writer *w,
                                     const struct sotto_mls_key_package *in);

/* ------------------------------- codec_proposal.c: 7.1, 7.6, 8.4, 11.1, 12 */

void sotto_mls_read_parent_node(struct sotto_reader *r,
                                struct sotto_mls_parent_node *out);
void sotto_mls_write_parent_node(struct sotto_writer *w,
                                 const struct sotto_mls_parent_node *in);

void sotto_mls_read_hpke_ciphertext(struct sotto_reader *r,
                                    struct sotto_mls_hpke_ciphertext *out);
void sotto_mls_write_hpke_ciphertext(
    struct sotto_writer *w, const struct sotto_mls_hpke_ciphertext *in);
void sotto_mls_read_update_path_node(struct sotto_reader *r,
                                     struct sotto_mls_update_path_node *out);
void sotto_mls_write_update_path_node(
    struct sotto_writer *w, const struct sotto_mls_update_path_node *in);
void sotto_mls_read_update_path(struct sotto_reader *r,
                                struct sotto_mls_update_path *out);
void sotto_mls_write_update_path(struct sotto_writer *w,
                                 const struct sotto_mls_update_path *in);

void sotto_mls_read_psk_id(struct sotto_reader *r,
                           struct sotto_mls_psk_id *out);
void sotto_mls_write_psk_id(struct sotto_writer *w,
                            const struct sotto_mls_psk_id *in);

void sotto_mls_read_required_capabilities(
    struct sotto_reader *r, struct sotto_mls_required_capabilities *out);
void sotto_mls_write_required_capabilities(
    struct sotto_writer *w, const struct sotto_mls_required_capabilities *in);
void sotto_mls_read_external_sender(struct sotto_reader *r,
                                    struct sotto_mls_external_sender *out);
void sotto_mls_write_external_sender(
    struct sotto_writer *w, const struct sotto_mls_external_sender *in);

/* The body of a proposal whose type is in `out->type` already. */
void sotto_mls_read_proposal_body(struct sotto_reader *r,
                                  struct sotto_mls_proposal *out);
void sotto_mls_write_proposal_body(struct sotto_writer *w,
                                   const struct sotto_mls_proposal *in);
void sotto_mls_read_proposal(struct sotto_reader *r,
                             struct sotto_mls_proposal *out);
void sotto_mls_write_proposal(struct sotto_writer *w,
                              const struct sotto_mls_proposal *in);
/* One that is all of `in`. FORMAT. */
enum sotto_err sotto_mls_proposal_decode(struct sotto_span in,
                                         struct sotto_mls_proposal *out)
    SOTTO_MUST_CHECK;
void sotto_mls_read_proposal_or_ref(struct sotto_reader *r,
                                    struct sotto_mls_proposal_or_ref *out);
void sotto_mls_write_proposal_or_ref(
    struct sotto_writer *w, const struct sotto_mls_proposal_or_ref *in);
void sotto_mls_read_commit(struct sotto_reader *r,
                           struct sotto_mls_commit *out);
void sotto_mls_write_commit(struct sotto_writer *w,
                            const struct sotto_mls_commit *in);

/* --------------------------------- codec_message.c: 6, 8.1, 12.4.3 */

void sotto_mls_read_group_context(struct sotto_reader *r,
                                  struct sotto_mls_group_context *out);
void sotto_mls_write_group_context(struct sotto_writer *w,
                                   const struct sotto_mls_group_context *in);

void sotto_mls_read_framed_content(struct sotto_reader *r,
                                   struct sotto_mls_framed_content *out);
void sotto_mls_write_framed_content(struct sotto_writer *w,
                                    const struct sotto_mls_framed_content *in);
/* FramedContentAuthData: has a confirmation tag when `content_type` says so. */
void sotto_mls_read_content_auth(struct sotto_reader *r, uint8_t content_type,
                                 struct sotto_mls_content_auth *out);
void sotto_mls_write_content_auth(struct sotto_writer *w, uint8_t content_type,
                                  const struct sotto_mls_content_auth *in);
void sotto_mls_read_authenticated_content(
    struct sotto_reader *r, struct sotto_mls_authenticated_content *out);
void sotto_mls_write_authenticated_content(
    struct sotto_writer *w, const struct sotto_mls_authenticated_content *in);
/* The bytes between `content_type` and the authentication: `opaque<V>` of an
 * application message; a Proposal or Commit as they are. Also what
 * PrivateMessageContent (6.3.1) starts with. */
struct sotto_span sotto_mls_read_content(struct sotto_reader *r,
                                         uint8_t content_type);
void sotto_mls_write_content(struct sotto_writer *w, uint8_t content_type,
                             struct sotto_span content);

void sotto_mls_read_public_message(struct sotto_reader *r,
                                   struct sotto_mls_public_message *out);
void sotto_mls_write_public_message(struct sotto_writer *w,
                                    const struct sotto_mls_public_message *in);
void sotto_mls_read_private_message(struct sotto_reader *r,
                                    struct sotto_mls_private_message *out);
void sotto_mls_write_private_message(
    struct sotto_writer *w, const struct sotto_mls_private_message *in);

void sotto_mls_read_group_info(struct sotto_reader *r,
                               struct sotto_mls_group_info *out);
void sotto_mls_write_group_info(struct sotto_writer *w,
                                const struct sotto_mls_group_info *in);
/* GroupInfoTBS. */
void sotto_mls_write_group_info_tbs(struct sotto_writer *w,
                                    const struct sotto_mls_group_info *in);
void sotto_mls_read_group_secrets(struct sotto_reader *r,
                                  struct sotto_mls_group_secrets *out);
void sotto_mls_write_group_secrets(struct sotto_writer *w,
                                   const struct sotto_mls_group_secrets *in);
void sotto_mls_read_encrypted_group_secrets(
    struct sotto_reader *r, struct sotto_mls_encrypted_group_secrets *out);
void sotto_mls_write_encrypted_group_secrets(
    struct sotto_writer *w, const struct sotto_mls_encrypted_group_secrets *in);
void sotto_mls_read_welcome(struct sotto_reader *r,
                            struct sotto_mls_welcome *out);
void sotto_mls_write_welcome(struct sotto_writer *w,
                             const struct sotto_mls_welcome *in);

void sotto_mls_read_message(struct sotto_reader *r,
                            struct sotto_mls_message *out);
void sotto_mls_write_message(struct sotto_writer *w,
                             const struct sotto_mls_message *in);

#endif
