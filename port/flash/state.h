/*
 * state.h - what the files of this folder share: the state in RAM, and the
 * bytes of heads and records. Private to port/flash. Read FORMAT.md first.
 *
 *   files.c      the table of env.h, open numbers, requests
 *   chain.c      one file: a chain of blocks; append, cut, read
 *   directory.c  the names: a block with a list and its changes
 *   mount.c      opening: what the blocks say
 *   wear.c       taking, giving back and evening out blocks
 *   record.c     heads and records as bytes; checksums
 */
#ifndef SOTTO_PORT_FLASH_STATE_H
#define SOTTO_PORT_FLASH_STATE_H

#include "port/flash/flash.h"

#define FLASH_HEAD_LEN     32 /* of a block */
#define FLASH_RECORD_EXTRA 8  /* of a record beside its data */
#define FLASH_ENTRY_LEN    40 /* one name or change in the directory */

#define FLASH_NO_BLOCK UINT16_MAX

/* Numbers of blocks and identities of files are below this, on the device too.
 * When they are used up nothing is written, or made, that would need another. */
#define FLASH_NUMBERS_END UINT32_MAX

/* The directory's place where a file's identity stands. */
#define FLASH_DIRECTORY_ID 0U

/* Owners of blocks beside the slots, which count from 0. */
#define FLASH_FREE   255
#define FLASH_BAD    254 /* could not be erased; not used in this mount */
#define FLASH_MAKING 253 /* taken, contents not complete yet */
#define FLASH_LIST   252 /* the directory's */

struct flash_block {
    uint32_t seq;   /* of its head; meaning only when owned */
    uint32_t start; /* offset in the file of its first byte */
    uint32_t wear;  /* erasures, as far as known */
    uint8_t owner;
};

/* A file with a name, or one without that is still open. */
struct flash_slot {
    char name[SOTTO_FILE_NAME_MAX + 1];
    uint32_t id;   /* 0: the slot is not used */
    uint32_t size; /* bytes */
    uint32_t used; /* bytes of the last block that are taken */
    uint16_t tail; /* the last block */
    uint8_t opens; /* numbers given out */
    bool listed;   /* it has its name */
    bool writable; /* the last block is of this mount, all is well with it */
    bool unsure;   /* after a failure the device may say something else */
    struct sotto_io *sync; /* pending */
};

struct flash_handle {
    uint8_t slot; /* FLASH_FREE: not given out */
    bool broken;  /* refuses everything but reading */
};

struct flash_replace {
    struct sotto_io *io; /* NULL: not used */
    char from[SOTTO_FILE_NAME_MAX + 1];
    char to[SOTTO_FILE_NAME_MAX + 1];
};

struct flash {
    const struct flash_device *device;
    struct flash_config config;
    struct flash_block *blocks;
    struct flash_slot *slots; /* config.files + config.open */
    struct flash_handle *handles;
    struct flash_replace *replaces;
    struct sotto_io *requests; /* pending, oldest first */

    uint32_t next_seq;
    uint32_t next_id;
    uint16_t slot_count;
    uint16_t free;    /* how many blocks */
    uint16_t last;    /* the block that was taken last */
    uint16_t ready;   /* a free block that is erased already */
    bool failed;      /* the device is beyond us: nothing is written */
    bool taken;       /* a block since wear was looked at */
    bool list_fresh;  /* the directory's block is of this mount */
    bool list_unsure; /* as in a slot */
    uint16_t list;    /* the directory's block */
    uint32_t list_used;

    /* record.c: what is being programmed */
    uint8_t page[FLASH_PAGE];
    uint32_t page_at; /* address of its first byte */
    size_t page_len;
    uint32_t crc;
    enum sotto_err write_err;
};

_Static_assert(sizeof(struct flash_block) <= 16, "FLASH_MEMORY");
_Static_assert(sizeof(struct flash_slot) <= 80, "FLASH_MEMORY");
_Static_assert(sizeof(struct flash_handle) <= 8, "FLASH_MEMORY");
_Static_assert(sizeof(struct flash_replace) <= 80, "FLASH_MEMORY");
_Static_assert(sizeof(struct flash) <= FLASH_PAGE + 320, "FLASH_MEMORY");
_Static_assert((FLASH_PAGE & (FLASH_PAGE - 1)) == 0 && FLASH_PAGE >= 32 &&
                   FLASH_PAGE <= 512,
               "FLASH_PAGE is a power of two, 32 to 512");

/* ---- record.c --------------------------------------------------------- */

struct flash_head {
    uint32_t id;
    uint32_t seq;
    uint32_t start;
    uint32_t base; /* bytes the first record has; the block counts only when it
                      is intact. 0: there need not be one */
    uint32_t wear;
};

uint32_t flash_crc32c(uint32_t crc, const uint8_t *in, size_t len);
void flash_put32(uint8_t *out, uint32_t value);
uint32_t flash_get32(const uint8_t *in);

/* The next number of a block, or of a file. */
uint32_t flash_take_number(uint32_t *next);

uint32_t flash_address(const struct flash *flash, uint16_t block);

/* Bytes of a block after its head; of a record with its padding; the most data
 * that one record can have in `room` bytes, 0 for none. */
uint32_t flash_capacity(const struct flash *flash);
uint32_t flash_head_size(const struct flash *flash);
uint32_t flash_record_size(const struct flash *flash, uint32_t len);
uint32_t flash_record_room(uint32_t room);

/* FORMAT: no head of ours; LIMIT: of another geometry or version; IO. */
enum sotto_err flash_head_read(const struct flash *flash, uint16_t block,
                               struct flash_head *head) SOTTO_MUST_CHECK;
