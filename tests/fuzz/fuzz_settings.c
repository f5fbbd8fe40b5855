/*
 * fuzz_settings.c - what people write and edit, by libFuzzer: addresses and
 * links, settings files, values of options, command lines, times, and the files
 * that a client keeps. The first byte says which.
 */
#include "apps/sotto/address.h"
#include "apps/sotto/device_keys.h"
#include "apps/sotto/known_servers.h"
#include "apps/sotto/settings.h"
#include "apps/sotto/time_text.h"
#include "choices.h"
#include "tests/unit/apps/memory_files.h"
#include "tests/unit/apps/options_table.h"
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 2000
#define SERVER   "chat.example:7688"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char text[TEXT_MAX + 1]; /* the input, terminated */
static size_t text_len;

/* ---- addresses ---- */

static void try_server_address(void)
{
    struct server_address first;
    struct server_address second;
    char again[ADDRESS_TEXT];
    const char *why = NULL;
    if (server_address_parse(text, &first, &why) != SOTTO_OK) {
        must(why != NULL && server_address_check(text) != NULL);
        return;
    }
    must(first.port != 0 && first.host[0] != '\0');
    server_address_text(&first, again);
    must(server_address_parse(again, &second, &why) == SOTTO_OK);
    must(strcmp(first.host, second.host) == 0 && first.port == second.port);
    must(!second.has_fingerprint && second.code[0] == '\0');
}

static void try_listen_address(void)
{
    struct port_address found[LISTEN_ADDRESS_MAX];
    size_t count = 0;
    const char *why = NULL;
    if (listen_address_parse(text, found, &count, &why) == SOTTO_OK) {
        must(count >= 1 && count <= LISTEN_ADDRESS_MAX);
        must(listen_address_check(text) == NULL);
    } else {
        must(why != NULL && listen_address_check(text) != NULL);
    }
    (void)fingerprint_check(text);
}

static void try_time(void)
{
    uint64_t wall_s = 0;
    char again[TIME_TEXT];
    if (time_text_parse(text, text_len, &wall_s) == SOTTO_OK) {
        time_text(wall_s, again);
        must(strcmp(again, text) == 0);
    }
}

/* ---- options ---- */

/* The command that the tests of options have. */
static void begin_options(struct options *options, struct test_values *values)
{
    char program[] = "sotto";
    char command[] = "server";
    char *argv[] = {program, command};
    int rest = 0;
    *values = test_defaults();
    must(options_command(options, &test_program, 2, argv, &rest) ==
         OPTIONS_RUN);
    must(options_parse(options, 2, argv, rest, values) == OPTIONS_RUN);
}

static void try_settings(void)
{
    static char errors[4096];
    struct options options;
    struct test_values values;
    struct textbuf out;
    begin_options(&options, &values);
    textbuf_init(&out, errors, sizeof errors);
    const size_t count =
        settings_read(&options, "x.conf", text, text_len, &values, &out);
    must((count == 0) == (out.len == 0));
    must(strlen(errors) == out.len);
}

/* Each option looks at the value: what it stores, it also finds right. */
static void try_values(void)
{
    char reason[OPTIONS_ERROR_MAX];
    struct options options;
    struct test_values values;
    struct textbuf why;
    begin_options(&options, &values);
    for (size_t i = 0; i < options.command->option_count; i++) {
        const struct option *option = &options.command->options[i];
        textbuf_init(&why, reason, sizeof reason);
        const bool is_right = options_store(option, text, NULL, &why);
        textbuf_init(&why, reason, sizeof reason);
        must(options_store(option, text, &values, &why) == is_right);
        must(is_right || why.len > 0);
    }
}

/* The input's lines are the arguments. */
static void try_command_line(void)
{
    char program[] = "sotto";
    char *argv[16] = {program};
    int argc = 1;
    int rest = 0;
    struct options options;
    struct test_values values = test_defaults();
    for (char *at = text; at != NULL && argc < 15; argc++) {
        argv[argc] = at;
        at = strchr(at, '\n');
        if (at != NULL) {
            *at++ = '\0';
        }
    }
    memset(&options, 0, sizeof options);
    enum options_result result =
        options_command(&options, &test_program, argc, argv, &rest);
    if (result == OPTIONS_RUN && options.command != NULL) {
        must(rest >= 1 && rest <= argc);
        result = options_parse(&options, argc, argv, rest, &values);
        must(options.positional_count <= OPTIONS_POSITIONAL_MAX);
    }
    must(result != OPTIONS_ERROR || options.error[0] != '\0');
}

