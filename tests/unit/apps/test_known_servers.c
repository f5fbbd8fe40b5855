#include "apps/sotto/known_servers.h"
#include "apps/sotto/textbuf.h"
#include "tests/unit/apps/memory_files.h"
#include "tests/unit/test.h"
#include <string.h>

#define ZEROS "aaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aaaa"
#define ONES  "7777-7777-7777-7777-7777-7777-7777-7777-7777-7777-7777-7777-777q"
#define COMMENT                                                                \
    "# The keys of servers, one a line: HOST:PORT FINGERPRINT since=TIME\n"    \
    "# Remove a line to be asked again.\n"

/* One client's folder. */
struct world {
    struct memory_files memory;
    struct sotto_files files;
    struct known_file known;
    char text[4096];
};

static struct known_server pin_of(uint8_t byte, uint64_t since_s)
{
    struct known_server pin = {.since_s = since_s};
    memset(pin.fingerprint, byte, sizeof pin.fingerprint);
    return pin;
}

/* `text` is what the file says; NULL: there is no file. */
static void start(struct world *world, const char *name, const char *text)
{
    world->files = memory_files_init(&world->memory);
    if (text != NULL) {
        memory_files_put(&world->memory, name, text);
    }
    assert_int_equal(known_file_open(&world->known, name, &world->files,
                                     world->text, sizeof world->text),
                     SOTTO_OK);
    assert_int_equal(world->memory.open_count, 0);
}

static void assert_text(const struct world *world, const char *expected)
{
    assert_int_equal(world->known.len, strlen(expected));
    assert_memory_equal(world->text, expected, world->known.len);
}

static void test_known_servers_starts_empty(void **state)
{
    (void)state;
    static struct world w;
    struct known_server found;
    start(&w, KNOWN_SERVERS_FILE, NULL);
    assert_int_equal(known_servers_find(&w.known, "a:1", &found),
                     SOTTO_ERR_NOT_FOUND);
    assert_int_equal(known_servers_forget(&w.known, "a:1"),
                     SOTTO_ERR_NOT_FOUND);
}

static void test_known_servers_remembers_until_when_a_certificate_vouches(
    void **state)
{
    (void)state;
    static struct world w;
    struct known_server pin = pin_of(0xff, 1769851800);
    struct known_server found;
    start(&w, KNOWN_SERVERS_FILE, NULL);
    pin.until_s = 1801387800;
    assert_int_equal(known_servers_set(&w.known, "a:1", &pin), SOTTO_OK);
    assert_text(&w, COMMENT "a:1 " ONES " since=2026-01-31T09:30:00Z "
                            "certificate-until=2027-01-31T09:30:00Z\n");
    assert_int_equal(known_servers_find(&w.known, "a:1", &found), SOTTO_OK);
    assert_int_equal(found.until_s, 1801387800);
    pin.until_s = 0; /* a person has looked at it since */
    assert_int_equal(known_servers_set(&w.known, "a:1", &pin), SOTTO_OK);
    assert_text(&w, COMMENT "a:1 " ONES " since=2026-01-31T09:30:00Z\n");
    assert_int_equal(known_servers_find(&w.known, "a:1", &found), SOTTO_OK);
    assert_int_equal(found.until_s, 0);
}

/* A damaged end would make a pin of it that nobody has taken. */
static void test_known_servers_refuses_a_damaged_end_of_a_certificate(
    void **state)
{
    (void)state;
    static struct world w;
    static const char *const values[] = {"2027-01-31", "never", "0",
                                         "2027-13-31T09:30:00Z",
                                         "1970-01-01T00:00:00Z"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct known_server found;
        char line[128];
        struct textbuf text;
        textbuf_init(&text, line, sizeof line);
        textbuf_add_all(&text, "a:1 " ONES " certificate-until=", values[i],
                        "\n", NULL);
        start(&w, KNOWN_SERVERS_FILE, line);
        assert_int_equal(known_servers_find(&w.known, "a:1", &found),
                         SOTTO_ERR_FORMAT);
        assert_int_equal(w.known.line, 1);
    }
}

