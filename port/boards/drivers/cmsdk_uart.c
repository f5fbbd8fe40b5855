/*
 * cmsdk_uart.c - the UART of Arm's Cortex-M System Design Kit, with a ring in
 * each direction.
 *
 * Each ring has one writer and one reader, the interrupt and the loop. While
 * the ring of received bytes is full the receive interrupt is off, so that a
 * sender that can wait does; one that cannot loses bytes.
 *
 * Arm, "Cortex-M System Design Kit Technical Reference Manual", 4.3.
 */
#include "port/boards/cortex-m/cortex.h"
#include "port/boards/drivers.h"
#include "port/lwip/below.h"

#define DATA      REGISTER(BOARD_UART_BASE + 0x00U)
#define STATE     REGISTER(BOARD_UART_BASE + 0x04U)
#define CONTROL   REGISTER(BOARD_UART_BASE + 0x08U)
#define INTERRUPT REGISTER(BOARD_UART_BASE + 0x0cU)
#define DIVIDER   REGISTER(BOARD_UART_BASE + 0x10U)

#define STATE_TRANSMIT_FULL 1U
#define STATE_RECEIVE_FULL  2U

#define CONTROL_TRANSMIT           1U
#define CONTROL_RECEIVE            2U
#define CONTROL_TRANSMIT_INTERRUPT 4U
#define CONTROL_RECEIVE_INTERRUPT  8U

#define INTERRUPT_TRANSMIT 1U
#define INTERRUPT_RECEIVE  2U

#define RING      256U /* bytes in each direction */
#define CONTROL_C 3U
_Static_assert((RING & (RING - 1U)) == 0, "places are counters modulo RING");

struct ring {
    volatile uint32_t head; /* bytes ever put */
    volatile uint32_t tail; /* bytes ever taken */
    uint8_t bytes[RING];
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

static uint8_t take(struct ring *ring)
{
    uint8_t byte = ring->bytes[ring->tail % RING];
    ring->tail++;
    return byte;
}

void uart_start(void)
{
    DIVIDER = BOARD_CLOCK_HZ / BOARD_UART_BAUD;
    CONTROL = CONTROL_TRANSMIT | CONTROL_RECEIVE | CONTROL_TRANSMIT_INTERRUPT |
              CONTROL_RECEIVE_INTERRUPT;
    interrupt_enable(BOARD_UART_RECEIVE);
    interrupt_enable(BOARD_UART_TRANSMIT);
}

/* ---- receiving -------------------------------------------------------- */

static void receive(void)
{
    while ((STATE & STATE_RECEIVE_FULL) != 0) {
        if (uart.is_listening && used(&uart.received) == RING) {
            CONTROL &= ~CONTROL_RECEIVE_INTERRUPT; /* until it is read */
            return;
        }
        uint8_t byte = (uint8_t)DATA;
        if (byte == CONTROL_C) {
            uart.has_stop = true;
            below_wake();
        } else if (uart.is_listening) {
            put(&uart.received, byte);
        }
    }
}

static void resume(void)
{
    bool masked = interrupts_mask();
    CONTROL |= CONTROL_RECEIVE_INTERRUPT;
    receive(); /* what came while the interrupt was off tells nobody */
    interrupts_restore(masked);
}

void uart_listen(bool wanted)
{
    uart.is_listening = wanted;
    if (!wanted) {
        uart.received.tail = uart.received.head;
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
    while (used(&uart.sending) > 0 && (STATE & STATE_TRANSMIT_FULL) == 0) {
        DATA = take(&uart.sending);
    }
}

size_t uart_write(const uint8_t *in, size_t len)
{
    size_t done = 0;
    /* A carriage return takes a place too. */
    while (done < len && used(&uart.sending) + 2U <= RING) {
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

bool uart_has_room(void)
{
    return used(&uart.sending) + 2U <= RING;
}

void uart_send_now(uint8_t byte)
{
    while ((STATE & STATE_TRANSMIT_FULL) != 0) {
    }
    DATA = byte;
}

void uart_interrupt(void)
{
    INTERRUPT = INTERRUPT_TRANSMIT | INTERRUPT_RECEIVE;
    receive();
    send();
}
