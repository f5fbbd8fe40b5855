/*
 * firmware_config.h - everything of the firmware that costs RAM, in one place.
 * The build puts this header in front of every file of core, port and apps, and
 * lwIP's; what is not named here keeps the default of its own header. Any value
 * can be given by -D as well. Costs are bytes of RAM.
 */
#ifndef SOTTO_APPS_FIRMWARE_CONFIG_H
#define SOTTO_APPS_FIRMWARE_CONFIG_H

/* ---- which role ------------------------------------------------------- */

#define FIRMWARE_ROLE_MENU   0 /* asked on the console, as on a host */
#define FIRMWARE_ROLE_SERVER 1
#define FIRMWARE_ROLE_CLIENT 2

#ifndef FIRMWARE_ROLE
#    define FIRMWARE_ROLE FIRMWARE_ROLE_MENU
#endif

/* ---- both roles ------------------------------------------------------- */

/* 0: when a check of our own fails, its address is said instead of words ("panic:
 * pc ADDRESS"); "arm-none-eabi-addr2line -e sotto.elf ADDRESS" tells the line.
 * Words cost 6 KiB of flash. */
#ifndef SOTTO_PANIC_TEXTS
#    define SOTTO_PANIC_TEXTS 0
#endif

/* 1: the suite AESGCM as well. 2.4 KiB of flash. */
#ifndef SOTTO_AEAD_GCM
#    define SOTTO_AEAD_GCM 0
#endif

/* The suite that a client dials: 3, ChaChaPoly, is the one that costs a board
 * least (apps/bench/README.md, "On a board"). A server takes all it has. */
#ifndef SOTTO_SUITE_DEFAULT
#    define SOTTO_SUITE_DEFAULT 3
#endif

/* The longest text of a message; about 30 times this for both roles. */
#ifndef SOTTO_MAX_TEXT
#    define SOTTO_MAX_TEXT 512
#endif

/* 1: a client looks at certificates of servers: the build says so, with
 * FIRMWARE_CA. Then the arena has to hold the authority, and what mbedTLS takes
 * while it looks. */
#ifndef CLIENT_CERTIFICATES
#    define CLIENT_CERTIFICATES 0
#endif
#define AUTHORITY_COUNT_MAX 1
#ifndef AUTHORITY_BYTES
#    define AUTHORITY_BYTES 1024
#endif
#ifndef FIRMWARE_HEAP
#    define FIRMWARE_HEAP 7168U
#endif

/* The memory that a role takes at its start; one that is too small is an error
 * at the start, with the number that was missing. */
#ifndef FIRMWARE_ARENA
#    define FIRMWARE_ARENA                                                     \
        (FIRMWARE_ROLE == FIRMWARE_ROLE_SERVER || !CLIENT_CERTIFICATES         \
             ? (FIRMWARE_ROLE == FIRMWARE_ROLE_CLIENT ? 20480U : 23616U)       \
             : 28672U)
#endif

/* How long the start waits for an address before it goes on without. */
#ifndef FIRMWARE_ADDRESS_MS
#    define FIRMWARE_ADDRESS_MS 10000U
#endif

/* No board is told the time of day yet. */
#define SYSTEM_HAS_CLOCK 0

#define SYSTEM_HAS_OPTIONS 0

/* ---- the server ------------------------------------------------------- */

/* Clients at a time: 712 each for the connection, 104 at the hub, 1,900 in lwIP
 * (port_lwip_config.h), and the buffers. */
#ifndef SERVER_CONNECTIONS
#    define SERVER_CONNECTIONS 8
#endif

/* Accounts that may exist; about 200 each. */
#ifndef SERVER_ACCOUNTS
#    define SERVER_ACCOUNTS 10
#endif

/* Devices that log in without a password, 148 each. */
#ifndef SERVER_DEVICES
#    define SERVER_DEVICES(accounts) 4U
#endif
#define SOTTO_DEVICES_MAX 4 /* of one account */

/* A few clients that take turns: none of them is held up. */
#define SOTTO_PACED 0

/* All of them may come at once, after a reset; a handshake keeps the board busy
 * for a second or so, and an address cannot ask for one after the other. */
#define SERVER_HALF_OPEN(connections)     (connections)
#define SERVER_CONNECT_BURST(connections) (4U * (connections))
#define SERVER_CONNECT_RATE               1

#define SERVER_WORKERS_MAX 1 /* no threads */
#define SERVER_COUNTERS    0

#ifndef SERVER_RECORD_LIMIT
#    define SERVER_RECORD_LIMIT 1024
#endif

/* Record buffers for all connections together, 1,040 each. A connection needs
 * two or three to say or to be told something, and none when it is idle; who
 * finds none waits for his turn. At least SOTTO_SESSION_BUFFERS_MIN; with each
 * one more, one more peer that sends half a record can hold up nobody. */
#ifndef SERVER_BUFFERS
#    define SERVER_BUFFERS(connections) 5U
#endif

#define SERVER_SEALED_AHEAD 1 /* each would hold a buffer */

/* Logins with a password at a time, 660 each. */
#ifndef SERVER_LOGINS
#    define SERVER_LOGINS(connections) 2U
#endif
#define SOTTO_SCRAM_FIRST_MAX 192

#ifndef SERVER_FEED_BYTES
#    define SERVER_FEED_BYTES 2048U
#endif

