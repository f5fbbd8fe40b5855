/*
 * test_mls_group.c - groups among themselves: members made of the library
 * alone, who create, add, remove, update, and talk.
 */
#include "core/crypto/drbg.h"
#include "core/mls/group.h"
#include "tests/unit/test.h"
#include <sotto/mls.h>
#include <string.h>

#define CLIENTS 6

static const struct sotto_mls_config config = {.members = 8,
                                               .leaf_len = 320,
                                               .context_len = 64,
                                               .proposals = 8,
                                               .proposal_bytes = 2048,
                                               .past_psks = 2,
                                               .message_len = 8192,
                                               .kept = 4,
                                               .window = 8,
                                               .forward = 8};

/* One client in one group; everybody shares the scratch. */
struct member {
    uint64_t memory[2560];
    struct sotto_mls_group *group;
    uint8_t package[512];
    struct sotto_mls_buffer package_out;
    struct sotto_mls_package_keys keys;
    uint8_t signature_private[32];
    bool is_in;
};

static struct member members[CLIENTS];
static uint64_t before[2560];
static uint64_t scratch[4096];
static uint8_t message[8192];
static uint8_t welcome[8192];
static uint8_t pending[8192];
static struct sotto_drbg drbg;

static enum sotto_err fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    while (len > 0) {
        size_t some = len < 32 ? len : 32;

        sotto_drbg_next(&drbg, out, some);
        out += some;
        len -= some;
    }
    return SOTTO_OK;
}

static const uint8_t psk_bytes[] = "a key that all of us know";

static enum sotto_err find_psk(void *ctx, const struct sotto_mls_psk_id *id,
                               struct sotto_span *psk)
{
    (void)ctx;
    if (id->type != SOTTO_MLS_PSK_EXTERNAL &&
        id->usage == SOTTO_MLS_USAGE_APPLICATION) {
        return SOTTO_ERR_NOT_FOUND;
    }
    *psk = (struct sotto_span){psk_bytes, sizeof psk_bytes};
    return SOTTO_OK;
}

static const struct sotto_random random_bytes = {NULL, fill};
static const struct sotto_mls_client client = {.scratch = scratch,
                                               .scratch_len = sizeof scratch,
                                               .random = &random_bytes,
                                               .psk = find_psk};

static uint32_t pick(uint32_t below)
{
    uint8_t bytes[4];

    (void)fill(NULL, bytes, sizeof bytes);
    return (uint32_t)(bytes[0] | bytes[1] << 8 | bytes[2] << 16) % below;
}

static struct sotto_span text(const char *s)
{
    return (struct sotto_span){(const uint8_t *)s, strlen(s)};
}

static struct sotto_span span_of(const struct sotto_mls_buffer *buffer)
{
    return (struct sotto_span){buffer->at, buffer->len};
}

static void start(void)
{
    assert_true(sotto_mls_group_size(&config) <= sizeof members[0].memory);
    assert_true(sotto_mls_scratch_size(&config) <= sizeof scratch);
    for (int i = 0; i < CLIENTS; i++) {
        members[i].is_in = false;
        members[i].group = sotto_mls_group_init(members[i].memory, &config);
        members[i].package_out =
            (struct sotto_mls_buffer){members[i].package, 512, 0};
        memset(members[i].signature_private, i + 1, 32);
    }
}

static int setup(void **state)
{
    const struct sotto_piece seed = {"groups", 6};
    const struct sotto_piece none = {NULL, 0};

    (void)state;
    sotto_drbg_init(&drbg, seed, none);
    start();
    return 0;
}

/* A new key package, for a client that joins. */
static void make_package(struct member *member)
{
    uint8_t name = (uint8_t)('a' + (member - members));
    struct sotto_mls_identity identity = {
        .credential = {SOTTO_MLS_CREDENTIAL_BASIC, {&name, 1}},
        .signature_private = member->signature_private,
        .lifetime = {0, UINT64_MAX}};

    assert_int_equal(sotto_mls_key_package_make(&client,
                                                SOTTO_MLS_SUITE_P256_AES128GCM,
                                                &identity, &member->keys,
                                                &member->package_out),
                     SOTTO_OK);
}

static struct sotto_mls_member_keys keys_of(const struct member *member)
{
    return (struct sotto_mls_member_keys){
        .key_package = span_of(&member->package_out),
        .init_private = member->keys.init_private,
        .encryption_private = member->keys.encryption_private,
        .signature_private = member->signature_private};
}

