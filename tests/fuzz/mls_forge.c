/*
 * mls_forge.c - Proposals and Commits of somebody who keeps no rules.
 */
#include "mls_forge.h"

#include "core/mls/codec.h"
#include "core/mls/content.h"
#include "core/mls/framing.h"
#include "core/mls/label.h"
#include "core/mls/transcript.h"
#include "core/mls/tree_validate.h"
#include <string.h>

#define CONTENT_MAX 4096U
#define LIST_MAX    8U

static const struct sotto_span none = {NULL, 0};

/* ----------------------------------------------------------------- messages */

static bool same(struct sotto_span a, struct sotto_span b)
{
    return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

/* A member in the sender's epoch that is not the sender; NULL if none. */
static const struct world_client *find_other(const struct world_client *sender,
                                             struct sotto_span context)
{
    for (size_t i = 0; i < WORLD_CLIENTS; i++) {
        const struct world_client *other = &world.clients[i];

        if (other != sender && sotto_mls_group_is_active(other->group) &&
            same(sotto_mls_group_context_span(other->group), context)) {
            return other;
        }
    }
    return NULL;
}

/* The confirmation tag of a commit as another member sees it: it would fail
 * there for its tag only. */
static void find_tag(const struct world_client *other,
                     struct sotto_mls_authenticated_content *message,
                     uint8_t tag[static SOTTO_MLS_HASH_MAX])
{
    const struct sotto_mls_group *group = other->group;
    struct sotto_mls_work *work;
    uint32_t leaf;

    memset(tag, 0, SOTTO_MLS_HASH_MAX);
    message->auth.confirmation_tag =
        (struct sotto_span){tag, group->suite->hash_len};
    must(sotto_mls_work_init(group, &world_client, &work) == SOTTO_OK);
    /* Only who is removed by it takes a commit without a tag. */
    if (sotto_mls_commit_process(group, &world_client, work, message, NULL,
                                 &leaf) != SOTTO_OK) {
        sotto_mls_confirmation_tag(group->suite, work->secrets.confirmation_key,
                                   (struct sotto_span){work->confirmed_hash,
                                                       group->suite->hash_len},
                                   tag);
    }
    sotto_mls_work_wipe(work);
}

/* Whether the content decodes: otherwise others cannot even look at it. */
static bool is_content(uint8_t content_type, struct sotto_span content)
{
    struct sotto_reader r = sotto_mls_items(content);

    if (content_type == SOTTO_MLS_CONTENT_APPLICATION) {
        return true;
    }
    (void)sotto_mls_read_content(&r, content_type);
    return sotto_reader_finish(&r) == SOTTO_OK;
}

static enum sotto_err seal(struct world_client *sender,
                           struct sotto_mls_authenticated_content *message,
                           struct sotto_mls_buffer *out)
{
    struct sotto_writer w;
    enum sotto_err err;

    if (message->content.sender.type == SOTTO_MLS_SENDER_MEMBER) {
        return sotto_mls_seal(sender->group, &world_client, message,
                              choose_byte() % 8U, out);
    }
    sotto_writer_init(&w, out->at, out->cap);
    err = sotto_mls_public_protect(world_suite(), NULL, message, none, &w);
    return err == SOTTO_OK ? sotto_writer_finish(&w, &out->len) : err;
}

void forge_message(struct world_client *sender, uint8_t sender_type,
                   uint8_t content_type, struct sotto_span content)
{
    const struct world_client *frame_of =
        sender_type == SOTTO_MLS_SENDER_MEMBER ? sender : world_pick_in(true);
    const struct sotto_mls_sending how = {
        .is_public =
            sender_type != SOTTO_MLS_SENDER_MEMBER || choose_byte() % 2 == 0};
    struct sotto_mls_authenticated_content message;
    struct sotto_mls_buffer out = world_new_message();
    const struct world_client *other;
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX];
    uint8_t tag[SOTTO_MLS_HASH_MAX];
    struct sotto_span context;
    size_t len = 0;

    if (frame_of == NULL || !is_content(content_type, content)) {
        return;
    }
    context = sotto_mls_group_context_span(frame_of->group);
    sotto_mls_frame(frame_of->group, &how, content_type, content, &message);
    if (sender_type != SOTTO_MLS_SENDER_MEMBER) {
        message.content.sender = (struct sotto_mls_sender){sender_type, 0};
    }
    if (sotto_mls_content_sign(frame_of->group->suite,
                               sender->signature_private, &message, context,
                               signature, &len) != SOTTO_OK) {
        return;
    }
    message.auth.signature = (struct sotto_span){signature, len};
    other = find_other(sender, context);
    if (content_type == SOTTO_MLS_CONTENT_COMMIT) {
        if (other == NULL) {
            return;
        }
        find_tag(other, &message, tag);
    }
    (void)world_send(&out, seal(sender, &message, &out));
}

