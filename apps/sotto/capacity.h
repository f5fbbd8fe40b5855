/*
 * capacity.h - how much of everything the program holds. These are the values
 * for a host; a build for a board puts its own in front of every file
 * (SOTTO_CONFIG in the top CMakeLists.txt). Bytes unless said otherwise; each
 * costs that much RAM.
 */
#ifndef SOTTO_APP_CAPACITY_H
#define SOTTO_APP_CAPACITY_H

#include "core/auth/scram.h"
#include "core/channel/link.h"

/* ---- the server ------------------------------------------------------- */

/* Threads that --workers may ask for; 1: none, and there is no such option. */
#ifndef SERVER_WORKERS_MAX
#    define SERVER_WORKERS_MAX 64
#endif

/* Between the hub and a worker, each way; a power of two. More when many
 * connections need it. */
#ifndef SERVER_MAILBOX_BYTES
#    define SERVER_MAILBOX_BYTES (1U << 19)
#endif

/* 1: what the workers do is counted. */
#ifndef SERVER_COUNTERS
#    define SERVER_COUNTERS 1
#endif

/* The longest record taken from a client; 256 to 16384. */
#ifndef SERVER_RECORD_LIMIT
#    define SERVER_RECORD_LIMIT SOTTO_RECORD_LIMIT_HOST
#endif

/* Record buffers, for so many connections in all, and at least
 * SOTTO_SESSION_BUFFERS_MIN. A busy connection has up to four, an idle one none;
 * who finds none waits. */
#ifndef SERVER_BUFFERS
#    define SERVER_BUFFERS(connections) (4U * (connections))
#endif

/* Records that are sealed before they are written, one after the other; each
 * holds a buffer meanwhile. */
#ifndef SERVER_SEALED_AHEAD
#    define SERVER_SEALED_AHEAD 8
#endif

/* How long a member may keep one that others wait for, without sending the rest
 * of a record, or without reading; who has not logged in, a quarter of it. */
#ifndef SERVER_HOLD_MS
#    define SERVER_HOLD_MS 3000U
#endif

/* Logins with a password that may be under way for so many connections; one
 * more is told to try again. */
#ifndef SERVER_LOGINS
#    define SERVER_LOGINS(connections) (connections)
#endif

/* Recent entries kept ready for delivery; a power of two of at least three of
 * the longest messages. Who is further behind reads from the log. */
#ifndef SERVER_FEED_BYTES
#    define SERVER_FEED_BYTES (1U << 20)
#endif

/* How much of the room's log is read at a time, at the least; 0: entry by
 * entry, without such a buffer. */
#ifndef SERVER_READ_AHEAD
#    define SERVER_READ_AHEAD 65536U
#endif

/* The largest file of invitation codes. */
#ifndef SERVER_CODES_BYTES
#    define SERVER_CODES_BYTES 8192
#endif

/* Entries that may wait for a disk, 32 bytes each. */
#ifndef SERVER_PENDING
#    define SERVER_PENDING 8192
#endif

/* Devices that log in without a password, of so many accounts in all. */
#ifndef SERVER_DEVICES
#    define SERVER_DEVICES(accounts) (2 * (accounts))
#endif

/* Connections at a time that have not logged in, of so many in all. */
#ifndef SERVER_HALF_OPEN
#    define SERVER_HALF_OPEN(connections) ((connections) - (connections) / 4U)
#endif

/* Connections from one address: so many at once of so many in all, and then so
 * many a second. */
#ifndef SERVER_CONNECT_BURST
#    define SERVER_CONNECT_BURST(connections) (connections)
#endif
#ifndef SERVER_CONNECT_RATE
#    define SERVER_CONNECT_RATE 100
#endif

/* Entries of each of the tables by address and account (four against guessing,
 * one of connections, one of messages), 34 bytes each. */
#ifndef SERVER_THROTTLE
#    define SERVER_THROTTLE 4096
#endif

/* Files that the room's log is divided into, and numbers that are reserved at a
 * time. */
#ifndef SERVER_SEGMENTS
#    define SERVER_SEGMENTS 16
#endif
#ifndef SERVER_RESERVE
#    define SERVER_RESERVE 1024
#endif

/* Posts of one client that may wait for their acknowledgement. */
#ifndef SERVER_WINDOW
#    define SERVER_WINDOW 64
#endif

