/*
 * pieces.c - an encoding in pieces.
 */
#include "core/mls/pieces.h"

#include "core/base/assert.h"
#include "core/base/writer.h"
#include <string.h>

static const char label_head[] = "MLS 1.0 "; /* RFC 9420 5.1.2, 5.1.3, 8 */

void sotto_mls_pieces_init(struct sotto_mls_pieces *p)
{
    p->count = 0;
    p->numbers_len = 0;
}

void sotto_mls_pieces_add(struct sotto_mls_pieces *p, const void *in,
                          size_t len)
{
    if (len > 0) {
        SOTTO_ASSERT(p->count < SOTTO_MLS_PIECES_MAX);
        p->at[p->count++] = (struct sotto_piece){in, len};
    }
}

/* A writer over the room that is left for numbers. */
static struct sotto_writer numbers(struct sotto_mls_pieces *p)
{
    struct sotto_writer w;

    sotto_writer_init(&w, p->numbers + p->numbers_len,
                      sizeof p->numbers - p->numbers_len);
    return w;
}

/* Takes in what was written: numbers next to each other are one piece. */
static void numbers_done(struct sotto_mls_pieces *p,
                         const struct sotto_writer *w)
{
    struct sotto_piece *last = p->count > 0 ? &p->at[p->count - 1] : NULL;

    SOTTO_ASSERT(!w->bad);
    if (last != NULL && (const uint8_t *)last->at + last->len == w->out) {
        last->len += w->len;
    } else {
        sotto_mls_pieces_add(p, w->out, w->len);
    }
    p->numbers_len += w->len;
}

void sotto_mls_pieces_u8(struct sotto_mls_pieces *p, uint8_t value)
{
    struct sotto_writer w = numbers(p);

    sotto_write_u8(&w, value);
    numbers_done(p, &w);
}

void sotto_mls_pieces_u16(struct sotto_mls_pieces *p, uint16_t value)
{
    struct sotto_writer w = numbers(p);

    sotto_write_u16(&w, value);
    numbers_done(p, &w);
}

void sotto_mls_pieces_u32(struct sotto_mls_pieces *p, uint32_t value)
{
    struct sotto_writer w = numbers(p);

    sotto_write_u32(&w, value);
    numbers_done(p, &w);
}

void sotto_mls_pieces_u64(struct sotto_mls_pieces *p, uint64_t value)
{
    struct sotto_writer w = numbers(p);

    sotto_write_u64(&w, value);
    numbers_done(p, &w);
}

void sotto_mls_pieces_prefix(struct sotto_mls_pieces *p, size_t len)
{
    struct sotto_writer w = numbers(p);

    sotto_write_varint(&w, len);
    numbers_done(p, &w);
}

void sotto_mls_pieces_vector(struct sotto_mls_pieces *p, struct sotto_span in)
{
    sotto_mls_pieces_prefix(p, in.len);
    sotto_mls_pieces_add(p, in.at, in.len);
}

void sotto_mls_pieces_label(struct sotto_mls_pieces *p, const char *label)
{
    size_t head_len = strlen(label_head);
    size_t len = strlen(label);

    sotto_mls_pieces_prefix(p, head_len + len);
    sotto_mls_pieces_add(p, label_head, head_len);
    sotto_mls_pieces_add(p, label, len);
}

size_t sotto_mls_pieces_len(const struct sotto_piece *pieces, size_t count)
{
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        len += pieces[i].len;
    }
    return len;
}
