/*
 * test_mls_framing.c - PublicMessage and PrivateMessage: what is protected
 * comes back, what was changed on the way is refused, and what is refused
 * changes nothing.
 */
#include "core/mls/codec.h"
#include "core/mls/framing.h"
#include "core/mls/label.h"
#include "tests/unit/crypto/hex.h"
#include "tests/unit/support/seed.h"

#define MESSAGE_MAX 1024
#define MEMBERS     4
#define SENDER      2 /* leaf of the one who sends */

/* An epoch as one of its members has it. */
struct member {
    struct sotto_mls_secret_tree tree;
    uint64_t memory[256];
};

/* A message that is being made, with the memory of its parts. */
struct draft {
    struct sotto_mls_authenticated_content content;
    uint8_t signature[SOTTO_MLS_SIGNATURE_MAX];
};

static const struct sotto_span context = {(const uint8_t *)"GroupContext", 12};
static const uint8_t sender_data_secret[SOTTO_MLS_HASH_MAX] = {1};
static const uint8_t membership_key[SOTTO_MLS_HASH_MAX] = {2};
static const uint8_t tag[SOTTO_MLS_HASH_MAX] = {3};
/* Remove of leaf 3; a commit with nothing but that. */
static const uint8_t proposal[] = {0, 3, 0, 0, 0, 3};
static const uint8_t commit[] = {7, 1, 0, 3, 0, 0, 0, 3, 0};
static const uint8_t application[] = "hello, group";

static const struct sotto_mls_suite *suite2(void)
{
    return sotto_mls_suite_find(SOTTO_MLS_SUITE_P256_AES128GCM);
}

static void start(struct member *member)
{
    static const uint8_t secret[SOTTO_MLS_HASH_MAX] = {4};
    const struct sotto_mls_secret_config config = {.members = MEMBERS,
                                                   .kept = 8,
                                                   .window = 8,
                                                   .forward = 8};

    memset(member, 0, sizeof *member);
    assert_true(sotto_mls_secret_tree_size(&config) <= sizeof member->memory);
    sotto_mls_secret_tree_init(&member->tree, member->memory, suite2(),
                               &config);
    sotto_mls_secret_tree_start(&member->tree, MEMBERS, secret);
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

static void make_keys(uint8_t *private_key, uint8_t *public_key)
{
    const struct sotto_span ikm = {(const uint8_t *)"signer", 6};

    assert_int_equal(sotto_mls_derive_key_pair(suite2(), ikm, private_key,
                                               public_key),
                     SOTTO_OK);
}

/* Fills in and signs a message. */
static void make(struct draft *draft, uint16_t wire_format,
                 uint8_t content_type)
{
    struct sotto_mls_authenticated_content *content = &draft->content;
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX];
    uint8_t public_key[SOTTO_MLS_PUBLIC_MAX];

    *content = (struct sotto_mls_authenticated_content){
        .wire_format = wire_format,
        .content = {.group_id = {(const uint8_t *)"a group", 7},
                    .epoch = 0x0102030405060708,
                    .sender = {SOTTO_MLS_SENDER_MEMBER, SENDER},
                    .authenticated_data = {(const uint8_t *)"data", 4},
                    .content_type = content_type,
                    .content = content_of(content_type)},
    };
    make_keys(private_key, public_key);
    assert_int_equal(sotto_mls_content_sign(suite2(), private_key, content,
                                            context, draft->signature,
                                            &content->auth.signature.len),
                     SOTTO_OK);
    content->auth.signature.at = draft->signature;
    if (content_type == SOTTO_MLS_CONTENT_COMMIT) {
        content->auth.confirmation_tag = (struct sotto_span){tag, sizeof tag};
    }
}

static enum sotto_err verify(const struct sotto_mls_authenticated_content *in)
{
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX];
    uint8_t public_key[SOTTO_MLS_PUBLIC_MAX];

    make_keys(private_key, public_key);
    return sotto_mls_content_verify(suite2(),
                                    (struct sotto_span){public_key,
                                                        sizeof public_key},
                                    in, context);
}