static void test_known_servers_remembers(void **state)
{
    (void)state;
    static struct world w;
    struct known_server pin = pin_of(0xff, 1769851800);
    struct known_server found;
    start(&w, KNOWN_SERVERS_FILE, NULL);
    assert_int_equal(known_servers_set(&w.known, "a:1", &pin), SOTTO_OK);
    pin = pin_of(0, SOTTO_TIME_UNKNOWN);
    assert_int_equal(known_servers_set(&w.known, "[::1]:2", &pin), SOTTO_OK);
    assert_text(&w, COMMENT "a:1 " ONES " since=2026-01-31T09:30:00Z\n"
                            "[::1]:2 " ZEROS "\n");
    assert_int_equal(known_servers_find(&w.known, "a:1", &found), SOTTO_OK);
    assert_int_equal(found.fingerprint[31], 0xff);
    assert_int_equal(found.since_s, 1769851800);
    assert_int_equal(known_servers_find(&w.known, "[::1]:2", &found), SOTTO_OK);
    assert_int_equal(found.fingerprint[0], 0);
    assert_int_equal(found.since_s, SOTTO_TIME_UNKNOWN);
    assert_int_equal(known_servers_find(&w.known, "a:11", &found),
                     SOTTO_ERR_NOT_FOUND);
}

static void test_known_servers_keeps_what_others_wrote(void **state)
{
    (void)state;
    static struct world w;
    struct known_server pin = pin_of(0xff, SOTTO_TIME_UNKNOWN);
    start(&w, KNOWN_SERVERS_FILE,
          "# mine\r\n"
          "\n"
          "A:1  " ZEROS "  note=work since=2026-01-31T09:30:00Z # old\n"
          "b:2 from the future\n"
          "c:3 " ZEROS "\n"
          "a:1 " ZEROS "\n"
          "last line without end");
    assert_int_equal(known_servers_set(&w.known, "a:1", &pin), SOTTO_OK);
    assert_int_equal(known_servers_set(&w.known, "d:4", &pin), SOTTO_OK);
    assert_text(&w, "# mine\r\n"
                    "\n"
                    "a:1 " ONES "\n"
                    "b:2 from the future\n"
                    "c:3 " ZEROS "\n"
                    "last line without end\n"
                    "d:4 " ONES "\n");
    assert_int_equal(known_servers_forget(&w.known, "c:3"), SOTTO_OK);
    assert_int_equal(known_servers_forget(&w.known, "b:2"), SOTTO_OK);
    assert_text(&w, "# mine\r\n"
                    "\n"
                    "a:1 " ONES "\n"
                    "last line without end\n"
                    "d:4 " ONES "\n");
}

static void test_known_servers_refuses_damaged_lines(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "#\na:1\n",
        "#\na:1 xyz\n",
        "#\na:1 " ZEROS "a\n",
        "#\na:1 since=2026-01-31T09:30:00Z " ZEROS "\n",
        "#\na:1 " ZEROS " since=yesterday\n",
        "a:1 " ZEROS "\na:1 " ONES "\n",
        "a:1 " ZEROS "\nA:1 nonsense\n",
    };
    for (size_t at = 0; at < sizeof bad / sizeof bad[0]; at++) {
        static struct world w;
        struct known_server found = {.since_s = 77};
        start(&w, KNOWN_SERVERS_FILE, bad[at]);
        assert_int_equal(known_servers_find(&w.known, "a:1", &found),
                         SOTTO_ERR_FORMAT);
        assert_int_equal(w.known.line, 2);
        assert_non_null(w.known.reason);
        assert_int_equal(found.since_s, 77);
        /* Others do not suffer, and a new pin puts it right. */
        assert_int_equal(known_servers_find(&w.known, "b:1", &found),
                         SOTTO_ERR_NOT_FOUND);
        struct known_server pin = pin_of(3, SOTTO_TIME_UNKNOWN);
        assert_int_equal(known_servers_set(&w.known, "a:1", &pin), SOTTO_OK);
        assert_int_equal(known_servers_find(&w.known, "a:1", &found), SOTTO_OK);
    }
}

static void test_known_servers_takes_equal_lines(void **state)
{
    (void)state;
    static struct world w;
    struct known_server found;
    start(&w, KNOWN_SERVERS_FILE, "a:1 " ZEROS "\r\na:1\t" ZEROS "\r\n");
    assert_int_equal(known_servers_find(&w.known, "a:1", &found), SOTTO_OK);
}

