/* Which of several stores has an instance, and all of them at once. */
#include "partition.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "../error.h"

/* Other bits than those by which a partition's own hash tables find a slot. */
unsigned dtf__partition_of_id(const char *id, unsigned count) {
	return count == 1 ? 0 : (unsigned)((XXH3_64bits(id, strlen(id)) >> 32) % count);
}

unsigned dtf__partition_of(uint64_t number, unsigned count) {
	return (unsigned)(number % count);
}

struct store *dtf__stores_of_id(const struct stores *stores, const char *id) {
	return stores->stores[dtf__partition_of_id(id, stores->count)];
}

struct store *dtf__stores_of(const struct stores *stores, uint64_t number) {
	return stores->stores[dtf__partition_of(number, stores->count)];
}

void dtf__stores_close(struct stores *stores) {
	for (unsigned i = 0; stores->stores != NULL && i < stores->count; i++) {
		if (stores->stores[i] != NULL) {
			stores->stores[i]->ops->close(stores->stores[i]);
		}
	}
	free(stores->stores);
	*stores = (struct stores){ 0 };
}

int dtf__stores_memory_open(unsigned count, struct stores *ret) {
	struct stores stores = { calloc(count, sizeof(struct store *)), count };
	int rc = stores.stores == NULL ? dtf__fail(DTF_ENOMEM, "out of memory") : 0;
	for (unsigned i = 0; rc == 0 && i < count; i++) {
		rc = dtf__store_memory_open(&stores.stores[i]);
	}
	if (rc < 0) {
		dtf__stores_close(&stores);
		return rc;
	}
	*ret = stores;
	return 0;
}
