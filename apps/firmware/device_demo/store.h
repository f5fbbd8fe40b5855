/*
 * store.h - what the device keeps: "settings", the line it was set up with;
 * "password", until the first login; and "state", the library's and its own,
 * which are written in one step: so a limit that was set is kept together with
 * the number of the request that set it, and no power cut comes between.
 */
#ifndef SOTTO_DEVICE_DEMO_STORE_H
#define SOTTO_DEVICE_DEMO_STORE_H

#include "port/port.h"
#include <sotto/device.h>

#define STORE_SETTINGS "settings"
#define STORE_PASSWORD "password"
#define STORE_STATE    "state"

struct store {
    struct port_loop *loop;
    struct sotto_files files;
    bool was_stopped; /* while waiting: the program is asked to end */
};

enum sotto_err store_open(struct store *store, struct port_loop *loop,
                          const char *folder) SOTTO_MUST_CHECK;
void store_close(struct store *store);

/* A file as a whole. NOT_FOUND; LIMIT when it is longer than `cap`; IO. */
enum sotto_err store_read(struct store *store, const char *name, uint8_t *out,
                          size_t cap, size_t *len) SOTTO_MUST_CHECK;
/* Replaces it, durably; waits for that. FULL, IO. */
enum sotto_err store_write(struct store *store, const char *name,
                           const uint8_t *in, size_t len) SOTTO_MUST_CHECK;
/* Removes it, if it is there. */
enum sotto_err store_remove(struct store *store, const char *name)
    SOTTO_MUST_CHECK;

#endif
