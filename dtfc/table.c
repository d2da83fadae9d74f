#include "table.h"

#include <stdint.h>
#include <string.h>

struct table_entry {
	const char *name; /* NULL: free */
	void *value;
};

static struct table_entry *entry_of(const struct table *table, const char *name) {
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (const char *c = name; *c != '\0'; c++) {
		hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
	}
	for (size_t i = (size_t)(hash ^ hash >> 32);; i++) {
		struct table_entry *e = &table->entries[i & (table->capacity - 1)];
		if (e->name == NULL || strcmp(e->name, name) == 0) {
			return e;
		}
	}
}

void *table_find(const struct table *table, const char *name) {
	return table->capacity == 0 ? NULL : entry_of(table, name)->value;
}

static void grow(struct arena *arena, struct table *table) {
	struct table_entry *old = table->entries;
	size_t n = table->capacity;

	table->capacity = n == 0 ? 16 : 2 * n;
	table->entries = mem_alloc(arena, table->capacity * sizeof(*old));
	for (size_t i = 0; i < n; i++) {
		if (old[i].name != NULL) {
			*entry_of(table, old[i].name) = old[i];
		}
	}
}

void table_put(struct arena *arena, struct table *table, const char *name, void *value) {
	if (2 * table->count >= table->capacity) {
		grow(arena, table);
	}
	struct table_entry *e = entry_of(table, name);
	table->count += e->name == NULL;
	*e = (struct table_entry){ name, value };
}
