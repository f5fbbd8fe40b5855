#include "apps/firmware/device_demo/line.h"

#include "apps/firmware/device_demo/text.h"

static void echo(const struct line *line, const char *bytes, size_t len)
{
    if (line->echoes) {
        words_write(bytes, len);
    }
}

static enum line_result end(struct line *line)
{
    const bool is_too_long = line->is_too_long;
    echo(line, "\n", 1);
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
        line->text[line->len++] = byte;
        echo(line, &byte, 1);
    } else if (byte >= ' ' && byte < 0x7f) {
        line->is_too_long = true;
    }
    return LINE_MORE;
}

void line_clear(struct line *line)
{
    line->len = 0;
    line->is_too_long = false;
}
