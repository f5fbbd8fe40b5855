#include "tests/unit/chat/codec.h"

#include <string.h>

/* True when it was decoded; it has come back as it was then. */
static bool comes_back(codec_again again, const uint8_t *bytes, size_t len)
{
    static uint8_t room[CODEC_MAX];
    static uint8_t out[CODEC_MAX];
    /* At the very end, so that a sanitizer sees who reads on. */
    uint8_t *in = room + sizeof room - len;
    struct sotto_writer w;
    memcpy(in, bytes, len);
    sotto_writer_init(&w, out, sizeof out);
    enum sotto_err err = again(in, len, &w);
    if (err != SOTTO_OK) {
        assert_int_equal(err, SOTTO_ERR_FORMAT);
        return false;
    }
    assert_false(w.bad);
    assert_int_equal(w.len, len);
    assert_memory_equal(out, bytes, len);
    return true;
}

static void check_lengths(codec_again again, const uint8_t *valid, size_t len,
                          bool is_exact)
{
    uint8_t longer[CODEC_MAX];
    for (size_t cut = 0; cut < len; cut++) {
        bool is_taken = comes_back(again, valid, cut);
        assert_false(is_exact && is_taken);
    }
    memcpy(longer, valid, len);
    for (unsigned extra = 0; extra < 256; extra++) {
        longer[len] = (uint8_t)extra;
        bool is_taken = comes_back(again, longer, len + 1);
        assert_false(is_exact && is_taken);
    }
}

void codec_check(codec_again again, const uint8_t *valid, size_t len,
                 bool is_exact)
{
    uint8_t changed[CODEC_MAX];
    assert_true(len < CODEC_MAX);
    assert_true(comes_back(again, valid, len));
    check_lengths(again, valid, len, is_exact);
    memcpy(changed, valid, len);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        changed[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        (void)comes_back(again, changed, len);
        changed[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
}
