/*
 * framed.c - an epoch of a group and a message, for the tests of framing.
 */
#include "tests/unit/mls/framed.h"
#include "core/mls/codec.h"
#include "core/mls/label.h"
#include "tests/unit/test.h"
#include <string.h>

const struct sotto_span framed_context = {(const uint8_t *)"GroupContext", 12};
static const uint8_t tag[SOTTO_MLS_HASH_MAX] = {3};
/* Remove of leaf 3; a commit with nothing but that. */
static const uint8_t proposal[] = {0, 3, 0, 0, 0, 3};
static const uint8_t commit[] = {7, 1, 0, 3, 0, 0, 0, 3, 0};
static const uint8_t application[] = "hello, group";

const struct sotto_mls_suite *framed_suite(void)
{
    return sotto_mls_suite_find(SOTTO_MLS_SUITE_P256_AES128GCM);
}

void framed_start(struct framed_member *member)
{
    static const uint8_t secret[SOTTO_MLS_HASH_MAX] = {4};
    const struct sotto_mls_secret_config config = {.members = FRAMED_MEMBERS,
                                                   .kept = 8,
                                                   .window = 8,
                                                   .forward = 8};

    memset(member, 0, sizeof *member);
    assert_true(sotto_mls_secret_tree_size(&config) <= sizeof member->memory);
    sotto_mls_secret_tree_init(&member->tree, member->memory, framed_suite(),
                               &config);
    sotto_mls_secret_tree_start(&member->tree, FRAMED_MEMBERS, secret);
}

static struct sotto_span content_of(uint8_t content_type)
{
    switch (content_type) {
    case SOTTO_MLS_CONTENT_PROPOSAL:
        return (struct sotto_span){proposal, sizeof proposal};
    case SOTTO_MLS_CONTENT_COMMIT:
        return (struct sotto_span){commit, sizeof commit};
    default:
        return (struct sotto_span){application, sizeof application};
    }
}

void framed_make_keys(uint8_t *private_key, uint8_t *public_key)
{
    const struct sotto_span ikm = {(const uint8_t *)"signer", 6};

    assert_int_equal(sotto_mls_derive_key_pair(framed_suite(), ikm, private_key,
                                               public_key),
                     SOTTO_OK);
}

/* Fills in and signs a message. */
void framed_make(struct framed_draft *draft, uint16_t wire_format,
                 uint8_t content_type)
{
    struct sotto_mls_authenticated_content *content = &draft->content;
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX];
    uint8_t public_key[SOTTO_MLS_PUBLIC_MAX];

    *content = (struct sotto_mls_authenticated_content){
        .wire_format = wire_format,
        .content = {.group_id = {(const uint8_t *)"a group", 7},
                    .epoch = 0x0102030405060708,
                    .sender = {SOTTO_MLS_SENDER_MEMBER, FRAMED_SENDER},
                    .authenticated_data = {(const uint8_t *)"data", 4},
                    .content_type = content_type,
                    .content = content_of(content_type)},
    };
    framed_make_keys(private_key, public_key);
    assert_int_equal(sotto_mls_content_sign(framed_suite(), private_key,
                                            content, framed_context,
                                            draft->signature,
                                            &content->auth.signature.len),
                     SOTTO_OK);
    content->auth.signature.at = draft->signature;
    if (content_type == SOTTO_MLS_CONTENT_COMMIT) {
        content->auth.confirmation_tag = (struct sotto_span){tag, sizeof tag};
    }
}

enum sotto_err framed_verify(const struct sotto_mls_authenticated_content *in)
{
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX];
    uint8_t public_key[SOTTO_MLS_PUBLIC_MAX];

    framed_make_keys(private_key, public_key);
    return sotto_mls_content_verify(framed_suite(),
                                    (struct sotto_span){public_key,
                                                        sizeof public_key},
                                    in, framed_context);
}

void framed_assert_span(struct sotto_span a, struct sotto_span b)
{
    assert_int_equal(a.len, b.len);
    if (a.len > 0) {
        assert_memory_equal(a.at, b.at, a.len);
    }
}

/* The same in all that counts, and with a valid signature. */
void framed_assert_same(const struct sotto_mls_authenticated_content *a,
                        const struct sotto_mls_authenticated_content *b)
{
    assert_int_equal(a->wire_format, b->wire_format);
    framed_assert_span(a->content.group_id, b->content.group_id);
    assert_int_equal(a->content.epoch, b->content.epoch);
    assert_int_equal(a->content.sender.type, b->content.sender.type);
    assert_int_equal(a->content.sender.index, b->content.sender.index);
    framed_assert_span(a->content.authenticated_data,
                       b->content.authenticated_data);
    assert_int_equal(a->content.content_type, b->content.content_type);
    framed_assert_span(a->content.content, b->content.content);
    framed_assert_span(a->auth.signature, b->auth.signature);
    framed_assert_span(a->auth.confirmation_tag, b->auth.confirmation_tag);
    assert_int_equal(framed_verify(a), SOTTO_OK);
}

/* Reads an MLSMessage of that wire format; false when it is none. */
bool framed_read(const uint8_t *in, size_t len, uint16_t wire_format,
                 struct sotto_mls_message *out)
{
    struct sotto_reader r;

    sotto_reader_init(&r, in, len);
    sotto_mls_read_message(&r, out);
    return sotto_reader_finish(&r) == SOTTO_OK &&
           out->wire_format == wire_format;
}
