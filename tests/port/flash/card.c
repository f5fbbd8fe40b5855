#include "tests/port/flash/card.h"

#include "port/boards/cortex-m/cortex.h"
#include "port/boards/drivers/spi.h"
#include <string.h>

#define BYTE_US 16U

static struct card_model card;

struct card_model *card_insert(void)
{
    memset(&card, 0, sizeof card);
    card.is_there = true;
    card.is_large = true;
    card.is_idle = true;
    return &card;
}

/* ---- CRCs, bit by bit --------------------------------------------------- */

static unsigned crc(const uint8_t *in, size_t len, unsigned bits,
                    unsigned polynomial)
{
    unsigned rest = 0;
    for (size_t i = 0; i < 8 * len; i++) {
        const unsigned bit = (unsigned)in[i / 8] >> (7 - i % 8) & 1U;
        const unsigned top = rest >> (bits - 1) & 1U;
        rest =
            (rest << 1U & ((1U << bits) - 1U)) ^ (top != bit ? polynomial : 0);
    }
    return rest;
}

/* ---- answers -------------------------------------------------------------- */

static void put(uint8_t byte)
{
    card.out[card.out_len++] = byte;
}

static void put_block(uint32_t sector)
{
    const uint8_t *data = card.sectors[sector];
    const unsigned check = crc(data, CARD_SECTOR, 16, 0x1021);
    put(0xfe);
    memcpy(card.out + card.out_len, data, CARD_SECTOR);
    if (card.flipped_reads > 0) {
        card.flipped_reads--;
        card.out[card.out_len + 100] ^= 4U;
    }
    card.out_len += CARD_SECTOR;
    put((uint8_t)(check >> 8U));
    put((uint8_t)check);
}

static void answer_read(void)
{
    put(0);
    put(0xff);
    if (card.silent_reads > 0) {
        card.silent_reads--;
    } else if (card.failed_reads > 0) {
        card.failed_reads--;
        put(8); /* out of range */
    } else {
        put_block(card.sector);
    }
}

static void answer_start(uint32_t argument)
{
    card.wrong += !card.is_application;
    if (!card.stays_idle && (argument >> 30U & 1U) >= card.is_large) {
        card.is_idle = false;
    }
    put(card.is_idle ? 1 : 0);
}

static void answer_interface(uint32_t argument)
{
    if (card.is_old) {
        put(5); /* unknown command */
        return;
    }
    put(1);
    put(0);
    put(0);
    put(card.wants_voltage ? 0 : (uint8_t)(argument >> 8U));
    put((uint8_t)argument);
}

static void find_sector(uint32_t argument)
{
    card.wrong += card.is_idle;
    card.wrong += !card.is_large && argument % CARD_SECTOR != 0;
    card.sector = card.is_large ? argument : argument / CARD_SECTOR;
    if (card.sector >= CARD_SECTORS) {
        card.wrong++;
        card.sector = 0;
    }
}

static void obey(unsigned command, uint32_t argument)
{
    card.commands[command]++;
    card.wrong += card.is_writing && command != 12 && command != 0;
    switch (command) {
    case 0:
        card.is_idle = true;
        card.is_writing = false;
        put(1);
        break;
    case 8:
        answer_interface(argument);
        break;
    case 12:
        card.wrong += !card.is_writing;
        card.is_writing = false;
        put(0);
        card.busy = card.busy_bytes;
        break;
    case 13:
        put(0);
        put(card.status);
        card.status = 0;
        break;
    case 17:
        find_sector(argument);
        answer_read();
        break;
    case 25:
        find_sector(argument);
        card.is_writing = true;
        card.is_refused = false;
        card.block = 0;
        put(0);
        break;
    case 41:
        answer_start(argument);
        break;
    case 58:
        put(card.is_idle ? 1 : 0);
        put(card.is_large ? 0xc0 : 0x80);
        put(0xff);
        put(0x80);
        put(0);
        break;
    default: /* APPLICATION, SET_BLOCK_LENGTH, CRC_ON */
        card.wrong += command == 16 && argument != CARD_SECTOR;
        put(card.is_idle ? 1 : 0);
        break;
    }
    card.is_application = command == 55;
}

/* ---- bytes from the host --------------------------------------------------- */

static void take_command(void)
{
    const uint8_t *in = card.in;
    const unsigned check = crc(in, 5, 7, 9);
    card.in_len = 0;
    card.out_at = card.out_len = 0;
    put(0xff); /* a card takes its time */
    if (in[5] != (check << 1U | 1U)) {
        card.wrong++;
        put(8);
        return;
    }
    obey(in[0] & 63U, (uint32_t)in[1] << 24U | (uint32_t)in[2] << 16U |
                          (uint32_t)in[3] << 8U | in[4]);
}

static void take_block(void)
{
    card.block++;
    card.is_in_block = false;
    card.in_len = 0;
    card.out_at = card.out_len = 0;
    if (card.block == card.refuse_block) {
        card.is_refused = true;
        put(card.flips_block ? 0xeb : 0xed); /* CRC, write error */
        return;
    }
    card.wrong += crc(card.in, sizeof card.in, 16, 0x1021) != 0;
    card.wrong += card.is_refused;
    memcpy(card.sectors[card.sector], card.in, CARD_SECTOR);
    card.sector = (card.sector + 1) % CARD_SECTORS;
    card.busy = card.busy_bytes;
    put(0xe5);
}

static void take_token(uint8_t byte)
{
    card.wrong += card.is_refused || card.busy > 0;
    if (byte == 0xfc) {
        card.is_in_block = true;
    } else if (byte == 0xfd) {
        card.stop_tokens++;
        card.is_writing = false;
        card.busy = card.busy_bytes;
    } else {
        card.wrong++;
    }
}

static void take(uint8_t byte)
{
    if (card.is_in_block) {
        card.in[card.in_len++] = byte;
        if (card.in_len == CARD_SECTOR + 2) {
            take_block();
        }
    } else if (card.in_len > 0 || (byte & 0xc0U) == 0x40U) {
        card.in[card.in_len++] = byte;
        if (card.in_len == 6) {
            take_command();
        }
    } else if (byte != 0xff) {
        take_token(byte);
    }
}

/* ---- the bus and the clock --------------------------------------------------- */

void spi_start(uint32_t clock_hz)
{
    card.clock_hz = clock_hz;
}

void spi_select(bool is_selected)
{
    card.is_selected = is_selected;
    card.in_len = 0;
    card.is_in_block = false;
}

uint8_t spi_exchange(uint8_t byte)
{
    uint8_t out = 0xff;
    card.now_us += BYTE_US;
    if (!card.is_there || !card.is_selected) {
        return out;
    }
    card.wrong += card.is_idle && card.clock_hz > 400000U;
    if (card.out_at < card.out_len) {
        out = card.out[card.out_at++];
    } else if (card.busy > 0) {
        card.busy -= card.busy != UINT32_MAX;
        out = 0;
    }
    take(byte);
    return out;
}

uint64_t clock_ms(void)
{
    return card.now_us / 1000U;
}
