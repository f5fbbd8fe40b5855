/*
 * sd_card.c - an SD card on SPI as the storage of a board. A unit is a sector of
 * the card; erasing a block writes 0xff to its sectors.
 *
 * The card checks what it gets by CRC, and what it sends is checked here; a
 * sector that came wrong is asked for again. A card that does not answer is an
 * error each time until it does: it is started again before the next use.
 *
 * SD Association, "Physical Layer Simplified Specification", version 8.00,
 * chapter 7 (SPI mode) and 4.5 (CRC).
 */
#include "port/boards/cortex-m/cortex.h"
#include "port/boards/drivers.h"
#include "port/boards/drivers/spi.h"
#include "port/flash/flash.h"

#include <string.h>

#define SECTOR  512U
#define SECTORS (BOARD_STORAGE_BLOCK / SECTOR)
_Static_assert(FLASH_PAGE == SECTOR, "port/flash programs whole sectors");

#define START_HZ     400000U
#define START_CLOCKS 10U /* bytes: a card wants 74 clocks before anything */
#define START_TRIES  10U
#define START_MS     1000U
#define ANSWER_BYTES 8U
#define READ_MS      300U /* the specification allows 100 and 250 */
#define WRITE_MS     500U
#define READ_TRIES   3U

enum command {
    GO_IDLE = 0,
    SEND_INTERFACE = 8,
    STOP_TRANSMISSION = 12,
    SEND_STATUS = 13,
    SET_BLOCK_LENGTH = 16,
    READ_SINGLE = 17,
    WRITE_MULTIPLE = 25,
    START = 41, /* behind APPLICATION */
    APPLICATION = 55,
    READ_OCR = 58,
    CRC_ON = 59
};

#define INTERFACE_3V_AND_PATTERN 0x1aaU
#define START_LARGE_TOO          (1U << 30U)
#define OCR_LARGE                0x40U /* of its first byte: sectors count */

#define ANSWER_IDLE    1U
#define ANSWER_UNKNOWN 4U /* command */

#define TOKEN_READ      0xfeU
#define TOKEN_WRITE     0xfcU
#define TOKEN_WRITE_END 0xfdU
#define RESULT_MASK     0x1fU
#define RESULT_ACCEPTED 0x05U

struct card {
    bool is_started;
    bool is_large; /* addresses count sectors, not bytes */
};

static struct card *card(void)
{
    static struct card the_only_one;
    return &the_only_one;
}

/* ---- CRCs ------------------------------------------------------------- */

static uint8_t crc7(uint8_t crc, uint8_t byte) /* in the upper seven bits */
{
    crc ^= byte;
    for (unsigned i = 0; i < 8; i++) {
        crc = (uint8_t)((unsigned)crc << 1U ^ ((crc & 0x80U) != 0 ? 0x12U : 0));
    }
    return crc;
}

static uint16_t crc16(uint16_t crc, uint8_t byte)
{
    crc = (uint16_t)(crc >> 8U | crc << 8U);
    crc ^= byte;
    crc ^= (uint16_t)((crc & 0xffU) >> 4U);
    crc ^= (uint16_t)(crc << 12U);
    crc ^= (uint16_t)((crc & 0xffU) << 5U);
    return crc;
}

/* ---- commands ---------------------------------------------------------- */

static uint8_t receive(void)
{
    return spi_exchange(0xff);
}

/* The first byte that is not `byte`, or `byte` when `ms` are over. */
static uint8_t wait_while(uint8_t byte, uint32_t ms)
{
    const uint64_t end = clock_ms() + ms;
    uint8_t got = receive();
    while (got == byte && clock_ms() <= end) {
        got = receive();
    }
    return got;
}

static bool is_ready(uint32_t ms)
{
    const uint64_t end = clock_ms() + ms;
    while (receive() != 0xff) {
        if (clock_ms() > end) {
            return false;
        }
    }
    return true;
}

