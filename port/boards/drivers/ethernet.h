/*
 * ethernet.h - between ethernet.c, which is all of drivers.h that is about
 * Ethernet, and the file of one device, which has its registers.
 *
 * Devices move frames through a FIFO of 32-bit words, the first byte of a frame
 * in the lowest byte of a word.
 */
#ifndef SOTTO_PORT_BOARDS_DRIVERS_ETHERNET_H
#define SOTTO_PORT_BOARDS_DRIVERS_ETHERNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netif;
struct pbuf;

#define ETHERNET_CRC_LEN   4U
#define ETHERNET_FRAME_MIN 64U /* with the CRC */
#define ETHERNET_FRAME_MAX 1518U

/* ---- what the device does --------------------------------------------- */

/* Starts it with its interrupt off, and says its address; false when it does
 * not answer. */
bool ethernet_device_start(uint8_t address[static 6]);

/* Whether frames cause an interrupt. Off: what caused one is acknowledged. On:
 * what came since it was acknowledged causes the next. Off in interrupts, on in
 * the loop. */
void ethernet_device_want(bool frames);

bool ethernet_device_has_link(void);

/* Whether a frame can be read. */
bool ethernet_device_has_frame(void);

/* Takes the next frame out of the device. NULL when it was broken, or there is
 * no packet buffer for it: then it is lost. */
struct pbuf *ethernet_device_receive(void);

/* Sends a frame, or loses it when there is no room. */
void ethernet_device_send(const struct pbuf *frame);

/* ---- what ethernet.c does for it --------------------------------------- */

/* A buffer for a frame of `len` bytes with its CRC, which does not go into it;
 * NULL when there is none, or no frame is so long. */
struct pbuf *ethernet_buffer(size_t len);

/* Reads `len` bytes, rounded up to words, out of a FIFO. What `frame` has room
 * for goes into it from its byte `at` on; with NULL all of it is lost. */
void ethernet_take(const volatile uint32_t *fifo, struct pbuf *frame, size_t at,
                   size_t len);

/* Writes a frame into a FIFO, behind the `bytes` (0 to 3) lowest bytes of
 * `word`, and fills the last word up. */
void ethernet_put(volatile uint32_t *fifo, const struct pbuf *frame,
                  uint32_t word, unsigned bytes);

#endif
