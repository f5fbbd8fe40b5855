#include "tests/unit/apps/memory_files.h"
#include <string.h>

static bool fails(struct memory_files *memory, enum sotto_err *err)
{
    memory->calls++;
    *err = memory->fail_as;
    return memory->calls == memory->fail_at;
}

static struct memory_file *find(struct memory_files *memory, const char *name)
{
    for (size_t at = 0; at < MEMORY_FILES; at++) {
        if (strcmp(memory->files[at].name, name) == 0) {
            return &memory->files[at];
        }
    }
    return NULL;
}

static enum sotto_err open_file(void *ctx, const char *name, unsigned flags,
                                int *file)
{
    struct memory_files *memory = ctx;
    enum sotto_err err = SOTTO_OK;
    struct memory_file *found = find(memory, name);
    if (fails(memory, &err)) {
        return err;
    }
    if (found == NULL && (flags & SOTTO_FILE_CREATE) == 0) {
        return SOTTO_ERR_NOT_FOUND;
    }
    if (found == NULL) {
        found = find(memory, "");
        if (found == NULL) {
            return SOTTO_ERR_FULL;
        }
        strcpy(found->name, name);
        found->len = 0;
    }
    if ((flags & SOTTO_FILE_TRUNCATE) != 0) {
        found->len = 0;
    }
    memory->open_count++;
    *file = (int)(found - memory->files);
    return SOTTO_OK;
}

static void close_file(void *ctx, int file)
{
    struct memory_files *memory = ctx;
    (void)file;
    memory->open_count--;
}

static enum sotto_err size_file(void *ctx, int file, uint64_t *len)
{
    struct memory_files *memory = ctx;
    enum sotto_err err = SOTTO_OK;
    if (fails(memory, &err)) {
        return err;
    }
    *len = memory->files[file].len;
    return SOTTO_OK;
}

static enum sotto_err read_file(void *ctx, int file, uint64_t at, uint8_t *out,
                                size_t len, size_t *got)
{
    struct memory_files *memory = ctx;
    const struct memory_file *f = &memory->files[file];
    enum sotto_err err = SOTTO_OK;
    if (fails(memory, &err)) {
        return err;
    }
    size_t left = at < f->len ? f->len - (size_t)at : 0;
    size_t count = left < len ? left : len;
    count = count > 100 ? 100 : count; /* in pieces, to be awkward */
    memcpy(out, f->bytes + at, count);
    *got = count;
    return SOTTO_OK;
}

static enum sotto_err append_file(void *ctx, int file, const uint8_t *in,
                                  size_t len)
{
    struct memory_files *memory = ctx;
    struct memory_file *f = &memory->files[file];
    enum sotto_err err = SOTTO_OK;
    if (fails(memory, &err)) {
        return err;
    }
    if (len > MEMORY_FILE_SIZE - 1 - f->len) {
        return SOTTO_ERR_FULL;
    }
    memcpy(f->bytes + f->len, in, len);
    f->len += len;
    return SOTTO_OK;
}

static void replace_file(void *ctx, const char *from, const char *to,
                         struct sotto_io *io)
{
    struct memory_files *memory = ctx;
    strcpy(memory->from, from);
    strcpy(memory->to, to);
    memory->io = io;
    io->state = SOTTO_IO_PENDING;
}

static enum sotto_err remove_file(void *ctx, const char *name)
{
    struct memory_file *found = find(ctx, name);
    if (found == NULL) {
        return SOTTO_ERR_NOT_FOUND;
    }
    found->name[0] = '\0';
    return SOTTO_OK;
}

struct sotto_files memory_files_init(struct memory_files *memory)
{
    memset(memory, 0, sizeof *memory);
    return (struct sotto_files){.ctx = memory,
                                .open = open_file,
                                .close = close_file,
                                .size = size_file,
                                .read = read_file,
                                .append = append_file,
                                .replace = replace_file,
                                .remove = remove_file};
}

void memory_files_put(struct memory_files *memory, const char *name,
                      const char *text)
{
    struct memory_file *f = find(memory, name);
    if (f == NULL) {
        f = find(memory, "");
    }
    if (f == NULL) {
        sotto_panic("no file is left", __FILE__, __LINE__);
    }
    strcpy(f->name, name);
    f->len = strlen(text);
    memcpy(f->bytes, text, f->len);
}

const char *memory_files_get(struct memory_files *memory, const char *name)
{
    struct memory_file *f = find(memory, name);
    if (f == NULL) {
        return NULL;
    }
    f->bytes[f->len] = '\0';
    return (const char *)f->bytes;
}

void memory_files_run(struct memory_files *memory)
{
    struct sotto_io *io = memory->io;
    enum sotto_err err = SOTTO_OK;
    memory->io = NULL;
    io->state = SOTTO_IO_DONE;
    if (fails(memory, &err)) {
        io->err = err;
        return;
    }
    struct memory_file *from = find(memory, memory->from);
    struct memory_file *to = find(memory, memory->to);
    io->err = SOTTO_ERR_NOT_FOUND;
    if (from == NULL) {
        return;
    }
    if (to != NULL) {
        to->name[0] = '\0';
    }
    strcpy(from->name, memory->to);
    io->err = SOTTO_OK;
}
