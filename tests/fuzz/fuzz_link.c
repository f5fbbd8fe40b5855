/*
 * fuzz_link.c - the channel by libFuzzer: two links that shake hands, and send
 * each other messages and anything else, with somebody in between who changes,
 * drops and repeats.
 *
 * When a byte of the handshake was changed, the two never both open. What
 * comes out of a link is what went into the other, each message once, in order,
 * until the first record that was touched; with that one the link fails.
 */
#include "choices.h"
#include "core/channel/link.h"
#include "tests/unit/channel/pair.h"
#include <string.h>

#define STEPS_MAX    48
#define MESSAGES_MAX 64
#define BODY_MAX     2048
#define RAW_MAX      512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct message {
    uint8_t type;
    size_t len;
};

/* One direction. */
struct way {
    struct sotto_link *from;
    struct sotto_link *to;
    struct message sent[MESSAGES_MAX];
    size_t sent_count;
    size_t heard;
    bool is_touched; /* a record does not arrive as it was sent, in its turn */
    bool is_raw;     /* nobody knows what comes out */
    uint8_t assembly[BODY_MAX];
};

static struct pair pair;
static struct way ways[2]; /* of the client, of the server */
static bool is_changed;    /* a byte of the handshake */
static bool is_longer;     /* there are more, which may begin a record */
static uint64_t now_ms;

/* ---- two links ---- */

/* With IK, the client knows the server's key. */
static void begin_ik(void)
{
    struct sotto_link_config config = {
        .is_client = true,
        .suite = pair.client.suite,
        .receive_limit = pair.client.receive_limit,
        .random = pair_random_source(&pair.client_random),
        .static_private = pair.client_keys.s_private,
        .static_public = pair.client_keys.s_public,
        .server_key = pair.server_keys.s_public};
    sotto_link_init(&pair.client, &config);
    config.is_client = false;
    config.takes_ik = true;
    config.server_key = NULL;
    config.random = pair_random_source(&pair.server_random);
    config.static_private = pair.server_keys.s_private;
    config.static_public = pair.server_keys.s_public;
    sotto_link_init(&pair.server, &config);
}

static void begin(void)
{
    const uint8_t how = choose_byte();
    const size_t limit = SOTTO_RECORD_LIMIT_MIN + choose_below(2048);
    memset(ways, 0, sizeof ways);
    is_changed = false;
    is_longer = false;
    now_ms = 1;
    pair_init(&pair, pair_suites[how % PAIR_SUITES], (uint16_t)limit);
    pair.client.cuts_long = how >= 128;
    if (how / PAIR_SUITES % 2 == 0) {
        begin_ik();
    }
    ways[0].from = ways[1].to = &pair.client;
    ways[1].from = ways[0].to = &pair.server;
}

/* ---- what comes out ---- */

/* What a message consists of follows from its place and length. */
static uint8_t byte_of(size_t number, size_t at)
{
    return (uint8_t)(number * 37 + at * 11);
}

static void hear(struct way *way, const struct sotto_frame *frame)
{
    must(frame->type >= SOTTO_FRAME_APPLICATION);
    must(!frame->is_cut ||
         (way->to->cuts_long && frame->len == sizeof way->assembly));
    if (way->is_raw) {
        return;
    }
    const struct message *message = &way->sent[way->heard];
    must(way->heard < way->sent_count);
    must(frame->type == message->type && frame->len == message->len);
    for (size_t i = 0; i < frame->len; i++) {
        must(frame->body[i] == byte_of(way->heard, i));
    }
    way->heard++;
}

/* Everything that a record had. */
static void hear_all(struct way *way)
{
    struct sotto_frame frame;
    enum sotto_err err = SOTTO_OK;
    for (;;) {
        if (sotto_link_next(way->to, &frame, &err)) {
            hear(way, &frame);
        } else if (err == SOTTO_ERR_SPACE) {
            sotto_link_lend(way->to, way->assembly, sizeof way->assembly);
        } else {
            break;
        }
    }
    must(err == SOTTO_OK || way->is_raw || way->is_touched);
}

/* Feeds all that is on the wire, in two parts, and hears what that makes; gives
 * the first error. What is not a whole unit changes nothing. */
static enum sotto_err feed(struct way *way)
{
    struct sotto_link *to = way->to;
    size_t at = 0;
    size_t part = choose_below(pair.wire_len + 1);
    enum sotto_err err = SOTTO_OK;
    while (at < pair.wire_len && err == SOTTO_OK) {
        size_t used = 0;
        const size_t need = sotto_link_need(to, pair.wire + at, part);
        err = sotto_link_feed(to, pair.wire + at, part, &used);
        must(used <= part && (used == 0 || used == need));
        must(err != SOTTO_OK || used != 0 || need > part ||
             to->state == SOTTO_LINK_IDENTITY || to->has_output);
        at += used;
        if (used > 0) {
            hear_all(way);
        }
        if (used == 0 && part == pair.wire_len - at) {
            break;
        }
        part = pair.wire_len - at;
    }
    return err;
}

/* ---- the handshake ---- */