static void assert_span(struct sotto_span a, struct sotto_span b)
{
    assert_int_equal(a.len, b.len);
    if (a.len > 0) {
        assert_memory_equal(a.at, b.at, a.len);
    }
}

/* The same in all that counts, and with a valid signature. */
static void assert_same(const struct sotto_mls_authenticated_content *a,
                        const struct sotto_mls_authenticated_content *b)
{
    assert_int_equal(a->wire_format, b->wire_format);
    assert_span(a->content.group_id, b->content.group_id);
    assert_int_equal(a->content.epoch, b->content.epoch);
    assert_int_equal(a->content.sender.type, b->content.sender.type);
    assert_int_equal(a->content.sender.index, b->content.sender.index);
    assert_span(a->content.authenticated_data, b->content.authenticated_data);
    assert_int_equal(a->content.content_type, b->content.content_type);
    assert_span(a->content.content, b->content.content);
    assert_span(a->auth.signature, b->auth.signature);
    assert_span(a->auth.confirmation_tag, b->auth.confirmation_tag);
    assert_int_equal(verify(a), SOTTO_OK);
}

/* Reads an MLSMessage of that wire format; false when it is none. */
static bool read_message(const uint8_t *in, size_t len, uint16_t wire_format,
                         struct sotto_mls_message *out)
{
    struct sotto_reader r;

    sotto_reader_init(&r, in, len);
    sotto_mls_read_message(&r, out);
    return sotto_reader_finish(&r) == SOTTO_OK &&
           out->wire_format == wire_format;
}

/* ----------------------------------------------------------------- signing */

