/*
 * load.h - many clients of one server, in one thread.
 *
 * What the subcommands that need a network have in common: the server (one of
 * our own in a folder that is removed again, or one that is named), accounts,
 * and connections. A connection dials, registers and logs in as every client
 * does (core/chat/client.h); once it is in the room its link is taken over, so
 * that what comes is opened and looked at as cheaply as one can.
 *
 *   load_options.c  what can be set     load_conn.c    connections
 *   load_server.c   the server          load_room.c    ... that are in the room
 *   load_result.c   what is printed
 */
#ifndef SOTTO_BENCH_LOAD_H
#define SOTTO_BENCH_LOAD_H

#include "apps/bench/bench.h"
#include "apps/bench/process.h"
#include "core/chat/client.h"

/* ---- settings (load_options.c) ------------------------------------------ */

struct load_settings {
    struct process_cores cores; /* that the program may use */
    struct option_list server_options;
    const char *server;        /* where one runs already, or NULL */
    const char *program;       /* of the server to start, or NULL */
    const char *data;          /* where its folder is made, or NULL */
    const char *server_cores;  /* or NULL: chosen */
    const char *core;          /* of the load, or NULL: chosen */
    const char *prefix;        /* of the accounts' names */
    const char *password_file; /* or NULL: a password of our own */
    uint64_t pid;              /* of the server that is named; 0: unknown */
    uint64_t iterations;       /* of accounts that are registered */
    uint64_t seconds;          /* of a run */
    uint64_t runs;
    unsigned suite; /* 0: all */
    bool no_register;
    bool device;
    bool json;
    bool spin;
    /* Of single subcommands. */
    uint64_t senders;
    uint64_t receivers;
    uint64_t window;
    uint64_t size;
    uint64_t rate;
    uint64_t connections;
    uint64_t parallel;
    uint64_t logins;
};

#define LOAD_AT(member) offsetof(struct load_settings, member)

/* The option of a number that is called like its member. */
#define LOAD_NUMBER(member, what, text, least, most)                           \
    {                                                                          \
        .name = #member, .value = (what), .help = (text),                      \
        .kind = OPTION_NUMBER, .offset = LOAD_AT(member), .min = (least),      \
        .max = (most)                                                          \
    }

/* The options of all of them: entries of a table. */
#define LOAD_COMMON_OPTIONS 13
extern const struct option load_common[LOAD_COMMON_OPTIONS];

/* Reads the command's arguments over `settings`, which has the defaults of the
 * command; those of load_common are added here. As bench_parse(). */
bool load_parse(struct bench_call *call, struct load_settings *settings,
                int *code);

/* What the option --suite chose: 1 to 3 suites. */
size_t load_suites(const struct load_settings *settings,
                   enum sotto_suite suites[static 3]);

/* ---- connections (load_conn.c, load_room.c) ----------------------------- */

#define LOAD_RECORD_MAX (SOTTO_RECORD_HEAD + SOTTO_RECORD_LIMIT_HOST)
#define LOAD_INPUT_MAX  ((size_t)4 * LOAD_RECORD_MAX)

struct load;

enum load_state {
    LOAD_IDLE,    /* no connection */
    LOAD_DIALING, /* the stream is being opened */
    LOAD_LOGIN,   /* `client` speaks */
    /* It goes no further where load->goal is: */
    LOAD_WELCOME,  /* logged in */
    LOAD_ENROLLED, /* its key is a device of the account */
    LOAD_ROOM      /* `link` speaks */
};

struct load_conn {
    struct load *load;
    struct port_stream *stream;
    struct sotto_client *client; /* while it logs in */
    struct sotto_link link;      /* in the room */
    enum load_state state;
    uint32_t at;        /* which connection */
    bool is_registered; /* its account exists */
    bool is_strict;     /* it posts nothing: every number is to come */
    uint64_t last;      /* the number of the last entry that came */
    uint64_t acked;     /* the last post that was acknowledged */
    uint64_t posted;    /* the last post that was sent */
    uint64_t began_ns;  /* when it began to dial */
    uint64_t ready_ns;  /* when it was in the room, caught up */
    uint8_t *rest;      /* part of a record */
    size_t rest_len;
    uint8_t *out; /* records that the stream did not take yet */
    size_t out_at;
    size_t out_len;
    uint8_t private_key[32]; /* its static key: each has its own */
    uint8_t public_key[32];
    struct sotto_scram_keys keys; /* of its account, once they are known */
    struct sotto_verifier verifier;
};

/* What a subcommand wants to hear. Each may be NULL. */
struct load_events {
    void *ctx;
    /* A message of somebody else, opened at `now_ns`; false ends the load with
     * load->error, which is to be set. */
    bool (*message)(void *ctx, struct load_conn *conn,
                    const struct sotto_entry *entry, uint64_t now_ns);
    /* The post `id` is stored for good. */
    void (*acked)(void *ctx, struct load_conn *conn, uint64_t id,
                  uint64_t now_ns);
    /* It is in the room and has read all that was said before. */
    void (*ready)(void *ctx, struct load_conn *conn);
};

#define LOAD_ERROR_MAX 512

