#include "apps/sotto/view.h"

#include "apps/sotto/system.h"
#include "apps/sotto/textbuf.h"
#include "apps/sotto/unicode.h"
#include "core/base/json.h"
#include <string.h>

/* JSON escapes a byte as up to six. */
#define LINE_MAX_BYTES (6 * SOTTO_MAX_TEXT + 512)
#define NEWLINE_MARK   "\n    | "

/* Of a message: time, colour and name; and what is made safe at a time. */
#define HEAD_MAX  128
#define PIECE_MAX 256

static bool is_json(const struct view *view)
{
    return CLIENT_JSON && view->is_json;
}

/* ---- JSON ---- */

static void begin(struct sotto_json_writer *w, char *out, size_t cap,
                  const char *event)
{
    sotto_json_begin(w, out, cap);
    sotto_json_add_string(w, "event", event, strlen(event));
}

static void add_text(struct sotto_json_writer *w, const char *key,
                     const char *text)
{
    sotto_json_add_string(w, key, text, strlen(text));
}

static void add_span(struct sotto_json_writer *w, const char *key,
                     struct sotto_span span)
{
    sotto_json_add_string(w, key, (const char *)span.at, span.len);
}

static void end(const struct view *view, struct sotto_json_writer *w)
{
    size_t len = 0;
    if (sotto_json_end(w, &len) == SOTTO_OK) {
        w->out[len] = '\n';
        console_print(view->console, w->out, len + 1);
    }
}

static void json_entry(const struct view *view,
                       const struct sotto_client_event *event)
{
    static char out[LINE_MAX_BYTES];
    struct sotto_json_writer w;
    const struct sotto_entry *entry = &event->entry;
    const bool is_message = event->type == SOTTO_MSG_MESSAGE;
    begin(&w, out, sizeof out - 1,
          is_message                         ? "message"
          : event->type == SOTTO_MSG_ENTERED ? "joined"
                                             : "left");
    add_text(&w, "room", SOTTO_LOBBY_NAME);
    add_span(&w, is_message ? "from" : "user", entry->sender);
    sotto_json_add_integer(&w, "seq", entry->number);
    if (entry->time_s != SOTTO_TIME_UNKNOWN) {
        sotto_json_add_integer(&w, "time", entry->time_s);
    }
    if (is_message) {
        add_span(&w, "text", entry->text);
    }
    end(view, &w);
}

static void json_two(const struct view *view, const char *event,
                     const char *key, const char *value, const char *text)
{
    char out[1024];
    struct sotto_json_writer w;
    begin(&w, out, sizeof out - 1, event);
    if (value != NULL) {
        add_text(&w, key, value);
    }
    add_text(&w, "text", text);
    end(view, &w);
}

/* ---- text ---- */

static void print(const struct view *view, const struct textbuf *text)
{
    console_print(view->console, text->at, text->len);
}

/* A remark, on a terminal: the pieces one behind the other. */
static void print_remark(struct console *console, const char *const *pieces,
                         size_t count)
{
    console_begin(console);
    console_add(console, "-- ", 3);
    for (size_t i = 0; i < count; i++) {
        console_add(console, pieces[i], strlen(pieces[i]));
    }
    console_add(console, "\n", 1);
    console_end(console);
}

/* Where a terminal shows everything in one place, pipes keep remarks apart. */
static void remark(const struct view *view, const char *text)
{
    if (console_is_interactive(view->console)) {
        print_remark(view->console, &text, 1);
    } else {
        say("sotto: ", text, "\n", NULL);
    }
}

/* Hours and minutes here, or nothing without a clock. */
static void add_time(struct textbuf *out, uint32_t time_s)
{
    char text[SYSTEM_CLOCK_TEXT];
    if (system_clock_text(time_s, text)) {
        textbuf_add_all(out, text, " ", NULL);
    }
}

static void add_name(const struct view *view, struct textbuf *out,
                     const char *name, size_t len)
{
    static const char *const colors[] = {"\033[31m", "\033[32m", "\033[33m",
                                         "\033[34m", "\033[35m", "\033[36m"};
    unsigned hash = 0;
    for (size_t i = 0; i < len; i++) {
        hash = hash * 31U + (unsigned char)name[i];
    }
    if (view->console->is_colored) {
        textbuf_add(out, colors[hash % 6U]);
    }
    textbuf_add_bytes(out, name, len);
    if (view->console->is_colored) {
        textbuf_add(out, "\033[0m");
    }
}

