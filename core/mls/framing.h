/*
 * framing.h - PublicMessage and PrivateMessage (RFC 9420 6.2, 6.3): from an
 * AuthenticatedContent to the bytes of an MLSMessage and back.
 *
 * Sending: fill in wire_format and content; sign (content.h) and, for a commit,
 * add the confirmation tag (transcript.h); then protect.
 * Receiving: read the MLSMessage (codec.h), find the epoch it belongs to, then
 * unprotect; then find the sender's key and verify the signature (content.h).
 * What was unprotected is not to be believed before that.
 *
 * `context` is the encoded GroupContext of the message's epoch; that group_id
 * and epoch are the group's is for the caller to see first.
 */
#ifndef SOTTO_MLS_FRAMING_H
#define SOTTO_MLS_FRAMING_H

#include "core/base/writer.h"
#include "core/mls/content.h"
#include "core/mls/secret_tree.h"

/* ------------------------------------------- public: framing_public.c (6.2) */

/*
 * Writes the MLSMessage. `membership_key` counts for a member's message only.
 * FORMAT for application data, which is never sent in the open, and for a kind
 * of content that its kind of sender must not send (6.1). SPACE when it does
 * not fit (the writer is then bad).
 */
enum sotto_err sotto_mls_public_protect(
    const struct sotto_mls_suite *suite, const uint8_t *membership_key,
    const struct sotto_mls_authenticated_content *in, struct sotto_span context,
    struct sotto_writer *w) SOTTO_MUST_CHECK;

/*
 * Checks the membership tag, and gives views of `in`. AUTH; FORMAT as above.
 * That a proposal of a new member is an Add is checked where proposals are
 * read.
 */
enum sotto_err sotto_mls_public_unprotect(
    const struct sotto_mls_suite *suite, const uint8_t *membership_key,
    const struct sotto_mls_public_message *in, struct sotto_span context,
    struct sotto_mls_authenticated_content *out) SOTTO_MUST_CHECK;

/* ----------------------------------------- private: framing_private.c (6.3) */

/* Key and nonce that the sender data is sealed with (6.3.2): aead_key_len and
 * aead_nonce_len bytes. */
void sotto_mls_sender_data_key(const struct sotto_mls_suite *suite,
                               const uint8_t *sender_data_secret,
                               struct sotto_span ciphertext, uint8_t *key,
                               uint8_t *nonce);

/* The ratchet that gives the keys for a type of content. */
enum sotto_mls_ratchet_kind sotto_mls_ratchet_of(uint8_t content_type);

/* Bytes of the MLSMessage that protecting `in` with `padding` bytes gives. */
size_t sotto_mls_private_len(const struct sotto_mls_authenticated_content *in,
                             size_t padding);

/*
 * Writes the MLSMessage: takes the next key of the sender's ratchet, seals the
 * content and `padding` zero bytes, and then who sent it. A key is gone once
 * it was taken, whatever comes after. FORMAT for a sender that is no member;
 * SPACE when it does not fit, RANDOM, LIMIT (the ratchet is used up, or the
 * message too long): no key was taken.
 */
enum sotto_err sotto_mls_private_protect(
    const struct sotto_mls_suite *suite, const uint8_t *sender_data_secret,
    struct sotto_mls_secret_tree *tree,
    const struct sotto_mls_authenticated_content *in, size_t padding,
    const struct sotto_random *random, struct sotto_writer *w) SOTTO_MUST_CHECK;

/*
 * Opens a message into `plaintext`, which has room for all of its ciphertext
 * but SOTTO_MLS_AEAD_TAG_LEN bytes, and gives views of it and of `in`. The tree
 * does not change: the caller hands `key` to sotto_mls_secret_tree_consume()
 * when everything about the message turned out to be good, and wipes it in
 * any case. The caller also sees that the sender's leaf is not blank.
 *
 * AUTH for what was not sealed so; FORMAT for what is not encoded so, padding
 * that is not zero included; REPLAY, LIMIT and SPACE as
 * sotto_mls_secret_tree_find() has them; SPACE when `cap` is too small. On
 * failure nothing of the message is left in `plaintext`.
 */
enum sotto_err sotto_mls_private_unprotect(
    const struct sotto_mls_suite *suite, const uint8_t *sender_data_secret,
    const struct sotto_mls_secret_tree *tree,
    const struct sotto_mls_private_message *in, uint8_t *plaintext, size_t cap,
    struct sotto_mls_authenticated_content *out,
    struct sotto_mls_message_key *key) SOTTO_MUST_CHECK;

#endif
