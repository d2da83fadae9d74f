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
 * Reads JSON into *ret, a zeroed value of the type, with strings and lists in
 * the arena.  Strict RFC 8259, duplicate keys rejected, integers exact, depth
 * at most 64, unknown fields ignored, absent optional fields none.
 * DTF_EPAYLOAD names the path: `order.items[3].qty: expected int, got "x"`;
 * `root` is what the path starts with ("order" or "" for none).
 */
int dtf__decode(struct arena *arena, const struct dtf_type *type, const char *root,
	struct slice json, void *ret);

/* Deep copy into an arena; false when memory is exhausted. */
bool dtf__copy(struct arena *arena, const struct dtf_type *type, const void *value, void *ret);

/* A hash of the type's content: kinds, field and member names, nested types;
 * not of C layout.  Recursive types (through lists) are fine.  0: memory is
 * exhausted. */
uint64_t dtf__type_hash(const struct dtf_type *type);

/* An error as it is recorded: {"name":…,"message":…,…}, absent parts left out. */
void dtf__failure_encode(struct buf *buf, const struct dtf_failure *failure);
int dtf__failure_decode(struct arena *arena, struct slice json, struct dtf_failure *ret);

#endif