/* Others' text, piece by piece. */
static void print_safe(const struct view *view, const char *text, size_t len)
{
    struct unicode_neutral neutral = {0};
    for (size_t at = 0; at < len;) {
        char safe[PIECE_MAX];
        size_t safe_len = 0;
        at += unicode_neutralise(&neutral, text + at, len - at, NEWLINE_MARK,
                                 safe, sizeof safe, &safe_len);
        console_add(view->console, safe, safe_len);
    }
}

static void text_message(const struct view *view, uint32_t time_s,
                         const char *name, size_t name_len, const char *text,
                         size_t len)
{
    char head[HEAD_MAX];
    struct textbuf out;
    textbuf_init(&out, head, sizeof head);
    add_time(&out, time_s);
    add_name(view, &out, name, name_len);
    textbuf_add(&out, ": ");
    console_begin(view->console);
    console_add(view->console, out.at, out.len);
    print_safe(view, text, len);
    console_add(view->console, "\n", 1);
    console_end(view->console);
}

static void text_entry(const struct view *view,
                       const struct sotto_client_event *event)
{
    const struct sotto_entry *entry = &event->entry;
    const char *name = (const char *)entry->sender.at;
    if (event->type == SOTTO_MSG_MESSAGE) {
        text_message(view, entry->time_s, name, entry->sender.len,
                     (const char *)entry->text.at, entry->text.len);
        return;
    }
    char line[128];
    struct textbuf out;
    textbuf_init(&out, line, sizeof line);
    add_time(&out, entry->time_s);
    textbuf_add(&out, "* ");
    add_name(view, &out, name, entry->sender.len);
    textbuf_add(&out,
                event->type == SOTTO_MSG_ENTERED ? " joined\n" : " left\n");
    print(view, &out);
}

/* ---- events ---- */

void view_ready(const struct view *view, const struct sotto_client_event *event,
                bool is_again)
{
    if (is_json(view)) {
        char out[256];
        struct sotto_json_writer w;
        begin(&w, out, sizeof out - 1, "ready");
        add_text(&w, "user", view->user);
        add_span(&w, "room", event->joined.name);
        end(view, &w);
        return;
    }
    if (is_again) {
        remark(view, "connected again");
        return;
    }
    char line[128];
    struct textbuf out;
    textbuf_init(&out, line, sizeof line);
    textbuf_add_all(&out, "you are in ", NULL);
    textbuf_add_bytes(&out, (const char *)event->joined.name.at,
                      event->joined.name.len);
    textbuf_add_all(&out, " as ", view->user, "; /help tells what can be typed",
                    NULL);
    remark(view, line);
}

void view_missed(const struct view *view)
{
    if (is_json(view)) {
        json_two(view, "error", "code", "missed",
                 "the server no longer has some earlier messages");
    } else {
        remark(view, "the server no longer has some earlier messages");
    }
}

void view_entry(const struct view *view, const struct sotto_client_event *event)
{
    if (is_json(view)) {
        json_entry(view, event);
    } else {
        text_entry(view, event);
    }
}

void view_said(const struct view *view, const char *text, size_t len)
{
    if (!is_json(view) && console_is_interactive(view->console)) {
        text_message(view, (uint32_t)system_wall_s(), view->user,
                     strlen(view->user), text, len);
    }
}

void view_acked(const struct view *view, uint64_t id, uint64_t number)
{
    char out[128];
    struct sotto_json_writer w;
    if (!is_json(view)) {
        return;
    }
    begin(&w, out, sizeof out - 1, "acked");
    add_text(&w, "room", SOTTO_LOBBY_NAME);
    sotto_json_add_integer(&w, "id", id);
    sotto_json_add_integer(&w, "seq", number);
    end(view, &w);
}

void view_present(const struct view *view,
                  const struct sotto_client_event *event)
{
    struct sotto_present present = event->present;
    struct sotto_span name;
    if (!is_json(view) && !console_is_interactive(view->console)) {
        say("sotto: here:", NULL);
    }
    while (sotto_present_next(&present, &name)) {
        char out[128];
        if (is_json(view)) {
            struct sotto_json_writer w;
            begin(&w, out, sizeof out - 1, "present");
            add_text(&w, "room", SOTTO_LOBBY_NAME);
            add_span(&w, "user", name);
            end(view, &w);
        } else if (console_is_interactive(view->console)) {
            struct textbuf line;
            textbuf_init(&line, out, sizeof out);
            textbuf_add(&line, "   ");
            add_name(view, &line, (const char *)name.at, name.len);
            textbuf_add_char(&line, '\n');
            print(view, &line);
        } else {
            system_say(" ", 1);
            system_say((const char *)name.at, name.len);
        }
    }
    if (!is_json(view) && !console_is_interactive(view->console)) {
        say("\n", NULL);
    }
}

