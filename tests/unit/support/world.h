/*
 * world.h - a server and its clients in memory: nothing but core, a disk that
 * can fail, and wires that cut what goes over them wherever a seed says.
 *
 *   client -- wire -- session --+-- hub -- accounts, log -- disk
 *   client -- wire -- session --+
 *
 * The world drives all of them as the programs do, and keeps book: whatever a
 * client hears or has acknowledged is compared with what others heard, and at
 * the end (world_check) with the log.
 */
#ifndef SOTTO_TESTS_UNIT_SUPPORT_WORLD_H
#define SOTTO_TESTS_UNIT_SUPPORT_WORLD_H

#include "core/chat/client.h"
#include "core/chat/hub.h"
#include "core/chat/session.h"
#include "tests/unit/support/faulty_files.h"
#include "tests/unit/support/seed.h"

#define WORLD_CLIENTS    6
#define WORLD_WIRES      48
#define WORLD_PIPE       2048
#define WORLD_NUMBERS    16384 /* numbers of entries that the book can hold */
#define WORLD_HEARD      4096
#define WORLD_POSTS      1024
#define WORLD_ITERATIONS 2  /* of passwords */
#define WORLD_TEXT       32 /* how much of a text is kept */

/* How bytes are cut on their way. */
enum world_cut {
    WORLD_WHOLE,
    WORLD_RANDOM,
    WORLD_BYTES /* one at a time */
};

struct world_pipe {
    uint8_t bytes[WORLD_PIPE];
    size_t len;
    bool is_ended; /* by the side that writes */
};

/* A TCP connection. */
struct world_wire {
    bool is_used;
    int conn;   /* at the server's end; -1: it has gone */
    int client; /* at the other; -1: it has gone */
    struct world_pipe up;
    struct world_pipe down;
    bool is_stuck; /* nobody reads what comes down */
};

/* The server's end. */
struct world_conn {
    bool is_open;
    int wire;
    struct sotto_session session;
    struct sotto_seat_id seat;
};

struct world_heard {
    uint64_t number;
    uint8_t type;
    char sender[SOTTO_NAME_MAX + 1];
    char text[WORLD_TEXT];
    size_t text_len;
};

struct world_post {
    uint64_t number;  /* acknowledged as this; 0: not yet */
    uint16_t problem; /* or refused */
    size_t text_len;
    char text[WORLD_TEXT];
};

#define WORLD_DEVICES 8

struct world_device {
    char name[SOTTO_NAME_MAX + 1];
    uint8_t flags;
    uint32_t time_s;
};

struct world_client {
    bool is_there;
    bool stays_away;   /* does not dial by itself */
    bool distrusts;    /* drops the connection when it sees the key */
    bool has_password; /* still; it is forgotten after a login otherwise */
    bool keeps_password;
    struct sotto_client client;
    int wire; /* -1: none */
    const char *password;
    uint8_t private_key[32];
    uint8_t public_key[32];
    uint8_t *memory;

    /* What it was told. */
    unsigned counts[SOTTO_EVENT_CLOSED + 1]; /* events of each kind */
    struct sotto_error problem;              /* the last one */
    struct sotto_client_event closed;        /* the last one */
    struct sotto_joined joined;              /* the last one */
    bool missed;                             /* ever */
    uint64_t first; /* from here on it has to know everything; 0: never in */
    struct world_heard heard[WORLD_HEARD];
    size_t heard_count;
    uint64_t heard_last;
    struct world_post posts[WORLD_POSTS]; /* by id - 1 */
    size_t post_count;
    char present[256]; /* names of the last list, a blank after each */
    bool present_is_whole;
    struct world_device devices[WORLD_DEVICES]; /* of the last list */
    size_t device_count;
};

struct world_options {
    uint64_t seed;
    enum world_cut cut;
    uint16_t server_limit;       /* of records, 0: 1024 */
    uint16_t client_limit;       /* 0: 1024 */
    uint16_t max_text;           /* 0: 400 */
    size_t buffers;              /* 0: 4 for each session */
    size_t sessions;             /* 0: 8 */
    size_t feed;                 /* bytes, 0: 32768 */
    size_t pending;              /* 0: 32 */
    uint16_t window;             /* 0: 8 */
    uint16_t history;            /* 0: none */
    uint32_t burst;              /* of all throttles, 0: 1000 */
    size_t queue;                /* of a client, 0: 8192 */
    size_t accounts;             /* 0: 16 */
    uint32_t segment;            /* bytes of the log's, 0: 4096 */
    uint32_t segments;           /* 0: 60 */
    struct sotto_rate rate;      /* of a connection; zeros: no limit */
    struct sotto_rate post_rate; /* of an account */
    bool slow_disk;              /* requests complete only now and then */
    enum sotto_registration registration;
};

