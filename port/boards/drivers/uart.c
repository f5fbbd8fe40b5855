/*
 * uart.c - a UART with a ring in each direction, over what a device does byte
 * by byte (uart.h).
 *
 * Each ring has one writer and one reader, the interrupt and the loop. While
 * the ring of received bytes is full the receive interrupt is off, so that a
 * sender that can wait does; one that cannot loses bytes.
 */
#include "port/boards/drivers/uart.h"
#include "port/boards/cortex-m/cortex.h"
#include "port/boards/drivers.h"
#include "port/lwip/below.h"

#define RING      256U /* bytes in each direction */
#define CONTROL_C 3U
_Static_assert((RING & (RING - 1U)) == 0, "places are counters modulo RING");

struct ring {
    volatile uint32_t head; /* bytes ever put */
    volatile uint32_t tail; /* bytes ever taken */
    volatile uint8_t bytes[RING];
};

struct uart {
    struct ring received;
    struct ring sending;
    volatile bool is_listening;
    volatile bool has_stop;
    uint8_t last; /* byte written */
};

/* Interrupts are given nothing: hence global. */
/* NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables) */
static struct uart uart;

static uint32_t used(const struct ring *ring)
{
    return ring->head - ring->tail;
}

static void put(struct ring *ring, uint8_t byte)
{
    ring->bytes[ring->head % RING] = byte;
    ring->head++;
}

static uint8_t next(const struct ring *ring)
{
    return ring->bytes[ring->tail % RING];
}

/* It does not stay in the ring: what is typed can be a password. */
static uint8_t take(struct ring *ring)
{
    uint8_t byte = next(ring);
    ring->bytes[ring->tail % RING] = 0;
    ring->tail++;
    return byte;
}

void uart_start(void)
{
    uart_device_start();
}

/* ---- receiving -------------------------------------------------------- */

static bool is_full(void)
{
    return uart.is_listening && used(&uart.received) == RING;
}

/* With interrupts masked, or in one. The device's own is on before it is asked
 * for bytes: what comes while it is off tells nobody. */
static void receive(void)
{
    uint8_t byte;
    uart_device_want(true);
    while (!is_full() && uart_device_receive(&byte)) {
        if (byte == CONTROL_C) {
            uart.has_stop = true;
            below_wake();
        } else if (uart.is_listening) {
            put(&uart.received, byte);
        }
    }
    if (is_full()) {
        uart_device_want(false); /* until it is read */
    }
}

static void resume(void)
{
    bool masked = interrupts_mask();
    receive();
    interrupts_restore(masked);
}

void uart_listen(bool wanted)
{
    uart.is_listening = wanted;
    while (!wanted && used(&uart.received) > 0) {
        (void)take(&uart.received);
    }
    resume();
}

size_t uart_read(uint8_t *out, size_t cap)
{
    size_t len = 0;
    while (len < cap && used(&uart.received) > 0) {
        out[len++] = take(&uart.received);
    }
    if (len > 0) {
        resume();
    }
    return len;
}

bool uart_has_input(void)
{
    return used(&uart.received) > 0;
}

bool uart_take_stop(void)
{
    bool masked = interrupts_mask();
    bool stop = uart.has_stop;
    uart.has_stop = false;
    interrupts_restore(masked);
    return stop;
}

/* ---- sending ---------------------------------------------------------- */

/* With interrupts masked, or in one. */
static void send(void)
{
    while (used(&uart.sending) > 0 && uart_device_send(next(&uart.sending))) {
        uart.sending.tail++;
    }
}

size_t uart_write(const uint8_t *in, size_t len)
{
    size_t done = 0;
    while (done < len && uart_has_room()) {
        if (in[done] == '\n' && uart.last != '\r') {
            put(&uart.sending, '\r');
        }
        put(&uart.sending, in[done]);
        uart.last = in[done++];
    }
    bool masked = interrupts_mask();
    send();
    interrupts_restore(masked);
    return done;
}

/* A carriage return takes a place too. */
bool uart_has_room(void)
{
    return used(&uart.sending) + 2U <= RING;
}

void uart_send_now(uint8_t byte)
{
    while (!uart_device_send(byte)) {
    }
}

void uart_interrupt(void)
{
    uart_device_acknowledge();
    receive();
    send();
}
