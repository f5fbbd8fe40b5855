#include "tests/unit/apps/options_table.h"
#include "tests/unit/test.h"
#include <string.h>

#define ARGS_MAX 24

struct run {
    struct options options;
    struct test_values values;
    enum options_result result;
};

/* Cuts `line` at its spaces and has it parsed as a command line. */
static struct run run(const char *line)
{
    static char words[512];
    char *argv[ARGS_MAX];
    int argc = 0;
    struct run run;
    memset(&run, 0, sizeof run);
    run.values = test_defaults();
    assert_true(strlen(line) < sizeof words);
    strcpy(words, line);
    for (char *word = strtok(words, " "); word != NULL;
         word = strtok(NULL, " ")) {
        assert_true(argc < ARGS_MAX);
        argv[argc++] = word;
    }
    int rest = 0;
    run.result =
        options_command(&run.options, &test_program, argc, argv, &rest);
    if (run.result == OPTIONS_RUN && run.options.command != NULL) {
        run.result = options_parse(&run.options, argc, argv, rest, &run.values);
    }
    return run;
}

static void assert_error(const char *line, const char *expected)
{
    struct run r = run(line);
    assert_int_equal(r.result, OPTIONS_ERROR);
    assert_string_equal(r.options.error, expected);
}

static void test_options_finds_commands(void **state)
{
    (void)state;
    struct run r = run("sotto");
    assert_int_equal(r.result, OPTIONS_RUN);
    assert_null(r.options.command);
    r = run("sotto server");
    assert_int_equal(r.result, OPTIONS_RUN);
    assert_string_equal(r.options.command->name, "server");
    r = run("sotto account list");
    assert_int_equal(r.result, OPTIONS_RUN);
    assert_string_equal(r.options.command->name, "account list");
    r = run("sotto account remove anna");
    assert_int_equal(r.result, OPTIONS_RUN);
    assert_string_equal(r.options.positional[0], "anna");
}

static void test_options_refuses_unknown_commands(void **state)
{
    (void)state;
    assert_error("sotto servr",
                 "sotto: unknown command servr, did you mean server?");
    assert_error("sotto xyzzy",
                 "sotto: unknown command xyzzy (see sotto --help)");
    assert_error("sotto --port 1", "sotto: unknown option --port (options of a "
                                   "command stand behind its name)");
    assert_error("sotto account", "sotto account: needs one of list, remove");
    assert_error("sotto account lst",
                 "sotto account: unknown command lst, did you mean list?");
    assert_error("sotto account quux",
                 "sotto account: needs one of list, remove, not quux");
}

static void test_options_answers_help_and_version(void **state)
{
    (void)state;
    static const char *const helps[] = {
        "sotto --help",         "sotto -h",
        "sotto help",           "sotto help server",
        "sotto server --help",  "sotto server -h",
        "sotto account --help", "sotto help account",
        "sotto client --help"};
    for (size_t at = 0; at < sizeof helps / sizeof helps[0]; at++) {
        assert_int_equal(run(helps[at]).result, OPTIONS_HELP);
    }
    assert_int_equal(run("sotto --version").result, OPTIONS_VERSION);
    assert_int_equal(run("sotto server --version").result, OPTIONS_VERSION);
    assert_int_equal(run("sotto account --version").result, OPTIONS_VERSION);
    assert_int_equal(run("sotto help nothing").result, OPTIONS_ERROR);
}

static void test_options_reads_every_kind(void **state)
{
    (void)state;
    struct run r =
        run("sotto server --listen a:1 --listen=b:2 --data /x --quiet "
            "--max-connections 100 --port=65535 "
            "--login-deadline 30s --memory 64K --log-level debug");
    assert_int_equal(r.result, OPTIONS_RUN);
    assert_int_equal(r.values.listen.count, 2);
    assert_string_equal(r.values.listen.items[0], "a:1");
    assert_string_equal(r.values.listen.items[1], "b:2");
    assert_string_equal(r.values.data, "/x");
    assert_true(r.values.quiet);
    assert_int_equal(r.values.connections, 100);
    assert_int_equal(r.values.port, 65535);
    assert_int_equal(r.values.deadline_ms, 30000);
    assert_int_equal(r.values.memory, 65536);
    assert_int_equal(r.values.level, 3);
    assert_true(options_given(&r.options, "listen"));
    assert_true(options_given(&r.options, "log-level"));
    assert_false(options_given(&r.options, "config"));
}

