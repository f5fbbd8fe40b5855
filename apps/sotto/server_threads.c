/*
 * server_threads.c - several workers, each in a thread of its own.
 *
 *   hub's thread  --to_worker-->  worker's thread
 *                 <---to_hub----
 *
 * All that the two sides know of each other goes through these two mailboxes.
 * Both are bounded, and nobody ever waits for room in one:
 *
 * - A worker whose to_hub is full keeps its requests: their sessions take
 *   nothing more, so it stops reading their streams, and TCP holds the clients
 *   back. That a connection is closed can always be said: room is set aside
 *   for the leaving of all.
 * - The hub takes a request, and asks the hub for what is due, only when each
 *   to_worker has room for the longest letter.
 *
 * There is no deadlock, because a worker empties to_worker at each turn, first
 * of all, and needs no room in to_hub for that: what a letter makes it ask may
 * wait. So the hub gets its room, takes requests again (they may also wait for
 * a disk, which waits for nobody), and the workers get theirs.
 *
 * A sleeping thread is woken by port_wake(), a system call, so only when it
 * sleeps or is about to: it says so first, and then looks at its mailboxes once
 * more. Whoever sends looks at that afterwards, once for all letters of a turn.
 */
#include "apps/sotto/letter.h"
#include "apps/sotto/server_inner.h"

#include "core/base/assert.h"
#include "core/crypto/aead.h"

/* Letters of one mailbox that are read in one turn. */
#define LETTERS_A_TURN 512

struct mail {
    struct mailbox to_worker;
    struct mailbox to_hub;
    struct port_thread *thread;
    struct worker_report report;

    /* the hub's side */
    bool is_waiting;                 /* its oldest request waits for a disk */
    bool owes_goodbye;               /* LETTER_CLOSE_ALL is to be sent ... */
    enum sotto_close_reason goodbye; /* ... with this */
    bool rings; /* the worker is to be woken if it sleeps */

    uint8_t apart[MAILBOX_APART];
    /* the worker's side */
    bool rings_hub;   /* the hub likewise */
    uint64_t tick_ms; /* when the deadlines are looked at again */

    /* both */
    atomic_bool is_asleep;    /* the worker, or about to */
    atomic_bool is_ending;    /* the thread is to end */
    atomic_bool wants_report; /* and `report` is the worker's until then */
};

struct threads {
    uint8_t apart[MAILBOX_APART];
    atomic_bool is_asleep; /* the hub's thread */
    uint8_t apart_too[MAILBOX_APART];
    struct port_stream *newcomer; /* waits for a place */
    struct mail mails[SERVER_WORKERS_MAX];
};

static void ring(atomic_bool *is_asleep, struct port_loop *loop)
{
    if (atomic_load(is_asleep) && atomic_exchange(is_asleep, false)) {
        port_wake(loop);
    }
}

/* ---- the worker's side: sending ----------------------------------------- */

/* Room that a request needs, so that there is still some for the leaving of
 * everybody who is there or may come; one more for what the end of the ring
 * may take. */
static size_t room_to_ask(const struct server *server)
{
    return LETTER_ROOM_REQUEST + (server->places + 1) * LETTER_ROOM_LEAVE;
}

static bool has_room_to_ask(struct worker *worker)
{
    return mailbox_has_room(&worker->mail->to_hub, room_to_ask(worker->server));
}

enum sotto_err threads_ask(struct worker *worker, struct sotto_seat_id seat,
                           const struct sotto_request *request)
{
    if (!has_room_to_ask(worker)) {
        return SOTTO_ERR_AGAIN;
    }
    letter_send_request(&worker->mail->to_hub, seat, request);
    worker->mail->rings_hub = true;
    return SOTTO_OK;
}

void threads_leave(struct worker *worker, struct sotto_seat_id seat)
{
    const struct letter letter = {.kind = LETTER_LEAVE, .seat = seat};
    const bool has_room =
        mailbox_has_room(&worker->mail->to_hub, LETTER_ROOM_LEAVE);
    SOTTO_ASSERT(has_room); /* set aside by has_room_to_ask() */
    letter_send(&worker->mail->to_hub, &letter);
    worker->mail->rings_hub = true;
}

static void ring_hub(struct worker *worker)
{
    if (worker->mail->rings_hub) {
        worker->mail->rings_hub = false;
        ring(&worker->server->threads->is_asleep, worker->server->loop);
    }
}

/* ---- the worker's side: its thread -------------------------------------- */

