#include "tests/unit/support/host.h"

#include "core/crypto/x25519.h"
#include "tests/unit/test.h"

#include <string.h>

#define ITERATIONS 3

/* ---- the client's account ---- */

static void make_verifier(struct host *host)
{
    static const char password[] = "password";
    struct sotto_verifier *v = &host->verifier;
    struct sotto_scram_keys keys;
    struct sotto_pbkdf2 kdf;
    uint8_t salted[SOTTO_SCRAM_KEY_LEN];
    *v = (struct sotto_verifier){.salt_len = SOTTO_SCRAM_SALT_MIN,
                                 .iterations = ITERATIONS};
    sotto_pbkdf2_init(&kdf, (const uint8_t *)password, strlen(password),
                      v->salt, v->salt_len, v->iterations);
    while (!sotto_pbkdf2_run(&kdf, ITERATIONS)) {
    }
    sotto_pbkdf2_end(&kdf, salted);
    sotto_scram_keys_derive(salted, &keys);
    sotto_scram_stored_key(&keys, v->stored_key);
    memcpy(v->server_key, keys.server_key, sizeof v->server_key);
}

void host_dial(struct host *host)
{
    const struct sotto_link_config config = {.receive_limit = 1024,
                                             .random = seed_random(&host->seed),
                                             .static_private =
                                                 host->private_key,
                                             .static_public = host->public_key};
    sotto_link_init(&host->link, &config);
    host->up_len = 0;
    host->up_used = 0;
    sotto_client_connected(&host->client, host->now_ms);
}

void host_begin(struct host *host)
{
    static uint8_t client_private[32];
    static uint8_t client_public[32];
    memset(host, 0, sizeof *host);
    seed_init(&host->seed, 5);
    memset(host->private_key, 9, sizeof host->private_key);
    sotto_x25519_public(host->private_key, host->public_key);
    memset(client_private, 8, sizeof client_private);
    sotto_x25519_public(client_private, client_public);
    make_verifier(host);
    const struct sotto_client_config config = {
        .link = {.is_client = true,
                 .suite = SOTTO_SUITE_AESGCM,
                 .receive_limit = 1024,
                 .random = seed_random(&host->seed),
                 .static_private = client_private,
                 .static_public = client_public},
        .name = "ann",
        .iterations_min = 1,
        .ping_ms = SOTTO_CLIENT_PING_MS,
        .memory = host->memory,
        .memory_len = sizeof host->memory};
    assert_int_equal(sotto_client_init(&host->client, &config), SOTTO_OK);
    assert_int_equal(sotto_client_set_password(&host->client,
                                               (const uint8_t *)"password", 8,
                                               false),
                     SOTTO_OK);
    host_dial(host);
}

/* ---- bytes ---- */

void host_send_bytes(struct host *host, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    while (len > 0) {
        uint8_t *in = NULL;
        size_t cap = 0;
        assert_true(sotto_client_input(&host->client, &in, &cap));
        cap = cap < len ? cap : len;
        memcpy(in, at, cap);
        sotto_client_input_done(&host->client, cap, host->now_ms);
        at += cap;
        len -= cap;
    }
}

void host_send(struct host *host, uint8_t type, const void *body, size_t len)
{
    uint8_t out[2048];
    size_t done = 0;
    bool is_whole = false;
    while (!is_whole) {
        struct sotto_record record;
        size_t sealed = 0;
        sotto_link_begin(&host->link, &record, out, sizeof out);
        is_whole = sotto_record_add_part(&record, type, body, len, &done);
        assert_int_equal(sotto_link_end(&host->link, &record, host->now_ms,
                                        &sealed),
                         SOTTO_OK);
        host_send_bytes(host, out, sealed);
        if (!is_whole) {
            host_expect_no_event(host);
        }
    }
}

void host_send_close(struct host *host, enum sotto_close_reason reason)
{
    uint8_t out[2048];
    size_t len = 0;
    assert_int_equal(sotto_link_close(&host->link, reason, out, sizeof out,
                                      host->now_ms, &len),
                     SOTTO_OK);
    host_send_bytes(host, out, len);
}

