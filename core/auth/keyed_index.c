#include "core/auth/keyed_index.h"

#include <string.h>

/* A power of two, at most half full. */
size_t sotto_keyed_index_slots(size_t capacity)
{
    size_t slots = 4;
    while (slots < 2 * capacity) {
        slots *= 2;
    }
    return capacity == 0 ? 0 : slots;
}

static size_t home_of(const struct sotto_keyed_index *index,
                      struct sotto_piece key)
{
    uint8_t mac[SOTTO_HASH_LEN];
    const struct sotto_piece pieces[] = {{"index", 5}, key};
    sotto_hmac(index->secret, SOTTO_INDEX_SECRET_LEN, pieces, 2, mac);
    const size_t hash = (size_t)mac[0] | (size_t)mac[1] << 8 |
                        (size_t)mac[2] << 16 | (size_t)mac[3] << 24;
    return hash & (index->size - 1);
}

static size_t next_slot(const struct sotto_keyed_index *index, size_t slot)
{
    return (slot + 1) & (index->size - 1);
}

void sotto_keyed_index_fill(struct sotto_keyed_index *index, size_t count)
{
    for (size_t i = 0; i < index->size; i++) {
        index->slots[i] = 0;
    }
    for (size_t i = 0; i < count; i++) {
        sotto_keyed_index_put(index, i);
    }
}

void sotto_keyed_index_put(struct sotto_keyed_index *index, size_t place)
{
    size_t slot = home_of(index, index->key_at(index->table, place));
    while (index->slots[slot] != 0) {
        slot = next_slot(index, slot);
    }
    index->slots[slot] = (uint32_t)place + 1;
}

size_t sotto_keyed_index_find(const struct sotto_keyed_index *index,
                              const void *key, size_t len)
{
    if (index->size == 0) {
        return SOTTO_INDEX_NONE;
    }
    size_t slot = home_of(index, (struct sotto_piece){key, len});
    while (index->slots[slot] != 0) {
        const size_t place = index->slots[slot] - 1;
        const struct sotto_piece other = index->key_at(index->table, place);
        if (other.len == len && memcmp(other.at, key, len) == 0) {
            return place;
        }
        slot = next_slot(index, slot);
    }
    return SOTTO_INDEX_NONE;
}

/* Where the index says `place`. */
static size_t slot_of(const struct sotto_keyed_index *index, size_t place)
{
    size_t slot = home_of(index, index->key_at(index->table, place));
    while (index->slots[slot] != (uint32_t)place + 1) {
        slot = next_slot(index, slot);
    }
    return slot;
}

/* What stands behind the emptied slot moves up where its search would otherwise
 * stop at the hole. */
void sotto_keyed_index_take(struct sotto_keyed_index *index, size_t place)
{
    const size_t mask = index->size - 1;
    size_t hole = slot_of(index, place);
    for (size_t at = next_slot(index, hole); index->slots[at] != 0;
         at = next_slot(index, at)) {
        const size_t home =
            home_of(index, index->key_at(index->table, index->slots[at] - 1));
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            index->slots[hole] = index->slots[at];
            hole = at;
        }
    }
    index->slots[hole] = 0;
}

void sotto_keyed_index_move(struct sotto_keyed_index *index, size_t from,
                            size_t to)
{
    index->slots[slot_of(index, from)] = (uint32_t)to + 1;
}
