#include "apps/sotto/line_editor.h"
#include "apps/sotto/unicode.h"
#include "core/base/text.h"
#include "tests/unit/apps/terminal.h"
#include "tests/unit/test.h"
#include <string.h>

#define LINE_CAP 128

#define UP     "\x1b[A"
#define DOWN   "\x1b[B"
#define RIGHT  "\x1b[C"
#define LEFT   "\x1b[D"
#define HOME   "\x1b[H"
#define END    "\x1b[F"
#define DEL    "\x1b[3~"
#define PASTE  "\x1b[200~"
#define PASTED "\x1b[201~"

/* An editor and the terminal in front of it. */
struct desk {
    struct line_editor editor;
    struct terminal terminal;
    char line[LINE_CAP];
    char draft[LINE_CAP];
    char history[64];
    char out[LINE_EDITOR_OUT_MAX(LINE_CAP)];
};

static void sit_down(struct desk *desk, size_t columns, size_t rows)
{
    const struct line_editor_memory memory = {
        .line = desk->line,
        .line_cap = sizeof desk->line,
        .draft = desk->draft,
        .history = desk->history,
        .history_cap = sizeof desk->history,
        .out = desk->out,
        .out_cap = sizeof desk->out,
    };
    terminal_init(&desk->terminal, columns, rows);
    line_editor_init(&desk->editor, &memory);
    line_editor_resize(&desk->editor, (uint16_t)columns, (uint16_t)rows);
}

/* Hands all that waits to the terminal. */
static void look(struct desk *desk)
{
    size_t len = 0;
    const char *bytes = line_editor_out(&desk->editor, &len);
    while (bytes != NULL) {
        terminal_write(&desk->terminal, bytes, len);
        line_editor_out_done(&desk->editor, len);
        bytes = line_editor_out(&desk->editor, &len);
    }
    assert_int_equal(len, 0);
}

/* Types the keys, looking after each byte or only at the end, and begins again
 * after each line; returns the last event that was one. */
static enum line_editor_event type_bytes(struct desk *desk, const char *keys,
                                         size_t len, bool each)
{
    enum line_editor_event last = LINE_EDITOR_NOTHING;
    for (size_t at = 0; at < len; at++) {
        enum line_editor_event event =
            line_editor_feed(&desk->editor, (uint8_t)keys[at]);
        last = event != LINE_EDITOR_NOTHING ? event : last;
        if (each) {
            look(desk);
        }
    }
    look(desk);
    return last;
}

static enum line_editor_event type_keys(struct desk *desk, const char *keys)
{
    return type_bytes(desk, keys, strlen(keys), true);
}

/* The screen as one text, rows ended by "\n", without blank rows at its end. */
static void read_screen(const struct desk *desk, char *out, size_t cap)
{
    size_t len = 0;
    size_t last = 0;
    out[0] = '\0';
    for (size_t row = 0; row < desk->terminal.rows; row++) {
        char text[TERMINAL_TEXT_MAX];
        terminal_row(&desk->terminal, row, text);
        assert_true(len + strlen(text) + 2 < cap);
        strcpy(out + len, text);
        len += strlen(text);
        last = text[0] != '\0' ? len : last;
        out[len++] = '\n';
    }
    out[last] = '\0';
}

/* What is on the screen, and where the cursor is. */
static void assert_screen(const struct desk *desk, const char *text, size_t row,
                          size_t column)
{
    char screen[TERMINAL_TEXT_MAX];
    read_screen(desk, screen, sizeof screen);
    assert_string_equal(screen, text);
    assert_int_equal(desk->terminal.row, row);
    assert_int_equal(desk->terminal.column, column);
}

/* Types into a fresh editor, in both ways; the line and the screen are to be
 * the same. `column` is the cursor's. */