void host_fetch(struct host *host, size_t most)
{
    const uint8_t *at = NULL;
    size_t len = 0;
    while (most > 0 &&
           sotto_client_output(&host->client, host->now_ms, &at, &len)) {
        assert_true(len <= sizeof host->up - host->up_len);
        memcpy(host->up + host->up_len, at, len);
        host->up_len += len;
        sotto_client_output_done(&host->client, len);
        most--;
    }
}

static bool feed(struct host *host)
{
    size_t used = 0;
    host->up_len -= host->up_used;
    memmove(host->up, host->up + host->up_used, host->up_len);
    host->up_used = 0;
    assert_int_equal(sotto_link_feed(&host->link, host->up, host->up_len,
                                     &used),
                     SOTTO_OK);
    host->up_used = used;
    return used > 0;
}

bool host_next(struct host *host, struct sotto_frame *frame)
{
    if (host->link.assembly != NULL && !sotto_link_is_assembling(&host->link)) {
        (void)sotto_link_take_back(&host->link);
    }
    for (;;) {
        enum sotto_err err;
        if (sotto_link_next(&host->link, frame, &err)) {
            return true;
        }
        if (err == SOTTO_ERR_SPACE) {
            sotto_link_lend(&host->link, host->assembly, sizeof host->assembly);
            continue;
        }
        assert_int_equal(err, SOTTO_OK);
        if (host->link.state == SOTTO_LINK_ENDED || !feed(host)) {
            return false;
        }
    }
}

struct sotto_frame host_expect(struct host *host, uint8_t type)
{
    struct sotto_frame frame;
    host_fetch(host, SIZE_MAX);
    assert_true(host_next(host, &frame));
    assert_int_equal(frame.type, type);
    return frame;
}

/* ---- events ---- */

void host_expect_event(struct host *host, enum sotto_client_event_kind kind)
{
    assert_true(sotto_client_next(&host->client, &host->event));
    assert_int_equal(host->event.kind, kind);
}

void host_expect_no_event(struct host *host)
{
    assert_false(sotto_client_next(&host->client, &host->event));
}

void host_expect_closed(struct host *host, enum sotto_err error)
{
    host_expect_event(host, SOTTO_EVENT_CLOSED);
    assert_int_equal(host->event.error, error);
    assert_int_equal(host->client.state, SOTTO_CLIENT_OFFLINE);
    host_expect_no_event(host);
}

/* ---- what it says ---- */

void host_open(struct host *host)
{
    uint8_t out[2048];
    size_t len = 0;
    host_fetch(host, SIZE_MAX);
    while (feed(host)) {
    }
    assert_int_equal(sotto_link_out(&host->link, out, sizeof out, &len),
                     SOTTO_OK);
    host_send_bytes(host, out, len);
    host_expect_event(host, SOTTO_EVENT_IDENTITY);
    assert_memory_equal(host->event.key, host->public_key, 32);
    sotto_client_accept(&host->client);
    host_fetch(host, SIZE_MAX);
    assert_true(feed(host));
    assert_int_equal(host->link.state, SOTTO_LINK_OPEN);
}

static void send_welcome(struct host *host)
{
    uint8_t body[64];
    struct sotto_writer w;
    sotto_writer_init(&w, body, sizeof body);
    sotto_welcome_encode(
        &w, &(struct sotto_welcome){.name = {(const uint8_t *)"ann", 3},
                                    .max_text = SOTTO_MAX_TEXT});
    host_send(host, SOTTO_MSG_WELCOME, body, w.len);
}

