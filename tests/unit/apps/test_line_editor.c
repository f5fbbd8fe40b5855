/* The line editor: what keys, lines, history and pasted text do to the line. */
#include "tests/unit/apps/seat.h"
#include "tests/unit/test.h"
#include <string.h>

/* Types into a fresh editor, in both ways; the line and the screen are to be
 * the same. `column` is the cursor's. */
static void assert_typed(const char *keys, const char *line, size_t column)
{
    for (int each = 0; each < 2; each++) {
        static struct seat seat;
        char screen[256] = "> ";
        size_t len = 0;
        seat_take(&seat, 80, 24);
        line_editor_begin(&seat.editor, "> ", 0);
        assert_int_equal(seat_type_bytes(&seat, keys, strlen(keys), each == 1),
                         LINE_EDITOR_NOTHING);
        assert_string_equal(line_editor_line(&seat.editor, &len), line);
        assert_int_equal(len, strlen(line));
        strcat(screen, line);
        size_t end = strlen(screen); /* blanks at the end are not seen */
        while (end > 0 && screen[end - 1] == ' ') {
            screen[--end] = '\0';
        }
        seat_assert_screen(&seat, screen, 0, 2 + column);
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
    static struct seat seat;
    size_t len = 0;
    seat_take(&seat, 40, 10);
    line_editor_begin(&seat.editor, "> ", 0);
    assert_int_equal(seat_type(&seat, "hello" LEFT "\r"), LINE_EDITOR_LINE);
    assert_string_equal(line_editor_line(&seat.editor, &len), "hello");
    assert_int_equal(len, 5);
    seat_assert_screen(&seat, "> hello", 1, 0);
    assert_false(seat.terminal.paste_mode);
    line_editor_begin(&seat.editor, "? ", 0);
    assert_string_equal(line_editor_line(&seat.editor, &len), "");
    seat_look(&seat);
    seat_assert_screen(&seat, "> hello\n?", 1, 2);
    assert_true(seat.terminal.paste_mode);
}

static void test_line_editor_takes_any_end_of_line(void **state)
{
    (void)state;
    static const char *const ends[] = {"\r", "\n", "\r\n"};
    for (size_t at = 0; at < 3; at++) {
        static struct seat seat;
        int lines = 0;
        char keys[32] = "one";
        strcat(keys, ends[at]);
        strcat(keys, "two");
        strcat(keys, ends[at]);
        strcat(keys, ends[at]);
        seat_take(&seat, 40, 10);
        line_editor_begin(&seat.editor, "", 0);
        for (const char *key = keys; *key != '\0'; key++) {
            enum line_editor_event event =
                line_editor_feed(&seat.editor, (uint8_t)*key);
            if (event == LINE_EDITOR_LINE) {
                lines++;
                seat_look(&seat);
                line_editor_begin(&seat.editor, "", 0);
            }
        }
        seat_look(&seat);
        assert_int_equal(lines, 3); /* the last one is empty */
        seat_assert_screen(&seat, "one\ntwo", 3, 0);
    }
}

static void test_line_editor_sends_behind_a_stray_escape(void **state)
{
    (void)state;
    static struct seat seat;
    seat_take(&seat, 40, 10);
    line_editor_begin(&seat.editor, "> ", 0);
    assert_int_equal(seat_type(&seat, "a\x1b\r"), LINE_EDITOR_LINE);
    line_editor_begin(&seat.editor, "> ", 0);
    assert_int_equal(seat_type(&seat, "a\x1b[1;\r"), LINE_EDITOR_LINE);
}

static void test_line_editor_ends_and_interrupts(void **state)
{
    (void)state;
    static struct seat seat;
    seat_take(&seat, 40, 10);
    line_editor_begin(&seat.editor, "> ", 0);
    assert_int_equal(seat_type(&seat, "abc\x03"), LINE_EDITOR_INTERRUPT);
    seat_assert_screen(&seat, "> abc", 1, 0);
    line_editor_begin(&seat.editor, "> ", 0);
    assert_int_equal(seat_type(&seat, "\x04"), LINE_EDITOR_END);
    seat_assert_screen(&seat, "> abc\n>", 2, 0);
}

static void test_line_editor_erases_sent_lines_when_asked(void **state)
{
    (void)state;
    static struct seat seat;
    seat_take(&seat, 12, 10);
    terminal_write(&seat.terminal, "above\r\n", 7);
    line_editor_begin(&seat.editor, "> ", LINE_EDITOR_ERASE);
    assert_int_equal(seat_type(&seat, "a line that wraps"),
                     LINE_EDITOR_NOTHING);
    seat_assert_screen(&seat, "above\n> a line th\nat wraps", 2, 8);
    assert_int_equal(seat_type(&seat, "\r"), LINE_EDITOR_LINE);
    seat_assert_screen(&seat, "above", 1, 0);
}

static void test_line_editor_begins_by_itself(void **state)
{
    (void)state;
    static struct seat seat;
    size_t len = 0;
    seat_take(&seat, 40, 10);
    line_editor_begin(&seat.editor, "> ", 0);
    assert_int_equal(seat_type(&seat, "a\rb"), LINE_EDITOR_LINE);
    assert_string_equal(line_editor_line(&seat.editor, &len), "b");
    seat_assert_screen(&seat, "> a\n> b", 1, 3);
}

/* Lines that come faster than anybody looks are still seen one by one. */
static void test_line_editor_shows_lines_of_a_burst(void **state)
{
    (void)state;
    static struct seat seat;
    seat_take(&seat, 40, 10);
    line_editor_begin(&seat.editor, "> ", 0);
    assert_int_equal(seat_type_bytes(&seat, "one\rtwo\rthr", 11, false),
                     LINE_EDITOR_LINE);
    seat_assert_screen(&seat, "> one\n> two\n> thr", 2, 5);
}

static void test_line_editor_changes_the_prompt(void **state)
{
    (void)state;
    static struct seat seat;
    size_t len = 0;
    seat_take(&seat, 40, 10);
    line_editor_begin(&seat.editor, "#lobby> ", 0);
    (void)seat_type(&seat, "abc" LEFT);
    line_editor_begin(&seat.editor, "offline> ", 0);
    seat_look(&seat);
    seat_assert_screen(&seat, "offline> abc", 0, 11);
    assert_string_equal(line_editor_line(&seat.editor, &len), "abc");
    char prompt[200];
    memset(prompt, 'p', sizeof prompt);
    prompt[199] = '\0';
    line_editor_begin(&seat.editor, prompt, 0);
    seat_look(&seat);
    assert_int_equal(strlen(seat.editor.prompt), LINE_EDITOR_PROMPT_MAX - 1);
}

static void test_line_editor_rings_when_full(void **state)
{
    (void)state;
    static struct seat seat;
    char keys[SEAT_LINE_CAP + 20];
    size_t len = 0;
    memset(keys, 'x', sizeof keys);
    seat_take(&seat, 40, 20);
    line_editor_begin(&seat.editor, "> ", 0);
    (void)seat_type_bytes(&seat, keys, SEAT_LINE_CAP - 1, true);
    assert_int_equal(seat.terminal.bells, 0);
    (void)seat_type(&seat, "y");
    assert_int_equal(seat.terminal.bells, 1);
    (void)line_editor_line(&seat.editor, &len);
    assert_int_equal(len, SEAT_LINE_CAP - 1);
    (void)seat_type(&seat, "\x7f\xc3\xbc"); /* two bytes for one */
    (void)line_editor_line(&seat.editor, &len);
    assert_int_equal(len, SEAT_LINE_CAP - 2);
    (void)seat_type(&seat, "\x01y");
    (void)line_editor_line(&seat.editor, &len);
    assert_int_equal(len, SEAT_LINE_CAP - 1);
}

/* ---- passwords -------------------------------------------------------- */

static void test_line_editor_hides_secrets(void **state)
{
    (void)state;
    static struct seat seat;
    size_t len = 0;
    seat_take(&seat, 40, 10);
    line_editor_begin(&seat.editor, "> ", 0);
    (void)seat_type(&seat, "before\r");
    line_editor_begin(&seat.editor, "Password: ", LINE_EDITOR_SECRET);
    seat_look(&seat);
    seat_assert_screen(&seat, "> before\nPassword:", 1, 10);
    (void)seat_type(&seat, "s\xc3\xbc"
                           "cret" LEFT "X\x7f" UP "X\x7f" HOME);
    seat_assert_screen(&seat, "> before\nPassword:", 1, 10);
    assert_int_equal(seat_type(&seat, "\r"), LINE_EDITOR_LINE);
    assert_string_equal(line_editor_line(&seat.editor, &len), "s\xc3\xbc"
                                                              "cret");
    seat_assert_screen(&seat, "> before\nPassword:", 2, 0);
    line_editor_begin(&seat.editor, "> ", 0);
    (void)seat_type(&seat, UP);
    assert_string_equal(line_editor_line(&seat.editor, &len), "before");
    for (size_t at = 0; at + 4 < sizeof seat; at++) {
        assert_memory_not_equal((const char *)&seat + at, "cret", 4);
    }
}

/* ---- history ---------------------------------------------------------- */

static void test_line_editor_remembers_lines(void **state)
{
    (void)state;
    static struct seat seat;
    seat_take(&seat, 40, 20);
    line_editor_begin(&seat.editor, "> ", 0);
    (void)seat_type(&seat, "one\rtwo\rtwo\r\rthree\rdra");
    (void)seat_type(&seat, UP);
    seat_assert_line(&seat, "three");
    (void)seat_type(&seat, "\x10");
    seat_assert_line(&seat, "two");
    (void)seat_type(&seat, UP);
    seat_assert_line(&seat, "one");
    assert_int_equal(seat.terminal.bells, 0);
    (void)seat_type(&seat, UP);
    seat_assert_line(&seat, "one");
    assert_int_equal(seat.terminal.bells, 1);
    (void)seat_type(&seat, DOWN DOWN);
    seat_assert_line(&seat, "three");
    (void)seat_type(&seat, "\x0e"
                           "ft");
    seat_assert_line(&seat, "draft");
    (void)seat_type(&seat, DOWN);
    seat_assert_line(&seat, "draft");
    assert_int_equal(seat.terminal.bells, 2);
}

static void test_line_editor_sends_lines_of_the_history(void **state)
{
    (void)state;
    static struct seat seat;
    seat_take(&seat, 40, 20);
    line_editor_begin(&seat.editor, "> ", 0);
    (void)seat_type(&seat, "one\rtwo\r" UP UP "!\r" UP);
    seat_assert_line(&seat, "one!");
    (void)seat_type(&seat, UP UP);
    seat_assert_line(&seat, "one");
}

static void test_line_editor_forgets_the_oldest(void **state)
{
    (void)state;
    static struct seat seat; /* its history has 64 bytes */
    seat_take(&seat, 40, 20);
    line_editor_begin(&seat.editor, "", 0);
    (void)seat_type(&seat, "0123456789012345678\r");
    (void)seat_type(&seat, "1123456789012345678\r");
    (void)seat_type(&seat, "2123456789012345678\r");
    (void)seat_type(&seat, "abcd\r");
    (void)seat_type(&seat, UP UP UP UP UP);
    seat_assert_line(&seat, "1123456789012345678");
    (void)seat_type(&seat, "\x15");
    char keys[80];
    memset(keys, 'l', sizeof keys);
    keys[79] = '\r';
    (void)seat_type_bytes(&seat, keys, sizeof keys, true); /* longer than all */
    (void)seat_type(&seat, UP);
    seat_assert_line(&seat, "abcd");
}

static void test_line_editor_does_without_history(void **state)
{
    (void)state;
    static struct seat seat;
    seat_take(&seat, 40, 20);
    line_editor_begin(&seat.editor, "> ", LINE_EDITOR_NO_HISTORY);
    (void)seat_type(&seat, "one\rx" UP DOWN);
    seat_assert_line(&seat, "x");
    seat.editor.memory.history = NULL;
    line_editor_begin(&seat.editor, "> ", 0);
    (void)seat_type(&seat, "one\rx" UP DOWN);
    seat_assert_line(&seat, "x");
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
    static struct seat seat;
    seat_take(&seat, 40, 20);
    line_editor_begin(&seat.editor, "> ", 0);
    assert_int_equal(seat_type(&seat, PASTE "a\r" PASTED), LINE_EDITOR_NOTHING);
    assert_int_equal(seat_type(&seat, "\r"), LINE_EDITOR_LINE);
    seat_assert_line(&seat, "a ");
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
    };
    return cmocka_run_group_tests_name("line_editor", tests, NULL, NULL);
}
