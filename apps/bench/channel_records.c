/*
 * channel_records.c - fills slots with sealed records and opens them again, in
 * turns, with a look at the clock between; what was opened is compared outside
 * the measured time.
 */
#include "apps/bench/channel.h"
#include "core/base/assert.h"
#include "core/base/writer.h"
#include <string.h>

#define BODY_TYPE SOTTO_FRAME_APPLICATION

/* Writes the frame that a record carries, and padding behind it. */
static void make_plain(struct channel_work *work, size_t len)
{
    static uint8_t body[CHANNEL_BODY_MAX];
    struct sotto_writer w;

    SOTTO_ASSERT(len <= sizeof body);
    for (size_t at = 0; at < len; at++) {
        body[at] = (uint8_t)(at * 7 + at / 256);
    }
    sotto_writer_init(&w, work->plain, CHANNEL_HEAD_MAX + CHANNEL_BODY_MAX);
    sotto_write_u8(&w, BODY_TYPE);
    sotto_write_vector(&w, body, len);
    SOTTO_ASSERT(!w.bad);
    size_t padding = CHANNEL_BLOCK_LEN - w.len % CHANNEL_BLOCK_LEN;
    memset(work->plain + w.len, (int)padding, padding);
    work->plain_len = w.len;
    work->padded_len = w.len + padding;
    work->body = work->plain + (w.len - len);
    work->body_len = len;
}

void channel_work_init(struct channel_work *work, enum sotto_suite suite,
                       const struct channel_world *world, size_t len)
{
    work->suite = suite;
    work->world = world;
    make_plain(work, len);
    /* Multiples of a cache line; a link wants room for its least record. */
    work->slot_cap = SOTTO_RECORD_HEAD + len + 96;
    if (work->slot_cap < SOTTO_RECORD_HEAD + SOTTO_RECORD_LIMIT_MIN) {
        work->slot_cap = SOTTO_RECORD_HEAD + SOTTO_RECORD_LIMIT_MIN;
    }
    work->slot_cap = (work->slot_cap + 63) / 64 * 64;
    work->count = sizeof work->ring / work->slot_cap;
    if (work->count > CHANNEL_SLOTS_MAX) {
        work->count = CHANNEL_SLOTS_MAX;
    }
    for (size_t at = 0; at < work->count; at++) {
        work->slots[at].at = work->ring + at * work->slot_cap;
    }
}

/* Every slot was opened to what was sealed. */
static bool is_right(const struct channel_work *work,
                     const struct channel_layer *layer)
{
    const uint8_t *expected = layer->has_frame ? work->body : work->plain;
    size_t len = layer->has_frame ? work->body_len : work->plain_len;

    for (size_t at = 0; at < work->count; at++) {
        const struct channel_slot *slot = &work->slots[at];
        if (slot->opened_len != len ||
            memcmp(slot->opened, expected, len) != 0) {
            return false;
        }
    }
    return true;
}

/* The body is nowhere to be seen in the first slot. */
static bool is_hidden(const struct channel_work *work)
{
    const struct channel_slot *slot = &work->slots[0];
    size_t at = 0;

    if (slot->len < work->body_len) {
        return false;
    }
    while (at + work->body_len <= slot->len &&
           memcmp(slot->at + at, work->body, work->body_len) != 0) {
        at++;
    }
    return at + work->body_len > slot->len;
}

bool channel_check_layer(struct channel_work *work,
                         const struct channel_layer *layer)
{
    const size_t count = work->count;
    struct channel_slot *last = &work->slots[0];
    bool ok = layer->start(work) && layer->seal(work) && is_hidden(work) &&
              layer->open(work) && is_right(work, layer);

    work->count = 1;
    ok = ok && layer->start(work) && layer->seal(work);
    last->at[last->len - 1] ^= 1;
    ok = ok && !layer->open(work);
    work->count = count;
    return ok;
}

/* What one layer took so far. */
struct spent {
    double seal_ns;
    double open_ns;
};

/* Seals and opens all slots once. */
static bool take_turn(struct channel_work *work,
                      const struct channel_layer *layer, struct spent *spent)
{
    double start = figure_now_ns();
    bool ok = layer->seal(work);
    double between = figure_now_ns();
    ok = ok && layer->open(work);
    double end = figure_now_ns();

    spent->seal_ns += between - start;
    spent->open_ns += end - between;
    return ok && is_right(work, layer);
}

/* One turn of each layer. */
static bool take_turns(struct channel_work *work,
                       const struct channel_layer *const *layers, size_t count,
                       struct spent *spent)
{
    bool ok = true;

    for (size_t at = 0; ok && at < count; at++) {
        ok = take_turn(work, layers[at], &spent[at]);
    }
    return ok;
}

static bool start_layers(struct channel_work *work,
                         const struct channel_layer *const *layers,
                         size_t count)
{
    bool ok = true;

    for (size_t at = 0; ok && at < count; at++) {
        ok = layers[at]->start(work);
    }
    return ok;
}

bool channel_measure_records(struct channel_work *work,
                             const struct channel_layer *const *layers,
                             size_t count, double slice_ns,
                             struct channel_record *records)
{
    struct spent spent[CHANNEL_LAYERS_MAX] = {{0}};
    struct spent warm_up[CHANNEL_LAYERS_MAX] = {{0}};
    uint64_t turns = 0;
    const double start = figure_now_ns();

    SOTTO_ASSERT(count <= CHANNEL_LAYERS_MAX);
    if (!start_layers(work, layers, count) ||
        !take_turns(work, layers, count, warm_up)) {
        return false;
    }
    do {
        if (!take_turns(work, layers, count, spent)) {
            return false;
        }
        turns++;
    } while (figure_now_ns() - start < slice_ns);
    for (size_t at = 0; at < count; at++) {
        figure_add(&records[at].seal, spent[at].seal_ns, turns * work->count);
        figure_add(&records[at].open, spent[at].open_ns, turns * work->count);
    }
    return true;
}
