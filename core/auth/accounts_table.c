#include "core/auth/accounts_state.h"

#include "core/crypto/hash.h"
#include <string.h>

/* ---- memory ------------------------------------------------------------ */

static size_t rounded(size_t size)
{
    return (size + 15U) & ~(size_t)15U;
}

/* A power of two, at most half full. */
static size_t index_size_for(size_t capacity)
{
    size_t size = 4;
    while (size < 2 * capacity) {
        size *= 2;
    }
    return size;
}

size_t sotto_accounts_size(size_t capacity)
{
    return rounded(sizeof(struct sotto_accounts)) +
           rounded(capacity * sizeof(struct sotto_account)) +
           rounded(index_size_for(capacity) * sizeof(uint32_t));
}

/* ---- the table --------------------------------------------------------- */

/* Keyed, so that nobody can choose names that fall together. */
static size_t slot_of(const struct sotto_accounts *accounts, const char *name,
                      size_t len)
{
    uint8_t mac[SOTTO_HASH_LEN];
    const struct sotto_piece pieces[] = {{"index", 5}, {name, len}};
    sotto_hmac(accounts->secret, sizeof accounts->secret, pieces, 2, mac);
    const size_t hash = (size_t)mac[0] | (size_t)mac[1] << 8 |
                        (size_t)mac[2] << 16 | (size_t)mac[3] << 24;
    return hash & (accounts->index_size - 1);
}

static void index_put(struct sotto_accounts *accounts, size_t place)
{
    const char *name = accounts->table[place].name;
    size_t slot = slot_of(accounts, name, strlen(name));
    while (accounts->index[slot] != 0) {
        slot = (slot + 1) & (accounts->index_size - 1);
    }
    accounts->index[slot] = (uint32_t)place + 1;
}

void sotto_accounts_index(struct sotto_accounts *accounts)
{
    for (size_t i = 0; i < accounts->index_size; i++) {
        accounts->index[i] = 0;
    }
    for (size_t i = 0; i < accounts->count; i++) {
        index_put(accounts, i);
    }
}

struct sotto_account *sotto_accounts_get(const struct sotto_accounts *accounts,
                                         const char *name, size_t len)
{
    size_t slot = slot_of(accounts, name, len);
    while (accounts->index[slot] != 0) {
        struct sotto_account *account =
            &accounts->table[accounts->index[slot] - 1];
        if (strlen(account->name) == len &&
            memcmp(account->name, name, len) == 0) {
            return account;
        }
        slot = (slot + 1) & (accounts->index_size - 1);
    }
    return NULL;
}

/* Puts an account in, or in place of the one of its name. */
enum sotto_err sotto_accounts_table_set(struct sotto_accounts *accounts,
                                        const struct sotto_account *account)
{
    struct sotto_account *old =
        sotto_accounts_get(accounts, account->name, strlen(account->name));
    if (old != NULL) {
        *old = *account;
        return SOTTO_OK;
    }
    if (accounts->count == accounts->capacity) {
        return SOTTO_ERR_LIMIT;
    }
    accounts->table[accounts->count] = *account;
    index_put(accounts, accounts->count++);
    return SOTTO_OK;
}

/* Where the index says `place`. */
static size_t find_slot(const struct sotto_accounts *accounts, size_t place)
{
    const char *name = accounts->table[place].name;
    size_t slot = slot_of(accounts, name, strlen(name));
    while (accounts->index[slot] != (uint32_t)place + 1) {
        slot = (slot + 1) & (accounts->index_size - 1);
    }
    return slot;
}

/* Empties a slot; what stands behind it moves up where its search would
 * otherwise stop at the hole. */
static void index_take(struct sotto_accounts *accounts, size_t hole)
{
    const size_t mask = accounts->index_size - 1;
    for (size_t at = (hole + 1) & mask; accounts->index[at] != 0;
         at = (at + 1) & mask) {
        const char *name = accounts->table[accounts->index[at] - 1].name;
        const size_t home = slot_of(accounts, name, strlen(name));
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            accounts->index[hole] = accounts->index[at];
            hole = at;
        }
    }
    accounts->index[hole] = 0;
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
    index_take(accounts, find_slot(accounts, place));
    if (place != last) {
        accounts->index[find_slot(accounts, last)] = (uint32_t)place + 1;
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

struct sotto_accounts *sotto_accounts_lay_out(void *memory, size_t capacity)
{
    uint8_t *at = memory;
    struct sotto_accounts *accounts = memory;
    *accounts = (struct sotto_accounts){.capacity = capacity, .file = -1};
    at += rounded(sizeof *accounts);
    accounts->table = (void *)at;
    at += rounded(capacity * sizeof(struct sotto_account));
    accounts->index = (void *)at;
    accounts->index_size = index_size_for(capacity);
    sotto_accounts_index(accounts);
    return accounts;
}
