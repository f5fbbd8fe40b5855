#include "choices.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t *input;
static size_t input_left;

void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

void choices_start(const uint8_t *in, size_t len)
{
    input = in;
    input_left = len;
}

bool choices_left(void)
{
    return input_left > 0;
}

uint8_t choose_byte(void)
{
    if (input_left == 0) {
        return 0;
    }
    input_left--;
    return *input++;
}

size_t choose_below(size_t below)
{
    size_t high = choose_byte();

    return (high << 8 | choose_byte()) % below;
}

struct sotto_span choose_bytes(size_t max)
{
    const size_t wanted = choose_below(max + 1);
    const struct sotto_span chosen = {input, wanted < input_left ? wanted
                                                                 : input_left};

    input += chosen.len;
    input_left -= chosen.len;
    return chosen;
}

struct sotto_span choose_rest(void)
{
    const struct sotto_span chosen = {input, input_left};

    input_left = 0;
    return chosen;
}

/* One byte says what, two where, one with what. */
static size_t patch_one(uint8_t *bytes, size_t len, size_t cap)
{
    uint8_t what = choose_byte();
    size_t at = choose_below(len);
    uint8_t value = choose_byte();

    switch (what % 5) {
    case 0:
        bytes[at] ^= (uint8_t)(1U << value % 8);
        return len;
    case 1:
        bytes[at] = (uint8_t)(bytes[at] + value);
        return len;
    case 2: /* cut */
        value = value < len - at ? value : (uint8_t)(len - at);
        memmove(bytes + at, bytes + at + value, len - at - value);
        return len - value;
    case 3: /* add */
        if (len == cap) {
            return len;
        }
        memmove(bytes + at + 1, bytes + at, len - at);
        bytes[at] = value;
        return len + 1;
    default: /* copy from elsewhere */
        bytes[at] = bytes[(at + value) % len];
        return len;
    }
}

size_t choose_patch(uint8_t *bytes, size_t len, size_t cap)
{
    size_t count = choose_byte() % 4U;

    for (; count > 0 && len > 0; count--) {
        len = patch_one(bytes, len, cap);
    }
    return len;
}
