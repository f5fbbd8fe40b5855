/*
 * hub_strangers.c - who has come and has not logged in: how many of an address
 * are let in, and who has to go when there are too many.
 */
#include "core/chat/hub_state.h"

#include <string.h>

/* Of those who have waited for longest so many are compared with each other. */
#define LOOK 64U

bool sotto_hub_admits(struct sotto_hub *hub, const uint8_t ip[static 16],
                      uint64_t now_ms)
{
    uint8_t key[SOTTO_THROTTLE_KEY_LEN];
    sotto_throttle_key_ip(ip, key);
    const bool is_admitted = hub->by_connect == NULL ||
                             sotto_throttle_take(hub->by_connect, key, now_ms);
    hub->counters.turned_away += !is_admitted;
    return is_admitted;
}

void sotto_hub_list_stranger(struct sotto_hub *hub, struct sotto_seat *seat)
{
    const uint32_t at = sotto_hub_seat_id(hub, seat).place;
    seat->older = hub->newest_stranger;
    seat->newer = SOTTO_HUB_NOBODY;
    if (seat->older == SOTTO_HUB_NOBODY) {
        hub->oldest_stranger = at;
    } else {
        hub->seats[seat->older].newer = at;
    }
    hub->newest_stranger = at;
    hub->strangers++;
    seat->is_stranger = true;
}

void sotto_hub_unlist_stranger(struct sotto_hub *hub, struct sotto_seat *seat)
{
    if (!seat->is_stranger) {
        return; /* dismissed */
    }
    seat->is_stranger = false;
    if (seat->older == SOTTO_HUB_NOBODY) {
        hub->oldest_stranger = seat->newer;
    } else {
        hub->seats[seat->older].newer = seat->newer;
    }
    if (seat->newer == SOTTO_HUB_NOBODY) {
        hub->newest_stranger = seat->older;
    } else {
        hub->seats[seat->newer].older = seat->older;
    }
    hub->strangers--;
}

size_t sotto_hub_strangers(const struct sotto_hub *hub)
{
    return hub->strangers;
}

/* ---- who has to go ------------------------------------------------------ */

/* One /64, or one address of IPv4, as for the throttles. */
static bool is_same_address(const uint8_t a[static 16],
                            const uint8_t b[static 16])
{
    uint8_t keys[2][SOTTO_THROTTLE_KEY_LEN];
    sotto_throttle_key_ip(a, keys[0]);
    sotto_throttle_key_ip(b, keys[1]);
    return memcmp(keys[0], keys[1], sizeof keys[0]) == 0;
}

/* The next one in the order of their coming; NULL at the end. */
static struct sotto_seat *seat_or_null(const struct sotto_hub *hub, uint32_t at)
{
    return at == SOTTO_HUB_NOBODY ? NULL : &hub->seats[at];
}

static struct sotto_seat *first_stranger(const struct sotto_hub *hub)
{
    return seat_or_null(hub, hub->oldest_stranger);
}

/* What speaks for the dismissal of one rather than of another. */
struct candidate {
    struct sotto_seat *seat;
    size_t of_address; /* strangers from where it came */
};

/* `b` came later than `a`. */
static struct candidate worse(struct candidate a, struct candidate b)
{
    if (a.seat == NULL || a.of_address != b.of_address) {
        return a.seat == NULL || b.of_address > a.of_address ? b : a;
    }
    return a.seat->has_asked && !b.seat->has_asked ? b : a;
}

/* Of those who came from `ip`, with how many there are. */
static struct candidate worst_from(const struct sotto_hub *hub,
                                   const uint8_t ip[static 16])
{
    struct candidate worst = {NULL, 0};
    size_t count = 0;
    for (struct sotto_seat *seat = first_stranger(hub); seat != NULL;
         seat = seat_or_null(hub, seat->newer)) {
        if (is_same_address(seat->ip, ip)) {
            worst = worse(worst, (struct candidate){seat, 0});
            count++;
        }
    }
    worst.of_address = count;
    return worst;
}

/* How many of those who are looked at came from where `seat` did. */
static size_t count_as(const struct sotto_hub *hub,
                       const struct sotto_seat *seat)
{
    const struct sotto_seat *other = first_stranger(hub);
    size_t count = 0;
    for (size_t i = 0; i < LOOK && other != NULL; i++) {
        count += is_same_address(other->ip, seat->ip);
        other = seat_or_null(hub, other->newer);
    }
    return count;
}

/* Of those who have waited for longest. */
static struct candidate worst_of_the_oldest(const struct sotto_hub *hub)
{
    struct candidate worst = {NULL, 0};
    struct sotto_seat *seat = first_stranger(hub);
    for (size_t i = 0; i < LOOK && seat != NULL; i++) {
        const bool is_as_worst =
            worst.seat != NULL && is_same_address(seat->ip, worst.seat->ip);
        const size_t count =
            is_as_worst ? worst.of_address : count_as(hub, seat);
        worst = worse(worst, (struct candidate){seat, count});
        seat = seat_or_null(hub, seat->newer);
    }
    return worst;
}

bool sotto_hub_dismiss_stranger(struct sotto_hub *hub,
                                const uint8_t ip[static 16],
                                struct sotto_seat_id *id)
{
    struct candidate own = worst_from(hub, ip);
    struct candidate worst = worst_of_the_oldest(hub);
    own.of_address++; /* and the one who comes */
    if (own.seat != NULL && own.of_address > worst.of_address) {
        worst = own;
    }
    if (worst.seat == NULL) {
        return false;
    }
    *id = sotto_hub_seat_id(hub, worst.seat);
    sotto_hub_unlist_stranger(hub, worst.seat);
    return true;
}
