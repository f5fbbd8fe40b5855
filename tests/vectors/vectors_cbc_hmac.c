/*
 * vectors_cbc_hmac.c - runs A128CBC-HS256 vectors: files like rfc7518_b1.json,
 * which give the intermediate values too, and Wycheproof's.
 *
 *     {"source": …, "vectors": [{"key", "mac_key", "enc_key", "iv", "aad",
 *       "al", "msg", "padded_msg", "ct", "mac_full", "tag", "aead_output",
 *       "result"}]}
 */
#include "core/crypto/aead.h"
#include "core/crypto/hash.h"
#include "tests/vectors/wycheproof.h"
#include <string.h>

/* mac_full, from the pieces that the file gives. */
static bool check_mac(struct vectors *v, const cJSON *json)
{
    struct vectors_bytes mac_key = vectors_hex(v, json, "mac_key");
    struct vectors_bytes aad = vectors_hex(v, json, "aad");
    struct vectors_bytes iv = vectors_hex(v, json, "iv");
    struct vectors_bytes ct = vectors_hex(v, json, "ct");
    struct vectors_bytes al = vectors_hex(v, json, "al");
    const struct sotto_piece pieces[] = {{aad.at, aad.len},
                                         {iv.at, iv.len},
                                         {ct.at, ct.len},
                                         {al.at, al.len}};
    uint8_t mac[SOTTO_HASH_LEN];

    sotto_hmac(mac_key.at, mac_key.len, pieces, 4, mac);
    return vectors_same(v, "mac_full", mac, sizeof mac,
                        vectors_hex(v, json, "mac_full"));
}

/* aead_output is iv | ct | tag. */
static bool check_output(struct vectors *v, const cJSON *json)
{
    struct vectors_bytes iv = vectors_hex(v, json, "iv");
    struct vectors_bytes ct = vectors_hex(v, json, "ct");
    struct vectors_bytes tag = vectors_hex(v, json, "tag");
    struct vectors_bytes all = vectors_buffer(v, iv.len + ct.len + tag.len);

    memcpy(all.at, iv.at, iv.len);
    memcpy(all.at + iv.len, ct.at, ct.len);
    memcpy(all.at + iv.len + ct.len, tag.at, tag.len);
    return vectors_same(v, "aead_output", all.at, all.len,
                        vectors_hex(v, json, "aead_output"));
}

static void run_vector(struct vectors *v, const cJSON *json, int at)
{
    const char *result = vectors_text(v, json, "result");
    const struct wycheproof_test test = {"A128CBC-HS256", json, json,
                                         strcmp(result, "invalid") == 0
                                             ? WYCHEPROOF_INVALID
                                         : strcmp(result, "acceptable") == 0
                                             ? WYCHEPROOF_ACCEPTABLE
                                             : WYCHEPROOF_VALID};
    bool ok;

    vectors_begin(v, "vector %d (%s)", at, vectors_text(v, json, "comment"));
    ok = wycheproof_aead.run(v, &test);
    if (ok && vectors_has(json, "mac_full")) {
        ok = check_mac(v, json);
    }
    if (ok && vectors_has(json, "aead_output")) {
        ok = check_output(v, json);
    }
    vectors_end(v, ok);
}

static void run_file(struct vectors *v, const cJSON *root)
{
    const struct wycheproof_kind kinds[] = {wycheproof_aead,
                                            {NULL, NULL, NULL}};
    const cJSON *vectors = cJSON_GetObjectItem(root, "vectors");
    const cJSON *json = NULL;
    int at = 0;

    if (!cJSON_IsArray(vectors)) {
        wycheproof_run_file(v, root, kinds);
        return;
    }
    cJSON_ArrayForEach(json, vectors)
    {
        run_vector(v, json, at++);
    }
}

int main(int argc, char **argv)
{
    return vectors_main(argc, argv, run_file);
}
