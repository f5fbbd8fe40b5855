/*
 * framed.h - an epoch of a group and a message, for the tests of framing.
 */
#ifndef SOTTO_TESTS_UNIT_MLS_FRAMED_H
#define SOTTO_TESTS_UNIT_MLS_FRAMED_H

#include "core/mls/framing.h"

#define FRAMED_MAX     1024
#define FRAMED_MEMBERS 4
#define FRAMED_SENDER  2 /* leaf of the one who sends */

/* An epoch as one of its members has it. */
struct framed_member {
    struct sotto_mls_secret_tree tree;
    uint64_t memory[256];
};

/* A message that is being made, with the memory of its parts. */
struct framed_draft {
    struct sotto_mls_authenticated_content content;
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX];
};

extern const struct sotto_span framed_context;
const struct sotto_mls_suite *framed_suite(void);

void framed_start(struct framed_member *member);

/* The sender's signature key pair. */
void framed_make_keys(uint8_t *private_key, uint8_t *public_key);

/* Fills in and signs a message. */
void framed_make(struct framed_draft *draft, uint16_t wire_format,
                 uint8_t content_type);

enum sotto_err framed_verify(const struct sotto_mls_authenticated_content *in);

void framed_assert_span(struct sotto_span a, struct sotto_span b);
/* The same in all that counts, and with a valid signature. */
void framed_assert_same(const struct sotto_mls_authenticated_content *a,
                        const struct sotto_mls_authenticated_content *b);

/* Reads an MLSMessage of that wire format; false when it is none. */
bool framed_read(const uint8_t *in, size_t len, uint16_t wire_format,
                 struct sotto_mls_message *out);

#endif
