/* pattern.c - the table of patterns, their names, and the walk along one. */
#include "core/channel/pattern.h"
#include "core/base/assert.h"
#include <string.h>

#define E    SOTTO_TOKEN_E
#define S    SOTTO_TOKEN_S
#define EE   SOTTO_TOKEN_EE
#define ES   SOTTO_TOKEN_ES
#define SE   SOTTO_TOKEN_SE
#define SS   SOTTO_TOKEN_SS
#define NEXT SOTTO_TOKEN_NEXT
#define I    SOTTO_KNOWN_INITIATOR
#define R    SOTTO_KNOWN_RESPONDER

/* Missing tokens are zeros, which is END. */
#define XX                                                                     \
    {                                                                          \
        "XX", 0,                                                               \
        {                                                                      \
            E, NEXT, E, EE, S, ES, NEXT, S, SE                                 \
        }                                                                      \
    }

#define IK                                                                     \
    {                                                                          \
        "IK", R,                                                               \
        {                                                                      \
            E, ES, S, SS, NEXT, E, EE, SE                                      \
        }                                                                      \
    }

const struct sotto_base_pattern sotto_pattern_xx = XX;
const struct sotto_base_pattern sotto_pattern_ik = IK;

static const struct sotto_base_pattern table[] = {
    /* One-way (Noise 7.4). */
    {"N", R, {E, ES}},
    {"K", I | R, {E, ES, SS}},
    {"X", R, {E, ES, S, SS}},

    /* Fundamental (Noise 7.5). */
    {"NN", 0, {E, NEXT, E, EE}},
    {"NK", R, {E, ES, NEXT, E, EE}},
    {"NX", 0, {E, NEXT, E, EE, S, ES}},
    {"KN", I, {E, NEXT, E, EE, SE}},
    {"KK", I | R, {E, ES, SS, NEXT, E, EE, SE}},
    {"KX", I, {E, NEXT, E, EE, SE, S, ES}},
    {"XN", 0, {E, NEXT, E, EE, NEXT, S, SE}},
    {"XK", R, {E, ES, NEXT, E, EE, NEXT, S, SE}},
    XX,
    {"IN", 0, {E, S, NEXT, E, EE, SE}},
    IK,
    {"IX", 0, {E, S, NEXT, E, EE, SE, S, ES}},

    /* Deferred (Noise 18.1). */
    {"NK1", R, {E, NEXT, E, EE, ES}},
    {"NX1", 0, {E, NEXT, E, EE, S, NEXT, ES}},
    {"X1N", 0, {E, NEXT, E, EE, NEXT, S, NEXT, SE}},
    {"X1K", R, {E, ES, NEXT, E, EE, NEXT, S, NEXT, SE}},
    {"XK1", R, {E, NEXT, E, EE, ES, NEXT, S, SE}},
    {"X1K1", R, {E, NEXT, E, EE, ES, NEXT, S, NEXT, SE}},
    {"X1X", 0, {E, NEXT, E, EE, S, ES, NEXT, S, NEXT, SE}},
    {"XX1", 0, {E, NEXT, E, EE, S, NEXT, ES, S, SE}},
    {"X1X1", 0, {E, NEXT, E, EE, S, NEXT, ES, S, NEXT, SE}},
    {"K1N", I, {E, NEXT, E, EE, NEXT, SE}},
    {"K1K", I | R, {E, ES, NEXT, E, EE, NEXT, SE}},
    {"KK1", I | R, {E, NEXT, E, EE, SE, ES}},
    {"K1K1", I | R, {E, NEXT, E, EE, ES, NEXT, SE}},
    {"K1X", I, {E, NEXT, E, EE, S, ES, NEXT, SE}},
    {"KX1", I, {E, NEXT, E, EE, SE, S, NEXT, ES}},
    {"K1X1", I, {E, NEXT, E, EE, S, NEXT, SE, ES}},
    {"I1N", 0, {E, S, NEXT, E, EE, NEXT, SE}},
    {"I1K", R, {E, ES, S, NEXT, E, EE, NEXT, SE}},
    {"IK1", R, {E, S, NEXT, E, EE, SE, ES}},
    {"I1K1", R, {E, S, NEXT, E, EE, ES, NEXT, SE}},
    {"I1X", 0, {E, S, NEXT, E, EE, S, ES, NEXT, SE}},
    {"IX1", 0, {E, S, NEXT, E, EE, SE, S, NEXT, ES}},
    {"I1X1", 0, {E, S, NEXT, E, EE, S, NEXT, SE, ES}},
};

#undef XX
#undef IK
#undef E
#undef S
#undef EE
#undef ES
#undef SE
#undef SS
#undef NEXT
#undef I
#undef R

#define TABLE_COUNT (sizeof table / sizeof table[0])

static const char psk_word[3] = {'p', 's', 'k'};

#define PSK_NAME_LEN 4 /* "psk0" */

const struct sotto_base_pattern *sotto_pattern_at(size_t at)
{
    return at < TABLE_COUNT ? &table[at] : NULL;
}

