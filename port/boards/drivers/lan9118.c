/*
 * lan9118.c - SMSC's LAN9118 Ethernet controller, on a memory-mapped bus.
 *
 * SMSC, "LAN9118 Datasheet", revision 1.5: 3.12 (FIFOs), 5.3 to 5.5 (registers).
 */
#include "port/boards/cortex-m/cortex.h"
#include "port/boards/drivers/ethernet.h"

#include <lwip/pbuf.h>
#include <string.h>

#define LAN(offset) REGISTER(BOARD_LAN9118_BASE + (offset))

#define RX_DATA      LAN(0x00U)
#define TX_DATA      LAN(0x20U)
#define RX_STATUS    LAN(0x40U)
#define TX_STATUS    LAN(0x48U)
#define IRQ_CONFIG   LAN(0x54U)
#define INT_STATUS   LAN(0x58U)
#define INT_ENABLE   LAN(0x5cU)
#define BYTE_TEST    LAN(0x64U)
#define FIFO_LEVELS  LAN(0x68U)
#define RX_CONFIG    LAN(0x6cU)
#define TX_CONFIG    LAN(0x70U)
#define HW_CONFIG    LAN(0x74U)
#define RX_FIFO_INFO LAN(0x7cU)
#define TX_FIFO_INFO LAN(0x80U)
#define MAC_COMMAND  LAN(0xa4U)
#define MAC_DATA     LAN(0xa8U)

#define BYTE_TEST_VALUE     0x87654321U
#define IRQ_CONFIG_PUSHPULL 0x111U     /* on, active high, driven both ways */
#define INT_RX_STATUS       (1U << 3U) /* frames wait beyond the level: 0 */
#define HW_STORE_FORWARD    (1U << 20U)
#define HW_TX_FIFO_5K       (5U << 16U)
#define TX_CONFIG_ON        (1U << 1U)
#define RX_STATUS_ERROR     (1U << 15U)
#define TX_FIRST_AND_LAST   (3U << 12U)

#define MAC_BUSY         (1U << 31U)
#define MAC_READ         (1U << 30U)
#define MAC_CONTROL      1U
#define MAC_ADDRESS_HIGH 2U
#define MAC_ADDRESS_LOW  3U
#define MAC_PHY_ACCESS   6U
#define MAC_PHY_DATA     7U
#define MAC_CONTROL_ON   0xcU /* transmitter and receiver */
#define PHY_ADDRESS      (1U << 11U)
#define PHY_STATUS       (1U << 6U) /* register 1 */
#define PHY_STATUS_LINK  (1U << 2U)

#define DEVICE_TRIES 100000U

/* ---- registers of the MAC and the PHY ---------------------------------- */

static void mac_wait(void)
{
    for (uint32_t i = 0; i < DEVICE_TRIES && (MAC_COMMAND & MAC_BUSY) != 0;
         i++) {
    }
}

static uint32_t mac_read(uint32_t number)
{
    MAC_COMMAND = MAC_BUSY | MAC_READ | number;
    mac_wait();
    return MAC_DATA;
}

static void mac_write(uint32_t number, uint32_t value)
{
    MAC_DATA = value;
    MAC_COMMAND = MAC_BUSY | number;
    mac_wait();
}

bool ethernet_device_has_link(void)
{
    mac_write(MAC_PHY_ACCESS, PHY_ADDRESS | PHY_STATUS);
    return (mac_read(MAC_PHY_DATA) & PHY_STATUS_LINK) != 0;
}

/* ---- frames ----------------------------------------------------------- */

void ethernet_device_send(const struct pbuf *frame)
{
    while ((TX_FIFO_INFO >> 16U & 0xffU) > 0) {
        (void)TX_STATUS; /* how the frames before went is not asked */
    }
    if ((TX_FIFO_INFO & 0xffffU) < frame->tot_len + 12U) {
        return;
    }
    TX_DATA = TX_FIRST_AND_LAST | frame->tot_len;
    TX_DATA = frame->tot_len;
    ethernet_put(&TX_DATA, frame, 0, 0);
}

bool ethernet_device_has_frame(void)
{
    return (RX_FIFO_INFO >> 16U & 0xffU) > 0;
}

/* The controller could skip a frame by itself; QEMU 7.2 then forgets to give
 * the room in the FIFO back. */
struct pbuf *ethernet_device_receive(void)
{
    uint32_t status = RX_STATUS;
    size_t len = status >> 16U & 0x3fffU;
    struct pbuf *frame =
        (status & RX_STATUS_ERROR) == 0 ? ethernet_buffer(len) : NULL;
    ethernet_take(&RX_DATA, frame, 0, len);
    return frame;
}

void ethernet_device_want(bool frames)
{
    INT_ENABLE = frames ? INT_RX_STATUS : 0;
    if (!frames) {
        INT_STATUS = INT_RX_STATUS;
    }
}

/* ---- starting --------------------------------------------------------- */

static void read_address(uint8_t address[static 6])
{
    uint32_t low = mac_read(MAC_ADDRESS_LOW);
    uint32_t high = mac_read(MAC_ADDRESS_HIGH);
    memcpy(address, &low, 4);
    memcpy(address + 4, &high, 2);
}

bool ethernet_device_start(uint8_t address[static 6])
{
    if (BYTE_TEST != BYTE_TEST_VALUE) {
        return false;
    }
    read_address(address);
    HW_CONFIG = HW_STORE_FORWARD | HW_TX_FIFO_5K;
    FIFO_LEVELS = 0;
    RX_CONFIG = 0;
    TX_CONFIG = TX_CONFIG_ON;
    mac_write(MAC_CONTROL, MAC_CONTROL_ON);
    IRQ_CONFIG = IRQ_CONFIG_PUSHPULL;
    INT_STATUS = UINT32_MAX;
    interrupt_enable(BOARD_LAN9118_INTERRUPT);
    return true;
}
