/*
 * vectors_mls.h - the MLS vectors: one function for each kind of file. Each
 * runs one case: true when all in it holds, otherwise notes say what does not.
 */
#ifndef SOTTO_TESTS_VECTORS_MLS_H
#define SOTTO_TESTS_VECTORS_MLS_H

#include "core/crypto/drbg.h"
#include "core/mls/secret_tree.h"
#include "core/mls/tree.h"
#include "tests/vectors/vectors.h"

/* vectors_mls_codec.c */
bool vectors_mls_deserialization(struct vectors *v, const cJSON *test);
bool vectors_mls_messages(struct vectors *v, const cJSON *test);

/* vectors_mls_tree.c */
bool vectors_mls_tree_math(struct vectors *v, const cJSON *test);
bool vectors_mls_tree_operations(struct vectors *v, const cJSON *test);
bool vectors_mls_tree_validation(struct vectors *v, const cJSON *test);
/* Also for `ratchet_tree` of messages.json. */
bool vectors_mls_recode_tree(struct vectors *v, struct vectors_bytes in);

/* vectors_mls_treekem.c */
bool vectors_mls_treekem(struct vectors *v, const cJSON *test);

/* vectors_mls_crypto.c */
bool vectors_mls_crypto_basics(struct vectors *v, const cJSON *test);
bool vectors_mls_secret_tree(struct vectors *v, const cJSON *test);

/* vectors_mls_schedule.c */
bool vectors_mls_key_schedule(struct vectors *v, const cJSON *test);
bool vectors_mls_psk_secret(struct vectors *v, const cJSON *test);
bool vectors_mls_transcript_hashes(struct vectors *v, const cJSON *test);

/* vectors_mls_framing.c */
bool vectors_mls_message_protection(struct vectors *v, const cJSON *test);
bool vectors_mls_welcome(struct vectors *v, const cJSON *test);

/* vectors_mls_passive.c */
bool vectors_mls_passive(struct vectors *v, const cJSON *test);

/* A field with the index of a leaf, which no tree has if it is too large. */
uint32_t vectors_mls_leaf(struct vectors *v, const cJSON *object,
                          const char *field);
/* A field with a secret of the suite's length; NULL with a note. */
const uint8_t *vectors_mls_secret(struct vectors *v, const cJSON *object,
                                  const char *field,
                                  const struct sotto_mls_suite *suite);
/* Random bytes, the same in every run. */
struct sotto_random vectors_mls_random(struct sotto_drbg *drbg);
/* The secret tree of `encryption_secret`, for so many leaves; false with a
 * note. */
bool vectors_mls_start_secret_tree(struct vectors *v,
                                   struct sotto_mls_secret_tree *tree,
                                   const struct sotto_mls_suite *suite,
                                   uint32_t members, const cJSON *test);

/* A tree from an encoding, with room for twice as wide a one at least when it
 * is not the largest there can be; false with a note. */
bool vectors_mls_load_tree(struct vectors *v, struct sotto_mls_tree *tree,
                           const struct sotto_mls_suite *suite,
                           struct sotto_span in);
/* An empty draft of a tree. */
void vectors_mls_draft(struct vectors *v, struct sotto_mls_tree *draft,
                       const struct sotto_mls_tree *tree);

/* For all of them: a note and false; the bytes of a field as a span. */
bool vectors_mls_fail(struct vectors *v, const char *why);
struct sotto_span vectors_mls_span(struct vectors *v, const cJSON *object,
                                   const char *field);

#endif
