/*
 * pattern.h - the handshake patterns of Noise, as data.
 *
 * A pattern is a list of messages, each a list of tokens. The table holds the
 * one-way, the fundamental and the deferred patterns; the modifiers psk0 to
 * psk4 are applied while the tokens are read, so they cost no further table.
 * After: Noise revision 34, sections 7.4, 7.5, 9 and 18.1.
 */
#ifndef SOTTO_CHANNEL_PATTERN_H
#define SOTTO_CHANNEL_PATTERN_H

#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sotto_token {
    SOTTO_TOKEN_END,  /* of the pattern */
    SOTTO_TOKEN_NEXT, /* the other side's message begins */
    SOTTO_TOKEN_E,
    SOTTO_TOKEN_S,
    SOTTO_TOKEN_EE,
    SOTTO_TOKEN_ES,
    SOTTO_TOKEN_SE,
    SOTTO_TOKEN_SS,
    SOTTO_TOKEN_PSK
};

/* X1X and X1X1 are the longest: 7 tokens, 3 borders, and the end. */
#define SOTTO_PATTERN_TOKENS_MAX   11
#define SOTTO_PATTERN_MESSAGES_MAX 4
#define SOTTO_PATTERN_PSKS_MAX     (SOTTO_PATTERN_MESSAGES_MAX + 1)

/* The longest name with modifiers: "X1X1psk0+psk1+psk2+psk3+psk4". */
#define SOTTO_PATTERN_NAME_MAX 28

/* What a side's static key is to the other side before the handshake. */
#define SOTTO_KNOWN_INITIATOR 1U /* the responder has the initiator's */
#define SOTTO_KNOWN_RESPONDER 2U /* the initiator has the responder's */

struct sotto_base_pattern {
    char name[5];
    uint8_t known; /* pre-messages: SOTTO_KNOWN_... */
    uint8_t tokens[SOTTO_PATTERN_TOKENS_MAX];
};

/* A pattern with its modifiers. */
struct sotto_pattern {
    const struct sotto_base_pattern *base;
    uint8_t psks; /* bit i: psk<i> */
};

/* XX and IK alone, for programs that speak no other: they need not carry the
 * table. */
extern const struct sotto_base_pattern sotto_pattern_xx;
extern const struct sotto_base_pattern sotto_pattern_ik;

/*
 * Finds a pattern by name: "XX", "NNpsk0", "XXpsk0+psk3". Modifiers stand in
 * rising order, each once (Noise 8.1). NOT_FOUND for everything else.
 */
enum sotto_err sotto_pattern_find(const char *name, size_t len,
                                  struct sotto_pattern *pattern)
    SOTTO_MUST_CHECK;

/* The table's entry number `at`, counted from 0; NULL beyond the last. */
const struct sotto_base_pattern *sotto_pattern_at(size_t at);

/* Writes the name without a final zero; returns its length. */
size_t sotto_pattern_name(const struct sotto_pattern *pattern,
                          char out[static SOTTO_PATTERN_NAME_MAX]);

/* How many messages and psks the handshake has. */
unsigned sotto_pattern_message_count(const struct sotto_pattern *pattern);
unsigned sotto_pattern_psk_count(const struct sotto_pattern *pattern);

/* One message: the initiator alone speaks, during and after the handshake. */
bool sotto_pattern_is_one_way(const struct sotto_pattern *pattern);

/* True when that side must bring a static key of its own. */
bool sotto_pattern_has_static(const struct sotto_pattern *pattern,
                              bool initiator);

/* A place in a pattern: all zeros is its beginning. */
struct sotto_pattern_cursor {
    uint8_t at;          /* in tokens[] */
    uint8_t message;     /* which one `at` is in, counted from 0 */
    bool psk_first_done; /* psk0 was given */
    bool psk_last_done;  /* the psk that ends this message was given */
};

/*
 * The next token; SOTTO_TOKEN_NEXT after the last of a message (the cursor
 * then stands in the next one), SOTTO_TOKEN_END after the last of all.
 */
enum sotto_token sotto_pattern_next(const struct sotto_pattern *pattern,
                                    struct sotto_pattern_cursor *cursor);

#endif