/* One side says what it has to say; false when that is nothing. */
static bool take_turn(struct way *way)
{
    struct sotto_link *from = way->from;
    static uint8_t before[PAIR_RECORD_MAX];
    if (from->state == SOTTO_LINK_IDENTITY) {
        sotto_link_accept(from);
    }
    if (sotto_link_out(from, pair.wire, sizeof pair.wire, &pair.wire_len) !=
            SOTTO_OK ||
        pair.wire_len == 0) {
        return false;
    }
    const size_t len = pair.wire_len;
    memcpy(before, pair.wire, len);
    pair.wire_len = choose_patch(pair.wire, len, sizeof pair.wire);
    is_changed |= pair.wire_len < len || memcmp(before, pair.wire, len) != 0;
    is_longer |= pair.wire_len > len;
    if (feed(way) != SOTTO_OK) {
        must((is_changed || is_longer) && way->to->state == SOTTO_LINK_FAILED);
    }
    return true;
}

static bool shake_hands(void)
{
    bool goes_on = true;
    for (int turn = 0; goes_on && turn < 4; turn++) {
        goes_on = take_turn(&ways[0]);
        goes_on |= take_turn(&ways[1]);
    }
    const bool are_open = pair.client.state == SOTTO_LINK_OPEN &&
                          pair.server.state == SOTTO_LINK_OPEN;
    must(!are_open || !is_changed);
    must(are_open || is_changed || is_longer);
    if (are_open) {
        must(memcmp(pair.client.hash, pair.server.hash, 32) == 0);
        must(memcmp(pair.client.peer_static, pair.server_keys.s_public, 32) ==
             0);
        must(memcmp(pair.server.peer_static, pair.client_keys.s_public, 32) ==
             0);
    }
    return are_open;
}

/* ---- records ---- */

/* The record on the wire reaches its end, or not. */
static void deliver(struct way *way)
{
    static uint8_t before[PAIR_RECORD_MAX];
    const uint8_t what = choose_byte() % 8;
    const size_t len = pair.wire_len;
    if (len == 0) {
        return;
    }
    memcpy(before, pair.wire, len);
    if (what == 1) { /* it is lost */
        way->is_touched = true;
        return;
    }
    if (what == 2) {
        pair.wire_len = choose_patch(pair.wire, len, sizeof pair.wire);
        way->is_touched |=
            pair.wire_len != len || memcmp(pair.wire, before, len) != 0;
    }
    enum sotto_err err = feed(way);
    must(err == SOTTO_OK || way->is_touched || way->is_raw);
    hear_all(way);   /* nothing, whatever has failed */
    if (what == 3) { /* once more */
        way->is_touched = true;
        pair.wire_len = len;
        memcpy(pair.wire, before, len);
        err = feed(way);
        must(err != SOTTO_OK);
        hear_all(way);
    }
}

static void send_message(struct way *way)
{
    static uint8_t body[BODY_MAX];
    struct message *message = &way->sent[way->sent_count];
    bool is_whole = false;
    size_t done = 0;
    *message = (struct message){.type = (uint8_t)(SOTTO_FRAME_APPLICATION +
                                                  choose_byte() % 240),
                                .len = choose_below(sizeof body + 1)};
    for (size_t i = 0; i < message->len; i++) {
        body[i] = byte_of(way->sent_count, i);
    }
    way->sent_count++;
    while (!is_whole && way->from->state != SOTTO_LINK_FAILED) {
        struct sotto_record record;
        const size_t done_before = done;
        sotto_link_begin(way->from, &record, pair.wire, sizeof pair.wire);
        is_whole = sotto_record_add_part(&record, message->type, body,
                                         message->len, &done);
        must(is_whole || done > done_before);
        must(sotto_link_end(way->from, &record, now_ms, &pair.wire_len) ==
             SOTTO_OK);
        must(pair.wire_len <=
             (size_t)SOTTO_RECORD_HEAD + way->from->send_limit);
        deliver(way);
    }
}

/* Any bytes as a record's frames. */
static void send_raw(struct way *way)
{
    const struct sotto_span frames = choose_bytes(RAW_MAX);
    way->is_raw = true;
    pair_send_raw(&pair, way->from, frames.at, frames.len);
    deliver(way);
}

static void send_close(struct way *way)
{
    const bool is_first = !way->from->sent_close;
    enum sotto_err err =
        sotto_link_close(way->from, SOTTO_CLOSE_BYE, pair.wire,
                         sizeof pair.wire, now_ms, &pair.wire_len);
    if (err == SOTTO_OK) {
        must(is_first);
        deliver(way);
    }
}

static void step(void)
{
    const uint8_t what = choose_byte();
    struct way *way = &ways[what % 2];
    const bool can_send = !way->from->sent_close && way->from->has_keys &&
                          way->from->state != SOTTO_LINK_FAILED;
    now_ms += what >= 128 ? SOTTO_REKEY_MS : 1;
    if (what / 2 % 8 == 7) {
        send_close(way);
    } else if (can_send && what / 2 % 8 == 6) {
        send_raw(way);
    } else if (can_send && way->sent_count < MESSAGES_MAX) {
        send_message(way);
    }
}

/* Nothing was in the way of what was sent: it has come. */
static void check_way(const struct way *way)
{
    must(way->is_touched || way->is_raw || way->heard == way->sent_count ||
         way->to->state == SOTTO_LINK_FAILED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    choices_start(data, size);
    begin();
    if (!shake_hands()) {
        return 0;
    }
    for (int steps = 0; choices_left() && steps < STEPS_MAX; steps++) {
        step();
    }
    check_way(&ways[0]);
    check_way(&ways[1]);
    return 0;
}