void host_prove(struct host *host)
{
    char text[SOTTO_SCRAM_MESSAGE_MAX];
    size_t len = 0;
    const struct sotto_scram_binding binding = {.flag = 'p',
                                                .name =
                                                    SOTTO_SCRAM_BINDING_NAME,
                                                .data = host->link.hash,
                                                .data_len =
                                                    sizeof host->link.hash};
    struct sotto_frame frame = host_expect(host, SOTTO_MSG_AUTH);
    assert_int_equal(sotto_scram_server_first(&host->scram,
                                              (const char *)frame.body,
                                              frame.len, &binding),
                     SOTTO_OK);
    assert_int_equal(sotto_scram_server_challenge(&host->scram, &host->verifier,
                                                  "nonce", text, sizeof text,
                                                  &len),
                     SOTTO_OK);
    host_send(host, SOTTO_MSG_AUTH, text, len);
    while (sotto_client_next(&host->client, &host->event)) {
        assert_int_equal(host->event.kind, SOTTO_EVENT_DERIVE);
        while (!sotto_client_derive(&host->client, 1)) {
        }
    }
    frame = host_expect(host, SOTTO_MSG_AUTH);
    assert_int_equal(sotto_scram_server_final(&host->scram,
                                              (const char *)frame.body,
                                              frame.len, &binding, host->proof,
                                              sizeof host->proof,
                                              &host->proof_len, NULL),
                     SOTTO_OK);
    host_send(host, SOTTO_MSG_AUTH, host->proof, host->proof_len);
    host_expect_no_event(host);
}

void host_login(struct host *host)
{
    host_prove(host);
    send_welcome(host);
    host_expect_event(host, SOTTO_EVENT_LOGGED_IN);
}

struct sotto_join host_join(struct host *host, uint64_t first, uint64_t next)
{
    uint8_t body[64];
    struct sotto_writer w;
    struct sotto_join join;
    const struct sotto_frame frame = host_expect(host, SOTTO_MSG_JOIN);
    assert_int_equal(sotto_join_decode(&join, frame.body, frame.len), SOTTO_OK);
    const struct sotto_joined joined = {.name = {(const uint8_t *)"#lobby", 6},
                                        .first = first,
                                        .next = next};
    sotto_writer_init(&w, body, sizeof body);
    sotto_joined_encode(&w, &joined);
    host_send(host, SOTTO_MSG_JOINED, body, w.len);
    host_expect_event(host, SOTTO_EVENT_JOINED);
    return join;
}

void host_enter(struct host *host)
{
    host_begin(host);
    host_open(host);
    host_login(host);
    (void)host_join(host, 1, 1);
    host_send(host, SOTTO_MSG_CAUGHT_UP, "\0\0", 2);
    host_expect_event(host, SOTTO_EVENT_CAUGHT_UP);
}

void host_reconnect(struct host *host)
{
    sotto_client_disconnected(&host->client, SOTTO_ERR_RESET);
    host_expect_closed(host, SOTTO_ERR_RESET);
    host_dial(host);
    host_open(host);
    host_login(host);
}

void host_send_ack(struct host *host, uint64_t id, uint64_t number)
{
    uint8_t body[32];
    struct sotto_writer w;
    sotto_writer_init(&w, body, sizeof body);
    sotto_ack_encode(&w, &(struct sotto_ack){.id = id, .number = number});
    host_send(host, SOTTO_MSG_ACK, body, w.len);
}

void host_send_problem(struct host *host, enum sotto_problem problem,
                       uint64_t ref)
{
    uint8_t body[32];
    struct sotto_writer w;
    sotto_writer_init(&w, body, sizeof body);
    sotto_error_encode(&w, &(struct sotto_error){.problem = (uint16_t)problem,
                                                 .ref = ref});
    host_send(host, SOTTO_MSG_ERROR, body, w.len);
}

void host_send_message(struct host *host, uint64_t number, const char *text,
                       size_t len)
{
    static uint8_t body[3 * SOTTO_MAX_TEXT];
    struct sotto_writer w;
    const struct sotto_entry entry = {.number = number,
                                      .sender = {(const uint8_t *)"bob", 3},
                                      .text = {(const uint8_t *)text, len}};
    sotto_writer_init(&w, body, sizeof body);
    sotto_entry_encode(&w, SOTTO_MSG_MESSAGE, &entry);
    assert_false(w.bad);
    host_send(host, SOTTO_MSG_MESSAGE, body, w.len);
}
