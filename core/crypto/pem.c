/* pem.c - see pem.h. */
#include "core/crypto/pem.h"
#include "core/base/secret.h"
#include "core/base/text.h"
#include "core/base/writer.h"
#include <string.h>

#define BEGIN  "-----BEGIN "
#define END    "-----END "
#define DASHES "-----"

/* ---- reading ------------------------------------------------------------ */

static bool starts_with(struct sotto_span text, const char *words)
{
    const size_t len = strlen(words);

    return text.len >= len && memcmp(text.at, words, len) == 0;
}

static void skip(struct sotto_span *text, size_t len)
{
    text->at += len;
    text->len -= len;
}

/* The next line without its end; false when the text is at its end. */
static bool next_line(struct sotto_span *text, struct sotto_span *line)
{
    if (text->len == 0) {
        return false;
    }
    const uint8_t *end = memchr(text->at, '\n', text->len);
    size_t len = end != NULL ? (size_t)(end - text->at) : text->len;
    *line = (struct sotto_span){text->at, len};
    skip(text, end != NULL ? len + 1 : len);
    while (line->len > 0 &&
           (line->at[line->len - 1] == '\r' || line->at[line->len - 1] == ' ' ||
            line->at[line->len - 1] == '\t')) {
        line->len--;
    }
    return true;
}

/* The label of a line that begins or ends a block. */
static bool is_edge(struct sotto_span line, const char *words,
                    struct sotto_span *label)
{
    const size_t dashes = sizeof DASHES - 1;

    if (!starts_with(line, words)) {
        return false;
    }
    skip(&line, strlen(words));
    if (line.len <= dashes ||
        memcmp(line.at + line.len - dashes, DASHES, dashes) != 0) {
        return false;
    }
    *label = (struct sotto_span){line.at, line.len - dashes};
    return true;
}

/* Base64 in groups of four characters, as they come. */
struct groups {
    char waiting[4];
    size_t count;
    bool is_over; /* a group with padding came */
};

static enum sotto_err take(struct groups *groups, char c,
                           struct sotto_writer *out)
{
    uint8_t bytes[3];
    size_t len = 0;

    if (groups->is_over) {
        return SOTTO_ERR_FORMAT;
    }
    groups->waiting[groups->count++] = c;
    if (groups->count < sizeof groups->waiting) {
        return SOTTO_OK;
    }
    groups->count = 0;
    enum sotto_err err =
        sotto_base64_decode(groups->waiting, sizeof groups->waiting, bytes,
                            sizeof bytes, &len);
    if (err == SOTTO_OK) {
        groups->is_over = len < sizeof bytes;
        sotto_write_bytes(out, bytes, len);
        sotto_wipe(bytes, sizeof bytes);
    }
    return err != SOTTO_OK ? err : out->bad ? SOTTO_ERR_SPACE : SOTTO_OK;
}

static enum sotto_err take_line(struct groups *groups, struct sotto_span line,
                                struct sotto_writer *out)
{
    enum sotto_err err = SOTTO_OK;

    if (memchr(line.at, ':', line.len) != NULL) {
        return SOTTO_ERR_UNSUPPORTED; /* a header */
    }
    for (size_t i = 0; i < line.len && err == SOTTO_OK; i++) {
        if (line.at[i] != ' ' && line.at[i] != '\t') {
            err = take(groups, (char)line.at[i], out);
        }
    }
    return err;
}

enum sotto_err sotto_pem_next(struct sotto_span *text, struct sotto_span *label,
                              uint8_t *out, size_t cap, size_t *len)
{
    struct sotto_span line = {NULL, 0};
    struct sotto_span end;
    struct sotto_span body;
    struct groups groups = {{0}, 0, false};
    struct sotto_writer w;
    enum sotto_err err = SOTTO_OK;

    do {
        if (!next_line(text, &line)) {
            return SOTTO_ERR_NOT_FOUND;
        }
    } while (!is_edge(line, BEGIN, label));
    body = *text;
    sotto_writer_init(&w, out, cap);
    while (err == SOTTO_OK) {
        if (!next_line(&body, &line)) {
            err = SOTTO_ERR_FORMAT; /* it does not end */
        } else if (is_edge(line, END, &end)) {
            break;
        } else {
            err = take_line(&groups, line, &w);
        }
    }
    sotto_wipe(groups.waiting, sizeof groups.waiting);
    if (err == SOTTO_OK && (groups.count != 0 || end.len != label->len ||
                            memcmp(end.at, label->at, end.len) != 0)) {
        err = SOTTO_ERR_FORMAT;
    }
    if (err != SOTTO_OK) {
        sotto_wipe(out, w.len);
        return err;
    }
    *text = body;
    *len = w.len;
    return SOTTO_OK;
}

bool sotto_pem_is(struct sotto_span label, const char *words)
{
    return label.len == strlen(words) && starts_with(label, words);
}

/* ---- writing ------------------------------------------------------------ */

static void write_edge(struct sotto_writer *w, const char *words,
                       const char *label)
{
    sotto_write_bytes(w, words, strlen(words));
    sotto_write_bytes(w, label, strlen(label));
    sotto_write_bytes(w, DASHES "\n", sizeof DASHES);
}

enum sotto_err sotto_pem_encode(const char *label, const uint8_t *in,
                                size_t len, char *text, size_t cap,
                                size_t *text_len)
{
    struct sotto_writer w;

    sotto_writer_init(&w, (uint8_t *)text, cap);
    write_edge(&w, BEGIN, label);
    for (size_t at = 0; at < len; at += 48) { /* 64 characters */
        char line[65];
        size_t line_len = 0;
        const size_t part = len - at < 48 ? len - at : 48;
        enum sotto_err err =
            sotto_base64_encode(in + at, part, line, sizeof line, &line_len);
        if (err != SOTTO_OK) {
            return err;
        }
        sotto_write_bytes(&w, line, line_len);
        sotto_write_u8(&w, '\n');
        sotto_wipe(line, sizeof line);
    }
    write_edge(&w, END, label);
    return sotto_writer_finish(&w, text_len);
}
