/* link.c - the life of a link: hello, handshake, and the cutting of units.
 * What records carry is in record.c. PROTOCOL.md, "Connection and hello". */
#include "core/channel/link.h"
#include "core/base/assert.h"
#include "core/base/reader.h"
#include "core/base/secret.h"
#include "core/base/writer.h"
#include "core/channel/link_inner.h"
#include <string.h>

static const uint8_t magic[5] = {'S', 'o', 't', 't', 'o'};

/* uint16 receive limit, and the one byte of an empty certificate<V> */
#define MESSAGE_2_PAYLOAD_LEN 3

/* In place of message 2: a length of 0, which no message has, and a code. */
#define REFUSAL_LEN 3

/* What a client says first; also the prologue of the handshake. */
struct hello {
    uint8_t version;
    uint8_t pattern;
    uint8_t suite;
    uint16_t receive_limit;
};

static void encode_hello(const struct hello *hello,
                         uint8_t out[static SOTTO_HELLO_LEN])
{
    struct sotto_writer w;

    sotto_writer_init(&w, out, SOTTO_HELLO_LEN);
    sotto_write_bytes(&w, magic, sizeof magic);
    sotto_write_u8(&w, hello->version);
    sotto_write_u8(&w, hello->pattern);
    sotto_write_u8(&w, hello->suite);
    sotto_write_u16(&w, hello->receive_limit);
    SOTTO_ASSERT(!w.bad && w.len == SOTTO_HELLO_LEN);
}

/* Reads a hello and says what a server has against it, if anything. */
static enum sotto_refusal decode_hello(const uint8_t in[static SOTTO_HELLO_LEN],
                                       bool takes_ik, struct hello *hello)
{
    struct sotto_reader r;
    uint8_t got[sizeof magic];

    sotto_reader_init(&r, in, SOTTO_HELLO_LEN);
    sotto_read_bytes(&r, got, sizeof got);
    hello->version = sotto_read_u8(&r);
    hello->pattern = sotto_read_u8(&r);
    hello->suite = sotto_read_u8(&r);
    hello->receive_limit = sotto_read_u16(&r);
    if (memcmp(got, magic, sizeof magic) != 0) {
        return SOTTO_REFUSAL_MAGIC;
    }
    if (hello->version != SOTTO_PROTOCOL_VERSION) {
        return SOTTO_REFUSAL_VERSION;
    }
    if ((hello->pattern != SOTTO_PATTERN_XX &&
         !(takes_ik && hello->pattern == SOTTO_PATTERN_IK)) ||
        !sotto_suite_is_known(hello->suite)) {
        return SOTTO_REFUSAL_SUITE;
    }
    if (hello->receive_limit < SOTTO_RECORD_LIMIT_MIN) {
        return SOTTO_REFUSAL_LIMIT;
    }
    return SOTTO_REFUSAL_NONE;
}

/* The client's hello, the same bytes each time it is asked for. */
static void own_hello(const struct sotto_link *link,
                      uint8_t out[static SOTTO_HELLO_LEN])
{
    const struct hello hello = {
        .version = SOTTO_PROTOCOL_VERSION,
        .pattern = link->is_ik ? SOTTO_PATTERN_IK : SOTTO_PATTERN_XX,
        .suite = (uint8_t)link->suite,
        .receive_limit = link->receive_limit,
    };
    encode_hello(&hello, out);
}

/* Makes keys.handshake, over whatever stood there. `server_key` is what a client
 * of IK needs. */
static void begin_handshake(struct sotto_link *link, const uint8_t *s_private,
                            const uint8_t *s_public, const uint8_t *server_key,
                            const uint8_t prologue[static SOTTO_HELLO_LEN])
{
    const struct sotto_handshake_config config = {
        .is_initiator = link->is_client,
        .pattern = {.base =
                        link->is_ik ? &sotto_pattern_ik : &sotto_pattern_xx},
        .suite = link->suite,
        .prologue = prologue,
        .prologue_len = SOTTO_HELLO_LEN,
        .random = link->random,
        .s_private = s_private,
        .s_public = s_public,
        .rs = server_key,
    };
    enum sotto_err err = sotto_handshake_init(&link->keys.handshake, &config);
    SOTTO_ASSERT(err == SOTTO_OK); /* it has the keys that it needs */
}

