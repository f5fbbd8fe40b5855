/*
 * vectors_mls.c - bin/vectors_mls PATH...: runs the test vectors of MLS (RFC
 * 9420) in the format of the MLS working group.
 *
 * A file is a list of cases. What kind of case it is shows in its fields, not
 * in the name of the file. Cases of a cipher suite that is not built in are
 * counted as skipped.
 */
#include "tests/vectors/vectors_mls.h"
#include "core/mls/types.h"

enum needs {
    NOTHING, /* `cipher_suite` does not matter */
    SHA256,  /* as in the suites 1 to 3 */
    SUITE    /* all of it */
};

static const struct kind {
    const char *field; /* only this kind of case has it */
    enum needs needs;
    bool (*run)(struct vectors *v, const cJSON *test);
} kinds[] = {
    {"initial_epoch_authenticator", SUITE, vectors_mls_passive},
    {"vlbytes_header", NOTHING, vectors_mls_deserialization},
    {"mls_welcome", NOTHING, vectors_mls_messages},
    {"n_leaves", NOTHING, vectors_mls_tree_math},
    {"proposal_sender", SHA256, vectors_mls_tree_operations},
    {"resolutions", SUITE, vectors_mls_tree_validation},
    {"update_paths", SUITE, vectors_mls_treekem},
    {"ref_hash", SUITE, vectors_mls_crypto_basics},
    {"sender_data", SUITE, vectors_mls_secret_tree},
    {"initial_init_secret", SUITE, vectors_mls_key_schedule},
    {"psks", SUITE, vectors_mls_psk_secret},
    {"authenticated_content", SUITE, vectors_mls_transcript_hashes},
    {"application_priv", SUITE, vectors_mls_message_protection},
    {"signer_pub", SUITE, vectors_mls_welcome},
};

static bool has_suite(enum needs needs, uint64_t suite)
{
    return needs == NOTHING || suite == SOTTO_MLS_SUITE_P256_AES128GCM ||
           (needs == SHA256 && suite >= 1 && suite <= 3);
}

bool vectors_mls_fail(struct vectors *v, const char *why)
{
    vectors_note(v, "%s", why);
    return false;
}

struct sotto_span vectors_mls_span(struct vectors *v, const cJSON *object,
                                   const char *field)
{
    struct vectors_bytes bytes = vectors_hex(v, object, field);

    return (struct sotto_span){bytes.at, bytes.len};
}

uint32_t vectors_mls_leaf(struct vectors *v, const cJSON *object,
                          const char *field)
{
    uint64_t leaf = vectors_number(v, object, field);

    return leaf < SOTTO_MLS_MAX_MEMBERS ? (uint32_t)leaf
                                        : SOTTO_MLS_MAX_MEMBERS;
}

static const struct kind *find_kind(const cJSON *test)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (vectors_has(test, kinds[i].field)) {
            return &kinds[i];
        }
    }
    return NULL;
}

static void run_case(struct vectors *v, const cJSON *test, size_t number)
{
    const struct kind *kind = find_kind(test);
    uint64_t suite;

    if (kind == NULL) {
        vectors_skip(v, 1, "not a kind of case that is known here");
        return;
    }
    vectors_begin(v, "case %lu (%s)", (unsigned long)number, kind->field);
    suite = vectors_number(v, test, "cipher_suite");
    if (suite != 0 && !has_suite(kind->needs, suite)) {
        vectors_skip(v, 1, "a cipher suite that is not built in");
    } else if (suite == 0 && kind->needs != NOTHING) {
        vectors_end(v, vectors_mls_fail(v, "no cipher_suite"));
    } else {
        vectors_end(v, kind->run(v, test));
    }
}

static void run_file(struct vectors *v, const cJSON *root)
{
    const cJSON *test;
    size_t number = 0;

    if (!cJSON_IsArray(root)) {
        vectors_unreadable(v, "not a list of cases");
        return;
    }
    cJSON_ArrayForEach(test, root)
    {
        if (cJSON_IsObject(test)) {
            run_case(v, test, number);
        } else {
            vectors_begin(v, "case %lu", (unsigned long)number);
            vectors_end(v, vectors_mls_fail(v, "not an object"));
        }
        number++;
    }
}

int main(int argc, char **argv)
{
    return vectors_main(argc, argv, run_file);
}
