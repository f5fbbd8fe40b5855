/*
 * view.h - what a client shows, to a person or to a program.
 *
 * Three ways: on a terminal (times, colours, a prompt that survives), as plain
 * lines on a pipe, and as JSON, one object a line (--json). What others wrote
 * is never printed raw. Remarks about the connection go to standard error
 * where the console is not a terminal.
 */
#ifndef SOTTO_APP_VIEW_H
#define SOTTO_APP_VIEW_H

#include "apps/sotto/console.h"
#include "core/chat/client.h"
#include "core/chat/message_devices.h"
#include <stdbool.h>
#include <stdint.h>

struct view {
    struct console *console;
    bool is_json;
    const char *user;
};

/* In the room: once for each connection. */
void view_ready(const struct view *view, const struct sotto_client_event *event,
                bool is_again);
/* The past is shown; `missed` entries may be gone. */
void view_missed(const struct view *view);
/* A message, or somebody came or went. */
void view_entry(const struct view *view,
                const struct sotto_client_event *event);
/* What this person just said. Terminals only. */
void view_said(const struct view *view, const char *text, size_t len);
void view_acked(const struct view *view, uint64_t id, uint64_t number);
/* One page of names. */
void view_present(const struct view *view,
                  const struct sotto_client_event *event);
/* Something went wrong; `code` is for programs, `text` for people. */
void view_error(const struct view *view, const char *code, const char *text);
/* A remark for people; nothing in JSON. */
void view_remark(const struct view *view, const char *text);
/* The connection ended; tries again in `retry_ms`, as often as it takes when
 * somebody had logged in. */
void view_disconnected(const struct view *view, const char *text,
                       uint64_t retry_ms, bool had_login);

/* This machine became a device. */
void view_enrolled(const struct view *view, const char *user,
                   const char *device);

/* view_devices.c: hosts only */

/* One of a list; the end of it, of so many. */
void view_device(const struct view *view, const struct sotto_device_item *item,
                 bool is_first);
void view_devices_end(const struct view *view, size_t count);
/* What was asked is done: `what` for programs, `text` for people; `device` may
 * be empty. */
void view_done(const struct view *view, const char *what, const char *device,
               const char *text);
/* The address with the code for a device, and how long it counts. */
void view_enroll(const struct view *view, const char *device,
                 const char *address, uint32_t seconds);
/* view_qr.c: the same for a camera, where the terminal can show it. */
void view_qr(const struct view *view, const char *text);
/* For programs: what the next line is to be. */
void view_question(const struct view *view, const char *text, bool is_secret);

/* The code and the sentence for a problem that a server reported. */
const char *view_problem_code(uint16_t problem);
const char *view_problem_text(uint16_t problem);

#endif
