#include "tests/sim/turns.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define WATCH_MS       4000U
#define TURNS_A_SECOND 20U
#define SETTLE_MS      300000U

bool turns_are_here(void)
{
    return strcmp(sim_name(sim_here()), "server") == 0;
}

static uint64_t *turns(void)
{
    static uint64_t count;
    return &count;
}

void __real_port_wait(struct port_loop *loop, uint32_t timeout_ms,
                      struct port_event *events, size_t cap, size_t *count);
void __wrap_port_wait(struct port_loop *loop, uint32_t timeout_ms,
                      struct port_event *events, size_t cap, size_t *count);

void __wrap_port_wait(struct port_loop *loop, uint32_t timeout_ms,
                      struct port_event *events, size_t cap, size_t *count)
{
    *turns() += turns_are_here();
    __real_port_wait(loop, timeout_ms, events, cap, count);
}

static void settle(struct chat *chat)
{
    chat_settle(chat, SETTLE_MS);
    assert_string_equal(chat->ledger.wrong, "");
}

void turns_begin(struct chat *chat, unsigned seed, unsigned people)
{
    chat_open(chat, seed, &sim_quiet, people);
    settle(chat);
}

void turns_end(struct chat *chat)
{
    sim_set_profile(chat->sim, &sim_quiet);
    settle(chat);
    chat_audit(chat);
    assert_string_equal(chat->ledger.wrong, "");
    chat_close(chat);
}

uint64_t turns_taken(void)
{
    return *turns();
}

void turns_slow_disk(struct chat *chat)
{
    struct sim_profile slow = sim_quiet;
    slow.sync_min_us = slow.sync_max_us = 60000000;
    sim_set_profile(chat->sim, &slow);
}

void turns_expect_few(struct chat *chat)
{
    const uint64_t before = turns_taken();
    chat_run(chat, WATCH_MS);
    assert_in_range(turns_taken() - before, 1,
                    TURNS_A_SECOND * WATCH_MS / 1000);
}
