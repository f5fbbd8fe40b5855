/*
 * fuzz_server.c - a whole server by libFuzzer: strangers and somebody with an
 * account say anything to it, sealed with the right keys or not, while two
 * honest clients talk. The server and its clients are those of
 * tests/unit/support/world.h, which keeps book.
 *
 * The server never breaks the protocol itself, and tells nobody anything twice.
 * Once the strangers are gone, the honest ones have everything that was said, each
 * message once, and all that they said is stored; account names are unique and
 * their passwords their own.
 */
#include "choices.h"
#include "core/chat/message_devices.h"
#include "tests/unit/channel/pair.h"
#include "tests/unit/support/peer.h"
#include "tests/unit/test.h"
#include "told.h"
#include <string.h>

#define STEPS_MAX     40
#define PEERS         3
#define BODY_MAX      600
#define DERIVABLE_MAX 1000 /* iterations that are waited for */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct world *world;
static struct world_client *honest[2];

/* Somebody who keeps no rules. */
struct stranger {
    struct peer peer;
    bool is_there;
    bool is_open;  /* the handshake went through */
    bool is_stuck; /* the server reads no more of it; the wire is full */
    bool is_odd;   /* it said AUTH in other ways than begin_login() */
    const char *password;
    struct told told;
};

static struct stranger strangers[PEERS];

/* ---- what they send ---- */

/* Bytes on the wire, as far as there is room: a server need not read on. */
static void put(struct stranger *s, const uint8_t *bytes, size_t len)
{
    struct world_pipe *up = &s->peer.wire->up;
    if (len > sizeof up->bytes - up->len) {
        world_settle(world);
    }
    s->is_stuck |= len > sizeof up->bytes - up->len;
    if (!s->is_stuck) {
        world_pipe_put(up, bytes, len);
    }
}

/* What an honest client and the server alone know: somebody who had it could
 * speak in that client's place. */
static bool has_secret(const uint8_t *frames, size_t len)
{
    bool is_found = false;
    for (size_t i = 0; i < 2; i++) {
        uint8_t instance[8];
        struct sotto_writer w;
        sotto_writer_init(&w, instance, sizeof instance);
        sotto_write_u64(&w, honest[i]->client.instance);
        for (size_t at = 0; at + sizeof instance <= len; at++) {
            is_found |= memcmp(frames + at, instance, sizeof instance) == 0;
        }
    }
    return is_found;
}

/* Whole frames, good or bad, in one record. */
static void put_frames(struct stranger *s, const uint8_t *frames, size_t len)
{
    uint8_t out[SOTTO_RECORD_HEAD + BODY_MAX + 128];
    if (!s->is_stuck && s->peer.link.state != SOTTO_LINK_FAILED &&
        !has_secret(frames, len)) {
        len = pair_seal(&s->peer.link, frames, len, out);
        must(len <= sizeof out);
        put(s, out, len);
    }
}

static void put_frame(struct stranger *s, uint8_t type,
                      const struct sotto_writer *body)
{
    uint8_t frame[BODY_MAX + 8];
    struct sotto_writer w;
    sotto_writer_init(&w, frame, sizeof frame);
    must(!body->bad &&
         sotto_frame_encode(&w, type, body->out, body->len) == SOTTO_OK);
    put_frames(s, frame, w.len);
}

/* ---- what comes back ---- */

/* The server knows the account. When the next login was begun meanwhile, this is
 * of the one before, and nobody can tell. */
static void verify(struct stranger *s, const struct sotto_frame *frame)
{
    struct sotto_scram_client *scram = &s->peer.scram;
    if (scram->step == SOTTO_SCRAM_PROVED) {
        must(sotto_scram_client_verify(scram, (const char *)frame->body,
                                       frame->len) == SOTTO_OK);
    } else {
        must(scram->step == SOTTO_SCRAM_FIRST);
    }
}

/* The server's part of a login. Which keys an account has may be a stranger's
 * choice: some would take long to make. */
