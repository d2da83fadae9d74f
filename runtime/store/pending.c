/*
 * The newest value of every key that was put since the last checkpoint.
 *
 * Room for a put is found before the commit that makes it durable, and filled
 * after it, when nothing may fail any more.  An instance changes its row again
 * and again, by a few bytes: mostly there is room in the put before.
 */
#include "pending.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define SLOTS_MIN 64
#define SLACK     16 /* bytes by which the next value may be larger */

uint64_t dtf__pending_hash(unsigned table, struct slice key) {
	return XXH3_64bits_withSeed(key.data, key.size, table);
}

struct slice dtf__pending_key(const struct pending_put *put) {
	return (struct slice){ put->bytes, put->key_size };
}

struct slice dtf__pending_value(const struct pending_put *put) {
	return (struct slice){ put->bytes + put->key_size, put->value_size };
}

struct pending_put *dtf__pending_make(
	unsigned table, struct slice key, uint64_t hash, size_t value_size) {
	size_t room = value_size + SLACK;
	struct pending_put *put = room > UINT32_MAX ? NULL : malloc(sizeof(*put) + key.size + room);
	if (put == NULL) {
		return NULL;
	}
	*put = (struct pending_put){
		.hash = hash, .table = table, .key_size = (uint32_t)key.size, .room = (uint32_t)room
	};
	memcpy(put->bytes, key.data, key.size);
	return put;
}

void dtf__pending_set(struct pending_put *put, struct slice value, uint64_t entry) {
	put->entry = entry;
	put->value_size = (uint32_t)value.size;
	if (value.size > 0) {
		memcpy(put->bytes + put->key_size, value.data, value.size);
	}
}

static bool reserve_rows(struct pending *pending, size_t more) {
	size_t wanted = pending->nrows + more;
	if (wanted <= pending->rows_capacity) {
		return true;
	}
	size_t capacity = 2 * wanted;
	uint64_t *rows = realloc(pending->rows, capacity * sizeof(*rows));
	if (rows == NULL) {
		return false;
	}
	pending->rows = rows;
	pending->rows_capacity = capacity;
	return true;
}

void dtf__pending_row(struct pending *pending, uint64_t number) {
	pending->rows[pending->nrows++] = number;
}

bool dtf__pending_reserve(struct pending *pending, size_t more) {
	size_t wanted = pending->count + more, nslots = pending->nslots;
	if (!reserve_rows(pending, more)) {
		return false;
	}
	if (wanted <= nslots) {
		return true;
	}
	nslots = nslots == 0 ? SLOTS_MIN : nslots;
	while (nslots < wanted) {
		nslots *= 2;
	}
	struct pending_put **slots = calloc(nslots, sizeof(*slots));
	if (slots == NULL) {
		return false;
	}
	for (size_t i = 0; i < pending->nslots; i++) {
		struct pending_put *next;
		for (struct pending_put *put = pending->slots[i]; put != NULL; put = next) {
			next = put->next;
			put->next = slots[put->hash & (nslots - 1)];
			slots[put->hash & (nslots - 1)] = put;
		}
	}
	free(pending->slots);
	pending->slots = slots;
	pending->nslots = nslots;
	return true;
}

static bool is(const struct pending_put *put, uint64_t hash, unsigned table, struct slice key) {
	return put->hash == hash && put->table == table && put->key_size == key.size &&
		memcmp(put->bytes, key.data, key.size) == 0;
}

void dtf__pending_enter(struct pending *pending, struct pending_put *put) {
	struct pending_put **at = &pending->slots[put->hash & (pending->nslots - 1)];
	struct pending_put **slot = at;
	while (*at != NULL && !is(*at, put->hash, put->table, dtf__pending_key(put))) {
		at = &(*at)->next;
	}
	struct pending_put *before = *at;
	if (before != NULL) {
		*at = before->next;
		free(before);
	} else {
		pending->count++;
	}
	put->next = *slot;
	*slot = put;
}

struct pending_put *dtf__pending_find(
	const struct pending *pending, unsigned table, struct slice key, uint64_t hash) {
	if (pending->nslots == 0) {
		return NULL;
	}
	struct pending_put *put = pending->slots[hash & (pending->nslots - 1)];
	while (put != NULL && !is(put, hash, table, key)) {
		put = put->next;
	}
	return put;
}

static int compare(const void *a, const void *b) {
	const struct pending_put *x = *(struct pending_put *const *)a;
	const struct pending_put *y = *(struct pending_put *const *)b;
	if (x->table != y->table) {
		return x->table < y->table ? -1 : 1;
	}
	size_t size = x->key_size < y->key_size ? x->key_size : y->key_size;
	int order = memcmp(x->bytes, y->bytes, size);
	return order != 0 ? order : (x->key_size > y->key_size) - (x->key_size < y->key_size);
}

struct pending_put **dtf__pending_sorted(const struct pending *pending) {
	struct pending_put **puts = malloc((pending->count + 1) * sizeof(*puts));
	if (puts == NULL) {
		return NULL;
	}
	size_t count = 0;
	for (size_t i = 0; i < pending->nslots; i++) {
		for (struct pending_put *put = pending->slots[i]; put != NULL; put = put->next) {
			puts[count++] = put;
		}
	}
	qsort(puts, count, sizeof(struct pending_put *), compare);
	return puts;
}

static void finish_orders(struct pending *pending) {
	for (int i = 0; i < PENDING_ORDERS; i++) {
		dtf__order_finish(&pending->orders[i]);
		pending->ordered[i] = 0;
	}
}

void dtf__pending_forget(struct pending *pending, uint64_t through) {
	for (size_t i = 0; i < pending->nslots; i++) {
		struct pending_put **at = &pending->slots[i];
		while (*at != NULL) {
			struct pending_put *put = *at;
			if (put->entry <= through) {
				*at = put->next;
				free(put);
				pending->count--;
			} else {
				at = &put->next;
			}
		}
	}
	pending->nrows = 0;
	finish_orders(pending);
}

void dtf__pending_finish(struct pending *pending) {
	for (size_t i = 0; i < pending->nslots; i++) {
		struct pending_put *next;
		for (struct pending_put *put = pending->slots[i]; put != NULL; put = next) {
			next = put->next;
			free(put);
		}
	}
	free(pending->slots);
	free(pending->rows);
	finish_orders(pending);
	*pending = (struct pending){ 0 };
}