/* ---------------------------------------------------------------- proposals */

/* Signs a leaf node again that was changed; `signature` is where to. */
static void sign_leaf(const struct world_client *sender,
                      const struct sotto_mls_group *group, uint32_t leaf_index,
                      struct sotto_mls_leaf_node *leaf, uint8_t *signature)
{
    size_t len = 0;

    must(sotto_mls_leaf_sign(world_suite(), sender->signature_private,
                             leaf->tbs, leaf->source, group->context.group_id,
                             leaf_index, signature, &len) == SOTTO_OK);
    leaf->signature = (struct sotto_span){signature, len};
}

/* An Add of a client's key package, changed and signed again. */
static void write_add(const struct world_client *of, struct sotto_writer *w)
{
    const struct sotto_mls_suite *suite = world_suite();
    uint8_t package[WORLD_PACKAGE_MAX];
    uint8_t leaf_signature[SOTTO_MLS_SIGNATURE_MAX];
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX];
    struct sotto_mls_key_package add;
    const struct sotto_mls_group nowhere = {.suite = suite};
    struct sotto_writer tbs;
    struct sotto_reader r;
    struct sotto_piece piece;
    size_t len;

    memcpy(package, of->package, of->package_len);
    len = choose_patch(package, of->package_len, sizeof package);
    sotto_reader_init(&r, package, len);
    sotto_mls_read_key_package(&r, &add);
    if (sotto_reader_finish(&r) == SOTTO_OK) {
        uint8_t text[WORLD_PACKAGE_MAX];

        sign_leaf(of, &nowhere, 0, &add.leaf_node, leaf_signature);
        sotto_writer_init(&tbs, text, sizeof text);
        sotto_mls_write_key_package_tbs(&tbs, &add);
        piece = (struct sotto_piece){text, tbs.len};
        must(sotto_mls_sign_with_label(suite, of->signature_private,
                                       "KeyPackageTBS", &piece, 1, signature,
                                       &len) == SOTTO_OK);
        add.signature = (struct sotto_span){signature, len};
        sotto_write_u16(w, SOTTO_MLS_PROPOSAL_ADD);
        sotto_mls_write_key_package(w, &add);
    }
}

/* An Update with the leaf node that is there, changed and signed again. */
static void write_update(const struct world_client *sender,
                         struct sotto_writer *w)
{
    const struct sotto_mls_group *group = sender->group;
    uint8_t bytes[WORLD_PACKAGE_MAX];
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX];
    uint32_t index = choose_byte() % 8 == 0 ? choose_byte() % 8U : group->me;
    struct sotto_span old = sotto_mls_tree_leaf(&group->tree, index);
    struct sotto_mls_leaf_node leaf;
    struct sotto_reader r;
    size_t len;

    if (old.len == 0 || old.len > sizeof bytes) {
        return;
    }
    memcpy(bytes, old.at, old.len);
    len = choose_patch(bytes, old.len, sizeof bytes);
    sotto_reader_init(&r, bytes, len);
    sotto_mls_read_leaf_node(&r, &leaf);
    if (sotto_reader_finish(&r) == SOTTO_OK) {
        sign_leaf(sender, group, index, &leaf, signature);
        sotto_write_u16(w, SOTTO_MLS_PROPOSAL_UPDATE);
        sotto_mls_write_leaf_node(w, &leaf);
    }
}

