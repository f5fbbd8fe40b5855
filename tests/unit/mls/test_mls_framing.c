/*
 * test_mls_framing.c - signatures of messages, and PublicMessage: what is
 * protected comes back, what was changed on the way is refused.
 */
#include "core/mls/codec.h"
#include "core/mls/label.h"
#include "tests/unit/crypto/hex.h"
#include "tests/unit/mls/framed.h"
#include "tests/unit/test.h"
#include <string.h>

static const uint8_t membership_key[SOTTO_MLS_HASH_MAX] = {2};

/* ----------------------------------------------------------------- signing */

/* The pieces are the bytes that the codec writes. */
static void test_mls_content_signs_the_encoded_tbs(void **state)
{
    uint8_t bytes[512];
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX];
    uint8_t public_key[SOTTO_MLS_PUBLIC_MAX];
    struct sotto_writer w;
    struct framed_draft draft;

    (void)state;
    framed_make_keys(private_key, public_key);
    for (uint8_t type = 1; type <= 3; type++) {
        framed_make(&draft, SOTTO_MLS_WIRE_PRIVATE_MESSAGE, type);
        sotto_writer_init(&w, bytes, sizeof bytes);
        sotto_write_u16(&w, SOTTO_MLS_VERSION_10);
        sotto_write_u16(&w, SOTTO_MLS_WIRE_PRIVATE_MESSAGE);
        sotto_mls_write_framed_content(&w, &draft.content.content);
        sotto_write_bytes(&w, framed_context.at, framed_context.len);

        const struct sotto_piece piece = {bytes, w.len};
        assert_int_equal(sotto_mls_verify_with_label(
                             framed_suite(),
                             (struct sotto_span){public_key, sizeof public_key},
                             "FramedContentTBS", &piece, 1,
                             draft.content.auth.signature),
                         SOTTO_OK);
    }
}

static void test_mls_proposal_ref_is_over_the_encoded_content(void **state)
{
    uint8_t bytes[512];
    uint8_t expected[SOTTO_MLS_HASH_MAX];
    uint8_t ref[SOTTO_MLS_HASH_MAX];
    struct sotto_writer w;
    struct framed_draft draft;

    (void)state;
    framed_make(&draft, SOTTO_MLS_WIRE_PUBLIC_MESSAGE,
                SOTTO_MLS_CONTENT_PROPOSAL);
    sotto_writer_init(&w, bytes, sizeof bytes);
    sotto_mls_write_authenticated_content(&w, &draft.content);
    sotto_mls_ref_hash(framed_suite(), SOTTO_MLS_PROPOSAL_REF,
                       (struct sotto_span){bytes, w.len}, expected);
    sotto_mls_proposal_ref(framed_suite(), &draft.content, ref);
    assert_memory_equal(ref, expected, sizeof ref);
}

/* What is signed depends on everything but the signature. */
static void test_mls_content_verifies_only_what_was_signed(void **state)
{
    struct framed_draft draft;
    struct sotto_mls_authenticated_content other;

    (void)state;
    framed_make(&draft, SOTTO_MLS_WIRE_PRIVATE_MESSAGE,
                SOTTO_MLS_CONTENT_PROPOSAL);
    assert_int_equal(framed_verify(&draft.content), SOTTO_OK);
    other = draft.content;
    other.wire_format = SOTTO_MLS_WIRE_PUBLIC_MESSAGE;
    assert_int_equal(framed_verify(&other), SOTTO_ERR_AUTH);
    other = draft.content;
    other.content.epoch++;
    assert_int_equal(framed_verify(&other), SOTTO_ERR_AUTH);
    other = draft.content;
    other.content.sender.index++;
    assert_int_equal(framed_verify(&other), SOTTO_ERR_AUTH);
    other = draft.content;
    other.content.sender.type = SOTTO_MLS_SENDER_EXTERNAL; /* no context */
    assert_int_equal(framed_verify(&other), SOTTO_ERR_AUTH);
    other = draft.content;
    other.content.authenticated_data.len--;
    assert_int_equal(framed_verify(&other), SOTTO_ERR_AUTH);
    other = draft.content;
    other.content.group_id.len--;
    assert_int_equal(framed_verify(&other), SOTTO_ERR_AUTH);
}

