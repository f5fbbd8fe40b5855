/*
 * port.h - the whole contract between Sotto and the machine it runs on.
 *
 * Everything that the server and the client need of a machine is here: TCP
 * streams, a wait set, a console, files, time, random bytes, threads. Each
 * implementation (posix/, lwip/, sim/) answers alike; tests/port/ asks all of
 * them the same questions. PORTING.md says how to write another.
 *
 * The model. `struct port` is the machine. `struct port_loop` is one thread's
 * wait set; streams and listeners belong to the loop they were made in, and
 * only the thread that runs this loop may touch them. Nothing here calls the
 * application back. Readiness is level-triggered: an event is reported again
 * as long as it is true and wanted. No call blocks unless it says so.
 *
 * Memory. What a call hands out belongs to the port until the matching close.
 * A buffer that is handed in is free again when the call returns.
 *
 * Errors are those of sotto/err.h; details that only a person can use (the
 * system's own words) are to be had from port_last_error().
 */
#ifndef SOTTO_PORT_H
#define SOTTO_PORT_H

#include <sotto/env.h>
#include <sotto/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct port;
struct port_loop;
struct port_listener;
struct port_stream;

/* ---- the machine ------------------------------------------------------ */

/*
 * Starts the machine: once a process. RANDOM when it has no entropy source,
 * IO or UNREACHABLE when a device or the network interface does not start,
 * SPACE without memory. May wait until the machine's entropy source is ready.
 * On a host it also takes over the signals named at port_wait() and ignores
 * SIGPIPE.
 */
enum sotto_err port_open(struct port **port) SOTTO_MUST_CHECK;

/* Ends it. All loops must be closed. May wait as port_loop_close() does, where
 * the network stack is the port's own and ends with it. Restores the console. */
void port_close(struct port *port);

/* Monotonic milliseconds since some start; never goes back. Any thread. */
uint64_t port_now_ms(struct port *port);

/* Monotonic nanoseconds, as fine as the machine can, for measuring only. Any
 * thread. */
uint64_t port_now_ns(struct port *port);

/* Seconds since 1970-01-01 UTC, or SOTTO_TIME_UNKNOWN where the machine has
 * not been told. May jump. Any thread. */
uint64_t port_wall_s(struct port *port);

/* Random bytes for keys, from the machine's entropy source; see env.h. */
struct sotto_random port_random(struct port *port);

/* A sentence in the system's words about the last call of this thread that
 * did not return OK or AGAIN ("Address already in use"), those on addresses
 * excepted; never NULL; valid until this thread's next call. */
const char *port_last_error(struct port *port);

/* ---- wait sets -------------------------------------------------------- */

/* Bits of readiness. A stream that failed is ready for both, and the next
 * read or write tells why. */
#define PORT_READ  1U
#define PORT_WRITE 2U

enum port_event_kind {
    PORT_EVENT_READY,  /* a stream or listener: `tag` and `ready` */
    PORT_EVENT_WAKE,   /* port_wake() was called at least once */
    PORT_EVENT_STOP,   /* the person or system asks to end: SIGTERM, SIGINT;
                          asked again more than two seconds later, the program
                          ends at once, whatever it is doing */
    PORT_EVENT_RELOAD, /* read the settings again: SIGHUP */
    PORT_EVENT_STATUS, /* print counters: SIGUSR1 */
    PORT_EVENT_RESIZE  /* the console has another size, or was resumed:
                          draw again */
};

struct port_event {
    enum port_event_kind kind;
    unsigned ready; /* PORT_READ, PORT_WRITE; with READY only */
    void *tag;      /* as handed in with the stream or listener */
};

/*
 * Makes a wait set for up to `capacity` streams and listeners together. SPACE;
 * UNSUPPORTED where a machine has one loop only and it is taken. Signals go to
 * the first loop that was opened, as long as it is open. Opening and closing
 * loops is for the thread that opened the machine; closing, once the thread
 * that ran the loop has ended or will not touch it again.
 */
enum sotto_err port_loop_open(struct port *port, size_t capacity,
                              struct port_loop **loop) SOTTO_MUST_CHECK;

/* Closes it, with every stream and listener left in it (streams as by
 * port_stream_abort). Its files must have been closed before. May wait up to
 * two seconds for what was written to streams that were closed in good order,
 * when it is still on its way. */
void port_loop_close(struct port_loop *loop);

/*
 * Waits until something is ready, a file request (env.h) completed, or
 * `timeout_ms` passed; 0 looks without waiting, PORT_FOREVER has no end.
 * Writes up to `cap` events (at least 1) and their number, which may be 0: a
 * port has work of its own to wake up for, but does not spin. A stream or
 * listener has at most one event a call. A loop with more ready streams than
 * `cap` reports the others at the next calls: nobody starves. An event for a
 * stream is never reported after that stream was closed; what the caller has
 * in hand from one call may still name a stream that it closed meanwhile.
 */
