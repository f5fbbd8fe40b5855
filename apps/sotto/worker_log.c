/*
 * worker_log.c - what workers log of their connections: who is there, and from
 * where. SERVER.md lists the lines.
 */
#include "apps/sotto/worker.h"

#include "apps/sotto/server_inner.h"
#include "apps/sotto/view.h"
#include "core/base/assert.h"
#include <sotto/fingerprint.h>
#include <string.h>

#define FIELDS_MAX 6

/* The groups of a key's fingerprint that tell one from another in a log. */
#define KEY_LEN 9

struct line {
    struct log_field fields[FIELDS_MAX];
    size_t count;
    char key[KEY_LEN];
    char peer[PORT_ADDRESS_TEXT];
};

static void add(struct line *line, struct log_field field)
{
    SOTTO_ASSERT(line->count < FIELDS_MAX);
    line->fields[line->count++] = field;
}

static void add_span(struct line *line, const char *key,
                     struct sotto_span value)
{
    if (value.len > 0) {
        add(line, log_span(key, (const char *)value.at, value.len));
    }
}

static void add_key(struct line *line, const struct conn *conn)
{
    uint8_t fingerprint[SOTTO_FINGERPRINT_LEN];
    char text[SOTTO_FINGERPRINT_TEXT];
    sotto_fingerprint_of_key(conn->session.link.peer_static, fingerprint);
    sotto_fingerprint_text(fingerprint, text);
    memcpy(line->key, text, sizeof line->key);
    add(line, log_span("key", line->key, sizeof line->key));
}

/* The end of each line is where it comes from. */
static void put(const struct worker *worker, const struct conn *conn,
                enum log_level level, const char *module, const char *event,
                struct line *line)
{
    struct port_address peer;
    port_stream_peer(conn->stream, &peer);
    port_address_text(&peer, line->peer);
    add(line, log_text("peer", line->peer));
    log_event(&worker->server->log, level, module, event, line->fields,
              line->count);
}

void worker_log_conn(const struct worker *worker, enum log_level level,
                     const struct conn *conn, const char *event)
{
    struct line line = {.count = 0};
    if (log_wants(&worker->server->log, level)) {
        put(worker, conn, level, "conn", event, &line);
    }
}

/* Whether one more refusal may be logged in this second; the first that may not
 * is told of. */
static bool has_room_for_refusal(struct worker *worker)
{
    if (worker->refusals > WORKER_REFUSALS) {
        return false;
    }
    worker->refusals++;
    if (worker->refusals > WORKER_REFUSALS) {
        log_event(&worker->server->log, LOG_WARN, "account", "more_refused",
                  LOG_NO_FIELDS);
        return false;
    }
    return true;
}

static void log_problem(struct worker *worker, const struct conn *conn,
                        const struct sotto_reply *reply)
{
    static const char *const whys[] = {[SOTTO_WHY_KEY] = "key_unknown",
                                       [SOTTO_WHY_CODE] = "code_unknown",
                                       [SOTTO_WHY_EXPIRED] = "code_expired",
                                       [SOTTO_WHY_DISABLED] = "disabled",
                                       [SOTTO_WHY_ACCOUNT] = "other_account"};
    const uint16_t problem = reply->problem.problem;
    /* What a client may cause at will, post after post, is for developers. */
    const bool is_post = reply->problem.ref != 0;
    const bool is_loud = (!is_post || problem == SOTTO_PROBLEM_STORAGE) &&
                         has_room_for_refusal(worker);
    struct line line = {.count = 0};
    add(&line, log_text("problem", view_problem_code(problem)));
    const bool has_why = SOTTO_DEVICES && reply->why != SOTTO_WHY_NONE;
    if (has_why) {
        add(&line, log_text("why", whys[reply->why]));
    }
    add_span(&line, "user", reply->name);
    add_span(&line, "device", reply->device);
    if (has_why) {
        add_key(&line, conn);
    }
    put(worker, conn, is_loud ? LOG_WARN : LOG_DEBUG,
        is_post ? "lobby" : "account", is_post ? "post_refused" : "refused",
        &line);
}

/* A login, or a change. */
static void log_person(const struct worker *worker, const struct conn *conn,
                       const struct sotto_reply *reply, const char *event,
                       bool with_key)
{
    struct line line = {.count = 0};
    add_span(&line, "user", reply->name);
    add_span(&line, "device", reply->device);
    if (with_key) {
        add_key(&line, conn);
    }
    put(worker, conn, LOG_INFO, "account", event, &line);
}

static void log_change(const struct worker *worker, const struct conn *conn,
                       const struct sotto_reply *reply)
{
    switch (reply->about) {
    case SOTTO_MSG_DEVICE_ADD:
        log_person(worker, conn, reply, "device_added", true);
        break;
    case SOTTO_MSG_EXPECT:
        log_person(worker, conn, reply, "code_made", false);
        break;
    case SOTTO_MSG_PASSWORD:
        log_person(worker, conn, reply, "password_changed", false);
        break;
    default:
        break;
    }
    if (reply->about == SOTTO_MSG_REVOKE || reply->is_all) {
        log_person(worker, conn, reply,
                   reply->is_all ? "devices_revoked" : "device_revoked", false);
    }
}

void worker_log_reply(struct worker *worker, const struct conn *conn,
                      const struct sotto_reply *reply)
{
    if (reply->kind == SOTTO_REPLY_LOGGED_IN) {
        log_person(worker, conn, reply, "login", false);
    } else if (reply->kind == SOTTO_REPLY_REGISTERED) {
        log_person(worker, conn, reply, "registered", false);
    } else if (SOTTO_DEVICES && reply->kind == SOTTO_REPLY_DEVICE &&
               reply->name.len > 0) {
        log_person(worker, conn, reply,
                   reply->frames.len > 0 ? "enrolled" : "device_login", true);
    } else if (SOTTO_DEVICES && reply->kind == SOTTO_REPLY_TAKEN) {
        log_change(worker, conn, reply);
    } else if (reply->kind == SOTTO_REPLY_PROBLEM) {
        log_problem(worker, conn, reply);
    }
}
