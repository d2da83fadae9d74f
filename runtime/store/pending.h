/*
 * Puts that are durable in the journal and not yet in their tables: a hash map
 * from table and key to the newest value, and rows in the order of their indexes.
 */
#ifndef DTF_PENDING_H
#define DTF_PENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "../buf.h"
#include "order.h"

struct pending_put {
	struct pending_put *next; /* in its hash chain */
	uint64_t hash;
	uint64_t entry; /* of the journal, that it came with */
	uint32_t table, key_size, value_size;
	uint32_t room; /* for a value */
	char bytes[];  /* the key, then the value */
};

#define PENDING_ORDERS 6

/* All zero is an empty one. */
struct pending {
	struct pending_put **slots; /* owned */
	size_t nslots, count;
	/* Numbers of rows, one for each time that one was put: an order is brought up to
	 * date when it is read, from what was put since it last was. */
	uint64_t *rows; /* owned */
	size_t nrows, rows_capacity;
	struct order orders[PENDING_ORDERS];
	size_t ordered[PENDING_ORDERS]; /* of rows, that are in it */
};

uint64_t dtf__pending_hash(unsigned table, struct slice key);
/* A put by itself, to be freed with free(); NULL when memory is exhausted.  The value is
 * not yet there, only room for it. */
struct pending_put *dtf__pending_make(
	unsigned table, struct slice key, uint64_t hash, size_t value_size);
/* A value that fits its room. */
void dtf__pending_set(struct pending_put *put, struct slice value, uint64_t entry);
struct slice dtf__pending_key(const struct pending_put *put);
struct slice dtf__pending_value(const struct pending_put *put);

/* Makes room, so that entering as many cannot fail, and saying that they are rows. */
bool dtf__pending_reserve(struct pending *pending, size_t more);
void dtf__pending_row(struct pending *pending, uint64_t number);
/* Takes the put over; it replaces one of the same table and key. */
void dtf__pending_enter(struct pending *pending, struct pending_put *put);
/* NULL: there is none. */
struct pending_put *dtf__pending_find(
	const struct pending *pending, unsigned table, struct slice key, uint64_t hash);
/* All of them by table and key, borrowed, in an array to be freed; NULL: no memory. */
struct pending_put **dtf__pending_sorted(const struct pending *pending);
/* Takes out what came with entries up to this, and begins anew with rows and orders. */
void dtf__pending_forget(struct pending *pending, uint64_t through);
void dtf__pending_finish(struct pending *pending);

#endif