/* Members and those who join by a commit sign the GroupContext too (6.1). */
static void test_mls_content_binds_members_to_the_context(void **state)
{
    static const struct {
        uint8_t sender;
        enum sotto_err elsewhere; /* verified in another context */
    } cases[] = {
        {SOTTO_MLS_SENDER_MEMBER, SOTTO_ERR_AUTH},
        {SOTTO_MLS_SENDER_NEW_MEMBER_COMMIT, SOTTO_ERR_AUTH},
        {SOTTO_MLS_SENDER_EXTERNAL, SOTTO_OK},
        {SOTTO_MLS_SENDER_NEW_MEMBER_PROPOSAL, SOTTO_OK},
    };
    const struct sotto_span other = {(const uint8_t *)"another", 7};
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX];
    uint8_t public_key[SOTTO_MLS_PUBLIC_MAX];
    const struct sotto_span key = {public_key, sizeof public_key};
    struct framed_draft draft;

    (void)state;
    framed_make_keys(private_key, public_key);
    framed_make(&draft, SOTTO_MLS_WIRE_PUBLIC_MESSAGE,
                SOTTO_MLS_CONTENT_PROPOSAL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        draft.content.content.sender.type = cases[i].sender;
        assert_int_equal(
            sotto_mls_content_sign(framed_suite(), private_key, &draft.content,
                                   framed_context, draft.signature,
                                   &draft.content.auth.signature.len),
            SOTTO_OK);
        assert_int_equal(framed_verify(&draft.content), SOTTO_OK);
        assert_int_equal(sotto_mls_content_verify(framed_suite(), key,
                                                  &draft.content, other),
                         cases[i].elsewhere);
    }
}

static void test_mls_content_refuses_a_length_no_vector_has(void **state)
{
    struct framed_draft draft;
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX] = {1};
    size_t len;

    (void)state;
    framed_make(&draft, SOTTO_MLS_WIRE_PRIVATE_MESSAGE,
                SOTTO_MLS_CONTENT_APPLICATION);
    draft.content.content.content.len = SOTTO_VARINT_MAX; /* is not read */
    assert_int_equal(sotto_mls_content_sign(framed_suite(), private_key,
                                            &draft.content, framed_context,
                                            draft.signature, &len),
                     SOTTO_ERR_LIMIT);
    assert_int_equal(framed_verify(&draft.content), SOTTO_ERR_LIMIT);
}

/* ------------------------------------------------------------------- public */

static size_t protect_public(const struct framed_draft *draft, uint8_t *out)
{
    struct sotto_writer w;

    sotto_writer_init(&w, out, FRAMED_MAX);
    assert_int_equal(sotto_mls_public_protect(framed_suite(), membership_key,
                                              &draft->content, framed_context,
                                              &w),
                     SOTTO_OK);
    return w.len;
}

static enum sotto_err unprotect_public(
    const uint8_t *in, size_t len, struct sotto_mls_authenticated_content *out)
{
    struct sotto_mls_message message;

    if (!framed_read(in, len, SOTTO_MLS_WIRE_PUBLIC_MESSAGE, &message)) {
        return SOTTO_ERR_FORMAT;
    }
    return sotto_mls_public_unprotect(framed_suite(), membership_key,
                                      &message.public_message, framed_context,
                                      out);
}

static void test_mls_public_message_comes_back(void **state)
{
    struct sotto_mls_authenticated_content out;
    uint8_t message[FRAMED_MAX];
    struct framed_draft draft;

    (void)state;
    for (uint8_t type = SOTTO_MLS_CONTENT_PROPOSAL;
         type <= SOTTO_MLS_CONTENT_COMMIT; type++) {
        framed_make(&draft, SOTTO_MLS_WIRE_PUBLIC_MESSAGE, type);
        size_t len = protect_public(&draft, message);

        assert_int_equal(unprotect_public(message, len, &out), SOTTO_OK);
        framed_assert_same(&out, &draft.content);
    }
}

