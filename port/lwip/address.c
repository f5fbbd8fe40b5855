/*
 * address.c - addresses as text and back, without printf.
 *
 * Reads what RFC 4291 2.2 allows, and dotted quads without leading zeros;
 * writes as RFC 5952 recommends.
 */
#include "port/lwip/machine.h"

#include <string.h>

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0,    0,
                                          0, 0, 0, 0, 0xff, 0xff};

bool port_address_is_ipv4(const struct port_address *address)
{
    return memcmp(address->ip, mapped_prefix, sizeof mapped_prefix) == 0;
}

/* ---- reading ---------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* 0 to 255 without leading zeros; moves `*text` behind it. */
static bool read_quarter(const char **text, uint8_t *out)
{
    const char *p = *text;
    unsigned value = 0;
    size_t digits = 0;
    while (is_digit(*p) && digits < 4) {
        value = value * 10 + (unsigned)(*p - '0');
        digits++;
        p++;
    }
    if (digits == 0 || digits > 3 || value > 255 ||
        (digits > 1 && **text == '0')) {
        return false;
    }
    *text = p;
    *out = (uint8_t)value;
    return true;
}

/* The whole of `text` is "192.0.2.1". */
static bool read_ipv4(const char *text, uint8_t out[static 4])
{
    for (size_t i = 0; i < 4; i++) {
        if (i > 0 && *text++ != '.') {
            return false;
        }
        if (!read_quarter(&text, &out[i])) {
            return false;
        }
    }
    return *text == '\0';
}

static int hex_value(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One to four hexadecimal digits; moves `*text` behind them. */
static bool read_group(const char **text, uint8_t out[static 2])
{
    unsigned value = 0;
    size_t digits = 0;
    for (; hex_value(**text) >= 0; digits++, (*text)++) {
        if (digits == 4) {
            return false;
        }
        value = value << 4 | (unsigned)hex_value(**text);
    }
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return digits > 0;
}

/* What was read of an IPv6 address so far. */
struct groups {
    uint8_t bytes[16];
    size_t len;
    size_t gap; /* where "::" stood, or NO_GAP */
};
#define NO_GAP SIZE_MAX

/* "::" here, if it is the first one. */
static bool read_gap(const char **text, struct groups *groups)
{
    if (groups->gap != NO_GAP) {
        return false;
    }
    groups->gap = groups->len;
    *text += 2;
    return true;
}

/* What may stand behind a group: nothing, a gap, or a colon and more. */
static bool read_separator(const char **text, struct groups *groups)
{
    if (strncmp(*text, "::", 2) == 0) {
        return read_gap(text, groups);
    }
    if (**text == ':' && (*text)[1] != '\0') {
        (*text)++;
        return true;
    }
    return **text == '\0';
}

static bool read_groups(const char *text, struct groups *groups)
{
    if (strncmp(text, "::", 2) == 0 && !read_gap(&text, groups)) {
        return false;
    }
    while (*text != '\0') {
        uint8_t *end = &groups->bytes[groups->len];
        if (groups->len <= 12 && read_ipv4(text, end)) {
            groups->len += 4;
            return true;
        }
        if (groups->len > 14 || !read_group(&text, end)) {
            return false;
        }
        groups->len += 2;
        if (!read_separator(&text, groups)) {
            return false;
        }
    }
    return true;
}

static bool read_ipv6(const char *text, uint8_t out[static 16])
{
    struct groups groups = {.gap = NO_GAP};
    if (!read_groups(text, &groups)) {
        return false;
    }
    if (groups.gap == NO_GAP) {
        memcpy(out, groups.bytes, 16);
        return groups.len == 16;
    }
    if (groups.len > 14) {
        return false; /* "::" stands for one group at least */
    }
    size_t tail = groups.len - groups.gap;
    memset(out, 0, 16);
    memcpy(out, groups.bytes, groups.gap);
    memcpy(out + 16 - tail, groups.bytes + groups.gap, tail);
    return true;
}

bool address_read(const char *text, struct port_address *address)
{
    struct port_address read = {0};
    if (read_ipv4(text, read.ip + 12)) {
        memcpy(read.ip, mapped_prefix, sizeof mapped_prefix);
    } else if (!PORT_LWIP_IPV6_TEXT || !read_ipv6(text, read.ip)) {
        return false;
    }
    *address = read;
    return true;
}

enum sotto_err port_address_parse(const char *text,
                                  struct port_address *address)
{
    return address_read(text, address)
               ? SOTTO_OK
               : machine_fail(SOTTO_ERR_FORMAT, "Not a numeric address");
}

/* ---- writing ---------------------------------------------------------- */

static char *put_text(char *out, const char *text)
{
    while (*text != '\0') {
        *out++ = *text++;
    }
    return out;
}

/* Without leading zeros. At most five digits (65535). */
static char *put_number(char *out, unsigned value, unsigned base)
{
    char digits[5];
    size_t count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0 && count < sizeof digits);
    while (count > 0) {
        *out++ = digits[--count];
    }
    return out;
}

static unsigned group_at(const uint8_t ip[static 16], size_t at)
{
    return (unsigned)ip[2 * at] << 8 | ip[2 * at + 1];
}

/* The first of the longest runs of two or more groups of zero; its length,
 * which may be 0. */
static size_t longest_zeros(const uint8_t ip[static 16], size_t *start)
{
    size_t best = 0;
    size_t run = 0;
    *start = 8;
    for (size_t at = 0; at < 8; at++) {
        run = group_at(ip, at) == 0 ? run + 1 : 0;
        if (run >= 2 && run > best) {
            best = run;
            *start = at + 1 - run;
        }
    }
    return best;
}

static char *put_ipv6(char *out, const uint8_t ip[static 16])
{
    size_t start = 0;
    size_t zeros = longest_zeros(ip, &start);
    for (size_t at = 0; at < 8;) {
        if (at == start) {
            out = put_text(out, "::");
            at += zeros;
            continue;
        }
        if (at > 0 && at != start + zeros) {
            *out++ = ':';
        }
        out = put_number(out, group_at(ip, at), 16);
        at++;
    }
    return out;
}

void port_address_text(const struct port_address *address,
                       char out[static PORT_ADDRESS_TEXT])
{
    char *end = out;
    if (!PORT_LWIP_IPV6_TEXT || port_address_is_ipv4(address)) {
        for (size_t i = 12; i < 16; i++) {
            end = put_number(end, address->ip[i], 10);
            *end++ = i < 15 ? '.' : ':';
        }
    } else {
        end = put_text(end, "[");
        end = put_ipv6(end, address->ip);
        end = put_text(end, "]:");
    }
    end = put_number(end, address->port, 10);
    *end = '\0';
}
