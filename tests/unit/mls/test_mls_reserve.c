/*
 * test_mls_reserve.c - keys that are reserved before they are used: whoever
 * goes back to what was saved uses none twice.
 */
#include "tests/unit/mls/party.h"
#include <string.h>

static uint8_t saved[PARTY_MESSAGE_MAX];
static struct sotto_mls_buffer state_out;

static int setup(void **state)
{
    party_setup(state);
    state_out = (struct sotto_mls_buffer){saved, sizeof saved, 0};
    party_of(3);
    return 0;
}

static void reserve(uint32_t count)
{
    assert_int_equal(sotto_mls_reserve(party[0].group, count), SOTTO_OK);
    assert_int_equal(sotto_mls_group_save(party[0].group, &state_out),
                     SOTTO_OK);
}

/* Power is lost; what was saved is there. */
static void crash(void)
{
    sotto_mls_group_wipe(party[0].group);
    assert_int_equal(sotto_mls_group_load(party[0].group,
                                          party_span(&state_out)),
                     SOTTO_OK);
}

static enum sotto_err try_to_say(void)
{
    const struct sotto_mls_sending how = {.padding = 0};
    struct sotto_mls_buffer out = {party_message, PARTY_MESSAGE_MAX, 0};

    return sotto_mls_protect(party[0].group, &party_client, &how,
                             party_text("?"), &out);
}

static uint32_t generation(enum sotto_mls_ratchet_kind kind)
{
    return sotto_mls_secret_tree_generation(&party[0].group->secret_tree, 0,
                                            kind);
}

/* So it would be without. */
static void test_old_state_uses_key_twice_when_nothing_is_reserved(void **state)
{
    struct sotto_mls_buffer out = {party_message, PARTY_MESSAGE_MAX, 0};
    struct sotto_mls_event event;

    (void)state;
    assert_int_equal(sotto_mls_group_save(party[0].group, &state_out),
                     SOTTO_OK);
    party_say(&party[0], "once");
    crash();
    party_seal(&party[0], "again", &out);
    assert_int_equal(sotto_mls_receive(party[1].group, &party_client,
                                       party_span(&out), &event),
                     SOTTO_ERR_REPLAY);
}

static void test_old_state_goes_on_behind_what_was_reserved(void **state)
{
    (void)state;
    reserve(5);
    party_say(&party[0], "one");
    party_say(&party[0], "two");
    crash();
    assert_int_equal(generation(SOTTO_MLS_RATCHET_APPLICATION), 5);
    assert_int_equal(try_to_say(), SOTTO_ERR_LIMIT);
    reserve(2);
    party_say(&party[0], "after the first crash");
    crash();
    assert_int_equal(generation(SOTTO_MLS_RATCHET_APPLICATION), 7);
    reserve(2);
    party_say(&party[0], "after the second");
}

static void test_handshakes_are_reserved_too(void **state)
{
    const struct sotto_mls_sending how = {.is_public = false};
    const struct sotto_mls_change update = {.type = SOTTO_MLS_PROPOSAL_UPDATE};
    struct sotto_mls_buffer out = {party_message, PARTY_MESSAGE_MAX, 0};

    (void)state;
    reserve(1);
    assert_int_equal(sotto_mls_propose(party[0].group, &party_client, &how,
                                       &update, &out),
                     SOTTO_OK);
    party_deliver_to_others(&party[0], party_span(&out));
    assert_int_equal(sotto_mls_propose(party[0].group, &party_client, &how,
                                       &update, &out),
                     SOTTO_ERR_LIMIT);
    crash();
    assert_int_equal(generation(SOTTO_MLS_RATCHET_HANDSHAKE), 1);
    reserve(1);
    party_commit(&party[0], NULL, true, false);
}

static void test_nothing_goes_out_that_was_not_reserved(void **state)
{
    const struct sotto_mls_plan plan = {.with_path = true};

    (void)state;
    reserve(2);
    assert_int_equal(try_to_say(), SOTTO_OK);
    assert_int_equal(try_to_say(), SOTTO_OK);
    assert_int_equal(try_to_say(), SOTTO_ERR_LIMIT);
    reserve(0);
    assert_int_equal(try_to_say(), SOTTO_ERR_LIMIT);
    assert_int_equal(party_try(&party[0], &plan), SOTTO_ERR_LIMIT);
    party_commit(&party[0], NULL, true, true); /* public: without a key */
}

/* Going through a commit once more, one comes to the same epoch again. */
static void test_new_epoch_begins_with_nothing_reserved(void **state)
{
    (void)state;
    reserve(5);
    party_commit(&party[1], NULL, true, true);
    assert_int_equal(try_to_say(), SOTTO_ERR_LIMIT);
    reserve(1);
    assert_int_equal(try_to_say(), SOTTO_OK);
}

static void test_reserving_has_a_limit(void **state)
{
    (void)state;
    assert_int_equal(sotto_mls_reserve(party[0].group,
                                       SOTTO_MLS_RESERVE_MAX + 1),
                     SOTTO_ERR_LIMIT);
    assert_int_equal(try_to_say(), SOTTO_OK);
    reserve(SOTTO_MLS_RESERVE_MAX);
    crash();
    assert_int_equal(generation(SOTTO_MLS_RATCHET_HANDSHAKE),
                     SOTTO_MLS_RESERVE_MAX);
    party[0].group->reserved[0] += SOTTO_MLS_RESERVE_MAX + 1;
    assert_int_equal(sotto_mls_group_save(party[0].group, &state_out),
                     SOTTO_OK);
    sotto_mls_group_wipe(party[0].group);
    assert_int_equal(sotto_mls_group_load(party[0].group,
                                          party_span(&state_out)),
                     SOTTO_ERR_FORMAT);
}

static void test_reserving_needs_a_group(void **state)
{
    (void)state;
    assert_int_equal(sotto_mls_reserve(party[4].group, 1), SOTTO_ERR_DENIED);
}

/* All who may send have sent. */
static void test_reserving_needs_room_for_our_keys(void **state)
{
    static uint64_t memory[PARTY_MEMORY];
    struct sotto_mls_config config = party_config;
    struct sotto_mls_group *group;

    (void)state;
    config.senders = 1;
    group = sotto_mls_group_init(memory, &config);
    assert_int_equal(sotto_mls_group_save(party[1].group, &state_out),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_group_load(group, party_span(&state_out)),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_reserve(group, 1), SOTTO_OK);
    sotto_mls_group_wipe(group);
    assert_int_equal(sotto_mls_group_load(group, party_span(&state_out)),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_secret_tree_forward(&group->secret_tree, 0,
                                                   SOTTO_MLS_RATCHET_HANDSHAKE,
                                                   0),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_reserve(group, 1), SOTTO_ERR_SPACE);
}

int test_mls_reserve(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(
            test_old_state_uses_key_twice_when_nothing_is_reserved, setup),
        cmocka_unit_test_setup(test_old_state_goes_on_behind_what_was_reserved,
                               setup),
        cmocka_unit_test_setup(test_handshakes_are_reserved_too, setup),
        cmocka_unit_test_setup(test_nothing_goes_out_that_was_not_reserved,
                               setup),
        cmocka_unit_test_setup(test_new_epoch_begins_with_nothing_reserved,
                               setup),
        cmocka_unit_test_setup(test_reserving_has_a_limit, setup),
        cmocka_unit_test_setup(test_reserving_needs_a_group, setup),
        cmocka_unit_test_setup(test_reserving_needs_room_for_our_keys, setup),
    };

    return cmocka_run_group_tests_name("mls_reserve", tests, NULL, NULL);
}
