#include "tests/constant_time/mls.h"
#include "tests/constant_time/secrets.h"

#include "core/mls/codec.h"
#include "core/mls/framing.h"
#include "core/mls/schedule.h"
#include "core/mls/transcript.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MESSAGE_MAX 600
#define MEMBERS     4

static const struct sotto_span context = {(const uint8_t *)"context", 7};

static const struct sotto_mls_suite *suite(void)
{
    return sotto_mls_suite_find(SOTTO_MLS_SUITE_P256_AES128GCM);
}

/* From one epoch's secret to all of the next one's. */
void test_constant_time_mls_schedule(void **state)
{
    uint8_t secret[SOTTO_MLS_HASH_MAX];
    uint8_t other[SOTTO_MLS_HASH_MAX];
    uint8_t exported[40];
    struct sotto_mls_epoch_secrets epoch;

    (void)state;
    secrets_make(secret, sizeof secret, 1);
    secrets_make(other, sizeof other, 2);
    sotto_mls_joiner_secret(suite(), secret, other, context, secret);
    sotto_mls_member_secret(suite(), secret, other, secret);
    sotto_mls_welcome_secret(suite(), secret, other);
    sotto_mls_epoch_secret(suite(), secret, context, secret);
    sotto_mls_epoch_derive(suite(), secret, &epoch, other);
    assert_int_equal(sotto_mls_exporter(suite(), epoch.exporter_secret, "label",
                                        context, exported, sizeof exported),
                     SOTTO_OK);
    sotto_mls_epoch_secrets_wipe(&epoch);
}

struct member {
    struct sotto_mls_secret_tree tree;
    uint64_t memory[512];
};

static void start(struct member *member)
{
    const struct sotto_mls_secret_config config = {.members = MEMBERS,
                                                   .kept = 4,
                                                   .window = 4,
                                                   .forward = 4};
    uint8_t secret[SOTTO_MLS_HASH_MAX];

    assert_true(sotto_mls_secret_tree_size(&config) <= sizeof member->memory);
    sotto_mls_secret_tree_init(&member->tree, member->memory, suite(), &config);
    secrets_make(secret, sizeof secret, 4);
    sotto_mls_secret_tree_start(&member->tree, MEMBERS, secret);
}

static enum sotto_err draw(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    secrets_make(out, len, 9);
    return SOTTO_OK;
}

/* What a member says, in either way of framing. */
static struct sotto_mls_authenticated_content content_of(uint16_t wire_format,
                                                         uint8_t type,
                                                         struct sotto_span text)
{
    return (struct sotto_mls_authenticated_content){
        .wire_format = wire_format,
        .content = {.group_id = {(const uint8_t *)"group", 5},
                    .epoch = 1,
                    .sender = {SOTTO_MLS_SENDER_MEMBER, 1},
                    .content_type = type,
                    .content = text},
        .auth = {.signature = {(const uint8_t *)"signature", 9}},
    };
}

static struct sotto_mls_message read_message(const uint8_t *in, size_t len)
{
    struct sotto_mls_message message;
    struct sotto_reader r;

    sotto_reader_init(&r, in, len);
    sotto_mls_read_message(&r, &message);
    assert_int_equal(sotto_reader_finish(&r), SOTTO_OK);
    return message;
}

/* Three messages, opened in the opposite order; and each changed before. */
void test_constant_time_mls_messages(void **state)
{
    static struct member sender;
    static struct member receiver;
    static uint8_t bytes[3][MESSAGE_MAX];
    size_t lens[3];
    uint8_t secret[SOTTO_MLS_HASH_MAX];
    uint8_t text[30];
    const struct sotto_random random = {NULL, draw};
    const struct sotto_mls_authenticated_content said =
        content_of(SOTTO_MLS_WIRE_PRIVATE_MESSAGE,
                   SOTTO_MLS_CONTENT_APPLICATION,
                   (struct sotto_span){text, sizeof text});

    (void)state;
    secrets_make(secret, sizeof secret, 3);
    secrets_make(text, sizeof text, 5);
    start(&sender);
    start(&receiver);
    for (size_t i = 0; i < 3; i++) {
        struct sotto_writer w;

        sotto_writer_init(&w, bytes[i], sizeof bytes[i]);
        assert_int_equal(sotto_mls_private_protect(suite(), secret,
                                                   &sender.tree, &said, 10,
                                                   &random, &w),
                         SOTTO_OK);
        lens[i] = w.len;
        secrets_show(bytes[i], lens[i]);
    }
    for (size_t i = 6; i > 0; i--) {
        const size_t at = (i - 1) / 2;
        const bool is_changed = i % 2 == 0;
        struct sotto_mls_authenticated_content heard;
        struct sotto_mls_message_key key;
        uint8_t plain[MESSAGE_MAX];

        bytes[at][lens[at] - 1] ^= 1; /* the second time: as it was */
        const struct sotto_mls_message message =
            read_message(bytes[at], lens[at]);
        enum sotto_err err =
            sotto_mls_private_unprotect(suite(), secret, &receiver.tree,
                                        &message.private_message, plain,
                                        sizeof plain, &heard, &key);
        assert_int_equal(err, is_changed ? SOTTO_ERR_AUTH : SOTTO_OK);
        if (err == SOTTO_OK) {
            sotto_mls_secret_tree_consume(&receiver.tree, &key);
        }
        sotto_mls_message_key_wipe(&key);
    }
    sotto_mls_secret_tree_wipe(&sender.tree);
    sotto_mls_secret_tree_wipe(&receiver.tree);
}

/* Membership and confirmation: a right tag, and wrong ones. */
void test_constant_time_mls_tags(void **state)
{
    static const uint8_t proposal[] = {0, 3, 0, 0, 0, 3}; /* Remove */
    uint8_t key[SOTTO_MLS_HASH_MAX];
    uint8_t tag[SOTTO_MLS_HASH_MAX];
    uint8_t bytes[MESSAGE_MAX];
    struct sotto_writer w;
    struct sotto_mls_authenticated_content heard;
    const struct sotto_mls_authenticated_content said =
        content_of(SOTTO_MLS_WIRE_PUBLIC_MESSAGE, SOTTO_MLS_CONTENT_PROPOSAL,
                   (struct sotto_span){proposal, sizeof proposal});

    (void)state;
    secrets_make(key, sizeof key, 6);
    sotto_writer_init(&w, bytes, sizeof bytes);
    assert_int_equal(sotto_mls_public_protect(suite(), key, &said, context, &w),
                     SOTTO_OK);
    secrets_show(bytes, w.len);
    sotto_mls_confirmation_tag(suite(), key, context, tag);
    secrets_show(tag, sizeof tag);
    for (int round = 0; round < 2; round++) {
        const enum sotto_err expected = round == 0 ? SOTTO_OK : SOTTO_ERR_AUTH;
        const struct sotto_mls_message message = read_message(bytes, w.len);

        assert_int_equal(sotto_mls_public_unprotect(suite(), key,
                                                    &message.public_message,
                                                    context, &heard),
                         expected);
        assert_int_equal(sotto_mls_confirmation_check(
                             suite(), key, context,
                             (struct sotto_span){tag, suite()->hash_len}),
                         expected);
        bytes[w.len - 1] ^= 1;
        tag[0] ^= 1;
    }
}
