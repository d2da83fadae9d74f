/*
 * Lists.  A list is a value: nobody sees another's change.  Yet a loop that
 * appends must not copy all of it each time.  The block in which items lie
 * knows how many of them are in use (list.h); whoever holds the list that ends
 * exactly there may append in place, since shorter lists in the same block do
 * not reach what is added.  Anyone else gets a copy, with room to grow.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "value.h"

#define GROWTH_MIN 8

static void copy_items(void *ret, size_t at, size_t size, const void *items, size_t count) {
	if (ret != NULL && items != NULL && size > 0 && count > 0) {
		memcpy((char *)ret + at * size, items, count * size);
	}
}

const void *dtf_items(struct dtf_ctx *ctx, size_t size, size_t count, const void *items) {
	if (count == 0) {
		return NULL;
	}
	void *copy = dtf__value_items(ctx, size, count, count);
	copy_items(copy, 0, size, items, count);
	return dtf__value_or_zeros(copy, size, count);
}

/* It is our memory, handed out as const. */
static void *writable(const void *items) {
	void *ret;
	memcpy(&ret, &items, sizeof(ret));
	return ret;
}

/* The block's items, to write behind the used ones; NULL when they are not its last. */
static void *room_after(size_t na, const void *a, size_t nb) {
	void *items = writable(a);
	struct list_header *header = dtf__list_header(items);
	if (header->used != na || header->capacity - na < nb) {
		return NULL;
	}
	header->used += nb;
	return items;
}

const void *dtf_items_concat(
	struct dtf_ctx *ctx, size_t size, const void *a, size_t na, const void *b, size_t nb) {
	if (nb == 0) {
		return a;
	}
	size_t count;
	if (__builtin_add_overflow(na, nb, &count)) {
		count = SIZE_MAX; /* cannot be had: exhausted */
	}
	void *items = na > 0 && a != NULL ? room_after(na, a, nb) : NULL;
	if (items == NULL) {
		size_t capacity = count > SIZE_MAX / 2 ? count : count * 2;
		capacity = capacity < GROWTH_MIN ? GROWTH_MIN : capacity;
		items = dtf__value_items(ctx, size, count, capacity);
		copy_items(items, 0, size, a, na);
	}
	copy_items(items, na, size, b, nb);
	return dtf__value_or_zeros(items, size, count);
}

void *dtf_items_writable(struct dtf_ctx *ctx, size_t size, const void *items, size_t count) {
	static char lost[64 * 1024]; /* written, never read: the turn is lost */
	void *copy = dtf__value_items(ctx, size, count, count);
	if (copy == NULL) {
		return dtf__value_is_zeros(items) ? lost : writable(items);
	}
	copy_items(copy, 0, size, items, count);
	return copy;
}

bool dtf_index_ok(struct dtf_ctx *ctx, size_t count, int64_t index) {
	if (index < 0 || (uint64_t)index >= count) {
		dtf__ctx_fault(ctx, &dtf_out_of_range, "element %" PRId64 " of a list of %zu",
			index, count);
		return false;
	}
	return true;
}

const void *dtf_at(
	struct dtf_ctx *ctx, size_t size, const void *items, size_t count, int64_t index) {
	if (!dtf_index_ok(ctx, count, index) || items == NULL) {
		return dtf__value_zero(ctx, size);
	}
	return (const char *)items + (size_t)index * size;
}

struct dtf_int_opt dtf_items_find(struct dtf_ctx *ctx, const struct dtf_type *of, const void *items,
	size_t count, const void *value) {
	const char *item = items;
	for (size_t i = 0; items != NULL && i < count; i++, item += of->size) {
		if (dtf_equal(ctx, of, item, value)) {
			return (struct dtf_int_opt){ true, (int64_t)i };
		}
	}
	return (struct dtf_int_opt){ false, 0 };
}

bool dtf_items_contains(struct dtf_ctx *ctx, const struct dtf_type *of, const void *items,
	size_t count, const void *value) {
	return dtf_items_find(ctx, of, items, count, value).has;
}

const void *dtf_items_reverse(struct dtf_ctx *ctx, size_t size, const void *items, size_t count) {
	if (count == 0) {
		return NULL;
	}
	char *ret = dtf__value_items(ctx, size, count, count);
	for (size_t i = 0; ret != NULL && items != NULL && i < count; i++) {
		copy_items(ret, i, size, (const char *)items + (count - 1 - i) * size, 1);
	}
	return dtf__value_or_zeros(ret, size, count);
}

