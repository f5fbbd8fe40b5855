#include "apps/sotto/address.h"
#include "tests/unit/test.h"
#include <string.h>

/* Of the bytes 00 01 02 ... 1f, by Python's base64.b32encode(). */
static const char fingerprint_count[] =
    "aaaq-eaye-auda-ocaj-bifq-ydio-b4ib-ceqt-cqkr-mfyy-denb-wha5-dypq";

static void test_address_checks_fingerprints(void **state)
{
    (void)state;
    assert_null(fingerprint_check(fingerprint_count));
    assert_non_null(fingerprint_check("abc"));
}

/* ---- servers ---------------------------------------------------------- */

static void test_address_reads_servers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *host;
        uint16_t port;
        const char *shown;
    } cases[] = {
        {"localhost", "localhost", 7688, "localhost:7688"},
        {"Example.ORG:1", "example.org", 1, "example.org:1"},
        {"a.b-c.d_e.:65535", "a.b-c.d_e.", 65535, "a.b-c.d_e.:65535"},
        {"192.0.2.1", "192.0.2.1", 7688, "192.0.2.1:7688"},
        {"192.0.2.1:99", "192.0.2.1", 99, "192.0.2.1:99"},
        {"::1", "::1", 7688, "[::1]:7688"},
        {"2001:DB8::1", "2001:db8::1", 7688, "[2001:db8::1]:7688"},
        {"[::1]", "::1", 7688, "[::1]:7688"},
        {"[2001:db8::1]:80", "2001:db8::1", 80, "[2001:db8::1]:80"},
        {"[fe80::1%eth0]:80", "fe80::1%eth0", 80, "[fe80::1%eth0]:80"},
        {"sotto://example.org", "example.org", 7688, "example.org:7688"},
        {"SOTTO://example.org:5/", "example.org", 5, "example.org:5"},
        {"sotto://[::1]:5", "::1", 5, "[::1]:5"},
    };
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++) {
        struct server_address address;
        const char *why = NULL;
        char shown[ADDRESS_TEXT];
        assert_int_equal(server_address_parse(cases[at].text, &address, &why),
                         SOTTO_OK);
        assert_string_equal(address.host, cases[at].host);
        assert_int_equal(address.port, cases[at].port);
        assert_false(address.has_fingerprint);
        assert_string_equal(address.code, "");
        server_address_text(&address, shown);
        assert_string_equal(shown, cases[at].shown);
        assert_null(server_address_check(cases[at].text));
    }
}

static void test_address_reads_links(void **state)
{
    (void)state;
    struct server_address address;
    const char *why = NULL;
    char link[200];
    strcpy(link, "sotto://");
    strcat(link, fingerprint_count);
    strcat(link, "@[::1]:7000/Inv1te.code~_-");
    assert_int_equal(server_address_parse(link, &address, &why), SOTTO_OK);
    assert_true(address.has_fingerprint);
    assert_int_equal(address.fingerprint[31], 31);
    assert_string_equal(address.host, "::1");
    assert_int_equal(address.port, 7000);
    assert_string_equal(address.code, "Inv1te.code~_-");
    assert_int_equal(server_address_parse("sotto://h/abc", &address, &why),
                     SOTTO_OK);
    assert_false(address.has_fingerprint);
    assert_string_equal(address.code, "abc");
}

static void test_address_refuses_bad_servers(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        ":",
        ":7688",
        "host:",
        "host:0",
        "host:65536",
        "host:7a",
        "host:-1",
        "host:007",
        "a b",
        "-host",
        ".host",
        "a..b",
        "h\xc3\xb6st",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "12",
        "[::1",
        "::1]",
        "[]",
        "[]:1",
        "[host]:1",
        "[1.2.3.4]:1",
        "[::1]x",
        "[::1]7688",
        "::g",
        "1:2:3:4:5:6:7:8:9",
        "fe80::1%",
        "fe80::1%a/b",
        "http://a",
        "host/code",
        "anna@host",
        "sotto://",
        "sotto:///x",
        "sotto://anna@host",
        "sotto://@h",
        "sotto://h/a/b",
        "sotto://h/a b",
        "sotto://h?x",
        "host\n",
        "host\x1b[2J",
    };
    for (size_t at = 0; at < sizeof bad / sizeof bad[0]; at++) {
        struct server_address address = {.port = 77};
        const char *why = NULL;
        assert_int_equal(server_address_parse(bad[at], &address, &why),
                         SOTTO_ERR_FORMAT);
        assert_non_null(why);
        assert_int_equal(address.port, 77);
        assert_string_equal(server_address_check(bad[at]), why);
    }
}

