/*
 * main.c - starts the device and turns its loop. See demo.h.
 *
 * The storage of a board is one region; on a host it is the folder FOLDER.
 */
#include "apps/firmware/device_demo/demo.h"

#define FOLDER        "sotto-device.data"
#define STREAMS       3 /* the server's, the console's, and one that closes */
#define EVENTS        4
#define CONSOLE_CHUNK 64

/* ---- the stream ---------------------------------------------------------- */

void demo_drop_stream(struct demo *demo)
{
    if (demo->stream != NULL) {
        port_stream_close(demo->stream);
        demo->stream = NULL;
    }
    demo->is_connecting = false;
    demo->is_writing = false;
}

static void lose_stream(struct demo *demo, enum sotto_err why)
{
    demo_drop_stream(demo);
    sotto_device_disconnected(demo->device, why);
}

static void dial(struct demo *demo)
{
    enum sotto_err err =
        port_connect(demo->loop, demo->settings.host, demo->settings.tcp_port,
                     &demo->stream, &demo->stream);
    if (err != SOTTO_OK) {
        demo->stream = NULL;
        lose_stream(demo, err);
        return;
    }
    demo->is_connecting = true;
}

static void look_at_connect(struct demo *demo)
{
    enum sotto_err err = port_connect_status(demo->stream);
    if (err == SOTTO_OK) {
        demo->is_connecting = false;
        sotto_device_connected(demo->device);
    } else if (err != SOTTO_ERR_AGAIN) {
        lose_stream(demo, err);
    }
}

static void look_at_stream(struct demo *demo)
{
    if (demo->stream == NULL && sotto_device_wants_stream(demo->device)) {
        dial(demo);
    } else if (demo->is_connecting) {
        look_at_connect(demo);
    }
}

static void read_stream(struct demo *demo)
{
    uint8_t *at = NULL;
    size_t cap = 0;
    while (demo->stream != NULL && !demo->is_connecting &&
           sotto_device_input(demo->device, &at, &cap)) {
        size_t got = 0;
        enum sotto_err err = port_read(demo->stream, at, cap, &got);
        if (err == SOTTO_ERR_AGAIN) {
            return;
        }
        if (err == SOTTO_OK) {
            sotto_device_input_done(demo->device, got);
        } else {
            lose_stream(demo, err);
        }
    }
}

/* An error is for the reading side to tell: what came before it still counts. */
static void write_stream(struct demo *demo)
{
    const uint8_t *at = NULL;
    size_t len = 0;
    demo->is_writing = false;
    while (demo->stream != NULL && !demo->is_connecting &&
           sotto_device_output(demo->device, &at, &len)) {
        size_t put = 0;
        enum sotto_err err = port_write(demo->stream, at, len, &put);
        if (err != SOTTO_OK) {
            demo->is_writing = err == SOTTO_ERR_AGAIN;
            return;
        }
        sotto_device_output_done(demo->device, put);
    }
}

/* ---- the console --------------------------------------------------------- */

static void take_bytes(struct demo *demo, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        switch (line_take(&demo->line, (char)bytes[i])) {
        case LINE_MORE:
            break;
        case LINE_TOO_LONG:
            demo_log("that line was too long", NULL);
            break;
        case LINE_WHOLE:
            demo_take_line(demo, demo->line.text, demo->line.len);
            line_clear(&demo->line);
            break;
        }
    }
}

static void read_console(struct demo *demo)
{
    while (demo->console != NULL) {
        uint8_t bytes[CONSOLE_CHUNK];
        size_t got = 0;
        enum sotto_err err =
            port_read(demo->console, bytes, sizeof bytes, &got);
        if (err == SOTTO_ERR_AGAIN) {
            return;
        }
        if (err == SOTTO_OK) {
            take_bytes(demo, bytes, got);
        } else { /* a device goes on without anybody */
            port_stream_close(demo->console);
            demo->console = NULL;
        }
    }
}