void sotto_link_init(struct sotto_link *link,
                     const struct sotto_link_config *config)
{
    SOTTO_ASSERT(config->receive_limit >= SOTTO_RECORD_LIMIT_MIN);
    memset(link, 0, sizeof *link);
    link->state = SOTTO_LINK_HELLO;
    link->is_client = config->is_client;
    link->cuts_long = config->cuts_long;
    link->receive_limit = config->receive_limit;
    link->random = config->random;
    if (config->is_client) {
        uint8_t hello[SOTTO_HELLO_LEN];

        link->suite = config->suite;
        link->is_ik = config->server_key != NULL;
        link->has_output = true;
        own_hello(link, hello);
        begin_handshake(link, config->static_private, config->static_public,
                        config->server_key, hello);
    } else {
        link->takes_ik = config->takes_ik;
        link->keys.own.s_private = config->static_private;
        link->keys.own.s_public = config->static_public;
    }
}

void sotto_link_wipe(struct sotto_link *link)
{
    uint8_t *assembly = link->assembly;
    size_t assembly_cap = link->assembly_cap;

    sotto_wipe(link, sizeof *link);
    sotto_wipe_stack();
    link->state = SOTTO_LINK_FAILED;
    link->error = SOTTO_ERR_FORMAT;
    link->assembly = assembly;
    link->assembly_cap = assembly_cap;
}

enum sotto_err sotto_link_fail(struct sotto_link *link, enum sotto_err err)
{
    SOTTO_ASSERT(err != SOTTO_OK);
    link->state = SOTTO_LINK_FAILED;
    link->error = err;
    link->has_output = false;
    link->plain = NULL;
    link->plain_left = 0;
    link->assembly_len = 0;
    if (link->has_keys) {
        sotto_cipher_wipe(&link->keys.transport.receive);
    } else {
        sotto_wipe(&link->keys, sizeof link->keys);
        sotto_wipe_stack();
    }
    return err;
}

/* ---- units: hello, messages, records ------------------------------------ */

/* Whether the next unit may come in now. */
static bool takes_input(const struct sotto_link *link)
{
    switch (link->state) {
    case SOTTO_LINK_HELLO:
    case SOTTO_LINK_HANDSHAKE:
    case SOTTO_LINK_OPEN:
        return !link->has_output && link->plain_left == 0;
    case SOTTO_LINK_IDENTITY:
    case SOTTO_LINK_ENDED:
    case SOTTO_LINK_FAILED:
        return false;
    }
    return false;
}

/* The length that a peer announces meets its limits before anything else. */
static enum sotto_err check_length(const struct sotto_link *link, size_t length)
{
    if (link->has_keys) {
        if (length > link->receive_limit) {
            return SOTTO_ERR_LIMIT;
        }
        return length < sotto_suite_sealed_len(link->suite, 0)
                   ? SOTTO_ERR_FORMAT
                   : SOTTO_OK;
    }
    if (length >
        (link->is_client ? link->receive_limit : SOTTO_HANDSHAKE_MESSAGE_MAX)) {
        return SOTTO_ERR_LIMIT;
    }
    if (link->is_client) {
        return length < sotto_handshake_message_len(&link->keys.handshake,
                                                    MESSAGE_2_PAYLOAD_LEN)
                   ? SOTTO_ERR_FORMAT
                   : SOTTO_OK;
    }
    return length != sotto_handshake_message_len(&link->keys.handshake, 0)
               ? SOTTO_ERR_FORMAT
               : SOTTO_OK;
}

static size_t read_length(const uint8_t in[static SOTTO_RECORD_HEAD])
{
    struct sotto_reader r;

    sotto_reader_init(&r, in, SOTTO_RECORD_HEAD);
    return sotto_read_u16(&r);
}

