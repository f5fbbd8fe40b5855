/* The table of handshake patterns against the rules of Noise, 7.3 and 9.3. */
#include "core/channel/pattern.h"
#include "tests/unit/test.h"
#include <stdbool.h>
#include <string.h>

#define ONE_WAY     3
#define FUNDAMENTAL 12
#define DEFERRED    23

static struct sotto_pattern plain(size_t at)
{
    return (struct sotto_pattern){sotto_pattern_at(at), 0};
}

static struct sotto_pattern find(const char *name)
{
    struct sotto_pattern pattern = {NULL, 0};

    assert_int_equal(sotto_pattern_find(name, strlen(name), &pattern),
                     SOTTO_OK);
    return pattern;
}

static void test_pattern_table_has_every_pattern_once(void **state)
{
    size_t count = 0;

    (void)state;
    while (sotto_pattern_at(count) != NULL) {
        const char *name = sotto_pattern_at(count)->name;
        for (size_t i = 0; i < count; i++) {
            assert_string_not_equal(sotto_pattern_at(i)->name, name);
        }
        assert_ptr_equal(find(name).base, sotto_pattern_at(count));
        count++;
    }
    assert_int_equal(count, ONE_WAY + FUNDAMENTAL + DEFERRED);
}

/* ---- the rules that make a pattern valid ------------------------------------ */

/* What has been said so far: [0] by the initiator, [1] by the responder. */
struct said {
    bool e[2];
    bool s[2];
    bool dh[SOTTO_TOKEN_PSK]; /* by token */
};

/* A token is allowed when the keys it needs were sent, and only once. */
static void check_token(struct said *said, enum sotto_token token, int writer)
{
    switch (token) {
    case SOTTO_TOKEN_E:
        assert_false(said->e[writer]);
        said->e[writer] = true;
        return;
    case SOTTO_TOKEN_S:
        assert_false(said->s[writer]);
        said->s[writer] = true;
        return;
    case SOTTO_TOKEN_EE:
        assert_true(said->e[0] && said->e[1]);
        break;
    case SOTTO_TOKEN_ES:
        assert_true(said->e[0] && said->s[1]);
        break;
    case SOTTO_TOKEN_SE:
        assert_true(said->s[0] && said->e[1]);
        break;
    case SOTTO_TOKEN_SS:
        assert_true(said->s[0] && said->s[1]);
        break;
    case SOTTO_TOKEN_PSK:
    case SOTTO_TOKEN_NEXT:
    case SOTTO_TOKEN_END:
        return;
    }
    assert_false(said->dh[token]);
    said->dh[token] = true;
}

/* After ss or se a sender must also have mixed its e (Noise 7.3, rule 4). */
static void check_sender(const struct said *said, int writer)
{
    if (writer == 0) {
        assert_true(!said->dh[SOTTO_TOKEN_SE] || said->dh[SOTTO_TOKEN_EE]);
        assert_true(!said->dh[SOTTO_TOKEN_SS] || said->dh[SOTTO_TOKEN_ES]);
    } else {
        assert_true(!said->dh[SOTTO_TOKEN_ES] || said->dh[SOTTO_TOKEN_EE]);
        assert_true(!said->dh[SOTTO_TOKEN_SS] || said->dh[SOTTO_TOKEN_SE]);
    }
}

static void check_pattern(const struct sotto_pattern *pattern)
{
    struct sotto_pattern_cursor cursor = {0};
    struct said said = {0};
    enum sotto_token token;
    int writer = 0;
    unsigned count = 1;

    said.s[0] = (pattern->base->known & SOTTO_KNOWN_INITIATOR) != 0;
    said.s[1] = (pattern->base->known & SOTTO_KNOWN_RESPONDER) != 0;
    do {
        assert_true(count <= SOTTO_PATTERN_MESSAGES_MAX);
        token = sotto_pattern_next(pattern, &cursor);
        check_token(&said, token, writer);
        if (token == SOTTO_TOKEN_NEXT || token == SOTTO_TOKEN_END) {
            check_sender(&said, writer);
        }
        if (token == SOTTO_TOKEN_NEXT) {
            writer = 1 - writer;
            count++;
        }
    } while (token != SOTTO_TOKEN_END);
    assert_int_equal(count, sotto_pattern_message_count(pattern));
    assert_int_equal(said.s[0], sotto_pattern_has_static(pattern, true));
    assert_int_equal(said.s[1], sotto_pattern_has_static(pattern, false));
    assert_int_equal(count == 1, sotto_pattern_is_one_way(pattern));
    /* Each static key is proved, and both ephemeral ones are used. */
    assert_true(said.dh[SOTTO_TOKEN_EE] || count == 1);
    assert_true(!said.s[1] || said.dh[SOTTO_TOKEN_ES]);
    assert_true(!said.s[0] || said.dh[SOTTO_TOKEN_SE] ||
                said.dh[SOTTO_TOKEN_SS]);
}

