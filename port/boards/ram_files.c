/*
 * ram_files.c - a file table in RAM, for a board without storage: everything
 * works, and nothing survives a reset. Whoever uses it says so at the start.
 *
 * A file is a chain of blocks. One that was replaced or removed while it was
 * open lives on without a name until it is closed.
 *
 * Contract: sotto/env.h, files.
 */
#include "port/boards/ram_files_config.h"
#include "port/lwip/below.h"

#include <string.h>

#define NO_BLOCK 0xffffU

struct file {
    bool is_used;
    char name[SOTTO_FILE_NAME_MAX + 1]; /* "": none any more */
    uint16_t first;                     /* block, or NO_BLOCK */
    uint32_t len;
    uint8_t handles;
};

struct table {
    bool is_open;
    bool is_made; /* the free chain is in order */
    struct file files[RAM_FILES];
    struct file *handles[RAM_FILES_OPEN];
    struct sotto_io *finished; /* to be told, oldest first */
    uint16_t next[RAM_FILES_BLOCKS];
    uint16_t free;
    uint16_t free_count;
    uint8_t blocks[RAM_FILES_BLOCKS][RAM_FILES_BLOCK];
};

static struct table *table(void)
{
    static struct table the_only_one;
    return &the_only_one;
}

static bool is_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= SOTTO_FILE_NAME_MAX && name[0] != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

/* ---- blocks ----------------------------------------------------------- */

static void make_free_chain(struct table *table)
{
    for (uint16_t i = 0; i < RAM_FILES_BLOCKS; i++) {
        table->next[i] =
            i + 1U < RAM_FILES_BLOCKS ? (uint16_t)(i + 1U) : NO_BLOCK;
    }
    table->free = 0;
    table->free_count = RAM_FILES_BLOCKS;
    table->is_made = true;
}

static uint32_t blocks_for(uint32_t len)
{
    return (len + RAM_FILES_BLOCK - 1U) / RAM_FILES_BLOCK;
}

/* The place that names the `index`th block of a file. */
static uint16_t *link_to(struct table *table, struct file *file, uint32_t index)
{
    uint16_t *link = &file->first;
    while (index-- > 0) {
        link = &table->next[*link];
    }
    return link;
}

/* Gives back all blocks that are not needed for `len` bytes. */
static void cut(struct table *table, struct file *file, uint32_t len)
{
    uint16_t *link = link_to(table, file, blocks_for(len));
    while (*link != NO_BLOCK) {
        uint16_t block = *link;
        *link = table->next[block];
        table->next[block] = table->free;
        table->free = block;
        table->free_count++;
    }
    file->len = len;
}

/* One more block at the end; there is one. */
static void grow(struct table *table, struct file *file)
{
    uint16_t *link = link_to(table, file, blocks_for(file->len));
    *link = table->free;
    table->free = table->next[*link];
    table->next[*link] = NO_BLOCK;
    table->free_count--;
}

/* ---- names ------------------------------------------------------------ */

static struct file *find(struct table *table, const char *name)
{
    for (size_t i = 0; i < RAM_FILES; i++) {
        struct file *file = &table->files[i];
        if (file->is_used && strcmp(file->name, name) == 0) {
            return file;
        }
    }
    return NULL;
}

static struct file *make(struct table *table, const char *name)
{
    for (size_t i = 0; i < RAM_FILES; i++) {
        struct file *file = &table->files[i];
        if (!file->is_used) {
            *file = (struct file){.is_used = true, .first = NO_BLOCK};
            memcpy(file->name, name, strlen(name) + 1);
            return file;
        }
    }
    return NULL;
}

/* Frees it once it has neither name nor handle. */
static void drop_if_unused(struct table *table, struct file *file)
{
    if (file->name[0] == '\0' && file->handles == 0) {
        cut(table, file, 0);
        file->is_used = false;
    }
}

static void unname(struct table *table, struct file *file)
{
    file->name[0] = '\0';
    drop_if_unused(table, file);
}

/* ---- the table -------------------------------------------------------- */

static enum sotto_err file_open(void *ctx, const char *name, unsigned flags,
                                int *handle)
{
    struct table *table = ctx;
    int at = 0;
    if (!is_name(name)) {
        return SOTTO_ERR_FORMAT;
    }
    while (at < RAM_FILES_OPEN && table->handles[at] != NULL) {
        at++;
    }
    if (at == RAM_FILES_OPEN) {
        return SOTTO_ERR_SPACE;
    }
    struct file *file = find(table, name);
    if (file == NULL && (flags & SOTTO_FILE_CREATE) == 0) {
        return SOTTO_ERR_NOT_FOUND;
    }
    if (file == NULL) {
        file = make(table, name);
    }
    if (file == NULL) {
        return SOTTO_ERR_FULL;
    }
    if ((flags & SOTTO_FILE_TRUNCATE) != 0) {
        cut(table, file, 0);
    }
    file->handles++;
    table->handles[at] = file;
    *handle = at;
    return SOTTO_OK;
}

static void file_close(void *ctx, int handle)
{
    struct table *table = ctx;
    struct file *file = table->handles[handle];
    table->handles[handle] = NULL;
    file->handles--;
    drop_if_unused(table, file);
}

static enum sotto_err file_size(void *ctx, int handle, uint64_t *len)
{
    const struct table *table = ctx;
    *len = table->handles[handle]->len;
    return SOTTO_OK;
}

