/*
 * qr_none.c - see qr.h: a build without a library for them.
 */
#include "apps/sotto/qr.h"

enum sotto_err qr_encode(struct qr *qr, const char *text)
{
    (void)qr;
    (void)text;
    return SOTTO_ERR_UNSUPPORTED;
}
