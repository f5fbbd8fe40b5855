#include "tests/sim/ledger.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Texts a person may say in one life of the world. */
#define TEXTS_MAX 20000U

static void *need(void *memory)
{
    if (memory == NULL) {
        abort();
    }
    return memory;
}

void ledger_open(struct ledger *ledger)
{
    memset(ledger, 0, sizeof *ledger);
    for (size_t i = 0; i < LEDGER_PEOPLE; i++) {
        ledger->stored[i] = need(calloc(TEXTS_MAX, sizeof(uint32_t)));
    }
}

void ledger_close(struct ledger *ledger)
{
    for (size_t i = 0; i < LEDGER_PEOPLE; i++) {
        free(ledger->stored[i]);
        free(ledger->views[i].numbers);
    }
    free(ledger->notes);
}

void ledger_wrong(struct ledger *ledger, const char *format, ...)
{
    va_list args;
    if (ledger->wrong[0] != '\0') {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(ledger->wrong, sizeof ledger->wrong, format, args);
    va_end(args);
}

/* ---- texts ------------------------------------------------------------ */

/* "7-000012 xyzxyz…": some are long. */
static size_t make_text(unsigned person, uint32_t serial,
                        char out[static LEDGER_TEXT_MAX])
{
    const uint32_t mixed = (serial * 2654435761U) ^ (person * 40503U);
    const size_t most = mixed % 8 == 0 ? LEDGER_TEXT_MAX - 32 : 40;
    const size_t more = mixed / 8 % most;
    size_t len = (size_t)snprintf(out, LEDGER_TEXT_MAX, "%u-%06u ", person,
                                  (unsigned)serial);
    for (size_t i = 0; i < more; i++) {
        out[len++] = (char)('a' + (mixed + i * 7) % 26);
    }
    out[len] = '\0';
    return len;
}

size_t ledger_say(struct ledger *ledger, unsigned person,
                  char out[static LEDGER_TEXT_MAX])
{
    if (ledger->said[person] == TEXTS_MAX) {
        abort(); /* TEXTS_MAX is too small for this test */
    }
    return make_text(person, ledger->said[person]++, out);
}

bool ledger_recognise(const struct ledger *ledger, const char *text, size_t len,
                      struct ledger_what *what)
{
    char expected[LEDGER_TEXT_MAX];
    char *end = NULL;
    const unsigned long person = strtoul(text, &end, 10);
    if (person >= LEDGER_PEOPLE || *end != '-') {
        return false;
    }
    const unsigned long serial = strtoul(end + 1, &end, 10);
    if (serial >= ledger->said[person]) {
        return false;
    }
    *what =
        (struct ledger_what){LEDGER_SAID, (unsigned)person, (uint32_t)serial};
    return make_text(what->person, what->serial, expected) == len &&
           memcmp(text, expected, len) == 0;
}

void ledger_name(const char *name, size_t len, bool came,
                 struct ledger_what *what)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < len; i++) {
        sum = sum * 16777619U + (unsigned char)name[i];
    }
    *what = (struct ledger_what){.kind = came ? LEDGER_CAME : LEDGER_WENT,
                                 .serial = sum};
}

/* ---- notes ------------------------------------------------------------ */

static struct ledger_note *note_of(struct ledger *ledger, uint64_t number)
{
    if (number >= ledger->note_count) {
        const uint64_t count = 2 * number + 1024;
        ledger->notes =
            need(realloc(ledger->notes, count * sizeof *ledger->notes));
        memset(ledger->notes + ledger->note_count, 0,
               (count - ledger->note_count) * sizeof *ledger->notes);
        ledger->note_count = count;
    }
    return &ledger->notes[number];
}

static bool is_same(const struct ledger_what *a, const struct ledger_what *b)
{
    return a->kind == b->kind && a->person == b->person &&
           a->serial == b->serial;
}

/* A number means one thing. */
static void agree(struct ledger *ledger, uint64_t number,
                  const struct ledger_what *what)
{
    struct ledger_note *note = note_of(ledger, number);
    ledger->newest = number > ledger->newest ? number : ledger->newest;
    if (note->what.kind == 0) {
        note->what = *what;
    } else if (!is_same(&note->what, what)) {
        ledger_wrong(ledger,
                     "number %llu was used twice: %d of %u (%u), %d of %u (%u)",
                     (unsigned long long)number, (int)note->what.kind,
                     note->what.person, (unsigned)note->what.serial,
                     (int)what->kind, what->person, (unsigned)what->serial);
    }
    if (note->acked_by != 0 &&
        (what->kind != LEDGER_SAID || what->person + 1 != note->acked_by)) {
        ledger_wrong(ledger,
                     "number %llu was acknowledged to %u, who did not "
                     "say it",
                     (unsigned long long)number, note->acked_by - 1);
    }
}