static void test_known_servers_says_when_full(void **state)
{
    (void)state;
    static struct world w;
    char before[sizeof w.text];
    struct known_server pin = pin_of(0xff, SOTTO_TIME_UNKNOWN);
    start(&w, KNOWN_SERVERS_FILE, NULL);
    enum sotto_err err = SOTTO_OK;
    size_t len = 0;
    for (uint64_t number = 0; err == SOTTO_OK; number++) {
        char name[32];
        struct textbuf text;
        textbuf_init(&text, name, sizeof name);
        textbuf_add(&text, "host:");
        textbuf_add_number(&text, number);
        memcpy(before, w.text, sizeof before);
        len = w.known.len;
        err = known_servers_set(&w.known, name, &pin);
    }
    assert_int_equal(err, SOTTO_ERR_SPACE);
    assert_int_equal(w.known.len, len);
    assert_memory_equal(w.text, before, sizeof before);
    /* One that is there already takes no more room. */
    assert_int_equal(known_servers_set(&w.known, "host:1", &pin), SOTTO_OK);
    assert_int_equal(w.known.len, len);
}

/* ---- files ------------------------------------------------------------ */

static void test_known_servers_saves(void **state)
{
    (void)state;
    static struct world w;
    struct known_server pin = pin_of(0xff, SOTTO_TIME_UNKNOWN);
    start(&w, KNOWN_SERVERS_FILE, NULL);
    assert_int_equal(known_servers_set(&w.known, "a:1", &pin), SOTTO_OK);
    assert_int_equal(known_file_save(&w.known), SOTTO_OK);
    assert_int_equal(w.known.io.state, SOTTO_IO_PENDING);
    assert_null(memory_files_get(&w.memory, KNOWN_SERVERS_FILE));
    memory_files_run(&w.memory);
    assert_int_equal(w.known.io.state, SOTTO_IO_DONE);
    assert_int_equal(w.known.io.err, SOTTO_OK);
    assert_string_equal(memory_files_get(&w.memory, KNOWN_SERVERS_FILE),
                        COMMENT "a:1 " ONES "\n");
    assert_int_equal(w.memory.open_count, 0);

    struct known_server found;
    assert_int_equal(known_file_open(&w.known, KNOWN_SERVERS_FILE, &w.files,
                                     w.text, sizeof w.text),
                     SOTTO_OK);
    assert_int_equal(known_servers_find(&w.known, "a:1", &found), SOTTO_OK);
}

static void test_known_servers_saves_an_empty_list(void **state)
{
    (void)state;
    static struct world w;
    start(&w, KNOWN_SERVERS_FILE, "a:1 x\n");
    assert_int_equal(known_servers_forget(&w.known, "a:1"), SOTTO_OK);
    assert_int_equal(known_file_save(&w.known), SOTTO_OK);
    memory_files_run(&w.memory);
    assert_string_equal(memory_files_get(&w.memory, KNOWN_SERVERS_FILE),
                        COMMENT);
}

/* Each call of the file table fails in turn: the old file stays. */
static void test_known_servers_survives_failing_files(void **state)
{
    (void)state;
    static const enum sotto_err errors[] = {SOTTO_ERR_IO, SOTTO_ERR_FULL,
                                            SOTTO_ERR_DENIED};
    for (int at = 1; at < 6 * 3; at++) {
        static struct world w;
        struct known_server pin = pin_of(0xff, SOTTO_TIME_UNKNOWN);
        enum sotto_err expected = errors[at % 3];
        w.files = memory_files_init(&w.memory);
        memory_files_put(&w.memory, KNOWN_SERVERS_FILE, "old\n");
        w.memory.fail_at = at / 3 + 1;
        w.memory.fail_as = expected;
        enum sotto_err err = known_file_open(&w.known, KNOWN_SERVERS_FILE,
                                             &w.files, w.text, sizeof w.text);
        if (err == SOTTO_OK) {
            assert_int_equal(known_servers_set(&w.known, "a:1", &pin),
                             SOTTO_OK);
            err = known_file_save(&w.known);
        }
        if (err == SOTTO_OK) {
            memory_files_run(&w.memory);
            err = w.known.io.err;
        }
        assert_int_equal(err, expected);
        assert_string_equal(memory_files_get(&w.memory, KNOWN_SERVERS_FILE),
                            "old\n");
        assert_int_equal(w.memory.open_count, 0);
    }
}