static void create(struct member *member)
{
    const struct sotto_span none = {NULL, 0};
    struct sotto_mls_member_keys keys;

    make_package(member);
    keys = keys_of(member);
    assert_int_equal(sotto_mls_group_create(member->group, &client, &keys,
                                            text("room"), none),
                     SOTTO_OK);
    member->is_in = true;
}

/* A message with one bit changed is refused and leaves no trace; then the
 * message itself is taken. */
static void deliver(struct member *member, struct sotto_span in,
                    struct sotto_mls_event *event)
{
    uint32_t at = pick((uint32_t)in.len);
    uint8_t bit = (uint8_t)(1U << pick(8));
    uint8_t *byte = message + at;

    memcpy(before, member->memory, sizeof before);
    *byte ^= bit;
    assert_int_not_equal(sotto_mls_receive(member->group, &client, in, event),
                         SOTTO_OK);
    assert_memory_equal(before, member->memory, sizeof before);
    *byte ^= bit;
    assert_int_equal(sotto_mls_receive(member->group, &client, in, event),
                     SOTTO_OK);
}

static void deliver_to_others(const struct member *sender, struct sotto_span in)
{
    struct sotto_mls_event event;

    for (int i = 0; i < CLIENTS; i++) {
        if (members[i].is_in && &members[i] != sender) {
            deliver(&members[i], in, &event);
            if (event.type == SOTTO_MLS_EVENT_REMOVED) {
                members[i].is_in = false;
                assert_false(sotto_mls_group_is_active(members[i].group));
            }
        }
    }
}

static void assert_agreed(void)
{
    struct sotto_span first = {NULL, 0};

    for (int i = 0; i < CLIENTS; i++) {
        struct sotto_span one;

        if (!members[i].is_in) {
            continue;
        }
        one = sotto_mls_group_epoch_authenticator(members[i].group);
        if (first.len == 0) {
            first = one;
        }
        assert_memory_equal(first.at, one.at, first.len);
    }
}

/* A commit that all take: of what waits, and of one change (or none). */
static void commit(struct member *sender, const struct sotto_mls_change *change,
                   bool with_path, bool is_public)
{
    struct sotto_mls_plan plan = {.changes = change,
                                  .count = change == NULL ? 0 : 1,
                                  .with_path = with_path,
                                  .with_tree = true,
                                  .how = {.is_public = is_public}};
    struct sotto_mls_made made = {{message, sizeof message, 0},
                                  {welcome, sizeof welcome, 0},
                                  {pending, sizeof pending, 0}};
    struct sotto_mls_event event;

    assert_int_equal(sotto_mls_commit_make(sender->group, &client, &plan,
                                           &made),
                     SOTTO_OK);
    deliver_to_others(sender, span_of(&made.message));
    assert_int_equal(sotto_mls_commit_accept(sender->group, &client,
                                             span_of(&made.pending), &event),
                     SOTTO_OK);
    for (int i = 0; made.welcome.len > 0 && i < CLIENTS; i++) {
        struct sotto_mls_member_keys keys = keys_of(&members[i]);

        if (!members[i].is_in &&
            sotto_mls_join(members[i].group, &client, &keys,
                           span_of(&made.welcome), (struct sotto_span){NULL, 0},
                           NULL) == SOTTO_OK) {
            members[i].is_in = true;
        }
    }
    assert_agreed();
}

static void add(struct member *sender, struct member *added, bool with_path)
{
    struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_ADD};

    make_package(added);
    change.bytes = span_of(&added->package_out);
    commit(sender, &change, with_path, pick(2) == 0);
    assert_true(added->is_in);
}

static void remove_member(struct member *sender, struct member *removed)
{
    struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_REMOVE,
                                      .leaf =
                                          sotto_mls_group_me(removed->group)};

    commit(sender, &change, false, pick(2) == 0);
    assert_false(removed->is_in);
}

static void say(struct member *sender, const char *words)
{
    const struct sotto_mls_sending how = {.authenticated_data = text("to"),
                                          .padding = pick(40)};
    struct sotto_mls_buffer out = {message, sizeof message, 0};
    struct sotto_mls_event event;

    assert_int_equal(sotto_mls_protect(sender->group, &client, &how,
                                       text(words), &out),
                     SOTTO_OK);
    for (int i = 0; i < CLIENTS; i++) {
        if (members[i].is_in && &members[i] != sender) {
            deliver(&members[i], span_of(&out), &event);
            assert_int_equal(event.type, SOTTO_MLS_EVENT_APPLICATION);
            assert_int_equal(event.sender, sotto_mls_group_me(sender->group));
            assert_int_equal(event.data.len, strlen(words));
            assert_memory_equal(event.data.at, words, strlen(words));
        }
    }
}

