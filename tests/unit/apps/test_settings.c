#include "apps/sotto/settings.h"
#include "tests/unit/apps/options_table.h"
#include "tests/unit/test.h"
#include <string.h>

struct run {
    struct options options;
    struct test_values values;
    char text[4096]; /* the file, cut in place */
    char errors[4096];
    size_t count;
};

/* Reads `file` behind the command line `sotto server [ARGUMENT]`. */
static void read_file(struct run *run, const char *file, const char *argument)
{
    static char argument_copy[64]; /* the values point into it */
    char program[] = "sotto";
    char command[] = "server";
    char *argv[] = {program, command, argument_copy};
    int argc = argument != NULL ? 3 : 2;
    int rest = 0;
    struct textbuf errors;
    memset(run, 0, sizeof *run);
    run->values = test_defaults();
    if (argument != NULL) {
        strcpy(argument_copy, argument);
    }
    assert_int_equal(options_command(&run->options, &test_program, argc, argv,
                                     &rest),
                     OPTIONS_RUN);
    assert_int_equal(options_parse(&run->options, argc, argv, rest,
                                   &run->values),
                     OPTIONS_RUN);
    strcpy(run->text, file);
    textbuf_init(&errors, run->errors, sizeof run->errors);
    run->count = settings_read(&run->options, "x.conf", run->text, strlen(file),
                               &run->values, &errors);
}

static void assert_errors(const char *file, size_t count, const char *expected)
{
    struct run run;
    read_file(&run, file, NULL);
    assert_string_equal(run.errors, expected);
    assert_int_equal(run.count, count);
}

static void test_settings_reads_a_file(void **state)
{
    (void)state;
    struct run run;
    read_file(&run,
              "\xef\xbb\xbf# a comment\r\n"
              "; another\n"
              "\n"
              "[ server ]\r\n"
              "listen = 0.0.0.0:7688\r\n"
              "  listen=[::]:7688  \n"
              "data = \"/var\"\n"
              "motd = hello = world # not a comment\n"
              "quiet = yes\n"
              "login-deadline = 1m\n"
              "log-level=warn",
              NULL);
    assert_string_equal(run.errors, "");
    assert_int_equal(run.count, 0);
    assert_int_equal(run.values.listen.count, 2);
    assert_string_equal(run.values.listen.items[0], "0.0.0.0:7688");
    assert_string_equal(run.values.listen.items[1], "[::]:7688");
    assert_string_equal(run.values.data, "/var");
    assert_string_equal(run.values.motd, "hello = world # not a comment");
    assert_true(run.values.quiet);
    assert_int_equal(run.values.deadline_ms, 60000);
    assert_int_equal(run.values.level, 1);
}

static void test_settings_keeps_spaces_in_quotes(void **state)
{
    (void)state;
    struct run run;
    read_file(&run, "[server]\nmotd = \"  a  \"\n", NULL);
    assert_int_equal(run.count, 0);
    assert_string_equal(run.values.motd, "  a  ");
}

static void test_settings_lets_the_command_line_win(void **state)
{
    (void)state;
    struct run run;
    read_file(&run, "[server]\nlisten = b:2\nlisten = c:3\nport = 5\n",
              "--listen=a:1");
    assert_int_equal(run.count, 0);
    assert_int_equal(run.values.listen.count, 1);
    assert_int_equal(run.values.port, 5);
    /* It is checked all the same. */
    read_file(&run, "[server]\nport = x\n", "--port=7");
    assert_int_equal(run.count, 1);
    assert_int_equal(run.values.port, 7);
}

