/*
 * soak.c - port/lwip with a board's buffers, on a network that loses frames, and
 * now and then all of them while peers go away, used without sense or reason for
 * a virtual hour. Looks for three things:
 *
 *   - bytes arrive in order, none added; and a side that reads CLOSED has read
 *     all that the other one wrote before it closed;
 *   - in the end, nothing is held any more (port/lwip/counts.h): no slot, packet
 *     buffer, connection, nor any entry of lwIP's pools;
 *   - lwIP's own checks and the sanitizers are content.
 *
 * usage: port_lwip_soak [SEED [MINUTES]]. The seed decides everything.
 */
#include "port/lwip/counts.h"
#include "port/lwip/host/host.h"
#include "port/port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANNELS 9U  /* one more than both ends of find room for */
#define LOSS     50U /* of 1,000 frames */
#define EVENTS   4U

/* What one side has done with its stream. */
struct side {
    struct port_stream *stream; /* NULL: none, or done with */
    uint32_t written;
    uint32_t read;
    bool aborted;   /* its end was not in good order */
    bool was_open;  /* connecting succeeded, or accepted */
    bool all_read;  /* it read CLOSED */
    bool has_begun; /* the first bytes say which channel this is */
};

/* A connection: side 0 dialled, side 1 was accepted. */
struct channel {
    struct side sides[2];
    uint32_t number; /* never used twice */
};

struct soak {
    struct port *port;
    struct port_loop *loop;
    struct port_listener *listener;
    struct port_address address;
    struct channel channels[CHANNELS];
    struct side strangers[CHANNELS]; /* accepted, number not read yet */
    uint32_t numbers;
    uint32_t outages;
    uint64_t seed;
    uint64_t bytes;    /* read in all */
    uint64_t finished; /* channels that ended with both sides in good order */
};

static void expect(bool condition, const char *what)
{
    if (!condition) {
        (void)fprintf(stderr, "soak: not so: %s\n", what);
        abort();
    }
}

/* SplitMix64. */
static uint32_t draw(struct soak *soak, uint32_t below)
{
    soak->seed += 0x9e3779b97f4a7c15U;
    uint64_t mixed = soak->seed;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebU;
    mixed ^= mixed >> 31;
    return (uint32_t)(mixed >> 33) % below;
}

/* Byte `at` of what a side of channel `number` says. The first four are the
 * number. */
static uint8_t byte_of(uint32_t number, size_t side, uint32_t at)
{
    if (at < 4) {
        return (uint8_t)(number >> (8 * at));
    }
    uint32_t mixed = (number * 2 + (uint32_t)side + 1) * 0x9e3779b1U + at;
    return (uint8_t)(mixed ^ mixed >> 8 ^ mixed >> 16);
}

static bool is_free(const struct channel *channel)
{
    return channel->number == 0;
}

/* ---- what a step does ------------------------------------------------- */

static void dial(struct soak *soak, struct channel *channel)
{
    struct side *side = &channel->sides[0];
    enum sotto_err err = port_connect(soak->loop, "127.0.0.1",
                                      soak->address.port, side, &side->stream);
    if (err == SOTTO_OK) {
        channel->number = ++soak->numbers;
    } else {
        expect(err == SOTTO_ERR_SPACE, "connecting fails for SPACE only");
    }
}

static void accept_one(struct soak *soak)
{
    struct side *side = soak->strangers;
    while (side < soak->strangers + CHANNELS && side->stream != NULL) {
        side++;
    }
    if (side == soak->strangers + CHANNELS) {
        return;
    }
    *side = (struct side){.was_open = true};
    enum sotto_err err =
        port_accept(soak->listener, soak->loop, side, &side->stream, NULL);
    expect(err == SOTTO_OK || err == SOTTO_ERR_AGAIN || err == SOTTO_ERR_SPACE,
           "accepting fails for SPACE only");
}

/* Reads the number of a stranger and puts it where it belongs. Who hangs up
 * before is forgotten. */
