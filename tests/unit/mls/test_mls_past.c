/*
 * test_mls_past.c - late messages: of epochs that are over, as many as are
 * kept.
 */
#include "tests/unit/mls/party.h"
#include <string.h>

static uint8_t late[4][1024]; /* messages that come too late */
static struct sotto_mls_buffer letters[4];

static int setup(void **state)
{
    for (int i = 0; i < 4; i++) {
        letters[i] = (struct sotto_mls_buffer){late[i], sizeof late[i], 0};
    }
    return party_setup(state);
}

static enum sotto_err receive(struct party_member *member,
                              const struct sotto_mls_buffer *in,
                              struct sotto_mls_event *event)
{
    return sotto_mls_receive(member->group, &party_client, party_span(in),
                             event);
}

static void assert_reads(struct party_member *member,
                         const struct sotto_mls_buffer *in, const char *words)
{
    struct sotto_mls_event event;

    party_deliver(member, party_span(in), &event);
    assert_int_equal(event.type, SOTTO_MLS_EVENT_APPLICATION);
    assert_int_equal(event.data.len, strlen(words));
    assert_memory_equal(event.data.at, words, strlen(words));
}

static void test_past_epoch_gives_late_messages(void **state)
{
    struct sotto_mls_event event;

    (void)state;
    party_of(3);
    party_seal(&party[0], "one", &letters[0]);
    party_seal(&party[0], "two", &letters[1]);
    party_commit(&party[1], NULL, true, true);
    party_commit(&party[0], NULL, true, false);
    party_say(&party[0], "now");
    assert_reads(&party[1], &letters[1], "two");
    assert_reads(&party[1], &letters[0], "one");
    assert_int_equal(receive(&party[1], &letters[0], &event), SOTTO_ERR_REPLAY);
    assert_reads(&party[2], &letters[0], "one");
}

static void test_past_epoch_is_gone_after_so_many(void **state)
{
    struct sotto_mls_event event;

    (void)state;
    party_of(2);
    for (uint32_t i = 0; i <= party_config.past_epochs; i++) {
        party_seal(&party[0], "late", &letters[i]);
        party_commit(&party[1], NULL, true, true);
    }
    assert_int_equal(receive(&party[1], &letters[0], &event), SOTTO_ERR_REPLAY);
    assert_reads(&party[1], &letters[1], "late");
    assert_reads(&party[1], &letters[2], "late");
}

static void test_past_epoch_knows_who_sent(void **state)
{
    struct sotto_mls_event event;
    struct sotto_mls_member member;
    uint8_t key[65];
    uint32_t leaf;

    (void)state;
    party_of(3);
    leaf = sotto_mls_group_me(party[2].group);
    assert_true(sotto_mls_group_next_member(party[0].group, leaf, &member));
    memcpy(key, member.signature_key.at, sizeof key);
    party_seal(&party[2], "farewell", &letters[0]);
    party_remove(&party[0], &party[2]);
    party_add(&party[0], &party[3], true); /* takes the same leaf */
    assert_int_equal(sotto_mls_group_me(party[3].group), leaf);
    party_deliver(&party[0], party_span(&letters[0]), &event);
    assert_int_equal(event.sender, leaf);
    assert_int_equal(event.epoch, sotto_mls_group_epoch(party[0].group) - 2);
    assert_int_equal(event.signature_key.len, sizeof key);
    assert_memory_equal(event.signature_key.at, key, sizeof key);
    /* Who came later has no keys of that epoch. */
    assert_int_equal(receive(&party[3], &letters[0], &event), SOTTO_ERR_REPLAY);
}

static void test_past_epoch_takes_no_handshake(void **state)
{
    const struct sotto_mls_change update = {.type = SOTTO_MLS_PROPOSAL_UPDATE};
    const struct sotto_mls_sending how = {.is_public = false};
    struct sotto_mls_event event;

    (void)state;
    party_of(3);
    assert_int_equal(sotto_mls_propose(party[2].group, &party_client, &how,
                                       &update, &letters[0]),
                     SOTTO_OK);
    party_commit(&party[1], NULL, true, true);
    assert_int_equal(receive(&party[0], &letters[0], &event), SOTTO_ERR_REPLAY);
}

