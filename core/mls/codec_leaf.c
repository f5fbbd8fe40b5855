/*
 * codec_leaf.c - credentials (RFC 9420 5.3), leaf nodes (7.2), key packages
 * (10), extensions (13).
 */
#include "core/mls/codec_inner.h"
#include <string.h>

/* ---------------------------------------------------------------- vectors */

struct sotto_reader sotto_mls_items(struct sotto_span vector)
{
    struct sotto_reader items;

    sotto_reader_init(&items, vector.at, vector.len);
    return items;
}

bool sotto_mls_same(struct sotto_span a, struct sotto_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

void sotto_mls_write_span(struct sotto_writer *w, struct sotto_span span)
{
    sotto_write_vector(w, span.at, span.len);
}

struct sotto_span sotto_mls_read_opaque(struct sotto_reader *r)
{
    return sotto_read_vector(r, 0, SOTTO_VARINT_MAX);
}

bool sotto_mls_read_present(struct sotto_reader *r)
{
    uint8_t present = sotto_read_u8(r);

    if (present > 1) {
        sotto_reader_fail(r);
    }
    return present == 1;
}

struct sotto_span sotto_mls_read_since(const struct sotto_reader *r,
                                       const uint8_t *start)
{
    struct sotto_span span = {NULL, 0};

    if (!r->bad) {
        span.at = start;
        span.len = (size_t)(r->at - start);
    }
    return span;
}

void sotto_mls_read_items_done(struct sotto_reader *r,
                               const struct sotto_reader *items)
{
    if (items->bad) {
        sotto_reader_fail(r);
    }
}

struct sotto_span sotto_mls_read_list(struct sotto_reader *r)
{
    struct sotto_span list = sotto_mls_read_opaque(r);

    if (list.len % 2 != 0) {
        sotto_reader_fail(r);
    }
    return list;
}

bool sotto_mls_list_has(struct sotto_span list, uint16_t value)
{
    struct sotto_reader items = sotto_mls_items(list);

    while (items.left > 0 && !items.bad) {
        if (sotto_read_u16(&items) == value) {
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------- credential */

/* `Certificate certificates<V>`: each is `opaque cert_data<V>`, not empty. */
static void check_certificates(struct sotto_reader *r, struct sotto_span chain)
{
    struct sotto_reader items = sotto_mls_items(chain);

    while (items.left > 0 && !items.bad) {
        (void)sotto_mls_read_opaque(&items);
    }
    sotto_mls_read_items_done(r, &items);
}

void sotto_mls_read_credential(struct sotto_reader *r,
                               struct sotto_mls_credential *out)
{
    out->type = sotto_read_u16(r);
    out->body = sotto_mls_read_opaque(r);
    if (out->type == SOTTO_MLS_CREDENTIAL_X509) {
        check_certificates(r, out->body);
    } else if (out->type != SOTTO_MLS_CREDENTIAL_BASIC) {
        sotto_reader_fail(r);
    }
}

void sotto_mls_write_credential(struct sotto_writer *w,
                                const struct sotto_mls_credential *in)
{
    sotto_write_u16(w, in->type);
    sotto_mls_write_span(w, in->body);
}

/* -------------------------------------------------------------- extensions */

void sotto_mls_read_extension(struct sotto_reader *r,
                              struct sotto_mls_extension *out)
{
    out->type = sotto_read_u16(r);
    out->data = sotto_mls_read_opaque(r);
}

void sotto_mls_write_extension(struct sotto_writer *w,
                               const struct sotto_mls_extension *in)
{
    sotto_write_u16(w, in->type);
    sotto_mls_write_span(w, in->data);
}

struct sotto_span sotto_mls_read_extensions(struct sotto_reader *r)
{
    struct sotto_span list = sotto_mls_read_opaque(r);
    struct sotto_reader items = sotto_mls_items(list);
    struct sotto_mls_extension extension;
    struct sotto_span earlier = {list.at, 0};
    struct sotto_span data;
    size_t count = 0;

    while (items.left > 0 && !items.bad) {
        earlier.len = list.len - items.left;
        sotto_mls_read_extension(&items, &extension);
        /* Each type once (13.4). The count bounds the work. */
        if (++count > SOTTO_MLS_MAX_EXTENSIONS ||
            sotto_mls_find_extension(earlier, extension.type, &data)) {
            sotto_reader_fail(&items);
        }
    }
    sotto_mls_read_items_done(r, &items);
    return list;
}

bool sotto_mls_find_extension(struct sotto_span extensions, uint16_t type,
                              struct sotto_span *data)
{
    struct sotto_reader items = sotto_mls_items(extensions);
    struct sotto_mls_extension extension;

    while (items.left > 0 && !items.bad) {
        sotto_mls_read_extension(&items, &extension);
        if (extension.type == type && !items.bad) {
            *data = extension.data;
            return true;
        }
    }
    return false;
}

/* --------------------------------------------------------------- leaf node */

static void read_capabilities(struct sotto_reader *r,
                              struct sotto_mls_capabilities *out)
{
    out->versions = sotto_mls_read_list(r);
    out->cipher_suites = sotto_mls_read_list(r);
    out->extensions = sotto_mls_read_list(r);
    out->proposals = sotto_mls_read_list(r);
    out->credentials = sotto_mls_read_list(r);
}

static void write_capabilities(struct sotto_writer *w,
                               const struct sotto_mls_capabilities *in)
{
    sotto_mls_write_span(w, in->versions);
    sotto_mls_write_span(w, in->cipher_suites);
    sotto_mls_write_span(w, in->extensions);
    sotto_mls_write_span(w, in->proposals);
    sotto_mls_write_span(w, in->credentials);
}

/* leaf_node_source and what it selects. */
static void read_source(struct sotto_reader *r, struct sotto_mls_leaf_node *out)
{
    out->source = sotto_read_u8(r);
    out->lifetime = (struct sotto_mls_lifetime){0, 0};
    out->parent_hash = (struct sotto_span){NULL, 0};
    if (out->source == SOTTO_MLS_LEAF_KEY_PACKAGE) {
        out->lifetime.not_before = sotto_read_u64(r);
        out->lifetime.not_after = sotto_read_u64(r);
    } else if (out->source == SOTTO_MLS_LEAF_COMMIT) {
        out->parent_hash = sotto_mls_read_opaque(r);
    } else if (out->source != SOTTO_MLS_LEAF_UPDATE) {
        sotto_reader_fail(r);
    }
}

void sotto_mls_read_leaf_node(struct sotto_reader *r,
                              struct sotto_mls_leaf_node *out)
{
    const uint8_t *start = r->at;

    out->encryption_key = sotto_mls_read_opaque(r);
    out->signature_key = sotto_mls_read_opaque(r);
    sotto_mls_read_credential(r, &out->credential);
    read_capabilities(r, &out->capabilities);
    read_source(r, out);
    out->extensions = sotto_mls_read_extensions(r);
    out->tbs = sotto_mls_read_since(r, start);
    out->signature = sotto_mls_read_opaque(r);
    out->raw = sotto_mls_read_since(r, start);
}

void sotto_mls_write_leaf_node_tbs(struct sotto_writer *w,
                                   const struct sotto_mls_leaf_node *in)
{
    sotto_mls_write_span(w, in->encryption_key);
    sotto_mls_write_span(w, in->signature_key);
    sotto_mls_write_credential(w, &in->credential);
    write_capabilities(w, &in->capabilities);
    sotto_write_u8(w, in->source);
    if (in->source == SOTTO_MLS_LEAF_KEY_PACKAGE) {
        sotto_write_u64(w, in->lifetime.not_before);
        sotto_write_u64(w, in->lifetime.not_after);
    } else if (in->source == SOTTO_MLS_LEAF_COMMIT) {
        sotto_mls_write_span(w, in->parent_hash);
    }
    sotto_mls_write_span(w, in->extensions);
}

void sotto_mls_write_leaf_node(struct sotto_writer *w,
                               const struct sotto_mls_leaf_node *in)
{
    sotto_mls_write_leaf_node_tbs(w, in);
    sotto_mls_write_span(w, in->signature);
}

/* ------------------------------------------------------------- key package */

void sotto_mls_read_key_package(struct sotto_reader *r,
                                struct sotto_mls_key_package *out)
{
    const uint8_t *start = r->at;

    out->version = sotto_read_u16(r);
    out->cipher_suite = sotto_read_u16(r);
    out->init_key = sotto_mls_read_opaque(r);
    sotto_mls_read_leaf_node(r, &out->leaf_node);
    out->extensions = sotto_mls_read_extensions(r);
    out->tbs = sotto_mls_read_since(r, start);
    out->signature = sotto_mls_read_opaque(r);
    out->raw = sotto_mls_read_since(r, start);
}

void sotto_mls_write_key_package_tbs(struct sotto_writer *w,
                                     const struct sotto_mls_key_package *in)
{
    sotto_write_u16(w, in->version);
    sotto_write_u16(w, in->cipher_suite);
    sotto_mls_write_span(w, in->init_key);
    sotto_mls_write_leaf_node(w, &in->leaf_node);
    sotto_mls_write_span(w, in->extensions);
}

void sotto_mls_write_key_package(struct sotto_writer *w,
                                 const struct sotto_mls_key_package *in)
{
    sotto_mls_write_key_package_tbs(w, in);
    sotto_mls_write_span(w, in->signature);
}