/* Joins from outside; `replaced` is a leaf to remove, or NONE. */
static void join_external(struct member *inside, struct member *outside,
                          uint32_t replaced)
{
    const struct sotto_span none = {NULL, 0};
    const struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_REMOVE,
                                            .leaf = replaced};
    const struct sotto_mls_plan plan = {.changes = &change,
                                        .count =
                                            replaced == SOTTO_MLS_NONE ? 0 : 1};
    struct sotto_mls_buffer info = {welcome, sizeof welcome, 0};
    struct sotto_mls_buffer out = {message, sizeof message, 0};
    struct sotto_mls_member_keys keys;

    make_package(outside);
    keys = keys_of(outside);
    assert_int_equal(sotto_mls_group_info_make(inside->group, &client, true,
                                               &info),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_join_external(outside->group, &client, &keys,
                                             span_of(&info), none, &plan, &out),
                     SOTTO_OK);
    deliver_to_others(outside, span_of(&out));
    outside->is_in = true;
    assert_agreed();
}

static void propose(struct member *sender,
                    const struct sotto_mls_change *change)
{
    const struct sotto_mls_sending how = {.is_public = pick(2) == 0};
    struct sotto_mls_buffer out = {message, sizeof message, 0};

    assert_int_equal(sotto_mls_propose(sender->group, &client, &how, change,
                                       &out),
                     SOTTO_OK);
    deliver_to_others(sender, span_of(&out));
}

/* --------------------------------------------------------------------- tests */

static void test_group_of_three_talks(void **state)
{
    (void)state;
    create(&members[0]);
    add(&members[0], &members[1], false);
    add(&members[1], &members[2], true);
    say(&members[0], "hello");
    say(&members[2], "good evening");
    remove_member(&members[2], &members[0]);
    say(&members[1], "alone at last");
}

static void test_group_heals_by_update(void **state)
{
    const struct sotto_mls_change update = {.type = SOTTO_MLS_PROPOSAL_UPDATE};

    (void)state;
    create(&members[0]);
    add(&members[0], &members[1], false);
    add(&members[0], &members[2], true);
    propose(&members[1], &update);
    propose(&members[2], &update);
    commit(&members[0], NULL, false, false);
    commit(&members[1], NULL, true, true);
    say(&members[2], "still here");
}

static struct member *pick_member(bool is_in)
{
    struct member *found = NULL;
    uint32_t count = 0;

    for (int i = 0; i < CLIENTS; i++) {
        if (members[i].is_in == is_in && pick(++count) == 0) {
            found = &members[i];
        }
    }
    return found;
}

static void take_step(void)
{
    const struct sotto_mls_change update = {.type = SOTTO_MLS_PROPOSAL_UPDATE};
    struct member *sender = pick_member(true);
    struct member *in = pick_member(true);
    struct member *out = pick_member(false);

    switch (pick(7)) {
    case 0:
    case 1:
        if (out != NULL) {
            add(sender, out, pick(2) == 0);
        }
        break;
    case 2:
        if (in != sender) {
            remove_member(sender, in);
        }
        break;
    case 3:
        propose(in, &update);
        break;
    case 4:
        if (out != NULL) {
            join_external(sender, out, SOTTO_MLS_NONE);
        }
        break;
    case 5:
        commit(sender, NULL, true, pick(2) == 0);
        break;
    default:
        say(sender, "something");
        break;
    }
}

static void test_group_agrees_through_random_history(void **state)
{
    (void)state;
    create(&members[0]);
    for (int step = 0; step < 60; step++) {
        take_step();
    }
}

static void test_group_drops_commit_that_lost(void **state)
{
    struct sotto_mls_plan plan = {.with_path = true};
    struct sotto_mls_made made = {{message, sizeof message, 0},
                                  {welcome, sizeof welcome, 0},
                                  {pending, sizeof pending, 0}};
    struct sotto_mls_event event;

    (void)state;
    create(&members[0]);
    add(&members[0], &members[1], true);
    assert_int_equal(sotto_mls_commit_make(members[1].group, &client, &plan,
                                           &made),
                     SOTTO_OK);
    memcpy(welcome, pending, made.pending.len);
    commit(&members[0], NULL, true, false);
    assert_int_equal(
        sotto_mls_commit_accept(members[1].group, &client,
                                (struct sotto_span){welcome, made.pending.len},
                                &event),
        SOTTO_ERR_REPLAY);
    say(&members[1], "the other one was first");
}