void view_error(const struct view *view, const char *code, const char *text)
{
    if (is_json(view)) {
        json_two(view, "error", "code", code, text);
    } else {
        remark(view, text);
    }
}

void view_remark(const struct view *view, const char *text)
{
    if (!is_json(view)) {
        remark(view, text);
    }
}

void view_enrolled(const struct view *view, const char *user,
                   const char *device)
{
    if (is_json(view)) {
        char out[256];
        struct sotto_json_writer w;
        begin(&w, out, sizeof out - 1, "enrolled");
        add_text(&w, "user", user);
        add_text(&w, "device", device);
        end(view, &w);
    } else if (console_is_interactive(view->console)) {
        const char *const pieces[] = {"this machine is the device ", device,
                                      " of ", user,
                                      " now, and needs no password"};
        print_remark(view->console, pieces, sizeof pieces / sizeof *pieces);
    } else {
        say("sotto: this machine is the device ", device, " of ", user,
            " now, and needs no password\n", NULL);
    }
}

void view_disconnected(const struct view *view, const char *text,
                       uint64_t retry_ms, bool had_login)
{
    char line[512];
    struct textbuf out;
    if (is_json(view)) {
        struct sotto_json_writer w;
        begin(&w, line, sizeof line - 1, "disconnected");
        add_text(&w, "text", text);
        sotto_json_add_integer(&w, "retry_ms", retry_ms);
        end(view, &w);
        return;
    }
    textbuf_init(&out, line, sizeof line);
    textbuf_add_all(&out, text,
                    had_login ? "; trying again until it works. What you type "
                                "meanwhile is sent then."
                              : "; trying again",
                    NULL);
    remark(view, line);
}

/* ---- problems ---- */

struct problem {
    const char *code;
    const char *text;
};

static const struct problem problems[] = {
    [SOTTO_PROBLEM_NONE] = {"unknown", "the server refused, and did not say "
                                       "why"},
    [SOTTO_PROBLEM_LOGIN] = {"login", "wrong password, or no such user"},
    [SOTTO_PROBLEM_DISABLED] = {"disabled", "this account is disabled; ask "
                                            "whoever runs the server"},
    [SOTTO_PROBLEM_THROTTLED] = {"throttled", "too many attempts"},
    [SOTTO_PROBLEM_NAME_TAKEN] = {"name_taken",
                                  "this name is taken; choose another, or log "
                                  "in instead of registering"},
    [SOTTO_PROBLEM_NAME_BAD] = {"name_bad",
                                "names are 1 to 32 of a-z 0-9 . _ -"},
    [SOTTO_PROBLEM_CLOSED] = {"closed", "registration is closed on this "
                                        "server; ask whoever runs it"},
    [SOTTO_PROBLEM_CODE] = {"code", "registration needs a valid invitation: "
                                    "use the address sotto://.../CODE that you "
                                    "were given"},
    [SOTTO_PROBLEM_FULL] = {"full", "the server has no room for more"},
    [SOTTO_PROBLEM_STORAGE] = {"storage", "the server could not store it "
                                          "(disk full or broken); try again "
                                          "later"},
    [SOTTO_PROBLEM_ROOM] = {"room", "no such room"},
    [SOTTO_PROBLEM_TEXT] = {"text", "the server does not take this text: too "
                                    "long, or not valid UTF-8"},
    [SOTTO_PROBLEM_WEAK] = {"weak", "the server wants a stronger key "
                                    "derivation"},
    [SOTTO_PROBLEM_DEVICE_TAKEN] = {"device_taken",
                                    "there is a device of that name or with "
                                    "that key; choose another name, or revoke "
                                    "it first"},
    [SOTTO_PROBLEM_DEVICE_UNKNOWN] = {"device_unknown",
                                      "no such device or code; a code counts "
                                      "once, and for a limited time"},
    [SOTTO_PROBLEM_PASSWORD] = {"password", "log in with the password first"},
};

static const struct problem *find_problem(uint16_t problem)
{
    const size_t count = sizeof problems / sizeof *problems;
    return &problems[problem < count ? problem : 0];
}

const char *view_problem_code(uint16_t problem)
{
    return find_problem(problem)->code;
}

const char *view_problem_text(uint16_t problem)
{
    return find_problem(problem)->text;
}
