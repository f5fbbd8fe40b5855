#include "tests/unit/support/gadget.h"

#include "tests/unit/test.h"

#include <string.h>

#define WIRE_NUMBER 98 /* a client that the world does not drive */
#define TURNS       4000

void gadget_init(struct gadget *gadget, struct world *world)
{
    static const char password[] = "password";
    uint8_t fingerprint[SOTTO_FINGERPRINT_LEN];
    memset(gadget, 0, sizeof *gadget);
    sotto_fingerprint_of_key(world->server_public, fingerprint);
    sotto_fingerprint_text(fingerprint, gadget->fingerprint);
    gadget->world = world;
    gadget->saves = true;
    gadget->is_off = true;
    gadget->config =
        (struct sotto_device_config){.name = "sensor",
                                     .fingerprint = gadget->fingerprint,
                                     .password = {(const uint8_t *)password,
                                                  sizeof password - 1},
                                     .random = seed_random(&world->seed),
                                     .receive_limit = GADGET_LIMIT,
                                     .queue = GADGET_QUEUE,
                                     .iterations = WORLD_ITERATIONS,
                                     .iterations_min = 1};
}

static void hang_up(struct gadget *gadget)
{
    if (gadget->wire != NULL) {
        gadget->wire->client = -1;
        gadget->wire->up.is_ended = true;
        world_wire_release(gadget->wire);
        gadget->wire = NULL;
        gadget->world->is_moving = true;
    }
}

void gadget_on(struct gadget *gadget)
{
    gadget->config.state =
        (struct sotto_span){gadget->state, gadget->state_len};
    enum sotto_err err =
        sotto_device_init(&gadget->device, &gadget->config, gadget->memory,
                          sizeof gadget->memory);
    assert_int_equal(err, SOTTO_OK);
    gadget->is_off = false;
    gadget_settle(gadget);
}

void gadget_off(struct gadget *gadget, bool hangs_up)
{
    if (hangs_up) {
        hang_up(gadget);
    }
    gadget->wire = NULL;
    gadget->is_off = true;
    sotto_device_wipe(gadget->device);
    world_settle(gadget->world);
}

void gadget_store(struct gadget *gadget)
{
    gadget->state_len = sotto_device_state(gadget->device, gadget->state);
    assert_in_range(gadget->state_len, 1, SOTTO_DEVICE_STATE_MAX);
}

static void take_event(struct gadget *gadget,
                       const struct sotto_device_event *event)
{
    assert_true(gadget->kind_count < GADGET_EVENTS);
    gadget->kinds[gadget->kind_count++] = event->kind;
    gadget->counts[event->kind]++;
    gadget->world->is_moving = true;
    if (event->kind == SOTTO_DEVICE_OFFLINE) {
        gadget->offline = *event;
        assert_false(sotto_device_wants_stream(gadget->device));
        hang_up(gadget);
        return;
    }
    gadget->last = *event;
    if (event->kind == SOTTO_DEVICE_SAVE && gadget->saves) {
        gadget_store(gadget);
    }
    if (event->kind == SOTTO_DEVICE_MESSAGE) {
        assert_true(event->number < GADGET_NUMBERS);
        gadget->heard[event->number]++;
        gadget->heard_count++;
    }
}

static void take_events(struct gadget *gadget)
{
    struct sotto_device_event event;
    while (sotto_device_next(gadget->device, &event)) {
        take_event(gadget, &event);
    }
}

static void look_at_stream(struct gadget *gadget)
{
    if (gadget->wire == NULL && sotto_device_wants_stream(gadget->device)) {
        gadget->dials++;
        gadget->wire = world_wire_dial(gadget->world, WIRE_NUMBER);
        if (gadget->wire != NULL) {
            sotto_device_connected(gadget->device);
        } else {
            sotto_device_disconnected(gadget->device, SOTTO_ERR_REFUSED);
        }
    }
}

static void read_down(struct gadget *gadget)
{
    struct world_pipe *down = &gadget->wire->down;
    uint8_t *at = NULL;
    size_t cap = 0;
    if (gadget->wire->is_stuck ||
        !sotto_device_input(gadget->device, &at, &cap)) {
        return;
    }
    const size_t len =
        world_portion(gadget->world, cap < down->len ? cap : down->len);
    memcpy(at, down->bytes, len);
    world_pipe_drop(down, len);
    sotto_device_input_done(gadget->device, len);
    gadget->world->is_moving |= len > 0;
    if (len == 0 && down->is_ended) {
        sotto_device_disconnected(gadget->device, SOTTO_ERR_CLOSED);
    }
}

static void write_up(struct gadget *gadget)
{
    struct world_pipe *up = &gadget->wire->up;
    const uint8_t *at = NULL;
    size_t len = 0;
    if (!sotto_device_output(gadget->device, &at, &len)) {
        return;
    }
    const size_t room = sizeof up->bytes - up->len;
    const size_t put = world_portion(gadget->world, len < room ? len : room);
    if (put > 0) {
        world_pipe_put(up, at, put);
        sotto_device_output_done(gadget->device, put);
        gadget->world->is_moving = true;
    }
}

/* As sotto/device.h says it. */
static void turn(struct gadget *gadget)
{
    sotto_device_tick(gadget->device, gadget->world->now_ms);
    look_at_stream(gadget);
    if (gadget->wire != NULL) {
        read_down(gadget);
    }
    take_events(gadget);
    if (gadget->wire != NULL) {
        write_up(gadget);
    }
}

void gadget_settle(struct gadget *gadget)
{
    struct world *world = gadget->world;
    bool moves = true;
    for (int i = 0; i < TURNS && moves; i++) {
        world_settle(world);
        world->is_moving = false;
        if (!gadget->is_off) {
            turn(gadget);
        }
        moves = world->is_moving ||
                (!gadget->is_off &&
                 sotto_device_deadline_ms(gadget->device) <= world->now_ms);
    }
    assert_false(moves);
}

void gadget_wait(struct gadget *gadget, uint64_t ms)
{
    struct world *world = gadget->world;
    const uint64_t end_ms = world->now_ms + ms;
    while (world->now_ms < end_ms) {
        uint64_t step_ms = 1000;
        if (!gadget->is_off) {
            const uint64_t deadline_ms =
                sotto_device_deadline_ms(gadget->device);
            const uint64_t left_ms = deadline_ms - world->now_ms;
            assert_true(deadline_ms > world->now_ms); /* it does not spin */
            step_ms = left_ms < step_ms ? left_ms : step_ms;
        }
        step_ms =
            end_ms - world->now_ms < step_ms ? end_ms - world->now_ms : step_ms;
        world_tick(world, step_ms);
        gadget_settle(gadget);
    }
}

uint64_t gadget_say(struct gadget *gadget, const char *text)
{
    uint64_t id = 0;
    assert_int_equal(sotto_device_say(gadget->device, text, strlen(text), &id),
                     SOTTO_OK);
    return id;
}
