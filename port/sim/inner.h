/*
 * inner.h - what the files of this port share. Private to port/sim.
 *
 *   world.c    opening, the clock, who runs next      threads.c  taking turns
 *   machine.c  a machine, its life, the first group of port.h's calls
 *   loop.c     wait sets
 *   wire.c     what is under way between machines
 *   stream.c   streams          listen.c  listeners    connect.c  dialling
 *   console.c  a console that a test types on
 *   disk.c     what a disk holds, and what is left of it without power
 *   files.c    the file table   requests.c  sync and replace
 *
 * One thread is awake at a time, so nothing here is locked.
 */
#ifndef SOTTO_PORT_SIM_INNER_H
#define SOTTO_PORT_SIM_INNER_H

#include "port/sim/sim.h"

#include <pthread.h>
#include <semaphore.h>

#define SIM_NEVER    UINT64_MAX
#define SIM_US       1000U /* in nanoseconds */
#define SIM_MS       1000000U
#define SIM_MACHINES 64U

#define SIM_ASSERT(condition) ((condition) ? (void)0 : SOTTO_PANIC(#condition))

/* ---- chance (world.c) ------------------------------------------------- */

/* SplitMix64: one for the world, one for each disk and source of entropy, so
 * that a call more of one kind does not change the others' luck. */
struct sim_dice {
    uint64_t state;
};

uint64_t sim_roll(struct sim_dice *dice);
/* 0 to `count` - 1. */
uint64_t sim_below(struct sim_dice *dice, uint64_t count);
uint64_t sim_between(struct sim_dice *dice, uint64_t min, uint64_t max);
bool sim_chance(struct sim_dice *dice, uint32_t ppm);

/* ---- threads (threads.c) ---------------------------------------------- */

enum sim_wait {
    SIM_AWAKE,   /* running, or could run */
    SIM_WAITING, /* in port_wait(), or the driver in sim_run(): `until_ns` */
    SIM_JOINING,
    SIM_LOCKING,
    SIM_ENDED
};

/* Everything that takes turns: programs, their threads, and the driver. */
struct port_thread {
    struct sim *sim;
    struct sim_machine *machine; /* NULL for a driver of machines */
    struct port_thread *next;    /* of the world */
    pthread_t thread;
    sem_t turn; /* posted by whoever lets it run */
    void (*run)(void *arg);
    void *arg;
    enum sim_wait state;
    uint64_t until_ns;
    struct port_loop *loop; /* WAITING, or NULL */
    struct port_thread *joined;
    struct port_mutex *mutex;
    bool is_killed;
    bool is_owned;   /* somebody will join it */
    uint32_t temper; /* how many pauses it makes, from 1; 0: not known yet */
    const char *error;
};

/* The thread that is calling; NULL when it belongs to no world. */
struct port_thread *sim_self(void);

/* Makes the calling thread the driver of a new world. */
void sim_threads_open(struct sim *sim);
/* The calling thread drives no world any more. */
void sim_threads_close(struct sim *sim);
/* Frees those that ended and that nobody joins. */
void sim_threads_reap(struct sim *sim);
/* Starts one; NULL without memory. */
struct port_thread *sim_thread_add(struct sim_machine *machine,
                                   void (*run)(void *arg), void *arg);
/* Lets others run until it is this thread's turn again. `state` was set. Does
 * not return when it was killed. */
void sim_block(void);
/* Lets others run for a while, when the world has pauses and chance wants one.
 * Does not return when it was killed. */
void sim_pause(void);
/* Marks all threads of a machine to end instead of running on. When the caller
 * is one of them, does not return. */
void sim_threads_kill(struct sim_machine *machine);

/* ---- the disk (disk.c) ------------------------------------------------ */

#define SIM_FILES_MAX 64U /* names, and open files of one table */

