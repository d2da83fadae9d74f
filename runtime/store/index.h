/* What every store does alike with the keys that a row is found by. */
#ifndef DTF_STORE_INDEX_H
#define DTF_STORE_INDEX_H

#include "order.h"
#include "store.h"

/* Before a row's bytes: the keys that it is found by. */
#define ROW_KEYS_SIZE 18

void dtf__row_keys_write(unsigned char to[ROW_KEYS_SIZE], const struct store_keys *keys);
struct store_keys dtf__row_keys_read(const void *from);
/* Is a row with these keys in the index, and under which key? */
bool dtf__row_keys_in(const struct store_keys *keys, enum store_index index, uint64_t *ret_key);

/* Places in an index, to be sorted. */
struct places {
	struct index_place *places; /* owned */
	size_t count, capacity;
};

/* False: memory is exhausted. */
bool dtf__places_add(struct places *places, struct index_place place);
void dtf__places_sort(struct places *places);
void dtf__places_finish(struct places *places);

#endif
