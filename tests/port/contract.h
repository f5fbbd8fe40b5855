/*
 * contract.h - what the files of the contract suite share.
 *
 * The suite asks port.h and env.h, sentence by sentence, of whatever port it
 * is linked with; it uses nothing else. Client and server live in one loop, so
 * that a port with one loop, no threads and a loopback interface can answer.
 * What a port cannot do it says with UNSUPPORTED, and the test is skipped.
 *
 * Nothing here depends on how fast anything is: waits have lower bounds that
 * are checked and an upper one (`patience_ms`) that only ends a hopeless test.
 */
#ifndef SOTTO_TESTS_PORT_CONTRACT_H
#define SOTTO_TESTS_PORT_CONTRACT_H

#include "port/port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What a loop of the suite can hold, listener included: a port on a host has
 * room for this many at least. */
#define CAPACITY 25U

/* How long a test waits, and how long where frames get lost: each time TCP waits
 * a second at least, and a megabyte is a thousand segments. */
#define PATIENCE_MS       600000U
#define PATIENCE_LOSSY_MS 3600000U

/* The machine and, made anew for each test, a loop. */
struct world {
    struct port *port;
    struct port_loop *loop;
    const char *folder; /* for files */
    uint32_t patience_ms;
    bool is_lossy; /* the network loses frames */
    struct sotto_files files;
    bool has_files; /* `files` is open */
    unsigned seen;  /* 1U << kind, of events that are not of a stream */
};

/* The one world of this program. */
struct world *contract_world(void);

/* One end of a connection, or a listener; its address is the tag. */
struct end {
    struct port_stream *stream;
    struct port_listener *listener;
    unsigned ready;  /* every bit that was reported since it was cleared */
    unsigned events; /* how many times */
};

/* A connection, and the listener it came by. */
struct pair {
    struct end listener;
    struct end client;
    struct end server;
    struct port_address address; /* of the listener */
};

/* Setup and teardown: a loop, and with it what a test left behind. */
int contract_loop_open(void **state);
int contract_loop_close(void **state);

#define CONTRACT_TEST(test)                                                    \
    cmocka_unit_test_setup_teardown(test, contract_loop_open,                  \
                                    contract_loop_close)

/* Looks at what happens within `timeout_ms`, once. */
void contract_turn(struct world *world, uint32_t timeout_ms);

/* Looks for at least `ms`: for what must not happen. */
void contract_idle(struct world *world, uint32_t ms);

/* Turns until the condition holds; the test fails when it never does. */
#define TURN_UNTIL(world, condition)                                           \
    do {                                                                       \
        uint64_t end_ms_ = port_now_ms((world)->port) + (world)->patience_ms;  \
        while (!(condition)) {                                                 \
            if (port_now_ms((world)->port) > end_ms_) {                        \
                fail_msg("waited in vain for: %s", #condition);                \
            }                                                                  \
            contract_turn(world, 10);                                          \
        }                                                                      \
    } while (0)

/* 127.0.0.1 or another numeric address. */
struct port_address contract_address(const char *text, uint16_t tcp_port);

/* Listens on `text`; the port is the system's choice. */
enum sotto_err contract_listen(struct world *world, const char *text,
                               struct end *listener,
                               struct port_address *address);

/* The same on 127.0.0.1, which there always is; gives the address. */
struct port_address contract_listen_here(struct world *world,
                                         struct end *listener);

/* Starts to connect to `address`, and waits until it is connected. */
void contract_dial(struct world *world, const struct port_address *address,
                   struct end *client);
void contract_connect(struct world *world, const struct port_address *address,
                      struct end *client);
void contract_accept(struct world *world, struct end *listener,
                     struct end *server);

/* A listener on 127.0.0.1 and a connection to it, both ends known to be
 * connected; and only that. */
void contract_pair(struct world *world, struct pair *pair);

/* Writes all of `len` bytes, turning while nothing fits. */
void contract_write(struct world *world, struct end *end, const void *bytes,
                    size_t len);

/* Reads exactly these bytes, turning while there are none. */
void contract_expect(struct world *world, struct end *end, const void *bytes,
                     size_t len);

/* Turns until reading answers something else than AGAIN, and gives that. */
enum sotto_err contract_read(struct world *world, struct end *end, uint8_t *out,
                             size_t cap, size_t *got);

/* Reading ends with this error. */
void contract_expect_err(struct world *world, struct end *end,
                         enum sotto_err err);

/* The peer of `end` was aborted. Who has nothing to say may never learn of it
 * where frames get lost, because a reset is sent once: so there, `end` says
 * something, and that is answered by a reset until one arrives. */
void contract_provoke(struct world *world, struct end *end);

/* A stream of bytes that no shift or loss leaves unnoticed. */
uint8_t contract_byte(size_t at);

/* Opens the files; those of earlier tests are gone. */
void contract_files_open(struct world *world);
/* All that is in an open file. */
void contract_expect_contents(struct world *world, int file, const char *text);

/* The groups; each gives the number of its tests that failed. */
int contract_machine(void);
int contract_loops(void);
int contract_listeners(void);
int contract_connects(void);
int contract_streams(void);
int contract_closing(void);
int contract_threads(void);
int contract_console(void);
int contract_files(void);
int contract_requests(void);

#endif