/* A file's bytes: as read now, and as they are surely kept. */
struct sim_file {
    uint8_t *now;
    size_t len;
    size_t room;
    uint8_t *kept;
    size_t kept_len;
    size_t same;   /* so many bytes of both are equal */
    unsigned uses; /* names, open numbers and requests */
    unsigned opened;
    bool is_broken; /* after IO, until it is opened again */
};

struct sim_entry {
    char name[SOTTO_FILE_NAME_MAX + 1];
    struct sim_file *now; /* NULL: not there */
    struct sim_file *kept;
};

struct sim_disk {
    struct sim_dice dice;
    struct sim_entry entries[SIM_FILES_MAX];
    size_t count;
    uint64_t room;
    bool lies;
    bool is_locked;           /* a table is exclusive */
    struct sim_table *tables; /* that are open */
};

struct sim_file *sim_file_make(void); /* with one use */
void sim_file_use(struct sim_file *file);
void sim_file_leave(struct sim_file *file);
/* False without memory. */
bool sim_file_append(struct sim_file *file, const uint8_t *in, size_t len);
void sim_file_cut(struct sim_file *file, size_t len);
/* The first `len` bytes are kept from now on. */
void sim_file_keep(struct sim_file *file, size_t len);

/* The entry of that name, or NULL. */
struct sim_entry *sim_disk_find(struct sim_disk *disk, const char *name);
/* The same, made if need be, for which a removal may become sure; NULL when the
 * disk has no place for it. */
struct sim_entry *sim_disk_name(struct sim_disk *disk, const char *name);
/* Puts a file, or NULL, in the place of another. */
void sim_disk_set(struct sim_file **place, struct sim_file *file);
/* Forgets entries that nobody needs. */
void sim_disk_tidy(struct sim_disk *disk);
uint64_t sim_disk_used(const struct sim_disk *disk);
/* What is under way is done or not; what was not kept is kept or not. */
void sim_disk_lose_power(struct sim_disk *disk);
void sim_disk_free(struct sim_disk *disk);

/* ---- files and requests ----------------------------------------------- */

enum sim_request_kind {
    SIM_SYNC,
    SIM_REPLACE
};

struct sim_request {
    struct sim_request *next;
    enum sim_request_kind kind;
    struct sotto_io *io;
    uint64_t done_ns;
    enum sotto_err err;    /* known from the start: FORMAT, SPACE */
    struct sim_file *file; /* SYNC; in use */
    size_t len;            /* SYNC: as long as it was, or was cut to since */
    char from[SOTTO_FILE_NAME_MAX + 1];
    char to[SOTTO_FILE_NAME_MAX + 1];
};

/* What port_files_open() makes. */
struct sim_table {
    struct sim_machine *machine;
    struct port_loop *loop;
    struct sim_table *next;
    struct sim_file *files[SIM_FILES_MAX]; /* by number; NULL is free */
    bool is_exclusive;
    struct sim_request *first; /* of those that are pending */
};

bool sim_file_name_ok(const char *name);
/* Carries out all that is due, or (`all`) everything. */
void sim_requests_finish(struct sim_table *table, bool all);
/* What the first `count` do to the disk, without telling anybody. */
void sim_requests_happen(struct sim_table *table, size_t count);
size_t sim_requests_count(const struct sim_table *table);
void sim_requests_start(struct sim_table *table, struct sim_request *request,
                        struct sotto_io *io);
/* A file with a pending sync was cut to this. */
void sim_requests_file_cut(struct sim_table *table, const struct sim_file *file,
                           size_t len);
void sim_table_free(struct sim_table *table);

/* ---- the wire (wire.c) ------------------------------------------------ */

#define SIM_SEGMENTS 32U

struct sim_segment {
    uint64_t at_ns; /* when it arrives */
    size_t len;
};

