/*
 * demo.h - a sensor that takes part in a room: what a firmware engineer writes
 * around sotto/device.h. It includes public headers only, and port.h for the
 * stream, the console and the files.
 *
 *     main.c      starts, and turns the loop: time, stream, console
 *     demo.c      what happens: events of the room, lines typed here
 *     sensor.c    what the device is for
 *     settings.c  which server and account      store.c  what is kept
 *     line.c      typed lines                    text.c   words
 */
#ifndef SOTTO_DEVICE_DEMO_H
#define SOTTO_DEVICE_DEMO_H

#include "apps/firmware/device_demo/line.h"
#include "apps/firmware/device_demo/sensor.h"
#include "apps/firmware/device_demo/settings.h"
#include "apps/firmware/device_demo/store.h"
#include "port/port.h"
#include <sotto/device.h>

#define DEMO_RECORD 1024
#define DEMO_QUEUE  1024

struct demo {
    struct port *port;
    struct port_loop *loop;
    struct port_stream *console; /* NULL: nobody types any more */
    struct line line;
    struct store store;
    struct settings settings;
    struct sensor sensor;
    struct sotto_device *device; /* NULL: not set up, or it cannot start */
    struct port_stream *stream;  /* to the server, or NULL */
    bool is_connecting;
    bool is_writing; /* a write was cut short */
    bool is_leaving;
    bool is_done;
    uint64_t now_ms;
    uint64_t give_up_ms;    /* when leaving and nobody answers */
    uint64_t news_ms;       /* not to say news again before */
    uint64_t news_id;       /* of the last news that were said */
    uint64_t stored_number; /* of the entry that the stored state knows */
    _Alignas(16) uint8_t memory[SOTTO_DEVICE_MEMORY(DEMO_RECORD, DEMO_QUEUE)];
};

/* Starts the device, if it was set up. */
void demo_start(struct demo *demo);
/* Takes all that happened. */
void demo_take_events(struct demo *demo);
/* Takes a whole line that was typed. */
void demo_take_line(struct demo *demo, const char *line, size_t len);
/* Says what the sensor has to say by itself. */
void demo_tell_news(struct demo *demo);
/* Ends in good order: what was said is still delivered. */
void demo_leave(struct demo *demo);

/* A line of the log; several strings, the last one NULL. */
void demo_log(const char *words, ...);

/* main.c: gives the stream up, if there is one. */
void demo_drop_stream(struct demo *demo);

#endif
