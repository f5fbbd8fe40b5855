/*
 * framing_private.c - PrivateMessage (RFC 9420 6.3).
 *
 *     group_id, epoch, content_type          AAD of the sender data, and with
 *     authenticated_data                     this AAD of the content
 *     encrypted_sender_data<V>               leaf, generation, reuse guard
 *     ciphertext<V>                          content, auth, padding
 */
#include "core/base/assert.h"
#include "core/base/secret.h"
#include "core/mls/codec.h"
#include "core/mls/framing.h"
#include "core/mls/label.h"
#include <string.h>

#define GUARD_LEN       4  /* reuse_guard */
#define SENDER_DATA_LEN 12 /* SenderData: leaf_index, generation, guard */
#define SEALED_LEN      (SENDER_DATA_LEN + SOTTO_MLS_AEAD_TAG_LEN)

static struct sotto_span after(const uint8_t *start, const uint8_t *end)
{
    return (struct sotto_span){start, (size_t)(end - start)};
}

/* SenderDataAAD: the first three fields, which the content's AAD starts with
 * too. */
static struct sotto_span sender_data_aad(struct sotto_span aad,
                                         size_t group_id_len)
{
    size_t len = sotto_vector_len(group_id_len) + 8 + 1;

    return (struct sotto_span){aad.at, len};
}

void sotto_mls_sender_data_key(const struct sotto_mls_suite *suite,
                               const uint8_t *sender_data_secret,
                               struct sotto_span ciphertext, uint8_t *key,
                               uint8_t *nonce)
{
    struct sotto_span sample = ciphertext;

    if (sample.len > suite->hash_len) {
        sample.len = suite->hash_len;
    }
    sotto_mls_expand_with_label(suite, sender_data_secret, "key", sample, key,
                                suite->aead_key_len);
    sotto_mls_expand_with_label(suite, sender_data_secret, "nonce", sample,
                                nonce, suite->aead_nonce_len);
}

/* A key made ready, and the nonce of the one message it is for. */
struct once {
    struct sotto_aead aead;
    uint8_t nonce[SOTTO_MLS_AEAD_NONCE_MAX];
};

static void once_wipe(struct once *once)
{
    sotto_aead_wipe(&once->aead);
    sotto_wipe(once->nonce, sizeof once->nonce);
}

static void once_for_sender_data(struct once *once,
                                 const struct sotto_mls_suite *suite,
                                 const uint8_t *sender_data_secret,
                                 struct sotto_span ciphertext)
{
    uint8_t key[SOTTO_MLS_AEAD_KEY_MAX];

    sotto_mls_sender_data_key(suite, sender_data_secret, ciphertext, key,
                              once->nonce);
    sotto_aead_init(&once->aead, suite->aead, key);
    sotto_wipe(key, sizeof key);
}

/* The nonce takes the reuse guard. */
static void once_for_content(struct once *once,
                             const struct sotto_mls_suite *suite,
                             const struct sotto_mls_message_key *key,
                             const uint8_t guard[static GUARD_LEN])
{
    sotto_aead_init(&once->aead, suite->aead, key->key);
    memcpy(once->nonce, key->nonce, sizeof once->nonce);
    for (size_t i = 0; i < GUARD_LEN; i++) {
        once->nonce[i] ^= guard[i];
    }
}

enum sotto_mls_ratchet_kind sotto_mls_ratchet_of(uint8_t content_type)
{
    return content_type == SOTTO_MLS_CONTENT_APPLICATION
               ? SOTTO_MLS_RATCHET_APPLICATION
               : SOTTO_MLS_RATCHET_HANDSHAKE;
}

/* --------------------------------------------------------------- protecting */

/* PrivateMessageContent without its padding. */
static size_t content_len(const struct sotto_mls_authenticated_content *in)
{
    const struct sotto_mls_content_auth *auth = &in->auth;
    size_t len = in->content.content.len;

    if (in->content.content_type == SOTTO_MLS_CONTENT_APPLICATION) {
        len = sotto_vector_len(len);
    }
    len += sotto_vector_len(auth->signature.len);
    if (in->content.content_type == SOTTO_MLS_CONTENT_COMMIT) {
        len += sotto_vector_len(auth->confirmation_tag.len);
    }
    return len;
}

size_t sotto_mls_private_len(const struct sotto_mls_authenticated_content *in,
                             size_t padding)
{
    return 4 + sotto_vector_len(in->content.group_id.len) + 8 + 1 +
           sotto_vector_len(in->content.authenticated_data.len) +
           sotto_vector_len(SEALED_LEN) +
           sotto_vector_len(content_len(in) + padding + SOTTO_MLS_AEAD_TAG_LEN);
}

/* The header of the MLSMessage, up to what is encrypted; gives the AAD. */
static struct sotto_span write_header(
    struct sotto_writer *w, const struct sotto_mls_framed_content *content)
{
    const uint8_t *start;

