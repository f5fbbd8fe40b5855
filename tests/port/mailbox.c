/*
 * mailbox.c - a mailbox between two threads of a port that has some, hammered.
 *
 * As in the server: who finds nothing to do says so, looks once more, and
 * sleeps in port_wait(); the other side wakes him. Nobody may sleep for good.
 *
 * usage: mailbox_threads
 */
#include "apps/sotto/mailbox.h"
#include "port/port.h"

#include <stdio.h>
#include <string.h>

#define CAP   1024
#define COUNT 200000U

enum who {
    WRITER,
    READER
};

static struct port *port;
static struct mailbox box;
static uint64_t memory[CAP / 8];
static struct port_loop *loops[2];
static atomic_bool is_asleep[2];

/* ---- what the reader found ---- */
static size_t wrong;
static size_t got;

static void wake(enum who who)
{
    if (atomic_load(&is_asleep[who]) &&
        atomic_exchange(&is_asleep[who], false)) {
        port_wake(loops[who]);
    }
}

static bool has_nothing_to_do(enum who who)
{
    return who == WRITER ? !mailbox_has_room(&box, CAP / 2)
                         : mailbox_is_empty(&box);
}

static void sleep_until_woken(enum who who)
{
    struct port_event event;
    size_t count;
    atomic_store(&is_asleep[who], true);
    if (has_nothing_to_do(who)) {
        port_wait(loops[who], PORT_FOREVER, &event, 1, &count);
    }
    atomic_store(&is_asleep[who], false);
}

/* From the number alone to half of the ring. */
static size_t length_of(uint32_t n)
{
    return sizeof n + (n * 7919U) % (CAP / 2 - 8 - sizeof n + 1);
}

static void look_at(const uint8_t *message, size_t len, uint32_t n)
{
    uint32_t found;
    memcpy(&found, message, sizeof found);
    wrong += found != n || len != length_of(n) ||
             (len > sizeof n && message[len - 1] != (uint8_t)n);
    got++;
}

static void read_all(void *arg)
{
    (void)arg;
    while (got < COUNT) {
        size_t len = 0;
        const uint8_t *message = mailbox_peek(&box, &len);
        if (message == NULL) {
            sleep_until_woken(READER);
            continue;
        }
        look_at(message, len, (uint32_t)got);
        if (mailbox_done(&box)) {
            wake(WRITER);
        }
    }
}

static void write_all(void)
{
    for (uint32_t n = 0; n < COUNT; n++) {
        const size_t len = length_of(n);
        while (!mailbox_has_room(&box, MAILBOX_SPAN(len))) {
            sleep_until_woken(WRITER);
        }
        uint8_t *message = mailbox_reserve(&box, len);
        message[len - 1] = (uint8_t)n;
        memcpy(message, &n, sizeof n);
        mailbox_send(&box);
        wake(READER);
    }
}

int main(void)
{
    struct port_thread *thread = NULL;
    mailbox_init(&box, (uint8_t *)memory, CAP);
    if (port_open(&port) != SOTTO_OK ||
        port_loop_open(port, 1, &loops[WRITER]) != SOTTO_OK ||
        port_loop_open(port, 1, &loops[READER]) != SOTTO_OK ||
        port_thread_start(port, read_all, NULL, &thread) != SOTTO_OK) {
        (void)fprintf(stderr, "This port does not start two threads.\n");
        return 1;
    }
    write_all();
    port_thread_join(thread);
    const bool is_good = wrong == 0 && got == COUNT && mailbox_is_empty(&box);
    (void)printf("%zu messages, %zu of them wrong%s\n", got, wrong,
                 mailbox_is_empty(&box) ? "" : ", and one too many");
    port_loop_close(loops[READER]);
    port_loop_close(loops[WRITER]);
    port_close(port);
    return is_good ? 0 : 1;
}
