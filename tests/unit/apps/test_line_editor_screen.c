/* The line editor: what is seen of a line on screens that are too small for it,
 * change their size, or are written to by others. */
#include "tests/unit/apps/seat.h"
#include "tests/unit/test.h"

static void test_line_editor_wraps_long_lines(void **state)
{
    (void)state;
    static struct seat seat;
    seat_take(&seat, 11, 10);
    line_editor_begin(&seat.editor, "> ", 0);
    (void)seat_type(&seat, "01234567");
    seat_assert_screen(&seat, "> 01234567", 0, 10);
    (void)seat_type(&seat, "89abcdefghXY");
    seat_assert_screen(&seat, "> 01234567\n89abcdefgh\nXY", 2, 2);
    (void)seat_type(&seat, LEFT LEFT);
    seat_assert_screen(&seat, "> 01234567\n89abcdefgh\nXY", 2, 0);
    (void)seat_type(&seat, LEFT);
    seat_assert_screen(&seat, "> 01234567\n89abcdefgh\nXY", 1, 9);
    (void)seat_type(&seat, "\x01" DEL);
    seat_assert_screen(&seat, "> 12345678\n9abcdefghX\nY", 0, 2);
    (void)seat_type(&seat, "\x0b");
    seat_assert_screen(&seat, ">", 0, 2);
}

static void test_line_editor_does_not_cut_wide_characters(void **state)
{
    (void)state;
    static struct seat seat;
    seat_take(&seat, 8, 10);
    line_editor_begin(&seat.editor, "> ", 0);
    (void)seat_type(&seat, "\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad");
    seat_assert_screen(&seat, "> \xe4\xb8\xad\xe4\xb8\xad\n\xe4\xb8\xad", 1, 2);
}

static void test_line_editor_scrolls_the_screen(void **state)
{
    (void)state;
    static struct seat seat;
    seat_take(&seat, 11, 6);
    terminal_write(&seat.terminal, "1\r\n2\r\n3\r\n4\r\n5\r\n", 15);
    line_editor_begin(&seat.editor, "> ", 0);
    seat_look(&seat);
    seat_assert_screen(&seat, "1\n2\n3\n4\n5\n>", 5, 2);
    (void)seat_type(&seat, "01234567abcdefghijX");
    seat_assert_screen(&seat, "3\n4\n5\n> 01234567\nabcdefghij\nX", 5, 1);
    /* A fourth row would take more than half: the first one goes. */
    (void)seat_type(&seat, "YYYYYYYYYZ");
    seat_assert_screen(&seat, "3\n4\n5\nabcdefghij\nXYYYYYYYYY\nZ", 5, 1);
    (void)seat_type(&seat, "\x01");
    seat_assert_screen(&seat, "3\n4\n5\n> 01234567\nabcdefghij\nXYYYYYYYYY", 3,
                       2);
    (void)seat_type(&seat, "\r");
    seat_assert_screen(&seat, "4\n5\nabcdefghij\nXYYYYYYYYY\nZ", 5, 0);
}

static void test_line_editor_lets_others_print(void **state)
{
    (void)state;
    static struct seat seat;
    seat_take(&seat, 11, 6);
    line_editor_begin(&seat.editor, "> ", 0);
    (void)seat_type(&seat, "01234567abc" LEFT);
    seat_assert_screen(&seat, "> 01234567\nabc", 1, 2);
    line_editor_hide(&seat.editor);
    seat_look(&seat);
    seat_assert_screen(&seat, "", 0, 0);
    terminal_write(&seat.terminal, "hello\r\n", 7);
    (void)seat_type(&seat, "X"); /* typed meanwhile */
    seat_assert_screen(&seat, "hello", 1, 0);
    line_editor_show(&seat.editor);
    seat_look(&seat);
    seat_assert_screen(&seat, "hello\n> 01234567\nabXc", 2, 3);
}

static void test_line_editor_sends_while_hidden(void **state)
{
    (void)state;
    static struct seat seat;
    seat_take(&seat, 40, 6);
    line_editor_begin(&seat.editor, "> ", 0);
    (void)seat_type(&seat, "abc");
    line_editor_hide(&seat.editor);
    assert_int_equal(seat_type(&seat, "d\r"), LINE_EDITOR_LINE);
    seat_assert_line(&seat, "abcd");
    seat_assert_screen(&seat, "", 0, 0);
    line_editor_show(&seat.editor);
    line_editor_begin(&seat.editor, "> ", 0);
    seat_look(&seat);
    seat_assert_screen(&seat, ">", 0, 2);
}

