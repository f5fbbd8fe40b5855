/*
 * system.c - what the LM3S6965 needs before its devices can be used: the clock,
 * 50 MHz from the PLL and the board's crystal of 8 MHz; clocks for the devices;
 * pins.
 *
 * "LM3S6965 Microcontroller Data Sheet", 5.3 (initialization of the clock), 5.4
 * (registers), 8.4 (GPIO).
 */
#include "port/boards/cortex-m/cortex.h"
#include "port/boards/drivers.h"

#define SYSTEM(offset) REGISTER(BOARD_SYSTEM_BASE + (offset))
#define RAW_INTERRUPTS SYSTEM(0x050U)
#define CLOCK_CONFIG   SYSTEM(0x060U)
#define CLOCK_GATES_1  SYSTEM(0x104U)
#define CLOCK_GATES_2  SYSTEM(0x108U)

#define PLL_IS_LOCKED (1U << 6U)

#define CLOCK_MAIN_OFF      (1U << 0U)
#define CLOCK_SOURCE        (3U << 4U) /* 0: the main oscillator, a crystal */
#define CLOCK_CRYSTAL       (15U << 6U)
#define CLOCK_CRYSTAL_8_MHZ (14U << 6U)
#define CLOCK_PLL_BYPASS    (1U << 11U)
#define CLOCK_PLL_OFF       (1U << 13U)
#define CLOCK_DIVIDE        (1U << 22U)
#define CLOCK_DIVIDER       (15U << 23U)
#define CLOCK_DIVIDER_4     (3U << 23U) /* of 200 MHz */

#define GATE_UART_0   (1U << 0U)
#define GATE_SSI_0    (1U << 4U)
#define GATE_GPIO_A   (1U << 0U)
#define GATE_GPIO_D   (1U << 3U)
#define GATE_MAC      (1U << 28U)
#define GATE_PHY      (1U << 30U)
#define PLL_TRIES     100000U
#define CRYSTAL_TURNS 10000U /* until it swings; some milliseconds */

#define GPIO_DATA(base, pins) REGISTER((base) + ((pins) << 2U))
#define GPIO_DIRECTION(base)  REGISTER((base) + 0x400U)
#define GPIO_FUNCTION(base)   REGISTER((base) + 0x420U)
#define GPIO_ENABLE(base)     REGISTER((base) + 0x51cU)

#define PINS_UART   (1U << 0U | 1U << 1U)            /* of port A */
#define PINS_SSI    (1U << 2U | 1U << 4U | 1U << 5U) /* clock, in, out */
#define PIN_DISPLAY (1U << 3U) /* select line; shares the SSI with the card */
#define PIN_CARD    (1U << 0U) /* of port D: select line */

static void wait_turns(uint32_t turns)
{
    for (volatile uint32_t i = 0; i < turns; i++) {
    }
}

static void start_clock(void)
{
    uint32_t config = CLOCK_CONFIG;
    config |= CLOCK_PLL_BYPASS;
    config &= ~(CLOCK_DIVIDE | CLOCK_MAIN_OFF);
    CLOCK_CONFIG = config;
    wait_turns(CRYSTAL_TURNS);

    config &= ~(CLOCK_SOURCE | CLOCK_CRYSTAL | CLOCK_PLL_OFF | CLOCK_DIVIDER);
    config |= CLOCK_CRYSTAL_8_MHZ | CLOCK_DIVIDER_4 | CLOCK_DIVIDE;
    CLOCK_CONFIG = config;
    for (uint32_t i = 0; i < PLL_TRIES; i++) {
        if ((RAW_INTERRUPTS & PLL_IS_LOCKED) != 0) {
            break;
        }
    }
    CLOCK_CONFIG = config & ~CLOCK_PLL_BYPASS;
}

static void start_pins(void)
{
    GPIO_FUNCTION(BOARD_GPIO_A_BASE) = PINS_UART | PINS_SSI;
    GPIO_DIRECTION(BOARD_GPIO_A_BASE) = PIN_DISPLAY;
    GPIO_ENABLE(BOARD_GPIO_A_BASE) = PINS_UART | PINS_SSI | PIN_DISPLAY;
    GPIO_DATA(BOARD_GPIO_A_BASE, PIN_DISPLAY) =
        PIN_DISPLAY; /* never selected */
    GPIO_DIRECTION(BOARD_GPIO_D_BASE) = PIN_CARD;
    GPIO_ENABLE(BOARD_GPIO_D_BASE) = PIN_CARD;
    GPIO_DATA(BOARD_GPIO_D_BASE, PIN_CARD) = PIN_CARD;
}

void system_start(void)
{
    start_clock();
    CLOCK_GATES_1 |= GATE_UART_0 | GATE_SSI_0;
    CLOCK_GATES_2 |= GATE_GPIO_A | GATE_GPIO_D | GATE_MAC | GATE_PHY;
    (void)CLOCK_GATES_2; /* the gates open a few cycles later */
    (void)CLOCK_GATES_2;
    start_pins();
}
