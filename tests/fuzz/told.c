#include "told.h"

#include "choices.h"
#include "core/chat/message_devices.h"

static void check_welcome(struct told *told)
{
    must(!told->is_welcome);
    told->is_welcome = true;
}

static void check_joined(struct told *told, const struct sotto_joined *joined)
{
    must(told->is_welcome && !told->is_in);
    told->is_in = true;
    told->heard = joined->first - 1;
}

static void check_entry(struct told *told, const struct sotto_entry *entry)
{
    must(told->is_in && entry->number > told->heard);
    told->heard = entry->number;
}

static void check_caught_up(struct told *told)
{
    must(told->is_in && !told->is_caught_up);
    told->is_caught_up = true;
}

void told_check(struct told *told, const struct sotto_frame *frame)
{
    union {
        struct sotto_welcome welcome;
        struct sotto_error error;
        struct sotto_joined joined;
        struct sotto_entry entry;
        struct sotto_ack ack;
        struct sotto_present present;
        struct sotto_enrolled enrolled;
        uint16_t room;
    } m;
    enum sotto_err err = SOTTO_OK;
    switch (frame->type) {
    case SOTTO_MSG_WELCOME:
        err = sotto_welcome_decode(&m.welcome, frame->body, frame->len);
        check_welcome(told);
        break;
    case SOTTO_MSG_ERROR:
        err = sotto_error_decode(&m.error, frame->body, frame->len);
        break;
    case SOTTO_MSG_JOINED:
        err = sotto_joined_decode(&m.joined, frame->body, frame->len);
        check_joined(told, &m.joined);
        break;
    case SOTTO_MSG_MESSAGE:
    case SOTTO_MSG_ENTERED:
    case SOTTO_MSG_LEFT:
        err =
            sotto_entry_decode(&m.entry, frame->type, frame->body, frame->len);
        check_entry(told, &m.entry);
        break;
    case SOTTO_MSG_CAUGHT_UP:
        err = sotto_room_decode(&m.room, frame->body, frame->len);
        check_caught_up(told);
        break;
    case SOTTO_MSG_ACK:
        err = sotto_ack_decode(&m.ack, frame->body, frame->len);
        break;
    case SOTTO_MSG_PRESENT:
        err = sotto_present_decode(&m.present, frame->body, frame->len);
        break;
    case SOTTO_MSG_ENROLLED:
        err = sotto_enrolled_decode(&m.enrolled, frame->body, frame->len);
        break;
    case SOTTO_MSG_DEVICE_LIST:
        err = sotto_device_list_check(frame->body, frame->len);
        break;
    default:
        must(frame->type == SOTTO_MSG_AUTH || frame->type == SOTTO_MSG_PONG ||
             frame->type == SOTTO_MSG_REGISTERED ||
             frame->type == SOTTO_MSG_DONE);
        break;
    }
    must(err == SOTTO_OK);
}