static void assert_typed(const char *keys, const char *line, size_t column)
{
    for (int each = 0; each < 2; each++) {
        static struct desk desk;
        char screen[256] = "> ";
        size_t len = 0;
        sit_down(&desk, 80, 24);
        line_editor_begin(&desk.editor, "> ", 0);
        assert_int_equal(type_bytes(&desk, keys, strlen(keys), each == 1),
                         LINE_EDITOR_NOTHING);
        assert_string_equal(line_editor_line(&desk.editor, &len), line);
        assert_int_equal(len, strlen(line));
        strcat(screen, line);
        size_t end = strlen(screen); /* blanks at the end are not seen */
        while (end > 0 && screen[end - 1] == ' ') {
            screen[--end] = '\0';
        }
        assert_screen(&desk, screen, 0, 2 + column);
    }
}

/* ---- keys ------------------------------------------------------------- */

static void test_line_editor_types(void **state)
{
    (void)state;
    assert_typed("", "", 0);
    assert_typed("hello", "hello", 5);
    assert_typed("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f", 4);
    assert_typed("\xe4\xb8\xad\xe6\x96\x87", "\xe4\xb8\xad\xe6\x96\x87", 4);
    assert_typed("e\xcc\x81x", "e\xcc\x81x", 2);
    assert_typed("\xf0\x9f\x98\x80!", "\xf0\x9f\x98\x80!", 3);
}

static void test_line_editor_moves(void **state)
{
    (void)state;
    assert_typed("abc" LEFT LEFT "X", "aXbc", 2);
    assert_typed("abc\x02\x02X", "aXbc", 2);
    assert_typed("abc\x01X", "Xabc", 1);
    assert_typed("abc" HOME "X" END "Y", "XabcY", 5);
    assert_typed("abc\x1b[1~X\x1b[4~Y", "XabcY", 5);
    assert_typed("abc\x1bOHX\x1bOFY", "XabcY", 5);
    assert_typed("abc\x1bOD\x1bODX\x1bOCY", "aXbYc", 4);
    assert_typed("abc\x01\x06X\x05Y", "aXbcY", 5);
    assert_typed("a" LEFT LEFT LEFT "X" RIGHT RIGHT RIGHT "Y", "XaY", 3);
    assert_typed("\xe4\xb8\xad" LEFT "a", "a\xe4\xb8\xad", 1);
    assert_typed("e\xcc\x81z" LEFT LEFT "a", "ae\xcc\x81z", 1);
}

static void test_line_editor_moves_by_words(void **state)
{
    (void)state;
    assert_typed("one two.three\x1b[1;5DX", "one two.Xthree", 9);
    assert_typed("one two.three\x1b[1;3D\x1b[1;5DX", "one Xtwo.three", 5);
    assert_typed("one two\x1b"
                 "b\x1b"
                 "bX",
                 "Xone two", 1);
    assert_typed("one two\x01\x1b[1;5CX", "oneX two", 4);
    assert_typed("one two\x01\x1b"
                 "f\x1b"
                 "fX",
                 "one twoX", 8);
    assert_typed("a\x1b[1;2DX", "Xa", 1); /* Shift: as without */
}

static void test_line_editor_erases(void **state)
{
    (void)state;
    assert_typed("abc\x7f", "ab", 2);
    assert_typed("abc\x08\x08", "a", 1);
    assert_typed("abc" LEFT LEFT DEL, "ac", 1);
    assert_typed("abc\x01\x04", "bc", 0);
    assert_typed("abcd" LEFT LEFT "\x0b", "ab", 2);
    assert_typed("abcd" LEFT LEFT "\x15", "cd", 0);
    assert_typed("one two  \x17X", "one X", 5);
    assert_typed("one two\x1b\x7fX", "one X", 5);
    assert_typed("\xe4\xb8\xad\xe6\x96\x87\x7f", "\xe4\xb8\xad", 2);
    assert_typed("xe\xcc\x81\xcc\xa7\x7f", "x", 1); /* with its marks */
    assert_typed("\x7f\x15\x0b\x17" DEL "a", "a", 1);
}

