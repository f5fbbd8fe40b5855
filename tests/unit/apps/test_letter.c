/*
 * What is sent arrives, with what it points to, though what it pointed to has
 * gone meanwhile; and what may be secret does not stay in the mailbox.
 */
#include "apps/sotto/letter.h"
#include "tests/unit/test.h"

#include <string.h>

#define CAP 65536

static uint64_t memory[CAP / 8];
static struct mailbox box;

static const struct sotto_seat_id seat = {.place = 7, .generation = 9};

static int setup(void **state)
{
    (void)state;
    memset(memory, 0, sizeof memory);
    mailbox_init(&box, (uint8_t *)memory, CAP);
    return 0;
}

static struct sotto_span span(const char *text)
{
    return (struct sotto_span){(const uint8_t *)text, strlen(text)};
}

static void is_text(struct sotto_span found, const char *text)
{
    assert_int_equal(found.len, strlen(text));
    assert_memory_equal(found.at, text, found.len);
    assert_true(found.at >= (const uint8_t *)memory &&
                found.at < (const uint8_t *)memory + CAP);
}

static const struct letter *arrives(enum letter_kind kind)
{
    const struct letter *letter = letter_peek(&box);
    assert_non_null(letter);
    assert_int_equal(letter->kind, kind);
    return letter;
}

static bool is_in_memory(const char *text)
{
    const char *at = (const char *)memory;
    const size_t len = strlen(text);
    for (size_t i = 0; i + len <= CAP; i++) {
        if (memcmp(at + i, text, len) == 0) {
            return true;
        }
    }
    return false;
}

static struct sotto_request passes(const struct sotto_request *request)
{
    struct sotto_request found;
    letter_send_request(&box, seat, request);
    const struct letter *letter = arrives(LETTER_REQUEST);
    assert_int_equal(letter->seat.place, seat.place);
    assert_int_equal(letter->seat.generation, seat.generation);
    letter_read_request(letter, &found);
    assert_int_equal(found.kind, request->kind);
    return found;
}

static void test_letter_carries_posts(void **state)
{
    (void)state;
    char text[] = "a text";
    const struct sotto_request found = passes(&(struct sotto_request){
        .kind = SOTTO_REQUEST_POST,
        .post = {.room = 1, .id = 77, .text = span(text)}});
    memset(text, 'x', sizeof text - 1);
    assert_int_equal(found.post.id, 77);
    is_text(found.post.text, "a text");
    (void)letter_done(&box);
    assert_true(mailbox_is_empty(&box));
}

static void test_letter_carries_other_requests(void **state)
{
    (void)state;
    struct sotto_request found =
        passes(&(struct sotto_request){.kind = SOTTO_REQUEST_LOOKUP,
                                       .name = span("alice")});
    is_text(found.name, "alice");
    (void)letter_done(&box);
    found = passes(&(
        struct sotto_request){.kind = SOTTO_REQUEST_JOIN,
                              .join = {.instance = 5, .room = span("lobby")}});
    assert_int_equal(found.join.instance, 5);
    is_text(found.join.room, "lobby");
    (void)letter_done(&box);
    found = passes(&(struct sotto_request){.kind = SOTTO_REQUEST_FETCH,
                                           .from = 12,
                                           .room_bytes = 800});
    assert_int_equal(found.from, 12);
    assert_int_equal(found.room_bytes, 800);
    (void)letter_done(&box);
}

static void test_letter_carries_what_is_about_devices(void **state)
{
    struct sotto_reply reply;

    (void)state;
    const struct sotto_request found = passes(
        &(struct sotto_request){.kind = SOTTO_REQUEST_DEVICE,
                                .device = {5, span("a code"), span("a key")}});
    assert_int_equal(found.device.type, 5);
    is_text(found.device.body, "a code");
    is_text(found.device.key, "a key");
    (void)letter_done(&box);
    assert_false(is_in_memory("a code"));
    letter_send_reply(&box,
                      &(struct sotto_reply){.kind = SOTTO_REPLY_DEVICE,
                                            .name = span("alice"),
                                            .device = span("laptop"),
                                            .frames = span("some frames")});
    letter_read_reply(arrives(LETTER_REPLY), &reply);
    is_text(reply.name, "alice");
    is_text(reply.device, "laptop");
    is_text(reply.frames, "some frames");
    (void)letter_done(&box);
    const enum sotto_reply_kind kinds[] = {SOTTO_REPLY_TAKEN,
                                           SOTTO_REPLY_PROBLEM};
    for (size_t i = 0; i < 2; i++) {
        letter_send_reply(&box, &(struct sotto_reply){.kind = kinds[i],
                                                      .name = span("alice"),
                                                      .device = span("phone")});
        letter_read_reply(arrives(LETTER_REPLY), &reply);
        is_text(reply.name, "alice");
        is_text(reply.device, "phone");
        (void)letter_done(&box);
    }
}