#define PORT_FOREVER UINT32_MAX
void port_wait(struct port_loop *loop, uint32_t timeout_ms,
               struct port_event *events, size_t cap, size_t *count);

/* Makes this or the next port_wait() of `loop` return with a WAKE event. Any
 * thread, and interrupts where there are some. */
void port_wake(struct port_loop *loop);

/* ---- addresses -------------------------------------------------------- */

/* IPv4 addresses stand in the last four of `ip`, mapped (RFC 4291 2.5.5.2). */
struct port_address {
    uint8_t ip[16];
    uint16_t port;
};

/* Room for the longest text, "[" IPv6 "]:" port, and a zero. */
#define PORT_ADDRESS_TEXT 56

/* True for an IPv4 address. */
bool port_address_is_ipv4(const struct port_address *address);

/* Writes "192.0.2.1:7688" or "[2001:db8::1]:7688". Any thread. */
void port_address_text(const struct port_address *address,
                       char out[static PORT_ADDRESS_TEXT]);

/* Reads a numeric address without port ("192.0.2.1", "::1", no brackets).
 * Its port becomes 0. FORMAT. Any thread. */
enum sotto_err port_address_parse(const char *text,
                                  struct port_address *address)
    SOTTO_MUST_CHECK;

/* ---- listening -------------------------------------------------------- */

/*
 * Listens for TCP on exactly this address (an IPv6 wildcard does not take
 * IPv4); port 0 lets the system choose. The listener reports PORT_READ with
 * `tag` when port_accept() has something. BUSY: taken by another; DENIED; NAME:
 * not an address of this machine; UNSUPPORTED: no IPv6 here; SPACE.
 */
enum sotto_err port_listen(struct port_loop *loop,
                           const struct port_address *address, void *tag,
                           struct port_listener **listener) SOTTO_MUST_CHECK;

/* Where it listens, with the port that was chosen. */
void port_listener_address(const struct port_listener *listener,
                           struct port_address *address);

/*
 * Takes the next connection into `loop`, with PORT_READ wanted. `peer` may be
 * NULL. AGAIN when there is none; SPACE when this loop or machine can hold no
 * more: the connection then waits in the backlog or was refused, and the caller
 * should accept no more until it closed something; IO.
 *
 * Where the port has threads, `loop` may be another loop than the listener's;
 * it is still the listener's thread that calls. Nothing is then wanted yet, and
 * nothing, not even a lost peer, is reported before the first port_want(),
 * which is for the thread of `loop` to call once it was given the stream. Until
 * then the accepting thread may close it: in good order for sure when it first
 * moves it into its own loop and calls port_want().
 */
enum sotto_err port_accept(struct port_listener *listener,
                           struct port_loop *loop, void *tag,
                           struct port_stream **stream,
                           struct port_address *peer) SOTTO_MUST_CHECK;

/*
 * Gives an accepted stream another tag, and puts it into another loop when
 * `loop` is not its own. That is for the accepting thread, and for a stream that
 * was accepted into another loop than the listener's, before its first
 * port_want(). SPACE, and nothing has changed, when `loop` is full.
 */
enum sotto_err port_move(struct port_stream *stream, struct port_loop *loop,
                         void *tag) SOTTO_MUST_CHECK;

/* Stop reporting new connections, or start again. They wait in the backlog. */
void port_listener_want(struct port_listener *listener, bool wanted);

void port_listener_close(struct port_listener *listener);

/* ---- streams ---------------------------------------------------------- */

/*
 * Starts to connect to a host name or numeric address; name look-up included,
 * nothing blocks. "localhost" is this machine. Several addresses of a name are
 * tried in turn. SPACE; FORMAT for an impossible name.
 *
 * PORT_WRITE is reported, wanted or not, from when the outcome is known until
 * port_connect_status() told it. From then on what was set with port_want()
 * meanwhile is wanted, or else PORT_READ.
 */
enum sotto_err port_connect(struct port_loop *loop, const char *host,
                            uint16_t tcp_port, void *tag,
                            struct port_stream **stream) SOTTO_MUST_CHECK;

/* AGAIN while connecting, then OK or why it failed: NAME, REFUSED,
 * UNREACHABLE, TIMEOUT, RESET, IO; the same at each call. It changes inside
 * port_wait() only. OK for a stream that was accepted. Reading and writing
 * answer AGAIN as long as this does, and fail as this failed. */
enum sotto_err port_connect_status(struct port_stream *stream) SOTTO_MUST_CHECK;

/* The other end, once connected. Not for the console. */
void port_stream_peer(const struct port_stream *stream,
                      struct port_address *peer);

/* Which readiness is to be reported from now on: PORT_READ, PORT_WRITE, both,
 * or 0. A broken stream is reported even with 0; an end in good order is only
 * something to read. Costs nothing when it does not change. */
void port_want(struct port_stream *stream, unsigned ready);

