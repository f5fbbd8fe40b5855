#include "apps/firmware/device_demo/settings.h"

#include <string.h>

#define PORT_DEFAULT 7688
#define SCHEME       "sotto://"

/* Ends the text before the first `c` and gives what is behind it; NULL when
 * there is none. */
static char *cut(char *text, char c)
{
    char *at = strchr(text, c);
    if (at != NULL) {
        *at = '\0';
        at++;
    }
    return at;
}

/* A port number from 1 on; 0 for anything else. */
static uint16_t parse_port(const char *text)
{
    uint32_t value = 0;
    for (; *text >= '0' && *text <= '9' && value <= UINT16_MAX; text++) {
        value = value * 10 + (uint32_t)(*text - '0');
    }
    return *text == '\0' && value <= UINT16_MAX ? (uint16_t)value : 0;
}

static const char *parse_address(struct settings *settings, char *text)
{
    if (strncmp(text, SCHEME, sizeof SCHEME - 1) != 0) {
        return "the address does not begin with " SCHEME;
    }
    settings->fingerprint = text + sizeof SCHEME - 1;
    char *host = cut(text, '@');
    if (host == NULL) {
        return "the address has no fingerprint: a device cannot ask whether a "
               "server is the right one";
    }
    settings->code = cut(host, '/');
    const bool is_ipv6 = host[0] == '[';
    char *behind = is_ipv6 ? cut(host, ']') : host;
    if (behind == NULL) {
        return "the address has an opening bracket only";
    }
    const char *port = cut(behind, ':');
    settings->host = is_ipv6 ? host + 1 : host;
    settings->tcp_port = port != NULL ? parse_port(port) : PORT_DEFAULT;
    return settings->host[0] == '\0' ? "the address has no host"
           : settings->tcp_port == 0 ? "the address has an impossible port"
                                     : NULL;
}

static char *skip_blanks(char *text)
{
    while (text != NULL && *text == ' ') {
        text++;
    }
    return text;
}

enum sotto_err settings_parse(struct settings *settings, const char *line,
                              size_t len, const char **why)
{
    if (len > SETTINGS_MAX || memchr(line, '\0', len) != NULL) {
        *why = "the line is too long";
        return SOTTO_ERR_FORMAT;
    }
    *settings = (struct settings){.name = NULL};
    memcpy(settings->text, line, len);
    char *name = skip_blanks(settings->text);
    const bool is_named = strncmp(name, SCHEME, sizeof SCHEME - 1) != 0;
    char *address = is_named ? skip_blanks(cut(name, ' ')) : name;
    char *password = address != NULL ? skip_blanks(cut(address, ' ')) : NULL;
    if (address == NULL || *address == '\0') {
        *why = "it is NAME ADDRESS PASSWORD, or an ADDRESS with a device's "
               "code";
        return SOTTO_ERR_FORMAT;
    }
    settings->name = is_named ? name : "";
    settings->password = password != NULL ? password : "";
    *why = parse_address(settings, address);
    return *why == NULL ? SOTTO_OK : SOTTO_ERR_FORMAT;
}
