/*
 * wycheproof.c - walking a Wycheproof file, and judging a test.
 */
#include "tests/vectors/wycheproof.h"
#include <string.h>

static bool read_result(struct vectors *v, const cJSON *json,
                        enum wycheproof_result *result)
{
    const char *text = vectors_text(v, json, "result");

    if (strcmp(text, "valid") == 0) {
        *result = WYCHEPROOF_VALID;
    } else if (strcmp(text, "acceptable") == 0) {
        *result = WYCHEPROOF_ACCEPTABLE;
    } else if (strcmp(text, "invalid") == 0) {
        *result = WYCHEPROOF_INVALID;
    } else {
        vectors_unreadable(v, "result");
        return false;
    }
    return true;
}

static void run_group(struct vectors *v, const char *algorithm,
                      const cJSON *group, wycheproof_run *run)
{
    const cJSON *json = NULL;

    cJSON_ArrayForEach(json, cJSON_GetObjectItem(group, "tests"))
    {
        struct wycheproof_test test = {algorithm, group, json,
                                       WYCHEPROOF_INVALID};

        vectors_begin(v, "tcId %d (%s, %s)",
                      (int)vectors_number(v, json, "tcId"),
                      vectors_text(v, json, "comment"),
                      vectors_text(v, json, "result"));
        vectors_end(v, read_result(v, json, &test.result) && run(v, &test));
    }
}

void wycheproof_run_file(struct vectors *v, const cJSON *root,
                         const struct wycheproof_kind *kinds)
{
    const char *algorithm = vectors_text(v, root, "algorithm");
    const cJSON *groups = cJSON_GetObjectItem(root, "testGroups");
    const cJSON *group = NULL;

    if (!cJSON_IsArray(groups)) {
        vectors_unreadable(v, "no testGroups: not a Wycheproof file");
        return;
    }
    cJSON_ArrayForEach(group, groups)
    {
        const cJSON *tests = cJSON_GetObjectItem(group, "tests");
        const char *type = vectors_text(v, group, "type");
        const struct wycheproof_kind *kind = kinds;
        const char *why_not;

        while (kind->type != NULL && strcmp(kind->type, type) != 0) {
            kind++;
        }
        why_not = kind->type == NULL ? "a type of test unknown to this runner"
                                     : kind->fits(v, algorithm, group);
        if (!cJSON_IsArray(tests)) {
            vectors_unreadable(v, "a group without tests");
        } else if (why_not != NULL) {
            vectors_skip(v, (size_t)cJSON_GetArraySize(tests), why_not);
        } else {
            run_group(v, algorithm, group, kind->run);
        }
    }
}

bool wycheproof_judge(struct vectors *v, const struct wycheproof_test *test,
                      bool refused, struct vectors_bytes got,
                      struct vectors_bytes expected)
{
    if (refused) {
        if (test->result == WYCHEPROOF_VALID) {
            vectors_note(v, "refused");
        }
        return test->result != WYCHEPROOF_VALID;
    }
    if (test->result == WYCHEPROOF_INVALID) {
        vectors_note(v, "not refused");
        return false;
    }
    return vectors_same(v, "result", got.at, got.len, expected);
}

bool wycheproof_judge_check(struct vectors *v,
                            const struct wycheproof_test *test, bool accepted)
{
    const struct vectors_bytes nothing = vectors_buffer(v, 0);

    return wycheproof_judge(v, test, !accepted, nothing, nothing);
}
