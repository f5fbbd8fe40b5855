/*
 * paths.h - where files go when nobody says: the XDG base directories.
 */
#ifndef SOTTO_APP_PATHS_H
#define SOTTO_APP_PATHS_H

#include "port/port.h"
#include <sotto/err.h>
#include <stddef.h>

#ifndef PATH_TEXT_MAX
#    define PATH_TEXT_MAX 1024
#endif

/*
 * Writes `$XDG_DATA_HOME/sotto/NAME`, or `~/.local/share/sotto/NAME`. SPACE
 * when it is too long, NOT_FOUND when the environment names no home. On a
 * board, which has one storage region and no folders, the name itself.
 */
enum sotto_err path_of_data(const char *name, char out[static PATH_TEXT_MAX])
    SOTTO_MUST_CHECK;

/*
 * Opens the files of a folder, and makes it and the folders above it when they
 * are missing. Errors as port_files_open().
 */
enum sotto_err path_open(struct port_loop *loop, const char *folder,
                         bool exclusive, struct sotto_files *files)
    SOTTO_MUST_CHECK;

/* Runs the loop until the request is done, and returns its outcome. For times
 * when nothing else goes on: start and end. A request to stop that comes
 * meanwhile sets `*was_stopped`, if that is not NULL; other events are lost,
 * or come again. */
enum sotto_err path_wait(struct port_loop *loop, struct sotto_io *io,
                         bool *was_stopped) SOTTO_MUST_CHECK;

#endif