enum sotto_err flash_head_write(struct flash *flash, uint16_t block,
                                const struct flash_head *head) SOTTO_MUST_CHECK;

/* A record of `len` bytes at `used` of a block: begin, put all of it, end. */
void flash_record_begin(struct flash *flash, uint16_t block, uint32_t used,
                        uint32_t seq, uint32_t len);
void flash_record_put(struct flash *flash, const uint8_t *in, size_t len);
enum sotto_err flash_record_end(struct flash *flash) SOTTO_MUST_CHECK;

/* The length of the intact record at `used` of a block. NOT_FOUND when there is
 * none, IO. */
enum sotto_err flash_record_check(const struct flash *flash, uint16_t block,
                                  uint32_t used, uint32_t seq, uint32_t *len)
    SOTTO_MUST_CHECK;

/* Reads `len` bytes from the data of a block that begins `skip` bytes into it,
 * through all of its records. IO, also when there are not so many. */
enum sotto_err flash_data_read(const struct flash *flash, uint16_t block,
                               uint32_t skip, uint8_t *out, size_t len)
    SOTTO_MUST_CHECK;

/* ---- wear.c ----------------------------------------------------------- */

enum flash_heat {
    FLASH_HOT,
    FLASH_COLD
};

/* Takes a free block, erased, and writes its head (`wear` is filled in). It is
 * MAKING until the caller gives it an owner or drops it. Hot contents come onto
 * the least worn block, cold ones onto the most worn. FULL: none is free; IO,
 * also when numbers are used up. */
enum sotto_err flash_block_make(struct flash *flash, enum flash_heat heat,
                                struct flash_head *head, uint16_t *block)
    SOTTO_MUST_CHECK;
void flash_block_own(struct flash *flash, uint16_t block, uint8_t owner,
                     const struct flash_head *head);
void flash_block_free(struct flash *flash, uint16_t block);

/* Undoes make() after a failure: what is in it must not be found again. */
void flash_block_drop(struct flash *flash, uint16_t block);

/* One step of erasing ahead and of evening wear out; false: nothing to do. */
bool flash_wear_wants(const struct flash *flash);
void flash_wear_step(struct flash *flash);

enum sotto_err flash_device_sync(const struct flash *flash) SOTTO_MUST_CHECK;

/* ---- chain.c ---------------------------------------------------------- */

/* The block with the byte at `at`, or where the next would be; NO_BLOCK. */
uint16_t flash_chain_find(const struct flash *flash, uint8_t slot, uint32_t at);

/* All within the file. IO. */
enum sotto_err flash_chain_read(const struct flash *flash, uint8_t slot,
                                uint32_t at, uint8_t *out, size_t len)
    SOTTO_MUST_CHECK;

/* All or nothing. FULL; IO, after which the slot is unsure. */
enum sotto_err flash_chain_append(struct flash *flash, uint8_t slot,
                                  const uint8_t *in, size_t len)
    SOTTO_MUST_CHECK;

/* Makes the last block anew, with the file's bytes up to `size`: shortens the
 * file, and makes the device sure. FULL, IO: nothing changed. */
enum sotto_err flash_chain_cut(struct flash *flash, uint8_t slot, uint32_t size,
                               enum flash_heat heat) SOTTO_MUST_CHECK;

/* Moves a block that is not the last one. */
enum sotto_err flash_chain_move(struct flash *flash, uint8_t slot,
                                uint16_t block) SOTTO_MUST_CHECK;

/* Gives all blocks back; the file is empty. */
void flash_chain_free(struct flash *flash, uint8_t slot);

/* ---- directory.c ------------------------------------------------------ */

enum flash_change {
    FLASH_NEXT = 1, /* the next identity is `id` */
    FLASH_SET,      /* the file `id` has this name, and nobody else has it */
    FLASH_DROP      /* the file `id` is gone */
};

struct flash_entry {
    uint8_t change;
    uint32_t id;
    char name[SOTTO_FILE_NAME_MAX + 1];
};

/* Makes a change durable. FULL, IO: it is not; after IO the list is unsure. */
enum sotto_err flash_list_put(struct flash *flash, enum flash_change change,
                              uint32_t id, const char *name) SOTTO_MUST_CHECK;

/* Writes the list anew, with the names as they are in RAM. */
enum sotto_err flash_list_renew(struct flash *flash, enum flash_heat heat)
    SOTTO_MUST_CHECK;

/* Bytes of the first record: the list with so many names. */
uint32_t flash_list_len(uint32_t names);

/* What a file may be called. */
bool flash_is_name(const char *name);

/* False when it is none that is ever written. */
bool flash_entry_decode(const uint8_t in[static FLASH_ENTRY_LEN],
                        struct flash_entry *entry);

/* The slot of a name, or of nobody's use; slot_count when there is none. */
uint16_t flash_slot_find(const struct flash *flash, const char *name);
uint16_t flash_slot_unused(const struct flash *flash);
uint16_t flash_slot_count(const struct flash *flash);

/* A slot for a new file. */
void flash_slot_start(struct flash *flash, uint16_t slot, uint32_t id,
                      const char *name);

/* It has lost its name; gives it back once nobody needs it any more. */
void flash_slot_unlist(struct flash *flash, uint16_t slot);
void flash_slot_release(struct flash *flash, uint16_t slot);

/* ---- mount.c ---------------------------------------------------------- */

enum sotto_err flash_mount(struct flash *flash) SOTTO_MUST_CHECK;

#endif