static void write_psk(const struct world_client *sender, struct sotto_writer *w)
{
    uint8_t nonce[SOTTO_MLS_HASH_MAX] = {choose_byte()};
    uint8_t what = choose_byte();
    struct sotto_mls_proposal proposal = {
        .type = SOTTO_MLS_PROPOSAL_PSK,
        .psk = {.type = what % 2 == 0 ? SOTTO_MLS_PSK_EXTERNAL
                                      : SOTTO_MLS_PSK_RESUMPTION,
                .id = {(const uint8_t *)"pq" + what / 4 % 2, 1},
                .usage = (uint8_t)(1 + what / 16 % 3),
                .group = sender->group->context.group_id,
                .epoch = sender->group->context.epoch - what / 64,
                .nonce = {nonce, sizeof nonce - what / 8 % 2U}}};

    sotto_mls_write_proposal(w, &proposal);
}

/* GroupContextExtensions: required_capabilities, external_senders, others. */
static void write_extensions(struct sotto_writer *w)
{
    uint8_t data[64];
    uint8_t items[128];
    struct sotto_writer in;
    struct sotto_mls_proposal proposal = {.type =
                                              SOTTO_MLS_PROPOSAL_EXTENSIONS};
    size_t count = choose_byte() % 3U;

    sotto_writer_init(&in, items, sizeof items);
    for (size_t i = 0; i < count; i++) {
        size_t len = choose_byte() % sizeof data;
        struct sotto_mls_extension extension = {
            .type = (uint16_t)(1 + choose_byte() % 8U), .data = {data, len}};

        for (size_t at = 0; at < len; at++) {
            data[at] = choose_byte();
        }
        sotto_mls_write_extension(&in, &extension);
    }
    if (!in.bad) {
        proposal.extensions = (struct sotto_span){items, in.len};
        sotto_mls_write_proposal(w, &proposal);
    }
}

static void write_simple(const struct world_client *sender, uint16_t type,
                         struct sotto_writer *w)
{
    struct sotto_mls_proposal proposal = {.type = type};
    struct sotto_span key = {NULL, 0};
    uint8_t kem_output[SOTTO_MLS_PUBLIC_MAX];

    switch (type) {
    case SOTTO_MLS_PROPOSAL_REMOVE:
        proposal.remove = choose_byte() % 10U;
        break;
    case SOTTO_MLS_PROPOSAL_REINIT:
        proposal.reinit =
            (struct sotto_mls_reinit){.group_id = {(const uint8_t *)"h", 1},
                                      .version = (uint16_t)(choose_byte() % 3U),
                                      .cipher_suite =
                                          SOTTO_MLS_SUITE_P256_AES128GCM};
        break;
    default: /* ExternalInit */
        if (sotto_mls_group_is_active(sender->group)) {
            key = sotto_mls_tree_key(&sender->group->tree, 0);
        }
        if (key.len != sizeof kem_output) {
            return;
        }
        memcpy(kem_output, key.at, sizeof kem_output);
        proposal.external_init =
            (struct sotto_span){kem_output,
                                choose_patch(kem_output, key.len, key.len)};
        break;
    }
    sotto_mls_write_proposal(w, &proposal);
}

void forge_proposal(struct world_client *sender, struct sotto_writer *w)
{
    switch (choose_byte() % 8) {
    case 0:
        write_add(world_pick_client(), w);
        break;
    case 1:
    case 2:
        write_simple(sender, SOTTO_MLS_PROPOSAL_REMOVE, w);
        break;
    case 3:
        write_update(sender, w);
        break;
    case 4:
        write_psk(sender, w);
        break;
    case 5:
        write_extensions(w);
        break;
    case 6:
        write_simple(sender, SOTTO_MLS_PROPOSAL_REINIT, w);
        break;
    default:
        write_simple(sender, SOTTO_MLS_PROPOSAL_EXTERNAL_INIT, w);
        break;
    }
}

