/*
 * extensions.c - the extensions of a GroupContext that RFC 9420 defines:
 * required_capabilities (11.1) and external_senders (12.1.8.1); and what holds
 * for all of them (13.4, 13.5).
 */
#include "core/mls/codec.h"
#include "core/mls/group.h"

static const struct sotto_span none = {NULL, 0};

static struct sotto_span find(struct sotto_span extensions, uint16_t type)
{
    struct sotto_span data = none;

    (void)sotto_mls_find_extension(extensions, type, &data);
    return data;
}

/* ----------------------------------------------------------------- checking */

/* No client may say in earnest that it knows a type of GREASE, so no group can
 * use one. */
static bool has_grease(struct sotto_span extensions)
{
    struct sotto_reader items = sotto_mls_items(extensions);
    struct sotto_mls_extension one;

    while (items.left > 0) {
        sotto_mls_read_extension(&items, &one);
        if (sotto_mls_is_grease(one.type)) {
            return true;
        }
    }
    return false;
}

static bool is_required_good(struct sotto_span extensions)
{
    struct sotto_mls_required_capabilities required;
    struct sotto_span data;
    struct sotto_reader r;

    if (!sotto_mls_find_extension(extensions,
                                  SOTTO_MLS_EXTENSION_REQUIRED_CAPABILITIES,
                                  &data)) {
        return true;
    }
    r = sotto_mls_items(data);
    sotto_mls_read_required_capabilities(&r, &required);
    return sotto_reader_finish(&r) == SOTTO_OK;
}

/* The items of external_senders; bad when they cannot be read. */
static struct sotto_reader read_senders(struct sotto_span extensions)
{
    struct sotto_reader r =
        sotto_mls_items(find(extensions, SOTTO_MLS_EXTENSION_EXTERNAL_SENDERS));
    struct sotto_reader items = r;

    if (r.left > 0) {
        items = sotto_mls_items(sotto_read_vector(&r, 0, SOTTO_VARINT_MAX));
        if (sotto_reader_finish(&r) != SOTTO_OK) {
            sotto_reader_fail(&items);
        }
    }
    return items;
}

/* Each sender is somebody new to ask about (5.3.1). */
static enum sotto_err check_senders(const struct sotto_mls_suite *suite,
                                    const struct sotto_mls_client *client,
                                    struct sotto_span extensions)
{
    struct sotto_reader items = read_senders(extensions);
    struct sotto_mls_external_sender sender;
    enum sotto_err err = items.bad ? SOTTO_ERR_FORMAT : SOTTO_OK;

    while (items.left > 0 && err == SOTTO_OK) {
        sotto_mls_read_external_sender(&items, &sender);
        if (items.bad ||
            sender.signature_key.len != suite->signature_public_len) {
            err = SOTTO_ERR_FORMAT;
        } else if (client->credential != NULL) {
            err = client->credential(client->ctx, &sender.credential,
                                     sender.signature_key, NULL);
        }
    }
    return err;
}

enum sotto_err sotto_mls_extensions_check(const struct sotto_mls_suite *suite,
                                          const struct sotto_mls_client *client,
                                          struct sotto_span extensions,
                                          struct sotto_span old)
{
    struct sotto_span before = find(old, SOTTO_MLS_EXTENSION_EXTERNAL_SENDERS);
    struct sotto_span now =
        find(extensions, SOTTO_MLS_EXTENSION_EXTERNAL_SENDERS);

    if (has_grease(extensions) || !is_required_good(extensions)) {
        return SOTTO_ERR_FORMAT;
    }
    return now.len > 0 && sotto_mls_same(before, now)
               ? SOTTO_OK
               : check_senders(suite, client, extensions);
}

struct sotto_span sotto_mls_external_key(struct sotto_span extensions,
                                         uint32_t index)
{
    struct sotto_reader items = read_senders(extensions);
    struct sotto_mls_external_sender sender = {.signature_key = none};

    for (uint32_t i = 0; i <= index; i++) {
        if (items.left == 0 || items.bad) {
            return none;
        }
        sotto_mls_read_external_sender(&items, &sender);
    }
    return items.bad ? none : sender.signature_key;
}

/* ------------------------------------------------------------------ writing */

/* Writes behind what the buffer has. */
static struct sotto_writer begin(const struct sotto_mls_buffer *out)
{
    struct sotto_writer w;

    sotto_writer_init(&w, out->at, out->cap);
    w.len = out->len;
    return w;
}

enum sotto_err sotto_mls_write_required(
    const struct sotto_mls_required_capabilities *required,
    struct sotto_mls_buffer *out)
{
    struct sotto_writer w = begin(out);
    const struct sotto_span lists[] = {required->extensions,
                                       required->proposals,
                                       required->credentials};
    size_t len = 0;

    for (size_t i = 0; i < 3; i++) {
        len += sotto_vector_len(lists[i].len);
    }
    sotto_write_u16(&w, SOTTO_MLS_EXTENSION_REQUIRED_CAPABILITIES);
    sotto_write_varint(&w, len);
    sotto_mls_write_required_capabilities(&w, required);
    return sotto_writer_finish(&w, &out->len);
}

static size_t sender_len(const struct sotto_mls_external_sender *sender)
{
    return sotto_vector_len(sender->signature_key.len) + 2 +
           sotto_vector_len(sender->credential.body.len);
}

enum sotto_err sotto_mls_write_external_senders(
    const struct sotto_mls_external_sender *senders, size_t count,
    struct sotto_mls_buffer *out)
{
    struct sotto_writer w = begin(out);
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        len += sender_len(&senders[i]);
    }
    sotto_write_u16(&w, SOTTO_MLS_EXTENSION_EXTERNAL_SENDERS);
    sotto_write_varint(&w, sotto_vector_len(len));
    sotto_write_varint(&w, len);
    for (size_t i = 0; i < count; i++) {
        sotto_mls_write_external_sender(&w, &senders[i]);
    }
    return sotto_writer_finish(&w, &out->len);
}
