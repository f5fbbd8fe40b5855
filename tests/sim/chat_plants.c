/*
 * chat_plants.c - can the simulation find anything? Some bugs, each planted
 * where a real one could be, must be found by the lives of a few seeds that
 * go well without.
 *
 * The linker puts the functions below around those of core (--wrap).
 */
#include "core/auth/accounts.h"
#include "core/base/secret.h"
#include "core/store/log_record.h"
#include "tests/sim/storm.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <string.h>

#include <cmocka.h>

#define PEOPLE  8U
#define MORE    11U /* with devices */
#define MINUTES 4U
#define SEEDS   20U

enum plant {
    PLANT_NOTHING,
    PLANT_DROPPED_SYNC,  /* the disk says that it has synced, and has not */
    PLANT_REUSED_NUMBER, /* a reservation of numbers reserves none */
    PLANT_SKIPPED_WIPE,  /* secrets are left where they were */
    PLANT_KEPT_DEVICE    /* a device that is revoked stays in the table */
};

struct planted {
    enum plant plant;
    uint64_t last; /* number that an entry got */
};

static struct planted *planted(void)
{
    static struct planted planted;
    return &planted;
}

void __real_log_head_encode(const struct log_head *head,
                            const struct log_place *place,
                            uint8_t out[static LOG_HEAD_LEN]);
void __wrap_log_head_encode(const struct log_head *head,
                            const struct log_place *place,
                            uint8_t out[static LOG_HEAD_LEN]);
enum sotto_err __real_sotto_accounts_revoke(struct sotto_accounts *accounts,
                                            const char *account,
                                            size_t account_len,
                                            const char *name, size_t name_len,
                                            uint64_t *ticket);
enum sotto_err __wrap_sotto_accounts_revoke(struct sotto_accounts *accounts,
                                            const char *account,
                                            size_t account_len,
                                            const char *name, size_t name_len,
                                            uint64_t *ticket);
void __real_sotto_wipe(void *mem, size_t len);
void __wrap_sotto_wipe(void *mem, size_t len);

void __wrap_log_head_encode(const struct log_head *head,
                            const struct log_place *place,
                            uint8_t out[static LOG_HEAD_LEN])
{
    struct log_head written = *head;
    if (head->type == LOG_ENTRY) {
        planted()->last = head->number;
    } else if (planted()->plant == PLANT_REUSED_NUMBER) {
        written.number = planted()->last + 1;
    }
    __real_log_head_encode(&written, place, out);
}

void __wrap_sotto_wipe(void *mem, size_t len)
{
    if (planted()->plant != PLANT_SKIPPED_WIPE) {
        __real_sotto_wipe(mem, len);
    }
}

enum sotto_err __wrap_sotto_accounts_revoke(struct sotto_accounts *accounts,
                                            const char *account,
                                            size_t account_len,
                                            const char *name, size_t name_len,
                                            uint64_t *ticket)
{
    if (planted()->plant == PLANT_KEPT_DEVICE) {
        *ticket = sotto_accounts_last_ticket(accounts);
        return SOTTO_OK;
    }
    return __real_sotto_accounts_revoke(accounts, account, account_len, name,
                                        name_len, ticket);
}

/* What a life came to. */
struct outcome {
    char wrong[LEDGER_WRONG_MAX];
    uint64_t stored;
    uint64_t acked;
    uint64_t shown;
    uint64_t ms;
    uint32_t digest;
};

static void live(uint64_t seed, struct outcome *outcome)
{
    static struct chat chat;
    planted()->last = 0;
    chat_open(&chat, seed, &sim_quiet,
              planted()->plant == PLANT_KEPT_DEVICE ? MORE : PEOPLE);
    sim_disk_lies(chat.server, planted()->plant == PLANT_DROPPED_SYNC);
    storm_live(&chat, MINUTES);
    memcpy(outcome->wrong, chat.ledger.wrong, sizeof outcome->wrong);
    outcome->stored = chat.ledger.stored_count;
    outcome->acked = chat.ledger.acked_count;
    outcome->shown = chat.ledger.seen_count;
    outcome->ms = sim_now_ms(chat.sim);
    outcome->digest = chat.digest;
    chat_close(&chat);
}

/* Whether one of the seeds shows something in these words. */
static bool find(enum plant plant, const char *words)
{
    struct outcome outcome;
    planted()->plant = plant;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        live(seed, &outcome);
        if (outcome.wrong[0] != '\0') {
            print_message("seed %u: %s\n", (unsigned)seed, outcome.wrong);
        }
        if (strstr(outcome.wrong, words) != NULL) {
            return true;
        }
    }
    return false;
}

static void test_plants_a_seed_is_the_same_life_again(void **state)
{
    (void)state;
    struct outcome first;
    struct outcome again;
    planted()->plant = PLANT_NOTHING;
    live(SEEDS + 1, &first);
    live(SEEDS + 1, &again);
    assert_true(first.acked > 0);
    assert_int_equal(again.stored, first.stored);
    assert_int_equal(again.acked, first.acked);
    assert_int_equal(again.shown, first.shown);
    assert_int_equal(again.ms, first.ms);
    assert_int_equal(again.digest, first.digest);
}

static void test_plants_nothing_is_found_where_nothing_is(void **state)
{
    (void)state;
    assert_false(find(PLANT_NOTHING, " ")); /* no sentence at all */
}

static void test_plants_a_dropped_sync_is_found(void **state)
{
    (void)state;
    assert_true(find(PLANT_DROPPED_SYNC, "lost"));
    assert_true(find(PLANT_DROPPED_SYNC, "was used twice"));
}

static void test_plants_a_reused_number_is_found(void **state)
{
    (void)state;
    assert_true(find(PLANT_REUSED_NUMBER, "was used twice"));
}

static void test_plants_a_skipped_wipe_is_found(void **state)
{
    (void)state;
    assert_true(find(PLANT_SKIPPED_WIPE, "in memory"));
}

static void test_plants_a_kept_device_is_found(void **state)
{
    (void)state;
    assert_true(find(PLANT_KEPT_DEVICE, "was revoked, and came in"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plants_a_seed_is_the_same_life_again),
        cmocka_unit_test(test_plants_nothing_is_found_where_nothing_is),
        cmocka_unit_test(test_plants_a_dropped_sync_is_found),
        cmocka_unit_test(test_plants_a_reused_number_is_found),
        cmocka_unit_test(test_plants_a_skipped_wipe_is_found),
        cmocka_unit_test(test_plants_a_kept_device_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
