/* Memory for the values that expressions make, and what several of them need. */
#ifndef DTF_VALUE_H
#define DTF_VALUE_H

#include "ctx.h"
#include "list.h"

/*
 * Room for a text of `size` bytes and its NUL.  NULL after a fault: over
 * VALUE_MAX, or memory is exhausted; the caller gives "" then.
 */
char *dtf__value_text(struct dtf_ctx *ctx, size_t size);
const char *dtf__value_copy(struct dtf_ctx *ctx, const void *bytes, size_t size); /* never NULL */

/*
 * Room for `count` zeroed items, with capacity for more.  Over VALUE_MAX it is a
 * fault, but they are there all the same: generated code may look at them before
 * it asks.  NULL: memory is exhausted; dtf__value_or_zeros then gives something
 * to look at (NULL for a large list).
 */
void *dtf__value_items(struct dtf_ctx *ctx, size_t size, size_t count, size_t capacity);
const void *dtf__value_or_zeros(const void *items, size_t size, size_t count);
/* Is this what dtf__value_or_zeros gave?  Never write there. */
bool dtf__value_is_zeros(const void *items);

/* A zero value of any size. */
const void *dtf__value_zero(struct dtf_ctx *ctx, size_t size);

/* As dtf__compare; what nests too deeply is a fault, and they differ. */
int dtf__value_compare(
	struct dtf_ctx *ctx, const struct dtf_type *type, const void *a, const void *b);

/* Sorts pointers to values, stably; scratch has as much room.  Negative: a before b. */
void dtf__value_sort(const void **values, const void **scratch, size_t count,
	int (*compare)(const void *arg, const void *a, const void *b), const void *arg);
/* Pointers to the elements and as many more for scratch, to be freed.  NULL:
 * memory is exhausted, and that has been said. */
const void **dtf__value_pointers(struct dtf_ctx *ctx, size_t size, const void *items, size_t count);

#endif