static void test_line_editor_swaps(void **state)
{
    (void)state;
    assert_typed("abc\x14", "acb", 3);
    assert_typed("abc" LEFT LEFT "\x14", "bac", 2);
    assert_typed("\xc3\xbc\xe4\xb8\xad\x14", "\xe4\xb8\xad\xc3\xbc", 3);
    assert_typed("a\x14", "a", 1);
    assert_typed("\x14", "", 0);
}

static void test_line_editor_keeps_marks_with_their_character(void **state)
{
    (void)state;
    /* A mark at the start of the line gets a character in front of it. */
    assert_typed("\xcc\x81x\x01"
                 "a" /* the cursor goes behind the mark */
                 "b",
                 "a\xcc\x81"
                 "bx",
                 2);
    assert_typed("x\xcc\x81" LEFT DEL, "", 0);
}

static void test_line_editor_ignores_what_it_does_not_know(void **state)
{
    (void)state;
    assert_typed("a\x1b[5~\x1b[24~\x1b[1;5P\x1bOP\x1b[[Ab", "ab", 2);
    assert_typed("a\x1b[12345678901234567890~b", "ab", 2);
    assert_typed("a\x1bx\tb\x1c\x1d\x1e\x1f", "ab", 2);
    assert_typed("a\x1b[\x1b[Db", "ba", 1); /* cut short by another */
    assert_typed("a\xc3"
                 "b\xffz\xe4\xb8"
                 "c",
                 "abzc", 4); /* invalid UTF-8 */
    assert_typed("a\xc2\x9b"
                 "b\xe2\x80\xae"
                 "c",
                 "abc", 3); /* C1, an override */
    assert_typed("a\xed\xa0\x80\xf4\x90\x80\x80"
                 "b",
                 "ab", 2);
}

/* ---- lines ------------------------------------------------------------ */

static void test_line_editor_gives_lines(void **state)
{
    (void)state;
    static struct desk desk;
    size_t len = 0;
    sit_down(&desk, 40, 10);
    line_editor_begin(&desk.editor, "> ", 0);
    assert_int_equal(type_keys(&desk, "hello" LEFT "\r"), LINE_EDITOR_LINE);
    assert_string_equal(line_editor_line(&desk.editor, &len), "hello");
    assert_int_equal(len, 5);
    assert_screen(&desk, "> hello", 1, 0);
    assert_false(desk.terminal.paste_mode);
    line_editor_begin(&desk.editor, "? ", 0);
    assert_string_equal(line_editor_line(&desk.editor, &len), "");
    look(&desk);
    assert_screen(&desk, "> hello\n?", 1, 2);
    assert_true(desk.terminal.paste_mode);
}

static void test_line_editor_takes_any_end_of_line(void **state)
{
    (void)state;
    static const char *const ends[] = {"\r", "\n", "\r\n"};
    for (size_t at = 0; at < 3; at++) {
        static struct desk desk;
        int lines = 0;
        char keys[32] = "one";
        strcat(keys, ends[at]);
        strcat(keys, "two");
        strcat(keys, ends[at]);
        strcat(keys, ends[at]);
        sit_down(&desk, 40, 10);
        line_editor_begin(&desk.editor, "", 0);
        for (const char *key = keys; *key != '\0'; key++) {
            enum line_editor_event event =
                line_editor_feed(&desk.editor, (uint8_t)*key);
            if (event == LINE_EDITOR_LINE) {
                lines++;
                look(&desk);
                line_editor_begin(&desk.editor, "", 0);
            }
        }
        look(&desk);
        assert_int_equal(lines, 3); /* the last one is empty */
        assert_screen(&desk, "one\ntwo", 3, 0);
    }
}