static void introduce(struct soak *soak, struct side *stranger)
{
    uint8_t bytes[4];
    size_t got = 0;
    enum sotto_err err =
        port_read(stranger->stream, bytes, 4 - stranger->read, &got);
    if (err == SOTTO_ERR_AGAIN) {
        return;
    }
    if (err == SOTTO_OK) {
        for (size_t i = 0; i < got; i++) {
            stranger->written |= (uint32_t)bytes[i] << (8 * stranger->read++);
        }
        if (stranger->read < 4) {
            return;
        }
        for (size_t i = 0; i < CHANNELS; i++) {
            struct channel *channel = &soak->channels[i];
            if (channel->number == stranger->written) {
                stranger->written = 0;
                stranger->has_begun = true;
                channel->sides[1] = *stranger;
                stranger->stream = NULL;
                return;
            }
        }
    }
    port_stream_abort(stranger->stream);
    stranger->stream = NULL;
}

static void read_some(struct soak *soak, struct channel *channel, size_t which)
{
    struct side *side = &channel->sides[which];
    static uint8_t bytes[3000];
    size_t got = 0;
    enum sotto_err err =
        port_read(side->stream, bytes, 1 + draw(soak, sizeof bytes), &got);
    if (err == SOTTO_OK) {
        for (size_t i = 0; i < got; i++) {
            expect(bytes[i] == byte_of(channel->number, 1 - which, side->read),
                   "bytes arrive in order");
            side->read++;
        }
        soak->bytes += got;
    } else if (err == SOTTO_ERR_CLOSED) {
        side->all_read = true;
    } else if (err != SOTTO_ERR_AGAIN) {
        side->aborted = true;
        port_stream_close(side->stream);
        side->stream = NULL;
    }
}

static void write_some(struct soak *soak, struct channel *channel, size_t which)
{
    struct side *side = &channel->sides[which];
    uint8_t bytes[2000];
    size_t len = 1 + draw(soak, draw(soak, 3) == 0 ? sizeof bytes : 40);
    size_t put = 0;
    for (size_t i = 0; i < len; i++) {
        bytes[i] = byte_of(channel->number, which, side->written + (uint32_t)i);
    }
    if (port_write(side->stream, bytes, len, &put) == SOTTO_OK) {
        expect(put > 0 && put <= len, "a part is written");
        side->written += (uint32_t)put;
    }
}

static void end(struct side *side, bool in_order)
{
    if (in_order && side->was_open) {
        port_stream_close(side->stream);
    } else {
        side->aborted = true;
        port_stream_abort(side->stream);
    }
    side->stream = NULL;
}

static void use_side(struct soak *soak, struct channel *channel, size_t which)
{
    struct side *side = &channel->sides[which];
    if (side->stream == NULL) {
        return;
    }
    if (!side->was_open) {
        enum sotto_err err = port_connect_status(side->stream);
        side->was_open = err == SOTTO_OK;
        if (err != SOTTO_OK &&
            (err != SOTTO_ERR_AGAIN || draw(soak, 50) == 0)) {
            end(side, false);
        }
        return;
    }
    uint32_t action = draw(soak, 200);
    if (action < 90) {
        read_some(soak, channel, which);
    } else if (action < 180) {
        write_some(soak, channel, which);
    } else if (action < 194) {
        port_want(side->stream, draw(soak, 4));
    } else if (action < 199) {
        end(side, true);
    } else {
        end(side, false);
    }
}

/* A side that ended in good order wrote as much as the other one read, if that
 * one saw the end. */
static void settle(struct soak *soak, struct channel *channel)
{
    struct side *sides = channel->sides;
    if (sides[0].stream != NULL || sides[1].stream != NULL) {
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        if (sides[i].all_read) {
            expect(sides[i].read <= sides[1 - i].written,
                   "no more is read than was written");
            if (!sides[1 - i].aborted) {
                expect(sides[i].read == sides[1 - i].written,
                       "CLOSED comes after the last byte");
                soak->finished++;
            }
        }
    }
    memset(channel, 0, sizeof *channel);
}

/* ---- the run ---------------------------------------------------------- */

/* Whatever is ready meanwhile. */
static void let_pass(struct soak *soak, uint32_t ms)
{
    uint64_t end_ms = port_now_ms(soak->port) + ms;
    do {
        struct port_event events[EVENTS];
        size_t count = 0;
        port_wait(soak->loop, ms, events, EVENTS, &count);
        expect(count <= EVENTS, "no more events than fit");
    } while (port_now_ms(soak->port) < end_ms);
}

