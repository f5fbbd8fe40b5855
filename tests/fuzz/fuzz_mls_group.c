/*
 * fuzz_mls_group.c - whole histories of an MLS group (RFC 9420), by libFuzzer:
 * the input says who does what. Messages are sent, changed on the way or before
 * they are signed and sealed, given to anybody in any order, twice or never;
 * members save and load themselves, are removed, and come back; cryptography and
 * random bytes may fail at any point.
 *
 * Nothing may crash; a call that fails leaves its group as it was, byte for
 * byte; members that took the same commits agree (mls_world.h).
 */
#include "core/mls/codec.h"
#include "mls_forge.h"
#include "toy_curves.h"
#include <string.h>

#define STEPS_MAX   64U
#define CONTENT_MAX 4096U

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sotto_span none = {NULL, 0};

static struct sotto_mls_sending choose_sending(void)
{
    uint8_t what = choose_byte();

    return (struct sotto_mls_sending){.is_public = what % 2 == 0,
                                      .padding = what / 2 % 32U};
}

/* ---------------------------------------------------------- one's own doing */

/* What somebody may want: valid as far as the choices allow. */
static struct sotto_mls_change choose_change(void)
{
    static const uint8_t extension[] = {0xf0, 0x01, 0x01, 0x05};
    uint8_t what = choose_byte();
    const struct world_client *other = world_pick_client();
    struct sotto_mls_change change = {.type = (uint16_t)(1 + what % 7)};

    switch (change.type) {
    case SOTTO_MLS_PROPOSAL_ADD:
        change.bytes = (struct sotto_span){other->package, other->package_len};
        break;
    case SOTTO_MLS_PROPOSAL_REMOVE:
        change.leaf = what / 8 % 8U;
        break;
    case SOTTO_MLS_PROPOSAL_PSK:
        change.psk =
            (struct sotto_mls_psk_id){.type = SOTTO_MLS_PSK_EXTERNAL,
                                      .id = {(const uint8_t *)"pq" + what / 128,
                                             1}};
        break;
    case SOTTO_MLS_PROPOSAL_REINIT:
        change.bytes = (struct sotto_span){(const uint8_t *)"h", 1};
        change.cipher_suite = SOTTO_MLS_SUITE_P256_AES128GCM;
        break;
    case SOTTO_MLS_PROPOSAL_EXTENSIONS:
        change.bytes =
            (struct sotto_span){extension, what / 8 % 2 == 0 ? 4U : 0U};
        break;
    default:
        break;
    }
    return change;
}

static void propose(struct world_client *sender)
{
    const struct sotto_mls_change change = choose_change();
    const struct sotto_mls_sending how = choose_sending();
    struct sotto_mls_buffer out = world_new_message();
    enum sotto_err err;

    world_begin(sender);
    err = sotto_mls_propose(sender->group, &world_client, &how, &change, &out);
    world_end(sender, err);
    (void)world_send(&out, err);
}

static void say(struct world_client *sender)
{
    const struct sotto_mls_sending how = choose_sending();
    struct sotto_mls_buffer out = world_new_message();
    enum sotto_err err;

    world_begin(sender);
    err = sotto_mls_protect(sender->group, &world_client, &how,
                            (struct sotto_span){out.at + 4096, how.padding},
                            &out);
    world_end(sender, err);
    (void)world_send(&out, err);
}

static void commit(struct world_client *sender)
{
    static uint8_t welcome[WORLD_MESSAGE_MAX];
    struct sotto_mls_change changes[2];
    struct sotto_mls_plan plan = {.changes = changes,
                                  .count = choose_byte() % 3U,
                                  .how = choose_sending(),
                                  .with_tree = true};
    struct sotto_mls_made made = {world_new_message(),
                                  {welcome, sizeof welcome, 0},
                                  {sender->pending, WORLD_MESSAGE_MAX, 0}};
    enum sotto_err err;

    plan.with_path = plan.how.padding % 2 == 0;
    for (size_t i = 0; i < plan.count; i++) {
        changes[i] = choose_change();
    }
    world_begin(sender);
    err = sotto_mls_commit_make(sender->group, &world_client, &plan, &made);
    world_end(sender, err);
    sender->pending_message = world_send(&made.message, err)->serial;
    sender->pending_len = err == SOTTO_OK ? made.pending.len : 0;
    if (err == SOTTO_OK && made.welcome.len > 0) {
        memcpy(world.welcome, welcome, made.welcome.len);
        world.welcome_len = made.welcome.len;
        world.is_welcome_forged = false;
    }
}

