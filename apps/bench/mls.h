/*
 * mls.h - the parts of `sotto-bench mls`.
 *
 * mls.c has the options, the order of the runs and the report; mls_world.c
 * makes a group of any size whose tree is full; mls_rows.c is what is measured
 * in it; mls_counts.c counts what of cryptography was done meanwhile, and
 * measures that by itself.
 */
#ifndef SOTTO_BENCH_MLS_H
#define SOTTO_BENCH_MLS_H

#include "apps/bench/figure.h"
#include <sotto/mls.h>

/* ---- counting (mls_counts.c) -------------------------------------------- */

/* What cannot be had for less, in the order of the table. */
enum mls_primitive {
    MLS_KEY_PAIR, /* a public key from a private one */
    MLS_AGREE,    /* Diffie-Hellman */
    MLS_SIGN,
    MLS_VERIFY,
    MLS_HASH, /* the end of a SHA-256 */
    MLS_BYTE  /* hashed */
};
#define MLS_PRIMITIVES 6
#define MLS_CURVE      4 /* the first of them are on the curve */

struct mls_counts {
    uint64_t of[MLS_PRIMITIVES];
};

/* All that were done in this program so far. The linker puts the counting
 * between core/mls and core/crypto, whatever is behind that. */
struct mls_counts mls_counts_now(void);
struct mls_counts mls_counts_since(const struct mls_counts *start);

/* Measures each primitive for a moment, and adds a run. False: one failed. */
bool mls_measure_primitives(double slice_ns,
                            struct figure primitives[static MLS_PRIMITIVES]);

/* ---- a group (mls_world.c) ---------------------------------------------- */

#define MLS_MEMBERS_MAX 1024U
#define MLS_PACKAGE_MAX 512U
#define MLS_PUBLIC_MAX  65U
#define MLS_TEXT_LEN    100U /* of an application message */

struct mls_client {
    void *memory;
    void *copy; /* what the group was, to go back to */
    struct sotto_mls_group *group;
    uint8_t signature_private[SOTTO_MLS_PRIVATE_MAX];
    uint8_t signature_public[MLS_PUBLIC_MAX];
    struct sotto_mls_package_keys keys;
    uint8_t package[MLS_PACKAGE_MAX];
    size_t package_len;
};

struct mls_world {
    uint32_t members;
    struct sotto_mls_config config;
    struct sotto_mls_client client;
    size_t group_size;
    struct mls_client first;  /* leaf 0: commits */
    struct mls_client second; /* leaf 1: processes; none among two */
    struct mls_client last;   /* the last leaf: is added, and joins */
    struct mls_client other;  /* makes key packages and groups */
    struct sotto_mls_made made;
    struct sotto_mls_buffer message;
    struct sotto_mls_buffer saved;
};

/* All members but `last` are in; everybody has committed. False when memory is
 * short or something fails. */
bool mls_world_init(struct mls_world *world, const struct sotto_random *random,
                    uint32_t members);
/* The same for groups of this shape. */
bool mls_world_init_with(struct mls_world *world,
                         const struct sotto_random *random,
                         const struct sotto_mls_config *config);
void mls_world_free(struct mls_world *world);

struct sotto_span mls_span(const struct sotto_mls_buffer *buffer);
bool mls_make_package(struct mls_world *world, struct mls_client *client);
struct sotto_mls_member_keys mls_keys(const struct mls_client *client);

/* Keeps what a client's group is, and goes back to it. */
void mls_keep(const struct mls_world *world, struct mls_client *client);
void mls_go_back(const struct mls_world *world, struct mls_client *client);

/* `by` commits, adding `last` or nobody, with fresh keys; and takes it over. */
bool mls_commit(struct mls_world *world, struct mls_client *by, bool adds);
bool mls_accept(struct mls_world *world, struct mls_client *by);
bool mls_process(struct mls_world *world, struct mls_client *by);

/* ---- operations (mls_rows.c) -------------------------------------------- */

enum mls_row {
    MLS_ROW_KEY_PACKAGE,
    MLS_ROW_CREATE,
    MLS_ROW_ADD,
    MLS_ROW_PROCESS_ADD,
    MLS_ROW_JOIN,
    MLS_ROW_UPDATE,
    MLS_ROW_PROCESS_UPDATE,
    MLS_ROW_PROTECT,
    MLS_ROW_UNPROTECT
};
#define MLS_ROWS 9

struct mls_result {
    bool is_there; /* nobody else processes among two who adds the second */
    struct figure time;
    struct figure beyond; /* what is left of it beside the primitives */
    struct mls_counts done;
    struct mls_counts needed; /* curve operations that the RFC asks for */
    size_t bytes;             /* of what was made or taken */
};

extern const char *const mls_row_names[MLS_ROWS];

/*
 * Measures every row in turn: each run about `slice_ns`, at the least one
 * operation, and as long again for the primitives, which `beyond` is reckoned
 * with. Everything is checked. The world is as after mls_world_init() before,
 * and used up.
 */
bool mls_measure_rows(struct mls_world *world, double slice_ns,
                      struct mls_result results[static MLS_ROWS]);

#endif