static void test_options_keeps_defaults_of_what_is_not_given(void **state)
{
    (void)state;
    struct run r = run("sotto server --quiet");
    assert_string_equal(r.values.data, "default");
    assert_int_equal(r.values.connections, 10);
    assert_int_equal(r.values.level, 2);
}

static void test_options_takes_the_last_of_two(void **state)
{
    (void)state;
    struct run r = run("sotto server --data one --data two");
    assert_int_equal(r.result, OPTIONS_RUN);
    assert_string_equal(r.values.data, "two");
}

static void test_options_reads_positionals(void **state)
{
    (void)state;
    struct run r = run("sotto client - -- --help");
    assert_int_equal(r.result, OPTIONS_RUN);
    assert_int_equal(r.options.positional_count, 2);
    assert_string_equal(r.options.positional[0], "-");
    assert_string_equal(r.options.positional[1], "--help");
    assert_error("sotto client", "sotto client: an argument is missing: "
                                 "sotto client HOST [ROOM]");
    assert_error("sotto client a b c",
                 "sotto client: one argument too many: c");
    assert_error("sotto server x", "sotto server: one argument too many: x");
}

static void test_options_refuses_unknown_options(void **state)
{
    (void)state;
    assert_error("sotto server --lisen :1", "sotto server: unknown option "
                                            "--lisen, did you mean --listen?");
    assert_error("sotto server --lsiten=:1",
                 "sotto server: unknown option "
                 "--lsiten, did you mean --listen?");
    assert_error("sotto server --log",
                 "sotto server: unknown option --log, did you mean "
                 "--log-level?");
    assert_error("sotto server -p",
                 "sotto server: unknown option -p (see sotto "
                 "server --help)");
    assert_error("sotto server --xyzzy",
                 "sotto server: unknown option --xyzzy (see sotto server "
                 "--help)");
    assert_error("sotto server --motd x", /* of the file only */
                 "sotto server: unknown option --motd (see sotto server "
                 "--help)");
    assert_error("sotto client --port 1 x",
                 "sotto client: unknown option --port (see sotto client "
                 "--help)");
}

static void test_options_refuses_missing_values(void **state)
{
    (void)state;
    assert_error("sotto server --data",
                 "sotto server: --data needs a value: --data DIR");
    assert_error("sotto server --data --quiet",
                 "sotto server: --data needs a value: --data DIR");
    assert_error("sotto server --data=", "sotto server: --data needs a value");
    assert_error("sotto server --quiet=yes",
                 "sotto server: --quiet takes no value");
    struct run r = run("sotto server --data=--odd");
    assert_string_equal(r.values.data, "--odd");
}

static void test_options_refuses_bad_values(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "--max-connections 0",
        "--max-connections 101",
        "--max-connections -1",
        "--max-connections 5x",
        "--max-connections 1.5",
        "--max-connections 0x10",
        "--max-connections 99999999999999999999",
        "--max-connections 18446744073709551616",
        "--port 0",
        "--port 65536",
        "--port 1a",
        "--login-deadline 5",
        "--login-deadline 5S",
        "--login-deadline 5ss",
        "--login-deadline s",
        "--login-deadline 999ms",
        "--login-deadline 2h",
        "--login-deadline 18446744073709551615d",
        "--memory 511",
        "--memory 1T",
        "--memory 99999999999999999G",
        "--log-level verbose",
        "--log-level INFO",
    };
    for (size_t at = 0; at < sizeof bad / sizeof bad[0]; at++) {
        char line[128];
        struct textbuf text;
        textbuf_init(&text, line, sizeof line);
        textbuf_add_all(&text, "sotto server ", bad[at], NULL);
        assert_int_equal(run(line).result, OPTIONS_ERROR);
    }
}