static void test_mls_public_message_refuses_every_changed_bit(void **state)
{
    struct sotto_mls_authenticated_content out;
    uint8_t message[FRAMED_MAX];
    struct framed_draft draft;
    size_t len;

    (void)state;
    framed_make(&draft, SOTTO_MLS_WIRE_PUBLIC_MESSAGE,
                SOTTO_MLS_CONTENT_COMMIT);
    len = protect_public(&draft, message);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        message[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        /* Another type of sender has no tag; then the signature is wrong. */
        assert_true(unprotect_public(message, len, &out) != SOTTO_OK ||
                    framed_verify(&out) != SOTTO_OK);
        message[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(unprotect_public(message, i, &out), SOTTO_ERR_FORMAT);
    }
}

static void test_mls_public_message_lets_each_sender_send_its_own(void **state)
{
    static const struct {
        uint8_t sender;
        uint8_t content;
        bool allowed;
    } cases[] = {
        {SOTTO_MLS_SENDER_MEMBER, SOTTO_MLS_CONTENT_APPLICATION, false},
        {SOTTO_MLS_SENDER_MEMBER, SOTTO_MLS_CONTENT_PROPOSAL, true},
        {SOTTO_MLS_SENDER_MEMBER, SOTTO_MLS_CONTENT_COMMIT, true},
        {SOTTO_MLS_SENDER_EXTERNAL, SOTTO_MLS_CONTENT_APPLICATION, false},
        {SOTTO_MLS_SENDER_EXTERNAL, SOTTO_MLS_CONTENT_PROPOSAL, true},
        {SOTTO_MLS_SENDER_EXTERNAL, SOTTO_MLS_CONTENT_COMMIT, false},
        {SOTTO_MLS_SENDER_NEW_MEMBER_PROPOSAL, SOTTO_MLS_CONTENT_PROPOSAL,
         true},
        {SOTTO_MLS_SENDER_NEW_MEMBER_PROPOSAL, SOTTO_MLS_CONTENT_COMMIT, false},
        {SOTTO_MLS_SENDER_NEW_MEMBER_COMMIT, SOTTO_MLS_CONTENT_PROPOSAL, false},
        {SOTTO_MLS_SENDER_NEW_MEMBER_COMMIT, SOTTO_MLS_CONTENT_COMMIT, true},
        {0, SOTTO_MLS_CONTENT_PROPOSAL, false},
    };
    struct sotto_mls_authenticated_content out;
    struct sotto_mls_public_message in;
    uint8_t bytes[FRAMED_MAX];
    struct sotto_writer w;
    struct framed_draft draft;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        framed_make(&draft, SOTTO_MLS_WIRE_PUBLIC_MESSAGE, cases[i].content);
        draft.content.content.sender.type = cases[i].sender;
        sotto_writer_init(&w, bytes, sizeof bytes);
        assert_int_equal(sotto_mls_public_protect(framed_suite(),
                                                  membership_key,
                                                  &draft.content,
                                                  framed_context, &w),
                         cases[i].allowed ? SOTTO_OK : SOTTO_ERR_FORMAT);

        in = (struct sotto_mls_public_message){
            .content = draft.content.content,
            .auth = draft.content.auth,
        };
        enum sotto_err err =
            sotto_mls_public_unprotect(framed_suite(), membership_key, &in,
                                       framed_context, &out);
        /* A member's message without a membership tag is nobody's. */
        assert_int_equal(err, !cases[i].allowed ? SOTTO_ERR_FORMAT
                              : cases[i].sender == SOTTO_MLS_SENDER_MEMBER
                                  ? SOTTO_ERR_AUTH
                                  : SOTTO_OK);
    }
}

static void test_mls_public_message_needs_room(void **state)
{
    uint8_t message[FRAMED_MAX];
    struct sotto_writer w;
    struct framed_draft draft;
    size_t len;

    (void)state;
    framed_make(&draft, SOTTO_MLS_WIRE_PUBLIC_MESSAGE,
                SOTTO_MLS_CONTENT_COMMIT);
    len = protect_public(&draft, message);
    for (size_t cap = 0; cap < len; cap++) {
        sotto_writer_init(&w, message, cap);
        assert_int_equal(sotto_mls_public_protect(framed_suite(),
                                                  membership_key,
                                                  &draft.content,
                                                  framed_context, &w),
                         SOTTO_ERR_SPACE);
    }
}

int test_mls_framing(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mls_content_signs_the_encoded_tbs),
        cmocka_unit_test(test_mls_proposal_ref_is_over_the_encoded_content),
        cmocka_unit_test(test_mls_content_verifies_only_what_was_signed),
        cmocka_unit_test(test_mls_content_binds_members_to_the_context),
        cmocka_unit_test(test_mls_content_refuses_a_length_no_vector_has),
        cmocka_unit_test(test_mls_public_message_comes_back),
        cmocka_unit_test(test_mls_public_message_refuses_every_changed_bit),
        cmocka_unit_test(test_mls_public_message_lets_each_sender_send_its_own),
        cmocka_unit_test(test_mls_public_message_needs_room),
    };

    return cmocka_run_group_tests_name("mls_framing", tests, NULL, NULL);
}