static void accept(struct world_client *sender)
{
    struct sotto_mls_event event;
    enum sotto_err err;

    if (sender->pending_len == 0) {
        return;
    }
    world_begin(sender);
    err = sotto_mls_commit_accept(sender->group, &world_client,
                                  (struct sotto_span){sender->pending,
                                                      sender->pending_len},
                                  &event);
    world_end(sender, err);
    if (err == SOTTO_OK) {
        world_check_epoch(sender, (uint32_t)sender->pending_message);
        sender->pending_len = 0;
    }
}

/* ---------------------------------------------------------------- receiving */

static void take(struct world_client *reader, struct sotto_span message,
                 uint32_t serial)
{
    struct sotto_mls_event event;
    enum sotto_err err;

    world_begin(reader);
    err = sotto_mls_receive(reader->group, &world_client, message, &event);
    world_end(reader, err);
    if (err == SOTTO_OK && (event.type == SOTTO_MLS_EVENT_COMMIT ||
                            event.type == SOTTO_MLS_EVENT_REINIT)) {
        world_check_epoch(reader, serial);
    }
    /* Nothing is taken twice. */
    if (err == SOTTO_OK) {
        world_begin(reader);
        err = sotto_mls_receive(reader->group, &world_client, message, &event);
        must(err != SOTTO_OK);
        world_end(reader, err);
    }
}

static void deliver(struct world_client *reader)
{
    const struct world_message *message = world_pick_message();

    if (message != NULL) {
        take(reader, (struct sotto_span){message->bytes, message->len},
             message->serial);
    }
}

/* To everybody, as usual. */
static void deliver_all(void)
{
    const struct world_message *message = world_pick_message();

    for (size_t i = 0; message != NULL && i < WORLD_CLIENTS; i++) {
        take(&world.clients[i],
             (struct sotto_span){message->bytes, message->len},
             message->serial);
    }
}

/* A message that was changed on its way is another message. */
static void damage(void)
{
    const struct world_message *message = world_pick_message();
    struct sotto_mls_buffer out = world_new_message();

    if (message == NULL || message->bytes == out.at) {
        return;
    }
    memcpy(out.at, message->bytes, message->len);
    out.len = choose_patch(out.at, message->len, out.cap);
    (void)world_send(&out, SOTTO_OK);
}

/* ------------------------------------------------------------------ joining */

static void join(struct world_client *joiner, bool is_damaged)
{
    struct sotto_mls_member_keys keys = world_keys(joiner);
    struct sotto_mls_psk_id psk;
    enum sotto_err err;

    if (is_damaged) {
        world.welcome_len = choose_patch(world.welcome, world.welcome_len,
                                         sizeof world.welcome);
    }
    world_begin(joiner);
    err = sotto_mls_join(joiner->group, &world_client, &keys,
                         (struct sotto_span){world.welcome, world.welcome_len},
                         none, &psk);
    world_end(joiner, err);
    if (err == SOTTO_OK && world.is_welcome_forged) {
        world_check_tree(joiner);
    } else if (err == SOTTO_OK) {
        world_check_epoch(joiner, SOTTO_MLS_NONE);
    }
}

static void join_external(struct world_client *joiner)
{
    static uint8_t bytes[WORLD_MESSAGE_MAX];
    struct sotto_mls_buffer info = {bytes, sizeof bytes, 0};
    struct sotto_mls_change changes[2] = {choose_change(), choose_change()};
    const struct sotto_mls_plan plan = {.changes = changes,
                                        .count = choose_byte() % 3U};
    const struct world_client *member = world_pick_in(true);
    struct sotto_mls_member_keys keys = world_keys(joiner);
    struct sotto_mls_buffer out = world_new_message();
    enum sotto_err err;

    if (member == NULL ||
        sotto_mls_group_info_make(member->group, &world_client, true, &info) !=
            SOTTO_OK) {
        return;
    }
    if (choose_byte() % 2 == 0) {
        info.len = forge_group_info(member, bytes, info.len, sizeof bytes);
    }
    world_begin(joiner);
    err = sotto_mls_join_external(joiner->group, &world_client, &keys,
                                  (struct sotto_span){info.at, info.len}, none,
                                  &plan, &out);
    world_end(joiner, err);
    if (world_send(&out, err)->len > 0) {
        world_check_epoch(joiner, SOTTO_MLS_NONE);
    }
}

/* ----------------------------------------------------------- breaking rules */

static void forge(struct world_client *sender)
{
    uint8_t content[CONTENT_MAX];
    struct sotto_writer w;

    sotto_writer_init(&w, content, sizeof content);
    if (choose_byte() % 4 == 0) {
        forge_proposal(sender, &w);
        if (!w.bad) {
            w.len = choose_patch(content, w.len, sizeof content);
            forge_message(sender, SOTTO_MLS_SENDER_MEMBER,
                          SOTTO_MLS_CONTENT_PROPOSAL,
                          (struct sotto_span){content, w.len});
        }
    } else if (forge_commit(sender, &w)) {
        forge_message(sender, SOTTO_MLS_SENDER_MEMBER, SOTTO_MLS_CONTENT_COMMIT,
                      (struct sotto_span){content, w.len});
    }
}

