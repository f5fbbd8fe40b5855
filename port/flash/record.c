/*
 * record.c - heads and records as bytes (FORMAT.md 2 and 3).
 */
#include "port/flash/state.h"
#include <string.h>

#define VERSION 1

/* ---- numbers and checksums -------------------------------------------- */

void flash_put32(uint8_t *out, uint32_t value)
{
    for (size_t i = 0; i < 4; i++) {
        out[i] = (uint8_t)(value >> 8 * i);
    }
}

uint32_t flash_get32(const uint8_t *in)
{
    return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 |
           (uint32_t)in[3] << 24;
}

/* CRC-32C (Castagnoli), reflected, four bits at a time: the table is small
 * enough for any board. Begin with 0. */
uint32_t flash_crc32c(uint32_t crc, const uint8_t *in, size_t len)
{
    static const uint32_t table[16] = {0x00000000, 0x105ec76f, 0x20bd8ede,
                                       0x30e349b1, 0x417b1dbc, 0x5125dad3,
                                       0x61c69362, 0x7198540d, 0x82f63b78,
                                       0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
                                       0xc38d26c4, 0xd3d3e1ab, 0xe330a81a,
                                       0xf36e6f75};
    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc ^= in[i];
        crc = crc >> 4 ^ table[crc & 15U];
        crc = crc >> 4 ^ table[crc & 15U];
    }
    return ~crc;
}

/* ---- sizes ------------------------------------------------------------ */

static uint32_t round_up(const struct flash *flash, uint32_t len)
{
    const uint32_t mask = (uint32_t)flash->device->unit - 1;
    return (len + mask) & ~mask;
}

uint32_t flash_take_number(uint32_t *next)
{
    const uint32_t taken = *next;
    *next += taken < FLASH_NUMBERS_END ? 1 : 0;
    return taken;
}

uint32_t flash_address(const struct flash *flash, uint16_t block)
{
    return block * flash->device->block_size;
}

uint32_t flash_head_size(const struct flash *flash)
{
    return round_up(flash, FLASH_HEAD_LEN);
}

uint32_t flash_capacity(const struct flash *flash)
{
    return flash->device->block_size - flash_head_size(flash);
}

uint32_t flash_record_size(const struct flash *flash, uint32_t len)
{
    return len == 0 ? 0 : round_up(flash, len + FLASH_RECORD_EXTRA);
}

uint32_t flash_record_room(uint32_t room)
{
    return room > FLASH_RECORD_EXTRA ? room - FLASH_RECORD_EXTRA : 0;
}

/* ---- programming ------------------------------------------------------ */

static void write_page(struct flash *flash)
{
    const struct flash_device *device = flash->device;
    if (flash->page_len > 0 && flash->write_err == SOTTO_OK) {
        flash->write_err = device->program(device->ctx, flash->page_at,
                                           flash->page, flash->page_len);
    }
    flash->page_at += (uint32_t)flash->page_len;
    flash->page_len = 0;
}

/* After the first failure nothing more is programmed. */
static void write_begin(struct flash *flash, uint32_t at)
{
    flash->page_at = at;
    flash->page_len = 0;
    flash->write_err = SOTTO_OK;
}

static void write_bytes(struct flash *flash, const uint8_t *in, size_t len)
{
    while (len > 0) {
        /* From where it began to the end of the stretch. */
        const size_t cap = FLASH_PAGE - flash->page_at % FLASH_PAGE;
        size_t n = cap - flash->page_len;
        n = n < len ? n : len;
        memcpy(flash->page + flash->page_len, in, n);
        flash->page_len += n;
        in += n;
        len -= n;
        if (flash->page_len == cap) {
            write_page(flash);
        }
    }
}

static enum sotto_err write_end(struct flash *flash)
{
    const size_t len = round_up(flash, (uint32_t)flash->page_len);
    memset(flash->page + flash->page_len, 0xff, len - flash->page_len);
    flash->page_len = len;
    write_page(flash);
    return flash->write_err == SOTTO_OK ? SOTTO_OK : SOTTO_ERR_IO;
}

static enum sotto_err read_bytes(const struct flash *flash, uint32_t at,
                                 uint8_t *out, size_t len)
{
    const struct flash_device *device = flash->device;
    return device->read(device->ctx, at, out, len) == SOTTO_OK ? SOTTO_OK
                                                               : SOTTO_ERR_IO;
}

/* ---- heads ------------------------------------------------------------ */

static uint8_t log2_of(uint32_t power)
{
    uint8_t log = 0;
    while (power > 1) {
        power >>= 1;
        log++;
    }
    return log;
}

/* "SF", the version, and both sizes in one byte: block (9 to 20), unit. */
static uint32_t magic(const struct flash *flash)
{
    const uint32_t sizes = (uint32_t)(log2_of(flash->device->block_size) - 5)
                               << 4 |
                           log2_of(flash->device->unit);
    return 'S' | 'F' << 8 | VERSION << 16 | sizes << 24;
}

enum sotto_err flash_head_write(struct flash *flash, uint16_t block,
                                const struct flash_head *head)
{
    uint8_t bytes[FLASH_HEAD_LEN];
    flash_put32(bytes, magic(flash));
    flash_put32(bytes + 4, head->id);
    flash_put32(bytes + 8, head->seq);
    flash_put32(bytes + 12, head->start);
    flash_put32(bytes + 16, head->base);
    flash_put32(bytes + 20, head->wear);
    flash_put32(bytes + 24, 0);
    flash_put32(bytes + 28, flash_crc32c(0, bytes, 28));
    write_begin(flash, flash_address(flash, block));
    write_bytes(flash, bytes, sizeof bytes);
    return write_end(flash);
}

