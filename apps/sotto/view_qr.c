/*
 * view_qr.c - a QR code on a terminal: two modules a character, one above the
 * other, as half blocks. Its colours are said, not left to the terminal: dark on
 * light is what every reader takes, on a dark terminal, too. Hosts only.
 */
#include "apps/sotto/view.h"

#include "apps/sotto/qr.h"
#include "apps/sotto/system.h"
#include "apps/sotto/textbuf.h"
#include "core/base/secret.h"
#include <string.h>

/* Light modules around the code. The standard says four; above and below two
 * are enough for readers, and let the whole code stand on 24 rows. */
#define MARGIN_SIDES 4
#define MARGIN_ENDS  2

#define BLACK_ON_WHITE "\033[30;47m"
#define AS_BEFORE      "\033[0m"
#define ROW_BYTES      (3U * (QR_SIDE_MAX + 2U * MARGIN_SIDES) + 16U)

static bool is_dark(const struct qr *qr, int row, int column)
{
    const int side = (int)qr->side;
    return row >= 0 && row < side && column >= 0 && column < side &&
           qr->is_dark[row * side + column];
}

/* By the first variable that is set, as setlocale() finds it. */
static bool is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = system_variable(names[i]);
        if (value != NULL && value[0] != '\0') {
            return strstr(value, "UTF-8") != NULL ||
                   strstr(value, "utf8") != NULL;
        }
    }
    return false;
}

/* The modules of `row` and those below it. */
static void print_rows(const struct view *view, const struct qr *qr, int row)
{
    static const char *const halves[2][2] = {{" ", "\u2584"},
                                             {"\u2580", "\u2588"}};
    char out[ROW_BYTES];
    struct textbuf line;
    textbuf_init(&line, out, sizeof out);
    textbuf_add(&line, BLACK_ON_WHITE);
    for (int at = -MARGIN_SIDES; at < (int)qr->side + MARGIN_SIDES; at++) {
        textbuf_add(&line,
                    halves[is_dark(qr, row, at)][is_dark(qr, row + 1, at)]);
    }
    textbuf_add(&line, AS_BEFORE "\n");
    console_print(view->console, line.at, line.len);
}

void view_qr(const struct view *view, const char *text)
{
    static struct qr qr; /* large */
    const struct console *console = view->console;
    if (view->is_json || !console_is_interactive(console) ||
        !console->is_colored || !is_utf8() ||
        qr_encode(&qr, text) != SOTTO_OK) {
        return;
    }
    if (console->editor.columns >= qr.side + 2U * MARGIN_SIDES) {
        for (int row = -MARGIN_ENDS; row < (int)qr.side + MARGIN_ENDS;
             row += 2) {
            print_rows(view, &qr, row);
        }
    }
    sotto_wipe(&qr, sizeof qr);
}