static void test_address_bounds_lengths(void **state)
{
    (void)state;
    char text[400];
    struct server_address address;
    const char *why = NULL;
    memset(text, 'a', sizeof text);
    text[ADDRESS_HOST_MAX] = '\0';
    assert_int_equal(server_address_parse(text, &address, &why), SOTTO_OK);
    char shown[ADDRESS_TEXT];
    address.port = 65535;
    server_address_text(&address, shown);
    assert_int_equal(strlen(shown), ADDRESS_HOST_MAX + 6);
    text[ADDRESS_HOST_MAX] = 'a';
    text[ADDRESS_HOST_MAX + 1] = '\0';
    assert_int_equal(server_address_parse(text, &address, &why),
                     SOTTO_ERR_FORMAT);

    memset(text, 'a', sizeof text);
    memcpy(text, "sotto://h/", 10);
    text[10 + ADDRESS_CODE_MAX] = '\0';
    assert_int_equal(server_address_parse(text, &address, &why), SOTTO_OK);
    assert_int_equal(strlen(address.code), ADDRESS_CODE_MAX);
    text[10 + ADDRESS_CODE_MAX] = 'a';
    text[11 + ADDRESS_CODE_MAX] = '\0';
    assert_int_equal(server_address_parse(text, &address, &why),
                     SOTTO_ERR_FORMAT);
    text[sizeof text - 1] = '\0';
    assert_int_equal(server_address_parse(text, &address, &why),
                     SOTTO_ERR_FORMAT);
}

/* ---- listening -------------------------------------------------------- */

static void assert_listen(const char *text, size_t count, const char *one,
                          const char *two)
{
    struct port_address out[LISTEN_ADDRESS_MAX];
    char shown[PORT_ADDRESS_TEXT];
    const char *why = NULL;
    size_t got = 0;
    assert_int_equal(listen_address_parse(text, out, &got, &why), SOTTO_OK);
    assert_int_equal(got, count);
    port_address_text(&out[0], shown);
    assert_string_equal(shown, one);
    if (count == 2) {
        port_address_text(&out[1], shown);
        assert_string_equal(shown, two);
    }
}

static void test_address_reads_where_to_listen(void **state)
{
    (void)state;
    assert_listen("*:7688", 2, "[::]:7688", "0.0.0.0:7688");
    assert_listen(":7688", 2, "[::]:7688", "0.0.0.0:7688");
    assert_listen("7689", 2, "[::]:7689", "0.0.0.0:7689");
    assert_listen("*", 2, "[::]:7688", "0.0.0.0:7688");
    assert_listen("*:0", 2, "[::]:0", "0.0.0.0:0");
    assert_listen("localhost:1", 2, "[::1]:1", "127.0.0.1:1");
    assert_listen("0.0.0.0:7688", 1, "0.0.0.0:7688", NULL);
    assert_listen("127.0.0.1", 1, "127.0.0.1:7688", NULL);
    assert_listen("[::]:7688", 1, "[::]:7688", NULL);
    assert_listen("[::1]", 1, "[::1]:7688", NULL);
    assert_listen("::1", 1, "[::1]:7688", NULL);
}

static void test_address_refuses_where_not_to_listen(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",         ":",          "*:",     "*:65536", "65536", "*:x",
        "host:1",   "1.2.3:1",    "[::1]:", "[::1",    "[x]:1", "**:1",
        "sotto://", "1.2.3.4:-1", "[::1]1", "99999",   "a b"};
    for (size_t at = 0; at < sizeof bad / sizeof bad[0]; at++) {
        struct port_address out[LISTEN_ADDRESS_MAX];
        const char *why = NULL;
        size_t count = 0;
        assert_int_equal(listen_address_parse(bad[at], out, &count, &why),
                         SOTTO_ERR_FORMAT);
        assert_non_null(why);
        assert_int_equal(count, 0);
        assert_string_equal(listen_address_check(bad[at]), why);
    }
    assert_null(listen_address_check("*:7688"));
}

int test_address(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address_checks_fingerprints),
        cmocka_unit_test(test_address_reads_servers),
        cmocka_unit_test(test_address_reads_links),
        cmocka_unit_test(test_address_refuses_bad_servers),
        cmocka_unit_test(test_address_bounds_lengths),
        cmocka_unit_test(test_address_reads_where_to_listen),
        cmocka_unit_test(test_address_refuses_where_not_to_listen),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
