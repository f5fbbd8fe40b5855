/*
 * known_servers.c - see known_servers.h.
 *
 * The file's bytes are searched as they are; nothing else is kept about them.
 * A file of some hundred lines is read in no time, and what is written by hand
 * stays where it is.
 */
#include "apps/sotto/known_servers.h"
#include "apps/sotto/capacity.h"
#include "apps/sotto/textbuf.h"
#include "apps/sotto/time_text.h"
#include "core/base/assert.h"
#include "core/base/text.h"
#include <string.h>

/* The longest line that this program writes. */
#define KNOWN_LINE_MAX                                                         \
    (ADDRESS_TEXT + SOTTO_FINGERPRINT_TEXT + SOTTO_NAME_MAX + 64)

/* Of a key that a certificate vouches for. */
#define UNTIL "certificate-until"

struct word {
    const char *at;
    size_t len;
};

/* ---- lines and words -------------------------------------------------- */

/* A walk through the lines; `end` is behind the line feed. */
struct line {
    size_t number; /* from 1; 0 before the first */
    size_t start;
    size_t end;
};

static bool next_line(const struct known_file *known, struct line *line)
{
    if (line->end >= known->len) {
        return false;
    }
    const char *start = known->text + line->end;
    const char *feed = memchr(start, '\n', known->len - line->end);
    line->number++;
    line->start = line->end;
    line->end = feed != NULL ? (size_t)(feed + 1 - known->text) : known->len;
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The `index`th word of the line, counted from 0; empty when there is none. */
static struct word word_of(const struct known_file *known,
                           const struct line *line, size_t index)
{
    struct word word = {known->text + line->start, 0};
    const char *end = known->text + line->end;
    const char *at = known->text + line->start;
    for (size_t count = 0; count <= index; count++) {
        while (at < end && is_space(*at)) {
            at++;
        }
        word.at = at;
        while (at < end && !is_space(*at)) {
            at++;
        }
        word.len = (size_t)(at - word.at);
    }
    return word;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Case does not count: a host name that a person wrote is still that host. */
static bool is_word(struct word word, const char *text)
{
    if (word.len != strlen(text)) {
        return false;
    }
    for (size_t at = 0; at < word.len; at++) {
        if (lower(word.at[at]) != lower(text[at])) {
            return false;
        }
    }
    return true;
}

/* True for a line about that server and, when not NULL, that user. */
static bool is_about(const struct known_file *known, const struct line *line,
                     const char *server, const char *user)
{
    return is_word(word_of(known, line, 0), server) &&
           (user == NULL || is_word(word_of(known, line, 1), user));
}

/* The value of a word "key=value" among those from the `index`th on. False
 * when it is not there. */
static bool find_value(const struct known_file *known, const struct line *line,
                       size_t index, const char *key, struct word *value)
{
    size_t key_len = strlen(key);
    struct word word = word_of(known, line, index);
    while (word.len > 0) {
        if (word.len > key_len && memcmp(word.at, key, key_len) == 0 &&
            word.at[key_len] == '=') {
            value->at = word.at + key_len + 1;
            value->len = word.len - key_len - 1;
            return true;
        }
        word = word_of(known, line, ++index);
    }
    return false;
}

static enum sotto_err damaged(struct known_file *known, const struct line *line,
                              const char *reason)
{
    known->line = line->number;
    known->reason = reason;
    return SOTTO_ERR_FORMAT;
}

/* ---- opening ---------------------------------------------------------- */

static enum sotto_err read_all(struct known_file *known, int file)
{
    uint64_t size = 0;
    enum sotto_err err = known->files->size(known->files->ctx, file, &size);
    if (err != SOTTO_OK) {
        return err;
    }
    if (size > known->cap) {
        return SOTTO_ERR_LIMIT;
    }
    size_t len = 0;
    while (len < size) {
        size_t got = 0;
        err = known->files->read(known->files->ctx, file, len,
                                 (uint8_t *)known->text + len,
                                 (size_t)size - len, &got);
        if (err != SOTTO_OK) {
            return err;
        }
        if (got == 0) {
            return SOTTO_ERR_IO; /* shorter than it said */
        }
        len += got;
    }
    known->len = len;
    return SOTTO_OK;
}

enum sotto_err known_file_open(struct known_file *known, const char *name,
                               const struct sotto_files *files, char *memory,
                               size_t cap)
{
    int file = 0;
    memset(known, 0, sizeof *known);
    known->files = files;
    known->name = name;
    known->text = memory;
    known->cap = cap;
    enum sotto_err err = files->open(files->ctx, name, 0, &file);
    if (err == SOTTO_ERR_NOT_FOUND) {
        return SOTTO_OK;
    }
    if (err != SOTTO_OK) {
        return err;
    }
    err = read_all(known, file);
    files->close(files->ctx, file);
    return err;
}

/* ---- changing --------------------------------------------------------- */

static const char *comment_of(const struct known_file *known)
{
    if (strcmp(known->name, KNOWN_SERVERS_FILE) == 0) {
        return "# The keys of servers, one a line: "
               "HOST:PORT FINGERPRINT since=TIME\n"
               "# Remove a line to be asked again.\n";
    }
    if (SYSTEM_HAS_OPTIONS && strcmp(known->name, DEVICE_KEYS_FILE) == 0) {
        return "# Who reads these keys can log in with them.\n";
    }
    return "# Accounts and how slowly their servers have passwords hashed:\n"
           "# HOST:PORT USER iterations=N. A server may not ask for less.\n";
}

/* Cuts out every line about the server and user; returns where the first one
 * stood, or the length when there is none. */
static size_t remove_lines(struct known_file *known, const char *server,
                           const char *user)
{
    struct line line = {0, 0, 0};
    size_t first = SIZE_MAX;
    while (next_line(known, &line)) {
        if (!is_about(known, &line, server, user)) {
            continue;
        }
        first = first == SIZE_MAX ? line.start : first;
        memmove(known->text + line.start, known->text + line.end,
                known->len - line.end);
        known->len -= line.end - line.start;
        line.end = line.start;
    }
    return first == SIZE_MAX ? known->len : first;
}

/* The bytes of all lines about the server and user. */
static size_t lines_len(const struct known_file *known, const char *server,
                        const char *user)
{
    struct line line = {0, 0, 0};
    size_t len = 0;
    while (next_line(known, &line)) {
        bool counts = is_about(known, &line, server, user);
        len += counts ? line.end - line.start : 0;
    }
    return len;
}

static void insert(struct known_file *known, size_t at, const char *text,
                   size_t len)
{
    memmove(known->text + at + len, known->text + at, known->len - at);
    memcpy(known->text + at, text, len);
    known->len += len;
}

/* Puts `added` (a whole line) where the first line about the server and user
 * stands, in place of all of them, or at the end. */
static enum sotto_err replace_lines(struct known_file *known,
                                    const char *server, const char *user,
                                    const struct textbuf *added)
{
    SOTTO_ASSERT(known->io.state != SOTTO_IO_PENDING);
    SOTTO_ASSERT(!added->cut);
    SOTTO_ASSERT(strpbrk(server, " \t\r\n") == NULL);
    const char *comment = known->len == 0 ? comment_of(known) : "";
    /* One more for the line feed that a hand-made last line may lack. */
    size_t room = known->cap - known->len + lines_len(known, server, user);
    if (added->len + strlen(comment) + 1 > room) {
        return SOTTO_ERR_SPACE;
    }
    insert(known, 0, comment, strlen(comment));
    size_t at = remove_lines(known, server, user);
    if (at > 0 && known->text[at - 1] != '\n') {
        insert(known, at++, "\n", 1);
    }
    insert(known, at, added->at, added->len);
    return SOTTO_OK;
}

enum sotto_err known_servers_forget(struct known_file *known,
                                    const char *server)
{
    SOTTO_ASSERT(known->io.state != SOTTO_IO_PENDING);
    size_t before = known->len;
    (void)remove_lines(known, server, NULL);
    return known->len < before ? SOTTO_OK : SOTTO_ERR_NOT_FOUND;
}

/* ---- servers ---------------------------------------------------------- */

static enum sotto_err parse_pin(struct known_file *known,
                                const struct line *line,
                                struct known_server *pin)
{
    struct word text = word_of(known, line, 1);
    struct word time = {NULL, 0};
    pin->since_s = SOTTO_TIME_UNKNOWN;
    pin->until_s = 0;
    if (sotto_fingerprint_parse(text.at, text.len, pin->fingerprint) !=
        SOTTO_OK) {
        return damaged(known, line,
                       "there is no valid fingerprint behind the server");
    }
    if (SYSTEM_HAS_CLOCK && find_value(known, line, 2, "since", &time) &&
        time_text_parse(time.at, time.len, &pin->since_s) != SOTTO_OK) {
        return damaged(known, line, "the time behind since= is not valid");
    }
    if (CLIENT_CERTIFICATES && find_value(known, line, 2, UNTIL, &time) &&
        (time_text_parse(time.at, time.len, &pin->until_s) != SOTTO_OK ||
         pin->until_s == 0)) {
        return damaged(known, line, "the time behind " UNTIL "= is not valid");
    }
    return SOTTO_OK;
}

enum sotto_err known_servers_find(struct known_file *known, const char *server,
                                  struct known_server *found)
{
    struct line line = {0, 0, 0};
    struct known_server first;
    bool has_first = false;
    while (next_line(known, &line)) {
        struct known_server pin;
        if (!is_about(known, &line, server, NULL)) {
            continue;
        }
        enum sotto_err err = parse_pin(known, &line, &pin);
        if (err != SOTTO_OK) {
            return err;
        }
        if (has_first && memcmp(first.fingerprint, pin.fingerprint,
                                sizeof pin.fingerprint) != 0) {
            return damaged(known, &line,
                           "an earlier line gives this server another "
                           "fingerprint");
        }
        first = has_first ? first : pin;
        has_first = true;
    }
    if (!has_first) {
        return SOTTO_ERR_NOT_FOUND;
    }
    *found = first;
    return SOTTO_OK;
}

/* Zero, and SOTTO_TIME_UNKNOWN, are left out. */
static void add_time(struct textbuf *line, const char *key, uint64_t time_s)
{
    char text[TIME_TEXT];
    if ((SYSTEM_HAS_CLOCK || CLIENT_CERTIFICATES) &&
        time_s != SOTTO_TIME_UNKNOWN) {
        time_text(time_s, text);
        textbuf_add_all(line, key, text, NULL);
    }
}

enum sotto_err known_servers_set(struct known_file *known, const char *server,
                                 const struct known_server *pin)
{
    char buffer[KNOWN_LINE_MAX];
    char text[SOTTO_FINGERPRINT_TEXT];
    struct textbuf line;
    sotto_fingerprint_text(pin->fingerprint, text);
    textbuf_init(&line, buffer, sizeof buffer);
    textbuf_add_all(&line, server, " ", text, NULL);
    add_time(&line, " since=", pin->since_s);
    add_time(&line, " " UNTIL "=", pin->until_s);
    textbuf_add_char(&line, '\n');
    return replace_lines(known, server, NULL, &line);
}

/* ---- accounts --------------------------------------------------------- */

enum sotto_err known_accounts_find(struct known_file *known, const char *server,
                                   const char *user, uint32_t *iterations)
{
    struct line line = {0, 0, 0};
    uint64_t highest = 0;
    while (next_line(known, &line)) {
        struct word word = {NULL, 0};
        uint64_t count = 0;
        if (!is_about(known, &line, server, user)) {
            continue;
        }
        if (!find_value(known, &line, 2, "iterations", &word) ||
            sotto_decimal_decode(word.at, word.len, UINT32_MAX, &count) !=
                SOTTO_OK ||
            count == 0) {
            return damaged(known, &line,
                           "there is no valid iterations=N behind the user");
        }
        /* Of several the highest, because it may never become smaller. */
        highest = count > highest ? count : highest;
    }
    if (highest == 0) {
        return SOTTO_ERR_NOT_FOUND;
    }
    *iterations = (uint32_t)highest;
    return SOTTO_OK;
}

enum sotto_err known_accounts_set(struct known_file *known, const char *server,
                                  const char *user, uint32_t iterations)
{
    char buffer[KNOWN_LINE_MAX];
    struct textbuf line;
    textbuf_init(&line, buffer, sizeof buffer);
    textbuf_add_all(&line, server, " ", user, " iterations=", NULL);
    textbuf_add_number(&line, iterations);
    textbuf_add_char(&line, '\n');
    return replace_lines(known, server, user, &line);
}

/* ---- saving ----------------------------------------------------------- */

enum sotto_err known_file_save(struct known_file *known)
{
    const struct sotto_files *files = known->files;
    char name[SOTTO_FILE_NAME_MAX + 1];
    struct textbuf new_name;
    int file = 0;
    SOTTO_ASSERT(known->io.state != SOTTO_IO_PENDING);
    textbuf_init(&new_name, name, sizeof name);
    textbuf_add_all(&new_name, known->name, ".new", NULL);
    SOTTO_ASSERT(!new_name.cut);
    if (known->len == 0) { /* all forgotten; a file has to have something */
        const char *comment = comment_of(known);
        if (strlen(comment) > known->cap) {
            return SOTTO_ERR_SPACE;
        }
        insert(known, 0, comment, strlen(comment));
    }
    enum sotto_err err =
        files->open(files->ctx, name, SOTTO_FILE_CREATE | SOTTO_FILE_TRUNCATE,
                    &file);
    if (err != SOTTO_OK) {
        return err;
    }
    err = files->append(files->ctx, file, (const uint8_t *)known->text,
                        known->len);
    files->close(files->ctx, file);
    if (err != SOTTO_OK) {
        (void)files->remove(files->ctx, name);
        return err;
    }
    memset(&known->io, 0, sizeof known->io);
    files->replace(files->ctx, name, known->name, &known->io);
    return SOTTO_OK;
}
