#include "core/store/read_ahead.h"

#include <string.h>

/* ---- reading ---- */

static bool is_in_window(const struct sotto_read_ahead *ahead, int file,
                         uint64_t at, size_t len)
{
    return file == ahead->file && at >= ahead->at &&
           at - ahead->at <= ahead->len &&
           len <= ahead->len - (size_t)(at - ahead->at);
}

static enum sotto_err move_window(struct sotto_read_ahead *ahead, int file,
                                  uint64_t at)
{
    const struct sotto_files *below = ahead->below;
    size_t got = 0;
    ahead->len = 0;
    enum sotto_err err =
        below->read(below->ctx, file, at, ahead->window, ahead->cap, &got);
    if (err == SOTTO_OK) {
        ahead->file = file;
        ahead->at = at;
        ahead->len = got;
    }
    return err;
}

static enum sotto_err read(void *ctx, int file, uint64_t at, uint8_t *out,
                           size_t len, size_t *got)
{
    struct sotto_read_ahead *ahead = ctx;
    const struct sotto_files *below = ahead->below;
    if (len >= ahead->cap) {
        return below->read(below->ctx, file, at, out, len, got);
    }
    if (!is_in_window(ahead, file, at, len)) {
        enum sotto_err err = move_window(ahead, file, at);
        if (err != SOTTO_OK) {
            return err;
        }
    }
    const size_t skip = (size_t)(at - ahead->at);
    const size_t left = ahead->len - skip;
    *got = len < left ? len : left; /* less at the end of the file only */
    if (*got > 0) {
        memcpy(out, ahead->window + skip, *got);
    }
    return SOTTO_OK;
}

/* ---- what makes bytes of a file, or its number, mean something else ---- */

static void forget(struct sotto_read_ahead *ahead, int file)
{
    if (file == ahead->file) {
        ahead->len = 0;
    }
}

static void close(void *ctx, int file)
{
    struct sotto_read_ahead *ahead = ctx;
    forget(ahead, file);
    ahead->below->close(ahead->below->ctx, file);
}

static enum sotto_err truncate(void *ctx, int file, uint64_t len)
{
    struct sotto_read_ahead *ahead = ctx;
    forget(ahead, file);
    return ahead->below->truncate(ahead->below->ctx, file, len);
}

/* ---- all else ---- */

static const struct sotto_files *below(void *ctx)
{
    return ((const struct sotto_read_ahead *)ctx)->below;
}

static enum sotto_err open(void *ctx, const char *name, unsigned flags,
                           int *file)
{
    return below(ctx)->open(below(ctx)->ctx, name, flags, file);
}

static enum sotto_err size(void *ctx, int file, uint64_t *len)
{
    return below(ctx)->size(below(ctx)->ctx, file, len);
}

static enum sotto_err append(void *ctx, int file, const uint8_t *in, size_t len)
{
    return below(ctx)->append(below(ctx)->ctx, file, in, len);
}

static void sync(void *ctx, int file, struct sotto_io *io)
{
    below(ctx)->sync(below(ctx)->ctx, file, io);
}

static void replace(void *ctx, const char *from, const char *to,
                    struct sotto_io *io)
{
    below(ctx)->replace(below(ctx)->ctx, from, to, io);
}

static enum sotto_err remove(void *ctx, const char *name)
{
    return below(ctx)->remove(below(ctx)->ctx, name);
}

static enum sotto_err list(void *ctx, const char *prefix, size_t index,
                           char name[static SOTTO_FILE_NAME_MAX + 1])
{
    return below(ctx)->list(below(ctx)->ctx, prefix, index, name);
}

void sotto_read_ahead_init(struct sotto_read_ahead *ahead,
                           const struct sotto_files *files, uint8_t *window,
                           size_t cap)
{
    *ahead = (struct sotto_read_ahead){.files = {.ctx = ahead,
                                                 .open = open,
                                                 .close = close,
                                                 .size = size,
                                                 .read = read,
                                                 .append = append,
                                                 .truncate = truncate,
                                                 .sync = sync,
                                                 .replace = replace,
                                                 .remove = remove,
                                                 .list = list},
                                       .below = files,
                                       .cap = cap};
    ahead->window = window;
}
