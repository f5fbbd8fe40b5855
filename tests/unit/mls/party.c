/*
 * party.c - a few clients of the library and a group for them to be in.
 */
#include "tests/unit/mls/party.h"
#include "core/crypto/drbg.h"
#include <string.h>

const struct sotto_mls_config party_config = {.members = 8,
                                              .leaf_len = 640,
                                              .context_len = 512,
                                              .proposals = 8,
                                              .proposal_bytes = 4096,
                                              .past_psks = 2,
                                              .past_epochs = 2,
                                              .message_len = PARTY_MESSAGE_MAX,
                                              .kept = 4,
                                              .window = 8,
                                              .forward = 8};

struct party_member party[PARTY_CLIENTS];
struct sotto_mls_client party_client;
uint8_t party_message[PARTY_MESSAGE_MAX];
uint8_t party_welcome[PARTY_MESSAGE_MAX];
uint8_t party_pending[PARTY_MESSAGE_MAX];
struct sotto_mls_made party_made;

static uint64_t before[PARTY_MEMORY];
static uint64_t scratch[8192];
static struct sotto_drbg drbg;

/* ------------------------------------------------------------------- chance */

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

uint32_t party_pick(uint32_t below)
{
    uint8_t bytes[4];

    (void)fill(NULL, bytes, sizeof bytes);
    return (uint32_t)(bytes[0] | bytes[1] << 8 | bytes[2] << 16) % below;
}

struct sotto_span party_text(const char *s)
{
    return (struct sotto_span){(const uint8_t *)s, strlen(s)};
}

struct sotto_span party_span(const struct sotto_mls_buffer *buffer)
{
    return (struct sotto_span){buffer->at, buffer->len};
}

/* -------------------------------------------------------------------- start */

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

int party_setup(void **state)
{
    const struct sotto_piece seed = {"groups", 6};
    const struct sotto_piece none = {NULL, 0};

    (void)state;
    assert_true(sotto_mls_group_size(&party_config) <= sizeof party[0].memory);
    assert_true(sotto_mls_scratch_size(&party_config) <= sizeof scratch);
    sotto_drbg_init(&drbg, seed, none);
    party_client = (struct sotto_mls_client){.scratch = scratch,
                                             .scratch_len = sizeof scratch,
                                             .random = &random_bytes,
                                             .psk = find_psk};
    for (int i = 0; i < PARTY_CLIENTS; i++) {
        party[i].is_in = false;
        party[i].group = sotto_mls_group_init(party[i].memory, &party_config);
        party[i].package_out =
            (struct sotto_mls_buffer){party[i].package, sizeof party[i].package,
                                      0};
        memset(party[i].signature_private, i + 1, 32);
    }
    return 0;
}

/* -------------------------------------------------------------- key packages */

struct sotto_mls_identity party_identity(const struct party_member *member)
{
    static const char names[PARTY_CLIENTS] = {'a', 'b', 'c', 'd', 'e', 'f'};
    const char *name = &names[member - party];

    return (struct sotto_mls_identity){
        .credential = {SOTTO_MLS_CREDENTIAL_BASIC, {(const uint8_t *)name, 1}},
        .signature_private = member->signature_private,
        .lifetime = {0, UINT64_MAX}};
}

void party_make_package_of(struct party_member *member,
                           const struct sotto_mls_identity *identity)
{
    assert_int_equal(sotto_mls_key_package_make(&party_client,
                                                SOTTO_MLS_SUITE_P256_AES128GCM,
                                                identity, &member->keys,
                                                &member->package_out),
                     SOTTO_OK);
}

void party_make_package(struct party_member *member)
{
    struct sotto_mls_identity identity = party_identity(member);

    party_make_package_of(member, &identity);
}

struct sotto_mls_member_keys party_keys(const struct party_member *member)
{
    return (struct sotto_mls_member_keys){
        .key_package = party_span(&member->package_out),
        .init_private = member->keys.init_private,
        .encryption_private = member->keys.encryption_private,
        .signature_private = member->signature_private};
}

