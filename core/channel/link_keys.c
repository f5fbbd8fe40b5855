#include "core/channel/link_keys.h"

#include <string.h>

bool sotto_link_keys(const struct sotto_link *link,
                     struct sotto_link_keys *keys)
{
    const struct sotto_cipher *up = &link->keys.transport.send;
    const struct sotto_cipher *down = &link->keys.transport.receive;
    if (link->state != SOTTO_LINK_OPEN || up->n > 0 || down->n > 0) {
        return false;
    }
    if (!link->is_client) {
        up = &link->keys.transport.receive;
        down = &link->keys.transport.send;
    }
    memcpy(keys->client_to_server, up->k, sizeof up->k);
    memcpy(keys->server_to_client, down->k, sizeof down->k);
    return true;
}
