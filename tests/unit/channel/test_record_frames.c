/* Frames in records: which are taken, and which make a record bad. */
#include "core/channel/link.h"
#include "tests/unit/channel/pair.h"
#include <string.h>

/* Static: tens of kilobytes. */
static struct pair pair;
static uint8_t assembly[64];

struct raw {
    uint8_t bytes[12];
    size_t len;
};

static void test_record_with_a_broken_frame_is_refused_whole(void **state)
{
    static const struct raw cases[] = {
        {{0}, 0},                          /* no frame at all */
        {{16}, 1},                         /* no length */
        {{16, 1}, 2},                      /* body missing */
        {{16, 0, 17}, 3},                  /* good, then cut */
        {{16, 2, 'x'}, 3},                 /* body cut */
        {{16, 0x40, 1, 'x'}, 4},           /* length not the shortest */
        {{16, 0x80, 0, 0, 1, 'x'}, 6},     /* likewise */
        {{16, 0xc0, 'x'}, 3},              /* prefix that is not allowed */
        {{16, 0x40}, 2},                   /* length cut */
        {{4, 0}, 2},                       /* types that are not in use */
        {{15, 0}, 2},                      /* */
        {{SOTTO_FRAME_CHUNK, 0}, 2},       /* empty part */
        {{SOTTO_FRAME_REKEY, 1, 0}, 3},    /* REKEY with a body */
        {{SOTTO_FRAME_REKEY, 0, 0, 0}, 4}, /* REKEY not the last */
        {{SOTTO_FRAME_REKEY, 0, SOTTO_FRAME_REKEY, 0}, 4},
        {{SOTTO_FRAME_CLOSE, 0}, 2},           /* CLOSE without reason */
        {{SOTTO_FRAME_CLOSE, 2, 0, 0}, 4},     /* CLOSE with more */
        {{SOTTO_FRAME_CLOSE, 1, 0, 16, 0}, 5}, /* CLOSE not the last */
        {{SOTTO_FRAME_CLOSE, 1, 0, SOTTO_FRAME_CLOSE, 1, 0}, 6},
        {{16, 1, 'x', SOTTO_FRAME_CLOSE, 0}, 5}, /* good, then bad */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pair_open(&pair, SOTTO_SUITE_A128CBCHS256, 300);
        pair_send_raw(&pair, &pair.client, cases[i].bytes, cases[i].len);
        assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_ERR_FORMAT);
        pair_expect_failed(&pair.server, SOTTO_ERR_FORMAT);
    }
}

static void test_record_that_is_refused_leaves_no_text(void **state)
{
    static const uint8_t frames[] = {16, 6, 's', 'e', 'c', 'r', 'e', 't', 4, 0};
    const size_t good = sizeof frames - 2; /* without a type not in use */

    (void)state;
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        pair_open(&pair, pair_suites[i], 300);
        pair_send_raw(&pair, &pair.client, frames, good);
        assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
        assert_memory_equal(pair.wire + SOTTO_RECORD_HEAD, frames, good);
        pair_expect_frame(&pair.server, 16, "secret", 6);

        pair_send_raw(&pair, &pair.client, frames, sizeof frames);
        assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_ERR_FORMAT);
        for (size_t at = SOTTO_RECORD_HEAD; at < pair.wire_len; at++) {
            assert_int_equal(pair.wire[at], 0);
        }
    }
}

/* PROTOCOL.md, "Frames", for bodies below 64 bytes, which have one byte of
 * length: true when a record of these frames must be taken. */
static bool naive_allows(const uint8_t *frames, size_t len)
{
    size_t at = 0;

    while (at < len) {
        if (len - at < 2 || frames[at + 1] > 63 ||
            frames[at + 1] > len - at - 2) {
            return false;
        }
        uint8_t type = frames[at];
        size_t body = frames[at + 1];
        at += 2 + body;
        if ((type > SOTTO_FRAME_CLOSE && type < SOTTO_FRAME_APPLICATION) ||
            (type == SOTTO_FRAME_CHUNK && body == 0) ||
            (type == SOTTO_FRAME_REKEY && (body != 0 || at < len)) ||
            (type == SOTTO_FRAME_CLOSE && (body != 1 || at < len))) {
            return false;
        }
    }
    return len > 0;
}

/* Bytes that are often frames, from a generator with a fixed seed. */
static size_t make_frames(uint32_t *seed, uint8_t *frames)
{
    size_t count = 0;
    size_t want;

    *seed = *seed * 1664525U + 1013904223U;
    want = *seed >> 28;
    while (count < want) {
        *seed = *seed * 1664525U + 1013904223U;
        /* Small numbers mostly: types of the channel, and short lengths. */
        frames[count++] = (uint8_t)(*seed >> 24 & (*seed >> 12 & 1 ? 3 : 19));
    }
    return count;
}

static void test_record_agrees_with_a_naive_reader_of_frames(void **state)
{
    static struct sotto_link client, server;
    uint8_t frames[16];
    uint32_t seed = 1;
    unsigned taken = 0;

    (void)state;
    pair_open(&pair, SOTTO_SUITE_CHACHAPOLY, 300);
    client = pair.client;
    server = pair.server;
    for (int round = 0; round < 20000; round++) {
        struct sotto_frame frame;
        enum sotto_err err;
        size_t len = make_frames(&seed, frames);
        bool allowed = naive_allows(frames, len);

        pair.client = client;
        pair.server = server;
        sotto_link_lend(&pair.server, assembly, sizeof assembly);
        pair_send_raw(&pair, &pair.client, frames, len);
        assert_int_equal(pair_feed(&pair, &pair.server),
                         allowed ? SOTTO_OK : SOTTO_ERR_FORMAT);
        while (sotto_link_next(&pair.server, &frame, &err)) {
            assert_true(frame.type >= SOTTO_FRAME_APPLICATION);
        }
        assert_int_equal(err, allowed ? SOTTO_OK : SOTTO_ERR_FORMAT);
        taken += allowed;
    }
    assert_true(taken > 1000); /* it has seen both kinds */
}

static void test_record_of_channel_frames_alone_gives_nothing(void **state)
{
    static const struct raw cases[] = {
        {{SOTTO_FRAME_PADDING, 0}, 2},
        {{SOTTO_FRAME_PADDING, 3, 1, 2, 3, SOTTO_FRAME_PADDING, 0}, 7},
        {{SOTTO_FRAME_PADDING, 0, SOTTO_FRAME_REKEY, 0}, 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pair_open(&pair, SOTTO_SUITE_AESGCM, 300);
        pair_send_raw(&pair, &pair.client, cases[i].bytes, cases[i].len);
        assert_int_equal(pair_feed(&pair, &pair.server), SOTTO_OK);
        pair_expect_no_frame(&pair.server);
        assert_int_equal(pair.server.state, SOTTO_LINK_OPEN);
    }
}

int test_record_frames(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_with_a_broken_frame_is_refused_whole),
        cmocka_unit_test(test_record_that_is_refused_leaves_no_text),
        cmocka_unit_test(test_record_agrees_with_a_naive_reader_of_frames),
        cmocka_unit_test(test_record_of_channel_frames_alone_gives_nothing),
    };
    return cmocka_run_group_tests_name("record_frames", tests, NULL, NULL);
}
