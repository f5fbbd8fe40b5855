/*
 * textbuf.c - see textbuf.h.
 */
#include "apps/sotto/textbuf.h"
#include "core/base/text.h"
#include <stdarg.h>
#include <string.h>

void textbuf_init(struct textbuf *text, char *buffer, size_t cap)
{
    text->at = buffer;
    text->cap = cap;
    text->len = 0;
    text->cut = false;
    text->at[0] = '\0';
}

void textbuf_add_bytes(struct textbuf *text, const char *bytes, size_t len)
{
    size_t room = text->cap - 1 - text->len;
    if (text->cut || len == 0) {
        return;
    }
    if (len > room) {
        text->cut = true;
        len = room;
        /* Do not leave the first bytes of a character that was cut. */
        while (len > 0 && ((unsigned char)bytes[len] & 0xc0U) == 0x80U) {
            len--;
        }
    }
    memcpy(text->at + text->len, bytes, len);
    text->len += len;
    text->at[text->len] = '\0';
}

void textbuf_add(struct textbuf *text, const char *string)
{
    textbuf_add_bytes(text, string, strlen(string));
}

void textbuf_add_char(struct textbuf *text, char c)
{
    textbuf_add_bytes(text, &c, 1);
}

void textbuf_add_number(struct textbuf *text, uint64_t number)
{
    char digits[21];
    size_t len = sotto_decimal_encode(number, digits);
    textbuf_add_bytes(text, digits, len);
}

void textbuf_add_spaces(struct textbuf *text, size_t count)
{
    for (size_t i = 0; i < count && !text->cut; i++) {
        textbuf_add_char(text, ' ');
    }
}

void textbuf_add_all(struct textbuf *text, ...)
{
    va_list strings;
    va_start(strings, text);
    const char *string = va_arg(strings, const char *);
    while (string != NULL) {
        textbuf_add(text, string);
        string = va_arg(strings, const char *);
    }
    va_end(strings);
}
