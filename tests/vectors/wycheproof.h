/*
 * wycheproof.h - Wycheproof's JSON files: groups of tests, each with a result.
 *
 *     {"algorithm": A, "testGroups": [{"type": T, …, "tests": [
 *         {"tcId": 1, "comment": …, "flags": […], …, "result": "valid"}]}]}
 *
 * Results: what is `valid` must work and give the expected value; what is
 * `invalid` must be refused; what is `acceptable` may be refused, and when it
 * is not, must give the expected value.
 */
#ifndef SOTTO_TESTS_VECTORS_WYCHEPROOF_H
#define SOTTO_TESTS_VECTORS_WYCHEPROOF_H

#include "tests/vectors/vectors.h"

enum wycheproof_result {
    WYCHEPROOF_VALID,
    WYCHEPROOF_ACCEPTABLE,
    WYCHEPROOF_INVALID
};

/* One test of a group. */
struct wycheproof_test {
    const char *algorithm; /* of the file */
    const cJSON *group;
    const cJSON *json;
    enum wycheproof_result result;
};

/* Runs one test and says whether it came out as it should. */
typedef bool wycheproof_run(struct vectors *v,
                            const struct wycheproof_test *test);

/* What of a group can be run: NULL, or why not (a constant text). */
typedef const char *wycheproof_fits(struct vectors *v, const char *algorithm,
                                    const cJSON *group);

/* One kind of group. */
struct wycheproof_kind {
    const char *type; /* of the group */
    wycheproof_fits *fits;
    wycheproof_run *run;
};

/* Runs all groups of a file by the table of kinds, which ends in a NULL type;
 * what is in no table, or does not fit, is skipped and reported. */
void wycheproof_run_file(struct vectors *v, const cJSON *root,
                         const struct wycheproof_kind *kinds);

/* What a computation that may refuse gave: true when that is right for the
 * test's result. `refused` means that nothing was computed. */
bool wycheproof_judge(struct vectors *v, const struct wycheproof_test *test,
                      bool refused, struct vectors_bytes got,
                      struct vectors_bytes expected);

/* The same for a check that only says yes or no. */
bool wycheproof_judge_check(struct vectors *v,
                            const struct wycheproof_test *test, bool accepted);

/* wycheproof_symmetric.c */
extern const struct wycheproof_kind wycheproof_aead;
extern const struct wycheproof_kind wycheproof_mac;
extern const struct wycheproof_kind wycheproof_hkdf;
extern const struct wycheproof_kind wycheproof_pbkdf;

/* wycheproof_x25519.c */
extern const struct wycheproof_kind wycheproof_xdh;

/* wycheproof_p256.c */
extern const struct wycheproof_kind wycheproof_ecdh;
extern const struct wycheproof_kind wycheproof_ecdh_point;
extern const struct wycheproof_kind wycheproof_ecdsa;
extern const struct wycheproof_kind wycheproof_ecdsa_raw;

#endif
