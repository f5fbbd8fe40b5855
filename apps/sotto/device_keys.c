#include "apps/sotto/device_keys.h"

#include "core/base/json.h"
#include "core/base/secret.h"
#include "core/base/text.h"
#include <string.h>

/* A line of the file that is a key. */
struct entry {
    size_t start;
    size_t end; /* behind the line feed */
    size_t number;
    char server[ADDRESS_TEXT];
    struct device_key key;
};

/* One that was looked for. */
struct found {
    size_t start;
    size_t end;
    size_t count; /* how many there are; this is the first */
    struct device_key key;
};

/* ---- reading ------------------------------------------------------------ */

static bool get_text(const struct sotto_json *json, const char *name, char *out,
                     size_t cap, bool may_be_missing)
{
    size_t len = 0;
    enum sotto_err err = sotto_json_string(json, name, out, cap, &len);
    if (err == SOTTO_ERR_NOT_FOUND && may_be_missing) {
        out[0] = '\0';
        return true;
    }
    return err == SOTTO_OK && strlen(out) == len;
}

static bool get_key(const struct sotto_json *json, const char *name,
                    uint8_t out[static 32])
{
    char hex[2 * 32 + 1];
    const bool is_key = get_text(json, name, hex, sizeof hex, false) &&
                        sotto_hex_decode(hex, strlen(hex), out, 32) == SOTTO_OK;
    sotto_wipe(hex, sizeof hex);
    return is_key;
}

static bool is_name(const char *name, bool may_be_empty)
{
    return sotto_name_valid(name, strlen(name)) ||
           (may_be_empty && name[0] == '\0');
}

static bool parse(const char *text, size_t len, struct entry *entry)
{
    struct sotto_json json;
    struct device_key *key = &entry->key;
    return sotto_json_parse(&json, text, len) == SOTTO_OK &&
           get_text(&json, "server", entry->server, sizeof entry->server,
                    false) &&
           get_text(&json, "user", key->user, sizeof key->user, true) &&
           get_text(&json, "device", key->device, sizeof key->device, true) &&
           get_text(&json, "code", key->code, sizeof key->code, true) &&
           get_key(&json, "private_key", key->private_key) &&
           get_key(&json, "server_key", key->server_key) &&
           is_name(key->user, true) && is_name(key->device, true) &&
           (key->user[0] != '\0' || key->code[0] != '\0');
}

static bool is_blank(const char *line, size_t len)
{
    size_t at = 0;
    while (at < len && (line[at] == ' ' || line[at] == '\t' ||
                        line[at] == '\r' || line[at] == '\n')) {
        at++;
    }
    return at == len || line[at] == '#';
}

/* Goes on to the next key from `entry->end`. NOT_FOUND at the end; FORMAT. */
static enum sotto_err next(struct known_file *known, struct entry *entry)
{
    while (entry->end < known->len) {
        const char *at = known->text + entry->end;
        const char *feed = memchr(at, '\n', known->len - entry->end);
        entry->start = entry->end;
        entry->end =
            feed != NULL ? (size_t)(feed + 1 - known->text) : known->len;
        entry->number++;
        if (is_blank(at, entry->end - entry->start)) {
            continue;
        }
        if (parse(at, entry->end - entry->start, entry)) {
            return SOTTO_OK;
        }
        known->line = entry->number;
        known->reason = "this is not the key of a device";
        return SOTTO_ERR_FORMAT;
    }
    return SOTTO_ERR_NOT_FOUND;
}

/* As device_keys_find() takes them; `is_exact`: as device_keys_forget(). */
static bool is_for(const struct entry *entry, const char *server,
                   const char *user, const char *code, bool is_exact)
{
    const struct device_key *key = &entry->key;
    if (strcmp(entry->server, server) != 0) {
        return false;
    }
    if (user == NULL) {
        return key->user[0] != '\0';
    }
    if (user[0] != '\0') {
        return strcmp(key->user, user) == 0;
    }
    return strcmp(key->code, code) == 0 && (!is_exact || key->user[0] == '\0');
}

