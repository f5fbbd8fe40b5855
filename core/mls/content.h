/*
 * content.h - what authenticates a message (RFC 9420 6.1, 6.2): the signature
 * of its sender, the membership tag of the group.
 *
 * An AuthenticatedContent is hashed as it stands decoded, in pieces, because a
 * PrivateMessage never has it in one run of bytes; `raw` is not looked at.
 * `context` is the encoded GroupContext of the message's epoch everywhere; it
 * counts for members and for external commits only.
 */
#ifndef SOTTO_MLS_CONTENT_H
#define SOTTO_MLS_CONTENT_H

#include "core/mls/pieces.h"
#include "core/mls/suite.h"

/* Adds a FramedContent to a list: at most 6 pieces, 34 bytes of numbers. */
void sotto_mls_pieces_content(struct sotto_mls_pieces *p,
                              const struct sotto_mls_framed_content *content);

/* Whether `in`, together with `more` bytes, has a length that a vector can
 * have. */
bool sotto_mls_content_fits(const struct sotto_mls_authenticated_content *in,
                            size_t more);

/* Signs `in`, whose `auth` does not count, with room for
 * SOTTO_MLS_SIGNATURE_MAX bytes at `signature`. AUTH for a bad key; LIMIT for a
 * content that no vector can hold; SPACE when the back end's memory is used
 * up. */
enum sotto_err sotto_mls_content_sign(
    const struct sotto_mls_suite *suite, const uint8_t *private_key,
    const struct sotto_mls_authenticated_content *in, struct sotto_span context,
    uint8_t *signature, size_t *signature_len) SOTTO_MUST_CHECK;

/* Verifies the signature of `in`. The key depends on the sender's type (6.1).
 * AUTH, LIMIT, SPACE. */
enum sotto_err sotto_mls_content_verify(
    const struct sotto_mls_suite *suite, struct sotto_span public_key,
    const struct sotto_mls_authenticated_content *in, struct sotto_span context)
    SOTTO_MUST_CHECK;

/* membership_tag of a member's PublicMessage: hash_len bytes. `in` has its
 * signature and, if it is a commit, its confirmation tag. */
void sotto_mls_membership_tag(const struct sotto_mls_suite *suite,
                              const uint8_t *membership_key,
                              const struct sotto_mls_authenticated_content *in,
                              struct sotto_span context, uint8_t *out);

/* MakeProposalRef (5.2) of a proposal that was sent: hash_len bytes. */
void sotto_mls_proposal_ref(const struct sotto_mls_suite *suite,
                            const struct sotto_mls_authenticated_content *in,
                            uint8_t *out);

#endif