static void test_options_explains_bad_values(void **state)
{
    (void)state;
    assert_error("sotto server --max-connections x",
                 "sotto server: --max-connections needs a number from 1 to "
                 "100, not 'x'");
    assert_error("sotto server --login-deadline 5",
                 "sotto server: --login-deadline needs a time (such as 250ms, "
                 "30s, 5m, 2h, 7d) from 1s to 1h, not '5'");
    assert_error("sotto server --memory 1",
                 "sotto server: --memory needs a size (such as 512, 64K, 16M, "
                 "1G) of at least 512, not '1'");
    assert_error("sotto server --log-level loud",
                 "sotto server: --log-level needs one of error, warn, info, "
                 "debug, not 'loud'");
    assert_error("sotto server --port a\x1b[2Jb",
                 "sotto server: --port needs a port from 1 to 65535, not "
                 "'a?[2Jb'");

    struct test_values values = test_defaults();
    char buffer[64];
    struct textbuf why;
    textbuf_init(&why, buffer, sizeof buffer);
    assert_false(options_store(&test_program.commands[0].options[1], "a b",
                               &values, &why));
    assert_string_equal(buffer, ": 'a b' holds a space");
    assert_string_equal(values.data, "default");
}

static void test_options_bounds_lists(void **state)
{
    (void)state;
    struct test_values values = test_defaults();
    const struct option *listen = &test_program.commands[0].options[0];
    char buffer[64];
    struct textbuf why;
    textbuf_init(&why, buffer, sizeof buffer);
    for (size_t at = 0; at < OPTIONS_LIST_MAX; at++) {
        assert_true(options_store(listen, "x", &values, &why));
    }
    assert_false(options_store(listen, "x", &values, &why));
    assert_string_equal(buffer, " may be given at most 16 times");
    assert_int_equal(values.listen.count, OPTIONS_LIST_MAX);
}

static void test_options_survives_long_arguments(void **state)
{
    (void)state;
    char name[2000];
    char program[] = "sotto";
    char command[] = "server";
    char *argv[] = {program, command, name};
    struct options options;
    struct test_values values = test_defaults();
    int rest = 0;
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    name[0] = name[1] = '-';
    assert_int_equal(options_command(&options, &test_program, 3, argv, &rest),
                     OPTIONS_RUN);
    assert_int_equal(options_parse(&options, 3, argv, rest, &values),
                     OPTIONS_ERROR);
    assert_true(strlen(options.error) < sizeof options.error);
}

/* A value is cut between two characters; where there is none, before the first.
 */
static void test_options_shows_the_beginning_of_a_long_value(void **state)
{
    (void)state;
    char buffer[OPTIONS_ERROR_MAX];
    char value[101];
    struct textbuf why;
    const struct option *quiet = &test_program.commands[0].options[4];
    assert_string_equal(quiet->name, "quiet");
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    memcpy(value + 56, "\xc3\xbc", 2);
    textbuf_init(&why, buffer, sizeof buffer);
    assert_false(options_store(quiet, value, NULL, &why));
    assert_non_null(strstr(buffer, "xxxx...'"));
    assert_null(strstr(buffer, "\xc3"));
    memset(value, '\x80', sizeof value - 1);
    textbuf_init(&why, buffer, sizeof buffer);
    assert_false(options_store(quiet, value, NULL, &why));
    assert_non_null(strstr(buffer, "'...'"));
}

/* ---- help ------------------------------------------------------------- */

