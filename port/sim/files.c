/*
 * files.c - the file table: env.h over a simulated disk.
 */
#include "port/sim/inner.h"

#include <stdlib.h>
#include <string.h>

static struct sim_disk *disk_of(const struct sim_table *table)
{
    return &table->machine->disk;
}

bool sim_file_name_ok(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
    const size_t len = strlen(name);
    return len > 0 && len <= SOTTO_FILE_NAME_MAX && name[0] != '.' &&
           strspn(name, allowed) == len;
}

static enum sotto_err bad_name(void)
{
    return sim_fail(SOTTO_ERR_FORMAT, "Not a file name");
}

/* ---- opening ---------------------------------------------------------- */

/* A new, empty file under this name. */
static enum sotto_err make(struct sim_disk *disk, const char *name)
{
    struct sim_entry *entry = sim_disk_name(disk, name);
    struct sim_file *file = entry != NULL ? sim_file_make() : NULL;
    if (file == NULL) {
        return sim_fail(SOTTO_ERR_FULL, "No room for another file");
    }
    entry->now = file;
    return SOTTO_OK;
}

static int free_number(const struct sim_table *table)
{
    int at = 0;
    while (at < (int)SIM_FILES_MAX && table->files[at] != NULL) {
        at++;
    }
    return at;
}

static enum sotto_err files_open(void *ctx, const char *name, unsigned flags,
                                 int *number)
{
    struct sim_table *table = ctx;
    const int at = free_number(table);
    if (!sim_file_name_ok(name)) {
        return bad_name();
    }
    enum sotto_err err = sim_file_call(table->machine);
    struct sim_entry *entry = sim_disk_find(disk_of(table), name);
    const bool is_there = entry != NULL && entry->now != NULL;
    if (err == SOTTO_OK && !is_there && (flags & SOTTO_FILE_CREATE) == 0) {
        err = sim_fail(SOTTO_ERR_NOT_FOUND, "No such file");
    } else if (err == SOTTO_OK && at == (int)SIM_FILES_MAX) {
        err = sim_fail(SOTTO_ERR_SPACE, "Too many open files");
    } else if (err == SOTTO_OK && !is_there) {
        err = make(disk_of(table), name);
    }
    if (err != SOTTO_OK) {
        return err;
    }
    struct sim_file *file = sim_disk_find(disk_of(table), name)->now;
    if (file->opened == 0) {
        file->is_broken = false;
    }
    if ((flags & SOTTO_FILE_TRUNCATE) != 0) {
        sim_file_cut(file, 0);
        sim_requests_file_cut(table, file, 0);
    }
    file->opened++;
    sim_file_use(file);
    table->files[at] = file;
    *number = at;
    return SOTTO_OK;
}

static void files_close(void *ctx, int number)
{
    struct sim_table *table = ctx;
    struct sim_file *file = table->files[number];
    table->files[number] = NULL;
    file->opened--;
    sim_file_leave(file);
}

/* ---- contents --------------------------------------------------------- */

static enum sotto_err files_size(void *ctx, int number, uint64_t *len)
{
    struct sim_table *table = ctx;
    enum sotto_err err = sim_file_call(table->machine);
    if (err == SOTTO_OK) {
        *len = table->files[number]->len;
    }
    return err;
}

static enum sotto_err files_read(void *ctx, int number, uint64_t at,
                                 uint8_t *out, size_t len, size_t *got)
{
    struct sim_table *table = ctx;
    const struct sim_file *file = table->files[number];
    enum sotto_err err = sim_file_call(table->machine);
    if (err != SOTTO_OK) {
        return err;
    }
    const size_t left = at < file->len ? file->len - (size_t)at : 0;
    *got = len < left ? len : left;
    if (*got > 0) {
        memcpy(out, file->now + at, *got);
    }
    return SOTTO_OK;
}

/* A call that changes a file, which may be broken already. */
static enum sotto_err change(struct sim_table *table, struct sim_file *file)
{
    if (file->is_broken) {
        return sim_fail(SOTTO_ERR_IO, "The file failed before");
    }
    enum sotto_err err = sim_file_call(table->machine);
    file->is_broken = err != SOTTO_OK;
    return err;
}

static enum sotto_err files_append(void *ctx, int number, const uint8_t *in,
                                   size_t len)
{
    struct sim_table *table = ctx;
    struct sim_disk *disk = disk_of(table);
    struct sim_file *file = table->files[number];
    enum sotto_err err = change(table, file);
    if (err != SOTTO_OK) {
        return err;
    }
    const uint64_t used = sim_disk_used(disk);
    if (used > disk->room || len > disk->room - used ||
        !sim_file_append(file, in, len)) {
        return sim_fail(SOTTO_ERR_FULL, "No space left on device (simulated)");
    }
    return SOTTO_OK;
}

static enum sotto_err files_truncate(void *ctx, int number, uint64_t len)
{
    struct sim_table *table = ctx;
    struct sim_file *file = table->files[number];
    if (len > file->len) {
        return sim_fail(SOTTO_ERR_LIMIT, "The file is not that long");
    }
    enum sotto_err err = change(table, file);
    if (err == SOTTO_OK) {
        sim_file_cut(file, (size_t)len);
        sim_requests_file_cut(table, file, (size_t)len);
    }
    return err;
}

/* ---- names ------------------------------------------------------------ */

