/*
 * ethernet.c - an Ethernet device as lwIP's network interface, over what is
 * special to the device (ethernet.h).
 *
 * The interrupt switches itself off and sets a flag; ethernet_poll() takes the
 * frames that came into packet buffers of lwIP's pool, and switches the
 * interrupt on again. A frame for which there is no room, in either direction,
 * is lost as on a wire: TCP sends it again.
 */
#include "port/boards/drivers/ethernet.h"
#include "port/boards/cortex-m/cortex.h"
#include "port/boards/drivers.h"

#include <lwip/etharp.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>

#define FRAMES_A_POLL 16U
#define LINK_POLL_MS  500U
#define COPY_WORDS    16U

/* Interrupts are given nothing: hence global. */
/* NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables) */
static volatile bool is_due;

/* ---- words and frames -------------------------------------------------- */

void ethernet_put(volatile uint32_t *fifo, const struct pbuf *frame,
                  uint32_t word, unsigned bytes)
{
    for (; frame != NULL; frame = frame->next) {
        const uint8_t *at = frame->payload;
        for (size_t left = frame->len; left > 0; left--) {
            word |= (uint32_t)*at++ << 8U * bytes;
            if (++bytes == 4) {
                *fifo = word;
                word = 0;
                bytes = 0;
            }
        }
    }
    if (bytes > 0) {
        *fifo = word;
    }
}

void ethernet_take(const volatile uint32_t *fifo, struct pbuf *frame, size_t at,
                   size_t len)
{
    uint32_t words[COPY_WORDS];
    for (size_t left = (len + 3U) / 4U; left > 0;) {
        size_t count = left < COPY_WORDS ? left : COPY_WORDS;
        for (size_t i = 0; i < count; i++) {
            words[i] = *fifo;
        }
        size_t wanted = frame != NULL ? frame->tot_len - at : 0;
        wanted = wanted < 4U * count ? wanted : 4U * count;
        if (wanted > 0) {
            (void)pbuf_take_at(frame, words, (u16_t)wanted, (u16_t)at);
        }
        at += wanted;
        left -= count;
    }
}

struct pbuf *ethernet_buffer(size_t len)
{
    if (len < ETHERNET_FRAME_MIN || len > ETHERNET_FRAME_MAX) {
        return NULL;
    }
    return pbuf_alloc(PBUF_RAW, (u16_t)(len - ETHERNET_CRC_LEN), PBUF_POOL);
}

/* ---- the interface ----------------------------------------------------- */

static err_t send_frame(struct netif *netif, struct pbuf *frame)
{
    (void)netif;
    ethernet_device_send(frame);
    return ERR_OK;
}

static void receive_frame(struct netif *netif)
{
    struct pbuf *frame = ethernet_device_receive();
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
    bool link = ethernet_device_has_link();
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
    for (unsigned i = 0; ethernet_device_has_frame(); i++) {
        if (i == FRAMES_A_POLL) {
            is_due = true; /* more waits; the interrupt stays off */
            return;
        }
        receive_frame(netif);
    }
    ethernet_device_want(true);
}

bool ethernet_is_due(void)
{
    return is_due;
}

void ethernet_interrupt(void)
{
    ethernet_device_want(false);
    is_due = true;
}

signed char ethernet_init(struct netif *netif)
{
    if (!ethernet_device_start(netif->hwaddr)) {
        return ERR_IF;
    }
    netif->hwaddr_len = ETH_HWADDR_LEN;
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->mtu = 1500;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP;
    netif->output = etharp_output;
    netif->linkoutput = send_frame;
    is_due = true; /* what came before counts too */
    return ERR_OK;
}