/* The pieces are the bytes that the codec writes. */
static void test_mls_content_signs_the_encoded_tbs(void **state)
{
    uint8_t bytes[512];
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX];
    uint8_t public_key[SOTTO_MLS_PUBLIC_MAX];
    struct sotto_writer w;
    struct draft draft;

    (void)state;
    make_keys(private_key, public_key);
    for (uint8_t type = 1; type <= 3; type++) {
        make(&draft, SOTTO_MLS_WIRE_PRIVATE_MESSAGE, type);
        sotto_writer_init(&w, bytes, sizeof bytes);
        sotto_write_u16(&w, SOTTO_MLS_VERSION_10);
        sotto_write_u16(&w, SOTTO_MLS_WIRE_PRIVATE_MESSAGE);
        sotto_mls_write_framed_content(&w, &draft.content.content);
        sotto_write_bytes(&w, context.at, context.len);

        const struct sotto_piece piece = {bytes, w.len};
        assert_int_equal(sotto_mls_verify_with_label(
                             suite2(),
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
    struct draft draft;

    (void)state;
    make(&draft, SOTTO_MLS_WIRE_PUBLIC_MESSAGE, SOTTO_MLS_CONTENT_PROPOSAL);
    sotto_writer_init(&w, bytes, sizeof bytes);
    sotto_mls_write_authenticated_content(&w, &draft.content);
    sotto_mls_ref_hash(suite2(), SOTTO_MLS_PROPOSAL_REF,
                       (struct sotto_span){bytes, w.len}, expected);
    sotto_mls_proposal_ref(suite2(), &draft.content, ref);
    assert_memory_equal(ref, expected, sizeof ref);
}

/* What is signed depends on everything but the signature. */
static void test_mls_content_verifies_only_what_was_signed(void **state)
{
    struct draft draft;
    struct sotto_mls_authenticated_content other;

    (void)state;
    make(&draft, SOTTO_MLS_WIRE_PRIVATE_MESSAGE, SOTTO_MLS_CONTENT_PROPOSAL);
    assert_int_equal(verify(&draft.content), SOTTO_OK);
    other = draft.content;
    other.wire_format = SOTTO_MLS_WIRE_PUBLIC_MESSAGE;
    assert_int_equal(verify(&other), SOTTO_ERR_AUTH);
    other = draft.content;
    other.content.epoch++;
    assert_int_equal(verify(&other), SOTTO_ERR_AUTH);
    other = draft.content;
    other.content.sender.index++;
    assert_int_equal(verify(&other), SOTTO_ERR_AUTH);
    other = draft.content;
    other.content.sender.type = SOTTO_MLS_SENDER_EXTERNAL; /* no context */
    assert_int_equal(verify(&other), SOTTO_ERR_AUTH);
    other = draft.content;
    other.content.authenticated_data.len--;
    assert_int_equal(verify(&other), SOTTO_ERR_AUTH);
    other = draft.content;
    other.content.group_id.len--;
    assert_int_equal(verify(&other), SOTTO_ERR_AUTH);
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
    struct draft draft;

    (void)state;
    make_keys(private_key, public_key);
    make(&draft, SOTTO_MLS_WIRE_PUBLIC_MESSAGE, SOTTO_MLS_CONTENT_PROPOSAL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        draft.content.content.sender.type = cases[i].sender;
        assert_int_equal(
            sotto_mls_content_sign(suite2(), private_key, &draft.content,
                                   context, draft.signature,
                                   &draft.content.auth.signature.len),
            SOTTO_OK);
        assert_int_equal(verify(&draft.content), SOTTO_OK);
        assert_int_equal(sotto_mls_content_verify(suite2(), key, &draft.content,
                                                  other),
                         cases[i].elsewhere);
    }
}

static void test_mls_content_refuses_a_length_no_vector_has(void **state)
{
    struct draft draft;
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX] = {1};
    size_t len;

    (void)state;
    make(&draft, SOTTO_MLS_WIRE_PRIVATE_MESSAGE, SOTTO_MLS_CONTENT_APPLICATION);
    draft.content.content.content.len = SOTTO_VARINT_MAX; /* is not read */
    assert_int_equal(sotto_mls_content_sign(suite2(), private_key,
                                            &draft.content, context,
                                            draft.signature, &len),
                     SOTTO_ERR_LIMIT);
    assert_int_equal(verify(&draft.content), SOTTO_ERR_LIMIT);
}

/* ------------------------------------------------------------------- public */

static size_t protect_public(const struct draft *draft, uint8_t *out)
{
    struct sotto_writer w;

    sotto_writer_init(&w, out, MESSAGE_MAX);
    assert_int_equal(sotto_mls_public_protect(suite2(), membership_key,
                                              &draft->content, context, &w),
                     SOTTO_OK);
    return w.len;
}

static enum sotto_err unprotect_public(
    const uint8_t *in, size_t len, struct sotto_mls_authenticated_content *out)
{
    struct sotto_mls_message message;

    if (!read_message(in, len, SOTTO_MLS_WIRE_PUBLIC_MESSAGE, &message)) {
        return SOTTO_ERR_FORMAT;
    }
    return sotto_mls_public_unprotect(suite2(), membership_key,
                                      &message.public_message, context, out);
}

static void test_mls_public_message_comes_back(void **state)
{
    struct sotto_mls_authenticated_content out;
    uint8_t message[MESSAGE_MAX];
    struct draft draft;

    (void)state;
    for (uint8_t type = SOTTO_MLS_CONTENT_PROPOSAL;
         type <= SOTTO_MLS_CONTENT_COMMIT; type++) {
        make(&draft, SOTTO_MLS_WIRE_PUBLIC_MESSAGE, type);
        size_t len = protect_public(&draft, message);

        assert_int_equal(unprotect_public(message, len, &out), SOTTO_OK);
        assert_same(&out, &draft.content);
    }
}

static void test_mls_public_message_refuses_every_changed_bit(void **state)
{
    struct sotto_mls_authenticated_content out;
    uint8_t message[MESSAGE_MAX];
    struct draft draft;
    size_t len;

    (void)state;
    make(&draft, SOTTO_MLS_WIRE_PUBLIC_MESSAGE, SOTTO_MLS_CONTENT_COMMIT);
    len = protect_public(&draft, message);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        message[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        /* Another type of sender has no tag; then the signature is wrong. */
        assert_true(unprotect_public(message, len, &out) != SOTTO_OK ||
                    verify(&out) != SOTTO_OK);
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
    uint8_t bytes[MESSAGE_MAX];
    struct sotto_writer w;
    struct draft draft;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make(&draft, SOTTO_MLS_WIRE_PUBLIC_MESSAGE, cases[i].content);
        draft.content.content.sender.type = cases[i].sender;
        sotto_writer_init(&w, bytes, sizeof bytes);
        assert_int_equal(sotto_mls_public_protect(suite2(), membership_key,
                                                  &draft.content, context, &w),
                         cases[i].allowed ? SOTTO_OK : SOTTO_ERR_FORMAT);

        in = (struct sotto_mls_public_message){
            .content = draft.content.content,
            .auth = draft.content.auth,
        };
        enum sotto_err err =
            sotto_mls_public_unprotect(suite2(), membership_key, &in, context,
                                       &out);
        /* A member's message without a membership tag is nobody's. */
        assert_int_equal(err, !cases[i].allowed ? SOTTO_ERR_FORMAT
                              : cases[i].sender == SOTTO_MLS_SENDER_MEMBER
                                  ? SOTTO_ERR_AUTH
                                  : SOTTO_OK);
    }
}

static void test_mls_public_message_needs_room(void **state)
{
    uint8_t message[MESSAGE_MAX];
    struct sotto_writer w;
    struct draft draft;
    size_t len;

    (void)state;
    make(&draft, SOTTO_MLS_WIRE_PUBLIC_MESSAGE, SOTTO_MLS_CONTENT_COMMIT);
    len = protect_public(&draft, message);
    for (size_t cap = 0; cap < len; cap++) {
        sotto_writer_init(&w, message, cap);
        assert_int_equal(sotto_mls_public_protect(suite2(), membership_key,
                                                  &draft.content, context, &w),
                         SOTTO_ERR_SPACE);
    }
}

/* ------------------------------------------------------------------ private */

static size_t protect_private(struct member *member, const struct draft *draft,
                              size_t padding, uint8_t *out)
{
    struct seed seed;
    struct sotto_random random;
    struct sotto_writer w;

    seed_init(&seed, 5);
    random = seed_random(&seed);
    sotto_writer_init(&w, out, MESSAGE_MAX);
    assert_int_equal(sotto_mls_private_protect(suite2(), sender_data_secret,
                                               &member->tree, &draft->content,
                                               padding, &random, &w),
                     SOTTO_OK);
    assert_int_equal(w.len, sotto_mls_private_len(&draft->content, padding));
    return w.len;
}

/* Opens a message and verifies it, but consumes nothing. */
static enum sotto_err unprotect_private(
    const struct member *member, const uint8_t *in, size_t len, uint8_t *plain,
    struct sotto_mls_authenticated_content *out,
    struct sotto_mls_message_key *key)
{
    struct sotto_mls_message message;
    enum sotto_err err;

    if (!read_message(in, len, SOTTO_MLS_WIRE_PRIVATE_MESSAGE, &message)) {
        return SOTTO_ERR_FORMAT;
    }
    err = sotto_mls_private_unprotect(suite2(), sender_data_secret,
                                      &member->tree, &message.private_message,
                                      plain, MESSAGE_MAX, out, key);
    return err == SOTTO_OK ? verify(out) : err;
}

static void test_mls_private_message_comes_back(void **state)
{
    static const size_t paddings[] = {0, 1, 63, 500};
    struct sotto_mls_authenticated_content out;
    struct sotto_mls_message_key key;
    uint8_t message[MESSAGE_MAX];
    uint8_t plain[MESSAGE_MAX];
    struct member sender, receiver;
    struct draft draft;

    (void)state;
    start(&sender);
    start(&receiver);
    for (size_t i = 0; i < 12; i++) {
        make(&draft, SOTTO_MLS_WIRE_PRIVATE_MESSAGE, (uint8_t)(1 + i % 3));
        size_t len = protect_private(&sender, &draft, paddings[i % 4], message);

        assert_int_equal(unprotect_private(&receiver, message, len, plain, &out,
                                           &key),
                         SOTTO_OK);
        assert_same(&out, &draft.content);
        sotto_mls_secret_tree_consume(&receiver.tree, &key);
        assert_int_equal(unprotect_private(&receiver, message, len, plain, &out,
                                           &key),
                         SOTTO_ERR_REPLAY);
    }
}

static void test_mls_private_message_may_come_late(void **state)
{
    struct sotto_mls_authenticated_content out;
    struct sotto_mls_message_key key;
    static uint8_t messages[5][MESSAGE_MAX];
    size_t lens[5];
    uint8_t plain[MESSAGE_MAX];
    struct member sender, receiver;
    struct draft draft;

    (void)state;
    start(&sender);
    start(&receiver);
    make(&draft, SOTTO_MLS_WIRE_PRIVATE_MESSAGE, SOTTO_MLS_CONTENT_APPLICATION);
    for (size_t i = 0; i < 5; i++) {
        lens[i] = protect_private(&sender, &draft, 0, messages[i]);
    }
    for (size_t i = 5; i > 0; i--) {
        assert_int_equal(unprotect_private(&receiver, messages[i - 1],
                                           lens[i - 1], plain, &out, &key),
                         SOTTO_OK);
        assert_int_equal(key.generation, i - 1);
        sotto_mls_secret_tree_consume(&receiver.tree, &key);
    }
}

/* Every bit turned, every length cut: refused, nothing changed, and nothing of
 * it to be read. */
static void test_mls_private_message_refuses_every_changed_bit(void **state)
{
    struct sotto_mls_authenticated_content out;
    struct sotto_mls_message_key key;
    uint8_t message[MESSAGE_MAX];
    uint8_t plain[MESSAGE_MAX];
    struct member sender, receiver, before;
    struct draft draft;
    size_t len;

    (void)state;
    start(&sender);
    start(&receiver);
    make(&draft, SOTTO_MLS_WIRE_PRIVATE_MESSAGE, SOTTO_MLS_CONTENT_APPLICATION);
    len = protect_private(&sender, &draft, 20, message);
    before = receiver;
    memset(plain, 0, sizeof plain);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        message[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        assert_true(unprotect_private(&receiver, message, len, plain, &out,
                                      &key) != SOTTO_OK);
        assert_true(all_zero(plain, sizeof plain));
        message[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(unprotect_private(&receiver, message, i, plain, &out,
                                           &key),
                         SOTTO_ERR_FORMAT);
    }
    assert_memory_equal(&receiver, &before, sizeof receiver);
    assert_int_equal(unprotect_private(&receiver, message, len, plain, &out,
                                       &key),
                     SOTTO_OK);
}

static void test_mls_private_message_differs_by_its_guard(void **state)
{
    uint8_t one[MESSAGE_MAX];
    uint8_t other[MESSAGE_MAX];
    struct member member;
    struct seed seed;
    struct sotto_random random;
    struct sotto_writer w;
    struct draft draft;
    size_t len;

    (void)state;
    /* The same state twice, as after a restart from an old copy. */
    make(&draft, SOTTO_MLS_WIRE_PRIVATE_MESSAGE, SOTTO_MLS_CONTENT_APPLICATION);
    start(&member);
    len = protect_private(&member, &draft, 0, one);
    start(&member);
    seed_init(&seed, 6);
    random = seed_random(&seed);
    sotto_writer_init(&w, other, sizeof other);
    assert_int_equal(sotto_mls_private_protect(suite2(), sender_data_secret,
                                               &member.tree, &draft.content, 0,
                                               &random, &w),
                     SOTTO_OK);
    assert_int_equal(w.len, len);
    assert_memory_not_equal(one + len - 40, other + len - 40, 40);
}

static enum sotto_err fill_nothing(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    (void)out;
    (void)len;
    return SOTTO_ERR_RANDOM;
}

static void test_mls_private_message_takes_no_key_in_vain(void **state)
{
    const struct sotto_random none = {NULL, fill_nothing};
    uint8_t message[MESSAGE_MAX];
    struct member member, before;
    struct sotto_writer w;
    struct draft draft;
    size_t len;

    (void)state;
    start(&member);
    before = member;
    make(&draft, SOTTO_MLS_WIRE_PRIVATE_MESSAGE, SOTTO_MLS_CONTENT_APPLICATION);
    len = sotto_mls_private_len(&draft.content, 10);
    for (size_t cap = 0; cap < len; cap++) {
        sotto_writer_init(&w, message, cap);
        assert_int_equal(sotto_mls_private_protect(suite2(), sender_data_secret,
                                                   &member.tree, &draft.content,
                                                   10, &none, &w),
                         SOTTO_ERR_SPACE);
    }
    sotto_writer_init(&w, message, len);
    assert_int_equal(sotto_mls_private_protect(suite2(), sender_data_secret,
                                               &member.tree, &draft.content, 10,
                                               &none, &w),
                     SOTTO_ERR_RANDOM);
    assert_int_equal(sotto_mls_private_protect(suite2(), sender_data_secret,
                                               &member.tree, &draft.content,
                                               SOTTO_VARINT_MAX, &none, &w),
                     SOTTO_ERR_LIMIT);
    draft.content.content.sender.type = SOTTO_MLS_SENDER_NEW_MEMBER_COMMIT;
    assert_int_equal(sotto_mls_private_protect(suite2(), sender_data_secret,
                                               &member.tree, &draft.content, 10,
                                               &none, &w),
                     SOTTO_ERR_FORMAT);
    assert_memory_equal(&member, &before, sizeof member);
}

static void test_mls_private_message_needs_room_to_open(void **state)
{
    struct sotto_mls_authenticated_content out;
    struct sotto_mls_message_key key;
    struct sotto_mls_message in;
    uint8_t message[MESSAGE_MAX];
    uint8_t plain[MESSAGE_MAX];
    struct member member;
    struct draft draft;

    (void)state;
    start(&member);
    make(&draft, SOTTO_MLS_WIRE_PRIVATE_MESSAGE, SOTTO_MLS_CONTENT_APPLICATION);
    size_t len = protect_private(&member, &draft, 0, message);
    assert_true(
        read_message(message, len, SOTTO_MLS_WIRE_PRIVATE_MESSAGE, &in));
    size_t need = in.private_message.ciphertext.len - SOTTO_MLS_AEAD_TAG_LEN;
    start(&member); /* as a receiver now */
    assert_int_equal(sotto_mls_private_unprotect(suite2(), sender_data_secret,
                                                 &member.tree,
                                                 &in.private_message, plain,
                                                 need - 1, &out, &key),
                     SOTTO_ERR_SPACE);
    assert_int_equal(sotto_mls_private_unprotect(suite2(), sender_data_secret,
                                                 &member.tree,
                                                 &in.private_message, plain,
                                                 need, &out, &key),
                     SOTTO_OK);
}

/* ------------------------- what only another implementation would send */

/* Seals any plaintext, and any sender data, as a PrivateMessage of generation
 * 0; the guard is zero. */
static size_t seal_any(const uint8_t *plain, size_t len, uint32_t leaf,
                       uint32_t generation, uint8_t *out)
{
    static const uint8_t aad[] = {
        1, 'g', 0, 0, 0, 0, 0, 0, 0, 1, SOTTO_MLS_CONTENT_APPLICATION, 0};
    uint8_t ciphertext[MESSAGE_MAX];
    uint8_t data[12 + SOTTO_MLS_AEAD_TAG_LEN];
    uint8_t key_bytes[SOTTO_MLS_AEAD_KEY_MAX];
    uint8_t nonce[SOTTO_MLS_AEAD_NONCE_MAX];
    struct sotto_mls_message_key key;
    struct sotto_aead aead;
    struct member member;
    struct sotto_writer w;

    start(&member);
    assert_int_equal(sotto_mls_secret_tree_find(&member.tree, SENDER,
                                                SOTTO_MLS_RATCHET_APPLICATION,
                                                0, &key),
                     SOTTO_OK);
    sotto_aead_init(&aead, suite2()->aead, key.key);
    assert_int_equal(sotto_aead_seal(&aead, key.nonce, aad, sizeof aad, plain,
                                     len, ciphertext),
                     SOTTO_OK);
    sotto_mls_sender_data_key(suite2(), sender_data_secret,
                              (struct sotto_span){ciphertext,
                                                  len + SOTTO_MLS_AEAD_TAG_LEN},
                              key_bytes, nonce);
    sotto_writer_init(&w, data, sizeof data);
    sotto_write_u32(&w, leaf);
    sotto_write_u32(&w, generation);
    sotto_write_u32(&w, 0);
    sotto_aead_init(&aead, suite2()->aead, key_bytes);
    assert_int_equal(sotto_aead_seal(&aead, nonce, aad, sizeof aad - 1, data,
                                     12, data),
                     SOTTO_OK);
    sotto_writer_init(&w, out, MESSAGE_MAX);
    sotto_write_u16(&w, SOTTO_MLS_VERSION_10);
    sotto_write_u16(&w, SOTTO_MLS_WIRE_PRIVATE_MESSAGE);
    sotto_write_bytes(&w, aad, sizeof aad);
    sotto_write_vector(&w, data, sizeof data);
    sotto_write_vector(&w, ciphertext, len + SOTTO_MLS_AEAD_TAG_LEN);
    assert_false(w.bad);
    return w.len;
}

static enum sotto_err open_any(const uint8_t *plain, size_t len, uint32_t leaf,
                               uint32_t generation)
{
    struct sotto_mls_authenticated_content out;
    struct sotto_mls_message_key key;
    struct sotto_mls_message in;
    uint8_t message[MESSAGE_MAX];
    uint8_t opened[MESSAGE_MAX];
    struct member member;
    size_t message_len = seal_any(plain, len, leaf, generation, message);

    enum sotto_err err;

    start(&member);
    memset(opened, 0, sizeof opened);
    assert_true(read_message(message, message_len,
                             SOTTO_MLS_WIRE_PRIVATE_MESSAGE, &in));
    err = sotto_mls_private_unprotect(suite2(), sender_data_secret,
                                      &member.tree, &in.private_message, opened,
                                      sizeof opened, &out, &key);
    assert_true(err == SOTTO_OK || all_zero(opened, sizeof opened));
    return err;
}

static void test_mls_private_message_refuses_bad_padding(void **state)
{
    /* "hi", a signature of two bytes, padding */
    uint8_t plain[] = {2, 'h', 'i', 2, 0xaa, 0xbb, 0, 0, 0};

    (void)state;
    assert_int_equal(open_any(plain, sizeof plain, SENDER, 0), SOTTO_OK);
    assert_int_equal(open_any(plain, 6, SENDER, 0), SOTTO_OK);
    assert_int_equal(open_any(plain, 5, SENDER, 0), SOTTO_ERR_FORMAT);
    assert_int_equal(open_any(plain, 0, SENDER, 0), SOTTO_ERR_FORMAT);
    for (size_t i = 6; i < sizeof plain; i++) {
        plain[i] = 1;
        assert_int_equal(open_any(plain, sizeof plain, SENDER, 0),
                         SOTTO_ERR_FORMAT);
        plain[i] = 0;
    }
}

static void test_mls_private_message_refuses_odd_sender_data(void **state)
{
    static const uint8_t plain[] = {2, 'h', 'i', 2, 0xaa, 0xbb};

    (void)state;
    assert_int_equal(open_any(plain, sizeof plain, MEMBERS, 0),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(open_any(plain, sizeof plain, UINT32_MAX, 0),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(open_any(plain, sizeof plain, SENDER, 9), SOTTO_ERR_LIMIT);
    assert_int_equal(open_any(plain, sizeof plain, SENDER, 1), SOTTO_ERR_AUTH);
    assert_int_equal(open_any(plain, sizeof plain, SENDER + 1, 0),
                     SOTTO_ERR_AUTH);
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
        cmocka_unit_test(test_mls_private_message_comes_back),
        cmocka_unit_test(test_mls_private_message_may_come_late),
        cmocka_unit_test(test_mls_private_message_refuses_every_changed_bit),
        cmocka_unit_test(test_mls_private_message_differs_by_its_guard),
        cmocka_unit_test(test_mls_private_message_takes_no_key_in_vain),
        cmocka_unit_test(test_mls_private_message_needs_room_to_open),
        cmocka_unit_test(test_mls_private_message_refuses_bad_padding),
        cmocka_unit_test(test_mls_private_message_refuses_odd_sender_data),
    };

    return cmocka_run_group_tests_name("mls_framing", tests, NULL, NULL);
}
