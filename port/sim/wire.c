/*
 * wire.c - what is under way between machines, and when it arrives.
 *
 * A write becomes a segment that arrives later, in order. While a machine is
 * cut off or has no power its segments stall and are tried again, until the
 * sender gives up. A machine that was started anew, and an end that is gone,
 * answer with a reset; a machine without power with nothing, so that its peer
 * holds half a connection.
 */
#include "port/sim/inner.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_NS      (300ULL * SIM_MS)
#define GIVE_UP_NS    (30000ULL * SIM_MS)
#define KNOCK_NS      (1000ULL * SIM_MS)
#define KNOCK_LAST_NS (20000ULL * SIM_MS)
#define LINGER_NS     (2000ULL * SIM_MS)

static uint64_t latency_ns(struct sim *sim)
{
    return SIM_US * sim_between(&sim->dice, sim->profile.latency_min_us,
                                sim->profile.latency_max_us);
}

/* ---- connections ------------------------------------------------------ */

static void end_init(struct sim_end *end, struct sim_machine *machine)
{
    end->machine = machine;
    end->boot = machine->boot;
    end->reset_ns = SIM_NEVER;
}

static void conn_free(struct sim_conn *conn)
{
    free(conn->pipes[0].bytes);
    free(conn->pipes[1].bytes);
    free(conn);
}

struct sim_conn *sim_conn_make(struct sim_machine *from, struct sim_machine *to)
{
    struct sim *sim = from->sim;
    struct sim_conn *conn = calloc(1, sizeof *conn);
    if (conn == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < 2; i++) {
        struct sim_pipe *pipe = &conn->pipes[i];
        pipe->room = sim->profile.pipe_bytes;
        pipe->bytes = malloc(pipe->room);
        pipe->end_ns = SIM_NEVER;
    }
    if (conn->pipes[0].bytes == NULL || conn->pipes[1].bytes == NULL) {
        conn_free(conn);
        return NULL;
    }
    end_init(&conn->ends[0], from);
    end_init(&conn->ends[1], to);
    conn->dialled_ns = sim->now_ns;
    conn->knock_ns = sim->now_ns + latency_ns(sim);
    conn->answer_ns = SIM_NEVER;
    conn->answer = SOTTO_ERR_AGAIN;
    struct sim_conn **place = &sim->conns;
    while (*place != NULL) {
        place = &(*place)->next;
    }
    *place = conn;
    return conn;
}

static bool is_unseen(const struct sim_conn *conn)
{
    return conn->ends[0].stream == NULL && conn->ends[1].stream == NULL &&
           conn->listener == NULL;
}

void sim_wire_free(struct sim *sim)
{
    while (sim->conns != NULL) {
        struct sim_conn *conn = sim->conns;
        sim->conns = conn->next;
        conn_free(conn);
    }
}

/* ---- pipes ------------------------------------------------------------ */

static void drop_under_way(struct sim_pipe *pipe)
{
    pipe->under_way = 0;
    pipe->segment_count = 0;
    pipe->stalled_ns = 0;
    pipe->end_ns = SIM_NEVER;
}

/* When what is sent now arrives: after all that was sent before. */
static uint64_t arrival_ns(struct sim *sim, struct sim_pipe *pipe)
{
    const uint64_t at_ns = sim->now_ns + latency_ns(sim);
    pipe->last_ns = at_ns > pipe->last_ns ? at_ns : pipe->last_ns;
    return pipe->last_ns;
}

void sim_pipe_send(struct sim *sim, struct sim_pipe *pipe, const uint8_t *in,
                   size_t len)
{
    const size_t used = pipe->arrived + pipe->under_way;
    SIM_ASSERT(len <= pipe->room - used);
    for (size_t i = 0; i < len; i++) {
        pipe->bytes[(pipe->at + used + i) % pipe->room] = in[i];
    }
    pipe->under_way += len;
    if (pipe->segment_count == SIM_SEGMENTS) { /* goes with the last one */
        pipe->segments[SIM_SEGMENTS - 1].at_ns = arrival_ns(sim, pipe);
        pipe->segments[SIM_SEGMENTS - 1].len += len;
        return;
    }
    pipe->segments[pipe->segment_count++] =
        (struct sim_segment){.at_ns = arrival_ns(sim, pipe), .len = len};
}

/* ---- ends ------------------------------------------------------------- */

static bool is_alive(const struct sim_end *end)
{
    return end->machine->is_powered && end->boot == end->machine->boot;
}

static bool reaches(const struct sim_end *from, const struct sim_end *to)
{
    return to->machine->is_powered &&
           (from->machine == to->machine ||
            ((from->machine->cut & SIM_CUT_OUT) == 0 &&
             (to->machine->cut & SIM_CUT_IN) == 0));
}

