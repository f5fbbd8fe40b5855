/*
 * vectors_mls_codec.c - deserialization.json and messages.json: each value is
 * decoded and encoded again, and the bytes must be the same.
 */
#include "core/mls/codec.h"
#include "tests/vectors/vectors_mls.h"

bool vectors_mls_deserialization(struct vectors *v, const cJSON *test)
{
    struct sotto_span in = vectors_mls_span(v, test, "vlbytes_header");
    uint64_t expected = vectors_number(v, test, "length");
    struct sotto_reader r;
    uint8_t out[4];
    struct sotto_writer w;

    sotto_reader_init(&r, in.at, in.len);
    uint32_t got = sotto_read_varint(&r);
    if (sotto_reader_finish(&r) != SOTTO_OK || got != expected) {
        vectors_note(v, "the length is %u", (unsigned)got);
        return false;
    }
    sotto_writer_init(&w, out, sizeof out);
    sotto_write_varint(&w, got);
    return vectors_same(v, "vlbytes_header", out, w.len,
                        vectors_hex(v, test, "vlbytes_header"));
}

/* ---------------------------------------------------------------- messages */

/* One function for each field: reads a value and writes it again. */
typedef void recode(struct sotto_reader *r, struct sotto_writer *w);

static void recode_message(struct sotto_reader *r, struct sotto_writer *w)
{
    struct sotto_mls_message message;

    sotto_mls_read_message(r, &message);
    if (!r->bad) {
        sotto_mls_write_message(w, &message);
    }
}

static void recode_group_secrets(struct sotto_reader *r, struct sotto_writer *w)
{
    struct sotto_mls_group_secrets secrets;

    sotto_mls_read_group_secrets(r, &secrets);
    if (!r->bad) {
        sotto_mls_write_group_secrets(w, &secrets);
    }
}

static void recode_commit(struct sotto_reader *r, struct sotto_writer *w)
{
    struct sotto_mls_commit commit;

    sotto_mls_read_commit(r, &commit);
    if (!r->bad) {
        sotto_mls_write_commit(w, &commit);
    }
}

static void recode_proposal(struct sotto_reader *r, struct sotto_writer *w,
                            uint16_t type)
{
    struct sotto_mls_proposal proposal = {.type = type};

    sotto_mls_read_proposal_body(r, &proposal);
    if (!r->bad) {
        sotto_mls_write_proposal_body(w, &proposal);
    }
}

static void recode_add(struct sotto_reader *r, struct sotto_writer *w)
{
    recode_proposal(r, w, SOTTO_MLS_PROPOSAL_ADD);
}

static void recode_update(struct sotto_reader *r, struct sotto_writer *w)
{
    recode_proposal(r, w, SOTTO_MLS_PROPOSAL_UPDATE);
}

static void recode_remove(struct sotto_reader *r, struct sotto_writer *w)
{
    recode_proposal(r, w, SOTTO_MLS_PROPOSAL_REMOVE);
}

static void recode_psk(struct sotto_reader *r, struct sotto_writer *w)
{
    recode_proposal(r, w, SOTTO_MLS_PROPOSAL_PSK);
}

static void recode_reinit(struct sotto_reader *r, struct sotto_writer *w)
{
    recode_proposal(r, w, SOTTO_MLS_PROPOSAL_REINIT);
}

static void recode_external_init(struct sotto_reader *r, struct sotto_writer *w)
{
    recode_proposal(r, w, SOTTO_MLS_PROPOSAL_EXTERNAL_INIT);
}

static void recode_extensions(struct sotto_reader *r, struct sotto_writer *w)
{
    recode_proposal(r, w, SOTTO_MLS_PROPOSAL_EXTENSIONS);
}

static const struct field {
    const char *name;
    recode *recode;
} fields[] = {
    {"mls_welcome", recode_message},
    {"mls_group_info", recode_message},
    {"mls_key_package", recode_message},
    {"group_secrets", recode_group_secrets},
    {"add_proposal", recode_add},
    {"update_proposal", recode_update},
    {"remove_proposal", recode_remove},
    {"pre_shared_key_proposal", recode_psk},
    {"re_init_proposal", recode_reinit},
    {"external_init_proposal", recode_external_init},
    {"group_context_extensions_proposal", recode_extensions},
    {"commit", recode_commit},
    {"public_message_application", recode_message},
    {"public_message_proposal", recode_message},
    {"public_message_commit", recode_message},
    {"private_message", recode_message},
};

static bool run_field(struct vectors *v, const struct field *field,
                      struct vectors_bytes in)
{
    struct vectors_bytes out = vectors_buffer(v, in.len);
    struct sotto_reader r;
    struct sotto_writer w;

    sotto_reader_init(&r, in.at, in.len);
    sotto_writer_init(&w, out.at, out.len);
    field->recode(&r, &w);
    if (sotto_reader_finish(&r) != SOTTO_OK || w.bad) {
        vectors_note(v, "%s is not read", field->name);
        return false;
    }
    return vectors_same(v, field->name, out.at, w.len, in);
}

bool vectors_mls_messages(struct vectors *v, const cJSON *test)
{
    bool passed = true;

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        struct vectors_bytes in = vectors_hex(v, test, fields[i].name);

        passed = run_field(v, &fields[i], in) && passed;
    }
    return vectors_mls_recode_tree(v, vectors_hex(v, test, "ratchet_tree")) &&
           passed;
}
