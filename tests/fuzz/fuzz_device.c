/*
 * fuzz_device.c - a whole device (sotto/device.h) by libFuzzer, and a server
 * that answers as it should, or says anything else. The device is switched off
 * and on, with the state that it stored when it was told to.
 *
 * It never speaks to a server with another key than the one that it was told,
 * takes none for one that knows it before that has proved it, hears each entry
 * once, after a power cut those that came later than the state that was stored,
 * and of each thing that it says comes SENT or UNSENT once. It never spins.
 */
#include "choices.h"
#include "core/chat/device_inner.h"
#include "core/chat/message_devices.h"
#include "core/crypto/x25519.h"
#include "foe.h"
#include "tests/unit/channel/pair.h"
#include "tests/unit/test.h"
#include <sotto/device.h>
#include <string.h>

#define LIMIT      512
#define QUEUE      512
#define STEPS_MAX  96
#define SAID_MAX   64
#define ITERATIONS 2
#define EVENTS_MAX 1000 /* without anything happening */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sotto_device *device;
static struct sotto_device_config config;
static _Alignas(16) uint8_t memory[SOTTO_DEVICE_MEMORY(LIMIT, QUEUE)];
static uint8_t state[SOTTO_DEVICE_STATE_MAX];
static size_t state_len;
static uint64_t now_ms;
static uint64_t heard;      /* the last entry's number */
static uint64_t heard_then; /* ... when the state was stored */
static size_t said;
static size_t settled_count;
static bool settled[SAID_MAX + 1]; /* by id */

/* The server. */
static struct pair_keys keys;
static struct pair_random chance;
static struct sotto_link link;
static struct sotto_scram_server scram;
static struct sotto_verifier verifier;
static bool has_stream;
static bool is_another;  /* it has not the key that the device was told */
static bool is_proved;   /* a login was answered as it should be */
static bool is_silent;   /* it answers nothing */
static uint8_t up[8192]; /* of the device, not dealt with */
static size_t up_len;
static uint8_t assembly[SOTTO_FRAME_MAX];

/* ---- what happens to the device ---- */

static void drop_stream(void)
{
    has_stream = false;
    is_proved = false;
    up_len = 0;
}

static void take_offline(const struct sotto_device_event *event)
{
    const bool is_key = event->why == SOTTO_DEVICE_WHY_KEY;
    must(!sotto_device_wants_stream(device));
    must(sotto_device_why_text(event->why)[0] != '\0');
    must(!is_key || (is_another && event->retry_ms == SOTTO_DEVICE_NEVER));
    drop_stream();
}

static void take_event(const struct sotto_device_event *event)
{
    must(is_proved || event->kind == SOTTO_DEVICE_SAVE ||
         event->kind == SOTTO_DEVICE_OFFLINE);
    switch (event->kind) {
    case SOTTO_DEVICE_SAVE:
        state_len = sotto_device_state(device, state);
        must(state_len <= sizeof state);
        heard_then = heard;
        break;
    case SOTTO_DEVICE_OFFLINE:
        take_offline(event);
        break;
    case SOTTO_DEVICE_MISSED:
        heard = 0;
        break;
    case SOTTO_DEVICE_MESSAGE:
    case SOTTO_DEVICE_ENTERED:
    case SOTTO_DEVICE_LEFT:
        must(event->number > heard && event->text.len <= SOTTO_MAX_TEXT);
        must((event->text.len > 0) == (event->kind == SOTTO_DEVICE_MESSAGE));
        heard = event->number;
        break;
    case SOTTO_DEVICE_SENT:
    case SOTTO_DEVICE_UNSENT:
        must(event->id >= 1 && event->id <= said && !settled[event->id]);
        settled[event->id] = true;
        settled_count++;
        break;
    case SOTTO_DEVICE_ONLINE:
        break;
    }
}

static void take_events(void)
{
    struct sotto_device_event event;
    size_t count = 0;
    while (sotto_device_next(device, &event)) {
        must(++count < EVENTS_MAX);
        take_event(&event);
    }
    must(sotto_device_unsent(device) == said - settled_count);
}

static void take_output(void)
{
    const uint8_t *at = NULL;
    size_t len = 0;
    while (has_stream && sotto_device_output(device, &at, &len) &&
           len <= sizeof up - up_len) {
        memcpy(up + up_len, at, len);
        up_len += len;
        sotto_device_output_done(device, len);
    }
}