/* A joiner's commit, an outsider's Add, or what the external sender wants. */
static void forge_outside(struct world_client *sender)
{
    uint8_t sender_type = sender == &world.clients[WORLD_CLIENTS - 1]
                              ? SOTTO_MLS_SENDER_EXTERNAL
                              : SOTTO_MLS_SENDER_NEW_MEMBER_PROPOSAL;
    const struct world_message *old = world_pick_message();
    uint8_t content[CONTENT_MAX];
    struct sotto_mls_message message;
    struct sotto_reader r;
    struct sotto_writer w;
    size_t len;

    if (choose_byte() % 4 == 0) {
        sotto_writer_init(&w, content, sizeof content);
        forge_proposal(sender, &w);
        forge_message(sender, sender_type, SOTTO_MLS_CONTENT_PROPOSAL,
                      (struct sotto_span){content, w.bad ? 0 : w.len});
        return;
    }
    if (old == NULL) {
        return;
    }
    sotto_reader_init(&r, old->bytes, old->len);
    sotto_mls_read_message(&r, &message);
    if (r.bad || message.wire_format != SOTTO_MLS_WIRE_PUBLIC_MESSAGE) {
        return;
    }
    len = message.public_message.content.content.len;
    if (len <= sizeof content) {
        memcpy(content, message.public_message.content.content.at, len);
        len = forge_path(sender, content, len, sizeof content);
        forge_message(sender, SOTTO_MLS_SENDER_NEW_MEMBER_COMMIT,
                      SOTTO_MLS_CONTENT_COMMIT,
                      (struct sotto_span){content, len});
    }
}

/* ----------------------------------------------------------- without a group */

/* A key package that nobody uses, or somebody's that is looked at. */
static enum sotto_err use_package(const struct world_client *client,
                                  bool makes_one)
{
    static uint8_t bytes[WORLD_PACKAGE_MAX];
    const struct sotto_mls_identity identity = {
        .credential = {SOTTO_MLS_CREDENTIAL_BASIC, {bytes, 1}},
        .signature_private = client->signature_private,
        .lifetime = {500, 2000}};
    struct sotto_mls_buffer out = {bytes, sizeof bytes, 0};
    struct sotto_mls_package_keys keys;
    struct sotto_mls_package package;

    return makes_one
               ? sotto_mls_key_package_make(&world_client,
                                            SOTTO_MLS_SUITE_P256_AES128GCM,
                                            &identity, &keys, &out)
               : sotto_mls_key_package_read(
                     &world_client,
                     (struct sotto_span){client->package, client->package_len},
                     &package);
}

/* Whoever is outside asks for something. */
static enum sotto_err propose_outside(const struct world_client *client,
                                      bool for_itself)
{
    static uint8_t bytes[WORLD_MESSAGE_MAX];
    const struct sotto_mls_change change = choose_change();
    const struct sotto_mls_member_keys keys = world_keys(client);
    const struct world_client *member = world_pick_in(true);
    const unsigned nth = choose_byte() % 16U;
    struct sotto_mls_buffer info = {bytes, sizeof bytes, 0};
    struct sotto_mls_buffer out = world_new_message();
    struct sotto_mls_outside outside;
    enum sotto_err err;

    if (member == NULL) {
        return SOTTO_OK;
    }
    toy_fail_at(choose_byte() % 8U);
    err = sotto_mls_group_info_make(member->group, &world_client, true, &info);
    toy_fail_at(0);
    if (err == SOTTO_OK) {
        info.len = choose_patch(bytes, info.len, sizeof bytes);
        err = sotto_mls_group_info_read((struct sotto_span){bytes, info.len},
                                        &outside);
    }
    if (err != SOTTO_OK) {
        return err;
    }
    toy_fail_at(nth);
    err = for_itself
              ? sotto_mls_propose_self(&world_client, &outside, &keys, &out)
              : sotto_mls_propose_external(&world_client, &outside, 0,
                                           client->signature_private, &change,
                                           &out);
    toy_fail_at(0);
    (void)world_send(&out, err);
    return err;
}

/* A group of one, which is given up at once. */
static enum sotto_err create(struct world_client *client)
{
    const struct sotto_mls_member_keys keys = world_keys(client);
    const struct sotto_span id = {(const uint8_t *)"other", 5};
    enum sotto_err err;

    if (client->group->state != SOTTO_MLS_GROUP_EMPTY) {
        return SOTTO_OK;
    }
    world_begin(client);
    toy_fail_at(choose_byte() % 8U);
    err = sotto_mls_group_create(client->group, &world_client, &keys, id, none);
    world_end(client, err);
    if (err == SOTTO_OK) {
        sotto_mls_group_wipe(client->group);
    }
    return err;
}

