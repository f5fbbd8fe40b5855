/*
 * stellaris_ethernet.c - the Ethernet controller and PHY inside of Stellaris
 * LM3S6000 and LM3S8000 parts.
 *
 * There is a FIFO of 2 KiB for each direction. Before a frame is its length in
 * two bytes: received, with itself and the CRC; sent, without the header of 14
 * bytes.
 *
 * "LM3S6965 Microcontroller Data Sheet", 15.3 to 15.6.
 */
#include "port/boards/cortex-m/cortex.h"
#include "port/boards/drivers/ethernet.h"

#include <lwip/pbuf.h>
#include <netif/ethernet.h>

#define MAC(offset) REGISTER(BOARD_ETHERNET_BASE + (offset))

#define INTERRUPTS   MAC(0x00U) /* cleared by writing ones */
#define MASK         MAC(0x04U)
#define RECEIVE      MAC(0x08U)
#define TRANSMIT     MAC(0x0cU)
#define DATA         MAC(0x10U)
#define ADDRESS_LOW  MAC(0x14U)
#define ADDRESS_HIGH MAC(0x18U)
#define PHY_CONTROL  MAC(0x20U)
#define PHY_DIVIDER  MAC(0x24U)
#define PHY_RECEIVED MAC(0x30U)
#define FRAMES       MAC(0x34U)
#define SEND         MAC(0x38U)

#define INTERRUPT_RECEIVE 1U
#define INTERRUPT_ALL     0x7fU

#define RECEIVE_ON        (1U << 0U)
#define RECEIVE_CRC_RIGHT (1U << 3U) /* drops other frames */
#define RECEIVE_RESET     (1U << 4U)

#define TRANSMIT_ON     (1U << 0U)
#define TRANSMIT_PAD    (1U << 1U)
#define TRANSMIT_CRC    (1U << 2U)
#define TRANSMIT_DUPLEX (1U << 4U)

#define PHY_START       1U
#define PHY_STATUS      (1U << 3U) /* register 1 */
#define PHY_STATUS_LINK (1U << 2U)
#define PHY_CLOCK_HZ    2500000U /* at most */

#define LENGTH_LEN   2U
#define FIFO_LEN     2048U
#define DEVICE_TRIES 100000U

/* ---- the PHY ---------------------------------------------------------- */

/* A PHY that is there never answers 0; QEMU 7.2 has none, and always a link. */
bool ethernet_device_has_link(void)
{
    PHY_CONTROL = PHY_START | PHY_STATUS;
    for (uint32_t i = 0; i < DEVICE_TRIES && (PHY_CONTROL & PHY_START) != 0;
         i++) {
    }
    uint32_t status = PHY_RECEIVED & 0xffffU;
    return status == 0 || (status & PHY_STATUS_LINK) != 0;
}

/* ---- frames ----------------------------------------------------------- */

/* Waits for the frame before: a tenth of a millisecond. */
void ethernet_device_send(const struct pbuf *frame)
{
    for (uint32_t i = 0; i < DEVICE_TRIES && (SEND & 1U) != 0; i++) {
    }
    if ((SEND & 1U) != 0 || frame->tot_len < SIZEOF_ETH_HDR) {
        return;
    }
    ethernet_put(&DATA, frame, frame->tot_len - SIZEOF_ETH_HDR, LENGTH_LEN);
    SEND = 1U;
}

bool ethernet_device_has_frame(void)
{
    return (FRAMES & 0x3fU) != 0;
}

static void start_receiver(void)
{
    RECEIVE = RECEIVE_RESET;
    RECEIVE = RECEIVE_ON | RECEIVE_CRC_RIGHT;
}

struct pbuf *ethernet_device_receive(void)
{
    uint32_t first = DATA;
    size_t len = first & 0xffffU;
    if (len < sizeof first || len > FIFO_LEN) {
        start_receiver(); /* the FIFO is out of step; what it held is lost */
        return NULL;
    }
    struct pbuf *frame = ethernet_buffer(len - LENGTH_LEN);
    const uint8_t begin[2] = {(uint8_t)(first >> 16U), (uint8_t)(first >> 24U)};
    if (frame != NULL) {
        (void)pbuf_take(frame, begin, sizeof begin);
    }
    ethernet_take(&DATA, frame, sizeof begin, len - sizeof first);
    return frame;
}

void ethernet_device_want(bool frames)
{
    MASK = frames ? INTERRUPT_RECEIVE : 0;
    if (!frames) {
        INTERRUPTS = INTERRUPT_RECEIVE;
    }
}

/* ---- starting --------------------------------------------------------- */

static void put_three(uint8_t *out, uint32_t bytes)
{
    out[0] = (uint8_t)bytes;
    out[1] = (uint8_t)(bytes >> 8U);
    out[2] = (uint8_t)(bytes >> 16U);
}

bool ethernet_device_start(uint8_t address[static 6])
{
    uint32_t first = REGISTER(BOARD_ETHERNET_ADDRESS_FIRST) & 0xffffffU;
    uint32_t last = REGISTER(BOARD_ETHERNET_ADDRESS_LAST) & 0xffffffU;
    if (first == 0xffffffU && last == 0xffffffU) {
        return false; /* nobody gave this part an address */
    }
    put_three(address, first);
    put_three(address + 3, last);
    MASK = 0;
    INTERRUPTS = INTERRUPT_ALL;
    ADDRESS_LOW = first | last << 24U;
    ADDRESS_HIGH = last >> 8U;
    PHY_DIVIDER = BOARD_CLOCK_HZ / 2U / PHY_CLOCK_HZ - 1U;
    TRANSMIT = TRANSMIT_ON | TRANSMIT_PAD | TRANSMIT_CRC | TRANSMIT_DUPLEX;
    start_receiver();
    interrupt_enable(BOARD_ETHERNET_INTERRUPT);
    return true;
}