/* One direction of a connection. */
struct sim_pipe {
    uint8_t *bytes; /* a ring: arrived and not read, then under way */
    size_t room;
    size_t at;
    size_t arrived;
    size_t under_way;
    struct sim_segment segments[SIM_SEGMENTS]; /* of what is under way */
    size_t segment_count;
    uint64_t last_ns;    /* when the newest arrives */
    uint64_t stalled_ns; /* since when nothing gets through, or 0 */
    uint64_t end_ns;     /* when the end arrives, or NEVER */
    bool has_ended;      /* the end has arrived */
};

/* One end of a connection; index 0 is who dialled. */
struct sim_end {
    struct sim_machine *machine;
    uint32_t boot; /* the run of the machine that it belongs to */
    struct port_address address;
    struct port_stream *stream; /* NULL: closed, or not accepted yet */
    bool is_gone;               /* closed or aborted */
    bool is_polite;             /* closed in good order: still listens */
    uint64_t gone_ns;
    uint64_t reset_ns; /* when it will learn of a reset, or NEVER */
    enum sotto_err err;
};

struct sim_conn {
    struct sim_conn *next;
    struct sim_end ends[2];
    struct sim_pipe pipes[2];       /* [n]: what ends[n] writes */
    struct port_listener *listener; /* where it waits to be accepted */
    uint64_t dialled_ns;
    uint64_t knock_ns;      /* when it reaches the other machine, or NEVER */
    uint64_t answer_ns;     /* when who dialled knows, or NEVER */
    enum sotto_err answer;  /* AGAIN: does not know yet */
    enum sotto_err outcome; /* on its way back */
};

/* NULL without memory. */
struct sim_conn *sim_conn_make(struct sim_machine *from,
                               struct sim_machine *to);
/* Lets arrive what is due; and when the next thing will be. */
void sim_wire_deliver(struct sim *sim);
uint64_t sim_wire_next_ns(const struct sim *sim);
/* Sends bytes that fit. */
void sim_pipe_send(struct sim *sim, struct sim_pipe *pipe, const uint8_t *in,
                   size_t len);
void sim_end_close(struct sim_conn *conn, unsigned side);
void sim_end_abort(struct sim_conn *conn, unsigned side);
/* It breaks here and now; the other side learns of it. */
void sim_end_break(struct sim_conn *conn, unsigned side);
/* A program was ended: the system closes its connections in good order. */
void sim_wire_end_machine(struct sim *sim, const struct sim_machine *machine);
/* A machine lost its power: its ends are gone, silently. */
void sim_wire_lose_machine(struct sim *sim, const struct sim_machine *machine);
void sim_wire_free(struct sim *sim);

/* ---- loops ------------------------------------------------------------ */

enum sim_source_kind {
    SIM_STREAM,
    SIM_LISTENER,
    SIM_CONSOLE
};

/* Begins what has a place in a loop. */
struct sim_source {
    enum sim_source_kind kind;
    struct port_loop *loop;
    void *tag;
};

struct port_stream {
    struct sim_source source;
    struct sim_conn *conn; /* NULL for the console */
    unsigned side;
    unsigned want;
    enum sotto_err status; /* as the last port_wait() left it */
    bool was_told;         /* status has been asked for since */
    bool is_armed;         /* was given to its loop */
    bool is_nameless;      /* nobody has this name: there is no `conn` */
};

struct port_listener {
    struct sim_source source;
    struct port_listener *next; /* of the machine */
    struct port_address address;
    bool is_wanted;
    size_t waiting;
};

struct sim_place {
    struct sim_source *source;
};

struct port_loop {
    struct sim_machine *machine;
    struct port_loop *next; /* of the machine */
    struct sim_place *places;
    size_t capacity;
    size_t count;
    size_t turn; /* who is asked first */
    bool is_woken;
};

struct port_mutex {
    struct sim_machine *machine;
    struct port_thread *owner;
    struct port_mutex *next; /* of the machine */
};

