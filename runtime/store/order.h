/* Places in an index, kept in order. */
#ifndef DTF_STORE_ORDER_H
#define DTF_STORE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct index_place {
	uint64_t key, instance;
};

bool dtf__place_before(struct index_place a, struct index_place b);

/* A set of them.  All zero is an empty one. */
struct order {
	struct order_page **pages; /* owned, none is empty */
	size_t npages, capacity;
};

/* Where in it; good until the set changes. */
struct order_at {
	size_t page, at;
};

/* One that is there already is there once.  False: memory is exhausted. */
bool dtf__order_add(struct order *order, struct index_place place);
bool dtf__order_has(const struct order *order, struct index_place place);
/* The first behind the place, whether that is there or not. */
struct order_at dtf__order_behind(const struct order *order, struct index_place place);
/* What is there; false at the end. */
bool dtf__order_get(const struct order *order, struct order_at at, struct index_place *ret);
void dtf__order_next(const struct order *order, struct order_at *at);
/* Takes out what is there; `at` is where the next is. */
void dtf__order_remove(struct order *order, struct order_at *at);
void dtf__order_finish(struct order *order);

#endif
