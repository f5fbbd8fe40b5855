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

static void send_with(struct mailbox *box, const struct letter *letter,
                      const void *body, size_t body_len, struct sotto_span text)
{
    uint8_t *at = begin(box, letter, body, body_len, text.len);
    if (text.len > 0) {
        memcpy(at, text.at, text.len);
    }
    mailbox_send(box);
}

static const void *body_of(const struct letter *letter)
{
    return letter + 1;
}

void letter_send(struct mailbox *box, const struct letter *letter)
{
    send_with(box, letter, NULL, 0, (struct sotto_span){0});
}

/* ---- requests ----------------------------------------------------------- */

/* The one span that a request of this kind has; NULL for none. */
static struct sotto_span *span_of_request(struct sotto_request *request)
{
    switch (request->kind) {
    case SOTTO_REQUEST_LOOKUP:
        return &request->name;
    case SOTTO_REQUEST_REGISTER:
        return &request->account;
    case SOTTO_REQUEST_JOIN:
        return &request->join.room;
    case SOTTO_REQUEST_POST:
        return &request->post.text;
    case SOTTO_REQUEST_NONE:
    case SOTTO_REQUEST_LOGIN:
    case SOTTO_REQUEST_FETCH:
    case SOTTO_REQUEST_WHO:
        break;
    }
    return NULL;
}

void letter_send_request(struct mailbox *box, struct sotto_seat_id seat,
                         const struct sotto_request *request)
{
    const struct letter letter = {.kind = LETTER_REQUEST, .seat = seat};
    struct sotto_request copy = *request;
    const struct sotto_span *span = span_of_request(&copy);
    struct sotto_span text = {0};
    if (span != NULL) {
        text = *span;
    } else if (copy.kind == SOTTO_REQUEST_LOGIN) {
        text.at = (const uint8_t *)copy.verifier;
        text.len = sizeof *copy.verifier;
    }
    SOTTO_ASSERT(text.len <= SOTTO_FRAME_MAX);
    send_with(box, &letter, &copy, sizeof copy, text);
}

void letter_read_request(const struct letter *letter,
                         struct sotto_request *request)
{
    memcpy(request, body_of(letter), sizeof *request);
    const void *text = (const uint8_t *)body_of(letter) + sizeof *request;
    struct sotto_span *span = span_of_request(request);
    if (span != NULL) {
        span->at = text;
    } else if (request->kind == SOTTO_REQUEST_LOGIN) {
        request->verifier = text;
    }
}

/* ---- replies ------------------------------------------------------------ */

static struct sotto_span *span_of_reply(struct sotto_reply *reply)
{
    switch (reply->kind) {
    case SOTTO_REPLY_LOGGED_IN:
    case SOTTO_REPLY_REGISTERED:
        return &reply->name;
    case SOTTO_REPLY_JOINED:
        return &reply->joined.name;
    case SOTTO_REPLY_PAGE:
        return &reply->frames;
    case SOTTO_REPLY_NONE:
    case SOTTO_REPLY_ACCOUNT:
    case SOTTO_REPLY_ACK:
    case SOTTO_REPLY_PROBLEM:
    case SOTTO_REPLY_KICK:
    case SOTTO_REPLY_ENTRY:
        break;
    }
    return NULL;
}

void letter_send_reply(struct mailbox *box, const struct sotto_reply *reply)
{
    const struct letter letter = {.kind = LETTER_REPLY, .seat = reply->seat};
    struct sotto_reply copy = *reply;
    const struct sotto_span *span = span_of_reply(&copy);
    send_with(box, &letter, &copy, sizeof copy,
              span != NULL ? *span : (struct sotto_span){0});
    sotto_wipe(&copy.verifier, sizeof copy.verifier);
}

void letter_read_reply(const struct letter *letter, struct sotto_reply *reply)
{
    memcpy(reply, body_of(letter), sizeof *reply);
    struct sotto_span *span = span_of_reply(reply);
    if (span != NULL) {
        span->at = (const uint8_t *)body_of(letter) + sizeof *reply;
    }
}

void letter_send_entry(struct mailbox *box, const struct sotto_feed_item *item)
{
    const struct letter letter = {.kind = LETTER_ENTRY};
    send_with(box, &letter, item, sizeof *item, item->frame);
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
    send_with(box, &letter, &welcome, sizeof welcome, (struct sotto_span){0});
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
               request->kind == SOTTO_REQUEST_REGISTER;
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
