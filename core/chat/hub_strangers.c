/*
 * hub_strangers.c - who has come and has not logged in: how many of an address
 * are let in, and who came first.
 */
#include "core/chat/hub_state.h"

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

bool sotto_hub_dismiss_stranger(struct sotto_hub *hub, struct sotto_seat_id *id)
{
    if (hub->oldest_stranger == SOTTO_HUB_NOBODY) {
        return false;
    }
    struct sotto_seat *oldest = &hub->seats[hub->oldest_stranger];
    *id = sotto_hub_seat_id(hub, oldest);
    sotto_hub_unlist_stranger(hub, oldest);
    return true;
}