static enum sotto_err open_console(struct demo *demo)
{
    struct port_console_info info;
    enum sotto_err err =
        port_console_open(demo->loop, &demo->console, &demo->console);
    if (err != SOTTO_OK) {
        demo->console = NULL;
        return err == SOTTO_ERR_UNSUPPORTED ? SOTTO_OK : err;
    }
    port_console_info(demo->console, &info);
    port_console_raw(demo->console, true);
    demo->line.echoes = info.input_is_terminal;
    return SOTTO_OK;
}

/* ---- the loop ------------------------------------------------------------ */

static uint32_t time_to_wait(const struct demo *demo)
{
    if (demo->store.was_stopped) {
        return 0; /* nobody says it again */
    }
    uint64_t until_ms = demo->device != NULL
                            ? sotto_device_deadline_ms(demo->device)
                            : UINT64_MAX;
    if (demo->is_leaving && demo->give_up_ms < until_ms) {
        until_ms = demo->give_up_ms;
    }
    if (demo->news_ms > demo->now_ms && demo->news_ms < until_ms) {
        until_ms = demo->news_ms;
    }
    if (until_ms <= demo->now_ms) {
        return 0;
    }
    const uint64_t wait_ms = until_ms - demo->now_ms;
    return wait_ms < PORT_FOREVER ? (uint32_t)wait_ms : PORT_FOREVER;
}

static void wait_for_something(struct demo *demo)
{
    struct port_event events[EVENTS];
    size_t count = 0;
    if (demo->stream != NULL && !demo->is_connecting) {
        port_want(demo->stream,
                  PORT_READ | (demo->is_writing ? PORT_WRITE : 0U));
    }
    port_wait(demo->loop, time_to_wait(demo), events, EVENTS, &count);
    demo->now_ms = port_now_ms(demo->port);
    for (size_t i = 0; i < count; i++) {
        if (events[i].kind == PORT_EVENT_STOP) {
            demo_leave(demo);
        }
    }
    if (demo->store.was_stopped) {
        demo->store.was_stopped = false;
        demo_leave(demo);
    }
}

static void turn(struct demo *demo)
{
    if (demo->device != NULL) {
        sotto_device_tick(demo->device, demo->now_ms);
        look_at_stream(demo);
        read_stream(demo);
        demo_take_events(demo);
        demo_tell_news(demo);
        write_stream(demo);
    }
    if (demo->is_done) {
        return; /* nothing would end the wait */
    }
    wait_for_something(demo);
    read_console(demo);
    if (demo->is_leaving && demo->now_ms >= demo->give_up_ms) {
        demo_log("gave up: the server has not said goodbye", NULL);
        demo->is_done = true;
    }
}

static enum sotto_err run(struct demo *demo)
{
    enum sotto_err err = port_loop_open(demo->port, STREAMS, &demo->loop);
    if (err != SOTTO_OK) {
        return err;
    }
    err = store_open(&demo->store, demo->loop, FOLDER);
    if (err == SOTTO_OK) {
        err = open_console(demo);
        demo->now_ms = port_now_ms(demo->port);
        sensor_init(&demo->sensor);
        if (err == SOTTO_OK) {
            demo_start(demo);
        }
        while (err == SOTTO_OK && !demo->is_done) {
            turn(demo);
        }
        demo_drop_stream(demo);
        store_close(&demo->store);
    }
    port_loop_close(demo->loop);
    return err;
}

int main(void)
{
    static struct demo demo;
    struct text stack;
    enum sotto_err err = port_open(&demo.port);
    if (err == SOTTO_OK) {
        err = run(&demo);
        if (err != SOTTO_OK) {
            demo_log("cannot start: ", port_last_error(demo.port), NULL);
        }
        port_close(demo.port);
    } else {
        demo_log(err == SOTTO_ERR_RANDOM
                     ? "no source of random bytes, so no keys: it stops"
                     : "this machine cannot be used",
                 " (", sotto_err_name(err), ")", NULL);
    }
    text_begin(&stack, "");
    words_about_stack(&stack);
    demo_log("ended", stack.at, NULL);
    return err == SOTTO_OK ? 0 : 1;
}