static void answer(struct stranger *s, const struct sotto_frame *frame)
{
    struct sotto_scram_client *scram = &s->peer.scram;
    char text[SOTTO_SCRAM_MESSAGE_MAX];
    struct sotto_scram_keys keys;
    struct sotto_writer w;
    if (s->is_odd) {
        return;
    }
    if (frame->len > 0 && frame->body[0] == 'v') {
        verify(s, frame);
        return;
    }
    must(scram->step == SOTTO_SCRAM_FIRST);
    must(sotto_scram_client_challenge(scram, (const char *)frame->body,
                                      frame->len, WORLD_ITERATIONS,
                                      SOTTO_SCRAM_ITERATIONS_MAX,
                                      SOTTO_SCRAM_SALT_MIN) == SOTTO_OK);
    if (scram->iterations > DERIVABLE_MAX) {
        return;
    }
    peer_derive(&s->peer, s->password, &keys);
    sotto_writer_init(&w, (uint8_t *)text, sizeof text);
    must(sotto_scram_client_final(scram, &keys, text, sizeof text, &w.len) ==
         SOTTO_OK);
    put_frame(s, SOTTO_MSG_AUTH, &w);
}

/* Takes all that has come. */
static void listen(struct stranger *s)
{
    struct sotto_frame frame;
    while (peer_next(&s->peer, &frame)) {
        told_check(&s->told, &frame);
        if (frame.type == SOTTO_MSG_AUTH) {
            answer(s, &frame);
        }
    }
}

/* ---- what they do ---- */

static void put_handshake(struct stranger *s)
{
    uint8_t out[PAIR_OUT_MAX];
    size_t len = 0;
    must(sotto_link_out(&s->peer.link, out, sizeof out, &len) == SOTTO_OK);
    put(s, out, len);
}

/* With IK: there is a server whose key is known. */
static void use_ik(struct stranger *s)
{
    const struct sotto_link_config config = {
        .is_client = true,
        .suite = SOTTO_SUITE_AESGCM,
        .receive_limit = SOTTO_RECORD_LIMIT_MIN,
        .random = seed_random(&world->seed),
        .static_private = s->peer.private_key,
        .static_public = s->peer.public_key,
        .server_key = world->server_public};
    sotto_link_init(&s->peer.link, &config);
}

/* Says hello and what follows, as far as the server answers: it may have no
 * room, or not know the key. */
static void shake_hands(struct stranger *s)
{
    struct sotto_link *link = &s->peer.link;
    put_handshake(s);
    do {
        if (peer_take(&s->peer) != SOTTO_OK) {
            must(link->refusal == SOTTO_REFUSAL_BUSY ||
                 link->refusal == SOTTO_REFUSAL_KEY);
            return;
        }
    } while (s->peer.in_used > 0);
    if (link->state == SOTTO_LINK_IDENTITY) {
        sotto_link_accept(link);
        if (link->has_output) {
            put_handshake(s);
        }
    }
    s->is_open = link->state == SOTTO_LINK_OPEN;
}

static void dial(struct stranger *s)
{
    const uint8_t how = choose_byte();
    if (s->is_there || world_open_count(world) == world->options.sessions) {
        return;
    }
    peer_dial(&s->peer, world);
    s->is_there = true;
    if (how % 2 == 1) {
        use_ik(s);
    }
    if (how % 8 < 6) {
        shake_hands(s);
    }
}

static void hang_up(struct stranger *s)
{
    if (s->is_there) {
        peer_hang_up(&s->peer);
    }
    memset(s, 0, sizeof *s);
}

static struct sotto_span choose_name(void)
{
    static const char *const names[] = {"eve",   "ann", "mallory", "bob",
                                        "phone", "",    "No Name", "#lobby"};
    const uint8_t what = choose_byte();
    const char *name = names[what % 8];
    return what < 200 ? (struct sotto_span){(const uint8_t *)name, strlen(name)}
                      : choose_bytes(40);
}

static void begin_login(struct stranger *s)
{
    static const char *const names[] = {"eve", "eve", "ann", "nobody"};
    const uint8_t what = choose_byte();
    const char *name = names[what % 4];
    const struct sotto_scram_binding binding = {.flag = 'p',
                                                .name =
                                                    SOTTO_SCRAM_BINDING_NAME,
                                                .data = s->peer.link.hash,
                                                .data_len =
                                                    sizeof s->peer.link.hash};
    char text[SOTTO_SCRAM_MESSAGE_MAX];
    struct sotto_writer w;
    sotto_writer_init(&w, (uint8_t *)text, sizeof text);
    s->password = what < 200 ? "password" : "wrong";
    must(sotto_scram_client_first(&s->peer.scram, name, strlen(name), &binding,
                                  "nonce", text, sizeof text,
                                  &w.len) == SOTTO_OK);
    put_frame(s, SOTTO_MSG_AUTH, &w);
}

/* ---- messages that can be read, whatever they say ---- */

