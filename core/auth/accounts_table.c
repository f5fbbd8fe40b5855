#include "core/auth/accounts_state.h"

#include "core/crypto/hash.h"
#include <string.h>

/* ---- memory ------------------------------------------------------------ */

static size_t rounded(size_t size)
{
    return (size + 15U) & ~(size_t)15U;
}

size_t sotto_accounts_size(struct sotto_accounts_capacity capacity)
{
    return rounded(sizeof(struct sotto_accounts)) +
           rounded(capacity.accounts * sizeof(struct sotto_account)) +
           rounded(capacity.devices * sizeof(struct sotto_account_device)) +
           rounded(sotto_keyed_index_slots(capacity.accounts) *
                   sizeof(uint32_t)) +
           rounded(sotto_keyed_index_slots(capacity.devices) *
                   sizeof(uint32_t));
}

/* ---- the table --------------------------------------------------------- */

static struct sotto_piece name_at(const void *table, size_t place)
{
    const struct sotto_account *account = table;
    account += place;
    return (struct sotto_piece){account->name, strlen(account->name)};
}

void sotto_accounts_index(struct sotto_accounts *accounts)
{
    sotto_keyed_index_fill(&accounts->by_name, accounts->count);
    sotto_keyed_index_fill(&accounts->by_id, accounts->device_count);
}

struct sotto_account *sotto_accounts_get(const struct sotto_accounts *accounts,
                                         const char *name, size_t len)
{
    const size_t place = sotto_keyed_index_find(&accounts->by_name, name, len);
    return place == SOTTO_INDEX_NONE ? NULL : &accounts->table[place];
}

/* Puts an account in, or in place of the one of its name. */
enum sotto_err sotto_accounts_table_set(struct sotto_accounts *accounts,
                                        const struct sotto_account *account)
{
    const size_t old = sotto_keyed_index_find(&accounts->by_name, account->name,
                                              strlen(account->name));
    if (old != SOTTO_INDEX_NONE) {
        const uint32_t devices = accounts->table[old].devices;
        accounts->table[old] = *account;
        accounts->table[old].devices = devices;
        return SOTTO_OK;
    }
    if (accounts->count == accounts->capacity.accounts) {
        return SOTTO_ERR_LIMIT;
    }
    accounts->table[accounts->count] = *account;
    accounts->table[accounts->count].devices = 0;
    sotto_keyed_index_put(&accounts->by_name, accounts->count++);
    return SOTTO_OK;
}

void sotto_accounts_table_remove(struct sotto_accounts *accounts,
                                 const char *name)
{
    const struct sotto_account *account =
        sotto_accounts_get(accounts, name, strlen(name));
    if (account == NULL) {
        return;
    }
    const size_t place = (size_t)(account - accounts->table);
    const size_t last = accounts->count - 1;
    if (SOTTO_DEVICES) {
        sotto_devices_drop_all(accounts, name);
    }
    sotto_keyed_index_take(&accounts->by_name, place);
    if (place != last) {
        sotto_keyed_index_move(&accounts->by_name, last, place);
        accounts->table[place] = accounts->table[last];
    }
    sotto_wipe(&accounts->table[last], sizeof accounts->table[last]);
    accounts->count = last;
}

const struct sotto_account *sotto_accounts_find(
    const struct sotto_accounts *accounts, const char *name, size_t name_len)
{
    return sotto_accounts_get(accounts, name, name_len);
}

size_t sotto_accounts_count(const struct sotto_accounts *accounts)
{
    return accounts->count;
}

const struct sotto_account *sotto_accounts_at(
    const struct sotto_accounts *accounts, size_t at)
{
    SOTTO_ASSERT(at < accounts->count);
    return &accounts->table[at];
}

void sotto_accounts_fake(const struct sotto_accounts *accounts,
                         const char *name, size_t name_len, uint32_t iterations,
                         struct sotto_verifier *verifier)
{
    uint8_t mac[SOTTO_HASH_LEN];
    const struct sotto_piece salt[] = {{"salt", 4}, {name, name_len}};
    const struct sotto_piece key[] = {{"key", 3}, {name, name_len}};
    *verifier = (struct sotto_verifier){.salt_len = SOTTO_SCRAM_SALT_MIN,
                                        .iterations = iterations};
    sotto_hmac(accounts->secret, sizeof accounts->secret, salt, 2, mac);
    memcpy(verifier->salt, mac, SOTTO_SCRAM_SALT_MIN);
    /* The hash of nothing that anybody has. */
    sotto_hmac(accounts->secret, sizeof accounts->secret, key, 2,
               verifier->stored_key);
    sotto_hmac(verifier->stored_key, SOTTO_HASH_LEN, key, 2,
               verifier->server_key);
    sotto_wipe(mac, sizeof mac);
}

/* The next part of the memory. */
static void *take(uint8_t **at, size_t count, size_t size)
{
    uint8_t *part = *at;
    *at += rounded(count * size);
    return part;
}

static struct sotto_keyed_index make_index(
    struct sotto_accounts *accounts, uint8_t **at, size_t capacity,
    const void *table, struct sotto_piece (*key_at)(const void *, size_t))
{
    struct sotto_keyed_index index = {.size = sotto_keyed_index_slots(capacity),
                                      .secret = accounts->secret,
                                      .table = table,
                                      .key_at = key_at};
    index.slots = take(at, index.size, sizeof *index.slots);
    return index;
}

struct sotto_accounts *sotto_accounts_lay_out(
    void *memory, struct sotto_accounts_capacity capacity)
{
    uint8_t *at = memory;
    struct sotto_accounts *accounts = take(&at, 1, sizeof *accounts);
    *accounts = (struct sotto_accounts){.capacity = capacity, .file = -1};
    accounts->table = take(&at, capacity.accounts, sizeof *accounts->table);
    accounts->devices = take(&at, capacity.devices, sizeof *accounts->devices);
    accounts->by_name =
        make_index(accounts, &at, capacity.accounts, accounts->table, name_at);
    accounts->by_id = make_index(accounts, &at, capacity.devices,
                                 accounts->devices, sotto_device_id_at);
    sotto_accounts_index(accounts);
    return accounts;
}