/* A client that waits for message 2 may be refused instead. */
static bool is_refusal(const struct sotto_link *link, size_t length)
{
    return link->is_client && link->state == SOTTO_LINK_HANDSHAKE &&
           length == 0;
}

size_t sotto_link_need(const struct sotto_link *link, const uint8_t *in,
                       size_t len)
{
    if (!link->is_client && link->state == SOTTO_LINK_HELLO) {
        return SOTTO_HELLO_LEN;
    }
    if (len < SOTTO_RECORD_HEAD || !takes_input(link)) {
        return SOTTO_RECORD_HEAD;
    }
    size_t length = read_length(in);
    if (is_refusal(link, length)) {
        return REFUSAL_LEN;
    }
    if (check_length(link, length) != SOTTO_OK) {
        return SOTTO_RECORD_HEAD; /* enough for feed to refuse it */
    }
    return SOTTO_RECORD_HEAD + length;
}

static enum sotto_err refuse(struct sotto_link *link,
                             enum sotto_refusal refusal, enum sotto_err err)
{
    (void)sotto_link_fail(link, err);
    link->refusal = refusal;
    link->has_output = true;
    return err;
}

bool sotto_link_refuse(struct sotto_link *link, enum sotto_refusal refusal)
{
    SOTTO_ASSERT(!link->is_client && refusal != SOTTO_REFUSAL_NONE);
    if (link->state == SOTTO_LINK_HELLO || link->state == SOTTO_LINK_IDENTITY ||
        (link->state == SOTTO_LINK_HANDSHAKE &&
         link->keys.handshake.cursor.message < 2)) { /* 0: wait, 1: write */
        (void)refuse(link, refusal, SOTTO_ERR_LIMIT);
        return true;
    }
    return false;
}

static enum sotto_err take_hello(struct sotto_link *link,
                                 const uint8_t in[static SOTTO_HELLO_LEN])
{
    struct hello hello;

    enum sotto_refusal refusal = decode_hello(in, link->takes_ik, &hello);
    if (refusal != SOTTO_REFUSAL_NONE) {
        return refuse(link, refusal,
                      refusal == SOTTO_REFUSAL_LIMIT ? SOTTO_ERR_LIMIT
                                                     : SOTTO_ERR_FORMAT);
    }
    link->suite = (enum sotto_suite)hello.suite;
    link->send_limit = hello.receive_limit;
    link->is_ik = hello.pattern == SOTTO_PATTERN_IK;
    begin_handshake(link, link->keys.own.s_private, link->keys.own.s_public,
                    NULL, in);
    link->state = SOTTO_LINK_HANDSHAKE;
    return SOTTO_OK;
}

static enum sotto_err take_refusal(struct sotto_link *link, uint8_t code)
{
    if (code == SOTTO_REFUSAL_NONE) {
        return sotto_link_fail(link, SOTTO_ERR_FORMAT);
    }
    link->refusal = code <= SOTTO_REFUSAL_KEY ? (enum sotto_refusal)code
                                              : SOTTO_REFUSAL_OTHER;
    return sotto_link_fail(link, SOTTO_ERR_LIMIT);
}

/* The handshake is over: its hash stays, transport keys take its place. */
static void become_open(struct sotto_link *link)
{
    struct sotto_handshake *handshake = &link->keys.handshake;

    memcpy(link->hash, sotto_handshake_hash(handshake), sizeof link->hash);
    memcpy(link->peer_static, handshake->rs, sizeof link->peer_static);
    sotto_handshake_split(handshake, &link->keys.transport);
    link->has_keys = true;
    link->state = SOTTO_LINK_OPEN;
}