/* Events of one turn, 16 each on the stack. */
#ifndef SERVER_EVENTS
#    define SERVER_EVENTS 256
#endif

/* Rounds that are shown for names without account: what this server's clients
 * register with. */
#ifndef SERVER_ITERATIONS
#    define SERVER_ITERATIONS SOTTO_SCRAM_ITERATIONS_HOST
#endif

/* The defaults of options. */
#ifndef SERVER_CONNECTIONS
#    define SERVER_CONNECTIONS 1024
#endif
#ifndef SERVER_ACCOUNTS
#    define SERVER_ACCOUNTS 10000
#endif
#ifndef SERVER_HISTORY
#    define SERVER_HISTORY (256U << 20)
#endif

/* ---- the client ------------------------------------------------------- */

/* The longest record taken from a server; 256 to 16384. */
#ifndef CLIENT_RECORD_LIMIT
#    define CLIENT_RECORD_LIMIT SOTTO_RECORD_LIMIT_HOST
#endif

/* 0: this machine is never told the time of day. */
#ifndef SYSTEM_HAS_CLOCK
#    define SYSTEM_HAS_CLOCK 1
#endif

/* 0: there is no command line, so nothing can be set, and no advice is given
 * about options. */
#ifndef SYSTEM_HAS_OPTIONS
#    define SYSTEM_HAS_OPTIONS 1
#endif
#define OPTION_ADVICE(text) (SYSTEM_HAS_OPTIONS ? (text) : "")
#define OPTION_ADVICE_OR(text, without)                                        \
    (SYSTEM_HAS_OPTIONS ? (text) : (without))

/* 1: a client can be told whom to trust, and looks at certificates of servers.
 * How many authorities that can be used are kept, in how many bytes. */
#ifndef CLIENT_CERTIFICATES
#    define CLIENT_CERTIFICATES 1
#endif
#ifndef AUTHORITY_COUNT_MAX
#    define AUTHORITY_COUNT_MAX 256
#endif
#ifndef AUTHORITY_BYTES
#    define AUTHORITY_BYTES (128U << 10)
#endif

/* What was said and is not acknowledged. */
#ifndef CLIENT_QUEUE_BYTES
#    define CLIENT_QUEUE_BYTES 65536U
#endif

/* The longest file of known servers or accounts: some 500 lines. */
#ifndef KNOWN_FILE_MAX
#    define KNOWN_FILE_MAX 65536
#endif

/* Rounds of key derivation for a new account. */
#ifndef CLIENT_ITERATIONS
#    define CLIENT_ITERATIONS SOTTO_SCRAM_ITERATIONS_HOST
#endif

/* Rounds between two looks at the world: a few milliseconds. */
#ifndef CLIENT_ROUNDS
#    define CLIENT_ROUNDS 4000U
#endif

/* The longest password in normal form, which may be longer than it was typed
 * (MENU_PASSWORD_MAX) where unicode_nfc() composes. */
#ifndef CLIENT_PASSWORD_MAX
#    define CLIENT_PASSWORD_MAX 768
#endif

/* 1: a client can be a device: log in with a key of its machine, or a code. */
#ifndef CLIENT_DEVICES
#    define CLIENT_DEVICES 1
#endif

/* 1: what a client shows can be JSON. */
#ifndef CLIENT_JSON
#    define CLIENT_JSON 1
#endif

/* ---- the console ------------------------------------------------------ */

/* 1: it is a terminal, always. */
#ifndef CONSOLE_IS_TERMINAL
#    define CONSOLE_IS_TERMINAL 0
#endif

/* A line that is typed, and a zero. */
#ifndef CONSOLE_LINE_MAX
#    define CONSOLE_LINE_MAX 4097
#endif

/* What may wait to be printed; more than a message, a line and 2 KiB. */
#ifndef CONSOLE_OUT_MAX
#    define CONSOLE_OUT_MAX 65536
#endif

/* A message as it is printed, made safe for the terminal, with its head. */
#ifndef CONSOLE_MESSAGE_MAX
#    define CONSOLE_MESSAGE_MAX 16384U
#endif

/* Lines that can be had back with the arrow keys. */
#ifndef CONSOLE_HISTORY_MAX
#    define CONSOLE_HISTORY_MAX 16384
#endif

#endif
