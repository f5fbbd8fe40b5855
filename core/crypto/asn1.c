/* asn1.c - see asn1.h. */
#include "core/crypto/asn1.h"
#include <string.h>

/* ---- reading ------------------------------------------------------------ */

static size_t read_length(struct sotto_reader *r)
{
    const uint8_t first = sotto_read_u8(r);
    size_t len = first;

    if (first == 0x81) {
        len = sotto_read_u8(r);
        if (len < 0x80) {
            sotto_reader_fail(r);
        }
    } else if (first == 0x82) {
        len = sotto_read_u16(r);
        if (len < 0x100) {
            sotto_reader_fail(r);
        }
    } else if (first >= 0x80) {
        sotto_reader_fail(r);
    }
    return len;
}

struct sotto_span sotto_asn1_read(struct sotto_reader *r, uint8_t tag)
{
    if (!sotto_asn1_is_next(r, tag)) {
        sotto_reader_fail(r);
    }
    (void)sotto_read_u8(r);
    const size_t len = read_length(r);
    return sotto_read_span(r, r->bad ? 0 : len);
}

bool sotto_asn1_is_next(const struct sotto_reader *r, uint8_t tag)
{
    return !r->bad && r->left > 0 && r->at[0] == tag;
}

/* ---- writing ------------------------------------------------------------ */

void sotto_asn1_init(struct sotto_asn1 *w, uint8_t *out, size_t cap)
{
    w->out = out;
    w->cap = cap;
    w->at = cap;
    w->bad = false;
}

void sotto_asn1_put(struct sotto_asn1 *w, const void *in, size_t len)
{
    if (w->bad || len > w->at) {
        w->bad = true;
        return;
    }
    w->at -= len;
    memcpy(w->out + w->at, in, len);
}

void sotto_asn1_put_byte(struct sotto_asn1 *w, uint8_t byte)
{
    sotto_asn1_put(w, &byte, 1);
}

void sotto_asn1_wrap(struct sotto_asn1 *w, uint8_t tag, size_t end)
{
    const size_t len = end - w->at;

    if (len > 0xffff) {
        w->bad = true;
        return;
    }
    sotto_asn1_put_byte(w, (uint8_t)(len & 0xff));
    if (len > 0xff) {
        sotto_asn1_put_byte(w, (uint8_t)(len >> 8));
        sotto_asn1_put_byte(w, 0x82);
    } else if (len > 0x7f) {
        sotto_asn1_put_byte(w, 0x81);
    }
    sotto_asn1_put_byte(w, tag);
}

void sotto_asn1_value(struct sotto_asn1 *w, uint8_t tag, const void *in,
                      size_t len)
{
    const size_t end = w->at;

    sotto_asn1_put(w, in, len);
    sotto_asn1_wrap(w, tag, end);
}

enum sotto_err sotto_asn1_finish(const struct sotto_asn1 *w,
                                 struct sotto_span *written)
{
    if (w->bad) {
        return SOTTO_ERR_SPACE;
    }
    *written = (struct sotto_span){w->out + w->at, w->cap - w->at};
    return SOTTO_OK;
}