/* The first byte of the answer: 0xff when none came. */
static uint8_t ask(enum command command, uint32_t argument)
{
    const uint8_t bytes[] = {(uint8_t)(0x40U | (unsigned)command),
                             (uint8_t)(argument >> 24U),
                             (uint8_t)(argument >> 16U),
                             (uint8_t)(argument >> 8U), (uint8_t)argument};
    uint8_t crc = 0;
    for (size_t i = 0; i < sizeof bytes; i++) {
        spi_exchange(bytes[i]);
        crc = crc7(crc, bytes[i]);
    }
    spi_exchange(crc | 1U);
    uint8_t answer = receive();
    for (unsigned i = 1; i < ANSWER_BYTES && (answer & 0x80U) != 0; i++) {
        answer = receive();
    }
    return answer;
}

static void begin(void)
{
    spi_select(true);
    (void)is_ready(WRITE_MS); /* the answer tells */
}

/* A card lets go of the line one byte later. */
static void end(void)
{
    spi_select(false);
    (void)receive();
}

/* A command with an answer of one byte and `len` more. */
static uint8_t call(enum command command, uint32_t argument, uint8_t *more,
                    size_t len)
{
    begin();
    uint8_t answer = ask(command, argument);
    for (size_t i = 0; i < len; i++) {
        more[i] = receive();
    }
    end();
    return answer;
}

/* ---- starting --------------------------------------------------------- */

static bool go_idle(void)
{
    spi_start(START_HZ);
    spi_select(false);
    for (unsigned i = 0; i < START_CLOCKS; i++) {
        (void)receive();
    }
    uint8_t answer = 0xff;
    for (unsigned i = 0; i < START_TRIES && answer != ANSWER_IDLE; i++) {
        answer = call(GO_IDLE, 0, NULL, 0);
    }
    return answer == ANSWER_IDLE;
}

static bool leave_idle(uint32_t large_too)
{
    const uint64_t end_ms = clock_ms() + START_MS;
    uint8_t answer = ANSWER_IDLE;
    while (answer == ANSWER_IDLE && clock_ms() <= end_ms) {
        (void)call(APPLICATION, 0, NULL, 0);
        answer = call(START, large_too, NULL, 0);
    }
    return answer == 0;
}

/* A card of version 1 does not know SEND_INTERFACE, and is never large. */
static bool start(struct card *it)
{
    uint8_t more[4] = {0};
    if (!go_idle()) {
        return false;
    }
    (void)call(CRC_ON, 1, NULL, 0); /* QEMU's card has no such thing */
    const uint8_t answer =
        call(SEND_INTERFACE, INTERFACE_3V_AND_PATTERN, more, sizeof more);
    const bool is_new = (answer & ANSWER_UNKNOWN) == 0;
    if (is_new && (more[2] & 15U) != INTERFACE_3V_AND_PATTERN >> 8U) {
        return false; /* it does not run at this voltage */
    }
    if (!leave_idle(is_new ? START_LARGE_TOO : 0) ||
        call(READ_OCR, 0, more, sizeof more) > ANSWER_IDLE) {
        return false;
    }
    it->is_large = (more[0] & OCR_LARGE) != 0;
    if (!it->is_large && call(SET_BLOCK_LENGTH, SECTOR, NULL, 0) != 0) {
        return false;
    }
    spi_start(BOARD_SPI_FASTEST);
    return true;
}

static bool is_usable(struct card *it)
{
    it->is_started = it->is_started || start(it);
    return it->is_started;
}

/* ---- sectors ----------------------------------------------------------- */

static uint32_t address_of(const struct card *it, uint32_t sector)
{
    return it->is_large ? sector : sector * SECTOR;
}

/* All of a sector comes; `len` bytes from its byte `at` on are kept. */
static bool take_sector(size_t at, uint8_t *out, size_t len)
{
    uint16_t crc = 0;
    for (size_t i = 0; i < SECTOR; i++) {
        uint8_t byte = receive();
        crc = crc16(crc, byte);
        if (i >= at && i - at < len) {
            out[i - at] = byte;
        }
    }
    crc = crc16(crc, receive());
    return crc16(crc, receive()) == 0;
}