static enum sotto_err file_read(void *ctx, int handle, uint64_t at,
                                uint8_t *out, size_t len, size_t *got)
{
    struct table *table = ctx;
    struct file *file = table->handles[handle];
    size_t done = 0;
    while (done < len && at + done < file->len) {
        uint32_t from = (uint32_t)(at + done);
        uint32_t offset = from % RAM_FILES_BLOCK;
        uint16_t block = *link_to(table, file, from / RAM_FILES_BLOCK);
        size_t count = RAM_FILES_BLOCK - offset;
        count = count < len - done ? count : len - done;
        count = count < file->len - from ? count : file->len - from;
        memcpy(out + done, table->blocks[block] + offset, count);
        done += count;
    }
    *got = done;
    return SOTTO_OK;
}

static enum sotto_err file_append(void *ctx, int handle, const uint8_t *in,
                                  size_t len)
{
    struct table *table = ctx;
    struct file *file = table->handles[handle];
    if (len > sizeof table->blocks - file->len ||
        blocks_for(file->len + (uint32_t)len) - blocks_for(file->len) >
            table->free_count) {
        return SOTTO_ERR_FULL;
    }
    while (len > 0) {
        uint32_t offset = file->len % RAM_FILES_BLOCK;
        if (offset == 0) {
            grow(table, file);
        }
        uint16_t block = *link_to(table, file, file->len / RAM_FILES_BLOCK);
        size_t count = RAM_FILES_BLOCK - offset;
        count = count < len ? count : len;
        memcpy(table->blocks[block] + offset, in, count);
        file->len += (uint32_t)count;
        in += count;
        len -= count;
    }
    return SOTTO_OK;
}

static enum sotto_err file_truncate(void *ctx, int handle, uint64_t len)
{
    struct table *table = ctx;
    struct file *file = table->handles[handle];
    if (len > file->len) {
        return SOTTO_ERR_LIMIT;
    }
    cut(table, file, (uint32_t)len);
    return SOTTO_OK;
}

static enum sotto_err file_remove(void *ctx, const char *name)
{
    struct table *table = ctx;
    if (!is_name(name)) {
        return SOTTO_ERR_FORMAT;
    }
    struct file *file = find(table, name);
    if (file == NULL) {
        return SOTTO_ERR_NOT_FOUND;
    }
    unname(table, file);
    return SOTTO_OK;
}

static enum sotto_err file_list(void *ctx, const char *prefix, size_t index,
                                char name[static SOTTO_FILE_NAME_MAX + 1])
{
    const struct table *table = ctx;
    for (size_t i = 0; i < RAM_FILES; i++) {
        const struct file *file = &table->files[i];
        if (file->is_used && file->name[0] != '\0' &&
            strncmp(file->name, prefix, strlen(prefix)) == 0 && index-- == 0) {
            memcpy(name, file->name, sizeof file->name);
            return SOTTO_OK;
        }
    }
    return SOTTO_ERR_NOT_FOUND;
}

/* ---- requests --------------------------------------------------------- */

/* To be told at the next turn of the loop. */
static void finish(struct table *table, struct sotto_io *io, enum sotto_err err)
{
    *io = (struct sotto_io){.state = SOTTO_IO_PENDING, .err = err};
    struct sotto_io **last = &table->finished;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = io;
}

static bool tell_all(struct table *table)
{
    bool any = table->finished != NULL;
    while (table->finished != NULL) {
        struct sotto_io *io = table->finished;
        table->finished = io->next;
        io->next = NULL;
        io->state = SOTTO_IO_DONE;
    }
    return any;
}

static void file_sync(void *ctx, int handle, struct sotto_io *io)
{
    (void)handle;
    finish(ctx, io, SOTTO_OK);
}

static enum sotto_err replace_now(struct table *table, const char *from,
                                  const char *to)
{
    if (!is_name(from) || !is_name(to)) {
        return SOTTO_ERR_FORMAT;
    }
    struct file *file = find(table, from);
    struct file *old = find(table, to);
    if (file == NULL) {
        return SOTTO_ERR_NOT_FOUND;
    }
    if (old != NULL && old != file) {
        unname(table, old);
    }
    memcpy(file->name, to, strlen(to) + 1);
    return SOTTO_OK;
}

static void file_replace(void *ctx, const char *from, const char *to,
                         struct sotto_io *io)
{
    struct table *table = ctx;
    finish(table, io, replace_now(table, from, to));
}

/* ---- below.h ---------------------------------------------------------- */

enum sotto_err below_files_open(const char *folder, bool exclusive,
                                struct sotto_files *files, const char **why)
{
    struct table *made = table();
    (void)folder;
    (void)exclusive;
    if (made->is_open) {
        *why = "This machine has one folder, and it is open";
        return SOTTO_ERR_BUSY;
    }
    if (!made->is_made) {
        make_free_chain(made);
    }
    made->is_open = true;
    *files = (struct sotto_files){.ctx = made,
                                  .open = file_open,
                                  .close = file_close,
                                  .size = file_size,
                                  .read = file_read,
                                  .append = file_append,
                                  .truncate = file_truncate,
                                  .sync = file_sync,
                                  .replace = file_replace,
                                  .remove = file_remove,
                                  .list = file_list};
    return SOTTO_OK;
}

void below_files_close(struct sotto_files *files)
{
    struct table *table = files->ctx;
    (void)tell_all(table);
    for (int i = 0; i < RAM_FILES_OPEN; i++) {
        if (table->handles[i] != NULL) {
            file_close(table, i);
        }
    }
    table->is_open = false;
}

bool below_files_poll(bool *more)
{
    *more = false; /* everything is done by now */
    return tell_all(table());
}
