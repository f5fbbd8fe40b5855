/*
 * test_mls_room.c - what a group says where there is no room: each buffer too
 * small, by any number of bytes, too little scratch; random bytes that fail, each
 * in its turn; and no group at all. Nothing has changed then, and a call with
 * room does what it should.
 */
#include "tests/unit/mls/party.h"
#include <string.h>

#define OUT_MAX 4096
#define SHORTER 16 /* how much signatures may be from one time to another */

/* One that writes into a buffer. */
struct call {
    const char *name;
    enum sotto_err (*make)(struct sotto_mls_buffer *out);
    bool uses_scratch;
    bool uses_random;
};

static uint8_t out_bytes[OUT_MAX];
static uint64_t before[PARTY_MEMORY];
static uint8_t info_bytes[OUT_MAX];
static struct sotto_mls_buffer info; /* a GroupInfo of the group */
static unsigned fail_in;             /* calls for random bytes; 0: never */

/* ---- random bytes that fail ---- */

static const struct sotto_random *chance; /* the party's */

static enum sotto_err fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    if (fail_in > 0 && --fail_in == 0) {
        return SOTTO_ERR_RANDOM;
    }
    return chance->fill(chance->ctx, out, len);
}

static const struct sotto_random failing = {NULL, fill};

/* ---- the calls ---- */

static enum sotto_err protect(struct sotto_mls_buffer *out)
{
    const struct sotto_mls_sending how = {.padding = 5};
    return sotto_mls_protect(party[0].group, &party_client, &how,
                             party_text("words"), out);
}

static enum sotto_err propose(uint16_t type, bool is_public,
                              struct sotto_mls_buffer *out)
{
    const struct sotto_mls_sending how = {.is_public = is_public};
    struct sotto_mls_change change = {.type = type, .leaf = 1};
    if (type == SOTTO_MLS_PROPOSAL_ADD) {
        change.bytes = party_span(&party[3].package_out);
    }
    if (type == SOTTO_MLS_PROPOSAL_PSK) {
        change.psk = (struct sotto_mls_psk_id){.type = SOTTO_MLS_PSK_EXTERNAL,
                                               .id = party_text("p")};
    }
    if (type == SOTTO_MLS_PROPOSAL_REINIT) {
        change.bytes = party_text("next");
        change.cipher_suite = SOTTO_MLS_SUITE_P256_AES128GCM;
    }
    return sotto_mls_propose(party[0].group, &party_client, &how, &change, out);
}

static enum sotto_err propose_add(struct sotto_mls_buffer *out)
{
    return propose(SOTTO_MLS_PROPOSAL_ADD, false, out);
}

static enum sotto_err propose_update(struct sotto_mls_buffer *out)
{
    return propose(SOTTO_MLS_PROPOSAL_UPDATE, true, out);
}

static enum sotto_err propose_remove(struct sotto_mls_buffer *out)
{
    return propose(SOTTO_MLS_PROPOSAL_REMOVE, true, out);
}

static enum sotto_err propose_psk(struct sotto_mls_buffer *out)
{
    return propose(SOTTO_MLS_PROPOSAL_PSK, false, out);
}

static enum sotto_err propose_reinit(struct sotto_mls_buffer *out)
{
    return propose(SOTTO_MLS_PROPOSAL_REINIT, true, out);
}

/* A commit that adds one; one of its three buffers is `out`. */
static enum sotto_err commit(size_t which, struct sotto_mls_buffer *out)
{
    const struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_ADD,
                                            .bytes = party_span(
                                                &party[3].package_out)};
    const struct sotto_mls_plan plan = {.changes = &change,
                                        .count = 1,
                                        .with_path = true,
                                        .with_tree = true};
    struct sotto_mls_made made = {{party_message, PARTY_MESSAGE_MAX, 0},
                                  {party_welcome, PARTY_MESSAGE_MAX, 0},
                                  {party_pending, PARTY_MESSAGE_MAX, 0}};
    struct sotto_mls_buffer *const buffers[] = {&made.message, &made.welcome,
                                                &made.pending};
    *buffers[which] = *out;
    enum sotto_err err =
        sotto_mls_commit_make(party[0].group, &party_client, &plan, &made);
    *out = *buffers[which];
    return err;
}

static enum sotto_err commit_message(struct sotto_mls_buffer *out)
{
    return commit(0, out);
}

static enum sotto_err commit_welcome(struct sotto_mls_buffer *out)
{
    return commit(1, out);
}

static enum sotto_err commit_pending(struct sotto_mls_buffer *out)
{
    return commit(2, out);
}

static enum sotto_err group_info(struct sotto_mls_buffer *out)
{
    return sotto_mls_group_info_make(party[0].group, &party_client, true, out);
}

static enum sotto_err group_tree(struct sotto_mls_buffer *out)
{
    return sotto_mls_group_tree(party[0].group, out);
}

static enum sotto_err join_external(struct sotto_mls_buffer *out)
{
    const struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_PSK,
                                            .psk = {.type =
                                                        SOTTO_MLS_PSK_EXTERNAL,
                                                    .id = party_text("p")}};
    const struct sotto_mls_plan plan = {.changes = &change, .count = 1};
    struct sotto_mls_member_keys keys = party_keys(&party[3]);
    enum sotto_err err =
        sotto_mls_join_external(party[3].group, &party_client, &keys,
                                party_span(&info), (struct sotto_span){NULL, 0},
                                &plan, out);
    if (err == SOTTO_OK) {
        sotto_mls_group_wipe(party[3].group);
    }
    return err;
}

