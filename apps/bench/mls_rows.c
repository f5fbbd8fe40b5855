/*
 * mls_rows.c - what `sotto-bench mls` measures.
 *
 * Each row is an operation that is done again and again from one state of the
 * group: before each time, which is not counted, its clients go back to that.
 * After the last time they stay where they came to: the rows together are one
 * history.
 */
#include "apps/bench/mls.h"
#include "core/mls/tree_math.h"
#include <string.h>

static const struct sotto_span none = {NULL, 0};
static const uint8_t text[MLS_TEXT_LEN] = "The cat has been let out of the bag";

const char *const mls_row_names[MLS_ROWS] = {
    "key_package", "create",         "add",     "process_add", "join",
    "update",      "process_update", "protect", "unprotect"};

/* Who processes what the first member sends. */
static struct mls_client *reader(struct mls_world *world)
{
    return world->members > 2 ? &world->second : &world->last;
}

/* ---- the operations ----------------------------------------------------- */

static bool make_package(struct mls_world *world)
{
    return mls_make_package(world, &world->other);
}

static bool prepare_create(struct mls_world *world)
{
    mls_go_back(world, &world->other);
    return true;
}

static bool create(struct mls_world *world)
{
    struct sotto_mls_member_keys keys = mls_keys(&world->other);

    return sotto_mls_group_create(world->other.group, &world->client, &keys,
                                  none, none) == SOTTO_OK;
}

static bool prepare_commit(struct mls_world *world)
{
    mls_go_back(world, &world->first);
    return true;
}

static bool add(struct mls_world *world)
{
    return mls_commit(world, &world->first, true) &&
           mls_accept(world, &world->first);
}

static bool update(struct mls_world *world)
{
    return mls_commit(world, &world->first, false) &&
           mls_accept(world, &world->first);
}

static bool prepare_process(struct mls_world *world)
{
    mls_go_back(world, reader(world));
    return true;
}

static bool process(struct mls_world *world)
{
    return mls_process(world, reader(world));
}

static bool prepare_join(struct mls_world *world)
{
    mls_go_back(world, &world->last);
    return true;
}

static bool join(struct mls_world *world)
{
    struct sotto_mls_member_keys keys = mls_keys(&world->last);

    return sotto_mls_join(world->last.group, &world->client, &keys,
                          mls_span(&world->made.welcome), none,
                          NULL) == SOTTO_OK;
}

static bool nothing(struct mls_world *world)
{
    (void)world;
    return true;
}

static bool protect(struct mls_world *world)
{
    const struct sotto_mls_sending how = {.padding = 0};

    return sotto_mls_protect(world->first.group, &world->client, &how,
                             (struct sotto_span){text, sizeof text},
                             &world->message) == SOTTO_OK;
}

static bool unprotect(struct mls_world *world)
{
    struct sotto_mls_event event;

    return sotto_mls_receive(reader(world)->group, &world->client,
                             mls_span(&world->message), &event) == SOTTO_OK &&
           event.type == SOTTO_MLS_EVENT_APPLICATION &&
           event.data.len == sizeof text &&
           memcmp(event.data.at, text, sizeof text) == 0;
}

struct operation {
    bool (*prepare)(struct mls_world *world); /* not measured */
    bool (*run)(struct mls_world *world);
};

static const struct operation operations[MLS_ROWS] = {
    [MLS_ROW_KEY_PACKAGE] = {nothing, make_package},
    [MLS_ROW_CREATE] = {prepare_create, create},
    [MLS_ROW_ADD] = {prepare_commit, add},
    [MLS_ROW_PROCESS_ADD] = {prepare_process, process},
    [MLS_ROW_JOIN] = {prepare_join, join},
    [MLS_ROW_UPDATE] = {prepare_commit, update},
    [MLS_ROW_PROCESS_UPDATE] = {prepare_process, process},
    [MLS_ROW_PROTECT] = {nothing, protect},
    [MLS_ROW_UNPROTECT] = {protect, unprotect},
};

/* ---- what the RFC asks for ---------------------------------------------- */

/*
 * In a full tree of 2^depth members the path of a commit has `depth` nodes, and
 * each secret goes to one node on the other side: HPKE makes a key pair and an
 * agreement of it (RFC 9180 4.1), and each node has a key pair (RFC 9420 7.4),
 * which the receiver is to check (7.5), leaf 1 all of them. Who adds
 * the second member encrypts no path secret.
 */
static struct mls_counts needed(enum mls_row row, uint32_t members)
{
    uint64_t depth = sotto_mls_depth(members);
    uint64_t secrets = members == 2 && row == MLS_ROW_ADD ? 0 : depth;

