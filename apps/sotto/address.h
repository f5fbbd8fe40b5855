/*
 * address.h - how people write servers, listening addresses and fingerprints.
 *
 *     example.org   example.org:7688   192.0.2.1   [2001:db8::1]:7688   ::1
 *     sotto://[FINGERPRINT@]HOST[:PORT][/CODE]
 *     *:7688   :7688   0.0.0.0:7688   [::]:7688   7688       (to listen on)
 *
 * Fingerprints: see sotto/fingerprint.h. A CODE is an invitation, for
 * registering, or a device's: see sotto_device_code_parse().
 */
#ifndef SOTTO_APP_ADDRESS_H
#define SOTTO_APP_ADDRESS_H

#include "port/port.h"
#include <sotto/err.h>
#include <sotto/fingerprint.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADDRESS_PORT_DEFAULT 7688
#define ADDRESS_HOST_MAX     253 /* characters; the longest DNS name */
#define ADDRESS_CODE_MAX     64  /* characters of an invitation code */

/* Room for "[" host "]:" port and a zero. */
#define ADDRESS_TEXT (ADDRESS_HOST_MAX + 9)

/* A server as a client is told to dial it. */
struct server_address {
    char host[ADDRESS_HOST_MAX + 1]; /* lower case; IPv6 without brackets */
    uint16_t port;
    bool has_fingerprint;
    uint8_t fingerprint[SOTTO_FINGERPRINT_LEN];
    char code[ADDRESS_CODE_MAX + 1]; /* or empty */
};

/*
 * Reads HOST, HOST:PORT, an IPv6 address, [IPv6]:PORT or sotto://… FORMAT with
 * half a sentence in `*why`, to stand after the text: "has no host name".
 */
enum sotto_err server_address_parse(const char *text,
                                    struct server_address *address,
                                    const char **why) SOTTO_MUST_CHECK;

/* "host:port" or "[v6]:port": for people, and as the key of known_servers. */
void server_address_text(const struct server_address *address,
                         char out[static ADDRESS_TEXT]);

/*
 * Reads what --listen is given: numeric only, because a name may mean several
 * addresses and change. "*" or no host means every address of both families
 * and gives two entries, IPv6 first. Port 0 lets the system choose. FORMAT
 * with `*why` as above.
 */
#define LISTEN_ADDRESS_MAX 2
enum sotto_err listen_address_parse(
    const char *text, struct port_address out[static LISTEN_ADDRESS_MAX],
    size_t *count, const char **why) SOTTO_MUST_CHECK;

/* For the `check` of an option: NULL, or why `text` is not allowed. */
const char *listen_address_check(const char *text);
const char *server_address_check(const char *text);
const char *fingerprint_check(const char *text);

#endif
