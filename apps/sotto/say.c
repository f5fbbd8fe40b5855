/*
 * say.c - sentences in pieces: see system.h.
 */
#include "apps/sotto/system.h"

#include "core/base/text.h"
#include <stdarg.h>
#include <string.h>

/* A sentence of up to this many bytes is written at once, so that those of
 * several programs do not mix. */
#define AT_ONCE 512U

struct sentence {
    char text[AT_ONCE];
    size_t len;
};

static void flush(struct sentence *sentence)
{
    system_say(sentence->text, sentence->len);
    sentence->len = 0;
}

static void add(struct sentence *sentence, const char *text)
{
    for (size_t left = strlen(text); left > 0;) {
        if (sentence->len == AT_ONCE) {
            flush(sentence);
        }
        const size_t room = AT_ONCE - sentence->len;
        const size_t count = left < room ? left : room;
        memcpy(sentence->text + sentence->len, text, count);
        sentence->len += count;
        text += count;
        left -= count;
    }
}

void say(const char *text, ...)
{
    struct sentence sentence = {.len = 0};
    va_list rest;
    va_start(rest, text);
    for (const char *at = text; at != NULL; at = va_arg(rest, const char *)) {
        add(&sentence, at);
    }
    va_end(rest);
    flush(&sentence);
}

const char *say_number(uint64_t number, char at[static SAY_NUMBER])
{
    at[sotto_decimal_encode(number, at)] = '\0';
    return at;
}