    sotto_write_u16(w, SOTTO_MLS_VERSION_10);
    sotto_write_u16(w, SOTTO_MLS_WIRE_PRIVATE_MESSAGE);
    start = w->out + w->len;
    sotto_mls_write_span(w, content->group_id);
    sotto_write_u64(w, content->epoch);
    sotto_write_u8(w, content->content_type);
    sotto_mls_write_span(w, content->authenticated_data);
    return after(start, w->out + w->len);
}

/* A message that is being written. */
struct outgoing {
    const struct sotto_mls_suite *suite;
    const uint8_t *sender_data_secret;
    const struct sotto_mls_authenticated_content *in;
    size_t padding;
    struct sotto_mls_message_key key; /* taken for it */
    uint8_t guard[GUARD_LEN];
};

/* PrivateMessageContent of `len` bytes, sealed where it stands. */
static enum sotto_err seal_content(const struct outgoing *message,
                                   struct sotto_span aad, uint8_t *text,
                                   size_t len)
{
    const struct sotto_mls_authenticated_content *in = message->in;
    uint8_t content_type = in->content.content_type;
    struct sotto_writer w;
    struct once once;
    enum sotto_err err;

    sotto_writer_init(&w, text, len);
    sotto_mls_write_content(&w, content_type, in->content.content);
    sotto_mls_write_content_auth(&w, content_type, &in->auth);
    SOTTO_ASSERT(!w.bad && w.len + message->padding == len);
    memset(text + w.len, 0, message->padding);

    once_for_content(&once, message->suite, &message->key, message->guard);
    err = sotto_aead_seal(&once.aead, once.nonce, aad.at, aad.len, text, len,
                          text);
    once_wipe(&once);
    return err;
}

/* SenderData, sealed at `out` with a sample of the ciphertext. */
static enum sotto_err seal_sender_data(const struct outgoing *message,
                                       struct sotto_span aad,
                                       struct sotto_span ciphertext,
                                       uint8_t *out)
{
    struct sotto_writer w;
    struct once once;
    enum sotto_err err;

    sotto_writer_init(&w, out, SENDER_DATA_LEN);
    sotto_write_u32(&w, message->key.leaf);
    sotto_write_u32(&w, message->key.generation);
    sotto_write_bytes(&w, message->guard, GUARD_LEN);

    once_for_sender_data(&once, message->suite, message->sender_data_secret,
                         ciphertext);
    err = sotto_aead_seal(&once.aead, once.nonce, aad.at, aad.len, out,
                          SENDER_DATA_LEN, out);
    once_wipe(&once);
    return err;
}

/* Writes the message, for which there is room. */
static enum sotto_err write_private(const struct outgoing *message,
                                    struct sotto_writer *w)
{
    const struct sotto_mls_framed_content *content = &message->in->content;
    size_t len = content_len(message->in) + message->padding;
    size_t sealed_len = len + SOTTO_MLS_AEAD_TAG_LEN;
    struct sotto_span aad = write_header(w, content);
    uint8_t *sender_data;
    uint8_t *text;
    enum sotto_err err;

    sotto_write_varint(w, SEALED_LEN);
    sender_data = sotto_write_room(w, SEALED_LEN);
    sotto_write_varint(w, sealed_len);
    text = sotto_write_room(w, sealed_len);
    SOTTO_ASSERT(sender_data != NULL && text != NULL);

    err = seal_content(message, aad, text, len);
    if (err == SOTTO_OK) {
        err = seal_sender_data(message,
                               sender_data_aad(aad, content->group_id.len),
                               (struct sotto_span){text, sealed_len},
                               sender_data);
    }
    return err;
}

enum sotto_err sotto_mls_private_protect(
    const struct sotto_mls_suite *suite, const uint8_t *sender_data_secret,
    struct sotto_mls_secret_tree *tree,
    const struct sotto_mls_authenticated_content *in, size_t padding,
    const struct sotto_random *random, struct sotto_writer *w)
{
    struct outgoing message = {
        .suite = suite,
        .sender_data_secret = sender_data_secret,
        .in = in,
        .padding = padding,
    };
    const struct sotto_mls_framed_content *content = &in->content;
    enum sotto_err err;

    if (content->sender.type != SOTTO_MLS_SENDER_MEMBER ||
        in->wire_format != SOTTO_MLS_WIRE_PRIVATE_MESSAGE) {
        return SOTTO_ERR_FORMAT;
    }
    if (!sotto_mls_content_fits(in, padding)) {
        return SOTTO_ERR_LIMIT;
    }
    if (w->bad || sotto_mls_private_len(in, padding) > w->cap - w->len) {
        w->bad = true;
        return SOTTO_ERR_SPACE;
    }
    err = random->fill(random->ctx, message.guard, sizeof message.guard);
    if (err == SOTTO_OK) {
        err = sotto_mls_secret_tree_next(tree, content->sender.index,
                                         sotto_mls_ratchet_of(
                                             content->content_type),
                                         &message.key);
    }
    if (err == SOTTO_OK) {
        err = write_private(&message, w);
    }
    sotto_mls_message_key_wipe(&message.key);
    return err;
}