void party_create_with(struct party_member *member, const char *group_id,
                       struct sotto_span extensions)
{
    struct sotto_mls_member_keys keys = party_keys(member);

    assert_int_equal(sotto_mls_group_create(member->group, &party_client, &keys,
                                            party_text(group_id), extensions),
                     SOTTO_OK);
    member->is_in = true;
}

void party_create(struct party_member *member)
{
    party_make_package(member);
    party_create_with(member, "room", (struct sotto_span){NULL, 0});
}

/* ---------------------------------------------------------------- delivering */

/* The message is copied, and a bit of the copy changed. */
static void deliver_damaged(struct party_member *member, struct sotto_span in)
{
    static uint8_t damaged[PARTY_MESSAGE_MAX];
    struct sotto_mls_event event;

    assert_true(in.len <= sizeof damaged);
    memcpy(damaged, in.at, in.len);
    damaged[party_pick((uint32_t)in.len)] ^= (uint8_t)(1U << party_pick(8));
    memcpy(before, member->memory, sizeof before);
    assert_int_not_equal(sotto_mls_receive(member->group, &party_client,
                                           (struct sotto_span){damaged, in.len},
                                           &event),
                         SOTTO_OK);
    assert_memory_equal(before, member->memory, sizeof before);
}

void party_deliver(struct party_member *member, struct sotto_span in,
                   struct sotto_mls_event *event)
{
    deliver_damaged(member, in);
    assert_int_equal(sotto_mls_receive(member->group, &party_client, in, event),
                     SOTTO_OK);
    if (event->type == SOTTO_MLS_EVENT_REMOVED) {
        member->is_in = false;
        assert_false(sotto_mls_group_is_active(member->group));
    }
}

void party_deliver_to_others(const struct party_member *sender,
                             struct sotto_span in)
{
    struct sotto_mls_event event;

    for (int i = 0; i < PARTY_CLIENTS; i++) {
        if (party[i].is_in && &party[i] != sender) {
            party_deliver(&party[i], in, &event);
        }
    }
}

void party_assert_agreed(void)
{
    struct sotto_span first = {NULL, 0};

    for (int i = 0; i < PARTY_CLIENTS; i++) {
        struct sotto_span one;

        if (!party[i].is_in) {
            continue;
        }
        one = sotto_mls_group_epoch_authenticator(party[i].group);
        if (first.len == 0) {
            first = one;
        }
        assert_memory_equal(first.at, one.at, first.len);
    }
}

/* ------------------------------------------------------------------- commits */

enum sotto_err party_try(struct party_member *sender,
                         const struct sotto_mls_plan *plan)
{
    party_made =
        (struct sotto_mls_made){{party_message, sizeof party_message, 0},
                                {party_welcome, sizeof party_welcome, 0},
                                {party_pending, sizeof party_pending, 0}};
    return sotto_mls_commit_make(sender->group, &party_client, plan,
                                 &party_made);
}

static void welcome_all(void)
{
    const struct sotto_span none = {NULL, 0};

    for (int i = 0; party_made.welcome.len > 0 && i < PARTY_CLIENTS; i++) {
        struct sotto_mls_member_keys keys = party_keys(&party[i]);

        if (!party[i].is_in && keys.key_package.len > 0 &&
            sotto_mls_join(party[i].group, &party_client, &keys,
                           party_span(&party_made.welcome), none,
                           NULL) == SOTTO_OK) {
            party[i].is_in = true;
        }
    }
}

void party_accept(struct party_member *sender)
{
    struct sotto_mls_event event;

    party_deliver_to_others(sender, party_span(&party_made.message));
    assert_int_equal(sotto_mls_commit_accept(sender->group, &party_client,
                                             party_span(&party_made.pending),
                                             &event),
                     SOTTO_OK);
    welcome_all();
    party_assert_agreed();
}

