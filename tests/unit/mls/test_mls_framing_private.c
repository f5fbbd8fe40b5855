/*
 * test_mls_framing_private.c - PrivateMessage: what is protected comes back,
 * what was changed on the way is refused, and what is refused changes nothing.
 */
#include "core/mls/codec.h"
#include "core/mls/label.h"
#include "tests/unit/crypto/hex.h"
#include "tests/unit/mls/framed.h"
#include "tests/unit/support/seed.h"
#include "tests/unit/test.h"
#include <string.h>

static const uint8_t sender_data_secret[SOTTO_MLS_HASH_MAX] = {1};

static size_t protect_private(struct framed_member *member,
                              const struct framed_draft *draft, size_t padding,
                              uint8_t *out)
{
    struct seed seed;
    struct sotto_random random;
    struct sotto_writer w;

    seed_init(&seed, 5);
    random = seed_random(&seed);
    sotto_writer_init(&w, out, FRAMED_MAX);
    assert_int_equal(sotto_mls_private_protect(framed_suite(),
                                               sender_data_secret,
                                               &member->tree, &draft->content,
                                               padding, &random, &w),
                     SOTTO_OK);
    assert_int_equal(w.len, sotto_mls_private_len(&draft->content, padding));
    return w.len;
}

/* Opens a message and verifies it, but consumes nothing. */
static enum sotto_err unprotect_private(
    const struct framed_member *member, const uint8_t *in, size_t len,
    uint8_t *plain, struct sotto_mls_authenticated_content *out,
    struct sotto_mls_message_key *key)
{
    struct sotto_mls_message message;
    enum sotto_err err;

    if (!framed_read(in, len, SOTTO_MLS_WIRE_PRIVATE_MESSAGE, &message)) {
        return SOTTO_ERR_FORMAT;
    }
    err = sotto_mls_private_unprotect(framed_suite(), sender_data_secret,
                                      &member->tree, &message.private_message,
                                      plain, FRAMED_MAX, out, key);
    return err == SOTTO_OK ? framed_verify(out) : err;
}