static void read_letter(struct worker *worker, const struct letter *letter)
{
    struct sotto_reply reply = {.kind = SOTTO_REPLY_ENTRY};
    switch (letter->kind) {
    case LETTER_WELCOME:
        worker_welcome(worker, letter->seat, letter_read_stream(letter));
        break;
    case LETTER_REPLY:
        letter_read_reply(letter, &reply);
        worker_take(worker, &reply);
        break;
    case LETTER_ENTRY:
        letter_read_entry(letter, &reply.item);
        worker_take(worker, &reply);
        break;
    case LETTER_SEND_AWAY:
        worker_send_away(worker, letter->seat);
        break;
    case LETTER_CLOSE_ALL:
        worker_close_all(worker, (enum sotto_close_reason)letter->reason);
        break;
    case LETTER_REQUEST:
    case LETTER_LEAVE:
        SOTTO_ASSERT(false); /* those are for the hub */
    }
}

static void read_letters(struct worker *worker)
{
    struct mailbox *box = &worker->mail->to_worker;
    for (int i = 0; i < LETTERS_A_TURN; i++) {
        const struct letter *letter = letter_peek(box);
        if (letter == NULL) {
            return;
        }
        read_letter(worker, letter);
        worker->mail->rings_hub |= letter_done(box);
    }
}

static bool has_something_to_do(struct worker *worker)
{
    struct mail *mail = worker->mail;
    return !mailbox_is_empty(&mail->to_worker) ||
           atomic_load(&mail->is_ending) || atomic_load(&mail->wants_report) ||
           (worker->blocked > 0 && has_room_to_ask(worker));
}

static size_t wait_for_events(struct worker *worker, struct port_event *events)
{
    atomic_bool *is_asleep = &worker->mail->is_asleep;
    uint32_t timeout_ms = worker_wait_ms(worker, worker->mail->tick_ms);
    size_t count = 0;
    if (timeout_ms > 0) {
        atomic_store(is_asleep, true);
        if (has_something_to_do(worker)) {
            timeout_ms = 0;
            atomic_store(is_asleep, false);
        }
    }
    port_wait(worker->loop, timeout_ms, events, SERVER_EVENTS, &count);
    atomic_store(is_asleep, false);
    worker->now_ms = port_now_ms(worker->server->port);
    worker_count(worker, COUNT_WAITS, 1);
    return count;
}

static void make_report(struct worker *worker)
{
    struct mail *mail = worker->mail;
    mail->report = (struct worker_report){.mailbox_most = mail->to_worker.most};
    worker_add_report(worker, &mail->report);
}

static void tell_report(struct worker *worker)
{
    struct mail *mail = worker->mail;
    if (atomic_load(&mail->wants_report)) {
        make_report(worker);
        atomic_store(&mail->wants_report, false);
        mail->rings_hub = true;
    }
}

static void worker_turn(struct worker *worker)
{
    struct port_event events[SERVER_EVENTS];
    const size_t count = wait_for_events(worker, events);
    read_letters(worker);
    for (size_t i = 0; i < count; i++) {
        if (events[i].kind == PORT_EVENT_READY) {
            worker_ready(worker, events[i].tag, events[i].ready);
        }
    }
    if (worker->blocked > 0 && has_room_to_ask(worker)) {
        worker_unblock(worker);
    }
    if (worker->now_ms >= worker->mail->tick_ms) {
        worker->mail->tick_ms = worker->now_ms + SERVER_TICK_MS;
        worker_tick(worker);
    }
    ring_hub(worker); /* it goes on while this one writes */
    worker_work(worker);
    tell_report(worker);
    ring_hub(worker);
}

static void worker_main(void *arg)
{
    struct worker *worker = arg;
    while (!atomic_load(&worker->mail->is_ending)) {
        worker_turn(worker);
    }
}

/* ---- the hub's side: sending -------------------------------------------- */

bool threads_have_room(struct server *server)
{
    for (size_t i = 0; i < server->worker_count; i++) {
        if (!mailbox_has_room(&server->workers[i].mail->to_worker,
                              LETTER_ROOM_MAX)) {
            server->is_stalled = true;
            return false;
        }
    }
    return true;
}

void threads_welcome(struct worker *worker, struct sotto_seat_id seat,
                     struct port_stream *stream)
{
    letter_send_stream(&worker->mail->to_worker, seat, stream);
    worker->mail->rings = true;
}

void threads_send_away(struct worker *worker, struct sotto_seat_id seat)
{
    const struct letter letter = {.kind = LETTER_SEND_AWAY, .seat = seat};
    letter_send(&worker->mail->to_worker, &letter);
    worker->mail->rings = true;
}

void threads_set_newcomer(struct server *server, struct port_stream *stream)
{
    SOTTO_ASSERT(server->threads->newcomer == NULL);
    server->threads->newcomer = stream;
}