static enum sotto_err propose_self(struct sotto_mls_buffer *out)
{
    struct sotto_mls_outside outside;
    struct sotto_mls_member_keys keys = party_keys(&party[3]);
    assert_int_equal(sotto_mls_group_info_read(party_span(&info), &outside),
                     SOTTO_OK);
    return sotto_mls_propose_self(&party_client, &outside, &keys, out);
}

static enum sotto_err key_package(struct sotto_mls_buffer *out)
{
    const struct sotto_mls_identity identity = party_identity(&party[4]);
    return sotto_mls_key_package_make(&party_client,
                                      SOTTO_MLS_SUITE_P256_AES128GCM, &identity,
                                      &party[4].keys, out);
}

static const struct call calls[] = {
    {"protect", protect, false, true},
    {"propose add", propose_add, true, true},
    {"propose update", propose_update, true, true},
    {"propose remove", propose_remove, true, false},
    {"propose psk", propose_psk, true, true},
    {"propose reinit", propose_reinit, true, false},
    {"commit message", commit_message, true, true},
    {"commit welcome", commit_welcome, true, true},
    {"commit pending", commit_pending, true, true},
    {"group info", group_info, false, false},
    {"group tree", group_tree, false, false},
    {"join external", join_external, true, true},
    {"propose self", propose_self, false, false},
    {"key package", key_package, false, true},
};
#define CALLS (sizeof calls / sizeof *calls)

/* ---- what must hold ---- */

/* Three are in the group; one has a key package, and a GroupInfo. */
static int begin(void **state)
{
    (void)party_setup(state);
    party_of(3);
    party_make_package(&party[3]);
    chance = party_client.random;
    fail_in = 0;
    info = (struct sotto_mls_buffer){info_bytes, sizeof info_bytes, 0};
    assert_int_equal(group_info(&info), SOTTO_OK);
    memcpy(before, party[0].memory, sizeof before);
    return 0;
}

static enum sotto_err make(const struct call *call, size_t cap, size_t *len)
{
    struct sotto_mls_buffer out = {out_bytes, cap, 0};
    enum sotto_err err = call->make(&out);
    *len = out.len;
    if (err != SOTTO_OK) {
        assert_memory_equal(before, party[0].memory, sizeof before);
    }
    memcpy(party[0].memory, before, sizeof before);
    return err;
}

static void test_room_each_buffer_is_too_small(void **state)
{
    (void)state;
    for (size_t i = 0; i < CALLS; i++) {
        size_t needs = 0;
        size_t len = 0;
        assert_int_equal(make(&calls[i], OUT_MAX, &needs), SOTTO_OK);
        /* By one byte at first, then by more. */
        assert_true(needs > SHORTER);
        for (size_t cap = 0; cap < needs - SHORTER; cap += 1 + cap / 4) {
            assert_int_equal(make(&calls[i], cap, &len), SOTTO_ERR_SPACE);
        }
    }
}

static void test_room_scratch_is_too_small(void **state)
{
    (void)state;
    size_t len = 0;
    party_client.scratch_len = sotto_mls_scratch_size(&party_config) - 1;
    for (size_t i = 0; i < CALLS; i++) {
        const enum sotto_err err = make(&calls[i], OUT_MAX, &len);
        assert_int_equal(err,
                         calls[i].uses_scratch ? SOTTO_ERR_SPACE : SOTTO_OK);
    }
}

static void test_room_random_bytes_fail_each_in_its_turn(void **state)
{
    (void)state;
    party_client.random = &failing;
    for (size_t i = 0; i < CALLS; i++) {
        unsigned nth = 1;
        size_t len = 0;
        for (;; nth++) {
            fail_in = nth;
            const enum sotto_err err = make(&calls[i], OUT_MAX, &len);
            if (fail_in > 0) { /* it did not ask so often */
                assert_int_equal(err, SOTTO_OK);
                break;
            }
            assert_int_equal(err, SOTTO_ERR_RANDOM);
        }
        assert_true((nth > 1) == calls[i].uses_random);
        fail_in = 0;
    }
}

static void test_room_there_is_no_group(void **state)
{
    (void)state;
    size_t len = 0;
    sotto_mls_group_wipe(party[0].group);
    memcpy(before, party[0].memory, sizeof before);
    for (size_t i = 0; i < CALLS; i++) {
        const bool needs_none = calls[i].make == join_external ||
                                calls[i].make == propose_self ||
                                calls[i].make == key_package;
        assert_int_equal(make(&calls[i], OUT_MAX, &len),
                         needs_none ? SOTTO_OK : SOTTO_ERR_DENIED);
    }
}

/* Messages are told apart by their epochs: the last has no next. */
static void test_room_no_epoch_follows_the_last(void **state)
{
    (void)state;
    party[0].group->context.epoch = UINT64_MAX;
    memcpy(before, party[0].memory, sizeof before);
    for (int with_path = 0; with_path < 2; with_path++) {
        const struct sotto_mls_plan plan = {.with_path = with_path == 1};
        assert_int_equal(party_try(&party[0], &plan), SOTTO_ERR_LIMIT);
        assert_memory_equal(before, party[0].memory, sizeof before);
    }
}

int test_mls_room(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
    const struct CMUnitTest tests[] = {
        TEST(test_room_each_buffer_is_too_small),
        TEST(test_room_scratch_is_too_small),
        TEST(test_room_random_bytes_fail_each_in_its_turn),
        TEST(test_room_there_is_no_group),
        TEST(test_room_no_epoch_follows_the_last),
    };
#undef TEST
    return cmocka_run_group_tests_name("mls_room", tests, NULL, NULL);
}