static void give(const uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at < len && has_stream;) {
        uint8_t *in = NULL;
        size_t cap = 0;
        take_output();
        if (!sotto_device_input(device, &in, &cap)) {
            return;
        }
        cap = cap < len - at ? cap : len - at;
        memcpy(in, bytes + at, cap);
        sotto_device_input_done(device, cap);
        at += cap;
        take_events();
    }
    take_output();
}

/* ---- the server, as it should be ---- */

static void give_frames(const uint8_t *frames, size_t len)
{
    uint8_t out[SOTTO_RECORD_HEAD + FOE_FRAMES_MAX + 128];
    if (has_stream && link.has_keys && link.state == SOTTO_LINK_OPEN) {
        len = pair_seal(&link, frames, len, out);
        give(out, len);
    }
}

static void give_frame(uint8_t type, const struct sotto_writer *body)
{
    uint8_t frame[FOE_FRAMES_MAX];
    struct sotto_writer w;
    sotto_writer_init(&w, frame, sizeof frame);
    must(sotto_frame_encode(&w, type, body->out, body->len) == SOTTO_OK);
    give_frames(frame, w.len);
}

static void give_welcome(void)
{
    uint8_t body[64];
    struct sotto_writer w;
    const struct sotto_welcome welcome = {.name = {(const uint8_t *)"sensor",
                                                   6},
                                          .max_text = 300};
    sotto_writer_init(&w, body, sizeof body);
    sotto_welcome_encode(&w, &welcome);
    give_frame(SOTTO_MSG_WELCOME, &w);
}

static void give_enrolled(void)
{
    uint8_t body[64];
    struct sotto_writer w;
    const struct sotto_enrolled enrolled = {
        .account = {(const uint8_t *)"sensor", 6},
        .device = {(const uint8_t *)"door", 4}};
    sotto_writer_init(&w, body, sizeof body);
    sotto_enrolled_encode(&w, &enrolled);
    give_frame(SOTTO_MSG_ENROLLED, &w);
    give_welcome();
}

static void answer_auth(const struct sotto_frame *frame)
{
    char text[SOTTO_SCRAM_MESSAGE_MAX];
    struct sotto_writer w;
    const struct sotto_scram_binding binding = {.flag = 'p',
                                                .name =
                                                    SOTTO_SCRAM_BINDING_NAME,
                                                .data = link.hash,
                                                .data_len = sizeof link.hash};
    const char *in = (const char *)frame->body;
    sotto_writer_init(&w, (uint8_t *)text, sizeof text);
    if (scram.step != SOTTO_SCRAM_CHALLENGED) {
        if (sotto_scram_server_first(&scram, in, frame->len, &binding) ==
                SOTTO_OK &&
            sotto_scram_server_challenge(&scram, &verifier, "nonce", text,
                                         sizeof text, &w.len) == SOTTO_OK) {
            give_frame(SOTTO_MSG_AUTH, &w);
        }
    } else if (sotto_scram_server_final(&scram, in, frame->len, &binding, text,
                                        sizeof text, &w.len,
                                        NULL) == SOTTO_OK) {
        is_proved = true;
        give_frame(SOTTO_MSG_AUTH, &w);
        give_welcome();
    }
}

static void answer_join(void)
{
    uint8_t body[64];
    struct sotto_writer w;
    const uint64_t next = 1 + choose_byte();
    const struct sotto_joined joined = {.name = {(const uint8_t *)"#lobby", 6},
                                        .first = 1 + choose_byte() % next,
                                        .next = next};
    sotto_writer_init(&w, body, sizeof body);
    sotto_joined_encode(&w, &joined);
    give_frame(SOTTO_MSG_JOINED, &w);
    sotto_writer_init(&w, body, sizeof body);
    sotto_room_encode(&w, SOTTO_LOBBY);
    give_frame(SOTTO_MSG_CAUGHT_UP, &w);
}

static void answer_post(const struct sotto_frame *frame)
{
    uint8_t body[64];
    struct sotto_writer w;
    struct sotto_post post;
    must(sotto_post_decode(&post, frame->body, frame->len) == SOTTO_OK);
    must(post.id >= 1 && post.id <= said);
    sotto_writer_init(&w, body, sizeof body);
    sotto_ack_encode(&w, &(struct sotto_ack){.id = post.id,
                                             .number = foe_number()});
    give_frame(SOTTO_MSG_ACK, &w);
}

