/*
 * Checkpoints: what the journal holds goes into its tables.
 *
 * One begins when enough was put since the last.  What was put until then is
 * sorted, so that keys that are neighbours are written together, and written in
 * slices, each inside an ordinary commit: nobody waits for a checkpoint.  When
 * all is written, the journal's entries up to the beginning go, a few in each
 * commit, from the oldest on.
 *
 * The slice and what goes with a commit grow with what the commit itself puts,
 * so a checkpoint is always over long before the next one is due.
 */
#include "lmdb_impl.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"

#define SLICE_MIN 64
#define DROP_MAX  16 /* journal entries taken away by one commit */

/* ---- a slice ---- */

static int write_row(struct lmdb_env *env, MDB_txn *txn, struct lmdb_key *key, struct slice value) {
	struct store_keys before, now = { 0 };
	bool is = value.size > 0;
	struct slice head;
	uint64_t instance = dtf__lmdb_load_big(key->bytes, 8);
	int rc = dtf__lmdb_peek(env, txn, TABLE_INST, key, ROW_KEYS_SIZE, &head);
	bool was = rc == 0;
	if (was) {
		before = dtf__row_keys_read(head.data);
	} else if (rc != MDB_NOTFOUND && rc != DTF_ECORRUPT) {
		return rc; /* a damaged one is overwritten */
	}
	if (is) {
		now = dtf__row_keys_read(value.data);
	}
	rc = is ? dtf__lmdb_put(env, txn, TABLE_INST, key, value, 0)
		: dtf__lmdb_del(env, txn, TABLE_INST, key);
	return rc == 0
		? dtf__lmdb_index_move(env, txn, instance, was ? &before : NULL, is ? &now : NULL)
		: rc;
}

/* A mark of an instance whose marks were taken away after it is not written. */
static int write_mark(struct lmdb_store *lmdb, MDB_txn *txn, struct lmdb_key *key,
	const struct pending_put *put) {
	if (key->size == 8) {
		uint64_t instance = dtf__lmdb_load_big(key->bytes, 8);
		return dtf__lmdb_del_all(lmdb->env, txn, TABLE_MARK, instance);
	}
	return dtf__lmdb_pending_mark(&lmdb->old, dtf__pending_key(put)) == put
		? dtf__lmdb_put(lmdb->env, txn, TABLE_MARK, key, dtf__pending_value(put), 0)
		: 0;
}

static int write_put(struct lmdb_store *lmdb, MDB_txn *txn, const struct pending_put *put) {
	struct lmdb_env *env = lmdb->env;
	struct slice bytes = dtf__pending_key(put);
	struct lmdb_key key = { .size = bytes.size };
	enum lmdb_table table = (enum lmdb_table)put->table;
	struct slice value = dtf__pending_value(put);
	memcpy(key.bytes, bytes.data, bytes.size);
	if (table == TABLE_INST) {
		return write_row(env, txn, &key, value);
	}
	if (table == TABLE_MARK && (value.size > 0 || key.size == 8)) {
		return write_mark(lmdb, txn, &key, put);
	}
	return value.size > 0 ? dtf__lmdb_put(env, txn, table, &key, value, 0)
			      : dtf__lmdb_del(env, txn, table, &key);
}

int dtf__lmdb_checkpoint_in(
	struct lmdb_store *lmdb, MDB_txn *txn, size_t nputs, struct checkpoint_step *ret) {
	const struct checkpoint *checkpoint = &lmdb->checkpoint;
	int rc = 0;
	*ret = (struct checkpoint_step){ .done = checkpoint->done, .drop = checkpoint->drop };
	size_t slice = 2 * nputs + SLICE_MIN;
	while (rc == 0 && ret->done < checkpoint->count && slice-- > 0) {
		rc = write_put(lmdb, txn, checkpoint->sorted[ret->done]);
		ret->done++;
	}
	if (rc == 0 && checkpoint->sorted != NULL && ret->done == checkpoint->count) {
		rc = dtf__lmdb_covered_write(lmdb->env, txn, checkpoint->through);
	}
	if (rc == 0 && checkpoint->drop != 0) {
		bool more;
		rc = dtf__lmdb_drop(
			lmdb->env, txn, TABLE_JOURNAL, checkpoint->drop, DROP_MAX, &more);
		ret->drop = more ? checkpoint->drop : 0;
	}
	return rc;
}

/* ---- after the commit ---- */

static void finish(struct lmdb_store *lmdb) {
	struct checkpoint *checkpoint = &lmdb->checkpoint;
	dtf__pending_finish(&lmdb->old);
	free(checkpoint->sorted);
	checkpoint->sorted = NULL;
	checkpoint->count = 0;
	checkpoint->done = 0;
	checkpoint->drop = checkpoint->through;
}

/* Without memory it begins with a later commit. */
static void begin(struct lmdb_store *lmdb) {
	struct checkpoint *checkpoint = &lmdb->checkpoint;
	checkpoint->sorted = dtf__pending_sorted(&lmdb->young);
	if (checkpoint->sorted == NULL) {
		return;
	}
	checkpoint->count = lmdb->young.count;
	checkpoint->through = lmdb->journal;
	checkpoint->puts = 0;
	lmdb->old = lmdb->young;
	lmdb->young = (struct pending){ 0 };
}

void dtf__lmdb_checkpoint_after(struct lmdb_store *lmdb, const struct checkpoint_step *step) {
	struct checkpoint *checkpoint = &lmdb->checkpoint;
	size_t every = checkpoint->every == 0 ? CHECKPOINT_PUTS : checkpoint->every;
	dtf__assert(pthread_mutex_lock(&lmdb->lock) == 0);
	lmdb->journal++;
	checkpoint->puts += lmdb->staged.count;
	dtf__lmdb_staged_enter(lmdb);
	checkpoint->done = step->done;
	checkpoint->drop = step->drop;
	if (checkpoint->sorted != NULL && checkpoint->done == checkpoint->count) {
		finish(lmdb);
	}
	if (checkpoint->sorted == NULL && checkpoint->drop == 0 && checkpoint->puts >= every) {
		begin(lmdb);
	}
	dtf__assert(pthread_mutex_unlock(&lmdb->lock) == 0);
}
