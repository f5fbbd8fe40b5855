/*
 * wycheproof_x25519.c - X25519.
 *
 * Keys of low order give a shared secret of zeros, which Noise allows to use
 * or to refuse; Sotto refuses it, so here it must. Keys on the twist and keys
 * that are not reduced give their RFC 7748 result.
 */
#include "core/crypto/x25519.h"
#include "tests/vectors/wycheproof.h"
#include <string.h>

static const char *xdh_fits(struct vectors *v, const char *algorithm,
                            const cJSON *group)
{
    (void)algorithm;
    return strcmp(vectors_text(v, group, "curve"), "curve25519") != 0
               ? "a curve that Sotto does not have"
               : NULL;
}

static bool is_zero(struct vectors_bytes bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.at[i] != 0) {
            return false;
        }
    }
    return true;
}

static bool xdh_run(struct vectors *v, const struct wycheproof_test *test)
{
    struct vectors_bytes private_key = vectors_hex(v, test->json, "private");
    struct vectors_bytes public_key = vectors_hex(v, test->json, "public");
    struct vectors_bytes shared = vectors_hex(v, test->json, "shared");
    struct vectors_bytes out = vectors_buffer(v, SOTTO_X25519_LEN);
    struct wycheproof_test strict = *test;
    bool refused =
        private_key.len != SOTTO_X25519_LEN ||
        public_key.len != SOTTO_X25519_LEN ||
        sotto_x25519_agree(private_key.at, public_key.at, out.at) != SOTTO_OK;

    if (test->result == WYCHEPROOF_ACCEPTABLE) {
        strict.result = is_zero(shared) ? WYCHEPROOF_INVALID : WYCHEPROOF_VALID;
    }
    return wycheproof_judge(v, &strict, refused, out, shared);
}

const struct wycheproof_kind wycheproof_xdh = {"XdhComp", xdh_fits, xdh_run};