struct world {
    struct world_options options;
    struct seed seed;
    uint64_t now_ms;
    uint64_t wall_s;
    bool is_moving; /* something happened since this was last set to false */

    struct faulty_files disk;
    bool is_up;
    bool is_ending;
    bool random_fails; /* the server's */
    uint8_t server_private[32];
    uint8_t server_public[32];
    struct sotto_accounts *accounts;
    struct sotto_log *log;
    struct sotto_hub *hub;
    struct sotto_feed feed;
    struct sotto_session_config session;
    struct sotto_pool buffers;
    struct sotto_turns turns;
    struct sotto_pool logins;
    struct world_conn *conns;
    uint32_t generation;
    void *memory[8]; /* of this server's life */
    size_t memory_count;
    enum sotto_why why;   /* of the last refusal, for its log */
    uint64_t last_number; /* given out, over all lives of the server */

    struct world_wire wires[WORLD_WIRES];
    struct world_client clients[WORLD_CLIENTS];
    uint32_t book[WORLD_NUMBERS]; /* what each number stands for; 0: unknown */
};

/* A world with its server up, and nobody in it. */
struct world *world_begin(const struct world_options *options);
void world_end(struct world *world);

/* ---- people ---- */

/* Makes an account, as registering would. */
void world_add_account(struct world *world, const char *name,
                       const char *password);
/* A client with that password; it dials as soon as the world goes on. */
struct world_client *world_add_client(struct world *world, const char *name,
                                      const char *password);
/* The same, without password yet. */
struct world_client *world_add_stranger(struct world *world, const char *name);
/* An account, and its client. */
struct world_client *world_add_person(struct world *world, const char *name);
/* It comes to an end without a word; its place is free. */
void world_remove_client(struct world *world, struct world_client *client);

/* Says something that nobody said before, `len` bytes long (at least 16).
 * Returns its id, 0 when there was no room. */
uint64_t world_say(struct world *world, struct world_client *client,
                   size_t len);

/* ---- time ---- */

/* One random thing happens: bytes move, a disk completes, time passes. */
void world_step(struct world *world);
void world_steps(struct world *world, size_t count);
/* Everything that can happen without time passing happens. */
void world_settle(struct world *world);
/* For long, with a disk that completes nothing meanwhile. */
void world_settle_without_disk(struct world *world);
/* Time passes at once. */
void world_tick(struct world *world, uint64_t ms);
/* Time passes, with ticks, and everything settles. */
void world_wait(struct world *world, uint64_t ms);

/* ---- trouble ---- */

/* Both ends see the connection end; what was under way is partly lost. */
void world_cut(struct world *world, struct world_client *client);
/* Only the client sees it: the server keeps its end, which still gets what was
 * under way. */
void world_half_cut(struct world *world, struct world_client *client);
/* The server ends without a word; the disk keeps what `cut` says. */
void world_crash(struct world *world, const struct faulty_cut *cut);
/* The server ends as it should. */
void world_stop(struct world *world);
void world_start(struct world *world);

/* The server's end of the client's connection; NULL when there is none. */
struct sotto_session *world_session(struct world *world,
                                    const struct world_client *client);
/* Connections that the server has. */
size_t world_open_count(const struct world *world);

/* ---- judgement ---- */

/*
 * Everything is at rest: whoever was in the room knows all entries of the log
 * since it came, each once; what was acknowledged is there under its number;
 * nothing was stored twice.
 */
void world_check(struct world *world);
/* In the room, all past has come, nothing waits to be acknowledged. */
bool world_is_content(const struct world_client *client);

/* How many posts were acknowledged, of all or of one. */
size_t world_acked(const struct world *world,
                   const struct world_client *client);

/* ---- between the files of the world ---- */

void world_server_turn(struct world *world, struct world_conn *conn);
void world_hub_turn(struct world *world);
void world_free_server(struct world *world);

void world_client_turn(struct world *world, struct world_client *client);
/* A connection to the server, if it is up and there is a wire. */
struct world_wire *world_wire_dial(struct world *world, int client);
/* Up to `most` bytes, by the way of cutting. */
size_t world_portion(struct world *world, size_t most);
void world_note(struct world *world, uint64_t number, uint8_t type,
                struct sotto_span sender, struct sotto_span text);
void world_pipe_put(struct world_pipe *pipe, const uint8_t *in, size_t len);
void world_pipe_drop(struct world_pipe *pipe, size_t len);
void world_wire_release(struct world_wire *wire);

#endif