static struct sotto_verifier choose_verifier(void)
{
    const uint8_t what = choose_byte();
    struct sotto_verifier v = {.salt_len = (uint8_t)(SOTTO_SCRAM_SALT_MIN - 1 +
                                                     what % 4),
                               .iterations =
                                   WORLD_ITERATIONS - 1U + what / 4 % 4};
    memset(v.stored_key, what, sizeof v.stored_key);
    return v;
}

/* The codes that strangers know, and their hashes. */
static void make_code(uint8_t which, uint8_t code[static SOTTO_DEVICE_CODE_LEN],
                      uint8_t hash[static SOTTO_HASH_LEN])
{
    struct sotto_sha256 sha;
    memset(code, which % 4, SOTTO_DEVICE_CODE_LEN);
    sotto_sha256_init(&sha);
    sotto_sha256_add(&sha, code, SOTTO_DEVICE_CODE_LEN);
    sotto_sha256_end(&sha, hash);
}

static void write_register(struct sotto_writer *w)
{
    const struct sotto_register msg = {.name = choose_name(),
                                       .verifier = choose_verifier(),
                                       .code = choose_bytes(4)};
    sotto_register_encode(w, &msg);
}

static void write_join(struct sotto_writer *w)
{
    const uint8_t what = choose_byte();
    const struct sotto_join msg = {
        .room = what < 240 ? (struct sotto_span){(const uint8_t *)"#lobby", 6}
                           : choose_name(),
        .instance = 1 + what % 2,
        .from = choose_byte() % 64U,
        .history = choose_byte()};
    sotto_join_encode(w, &msg);
}

