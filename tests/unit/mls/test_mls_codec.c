/*
 * test_mls_codec.c - the structures of MLS: typed-in bytes, every prefix, one
 * byte more, every flipped bit.
 */
#include "core/mls/codec.h"
#include "tests/unit/chat/codec.h"
#include "tests/unit/test.h"

#include <string.h>

/* Each structure decoded and written again. */
#define AGAIN(name, type)                                                      \
    static enum sotto_err name##_again(const uint8_t *in, size_t len,          \
                                       struct sotto_writer *w)                 \
    {                                                                          \
        struct sotto_reader r;                                                 \
        struct type value;                                                     \
        sotto_reader_init(&r, in, len);                                        \
        sotto_mls_read_##name(&r, &value);                                     \
        enum sotto_err err = sotto_reader_finish(&r);                          \
        if (err == SOTTO_OK) {                                                 \
            sotto_mls_write_##name(w, &value);                                 \
        }                                                                      \
        return err;                                                            \
    }

AGAIN(credential, sotto_mls_credential)
AGAIN(leaf_node, sotto_mls_leaf_node)
AGAIN(key_package, sotto_mls_key_package)
AGAIN(parent_node, sotto_mls_parent_node)
AGAIN(update_path, sotto_mls_update_path)
AGAIN(group_context, sotto_mls_group_context)
AGAIN(psk_id, sotto_mls_psk_id)
AGAIN(required_capabilities, sotto_mls_required_capabilities)
AGAIN(external_sender, sotto_mls_external_sender)
AGAIN(proposal, sotto_mls_proposal)
AGAIN(commit, sotto_mls_commit)
AGAIN(framed_content, sotto_mls_framed_content)
AGAIN(authenticated_content, sotto_mls_authenticated_content)
AGAIN(group_info, sotto_mls_group_info)
AGAIN(group_secrets, sotto_mls_group_secrets)
AGAIN(welcome, sotto_mls_welcome)
AGAIN(message, sotto_mls_message)

/* ------------------------------------------------------- typed-in examples */

/* Pieces that many structures contain. clang-format off: one field a line. */
/* clang-format off */
#define CREDENTIAL 0x00, 0x01, 0x02, 'm', 'e'
#define CAPABILITIES                                                           \
    0x02, 0x00, 0x01,             /* versions: mls10 */                        \
    0x04, 0x00, 0x02, 0x0a, 0x0a, /* cipher_suites: 2 and GREASE */            \
    0x02, 0x1a, 0x1a,             /* extensions: GREASE */                     \
    0x00,                         /* proposals */                              \
    0x02, 0x00, 0x01              /* credentials: basic */
#define LEAF_START                                                             \
    0x03, 'e', 'n', 'c', /* encryption_key */                                  \
    0x03, 's', 'i', 'g', /* signature_key */                                   \
    CREDENTIAL, CAPABILITIES
#define EXTENSIONS                                                             \
    0x09, 0x1a, 0x1a, 0x02, 'h', 'i', /* GREASE */                             \
    0x00, 0x01, 0x01, 'x'             /* application_id */
#define LEAF_KEY_PACKAGE                                                       \
    LEAF_START, 0x01,                                                          \
    0, 0, 0, 0, 0, 0, 0, 5,       /* not_before */                             \
    0, 0, 0, 0, 0, 0, 0x01, 0x00, /* not_after */                              \
    EXTENSIONS, 0x02, 's', '1'
#define LEAF_UPDATE LEAF_START, 0x02, 0x00, 0x02, 's', '2'
#define LEAF_COMMIT LEAF_START, 0x03, 0x02, 'p', 'h', 0x00, 0x02, 's', '3'
#define KEY_PACKAGE                                                            \
    0x00, 0x01, 0x00, 0x02,  /* mls10, suite 2 */                              \
    0x04, 'i', 'n', 'i', 't', LEAF_KEY_PACKAGE, EXTENSIONS, 0x02, 's', '4'
#define CIPHERTEXT 0x03, 'k', 'e', 'm', 0x02, 'c', 't'
#define UPDATE_PATH                                                            \
    LEAF_COMMIT, 0x19,                                                         \
    0x02, 'k', '1', 0x0e, CIPHERTEXT, CIPHERTEXT,                              \
    0x02, 'k', '2', 0x00, 0x01, 'z', 0x00
#define GROUP_CONTEXT                                                          \
    0x00, 0x01, 0x00, 0x02, 0x03, 'g', 'i', 'd',                               \
    0, 0, 0, 0, 0, 0, 0, 9, 0x02, 't', 'h', 0x03, 'c', 't', 'h', EXTENSIONS