static void test_settings_reports_every_error(void **state)
{
    (void)state;
    assert_errors("lost = 1\n"
                  "lost = 2\n"
                  "[server]\n"
                  "lisen = :1\n"
                  "xyzzy = 1\n"
                  "port = 0\n"
                  "nonsense\n"
                  "config = other\n"
                  "quiet = perhaps\n"
                  "data =\n"
                  "data = twice\n"
                  "motd = \"open\n"
                  "max-connections = 7 # too late\n",
                  11,
                  "x.conf:1: a section must come first: [server]\n"
                  "x.conf:4: unknown setting lisen, did you mean listen?\n"
                  "x.conf:5: unknown setting xyzzy\n"
                  "x.conf:6: port needs a port from 1 to 65535, not '0'\n"
                  "x.conf:7: this is no setting (NAME = VALUE): nonsense\n"
                  "x.conf:8: config works on the command line only\n"
                  "x.conf:9: quiet needs yes or no, not 'perhaps'\n"
                  "x.conf:10: data needs a value\n"
                  "x.conf:11: data stands already in line 10\n"
                  "x.conf:12: motd needs a closing quote\n"
                  "x.conf:13: max-connections needs a number from 1 to 100, "
                  "not '7 # too late'\n");
}

static void test_settings_knows_sections(void **state)
{
    (void)state;
    assert_errors("[client]\nanything = goes\n[server]\nport = 1\n", 0, "");
    assert_errors("[sever]\nport = x\n", 1,
                  "x.conf:1: unknown section [sever], expected server\n");
    assert_errors("[server\nport = x\n", 1,
                  "x.conf:1: a section needs a closing bracket: [server]\n");
    assert_errors("[", 1, "x.conf:1: a section needs a closing bracket: []\n");
    assert_errors("", 0, "");
}

static void test_settings_refuses_binary_files(void **state)
{
    (void)state;
    struct run run;
    char file[] = "[server]\nport = 1\0x\n";
    struct textbuf errors;
    read_file(&run, "", NULL);
    textbuf_init(&errors, run.errors, sizeof run.errors);
    assert_int_equal(settings_read(&run.options, "x.conf", file,
                                   sizeof file - 1, &run.values, &errors),
                     1);
    assert_string_equal(run.errors, "x.conf:2: this is not a text file\n");
}

static void test_settings_counts_errors_that_do_not_fit(void **state)
{
    (void)state;
    struct run run;
    char file[] = "[server]\na\nb\nc\nd\n";
    char few[100];
    struct textbuf errors;
    read_file(&run, "", NULL);
    textbuf_init(&errors, few, sizeof few);
    assert_int_equal(settings_read(&run.options, "x.conf", file,
                                   sizeof file - 1, &run.values, &errors),
                     4);
    assert_string_equal(few,
                        "x.conf:2: this is no setting (NAME = VALUE): a\n"
                        "x.conf:3: this is no setting (NAME = VALUE): b\n");
}

/* No file, whatever is in it, may lead outside of its bytes. */
static void test_settings_survives_any_bytes(void **state)
{
    (void)state;
    static const char alphabet[] = "[]=\"#; \n\r\tserverport1\x1b\xff";
    struct run run;
    uint32_t seed = 1;
    read_file(&run, "", NULL);
    for (int round = 0; round < 2000; round++) {
        struct textbuf errors;
        size_t len = seed % 200;
        for (size_t at = 0; at < len; at++) {
            seed = seed * 1664525U + 1013904223U;
            run.text[at] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        seed = seed * 1664525U + 1013904223U;
        textbuf_init(&errors, run.errors, sizeof run.errors);
        run.values = test_defaults();
        (void)settings_read(&run.options, "x", run.text, len, &run.values,
                            &errors);
        assert_true(strpbrk(run.errors, "\x1b\r\t") == NULL);
    }
}

int test_settings(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings_reads_a_file),
        cmocka_unit_test(test_settings_keeps_spaces_in_quotes),
        cmocka_unit_test(test_settings_lets_the_command_line_win),
        cmocka_unit_test(test_settings_reports_every_error),
        cmocka_unit_test(test_settings_knows_sections),
        cmocka_unit_test(test_settings_refuses_binary_files),
        cmocka_unit_test(test_settings_counts_errors_that_do_not_fit),
        cmocka_unit_test(test_settings_survives_any_bytes),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