/*
 * Reads what is there, 1 to `cap` bytes (`cap` at least 1); OK is never with 0
 * bytes. AGAIN when nothing is there; CLOSED when the peer ended its side in
 * good order (and again at each later call; one may still write); RESET,
 * TIMEOUT or IO when the stream broke, perhaps after bytes that came before,
 * and again at each later call.
 */
enum sotto_err port_read(struct port_stream *stream, uint8_t *out, size_t cap,
                         size_t *got) SOTTO_MUST_CHECK;

/*
 * Writes as much of `len` bytes (at least 1) as fits the system's buffers, 1
 * or more; the rest is the caller's to repeat when PORT_WRITE comes. AGAIN
 * when nothing fits; RESET, TIMEOUT or IO when the stream broke. Bytes leave
 * at once (no Nagle). OK does not mean that the peer has them.
 */
enum sotto_err port_write(struct port_stream *stream, const uint8_t *in,
                          size_t len, size_t *put) SOTTO_MUST_CHECK;

/*
 * Closes in good order and never waits: what was written is still delivered,
 * then the peer reads CLOSED. What the peer sent and nobody read is thrown
 * away, and so is, for at least two seconds in which the loop runs, what it
 * still sends, since the answer to that is a reset, which could overtake
 * our last words. The stream's place in the loop is free at once, or soon.
 */
void port_stream_close(struct port_stream *stream);

/* Closes at once: undelivered bytes are lost and the peer reads RESET. Still
 * connecting, it gives up. On the console the same as closing. */
void port_stream_abort(struct port_stream *stream);

/* ---- the console ------------------------------------------------------ */

/*
 * The machine's console as a stream: standard input and output, or a UART.
 * Reads and writes are those above; reading a regular file is always ready;
 * CLOSED is the end of input. A written '\n' begins a new line, raw or not.
 * Inherited descriptors are never made non-blocking (they are shared with other
 * programs). One a machine at a time; BUSY. UNSUPPORTED where there is none;
 * SPACE. Closing the stream restores the console and leaves it to the next.
 */
enum sotto_err port_console_open(struct port_loop *loop, void *tag,
                                 struct port_stream **console) SOTTO_MUST_CHECK;

struct port_console_info {
    bool input_is_terminal;
    bool output_is_terminal;
    uint16_t columns; /* 80 where unknown */
    uint16_t rows;    /* 24 where unknown */
};

void port_console_info(struct port_stream *console,
                       struct port_console_info *info);

/*
 * Raw input, byte by byte, without echo and with Enter as '\r', or back to how
 * it was found; only on terminals, otherwise nothing happens. Whatever ends the
 * program, and suspending it, restores the console; resuming sets raw again and
 * reports RESIZE. Control-C stays a STOP event.
 */
void port_console_raw(struct port_stream *console, bool raw);

/* ---- files ------------------------------------------------------------ */

/*
 * The files of one folder (its path on a host, made with mode 0700 when
 * missing; the one storage region on a board, where `folder` does not
 * matter). With `exclusive` nobody else, in this process or another, may open
 * it so: BUSY says somebody does, UNSUPPORTED that it cannot be known. Requests
 * complete while `loop` runs. `files` is valid until port_files_close(), which
 * comes before port_loop_close(). May wait for a disk. DENIED, IO, FULL, SPACE,
 * NOT_FOUND (the parent of `folder` is missing), BUSY.
 */
enum sotto_err port_files_open(struct port_loop *loop, const char *folder,
                               bool exclusive, struct sotto_files *files)
    SOTTO_MUST_CHECK;

/* Waits for pending requests, which become DONE in it, closes what is open,
 * gives up the lock. */
void port_files_close(struct sotto_files *files);

/*
 * Reads a whole file that a person named (settings, a password file, "-" is
 * not special) into `out`: at most `cap` bytes, LIMIT when it is larger. May
 * wait for a disk. NOT_FOUND, DENIED, IO, UNSUPPORTED where there are no
 * such files.
 */
enum sotto_err port_read_file(struct port *port, const char *path, uint8_t *out,
                              size_t cap, size_t *len) SOTTO_MUST_CHECK;

/* ---- threads ---------------------------------------------------------- */

/* How many threads can run at once: processors, or 1. */
size_t port_processors(struct port *port);

struct port_thread;
struct port_mutex;

/* Runs `run(arg)` in a thread of its own. UNSUPPORTED where there are none;
 * SPACE. */
enum sotto_err port_thread_start(struct port *port, void (*run)(void *arg),
                                 void *arg, struct port_thread **thread)
    SOTTO_MUST_CHECK;

/* Waits for its end and frees it. */
void port_thread_join(struct port_thread *thread);

/* A plain, non-recursive mutex. On a machine without threads locking does
 * nothing. SPACE. */
enum sotto_err port_mutex_open(struct port *port, struct port_mutex **mutex)
    SOTTO_MUST_CHECK;
void port_mutex_close(struct port_mutex *mutex);
void port_mutex_lock(struct port_mutex *mutex);
void port_mutex_unlock(struct port_mutex *mutex);

#endif
