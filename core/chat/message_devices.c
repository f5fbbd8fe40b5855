#include "core/chat/message_devices.h"

#include "core/base/text.h"
#include <string.h>

/* ---- codes -------------------------------------------------------------- */

#define CODE_PREFIX     "device-"
#define CODE_PREFIX_LEN (sizeof CODE_PREFIX - 1)

bool sotto_device_code_parse(const char *text, size_t len,
                             uint8_t code[static SOTTO_DEVICE_CODE_LEN])
{
    return len > CODE_PREFIX_LEN &&
           memcmp(text, CODE_PREFIX, CODE_PREFIX_LEN) == 0 &&
           sotto_hex_decode(text + CODE_PREFIX_LEN, len - CODE_PREFIX_LEN, code,
                            SOTTO_DEVICE_CODE_LEN) == SOTTO_OK;
}

void sotto_device_code_text(const uint8_t code[static SOTTO_DEVICE_CODE_LEN],
                            char out[static SOTTO_DEVICE_CODE_TEXT])
{
    memcpy(out, CODE_PREFIX, CODE_PREFIX_LEN);
    sotto_hex_encode(code, SOTTO_DEVICE_CODE_LEN, out + CODE_PREFIX_LEN);
}

static void read_name(struct sotto_reader *r, struct sotto_span *name)
{
    *name = sotto_read_vector(r, 1, SOTTO_NAME_MAX);
    if (!r->bad && !sotto_name_valid((const char *)name->at, name->len)) {
        sotto_reader_fail(r);
    }
}

void sotto_expect_encode(struct sotto_writer *w, const struct sotto_expect *msg)
{
    sotto_write_vector(w, msg->device.at, msg->device.len);
    sotto_write_bytes(w, msg->hash, sizeof msg->hash);
    sotto_write_u32(w, msg->seconds);
}

enum sotto_err sotto_expect_decode(struct sotto_expect *msg, const uint8_t *in,
                                   size_t len)
{
    struct sotto_reader r;
    sotto_reader_init(&r, in, len);
    read_name(&r, &msg->device);
    sotto_read_bytes(&r, msg->hash, sizeof msg->hash);
    msg->seconds = sotto_read_u32(&r);
    return sotto_reader_finish(&r);
}

void sotto_enrolled_encode(struct sotto_writer *w,
                           const struct sotto_enrolled *msg)
{
    sotto_write_vector(w, msg->account.at, msg->account.len);
    sotto_write_vector(w, msg->device.at, msg->device.len);
}

enum sotto_err sotto_enrolled_decode(struct sotto_enrolled *msg,
                                     const uint8_t *in, size_t len)
{
    struct sotto_reader r;
    sotto_reader_init(&r, in, len);
    read_name(&r, &msg->account);
    read_name(&r, &msg->device);
    return sotto_reader_finish(&r);
}

void sotto_new_password_encode(struct sotto_writer *w,
                               const struct sotto_new_password *msg)
{
    sotto_write_verifier(w, &msg->verifier);
    sotto_write_u8(w, msg->revokes_devices ? 1 : 0);
}

enum sotto_err sotto_new_password_decode(struct sotto_new_password *msg,
                                         const uint8_t *in, size_t len)
{
    struct sotto_reader r;
    *msg = (struct sotto_new_password){0};
    sotto_reader_init(&r, in, len);
    sotto_read_verifier(&r, &msg->verifier);
    const uint8_t revokes = sotto_read_u8(&r);
    if (revokes > 1) {
        sotto_reader_fail(&r);
    }
    msg->revokes_devices = revokes == 1;
    return sotto_reader_finish(&r);
}

void sotto_one_name_encode(struct sotto_writer *w, struct sotto_span name)
{
    sotto_write_vector(w, name.at, name.len);
}

enum sotto_err sotto_one_name_decode(struct sotto_span *name, bool may_be_empty,
                                     const uint8_t *in, size_t len)
{
    struct sotto_reader r;
    sotto_reader_init(&r, in, len);
    *name = sotto_read_vector(&r, 0, SOTTO_NAME_MAX);
    const bool is_name =
        !r.bad && sotto_name_valid((const char *)name->at, name->len);
    if (!is_name && !(may_be_empty && name->len == 0)) {
        sotto_reader_fail(&r);
    }
    return sotto_reader_finish(&r);
}

void sotto_device_item_encode(struct sotto_writer *w,
                              const struct sotto_device_item *item)
{
    sotto_write_vector(w, item->name.at, item->name.len);
    sotto_write_u8(w, item->flags);
    sotto_write_u32(w, item->time_s);
    sotto_write_bytes(w, item->ip, sizeof item->ip);
}

static void read_item(struct sotto_reader *r, struct sotto_device_item *item)
{
    read_name(r, &item->name);
    item->flags = sotto_read_u8(r);
    if (item->flags > SOTTO_DEVICE_HERE) { /* one of the two, or neither */
        sotto_reader_fail(r);
    }
    item->time_s = sotto_read_u32(r);
    sotto_read_bytes(r, item->ip, sizeof item->ip);
}

enum sotto_err sotto_device_list_check(const uint8_t *in, size_t len)
{
    struct sotto_reader r;
    struct sotto_device_item item;
    sotto_reader_init(&r, in, len);
    while (!r.bad && r.left > 0) {
        read_item(&r, &item);
    }
    return sotto_reader_finish(&r);
}

bool sotto_device_list_next(struct sotto_span *list,
                            struct sotto_device_item *item)
{
    struct sotto_reader r;
    if (list->len == 0) {
        return false;
    }
    sotto_reader_init(&r, list->at, list->len);
    read_item(&r, item);
    list->at += list->len - r.left;
    list->len = r.left;
    return !r.bad;
}

bool sotto_device_request_ok(uint8_t type, const uint8_t *in, size_t len)
{
    struct sotto_span name;
    struct sotto_expect expect;
    struct sotto_new_password password;
    switch (type) {
    case SOTTO_MSG_DEVICE_LOGIN:
    case SOTTO_MSG_REVOKE:
        return sotto_one_name_decode(&name, true, in, len) == SOTTO_OK;
    case SOTTO_MSG_DEVICE_ADD:
        return sotto_one_name_decode(&name, false, in, len) == SOTTO_OK;
    case SOTTO_MSG_ENROL:
        return len == SOTTO_DEVICE_CODE_LEN;
    case SOTTO_MSG_EXPECT:
        return sotto_expect_decode(&expect, in, len) == SOTTO_OK;
    case SOTTO_MSG_DEVICES:
        return len == 0;
    case SOTTO_MSG_PASSWORD:
        return sotto_new_password_decode(&password, in, len) == SOTTO_OK;
    default:
        return false;
    }
}
