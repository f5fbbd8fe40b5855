#include "tests/unit/support/peer.h"

#include "core/crypto/x25519.h"
#include "tests/unit/test.h"

#include <string.h>

#define NOBODY 99 /* a client of the wire that the world does not drive */

void peer_dial(struct peer *peer, struct world *world)
{
    memset(peer, 0, sizeof *peer);
    peer->world = world;
    memset(peer->private_key, 0x77, sizeof peer->private_key);
    sotto_x25519_public(peer->private_key, peer->public_key);
    const struct sotto_link_config config = {
        .is_client = true,
        .suite = SOTTO_SUITE_CHACHAPOLY,
        .receive_limit = world->options.client_limit,
        .random = seed_random(&world->seed),
        .static_private = peer->private_key,
        .static_public = peer->public_key};
    sotto_link_init(&peer->link, &config);
    peer->wire = world_wire_dial(world, NOBODY);
    assert_non_null(peer->wire);
}

void peer_hang_up(struct peer *peer)
{
    peer->wire->client = -1;
    peer->wire->up.is_ended = true;
    world_wire_release(peer->wire);
    world_settle(peer->world);
}

void peer_send_bytes(struct peer *peer, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    while (len > 0) {
        struct world_pipe *up = &peer->wire->up;
        size_t part = sizeof up->bytes - up->len;
        part = part < len ? part : len;
        world_pipe_put(up, at, part);
        at += part;
        len -= part;
        world_settle(peer->world);
        assert_true(len == 0 || up->len < sizeof up->bytes);
    }
}

/* Sends what the handshake has to say. */
static void send_handshake(struct peer *peer)
{
    uint8_t
        out[SOTTO_HELLO_LEN + SOTTO_RECORD_HEAD + SOTTO_HANDSHAKE_MESSAGE_MAX];
    size_t len = 0;
    assert_int_equal(sotto_link_out(&peer->link, out, sizeof out, &len),
                     SOTTO_OK);
    peer_send_bytes(peer, out, len);
}

/* Fetches what has come down. */
static void fetch(struct peer *peer)
{
    struct world_pipe *down = &peer->wire->down;
    world_settle(peer->world);
    if (peer->in_used > 0) {
        peer->in_len -= peer->in_used;
        memmove(peer->in, peer->in + peer->in_used, peer->in_len);
        peer->in_used = 0;
    }
    const size_t room = sizeof peer->in - peer->in_len;
    const size_t len = down->len < room ? down->len : room;
    memcpy(peer->in + peer->in_len, down->bytes, len);
    peer->in_len += len;
    world_pipe_drop(down, len);
    world_settle(peer->world);
}

enum sotto_err peer_take(struct peer *peer)
{
    fetch(peer);
    return sotto_link_feed(&peer->link, peer->in, peer->in_len, &peer->in_used);
}

/* Feeds one unit; false when there is no whole one. */
static bool feed(struct peer *peer)
{
    assert_int_equal(peer_take(peer), SOTTO_OK);
    return peer->in_used > 0;
}

void peer_open(struct peer *peer, struct world *world)
{
    peer_dial(peer, world);
    send_handshake(peer);
    while (feed(peer)) {
    }
    assert_int_equal(peer->link.state, SOTTO_LINK_IDENTITY);
    sotto_link_accept(&peer->link);
    send_handshake(peer);
    assert_int_equal(peer->link.state, SOTTO_LINK_OPEN);
}

void peer_send(struct peer *peer, uint8_t type, const void *body, size_t len)
{
    static uint8_t out[SOTTO_RECORD_LIMIT_HOST + SOTTO_RECORD_HEAD];
    bool is_whole = false;
    size_t done = 0;
    while (!is_whole) {
        struct sotto_record record;
        size_t sealed = 0;
        sotto_link_begin(&peer->link, &record, out, sizeof out);
        is_whole = sotto_record_add_part(&record, type, body, len, &done);
        assert_int_equal(sotto_link_end(&peer->link, &record, 0, &sealed),
                         SOTTO_OK);
        peer_send_bytes(peer, out, sealed);
    }
}

