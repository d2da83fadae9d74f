/* Tables in memory: vectors of entries, sorted by key. */
#include "memory_impl.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"

int dtf__key_compare(struct slice a, struct slice b) {
	int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
	return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* Where the key is, or where it would be. */
size_t dtf__table_place(const struct table *table, struct slice key) {
	size_t low = 0;
	size_t high = table->count;
	if (high > 0) {
		/* Numbers grow: most often the place is at the end. */
		const struct entry *last = table->entries[high - 1];
		if (dtf__key_compare((struct slice){ last->bytes, last->key_size }, key) < 0) {
			return high;
		}
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct entry *entry = table->entries[middle];
		if (dtf__key_compare((struct slice){ entry->bytes, entry->key_size }, key) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

struct entry *dtf__table_find(const struct table *table, struct slice key) {
	size_t at = dtf__table_place(table, key);
	if (at == table->count) {
		return NULL;
	}
	struct entry *entry = table->entries[at];
	return dtf__key_compare((struct slice){ entry->bytes, entry->key_size }, key) == 0 ? entry
											   : NULL;
}

bool dtf__table_reserve(struct table *table, size_t more) {
	if (table->count + more <= table->capacity) {
		return true;
	}
	size_t capacity = (table->count + more) * 2;
	struct entry **entries = realloc(table->entries, capacity * sizeof(struct entry *));
	if (entries == NULL) {
		return false;
	}
	table->entries = entries;
	table->capacity = capacity;
	return true;
}

/* Takes the entry over; room must have been reserved. */
void dtf__table_put(struct table *table, struct entry *entry) {
	size_t at = dtf__table_place(table, (struct slice){ entry->bytes, entry->key_size });
	struct entry **place = table->entries + at;
	if (at < table->count) {
		struct slice key = { (*place)->bytes, (*place)->key_size };
		if (dtf__key_compare(key, (struct slice){ entry->bytes, entry->key_size }) == 0) {
			free(*place);
			*place = entry;
			return;
		}
		memmove(place + 1, place, (table->count - at) * sizeof(*place));
	}
	*place = entry;
	table->count++;
}

struct entry *dtf__entry_make(struct slice key, struct slice value) {
	struct entry *entry = malloc(sizeof(*entry) + key.size + value.size);
	if (entry == NULL) {
		return NULL;
	}
	*entry = (struct entry){ .key_size = key.size, .value_size = value.size };
	memcpy(entry->bytes, key.data, key.size);
	if (value.size > 0) {
		memcpy(entry->bytes + key.size, value.data, value.size);
	}
	return entry;
}

void dtf__table_remove(struct table *table, struct slice key) {
	size_t at = dtf__table_place(table, key);
	struct entry *entry = dtf__table_find(table, key);
	if (entry != NULL) {
		table->count--;
		memmove(table->entries + at, table->entries + at + 1,
			(table->count - at) * sizeof(struct entry *));
		free(entry);
	}
}
