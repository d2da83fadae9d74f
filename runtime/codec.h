/*
 * Values to canonical JSON and back, by type tables.
 *
 * Canonical: record fields in declared order with `none` left out (null
 * elsewhere), map and json keys in byte order, shortest floats that read back,
 * no white space.  Equal values give equal bytes: hashes are taken of them.
 * Strings are valid UTF-8 without U+0000; a NULL string is "".
 */
#ifndef DTF_CODEC_H
#define DTF_CODEC_H

#include <dtf/abi.h>

#include "arena.h"
#include "buf.h"

/* The value cannot be written: a float that is not finite. */
#define CODEC_OVERFLOW 1
/* The value cannot be written: a string that is no UTF-8, an enum out of range. */
#define CODEC_BAD_VALUE 2

/*
 * Appends the value.  0, CODEC_OVERFLOW or CODEC_BAD_VALUE (with the path in
 * dtf_errmsg()), DTF_ENOMEM.
 */
int dtf__encode(struct buf *buf, const struct dtf_type *type, const void *value);

/*
 * Reads JSON into *ret, with strings and lists in the arena; after an error it
 * is a zero value.  Strict RFC 8259, duplicate keys rejected, integers exact, depth
 * at most 64, unknown fields ignored, absent optional fields none.
 * DTF_EPAYLOAD names the path: `order.items[3].qty: expected int, got "x"`;
 * `root` is what the path starts with ("order" or "" for none).
 */
int dtf__decode(struct arena *arena, const struct dtf_type *type, const char *root,
	struct slice json, void *ret);

/* The same for text as the encoder writes it, fast; CODEC_NOT_PLAIN: for the other. */
#define CODEC_NOT_PLAIN 3
int dtf__decode_plain(
	struct arena *arena, const struct dtf_type *type, struct slice text, void *ret);
/* The same for all of JSON. */
int dtf__decode_any(struct arena *arena, const struct dtf_type *type, const char *root,
	struct slice json, void *ret);

/* Deep copy into an arena; false when memory is exhausted, or the value nests
 * deeper than a C stack can be trusted with. */
bool dtf__copy(struct arena *arena, const struct dtf_type *type, const void *value, void *ret);

/* Does a value of it have values of other types in it, as JSON a level of their own? */
static inline bool dtf__nests(const struct dtf_type *type) {
	return type->kind == DTF_KIND_LIST || type->kind == DTF_KIND_MAP ||
		type->kind == DTF_KIND_RECORD || type->kind == DTF_KIND_TUPLE;
}

/*
 * The order of values: negative, 0 or positive as a is before b.  Numbers by
 * size, strings and bytes by bytes, enums by position, none before any value,
 * lists and records element by element, maps as their sorted entries.
 * COMPARE_TOO_DEEP: they nest deeper than a C stack can be trusted with.
 */
#define COMPARE_DEPTH_MAX 1000
#define COMPARE_TOO_DEEP  2
int dtf__compare(const struct dtf_type *type, const void *a, const void *b);

/* A hash of the type's content: kinds, field and member names, nested types;
 * not of C layout.  Recursive types are fine.  0: memory is exhausted. */
uint64_t dtf__type_hash(const struct dtf_type *type);

/* An error as it is recorded: {"name":…,"message":…,…}, absent parts left out. */
void dtf__failure_encode(struct buf *buf, const struct dtf_failure *failure);
int dtf__failure_decode(struct arena *arena, struct slice json, struct dtf_failure *ret);

#endif
