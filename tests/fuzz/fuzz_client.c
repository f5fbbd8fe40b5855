/*
 * fuzz_client.c - a whole client by libFuzzer, and a server that says anything
 * to it, sealed with the right keys or not, at any point of a login or in the
 * room (tests/unit/support/host.h is the honest part of that server).
 *
 * The client never takes a server for one that knows the account before it has
 * proved it; an entry is handed out once, numbers rise unless it tells that the
 * log is another one, and it tells what was missed; each post is settled once; a
 * stream that has ended says nothing more.
 */
#include "choices.h"
#include "core/chat/message_devices.h"
#include "foe.h"
#include "tests/unit/channel/pair.h"
#include "tests/unit/support/host.h"
#include "tests/unit/test.h"
#include <string.h>

#define STEPS_MAX     64
#define POSTS_MAX     64
#define TEXT_MAX      800
#define DERIVABLE_MAX 100 /* iterations that are waited for */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct host host;
static bool is_proved;              /* by the honest part */
static bool is_over;                /* the stream has ended */
static bool registers;              /* and was not told yet that it is made */
static bool has_joined;             /* ever */
static uint64_t heard;              /* no entry up to here comes any more */
static uint64_t next;               /* of JOINED */
static size_t posts;                /* that the client took */
static size_t settled_count;        /* of them */
static bool settled[POSTS_MAX + 1]; /* by id */

/* ---- what the client says has happened ---- */

static void settle(uint64_t id)
{
    must(is_proved);
    must(id >= 1 && id <= posts && !settled[id]);
    settled[id] = true;
    settled_count++;
}

static void look_at_joined(const struct sotto_client_event *event)
{
    const struct sotto_joined *joined = &event->joined;
    must(is_proved);
    must(event->missed ==
         (has_joined && (joined->next <= heard || joined->first - 1 > heard)));
    if (event->missed || !has_joined) {
        heard = joined->first - 1;
    }
    has_joined = true;
    next = joined->next;
}

static void look_at_entry(const struct sotto_client_event *event)
{
    const struct sotto_entry *entry = &event->entry;
    must(is_proved);
    must(entry->number > heard);
    must(entry->text.len <= SOTTO_MAX_TEXT);
    must(event->type == SOTTO_MSG_MESSAGE || entry->text.len == 0);
    heard = entry->number;
}

static void look_at_lists(const struct sotto_client_event *event)
{
    struct sotto_present present = event->present;
    struct sotto_span devices = event->devices;
    struct sotto_device_item item;
    struct sotto_span name;
    if (event->kind == SOTTO_EVENT_PRESENT) {
        while (sotto_present_next(&present, &name)) {
            must(name.len <= SOTTO_NAME_MAX);
        }
    } else {
        while (sotto_device_list_next(&devices, &item)) {
            must(item.name.len <= SOTTO_NAME_MAX);
        }
    }
}

static void derive(void)
{
    struct sotto_client *client = &host.client;
    if (client->verifier.iterations <= DERIVABLE_MAX) {
        while (sotto_client_is_deriving(client) &&
               !sotto_client_derive(client, DERIVABLE_MAX)) {
        }
    }
}

static void take_event(const struct sotto_client_event *event)
{
    switch (event->kind) {
    case SOTTO_EVENT_IDENTITY:
        must(memcmp(event->key, host.public_key, sizeof event->key) == 0);
        sotto_client_accept(&host.client);
        break;
    case SOTTO_EVENT_DERIVE:
        derive();
        break;
    case SOTTO_EVENT_LOGGED_IN:
        must(is_proved);
        break;
    case SOTTO_EVENT_JOINED:
        look_at_joined(event);
        break;
    case SOTTO_EVENT_CAUGHT_UP:
        must(is_proved);
        heard = next - 1 > heard ? next - 1 : heard;
        break;
    case SOTTO_EVENT_ENTRY:
        look_at_entry(event);
        break;
    case SOTTO_EVENT_ACKED:
        settle(event->id);
        break;
    case SOTTO_EVENT_PROBLEM:
        if (event->problem.ref != 0) {
            settle(event->problem.ref);
        }
        break;
    case SOTTO_EVENT_PRESENT:
    case SOTTO_EVENT_DEVICES:
        must(is_proved);
        look_at_lists(event);
        break;
    case SOTTO_EVENT_CLOSED:
        must(host.client.state == SOTTO_CLIENT_OFFLINE);
        must(event->before_login == !host.client.is_server_proved);
        is_over = true;
        break;
    case SOTTO_EVENT_REGISTERED:
        must(registers);
        registers = false;
        break;
    case SOTTO_EVENT_DONE:
        must(is_proved);
        break;
    case SOTTO_EVENT_PASSWORD: /* it has one, and no code */
    case SOTTO_EVENT_ENROLLED:
        must(false);
        break;
    }
}

static void take_events(void)
{
    while (sotto_client_next(&host.client, &host.event)) {
        must(!is_over || host.event.kind == SOTTO_EVENT_CLOSED);
        take_event(&host.event);
    }
    must(sotto_client_unsettled(&host.client) == posts - settled_count);
}

/* ---- what the server says ---- */

