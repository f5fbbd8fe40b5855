/*
 * codec.h - what every decoder of wire bytes has to stand, said once.
 */
#ifndef SOTTO_TESTS_UNIT_CHAT_CODEC_H
#define SOTTO_TESTS_UNIT_CHAT_CODEC_H

#include "core/base/writer.h"
#include "tests/unit/test.h"

#include <stdbool.h>

#define CODEC_MAX 512

/* Decodes `in` and, if that is allowed, writes what was understood to `w`. */
typedef enum sotto_err (*codec_again)(const uint8_t *in, size_t len,
                                      struct sotto_writer *w);

/*
 * The bytes are valid and come back the same. Each shorter piece of them, each
 * with one more byte, and each with one bit changed is refused or comes back
 * as it was: nothing is read in two ways. With `is_exact` the shorter and the
 * longer ones are refused.
 */
void codec_check(codec_again again, const uint8_t *valid, size_t len,
                 bool is_exact);

#endif
