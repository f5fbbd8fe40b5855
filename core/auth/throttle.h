/*
 * throttle.h - how fast somebody may guess, register or connect.
 *
 * A bounded table of token buckets under 16-byte keys (an address, IPv6 cut to
 * its /64; or a hash of an account name). A bucket holds up to `burst` tokens
 * and gets one back every `refill_ms`. The least recently used bucket gives way
 * when the table is full; a full bucket needs no entry, so an attacker who
 * fills the table with fresh keys only makes others' debts forgotten, and the
 * limits per address and per account stand beside each other for that reason.
 *
 * Time is monotonic and handed in. A `now_ms` that went back would do no harm
 * but to make tokens come later. For what happens a thousand times a second
 * milliseconds are too coarse: a table may count another unit of time, in all
 * of its calls.
 */
#ifndef SOTTO_AUTH_THROTTLE_H
#define SOTTO_AUTH_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOTTO_THROTTLE_KEY_LEN 16

struct sotto_throttle_rate {
    uint32_t burst;     /* tokens a fresh key has, at least 1 */
    uint32_t refill_ms; /* for one token, at least 1 */
};

struct sotto_throttle;

/* Bytes of memory for `capacity` buckets (1 to 65535): 34 each. */
size_t sotto_throttle_size(size_t capacity);

/* Starts an empty table in `memory`, which is aligned as by malloc. */
void sotto_throttle_init(struct sotto_throttle **throttle, void *memory,
                         size_t capacity,
                         const struct sotto_throttle_rate *rate);

/* Milliseconds until a token is there (UINT32_MAX: that or more); 0 when there
 * is one. Takes none. */
uint32_t sotto_throttle_wait_ms(
    const struct sotto_throttle *throttle,
    const uint8_t key[static SOTTO_THROTTLE_KEY_LEN], uint64_t now_ms);

/* Takes one token; false, and nothing taken, when there is none. */
bool sotto_throttle_take(struct sotto_throttle *throttle,
                         const uint8_t key[static SOTTO_THROTTLE_KEY_LEN],
                         uint64_t now_ms);

/* Gives one back: what was tried did succeed. Never more than `burst`. */
void sotto_throttle_give(struct sotto_throttle *throttle,
                         const uint8_t key[static SOTTO_THROTTLE_KEY_LEN],
                         uint64_t now_ms);

/* Takes `cost` of time, whether there are tokens for it or not: more may be
 * owed then than the burst. Returns how long until a token is there again. */
uint64_t sotto_throttle_charge(struct sotto_throttle *throttle,
                               const uint8_t key[static SOTTO_THROTTLE_KEY_LEN],
                               uint64_t cost, uint64_t now_ms);

/* The key of an address: `ip` as in port_address (IPv4 mapped). */
void sotto_throttle_key_ip(const uint8_t ip[static 16],
                           uint8_t key[static SOTTO_THROTTLE_KEY_LEN]);
/* The key of an account name. */
void sotto_throttle_key_name(const char *name, size_t len,
                             uint8_t key[static SOTTO_THROTTLE_KEY_LEN]);

#endif
