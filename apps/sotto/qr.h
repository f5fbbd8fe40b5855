/*
 * qr.h - a text as a QR code (ISO/IEC 18004), for a camera to read.
 *
 * Two files implement it, and a build of the program links one of them:
 * qr_qrencode.c, with the library of that name, or qr_none.c where it is not
 * installed. Hosts only.
 */
#ifndef SOTTO_APP_QR_H
#define SOTTO_APP_QR_H

#include <sotto/err.h>
#include <stdbool.h>
#include <stdint.h>

/* Version 16: 586 bytes, more than any address of ours has. */
#define QR_SIDE_MAX 81U

struct qr {
    unsigned side; /* modules in a row, and rows */
    bool is_dark[QR_SIDE_MAX * QR_SIDE_MAX];
};

/* The smallest code that holds the text. SPACE: there is no memory, or the text
 * is too long. UNSUPPORTED: this build makes none. */
enum sotto_err qr_encode(struct qr *qr, const char *text) SOTTO_MUST_CHECK;

#endif
