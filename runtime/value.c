/*
 * Expressions have no way to fail half-way: a fault sticks to the strand and
 * the expression goes on with some value until generated code asks.  So what is
 * handed out here is always safe to read.  When memory is exhausted that is one
 * shared block of zeros: the turn is lost then, whatever is computed of it.
 */
#include "value.h"

#include <stdint.h>
#include <stdlib.h>

#include "codec.h"
#include "error.h"

#define ZEROS_MAX ((size_t)64 * 1024)

/* As a list its header says that nothing is used: it never grows in place. */
static struct {
	struct list_header header;
	char bytes[ZEROS_MAX];
} zeros;

/*
 * Not dtf__ctx_alloc: its spare block would be shared by all that is asked for
 * afterwards, and a text written there is not the list that stood there before.
 */
static void *take(struct dtf_ctx *ctx, size_t size) {
	void *memory = dtf__arena_alloc(dtf__ctx_arena(ctx), size);
	if (memory == NULL) {
		dtf__ctx_exhausted(ctx);
	}
	return memory;
}

static void fault_too_large(struct dtf_ctx *ctx) {
	dtf__ctx_fault(ctx, &dtf_payload_too_large, "a value of more than %zu bytes", VALUE_MAX);
}

char *dtf__value_text(struct dtf_ctx *ctx, size_t size) {
	if (size > VALUE_MAX) {
		fault_too_large(ctx);
		return NULL;
	}
	return take(ctx, size + 1);
}

const char *dtf__value_copy(struct dtf_ctx *ctx, const void *bytes, size_t size) {
	char *text = dtf__value_text(ctx, size);
	if (text == NULL) {
		return "";
	}
	if (size > 0) {
		memcpy(text, bytes, size);
	}
	return text;
}

void *dtf__value_items(struct dtf_ctx *ctx, size_t size, size_t count, size_t capacity) {
	size_t max = size == 0 ? SIZE_MAX : VALUE_MAX / size;
	if (count > max) {
		fault_too_large(ctx);
		max = count;
	}
	capacity = capacity < count ? count : capacity > max ? max : capacity;
	struct list_header *header = NULL;
	if (size == 0 || capacity < (SIZE_MAX / 4) / size) {
		header = take(ctx, dtf__list_size(size, capacity));
	} else {
		dtf__ctx_exhausted(ctx);
	}
	if (header == NULL) {
		return NULL;
	}
	header->used = count;
	header->capacity = capacity;
	return header + 1;
}

const void *dtf__value_or_zeros(const void *items, size_t size, size_t count) {
	if (items == NULL && (size == 0 || count <= ZEROS_MAX / size)) {
		return zeros.bytes;
	}
	return items;
}

bool dtf__value_is_zeros(const void *items) {
	return items == zeros.bytes;
}

const void *dtf__value_zero(struct dtf_ctx *ctx, size_t size) {
	if (size <= ZEROS_MAX) {
		return zeros.bytes;
	}
	const void *zero = take(ctx, size);
	dtf__assert(zero != NULL); /* a value so large, and memory exhausted: nothing to hand out */
	return zero;
}

const void *dtf_some(struct dtf_ctx *ctx, size_t size, const void *value) {
	void *copy = take(ctx, size);
	if (copy == NULL) {
		return dtf__value_zero(ctx, size);
	}
	memcpy(copy, value, size);
	return copy;
}

int dtf__value_compare(
	struct dtf_ctx *ctx, const struct dtf_type *type, const void *a, const void *b) {
	int result = dtf__compare(type, a, b);
	if (result == COMPARE_TOO_DEEP) {
		dtf__ctx_fault(ctx, &dtf_bad_value,
			"values nested deeper than %d levels cannot be compared",
			COMPARE_DEPTH_MAX);
	}
	return result;
}

bool dtf_equal(struct dtf_ctx *ctx, const struct dtf_type *type, const void *a, const void *b) {
	return dtf__value_compare(ctx, type, a, b) == 0;
}

static void merge(const void **ret, const void *const *a, size_t na, const void *const *b,
	size_t nb, int (*compare)(const void *arg, const void *a, const void *b), const void *arg) {
	while (na > 0 && nb > 0) {
		if (compare(arg, *b, *a) < 0) {
			*ret++ = *b++;
			nb--;
		} else {
			*ret++ = *a++;
			na--;
		}
	}
	for (; na > 0; na--) {
		*ret++ = *a++;
	}
	for (; nb > 0; nb--) {
		*ret++ = *b++;
	}
}

void dtf__value_sort(const void **values, const void **scratch, size_t count,
	int (*compare)(const void *arg, const void *a, const void *b), const void *arg) {
	const void **from = values, **to = scratch;
	for (size_t width = 1; width < count; width *= 2) {
		for (size_t at = 0; at < count; at += 2 * width) {
			size_t left = count - at;
			size_t na = left < width ? left : width;
			size_t nb = left - na < width ? left - na : width;
			merge(to + at, from + at, na, from + at + na, nb, compare, arg);
		}
		const void **swap = from;
		from = to;
		to = swap;
	}
	if (from != values && count > 0) {
		memcpy(values, from, count * sizeof(*values));
	}
}

const void **dtf__value_pointers(
	struct dtf_ctx *ctx, size_t size, const void *items, size_t count) {
	const void **pointers = NULL;
	if (count < SIZE_MAX / 4 / sizeof(*pointers)) {
		pointers = malloc((2 * count + 1) * sizeof(*pointers));
	}
	if (pointers == NULL) {
		dtf__ctx_exhausted(ctx);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		pointers[i] = (const char *)items + i * size;
	}
	return pointers;
}