static void test_line_editor_sends_behind_a_stray_escape(void **state)
{
    (void)state;
    static struct desk desk;
    sit_down(&desk, 40, 10);
    line_editor_begin(&desk.editor, "> ", 0);
    assert_int_equal(type_keys(&desk, "a\x1b\r"), LINE_EDITOR_LINE);
    line_editor_begin(&desk.editor, "> ", 0);
    assert_int_equal(type_keys(&desk, "a\x1b[1;\r"), LINE_EDITOR_LINE);
}

static void test_line_editor_ends_and_interrupts(void **state)
{
    (void)state;
    static struct desk desk;
    sit_down(&desk, 40, 10);
    line_editor_begin(&desk.editor, "> ", 0);
    assert_int_equal(type_keys(&desk, "abc\x03"), LINE_EDITOR_INTERRUPT);
    assert_screen(&desk, "> abc", 1, 0);
    line_editor_begin(&desk.editor, "> ", 0);
    assert_int_equal(type_keys(&desk, "\x04"), LINE_EDITOR_END);
    assert_screen(&desk, "> abc\n>", 2, 0);
}

static void test_line_editor_erases_sent_lines_when_asked(void **state)
{
    (void)state;
    static struct desk desk;
    sit_down(&desk, 12, 10);
    terminal_write(&desk.terminal, "above\r\n", 7);
    line_editor_begin(&desk.editor, "> ", LINE_EDITOR_ERASE);
    assert_int_equal(type_keys(&desk, "a line that wraps"),
                     LINE_EDITOR_NOTHING);
    assert_screen(&desk, "above\n> a line th\nat wraps", 2, 8);
    assert_int_equal(type_keys(&desk, "\r"), LINE_EDITOR_LINE);
    assert_screen(&desk, "above", 1, 0);
}

static void test_line_editor_begins_by_itself(void **state)
{
    (void)state;
    static struct desk desk;
    size_t len = 0;
    sit_down(&desk, 40, 10);
    line_editor_begin(&desk.editor, "> ", 0);
    assert_int_equal(type_keys(&desk, "a\rb"), LINE_EDITOR_LINE);
    assert_string_equal(line_editor_line(&desk.editor, &len), "b");
    assert_screen(&desk, "> a\n> b", 1, 3);
}

/* Lines that come faster than anybody looks are still seen one by one. */
static void test_line_editor_shows_lines_of_a_burst(void **state)
{
    (void)state;
    static struct desk desk;
    sit_down(&desk, 40, 10);
    line_editor_begin(&desk.editor, "> ", 0);
    assert_int_equal(type_bytes(&desk, "one\rtwo\rthr", 11, false),
                     LINE_EDITOR_LINE);
    assert_screen(&desk, "> one\n> two\n> thr", 2, 5);
}

static void test_line_editor_changes_the_prompt(void **state)
{
    (void)state;
    static struct desk desk;
    size_t len = 0;
    sit_down(&desk, 40, 10);
    line_editor_begin(&desk.editor, "#lobby> ", 0);
    (void)type_keys(&desk, "abc" LEFT);
    line_editor_begin(&desk.editor, "offline> ", 0);
    look(&desk);
    assert_screen(&desk, "offline> abc", 0, 11);
    assert_string_equal(line_editor_line(&desk.editor, &len), "abc");
    char prompt[200];
    memset(prompt, 'p', sizeof prompt);
    prompt[199] = '\0';
    line_editor_begin(&desk.editor, prompt, 0);
    look(&desk);
    assert_int_equal(strlen(desk.editor.prompt), LINE_EDITOR_PROMPT_MAX - 1);
}