static void test_past_epoch_can_be_forgotten(void **state)
{
    struct sotto_mls_event event;
    uint64_t epoch;

    (void)state;
    party_of(2);
    party_seal(&party[0], "first", &letters[0]);
    party_commit(&party[1], NULL, true, true);
    epoch = sotto_mls_group_epoch(party[1].group);
    party_seal(&party[0], "second", &letters[1]);
    party_commit(&party[1], NULL, true, true);
    sotto_mls_forget_past(party[1].group, epoch);
    assert_int_equal(receive(&party[1], &letters[0], &event), SOTTO_ERR_REPLAY);
    assert_reads(&party[1], &letters[1], "second");
}

static void test_past_epoch_outlives_reinit(void **state)
{
    const struct sotto_mls_change reinit = {.type = SOTTO_MLS_PROPOSAL_REINIT,
                                            .bytes = party_text("next"),
                                            .cipher_suite =
                                                SOTTO_MLS_SUITE_P256_AES128GCM};
    struct sotto_mls_event event;

    (void)state;
    party_of(2);
    party_seal(&party[0], "last words", &letters[0]);
    party_commit(&party[0], &reinit, false, true);
    assert_reads(&party[1], &letters[0], "last words");
    assert_int_equal(receive(&party[1],
                             &(struct sotto_mls_buffer){party_message, 0, 0},
                             &event),
                     SOTTO_ERR_FORMAT);
}

/* Saves a member and loads it into a group of another configuration. */
static struct sotto_mls_group *reload(struct party_member *member,
                                      struct sotto_mls_config config)
{
    static uint64_t memory[PARTY_MEMORY];
    static uint8_t saved[PARTY_MESSAGE_MAX];
    static uint8_t again[PARTY_MESSAGE_MAX];
    struct sotto_mls_buffer out = {saved, sizeof saved, 0};
    struct sotto_mls_buffer twice = {again, sizeof again, 0};
    struct sotto_mls_group *group = sotto_mls_group_init(memory, &config);

    assert_int_equal(sotto_mls_group_save(member->group, &out), SOTTO_OK);
    assert_int_equal(sotto_mls_group_load(group, party_span(&out)), SOTTO_OK);
    assert_int_equal(sotto_mls_group_save(group, &twice), SOTTO_OK);
    if (config.past_epochs >= party_config.past_epochs) {
        assert_int_equal(twice.len, out.len);
    }
    return group;
}

static void test_past_epochs_are_saved(void **state)
{
    struct sotto_mls_config config = party_config;
    struct sotto_mls_event event;

    (void)state;
    party_of(2);
    party_seal(&party[0], "first", &letters[0]);
    party_commit(&party[1], NULL, true, true);
    party_seal(&party[0], "second", &letters[1]);
    party_commit(&party[1], NULL, true, true);
    config.past_epochs = 5;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sotto_mls_receive(reload(&party[1], config),
                                           &party_client,
                                           party_span(&letters[i]), &event),
                         SOTTO_OK);
    }
    config.past_epochs = 1;
    assert_int_equal(sotto_mls_receive(reload(&party[1], config), &party_client,
                                       party_span(&letters[1]), &event),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_receive(reload(&party[1], config), &party_client,
                                       party_span(&letters[0]), &event),
                     SOTTO_ERR_REPLAY);
    config.past_epochs = 0;
    assert_int_equal(sotto_mls_receive(reload(&party[1], config), &party_client,
                                       party_span(&letters[1]), &event),
                     SOTTO_ERR_REPLAY);
}

int test_mls_past(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_past_epoch_gives_late_messages, setup),
        cmocka_unit_test_setup(test_past_epoch_is_gone_after_so_many, setup),
        cmocka_unit_test_setup(test_past_epoch_knows_who_sent, setup),
        cmocka_unit_test_setup(test_past_epoch_takes_no_handshake, setup),
        cmocka_unit_test_setup(test_past_epoch_can_be_forgotten, setup),
        cmocka_unit_test_setup(test_past_epoch_outlives_reinit, setup),
        cmocka_unit_test_setup(test_past_epochs_are_saved, setup),
    };

    return cmocka_run_group_tests_name("mls_past", tests, NULL, NULL);
}
