/*
 * gadget.h - a device on a wire to the server of a world, driven as the
 * programs drive it; it keeps book of what it is told.
 */
#ifndef SOTTO_TESTS_UNIT_SUPPORT_GADGET_H
#define SOTTO_TESTS_UNIT_SUPPORT_GADGET_H

#include "tests/unit/support/world.h"
#include <sotto/device.h>

#define GADGET_LIMIT   1024
#define GADGET_QUEUE   2048
#define GADGET_NUMBERS 512
#define GADGET_EVENTS  512

struct gadget {
    struct world *world;
    struct world_wire *wire; /* NULL: none */
    struct sotto_device *device;
    struct sotto_device_config config;
    char fingerprint[SOTTO_FINGERPRINT_TEXT];
    unsigned counts[SOTTO_DEVICE_UNSENT + 1];
    enum sotto_device_event_kind kinds[GADGET_EVENTS]; /* in their order */
    size_t kind_count;
    struct sotto_device_event offline; /* the last one */
    struct sotto_device_event last;    /* the last of the others */
    unsigned heard[GADGET_NUMBERS];    /* how often each message was */
    unsigned heard_count;
    unsigned dials;
    bool saves;  /* stores the state when it is told to */
    bool is_off; /* nothing is driven */
    uint8_t state[SOTTO_DEVICE_STATE_MAX];
    size_t state_len;
    _Alignas(
        16) uint8_t memory[SOTTO_DEVICE_MEMORY(GADGET_LIMIT, GADGET_QUEUE)];
};

/* A device "sensor" with a password, that stores what it is told to. Not made
 * yet: the configuration may be changed. */
void gadget_init(struct gadget *gadget, struct world *world);
/* Switches it on, with the state that is stored. */
void gadget_on(struct gadget *gadget);
/* The power goes; the server finds out when `hangs_up`. */
void gadget_off(struct gadget *gadget, bool hangs_up);

/* Everything that can happen without time passing happens. */
void gadget_settle(struct gadget *gadget);
/* Time passes, with ticks at the deadlines and each second. */
void gadget_wait(struct gadget *gadget, uint64_t ms);
/* Stores the state now. */
void gadget_store(struct gadget *gadget);
uint64_t gadget_say(struct gadget *gadget, const char *text);

#endif
