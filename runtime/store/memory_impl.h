/*
 * What the parts of the store in memory share.
 *
 *	memory_table.c    sorted vectors of entries
 *	memory_commit.c   what a commit does
 *	memory.c          the other operations of store.h
 */
#ifndef DTF_MEMORY_IMPL_H
#define DTF_MEMORY_IMPL_H

#include <pthread.h>
#include <string.h>

#include "index.h"

enum table_name {
	LOG,
	ROWS,
	NAMES,
	MARKS,
	MANIFESTS,
	ANSWERS,
	SNAPSHOTS,
	TRASH,
	OUTBOX,
	RECEIVED,
	INBOX,
	NTABLES
};

struct entry {
	int64_t time_ms; /* of answers */
	size_t key_size, value_size;
	char bytes[]; /* the key, then the value */
};

struct table {
	struct entry **entries; /* owned, sorted by key */
	size_t count, capacity;
};

struct contents {
	pthread_mutex_t lock; /* guards everything here */
	unsigned handles;
	bool owned;
	uint64_t epoch;
	uint64_t next, next_instance, inbox_last;
	int64_t clock_ms;
	int wake[2]; /* a pipe, never blocking */
	struct table tables[NTABLES];
};

struct memory_store {
	struct store base;
	struct contents *contents;
	uint64_t epoch; /* 0 = opened to share */
};

/* ---- keys ---- */

static inline struct slice number_key(uint64_t number, char storage[8]) {
	for (int i = 0; i < 8; i++) {
		storage[i] = (char)(number >> (56 - 8 * i));
	}
	return (struct slice){ storage, 8 };
}

static inline uint64_t load_number(const char *bytes) {
	uint64_t number = 0;
	for (int i = 0; i < 8; i++) {
		number = number << 8 | (unsigned char)bytes[i];
	}
	return number;
}

static inline uint64_t key_number(const struct entry *entry) {
	return load_number(entry->bytes);
}

static inline struct slice text_key(const char *text) {
	return (struct slice){ text, strlen(text) };
}

static inline struct slice value_of(const struct entry *entry) {
	return (struct slice){ entry->bytes + entry->key_size, entry->value_size };
}

int dtf__key_compare(struct slice a, struct slice b);

/* ---- memory_table.c ---- */

/* Where the key is, or where it would be. */
size_t dtf__table_place(const struct table *table, struct slice key);
struct entry *dtf__table_find(const struct table *table, struct slice key);
/* Room for so many more; false: no memory. */
bool dtf__table_reserve(struct table *table, size_t more);
/* There is room; takes the entry over. */
void dtf__table_put(struct table *table, struct entry *entry);
void dtf__table_remove(struct table *table, struct slice key);
/* NULL: no memory. */
struct entry *dtf__entry_make(struct slice key, struct slice value);

/* ---- memory_commit.c, memory.c ---- */

int dtf__memory_commit(struct store *store, const struct store_batch *batch);
struct contents *dtf__memory_lock(struct store *store);
void dtf__memory_unlock(struct contents *contents);

#endif