/* ------------------------------------------------------------------ commits */

/* A list of proposals by value, and of references to those that wait. */
static void write_list(struct world_client *sender, struct sotto_writer *w)
{
    size_t count = choose_byte() % LIST_MAX;

    for (size_t i = 0; i < count && choices_left(); i++) {
        uint8_t what = choose_byte();
        uint32_t waiting = sender->group->waiting_count;

        if (what % 2 == 0 && waiting > 0) {
            sotto_write_u8(w, SOTTO_MLS_BY_REFERENCE);
            sotto_write_vector(
                w, sender->group->waiting[what / 2 % waiting].reference,
                sender->group->suite->hash_len);
        } else {
            size_t start = w->len;

            sotto_write_u8(w, SOTTO_MLS_BY_VALUE);
            forge_proposal(sender, w);
            w->len = w->len == start + 1 ? start : w->len;
        }
    }
}

/* The Commit in what commit_make() left as pending (commit_make.c). */
static struct sotto_span find_commit(const struct world_client *sender)
{
    const struct sotto_mls_suite *suite = sender->group->suite;
    struct sotto_mls_authenticated_content message;
    struct sotto_mls_path_keys keys;
    struct sotto_reader r;

    sotto_reader_init(&r, sender->pending, sender->pending_len);
    sotto_mls_path_keys_read(&r, suite, &keys);
    (void)sotto_read_span(&r, suite->signature_private_len);
    (void)sotto_read_span(&r, suite->hash_len); /* commit_secret */
    sotto_mls_read_authenticated_content(&r, &message);
    must(sotto_reader_finish(&r) == SOTTO_OK);
    return message.content.content;
}

size_t forge_path(const struct world_client *sender, uint8_t *bytes, size_t len,
                  size_t cap)
{
    static uint8_t again[CONTENT_MAX];
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX];
    struct sotto_mls_commit commit;
    struct sotto_reader r;
    struct sotto_writer w;

    len = choose_patch(bytes, len, cap);
    sotto_reader_init(&r, bytes, len);
    sotto_mls_read_commit(&r, &commit);
    if (sotto_reader_finish(&r) != SOTTO_OK || !commit.has_path) {
        return len;
    }
    sign_leaf(sender, sender->group, sender->group->me, &commit.path.leaf_node,
              signature);
    sotto_writer_init(&w, again, sizeof again);
    sotto_mls_write_commit(&w, &commit);
    if (w.bad || w.len > cap) {
        return len;
    }
    memcpy(bytes, again, w.len);
    return w.len;
}

bool forge_commit(struct world_client *sender, struct sotto_writer *w)
{
    uint8_t list[CONTENT_MAX / 2];
    struct sotto_mls_commit commit;
    struct sotto_reader r;
    struct sotto_writer items;
    uint8_t what = choose_byte();

    if (!sotto_mls_group_is_active(sender->group) || sender->pending_len == 0) {
        return false;
    }
    r = sotto_mls_items(find_commit(sender));
    sotto_mls_read_commit(&r, &commit);
    must(sotto_reader_finish(&r) == SOTTO_OK);
    if (what % 2 == 0) {
        sotto_writer_init(&items, list, sizeof list);
        write_list(sender, &items);
        if (items.bad) {
            return false;
        }
        commit.proposals = (struct sotto_span){list, items.len};
    }
    if (what / 2 % 4 == 0) {
        commit.has_path = false;
    }
    sotto_mls_write_commit(w, &commit);
    if (w->bad) {
        return false;
    }
    w->len = forge_path(sender, w->out, w->len, CONTENT_MAX);
    return true;
}
