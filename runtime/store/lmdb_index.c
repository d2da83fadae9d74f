/*
 * Finding rows by what they wait for: the index's table, and over it the rows
 * that the journal holds and the tables do not yet.
 *
 * A checkpoint moves a row's places in the table when it writes the row.  Until
 * then the row is in an order of its generation, one for each index that is read:
 * reading brings it up to date with the rows that were put since, and so costs what
 * has changed and what it returns.  A place that its row has left is taken out when
 * it is met: commits, which come far more often than readers, only note numbers.
 *
 * Each piece is read in a transaction of its own, under the lock; both are over
 * before the caller's function runs.
 */
#include "lmdb_impl.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"

#define PIECE_MIN 16 /* places: many readers want the first alone */
#define PIECE_MAX 256

_Static_assert(ORDER_NUMBER + 1 == PENDING_ORDERS, "an order for each index, and one by number");

/* ---- the table ---- */

#define INDEX_KEY_SIZE 17

static MDB_val index_key(
	unsigned char bytes[INDEX_KEY_SIZE], enum store_index index, struct index_place place) {
	bytes[0] = (unsigned char)index;
	dtf__lmdb_store_big(bytes + 1, place.key, 8);
	dtf__lmdb_store_big(bytes + 9, place.instance, 8);
	return (MDB_val){ INDEX_KEY_SIZE, bytes };
}