static bool read_part(const struct card *it, uint32_t sector, size_t at,
                      uint8_t *out, size_t len)
{
    begin();
    bool is_right = ask(READ_SINGLE, address_of(it, sector)) == 0 &&
                    wait_while(0xff, READ_MS) == TOKEN_READ &&
                    take_sector(at, out, len);
    end();
    return is_right;
}

static bool send_sector(const uint8_t *in)
{
    uint16_t crc = 0;
    spi_exchange(TOKEN_WRITE);
    for (size_t i = 0; i < SECTOR; i++) {
        uint8_t byte = in != NULL ? in[i] : 0xffU;
        crc = crc16(crc, byte);
        spi_exchange(byte);
    }
    spi_exchange((uint8_t)(crc >> 8U));
    spi_exchange((uint8_t)crc);
    return (receive() & RESULT_MASK) == RESULT_ACCEPTED && is_ready(WRITE_MS);
}

/* After a sector that was refused the card takes no token (7.3.3.1). */
static bool end_writing(bool is_right)
{
    if (is_right) {
        spi_exchange(TOKEN_WRITE_END);
        (void)receive();
    } else {
        (void)ask(STOP_TRANSMISSION, 0);
    }
    return is_ready(WRITE_MS) && is_right;
}

/* Sectors from `in`, or of 0xff when that is NULL. */
static bool write_sectors(const struct card *it, uint32_t first, uint32_t count,
                          const uint8_t *in)
{
    uint8_t status = 0;
    begin();
    bool is_right = ask(WRITE_MULTIPLE, address_of(it, first)) == 0;
    if (is_right) {
        (void)receive();
        for (uint32_t i = 0; i < count && is_right; i++) {
            is_right = send_sector(in != NULL ? in + (size_t)i * SECTOR : NULL);
        }
        is_right = end_writing(is_right);
    }
    end();
    return call(SEND_STATUS, 0, &status, 1) == 0 && status == 0 && is_right;
}

/* ---- struct flash_device ------------------------------------------------ */

static enum sotto_err result(struct card *it, bool is_right)
{
    it->is_started = is_right; /* it is started again before the next use */
    return is_right ? SOTTO_OK : SOTTO_ERR_IO;
}

static enum sotto_err read_bytes(void *ctx, uint32_t at, uint8_t *out,
                                 size_t len)
{
    struct card *it = ctx;
    while (len > 0) {
        const size_t from = at % SECTOR;
        const size_t part = len < SECTOR - from ? len : SECTOR - from;
        bool is_right = false;
        for (unsigned i = 0; i < READ_TRIES && !is_right; i++) {
            is_right =
                is_usable(it) && read_part(it, at / SECTOR, from, out, part);
        }
        if (!is_right) {
            return result(it, false);
        }
        at += (uint32_t)part;
        out += part;
        len -= part;
    }
    return SOTTO_OK;
}

static enum sotto_err program(void *ctx, uint32_t at, const uint8_t *in,
                              size_t len)
{
    struct card *it = ctx;
    return result(it,
                  is_usable(it) && write_sectors(it, at / SECTOR,
                                                 (uint32_t)(len / SECTOR), in));
}

static enum sotto_err erase(void *ctx, uint16_t block)
{
    struct card *it = ctx;
    return result(it, is_usable(it) &&
                          write_sectors(it, block * SECTORS, SECTORS, NULL));
}

const struct flash_device *storage_device(void)
{
    static struct flash_device device = {.block_size = BOARD_STORAGE_BLOCK,
                                         .blocks = BOARD_STORAGE_BLOCKS,
                                         .unit = SECTOR,
                                         .read = read_bytes,
                                         .program = program,
                                         .erase = erase};
    device.ctx = card();
    return &device;
}
