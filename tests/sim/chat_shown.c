/*
 * chat_shown.c - what a client showed, line by line, as JSON.
 */
#include "core/base/crc.h"
#include "tests/sim/chat.h"

#include <string.h>

static void get(const struct sotto_json *json, const char *key, char *out,
                size_t cap, size_t *len)
{
    if (sotto_json_string(json, key, out, cap, len) != SOTTO_OK) {
        *len = 0;
        out[0] = '\0';
    }
}

static bool parse(struct chat_shown *shown, const char *line, size_t len)
{
    size_t ignored = 0;
    if (sotto_json_parse(&shown->json, line, len) != SOTTO_OK) {
        return false;
    }
    get(&shown->json, "event", shown->event, sizeof shown->event, &ignored);
    get(&shown->json, "code", shown->code, sizeof shown->code, &ignored);
    get(&shown->json, "what", shown->what, sizeof shown->what, &ignored);
    get(&shown->json, "address", shown->address, sizeof shown->address,
        &ignored);
    get(&shown->json, "text", shown->text, sizeof shown->text,
        &shown->text_len);
    get(&shown->json, "from", shown->name, sizeof shown->name,
        &shown->name_len);
    if (shown->name_len == 0) {
        get(&shown->json, "user", shown->name, sizeof shown->name,
            &shown->name_len);
    }
    if (sotto_json_integer(&shown->json, "seq", &shown->number) != SOTTO_OK) {
        shown->number = 0;
    }
    return true;
}

static void take_message(struct chat_person *person,
                         const struct chat_shown *shown)
{
    struct chat *chat = person->chat;
    struct ledger_what what;
    if (!ledger_recognise(&chat->ledger, shown->text, shown->text_len, &what)) {
        ledger_wrong(&chat->ledger, "%u saw what nobody said: %.40s",
                     person->number, shown->text);
        return;
    }
    if (strcmp(chat->people[what.person].name, shown->name) != 0) {
        ledger_wrong(&chat->ledger, "%u saw a text of %u as one of %s",
                     person->number, what.person, shown->name);
    }
    ledger_seen(&chat->ledger, person->number, shown->number, &what);
}

/* Two with one name would both be in. */
static void take_ready(struct chat_person *person)
{
    struct chat *chat = person->chat;
    struct ledger_what me;
    ledger_name(person->name, strlen(person->name), true, &me);
    chat->ledger.names[person->number] = me.serial;
    chat->failed_starts = 0;
    person->is_ready = true;
    person->has_account = true;
    person->registers = false;
    for (unsigned i = 0; i < chat->people_count; i++) {
        const struct chat_person *other = &chat->people[i];
        if (other != person && other->has_account &&
            other->device.owner == NULL && person->device.owner == NULL &&
            strcmp(other->name, person->name) == 0) {
            ledger_wrong(&chat->ledger, "%s is the account of %u and of %u",
                         person->name, person->number, other->number);
        }
    }
}

static void take_error(struct chat_person *person,
                       const struct chat_shown *shown)
{
    if (strcmp(shown->code, "missed") == 0) {
        ledger_begin_run(&person->chat->ledger, person->number);
    } else if (strncmp(shown->text, "not sent", 8) == 0) {
        person->waiting -= person->waiting > 0 ? 1 : 0;
        person->chat->server_is_ill |= strcmp(shown->code, "storage") == 0;
    } else if (strcmp(shown->code, "storage") == 0) {
        person->chat->server_is_ill = true;
    } else if (strcmp(shown->code, "name_taken") == 0) {
        person->registers = false; /* by himself, perhaps: he tries to log in */
    } else if (strcmp(shown->code, "login") == 0) {
        person->was_refused = true;
    }
}

static void take(struct chat_person *person, const struct chat_shown *shown)
{
    struct ledger *ledger = &person->chat->ledger;
    struct ledger_what what = {.kind = LEDGER_CAME};
    chat_take_device(person, shown);
    if (strcmp(shown->event, "message") == 0) {
        take_message(person, shown);
    } else if (strcmp(shown->event, "acked") == 0) {
        person->waiting -= person->waiting > 0 ? 1 : 0;
        ledger_acked(ledger, person->number, shown->number);
    } else if (strcmp(shown->event, "joined") == 0 ||
               strcmp(shown->event, "left") == 0) {
        ledger_name(shown->name, shown->name_len, shown->event[0] == 'j',
                    &what);
        ledger_seen(ledger, person->number, shown->number, &what);
    } else if (strcmp(shown->event, "ready") == 0) {
        take_ready(person);
    } else if (strcmp(shown->event, "disconnected") == 0) {
        person->is_ready = false;
    } else if (strcmp(shown->event, "error") == 0) {
        take_error(person, shown);
    }
}

static void note_line(struct chat *chat, const char *line, size_t len)
{
    const uint64_t now_ms = sim_now_ms(chat->sim);
    chat->digest = sotto_crc32c(chat->digest, &now_ms, sizeof now_ms);
    chat->digest = sotto_crc32c(chat->digest, line, len);
}

void chat_read(struct chat_person *person)
{
    struct chat_shown shown;
    const char *line = NULL;
    size_t len = 0;
    while (sim_shown(person->machine, &line, &len)) {
        note_line(person->chat, line, len);
        if (parse(&shown, line, len)) {
            take(person, &shown);
        } else {
            ledger_wrong(&person->chat->ledger, "%u showed no JSON: %.*s",
                         person->number, (int)(len < 60 ? len : 60), line);
        }
    }
}
