/*
 * chat_devices.c - who needs no password: people whose own machine becomes a
 * device, and devices that bring a code which somebody made for them, are revoked,
 * and get another one.
 *
 * Claims: what the server said that it knows can come in, however often the power
 * fails; what it said that it has revoked comes in no more.
 */
#include "tests/sim/chat.h"

#include <stdio.h>
#include <string.h>

/* From the eighth person on, of four each: one who has a device, the device, and
 * one whose own machine is to be one. */
#define FIRST 8U

/* One step in so many is about a device. */
#define STEPS 3U

void chat_give_devices(struct chat *chat)
{
    for (unsigned i = FIRST; i + 2 < chat->people_count; i += 4) {
        struct chat_person *owner = &chat->people[i];
        struct chat_person *phone = &chat->people[i + 1];
        struct chat_person *other = &chat->people[i + 2];
        owner->device.owned = phone;
        phone->device.owner = owner;
        memcpy(phone->name, owner->name, sizeof phone->name);
        other->device.owned = other;
    }
}

bool chat_may_start(const struct chat_person *person)
{
    return person->device.owner == NULL || person->device.address[0] != '\0';
}

bool chat_may_rest(const struct chat_person *person)
{
    return !chat_may_start(person) || person->device.is_shut ||
           (person->device.owner != NULL && person->device.is_doubtful);
}

void chat_begin_device(struct chat_person *person)
{
    struct chat_device *device = &person->device;
    device->is_shut_out = device->is_shut;
    /* Some say the code each time, others the server's name. */
    device->brings_code =
        device->owner != NULL &&
        (!device->has_key || seed_once_in(&person->chat->dice, 2));
}

void chat_log_in_with(const struct chat_person *person,
                      struct client_settings *settings, const char **server)
{
    const struct chat_device *device = &person->device;
    if (device->owner != NULL) {
        settings->user = NULL;
    }
    if (device->owner != NULL || device->has_key) {
        settings->password_file = NULL;
        settings->registers = false;
    }
    *server = device->brings_code ? device->address : *server;
}

/* ---- what they do ------------------------------------------------------- */

static void type(struct chat_person *person, const char *command)
{
    char line[64];
    const bool is_own = person->device.owned == person;
    const int len = snprintf(line, sizeof line, "/%s %s\n", command,
                             is_own ? "laptop" : "phone");
    if (sim_is_running(person->machine)) {
        (void)sim_type(person->machine, line, (size_t)len);
    }
}

static void mind(struct chat_person *person)
{
    struct seed *dice = &person->chat->dice;
    struct chat_device *owned = &person->device.owned->device;
    const bool is_own = person->device.owned == person;
    if (owned->is_doubtful) {
        type(person, "revoke");
    } else if (is_own) {
        if (!owned->has_key) {
            type(person, "device add");
        }
    } else if (owned->address[0] == '\0' ||
               (owned->is_shut && seed_once_in(dice, 3))) {
        type(person, "enroll");
    } else if (owned->has_key && !owned->is_shut && seed_once_in(dice, 3)) {
        owned->is_doubtful = true;
        type(person, "revoke");
    }
}

void chat_mind_devices(struct chat *chat)
{
    if (chat->people_count <= FIRST || !seed_once_in(&chat->dice, STEPS)) {
        return;
    }
    struct chat_person *person =
        &chat->people[FIRST +
                      seed_below(&chat->dice, chat->people_count - FIRST)];
    if (person->device.owned != NULL && person->is_ready) {
        mind(person);
    }
}

/* ---- what comes of it ---------------------------------------------------- */

/* A new code: what the device had before is gone. */
static void take_code(struct chat_person *phone, const char *address)
{
    struct chat_device *device = &phone->device;
    (void)snprintf(device->address, sizeof device->address, "%s", address);
    device->has_key = false;
    device->is_shut = false;
    device->is_shut_out = false;
    if (sim_is_running(phone->machine)) {
        sim_kill(phone->machine);
    }
}

/* The server knows no device of that name any more. What the device has shown
 * until now it may have shown before. */
static void take_revoked(struct chat_person *person)
{
    struct chat_person *gone = person->device.owned;
    if (gone != person) {
        chat_read(gone);
        gone->device.is_shut = true;
        person->chat->revoked++;
    }
    gone->device.is_doubtful = false;
}

/* Of one who looks after a device. */
static void take_of_owner(struct chat_person *person,
                          const struct chat_shown *shown)
{
    struct chat_device *owned = &person->device.owned->device;
    if (strcmp(shown->event, "enroll") == 0) {
        take_code(person->device.owned, shown->address);
    } else if (strcmp(shown->what, "device_add") == 0) {
        owned->has_key = true;
    } else if (strcmp(shown->what, "revoke") == 0 ||
               (strcmp(shown->code, "device_unknown") == 0 &&
                owned->is_doubtful)) {
        take_revoked(person);
    } else if (strcmp(shown->code, "device_taken") == 0) {
        owned->is_doubtful = true; /* whose key that is nobody knows */
    } else if (strcmp(shown->code, "unsure") == 0) {
        owned->is_unsure |= owned->is_doubtful;
    }
}

/* Of one who comes as a device. */
static void take_of_device(struct chat_person *person,
                           const struct chat_shown *shown)
{
    struct chat_device *device = &person->device;
    struct ledger *ledger = &person->chat->ledger;
    if (strcmp(shown->event, "enrolled") == 0) {
        device->has_key = true;
        person->chat->came_by_code++;
    } else if (strcmp(shown->event, "disconnected") == 0) {
        device->is_shut_out = device->is_shut;
    } else if (strcmp(shown->event, "ready") == 0) {
        person->chat->came_by_key += device->has_key;
        if (device->is_shut_out) {
            ledger_wrong(ledger, "%u was revoked, and came in", person->number);
        }
    } else if (strcmp(shown->code, "device_unknown") == 0) {
        device->is_doubtful = true;
    } else if (strcmp(shown->code, "revoked") == 0 && device->has_key &&
               !device->is_shut && !device->is_doubtful && !device->is_unsure) {
        ledger_wrong(ledger, "%u is a device, and was shut out",
                     person->number);
    }
}

void chat_take_device(struct chat_person *person,
                      const struct chat_shown *shown)
{
    if (person->device.owner != NULL || person->device.has_key) {
        take_of_device(person, shown);
    } else if (person->device.owned != NULL) {
        take_of_owner(person, shown);
    }
}
