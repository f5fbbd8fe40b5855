#include "apps/firmware/device_demo/line.h"

#include "apps/firmware/device_demo/text.h"

#include <sotto/secret.h>

/* Does the next byte belong to the password of "setup NAME ADDRESS PASSWORD"? */
static bool is_secret(const struct line *line)
{
    struct sotto_span rest = {(const uint8_t *)line->text, line->len};
    if (!text_is(text_next_word(&rest), "setup")) {
        return false;
    }
    (void)text_next_word(&rest); /* the name */
    const struct sotto_span address = text_next_word(&rest);
    const uint8_t *end = (const uint8_t *)line->text + line->len;
    return address.len > 0 && address.at + address.len < end;
}

static void echo(const struct line *line, const char *bytes, size_t len)
{
    if (line->echoes && !is_secret(line)) {
        words_write(bytes, len);
    }
}

static enum line_result end(struct line *line)
{
    const bool is_too_long = line->is_too_long;
    if (line->echoes) {
        words_write("\n", 1);
    }
    line->text[line->len] = '\0';
    if (is_too_long) {
        line_clear(line);
        return LINE_TOO_LONG;
    }
    return line->len > 0 ? LINE_WHOLE : LINE_MORE;
}

enum line_result line_take(struct line *line, char byte)
{
    if (byte == '\r' || byte == '\n') {
        return end(line);
    }
    if ((byte == '\b' || byte == 0x7f) && line->len > 0) {
        line->len--;
        echo(line, "\b \b", 3);
    } else if (byte >= ' ' && byte < 0x7f && line->len < LINE_MAX) {
        echo(line, &byte, 1);
        line->text[line->len++] = byte;
    } else if (byte >= ' ' && byte < 0x7f) {
        line->is_too_long = true;
    }
    return LINE_MORE;
}

void line_clear(struct line *line)
{
    sotto_wipe(line->text, sizeof line->text);
    line->len = 0;
    line->is_too_long = false;
}