#define PSK_EXTERNAL 0x01, 0x02, 'i', 'd', 0x02, 'n', 'o'
#define PSK_RESUMPTION                                                         \
    0x02, 0x03, 0x02, 'g', 'r', 0, 0, 0, 0, 0, 0, 0, 1, 0x02, 'n', 'o'
#define REMOVE 0x00, 0x03, 0, 0, 0, 7
#define COMMIT                                                                 \
    0x0b, 0x01, REMOVE, 0x02, 0x02, 'r', 'f', 0x01, UPDATE_PATH
#define SMALL_COMMIT 0x07, 0x01, REMOVE, 0x00
#define CONTENT_HEAD 0x03, 'g', 'i', 'd', 0, 0, 0, 0, 0, 0, 0, 9
#define SENDER_MEMBER 0x01, 0, 0, 0, 4
/* clang-format on */

static const uint8_t basic[] = {CREDENTIAL};
static const uint8_t x509[] = {0x00, 0x02, 0x07, 0x03, 'd',
                               'e',  'r',  0x02, 'c',  'a'};
static const uint8_t leaf_key_package[] = {LEAF_KEY_PACKAGE};
static const uint8_t leaf_update[] = {LEAF_UPDATE};
static const uint8_t leaf_commit[] = {LEAF_COMMIT};
static const uint8_t key_package[] = {KEY_PACKAGE};
static const uint8_t parent[] = {0x02, 'p', 'k', 0x02, 'p', 'h', 0x0c, 0, 0, 0,
                                 1,    0,   0,   0,    3,   0,   0,    1, 0};
static const uint8_t update_path[] = {UPDATE_PATH};
static const uint8_t group_context[] = {GROUP_CONTEXT};
static const uint8_t psk_external[] = {PSK_EXTERNAL};
static const uint8_t psk_resumption[] = {PSK_RESUMPTION};
static const uint8_t required[] = {0x02, 0x0a, 0x0a, 0x04, 0x00,
                                   0x01, 0x00, 0x08, 0x00};
static const uint8_t external_sender[] = {0x02, 's', 'k', CREDENTIAL};
static const uint8_t add[] = {0x00, 0x01, KEY_PACKAGE};
static const uint8_t update[] = {0x00, 0x02, LEAF_UPDATE};
static const uint8_t remove_7[] = {REMOVE};
static const uint8_t psk[] = {0x00, 0x04, PSK_RESUMPTION};
static const uint8_t reinit[] = {0x00, 0x05, 0x02, 'g',  '2',
                                 0x00, 0x01, 0x00, 0x02, EXTENSIONS};
static const uint8_t external_init[] = {0x00, 0x06, 0x03, 'k', 'e', 'm'};
static const uint8_t extensions[] = {0x00, 0x07, EXTENSIONS};
static const uint8_t commit[] = {COMMIT};
static const uint8_t small_commit[] = {SMALL_COMMIT};
static const uint8_t application[] = {CONTENT_HEAD, SENDER_MEMBER, 0x02,
                                      'a',          'd',           0x01,
                                      0x02,         'h',           'i'};
static const uint8_t by_new_member[] = {CONTENT_HEAD, 0x03, 0x00, 0x02, REMOVE};
static const uint8_t authenticated[] = {0x00, 0x01, CONTENT_HEAD, SENDER_MEMBER,
                                        0x00, 0x03, SMALL_COMMIT, 0x02,
                                        's',  'g',  0x02,         'c',
                                        't'};
static const uint8_t group_info[] = {
    GROUP_CONTEXT, EXTENSIONS, 0x02, 'c', 't', 0, 0, 0, 1, 0x02, 's', 'g'};
static const uint8_t secrets[] = {0x02,         'j',           's', 0x01,
                                  0x02,         'p',           's', 0x17,
                                  PSK_EXTERNAL, PSK_RESUMPTION};
static const uint8_t welcome[] = {0x00,       0x02,       0x14, 0x02, 'r',
                                  '1',        CIPHERTEXT, 0x02, 'r',  '2',
                                  CIPHERTEXT, 0x02,       'g',  'i'};
static const uint8_t public_message[] = {0x00, 0x01,         0x00,
                                         0x01, CONTENT_HEAD, SENDER_MEMBER,
                                         0x00, 0x03,         SMALL_COMMIT,
                                         0x02, 's',          'g',
                                         0x02, 'c',          't',
                                         0x02, 'm',          't'};
