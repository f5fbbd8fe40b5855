/*
 * pace.h - how much somebody may do in a second; for more he waits a little.
 *
 * A token bucket in one number: the time at which nothing will be owed. Each
 * thing that is done moves it on by what it costs at the rate allowed. What is
 * done is never refused, but who owes more than SOTTO_PACE_BURST_MS is to be
 * held up until he owes SOTTO_PACE_STEP_MS less than that: so nobody has to look
 * after him for each thing that he does.
 *
 * Time is monotonic and handed in.
 */
#ifndef SOTTO_BASE_PACE_H
#define SOTTO_BASE_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* 0: sessions and the hub have no rates, and no code for them. */
#ifndef SOTTO_PACED
#    define SOTTO_PACED 1
#endif

/* What may be done at once, in milliseconds of the rate. */
#define SOTTO_PACE_BURST_MS 1000U
/* The least time for which somebody is held up. */
#define SOTTO_PACE_STEP_MS 10U

/* What a second allows; 0: as much as anybody likes. Somebody who sends both
 * gets a part of each: N messages and B bytes take N / messages + B / bytes
 * seconds. */
struct sotto_rate {
    uint32_t messages;
    uint32_t bytes;
};

/* Zeros at first. */
struct sotto_pace {
    uint64_t paid_ns; /* when nothing will be owed */
};

/* What so many messages and bytes cost, in nanoseconds. */
uint64_t sotto_rate_cost_ns(const struct sotto_rate *rate, uint32_t messages,
                            uint32_t bytes);

/* Adds a cost. */
void sotto_pace_charge(struct sotto_pace *pace, uint64_t cost_ns,
                       uint64_t now_ms);

/* Holds him up for at least so long, because he owes something elsewhere. */
void sotto_pace_hold(struct sotto_pace *pace, uint32_t wait_ms,
                     uint64_t now_ms);

/* Whether more is owed than may be: then he waits for sotto_pace_left_ms(). */
bool sotto_pace_is_exceeded(const struct sotto_pace *pace, uint64_t now_ms);

/* How long somebody who waits does so from now on; 0: he may go on. */
uint64_t sotto_pace_left_ms(const struct sotto_pace *pace, uint64_t now_ms);

#endif
