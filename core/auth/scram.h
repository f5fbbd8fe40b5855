/*
 * scram.h - SCRAM-SHA-256 with channel binding, both sides, without I/O.
 *
 * The password and what is derived from it stay with the client; the server
 * keeps StoredKey and ServerKey, from which neither can be computed. The
 * messages are the text of RFC 5802; a channel binding ties the login to one
 * handshake, so that nobody can pass it on. The product uses only "p=" with the
 * name "sotto-noise-h" and the handshake hash; names, "n" and "y" headers are
 * parameters so that published vectors and other implementations can be run.
 *
 *   client                                   server
 *   first  n=name,r=nonce             -->
 *                                     <--    r=nonce+,s=salt,i=count
 *   [key derivation, in slices]
 *   final  c=binding,r=nonce+,p=proof -->
 *                                     <--    v=signature
 *
 * Messages are taken strictly: attributes in the RFC's order, base64 and
 * numbers in their one form, "=2C" and "=3D" the only escapes. Optional
 * extensions, where the RFC allows them, are signed along and otherwise
 * ignored; a mandatory one ("m=") is UNSUPPORTED. Passwords and names are
 * compared as bytes: who wants SASLprep or NFC applies it before.
 *
 * Either side stops at its first failure: every later call answers FORMAT, so
 * one nonce is one guess.
 *
 * Sources: RFC 5802, RFC 7677, RFC 5056.
 */
#ifndef SOTTO_AUTH_SCRAM_H
#define SOTTO_AUTH_SCRAM_H

#include "core/crypto/hash.h"
#include <sotto/env.h>
#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOTTO_SCRAM_KEY_LEN       32
#define SOTTO_SCRAM_SALT_MIN      16
#define SOTTO_SCRAM_SALT_MAX      64
#define SOTTO_SCRAM_NONCE_MAX     64  /* characters, each side's own part */
#define SOTTO_SCRAM_MESSAGE_MAX   512 /* characters of any one message */
#define SOTTO_SCRAM_CHALLENGE_MAX 255 /* of server-first */
#define SOTTO_SCRAM_USER_MAX      64  /* bytes of a user name, unescaped */
#define SOTTO_SCRAM_BINDING_MAX   128 /* bytes of binding data */

/* Characters of client-first. The longest that this project's clients send has
 * 120; the rest is for escapes in others' names, and extensions. */
#ifndef SOTTO_SCRAM_FIRST_MAX
#    define SOTTO_SCRAM_FIRST_MAX 384
#endif

/* Iteration counts: the client's floor and ceiling, and what new accounts
 * get. */
#define SOTTO_SCRAM_ITERATIONS_MIN   100000U
#define SOTTO_SCRAM_ITERATIONS_MAX   10000000U
#define SOTTO_SCRAM_ITERATIONS_HOST  600000U
#define SOTTO_SCRAM_ITERATIONS_BOARD 100000U

/* The channel-binding name of this protocol. */
#define SOTTO_SCRAM_BINDING_NAME "sotto-noise-h"

/* What the server keeps for an account. */
struct sotto_verifier {
    uint8_t salt[SOTTO_SCRAM_SALT_MAX];
    uint8_t salt_len; /* 1 to SALT_MAX */
    uint32_t iterations;
    uint8_t stored_key[SOTTO_SCRAM_KEY_LEN];
    uint8_t server_key[SOTTO_SCRAM_KEY_LEN];
};

/* What a client may keep instead of the password: worth as much as it. */
struct sotto_scram_keys {
    uint8_t client_key[SOTTO_SCRAM_KEY_LEN];
    uint8_t server_key[SOTTO_SCRAM_KEY_LEN];
};

/* RFC 5802 3: from SaltedPassword to the keys, and to the verifier's. */
void sotto_scram_keys_derive(const uint8_t salted[static SOTTO_SCRAM_KEY_LEN],
                             struct sotto_scram_keys *keys);
void sotto_scram_stored_key(const struct sotto_scram_keys *keys,
                            uint8_t stored_key[static SOTTO_SCRAM_KEY_LEN]);

/* Which channel binding a side uses. */
struct sotto_scram_binding {
    char flag;           /* 'p', or 'n' / 'y' (vectors and interop only) */
    const char *name;    /* of the binding, when flag is 'p' */
    const uint8_t *data; /* binding data; borrowed during the call */
    size_t data_len;     /* at most BINDING_MAX */
    /* For interop: on whose behalf the user acts, when that is somebody else;
     * NULL in the product. A client says it, a server accepts no other. */
    const char *authzid;
};

/* What a side does next. */
enum sotto_scram_step {
    SOTTO_SCRAM_BEGIN = 0,
    SOTTO_SCRAM_FIRST,      /* client-first was written or taken */
    SOTTO_SCRAM_CHALLENGED, /* server-first too */
    SOTTO_SCRAM_PROVED,     /* client: client-final was written */
    SOTTO_SCRAM_DONE,       /* the other side has proved itself */
    SOTTO_SCRAM_FAILED
};