/* The room's log in storage: kept up to this, in so many files. */
#ifndef SERVER_HISTORY
#    define SERVER_HISTORY 8192U
#endif
#define SERVER_READ_AHEAD      0
#define SERVER_SEGMENTS        4
#define SOTTO_LOG_SEGMENTS_MAX SERVER_SEGMENTS /* 128 each */
#define SERVER_RESERVE         256
/* One stored message. */
#define SOTTO_LOG_ENTRY_MAX (SOTTO_MAX_TEXT + 128)

/* Entries that wait for storage, 32 each; addresses and names in each of five
 * tables against guessing and crowds, 34 each; changes of accounts while their file is rewritten, 250 each. */
#ifndef SERVER_PENDING
#    define SERVER_PENDING 16
#endif
#ifndef SERVER_THROTTLE
#    define SERVER_THROTTLE 7
#endif
#define SOTTO_ACCOUNTS_QUEUE 1

#define SERVER_WINDOW     8
#define SERVER_EVENTS     8
#define SERVER_ITERATIONS 100000U

/* Invitations are read from a file that a person names: there is none. */
#define SERVER_CODES_BYTES 0
#define SOTTO_CODES_MAX    1
#define SOTTO_HISTORY_MAX  32
#define SOTTO_HUB_PAGE_MAX (SOTTO_MAX_TEXT + 128)

/* ---- the client ------------------------------------------------------- */

#define CLIENT_RECORD_LIMIT 1024
#define CLIENT_QUEUE_BYTES  2048U
#define CLIENT_ITERATIONS   100000U
#define CLIENT_ROUNDS       100U
#define CLIENT_PASSWORD_MAX 256 /* unicode_plain.c composes nothing */
#define CLIENT_JSON         0   /* there is no command line to ask for it */
#define KNOWN_FILE_MAX      1024
#define PATH_TEXT_MAX       32

/* ---- the console ------------------------------------------------------ */

#define CONSOLE_IS_TERMINAL 1
#define CONSOLE_LINE_MAX    (SOTTO_MAX_TEXT + 1)
#define CONSOLE_MESSAGE_MAX (7U * SOTTO_MAX_TEXT + 256U)
#define CONSOLE_OUT_MAX     5632 /* a message, a line, and some */
#define CONSOLE_HISTORY_MAX 1024
#define LOG_LINE_MAX        512

/* ---- port/lwip -------------------------------------------------------- */

/* One more than the server's clients, so that the next can be told that there
 * is no room; all of them may come at the same moment. A client has one, and
 * one more while that is being closed. */
#if FIRMWARE_ROLE == FIRMWARE_ROLE_CLIENT
#    define PORT_LWIP_STREAMS 2
#    define PORT_LWIP_BACKLOG 1
#else
#    define PORT_LWIP_STREAMS (SERVER_CONNECTIONS + 1)
#    define PORT_LWIP_BACKLOG (SERVER_CONNECTIONS + 1)
#endif

/* A server looks up no names. */
#if FIRMWARE_ROLE == FIRMWARE_ROLE_SERVER
#    define PORT_LWIP_DNS 0
#endif

#define PORT_LWIP_LISTENERS  1
#define SERVER_LISTENERS_MAX 1U

/*
 * Packet buffers are as large as a segment. What people say fits a small one,
 * and each connection has one to itself; a record of 1 KiB takes four of them,
 * and the peer's acknowledgement in between.
 */
#ifndef PORT_LWIP_MSS
#    define PORT_LWIP_MSS 268
#endif

/* What connections share. */
#ifndef PORT_LWIP_SPARE_PCBS
#    define PORT_LWIP_SPARE_PCBS 2
#endif
#ifndef PORT_LWIP_SEND_SHARED
#    define PORT_LWIP_SEND_SHARED 1280
#endif
#ifndef PORT_LWIP_SHARED_PACKETS
#    define PORT_LWIP_SHARED_PACKETS 4
#endif
#define PORT_LWIP_RESERVED_PACKETS 3

/* Boards have no IPv6 (PORT_LWIP_IPV6). */
#ifndef PORT_LWIP_IPV6_TEXT
#    define PORT_LWIP_IPV6_TEXT PORT_LWIP_IPV6
#endif

/* The longest host name that the client's person can dial. */
#define PORT_LWIP_NAME_MAX 63

/* ---- port/boards: files ------------------------------------------------ */

/* Names: the server's credentials, key and log (4), the client's three, one
 * more for each that is being replaced. Open: the server's credentials and two
 * of the log, and what is being replaced. */
#ifndef BOARD_FILES
#    define BOARD_FILES 12
#endif
#define BOARD_FILES_OPEN 6

/* ---- how they fit together -------------------------------------------- */

_Static_assert(SERVER_CONNECTIONS >= 1 && SERVER_CONNECTIONS <= 200,
               "connections of a board");
_Static_assert(SOTTO_MAX_TEXT >= 64 && SOTTO_MAX_TEXT <= 4096,
               "the longest text");
_Static_assert((SERVER_FEED_BYTES & (SERVER_FEED_BYTES - 1U)) == 0 &&
                   SERVER_FEED_BYTES >= 3U * (SOTTO_MAX_TEXT + 64U),
               "the feed is a power of two and holds three messages");
_Static_assert(SERVER_HISTORY / SERVER_SEGMENTS >= 1024U,
               "a file of the log has at least 1 KiB");
_Static_assert(SERVER_SEGMENTS <= SOTTO_LOG_SEGMENTS_MAX,
               "the log knows all its files");

#endif
