#include "apps/sotto/menu.h"
#include "tests/unit/test.h"
#include <string.h>

static enum menu_result answer(struct menu *menu, const char *line)
{
    return menu_feed(menu, line, strlen(line));
}

/* Answers, and expects to be asked on in this state. */
static void assert_asks(struct menu *menu, const char *line,
                        enum menu_state state)
{
    assert_int_equal(answer(menu, line), MENU_MORE);
    assert_int_equal(menu->state, state);
    assert_true(strlen(menu_prompt(menu)) > 1);
    assert_int_equal(menu_prompt(menu)[strlen(menu_prompt(menu)) - 1], ' ');
}

/* A bad answer gets a sentence and the same question. */
static void assert_asks_again(struct menu *menu, const char *line)
{
    enum menu_state state = menu->state;
    assert_asks(menu, line, state);
    size_t len = strlen(menu_say(menu));
    assert_true(len > 0);
    assert_int_equal(menu_say(menu)[len - 1], '\n');
}

static void test_menu_starts_a_server(void **state)
{
    (void)state;
    struct menu menu;
    menu_init(&menu);
    assert_non_null(strstr(menu_say(&menu), "1  run a server"));
    assert_int_equal(answer(&menu, "1"), MENU_DONE);
    assert_true(menu.choice.is_server);
    menu_init(&menu);
    assert_int_equal(answer(&menu, " Server "), MENU_DONE);
    assert_true(menu.choice.is_server);
}

/* The person wants a client; its first question. */
static void begin_as_client(struct menu *menu)
{
    menu_init(menu);
    assert_int_equal(answer(menu, "2"), MENU_DONE);
    assert_false(menu->choice.is_server);
    menu_init_client(menu);
    assert_int_equal(menu->state, MENU_SERVER);
}

static void test_menu_registers(void **state)
{
    (void)state;
    struct menu menu;
    begin_as_client(&menu);
    assert_asks(&menu, "", MENU_ACCOUNT);
    assert_asks(&menu, "1", MENU_USER);
    assert_false(menu_is_secret(&menu));
    assert_asks(&menu, " anna ", MENU_PASSWORD);
    assert_true(menu_is_secret(&menu));
    assert_string_equal(menu_prompt(&menu), "New password: ");
    assert_asks(&menu, " pass word ", MENU_PASSWORD_AGAIN);
    assert_true(menu_is_secret(&menu));
    assert_int_equal(answer(&menu, " pass word "), MENU_DONE);
    assert_false(menu.choice.is_server);
    assert_true(menu.choice.wants_register);
    assert_string_equal(menu.choice.server, "localhost");
    assert_string_equal(menu.choice.user, "anna");
    assert_string_equal((const char *)menu.choice.password, " pass word ");
    assert_int_equal(menu.choice.password_len, 11);
}

static void test_menu_logs_in(void **state)
{
    (void)state;
    struct menu menu;
    begin_as_client(&menu);
    assert_asks(&menu, "[::1]:7000", MENU_ACCOUNT);
    assert_asks(&menu, "2", MENU_USER);
    assert_asks(&menu, "bob", MENU_PASSWORD);
    assert_string_equal(menu_prompt(&menu), "Password: ");
    assert_int_equal(answer(&menu, "q"), MENU_DONE); /* a password */
    assert_false(menu.choice.wants_register);
    assert_string_equal(menu.choice.server, "[::1]:7000");
    assert_string_equal((const char *)menu.choice.password, "q");
}

static void test_menu_asks_again(void **state)
{
    (void)state;
    struct menu menu;
    char line[400];
    menu_init(&menu);
    assert_asks_again(&menu, "");
    assert_asks_again(&menu, "3");
    assert_asks_again(&menu, "12");
    assert_asks_again(&menu, "clien");
    begin_as_client(&menu);
    assert_asks_again(&menu, "host:x");
    assert_asks_again(&menu, "http://example.org");
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\0';
    assert_asks_again(&menu, line);
    assert_asks(&menu, "example.org", MENU_ACCOUNT);
    assert_asks_again(&menu, "yes");
    assert_asks(&menu, "1", MENU_USER);
    assert_asks_again(&menu, "");
    assert_asks_again(&menu, "Anna");
    assert_asks_again(&menu, "an na");
    assert_asks_again(&menu, "123456789012345678901234567890123");
    assert_asks(&menu, "anna", MENU_PASSWORD);
    assert_asks_again(&menu, line);
    assert_asks_again(&menu, "\xff");
    assert_asks(&menu, "one", MENU_PASSWORD_AGAIN);
    assert_asks(&menu, "two", MENU_PASSWORD);
    assert_true(strlen(menu_say(&menu)) > 0);
    assert_int_equal(menu.choice.password_len, 0);
    assert_int_equal(menu.choice.password[0], 0);
    assert_asks(&menu, "", MENU_USER); /* another name, after all */
    assert_asks(&menu, "bert", MENU_PASSWORD);
    line[MENU_PASSWORD_MAX] = '\0';
    assert_asks(&menu, line, MENU_PASSWORD_AGAIN);
    assert_int_equal(answer(&menu, line), MENU_DONE);
    assert_int_equal(menu.choice.password_len, MENU_PASSWORD_MAX);
}

