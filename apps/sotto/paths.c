#include "apps/sotto/paths.h"

#include "apps/sotto/system.h"
#include "apps/sotto/textbuf.h"
#include <string.h>

enum sotto_err path_of_data(const char *name, char out[static PATH_TEXT_MAX])
{
    struct textbuf text;
    const char *data = system_variable("XDG_DATA_HOME");
    const char *home = system_variable("HOME");
    textbuf_init(&text, out, PATH_TEXT_MAX);
    if (data != NULL && data[0] == '/') {
        textbuf_add_all(&text, data, "/sotto/", name, NULL);
    } else if (home != NULL && home[0] == '/') {
        textbuf_add_all(&text, home, "/.local/share/sotto/", name, NULL);
    } else {
        return SOTTO_ERR_NOT_FOUND;
    }
    return text.cut ? SOTTO_ERR_SPACE : SOTTO_OK;
}

/* Makes the folders above; one that exists is merely looked at. */
static void make_parents(struct port_loop *loop, const char *folder)
{
    char path[PATH_TEXT_MAX];
    const size_t len = strlen(folder);
    for (size_t i = 1; i < len && i < sizeof path; i++) {
        if (folder[i] != '/') {
            continue;
        }
        memcpy(path, folder, i);
        path[i] = 0;
        struct sotto_files files;
        if (port_files_open(loop, path, false, &files) == SOTTO_OK) {
            port_files_close(&files);
        }
    }
}

enum sotto_err path_open(struct port_loop *loop, const char *folder,
                         bool exclusive, struct sotto_files *files)
{
    enum sotto_err err = port_files_open(loop, folder, exclusive, files);
    if (err == SOTTO_ERR_NOT_FOUND) {
        make_parents(loop, folder);
        err = port_files_open(loop, folder, exclusive, files);
    }
    return err;
}

enum sotto_err path_wait(struct port_loop *loop, struct sotto_io *io,
                         bool *was_stopped)
{
    while (io->state == SOTTO_IO_PENDING) {
        struct port_event event;
        size_t count = 0;
        port_wait(loop, 1000, &event, 1, &count);
        if (count > 0 && event.kind == PORT_EVENT_STOP && was_stopped != NULL) {
            *was_stopped = true;
        }
    }
    io->state = SOTTO_IO_IDLE;
    return io->err;
}