static void test_line_editor_rings_when_full(void **state)
{
    (void)state;
    static struct desk desk;
    char keys[LINE_CAP + 20];
    size_t len = 0;
    memset(keys, 'x', sizeof keys);
    sit_down(&desk, 40, 20);
    line_editor_begin(&desk.editor, "> ", 0);
    (void)type_bytes(&desk, keys, LINE_CAP - 1, true);
    assert_int_equal(desk.terminal.bells, 0);
    (void)type_keys(&desk, "y");
    assert_int_equal(desk.terminal.bells, 1);
    (void)line_editor_line(&desk.editor, &len);
    assert_int_equal(len, LINE_CAP - 1);
    (void)type_keys(&desk, "\x7f\xc3\xbc"); /* two bytes for one */
    (void)line_editor_line(&desk.editor, &len);
    assert_int_equal(len, LINE_CAP - 2);
    (void)type_keys(&desk, "\x01y");
    (void)line_editor_line(&desk.editor, &len);
    assert_int_equal(len, LINE_CAP - 1);
}

/* ---- passwords -------------------------------------------------------- */

static void test_line_editor_hides_secrets(void **state)
{
    (void)state;
    static struct desk desk;
    size_t len = 0;
    sit_down(&desk, 40, 10);
    line_editor_begin(&desk.editor, "> ", 0);
    (void)type_keys(&desk, "before\r");
    line_editor_begin(&desk.editor, "Password: ", LINE_EDITOR_SECRET);
    look(&desk);
    assert_screen(&desk, "> before\nPassword:", 1, 10);
    (void)type_keys(&desk, "s\xc3\xbc"
                           "cret" LEFT "X\x7f" UP "X\x7f" HOME);
    assert_screen(&desk, "> before\nPassword:", 1, 10);
    assert_int_equal(type_keys(&desk, "\r"), LINE_EDITOR_LINE);
    assert_string_equal(line_editor_line(&desk.editor, &len), "s\xc3\xbc"
                                                              "cret");
    assert_screen(&desk, "> before\nPassword:", 2, 0);
    line_editor_begin(&desk.editor, "> ", 0);
    (void)type_keys(&desk, UP);
    assert_string_equal(line_editor_line(&desk.editor, &len), "before");
    for (size_t at = 0; at + 4 < sizeof desk; at++) {
        assert_memory_not_equal((const char *)&desk + at, "cret", 4);
    }
}

/* ---- history ---------------------------------------------------------- */

static void assert_line(const struct desk *desk, const char *expected)
{
    size_t len = 0;
    assert_string_equal(line_editor_line(&desk->editor, &len), expected);
    assert_int_equal(len, strlen(expected));
}

static void test_line_editor_remembers_lines(void **state)
{
    (void)state;
    static struct desk desk;
    sit_down(&desk, 40, 20);
    line_editor_begin(&desk.editor, "> ", 0);
    (void)type_keys(&desk, "one\rtwo\rtwo\r\rthree\rdra");
    (void)type_keys(&desk, UP);
    assert_line(&desk, "three");
    (void)type_keys(&desk, "\x10");
    assert_line(&desk, "two");
    (void)type_keys(&desk, UP);
    assert_line(&desk, "one");
    assert_int_equal(desk.terminal.bells, 0);
    (void)type_keys(&desk, UP);
    assert_line(&desk, "one");
    assert_int_equal(desk.terminal.bells, 1);
    (void)type_keys(&desk, DOWN DOWN);
    assert_line(&desk, "three");
    (void)type_keys(&desk, "\x0e"
                           "ft");
    assert_line(&desk, "draft");
    (void)type_keys(&desk, DOWN);
    assert_line(&desk, "draft");
    assert_int_equal(desk.terminal.bells, 2);
}

static void test_line_editor_sends_lines_of_the_history(void **state)
{
    (void)state;
    static struct desk desk;
    sit_down(&desk, 40, 20);
    line_editor_begin(&desk.editor, "> ", 0);
    (void)type_keys(&desk, "one\rtwo\r" UP UP "!\r" UP);
    assert_line(&desk, "one!");
    (void)type_keys(&desk, UP UP);
    assert_line(&desk, "one");
}

