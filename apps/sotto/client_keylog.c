#include "apps/sotto/client_keylog.h"

#include "apps/sotto/client_inner.h"
#include "apps/sotto/system.h"
#include "apps/sotto/textbuf.h"
#include "core/base/secret.h"
#include "core/base/text.h"
#include "core/channel/link_keys.h"
#include <string.h>

#define WARNING                                                                \
    "WARNING: the keys of this conversation are being written to a file "      \
    "(--keylog). Whoever has that file and a recording can read everything: "  \
    "password proofs, messages, yours and others'. Delete it when you are "    \
    "done"

/* "SOTTO_1 e client-to-server server-to-client\n", in hex, and a final zero. */
#define HEX        ((size_t)2 * SOTTO_CIPHER_KEY_LEN)
#define LINE_HEAD  "SOTTO_1"
#define LINE_BYTES (sizeof LINE_HEAD - 1 + 3 * (1 + HEX) + 2)

/* ---- the file ------------------------------------------------------------ */

/* Splits the path; a name without a folder is here. */
static bool set_path(struct client_keylog *log, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct textbuf folder;
    textbuf_init(&folder, log->folder, sizeof log->folder);
    if (slash == NULL) {
        textbuf_add(&folder, ".");
    } else if (slash == path) {
        textbuf_add(&folder, "/");
    } else {
        textbuf_add_bytes(&folder, path, (size_t)(slash - path));
    }
    log->name = slash == NULL ? path : slash + 1;
    return !folder.cut;
}

/* Adds to the file, which is made when it is missing. The port makes files that
 * only their owner can read. */
static enum sotto_err append(struct client_app *app, const char *text,
                             size_t len)
{
    const struct client_keylog *log = app->keylog;
    struct sotto_files files;
    int file = -1;
    enum sotto_err err =
        port_files_open(app->files_loop, log->folder, false, &files);
    if (err != SOTTO_OK) {
        return err;
    }
    err = files.open(files.ctx, log->name, SOTTO_FILE_CREATE, &file);
    if (err == SOTTO_OK) {
        err = files.append(files.ctx, file, (const uint8_t *)text, len);
        files.close(files.ctx, file);
    }
    port_files_close(&files);
    return err;
}

static void complain(struct client_app *app, enum sotto_err err)
{
    char line[512];
    struct textbuf text;
    textbuf_init(&text, line, sizeof line);
    textbuf_add_all(&text, "cannot write the key log ", app->settings.keylog,
                    ": ",
                    err == SOTTO_ERR_FORMAT
                        ? "its name may have up to 31 of a-z 0-9 . _ -"
                        : port_last_error(app->port),
                    NULL);
    view_error(&app->view, "keylog", line);
}

static void warn(const struct client_app *app)
{
    if (app->settings.json) { /* beside the events, for whoever looks */
        say("sotto: ", WARNING, "\n", NULL);
    } else {
        view_remark(&app->view, WARNING);
    }
}

bool client_keylog_open(struct client_app *app)
{
    app->keylog = system_memory(sizeof *app->keylog);
    if (app->keylog == NULL) {
        view_error(&app->view, "keylog", "no memory for the key log");
        return false;
    }
    enum sotto_err err = set_path(app->keylog, app->settings.keylog)
                             ? append(app, "", 0)
                             : SOTTO_ERR_FORMAT;
    if (err != SOTTO_OK) {
        complain(app, err);
        return false;
    }
    warn(app);
    return true;
}

/* ---- the keys ------------------------------------------------------------ */

static char *add_hex(char *at, const uint8_t bytes[static SOTTO_CIPHER_KEY_LEN])
{
    *at = ' ';
    sotto_hex_encode(bytes, SOTTO_CIPHER_KEY_LEN, at + 1);
    return at + 1 + HEX;
}

static void write_keys(struct client_app *app)
{
    char line[LINE_BYTES] = LINE_HEAD;
    struct sotto_link_keys keys;
    app->keylog->is_written = true;
    if (!sotto_link_keys(&app->client.link, &keys)) {
        return;
    }
    char *end = add_hex(line + sizeof LINE_HEAD - 1, app->keylog->e);
    end = add_hex(end, keys.client_to_server);
    end = add_hex(end, keys.server_to_client);
    *end++ = '\n';
    enum sotto_err err = append(app, line, (size_t)(end - line));
    if (err != SOTTO_OK) {
        complain(app, err);
    }
    sotto_wipe(line, sizeof line);
    sotto_wipe(&keys, sizeof keys);
}

void client_keylog_look(struct client_app *app)
{
    const struct sotto_client *client = &app->client;
    const size_t before = SOTTO_HELLO_LEN + SOTTO_RECORD_HEAD;
    if (app->keylog == NULL) {
        return;
    }
    if (client->link.state == SOTTO_LINK_HANDSHAKE) {
        /* The hello and message 1, which begins with `e`, were just made. */
        if (client->out_len >= before + sizeof app->keylog->e) {
            memcpy(app->keylog->e, client->out + before, sizeof app->keylog->e);
        }
        app->keylog->is_written = false;
    } else if (client->link.state == SOTTO_LINK_OPEN &&
               !app->keylog->is_written) {
        write_keys(app);
    }
}