/* Nothing gets through for a while, and some do not outlive it: their peers are
 * not told. */
static void outage(struct soak *soak)
{
    (void)host_frames_lose(1000, 0);
    soak->outages++;
    for (size_t i = 0; i < CHANNELS; i++) {
        struct side *side = &soak->channels[i].sides[draw(soak, 2)];
        if (side->stream != NULL && draw(soak, 2) == 0) {
            end(side, false);
        }
    }
    let_pass(soak, draw(soak, 20000));
    (void)host_frames_lose(LOSS, draw(soak, UINT32_MAX));
}

static void step(struct soak *soak)
{
    if (draw(soak, 8000) == 0) {
        outage(soak);
    }
    struct channel *channel = &soak->channels[draw(soak, CHANNELS)];
    if (is_free(channel)) {
        if (draw(soak, 10) == 0) {
            dial(soak, channel);
        }
    } else {
        use_side(soak, channel, draw(soak, 2));
        settle(soak, channel);
    }
    struct side *stranger = &soak->strangers[draw(soak, CHANNELS)];
    if (stranger->stream != NULL) {
        introduce(soak, stranger);
    }
    if (draw(soak, 20) == 0) {
        accept_one(soak);
    }
    if (draw(soak, 3) == 0) {
        uint32_t longest = draw(soak, 300) == 0 ? 5000 : 10; /* ms */
        let_pass(soak, draw(soak, longest));
    }
}

static void start(struct soak *soak)
{
    expect(port_loop_open(soak->port, 2 * CHANNELS - 1, &soak->loop) ==
               SOTTO_OK,
           "the loop opens");
    expect(port_address_parse("127.0.0.1", &soak->address) == SOTTO_OK,
           "an address is an address");
    expect(port_listen(soak->loop, &soak->address, soak, &soak->listener) ==
               SOTTO_OK,
           "it listens");
    port_listener_address(soak->listener, &soak->address);
}

/* Closes what is open and lets the last answers and TIME-WAIT pass. */
static void finish(struct soak *soak)
{
    port_loop_close(soak->loop);
    expect(port_loop_open(soak->port, 1, &soak->loop) == SOTTO_OK,
           "the loop opens again");
    let_pass(soak, 300000);
    port_loop_close(soak->loop);
}

int main(int argc, char **argv)
{
    const char *seed = argc > 1 ? argv[1] : "1";
    unsigned long minutes = argc > 2 ? strtoul(argv[2], NULL, 10) : 60;
    if (setenv("SOTTO_LWIP_LOSS", "1", 1) != 0 ||
        setenv("SOTTO_SEED", seed, 1) != 0) {
        return 1;
    }
    static struct soak soak;
    soak.seed = strtoul(seed, NULL, 10);
    expect(port_open(&soak.port) == SOTTO_OK, "the machine starts");
    struct port_lwip_counts before;
    port_lwip_count(&before);
    (void)host_frames_lose(LOSS, soak.seed);
    start(&soak);
    uint64_t start_ms = port_now_ms(soak.port);
    while (port_now_ms(soak.port) - start_ms < minutes * 60000U) {
        step(&soak);
    }
    uint64_t took_ms = port_now_ms(soak.port) - start_ms;
    finish(&soak);

    struct port_lwip_counts counts;
    port_lwip_count(&counts);
    (void)printf("%llu s, %lu connections, %lu outages, %llu sides read to the "
                 "end, %llu bytes\n",
                 (unsigned long long)took_ms / 1000,
                 (unsigned long)soak.numbers, (unsigned long)soak.outages,
                 (unsigned long long)soak.finished,
                 (unsigned long long)soak.bytes);
    (void)printf("at most %zu packets, %zu bytes to send; %zu misses\n",
                 counts.packets_max, counts.send_bytes_max, counts.missed);
    expect(counts.streams == 0 && counts.listeners == 0, "no slot is taken");
    expect(counts.connections == 0 && counts.segments == 0,
           "lwIP knows no connection");
    expect(counts.packets == 0 && counts.send_bytes == 0,
           "lwIP holds no bytes");
    expect(counts.entries == before.entries,
           "lwIP's pools are as they were at the start");
    port_close(soak.port);
    return 0;
}
