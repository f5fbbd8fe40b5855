#include "apps/sotto/letter.h"

#include "core/base/assert.h"
#include "core/base/secret.h"
#include <string.h>

_Static_assert(sizeof(struct letter) % 8 == 0 &&
                   sizeof(struct sotto_request) % 8 == 0 &&
                   sizeof(struct sotto_reply) % 8 == 0 &&
                   sizeof(struct sotto_feed_item) % 8 == 0,
               "what comes behind them is aligned");

/* Writes a letter; returns the place of `text_len` bytes behind its body. */
static uint8_t *begin(struct mailbox *box, const struct letter *letter,
                      const void *body, size_t body_len, size_t text_len)
{
    uint8_t *at = mailbox_reserve(box, sizeof *letter + body_len + text_len);
    memcpy(at, letter, sizeof *letter);
    if (body_len > 0) {
        memcpy(at + sizeof *letter, body, body_len);
    }
    return at + sizeof *letter + body_len;
}

/* What a body may point to. */
#define SPANS_MAX 3

static void send_with(struct mailbox *box, const struct letter *letter,
                      const void *body, size_t body_len,
                      struct sotto_span *const *spans, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        len += spans[i]->len;
    }
    uint8_t *at = begin(box, letter, body, body_len, len);
    for (size_t i = 0; i < count; i++) {
        if (spans[i]->len > 0) {
            memcpy(at, spans[i]->at, spans[i]->len);
            at += spans[i]->len;
        }
    }
    mailbox_send(box);
}

/* Lets the spans of what was read point into it. */
static void point(struct sotto_span *const *spans, size_t count,
                  const uint8_t *text)
{
    for (size_t i = 0; i < count; i++) {
        spans[i]->at = text;
        text += spans[i]->len;
    }
}

static const void *body_of(const struct letter *letter)
{
    return letter + 1;
}

void letter_send(struct mailbox *box, const struct letter *letter)
{
    send_with(box, letter, NULL, 0, NULL, 0);
}

/* ---- requests ----------------------------------------------------------- */

/* The spans that a request of this kind has. */
static size_t spans_of_request(struct sotto_request *request,
                               struct sotto_span *spans[static SPANS_MAX])
{
    switch (request->kind) {
    case SOTTO_REQUEST_LOOKUP:
        spans[0] = &request->name;
        return 1;
    case SOTTO_REQUEST_REGISTER:
        spans[0] = &request->account;
        return 1;
    case SOTTO_REQUEST_JOIN:
        spans[0] = &request->join.room;
        return 1;
    case SOTTO_REQUEST_POST:
        spans[0] = &request->post.text;
        return 1;
    case SOTTO_REQUEST_DEVICE:
        spans[0] = &request->device.body;
        spans[1] = &request->device.key;
        return 2;
    case SOTTO_REQUEST_NONE:
    case SOTTO_REQUEST_LOGIN:
    case SOTTO_REQUEST_FETCH:
    case SOTTO_REQUEST_WHO:
        break;
    }
    return 0;
}

void letter_send_request(struct mailbox *box, struct sotto_seat_id seat,
                         const struct sotto_request *request)
{
    const struct letter letter = {.kind = LETTER_REQUEST, .seat = seat};
    struct sotto_request copy = *request;
    struct sotto_span *spans[SPANS_MAX];
    size_t count = spans_of_request(&copy, spans);
    struct sotto_span verifier = {0};
    if (copy.kind == SOTTO_REQUEST_LOGIN) {
        verifier.at = (const uint8_t *)copy.verifier;
        verifier.len = sizeof *copy.verifier;
        spans[count++] = &verifier;
    }
    send_with(box, &letter, &copy, sizeof copy, spans, count);
}

void letter_read_request(const struct letter *letter,
                         struct sotto_request *request)
{
    struct sotto_span *spans[SPANS_MAX];
    memcpy(request, body_of(letter), sizeof *request);
    const uint8_t *text = (const uint8_t *)body_of(letter) + sizeof *request;
    if (request->kind == SOTTO_REQUEST_LOGIN) {
        request->verifier = (const void *)text;
    } else {
        point(spans, spans_of_request(request, spans), text);
    }
}

/* ---- replies ------------------------------------------------------------ */