/* What has arrived at the other side stays there. */
static void end_fail(struct sim_conn *conn, unsigned side, enum sotto_err err)
{
    struct sim_end *end = &conn->ends[side];
    if (end->err == SOTTO_OK) {
        end->err = err;
    }
    drop_under_way(&conn->pipes[side]);
    drop_under_way(&conn->pipes[1 - side]);
    conn->pipes[1 - side].arrived = 0;
}

static void tell_reset(struct sim *sim, struct sim_end *end)
{
    const uint64_t at_ns = sim->now_ns + latency_ns(sim);
    end->reset_ns = at_ns < end->reset_ns ? at_ns : end->reset_ns;
}

static void end_leave(struct sim_conn *conn, unsigned side, bool is_polite)
{
    struct sim_end *end = &conn->ends[side];
    end->stream = NULL;
    end->is_gone = true;
    end->is_polite = is_polite;
    end->gone_ns = end->machine->sim->now_ns;
}

void sim_end_close(struct sim_conn *conn, unsigned side)
{
    struct sim *sim = conn->ends[side].machine->sim;
    struct sim_pipe *in = &conn->pipes[1 - side];
    const bool is_open = side == 1 || conn->answer == SOTTO_OK;
    if (!is_open || conn->ends[side].err != SOTTO_OK) {
        sim_end_abort(conn, side);
        return;
    }
    end_leave(conn, side, true);
    in->at = (in->at + in->arrived) % in->room; /* nobody reads it */
    in->arrived = 0;
    conn->pipes[side].end_ns = arrival_ns(sim, &conn->pipes[side]);
}

void sim_end_abort(struct sim_conn *conn, unsigned side)
{
    end_leave(conn, side, false);
    sim_end_break(conn, side);
}

void sim_end_break(struct sim_conn *conn, unsigned side)
{
    struct sim_end *other = &conn->ends[1 - side];
    if (conn->ends[side].err == SOTTO_OK) {
        tell_reset(other->machine->sim, other);
    }
    end_fail(conn, side, SOTTO_ERR_RESET);
}

/* ---- arriving --------------------------------------------------------- */

/* Nothing gets through: again later, but not for ever. */
static void stall(struct sim *sim, struct sim_conn *conn, unsigned side)
{
    struct sim_pipe *pipe = &conn->pipes[side];
    if (!is_alive(&conn->ends[side])) { /* nobody sends it again */
        drop_under_way(pipe);
        return;
    }
    if (pipe->stalled_ns == 0) {
        pipe->stalled_ns = sim->now_ns;
    }
    if (sim->now_ns - pipe->stalled_ns > GIVE_UP_NS) {
        end_fail(conn, side, SOTTO_ERR_TIMEOUT);
        return;
    }
    pipe->last_ns = sim->now_ns + RETRY_NS;
    for (size_t i = 0; i < pipe->segment_count; i++) {
        pipe->segments[i].at_ns = pipe->last_ns;
    }
    if (pipe->end_ns != SIM_NEVER) {
        pipe->end_ns = pipe->last_ns;
    }
}

static void take_segment(struct sim *sim, struct sim_conn *conn, unsigned side)
{
    struct sim_pipe *pipe = &conn->pipes[side];
    struct sim_end *to = &conn->ends[1 - side];
    const size_t len = pipe->segments[0].len;
    const bool lingers =
        to->is_gone && to->is_polite && sim->now_ns < to->gone_ns + LINGER_NS;
    pipe->stalled_ns = 0;
    if (!is_alive(to) || (to->is_gone && !lingers) || to->err != SOTTO_OK) {
        drop_under_way(pipe);
        tell_reset(sim, &conn->ends[side]);
        return;
    }
    pipe->segment_count--;
    memmove(pipe->segments, pipe->segments + 1,
            pipe->segment_count * sizeof *pipe->segments);
    pipe->under_way -= len;
    if (to->is_gone) {
        pipe->at = (pipe->at + len) % pipe->room;
    } else {
        pipe->arrived += len;
    }
}

static void deliver_pipe(struct sim *sim, struct sim_conn *conn, unsigned side)
{
    struct sim_pipe *pipe = &conn->pipes[side];
    const bool is_through = reaches(&conn->ends[side], &conn->ends[1 - side]);
    while (pipe->segment_count > 0 && pipe->segments[0].at_ns <= sim->now_ns) {
        if (!is_through) {
            stall(sim, conn, side);
            return;
        }
        take_segment(sim, conn, side);
    }
    if (pipe->segment_count == 0 && pipe->end_ns <= sim->now_ns) {
        if (!is_through) {
            stall(sim, conn, side);
            return;
        }
        pipe->has_ended = true;
        pipe->end_ns = SIM_NEVER;
    }
}

static void deliver_reset(struct sim *sim, struct sim_conn *conn, unsigned side)
{
    struct sim_end *end = &conn->ends[side];
    if (end->reset_ns > sim->now_ns) {
        return;
    }
    end->reset_ns = SIM_NEVER; /* sent once, and lost when there is no way */
    if (!end->is_gone && is_alive(end) && reaches(&conn->ends[1 - side], end)) {
        end_fail(conn, side, SOTTO_ERR_RESET);
    }
}