static void test_line_editor_forgets_the_oldest(void **state)
{
    (void)state;
    static struct desk desk; /* its history has 64 bytes */
    sit_down(&desk, 40, 20);
    line_editor_begin(&desk.editor, "", 0);
    (void)type_keys(&desk, "0123456789012345678\r");
    (void)type_keys(&desk, "1123456789012345678\r");
    (void)type_keys(&desk, "2123456789012345678\r");
    (void)type_keys(&desk, "abcd\r");
    (void)type_keys(&desk, UP UP UP UP UP);
    assert_line(&desk, "1123456789012345678");
    (void)type_keys(&desk, "\x15");
    char keys[80];
    memset(keys, 'l', sizeof keys);
    keys[79] = '\r';
    (void)type_bytes(&desk, keys, sizeof keys, true); /* longer than all */
    (void)type_keys(&desk, UP);
    assert_line(&desk, "abcd");
}

static void test_line_editor_does_without_history(void **state)
{
    (void)state;
    static struct desk desk;
    sit_down(&desk, 40, 20);
    line_editor_begin(&desk.editor, "> ", LINE_EDITOR_NO_HISTORY);
    (void)type_keys(&desk, "one\rx" UP DOWN);
    assert_line(&desk, "x");
    desk.editor.memory.history = NULL;
    line_editor_begin(&desk.editor, "> ", 0);
    (void)type_keys(&desk, "one\rx" UP DOWN);
    assert_line(&desk, "x");
}

/* ---- pasted text ------------------------------------------------------ */

static void test_line_editor_inserts_pasted_text(void **state)
{
    (void)state;
    assert_typed("<" PASTE "one\r\ntwo\nthree\tfour\r\r" PASTED ">",
                 "<one two three four  >", 22);
    assert_typed(PASTE "a\x03\x04\x15\x7f"
                       "b" PASTED,
                 "ab", 2);
    assert_typed("x" PASTE "a" LEFT "b" UP "c" PASTED "d", "xabcd", 5);
    assert_typed(PASTE "a\x1b[31mb\x1b"
                       "bc\xc2\x85" PASTED,
                 "abc", 3);
    static struct desk desk;
    sit_down(&desk, 40, 20);
    line_editor_begin(&desk.editor, "> ", 0);
    assert_int_equal(type_keys(&desk, PASTE "a\r" PASTED), LINE_EDITOR_NOTHING);
    assert_int_equal(type_keys(&desk, "\r"), LINE_EDITOR_LINE);
    assert_line(&desk, "a ");
}

/* ---- the screen ------------------------------------------------------- */

static void test_line_editor_wraps_long_lines(void **state)
{
    (void)state;
    static struct desk desk;
    sit_down(&desk, 11, 10);
    line_editor_begin(&desk.editor, "> ", 0);
    (void)type_keys(&desk, "01234567");
    assert_screen(&desk, "> 01234567", 0, 10);
    (void)type_keys(&desk, "89abcdefghXY");
    assert_screen(&desk, "> 01234567\n89abcdefgh\nXY", 2, 2);
    (void)type_keys(&desk, LEFT LEFT);
    assert_screen(&desk, "> 01234567\n89abcdefgh\nXY", 2, 0);
    (void)type_keys(&desk, LEFT);
    assert_screen(&desk, "> 01234567\n89abcdefgh\nXY", 1, 9);
    (void)type_keys(&desk, "\x01" DEL);
    assert_screen(&desk, "> 12345678\n9abcdefghX\nY", 0, 2);
    (void)type_keys(&desk, "\x0b");
    assert_screen(&desk, ">", 0, 2);
}

static void test_line_editor_does_not_cut_wide_characters(void **state)
{
    (void)state;
    static struct desk desk;
    sit_down(&desk, 8, 10);
    line_editor_begin(&desk.editor, "> ", 0);
    (void)type_keys(&desk, "\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad");
    assert_screen(&desk, "> \xe4\xb8\xad\xe4\xb8\xad\n\xe4\xb8\xad", 1, 2);
}

