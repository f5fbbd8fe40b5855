/*
 * entry.h - an entry of a room as the log keeps it.
 *
 *   struct {
 *       uint8  type;          MESSAGE, ENTERED or LEFT of message.h
 *       uint32 time_s;        since 1970, or 0 when the server had no clock
 *       uint64 instance, id;  of the client that posted it and its own number
 *       opaque sender<V>;
 *       opaque text[rest];    MESSAGE only
 *   } entry;
 */
#ifndef SOTTO_CHAT_ENTRY_H
#define SOTTO_CHAT_ENTRY_H

#include "core/chat/message.h"

#define SOTTO_ENTRY_MAX (SOTTO_ENTRY_HEAD_MAX + SOTTO_MAX_TEXT)

struct sotto_stored {
    uint8_t type;
    uint32_t time_s;
    uint64_t instance;
    uint64_t id;
    struct sotto_span sender;
    struct sotto_span text;
};

/* Writes the entry. SPACE. */
enum sotto_err sotto_stored_encode(const struct sotto_stored *entry,
                                   uint8_t *out, size_t cap, size_t *len)
    SOTTO_MUST_CHECK;

/* FORMAT for anything that the encoder would not have written. */
enum sotto_err sotto_stored_decode(struct sotto_stored *entry,
                                   const uint8_t *in, size_t len)
    SOTTO_MUST_CHECK;

/* Writes the frame by which the entry is delivered. SPACE. */
enum sotto_err sotto_stored_frame(const struct sotto_stored *entry,
                                  uint16_t room, uint64_t number, uint8_t *out,
                                  size_t cap, size_t *len) SOTTO_MUST_CHECK;

#endif
