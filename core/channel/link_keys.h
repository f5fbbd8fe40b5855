/*
 * link_keys.h - the transport keys of a link, for a person who wants to read a
 * recording of the own connection.
 *
 * Whoever has them reads everything that the connection carries. The client's
 * key log (apps/sotto/client_keylog.c) is the only one that may include this
 * (tests/architecture), and neither is part of a build for a board.
 */
#ifndef SOTTO_CHANNEL_LINK_KEYS_H
#define SOTTO_CHANNEL_LINK_KEYS_H

#include "core/channel/link.h"

struct sotto_link_keys {
    uint8_t client_to_server[SOTTO_CIPHER_KEY_LEN];
    uint8_t server_to_client[SOTTO_CIPHER_KEY_LEN];
};

/*
 * Copies the keys that both directions begin with; all later ones come of
 * these by REKEY. False, and nothing is copied, unless the link is OPEN and no
 * record was sealed or opened yet. The copy is the caller's to wipe.
 */
bool sotto_link_keys(const struct sotto_link *link,
                     struct sotto_link_keys *keys);

#endif
