/*
 * vectors_mls.h - the MLS vectors: one function for each kind of file. Each
 * runs one case: true when all in it holds, otherwise notes say what does not.
 */
#ifndef SOTTO_TESTS_VECTORS_MLS_H
#define SOTTO_TESTS_VECTORS_MLS_H

#include "core/base/reader.h"
#include "tests/vectors/vectors.h"

/* vectors_mls_codec.c */
bool vectors_mls_deserialization(struct vectors *v, const cJSON *test);
bool vectors_mls_messages(struct vectors *v, const cJSON *test);

/* vectors_mls_tree.c */
bool vectors_mls_tree_math(struct vectors *v, const cJSON *test);

/* For all of them: a note and false; the bytes of a field as a span. */
bool vectors_mls_fail(struct vectors *v, const char *why);
struct sotto_span vectors_mls_span(struct vectors *v, const cJSON *object,
                                   const char *field);

#endif