/* Client: what message 2 says beside its keys. */
static enum sotto_err take_server_payload(struct sotto_link *link,
                                          const struct sotto_span *payload)
{
    struct sotto_reader r;

    sotto_reader_init(&r, payload->at, payload->len);
    uint16_t send_limit = sotto_read_u16(&r);
    struct sotto_span certificate =
        sotto_read_vector(&r, 0, SOTTO_CERTIFICATE_MAX);
    enum sotto_err err = sotto_reader_finish(&r);
    if (err != SOTTO_OK) {
        return err;
    }
    if (send_limit < SOTTO_RECORD_LIMIT_MIN) {
        return SOTTO_ERR_LIMIT;
    }
    link->send_limit = send_limit;
    memcpy(link->peer_static, link->keys.handshake.rs,
           sizeof link->peer_static);
    link->plain = certificate.at;
    link->plain_left = certificate.len;
    link->state = SOTTO_LINK_IDENTITY;
    return SOTTO_OK;
}

static enum sotto_err take_message(struct sotto_link *link, uint8_t *in,
                                   size_t len)
{
    struct sotto_span payload;

    enum sotto_err err =
        sotto_handshake_read_message(&link->keys.handshake, in, len, &payload);
    if (err == SOTTO_OK && link->is_client) {
        err = take_server_payload(link, &payload);
    } else if (err == SOTTO_OK && payload.len != 0) {
        /* Messages 1 and 3 carry nothing; padding could have hidden it. */
        err = SOTTO_ERR_FORMAT;
    }
    if (err != SOTTO_OK) {
        return sotto_link_fail(link, err);
    }
    if (!link->is_client) {
        if (link->keys.handshake.state == SOTTO_HANDSHAKE_DONE) {
            become_open(link);
        } else if (link->is_ik) {
            memcpy(link->peer_static, link->keys.handshake.rs,
                   sizeof link->peer_static);
            link->state = SOTTO_LINK_IDENTITY;
        } else {
            link->has_output = true;
        }
    }
    return SOTTO_OK;
}

/* A unit with a length in front. */
static enum sotto_err feed_counted(struct sotto_link *link, uint8_t *in,
                                   size_t len, size_t *used)
{
    if (len < SOTTO_RECORD_HEAD) {
        return SOTTO_OK;
    }
    size_t length = read_length(in);
    if (is_refusal(link, length)) {
        return len < REFUSAL_LEN ? SOTTO_OK
                                 : take_refusal(link, in[SOTTO_RECORD_HEAD]);
    }
    enum sotto_err err = check_length(link, length);
    if (err != SOTTO_OK) {
        return sotto_link_fail(link, err);
    }
    if (len - SOTTO_RECORD_HEAD < length) {
        return SOTTO_OK;
    }
    in += SOTTO_RECORD_HEAD;
    err = link->has_keys ? sotto_link_open_record(link, in, length)
                         : take_message(link, in, length);
    if (err == SOTTO_OK) {
        *used = SOTTO_RECORD_HEAD + length;
    }
    return err;
}

enum sotto_err sotto_link_feed(struct sotto_link *link, uint8_t *in, size_t len,
                               size_t *used)
{
    *used = 0;
    if (link->state == SOTTO_LINK_FAILED) {
        return link->error;
    }
    if (len == 0) {
        return SOTTO_OK;
    }
    if (link->state == SOTTO_LINK_ENDED) {
        return sotto_link_fail(link, SOTTO_ERR_FORMAT);
    }
    if (!takes_input(link)) {
        return SOTTO_OK;
    }
    if (link->state == SOTTO_LINK_HELLO) {
        if (len < SOTTO_HELLO_LEN) {
            return SOTTO_OK;
        }
        enum sotto_err err = take_hello(link, in);
        if (err == SOTTO_OK) {
            *used = SOTTO_HELLO_LEN;
        }
        return err;
    }
    return feed_counted(link, in, len, used);
}

/* ---- output of the handshake --------------------------------------------- */

/* Writes the length and our next message. */
static enum sotto_err write_message(struct sotto_link *link,
                                    const uint8_t *payload, size_t payload_len,
                                    struct sotto_writer *w)
{
    const size_t room = w->cap - w->len - SOTTO_RECORD_HEAD;
    size_t len;