    switch (row) {
    case MLS_ROW_KEY_PACKAGE: /* init and leaf key; leaf and package signed */
        return (struct mls_counts){{2, 0, 2, 0}};
    case MLS_ROW_CREATE:
        break;
    case MLS_ROW_ADD: /* the package has two signatures; leaf, commit and
                         GroupInfo are signed; the Welcome is one more secret */
        return (struct mls_counts){
            {depth + 1 + secrets + 1, secrets + 1, 3, 2}};
    case MLS_ROW_PROCESS_ADD:
        return (struct mls_counts){{depth, 1, 0, 4}};
    case MLS_ROW_JOIN: /* everybody else's leaf, and the GroupInfo; the path
                          secret is of the root */
        return (struct mls_counts){{1, 1, 0, members}};
    case MLS_ROW_UPDATE:
        return (struct mls_counts){{depth + 1 + secrets, secrets, 2, 0}};
    case MLS_ROW_PROCESS_UPDATE:
        return (struct mls_counts){{depth, 1, 0, 2}};
    case MLS_ROW_PROTECT:
        return (struct mls_counts){{0, 0, 1, 0}};
    case MLS_ROW_UNPROTECT:
        return (struct mls_counts){{0, 0, 0, 1}};
    }
    return (struct mls_counts){{0}};
}

static size_t bytes_of(const struct mls_world *world, enum mls_row row)
{
    switch (row) {
    case MLS_ROW_KEY_PACKAGE:
        return world->other.package_len;
    case MLS_ROW_CREATE:
        break;
    case MLS_ROW_ADD:
    case MLS_ROW_PROCESS_ADD:
    case MLS_ROW_UPDATE:
    case MLS_ROW_PROCESS_UPDATE:
        return world->made.message.len;
    case MLS_ROW_JOIN:
        return world->made.welcome.len;
    case MLS_ROW_PROTECT:
    case MLS_ROW_UNPROTECT:
        return world->message.len;
    }
    return 0;
}

/* ---- measuring ---------------------------------------------------------- */

/* What `counts` take by themselves, in this run. */
static double reckon(const struct mls_counts *counts,
                     const struct figure primitives[static MLS_PRIMITIVES])
{
    double ns = 0;

    for (size_t i = 0; i < MLS_PRIMITIVES; i++) {
        const struct figure *one = &primitives[i];

        ns += (double)counts->of[i] * one->ns[one->runs - 1];
    }
    return ns;
}

static bool run_row(struct mls_world *world, enum mls_row row, double slice_ns,
                    struct figure primitives[static MLS_PRIMITIVES],
                    struct mls_result *result)
{
    const struct operation *operation = &operations[row];
    double ns = 0;
    uint64_t count = 0;

    if (!mls_measure_primitives(slice_ns / MLS_PRIMITIVES, primitives)) {
        return false;
    }
    do {
        struct mls_counts counts;
        double start;

        if (!operation->prepare(world)) {
            return false;
        }
        counts = mls_counts_now();
        start = figure_now_ns();
        if (!operation->run(world)) {
            return false;
        }
        ns += figure_now_ns() - start;
        result->done = mls_counts_since(&counts);
        count++;
    } while (ns < slice_ns);
    figure_add(&result->time, ns, count);
    figure_add(&result->beyond,
               ns / (double)count - reckon(&result->done, primitives), 1);
    return true;
}

static bool measure_row(struct mls_world *world, enum mls_row row,
                        double slice_ns, struct mls_result *result)
{
    struct figure primitives[MLS_PRIMITIVES] = {{.runs = 0}};

    *result = (struct mls_result){.is_there = true,
                                  .time = {.name = mls_row_names[row]},
                                  .beyond = {.name = mls_row_names[row]},
                                  .needed = needed(row, world->members)};
    if (row == MLS_ROW_PROCESS_ADD && world->members == 2) {
        result->is_there = false;
        return true;
    }
    for (size_t run = 0; run < FIGURE_RUNS; run++) {
        if (!run_row(world, row, slice_ns, primitives, result)) {
            return false;
        }
    }
    result->bytes = bytes_of(world, row);
    return true;
}

static bool agree(const struct mls_client *a, const struct mls_client *b)
{
    struct sotto_span first = sotto_mls_group_epoch_authenticator(a->group);
    struct sotto_span second = sotto_mls_group_epoch_authenticator(b->group);

    return first.len == second.len &&
           memcmp(first.at, second.at, first.len) == 0;
}

/* The new member commits, so that it is like the others; then all agree. */
static bool settle(struct mls_world *world)
{
    return mls_commit(world, &world->last, false) &&
           mls_accept(world, &world->last) &&
           mls_process(world, &world->first) &&
           (world->members == 2 || mls_process(world, &world->second)) &&
           agree(&world->first, &world->last) &&
           agree(&world->first, reader(world));
}

static void keep_all(struct mls_world *world)
{
    mls_keep(world, &world->first);
    mls_keep(world, &world->second);
    mls_keep(world, &world->last);
    mls_keep(world, &world->other);
}

static bool settle_and_keep(struct mls_world *world)
{
    if (!settle(world)) {
        return false;
    }
    keep_all(world);
    return true;
}

bool mls_measure_rows(struct mls_world *world, double slice_ns,
                      struct mls_result results[static MLS_ROWS])
{
    keep_all(world);
    for (size_t i = 0; i < MLS_ROWS; i++) {
        enum mls_row row = (enum mls_row)i;

        if (row == MLS_ROW_UPDATE && !settle_and_keep(world)) {
            return false;
        }
        if (!measure_row(world, row, slice_ns, &results[i])) {
            return false;
        }
    }
    return sotto_mls_group_save(world->first.group, &world->saved) ==
               SOTTO_OK &&
           agree(&world->first, reader(world));
}
