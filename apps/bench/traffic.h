/*
 * traffic.h - messages that are counted, checked and timed.
 *
 * A message's text begins with its sender and its number there, both in
 * digits; the rest is the same for all. So each receiver sees whether it is the
 * next one of its sender, and whole.
 */
#ifndef SOTTO_BENCH_TRAFFIC_H
#define SOTTO_BENCH_TRAFFIC_H

#include "apps/bench/latency.h"
#include "apps/bench/load.h"

/* "0007 000000001234 ", and at least one byte more. */
#define TRAFFIC_SENDER   4
#define TRAFFIC_NUMBER   12
#define TRAFFIC_HEAD     (TRAFFIC_SENDER + 1 + TRAFFIC_NUMBER + 1)
#define TRAFFIC_SIZE_MIN (TRAFFIC_HEAD + 1)
#define TRAFFIC_SENDERS  1000

/* A message that is under way. */
struct traffic_slot {
    uint64_t sent_ns;
    uint32_t missing; /* receivers that do not have it */
};

struct traffic_sender {
    struct load_conn *conn;
    uint64_t next;              /* the number of the next message, from 0 */
    uint64_t finished;          /* all receivers have those before */
    struct traffic_slot *slots; /* number % window */
};

/*
 * The first `senders` connections post; the `receivers` after them do not, and
 * it is their deliveries that are counted. What senders get of each other is
 * checked alike.
 */
struct traffic {
    struct load *load;
    size_t senders;
    size_t receivers;
    size_t window; /* slots of each sender */
    size_t size;
    struct traffic_sender *of;
    uint64_t *next; /* connection * senders + sender: what has to come */
    uint8_t *texts; /* room for those of one record */
    uint64_t deliveries;
    uint64_t posted;
    uint64_t acked;
    struct latency each; /* from posting to each receiver */
    struct latency last; /* ... to the last one */
    struct latency ack;  /* ... to the acknowledgement */
};

/* Takes the place of load->events; the connections are open. */
bool traffic_open(struct traffic *traffic, struct load *load, size_t senders,
                  size_t receivers, size_t window, size_t size);
void traffic_close(struct traffic *traffic);

/* Posts up to `count` messages of a sender, as far as slots are free and a
 * record and its stream take them; their time begins at `since_ns`. False when
 * the load has failed. */
bool traffic_post(struct traffic *traffic, struct traffic_sender *sender,
                  size_t count, uint64_t since_ns);

/* Waits until everything has come and is acknowledged, and counts once more. */
bool traffic_finish(struct traffic *traffic);

/* Forgets the times so far. */
void traffic_clear(struct traffic *traffic);

#endif