/* The first key for that; reads to the end, so that damage is found. */
static enum sotto_err find(struct known_file *known, const char *server,
                           const char *user, const char *code, bool is_exact,
                           struct found *found)
{
    struct entry entry = {0};
    enum sotto_err err = next(known, &entry);
    found->count = 0;
    while (err == SOTTO_OK) {
        if (is_for(&entry, server, user, code, is_exact) &&
            found->count++ == 0) {
            found->start = entry.start;
            found->end = entry.end;
            found->key = entry.key;
        }
        err = next(known, &entry);
    }
    sotto_wipe(&entry, sizeof entry);
    return err == SOTTO_ERR_NOT_FOUND && found->count > 0 ? SOTTO_OK : err;
}

enum sotto_err device_keys_find(struct known_file *known, const char *server,
                                const char *user, const char *code,
                                struct device_key *key)
{
    struct found found;
    enum sotto_err err = find(known, server, user, code, false, &found);
    if (err == SOTTO_OK && found.count > 1) {
        err = SOTTO_ERR_EXISTS;
    }
    if (err == SOTTO_OK) {
        *key = found.key;
    }
    sotto_wipe(&found, sizeof found);
    return err;
}

/* ---- changing ----------------------------------------------------------- */

/* Drops that key from a file whose text goes on to `end`, further than what is
 * looked at. */
static enum sotto_err drop(struct known_file *known, const char *server,
                           const char *user, const char *code, size_t end)
{
    struct found found;
    enum sotto_err err = find(known, server, user, code, true, &found);
    if (err == SOTTO_OK) {
        memmove(known->text + found.start, known->text + found.end,
                end - found.end);
        known->len = end - (found.end - found.start);
    } else if (err == SOTTO_ERR_NOT_FOUND) {
        known->len = end;
    }
    sotto_wipe(&found, sizeof found);
    return err;
}

enum sotto_err device_keys_forget(struct known_file *known, const char *server,
                                  const char *user, const char *code)
{
    return drop(known, server, user, code, known->len);
}

static void add_text(struct sotto_json_writer *w, const char *name,
                     const char *text)
{
    if (text[0] != '\0') {
        sotto_json_add_string(w, name, text, strlen(text));
    }
}

static void add_key(struct sotto_json_writer *w, const char *name,
                    const uint8_t key[static 32])
{
    char hex[2 * 32 + 1];
    sotto_hex_encode(key, 32, hex);
    add_text(w, name, hex);
    sotto_wipe(hex, sizeof hex);
}

static enum sotto_err write_line(const char *server,
                                 const struct device_key *key, char *out,
                                 size_t cap, size_t *len)
{
    struct sotto_json_writer w;
    if (cap == 0) {
        return SOTTO_ERR_SPACE;
    }
    sotto_json_begin(&w, out, cap - 1);
    add_text(&w, "server", server);
    add_text(&w, "user", key->user);
    add_text(&w, "device", key->device);
    add_text(&w, "code", key->code);
    add_key(&w, "server_key", key->server_key);
    add_key(&w, "private_key", key->private_key);
    enum sotto_err err = sotto_json_end(&w, len);
    if (err == SOTTO_OK) {
        out[(*len)++] = '\n';
    }
    return err;
}

enum sotto_err device_keys_set(struct known_file *known, const char *server,
                               const struct device_key *key)
{
    size_t len = 0;
    size_t at = known->len;
    if (at > 0 && known->text[at - 1] != '\n' && at < known->cap) {
        known->text[at++] = '\n'; /* a hand-made last line */
    }
    enum sotto_err err =
        write_line(server, key, known->text + at, known->cap - at, &len);
    if (err == SOTTO_OK) {
        err = drop(known, server, key->user, key->code, at + len);
        err = err == SOTTO_ERR_NOT_FOUND ? SOTTO_OK : err;
    }
    return err;
}
