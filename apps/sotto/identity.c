#include "apps/sotto/identity.h"

#include "apps/sotto/paths.h"
#include "core/base/secret.h"
#include "core/base/text.h"
#include "core/crypto/x25519.h"
#include <string.h>

#define FIRST_WORDS "sotto static key v1 "
#define FIRST_LEN   (sizeof FIRST_WORDS - 1)
#define KEY_LEN     ((size_t)SOTTO_X25519_LEN)
#define FILE_LEN    (FIRST_LEN + 2U * KEY_LEN + 1U) /* and a newline */
#define NEW_FILE    IDENTITY_FILE ".new"

static enum sotto_err read_key(const struct sotto_files *files, uint8_t *key)
{
    uint8_t text[FILE_LEN + 1];
    size_t got = 0;
    int file = 0;
    enum sotto_err err = files->open(files->ctx, IDENTITY_FILE, 0, &file);
    if (err != SOTTO_OK) {
        return err;
    }
    err = files->read(files->ctx, file, 0, text, sizeof text, &got);
    files->close(files->ctx, file);
    if (err == SOTTO_OK &&
        (got != FILE_LEN || memcmp(text, FIRST_WORDS, FIRST_LEN) != 0 ||
         text[FILE_LEN - 1] != '\n')) {
        err = SOTTO_ERR_FORMAT;
    }
    if (err == SOTTO_OK) {
        err = sotto_hex_decode((const char *)text + FIRST_LEN, 2U * KEY_LEN,
                               key, KEY_LEN);
    }
    sotto_wipe(text, sizeof text);
    return err;
}

static enum sotto_err append_key(const struct sotto_files *files,
                                 const uint8_t *key)
{
    char text[FILE_LEN + 1];
    int file = 0;
    enum sotto_err err =
        files->open(files->ctx, NEW_FILE,
                    SOTTO_FILE_CREATE | SOTTO_FILE_TRUNCATE, &file);
    if (err != SOTTO_OK) {
        return err;
    }
    memcpy(text, FIRST_WORDS, FIRST_LEN);
    sotto_hex_encode(key, KEY_LEN, text + FIRST_LEN);
    text[FILE_LEN - 1] = '\n';
    err = files->append(files->ctx, file, (const uint8_t *)text, FILE_LEN);
    files->close(files->ctx, file);
    sotto_wipe(text, sizeof text);
    return err;
}

static enum sotto_err make_key(struct port_loop *loop,
                               const struct sotto_files *files,
                               const struct sotto_random *random,
                               struct identity *identity)
{
    struct sotto_io io = {0};
    enum sotto_err err =
        random->fill(random->ctx, identity->private_key, KEY_LEN);
    if (err == SOTTO_OK) {
        err = append_key(files, identity->private_key);
    }
    if (err == SOTTO_OK) {
        files->replace(files->ctx, NEW_FILE, IDENTITY_FILE, &io);
        err = path_wait(loop, &io, &identity->was_stopped);
    }
    return err;
}

enum sotto_err identity_open(struct port_loop *loop,
                             const struct sotto_files *files,
                             const struct sotto_random *random,
                             struct identity *identity)
{
    enum sotto_err err = read_key(files, identity->private_key);
    identity->is_new = err == SOTTO_ERR_NOT_FOUND;
    if (identity->is_new) {
        err = make_key(loop, files, random, identity);
    }
    if (err == SOTTO_OK) {
        sotto_x25519_public(identity->private_key, identity->public_key);
    }
    return err;
}

void identity_wipe(struct identity *identity)
{
    sotto_wipe(identity, sizeof *identity);
}
