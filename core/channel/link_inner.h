/*
 * link_inner.h - what link.c and record.c share; nobody else includes it.
 *
 * link.c has the life of a link: hello, handshake, units. record.c has what
 * records carry, in both directions.
 */
#ifndef SOTTO_CHANNEL_LINK_INNER_H
#define SOTTO_CHANNEL_LINK_INNER_H

#include "core/channel/link.h"

/*
 * Ends the link with its final error, which is also returned. Keys are wiped,
 * except the one that can still say CLOSE when it was `in` that was bad.
 */
enum sotto_err sotto_link_fail(struct sotto_link *link, enum sotto_err err);

/* Opens a record in place and checks every frame in it. FORMAT, AUTH, LIMIT,
 * CRYPTO; the link has then failed. */
enum sotto_err sotto_link_open_record(struct sotto_link *link, uint8_t *in,
                                      size_t len) SOTTO_MUST_CHECK;

#endif
