/*
 * welcome_make.c - what a group gives to those who join (RFC 9420 12.4.3):
 * GroupInfo and Welcome.
 */
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/mls/codec.h"
#include "core/mls/group.h"
#include "core/mls/label.h"
#include "core/mls/welcome.h"
#include <string.h>

/* ------------------------------------------------------------ the GroupInfo */

static size_t extension_len(size_t data_len)
{
    return 2 + sotto_vector_len(data_len);
}

/* The tree goes from the draft to its place without a copy between. */
static void write_extensions(struct sotto_writer *w,
                             const struct sotto_mls_group_info_parts *parts)
{
    struct sotto_span external_pub = parts->external_pub;
    size_t tree_len =
        parts->with_tree ? sotto_mls_tree_encoded_len(parts->tree) : 0;
    size_t len = parts->with_tree ? extension_len(tree_len) : 0;

    if (external_pub.len > 0) {
        len += extension_len(sotto_vector_len(external_pub.len));
    }
    if (parts->grease != 0) {
        len += extension_len(0);
    }
    sotto_write_varint(w, len);
    if (parts->with_tree) {
        sotto_write_u16(w, SOTTO_MLS_EXTENSION_RATCHET_TREE);
        sotto_write_varint(w, tree_len);
        sotto_mls_tree_write(w, parts->tree);
    }
    if (external_pub.len > 0) {
        sotto_write_u16(w, SOTTO_MLS_EXTENSION_EXTERNAL_PUB);
        sotto_write_varint(w, sotto_vector_len(external_pub.len));
        sotto_mls_write_span(w, external_pub);
    }
    if (parts->grease != 0) {
        sotto_write_u16(w, parts->grease);
        sotto_write_varint(w, 0);
    }
}

enum sotto_err sotto_mls_group_info_write(
    const struct sotto_mls_group *group,
    const struct sotto_mls_group_info_parts *parts, struct sotto_writer *w)
{
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX];
    size_t start = w->len;
    size_t len;
    enum sotto_err err;

    /* GroupInfoTBS */
    sotto_write_bytes(w, parts->context.at, parts->context.len);
    write_extensions(w, parts);
    sotto_write_vector(w, parts->confirmation_tag, group->suite->hash_len);
    sotto_write_u32(w, group->me);
    if (w->bad) {
        return SOTTO_ERR_SPACE;
    }
    err = sotto_mls_group_info_sign(group->suite, parts->signature_key,
                                    (struct sotto_span){w->out + start,
                                                        w->len - start},
                                    signature, &len);
    if (err == SOTTO_OK) {
        sotto_write_vector(w, signature, len);
        err = w->bad ? SOTTO_ERR_SPACE : SOTTO_OK;
    }
    return err;
}

/* Seals the GroupInfo at the end of the buffer, where it waits until those are
 * written that come before it. */
static enum sotto_err seal_info(const struct sotto_mls_group *group,
                                const struct sotto_mls_client *client,
                                const struct sotto_mls_work *work,
                                bool with_tree, struct sotto_mls_buffer *out,
                                struct sotto_span *sealed)
{
    struct sotto_mls_group_info_parts parts = {
        .tree = &work->draft,
        .with_tree = with_tree,
        .context = {work->context, work->context_len},
        .confirmation_tag = work->confirmation_tag,
        .signature_key = work->signature_key};
    uint8_t welcome_secret[SOTTO_MLS_HASH_MAX];
    struct sotto_writer w;
    uint8_t *end;
    enum sotto_err err;