struct load {
    struct bench_call *call;
    struct load_settings settings;
    struct load_events events;
    enum sotto_suite suite; /* that is dialled */
    struct port *port;
    struct port_loop *loop;
    struct sotto_random random;

    char host[PORT_ADDRESS_TEXT];
    uint16_t tcp_port;
    int pid;                       /* of the server, 0: not known */
    bool is_own;                   /* it was started here */
    char folder[PROCESS_PATH_MAX]; /* of a server of our own */
    struct process_cores server_cores;
    struct process_cores core;

    struct load_conn *conns;
    size_t conn_count;
    size_t ready;           /* of them that are where they are to be, at ... */
    enum load_state goal;   /* ... this; the room, unless it is set */
    bool as_devices;        /* they log in with their key (IK) */
    uint8_t server_key[32]; /* as the last connection has seen it */
    uint8_t password[256];
    size_t password_len;
    uint64_t now_ms;
    uint64_t now_ns;
    uint64_t deadline_ms;       /* of the phase under way */
    uint8_t *input;             /* shared by all connections */
    char error[LOAD_ERROR_MAX]; /* empty: all is well */
};

/* Says what went wrong, once; the load is over. Returns false. */
bool load_fail(struct load *load, const char *what, const char *detail);

/* Sets what is needed for `count` connections, none of them open. */
bool load_conns_open(struct load *load, size_t count);
void load_conns_close(struct load *load);

/* Dials, to log in and to join. */
bool load_dial(struct load *load, struct load_conn *conn);
/* Cuts the connection. */
void load_cut(struct load *load, struct load_conn *conn);

/* Brings the connections from `first` up to `end` into the room, at most
 * `parallel` at a time. */
bool load_join(struct load *load, size_t first, size_t end, size_t parallel);

/* One turn: waits at most `timeout_ms`, and deals with what came. False when
 * the load has failed, or is to end. */
bool load_turn(struct load *load, uint32_t timeout_ms);

/* Begins a phase that may take so long. */
void load_set_deadline(struct load *load, uint64_t ms);

/*
 * Sends `count` posts in one record (they fit). Text `i` is `texts` +
 * `i * len`. False when the load has failed. Whether it may: when nothing
 * waits to be taken by the stream.
 */
bool load_can_post(const struct load_conn *conn);
bool load_post(struct load *load, struct load_conn *conn, const uint8_t *texts,
               size_t len, size_t count);
/* So many posts of this length fit a record. */
size_t load_posts_max(size_t len);

/* Between the two files: what went wrong with a connection; what is there to be
 * read in the room; what waits to be written; a message for whom it concerns. */
bool load_fail_conn(struct load_conn *conn, const char *what,
                    const char *detail);
bool load_read(struct load *load, struct load_conn *conn);
bool load_flush(struct load_conn *conn);
bool load_tell(struct load *load, struct load_conn *conn,
               const struct sotto_entry *entry);

/* ---- the server (load_server.c) ----------------------------------------- */

/* Starts a server for `connections`, or finds the one that is named, and pins
 * both sides. On failure `load->error` says why. */
bool load_open(struct load *load, struct bench_call *call,
               const struct load_settings *settings, size_t connections);
/* Ends what was opened; false when the server ended badly. */
bool load_close(struct load *load);

/*
 * A subcommand: reads its options over `defaults`, and calls `measure` once for
 * each suite, with a server that has room for its connections; it prints its
 * results, and answers false when the load has failed. Returns the exit code.
 */
struct load_bench {
    const char *name;
    size_t (*connections)(const struct load_settings *settings);
    bool (*measure)(struct load *load);
};

int load_run(struct bench_call *call, struct load_settings *settings,
             const struct load_bench *bench);

/* ---- results (load_result.c) -------------------------------------------- */

#define LOAD_RUNS_MAX 99

/* A figure in several runs. */
struct load_series {
    double at[LOAD_RUNS_MAX];
    size_t count;
};

void load_series_add(struct load_series *series, double value);
double load_series_median(const struct load_series *series);
double load_series_min(const struct load_series *series);
double load_series_max(const struct load_series *series);

/* What both sides used during one run. */
struct load_use {
    struct process_use server;
    struct process_use own;
    uint64_t at_ns;
    bool has_server;
};

void load_use_begin(struct load *load, struct load_use *use);

struct load_spent {
    double seconds;
    double server_s;       /* processor time; negative: not known */
    double server_kernel;  /* the system's share of it */
    double server_busy;    /* share of its processors that it used or wanted */
    double generator_busy; /* the same of this program */
};

void load_use_end(struct load *load, const struct load_use *use,
                  struct load_spent *spent);

/* "server", "generator", or "neither": who had no time left. */
const char *load_limit(double server_busy, double generator_busy);

/* Prints what goes before the figures: a heading, or the line "about". */
void load_print_about(const struct load *load, const char *bench);

/* ,"NAME":1.5,"NAME_min":1.4,"NAME_max":1.6 */
void load_json_series(const char *name, const struct load_series *series);
/* "1.50 (1.40-1.60)" */
#define LOAD_TEXT 64
void load_series_text(const struct load_series *series, int digits,
                      char out[static LOAD_TEXT]);

#endif