static void test_line_editor_scrolls_the_screen(void **state)
{
    (void)state;
    static struct desk desk;
    sit_down(&desk, 11, 6);
    terminal_write(&desk.terminal, "1\r\n2\r\n3\r\n4\r\n5\r\n", 15);
    line_editor_begin(&desk.editor, "> ", 0);
    look(&desk);
    assert_screen(&desk, "1\n2\n3\n4\n5\n>", 5, 2);
    (void)type_keys(&desk, "01234567abcdefghijX");
    assert_screen(&desk, "3\n4\n5\n> 01234567\nabcdefghij\nX", 5, 1);
    /* A fourth row would take more than half: the first one goes. */
    (void)type_keys(&desk, "YYYYYYYYYZ");
    assert_screen(&desk, "3\n4\n5\nabcdefghij\nXYYYYYYYYY\nZ", 5, 1);
    (void)type_keys(&desk, "\x01");
    assert_screen(&desk, "3\n4\n5\n> 01234567\nabcdefghij\nXYYYYYYYYY", 3, 2);
    (void)type_keys(&desk, "\r");
    assert_screen(&desk, "4\n5\nabcdefghij\nXYYYYYYYYY\nZ", 5, 0);
}

static void test_line_editor_lets_others_print(void **state)
{
    (void)state;
    static struct desk desk;
    sit_down(&desk, 11, 6);
    line_editor_begin(&desk.editor, "> ", 0);
    (void)type_keys(&desk, "01234567abc" LEFT);
    assert_screen(&desk, "> 01234567\nabc", 1, 2);
    line_editor_hide(&desk.editor);
    look(&desk);
    assert_screen(&desk, "", 0, 0);
    terminal_write(&desk.terminal, "hello\r\n", 7);
    (void)type_keys(&desk, "X"); /* typed meanwhile */
    assert_screen(&desk, "hello", 1, 0);
    line_editor_show(&desk.editor);
    look(&desk);
    assert_screen(&desk, "hello\n> 01234567\nabXc", 2, 3);
}

static void test_line_editor_sends_while_hidden(void **state)
{
    (void)state;
    static struct desk desk;
    sit_down(&desk, 40, 6);
    line_editor_begin(&desk.editor, "> ", 0);
    (void)type_keys(&desk, "abc");
    line_editor_hide(&desk.editor);
    assert_int_equal(type_keys(&desk, "d\r"), LINE_EDITOR_LINE);
    assert_line(&desk, "abcd");
    assert_screen(&desk, "", 0, 0);
    line_editor_show(&desk.editor);
    line_editor_begin(&desk.editor, "> ", 0);
    look(&desk);
    assert_screen(&desk, ">", 0, 2);
}

static void test_line_editor_clears_the_screen(void **state)
{
    (void)state;
    static struct desk desk;
    sit_down(&desk, 40, 6);
    terminal_write(&desk.terminal, "old\r\n", 5);
    line_editor_begin(&desk.editor, "> ", 0);
    (void)type_keys(&desk, "abc" LEFT "\x0c");
    assert_screen(&desk, "> abc", 0, 4);
    assert_int_equal(desk.terminal.clears, 1);
}

static void test_line_editor_follows_the_size(void **state)
{
    (void)state;
    static struct desk desk;
    sit_down(&desk, 11, 10);
    line_editor_begin(&desk.editor, "> ", 0);
    (void)type_keys(&desk, "01234567abc");
    desk.terminal.columns = 21;
    line_editor_resize(&desk.editor, 21, 10);
    look(&desk);
    assert_screen(&desk, "> 01234567abc", 0, 13);
    /* The same size again: the program was suspended meanwhile. */
    terminal_write(&desk.terminal, "\r\n$ fg\r\n", 8);
    desk.terminal.paste_mode = false;
    line_editor_resize(&desk.editor, 21, 10);
    look(&desk);
    assert_screen(&desk, "> 01234567abc\n$ fg\n> 01234567abc", 2, 13);
    assert_true(desk.terminal.paste_mode);
    line_editor_resize(&desk.editor, 0, 0);
    assert_int_equal(desk.editor.columns, 80);
    assert_int_equal(desk.editor.rows, 24);
}