static void test_known_servers_refuses_a_file_that_is_too_large(void **state)
{
    (void)state;
    static struct world w;
    w.files = memory_files_init(&w.memory);
    memory_files_put(&w.memory, KNOWN_SERVERS_FILE, "0123456789");
    assert_int_equal(known_file_open(&w.known, KNOWN_SERVERS_FILE, &w.files,
                                     w.text, 9),
                     SOTTO_ERR_LIMIT);
    assert_int_equal(known_file_open(&w.known, KNOWN_SERVERS_FILE, &w.files,
                                     w.text, 10),
                     SOTTO_OK);
}

/* ---- accounts --------------------------------------------------------- */

static void test_known_accounts_remembers(void **state)
{
    (void)state;
    static struct world w;
    uint32_t iterations = 0;
    start(&w, KNOWN_ACCOUNTS_FILE, "#\n");
    assert_int_equal(known_accounts_find(&w.known, "a:1", "anna", &iterations),
                     SOTTO_ERR_NOT_FOUND);
    assert_int_equal(known_accounts_set(&w.known, "a:1", "anna", 600000),
                     SOTTO_OK);
    assert_int_equal(known_accounts_set(&w.known, "a:1", "bob", 100000),
                     SOTTO_OK);
    assert_int_equal(known_accounts_set(&w.known, "a:1", "anna", 700000),
                     SOTTO_OK);
    assert_text(&w, "#\na:1 anna iterations=700000\na:1 bob "
                    "iterations=100000\n");
    assert_int_equal(known_accounts_find(&w.known, "a:1", "anna", &iterations),
                     SOTTO_OK);
    assert_int_equal(iterations, 700000);
    assert_int_equal(known_servers_forget(&w.known, "a:1"), SOTTO_OK);
    assert_text(&w, "#\n");
}

static void test_known_accounts_takes_the_highest(void **state)
{
    (void)state;
    static struct world w;
    uint32_t iterations = 0;
    start(&w, KNOWN_ACCOUNTS_FILE,
          "a:1 anna iterations=5\na:1 anna x=y iterations=9\na:1 anna "
          "iterations=7\n");
    assert_int_equal(known_accounts_find(&w.known, "a:1", "anna", &iterations),
                     SOTTO_OK);
    assert_int_equal(iterations, 9);
}

static void test_known_accounts_refuses_damaged_lines(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\na:1 anna\n",
        "\na:1 anna iterations=\n",
        "\na:1 anna iterations=0\n",
        "\na:1 anna iterations=1e6\n",
        "\na:1 anna iterations=4294967296\n",
        "\na:1 anna iteration=5\n",
    };
    for (size_t at = 0; at < sizeof bad / sizeof bad[0]; at++) {
        static struct world w;
        uint32_t iterations = 77;
        start(&w, KNOWN_ACCOUNTS_FILE, bad[at]);
        assert_int_equal(known_accounts_find(&w.known, "a:1", "anna",
                                             &iterations),
                         SOTTO_ERR_FORMAT);
        assert_int_equal(w.known.line, 2);
        assert_int_equal(iterations, 77);
    }
}

int test_known_servers(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_servers_starts_empty),
        cmocka_unit_test(test_known_servers_remembers),
        cmocka_unit_test(
            test_known_servers_remembers_until_when_a_certificate_vouches),
        cmocka_unit_test(
            test_known_servers_refuses_a_damaged_end_of_a_certificate),
        cmocka_unit_test(test_known_servers_keeps_what_others_wrote),
        cmocka_unit_test(test_known_servers_refuses_damaged_lines),
        cmocka_unit_test(test_known_servers_takes_equal_lines),
        cmocka_unit_test(test_known_servers_says_when_full),
        cmocka_unit_test(test_known_servers_saves),
        cmocka_unit_test(test_known_servers_saves_an_empty_list),
        cmocka_unit_test(test_known_servers_survives_failing_files),
        cmocka_unit_test(test_known_servers_refuses_a_file_that_is_too_large),
        cmocka_unit_test(test_known_accounts_remembers),
        cmocka_unit_test(test_known_accounts_takes_the_highest),
        cmocka_unit_test(test_known_accounts_refuses_damaged_lines),
    };
    return cmocka_run_group_tests_name("known_servers", tests, NULL, NULL);
}