void peer_put(struct peer *peer, uint8_t type, const void *body, size_t len)
{
    uint8_t out[SOTTO_RECORD_HEAD + 1024];
    struct sotto_record record;
    size_t sealed = 0;
    sotto_link_begin(&peer->link, &record, out, sizeof out);
    assert_int_equal(sotto_record_add(&record, type, body, len), SOTTO_OK);
    assert_int_equal(sotto_link_end(&peer->link, &record, 0, &sealed),
                     SOTTO_OK);
    world_pipe_put(&peer->wire->up, out, sealed);
}

void peer_send_frames(struct peer *peer, const void *frames, size_t len)
{
    static uint8_t out[SOTTO_RECORD_LIMIT_HOST + SOTTO_RECORD_HEAD];
    struct sotto_record record;
    size_t sealed = 0;
    sotto_link_begin(&peer->link, &record, out, sizeof out);
    assert_int_equal(sotto_record_add_frames(&record, frames, len), SOTTO_OK);
    assert_int_equal(sotto_link_end(&peer->link, &record, 0, &sealed),
                     SOTTO_OK);
    peer_send_bytes(peer, out, sealed);
}

bool peer_next(struct peer *peer, struct sotto_frame *frame)
{
    if (peer->link.assembly != NULL && !sotto_link_is_assembling(&peer->link)) {
        (void)sotto_link_take_back(&peer->link);
    }
    for (;;) {
        enum sotto_err err;
        if (sotto_link_next(&peer->link, frame, &err)) {
            return true;
        }
        if (err == SOTTO_ERR_SPACE) {
            sotto_link_lend(&peer->link, peer->assembly, sizeof peer->assembly);
            continue;
        }
        assert_int_equal(err, SOTTO_OK);
        if (peer->link.state == SOTTO_LINK_ENDED || !feed(peer)) {
            return false;
        }
    }
}

struct sotto_frame peer_expect(struct peer *peer, uint8_t type)
{
    struct sotto_frame frame;
    assert_true(peer_next(peer, &frame));
    assert_int_equal(frame.type, type);
    return frame;
}

struct sotto_error peer_expect_problem(struct peer *peer,
                                       enum sotto_problem problem)
{
    struct sotto_error error;
    const struct sotto_frame frame = peer_expect(peer, SOTTO_MSG_ERROR);
    assert_int_equal(sotto_error_decode(&error, frame.body, frame.len),
                     SOTTO_OK);
    assert_int_equal(error.problem, problem);
    return error;
}

void peer_expect_close(struct peer *peer, enum sotto_close_reason reason)
{
    struct sotto_frame frame;
    assert_false(peer_next(peer, &frame));
    assert_int_equal(peer->link.state, SOTTO_LINK_ENDED);
    assert_int_equal(peer->link.close_reason, reason);
    peer_expect_end(peer);
}

void peer_expect_end(struct peer *peer)
{
    fetch(peer);
    assert_int_equal(peer->in_len, 0);
    assert_int_equal(peer->wire->down.len, 0);
    assert_true(peer->wire->down.is_ended);
    peer_hang_up(peer);
}

/* ---- what it says ---- */

void peer_send_first(struct peer *peer, const char *name)
{
    char text[SOTTO_SCRAM_MESSAGE_MAX];
    size_t len = 0;
    const struct sotto_scram_binding binding = {.flag = 'p',
                                                .name =
                                                    SOTTO_SCRAM_BINDING_NAME,
                                                .data = peer->link.hash,
                                                .data_len =
                                                    sizeof peer->link.hash};
    assert_int_equal(sotto_scram_client_first(&peer->scram, name, strlen(name),
                                              &binding, "rOprNGfwEbeRWgbNEkqO",
                                              text, sizeof text, &len),
                     SOTTO_OK);
    peer_send(peer, SOTTO_MSG_AUTH, text, len);
}

