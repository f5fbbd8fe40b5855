#include "tests/unit/support/faulty_content.h"
#include "tests/unit/test.h"
#include <stdlib.h>
#include <string.h>

/* ---- bytes ---- */

void faulty_bytes_add(struct faulty_bytes *bytes, const void *in, size_t len)
{
    if (bytes->len + len > bytes->cap) {
        bytes->cap = 2 * (bytes->len + len) + 64;
        bytes->at = realloc(bytes->at, bytes->cap);
        assert_non_null(bytes->at);
    }
    if (len > 0) {
        memcpy(bytes->at + bytes->len, in, len);
    }
    bytes->len += len;
}

void faulty_bytes_set(struct faulty_bytes *bytes,
                      const struct faulty_bytes *from)
{
    bytes->len = 0;
    faulty_bytes_add(bytes, from->at, from->len);
}

void faulty_bytes_free(struct faulty_bytes *bytes)
{
    free(bytes->at);
    *bytes = (struct faulty_bytes){0};
}

/* ---- contents ---- */

void faulty_content_note(struct faulty_content *content, bool is_truncate,
                         size_t len)
{
    assert_true(content->step_count < FAULTY_STEPS_MAX);
    content->steps[content->step_count++] =
        (struct faulty_step){.is_truncate = is_truncate, .len = len};
}

/* Carries out the first `count` steps on the durable bytes, `budget` bytes'
 * worth; gives how many appended bytes that took. */
size_t faulty_content_replay(struct faulty_content *content, size_t count,
                             size_t budget)
{
    size_t used = 0;
    for (size_t i = 0; i < count && budget > 0; i++) {
        const struct faulty_step *step = &content->steps[i];
        if (step->is_truncate) {
            content->durable.len = step->len < content->durable.len
                                       ? step->len
                                       : content->durable.len;
            budget--;
            continue;
        }
        const size_t len = step->len < budget ? step->len : budget;
        faulty_bytes_add(&content->durable, content->appended.at + used, len);
        used += len;
        budget -= len;
    }
    return used;
}

/* The first `count` steps are on the device. */
void faulty_content_settle(struct faulty_content *content, size_t count)
{
    const size_t used = faulty_content_replay(content, count, SIZE_MAX);
    content->step_count -= count;
    memmove(content->steps, content->steps + count,
            content->step_count * sizeof content->steps[0]);
    content->appended.len -= used;
    if (used > 0) {
        memmove(content->appended.at, content->appended.at + used,
                content->appended.len);
    }
}

size_t faulty_content_unsynced(const struct faulty_content *content)
{
    size_t sum = 0;
    for (size_t i = 0; i < content->step_count; i++) {
        sum += content->steps[i].is_truncate ? 1 : content->steps[i].len;
    }
    return sum;
}

void faulty_content_free(struct faulty_content *content)
{
    faulty_bytes_free(&content->now);
    faulty_bytes_free(&content->durable);
    faulty_bytes_free(&content->appended);
    content->step_count = 0;
    content->is_used = false;
    content->is_broken = false;
}