/* Bytes that the client reads, in two parts; it need not read them all. */
static void give(const uint8_t *bytes, size_t len)
{
    size_t part = len > 0 ? choose_below(len) : 0;
    for (size_t at = 0; at < len && !is_over;) {
        uint8_t *in = NULL;
        size_t cap = 0;
        if (!sotto_client_input(&host.client, &in, &cap)) {
            host.up_len = host.up_used = 0;
            host_fetch(&host, 4);
            take_events();
            if (!sotto_client_input(&host.client, &in, &cap)) {
                return;
            }
        }
        cap = cap < len - at ? cap : len - at;
        cap = part > 0 && cap > part ? part : cap;
        memcpy(in, bytes + at, cap);
        sotto_client_input_done(&host.client, cap, host.now_ms);
        at += cap;
        part = 0;
        take_events();
    }
}

static void give_frames(const uint8_t *frames, size_t len)
{
    uint8_t out[SOTTO_RECORD_HEAD + FOE_FRAMES_MAX + 128];
    if (host.link.state == SOTTO_LINK_OPEN && host.link.has_keys) {
        len = pair_seal(&host.link, frames, len, out);
        must(len <= sizeof out);
        give(out, len);
    }
}

static void give_close(void)
{
    uint8_t out[SOTTO_RECORD_LIMIT_MIN + SOTTO_RECORD_HEAD];
    size_t len = 0;
    if (sotto_link_close(&host.link, SOTTO_CLOSE_BYE, out, sizeof out,
                         host.now_ms, &len) == SOTTO_OK) {
        give(out, len);
    }
}

/* ---- what the client is asked to do ---- */

static void post(void)
{
    static const uint8_t text[] = "said by ann";
    uint64_t id = 0;
    if (posts < POSTS_MAX &&
        sotto_client_post(&host.client, text,
                          1 + choose_byte() % (sizeof text - 1),
                          &id) == SOTTO_OK) {
        must(id == ++posts);
    }
}

/* Where it is not in the room, or too much waits, it says so. */
static void ask(uint8_t what)
{
    static const uint8_t hash[SOTTO_DEVICE_ID_LEN] = {1};
    struct sotto_client *client = &host.client;
    enum sotto_err err = SOTTO_OK;
    switch (what % 8) {
    case 0:
        err = sotto_client_who(client);
        break;
    case 1:
        err = sotto_client_add_device(client, "phone");
        break;
    case 2:
        err = sotto_client_expect(client, "phone", hash, 60);
        break;
    case 3:
        err = sotto_client_revoke(client, what < 128 ? "phone" : NULL);
        break;
    case 4:
        err = sotto_client_list_devices(client);
        break;
    case 5:
        err = sotto_client_change_password(client, &host.verifier, what >= 128);
        break;
    default:
        post();
        break;
    }
    must(err == SOTTO_OK || err == SOTTO_ERR_AGAIN || err == SOTTO_ERR_SPACE);
}

/* ---- histories ---- */

/* Another stream, and the honest part goes as far as it is told to. */
static void dial(uint8_t how)
{
    if (!is_over) {
        sotto_client_disconnected(&host.client, SOTTO_ERR_RESET);
        take_events();
    }
    if (host.client.is_leaving) {
        return;
    }
    is_proved = false;
    is_over = false;
    host_dial(&host);
    if (how >= 128) { /* what is longer goes in parts */
        host.link.receive_limit = SOTTO_RECORD_LIMIT_MIN;
    }
    if (how % 8 > 0) {
        host_open(&host);
    }
    if (how % 8 > 1 && !host.client.wants_register) {
        host_login(&host);
        is_proved = true;
    }
}

/* The account is to be made first. */
static void register_first(void)
{
    registers = true;
    host.client.config.iterations_new = DERIVABLE_MAX;
    must(sotto_client_set_password(&host.client, (const uint8_t *)"password", 8,
                                   true) == SOTTO_OK);
}

static void step(void)
{
    const uint8_t what = choose_byte();
    uint8_t frames[FOE_FRAMES_MAX];
    struct sotto_span in;
    switch (what % 16) {
    case 0:
        in = choose_bytes(FOE_FRAMES_MAX);
        give(in.at, in.len);
        break;
    case 3:
        give_close();
        break;
    case 4:
        dial(choose_byte());
        break;
    case 5:
        host.now_ms += 1000U * choose_byte();
        sotto_client_tick(&host.client, host.now_ms);
        break;
    case 6:
        if (choose_byte() % 8 == 0) {
            sotto_client_leave(&host.client, what >= 128);
        }
        break;
    case 7:
        host.up_len = host.up_used = 0;
        host_fetch(&host, 1);
        break;
    case 8:
    case 9:
        ask(choose_byte());
        break;
    default:
        give_frames(frames, foe_frames(what % 16, frames));
        break;
    }
    take_events();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    choices_start(data, size);
    is_proved = false;
    registers = false;
    has_joined = false;
    heard = 0;
    posts = 0;
    settled_count = 0;
    memset(settled, 0, sizeof settled);
    host_begin(&host);
    is_over = false;
    sotto_client_disconnected(&host.client, SOTTO_ERR_RESET);
    take_events();
    const uint8_t how = choose_byte();
    if (how / 8 % 4 == 3) {
        register_first();
    }
    dial(how);
    for (int steps = 0; choices_left() && steps < STEPS_MAX; steps++) {
        step();
    }
    sotto_client_wipe(&host.client);
    return 0;
}
