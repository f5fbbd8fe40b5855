/*
 * qr_qrencode.c - see qr.h.
 */
#include "apps/sotto/qr.h"

#include <qrencode.h>
#include <stddef.h>

#define SMALLEST 0 /* a version: whichever is enough */
#define DARK     1U

enum sotto_err qr_encode(struct qr *qr, const char *text)
{
    QRcode *code =
        QRcode_encodeString(text, SMALLEST, QR_ECLEVEL_L, QR_MODE_8, 1);
    const bool fits = code != NULL && (unsigned)code->width <= QR_SIDE_MAX;
    if (fits) {
        qr->side = (unsigned)code->width;
        for (unsigned i = 0; i < qr->side * qr->side; i++) {
            qr->is_dark[i] = (code->data[i] & DARK) != 0;
        }
    }
    QRcode_free(code);
    return fits ? SOTTO_OK : SOTTO_ERR_SPACE;
}