static void test_menu_lets_people_leave(void **state)
{
    (void)state;
    static const char *const steps[] = {"localhost", "1"};
    struct menu menu;
    menu_init(&menu);
    assert_int_equal(answer(&menu, "quit"), MENU_QUIT);
    for (size_t count = 0; count <= 2; count++) {
        begin_as_client(&menu);
        for (size_t at = 0; at < count; at++) {
            assert_int_equal(answer(&menu, steps[at]), MENU_MORE);
        }
        assert_int_equal(answer(&menu, " Q"), MENU_QUIT);
        assert_int_equal(answer(&menu, "exit"), MENU_QUIT);
    }
}

static void begin_client(struct menu *menu, const struct menu_choice *known)
{
    *menu = (struct menu){.choice = *known};
    menu_init_client(menu);
}

static void test_menu_asks_only_what_is_open(void **state)
{
    (void)state;
    struct menu menu;
    struct menu_choice known;
    memset(&known, 0, sizeof known);
    begin_client(&menu, &known);
    assert_int_equal(menu.state, MENU_SERVER);
    known.has_server = true;
    strcpy(known.server, "example.org");
    begin_client(&menu, &known);
    assert_int_equal(menu.state, MENU_ACCOUNT);
    strcpy(known.user, "anna");
    begin_client(&menu, &known);
    assert_asks(&menu, "2", MENU_PASSWORD);
    known.has_register = true;
    known.wants_register = true;
    begin_client(&menu, &known);
    assert_asks(&menu, "pw", MENU_PASSWORD_AGAIN);
    assert_int_equal(answer(&menu, "pw"), MENU_DONE);
    assert_string_equal(menu.choice.user, "anna");
    assert_string_equal(menu.choice.server, "example.org");
}

static void test_menu_offers_to_come_as_a_device(void **state)
{
    (void)state;
    struct menu menu;
    begin_as_client(&menu);
    assert_asks(&menu, "example.org", MENU_ACCOUNT);
    menu_offer_device(&menu);
    assert_non_null(strstr(menu_say(&menu), "is a device"));
    assert_asks_again(&menu, "yes");
    assert_int_equal(answer(&menu, ""), MENU_DONE);
    assert_true(menu.choice.is_device);
    begin_as_client(&menu);
    assert_asks(&menu, "example.org", MENU_ACCOUNT);
    menu_offer_device(&menu);
    assert_asks(&menu, "p", MENU_ACCOUNT);
    assert_asks(&menu, "2", MENU_USER);
    assert_asks(&menu, "anna", MENU_PASSWORD);
    assert_int_equal(answer(&menu, "pw"), MENU_DONE);
    assert_false(menu.choice.is_device);
}

static void test_menu_asks_after_a_refusal(void **state)
{
    (void)state;
    struct menu menu;
    struct menu_choice known = {.has_server = true,
                                .server = "localhost",
                                .has_register = true,
                                .user = "anna"};
    begin_client(&menu, &known);
    assert_int_equal(answer(&menu, "wrong"), MENU_DONE);
    menu_ask_again(&menu);
    assert_int_equal(menu.state, MENU_USER);
    assert_int_equal(menu.choice.password_len, 0);
    assert_asks(&menu, "anna", MENU_PASSWORD);
    assert_int_equal(answer(&menu, "right"), MENU_DONE);
    assert_string_equal((const char *)menu.choice.password, "right");
}

static void test_menu_wipes(void **state)
{
    (void)state;
    struct menu menu;
    struct menu_choice known = {.has_server = true,
                                .has_register = true,
                                .user = "anna"};
    begin_client(&menu, &known);
    assert_int_equal(answer(&menu, "a secret"), MENU_DONE);
    menu_wipe(&menu);
    for (size_t at = 0; at + 8 < sizeof menu; at++) {
        assert_memory_not_equal((const char *)&menu + at, "a secret", 8);
    }
    assert_string_equal(menu_say(&menu), "");
    assert_string_equal(menu_prompt(&menu), "");
}

int test_menu(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_menu_starts_a_server),
        cmocka_unit_test(test_menu_registers),
        cmocka_unit_test(test_menu_logs_in),
        cmocka_unit_test(test_menu_asks_again),
        cmocka_unit_test(test_menu_lets_people_leave),
        cmocka_unit_test(test_menu_asks_only_what_is_open),
        cmocka_unit_test(test_menu_offers_to_come_as_a_device),
        cmocka_unit_test(test_menu_asks_after_a_refusal),
        cmocka_unit_test(test_menu_wipes),
    };
    return cmocka_run_group_tests_name("menu", tests, NULL, NULL);
}