static void test_line_editor_leaves_the_terminal_clean(void **state)
{
    (void)state;
    static struct desk desk;
    sit_down(&desk, 11, 10);
    line_editor_begin(&desk.editor, "> ", 0);
    (void)type_keys(&desk, "01234567abc\x01");
    line_editor_leave(&desk.editor);
    look(&desk);
    assert_screen(&desk, "> 01234567\nabc", 2, 0);
    assert_false(desk.terminal.paste_mode);
    line_editor_wipe(&desk.editor);
    look(&desk);
    for (size_t at = 0; at < sizeof desk.line; at++) {
        assert_int_equal(desk.line[at], 0);
    }
    for (size_t at = 0; at < sizeof desk.history; at++) {
        assert_int_equal(desk.history[at], 0);
    }
}

/* One key at the end of a line costs one byte. */
static void test_line_editor_writes_little(void **state)
{
    (void)state;
    static struct desk desk;
    size_t len = 0;
    sit_down(&desk, 80, 24);
    line_editor_begin(&desk.editor, "> ", 0);
    look(&desk);
    (void)line_editor_feed(&desk.editor, 'a');
    const char *bytes = line_editor_out(&desk.editor, &len);
    assert_int_equal(len, 1);
    assert_int_equal(bytes[0], 'a');
    line_editor_out_done(&desk.editor, 1);
    assert_null(line_editor_out(&desk.editor, &len));
}

int test_line_editor(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_editor_types),
        cmocka_unit_test(test_line_editor_moves),
        cmocka_unit_test(test_line_editor_moves_by_words),
        cmocka_unit_test(test_line_editor_erases),
        cmocka_unit_test(test_line_editor_swaps),
        cmocka_unit_test(test_line_editor_keeps_marks_with_their_character),
        cmocka_unit_test(test_line_editor_ignores_what_it_does_not_know),
        cmocka_unit_test(test_line_editor_gives_lines),
        cmocka_unit_test(test_line_editor_takes_any_end_of_line),
        cmocka_unit_test(test_line_editor_sends_behind_a_stray_escape),
        cmocka_unit_test(test_line_editor_ends_and_interrupts),
        cmocka_unit_test(test_line_editor_erases_sent_lines_when_asked),
        cmocka_unit_test(test_line_editor_begins_by_itself),
        cmocka_unit_test(test_line_editor_shows_lines_of_a_burst),
        cmocka_unit_test(test_line_editor_changes_the_prompt),
        cmocka_unit_test(test_line_editor_rings_when_full),
        cmocka_unit_test(test_line_editor_hides_secrets),
        cmocka_unit_test(test_line_editor_remembers_lines),
        cmocka_unit_test(test_line_editor_sends_lines_of_the_history),
        cmocka_unit_test(test_line_editor_forgets_the_oldest),
        cmocka_unit_test(test_line_editor_does_without_history),
        cmocka_unit_test(test_line_editor_inserts_pasted_text),
        cmocka_unit_test(test_line_editor_wraps_long_lines),
        cmocka_unit_test(test_line_editor_does_not_cut_wide_characters),
        cmocka_unit_test(test_line_editor_scrolls_the_screen),
        cmocka_unit_test(test_line_editor_lets_others_print),
        cmocka_unit_test(test_line_editor_sends_while_hidden),
        cmocka_unit_test(test_line_editor_clears_the_screen),
        cmocka_unit_test(test_line_editor_follows_the_size),
        cmocka_unit_test(test_line_editor_leaves_the_terminal_clean),
        cmocka_unit_test(test_line_editor_writes_little),
    };
    return cmocka_run_group_tests_name("line_editor", tests, NULL, NULL);
}