/* ---- what clients show ------------------------------------------------ */

static void push(struct ledger_view *view, uint64_t number)
{
    if (view->count == view->room) {
        view->room = 2 * view->room + 256;
        view->numbers =
            need(realloc(view->numbers, view->room * sizeof *view->numbers));
    }
    view->numbers[view->count++] = number;
}

void ledger_begin_run(struct ledger *ledger, unsigned person)
{
    push(&ledger->views[person], 0);
    ledger->views[person].acked = 0;
}

void ledger_seen(struct ledger *ledger, unsigned person, uint64_t number,
                 const struct ledger_what *what)
{
    struct ledger_view *view = &ledger->views[person];
    if (view->count > 0 && number <= view->numbers[view->count - 1]) {
        ledger_wrong(ledger, "%u saw number %llu after %llu", person,
                     (unsigned long long)number,
                     (unsigned long long)view->numbers[view->count - 1]);
    }
    push(view, number);
    ledger->seen_count++;
    agree(ledger, number, what);
}

/* A client gets no entries of its own. */
static bool is_own(const struct ledger *ledger, unsigned person,
                   const struct ledger_what *what)
{
    return what->kind == LEDGER_SAID ? what->person == person
                                     : what->serial == ledger->names[person];
}

/* No entry of others is in the log between two numbers. */
static void check_gap(struct ledger *ledger, unsigned person, uint64_t number,
                      uint64_t end)
{
    while (++number < end) {
        const struct ledger_note *note = note_of(ledger, number);
        if (note->is_stored && !is_own(ledger, person, &note->what)) {
            ledger_wrong(ledger, "%u never saw number %llu", person,
                         (unsigned long long)number);
        }
    }
}

/* All that is between two entries that a run showed, and behind the last one. */
static void check_gaps(struct ledger *ledger, unsigned person)
{
    const struct ledger_view *view = &ledger->views[person];
    for (size_t i = 1; i <= view->count; i++) {
        if (view->numbers[i - 1] != 0) {
            check_gap(ledger, person, view->numbers[i - 1],
                      i < view->count ? view->numbers[i] : view->heard + 1);
        }
    }
}

void ledger_heard(struct ledger *ledger, unsigned person)
{
    ledger->views[person].heard = ledger->newest;
}

void ledger_acked(struct ledger *ledger, unsigned person, uint64_t number)
{
    struct ledger_note *note = note_of(ledger, number);
    struct ledger_view *view = &ledger->views[person];
    if (number <= view->acked) {
        ledger_wrong(ledger, "%u: number %llu acknowledged after %llu", person,
                     (unsigned long long)number,
                     (unsigned long long)view->acked);
    }
    view->acked = number;
    note->acked_by = person + 1;
    ledger->acked_count++;
    if (note->what.kind != 0) {
        const struct ledger_what what = note->what;
        agree(ledger, number, &what);
    }
}

/* ---- the log ---------------------------------------------------------- */

void ledger_stored(struct ledger *ledger, uint64_t number,
                   const struct ledger_what *what)
{
    if (ledger->stored_count++ == 0) {
        ledger->first_stored = number;
    }
    agree(ledger, number, what);
    note_of(ledger, number)->is_stored = true;
    if (what->kind == LEDGER_SAID &&
        ++ledger->stored[what->person][what->serial] > 1) {
        ledger_wrong(ledger, "text %u of %u is in the log twice",
                     (unsigned)what->serial, what->person);
    }
}

void ledger_settle(struct ledger *ledger, bool is_whole)
{
    const uint64_t first = is_whole ? 1 : ledger->first_stored;
    for (uint64_t number = first; number < ledger->note_count; number++) {
        const struct ledger_note *note = &ledger->notes[number];
        if (note->acked_by != 0 && !note->is_stored) {
            ledger_wrong(ledger, "number %llu was acknowledged to %u and lost",
                         (unsigned long long)number, note->acked_by - 1);
        }
    }
    for (unsigned person = 0; person < LEDGER_PEOPLE; person++) {
        check_gaps(ledger, person);
    }
}