static void test_group_takes_joiner_from_outside(void **state)
{
    (void)state;
    create(&members[0]);
    join_external(&members[0], &members[1], SOTTO_MLS_NONE);
    add(&members[1], &members[2], true);
    join_external(&members[2], &members[3], SOTTO_MLS_NONE);
    say(&members[3], "from outside");
    say(&members[0], "welcome");
}

static void test_group_takes_back_who_lost_its_state(void **state)
{
    uint32_t leaf;

    (void)state;
    create(&members[0]);
    add(&members[0], &members[1], true);
    add(&members[0], &members[2], true);
    leaf = sotto_mls_group_me(members[1].group);
    sotto_mls_group_wipe(members[1].group);
    members[1].is_in = false;
    join_external(&members[0], &members[1], leaf);
    say(&members[1], "back again");
    say(&members[2], "so you are");
}

static void test_group_goes_on_from_bytes(void **state)
{
    const struct sotto_mls_change update = {.type = SOTTO_MLS_PROPOSAL_UPDATE};
    struct sotto_mls_buffer out = {pending, sizeof pending, 0};
    struct sotto_mls_buffer again = {welcome, sizeof welcome, 0};

    (void)state;
    create(&members[0]);
    for (int i = 1; i < CLIENTS; i++) {
        add(&members[i - 1], &members[i], true);
    }
    say(&members[4], "before");
    propose(&members[2], &update);
    assert_int_equal(sotto_mls_group_save(members[2].group, &out), SOTTO_OK);
    sotto_mls_group_wipe(members[2].group);
    for (size_t len = 0; len < out.len; len += 7) {
        assert_int_not_equal(sotto_mls_group_load(members[2].group,
                                                  (struct sotto_span){pending,
                                                                      len}),
                             SOTTO_OK);
    }
    assert_int_equal(sotto_mls_group_load(members[2].group, span_of(&out)),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_group_save(members[2].group, &again), SOTTO_OK);
    assert_int_equal(out.len, again.len);
    assert_memory_equal(pending, welcome, out.len);
    commit(&members[0], NULL, false, true);
    say(&members[2], "after");
}

static void test_group_mixes_keys_in(void **state)
{
    struct sotto_mls_change external = {.type = SOTTO_MLS_PROPOSAL_PSK,
                                        .psk = {.type = SOTTO_MLS_PSK_EXTERNAL,
                                                .id = text("password")}};
    struct sotto_mls_change resumption = {
        .type = SOTTO_MLS_PROPOSAL_PSK,
        .psk = {.type = SOTTO_MLS_PSK_RESUMPTION,
                .usage = SOTTO_MLS_USAGE_APPLICATION,
                .group = text("room")}};

    (void)state;
    create(&members[0]);
    add(&members[0], &members[1], true);
    add(&members[0], &members[2], true);
    commit(&members[1], NULL, true, true);
    resumption.psk.epoch = sotto_mls_group_epoch(members[0].group) - 1;
    propose(&members[2], &resumption);
    commit(&members[1], &external, false, false);
    say(&members[0], "with more keys");
}

/* The PSK of the group before comes from find_psk(), as it would from its
 * sotto_mls_group_resumption_psk(). */
