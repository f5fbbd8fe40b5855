/*
 * accounts_devices.c - the devices of accounts.h: a table beside the one of
 * accounts, in the same file. Those of an account are a list, so that however
 * many others have does not count; each device's account is there.
 */
#include "core/auth/accounts_state.h"

#include <string.h>

struct sotto_piece sotto_device_id_at(const void *table, size_t place)
{
    const struct sotto_account_device *device = table;
    return (struct sotto_piece){device[place].id, SOTTO_DEVICE_ID_LEN};
}

/* ---- the table --------------------------------------------------------- */

static struct sotto_account_device *by_id(
    const struct sotto_accounts *accounts,
    const uint8_t id[static SOTTO_DEVICE_ID_LEN])
{
    const size_t place =
        sotto_keyed_index_find(&accounts->by_id, id, SOTTO_DEVICE_ID_LEN);
    return place == SOTTO_INDEX_NONE ? NULL : &accounts->devices[place];
}

static bool is_of(const struct sotto_account_device *device,
                  const char *account)
{
    return strcmp(device->account, account) == 0;
}

/* What a link leads to. */
static struct sotto_account_device *linked(
    const struct sotto_accounts *accounts, uint32_t link)
{
    return link == 0 ? NULL : &accounts->devices[link - 1];
}

/* The first link of an account's list; NULL without such an account. */
static uint32_t *links_of(const struct sotto_accounts *accounts,
                          const char *account)
{
    struct sotto_account *owner =
        sotto_accounts_get(accounts, account, strlen(account));
    return owner == NULL ? NULL : &owner->devices;
}

/* The link of its account's list that leads there; 0: the last. */
static uint32_t *link_to(const struct sotto_accounts *accounts,
                         const char *account, size_t to)
{
    uint32_t *link = links_of(accounts, account);
    SOTTO_ASSERT(link != NULL);
    while (*link != to) {
        struct sotto_account_device *device = linked(accounts, *link);
        SOTTO_ASSERT(device != NULL);
        link = &device->next;
    }
    return link;
}

const struct sotto_account_device *sotto_accounts_next_device(
    const struct sotto_accounts *accounts, const char *account,
    size_t account_len, const struct sotto_account_device *last)
{
    const struct sotto_account *owner =
        sotto_accounts_get(accounts, account, account_len);
    const uint32_t first = owner != NULL ? owner->devices : 0;
    return linked(accounts, last != NULL ? last->next : first);
}

static struct sotto_account_device *by_name(
    const struct sotto_accounts *accounts, const char *account,
    const char *name)
{
    const uint32_t *link = links_of(accounts, account);
    struct sotto_account_device *device =
        link != NULL ? linked(accounts, *link) : NULL;
    while (device != NULL && strcmp(device->name, name) != 0) {
        device = linked(accounts, device->next);
    }
    return device;
}

static void drop(struct sotto_accounts *accounts, size_t place)
{
    const struct sotto_account_device *gone = &accounts->devices[place];
    const size_t last = accounts->device_count - 1;
    *link_to(accounts, gone->account, place + 1) = gone->next;
    sotto_keyed_index_take(&accounts->by_id, place);
    if (place != last) {
        *link_to(accounts, accounts->devices[last].account, last + 1) =
            (uint32_t)(place + 1);
        sotto_keyed_index_move(&accounts->by_id, last, place);
        accounts->devices[place] = accounts->devices[last];
    }
    sotto_wipe(&accounts->devices[last], sizeof accounts->devices[last]);
    accounts->device_count = last;
}

void sotto_devices_drop(struct sotto_accounts *accounts, const char *account,
                        const char *name)
{
    const struct sotto_account_device *device =
        by_name(accounts, account, name);
    if (device != NULL) {
        drop(accounts, (size_t)(device - accounts->devices));
    }
}

void sotto_devices_drop_all(struct sotto_accounts *accounts,
                            const char *account)
{
    const uint32_t *link = links_of(accounts, account);
    while (link != NULL && *link != 0) {
        drop(accounts, *link - 1);
    }
}

