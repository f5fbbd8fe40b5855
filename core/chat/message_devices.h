/*
 * message_devices.h - what client and server say about devices that log in
 * without a password. Conventions as in message.h. Bytes: PROTOCOL.md,
 * "Devices".
 */
#ifndef SOTTO_CHAT_MESSAGE_DEVICES_H
#define SOTTO_CHAT_MESSAGE_DEVICES_H

#include "core/auth/accounts.h"
#include "core/chat/message.h"

#define SOTTO_DEVICE_CODE_LEN 16 /* random bytes; worth a password */

/* As text, in the place of an invitation: "device-" and 32 hex digits. */
#define SOTTO_DEVICE_CODE_TEXT (7 + 2 * SOTTO_DEVICE_CODE_LEN + 1)
/* False for anything else. */
bool sotto_device_code_parse(const char *text, size_t len,
                             uint8_t code[static SOTTO_DEVICE_CODE_LEN]);
void sotto_device_code_text(const uint8_t code[static SOTTO_DEVICE_CODE_LEN],
                            char out[static SOTTO_DEVICE_CODE_TEXT]);

/* The most bytes of a device in a list. */
#define SOTTO_DEVICE_ITEM_MAX (1 + SOTTO_NAME_MAX + 1 + 4 + 16)

/* EXPECT: a device may come with the code that has this hash. */
struct sotto_expect {
    struct sotto_span device; /* its name */
    uint8_t hash[SOTTO_DEVICE_ID_LEN];
    uint32_t seconds; /* how long the code counts; 0: until it is used */
};

struct sotto_enrolled {
    struct sotto_span account;
    struct sotto_span device;
};

/* PASSWORD: what the server shall know of a new one. */
struct sotto_new_password {
    struct sotto_verifier verifier;
    bool revokes_devices;
};

/* Flags of a device in a list: 0, or one of these. */
#define SOTTO_DEVICE_EXPECTED 1U /* its code was not used yet */
#define SOTTO_DEVICE_HERE     2U /* it is logged in */

struct sotto_device_item {
    struct sotto_span name;
    uint8_t flags;
    uint32_t time_s; /* last seen; EXPECTED: when the code ends; or UNKNOWN */
    uint8_t ip[16];  /* last seen at; zeros: not known */
};

void sotto_expect_encode(struct sotto_writer *w,
                         const struct sotto_expect *msg);
enum sotto_err sotto_expect_decode(struct sotto_expect *msg, const uint8_t *in,
                                   size_t len) SOTTO_MUST_CHECK;

void sotto_enrolled_encode(struct sotto_writer *w,
                           const struct sotto_enrolled *msg);
enum sotto_err sotto_enrolled_decode(struct sotto_enrolled *msg,
                                     const uint8_t *in, size_t len)
    SOTTO_MUST_CHECK;

void sotto_new_password_encode(struct sotto_writer *w,
                               const struct sotto_new_password *msg);
enum sotto_err sotto_new_password_decode(struct sotto_new_password *msg,
                                         const uint8_t *in, size_t len)
    SOTTO_MUST_CHECK;

/* DEVICE_LOGIN, DEVICE_ADD, REVOKE: one name. With `may_be_empty` it may. */
void sotto_one_name_encode(struct sotto_writer *w, struct sotto_span name);
enum sotto_err sotto_one_name_decode(struct sotto_span *name, bool may_be_empty,
                                     const uint8_t *in, size_t len)
    SOTTO_MUST_CHECK;

/* DEVICE_LIST: items up to the end. */
void sotto_device_item_encode(struct sotto_writer *w,
                              const struct sotto_device_item *item);
/* Whether a whole list can be read. */
enum sotto_err sotto_device_list_check(const uint8_t *in, size_t len)
    SOTTO_MUST_CHECK;
/* Takes the next item of a list that was checked; false at its end. */
bool sotto_device_list_next(struct sotto_span *list,
                            struct sotto_device_item *item);

/* Whether a client's frame about devices, of this type, can be read. */
bool sotto_device_request_ok(uint8_t type, const uint8_t *in, size_t len);

#endif
