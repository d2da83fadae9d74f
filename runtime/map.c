/*
 * Maps: entries in order of their keys, found by halving.  Like lists they are
 * values: an entry is set in a copy.
 */
#include <stdlib.h>

#include "value.h"

/* Entries begin with their key. */
static const char *key_of(const void *entry) {
	const char *key;
	memcpy(&key, entry, sizeof(key));
	return key == NULL ? "" : key;
}

/* How many entries have a smaller key. */
static size_t position(const struct dtf_type *type, const struct list_value *map, const char *key) {
	size_t low = 0, high = map->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *entry = (const char *)map->items + middle * type->entry_size;
		if (strcmp(key_of(entry), key) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static const char *entry_with(
	const struct dtf_type *type, const struct list_value *map, size_t at, const char *key) {
	if (at == map->count) {
		return NULL;
	}
	const char *entry = (const char *)map->items + at * type->entry_size;
	return strcmp(key_of(entry), key) == 0 ? entry : NULL;
}

const void *dtf_map_find(const struct dtf_type *type, const void *map, const char *key) {
	struct list_value value = dtf__list_read(map);
	key = key == NULL ? "" : key;
	const char *entry = entry_with(type, &value, position(type, &value, key), key);
	return entry == NULL ? NULL : entry + type->value_at;
}

void dtf_map_get(const struct dtf_type *type, const struct dtf_type *optional, const void *map,
	const char *key, void *ret) {
	const void *value = dtf_map_find(type, map, key);
	memset(ret, 0, optional->size);
	if (value != NULL) {
		*(bool *)ret = true;
		memcpy((char *)ret + optional->value_at, value, type->of->size);
	}
}

bool dtf_map_has(const struct dtf_type *type, const void *map, const char *key) {
	return dtf_map_find(type, map, key) != NULL;
}

static int by_key(const void *arg, const void *a, const void *b) {
	return strcmp(key_of(a), key_of(b));
}

void dtf_map_make(struct dtf_ctx *ctx, const struct dtf_type *type, const void *entries,
	size_t count, void *ret) {
	dtf__list_write(ret, NULL, 0);
	if (count == 0 || entries == NULL) {
		return;
	}
	const void **pointers = dtf__value_pointers(ctx, type->entry_size, entries, count);
	char *items = dtf__value_items(ctx, type->entry_size, count, count);
	if (pointers == NULL || items == NULL) {
		free(pointers);
		return;
	}
	dtf__value_sort(pointers, pointers + count, count, by_key, NULL);
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		/* Stably sorted: of equal keys the last in the literal comes last. */
		if (i + 1 == count || by_key(NULL, pointers[i], pointers[i + 1]) != 0) {
			char *entry = items + kept++ * type->entry_size;
			memcpy(entry, pointers[i], type->entry_size);
		}
	}
	dtf__list_header(items)->used = kept;
	dtf__list_write(ret, items, kept);
	free(pointers);
}

void dtf_map_set(struct dtf_ctx *ctx, const struct dtf_type *type, const void *map, const char *key,
	const void *value, void *ret) {
	struct list_value old = dtf__list_read(map);
	key = key == NULL ? "" : key;
	size_t size = type->entry_size, at = position(type, &old, key);
	const char *found = entry_with(type, &old, at, key);
	size_t count = old.count + (found == NULL), rest = old.count - at - (found != NULL);
	char *items = dtf__value_items(ctx, size, count, count);
	if (items == NULL) {
		dtf__list_write(ret, old.items, old.count);
		return;
	}
	const char *from = old.items;
	if (at > 0) {
		memcpy(items, from, at * size);
	}
	if (rest > 0) {
		memcpy(items + (at + 1) * size, from + (old.count - rest) * size, rest * size);
	}
	char *entry = items + at * size;
	memcpy(entry, &key, sizeof(key));
	memcpy(entry + type->value_at, value, type->of->size);
	dtf__list_write(ret, items, count);
}

struct dtf_string_list dtf_map_keys(
	struct dtf_ctx *ctx, const struct dtf_type *type, const void *map) {
	struct list_value value = dtf__list_read(map);
	struct dtf_string_list list = { NULL, 0 };
	if (value.count == 0) {
		return list;
	}
	const char **items = dtf__value_items(ctx, sizeof(*items), value.count, value.count);
	if (items == NULL) {
		return list;
	}
	for (size_t i = 0; i < value.count; i++) {
		items[i] = key_of((const char *)value.items + i * type->entry_size);
	}
	list.items = (const char *const *)items;
	list.count = value.count;
	return list;
}

const void *dtf_map_values(struct dtf_ctx *ctx, const struct dtf_type *type, const void *map) {
	struct list_value value = dtf__list_read(map);
	size_t size = type->of->size;
	if (value.count == 0) {
		return NULL;
	}
	char *items = dtf__value_items(ctx, size, value.count, value.count);
	for (size_t i = 0; items != NULL && i < value.count; i++) {
		const char *entry = (const char *)value.items + i * type->entry_size;
		memcpy(items + i * size, entry + type->value_at, size);
	}
	return dtf__value_or_zeros(items, size, value.count);
}
