/*
 * view_devices.c - what a client shows of devices. Hosts only.
 */
#include "apps/sotto/view.h"

#include "apps/sotto/textbuf.h"
#include "apps/sotto/time_text.h"
#include "core/base/json.h"
#include "port/port.h"
#include <string.h>

#define LINE_BYTES 1024

/* ---- JSON: as in view.c ---- */

static void add_text(struct sotto_json_writer *w, const char *key,
                     const char *text)
{
    if (text != NULL && text[0] != '\0') {
        sotto_json_add_string(w, key, text, strlen(text));
    }
}

static void begin(struct sotto_json_writer *w, char out[static LINE_BYTES],
                  const char *event)
{
    sotto_json_begin(w, out, LINE_BYTES - 1);
    add_text(w, "event", event);
}

static void end(const struct view *view, struct sotto_json_writer *w)
{
    size_t len = 0;
    if (sotto_json_end(w, &len) == SOTTO_OK) {
        w->out[len] = '\n';
        console_print(view->console, w->out, len + 1);
    }
}

/* ---- one device ---- */

static const char *state_of(const struct sotto_device_item *item)
{
    return (item->flags & SOTTO_DEVICE_EXPECTED) != 0 ? "expected"
           : (item->flags & SOTTO_DEVICE_HERE) != 0   ? "here"
                                                      : "away";
}

/* Where it was last seen, without the port; empty: not known. */
static void address_of(const struct sotto_device_item *item,
                       char out[static PORT_ADDRESS_TEXT])
{
    static const uint8_t nowhere[16];
    struct port_address address = {.port = 0};
    out[0] = '\0';
    if (memcmp(item->ip, nowhere, sizeof nowhere) == 0) {
        return;
    }
    memcpy(address.ip, item->ip, sizeof address.ip);
    port_address_text(&address, out);
    char *colon = strrchr(out, ':');
    if (colon != NULL) {
        *colon = '\0';
    }
}

static void time_of(const struct sotto_device_item *item,
                    char out[static TIME_TEXT])
{
    out[0] = '\0';
    if (item->time_s != SOTTO_TIME_UNKNOWN) {
        time_text(item->time_s, out);
    }
}

static void json_device(const struct view *view,
                        const struct sotto_device_item *item, const char *time,
                        const char *address)
{
    char out[LINE_BYTES];
    struct sotto_json_writer w;
    begin(&w, out, "device");
    sotto_json_add_string(&w, "device", (const char *)item->name.at,
                          item->name.len);
    add_text(&w, "state", state_of(item));
    add_text(&w,
             (item->flags & SOTTO_DEVICE_EXPECTED) != 0 ? "until" : "last_seen",
             time);
    add_text(&w, "address", address);
    end(view, &w);
}

/* Fills up to `column`, at least one space. */
static void add_column(struct textbuf *line, size_t column)
{
    textbuf_add_spaces(line, line->len < column ? column - line->len : 1);
}

static void add_row(struct textbuf *line, const char *name, size_t name_len,
                    const char *state, const char *time, const char *address)
{
    textbuf_add_bytes(line, name, name_len);
    add_column(line, 20);
    textbuf_add(line, state);
    add_column(line, 30);
    textbuf_add_all(line, time[0] != '\0' ? time : "-", NULL);
    add_column(line, 52);
    textbuf_add(line, address[0] != '\0' ? address : "-");
}

void view_device(const struct view *view, const struct sotto_device_item *item,
                 bool is_first)
{
    char time[TIME_TEXT];
    char address[PORT_ADDRESS_TEXT];
    char out[LINE_BYTES];
    struct textbuf line;
    time_of(item, time);
    address_of(item, address);
    if (view->is_json) {
        json_device(view, item, time, address);
        return;
    }
    if (is_first) {
        textbuf_init(&line, out, sizeof out);
        add_row(&line, "device", 6, "state", "last seen, or until", "address");
        view_remark(view, out);
    }
    textbuf_init(&line, out, sizeof out);
    add_row(&line, (const char *)item->name.at, item->name.len, state_of(item),
            time, address);
    view_remark(view, out);
}

void view_devices_end(const struct view *view, size_t count)
{
    char out[LINE_BYTES];
    struct sotto_json_writer w;
    if (view->is_json) {
        begin(&w, out, "devices");
        sotto_json_add_integer(&w, "count", count);
        end(view, &w);
    } else if (count == 0) {
        view_remark(view, "you have no devices");
    }
}

/* ---- changes ---- */

void view_done(const struct view *view, const char *what, const char *device,
               const char *text)
{
    char out[LINE_BYTES];
    struct sotto_json_writer w;
    if (view->is_json) {
        begin(&w, out, "done");
        add_text(&w, "what", what);
        add_text(&w, "device", device);
        end(view, &w);
    } else {
        view_remark(view, text);
    }
}

void view_enroll(const struct view *view, const char *device,
                 const char *address, uint32_t seconds)
{
    char out[LINE_BYTES];
    struct sotto_json_writer w;
    struct textbuf line;
    if (view->is_json) {
        begin(&w, out, "enroll");
        add_text(&w, "device", device);
        add_text(&w, "address", address);
        sotto_json_add_integer(&w, "seconds", seconds);
        end(view, &w);
        return;
    }
    textbuf_init(&line, out, sizeof out);
    textbuf_add_all(&line, "whoever has this address gets in as your device ",
                    device, ", once, within ", NULL);
    const bool is_hours = seconds % 3600U == 0;
    textbuf_add_number(&line, seconds / (is_hours ? 3600U : 60U));
    textbuf_add_all(&line, is_hours ? " hours" : " minutes",
                    "; on a machine with sotto: sotto client ADDRESS", NULL);
    view_remark(view, out);
    view_remark(view, address);
}

void view_question(const struct view *view, const char *text, bool is_secret)
{
    char out[LINE_BYTES];
    struct sotto_json_writer w;
    if (view->is_json) {
        begin(&w, out, "question");
        add_text(&w, "text", text);
        sotto_json_add_bool(&w, "secret", is_secret);
        end(view, &w);
    }
}
