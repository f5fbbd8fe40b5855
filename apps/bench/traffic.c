#include "apps/bench/traffic.h"

#include "core/base/assert.h"
#include <stdlib.h>
#include <string.h>

/* ---- texts -------------------------------------------------------------- */

static void write_digits(uint8_t *out, size_t digits, uint64_t value)
{
    while (digits > 0) {
        out[--digits] = (uint8_t)('0' + value % 10);
        value /= 10;
    }
}

static bool read_digits(const uint8_t *in, size_t digits, uint64_t *value)
{
    uint64_t sum = 0;

    for (size_t at = 0; at < digits; at++) {
        if (in[at] < '0' || in[at] > '9') {
            return false;
        }
        sum = sum * 10 + (uint64_t)(in[at] - '0');
    }
    *value = sum;
    return true;
}

static void write_head(uint8_t *out, size_t sender, uint64_t number)
{
    write_digits(out, TRAFFIC_SENDER, sender);
    out[TRAFFIC_SENDER] = ' ';
    write_digits(out + TRAFFIC_SENDER + 1, TRAFFIC_NUMBER, number);
    out[TRAFFIC_HEAD - 1] = ' ';
}

static void write_rest(uint8_t *out, size_t size)
{
    for (size_t at = TRAFFIC_HEAD; at < size; at++) {
        out[at] = (uint8_t)('a' + at % 26);
    }
}

/* ---- what comes --------------------------------------------------------- */

static bool read_message(const struct traffic *traffic, struct sotto_span text,
                         uint64_t *sender, uint64_t *number)
{
    return text.len == traffic->size &&
           read_digits(text.at, TRAFFIC_SENDER, sender) &&
           read_digits(text.at + TRAFFIC_SENDER + 1, TRAFFIC_NUMBER, number) &&
           *sender < traffic->senders &&
           memcmp(text.at + TRAFFIC_HEAD, traffic->texts + TRAFFIC_HEAD,
                  text.len - TRAFFIC_HEAD) == 0;
}

static bool take_message(void *ctx, struct load_conn *conn,
                         const struct sotto_entry *entry, uint64_t now_ns)
{
    struct traffic *traffic = ctx;
    uint64_t sender = 0;
    uint64_t number = 0;

    if (!read_message(traffic, entry->text, &sender, &number)) {
        return load_fail(traffic->load, "a message is not what was sent", "");
    }
    uint64_t *next = &traffic->next[conn->at * traffic->senders + sender];
    struct traffic_sender *from = &traffic->of[sender];
    if (number != *next || number >= from->next) {
        return load_fail(traffic->load,
                         "a message is missing, came twice, or too early", "");
    }
    *next = number + 1;
    if (conn->at < traffic->senders) {
        return true;
    }
    struct traffic_slot *slot = &from->slots[number % traffic->window];
    traffic->deliveries++;
    latency_add(&traffic->each, now_ns - slot->sent_ns);
    if (--slot->missing == 0) {
        SOTTO_ASSERT(from->finished == number);
        from->finished++;
        latency_add(&traffic->last, now_ns - slot->sent_ns);
    }
    return true;
}

static void take_ack(void *ctx, struct load_conn *conn, uint64_t id,
                     uint64_t now_ns)
{
    struct traffic *traffic = ctx;
    const struct traffic_sender *sender = &traffic->of[conn->at];

    traffic->acked++;
    /* The slot may be another message's by now: that one's time would be
     * shorter, so it is left out. */
    if (sender->next < id + traffic->window) {
        const uint64_t number = id - 1;
        latency_add(&traffic->ack,
                    now_ns - sender->slots[number % traffic->window].sent_ns);
    }
}

/* ---- opening ------------------------------------------------------------ */

static bool take_memory(struct traffic *traffic)
{
    const size_t conns = traffic->senders + traffic->receivers;
    const size_t texts = load_posts_max(traffic->size);

    traffic->of = calloc(traffic->senders, sizeof *traffic->of);
    traffic->next = calloc(conns * traffic->senders, sizeof *traffic->next);
    traffic->texts = malloc(texts * traffic->size);
    if (traffic->of == NULL || traffic->next == NULL ||
        traffic->texts == NULL) {
        return false;
    }
    for (size_t at = 0; at < traffic->senders; at++) {
        traffic->of[at].slots =
            calloc(traffic->window, sizeof *traffic->of[at].slots);
        if (traffic->of[at].slots == NULL) {
            return false;
        }
    }
    for (size_t at = 0; at < texts; at++) {
        write_rest(traffic->texts + at * traffic->size, traffic->size);
    }
    return true;
}

bool traffic_open(struct traffic *traffic, struct load *load, size_t senders,
                  size_t receivers, size_t window, size_t size)
{
    *traffic = (struct traffic){.load = load,
                                .senders = senders,
                                .receivers = receivers,
                                .window = window,
                                .size = size};
    SOTTO_ASSERT(senders + receivers == load->conn_count);
    SOTTO_ASSERT(size >= TRAFFIC_SIZE_MIN && senders <= TRAFFIC_SENDERS);
    if (!take_memory(traffic)) {
        return load_fail(load, "no memory for messages", "");
    }
    for (size_t at = 0; at < senders; at++) {
        traffic->of[at].conn = &load->conns[at];
        load->conns[at].is_strict = false;
    }
    load->events = (struct load_events){.ctx = traffic,
                                        .message = take_message,
                                        .acked = take_ack};
    return true;
}

void traffic_close(struct traffic *traffic)
{
    for (size_t at = 0; traffic->of != NULL && at < traffic->senders; at++) {
        free(traffic->of[at].slots);
    }
    free(traffic->of);
    free(traffic->next);
    free(traffic->texts);
    if (traffic->load != NULL) {
        traffic->load->events = (struct load_events){.ctx = NULL};
    }
}

void traffic_clear(struct traffic *traffic)
{
    latency_clear(&traffic->each);
    latency_clear(&traffic->last);
    latency_clear(&traffic->ack);
}

/* ---- posting ------------------------------------------------------------ */

static size_t may_post(const struct traffic *traffic,
                       const struct traffic_sender *sender, size_t count)
{
    const size_t under_way = (size_t)(sender->next - sender->finished);
    const size_t free_slots = traffic->window - under_way;
    const size_t fit = load_posts_max(traffic->size);

    count = count < free_slots ? count : free_slots;
    return count < fit ? count : fit;
}

bool traffic_post(struct traffic *traffic, struct traffic_sender *sender,
                  size_t count, uint64_t since_ns)
{
    struct load *load = traffic->load;
    const size_t posts = may_post(traffic, sender, count);

    if (posts == 0 || !load_can_post(sender->conn)) {
        return true;
    }
    for (size_t at = 0; at < posts; at++) {
        struct traffic_slot *slot =
            &sender->slots[sender->next % traffic->window];
        *slot = (struct traffic_slot){.sent_ns = since_ns,
                                      .missing = (uint32_t)traffic->receivers};
        write_head(traffic->texts + at * traffic->size,
                   (size_t)(sender - traffic->of), sender->next);
        sender->next++;
    }
    traffic->posted += posts;
    return load_post(load, sender->conn, traffic->texts, traffic->size, posts);
}

static bool has_come(const struct traffic *traffic)
{
    return traffic->acked == traffic->posted &&
           traffic->deliveries == traffic->posted * traffic->receivers;
}

bool traffic_finish(struct traffic *traffic)
{
    while (!has_come(traffic)) {
        if (!load_turn(traffic->load, 1000)) {
            return false;
        }
    }
    return true;
}