static void test_mls_private_message_comes_back(void **state)
{
    static const size_t paddings[] = {0, 1, 63, 500};
    struct sotto_mls_authenticated_content out;
    struct sotto_mls_message_key key;
    uint8_t message[FRAMED_MAX];
    uint8_t plain[FRAMED_MAX];
    struct framed_member sender, receiver;
    struct framed_draft draft;

    (void)state;
    framed_start(&sender);
    framed_start(&receiver);
    for (size_t i = 0; i < 12; i++) {
        framed_make(&draft, SOTTO_MLS_WIRE_PRIVATE_MESSAGE,
                    (uint8_t)(1 + i % 3));
        size_t len = protect_private(&sender, &draft, paddings[i % 4], message);

        assert_int_equal(unprotect_private(&receiver, message, len, plain, &out,
                                           &key),
                         SOTTO_OK);
        framed_assert_same(&out, &draft.content);
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
    static uint8_t messages[5][FRAMED_MAX];
    size_t lens[5];
    uint8_t plain[FRAMED_MAX];
    struct framed_member sender, receiver;
    struct framed_draft draft;

    (void)state;
    framed_start(&sender);
    framed_start(&receiver);
    framed_make(&draft, SOTTO_MLS_WIRE_PRIVATE_MESSAGE,
                SOTTO_MLS_CONTENT_APPLICATION);
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
    uint8_t message[FRAMED_MAX];
    uint8_t plain[FRAMED_MAX];
    struct framed_member sender, receiver, before;
    struct framed_draft draft;
    size_t len;

    (void)state;
    framed_start(&sender);
    framed_start(&receiver);
    framed_make(&draft, SOTTO_MLS_WIRE_PRIVATE_MESSAGE,
                SOTTO_MLS_CONTENT_APPLICATION);
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
    uint8_t one[FRAMED_MAX];
    uint8_t other[FRAMED_MAX];
    struct framed_member member;
    struct seed seed;
    struct sotto_random random;
    struct sotto_writer w;
    struct framed_draft draft;
    size_t len;

    (void)state;
    /* The same state twice, as after a restart from an old copy. */
    framed_make(&draft, SOTTO_MLS_WIRE_PRIVATE_MESSAGE,
                SOTTO_MLS_CONTENT_APPLICATION);
    framed_start(&member);
    len = protect_private(&member, &draft, 0, one);
    framed_start(&member);
    seed_init(&seed, 6);
    random = seed_random(&seed);
    sotto_writer_init(&w, other, sizeof other);
    assert_int_equal(sotto_mls_private_protect(framed_suite(),
                                               sender_data_secret, &member.tree,
                                               &draft.content, 0, &random, &w),
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
    uint8_t message[FRAMED_MAX];
    struct framed_member member, before;
    struct sotto_writer w;
    struct framed_draft draft;
    size_t len;

    (void)state;
    framed_start(&member);
    before = member;
    framed_make(&draft, SOTTO_MLS_WIRE_PRIVATE_MESSAGE,
                SOTTO_MLS_CONTENT_APPLICATION);
    len = sotto_mls_private_len(&draft.content, 10);
    for (size_t cap = 0; cap < len; cap++) {
        sotto_writer_init(&w, message, cap);
        assert_int_equal(sotto_mls_private_protect(framed_suite(),
                                                   sender_data_secret,
                                                   &member.tree, &draft.content,
                                                   10, &none, &w),
                         SOTTO_ERR_SPACE);
    }
    sotto_writer_init(&w, message, len);
    assert_int_equal(sotto_mls_private_protect(framed_suite(),
                                               sender_data_secret, &member.tree,
                                               &draft.content, 10, &none, &w),
                     SOTTO_ERR_RANDOM);
    assert_int_equal(sotto_mls_private_protect(framed_suite(),
                                               sender_data_secret, &member.tree,
                                               &draft.content, SOTTO_VARINT_MAX,
                                               &none, &w),
                     SOTTO_ERR_LIMIT);
    draft.content.content.sender.type = SOTTO_MLS_SENDER_NEW_MEMBER_COMMIT;
    assert_int_equal(sotto_mls_private_protect(framed_suite(),
                                               sender_data_secret, &member.tree,
                                               &draft.content, 10, &none, &w),
                     SOTTO_ERR_FORMAT);
    assert_memory_equal(&member, &before, sizeof member);
}

static void test_mls_private_message_needs_room_to_open(void **state)
{
    struct sotto_mls_authenticated_content out;
    struct sotto_mls_message_key key;
    struct sotto_mls_message in;
    uint8_t message[FRAMED_MAX];
    uint8_t plain[FRAMED_MAX];
    struct framed_member member;
    struct framed_draft draft;

    (void)state;
    framed_start(&member);
    framed_make(&draft, SOTTO_MLS_WIRE_PRIVATE_MESSAGE,
                SOTTO_MLS_CONTENT_APPLICATION);
    size_t len = protect_private(&member, &draft, 0, message);
    assert_true(framed_read(message, len, SOTTO_MLS_WIRE_PRIVATE_MESSAGE, &in));
    size_t need = in.private_message.ciphertext.len - SOTTO_MLS_AEAD_TAG_LEN;
    framed_start(&member); /* as a receiver now */
    assert_int_equal(sotto_mls_private_unprotect(
                         framed_suite(), sender_data_secret, &member.tree,
                         &in.private_message, plain, need - 1, &out, &key),
                     SOTTO_ERR_SPACE);
    assert_int_equal(sotto_mls_private_unprotect(
                         framed_suite(), sender_data_secret, &member.tree,
                         &in.private_message, plain, need, &out, &key),
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
    uint8_t ciphertext[FRAMED_MAX];
    uint8_t data[12 + SOTTO_MLS_AEAD_TAG_LEN];
    uint8_t key_bytes[SOTTO_MLS_AEAD_KEY_MAX];
    uint8_t nonce[SOTTO_MLS_AEAD_NONCE_MAX];
    struct sotto_mls_message_key key;
    struct sotto_aead aead;
    struct framed_member member;
    struct sotto_writer w;

    framed_start(&member);
    assert_int_equal(sotto_mls_secret_tree_find(&member.tree, FRAMED_SENDER,
                                                SOTTO_MLS_RATCHET_APPLICATION,
                                                0, &key),
                     SOTTO_OK);
    sotto_aead_init(&aead, framed_suite()->aead, key.key);
    assert_int_equal(sotto_aead_seal(&aead, key.nonce, aad, sizeof aad, plain,
                                     len, ciphertext),
                     SOTTO_OK);
    sotto_mls_sender_data_key(framed_suite(), sender_data_secret,
                              (struct sotto_span){ciphertext,
                                                  len + SOTTO_MLS_AEAD_TAG_LEN},
                              key_bytes, nonce);
    sotto_writer_init(&w, data, sizeof data);
    sotto_write_u32(&w, leaf);
    sotto_write_u32(&w, generation);
    sotto_write_u32(&w, 0);
    sotto_aead_init(&aead, framed_suite()->aead, key_bytes);
    assert_int_equal(sotto_aead_seal(&aead, nonce, aad, sizeof aad - 1, data,
                                     12, data),
                     SOTTO_OK);
    sotto_writer_init(&w, out, FRAMED_MAX);
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
    uint8_t message[FRAMED_MAX];
    uint8_t opened[FRAMED_MAX];
    struct framed_member member;
    size_t message_len = seal_any(plain, len, leaf, generation, message);

    enum sotto_err err;

    framed_start(&member);
    memset(opened, 0, sizeof opened);
    assert_true(
        framed_read(message, message_len, SOTTO_MLS_WIRE_PRIVATE_MESSAGE, &in));
    err = sotto_mls_private_unprotect(framed_suite(), sender_data_secret,
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
    assert_int_equal(open_any(plain, sizeof plain, FRAMED_SENDER, 0), SOTTO_OK);
    assert_int_equal(open_any(plain, 6, FRAMED_SENDER, 0), SOTTO_OK);
    assert_int_equal(open_any(plain, 5, FRAMED_SENDER, 0), SOTTO_ERR_FORMAT);
    assert_int_equal(open_any(plain, 0, FRAMED_SENDER, 0), SOTTO_ERR_FORMAT);
    for (size_t i = 6; i < sizeof plain; i++) {
        plain[i] = 1;
        assert_int_equal(open_any(plain, sizeof plain, FRAMED_SENDER, 0),
                         SOTTO_ERR_FORMAT);
        plain[i] = 0;
    }
}

static void test_mls_private_message_refuses_odd_sender_data(void **state)
{
    static const uint8_t plain[] = {2, 'h', 'i', 2, 0xaa, 0xbb};

    (void)state;
    assert_int_equal(open_any(plain, sizeof plain, FRAMED_MEMBERS, 0),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(open_any(plain, sizeof plain, UINT32_MAX, 0),
                     SOTTO_ERR_FORMAT);
    assert_int_equal(open_any(plain, sizeof plain, FRAMED_SENDER, 9),
                     SOTTO_ERR_LIMIT);
    assert_int_equal(open_any(plain, sizeof plain, FRAMED_SENDER, 1),
                     SOTTO_ERR_AUTH);
    assert_int_equal(open_any(plain, sizeof plain, FRAMED_SENDER + 1, 0),
                     SOTTO_ERR_AUTH);
}

int test_mls_framing_private(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mls_private_message_comes_back),
        cmocka_unit_test(test_mls_private_message_may_come_late),
        cmocka_unit_test(test_mls_private_message_refuses_every_changed_bit),
        cmocka_unit_test(test_mls_private_message_differs_by_its_guard),
        cmocka_unit_test(test_mls_private_message_takes_no_key_in_vain),
        cmocka_unit_test(test_mls_private_message_needs_room_to_open),
        cmocka_unit_test(test_mls_private_message_refuses_bad_padding),
        cmocka_unit_test(test_mls_private_message_refuses_odd_sender_data),
    };

    return cmocka_run_group_tests_name("mls_framing_private", tests, NULL,
                                       NULL);
}