static void test_line_editor_clears_the_screen(void **state)
{
    (void)state;
    static struct seat seat;
    seat_take(&seat, 40, 6);
    terminal_write(&seat.terminal, "old\r\n", 5);
    line_editor_begin(&seat.editor, "> ", 0);
    (void)seat_type(&seat, "abc" LEFT "\x0c");
    seat_assert_screen(&seat, "> abc", 0, 4);
    assert_int_equal(seat.terminal.clears, 1);
}

static void test_line_editor_follows_the_size(void **state)
{
    (void)state;
    static struct seat seat;
    seat_take(&seat, 11, 10);
    line_editor_begin(&seat.editor, "> ", 0);
    (void)seat_type(&seat, "01234567abc");
    seat.terminal.columns = 21;
    line_editor_resize(&seat.editor, 21, 10);
    seat_look(&seat);
    seat_assert_screen(&seat, "> 01234567abc", 0, 13);
    /* The same size again: the program was suspended meanwhile. */
    terminal_write(&seat.terminal, "\r\n$ fg\r\n", 8);
    seat.terminal.paste_mode = false;
    line_editor_resize(&seat.editor, 21, 10);
    seat_look(&seat);
    seat_assert_screen(&seat, "> 01234567abc\n$ fg\n> 01234567abc", 2, 13);
    assert_true(seat.terminal.paste_mode);
    line_editor_resize(&seat.editor, 0, 0);
    assert_int_equal(seat.editor.columns, 80);
    assert_int_equal(seat.editor.rows, 24);
}

static void test_line_editor_ends_bracketed_paste_after_a_resize(void **state)
{
    (void)state;
    static struct seat seat;
    seat_take(&seat, 40, 10);
    line_editor_begin(&seat.editor, "> ", LINE_EDITOR_ERASE);
    seat_look(&seat);
    assert_true(seat.terminal.paste_mode);
    line_editor_resize(&seat.editor, 40, 10);
    line_editor_leave(&seat.editor);
    seat_look(&seat);
    assert_false(seat.terminal.paste_mode);
}

static void test_line_editor_leaves_the_terminal_clean(void **state)
{
    (void)state;
    static struct seat seat;
    seat_take(&seat, 11, 10);
    line_editor_begin(&seat.editor, "> ", 0);
    (void)seat_type(&seat, "01234567abc\x01");
    line_editor_leave(&seat.editor);
    seat_look(&seat);
    seat_assert_screen(&seat, "> 01234567\nabc", 2, 0);
    assert_false(seat.terminal.paste_mode);
    line_editor_wipe(&seat.editor);
    seat_look(&seat);
    for (size_t at = 0; at < sizeof seat.line; at++) {
        assert_int_equal(seat.line[at], 0);
    }
    for (size_t at = 0; at < sizeof seat.history; at++) {
        assert_int_equal(seat.history[at], 0);
    }
}

/* One key at the end of a line costs one byte. */
static void test_line_editor_writes_little(void **state)
{
    (void)state;
    static struct seat seat;
    size_t len = 0;
    seat_take(&seat, 80, 24);
    line_editor_begin(&seat.editor, "> ", 0);
    seat_look(&seat);
    (void)line_editor_feed(&seat.editor, 'a');
    const char *bytes = line_editor_out(&seat.editor, &len);
    assert_int_equal(len, 1);
    assert_int_equal(bytes[0], 'a');
    line_editor_out_done(&seat.editor, 1);
    assert_null(line_editor_out(&seat.editor, &len));
}

int test_line_editor_screen(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_editor_wraps_long_lines),
        cmocka_unit_test(test_line_editor_does_not_cut_wide_characters),
        cmocka_unit_test(test_line_editor_scrolls_the_screen),
        cmocka_unit_test(test_line_editor_lets_others_print),
        cmocka_unit_test(test_line_editor_sends_while_hidden),
        cmocka_unit_test(test_line_editor_clears_the_screen),
        cmocka_unit_test(test_line_editor_follows_the_size),
        cmocka_unit_test(test_line_editor_ends_bracketed_paste_after_a_resize),
        cmocka_unit_test(test_line_editor_leaves_the_terminal_clean),
        cmocka_unit_test(test_line_editor_writes_little),
    };
    return cmocka_run_group_tests_name("line_editor_screen", tests, NULL, NULL);
}