static const char server_help[] =
    "Usage: sotto server [OPTION]...\n"
    "\n"
    "Runs a server that listens for clients until it is stopped, and keeps "
    "what "
    "was\n"
    "said.\n"
    "\n"
    "Nothing else.\n"
    "\n"
    "Options:\n"
    "  --listen ADDR:PORT     Listen on this address and port, which stands "
    "here\n"
    "                         with a long explanation that needs a second line "
    "(may\n"
    "                         be repeated)\n"
    "  --data DIR             Keep everything in this folder\n"
    "  --config FILE          Read settings\n"
    "  --quiet                Say less\n"
    "  --max-connections N    How many at once\n"
    "  --port PORT            A port\n"
    "  --login-deadline TIME  How long a login may take\n"
    "  --memory SIZE          How much\n"
    "  --log-level LEVEL      What to log (one of error, warn, info, debug)\n"
    "  --help                 Show this help\n"
    "  --version              Show the version\n"
    "\n"
    "Examples:\n"
    "  # on every address\n"
    "  sotto server --listen '*:7688'\n";

static const char program_help[] = "Usage: sotto [COMMAND [OPTION]...]\n"
                                   "\n"
                                   "A chat.\n"
                                   "\n"
                                   "Commands:\n"
                                   "  server          Run a chat server\n"
                                   "  client          Talk\n"
                                   "  account list    List the accounts\n"
                                   "  account remove  Remove an account\n"
                                   "\n"
                                   "More: sotto COMMAND --help\n"
                                   "\n"
                                   "Without a command: a menu.\n";

static const char group_help[] = "Usage: sotto account COMMAND [OPTION]...\n"
                                 "\n"
                                 "Commands:\n"
                                 "  account list    List the accounts\n"
                                 "  account remove  Remove an account\n"
                                 "\n"
                                 "More: sotto COMMAND --help\n";

static void assert_help(const char *line, const char *expected)
{
    char buffer[OPTIONS_HELP_MAX];
    struct textbuf out;
    struct run r = run(line);
    assert_int_equal(r.result, OPTIONS_HELP);
    textbuf_init(&out, buffer, sizeof buffer);
    options_help(&r.options, &out);
    assert_string_equal(buffer, expected);
    for (const char *at = buffer; *at != '\0';) {
        size_t len = strcspn(at, "\n");
        assert_true(len < 80);
        at += len + 1;
    }
}

static void test_options_writes_help(void **state)
{
    (void)state;
    assert_help("sotto server --help", server_help);
    assert_help("sotto --help", program_help);
    assert_help("sotto account --help", group_help);
    assert_help("sotto help account", group_help);
    assert_help("sotto account list --help",
                "Usage: sotto account list [OPTION]...\n\nList the accounts\n\n"
                "Options:\n  --help     Show this help\n"
                "  --version  Show the version\n");
}

static void test_options_writes_version(void **state)
{
    (void)state;
    char buffer[64];
    struct textbuf out;
    struct run r = run("sotto --version");
    textbuf_init(&out, buffer, sizeof buffer);
    options_version(&r.options, &out);
    assert_string_equal(buffer, "sotto 1.2.3\n");
}

int test_options(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_finds_commands),
        cmocka_unit_test(test_options_refuses_unknown_commands),
        cmocka_unit_test(test_options_answers_help_and_version),
        cmocka_unit_test(test_options_reads_every_kind),
        cmocka_unit_test(test_options_keeps_defaults_of_what_is_not_given),
        cmocka_unit_test(test_options_takes_the_last_of_two),
        cmocka_unit_test(test_options_reads_positionals),
        cmocka_unit_test(test_options_refuses_unknown_options),
        cmocka_unit_test(test_options_refuses_missing_values),
        cmocka_unit_test(test_options_refuses_bad_values),
        cmocka_unit_test(test_options_explains_bad_values),
        cmocka_unit_test(test_options_bounds_lists),
        cmocka_unit_test(test_options_survives_long_arguments),
        cmocka_unit_test(test_options_shows_the_beginning_of_a_long_value),
        cmocka_unit_test(test_options_writes_help),
        cmocka_unit_test(test_options_writes_version),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
