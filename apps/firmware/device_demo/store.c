#include "apps/firmware/device_demo/store.h"

#define NEW "new"

enum sotto_err store_open(struct store *store, struct port_loop *loop,
                          const char *folder)
{
    *store = (struct store){.loop = loop};
    return port_files_open(loop, folder, true, &store->files);
}

void store_close(struct store *store)
{
    port_files_close(&store->files);
}

enum sotto_err store_read(struct store *store, const char *name, uint8_t *out,
                          size_t cap, size_t *len)
{
    const struct sotto_files *files = &store->files;
    uint64_t size = 0;
    size_t got = 0;
    int file = 0;
    enum sotto_err err = files->open(files->ctx, name, 0, &file);
    if (err != SOTTO_OK) {
        return err;
    }
    err = files->size(files->ctx, file, &size);
    if (err == SOTTO_OK) {
        err = size > cap
                  ? SOTTO_ERR_LIMIT
                  : files->read(files->ctx, file, 0, out, (size_t)size, &got);
    }
    files->close(files->ctx, file);
    if (err == SOTTO_OK) {
        *len = got;
    }
    return err;
}

/* Streams that become ready meanwhile are still so afterwards. */
static enum sotto_err wait_for(struct store *store, const struct sotto_io *io)
{
    while (io->state == SOTTO_IO_PENDING) {
        struct port_event event;
        size_t count = 0;
        port_wait(store->loop, PORT_FOREVER, &event, 1, &count);
        store->was_stopped |= count > 0 && event.kind == PORT_EVENT_STOP;
    }
    return io->err;
}

enum sotto_err store_write(struct store *store, const char *name,
                           const uint8_t *in, size_t len)
{
    const struct sotto_files *files = &store->files;
    struct sotto_io io = {.state = SOTTO_IO_IDLE};
    int file = 0;
    enum sotto_err err =
        files->open(files->ctx, NEW, SOTTO_FILE_CREATE | SOTTO_FILE_TRUNCATE,
                    &file);
    if (err != SOTTO_OK) {
        return err;
    }
    err = files->append(files->ctx, file, in, len);
    files->close(files->ctx, file);
    if (err != SOTTO_OK) {
        return err;
    }
    files->replace(files->ctx, NEW, name, &io);
    return wait_for(store, &io);
}

enum sotto_err store_remove(struct store *store, const char *name)
{
    enum sotto_err err = store->files.remove(store->files.ctx, name);
    return err == SOTTO_ERR_NOT_FOUND ? SOTTO_OK : err;
}