bool threads_have_newcomer(const struct server *server)
{
    return server->threads->newcomer != NULL;
}

struct port_stream *threads_take_newcomer(struct server *server)
{
    struct port_stream *newcomer = server->threads->newcomer;
    server->threads->newcomer = NULL;
    return newcomer;
}

void threads_close_all(struct server *server, enum sotto_close_reason reason)
{
    for (size_t i = 0; i < server->worker_count; i++) {
        server->workers[i].mail->owes_goodbye = true;
        server->workers[i].mail->goodbye = reason;
    }
}

static void send_goodbye(struct worker *worker)
{
    struct mail *mail = worker->mail;
    const struct letter letter = {.kind = LETTER_CLOSE_ALL,
                                  .reason = (uint32_t)mail->goodbye};
    if (mail->owes_goodbye &&
        mailbox_has_room(&mail->to_worker, LETTER_ROOM_MAX)) {
        mail->owes_goodbye = false;
        letter_send(&mail->to_worker, &letter);
        mail->rings = true;
    }
}

static void send_reply(struct server *server, const struct sotto_reply *reply)
{
    if (reply->kind == SOTTO_REPLY_ENTRY) {
        for (size_t i = 0; i < server->worker_count; i++) {
            letter_send_entry(&server->workers[i].mail->to_worker,
                              &reply->item);
            server->workers[i].mail->rings = true;
        }
    } else {
        struct mail *mail = server_worker_of(server, reply->seat)->mail;
        letter_send_reply(&mail->to_worker, reply);
        mail->rings = true;
    }
}

/* ---- the hub's side: its turn ------------------------------------------- */

/* Hands out what is due; false when there is no room for more. */
static bool hand_out(struct server *server)
{
    struct sotto_reply reply;
    while (threads_have_room(server)) {
        if (!sotto_hub_next(server->hub, &reply)) {
            return true;
        }
        send_reply(server, &reply);
    }
    return false;
}

/* Takes a request; false when it has to wait for a disk. An ending server takes
 * no more then: whoever asked is about to be told that it ends. */
static bool take_request(struct server *server, const struct letter *letter)
{
    struct sotto_request request;
    struct sotto_reply reply;
    letter_read_request(letter, &request);
    if (sotto_hub_request(server->hub, letter->seat, &request, server->now_ms,
                          server->wall_s, &reply) != SOTTO_OK) {
        return server->is_ending;
    }
    if (reply.kind != SOTTO_REPLY_NONE) {
        send_reply(server, &reply);
    }
    return true;
}

static void take_letters(struct server *server, struct worker *worker)
{
    struct mail *mail = worker->mail;
    for (int i = 0; i < LETTERS_A_TURN && hand_out(server); i++) {
        const struct letter *letter = letter_peek(&mail->to_hub);
        if (letter == NULL) {
            return;
        }
        if (letter->kind == LETTER_LEAVE) {
            server_left(server, letter->seat);
        } else if (!take_request(server, letter)) {
            mail->is_waiting = true;
            return;
        }
        mail->rings |= letter_done(&mail->to_hub);
    }
}

void threads_work(struct server *server)
{
    for (size_t i = 0; i < server->worker_count; i++) {
        struct worker *worker = &server->workers[i];
        if (!worker->mail->is_waiting) {
            take_letters(server, worker);
        }
        send_goodbye(worker);
    }
}

void threads_hand_out(struct server *server, bool may_go_on)
{
    if (hand_out(server) && server->is_stalled) {
        server->is_stalled = false;
        server_go_on_accepting(server);
    }
    for (size_t i = 0; i < server->worker_count; i++) {
        struct mail *mail = server->workers[i].mail;
        if (may_go_on || server->is_ending) {
            mail->is_waiting = false;
        }
        if (mail->rings) {
            mail->rings = false;
            ring(&mail->is_asleep, server->workers[i].loop);
        }
    }
}

static bool have_all_reported(const struct server *server)
{
    for (size_t i = 0; i < server->worker_count; i++) {
        if (atomic_load(&server->workers[i].mail->wants_report)) {
            return false;
        }
    }
    return true;
}

/* A report that was asked for, letters that can be taken, or room to go on with
 * what is due. */
static bool hub_has_something_to_do(struct server *server)
{
    if (SERVER_COUNTERS && server->wants_report && have_all_reported(server)) {
        return true;
    }
    if (server->is_stalled) {
        return threads_have_room(server);
    }
    for (size_t i = 0; i < server->worker_count; i++) {
        struct mail *mail = server->workers[i].mail;
        if (!mail->is_waiting && !mailbox_is_empty(&mail->to_hub)) {
            return true;
        }
    }
    return false;
}