    sotto_writer_init(&w, out->at, out->cap);
    err = sotto_mls_grease(client, &parts.grease);
    if (err == SOTTO_OK) {
        err = sotto_mls_group_info_write(group, &parts, &w);
    }
    if (err != SOTTO_OK) {
        return err;
    }
    if (out->cap - w.len < SOTTO_MLS_AEAD_TAG_LEN) {
        return SOTTO_ERR_SPACE;
    }
    end = out->at + out->cap - w.len - SOTTO_MLS_AEAD_TAG_LEN;
    memmove(end, out->at, w.len);
    sotto_mls_welcome_secret(group->suite, work->member_secret, welcome_secret);
    err = sotto_mls_group_info_seal(group->suite, welcome_secret,
                                    (struct sotto_span){end, w.len}, end);
    sotto_wipe(welcome_secret, sizeof welcome_secret);
    *sealed = (struct sotto_span){end, w.len + SOTTO_MLS_AEAD_TAG_LEN};
    return err;
}

/* ---------------------------------------------------------- the GroupSecrets */

/* The PSKs of the commit, in its order. */
static struct sotto_span write_psks(struct sotto_mls_work *work)
{
    struct sotto_writer *w = &work->writer;
    size_t start = w->len;
    struct sotto_mls_proposal proposal;

    for (uint32_t i = 0; i < work->list_count; i++) {
        sotto_mls_listed_read(&work->list[i], &proposal);
        if (proposal.type == SOTTO_MLS_PROPOSAL_PSK) {
            sotto_mls_write_psk_id(w, &proposal.psk);
        }
    }
    return (struct sotto_span){w->out + start, w->len - start};
}

/* Where the draft has put a leaf node. */
static uint32_t find_leaf(const struct sotto_mls_tree *draft,
                          const struct sotto_mls_leaf_node *leaf_node)
{
    uint32_t leaf = sotto_mls_tree_next_leaf(draft, 0);

    while (leaf != SOTTO_MLS_NONE &&
           sotto_mls_tree_leaf(draft, leaf).at != leaf_node->raw.at) {
        leaf = sotto_mls_tree_next_leaf(draft, leaf + 1);
    }
    SOTTO_ASSERT(leaf != SOTTO_MLS_NONE);
    return leaf;
}

/* Encrypts to one new member, and writes its EncryptedGroupSecrets. */
static enum sotto_err write_entry(const struct sotto_mls_group *group,
                                  const struct sotto_mls_client *client,
                                  const struct sotto_mls_key_package *add,
                                  struct sotto_span secrets,
                                  struct sotto_span sealed,
                                  struct sotto_writer *w)
{
    const struct sotto_mls_suite *suite = group->suite;
    size_t len = secrets.len + SOTTO_MLS_AEAD_TAG_LEN;
    uint8_t reference[SOTTO_MLS_HASH_MAX];
    uint8_t *kem_output;
    uint8_t *ciphertext;

    sotto_mls_ref_hash(suite, SOTTO_MLS_KEY_PACKAGE_REF, add->raw, reference);
    sotto_write_vector(w, reference, suite->hash_len);
    sotto_write_varint(w, suite->kem_len);
    kem_output = sotto_write_room(w, suite->kem_len);
    sotto_write_varint(w, len);
    ciphertext = sotto_write_room(w, len);
    if (w->bad) {
        return SOTTO_ERR_SPACE;
    }
    return sotto_mls_group_secrets_encrypt(suite, add->init_key, sealed,
                                           secrets, client->random, kem_output,
                                           ciphertext);
}

/* GroupSecrets go into the work's text for as long as it takes. */
static enum sotto_err add_entry(
    const struct sotto_mls_group *group, const struct sotto_mls_client *client,
    struct sotto_mls_work *work, const struct sotto_mls_key_package *add,
    struct sotto_span psks, struct sotto_span sealed, struct sotto_writer *w)
{
    size_t hash_len = group->suite->hash_len;
    uint32_t level =
        sotto_mls_common_level(group->me,
                               find_leaf(&work->draft, &add->leaf_node));
    struct sotto_mls_group_secrets secrets = {
        .joiner_secret = {work->joiner_secret, hash_len},
        .has_path_secret = (work->path.secrets.held >> level & 1U) != 0,
        .path_secret = {work->path.secrets.secrets[level], hash_len},
        .psks = psks};
    struct sotto_writer text = work->writer;
    uint8_t *start = text.out + text.len;
    enum sotto_err err = SOTTO_ERR_SPACE;