struct order {
	struct dtf_ctx *ctx;
	const struct dtf_type *of;
};

static int compare(const void *arg, const void *a, const void *b) {
	const struct order *order = arg;
	return dtf__value_compare(order->ctx, order->of, a, b);
}

const void *dtf_items_sort(
	struct dtf_ctx *ctx, const struct dtf_type *of, const void *items, size_t count) {
	if (count == 0 || items == NULL) {
		return items;
	}
	char *ret = dtf__value_items(ctx, of->size, count, count);
	const void **pointers = dtf__value_pointers(ctx, of->size, items, count);
	if (ret == NULL || pointers == NULL) {
		free(pointers);
		return items;
	}
	struct order order = { ctx, of };
	dtf__value_sort(pointers, pointers + count, count, compare, &order);
	for (size_t i = 0; i < count; i++) {
		copy_items(ret, i, of->size, pointers[i], 1);
	}
	free(pointers);
	return ret;
}

/*
 * Equal elements stand together once sorted, the first of them first since the
 * sort is stable; the others are crossed out by where they lie.
 */
static size_t mark_repeated(struct dtf_ctx *ctx, const struct dtf_type *of,
	const struct list_value *list, const void **pointers, bool *repeated) {
	struct order order = { ctx, of };
	dtf__value_sort(pointers, pointers + list->count, list->count, compare, &order);
	size_t kept = list->count > 0 ? 1 : 0;
	for (size_t i = 1; i < list->count; i++) {
		if (dtf_equal(ctx, of, pointers[i - 1], pointers[i])) {
			const char *here = pointers[i];
			repeated[(size_t)(here - (const char *)list->items) / of->size] = true;
		} else {
			kept++;
		}
	}
	return kept;
}

void dtf_list_unique(struct dtf_ctx *ctx, const struct dtf_type *of, const void *list, void *ret) {
	struct list_value all = dtf__list_read(list);
	if (all.count == 0) {
		dtf__list_write(ret, NULL, 0);
		return;
	}
	const void **pointers = dtf__value_pointers(ctx, of->size, all.items, all.count);
	bool *repeated = calloc(all.count, sizeof(*repeated));
	if (pointers == NULL || repeated == NULL) {
		dtf__ctx_exhausted(ctx);
		dtf__list_write(ret, all.items, all.count);
	} else {
		size_t kept = mark_repeated(ctx, of, &all, pointers, repeated), at = 0;
		void *items = dtf__value_items(ctx, of->size, kept, kept);
		for (size_t i = 0; i < all.count; i++) {
			if (!repeated[i]) {
				const char *item = (const char *)all.items + i * of->size;
				copy_items(items, at++, of->size, item, 1);
			}
		}
		dtf__list_write(ret, dtf__value_or_zeros(items, of->size, kept), kept);
	}
	free(repeated);
	free(pointers);
}

void dtf_list_slice(
	struct dtf_ctx *ctx, size_t size, const void *list, int64_t from, int64_t to, void *ret) {
	struct list_value all = dtf__list_read(list);
	if (from < 0 || to < from || (uint64_t)to > all.count) {
		dtf__ctx_fault(ctx, &dtf_out_of_range,
			"elements %" PRId64 " to %" PRId64 " of a list of %zu", from, to,
			all.count);
		dtf__list_write(ret, NULL, 0);
		return;
	}
	size_t count = (size_t)(to - from);
	const void *items = NULL;
	if (count > 0) {
		items = dtf_items(ctx, size, count, (const char *)all.items + (size_t)from * size);
	}
	dtf__list_write(ret, items, count);
}

struct dtf_int_list dtf_range(struct dtf_ctx *ctx, int64_t from, int64_t to) {
	struct dtf_int_list list = { NULL, 0 };
	if (to <= from) {
		return list;
	}
	uint64_t count = (uint64_t)to - (uint64_t)from;
	if (count > VALUE_MAX / sizeof(*list.items)) {
		dtf__ctx_fault(ctx, &dtf_payload_too_large,
			"a list of %" PRIu64 " ints has more than %zu bytes", count, VALUE_MAX);
		return list;
	}
	int64_t *items = dtf__value_items(ctx, sizeof(*items), (size_t)count, (size_t)count);
	for (size_t i = 0; items != NULL && i < count; i++) {
		items[i] = from + (int64_t)i;
	}
	list.items = items;
	list.count = items == NULL ? 0 : (size_t)count;
	return list;
}
