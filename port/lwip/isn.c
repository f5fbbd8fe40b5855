/*
 * isn.c - the first sequence number of a TCP connection, after RFC 6528: a
 * clock, plus a keyed hash of who talks to whom. The hash is SipHash-2-4
 * (Aumasson, Bernstein 2012), which is made for short inputs and a key of 16
 * bytes. The key is drawn at the first connection.
 */
#include "port/lwip/below.h"
#include "port/lwip/lwip_hooks.h"
#include "port/lwip/machine.h"

#include <string.h>

/* The clock counts in units of 4 us (RFC 6528 3). */
#define TICKS_PER_MS 250U

static uint64_t rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static void sip_round(uint64_t v[static 4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

/* `count` words of 8 bytes and nothing behind them. */
static uint64_t siphash(const uint64_t key[static 2], const uint64_t *words,
                        size_t count)
{
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575U, key[1] ^ 0x646f72616e646f6dU,
                     key[0] ^ 0x6c7967656e657261U,
                     key[1] ^ 0x7465646279746573U};
    for (size_t i = 0; i <= count; i++) {
        /* The last word holds the length in bytes in its highest byte. */
        uint64_t word = i < count ? words[i] : (uint64_t)(8 * count) << 56;
        v[3] ^= word;
        sip_round(v);
        sip_round(v);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    for (unsigned i = 0; i < 4; i++) {
        sip_round(v);
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* Two addresses with their ports, 18 bytes each. */
#define PAIR_WORDS 5U

uint32_t port_lwip_isn(const ip_addr_t *local, uint16_t local_port,
                       const ip_addr_t *remote, uint16_t remote_port)
{
    static uint64_t key[2];
    static bool drawn;
    if (!drawn) {
        /* Without entropy the port does not start; a device that dies later
         * leaves the clock alone, as lwIP would have it. */
        drawn = below_random((uint8_t *)key, sizeof key) == SOTTO_OK;
    }
    struct port_address pair[2];
    address_from_lwip(local, local_port, &pair[0]);
    address_from_lwip(remote, remote_port, &pair[1]);

    uint64_t words[PAIR_WORDS] = {0};
    _Static_assert(sizeof pair <= sizeof words, "the pair fits");
    memcpy(words, pair, sizeof pair);
    return (uint32_t)(below_now_ms() * TICKS_PER_MS) +
           (uint32_t)siphash(key, words, PAIR_WORDS);
}