    sotto_mls_write_group_secrets(&text, &secrets);
    if (!text.bad) {
        size_t len = text.len - work->writer.len;

        err = write_entry(group, client, add, (struct sotto_span){start, len},
                          sealed, w);
    }
    sotto_wipe(start, text.len - work->writer.len);
    return err;
}

static enum sotto_err write_entries(const struct sotto_mls_group *group,
                                    const struct sotto_mls_client *client,
                                    struct sotto_mls_work *work,
                                    struct sotto_span sealed,
                                    struct sotto_writer *w)
{
    struct sotto_span psks = write_psks(work);
    struct sotto_mls_proposal proposal;
    enum sotto_err err = work->writer.bad ? SOTTO_ERR_SPACE : SOTTO_OK;

    for (uint32_t i = 0; i < work->list_count && err == SOTTO_OK; i++) {
        sotto_mls_listed_read(&work->list[i], &proposal);
        if (proposal.type == SOTTO_MLS_PROPOSAL_ADD) {
            err =
                add_entry(group, client, work, &proposal.add, psks, sealed, w);
        }
    }
    return err;
}

/* --------------------------------------------------------------- the Welcome */

/* Version, wire format, suite, and the longest length of the entries. */
#define HEAD_MAX 10U

static bool adds_anybody(const struct sotto_mls_work *work)
{
    struct sotto_mls_proposal proposal;

    for (uint32_t i = 0; i < work->list_count; i++) {
        sotto_mls_listed_read(&work->list[i], &proposal);
        if (proposal.type == SOTTO_MLS_PROPOSAL_ADD) {
            return true;
        }
    }
    return false;
}

/* Puts head, entries and GroupInfo together. The entries stand HEAD_MAX behind
 * the start, the GroupInfo at the end. */
static enum sotto_err assemble(const struct sotto_mls_group *group,
                               size_t entries_len, struct sotto_span sealed,
                               struct sotto_mls_buffer *out)
{
    size_t len = entries_len;
    struct sotto_writer w;

    sotto_writer_init(&w, out->at, HEAD_MAX);
    sotto_write_u16(&w, SOTTO_MLS_VERSION_10);
    sotto_write_u16(&w, SOTTO_MLS_WIRE_WELCOME);
    sotto_write_u16(&w, group->suite->id);
    sotto_write_varint(&w, entries_len);
    memmove(out->at + w.len, out->at + HEAD_MAX, entries_len);
    len += w.len;
    if (out->cap - len < sotto_vector_len(sealed.len)) {
        return SOTTO_ERR_SPACE;
    }
    sotto_writer_init(&w, out->at + len, sotto_varint_len(sealed.len));
    sotto_write_varint(&w, sealed.len);
    len += w.len;
    memmove(out->at + len, sealed.at, sealed.len);
    out->len = len + sealed.len;
    return SOTTO_OK;
}

enum sotto_err sotto_mls_welcome_write(const struct sotto_mls_group *group,
                                       const struct sotto_mls_client *client,
                                       struct sotto_mls_work *work,
                                       bool with_tree,
                                       struct sotto_mls_buffer *out)
{
    struct sotto_span sealed;
    struct sotto_writer w;
    enum sotto_err err;

    out->len = 0;
    if (!adds_anybody(work)) {
        return SOTTO_OK;
    }
    err = seal_info(group, client, work, with_tree, out, &sealed);
    if (err != SOTTO_OK) {
        return err;
    }
    if (out->cap - sealed.len < HEAD_MAX) {
        return SOTTO_ERR_SPACE;
    }
    sotto_writer_init(&w, out->at + HEAD_MAX, out->cap - sealed.len - HEAD_MAX);
    err = write_entries(group, client, work, sealed, &w);
    return err == SOTTO_OK ? assemble(group, w.len, sealed, out) : err;
}
