/*
 * card.h - an SD card on SPI in memory, as strict as a card may be, with the
 * bus and the clock that port/boards/drivers/sd_card.c wants. Time passes only
 * by bytes on the bus.
 *
 * SD Association, "Physical Layer Simplified Specification", chapter 7.
 */
#ifndef SOTTO_TESTS_PORT_FLASH_CARD_H
#define SOTTO_TESTS_PORT_FLASH_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CARD_SECTOR  512U
#define CARD_SECTORS 64U

struct card_model {
    /* What it is. */
    bool is_there;
    bool is_old;        /* version 1: no SEND_INTERFACE */
    bool is_large;      /* addresses count sectors */
    bool wants_voltage; /* that it does not get */
    bool stays_idle;
    uint32_t busy_bytes; /* after each block; UINT32_MAX: for ever */

    /* What goes wrong; each counts down. */
    unsigned flipped_reads; /* a bit on the way */
    unsigned silent_reads;  /* no data come */
    unsigned failed_reads;  /* an error token comes */
    unsigned refuse_block;  /* this block of the next write, from 1 */
    bool flips_block;       /* because of a bit on the way */
    uint8_t status;         /* of the next SEND_STATUS */

    /* What was seen. */
    uint8_t sectors[CARD_SECTORS][CARD_SECTOR];
    unsigned commands[64];
    unsigned stop_tokens;
    unsigned wrong;  /* things that a card need not bear with */
    uint32_t now_us; /* a byte takes 16 */

    /* Inside. */
    bool is_selected;
    bool is_idle;
    bool is_application; /* the next command is one */
    bool is_writing;
    bool is_refused; /* a block was: only STOP_TRANSMISSION may follow */
    bool is_in_block;
    uint32_t clock_hz;
    uint32_t busy;
    uint32_t sector;
    unsigned block;
    uint8_t in[CARD_SECTOR + 2];
    size_t in_len;
    uint8_t out[CARD_SECTOR + 16];
    size_t out_at;
    size_t out_len;
};

/* The one on the bus: new, large, and all zeros. */
struct card_model *card_insert(void);

#endif