static int put_place(struct lmdb_env *env, MDB_txn *txn, enum store_index index,
	struct index_place place, bool is_in) {
	unsigned char bytes[INDEX_KEY_SIZE];
	MDB_val key = index_key(bytes, index, place), nothing = { 0, NULL };
	int rc = is_in ? mdb_put(txn, env->tables[TABLE_INDEX], &key, &nothing, 0)
		       : mdb_del(txn, env->tables[TABLE_INDEX], &key, NULL);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int dtf__lmdb_index_move(struct lmdb_env *env, MDB_txn *txn, uint64_t instance,
	const struct store_keys *before, const struct store_keys *now) {
	int rc = 0;
	for (unsigned i = 0; i < STORE_NINDEXES && rc == 0; i++) {
		uint64_t old = 0, new = 0;
		bool was = before != NULL && dtf__row_keys_in(before, (enum store_index)i, &old);
		bool is = now != NULL && dtf__row_keys_in(now, (enum store_index)i, &new);
		if (was == is && old == new) {
			continue;
		}
		if (was) {
			rc = put_place(env, txn, (enum store_index)i,
				(struct index_place){ old, instance }, false);
		}
		if (is && rc == 0) {
			rc = put_place(env, txn, (enum store_index)i,
				(struct index_place){ new, instance }, true);
		}
	}
	return rc;
}

/* Places behind `after` as the table has them. */
static int scan_table(struct lmdb_env *env, MDB_txn *txn, enum store_index index,
	struct index_place after, struct index_place *places, size_t room, size_t *ret_count) {
	unsigned char bytes[INDEX_KEY_SIZE + 1] = { 0 };
	MDB_cursor *cursor;
	size_t count = 0;
	int rc = mdb_cursor_open(txn, env->tables[TABLE_INDEX], &cursor);
	if (rc != 0) {
		return rc;
	}
	MDB_val data, key = index_key(bytes, index, after);
	key.mv_size++; /* the least key behind it */
	rc = mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE);
	while (rc == 0 && count < room) {
		const unsigned char *at = key.mv_data;
		if (key.mv_size != INDEX_KEY_SIZE || at[0] >= STORE_NINDEXES) {
			rc = dtf__fail(DTF_ECORRUPT, "%s: a damaged index", env->dir);
			break;
		}
		if (at[0] != (unsigned char)index) {
			break;
		}
		places[count++] = (struct index_place){ dtf__lmdb_load_big(at + 1, 8),
			dtf__lmdb_load_big(at + 9, 8) };
		rc = mdb_cursor_get(cursor, &key, &data, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	*ret_count = count;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* ---- pending rows ---- */

static const struct pending_put *find_row(const struct pending *pending, uint64_t number) {
	unsigned char bytes[8];
	dtf__lmdb_store_big(bytes, number, 8);
	struct slice key = { (const char *)bytes, sizeof(bytes) };
	return dtf__pending_find(pending, TABLE_INST, key, dtf__pending_hash(TABLE_INST, key));
}

/* Is the row in the order, and under which key?  By number it is also when it was taken away. */
static bool is_in(const struct pending_put *put, unsigned order, uint64_t *ret_key) {
	struct slice value = dtf__pending_value(put);
	*ret_key = 0;
	if (order == ORDER_NUMBER || value.size == 0) {
		return order == ORDER_NUMBER;
	}
	struct store_keys keys = dtf__row_keys_read(value.data);
	return dtf__row_keys_in(&keys, (enum store_index)order, ret_key);
}

static bool bring_up_to_date(struct pending *pending, unsigned order) {
	for (size_t *i = &pending->ordered[order]; *i < pending->nrows; ++*i) {
		struct index_place place = { 0, pending->rows[*i] };
		const struct pending_put *put = find_row(pending, place.instance);
		if (put != NULL && is_in(put, order, &place.key) &&
			!dtf__order_add(&pending->orders[order], place)) {
			return false;
		}
	}
	return true;
}

/* The next that is true, from there on; one that a younger generation has is its own. */
static bool next_true(struct pending *pending, const struct pending *younger, unsigned order,
	struct order_at *at, struct index_place *ret) {
	struct order *places = &pending->orders[order];
	while (dtf__order_get(places, *at, ret)) {
		uint64_t key;
		const struct pending_put *put = find_row(pending, ret->instance);
		if (put != NULL && is_in(put, order, &key) && key == ret->key &&
			(younger == NULL || find_row(younger, ret->instance) == NULL)) {
			return true;
		}
		dtf__order_remove(places, at);
	}
	return false;
}

int dtf__lmdb_pending_places(struct lmdb_store *lmdb, unsigned order, struct index_place after,
	struct index_place *places, size_t room, size_t *ret_count) {
	struct pending *young = &lmdb->young, *old = &lmdb->old;
	if (!bring_up_to_date(young, order) || !bring_up_to_date(old, order)) {
		return dtf__fail(DTF_ENOMEM, "out of memory");
	}
	struct order_at y = dtf__order_behind(&young->orders[order], after);
	struct order_at o = dtf__order_behind(&old->orders[order], after);
	struct index_place a, b;
	bool is_young = next_true(young, NULL, order, &y, &a);
	bool is_old = next_true(old, young, order, &o, &b);
	size_t count = 0;
	while (count < room && (is_young || is_old)) {
		if (is_young && (!is_old || dtf__place_before(a, b))) {
			places[count++] = a;
			dtf__order_next(&young->orders[order], &y);
			is_young = next_true(young, NULL, order, &y, &a);
		} else {
			places[count++] = b;
			dtf__order_next(&old->orders[order], &o);
			is_old = next_true(old, young, order, &o, &b);
		}
	}
	*ret_count = count;
	return 0;
}

/* ---- both ---- */

struct index_scan {
	struct lmdb_store *lmdb;
	enum store_index index;
	struct index_place after;
	struct index_place pending[PIECE_MAX];
	struct index_place stored[PIECE_MAX]; /* without those whose rows are pending */
	size_t npending, nstored, room;
	struct index_place end; /* what is not behind this is known */
	bool ends;              /* there is no more */
};

static void limit(struct index_scan *scan, const struct index_place *places, size_t count) {
	if (count == scan->room) {
		struct index_place last = places[count - 1];
		scan->end = scan->ends || dtf__place_before(last, scan->end) ? last : scan->end;
		scan->ends = false;
	}
}

/* Under the lock. */
static int read_places(struct index_scan *scan, MDB_txn *txn) {
	struct lmdb_store *lmdb = scan->lmdb;
	size_t count = 0;
	int rc = dtf__lmdb_catch_up(lmdb, txn);
	if (rc == 0) {
		rc = dtf__lmdb_pending_places(
			lmdb, scan->index, scan->after, scan->pending, scan->room, &scan->npending);
	}
	if (rc == 0) {
		rc = scan_table(
			lmdb->env, txn, scan->index, scan->after, scan->stored, scan->room, &count);
	}
	if (rc != 0) {
		return rc;
	}
	scan->ends = true;
	limit(scan, scan->pending, scan->npending);
	limit(scan, scan->stored, count);
	scan->nstored = 0;
	for (size_t i = 0; i < count; i++) {
		uint64_t instance = scan->stored[i].instance;
		if (find_row(&lmdb->young, instance) == NULL &&
			find_row(&lmdb->old, instance) == NULL) {
			scan->stored[scan->nstored++] = scan->stored[i];
		}
	}
	return 0;
}

static int next_places(struct index_scan *scan) {
	struct lmdb_store *lmdb = scan->lmdb;
	MDB_txn *txn;
	int rc = dtf__lmdb_env_check(lmdb->env);
	if (rc < 0) {
		return rc;
	}
	dtf__assert(pthread_mutex_lock(&lmdb->lock) == 0);
	rc = dtf__lmdb_begin(lmdb->env, &txn);
	if (rc == 0) {
		rc = read_places(scan, txn);
		dtf__lmdb_end(lmdb->env, txn);
	}
	dtf__assert(pthread_mutex_unlock(&lmdb->lock) == 0);
	return dtf__lmdb_result(lmdb->env, rc, "read");
}

/* False: f wants no more. */
static bool deliver(const struct index_scan *scan,
	bool (*f)(void *arg, uint64_t key, uint64_t instance), void *arg) {
	size_t s = 0, p = 0;
	for (;;) {
		bool is_stored = s < scan->nstored, is_pending = p < scan->npending;
		if (!is_stored && !is_pending) {
			return true;
		}
		bool first = !is_stored ||
			(is_pending && dtf__place_before(scan->pending[p], scan->stored[s]));
		struct index_place place = first ? scan->pending[p++] : scan->stored[s++];
		if (!scan->ends && dtf__place_before(scan->end, place)) {
			return true;
		}
		if (!f(arg, place.key, place.instance)) {
			return false;
		}
	}
}

int dtf__lmdb_index(struct store *store, enum store_index index, uint64_t key, uint64_t instance,
	bool (*f)(void *arg, uint64_t key, uint64_t instance), void *arg) {
	struct index_scan *scan = malloc(sizeof(*scan));
	if (scan == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory");
	}
	scan->lmdb = (struct lmdb_store *)store;
	scan->index = index;
	scan->after = (struct index_place){ key, instance };
	scan->room = PIECE_MIN;
	bool more = true;
	int rc = 0;
	while (rc == 0 && more) {
		rc = next_places(scan);
		more = rc == 0 && deliver(scan, f, arg) && !scan->ends;
		scan->after = scan->end;
		scan->room = PIECE_MAX;
	}
	free(scan);
	return rc;
}