static void test_letter_does_not_keep_secrets_of_requests(void **state)
{
    (void)state;
    struct sotto_verifier verifier = {.iterations = 3};
    memcpy(verifier.stored_key, "a stored key, 32 bytes of it ...", 32);
    const struct sotto_request login = {.kind = SOTTO_REQUEST_LOGIN,
                                        .proof_ok = true,
                                        .verifier = &verifier};
    struct sotto_request found = passes(&login);
    assert_true(found.proof_ok);
    assert_ptr_not_equal(found.verifier, &verifier);
    assert_memory_equal(found.verifier, &verifier, sizeof verifier);
    (void)letter_done(&box);
    assert_false(is_in_memory("a stored key"));

    found = passes(&(struct sotto_request){.kind = SOTTO_REQUEST_REGISTER,
                                           .account = span("secret code")});
    is_text(found.account, "secret code");
    (void)letter_done(&box);
    assert_false(is_in_memory("secret code"));
}

static struct sotto_reply comes_back(const struct sotto_reply *reply)
{
    struct sotto_reply found;
    letter_send_reply(&box, reply);
    const struct letter *letter = arrives(LETTER_REPLY);
    assert_int_equal(letter->seat.place, reply->seat.place);
    letter_read_reply(letter, &found);
    assert_int_equal(found.kind, reply->kind);
    return found;
}

static void test_letter_carries_replies(void **state)
{
    (void)state;
    struct sotto_reply found =
        comes_back(&(struct sotto_reply){.kind = SOTTO_REPLY_LOGGED_IN,
                                         .seat = seat,
                                         .name = span("alice")});
    is_text(found.name, "alice");
    (void)letter_done(&box);
    found = comes_back(&(struct sotto_reply){.kind = SOTTO_REPLY_PAGE,
                                             .seat = seat,
                                             .frames = span("some frames"),
                                             .next = 44,
                                             .is_last = true});
    is_text(found.frames, "some frames");
    assert_int_equal(found.next, 44);
    (void)letter_done(&box);
    found = comes_back(
        &(struct sotto_reply){.kind = SOTTO_REPLY_JOINED,
                              .seat = seat,
                              .joined = {.name = span("lobby"), .next = 3}});
    is_text(found.joined.name, "lobby");
    (void)letter_done(&box);
    found = comes_back(&(struct sotto_reply){.kind = SOTTO_REPLY_ACK,
                                             .seat = seat,
                                             .ack = {.id = 5, .number = 6}});
    assert_int_equal(found.ack.number, 6);
    (void)letter_done(&box);
}

static void test_letter_does_not_keep_secrets_of_replies(void **state)
{
    (void)state;
    struct sotto_reply reply = {.kind = SOTTO_REPLY_ACCOUNT, .seat = seat};
    memcpy(reply.verifier.server_key, "a server key, 32 bytes of it ...", 32);
    const struct sotto_reply found = comes_back(&reply);
    assert_memory_equal(&found.verifier, &reply.verifier,
                        sizeof reply.verifier);
    (void)letter_done(&box);
    assert_false(is_in_memory("a server key"));
}

static void test_letter_carries_entries_and_streams(void **state)
{
    (void)state;
    struct sotto_feed_item item;
    int stream;
    letter_send_entry(&box, &(struct sotto_feed_item){.number = 8,
                                                      .instance = 9,
                                                      .frame = span("frame")});
    letter_send_stream(&box, seat, (struct port_stream *)(void *)&stream);
    letter_send(&box, &(struct letter){.kind = LETTER_LEAVE, .seat = seat});
    letter_read_entry(arrives(LETTER_ENTRY), &item);
    assert_int_equal(item.number, 8);
    assert_int_equal(item.instance, 9);
    is_text(item.frame, "frame");
    (void)letter_done(&box);
    const struct letter *letter = arrives(LETTER_WELCOME);
    assert_ptr_equal(letter_read_stream(letter), &stream);
    assert_int_equal(letter->seat.generation, seat.generation);
    (void)letter_done(&box);
    assert_int_equal(arrives(LETTER_LEAVE)->seat.place, seat.place);
    (void)letter_done(&box);
    assert_null(letter_peek(&box));
}

/* The longest of each kind takes no more room than is asked for. */
static void test_letter_fits_its_room(void **state)
{
    (void)state;
    static uint8_t frames[SOTTO_HUB_PAGE_MAX];
    const struct sotto_request post = {.kind = SOTTO_REQUEST_POST,
                                       .post = {
                                           .text = {frames, SOTTO_MAX_TEXT}}};
    const struct sotto_reply page = {.kind = SOTTO_REPLY_PAGE,
                                     .frames = {frames, sizeof frames}};
    size_t before = box.head;
    letter_send_request(&box, seat, &post);
    assert_true(box.head - before <= LETTER_ROOM_REQUEST);
    before = box.head;
    letter_send_reply(&box, &page);
    assert_true(box.head - before <= LETTER_ROOM_MAX);
    before = box.head;
    letter_send(&box, &(struct letter){.kind = LETTER_LEAVE});
    assert_true(box.head - before <= LETTER_ROOM_LEAVE);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int test_letter(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_letter_carries_posts),
        TEST(test_letter_carries_what_is_about_devices),
        TEST(test_letter_carries_other_requests),
        TEST(test_letter_does_not_keep_secrets_of_requests),
        TEST(test_letter_carries_replies),
        TEST(test_letter_does_not_keep_secrets_of_replies),
        TEST(test_letter_carries_entries_and_streams),
        TEST(test_letter_fits_its_room)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