static const struct sotto_base_pattern *find_base(const char *name, size_t len)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (strlen(table[i].name) == len &&
            memcmp(table[i].name, name, len) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

/* Reads "psk3" at the front of `name`; false when it is anything else. */
static bool parse_psk(const char *name, size_t len, unsigned *number)
{
    if (len < PSK_NAME_LEN || memcmp(name, psk_word, sizeof psk_word) != 0 ||
        name[sizeof psk_word] < '0' || name[sizeof psk_word] > '9') {
        return false;
    }
    *number = (unsigned)(name[sizeof psk_word] - '0');
    return true;
}

/* Reads "psk0+psk3", or nothing: numbers that rise, up to `most`. */
static bool parse_psks(const char *name, size_t len, unsigned most,
                       uint8_t *psks)
{
    unsigned least = 0; /* what the next number may be */
    unsigned number;

    *psks = 0;
    if (len == 0) {
        return true;
    }
    while (parse_psk(name, len, &number) && number >= least && number <= most) {
        *psks = (uint8_t)(*psks | 1U << number);
        if (len == PSK_NAME_LEN) {
            return true;
        }
        if (name[PSK_NAME_LEN] != '+') {
            return false;
        }
        least = number + 1;
        name += PSK_NAME_LEN + 1;
        len -= PSK_NAME_LEN + 1;
    }
    return false;
}

enum sotto_err sotto_pattern_find(const char *name, size_t len,
                                  struct sotto_pattern *pattern)
{
    struct sotto_pattern found = {NULL, 0};
    size_t base_len = 0;

    /* The names of patterns are upper-case letters and 1. */
    while (base_len < len && name[base_len] != 'p') {
        base_len++;
    }
    found.base = find_base(name, base_len);
    if (found.base == NULL ||
        !parse_psks(name + base_len, len - base_len,
                    sotto_pattern_message_count(&found), &found.psks)) {
        return SOTTO_ERR_NOT_FOUND;
    }
    *pattern = found;
    return SOTTO_OK;
}

size_t sotto_pattern_name(const struct sotto_pattern *pattern,
                          char out[static SOTTO_PATTERN_NAME_MAX])
{
    size_t len = strlen(pattern->base->name);
    bool first = true;

    memcpy(out, pattern->base->name, len);
    for (unsigned i = 0; i < SOTTO_PATTERN_PSKS_MAX; i++) {
        if ((pattern->psks >> i & 1U) == 0) {
            continue;
        }
        if (!first) {
            out[len++] = '+';
        }
        first = false;
        memcpy(out + len, psk_word, sizeof psk_word);
        out[len + sizeof psk_word] = (char)('0' + i);
        len += PSK_NAME_LEN;
    }
    return len;
}

unsigned sotto_pattern_message_count(const struct sotto_pattern *pattern)
{
    unsigned count = 1;

    for (size_t i = 0; i < SOTTO_PATTERN_TOKENS_MAX; i++) {
        if (pattern->base->tokens[i] == SOTTO_TOKEN_NEXT) {
            count++;
        }
    }
    return count;
}

unsigned sotto_pattern_psk_count(const struct sotto_pattern *pattern)
{
    unsigned count = 0;

    for (unsigned i = 0; i < SOTTO_PATTERN_PSKS_MAX; i++) {
        count += pattern->psks >> i & 1U;
    }
    return count;
}

bool sotto_pattern_is_one_way(const struct sotto_pattern *pattern)
{
    return sotto_pattern_message_count(pattern) == 1;
}

bool sotto_pattern_has_static(const struct sotto_pattern *pattern,
                              bool initiator)
{
    unsigned known = initiator ? SOTTO_KNOWN_INITIATOR : SOTTO_KNOWN_RESPONDER;
    bool writer_is_initiator = true;

    if ((pattern->base->known & known) != 0) {
        return true;
    }
    for (size_t i = 0; i < SOTTO_PATTERN_TOKENS_MAX; i++) {
        if (pattern->base->tokens[i] == SOTTO_TOKEN_NEXT) {
            writer_is_initiator = !writer_is_initiator;
        }
        if (pattern->base->tokens[i] == SOTTO_TOKEN_S &&
            writer_is_initiator == initiator) {
            return true;
        }
    }
    return false;
}

static bool has_psk(const struct sotto_pattern *pattern, unsigned number)
{
    return (pattern->psks >> number & 1U) != 0;
}

enum sotto_token sotto_pattern_next(const struct sotto_pattern *pattern,
                                    struct sotto_pattern_cursor *cursor)
{
    /* psk0 stands before the first token, psk<i> after the last token of
     * message i, counted from 1 (Noise 9.3). */
    if (cursor->at == 0 && !cursor->psk_first_done && has_psk(pattern, 0)) {
        cursor->psk_first_done = true;
        return SOTTO_TOKEN_PSK;
    }
    SOTTO_ASSERT(cursor->at < SOTTO_PATTERN_TOKENS_MAX);
    enum sotto_token token =
        (enum sotto_token)pattern->base->tokens[cursor->at];
    if (token != SOTTO_TOKEN_END && token != SOTTO_TOKEN_NEXT) {
        cursor->at++;
        return token;
    }
    if (!cursor->psk_last_done && has_psk(pattern, cursor->message + 1U)) {
        cursor->psk_last_done = true;
        return SOTTO_TOKEN_PSK;
    }
    if (token == SOTTO_TOKEN_NEXT) {
        cursor->at++;
        cursor->message++;
        cursor->psk_last_done = false;
    }
    return token;
}