/* What is done apart from a group, where anything may fail. */
static void act_apart(struct world_client *client)
{
    uint8_t private_key[SOTTO_MLS_PRIVATE_MAX];
    const uint8_t what = choose_byte();
    enum sotto_err err;

    toy_fail_at(what / 8U);
    switch (what % 8) {
    case 0:
    case 1:
        err = use_package(client, what % 8 == 0);
        break;
    case 2:
        err = sotto_mls_signature_key_make(&world_client,
                                           SOTTO_MLS_SUITE_P256_AES128GCM,
                                           private_key, NULL);
        break;
    case 3:
        err = create(client);
        break;
    default:
        toy_fail_at(0);
        err = propose_outside(client, what % 2 == 0);
        break;
    }
    toy_fail_at(0);
    must(err == SOTTO_OK || err == SOTTO_ERR_CRYPTO ||
         err == SOTTO_ERR_RANDOM || err == SOTTO_ERR_FORMAT ||
         err == SOTTO_ERR_AUTH || err == SOTTO_ERR_UNSUPPORTED ||
         err == SOTTO_ERR_SPACE);
}

/* -------------------------------------------------------------------- state */

static void load_again(struct sotto_mls_group *group,
                       const struct sotto_mls_buffer *state)
{
    sotto_mls_group_wipe(group);
    must(sotto_mls_group_load(group,
                              (struct sotto_span){state->at, state->len}) ==
         SOTTO_OK);
}

/* Saved, loaded and saved again it is the same; where keys are reserved, once
 * those were stepped over. */
static void save_and_load(struct world_client *client)
{
    static uint8_t saved[2][65536];
    struct sotto_mls_buffer first = {saved[0], sizeof saved[0], 0};
    struct sotto_mls_buffer second = {saved[1], sizeof saved[1], 0};
    struct sotto_mls_group *group = client->group;

    if (!sotto_mls_group_is_active(group)) {
        return;
    }
    if (choose_byte() % 4 == 0 &&
        sotto_mls_reserve(group, choose_byte()) == SOTTO_OK) {
        sotto_mls_forget_past(group, sotto_mls_group_epoch(group) -
                                         choose_byte() % 2U);
        sotto_mls_ignore_proposals(group);
    }
    must(sotto_mls_group_save(group, &first) == SOTTO_OK);
    if (group->reserves) {
        load_again(group, &first);
        must(sotto_mls_group_save(group, &first) == SOTTO_OK);
    }
    load_again(group, &first);
    must(sotto_mls_group_save(group, &second) == SOTTO_OK);
    must(first.len == second.len &&
         memcmp(first.at, second.at, first.len) == 0);
}

/* Out of the group without anybody's knowing. */
static void lose(struct world_client *client)
{
    sotto_mls_group_wipe(client->group);
    client->pending_len = 0;
    world_make_package(client);
}

/* ---------------------------------------------------------------- the story */

static void step_inside(uint8_t what, struct world_client *client)
{
    switch (what % 12) {
    case 0:
    case 1:
        commit(client);
        break;
    case 2:
        accept(client);
        break;
    case 3:
        propose(client);
        break;
    case 4:
        say(client);
        break;
    case 5:
    case 6:
        deliver(client);
        break;
    case 7:
        deliver_all();
        break;
    case 8:
        forge(client);
        break;
    case 9:
        save_and_load(client);
        break;
    case 10:
        forge_welcome(client);
        break;
    default:
        lose(client);
        break;
    }
}

static void step_outside(uint8_t what, struct world_client *client)
{
    switch (what % 5) {
    case 0:
    case 1:
        join(client, what % 16 == 0);
        break;
    case 2:
        join_external(client);
        break;
    case 3:
        sotto_mls_group_wipe(client->group); /* one that has ended */
        world_make_package(client);
        break;
    default:
        deliver(client);
        break;
    }
}

static void step(void)
{
    uint8_t what = choose_byte();
    struct world_client *client = world_pick_client();

    if (what >= 248) {
        world_fail_next(1 + choose_byte() % 32U);
    } else if (what >= 240) {
        act_apart(client);
    } else if (what >= 224) {
        damage();
    } else if (what >= 208) {
        forge_outside(client);
    } else if (sotto_mls_group_is_active(client->group)) {
        step_inside(what, client);
    } else if (client->group->state == SOTTO_MLS_GROUP_EMPTY) {
        step_outside(what, client);
    } else {
        step_outside(3, client);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    world_start(data, size);
    for (size_t i = 0; i < STEPS_MAX && choices_left(); i++) {
        step();
    }
    return 0;
}