static void test_pattern_table_keeps_the_rules(void **state)
{
    (void)state;
    for (size_t i = 0; sotto_pattern_at(i) != NULL; i++) {
        struct sotto_pattern pattern = plain(i);
        check_pattern(&pattern);
    }
}

/* The letters of a name say who has a static key, and how it comes. */
static void test_pattern_names_say_what_they_are(void **state)
{
    (void)state;
    for (size_t i = ONE_WAY; sotto_pattern_at(i) != NULL; i++) {
        struct sotto_pattern pattern = plain(i);
        const char *name = pattern.base->name;
        char init = name[0];
        char resp = name[1] == '1' ? name[2] : name[1];
        assert_int_equal(init != 'N', sotto_pattern_has_static(&pattern, true));
        assert_int_equal(resp != 'N',
                         sotto_pattern_has_static(&pattern, false));
        assert_int_equal(init == 'K',
                         (pattern.base->known & SOTTO_KNOWN_INITIATOR) != 0);
        assert_int_equal(resp == 'K',
                         (pattern.base->known & SOTTO_KNOWN_RESPONDER) != 0);
    }
}

/* ---- modifiers --------------------------------------------------------------- */

/* The whole pattern as text, e.g. "e|e ee s es|s se". */
static void spell(const struct sotto_pattern *pattern, char *out)
{
    static const char *const words[] = {"",   "|",  "e",  "s",  "ee",
                                        "es", "se", "ss", "psk"};
    struct sotto_pattern_cursor cursor = {0};
    enum sotto_token token;
    bool first = true;

    *out = '\0';
    while ((token = sotto_pattern_next(pattern, &cursor)) != SOTTO_TOKEN_END) {
        if (!first && token != SOTTO_TOKEN_NEXT) {
            strcat(out, " ");
        }
        strcat(out, words[token]);
        first = token == SOTTO_TOKEN_NEXT;
    }
    /* At the end it stays at the end. */
    assert_int_equal(sotto_pattern_next(pattern, &cursor), SOTTO_TOKEN_END);
}

static void test_pattern_modifiers_stand_where_noise_puts_them(void **state)
{
    static const struct {
        const char *name;
        const char *tokens;
        unsigned psks;
    } cases[] = {
        {"XX", "e|e ee s es|s se", 0},
        {"NNpsk0", "psk e|e ee", 1},
        {"NNpsk2", "e|e ee psk", 1},
        {"IKpsk1", "e es s ss psk|e ee se", 1},
        {"IKpsk0+psk2", "psk e es s ss|e ee se psk", 2},
        {"XXpsk0+psk1+psk2+psk3", "psk e psk|e ee s es psk|s se psk", 4},
        {"Npsk0", "psk e es", 1},
        {"Xpsk1", "e es s ss psk", 1},
        {"X1X1psk0+psk1+psk2+psk3+psk4", "psk e psk|e ee s psk|es s psk|se psk",
         5},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sotto_pattern pattern = find(cases[i].name);
        char text[100];
        char name[SOTTO_PATTERN_NAME_MAX];

        spell(&pattern, text);
        assert_string_equal(text, cases[i].tokens);
        assert_int_equal(sotto_pattern_psk_count(&pattern), cases[i].psks);
        size_t len = sotto_pattern_name(&pattern, name);
        assert_int_equal(len, strlen(cases[i].name));
        assert_memory_equal(name, cases[i].name, len);
    }
}

static void test_pattern_refuses_names_that_are_not_in_noise(void **state)
{
    static const char *const names[] = {
        "",           "xx",          "Q",           "XXX",          "XX ",
        "XXpsk",      "XXpsk4",      "Npsk2",       "XXpska",       "XXpsk0+",
        "XXpsk0psk1", "XXpsk1+psk0", "XXpsk0+psk0", "XXpsk0++psk1", "XX+psk0",
        "psk0",       "XXpsk00",     "XXfallback",  "XXpsk0+psk9",  "NN1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct sotto_pattern pattern;
        assert_int_equal(sotto_pattern_find(names[i], strlen(names[i]),
                                            &pattern),
                         SOTTO_ERR_NOT_FOUND);
    }
}

int test_pattern(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pattern_table_has_every_pattern_once),
        cmocka_unit_test(test_pattern_table_keeps_the_rules),
        cmocka_unit_test(test_pattern_names_say_what_they_are),
        cmocka_unit_test(test_pattern_modifiers_stand_where_noise_puts_them),
        cmocka_unit_test(test_pattern_refuses_names_that_are_not_in_noise),
    };
    return cmocka_run_group_tests_name("channel/pattern", tests, NULL, NULL);
}
