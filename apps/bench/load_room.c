#include "apps/bench/load.h"

#include "core/base/assert.h"
#include "core/chat/message.h"
#include <stdlib.h>
#include <string.h>

#define POST_MAX  (SOTTO_MAX_TEXT + 32)
#define POST_HEAD 24 /* the most of a POST's frame that is not its text */

bool load_tell(struct load *load, struct load_conn *conn,
               const struct sotto_entry *entry)
{
    return load->events.message == NULL ||
           load->events.message(load->events.ctx, conn, entry, load->now_ns);
}

/* ---- what comes --------------------------------------------------------- */

static bool take_entry(struct load *load, struct load_conn *conn,
                       const struct sotto_frame *frame)
{
    struct sotto_entry entry;

    if (sotto_entry_decode(&entry, frame->type, frame->body, frame->len) !=
        SOTTO_OK) {
        return load_fail_conn(conn, "an entry cannot be read", "");
    }
    if (conn->is_strict ? entry.number != conn->last + 1
                        : entry.number <= conn->last) {
        return load_fail_conn(conn, "an entry is missing, or out of order", "");
    }
    conn->last = entry.number;
    return frame->type != SOTTO_MSG_MESSAGE || load_tell(load, conn, &entry);
}

static bool take_ack(struct load *load, struct load_conn *conn,
                     const struct sotto_frame *frame)
{
    struct sotto_ack ack;

    if (sotto_ack_decode(&ack, frame->body, frame->len) != SOTTO_OK ||
        ack.id != conn->acked + 1 || ack.id > conn->posted) {
        return load_fail_conn(conn, "an acknowledgement does not fit", "");
    }
    conn->acked = ack.id;
    if (load->events.acked != NULL) {
        load->events.acked(load->events.ctx, conn, ack.id, load->now_ns);
    }
    return true;
}

static bool take_frame(struct load *load, struct load_conn *conn,
                       const struct sotto_frame *frame)
{
    switch (frame->type) {
    case SOTTO_MSG_MESSAGE:
    case SOTTO_MSG_ENTERED:
    case SOTTO_MSG_LEFT:
        return take_entry(load, conn, frame);
    case SOTTO_MSG_ACK:
        return take_ack(load, conn, frame);
    case SOTTO_MSG_ERROR:
        return load_fail_conn(conn, "the server refused a post", "");
    default:
        return load_fail_conn(conn, "a frame that was not asked for came", "");
    }
}

/* All frames of the record that was opened. */
static bool take_frames(struct load *load, struct load_conn *conn)
{
    struct sotto_frame frame;
    enum sotto_err err = SOTTO_OK;
    while (sotto_link_next(&conn->link, &frame, &err)) {
        if (!take_frame(load, conn, &frame)) {
            return false;
        }
    }
    return (err == SOTTO_OK && conn->link.state == SOTTO_LINK_OPEN) ||
           load_fail_conn(conn, "the server ended the connection",
                          sotto_err_name(err));
}

/* Opens the whole records of `len` bytes; `*used` is their length. */
static bool open_records(struct load *load, struct load_conn *conn, size_t len,
                         size_t *used)
{
    for (;;) {
        size_t unit = 0;
        enum sotto_err err = sotto_link_feed(&conn->link, load->input + *used,
                                             len - *used, &unit);
        *used += unit;
        if (err != SOTTO_OK) {
            return load_fail_conn(conn, "a record cannot be opened",
                                  sotto_err_name(err));
        }
        if (unit == 0) {
            return true;
        }
        if (!take_frames(load, conn)) {
            return false;
        }
    }
}

static bool keep_rest(struct load *load, struct load_conn *conn, size_t used,
                      size_t len)
{
    conn->rest_len = len - used;
    if (conn->rest_len == 0) {
        return true;
    }
    if (conn->rest == NULL) {
        conn->rest = malloc(LOAD_RECORD_MAX);
    }
    if (conn->rest == NULL) {
        return load_fail_conn(conn, "no memory", "");
    }
    SOTTO_ASSERT(conn->rest_len <= LOAD_RECORD_MAX);
    memcpy(conn->rest, load->input + used, conn->rest_len);
    return true;
}

bool load_read(struct load *load, struct load_conn *conn)
{
    size_t got = 0;
    size_t used = 0;
    const size_t rest = conn->rest_len;

    enum sotto_err err = port_read(conn->stream, load->input + rest,
                                   LOAD_INPUT_MAX - rest, &got);
    if (err == SOTTO_ERR_AGAIN) {
        return true;
    }
    if (err != SOTTO_OK) {
        return load_fail_conn(conn, "the server is gone", sotto_err_name(err));
    }
    if (rest > 0) {
        memcpy(load->input, conn->rest, rest);
    }
    load->now_ns = port_now_ns(load->port);
    return open_records(load, conn, rest + got, &used) &&
           keep_rest(load, conn, used, rest + got);
}

/* ---- posting ------------------------------------------------------------ */

bool load_flush(struct load_conn *conn)
{
    while (conn->out_at < conn->out_len) {
        size_t put = 0;
        enum sotto_err err = port_write(conn->stream, conn->out + conn->out_at,
                                        conn->out_len - conn->out_at, &put);
        if (err == SOTTO_ERR_AGAIN) {
            port_want(conn->stream, PORT_READ | PORT_WRITE);
            return true;
        }
        if (err != SOTTO_OK) {
            return load_fail_conn(conn, "cannot write", sotto_err_name(err));
        }
        conn->out_at += put;
    }
    port_want(conn->stream, PORT_READ);
    return true;
}

bool load_can_post(const struct load_conn *conn)
{
    return conn->state == LOAD_ROOM && conn->out_at == conn->out_len;
}

size_t load_posts_max(size_t len)
{
    return (SOTTO_RECORD_LIMIT_HOST - 64) / (len + POST_HEAD);
}

bool load_post(struct load *load, struct load_conn *conn, const uint8_t *texts,
               size_t len, size_t count)
{
    struct sotto_record record;
    uint8_t body[POST_MAX];

    SOTTO_ASSERT(load_can_post(conn) && count <= load_posts_max(len));
    if (conn->out == NULL) {
        conn->out = malloc(LOAD_RECORD_MAX);
    }
    if (conn->out == NULL) {
        return load_fail_conn(conn, "no memory", "");
    }
    sotto_link_begin(&conn->link, &record, conn->out, LOAD_RECORD_MAX);
    for (size_t at = 0; at < count; at++) {
        struct sotto_writer w;
        const struct sotto_post post = {.room = SOTTO_LOBBY,
                                        .id = ++conn->posted,
                                        .text = {texts + at * len, len}};
        sotto_writer_init(&w, body, sizeof body);
        sotto_post_encode(&w, &post);
        if (w.bad || sotto_record_add(&record, SOTTO_MSG_POST, body, w.len) !=
                         SOTTO_OK) {
            return load_fail_conn(conn, "posts do not fit a record", "");
        }
    }
    conn->out_at = 0;
    enum sotto_err err =
        sotto_link_end(&conn->link, &record, load->now_ms, &conn->out_len);
    if (err != SOTTO_OK) {
        return load_fail_conn(conn, "cannot seal a record",
                              sotto_err_name(err));
    }
    return load_flush(conn);
}