    enum sotto_err err =
        sotto_handshake_write_message(&link->keys.handshake, payload,
                                      payload_len,
                                      w->out + w->len + SOTTO_RECORD_HEAD, room,
                                      &len);
    if (err == SOTTO_OK) {
        sotto_write_u16(w, (uint16_t)len);
        w->len += len; /* it stands there already */
    }
    return err;
}

/* With the payload that has a certificate, where there is one and room. */
static enum sotto_err write_message_2(struct sotto_link *link,
                                      struct sotto_span payload,
                                      struct sotto_writer *w)
{
    uint8_t plain[MESSAGE_2_PAYLOAD_LEN];
    struct sotto_writer p;
    const size_t len =
        sotto_handshake_message_len(&link->keys.handshake, payload.len);

    if (payload.len > 0 && len <= link->send_limit &&
        len <= w->cap - SOTTO_RECORD_HEAD) {
        return write_message(link, payload.at, payload.len, w);
    }
    sotto_writer_init(&p, plain, sizeof plain);
    sotto_write_u16(&p, link->receive_limit);
    sotto_write_vector(&p, NULL, 0); /* no certificate */
    return write_message(link, plain, p.len, w);
}

static enum sotto_err write_hello_and_message_1(struct sotto_link *link,
                                                struct sotto_writer *w)
{
    uint8_t hello[SOTTO_HELLO_LEN];

    own_hello(link, hello);
    sotto_write_bytes(w, hello, sizeof hello);
    enum sotto_err err = write_message(link, NULL, 0, w);
    if (err == SOTTO_OK) {
        link->state = SOTTO_LINK_HANDSHAKE;
    }
    return err;
}

enum sotto_err sotto_link_out(struct sotto_link *link, uint8_t *out, size_t cap,
                              size_t *len)
{
    return sotto_link_out_with(link, (struct sotto_span){NULL, 0}, out, cap,
                               len);
}

enum sotto_err sotto_link_out_with(struct sotto_link *link,
                                   struct sotto_span payload, uint8_t *out,
                                   size_t cap, size_t *len)
{
    struct sotto_writer w;
    enum sotto_err err;

    *len = 0;
    if (!link->has_output) {
        return SOTTO_OK;
    }
    SOTTO_ASSERT(cap >= SOTTO_HELLO_LEN + SOTTO_RECORD_HEAD +
                            SOTTO_HANDSHAKE_MESSAGE_MAX);
    sotto_writer_init(&w, out, cap);
    link->has_output = false;
    if (link->state == SOTTO_LINK_FAILED) {
        sotto_write_u16(&w, 0);
        sotto_write_u8(&w, (uint8_t)link->refusal);
        *len = w.len;
        return SOTTO_OK;
    }
    if (!link->is_client) {
        err = write_message_2(link, payload, &w);
    } else if (link->state == SOTTO_LINK_HELLO) {
        err = write_hello_and_message_1(link, &w);
    } else {
        err = write_message(link, NULL, 0, &w);
    }
    if (err == SOTTO_OK && link->keys.handshake.state == SOTTO_HANDSHAKE_DONE) {
        become_open(link);
    }
    if (err != SOTTO_OK) {
        return sotto_link_fail(link, err);
    }
    *len = w.len;
    return SOTTO_OK;
}

struct sotto_span sotto_link_certificate(const struct sotto_link *link)
{
    SOTTO_ASSERT(link->state == SOTTO_LINK_IDENTITY);
    return (struct sotto_span){link->plain, link->plain_left};
}

void sotto_link_accept(struct sotto_link *link)
{
    SOTTO_ASSERT(link->state == SOTTO_LINK_IDENTITY);
    link->plain = NULL;
    link->plain_left = 0;
    if (link->keys.handshake.state == SOTTO_HANDSHAKE_DONE) {
        become_open(link); /* a client of IK has nothing more to say */
        return;
    }
    link->state = SOTTO_LINK_HANDSHAKE;
    link->has_output = true;
}
