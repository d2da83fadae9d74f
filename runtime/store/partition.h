/*
 * The stores of one directory: one for each partition.
 *
 * An instance belongs to a partition by its id, for good, and its number says which
 * one that is.
 */
#ifndef DTF_PARTITION_H
#define DTF_PARTITION_H

#include "store.h"

#define PARTITIONS_MAX 256u

struct stores {
	struct store **stores; /* by partition */
	unsigned count;
};

unsigned dtf__partition_of_id(const char *id, unsigned count);
unsigned dtf__partition_of(uint64_t number, unsigned count);
struct store *dtf__stores_of_id(const struct stores *stores, const char *id);
struct store *dtf__stores_of(const struct stores *stores, uint64_t number);

/*
 * Opens what is there, each as dtf__store_lmdb_open(); count: 0 = as many as it has, 1 in a
 * new directory, else DTF_EINVAL when it has others.  What the options
 * allow is for all of them together.
 */
int dtf__stores_open(const char *dir, enum store_mode mode, const struct store_options *options,
	unsigned count, struct stores *ret);
int dtf__stores_memory_open(unsigned count, struct stores *ret);
void dtf__stores_close(struct stores *stores);

#endif
