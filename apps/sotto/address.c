/*
 * address.c - servers and listening addresses.
 *
 * Parsing never changes the text: a `struct part` is a piece of it.
 */
#include "apps/sotto/address.h"
#include "core/base/text.h"
#include <string.h>

struct part {
    const char *at;
    size_t len;
};

static struct part part_of(const char *text)
{
    return (struct part){text, strlen(text)};
}

/* Finds `c`; the part's length when it is not there. */
static size_t find(struct part part, char c)
{
    const char *at = memchr(part.at, c, part.len);
    return at != NULL ? (size_t)(at - part.at) : part.len;
}

static struct part first(struct part part, size_t len)
{
    return (struct part){part.at, len};
}

/* What is left behind the first `len` characters. */
static struct part behind(struct part part, size_t len)
{
    return (struct part){part.at + len, part.len - len};
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_alnum(char c)
{
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z');
}

static bool starts_with(struct part part, const char *lower_case)
{
    size_t len = strlen(lower_case);
    if (part.len < len) {
        return false;
    }
    for (size_t at = 0; at < len; at++) {
        if (lower(part.at[at]) != lower_case[at]) {
            return false;
        }
    }
    return true;
}

/* ---- host and port ---------------------------------------------------- */

static const char no_host[] = "has no host name";
static const char bad_host[] = "is not a host name or an address";
static const char bad_port[] = "has a port that is not a number from 1 to "
                               "65535";
static const char bad_listen_port[] = "has a port that is not a number from 0 "
                                      "to 65535";
static const char no_bracket[] = "has an opening bracket without a closing one";

/* Reads a numeric address without brackets. */
static enum sotto_err parse_numeric(struct part part,
                                    struct port_address *address)
{
    char text[PORT_ADDRESS_TEXT];
    if (part.len == 0 || part.len >= sizeof text) {
        return SOTTO_ERR_FORMAT;
    }
    memcpy(text, part.at, part.len);
    text[part.len] = '\0';
    return port_address_parse(text, address);
}

/* An IPv6 address, with a zone ("fe80::1%eth0") or without. */
static bool is_ipv6(struct part part)
{
    struct port_address address;
    size_t len = find(part, '%');
    struct part zone = behind(part, len);
    for (size_t at = 1; at < zone.len; at++) {
        if (!is_alnum(zone.at[at]) && strchr("._-", zone.at[at]) == NULL) {
            return false;
        }
    }
    return zone.len != 1 && zone.len <= 16 && find(part, ':') < part.len &&
           parse_numeric(first(part, len), &address) == SOTTO_OK;
}

/* Letters, digits, '-', '_' in labels between dots (RFC 1123 2.1, and the
 * underscore that local names have). */
static bool is_name(struct part part)
{
    char before = '.';
    for (size_t at = 0; at < part.len; at++) {
        char c = part.at[at];
        bool fits = is_alnum(c) || c == '_' || (c == '-' && before != '.') ||
                    (c == '.' && before != '.');
        if (!fits) {
            return false;
        }
        before = c;
    }
    return part.len > 0 && part.len <= ADDRESS_HOST_MAX;
}

/* A name whose last label is a number is an IPv4 address or a mistake. */
static bool ends_in_number(struct part part)
{
    size_t at = part.len;
    while (at > 0 && is_digit(part.at[at - 1])) {
        at--;
    }
    return at < part.len && (at == 0 || part.at[at - 1] == '.');
}

static bool is_host(struct part part)
{
    struct port_address address;
    if (find(part, ':') < part.len) {
        return is_ipv6(part);
    }
    if (ends_in_number(part)) {
        return parse_numeric(part, &address) == SOTTO_OK;
    }
    return is_name(part);
}

static bool parse_port(struct part part, uint16_t least, uint16_t *port)
{
    uint64_t value = 0;
    if (sotto_decimal_decode(part.at, part.len, UINT16_MAX, &value) !=
            SOTTO_OK ||
        value < least) {
        return false;
    }
    *port = (uint16_t)value;
    return true;
}

/*
 * Cuts "host", "host:port", "[v6]", "[v6]:port" or "v6" in two; `port` is empty
 * where none is given, and has_port says whether there was a colon for it.
 */
static const char *split(struct part text, struct part *host, struct part *port,
                         bool *has_port)
{
    struct part rest;
    if (text.len > 0 && text.at[0] == '[') {
        size_t end = find(text, ']');
        if (end == text.len) {
            return no_bracket;
        }
        *host = behind(first(text, end), 1);
        rest = behind(text, end + 1);
        if (host->len == 0 || find(*host, ':') == host->len) {
            return "has brackets without an IPv6 address in them";
        }
    } else {
        size_t colon = find(text, ':');
        bool is_v6 = colon < text.len && memchr(text.at + colon + 1, ':',
                                                text.len - colon - 1) != NULL;
        *host = is_v6 ? text : first(text, colon);
        rest = is_v6 ? behind(text, text.len) : behind(text, colon);
    }
    *has_port = rest.len > 0;
    if (*has_port && rest.at[0] != ':') {
        return bad_host;
    }
    *port = behind(rest, *has_port ? 1 : 0);
    return NULL;
}

static const char *parse_host_and_port(struct part text,
                                       struct server_address *address)
{
    struct part host;
    struct part port;
    bool has_port = false;
    const char *why = split(text, &host, &port, &has_port);
    if (why != NULL) {
        return why;
    }
    if (host.len == 0) {
        return no_host;
    }
    if (!is_host(host)) {
        return bad_host;
    }
    address->port = ADDRESS_PORT_DEFAULT;
    if (has_port && !parse_port(port, 1, &address->port)) {
        return bad_port;
    }
    for (size_t at = 0; at < host.len; at++) {
        address->host[at] = lower(host.at[at]);
    }
    address->host[host.len] = '\0';
    return NULL;
}

/* ---- servers ---------------------------------------------------------- */

static const char *parse_code(struct part code, struct server_address *address)
{
    if (code.len > ADDRESS_CODE_MAX) {
        return "has a code that is too long";
    }
    for (size_t at = 0; at < code.len; at++) {
        if (!is_alnum(code.at[at]) && strchr("._~-", code.at[at]) == NULL) {
            return "has a code with a character that codes do not "
                   "have";
        }
    }
    memcpy(address->code, code.at, code.len);
    address->code[code.len] = '\0';
    return NULL;
}

/* Behind "sotto://". */
static const char *parse_link(struct part text, struct server_address *address)
{
    size_t slash = find(text, '/');
    struct part authority = first(text, slash);
    size_t at_sign = find(authority, '@');
    if (at_sign < authority.len) {
        if (sotto_fingerprint_parse(authority.at, at_sign,
                                    address->fingerprint) != SOTTO_OK) {
            return "has no valid fingerprint in front of the @";
        }
        address->has_fingerprint = true;
        authority = behind(authority, at_sign + 1);
    }
    const char *why = parse_host_and_port(authority, address);
    if (why != NULL || slash == text.len) {
        return why;
    }
    return parse_code(behind(text, slash + 1), address);
}

static const char *parse_server(struct part text,
                                struct server_address *address)
{
    static const char scheme[] = "sotto://";
    if (starts_with(text, scheme)) {
        return parse_link(behind(text, sizeof scheme - 1), address);
    }
    if (find(text, '/') < text.len) {
        return "is not HOST, HOST:PORT or sotto://...";
    }
    if (find(text, '@') < text.len) {
        return "has an @: a fingerprint needs sotto:// in front, a user name "
               "is given apart";
    }
    return parse_host_and_port(text, address);
}

enum sotto_err server_address_parse(const char *text,
                                    struct server_address *address,
                                    const char **why)
{
    struct server_address parsed;
    memset(&parsed, 0, sizeof parsed);
    const char *reason = parse_server(part_of(text), &parsed);
    if (reason != NULL) {
        *why = reason;
        return SOTTO_ERR_FORMAT;
    }
    *address = parsed;
    return SOTTO_OK;
}

void server_address_text(const struct server_address *address,
                         char out[static ADDRESS_TEXT])
{
    char digits[21];
    bool is_v6 = strchr(address->host, ':') != NULL;
    size_t host_len = strlen(address->host);
    size_t port_len = sotto_decimal_encode(address->port, digits);
    size_t len = 0;
    if (is_v6) {
        out[len++] = '[';
    }
    memcpy(out + len, address->host, host_len);
    len += host_len;
    if (is_v6) {
        out[len++] = ']';
    }
    out[len++] = ':';
    memcpy(out + len, digits, port_len);
    out[len + port_len] = '\0';
}

/* ---- listening -------------------------------------------------------- */

/* One or two numeric texts that a word stands for. */
struct listen_word {
    const char *word;
    const char *ipv6;
    const char *ipv4;
};

static const struct listen_word listen_words[] = {
    {"", "::", "0.0.0.0"},
    {"*", "::", "0.0.0.0"},
    {"localhost", "::1", "127.0.0.1"},
};

static const struct listen_word *find_listen_word(struct part host)
{
    for (size_t at = 0; at < sizeof listen_words / sizeof listen_words[0];
         at++) {
        const struct listen_word *word = &listen_words[at];
        if (strlen(word->word) == host.len && starts_with(host, word->word)) {
            return word;
        }
    }
    return NULL;
}

static bool is_number(struct part part)
{
    size_t digits = 0;
    while (digits < part.len && is_digit(part.at[digits])) {
        digits++;
    }
    return digits == part.len && part.len > 0;
}

static const char *parse_listen(struct part text, struct port_address *out,
                                size_t *count)
{
    struct part host = first(text, 0);
    struct part port = text;
    bool has_port = true;
    uint16_t number = ADDRESS_PORT_DEFAULT;
    if (text.len == 0) {
        return "is empty";
    }
    if (!is_number(text)) {
        const char *why = split(text, &host, &port, &has_port);
        if (why != NULL) {
            return why;
        }
    }
    if (has_port && !parse_port(port, 0, &number)) {
        return bad_listen_port;
    }
    const struct listen_word *word = find_listen_word(host);
    bool fits =
        word != NULL
            ? parse_numeric(part_of(word->ipv6), &out[0]) == SOTTO_OK &&
                  parse_numeric(part_of(word->ipv4), &out[1]) == SOTTO_OK
            : parse_numeric(host, &out[0]) == SOTTO_OK;
    if (!fits) {
        return "is not a numeric address (such as 0.0.0.0:7688, [::]:7688 or "
               "*:7688)";
    }
    *count = word != NULL ? 2 : 1;
    out[0].port = number;
    out[1].port = number;
    return NULL;
}

enum sotto_err listen_address_parse(
    const char *text, struct port_address out[static LISTEN_ADDRESS_MAX],
    size_t *count, const char **why)
{
    struct port_address parsed[LISTEN_ADDRESS_MAX];
    memset(parsed, 0, sizeof parsed);
    const char *reason = parse_listen(part_of(text), parsed, count);
    if (reason != NULL) {
        *why = reason;
        return SOTTO_ERR_FORMAT;
    }
    memcpy(out, parsed, sizeof parsed);
    return SOTTO_OK;
}

/* ---- for tables of options -------------------------------------------- */

const char *server_address_check(const char *text)
{
    struct server_address address;
    const char *why = NULL;
    return server_address_parse(text, &address, &why) == SOTTO_OK ? NULL : why;
}

const char *listen_address_check(const char *text)
{
    struct port_address addresses[LISTEN_ADDRESS_MAX];
    size_t count = 0;
    const char *why = NULL;
    return listen_address_parse(text, addresses, &count, &why) == SOTTO_OK
               ? NULL
               : why;
}

const char *fingerprint_check(const char *text)
{
    uint8_t fingerprint[SOTTO_FINGERPRINT_LEN];
    return sotto_fingerprint_parse(text, strlen(text), fingerprint) == SOTTO_OK
               ? NULL
               : "is not a fingerprint (52 letters and digits a-z 2-7, with "
                 "or without dashes)";
}
