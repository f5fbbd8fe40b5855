/*
 * pem.h - keys and certificates as text (RFC 7468): base64 between lines that
 * say what it is.
 *
 *     -----BEGIN CERTIFICATE-----
 *     MIIB...
 *     -----END CERTIFICATE-----
 *
 * Text around the blocks is skipped; spaces and line ends inside do not count.
 */
#ifndef SOTTO_CRYPTO_PEM_H
#define SOTTO_CRYPTO_PEM_H

#include <sotto/err.h>
#include <sotto/span.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest text of `len` bytes with a label of `label_len`, without a final
 * zero: lines of 64 characters. */
#define SOTTO_PEM_TEXT(len, label_len)                                         \
    (((len) + 2U) / 3U * 4U + (len) / 48U + 1U + 34U + 2U * (label_len))

/*
 * Decodes the next block of `*text` into `out`; `*text` moves behind it.
 * `*label` is a view of its label ("CERTIFICATE"). NOT_FOUND: there is none.
 * Otherwise `*text` has moved behind the first line of the block, and the error
 * is FORMAT (no end, or no base64), SPACE, or UNSUPPORTED for a block with
 * headers, which are there when it is encrypted the old way.
 */
enum sotto_err sotto_pem_next(struct sotto_span *text, struct sotto_span *label,
                              uint8_t *out, size_t cap, size_t *len)
    SOTTO_MUST_CHECK;

/* True when the label is these words. */
bool sotto_pem_is(struct sotto_span label, const char *words);

/* Writes a block; `*text_len` counts no final zero, and none is written.
 * SPACE. */
enum sotto_err sotto_pem_encode(const char *label, const uint8_t *in,
                                size_t len, char *text, size_t cap,
                                size_t *text_len) SOTTO_MUST_CHECK;

#endif