enum sotto_err flash_head_read(const struct flash *flash, uint16_t block,
                               struct flash_head *head)
{
    uint8_t bytes[FLASH_HEAD_LEN];
    enum sotto_err err =
        read_bytes(flash, flash_address(flash, block), bytes, sizeof bytes);
    if (err != SOTTO_OK) {
        return err;
    }
    if (bytes[0] != 'S' || bytes[1] != 'F' ||
        flash_get32(bytes + 28) != flash_crc32c(0, bytes, 28)) {
        return SOTTO_ERR_FORMAT;
    }
    if (flash_get32(bytes) != magic(flash)) {
        return SOTTO_ERR_LIMIT;
    }
    *head = (struct flash_head){.id = flash_get32(bytes + 4),
                                .seq = flash_get32(bytes + 8),
                                .start = flash_get32(bytes + 12),
                                .base = flash_get32(bytes + 16),
                                .wear = flash_get32(bytes + 20)};
    return head->seq < FLASH_NUMBERS_END ? SOTTO_OK : SOTTO_ERR_FORMAT;
}

/* ---- records ---------------------------------------------------------- */

/* The checksum begins with the block's number: a record that an earlier use of
 * the block left behind is none. */
static uint32_t record_crc(uint32_t seq, uint32_t len)
{
    uint8_t bytes[8];
    flash_put32(bytes, seq);
    flash_put32(bytes + 4, len);
    return flash_crc32c(0, bytes, sizeof bytes);
}

void flash_record_begin(struct flash *flash, uint16_t block, uint32_t used,
                        uint32_t seq, uint32_t len)
{
    uint8_t bytes[4];
    flash_put32(bytes, len);
    flash->crc = record_crc(seq, len);
    write_begin(flash, flash_address(flash, block) + used);
    write_bytes(flash, bytes, sizeof bytes);
}

void flash_record_put(struct flash *flash, const uint8_t *in, size_t len)
{
    flash->crc = flash_crc32c(flash->crc, in, len);
    write_bytes(flash, in, len);
}

enum sotto_err flash_record_end(struct flash *flash)
{
    uint8_t bytes[4];
    flash_put32(bytes, flash->crc);
    write_bytes(flash, bytes, sizeof bytes);
    return write_end(flash);
}

/* The length that a record at `used` says it has. NOT_FOUND: no such record
 * fits there. */
static enum sotto_err read_len(const struct flash *flash, uint16_t block,
                               uint32_t used, uint32_t *len)
{
    const uint32_t room = flash->device->block_size - used;
    uint8_t bytes[4];
    if (room <= FLASH_RECORD_EXTRA) {
        return SOTTO_ERR_NOT_FOUND;
    }
    enum sotto_err err = read_bytes(flash, flash_address(flash, block) + used,
                                    bytes, sizeof bytes);
    if (err != SOTTO_OK) {
        return err;
    }
    const uint32_t said = flash_get32(bytes);
    if (said == 0 || said > room - FLASH_RECORD_EXTRA) {
        return SOTTO_ERR_NOT_FOUND;
    }
    *len = said;
    return SOTTO_OK;
}

enum sotto_err flash_record_check(const struct flash *flash, uint16_t block,
                                  uint32_t used, uint32_t seq, uint32_t *len)
{
    uint32_t said = 0;
    enum sotto_err err = read_len(flash, block, used, &said);
    uint32_t crc = record_crc(seq, said);
    uint32_t at = flash_address(flash, block) + used + 4;
    uint8_t bytes[64];
    for (uint32_t left = said; err == SOTTO_OK && left > 0;) {
        const size_t n = left < sizeof bytes ? left : sizeof bytes;
        err = read_bytes(flash, at, bytes, n);
        if (err == SOTTO_OK) {
            crc = flash_crc32c(crc, bytes, n);
        }
        at += (uint32_t)n;
        left -= (uint32_t)n;
    }
    if (err == SOTTO_OK) {
        err = read_bytes(flash, at, bytes, 4);
    }
    if (err != SOTTO_OK) {
        return err;
    }
    if (flash_get32(bytes) != crc) {
        return SOTTO_ERR_NOT_FOUND;
    }
    *len = said;
    return SOTTO_OK;
}

enum sotto_err flash_data_read(const struct flash *flash, uint16_t block,
                               uint32_t skip, uint8_t *out, size_t len)
{
    uint32_t used = flash_head_size(flash);
    for (uint32_t here = 0; len > 0; used += flash_record_size(flash, here)) {
        enum sotto_err err = read_len(flash, block, used, &here);
        if (err != SOTTO_OK) {
            return SOTTO_ERR_IO; /* its records were intact before */
        }
        if (skip >= here) {
            skip -= here;
            continue;
        }
        const size_t n = here - skip < len ? here - skip : len;
        err = read_bytes(flash, flash_address(flash, block) + used + 4 + skip,
                         out, n);
        if (err != SOTTO_OK) {
            return err;
        }
        out += n;
        len -= n;
        skip = 0;
    }
    return SOTTO_OK;
}