static enum sotto_err files_remove(void *ctx, const char *name)
{
    struct sim_table *table = ctx;
    struct sim_disk *disk = disk_of(table);
    if (!sim_file_name_ok(name)) {
        return bad_name();
    }
    enum sotto_err err = sim_file_call(table->machine);
    if (err != SOTTO_OK) {
        return err;
    }
    struct sim_entry *entry = sim_disk_find(disk, name);
    if (entry == NULL || entry->now == NULL) {
        return sim_fail(SOTTO_ERR_NOT_FOUND, "No such file");
    }
    sim_disk_set(&entry->now, NULL);
    sim_disk_tidy(disk);
    return SOTTO_OK;
}

static enum sotto_err files_list(void *ctx, const char *prefix, size_t index,
                                 char name[static SOTTO_FILE_NAME_MAX + 1])
{
    struct sim_table *table = ctx;
    const struct sim_disk *disk = disk_of(table);
    enum sotto_err err = sim_file_call(table->machine);
    for (size_t i = 0; err == SOTTO_OK && i < disk->count; i++) {
        const struct sim_entry *entry = &disk->entries[i];
        if (entry->now != NULL &&
            strncmp(entry->name, prefix, strlen(prefix)) == 0 && index-- == 0) {
            memcpy(name, entry->name, sizeof entry->name);
            return SOTTO_OK;
        }
    }
    return err != SOTTO_OK ? err : SOTTO_ERR_NOT_FOUND;
}

/* ---- requests --------------------------------------------------------- */

/* A request that cannot even be remembered is done at the next wait. */
static struct sim_request *new_request(enum sim_request_kind kind)
{
    struct sim_request *request = calloc(1, sizeof *request);
    SIM_ASSERT(request != NULL);
    request->kind = kind;
    return request;
}

static void files_sync(void *ctx, int number, struct sotto_io *io)
{
    struct sim_table *table = ctx;
    struct sim_request *request = new_request(SIM_SYNC);
    request->file = table->files[number];
    request->len = request->file->len;
    sim_file_use(request->file);
    sim_requests_start(table, request, io);
}

static void files_replace(void *ctx, const char *from, const char *to,
                          struct sotto_io *io)
{
    struct sim_table *table = ctx;
    struct sim_request *request = new_request(SIM_REPLACE);
    if (sim_file_name_ok(from) && sim_file_name_ok(to)) {
        memcpy(request->from, from, strlen(from) + 1);
        memcpy(request->to, to, strlen(to) + 1);
    } else {
        request->err = bad_name();
    }
    sim_requests_start(table, request, io);
}

/* ---- the table -------------------------------------------------------- */

enum sotto_err port_files_open(struct port_loop *loop, const char *folder,
                               bool exclusive, struct sotto_files *files)
{
    struct sim_machine *machine = loop->machine;
    struct sim_disk *disk = &machine->disk;
    (void)folder; /* a machine has one region of storage */
    if (exclusive && disk->is_locked) {
        return sim_fail(SOTTO_ERR_BUSY, "Another program uses the files");
    }
    enum sotto_err err = sim_file_call(machine);
    if (err != SOTTO_OK) {
        return err;
    }
    struct sim_table *table = calloc(1, sizeof *table);
    if (table == NULL) {
        return sim_fail(SOTTO_ERR_SPACE, "No memory for a file table");
    }
    table->machine = machine;
    table->loop = loop;
    table->is_exclusive = exclusive;
    table->next = disk->tables;
    disk->tables = table;
    disk->is_locked |= exclusive;
    *files = (struct sotto_files){.ctx = table,
                                  .open = files_open,
                                  .close = files_close,
                                  .size = files_size,
                                  .read = files_read,
                                  .append = files_append,
                                  .truncate = files_truncate,
                                  .sync = files_sync,
                                  .replace = files_replace,
                                  .remove = files_remove,
                                  .list = files_list};
    return SOTTO_OK;
}

void sim_table_free(struct sim_table *table)
{
    struct sim_disk *disk = disk_of(table);
    struct sim_table **place = &disk->tables;
    for (int number = 0; number < (int)SIM_FILES_MAX; number++) {
        if (table->files[number] != NULL) {
            files_close(table, number);
        }
    }
    while (table->first != NULL) {
        struct sim_request *request = table->first;
        table->first = request->next;
        if (request->file != NULL) {
            sim_file_leave(request->file);
        }
        free(request);
    }
    while (*place != table) {
        place = &(*place)->next;
    }
    *place = table->next;
    disk->is_locked &= !table->is_exclusive;
    free(table);
}

void port_files_close(struct sotto_files *files)
{
    sim_requests_finish(files->ctx, true);
    sim_table_free(files->ctx);
    files->ctx = NULL;
}

enum sotto_err port_read_file(struct port *port, const char *path, uint8_t *out,
                              size_t cap, size_t *len)
{
    const struct sim_machine *machine = port->machine;
    if (machine->file_path == NULL || strcmp(machine->file_path, path) != 0) {
        return sim_fail(SOTTO_ERR_NOT_FOUND, "No such file");
    }
    const size_t size = strlen(machine->file_text);
    if (size > cap) {
        return sim_fail(SOTTO_ERR_LIMIT, "The file is too large");
    }
    memcpy(out, machine->file_text, size);
    *len = size;
    return SOTTO_OK;
}
