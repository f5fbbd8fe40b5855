#include "apps/firmware/heap.h"
#include "tests/unit/test.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* heap.c is built with these names for its calloc() and free(). */
void *heap_calloc(size_t count, size_t size);
void heap_free(void *memory);

#define ROOM 512U

static _Alignas(8) uint8_t memory[ROOM + 8]; /* and what must stay as it is */

static int begin(void **state)
{
    (void)state;
    memset(memory, 0xa5, sizeof memory);
    heap_begin(memory, ROOM);
    return 0;
}

static bool is_all(const uint8_t *at, size_t len, uint8_t value)
{
    size_t i = 0;
    while (i < len && at[i] == value) {
        i++;
    }
    return i == len;
}

/* The largest that can be had now. */
static size_t largest(void)
{
    size_t len = ROOM;
    void *at = NULL;
    while (len > 0 && (at = heap_calloc(1, len)) == NULL) {
        len--;
    }
    heap_free(at);
    return len;
}

static void test_heap_gives_zeros_aligned_and_apart(void **state)
{
    (void)state;
    uint8_t *a = heap_calloc(3, 7);
    uint8_t *b = heap_calloc(1, 1);
    assert_non_null(a);
    assert_non_null(b);
    assert_int_equal((uintptr_t)a % 8, 0);
    assert_int_equal((uintptr_t)b % 8, 0);
    assert_true(is_all(a, 21, 0));
    memset(a, 0xff, 21);
    assert_int_equal(*b, 0);
    heap_free(a);
    a = heap_calloc(1, 24); /* where the first was: zero again */
    assert_true(is_all(a, 24, 0));
}

static void test_heap_refuses_what_it_has_no_room_for(void **state)
{
    (void)state;
    assert_null(heap_calloc(1, ROOM));
    assert_null(heap_calloc(0, 8));
    assert_null(heap_calloc(SIZE_MAX / 8, 16));
    assert_null(heap_calloc(16, SIZE_MAX / 8));
    assert_null(heap_calloc(1, SIZE_MAX));
    size_t count = 0;
    while (heap_calloc(1, 8) != NULL) {
        count++;
    }
    assert_int_equal(count, ROOM / 16);
    assert_true(is_all(memory + ROOM, 8, 0xa5));
}

static void test_heap_joins_what_comes_back_in_any_order(void **state)
{
    static const size_t orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                       {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    (void)state;
    const size_t all = largest();
    assert_in_range(all, ROOM - 16, ROOM);
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        void *pieces[3];
        for (size_t k = 0; k < 3; k++) {
            pieces[k] = heap_calloc(1, 40 + 24 * k);
            assert_non_null(pieces[k]);
        }
        assert_true(largest() < all);
        for (size_t k = 0; k < 3; k++) {
            heap_free(pieces[orders[i][k]]);
        }
        heap_free(NULL);
        assert_int_equal(largest(), all);
    }
}

/* Against a list of what is out: nothing overlaps, nothing is lost. */
static void test_heap_keeps_pieces_whole_through_random_use(void **state)
{
    enum {
        COUNT = 16
    };
    uint8_t *at[COUNT] = {NULL};
    size_t lens[COUNT] = {0};
    uint32_t random = 1;
    (void)state;
    const size_t all = largest();
    for (unsigned step = 0; step < 5000; step++) {
        random = random * 1664525U + 1013904223U;
        const size_t i = (random >> 16) % COUNT;
        if (at[i] != NULL) {
            assert_true(is_all(at[i], lens[i], (uint8_t)(i + 1)));
            heap_free(at[i]);
            at[i] = NULL;
            continue;
        }
        lens[i] = 1 + (random >> 24) % 64;
        at[i] = heap_calloc(1, lens[i]);
        if (at[i] != NULL) {
            assert_true(is_all(at[i], lens[i], 0));
            memset(at[i], (int)(i + 1), lens[i]);
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        heap_free(at[i]);
    }
    assert_int_equal(largest(), all);
    assert_true(is_all(memory + ROOM, 8, 0xa5));
}

int test_heap(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_heap_gives_zeros_aligned_and_apart, begin),
        cmocka_unit_test_setup(test_heap_refuses_what_it_has_no_room_for,
                               begin),
        cmocka_unit_test_setup(test_heap_joins_what_comes_back_in_any_order,
                               begin),
        cmocka_unit_test_setup(test_heap_keeps_pieces_whole_through_random_use,
                               begin),
    };
    return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}