/* ---- what a client keeps ---- */

static struct memory_files memory;
static struct sotto_files files;
static struct known_file known;
static char kept[MEMORY_FILE_SIZE];

static void open_known(const char *name)
{
    files = memory_files_init(&memory);
    memory_files_put(&memory, name, text);
    must(known_file_open(&known, name, &files, kept, sizeof kept) == SOTTO_OK);
    must(known.len == strlen(text));
}

/* After an addition was taken back, the lines of others are as they were. */
static void check_untouched(void)
{
    const size_t len = strlen(text);
    must(known.len >= len && known.len <= len + 1);
    must(memcmp(kept, text, len) == 0);
    must(known.len == len || kept[len] == '\n');
}

static void try_known_servers(void)
{
    struct known_server found;
    struct known_server pin = {.since_s = 1700000000};
    open_known(KNOWN_SERVERS_FILE);
    const enum sotto_err before = known_servers_find(&known, SERVER, &found);
    must(before == SOTTO_OK || before == SOTTO_ERR_NOT_FOUND ||
         (before == SOTTO_ERR_FORMAT && known.reason != NULL));
    memset(pin.fingerprint, 7, sizeof pin.fingerprint);
    must(known_servers_set(&known, SERVER, &pin) == SOTTO_OK);
    must(known_servers_find(&known, SERVER, &found) == SOTTO_OK);
    must(memcmp(found.fingerprint, pin.fingerprint, sizeof pin.fingerprint) ==
             0 &&
         found.since_s == pin.since_s && found.until_s == 0);
    must(known_servers_forget(&known, SERVER) == SOTTO_OK);
    must(known_servers_find(&known, SERVER, &found) == SOTTO_ERR_NOT_FOUND);
    if (before == SOTTO_ERR_NOT_FOUND && text[0] != '\0') {
        check_untouched();
    }
}

static void try_known_accounts(void)
{
    uint32_t found = 0;
    open_known(KNOWN_ACCOUNTS_FILE);
    enum sotto_err err = known_accounts_find(&known, SERVER, "ann", &found);
    must(err == SOTTO_OK || err == SOTTO_ERR_NOT_FOUND ||
         (err == SOTTO_ERR_FORMAT && known.reason != NULL));
    must(known_accounts_set(&known, SERVER, "ann", 600000) == SOTTO_OK);
    must(known_accounts_find(&known, SERVER, "ann", &found) == SOTTO_OK);
    must(found == 600000);
}

static void try_device_keys(void)
{
    struct device_key key = {.user = "ann", .device = "laptop"};
    struct device_key found;
    open_known(DEVICE_KEYS_FILE);
    enum sotto_err err = device_keys_find(&known, SERVER, "ann", "", &found);
    const bool is_damaged = err == SOTTO_ERR_FORMAT;
    must(err == SOTTO_OK || err == SOTTO_ERR_NOT_FOUND || is_damaged);
    memset(key.private_key, 9, sizeof key.private_key);
    err = device_keys_set(&known, SERVER, &key);
    must(err == (is_damaged ? SOTTO_ERR_FORMAT : SOTTO_OK));
    if (is_damaged) {
        must(known.reason != NULL && known.len == strlen(text));
        return;
    }
    must(device_keys_find(&known, SERVER, "ann", "", &found) == SOTTO_OK);
    must(strcmp(found.user, "ann") == 0);
    must(strcmp(found.device, "laptop") == 0);
    must(memcmp(found.private_key, key.private_key, sizeof key.private_key) ==
         0);
    must(device_keys_forget(&known, SERVER, "ann", "") == SOTTO_OK);
    must(device_keys_find(&known, SERVER, "ann", "", &found) ==
         SOTTO_ERR_NOT_FOUND);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const tries[])(
        void) = {try_server_address, try_listen_address, try_time,
                 try_settings,       try_values,         try_command_line,
                 try_known_servers,  try_known_accounts, try_device_keys};
    if (size == 0 || size > TEXT_MAX) {
        return 0;
    }
    text_len = size - 1;
    memcpy(text, data + 1, text_len);
    text[text_len] = '\0';
    tries[data[0] % (sizeof tries / sizeof *tries)]();
    return 0;
}
