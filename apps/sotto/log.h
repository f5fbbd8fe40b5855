/*
 * log.h - the server's log: one line an event.
 *
 *     2026-01-31T09:30:00Z info server listening address=[::]:7688
 *
 * That is: time, level, module, event, then key=value. A value is quoted when
 * it is empty or holds spaces, quotes, '=' or anything that is not plain text;
 * in quotes, controls and invalid bytes are escaped (\n, \x1b). Nothing that
 * people say to each other, and no secret, is ever handed to this module.
 *
 * A line is built on the stack and handed to the sink whole, with its newline;
 * several threads may log at once when the sink allows it. A line that is too
 * long ends in "...".
 */
#ifndef SOTTO_APP_LOG_H
#define SOTTO_APP_LOG_H

#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes, newline included; on the stack. */
#ifndef LOG_LINE_MAX
#    define LOG_LINE_MAX 1024
#endif

enum log_level {
    LOG_ERROR, /* something does not work; somebody must act */
    LOG_WARN,  /* something is not as it should be */
    LOG_INFO,  /* what an operator wants to know */
    LOG_DEBUG  /* what a developer wants to know */
};

/* Their names for an option's choices, NULL at the end. */
extern const char *const log_level_names[];

struct log {
    enum log_level threshold; /* less important lines are dropped */
    bool with_time;           /* false where the system adds its own */
    void *ctx;                /* for the two functions */
    /* Writes one line. */
    void (*sink)(void *ctx, const char *line, size_t len);
    /* The time: seconds since 1970 or SOTTO_TIME_UNKNOWN, and milliseconds
     * since the start, which are shown ("+12.345") when the first is unknown.
     * May be NULL without with_time. */
    void (*now)(void *ctx, uint64_t *wall_s, uint64_t *uptime_ms);
};

enum log_kind {
    LOG_KIND_TEXT,
    LOG_KIND_NUMBER,
    LOG_KIND_ERR
};

struct log_field {
    const char *key;
    enum log_kind kind;
    union {
        struct { /* TEXT; NULL is shown as "" */
            const char *text;
            size_t text_len;
        };
        uint64_t number;
    };
};

/* Fields: a terminated text, a span, a number, and the name of an error. */
struct log_field log_text(const char *key, const char *text);
struct log_field log_span(const char *key, const char *text, size_t len);
struct log_field log_number(const char *key, uint64_t number);
struct log_field log_err(const char *key, enum sotto_err err);

bool log_wants(const struct log *log, enum log_level level);

/*
 * Writes a line. `module` and `event` are constant words. Use it so:
 *
 *     log_event(log, LOG_INFO, "server", "listening",
 *               LOG_FIELDS(log_text("address", text)));
 *     log_event(log, LOG_INFO, "server", "stopped", LOG_NO_FIELDS);
 */
void log_event(const struct log *log, enum log_level level, const char *module,
               const char *event, const struct log_field *fields, size_t count);

#define LOG_FIELDS(...)                                                        \
    (const struct log_field[]){__VA_ARGS__},                                   \
        sizeof((const struct log_field[]){__VA_ARGS__}) /                      \
            sizeof(struct log_field)
#define LOG_NO_FIELDS NULL, 0

#endif
