/*
 * A row is opaque to a store but for the keys that come with it: when it is
 * due or has ended, whether it is busy, its kind, its status.  They stand before its bytes,
 * so that a store can find what it has to take out of an index when the row
 * changes.
 */
#include "index.h"

#include <stdlib.h>

#include "../wire.h"

enum { BUSY = 1, ENDED = 2 };

void dtf__row_keys_write(unsigned char to[ROW_KEYS_SIZE], const struct store_keys *keys) {
	dtf__wire_store64(to, keys->due_ms);
	dtf__wire_store64(to + 8, keys->kind);
	to[16] = (unsigned char)((keys->busy ? BUSY : 0) | (keys->ended ? ENDED : 0));
	to[17] = keys->status;
}

struct store_keys dtf__row_keys_read(const void *from) {
	const unsigned char *bytes = from;
	return (struct store_keys){ .due_ms = dtf__wire_load64(bytes),
		.kind = dtf__wire_load64(bytes + 8),
		.busy = (bytes[16] & BUSY) != 0,
		.ended = (bytes[16] & ENDED) != 0,
		.status = bytes[17] };
}

bool dtf__row_keys_in(const struct store_keys *keys, enum store_index index, uint64_t *ret_key) {
	switch (index) {
	case STORE_DUE:
		*ret_key = keys->due_ms;
		return keys->due_ms != 0 && !keys->ended;
	case STORE_ENDED:
		*ret_key = keys->due_ms;
		return keys->ended;
	case STORE_BUSY:
		*ret_key = 0;
		return keys->busy;
	case STORE_KIND:
		*ret_key = keys->kind;
		return keys->kind != 0;
	case STORE_STATUS:
		break;
	}
	*ret_key = keys->status;
	return true;
}

bool dtf__places_add(struct places *places, struct index_place place) {
	if (places->count == places->capacity) {
		size_t capacity = places->capacity == 0 ? 64 : places->capacity * 2;
		struct index_place *grown = realloc(places->places, capacity * sizeof(*grown));
		if (grown == NULL) {
			return false;
		}
		places->places = grown;
		places->capacity = capacity;
	}
	places->places[places->count++] = place;
	return true;
}

static int compare(const void *a, const void *b) {
	const struct index_place *x = a, *y = b;
	return dtf__place_before(*x, *y) ? -1 : dtf__place_before(*y, *x);
}

void dtf__places_sort(struct places *places) {
	if (places->count > 1) {
		qsort(places->places, places->count, sizeof(*places->places), compare);
	}
}

void dtf__places_finish(struct places *places) {
	free(places->places);
	*places = (struct places){ 0 };
}