/* False when it is full. */
bool sim_loop_place(struct port_loop *loop, struct sim_source *source);
void sim_loop_leave(struct sim_source *source);
bool sim_loop_is_ready(const struct port_loop *loop);
/* When a request of its files is done, or NEVER. */
uint64_t sim_loop_next_ns(const struct port_loop *loop);
void sim_loop_free(struct port_loop *loop);

/* A stream, or the console, with a place in the loop; NULL when there is none. */
struct port_stream *sim_stream_make(struct port_loop *loop,
                                    enum sim_source_kind kind, void *tag);
unsigned sim_stream_ready(const struct port_stream *stream);
/* What happened meanwhile may be seen from now on. */
void sim_stream_look(struct port_stream *stream);
unsigned sim_console_ready(const struct port_stream *stream);
enum sotto_err sim_console_read(struct port_stream *stream, uint8_t *out,
                                size_t cap, size_t *got);
enum sotto_err sim_console_write(struct port_stream *stream, const uint8_t *in,
                                 size_t len, size_t *put);
void sim_console_close(struct port_stream *stream);
void sim_listener_free(struct port_listener *listener);
struct port_listener *sim_listener_find(const struct sim_machine *machine,
                                        const struct port_address *address);
bool sim_address_is_of(const struct sim_machine *machine,
                       const struct port_address *address);

/* ---- machines --------------------------------------------------------- */

struct sim_text {
    char *bytes;
    size_t at;
    size_t len; /* from `at` */
    size_t room;
};

/* False without memory. */
bool sim_text_add(struct sim_text *text, const void *bytes, size_t len);

struct sim_count {
    uint64_t calls;
    uint64_t fail_at; /* the number of the call, or 0 */
};

/* A block of a program's memory; the bytes follow. */
struct sim_block_head {
    struct sim_machine *machine;
    struct sim_block_head *next;
    struct sim_block_head *prev;
    size_t size;
};

/* The machine as its program sees it. */
struct port {
    struct sim_machine *machine;
};

struct sim_machine {
    struct sim *sim;
    struct port port;
    const char *name;
    size_t number; /* from 1 */
    int (*program)(void *arg);
    void *arg;
    bool is_running;
    bool is_powered; /* answers the network, program or not */
    uint32_t boot;
    int exit_code;
    unsigned threads; /* that have not ended */
    struct port_loop *loops;
    struct port_listener *listeners;
    struct port_mutex *mutexes;
    struct sim_block_head *memory;
    uint16_t next_port;
    unsigned cut;     /* SIM_CUT_... */
    unsigned signals; /* 1U << kind, of those that are pending */
    struct sim_dice entropy;
    struct sim_disk disk;
    struct sim_count counts[SIM_CALLS_KINDS];
    uint64_t cut_at; /* the number of the call of files, or 0 */
    const char *file_path;
    const char *file_text;
    struct port_stream *console;
    struct sim_text typed;
    bool has_typed_end;
    struct sim_text shown;
};

struct sim {
    uint64_t now_ns;
    struct sim_dice dice;
    struct sim_profile profile;
    struct port_thread driver;
    struct port_thread *threads; /* all, the driver too */
    struct sim_machine *machines[SIM_MACHINES];
    size_t machine_count;
    struct sim_conn *conns;
    bool is_alone; /* made by port_open() */
    sim_look look;
    void *look_ctx;
};

/* Who is to run: lets the network work and the clock go until somebody can. */
struct port_thread *sim_pick(struct sim *sim);

/* Counts a call; true when it is one that is to fail. */
bool sim_call(struct sim_machine *machine, enum sim_calls kind);
/* The same for files, where the power may go (does not return then). What the
 * call is to answer, OK mostly. */
enum sotto_err sim_file_call(struct sim_machine *machine);
/* Frees what the program left behind. All its threads have ended. */
void sim_machine_clean(struct sim_machine *machine);
void sim_machine_free(struct sim_machine *machine);

/* Remembers a sentence for port_last_error(). */
enum sotto_err sim_fail(enum sotto_err err, const char *text);

#endif