static void answer(const struct sotto_frame *frame)
{
    const struct sotto_writer nothing = {0};
    switch (frame->type) {
    case SOTTO_MSG_AUTH:
        answer_auth(frame);
        break;
    case SOTTO_MSG_REGISTER:
        give_frame(SOTTO_MSG_REGISTERED, &nothing);
        break;
    case SOTTO_MSG_DEVICE_LOGIN:
        give_welcome();
        break;
    case SOTTO_MSG_ENROL:
        give_enrolled();
        break;
    case SOTTO_MSG_JOIN:
        answer_join();
        break;
    case SOTTO_MSG_POST:
        answer_post(frame);
        break;
    default:
        must(frame->type == SOTTO_MSG_PING);
        break;
    }
}

static void hear(const struct sotto_frame *frame)
{
    must(!is_another);
    /* Who asks this trusts the server's key, whatever that says then. */
    is_proved |=
        frame->type == SOTTO_MSG_DEVICE_LOGIN || frame->type == SOTTO_MSG_ENROL;
    if (!is_silent) {
        answer(frame);
    }
}

/* ---- its wire ---- */

/* Takes one unit of what the device wrote; false when there is none. A device
 * never breaks the protocol. */
static bool feed(void)
{
    size_t used = 0;
    struct sotto_frame frame;
    enum sotto_err err = SOTTO_OK;
    uint8_t unit[sizeof up];
    memcpy(unit, up, up_len);
    must(sotto_link_feed(&link, unit, up_len, &used) == SOTTO_OK);
    up_len -= used;
    memmove(up, up + used, up_len);
    while (used > 0 && has_stream) {
        if (sotto_link_next(&link, &frame, &err)) {
            hear(&frame);
        } else if (err == SOTTO_ERR_SPACE) {
            sotto_link_lend(&link, assembly, sizeof assembly);
        } else {
            break;
        }
    }
    must(err == SOTTO_OK || err == SOTTO_ERR_SPACE);
    return used > 0;
}

static void say_handshake(void)
{
    uint8_t out[PAIR_OUT_MAX];
    size_t len = 0;
    if (link.state == SOTTO_LINK_IDENTITY) {
        sotto_link_accept(&link);
    }
    if (link.has_output) {
        must(sotto_link_out(&link, out, sizeof out, &len) == SOTTO_OK);
        give(out, len);
    }
}

/* The server answers, as far as there is something to answer to. */
static void serve(void)
{
    bool goes_on = has_stream;
    while (goes_on) {
        take_output();
        goes_on = has_stream && link.state != SOTTO_LINK_ENDED && feed();
        say_handshake();
        goes_on &= has_stream;
    }
}

static void dial(void)
{
    if (!sotto_device_wants_stream(device) || has_stream) {
        return;
    }
    const struct sotto_link_config how = {.takes_ik = true,
                                          .receive_limit = 1024,
                                          .random = pair_random_source(&chance),
                                          .static_private = keys.s_private,
                                          .static_public = keys.s_public};
    sotto_link_init(&link, &how);
    memset(&scram, 0, sizeof scram);
    has_stream = true;
    is_proved = false;
    up_len = 0;
    sotto_device_connected(device);
}

static void say_goodbye(uint8_t reason)
{
    uint8_t out[SOTTO_RECORD_LIMIT_MIN + SOTTO_RECORD_HEAD];
    size_t len = 0;
    if (has_stream && link.has_keys &&
        sotto_link_close(&link, (enum sotto_close_reason)reason, out,
                         sizeof out, now_ms, &len) == SOTTO_OK) {
        give(out, len);
    }
}

/* ---- histories ---- */

static void switch_on(void)
{
    config.state = (struct sotto_span){state, state_len};
    must(sotto_device_init(&device, &config, memory, sizeof memory) ==
         SOTTO_OK);
    heard = heard_then;
    said = 0;
    settled_count = 0;
    memset(settled, 0, sizeof settled);
    drop_stream();
}