void peer_derive(const struct peer *peer, const char *password,
                 struct sotto_scram_keys *keys)
{
    uint8_t salted[SOTTO_SCRAM_KEY_LEN];
    struct sotto_pbkdf2 kdf;
    sotto_pbkdf2_init(&kdf, (const uint8_t *)password, strlen(password),
                      peer->scram.salt, peer->scram.salt_len,
                      peer->scram.iterations);
    while (!sotto_pbkdf2_run(&kdf, 1000)) {
    }
    sotto_pbkdf2_end(&kdf, salted);
    sotto_scram_keys_derive(salted, keys);
}

void peer_send_proof(struct peer *peer, const char *password)
{
    const struct sotto_frame frame = peer_expect(peer, SOTTO_MSG_AUTH);
    peer_prove(peer, &frame, password);
}

size_t peer_make_proof(struct peer *peer, const struct sotto_frame *challenge,
                       const char *password,
                       char text[static SOTTO_SCRAM_MESSAGE_MAX])
{
    struct sotto_scram_keys keys;
    size_t len = 0;
    assert_int_equal(sotto_scram_client_challenge(&peer->scram,
                                                  (const char *)challenge->body,
                                                  challenge->len, 1, 1000000,
                                                  16),
                     SOTTO_OK);
    peer_derive(peer, password, &keys);
    assert_int_equal(sotto_scram_client_final(&peer->scram, &keys, text,
                                              SOTTO_SCRAM_MESSAGE_MAX, &len),
                     SOTTO_OK);
    return len;
}

void peer_prove(struct peer *peer, const struct sotto_frame *challenge,
                const char *password)
{
    char text[SOTTO_SCRAM_MESSAGE_MAX];
    const size_t len = peer_make_proof(peer, challenge, password, text);
    peer_send(peer, SOTTO_MSG_AUTH, text, len);
}

void peer_login(struct peer *peer, const char *name, const char *password)
{
    peer_send_first(peer, name);
    peer_send_proof(peer, password);
    (void)peer_expect(peer, SOTTO_MSG_AUTH);
    (void)peer_expect(peer, SOTTO_MSG_WELCOME);
}

struct sotto_joined peer_join(struct peer *peer, uint64_t instance,
                              uint64_t from, uint16_t history)
{
    uint8_t body[64];
    struct sotto_writer w;
    struct sotto_joined joined;
    const struct sotto_join join = {.room = {(const uint8_t *)SOTTO_LOBBY_NAME,
                                             6},
                                    .instance = instance,
                                    .from = from,
                                    .history = history};
    sotto_writer_init(&w, body, sizeof body);
    sotto_join_encode(&w, &join);
    peer_send(peer, SOTTO_MSG_JOIN, body, w.len);
    const struct sotto_frame frame = peer_expect(peer, SOTTO_MSG_JOINED);
    assert_int_equal(sotto_joined_decode(&joined, frame.body, frame.len),
                     SOTTO_OK);
    return joined;
}

void peer_enter(struct peer *peer, struct world *world, const char *name,
                uint64_t instance)
{
    peer_open(peer, world);
    peer_login(peer, name, "password");
    (void)peer_join(peer, instance, 0, 0);
    (void)peer_expect(peer, SOTTO_MSG_CAUGHT_UP);
}

void peer_post(struct peer *peer, uint64_t id, const char *text)
{
    static uint8_t body[SOTTO_FRAME_MAX];
    struct sotto_writer w;
    const struct sotto_post post = {.id = id,
                                    .text = {(const uint8_t *)text,
                                             strlen(text)}};
    sotto_writer_init(&w, body, sizeof body);
    sotto_post_encode(&w, &post);
    assert_false(w.bad);
    peer_send(peer, SOTTO_MSG_POST, body, w.len);
}
