#include "apps/sotto/device_keys.h"
#include "tests/unit/apps/memory_files.h"
#include "tests/unit/test.h"
#include <string.h>

#define SERVER "a.example:7688"
#define HEX    "1111111111111111111111111111111111111111111111111111111111111111"

struct world {
    struct memory_files memory;
    struct sotto_files files;
    struct known_file known;
    char text[4096];
};

static struct world w;

static void start(const char *text)
{
    w.files = memory_files_init(&w.memory);
    if (text != NULL) {
        memory_files_put(&w.memory, DEVICE_KEYS_FILE, text);
    }
    assert_int_equal(known_file_open(&w.known, DEVICE_KEYS_FILE, &w.files,
                                     w.text, sizeof w.text),
                     SOTTO_OK);
}

static struct device_key key_of(const char *user, uint8_t byte)
{
    struct device_key key = {.device = "laptop"};
    memcpy(key.user, user, strlen(user));
    memset(key.private_key, byte, sizeof key.private_key);
    return key;
}

static enum sotto_err find(const char *server, const char *user,
                           const char *code, uint8_t *byte)
{
    struct device_key found = {.device = ""};
    enum sotto_err err = device_keys_find(&w.known, server, user, code, &found);
    *byte = found.private_key[31];
    return err;
}

static void test_device_keys_are_for_one_server_and_user(void **state)
{
    (void)state;
    uint8_t byte = 0;
    struct device_key key = key_of("alice", 1);
    start(NULL);
    assert_int_equal(find(SERVER, NULL, "", &byte), SOTTO_ERR_NOT_FOUND);
    assert_int_equal(device_keys_set(&w.known, SERVER, &key), SOTTO_OK);
    assert_int_equal(find(SERVER, NULL, "", &byte), SOTTO_OK);
    assert_int_equal(byte, 1);
    assert_int_equal(find("b.example:7688", NULL, "", &byte),
                     SOTTO_ERR_NOT_FOUND);
    key = key_of("bob", 2);
    assert_int_equal(device_keys_set(&w.known, SERVER, &key), SOTTO_OK);
    assert_int_equal(find(SERVER, NULL, "", &byte), SOTTO_ERR_EXISTS);
    assert_int_equal(find(SERVER, "bob", "", &byte), SOTTO_OK);
    assert_int_equal(byte, 2);
    key = key_of("alice", 3); /* in place of the first */
    assert_int_equal(device_keys_set(&w.known, SERVER, &key), SOTTO_OK);
    assert_int_equal(find(SERVER, "alice", "", &byte), SOTTO_OK);
    assert_int_equal(byte, 3);
    assert_int_equal(device_keys_forget(&w.known, SERVER, "alice", ""),
                     SOTTO_OK);
    assert_int_equal(find(SERVER, "alice", "", &byte), SOTTO_ERR_NOT_FOUND);
    assert_int_equal(find(SERVER, NULL, "", &byte), SOTTO_OK);
    assert_int_equal(byte, 2);
}

static void test_device_keys_of_codes_are_found_by_their_code_only(void **state)
{
    (void)state;
    uint8_t byte = 0;
    struct device_key key = key_of("", 4);
    memcpy(key.code, "0123456789abcdef", sizeof key.code);
    start("# mine\n");
    assert_int_equal(device_keys_set(&w.known, SERVER, &key), SOTTO_OK);
    assert_memory_equal(w.text, "# mine\n", 7);
    assert_int_equal(find(SERVER, NULL, "", &byte), SOTTO_ERR_NOT_FOUND);
    assert_int_equal(find(SERVER, "", "0123456789abcdee", &byte),
                     SOTTO_ERR_NOT_FOUND);
    assert_int_equal(find(SERVER, "", "0123456789abcdef", &byte), SOTTO_OK);
    assert_int_equal(byte, 4);
}

/* Whoever brings it again finds that it is a device already. */
static void test_device_keys_of_used_codes_are_found_by_them(void **state)
{
    (void)state;
    static const char code[] = "0123456789abcdef";
    uint8_t byte = 0;
    struct device_key key = key_of("", 4);
    memcpy(key.code, code, sizeof key.code);
    start("");
    assert_int_equal(device_keys_set(&w.known, SERVER, &key), SOTTO_OK);
    memcpy(key.user, "bob", 4);
    assert_int_equal(device_keys_set(&w.known, SERVER, &key), SOTTO_OK);
    assert_int_equal(device_keys_forget(&w.known, SERVER, "", code), SOTTO_OK);
    assert_int_equal(find(SERVER, "", code, &byte), SOTTO_OK);
    assert_int_equal(find(SERVER, "bob", "", &byte), SOTTO_OK);
    assert_int_equal(device_keys_forget(&w.known, SERVER, "", code),
                     SOTTO_ERR_NOT_FOUND);
    assert_int_equal(device_keys_forget(&w.known, SERVER, "bob", ""), SOTTO_OK);
    assert_int_equal(find(SERVER, "", code, &byte), SOTTO_ERR_NOT_FOUND);
}

/* A damaged line could be the one that is looked for. */
static void test_device_keys_refuse_damaged_lines(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "nonsense\n",
        "{\"server\":\"x\",\"user\":\"bob\",\"server_key\":\"" HEX "\"}\n",
        "{\"server\":\"x\",\"user\":\"Bob\",\"server_key\":\"" HEX
        "\",\"private_key\":\"" HEX "\"}\n",
        "{\"server\":\"x\",\"user\":\"bob\",\"server_key\":\"" HEX
        "\",\"private_key\":\"11\"}\n",
        "{\"server\":\"x\",\"server_key\":\"" HEX "\",\"private_key\":\"" HEX
        "\"}\n", /* neither whose it is, nor a code */
        "{\"server\":\"x\",\"user\":\"bob\",\"code\":\"more than fits: 1"
        "234\",\"server_key\":\"" HEX "\",\"private_key\":\"" HEX "\"}\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        uint8_t byte = 0;
        const struct device_key key = key_of("alice", 1);
        start(lines[i]);
        assert_int_equal(find(SERVER, "alice", "", &byte), SOTTO_ERR_FORMAT);
        assert_int_equal(w.known.line, 1);
        assert_int_equal(device_keys_set(&w.known, SERVER, &key),
                         SOTTO_ERR_FORMAT);
        assert_int_equal(w.known.len, strlen(lines[i]));
    }
}

static void test_device_keys_change_nothing_when_full(void **state)
{
    (void)state;
    const struct device_key key = key_of("alice", 1);
    start("# a comment");
    w.known.cap = 40;
    assert_int_equal(device_keys_set(&w.known, SERVER, &key), SOTTO_ERR_SPACE);
    assert_int_equal(w.known.len, strlen("# a comment"));
}

int test_device_keys(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_device_keys_are_for_one_server_and_user),
        cmocka_unit_test(
            test_device_keys_of_codes_are_found_by_their_code_only),
        cmocka_unit_test(test_device_keys_of_used_codes_are_found_by_them),
        cmocka_unit_test(test_device_keys_refuse_damaged_lines),
        cmocka_unit_test(test_device_keys_change_nothing_when_full),
    };
    return cmocka_run_group_tests_name("device_keys", tests, NULL, NULL);
}