static void let_time_pass(void)
{
    const uint8_t what = choose_byte();
    const uint64_t deadline_ms = sotto_device_deadline_ms(device);
    if (what < 128 && deadline_ms != UINT64_MAX && deadline_ms > now_ms) {
        now_ms = deadline_ms;
    } else {
        now_ms += what;
    }
    for (int turns = 0; turns < 20; turns++) { /* keys are made in parts */
        sotto_device_tick(device, now_ms);
        take_events();
    }
    take_output();
    take_events(); /* it may have said goodbye */
    must(sotto_device_deadline_ms(device) > now_ms ||
         sotto_client_is_deriving(&device->client)); /* for long, if asked to */
}

static void say(void)
{
    uint64_t id = 0;
    if (said < SAID_MAX &&
        sotto_device_say(device, "the door is open", 1 + choose_byte() % 16,
                         &id) == SOTTO_OK) {
        must(id == ++said);
    }
}

static void step(void)
{
    const uint8_t what = choose_byte();
    uint8_t frames[FOE_FRAMES_MAX];
    struct sotto_span in;
    switch (what % 16) {
    case 0:
        dial();
        in = choose_bytes(FOE_FRAMES_MAX);
        give(in.at, in.len);
        break;
    case 3:
        say_goodbye(what / 16);
        if (has_stream) {
            sotto_device_disconnected(device, SOTTO_ERR_RESET);
            has_stream = false;
        }
        break;
    case 4:
        if (choose_byte() % 4 == 0) {
            sotto_device_wipe(device);
            switch_on();
        }
        break;
    case 5:
        say();
        break;
    case 6:
        if (choose_byte() % 16 == 0) {
            sotto_device_leave(device);
        } else {
            sotto_device_retry(device);
        }
        break;
    case 1:
    case 2:
    case 7:
    case 8:
        give_frames(frames, foe_frames(what % 16, frames));
        break;
    case 9:
    case 10:
        let_time_pass();
        break;
    default:
        is_silent = what % 16 == 15;
        dial();
        serve();
        is_silent = false;
        break;
    }
    take_events();
}

static void make_account(void)
{
    struct sotto_scram_keys made;
    struct sotto_pbkdf2 kdf;
    uint8_t salted[SOTTO_SCRAM_KEY_LEN];
    verifier = (struct sotto_verifier){.salt_len = SOTTO_SCRAM_SALT_MIN,
                                       .iterations = ITERATIONS};
    sotto_pbkdf2_init(&kdf, config.password.at, config.password.len,
                      verifier.salt, verifier.salt_len, ITERATIONS);
    while (!sotto_pbkdf2_run(&kdf, ITERATIONS)) {
    }
    sotto_pbkdf2_end(&kdf, salted);
    sotto_scram_keys_derive(salted, &made);
    sotto_scram_stored_key(&made, verifier.stored_key);
    memcpy(verifier.server_key, made.server_key, sizeof made.server_key);
}

static void begin(void)
{
    static const char *const codes[] = {
        NULL, "device-000102030405060708090a0b0c0d0e0f", "invitation"};
    static char fingerprint[SOTTO_FINGERPRINT_TEXT];
    uint8_t of_key[SOTTO_FINGERPRINT_LEN];
    const uint8_t what = choose_byte();
    pair_make_keys(&keys, 0x22);
    sotto_fingerprint_of_key(keys.s_public, of_key);
    sotto_fingerprint_text(of_key, fingerprint);
    is_another = what >= 240;
    if (is_another) {
        pair_make_keys(&keys, 0x33);
    }
    chance = (struct pair_random){.next = 1};
    config =
        (struct sotto_device_config){.name = "sensor",
                                     .fingerprint = fingerprint,
                                     .password = {(const uint8_t *)"password",
                                                  8},
                                     .code = codes[what % 3],
                                     .registers = what / 3 % 2 == 1,
                                     .random = pair_random_source(&chance),
                                     .receive_limit = LIMIT,
                                     .queue = QUEUE,
                                     .iterations = ITERATIONS,
                                     .iterations_min = 1};
    make_account();
    now_ms = 1000;
    heard_then = 0;
    state_len = 0;
    switch_on();
    sotto_device_tick(device, now_ms);
    take_events();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    choices_start(data, size);
    begin();
    for (int steps = 0; choices_left() && steps < STEPS_MAX; steps++) {
        step();
    }
    sotto_device_wipe(device);
    return 0;
}