static const uint8_t external_message[] = {
    0x00, 0x01, 0x00, 0x01, CONTENT_HEAD, 0x02, 0,   0,
    0,    1,    0x00, 0x02, REMOVE,       0x02, 's', 'g'};
static const uint8_t private_message[] = {0x00,         0x01, 0x00, 0x02,
                                          CONTENT_HEAD, 0x01, 0x02, 'a',
                                          'd',          0x02, 's',  'd',
                                          0x03,         'c',  't',  'x'};
static const uint8_t message_key_package[] = {0x00, 0x01, 0x00, 0x05,
                                              KEY_PACKAGE};

#define EXAMPLE(name, bytes)                                                   \
    {                                                                          \
        name##_again, bytes, sizeof(bytes)                                     \
    }

static const struct example {
    codec_again again;
    const uint8_t *bytes;
    size_t len;
} examples[] = {
    EXAMPLE(credential, basic),
    EXAMPLE(credential, x509),
    EXAMPLE(leaf_node, leaf_key_package),
    EXAMPLE(leaf_node, leaf_update),
    EXAMPLE(leaf_node, leaf_commit),
    EXAMPLE(key_package, key_package),
    EXAMPLE(parent_node, parent),
    EXAMPLE(update_path, update_path),
    EXAMPLE(group_context, group_context),
    EXAMPLE(psk_id, psk_external),
    EXAMPLE(psk_id, psk_resumption),
    EXAMPLE(required_capabilities, required),
    EXAMPLE(external_sender, external_sender),
    EXAMPLE(proposal, add),
    EXAMPLE(proposal, update),
    EXAMPLE(proposal, remove_7),
    EXAMPLE(proposal, psk),
    EXAMPLE(proposal, reinit),
    EXAMPLE(proposal, external_init),
    EXAMPLE(proposal, extensions),
    EXAMPLE(commit, commit),
    EXAMPLE(commit, small_commit),
    EXAMPLE(framed_content, application),
    EXAMPLE(framed_content, by_new_member),
    EXAMPLE(authenticated_content, authenticated),
    EXAMPLE(group_info, group_info),
    EXAMPLE(group_secrets, secrets),
    EXAMPLE(welcome, welcome),
    EXAMPLE(message, public_message),
    EXAMPLE(message, external_message),
    EXAMPLE(message, private_message),
    EXAMPLE(message, message_key_package),
};

static void test_codec_has_one_reading_of_every_structure(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        codec_check(examples[i].again, examples[i].bytes, examples[i].len,
                    true);
    }
}

/* ------------------------------------------------------------------- fields */

static void assert_span(struct sotto_span span, const char *text)
{
    assert_int_equal(span.len, strlen(text));
    assert_memory_equal(span.at, text, span.len);
}

static void test_codec_reads_the_fields_of_a_leaf_node(void **state)
{
    struct sotto_reader r;
    struct sotto_mls_leaf_node leaf;
    struct sotto_span data;

    (void)state;
    sotto_reader_init(&r, leaf_key_package, sizeof leaf_key_package);
    sotto_mls_read_leaf_node(&r, &leaf);
    assert_int_equal(sotto_reader_finish(&r), SOTTO_OK);
    assert_span(leaf.encryption_key, "enc");
    assert_span(leaf.signature_key, "sig");
    assert_int_equal(leaf.credential.type, SOTTO_MLS_CREDENTIAL_BASIC);
    assert_span(leaf.credential.body, "me");
    assert_int_equal(leaf.lifetime.not_before, 5);
    assert_int_equal(leaf.lifetime.not_after, 256);
    assert_span(leaf.signature, "s1");
    assert_ptr_equal(leaf.raw.at, leaf_key_package);
    assert_int_equal(leaf.raw.len, sizeof leaf_key_package);
    assert_ptr_equal(leaf.tbs.at, leaf_key_package);
    assert_int_equal(leaf.tbs.len, sizeof leaf_key_package - 3);
    assert_true(sotto_mls_list_has(leaf.capabilities.cipher_suites, 0x0002));
    assert_true(sotto_mls_list_has(leaf.capabilities.cipher_suites, 0x0a0a));
    assert_false(sotto_mls_list_has(leaf.capabilities.cipher_suites, 0x020a));
    assert_true(sotto_mls_find_extension(leaf.extensions,
                                         SOTTO_MLS_EXTENSION_APPLICATION_ID,
                                         &data));
    assert_span(data, "x");
    assert_false(sotto_mls_find_extension(leaf.extensions, 0x0a0a, &data));
}