/* Whether another device has this id. */
static bool is_anothers(const struct sotto_accounts *accounts,
                        const struct sotto_account_device *device)
{
    const size_t place = sotto_keyed_index_find(&accounts->by_id, device->id,
                                                SOTTO_DEVICE_ID_LEN);
    return place != SOTTO_INDEX_NONE &&
           (!is_of(&accounts->devices[place], device->account) ||
            strcmp(accounts->devices[place].name, device->name) != 0);
}

enum sotto_err sotto_devices_set(struct sotto_accounts *accounts,
                                 const struct sotto_account_device *device)
{
    if (is_anothers(accounts, device) ||
        links_of(accounts, device->account) == NULL) {
        return SOTTO_OK; /* of an account whose line was lost */
    }
    sotto_devices_drop(accounts, device->account, device->name);
    const size_t place = accounts->device_count;
    if (place == accounts->capacity.devices) {
        return SOTTO_ERR_LIMIT;
    }
    *link_to(accounts, device->account, 0) = (uint32_t)(place + 1);
    accounts->devices[place] = *device;
    accounts->devices[place].next = 0;
    sotto_keyed_index_put(&accounts->by_id, place);
    accounts->device_count++;
    return SOTTO_OK;
}

const struct sotto_account_device *sotto_accounts_device(
    const struct sotto_accounts *accounts,
    const uint8_t id[static SOTTO_DEVICE_ID_LEN])
{
    return by_id(accounts, id);
}

size_t sotto_accounts_device_count(const struct sotto_accounts *accounts)
{
    return accounts->device_count;
}

const struct sotto_account_device *sotto_accounts_device_at(
    const struct sotto_accounts *accounts, size_t at)
{
    SOTTO_ASSERT(at < accounts->device_count);
    return &accounts->devices[at];
}

/* ---- changes ----------------------------------------------------------- */

/* Below 2^255 - 19, little-endian. */
static bool is_shortest_form(const uint8_t key[static SOTTO_DEVICE_ID_LEN])
{
    bool is_all_ones = key[31] == 0x7f;
    for (size_t i = 1; i < 31; i++) {
        is_all_ones = is_all_ones && key[i] == 0xff;
    }
    return key[31] < 0x80 && !(is_all_ones && key[0] >= 0xed);
}

/* Writes it down, then lets it count. */
static enum sotto_err set(struct sotto_accounts *accounts,
                          const struct sotto_account_device *device,
                          uint64_t *ticket)
{
    struct sotto_accounts_line line = {.kind = SOTTO_ACCOUNTS_DEVICE,
                                       .device = *device};
    enum sotto_err err = sotto_accounts_write(accounts, &line, ticket);
    if (err == SOTTO_OK) {
        line.device.ticket = (uint32_t)*ticket;
        err = sotto_devices_set(accounts, &line.device);
        SOTTO_ASSERT(err == SOTTO_OK); /* there is room, it was looked at */
    }
    return err;
}

enum sotto_err sotto_accounts_add_device(
    struct sotto_accounts *accounts, const struct sotto_account_device *device,
    uint64_t *ticket)
{
    const struct sotto_account_device *old =
        by_name(accounts, device->account, device->name);
    const bool takes_place =
        old != NULL && old->is_expected && device->is_expected;
    if (!device->is_expected && !is_shortest_form(device->id)) {
        return SOTTO_ERR_FORMAT;
    }
    if (sotto_accounts_get(accounts, device->account,
                           strlen(device->account)) == NULL) {
        return SOTTO_ERR_NOT_FOUND;
    }
    if ((old != NULL && !takes_place) || by_id(accounts, device->id) != NULL) {
        return SOTTO_ERR_EXISTS;
    }
    if (!takes_place && accounts->device_count == accounts->capacity.devices) {
        return SOTTO_ERR_SPACE;
    }
    return set(accounts, device, ticket);
}