/*
 * client-first and server-first as they were sent, parted by a comma:
 *
 *   n,,n=user,r=abc,r=abcdef,s=...,i=4096
 *   ^  ^                ^
 *   0  header_len       nonce_at (first of the client's own, then of both)
 *
 * From header_len on it is the beginning of RFC 5802's AuthMessage.
 */
struct sotto_scram_transcript {
    char text[SOTTO_SCRAM_FIRST_MAX + 1 + SOTTO_SCRAM_CHALLENGE_MAX];
    uint16_t len;
    uint16_t header_len; /* of the gs2 header */
    uint16_t nonce_at;
    uint8_t nonce_len;
};

/* ---- client ----------------------------------------------------------- */

struct sotto_scram_client {
    enum sotto_scram_step step;
    uint32_t iterations;                /* from the server */
    uint8_t salt[SOTTO_SCRAM_SALT_MAX]; /* from the server */
    uint8_t salt_len;
    uint8_t binding_len;
    uint8_t binding[SOTTO_SCRAM_BINDING_MAX];      /* the data */
    uint8_t server_signature[SOTTO_SCRAM_KEY_LEN]; /* expected */
    struct sotto_scram_transcript transcript;
};

/*
 * Starts anew and writes client-first. `nonce` is printable ASCII without ',';
 * usually base64 of 18 random bytes. `user` is escaped here (',' and '='). It
 * is the text of `out` that counts, no zero is added; this goes for the other
 * messages too. SPACE; FORMAT for a nonce, name or binding that is not
 * allowed; LIMIT when they are too long.
 */
enum sotto_err sotto_scram_client_first(
    struct sotto_scram_client *client, const char *user, size_t user_len,
    const struct sotto_scram_binding *binding, const char *nonce, char *out,
    size_t cap, size_t *out_len) SOTTO_MUST_CHECK;

/*
 * Takes server-first. Afterwards salt and iterations are set, and the caller
 * derives the keys from the password (struct sotto_pbkdf2). FORMAT; AUTH for a
 * nonce that is not an extension of ours; UNSUPPORTED for a mandatory
 * extension; LIMIT when the message is too long, when iterations are outside
 * [min, max] or the salt is shorter than `salt_min`: a server that asks for
 * that is not to be answered.
 */
enum sotto_err sotto_scram_client_challenge(struct sotto_scram_client *client,
                                            const char *in, size_t in_len,
                                            uint32_t iterations_min,
                                            uint32_t iterations_max,
                                            size_t salt_min) SOTTO_MUST_CHECK;

/* Writes client-final. SPACE; FORMAT when it is not its turn. */
enum sotto_err sotto_scram_client_final(struct sotto_scram_client *client,
                                        const struct sotto_scram_keys *keys,
                                        char *out, size_t cap, size_t *out_len)
    SOTTO_MUST_CHECK;

/* Takes server-final. AUTH when the server does not know the account's keys,
 * or says so ("e="); FORMAT; UNSUPPORTED; LIMIT. */
enum sotto_err sotto_scram_client_verify(struct sotto_scram_client *client,
                                         const char *in, size_t in_len)
    SOTTO_MUST_CHECK;

void sotto_scram_client_wipe(struct sotto_scram_client *client);

/* ---- server ----------------------------------------------------------- */

struct sotto_scram_server {
    enum sotto_scram_step step;
    char flag;                           /* the client's gs2 flag */
    char user[SOTTO_SCRAM_USER_MAX + 1]; /* unescaped */
    uint8_t user_len;
    struct sotto_verifier verifier;
    struct sotto_scram_transcript transcript;
};

/*
 * Starts anew and takes client-first: `user` and the binding's flag are then
 * known, and the caller looks up the verifier. FORMAT; LIMIT when message,
 * name or nonce is too long; UNSUPPORTED when the client asks for another
 * binding than `binding` names, for another authorization identity, or for a
 * mandatory extension.
 */
enum sotto_err sotto_scram_server_first(
    struct sotto_scram_server *server, const char *in, size_t in_len,
    const struct sotto_scram_binding *binding) SOTTO_MUST_CHECK;

/* Writes server-first, for this verifier and the server's nonce (as for the
 * client). SPACE, FORMAT. */
enum sotto_err sotto_scram_server_challenge(
    struct sotto_scram_server *server, const struct sotto_verifier *verifier,
    const char *nonce, char *out, size_t cap, size_t *out_len) SOTTO_MUST_CHECK;

/*
 * Takes client-final and writes server-final. AUTH when the proof, the nonce
 * or the channel binding does not fit (`*binding_failed`, may be NULL, tells
 * the last from the others, for the server's log only); FORMAT; UNSUPPORTED;
 * LIMIT; SPACE. The client is told nothing but that it failed.
 */
enum sotto_err sotto_scram_server_final(
    struct sotto_scram_server *server, const char *in, size_t in_len,
    const struct sotto_scram_binding *binding, char *out, size_t cap,
    size_t *out_len, bool *binding_failed) SOTTO_MUST_CHECK;

void sotto_scram_server_wipe(struct sotto_scram_server *server);

#endif
