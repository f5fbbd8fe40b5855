/*
 * chat_secrets.c - looks whether memory that a program gives back still holds
 * its machine's private key, or a person's password.
 */
#include "tests/sim/chat.h"

#include "apps/sotto/identity.h"

#include <string.h>

#define KEY_LEN 32U

/* memmem(), which is not C. */
static bool holds(const uint8_t *memory, size_t size, const void *needle,
                  size_t len)
{
    const uint8_t first = *(const uint8_t *)needle;
    const uint8_t *at = memory;
    const uint8_t *end = memory + size;
    while ((size_t)(end - at) >= len &&
           (at = memchr(at, first, (size_t)(end - at) - len + 1)) != NULL) {
        if (memcmp(at, needle, len) == 0) {
            return true;
        }
        at++;
    }
    return false;
}

static uint8_t digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* The machine's private key, from its file; false when it has none. */
static bool read_key(const struct sim_machine *machine,
                     uint8_t key[static KEY_LEN])
{
    static const char head[] = "sotto static key v1 ";
    size_t len = 0;
    const char *text =
        (const char *)sim_disk_file(machine, IDENTITY_FILE, &len);
    if (text == NULL || len < sizeof head - 1 + 2 * (size_t)KEY_LEN) {
        return false;
    }
    text += sizeof head - 1;
    for (size_t i = 0; i < KEY_LEN; i++) {
        key[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    }
    return true;
}

static void look(void *ctx, const struct sim_machine *machine,
                 const uint8_t *memory, size_t size)
{
    struct chat *chat = ctx;
    uint8_t key[KEY_LEN];
    if (read_key(machine, key) && holds(memory, size, key, sizeof key)) {
        ledger_wrong(&chat->ledger, "%s left its private key in memory",
                     sim_name(machine));
    }
    for (unsigned i = 0; i < chat->people_count; i++) {
        const struct chat_person *person = &chat->people[i];
        if (holds(memory, size, person->password, strlen(person->password))) {
            ledger_wrong(&chat->ledger, "%s left the password of %u in memory",
                         sim_name(machine), i);
        }
    }
}

void chat_watch_secrets(struct chat *chat)
{
    sim_on_free(chat->sim, look, chat);
}