void threads_wait(struct server *server, uint32_t timeout_ms,
                  struct port_event *events, size_t *count)
{
    atomic_bool *is_asleep = &server->threads->is_asleep;
    atomic_store(is_asleep, true);
    if (hub_has_something_to_do(server)) {
        timeout_ms = 0;
        atomic_store(is_asleep, false);
    }
    port_wait(server->loop, timeout_ms, events, SERVER_EVENTS, count);
    atomic_store(is_asleep, false);
}

/* ---- reports ------------------------------------------------------------ */

void threads_want_reports(struct server *server)
{
    for (size_t i = 0; i < server->worker_count; i++) {
        struct worker *worker = &server->workers[i];
        if (worker->mail->thread == NULL) {
            make_report(worker);
        } else {
            atomic_store(&worker->mail->wants_report, true);
            ring(&worker->mail->is_asleep, worker->loop);
        }
    }
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

bool threads_reported(const struct server *server, struct worker_report *all)
{
    if (!have_all_reported(server)) {
        return false;
    }
    for (size_t i = 0; i < server->worker_count; i++) {
        const struct mail *mail = server->workers[i].mail;
        const struct worker_report *report = &mail->report;
        for (size_t kind = 0; kind < COUNT_KINDS; kind++) {
            all->counts[kind] += report->counts[kind];
        }
        all->buffers += report->buffers;
        all->blocked += report->blocked;
        all->mailbox_most = larger(all->mailbox_most, report->mailbox_most);
        all->mailbox_most = larger(all->mailbox_most, mail->to_hub.most);
    }
    return true;
}

/* ---- start and end ------------------------------------------------------ */

/* A power of two that holds twice `room`, and SERVER_MAILBOX_BYTES. */
static size_t mailbox_bytes(size_t room)
{
    size_t bytes = SERVER_MAILBOX_BYTES;
    while (bytes / 2 < room) {
        bytes *= 2;
    }
    return bytes;
}

static bool open_mailbox(struct server *server, struct mailbox *box,
                         size_t bytes)
{
    uint8_t *memory = server_memory(server, bytes);
    if (memory != NULL) {
        mailbox_init(box, memory, bytes);
    }
    return memory != NULL;
}

enum sotto_err threads_open(struct server *server)
{
    const size_t to_hub = room_to_ask(server);
    server->threads = server_memory(server, sizeof *server->threads);
    if (server->threads == NULL) {
        return SOTTO_ERR_SPACE;
    }
    for (size_t i = 0; i < server->worker_count; i++) {
        struct worker *worker = &server->workers[i];
        struct mail *mail = &server->threads->mails[i];
        worker->mail = mail;
        if (!open_mailbox(server, &mail->to_hub, mailbox_bytes(to_hub)) ||
            !open_mailbox(server, &mail->to_worker,
                          mailbox_bytes(LETTER_ROOM_MAX))) {
            return SOTTO_ERR_SPACE;
        }
        enum sotto_err err =
            port_loop_open(server->port, server->places + 2, &worker->loop);
        if (err != SOTTO_OK) {
            return err;
        }
    }
    return SOTTO_OK;
}

/* mbedTLS asks the processor once what it can do, and notes the answer without
 * a lock. */
static void ask_processor(void)
{
    const uint8_t key[SOTTO_AEAD_KEY_MAX] = {0};
    struct sotto_aead aead;
    sotto_aead_init(&aead, SOTTO_AEAD_A128CBC_HS256, key);
}

enum sotto_err threads_start(struct server *server)
{
    ask_processor();
    for (size_t i = 0; i < server->worker_count; i++) {
        struct worker *worker = &server->workers[i];
        enum sotto_err err = port_thread_start(server->port, worker_main,
                                               worker, &worker->mail->thread);
        if (err != SOTTO_OK) {
            threads_end(server);
            return err;
        }
    }
    return SOTTO_OK;
}

void threads_end(struct server *server)
{
    for (size_t i = 0; i < server->worker_count; i++) {
        struct worker *worker = &server->workers[i];
        if (worker->mail->thread != NULL) {
            atomic_store(&worker->mail->is_ending, true);
            port_wake(worker->loop);
        }
    }
    for (size_t i = 0; i < server->worker_count; i++) {
        struct mail *mail = server->workers[i].mail;
        if (mail->thread != NULL) {
            port_thread_join(mail->thread);
            mail->thread = NULL;
            atomic_store(&mail->wants_report, false); /* it tells no more */
        }
    }
}

void threads_close(struct server *server)
{
    for (size_t i = 0; i < server->worker_count; i++) {
        struct worker *worker = &server->workers[i];
        if (worker->loop != NULL) {
            port_loop_close(worker->loop);
        }
    }
}