static void test_codec_goes_through_a_commit(void **state)
{
    struct sotto_reader r;
    struct sotto_mls_commit value;
    struct sotto_mls_proposal_or_ref one;

    (void)state;
    sotto_reader_init(&r, commit, sizeof commit);
    sotto_mls_read_commit(&r, &value);
    assert_int_equal(sotto_reader_finish(&r), SOTTO_OK);
    r = sotto_mls_items(value.proposals);
    sotto_mls_read_proposal_or_ref(&r, &one);
    assert_int_equal(one.by, SOTTO_MLS_BY_VALUE);
    assert_int_equal(one.proposal.type, SOTTO_MLS_PROPOSAL_REMOVE);
    assert_int_equal(one.proposal.remove, 7);
    sotto_mls_read_proposal_or_ref(&r, &one);
    assert_int_equal(one.by, SOTTO_MLS_BY_REFERENCE);
    assert_span(one.reference, "rf");
    assert_int_equal(r.left, 0);
    assert_true(value.has_path);
    assert_span(value.path.leaf_node.parent_hash, "ph");
}

/* ----------------------------------------------------------------- refusals */

static void refuse(codec_again again, const uint8_t *in, size_t len)
{
    uint8_t out[CODEC_MAX];
    struct sotto_writer w;

    sotto_writer_init(&w, out, sizeof out);
    assert_int_equal(again(in, len, &w), SOTTO_ERR_FORMAT);
}

static void test_codec_refuses_what_has_no_meaning(void **state)
{
    const uint8_t credential_type[] = {0x0a, 0x0a, 0x01, 'x'};
    const uint8_t half_number[] = {0x03, 0, 1, 0, 0x00, 0x00};
    const uint8_t proposal_type[] = {0x00, 0x08, 0x00};
    const uint8_t falling[] = {0x00, 0x00, 0x08, 0, 0, 0, 3, 0, 0, 0, 3};
    const uint8_t psk_usage[] = {0x02, 0x04, 0x00, 0, 0, 0,
                                 0,    0,    0,    0, 0, 0x00};
    const uint8_t version[] = {0x00, 0x02, 0x00, 0x05, KEY_PACKAGE};
    const uint8_t wire_format[] = {0x00, 0x01, 0x00, 0x06, KEY_PACKAGE};
    const uint8_t presence[] = {0x00, 0x02};

    (void)state;
    refuse(credential_again, credential_type, sizeof credential_type);
    refuse(required_capabilities_again, half_number, sizeof half_number);
    refuse(proposal_again, proposal_type, sizeof proposal_type);
    refuse(parent_node_again, falling, sizeof falling);
    refuse(psk_id_again, psk_usage, sizeof psk_usage);
    refuse(message_again, version, sizeof version);
    refuse(message_again, wire_format, sizeof wire_format);
    refuse(commit_again, presence, sizeof presence);
}

static void test_codec_refuses_an_extension_twice(void **state)
{
    const uint8_t twice[] = {0x00, 0x07, 0x07, 0x1a, 0x1a,
                             0x01, 'a',  0x1a, 0x1a, 0x00};

    (void)state;
    refuse(proposal_again, twice, sizeof twice);
}

static void test_codec_bounds_the_number_of_extensions(void **state)
{
    uint8_t in[4 + 3 * (SOTTO_MLS_MAX_EXTENSIONS + 1)];
    uint8_t out[sizeof in];

    (void)state;
    for (size_t extra = 0; extra <= 1; extra++) {
        size_t count = SOTTO_MLS_MAX_EXTENSIONS + extra;
        struct sotto_writer w;

        sotto_writer_init(&w, in, sizeof in);
        sotto_write_u16(&w, SOTTO_MLS_PROPOSAL_EXTENSIONS);
        sotto_write_varint(&w, 3 * count);
        for (uint16_t i = 0; i < count; i++) {
            sotto_write_u16(&w, i);
            sotto_write_u8(&w, 0);
        }
        size_t len = w.len;
        sotto_writer_init(&w, out, sizeof out);
        assert_int_equal(proposal_again(in, len, &w),
                         extra == 0 ? SOTTO_OK : SOTTO_ERR_FORMAT);
    }
}

int test_mls_codec(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codec_has_one_reading_of_every_structure),
        cmocka_unit_test(test_codec_reads_the_fields_of_a_leaf_node),
        cmocka_unit_test(test_codec_goes_through_a_commit),
        cmocka_unit_test(test_codec_refuses_what_has_no_meaning),
        cmocka_unit_test(test_codec_refuses_an_extension_twice),
        cmocka_unit_test(test_codec_bounds_the_number_of_extensions),
    };
    return cmocka_run_group_tests_name("mls_codec", tests, NULL, NULL);
}