static void test_group_branches_off(void **state)
{
    struct sotto_mls_change changes[2] = {
        {.type = SOTTO_MLS_PROPOSAL_ADD},
        {.type = SOTTO_MLS_PROPOSAL_PSK,
         .psk = {.type = SOTTO_MLS_PSK_RESUMPTION,
                 .usage = SOTTO_MLS_USAGE_BRANCH,
                 .group = text("other room"),
                 .epoch = 7}}};
    const struct sotto_mls_plan plan = {.changes = changes,
                                        .count = 2,
                                        .with_tree = true};
    struct sotto_mls_made made = {{message, sizeof message, 0},
                                  {welcome, sizeof welcome, 0},
                                  {pending, sizeof pending, 0}};
    struct sotto_mls_member_keys keys;
    struct sotto_mls_psk_id tie;
    struct sotto_mls_event event;

    (void)state;
    create(&members[0]);
    make_package(&members[1]);
    changes[0].bytes = span_of(&members[1].package_out);
    keys = keys_of(&members[1]);
    assert_int_equal(sotto_mls_commit_make(members[0].group, &client, &plan,
                                           &made),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_commit_accept(members[0].group, &client,
                                             span_of(&made.pending), &event),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_join(members[1].group, &client, &keys,
                                    span_of(&made.welcome),
                                    (struct sotto_span){NULL, 0}, &tie),
                     SOTTO_OK);
    members[1].is_in = true;
    assert_agreed();
    assert_int_equal(tie.usage, SOTTO_MLS_USAGE_BRANCH);
    assert_int_equal(tie.epoch, 7);
    /* Later on it is not allowed any more. */
    assert_int_equal(
        sotto_mls_commit_make(members[0].group, &client,
                              &(struct sotto_mls_plan){.changes = &changes[1],
                                                       .count = 1},
                              &made),
        SOTTO_ERR_FORMAT);
}

static void test_group_ends_by_reinit(void **state)
{
    const struct sotto_mls_change reinit = {.type = SOTTO_MLS_PROPOSAL_REINIT,
                                            .bytes = text("new room"),
                                            .cipher_suite =
                                                SOTTO_MLS_SUITE_P256_AES128GCM};
    const struct sotto_mls_sending how = {.is_public = false};
    struct sotto_mls_buffer out = {message, sizeof message, 0};

    (void)state;
    create(&members[0]);
    add(&members[0], &members[1], true);
    propose(&members[1], &reinit);
    commit(&members[0], NULL, false, true);
    for (int i = 0; i < 2; i++) {
        assert_false(sotto_mls_group_is_active(members[i].group));
        assert_int_equal(sotto_mls_protect(members[i].group, &client, &how,
                                           text("too late"), &out),
                         SOTTO_ERR_DENIED);
    }
}

static void test_group_refuses_what_does_not_fit(void **state)
{
    struct sotto_mls_change add_twice[2] = {{.type = SOTTO_MLS_PROPOSAL_ADD},
                                            {.type = SOTTO_MLS_PROPOSAL_ADD}};
    struct sotto_mls_change self = {.type = SOTTO_MLS_PROPOSAL_REMOVE};
    struct sotto_mls_plan plan = {.changes = add_twice, .count = 2};
    struct sotto_mls_made made = {{message, sizeof message, 0},
                                  {welcome, sizeof welcome, 0},
                                  {pending, sizeof pending, 0}};

    (void)state;
    create(&members[0]);
    make_package(&members[1]);
    add_twice[0].bytes = span_of(&members[1].package_out);
    add_twice[1].bytes = add_twice[0].bytes;
    memcpy(before, members[0].memory, sizeof before);
    assert_int_equal(sotto_mls_commit_make(members[0].group, &client, &plan,
                                           &made),
                     SOTTO_ERR_FORMAT);
    plan = (struct sotto_mls_plan){.changes = &self, .count = 1};
    assert_int_equal(sotto_mls_commit_make(members[0].group, &client, &plan,
                                           &made),
                     SOTTO_ERR_FORMAT);
    plan = (struct sotto_mls_plan){.changes = add_twice, .count = 1};
    made.welcome.cap = 100;
    assert_int_equal(sotto_mls_commit_make(members[0].group, &client, &plan,
                                           &made),
                     SOTTO_ERR_SPACE);
    assert_memory_equal(before, members[0].memory, sizeof before);
}

int test_mls_group(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_group_of_three_talks, setup),
        cmocka_unit_test_setup(test_group_heals_by_update, setup),
        cmocka_unit_test_setup(test_group_agrees_through_random_history, setup),
        cmocka_unit_test_setup(test_group_drops_commit_that_lost, setup),
        cmocka_unit_test_setup(test_group_takes_joiner_from_outside, setup),
        cmocka_unit_test_setup(test_group_takes_back_who_lost_its_state, setup),
        cmocka_unit_test_setup(test_group_goes_on_from_bytes, setup),
        cmocka_unit_test_setup(test_group_mixes_keys_in, setup),
        cmocka_unit_test_setup(test_group_branches_off, setup),
        cmocka_unit_test_setup(test_group_ends_by_reinit, setup),
        cmocka_unit_test_setup(test_group_refuses_what_does_not_fit, setup),
    };

    return cmocka_run_group_tests_name("mls_group", tests, NULL, NULL);
}
