/* What is found by a name: a hash table that grows.  Zeroed it is empty. */
#ifndef DTFC_TABLE_H
#define DTFC_TABLE_H

#include "mem.h"

struct table_entry;

struct table {
	struct table_entry *entries;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
};

/* NULL if there is none. */
void *table_find(const struct table *table, const char *name);
/* Adds it, or puts it in the place of what has that name, which must live as long. */
void table_put(struct arena *arena, struct table *table, const char *name, void *value);

#endif
