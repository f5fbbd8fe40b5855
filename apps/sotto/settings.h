/*
 * settings.h - a settings file in INI style, read by an option table.
 *
 *     # a comment            ; another one
 *     [server]
 *     listen = 0.0.0.0:7688
 *     listen = [::]:7688
 *     data = /var/lib/sotto
 *     quiet = yes
 *
 * A key is a long option of the command (options.h). Comments have a line of
 * their own. Spaces around key and value do not count; a value in double quotes
 * is taken as it is between them. Flags are yes or no (also true/false,
 * on/off). Only lists may be repeated. What the command line gave wins: the
 * file's value is then checked and not used (a list is not mixed).
 * Line ends are LF or CR LF; a byte order mark is skipped.
 */
#ifndef SOTTO_APP_SETTINGS_H
#define SOTTO_APP_SETTINGS_H

#include "apps/sotto/options.h"
#include <stddef.h>

/* The largest settings file, in bytes. */
#define SETTINGS_FILE_MAX 65536

/*
 * Reads a file's `len` bytes; text[len] must be the caller's too (a zero is
 * put there). The bytes are changed, and texts in `values` point into them.
 *
 * `options` is what options_parse() left: it names the command, whose name is
 * the section, and which options are not to be touched. Sections of other
 * commands of the program are skipped. Errors are added to `errors`, one line
 * each: "FILE:LINE: unknown setting lisen, did you mean listen?". Returns their
 * number, also of those that did not fit; with errors `values` is not to be
 * used.
 */
size_t settings_read(struct options *options, const char *file, char *text,
                     size_t len, void *values, struct textbuf *errors);

#endif
