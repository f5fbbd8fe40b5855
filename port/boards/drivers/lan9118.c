/*
 * lan9118.c - SMSC's LAN9118 Ethernet controller, on a memory-mapped bus.
 *
 * The interrupt switches itself off and sets a flag; ethernet_poll() empties
 * the receive FIFO into packet buffers of lwIP's pool, and switches the
 * interrupt on again. Sending copies a frame into the transmit FIFO; when there
 * is no room the frame is lost, as on a wire, and TCP sends it again.
 *
 * SMSC, "LAN9118 Datasheet", revision 1.5: 3.12 (FIFOs), 5.3 to 5.5 (registers).
 */
#include "port/boards/cortex-m/cortex.h"
#include "port/boards/drivers.h"

#include <lwip/etharp.h>
#include <lwip/netif.h>
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

#define CRC_LEN       4U
#define FRAME_MIN     64U
#define FRAME_MAX     1518U
#define FRAMES_A_POLL 16U
#define LINK_POLL_MS  500U
#define COPY_WORDS    16U
#define DEVICE_TRIES  100000U

/* Interrupts are given nothing: hence global. */
/* NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables) */
static volatile bool is_due;

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

static bool has_link(void)
{
    mac_write(MAC_PHY_ACCESS, PHY_ADDRESS | PHY_STATUS);
    return (mac_read(MAC_PHY_DATA) & PHY_STATUS_LINK) != 0;
}

/* ---- sending ---------------------------------------------------------- */

/* Joins the bytes of a chain of buffers to words. */
static void send_words(const struct pbuf *frame)
{
    uint32_t word = 0;
    unsigned bytes = 0;
    for (; frame != NULL; frame = frame->next) {
        const uint8_t *at = frame->payload;
        for (size_t left = frame->len; left > 0; left--) {
            word |= (uint32_t)*at++ << 8U * bytes;
            if (++bytes == 4) {
                TX_DATA = word;
                word = 0;
                bytes = 0;
            }
        }
    }
    if (bytes > 0) {
        TX_DATA = word;
    }
}

static err_t send_frame(struct netif *netif, struct pbuf *frame)
{
    (void)netif;
    while ((TX_FIFO_INFO >> 16U & 0xffU) > 0) {
        (void)TX_STATUS; /* how the frames before went is not asked */
    }
    if ((TX_FIFO_INFO & 0xffffU) < frame->tot_len + 12U) {
        return ERR_OK; /* lost on the way; lwIP sends it again */
    }
    TX_DATA = TX_FIRST_AND_LAST | frame->tot_len;
    TX_DATA = frame->tot_len;
    send_words(frame);
    return ERR_OK;
}

/* ---- receiving -------------------------------------------------------- */

/*
 * Takes `len` bytes of a frame, and the rest of its last word, out of the FIFO:
 * what fits goes into `frame`, the CRC does not; without a `frame` all of it is
 * lost. (The controller could skip a frame by itself; QEMU 7.2 then forgets to
 * give the room in the FIFO back.)
 */
static void read_frame(struct pbuf *frame, size_t len)
{
    uint32_t words[COPY_WORDS];
    size_t done = 0;
    for (size_t left = (len + 3U) / 4U; left > 0;) {
        size_t count = left < COPY_WORDS ? left : COPY_WORDS;
        for (size_t i = 0; i < count; i++) {
            words[i] = RX_DATA;
        }
        size_t wanted = frame != NULL ? frame->tot_len - done : 0;
        wanted = wanted < sizeof words ? wanted : sizeof words;
        if (wanted > 0) {
            (void)pbuf_take_at(frame, words, (u16_t)wanted, (u16_t)done);
        }
        done += wanted;
        left -= count;
    }
}

static void receive_frame(struct netif *netif)
{
    uint32_t status = RX_STATUS;
    size_t len = status >> 16U & 0x3fffU;
    struct pbuf *frame = NULL;
    if ((status & RX_STATUS_ERROR) == 0 && len >= FRAME_MIN &&
        len <= FRAME_MAX) {
        frame = pbuf_alloc(PBUF_RAW, (u16_t)(len - CRC_LEN), PBUF_POOL);
    }
    read_frame(frame, len);
    /* Without a frame it was broken, or there is no room for it. */
    if (frame != NULL && netif->input(frame, netif) != ERR_OK) {
        pbuf_free(frame);
    }
}

static void look_at_link(struct netif *netif)
{
    static uint64_t next_ms;
    if (clock_ms() < next_ms) {
        return;
    }
    next_ms = clock_ms() + LINK_POLL_MS;
    bool link = has_link();
    if (link && !netif_is_link_up(netif)) {
        netif_set_link_up(netif);
    } else if (!link && netif_is_link_up(netif)) {
        netif_set_link_down(netif);
    }
}

void ethernet_poll(struct netif *netif)
{
    look_at_link(netif);
    if (!is_due) {
        return;
    }
    is_due = false;
    INT_STATUS = INT_RX_STATUS;
    for (unsigned i = 0; (RX_FIFO_INFO >> 16U & 0xffU) > 0; i++) {
        if (i == FRAMES_A_POLL) {
            is_due = true; /* more waits; the interrupt stays off */
            return;
        }
        receive_frame(netif);
    }
    INT_ENABLE = INT_RX_STATUS;
}

bool ethernet_is_due(void)
{
    return is_due;
}

void ethernet_interrupt(void)
{
    INT_ENABLE = 0;
    is_due = true;
}

/* ---- starting --------------------------------------------------------- */

static void read_address(struct netif *netif)
{
    uint32_t low = mac_read(MAC_ADDRESS_LOW);
    uint32_t high = mac_read(MAC_ADDRESS_HIGH);
    memcpy(netif->hwaddr, &low, 4);
    memcpy(netif->hwaddr + 4, &high, 2);
    netif->hwaddr_len = ETH_HWADDR_LEN;
}

signed char ethernet_init(struct netif *netif)
{
    if (BYTE_TEST != BYTE_TEST_VALUE) {
        return ERR_IF;
    }
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->mtu = 1500;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP;
    netif->output = etharp_output;
    netif->linkoutput = send_frame;
    read_address(netif);

    HW_CONFIG = HW_STORE_FORWARD | HW_TX_FIFO_5K;
    FIFO_LEVELS = 0;
    RX_CONFIG = 0;
    TX_CONFIG = TX_CONFIG_ON;
    mac_write(MAC_CONTROL, MAC_CONTROL_ON);
    IRQ_CONFIG = IRQ_CONFIG_PUSHPULL;
    INT_STATUS = UINT32_MAX;
    is_due = true; /* what came before counts too */
    interrupt_enable(BOARD_LAN9118_INTERRUPT);
    return ERR_OK;
}