/* ------------------------------------------------------------- unprotecting */

struct sender_data {
    uint32_t leaf_index;
    uint32_t generation;
    uint8_t reuse_guard[GUARD_LEN];
};

static enum sotto_err open_sender_data(
    const struct sotto_mls_suite *suite, const uint8_t *sender_data_secret,
    const struct sotto_mls_private_message *in, struct sender_data *out)
{
    const struct sotto_span aad = sender_data_aad(in->aad, in->group_id.len);
    const struct sotto_span sealed = in->encrypted_sender_data;
    uint8_t plain[SENDER_DATA_LEN];
    struct once once;
    struct sotto_reader r;
    enum sotto_err err;
    size_t len;

    if (sealed.len != SEALED_LEN) {
        return SOTTO_ERR_FORMAT;
    }
    once_for_sender_data(&once, suite, sender_data_secret, in->ciphertext);
    err = sotto_aead_open(&once.aead, once.nonce, aad.at, aad.len, sealed.at,
                          sealed.len, plain, &len);
    once_wipe(&once);
    if (err == SOTTO_OK) {
        sotto_reader_init(&r, plain, len);
        out->leaf_index = sotto_read_u32(&r);
        out->generation = sotto_read_u32(&r);
        sotto_read_bytes(&r, out->reuse_guard, sizeof out->reuse_guard);
        err = sotto_reader_finish(&r);
    }
    return err;
}

/* PrivateMessageContent from what was opened; padding is zeros. */
static enum sotto_err parse_content(const struct sotto_mls_private_message *in,
                                    struct sotto_span plain, uint32_t leaf,
                                    struct sotto_mls_authenticated_content *out)
{
    struct sotto_mls_authenticated_content content = {
        .wire_format = SOTTO_MLS_WIRE_PRIVATE_MESSAGE,
        .content = {.group_id = in->group_id,
                    .epoch = in->epoch,
                    .sender = {SOTTO_MLS_SENDER_MEMBER, leaf},
                    .authenticated_data = in->authenticated_data,
                    .content_type = in->content_type},
    };
    struct sotto_span padding;
    struct sotto_reader r;
    uint8_t any = 0;

    sotto_reader_init(&r, plain.at, plain.len);
    content.content.content = sotto_mls_read_content(&r, in->content_type);
    sotto_mls_read_content_auth(&r, in->content_type, &content.auth);
    padding = sotto_read_rest(&r);
    for (size_t i = 0; i < padding.len; i++) {
        any |= padding.at[i];
    }
    if (r.bad || any != 0) {
        return SOTTO_ERR_FORMAT;
    }
    *out = content;
    return SOTTO_OK;
}

static enum sotto_err open_content(const struct sotto_mls_suite *suite,
                                   const struct sotto_mls_private_message *in,
                                   const struct sotto_mls_message_key *key,
                                   const uint8_t guard[static GUARD_LEN],
                                   uint8_t *plaintext,
                                   struct sotto_mls_authenticated_content *out)
{
    struct once once;
    enum sotto_err err;
    size_t len;

    once_for_content(&once, suite, key, guard);
    err =
        sotto_aead_open(&once.aead, once.nonce, in->aad.at, in->aad.len,
                        in->ciphertext.at, in->ciphertext.len, plaintext, &len);
    once_wipe(&once);
    if (err == SOTTO_OK) {
        err = parse_content(in, (struct sotto_span){plaintext, len}, key->leaf,
                            out);
        if (err != SOTTO_OK) {
            sotto_wipe(plaintext, len);
        }
    }
    return err;
}

enum sotto_err sotto_mls_private_unprotect(
    const struct sotto_mls_suite *suite, const uint8_t *sender_data_secret,
    const struct sotto_mls_secret_tree *tree,
    const struct sotto_mls_private_message *in, uint8_t *plaintext, size_t cap,
    struct sotto_mls_authenticated_content *out,
    struct sotto_mls_message_key *key)
{
    struct sotto_mls_message_key found;
    struct sender_data sender;
    enum sotto_err err;

    if (in->ciphertext.len < SOTTO_MLS_AEAD_TAG_LEN) {
        return SOTTO_ERR_AUTH;
    }
    if (in->ciphertext.len - SOTTO_MLS_AEAD_TAG_LEN > cap) {
        return SOTTO_ERR_SPACE;
    }
    err = open_sender_data(suite, sender_data_secret, in, &sender);
    if (err != SOTTO_OK) {
        return err;
    }
    err = sotto_mls_secret_tree_find(tree, sender.leaf_index,
                                     sotto_mls_ratchet_of(in->content_type),
                                     sender.generation, &found);
    if (err != SOTTO_OK) {
        return err;
    }
    err = open_content(suite, in, &found, sender.reuse_guard, plaintext, out);
    if (err == SOTTO_OK) {
        *key = found;
    }
    sotto_mls_message_key_wipe(&found);
    return err;
}