static size_t spans_of_reply(struct sotto_reply *reply,
                             struct sotto_span *spans[static SPANS_MAX])
{
    switch (reply->kind) {
    case SOTTO_REPLY_LOGGED_IN:
    case SOTTO_REPLY_REGISTERED:
        spans[0] = &reply->name;
        return 1;
    case SOTTO_REPLY_JOINED:
        spans[0] = &reply->joined.name;
        return 1;
    case SOTTO_REPLY_PAGE:
        spans[0] = &reply->frames;
        return 1;
    case SOTTO_REPLY_DEVICE:
        spans[0] = &reply->name;
        spans[1] = &reply->device;
        spans[2] = &reply->frames;
        return 3;
    case SOTTO_REPLY_TAKEN:
    case SOTTO_REPLY_PROBLEM:
        spans[0] = &reply->name;
        spans[1] = &reply->device;
        return 2;
    case SOTTO_REPLY_NONE:
    case SOTTO_REPLY_ACCOUNT:
    case SOTTO_REPLY_ACK:
    case SOTTO_REPLY_KICK:
    case SOTTO_REPLY_ENTRY:
        break;
    }
    return 0;
}

void letter_send_reply(struct mailbox *box, const struct sotto_reply *reply)
{
    const struct letter letter = {.kind = LETTER_REPLY, .seat = reply->seat};
    struct sotto_reply copy = *reply;
    struct sotto_span *spans[SPANS_MAX];
    const size_t count = spans_of_reply(&copy, spans);
    send_with(box, &letter, &copy, sizeof copy, spans, count);
    sotto_wipe(&copy.verifier, sizeof copy.verifier);
}

void letter_read_reply(const struct letter *letter, struct sotto_reply *reply)
{
    struct sotto_span *spans[SPANS_MAX];
    memcpy(reply, body_of(letter), sizeof *reply);
    point(spans, spans_of_reply(reply, spans),
          (const uint8_t *)body_of(letter) + sizeof *reply);
}

void letter_send_entry(struct mailbox *box, const struct sotto_feed_item *item)
{
    const struct letter letter = {.kind = LETTER_ENTRY};
    struct sotto_span frame = item->frame;
    struct sotto_span *spans[] = {&frame};
    send_with(box, &letter, item, sizeof *item, spans, 1);
}

void letter_read_entry(const struct letter *letter,
                       struct sotto_feed_item *item)
{
    memcpy(item, body_of(letter), sizeof *item);
    item->frame.at = (const uint8_t *)body_of(letter) + sizeof *item;
}

/* ---- streams ------------------------------------------------------------ */

struct welcome {
    struct port_stream *stream;
};

void letter_send_stream(struct mailbox *box, struct sotto_seat_id seat,
                        struct port_stream *stream)
{
    const struct letter letter = {.kind = LETTER_WELCOME, .seat = seat};
    const struct welcome welcome = {stream};
    send_with(box, &letter, &welcome, sizeof welcome, NULL, 0);
}

struct port_stream *letter_read_stream(const struct letter *letter)
{
    const struct welcome *welcome = body_of(letter);
    return welcome->stream;
}

/* ---- taking them -------------------------------------------------------- */

const struct letter *letter_peek(struct mailbox *box)
{
    size_t len = 0;
    return mailbox_peek(box, &len);
}

/* Verifiers and invitation codes: whatever has to do with logging in. */
static bool may_be_secret(const struct letter *letter)
{
    if (letter->kind == LETTER_REQUEST) {
        const struct sotto_request *request = body_of(letter);
        return request->kind == SOTTO_REQUEST_LOGIN ||
               request->kind == SOTTO_REQUEST_REGISTER ||
               request->kind == SOTTO_REQUEST_DEVICE;
    }
    if (letter->kind == LETTER_REPLY) {
        const struct sotto_reply *reply = body_of(letter);
        return reply->kind == SOTTO_REPLY_ACCOUNT;
    }
    return false;
}

bool letter_done(struct mailbox *box)
{
    size_t len = 0;
    void *letter = mailbox_peek(box, &len);
    if (may_be_secret(letter)) {
        sotto_wipe(letter, len);
    }
    return mailbox_done(box);
}
