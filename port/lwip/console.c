/*
 * console.c - the machine's console as a stream; the bytes come from below.
 *
 * Contract: port.h, the console.
 */
#include "port/lwip/machine.h"

#include "port/lwip/below.h"
#include "port/lwip/stack.h"

static enum sotto_err open_console(struct port_loop *loop, void *tag,
                                   struct port_stream **console)
{
    struct port_stream *made = &machine()->console;
    if (loop != machine()->loops) {
        return machine_fail(SOTTO_ERR_UNSUPPORTED,
                            "The console is for the first loop");
    }
    if (made->state != STREAM_FREE) {
        return machine_fail(SOTTO_ERR_BUSY, "The console is open already");
    }
    if (loop->used >= loop->capacity) {
        return machine_fail(SOTTO_ERR_SPACE, "No room for the console");
    }
    const char *why = "The console does not open";
    enum sotto_err err = below_console_open(&why);
    if (err != SOTTO_OK) {
        return machine_fail(err, why);
    }
    *made = (struct port_stream){.state = STREAM_CONSOLE,
                                 .want = PORT_READ,
                                 .loop = loop,
                                 .tag = tag};
    loop->used++;
    *console = made;
    return SOTTO_OK;
}

enum sotto_err port_console_open(struct port_loop *loop, void *tag,
                                 struct port_stream **console)
{
    LOCK_TCPIP_CORE();
    enum sotto_err err = open_console(loop, tag, console);
    UNLOCK_TCPIP_CORE();
    return err;
}

void console_stream_close(struct port_stream *console)
{
    below_console_close();
    *console = (struct port_stream){.state = STREAM_FREE};
}

void port_console_info(struct port_stream *console,
                       struct port_console_info *info)
{
    (void)console;
    below_console_info(info);
}

void port_console_raw(struct port_stream *console, bool raw)
{
    (void)console;
    below_console_raw(raw);
}

unsigned console_stream_ready(void)
{
    return below_console_ready();
}

enum sotto_err console_read(uint8_t *out, size_t cap, size_t *got)
{
    const char *why = "The console cannot be read";
    enum sotto_err err = below_console_read(out, cap, got, &why);
    return err == SOTTO_ERR_IO ? machine_fail(err, why) : err;
}

enum sotto_err console_write(const uint8_t *in, size_t len, size_t *put)
{
    const char *why = "The console cannot be written";
    enum sotto_err err = below_console_write(in, len, put, &why);
    return err == SOTTO_ERR_IO ? machine_fail(err, why) : err;
}