/* Who dials reaches the other machine, or tries again. */
static void knock(struct sim *sim, struct sim_conn *conn)
{
    struct sim_end *to = &conn->ends[1];
    struct port_listener *listener = NULL;
    conn->knock_ns = sim->now_ns + KNOCK_NS;
    if (reaches(&conn->ends[0], to)) {
        listener = sim_listener_find(to->machine, &to->address);
        conn->outcome = listener != NULL ? SOTTO_OK : SOTTO_ERR_REFUSED;
        if (listener == NULL || listener->waiting < sim->profile.backlog) {
            conn->knock_ns = SIM_NEVER;
            conn->answer_ns = sim->now_ns + latency_ns(sim);
        }
    }
    if (listener != NULL && conn->knock_ns == SIM_NEVER) {
        to->boot = to->machine->boot;
        conn->listener = listener;
        listener->waiting++;
    }
}

static void take_answer(struct sim *sim, struct sim_conn *conn)
{
    if (reaches(&conn->ends[1], &conn->ends[0])) {
        conn->answer = conn->outcome;
        conn->answer_ns = SIM_NEVER;
    } else {
        conn->answer_ns = sim->now_ns + KNOCK_NS;
    }
}

static void deliver_dialling(struct sim *sim, struct sim_conn *conn)
{
    if (conn->knock_ns <= sim->now_ns) {
        knock(sim, conn);
    }
    if (conn->answer_ns <= sim->now_ns) {
        take_answer(sim, conn);
    }
    if (conn->answer == SOTTO_ERR_AGAIN &&
        sim->now_ns - conn->dialled_ns > KNOCK_LAST_NS) {
        conn->answer = SOTTO_ERR_TIMEOUT;
        conn->knock_ns = SIM_NEVER;
        conn->answer_ns = SIM_NEVER;
    }
}

void sim_wire_deliver(struct sim *sim)
{
    struct sim_conn **place = &sim->conns;
    while (*place != NULL) {
        struct sim_conn *conn = *place;
        if (is_unseen(conn)) {
            *place = conn->next;
            conn_free(conn);
            continue;
        }
        if (conn->answer == SOTTO_ERR_AGAIN && conn->ends[0].stream != NULL) {
            deliver_dialling(sim, conn);
        }
        for (unsigned side = 0; side < 2; side++) {
            deliver_pipe(sim, conn, side);
            deliver_reset(sim, conn, side);
        }
        place = &conn->next;
    }
}

static void sooner(uint64_t *next, uint64_t at_ns)
{
    *next = at_ns < *next ? at_ns : *next;
}

uint64_t sim_wire_next_ns(const struct sim *sim)
{
    uint64_t next = SIM_NEVER;
    for (const struct sim_conn *conn = sim->conns; conn != NULL;
         conn = conn->next) {
        if (conn->answer == SOTTO_ERR_AGAIN && conn->ends[0].stream != NULL) {
            sooner(&next, conn->knock_ns);
            sooner(&next, conn->answer_ns);
        }
        for (size_t side = 0; side < 2; side++) {
            const struct sim_pipe *pipe = &conn->pipes[side];
            sooner(&next, pipe->segment_count > 0 ? pipe->segments[0].at_ns
                                                  : pipe->end_ns);
            sooner(&next, conn->ends[side].reset_ns);
        }
    }
    return next;
}

/* ---- machines that go ------------------------------------------------- */

/* The end that a program of this machine has in hand, or NULL. */
static struct sim_end *end_in_use(struct sim_conn *conn, unsigned side,
                                  const struct sim_machine *machine)
{
    struct sim_end *end = &conn->ends[side];
    return end->machine == machine && end->stream != NULL ? end : NULL;
}

static void lose_end(struct sim_conn *conn, unsigned side,
                     const struct sim_machine *machine)
{
    struct sim_end *end = end_in_use(conn, side, machine);
    if (end != NULL) {
        end->stream->conn = NULL;
        end_leave(conn, side, false);
    }
}

void sim_wire_lose_machine(struct sim *sim, const struct sim_machine *machine)
{
    for (struct sim_conn *conn = sim->conns; conn != NULL; conn = conn->next) {
        lose_end(conn, 0, machine);
        lose_end(conn, 1, machine);
        if (conn->ends[1].machine == machine) {
            conn->listener = NULL;
        }
    }
}

static void close_end(struct sim_conn *conn, unsigned side,
                      const struct sim_machine *machine)
{
    struct sim_end *end = end_in_use(conn, side, machine);
    if (end != NULL) {
        end->stream->conn = NULL;
        sim_end_close(conn, side);
    }
}

void sim_wire_end_machine(struct sim *sim, const struct sim_machine *machine)
{
    for (struct sim_conn *conn = sim->conns; conn != NULL; conn = conn->next) {
        close_end(conn, 0, machine);
        close_end(conn, 1, machine);
    }
}