static void write_post(struct sotto_writer *w)
{
    static const uint8_t text[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    const uint8_t what = choose_byte();
    const struct sotto_post msg = {
        .room = what >= 250,
        .id = 1 + choose_byte() % 32U,
        .text = what < 200 ? (struct sotto_span){text, what % sizeof text}
                           : choose_bytes(500)};
    sotto_post_encode(w, &msg);
}

static void write_expect(struct sotto_writer *w)
{
    uint8_t code[SOTTO_DEVICE_CODE_LEN];
    struct sotto_expect msg = {.device = choose_name(),
                               .seconds = choose_byte()};
    make_code(choose_byte(), code, msg.hash);
    sotto_expect_encode(w, &msg);
}

static void write_enrol(struct sotto_writer *w)
{
    uint8_t code[SOTTO_DEVICE_CODE_LEN];
    uint8_t hash[SOTTO_HASH_LEN];
    make_code(choose_byte(), code, hash);
    sotto_write_bytes(w, code, sizeof code);
}

static void write_password(struct sotto_writer *w)
{
    const struct sotto_new_password msg = {.verifier = choose_verifier(),
                                           .revokes_devices =
                                               choose_byte() % 2};
    sotto_new_password_encode(w, &msg);
}

/* One message of a client's, right in form. */
static void put_message(struct stranger *s)
{
    uint8_t body[BODY_MAX];
    struct sotto_writer w;
    const uint8_t type = (uint8_t)(SOTTO_MSG_REGISTER + choose_byte() % 12);
    sotto_writer_init(&w, body, sizeof body);
    switch (type) {
    case SOTTO_MSG_REGISTER:
        write_register(&w);
        break;
    case SOTTO_MSG_JOIN:
        write_join(&w);
        break;
    case SOTTO_MSG_POST:
        write_post(&w);
        break;
    case SOTTO_MSG_WHO:
        sotto_room_encode(&w, choose_byte() / 250);
        break;
    case SOTTO_MSG_PING:
        sotto_write_u8(&w, 1);
        break;
    case SOTTO_MSG_ENROL:
        write_enrol(&w);
        break;
    case SOTTO_MSG_EXPECT:
        write_expect(&w);
        break;
    case SOTTO_MSG_DEVICES:
        break;
    case SOTTO_MSG_PASSWORD:
        write_password(&w);
        break;
    default: /* DEVICE_LOGIN, DEVICE_ADD, REVOKE */
        sotto_one_name_encode(&w, choose_name());
        break;
    }
    put_frame(s, type, &w);
}

static void put_any_frame(struct stranger *s)
{
    uint8_t body[BODY_MAX];
    struct sotto_writer w;
    const uint8_t type = choose_byte();
    const struct sotto_span in = choose_bytes(sizeof body);
    s->is_odd |= type == SOTTO_MSG_AUTH;
    sotto_writer_init(&w, body, sizeof body);
    sotto_write_bytes(&w, in.at, in.len);
    put_frame(s, type, &w);
}

/* ---- what happens ---- */

/* Says anything; where there are no keys, bytes as they are. */
static void speak(struct stranger *s, uint8_t how)
{
    struct sotto_span in;
    if (!s->is_there || how % 8 == 0 || !s->is_open) {
        in = choose_bytes(BODY_MAX);
        if (s->is_there) {
            put(s, in.at, in.len);
        }
    } else if (how % 8 == 1) {
        in = choose_bytes(BODY_MAX);
        s->is_odd |= memchr(in.at, SOTTO_MSG_AUTH, in.len) != NULL;
        put_frames(s, in.at, in.len);
    } else if (how % 8 == 2) {
        put_any_frame(s);
    } else if (how % 8 == 3) {
        begin_login(s);
    } else {
        put_message(s);
    }
}

static void crash(void)
{
    const uint8_t what = choose_byte();
    const struct faulty_cut cut = {.keep = choose_byte(),
                                   .damaged = what % 4,
                                   .new_names = what >= 128};
    for (size_t i = 0; i < PEERS; i++) {
        hang_up(&strangers[i]);
    }
    world_crash(world, &cut);
    world_start(world);
}

static void step(void)
{
    const uint8_t what = choose_byte();
    struct stranger *s = &strangers[what % PEERS];
    enum sotto_err err;
    switch (what / PEERS % 16) {
    case 0:
    case 1:
        dial(s);
        break;
    case 2:
        hang_up(s);
        break;
    case 3:
        world_wait(world, 1000U * (choose_byte() % 16U));
        break;
    case 4:
        (void)world_say(world, honest[what % 2], 16 + choose_byte());
        break;
    case 5:
        err = sotto_client_who(&honest[what % 2]->client);
        must(err == SOTTO_OK || err == SOTTO_ERR_AGAIN ||
             err == SOTTO_ERR_SPACE);
        break;
    case 6:
        if (choose_byte() % 8 == 0) {
            crash();
        }
        break;
    case 7:
    case 8:
    case 9:
        if (s->is_open) {
            listen(s);
        }
        break;
    default:
        speak(s, choose_byte());
        break;
    }
    world_settle(world);
}

/* ---- what must hold ---- */

static void check_accounts(void)
{
    const size_t count = sotto_accounts_count(world->accounts);
    must(count <= world->options.accounts);
    for (size_t i = 0; i < count; i++) {
        const struct sotto_account *account =
            sotto_accounts_at(world->accounts, i);
        const size_t len = strlen(account->name);
        must(sotto_name_valid(account->name, len));
        must(sotto_accounts_find(world->accounts, account->name, len) ==
             account);
    }
}

static void check_honest(const struct world_client *client)
{
    const char *name = client->client.config.name;
    const struct sotto_account *account =
        sotto_accounts_find(world->accounts, name, strlen(name));
    must(world_is_content(client));
    must(account != NULL && !account->disabled);
    must(memcmp(account->verifier.stored_key,
                client->client.verifier.stored_key,
                sizeof account->verifier.stored_key) == 0);
}

static void begin(void)
{
    static const char *const names[] = {"ann", "bob"};
    const uint8_t what = choose_byte();
    const struct world_options options = {
        .seed = 1 + what % 4U,
        .cut = what / 4 % 4 == 0 ? WORLD_RANDOM : WORLD_WHOLE,
        .buffers = what / 16 % 2 == 0 ? 0 : SOTTO_SESSION_BUFFERS_MIN + 2,
        .segment = what / 32 % 2 == 0 ? 0 : 1024,
        .segments = what / 32 % 2 == 0 ? 0 : 3,
        .feed = what / 64 % 2 == 0 ? 0 : 4096,
        .history = what >= 128 ? 20 : 0};
    memset(strangers, 0, sizeof strangers);
    world = world_begin(&options);
    world_add_account(world, "eve", "password");
    for (size_t i = 0; i < 2; i++) {
        world_add_account(world, names[i], "of the honest");
        honest[i] = world_add_client(world, names[i], "of the honest");
    }
    world_settle(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    choices_start(data, size);
    begin();
    for (int steps = 0; choices_left() && steps < STEPS_MAX; steps++) {
        step();
    }
    for (size_t i = 0; i < PEERS; i++) {
        hang_up(&strangers[i]);
    }
    world_wait(world, 40000);
    /* Whoever has nothing to say or to hear holds no memory. */
    must(world->buffers.taken == 0 && world->logins.taken == 0);
    must(world_open_count(world) == 2);
    check_accounts();
    check_honest(honest[0]);
    check_honest(honest[1]);
    world_check(world);
    world_end(world);
    return 0;
}
