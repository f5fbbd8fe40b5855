/*
 * machine.c - the machine of port/lwip: start and end, time, random bytes,
 * the last error, files.
 *
 * Contract: port.h. Below: below.h.
 */
#include "port/lwip/machine.h"

#include "port/lwip/below.h"
#include "port/lwip/stack.h"

_Static_assert(PORT_LWIP_STREAMS >= 1 && PORT_LWIP_STREAMS <= 2000 &&
                   PORT_LWIP_LISTENERS >= 1 && PORT_LWIP_LISTENERS <= 250,
               "pools are small");
_Static_assert(PORT_LWIP_BACKLOG >= 1 && PORT_LWIP_BACKLOG <= 255 &&
                   PORT_LWIP_SPARE_PCBS >= 2,
               "one more connection than there is room for can be refused");
_Static_assert(PORT_LWIP_RECEIVE_PACKETS >= 1 &&
                   PORT_LWIP_RECEIVE_PACKETS <= UINT8_MAX,
               "struct port_stream counts them in a byte");
_Static_assert(PORT_LWIP_RECEIVE_BYTES > PORT_LWIP_SEND_BYTES,
               "the end of a connection finds room behind its bytes");
_Static_assert(PORT_LWIP_SEND_OWN > PORT_LWIP_PACKET_OVERHEAD,
               "a connection's own part lets at least a byte leave");

/* How long the last words of closed streams may hold up an end. */
#define DELIVER_MS 2000U

struct port *machine(void)
{
    static struct port the_only_one;
    return &the_only_one;
}

enum sotto_err machine_fail(enum sotto_err err, const char *why)
{
    *stack_error() = why;
    return err;
}

static const char *words(enum sotto_err err)
{
    switch (err) {
    case SOTTO_ERR_SPACE:
        return "No free connection or buffer";
    case SOTTO_ERR_BUSY:
        return "Address already in use";
    case SOTTO_ERR_NAME:
        return "No such host, or no answer";
    case SOTTO_ERR_CLOSED:
        return "The peer ended the connection";
    case SOTTO_ERR_RESET:
        return "Connection reset by the peer";
    case SOTTO_ERR_REFUSED:
        return "Nobody listens there";
    case SOTTO_ERR_UNREACHABLE:
        return "No route to that address";
    case SOTTO_ERR_TIMEOUT:
        return "The peer does not answer";
    default:
        return "The network stack failed";
    }
}

enum sotto_err machine_report(enum sotto_err err)
{
    if (err != SOTTO_OK && err != SOTTO_ERR_AGAIN) {
        *stack_error() = words(err);
    }
    return err;
}

enum sotto_err machine_translate(err_t err)
{
    switch (err) {
    case ERR_OK:
        return SOTTO_OK;
    case ERR_MEM:
    case ERR_BUF:
        return SOTTO_ERR_SPACE;
    case ERR_RTE:
    case ERR_IF:
        return SOTTO_ERR_UNREACHABLE;
    case ERR_USE:
        return SOTTO_ERR_BUSY;
    case ERR_RST:
        return SOTTO_ERR_RESET;
    case ERR_ABRT: /* lwIP's timers gave up */
        return SOTTO_ERR_TIMEOUT;
    default:
        return SOTTO_ERR_IO;
    }
}

/* Without entropy nothing starts (port_open), so that a failure here is a
 * device that died; guessable port numbers do no harm then. */
uint32_t port_lwip_random32(void)
{
    uint32_t value = 0;
    if (below_random((uint8_t *)&value, sizeof value) != SOTTO_OK) {
        value = (uint32_t)below_now_ns();
    }
    return value;
}

void machine_freed(void)
{
    struct port *port = machine();
    port->freed++;
    for (size_t i = 0; i < PORT_LWIP_LOOPS; i++) {
        if (port->loops[i].is_stuck) {
            port->loops[i].is_stuck = false;
            stack_news(&port->loops[i]);
        }
    }
}

enum sotto_err port_open(struct port **port)
{
    struct port *made = machine();
    if (made->open) {
        return machine_fail(SOTTO_ERR_BUSY, "The machine runs already");
    }
    *made = (struct port){.open = false};

    const char *why = "The machine does not start";
    enum sotto_err err = below_start(&why);
    if (err != SOTTO_OK) {
        return machine_fail(err, why);
    }
    static bool running; /* lwIP can be started, and never ended */
    err = running ? SOTTO_OK : stack_start(&why);
    if (err != SOTTO_OK) {
        below_stop();
        return machine_fail(err, why);
    }
    running = true;
    made->open = true;
    *port = made;
    return SOTTO_OK;
}

static bool is_delivering(void)
{
    LOCK_TCPIP_CORE();
    bool busy = linger_busy();
    UNLOCK_TCPIP_CORE();
    return busy;
}

void machine_deliver(void)
{
    uint64_t end = below_now_ms() + DELIVER_MS;
    stack_turn();
    while (is_delivering() && below_now_ms() < end) {
        stack_pause();
        stack_turn();
    }
}

void port_close(struct port *port)
{
    machine_deliver();
    below_stop();
    port->open = false;
}

uint64_t port_now_ms(struct port *port)
{
    (void)port;
    return below_now_ms();
}

uint64_t port_now_ns(struct port *port)
{
    (void)port;
    return below_now_ns();
}

uint64_t port_wall_s(struct port *port)
{
    (void)port;
    return below_wall_s();
}

static enum sotto_err fill_random(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    return below_random(out, len);
}

struct sotto_random port_random(struct port *port)
{
    return (struct sotto_random){.ctx = port, .fill = fill_random};
}

const char *port_last_error(struct port *port)
{
    (void)port;
    return *stack_error();
}

/* ---- files ------------------------------------------------------------ */

/* The machine below has no locks of its own, so one thread has all files. */
static bool take_files(struct port_loop *loop)
{
    struct port *port = machine();
    LOCK_TCPIP_CORE();
    bool ours = port->folders == 0 || port->files_loop == loop;
    if (ours) {
        port->files_loop = loop;
        port->folders++;
    }
    UNLOCK_TCPIP_CORE();
    return ours;
}

static void give_files(void)
{
    LOCK_TCPIP_CORE();
    machine()->folders--;
    UNLOCK_TCPIP_CORE();
}

enum sotto_err port_files_open(struct port_loop *loop, const char *folder,
                               bool exclusive, struct sotto_files *files)
{
    if (!take_files(loop)) {
        return machine_fail(SOTTO_ERR_SPACE, "Another loop has the files");
    }
    const char *why = "The folder cannot be opened";
    enum sotto_err err = below_files_open(folder, exclusive, files, &why);
    if (err != SOTTO_OK) {
        give_files();
        return machine_fail(err, why);
    }
    return SOTTO_OK;
}

void port_files_close(struct sotto_files *files)
{
    below_files_close(files);
    give_files();
}

enum sotto_err port_read_file(struct port *port, const char *path, uint8_t *out,
                              size_t cap, size_t *len)
{
    (void)port;
    const char *why = "The file cannot be read";
    enum sotto_err err = below_read_file(path, out, cap, len, &why);
    return err == SOTTO_OK ? err : machine_fail(err, why);
}

/* ---- processors ------------------------------------------------------- */

size_t port_processors(struct port *port)
{
    (void)port;
    return 1;
}
