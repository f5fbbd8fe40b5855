#include "tests/unit/support/faulty_files.h"
#include "tests/unit/support/faulty_content.h"
#include "tests/unit/test.h"
#include <string.h>

static int make_content(struct faulty_files *disk)
{
    for (int i = 0; i < FAULTY_FILES_MAX; i++) {
        if (!disk->contents[i].is_used) {
            disk->contents[i].is_used = true;
            return i;
        }
    }
    fail_msg("too many files for FAULTY_FILES_MAX");
    return -1;
}

/* ---- names ---- */

static int find_name(const struct faulty_files *disk, const char *text)
{
    for (size_t i = 0; i < disk->name_count; i++) {
        if (strcmp(disk->names[i].text, text) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* A place that no file and no request has. */
static bool is_free(const struct faulty_files *disk, size_t at)
{
    bool is_wanted = false;
    for (size_t i = 0; i < disk->pending_count; i++) {
        const struct faulty_request *request = &disk->pending[i];
        is_wanted |= request->is_replace &&
                     (request->from == (int)at || request->to == (int)at);
    }
    return !is_wanted && disk->names[at].now < 0 && disk->names[at].durable < 0;
}

static int make_name(struct faulty_files *disk, const char *text)
{
    const int found = find_name(disk, text);
    if (found >= 0) {
        return found;
    }
    size_t at = 0;
    while (at < disk->name_count && !is_free(disk, at)) {
        at++;
    }
    assert_true(at < FAULTY_FILES_MAX);
    disk->name_count += at == disk->name_count;
    strcpy(disk->names[at].text, text);
    disk->names[at].now = -1;
    disk->names[at].durable = -1;
    return (int)at;
}

static bool is_allowed(const char *name)
{
    const size_t len = strlen(name);
    return len > 0 && len <= SOTTO_FILE_NAME_MAX && name[0] != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

/* ---- faults ---- */

static enum sotto_err count_call(struct faulty_files *disk)
{
    disk->calls++;
    if (disk->is_off) {
        return SOTTO_ERR_IO;
    }
    return disk->calls == disk->fail_at ? disk->fail_err : SOTTO_OK;
}

/* False when the power goes before this change is made. */
static bool count_change(struct faulty_files *disk)
{
    disk->changes++;
    if (disk->changes == disk->cut_at) {
        disk->is_off = true;
    }
    return !disk->is_off;
}

static size_t bytes_used(const struct faulty_files *disk)
{
    size_t sum = 0;
    for (size_t i = 0; i < disk->name_count; i++) {
        if (disk->names[i].now >= 0) {
            sum += disk->contents[disk->names[i].now].now.len;
        }
    }
    return sum;
}

static struct faulty_content *content_of(struct faulty_files *disk, int file)
{
    assert_true(file >= 0 && file < FAULTY_HANDLES_MAX);
    assert_true(disk->handles[file] >= 0);
    return &disk->contents[disk->handles[file]];
}

/* ---- the table ---- */

static enum sotto_err do_open(void *ctx, const char *text, unsigned flags,
                              int *file)
{
    struct faulty_files *disk = ctx;
    enum sotto_err err = count_call(disk);
    if (err != SOTTO_OK) {
        return err;
    }
    if (!is_allowed(text)) {
        return SOTTO_ERR_FORMAT;
    }
    int handle = 0;
    while (handle < FAULTY_HANDLES_MAX && disk->handles[handle] >= 0) {
        handle++;
    }
    if (handle == FAULTY_HANDLES_MAX) {
        return SOTTO_ERR_SPACE;
    }
    int at = find_name(disk, text);
    if (at < 0 || disk->names[at].now < 0) {
        if ((flags & SOTTO_FILE_CREATE) == 0) {
            return SOTTO_ERR_NOT_FOUND;
        }
        if (!count_change(disk)) {
            return SOTTO_ERR_IO;
        }
        at = make_name(disk, text);
        disk->names[at].now = make_content(disk);
    }
    struct faulty_content *content = &disk->contents[disk->names[at].now];
    if ((flags & SOTTO_FILE_TRUNCATE) != 0 && content->now.len > 0) {
        if (!count_change(disk)) {
            return SOTTO_ERR_IO;
        }
        faulty_content_note(content, true, 0);
        content->now.len = 0;
    }
    content->is_broken = false;
    disk->handles[handle] = disk->names[at].now;
    *file = handle;
    return SOTTO_OK;
}

static void do_close(void *ctx, int file)
{
    struct faulty_files *disk = ctx;
    (void)content_of(disk, file);
    disk->handles[file] = -1;
}

static enum sotto_err do_size(void *ctx, int file, uint64_t *len)
{
    struct faulty_files *disk = ctx;
    const struct faulty_content *content = content_of(disk, file);
    enum sotto_err err = count_call(disk);
    if (err == SOTTO_OK) {
        *len = content->now.len;
    }
    return err;
}

static enum sotto_err do_read(void *ctx, int file, uint64_t at, uint8_t *out,
                              size_t len, size_t *got)
{
    struct faulty_files *disk = ctx;
    const struct faulty_content *content = content_of(disk, file);
    enum sotto_err err = count_call(disk);
    if (err != SOTTO_OK) {
        return err;
    }
    const size_t left =
        at < content->now.len ? content->now.len - (size_t)at : 0;
    *got = len < left ? len : left;
    if (*got > 0) {
        memcpy(out, content->now.at + at, *got);
    }
    return SOTTO_OK;
}

/* A change of a file: refused when it is broken, broken when it fails. */
static enum sotto_err begin_change(struct faulty_files *disk,
                                   struct faulty_content *content)
{
    if (content->is_broken) {
        return SOTTO_ERR_IO;
    }
    enum sotto_err err = count_call(disk);
    if (err == SOTTO_OK && !count_change(disk)) {
        err = SOTTO_ERR_IO;
    }
    content->is_broken = err == SOTTO_ERR_IO;
    return err;
}

static enum sotto_err do_append(void *ctx, int file, const uint8_t *in,
                                size_t len)
{
    struct faulty_files *disk = ctx;
    struct faulty_content *content = content_of(disk, file);
    enum sotto_err err = begin_change(disk, content);
    if (err != SOTTO_OK) {
        return err;
    }
    if (disk->capacity > 0 && bytes_used(disk) + len > disk->capacity) {
        return SOTTO_ERR_FULL;
    }
    faulty_bytes_add(&content->now, in, len);
    faulty_bytes_add(&content->appended, in, len);
    faulty_content_note(content, false, len);
    return SOTTO_OK;
}

static enum sotto_err do_truncate(void *ctx, int file, uint64_t len)
{
    struct faulty_files *disk = ctx;
    struct faulty_content *content = content_of(disk, file);
    if (len > content->now.len) {
        return SOTTO_ERR_LIMIT;
    }
    enum sotto_err err = begin_change(disk, content);
    if (err == SOTTO_OK) {
        content->now.len = (size_t)len;
        faulty_content_note(content, true, (size_t)len);
    }
    return err;
}

static void add_request(struct faulty_files *disk,
                        struct faulty_request request)
{
    assert_true(disk->pending_count < FAULTY_PENDING_MAX);
    assert_int_not_equal(request.io->state, SOTTO_IO_PENDING);
    request.io->state = SOTTO_IO_PENDING;
    disk->pending[disk->pending_count++] = request;
}

static void do_sync(void *ctx, int file, struct sotto_io *io)
{
    struct faulty_files *disk = ctx;
    const struct faulty_content *content = content_of(disk, file);
    for (size_t i = 0; i < disk->pending_count; i++) {
        assert_true(disk->pending[i].is_replace ||
                    disk->pending[i].file != disk->handles[file]);
    }
    add_request(disk,
                (struct faulty_request){.io = io,
                                        .file = disk->handles[file],
                                        .covered = (int)content->step_count});
}

static void do_replace(void *ctx, const char *from, const char *to,
                       struct sotto_io *io)
{
    struct faulty_files *disk = ctx;
    const int source = find_name(disk, from);
    assert_true(source >= 0); /* both sides of a replace are known names */
    add_request(disk, (struct faulty_request){.io = io,
                                              .is_replace = true,
                                              .from = source,
                                              .to = make_name(disk, to)});
}

static bool is_open(const struct faulty_files *disk, int content)
{
    for (size_t i = 0; i < FAULTY_HANDLES_MAX; i++) {
        if (disk->handles[i] == content) {
            return true;
        }
    }
    return false;
}

static enum sotto_err do_remove(void *ctx, const char *text)
{
    struct faulty_files *disk = ctx;
    enum sotto_err err = count_call(disk);
    if (err != SOTTO_OK) {
        return err;
    }
    const int at = find_name(disk, text);
    if (at < 0 || disk->names[at].now < 0) {
        return SOTTO_ERR_NOT_FOUND;
    }
    assert_false(is_open(disk, disk->names[at].now));
    if (!count_change(disk)) {
        return SOTTO_ERR_IO;
    }
    if (disk->names[at].durable < 0) {
        faulty_content_free(&disk->contents[disk->names[at].now]);
    }
    disk->names[at].now = -1;
    return SOTTO_OK;
}

static enum sotto_err do_list(void *ctx, const char *prefix, size_t index,
                              char name[static SOTTO_FILE_NAME_MAX + 1])
{
    struct faulty_files *disk = ctx;
    enum sotto_err err = count_call(disk);
    if (err != SOTTO_OK) {
        return err;
    }
    for (size_t i = 0; i < disk->name_count; i++) {
        if (disk->names[i].now >= 0 &&
            strncmp(disk->names[i].text, prefix, strlen(prefix)) == 0 &&
            index-- == 0) {
            strcpy(name, disk->names[i].text);
            return SOTTO_OK;
        }
    }
    return SOTTO_ERR_NOT_FOUND;
}

/* ---- requests ---- */

/* A content that no name and no handle leads to any more. */
static void collect_garbage(struct faulty_files *disk)
{
    for (int i = 0; i < FAULTY_FILES_MAX; i++) {
        bool is_needed = is_open(disk, i);
        for (size_t n = 0; n < disk->name_count; n++) {
            is_needed |= disk->names[n].now == i || disk->names[n].durable == i;
        }
        for (size_t p = 0; p < disk->pending_count; p++) {
            is_needed |=
                !disk->pending[p].is_replace && disk->pending[p].file == i;
        }
        if (disk->contents[i].is_used && !is_needed) {
            faulty_content_free(&disk->contents[i]);
        }
    }
}

static void carry_out_sync(struct faulty_files *disk, int file, size_t covered)
{
    faulty_content_settle(&disk->contents[file], covered);
    for (size_t i = 0; i < disk->name_count; i++) {
        if (disk->names[i].now == file) {
            disk->names[i].durable = file;
        }
    }
}

static enum sotto_err carry_out_replace(struct faulty_files *disk, int from,
                                        int to)
{
    const int content = disk->names[from].now;
    if (content < 0) {
        return SOTTO_ERR_NOT_FOUND;
    }
    assert_false(is_open(disk, content));
    faulty_content_settle(&disk->contents[content],
                          disk->contents[content].step_count);
    disk->names[to].now = content;
    disk->names[to].durable = content;
    disk->names[from].now = -1;
    disk->names[from].durable = -1;
    return SOTTO_OK;
}

bool faulty_files_complete_one(struct faulty_files *disk)
{
    if (disk->pending_count == 0 || disk->is_off) {
        return false;
    }
    const struct faulty_request request = disk->pending[0];
    enum sotto_err err = count_call(disk);
    if (err == SOTTO_OK && !count_change(disk)) {
        return false;
    }
    disk->pending_count--;
    memmove(disk->pending, disk->pending + 1,
            disk->pending_count * sizeof disk->pending[0]);
    if (request.is_replace) {
        if (err == SOTTO_OK) {
            err = carry_out_replace(disk, request.from, request.to);
        }
    } else if (disk->contents[request.file].is_broken) {
        err = SOTTO_ERR_IO;
    } else if (err == SOTTO_OK) {
        carry_out_sync(disk, request.file, (size_t)request.covered);
    } else {
        disk->contents[request.file].is_broken = true;
    }
    request.io->state = SOTTO_IO_DONE;
    request.io->err = err;
    collect_garbage(disk);
    return true;
}

bool faulty_files_complete(struct faulty_files *disk)
{
    bool any = false;
    while (faulty_files_complete_one(disk)) {
        any = true;
    }
    return any;
}

/* ---- for the test ---- */

void faulty_files_init(struct faulty_files *disk)
{
    memset(disk, 0, sizeof *disk);
    for (size_t i = 0; i < FAULTY_HANDLES_MAX; i++) {
        disk->handles[i] = -1;
    }
    disk->fail_err = SOTTO_ERR_IO;
    disk->table = (struct sotto_files){.ctx = disk,
                                       .open = do_open,
                                       .close = do_close,
                                       .size = do_size,
                                       .read = do_read,
                                       .append = do_append,
                                       .truncate = do_truncate,
                                       .sync = do_sync,
                                       .replace = do_replace,
                                       .remove = do_remove,
                                       .list = do_list};
}

void faulty_files_free(struct faulty_files *disk)
{
    for (size_t i = 0; i < FAULTY_FILES_MAX; i++) {
        faulty_content_free(&disk->contents[i]);
    }
    faulty_files_init(disk);
}

void faulty_files_copy(struct faulty_files *to, const struct faulty_files *from)
{
    faulty_files_free(to);
    for (size_t i = 0; i < FAULTY_FILES_MAX; i++) {
        const struct faulty_content *content = &from->contents[i];
        faulty_bytes_set(&to->contents[i].now, &content->now);
        faulty_bytes_set(&to->contents[i].durable, &content->durable);
        faulty_bytes_set(&to->contents[i].appended, &content->appended);
        memcpy(to->contents[i].steps, content->steps, sizeof content->steps);
        to->contents[i].step_count = content->step_count;
        to->contents[i].is_used = content->is_used;
    }
    memcpy(to->names, from->names, sizeof from->names);
    to->name_count = from->name_count;
    memcpy(to->pending, from->pending, sizeof from->pending);
    to->pending_count = from->pending_count;
    to->is_off = from->is_off;
}

const struct sotto_files *faulty_files_table(struct faulty_files *disk)
{
    return &disk->table;
}

size_t faulty_files_unsynced(const struct faulty_files *disk)
{
    size_t most = 0;
    for (size_t i = 0; i < FAULTY_FILES_MAX; i++) {
        const size_t sum = faulty_content_unsynced(&disk->contents[i]);
        most = sum > most ? sum : most;
    }
    return most;
}

/* What is left of one file. */
static void cut_content(struct faulty_content *content,
                        const struct faulty_cut *cut)
{
    const size_t kept =
        faulty_content_replay(content, content->step_count, cut->keep);
    size_t damaged = cut->damaged < kept ? cut->damaged : kept;
    damaged = damaged < content->durable.len ? damaged : content->durable.len;
    for (size_t i = 0; i < damaged; i++) {
        content->durable.at[content->durable.len - 1 - i] ^= 0x55U;
    }
    content->step_count = 0;
    content->appended.len = 0;
    content->is_broken = false;
    faulty_bytes_set(&content->now, &content->durable);
}

void faulty_files_power_on(struct faulty_files *disk,
                           const struct faulty_cut *cut)
{
    for (size_t i = 0; i < disk->pending_count; i++) {
        const struct faulty_request *request = &disk->pending[i];
        if (request->is_replace && cut->new_names) {
            (void)carry_out_replace(disk, request->from, request->to);
        }
    }
    disk->pending_count = 0;
    for (size_t i = 0; i < FAULTY_HANDLES_MAX; i++) {
        disk->handles[i] = -1;
    }
    for (size_t i = 0; i < disk->name_count; i++) {
        struct faulty_name *name = &disk->names[i];
        const int left = cut->new_names ? name->now : name->durable;
        name->now = left;
        name->durable = left;
    }
    collect_garbage(disk);
    for (size_t i = 0; i < FAULTY_FILES_MAX; i++) {
        cut_content(&disk->contents[i], cut);
    }
    disk->calls = 0;
    disk->fail_at = 0;
    disk->changes = 0;
    disk->cut_at = 0;
    disk->is_off = false;
}

struct faulty_bytes *faulty_files_find(struct faulty_files *disk,
                                       const char *name)
{
    const int at = find_name(disk, name);
    return at < 0 || disk->names[at].now < 0
               ? NULL
               : &disk->contents[disk->names[at].now].now;
}

void faulty_files_put(struct faulty_files *disk, const char *name,
                      const void *in, size_t len)
{
    const int at = make_name(disk, name);
    if (disk->names[at].now < 0) {
        disk->names[at].now = make_content(disk);
    }
    disk->names[at].durable = disk->names[at].now;
    struct faulty_content *content = &disk->contents[disk->names[at].now];
    const struct faulty_bytes none = {0};
    faulty_bytes_set(&content->now, &none);
    faulty_bytes_add(&content->now, in, len);
    faulty_bytes_set(&content->durable, &content->now);
    content->step_count = 0;
    content->appended.len = 0;
}