void party_commit(struct party_member *sender,
                  const struct sotto_mls_change *change, bool with_path,
                  bool is_public)
{
    const struct sotto_mls_plan plan = {.changes = change,
                                        .count = change == NULL ? 0 : 1,
                                        .with_path = with_path,
                                        .with_tree = true,
                                        .how = {.is_public = is_public}};

    assert_int_equal(party_try(sender, &plan), SOTTO_OK);
    party_accept(sender);
}

void party_add(struct party_member *sender, struct party_member *added,
               bool with_path)
{
    struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_ADD};

    party_make_package(added);
    change.bytes = party_span(&added->package_out);
    party_commit(sender, &change, with_path, party_pick(2) == 0);
    assert_true(added->is_in);
}

void party_remove(struct party_member *sender, struct party_member *removed)
{
    struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_REMOVE,
                                      .leaf =
                                          sotto_mls_group_me(removed->group)};

    party_commit(sender, &change, false, party_pick(2) == 0);
    assert_false(removed->is_in);
}

void party_of(int count)
{
    party_create(&party[0]);
    for (int i = 1; i < count; i++) {
        party_add(&party[0], &party[i], true);
    }
}

/* ------------------------------------------------------------------ messages */

void party_seal(struct party_member *sender, const char *words,
                struct sotto_mls_buffer *out)
{
    const struct sotto_mls_sending how = {.authenticated_data =
                                              party_text("to"),
                                          .padding = party_pick(40)};

    assert_int_equal(sotto_mls_protect(sender->group, &party_client, &how,
                                       party_text(words), out),
                     SOTTO_OK);
}

void party_say(struct party_member *sender, const char *words)
{
    struct sotto_mls_buffer out = {party_message, sizeof party_message, 0};
    struct sotto_mls_event event;

    party_seal(sender, words, &out);
    for (int i = 0; i < PARTY_CLIENTS; i++) {
        if (party[i].is_in && &party[i] != sender) {
            party_deliver(&party[i], party_span(&out), &event);
            assert_int_equal(event.type, SOTTO_MLS_EVENT_APPLICATION);
            assert_int_equal(event.sender, sotto_mls_group_me(sender->group));
            assert_int_equal(event.data.len, strlen(words));
            assert_memory_equal(event.data.at, words, strlen(words));
        }
    }
}

void party_propose(struct party_member *sender,
                   const struct sotto_mls_change *change)
{
    const struct sotto_mls_sending how = {.is_public = party_pick(2) == 0};
    struct sotto_mls_buffer out = {party_message, sizeof party_message, 0};

    assert_int_equal(sotto_mls_propose(sender->group, &party_client, &how,
                                       change, &out),
                     SOTTO_OK);
    party_deliver_to_others(sender, party_span(&out));
}

void party_join_external(struct party_member *inside,
                         struct party_member *outside, uint32_t replaced)
{
    const struct sotto_span none = {NULL, 0};
    const struct sotto_mls_change change = {.type = SOTTO_MLS_PROPOSAL_REMOVE,
                                            .leaf = replaced};
    const struct sotto_mls_plan plan = {.changes = &change,
                                        .count =
                                            replaced == SOTTO_MLS_NONE ? 0 : 1};
    struct sotto_mls_buffer info = {party_welcome, sizeof party_welcome, 0};
    struct sotto_mls_buffer out = {party_message, sizeof party_message, 0};
    struct sotto_mls_member_keys keys;

    party_make_package(outside);
    keys = party_keys(outside);
    assert_int_equal(sotto_mls_group_info_make(inside->group, &party_client,
                                               true, &info),
                     SOTTO_OK);
    assert_int_equal(sotto_mls_join_external(outside->group, &party_client,
                                             &keys, party_span(&info), none,
                                             &plan, &out),
                     SOTTO_OK);
    party_deliver_to_others(outside, party_span(&out));
    outside->is_in = true;
    party_assert_agreed();
}