enum sotto_err sotto_accounts_enrol(
    struct sotto_accounts *accounts,
    const uint8_t code_hash[static SOTTO_DEVICE_ID_LEN],
    const uint8_t id[static SOTTO_DEVICE_ID_LEN], uint64_t now_s,
    const struct sotto_account_device **device, uint64_t *ticket)
{
    const struct sotto_account_device *expected = by_id(accounts, code_hash);
    if (expected == NULL || !expected->is_expected ||
        (now_s != SOTTO_TIME_UNKNOWN &&
         expected->time_s != SOTTO_TIME_UNKNOWN && expected->time_s < now_s)) {
        return SOTTO_ERR_NOT_FOUND;
    }
    if (!is_shortest_form(id)) {
        return SOTTO_ERR_FORMAT;
    }
    if (by_id(accounts, id) != NULL) {
        return SOTTO_ERR_EXISTS;
    }
    struct sotto_account_device enrolled = *expected;
    enrolled.is_expected = false;
    enrolled.time_s = SOTTO_TIME_UNKNOWN; /* not seen yet */
    memcpy(enrolled.id, id, sizeof enrolled.id);
    enum sotto_err err = set(accounts, &enrolled, ticket);
    if (err == SOTTO_OK) {
        *device = by_id(accounts, id);
    }
    return err;
}

static bool has_any(const struct sotto_accounts *accounts, const char *account)
{
    const uint32_t *link = links_of(accounts, account);
    return link != NULL && *link != 0;
}

enum sotto_err sotto_accounts_revoke(struct sotto_accounts *accounts,
                                     const char *account, size_t account_len,
                                     const char *name, size_t name_len,
                                     uint64_t *ticket)
{
    struct sotto_accounts_line line = {.kind = SOTTO_ACCOUNTS_REVOKE};
    if (account_len > SOTTO_NAME_MAX || name_len > SOTTO_NAME_MAX) {
        return SOTTO_ERR_NOT_FOUND;
    }
    struct sotto_account_device gone = {0};
    memcpy(gone.account, account, account_len);
    if (name_len > 0) {
        memcpy(gone.name, name, name_len);
    }
    if (name_len == 0 ? !has_any(accounts, gone.account)
                      : by_name(accounts, gone.account, gone.name) == NULL) {
        return SOTTO_ERR_NOT_FOUND;
    }
    line.device = gone;
    enum sotto_err err = sotto_accounts_write(accounts, &line, ticket);
    if (err == SOTTO_OK && name_len == 0) {
        sotto_devices_drop_all(accounts, gone.account);
    } else if (err == SOTTO_OK) {
        sotto_devices_drop(accounts, gone.account, gone.name);
    }
    return err;
}

/* Only ever compared, so 32 bits do: no division of 64 for a board's sake. */
static uint32_t period_of(uint64_t time_s)
{
    return (uint32_t)time_s / SOTTO_DEVICE_SEEN_S;
}

void sotto_accounts_seen(struct sotto_accounts *accounts,
                         const uint8_t id[static SOTTO_DEVICE_ID_LEN],
                         uint64_t now_s, const uint8_t ip[static 16])
{
    struct sotto_account_device *device = by_id(accounts, id);
    if (device == NULL || device->is_expected || now_s == SOTTO_TIME_UNKNOWN) {
        return;
    }
    struct sotto_account_device seen = *device;
    seen.time_s = now_s;
    memcpy(seen.ip, ip, sizeof seen.ip);
    const bool is_due = period_of(now_s) != period_of(device->time_s);
    *device = seen; /* its id is the same: the index stays right */
    if (is_due) {
        struct sotto_accounts_line line = {.kind = SOTTO_ACCOUNTS_DEVICE,
                                           .device = seen};
        uint64_t ticket = 0;
        enum sotto_err err = sotto_accounts_write(accounts, &line, &ticket);
        (void)err; /* the next hour's login says it again */
    }
}
