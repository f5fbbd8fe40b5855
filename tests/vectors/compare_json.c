/*
 * compare_json.c - flat JSON against a library, cJSON.
 *
 * What our writer writes, and whatever damaged text our parser still takes,
 * cJSON must understand in the same way. (Not the other way round: it takes
 * much that ours refuses.) The texts come from a seed, printed first; another
 * can be given: compare_json [SEED].
 */
#include "core/base/json.h"
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROUNDS = 20000,
    EDITS = 4,       /* damaged copies of each text */
    TEXT_MAX = 4096, /* more than 16 fields of 8 bytes can take */
    VALUE_MAX = 512
};

/* Marsaglia's xorshift64; never zero. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static size_t below(uint64_t *state, size_t bound)
{
    return (size_t)(next_random(state) >> 16) % bound;
}

/* ---- Making texts ---- */

/* Up to 8 bytes, mostly those that matter to JSON. */
static size_t random_string(uint64_t *state, char out[static 8])
{
    static const char bytes[] = "ab\"\\/\n\t\x01\x1f {}:,u0\xc3\xa9\xe2\x82\xac"
                                "\xf0\x9d\x84\x9e\xed\xa0\xff\x7f";
    size_t len = below(state, 9);
    for (size_t i = 0; i < len; i++) {
        out[i] = bytes[below(state, sizeof bytes - 1)];
    }
    return len;
}

static size_t write_object(uint64_t *state, char out[static TEXT_MAX])
{
    struct sotto_json_writer w;
    size_t fields = below(state, SOTTO_JSON_MAX_FIELDS + 1);
    size_t len = 0;
    sotto_json_begin(&w, out, TEXT_MAX);
    for (size_t i = 0; i < fields; i++) {
        char key[4] = {(char)('a' + i), (char)below(state, 128), '"', 0};
        char value[8];
        size_t value_len = random_string(state, value);
        switch (below(state, 3)) {
        case 0:
            sotto_json_add_string(&w, key, value, value_len);
            break;
        case 1:
            sotto_json_add_integer(&w, key,
                                   next_random(state) & SOTTO_JSON_MAX_INTEGER);
            break;
        default:
            sotto_json_add_bool(&w, key, below(state, 2) == 0);
            break;
        }
    }
    return sotto_json_end(&w, &len) == SOTTO_OK ? len : 0;
}

/* Changes, removes or inserts one to three bytes. */
static size_t damage(uint64_t *state, char *text, size_t len)
{
    static const char bytes[] = "\"\\u0dD8cC9e,:{} \ttrufals1\x80\xc3\n";
    for (size_t edits = 1 + below(state, 3); edits > 0 && len > 1; edits--) {
        size_t at = below(state, len);
        char byte = bytes[below(state, sizeof bytes - 1)];
        switch (below(state, 3)) {
        case 0:
            text[at] = byte;
            break;
        case 1:
            memmove(text + at, text + at + 1, len - at - 1);
            len--;
            break;
        default:
            memmove(text + at + 1, text + at, len - at);
            text[at] = byte;
            len++;
            break;
        }
    }
    return len;
}

/* ---- Comparing ---- */

/* Unescapes raw text, through a field of a known name. cJSON ends a string at
 * the first U+0000, so only what stands before one is compared. */
static bool same_string(const char *raw, size_t raw_len, const char *theirs)
{
    struct sotto_json one = {.fields = {{"k", 1, raw, raw_len,
                                         SOTTO_JSON_STRING}},
                             .count = 1};
    char ours[VALUE_MAX];
    size_t len;
    return sotto_json_string(&one, "k", ours, sizeof ours, &len) == SOTTO_OK &&
           theirs != NULL && strcmp(ours, theirs) == 0;
}

static bool same_value(const struct sotto_json_field *field, const cJSON *item)
{
    struct sotto_json one = {.fields = {*field}, .count = 1};
    uint64_t number = 0;
    bool truth = false;
    one.fields[0].key = "k";
    one.fields[0].key_len = 1;
    switch (field->kind) {
    case SOTTO_JSON_STRING:
        return cJSON_IsString(item) &&
               same_string(field->value, field->value_len, item->valuestring);
    case SOTTO_JSON_INTEGER:
        return sotto_json_integer(&one, "k", &number) == SOTTO_OK &&
               cJSON_IsNumber(item) && (uint64_t)item->valuedouble == number;
    case SOTTO_JSON_BOOL:
        return sotto_json_bool(&one, "k", &truth) == SOTTO_OK &&
               cJSON_IsBool(item) && (cJSON_IsTrue(item) != 0) == truth;
    }
    return false;
}

static bool same_object(const struct sotto_json *json, const cJSON *object)
{
    const cJSON *item = object->child;
    for (size_t i = 0; i < json->count; i++) {
        const struct sotto_json_field *field = &json->fields[i];
        if (item == NULL ||
            !same_string(field->key, field->key_len, item->string) ||
            !same_value(field, item)) {
            return false;
        }
        item = item->next;
    }
    return item == NULL;
}

/* `text` has a byte of room for a final zero. */
static bool understood_alike(const struct sotto_json *json, char *text,
                             size_t len)
{
    text[len] = '\0';
    cJSON *object = cJSON_ParseWithLengthOpts(text, len + 1, NULL, true);
    bool alike = cJSON_IsObject(object) && same_object(json, object);
    cJSON_Delete(object);
    if (!alike) {
        printf("understood differently: %s\n", text);
    }
    return alike;
}

/* One object and its damaged copies; adds how many of those were taken. */
static bool run_round(uint64_t *state, size_t *taken)
{
    static char text[TEXT_MAX + 16];
    static char copy[TEXT_MAX + 16];
    struct sotto_json json;
    size_t len = write_object(state, text);
    if (sotto_json_parse(&json, text, len) != SOTTO_OK) {
        printf("not taken back: %s\n", text);
        return false;
    }
    if (!understood_alike(&json, text, len)) {
        return false;
    }
    for (int i = 0; i < EDITS; i++) {
        memcpy(copy, text, len);
        size_t copy_len = damage(state, copy, len);
        if (sotto_json_parse(&json, copy, copy_len) != SOTTO_OK) {
            continue;
        }
        (*taken)++;
        if (!understood_alike(&json, copy, copy_len)) {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 20260521;
    uint64_t state = seed != 0 ? seed : 1;
    size_t taken = 0;
    printf("seed %" PRIu64 "\n", seed);
    for (int i = 0; i < ROUNDS; i++) {
        if (!run_round(&state, &taken)) {
            return 1;
        }
    }
    printf("%d objects, and %zu of %d damaged ones, understood alike\n", ROUNDS,
           taken, ROUNDS * EDITS);
    return taken > 0 ? 0 : 1;
}
