/*
 * Reading a key and going through rows: the tables, and over them what the
 * journal holds and the tables do not yet.
 *
 * Each piece is read in a transaction of its own, which is over before the
 * caller's function runs: a slow reader would keep pages from being used again.
 */
#include "lmdb_impl.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"

#define SCAN_ITEMS 256

static void lock(struct lmdb_store *lmdb) {
	dtf__assert(pthread_mutex_lock(&lmdb->lock) == 0);
}

static void unlock(struct lmdb_store *lmdb) {
	dtf__assert(pthread_mutex_unlock(&lmdb->lock) == 0);
}

static const struct pending_put *find_put(
	const struct pending *pending, enum lmdb_table table, struct slice key) {
	return dtf__pending_find(pending, table, key, dtf__pending_hash(table, key));
}

/* A mark, or what took all marks of its instance away; with one entry that was before. */
const struct pending_put *dtf__lmdb_pending_mark(const struct pending *pending, struct slice key) {
	const struct pending_put *mark = find_put(pending, TABLE_MARK, key);
	const struct pending_put *all = find_put(
		pending, TABLE_MARK, (struct slice){ key.data, 8 });
	return mark == NULL || (all != NULL && all->entry > mark->entry) ? all : mark;
}

const struct pending_put *dtf__lmdb_pending(
	const struct lmdb_store *lmdb, enum lmdb_table table, const struct lmdb_key *key) {
	struct slice bytes = { (const char *)key->bytes, key->size };
	const struct pending *both[] = { &lmdb->young, &lmdb->old };
	const struct pending_put *put = NULL;
	for (int i = 0; i < 2 && put == NULL; i++) {
		put = table == TABLE_MARK ? dtf__lmdb_pending_mark(both[i], bytes)
					  : find_put(both[i], table, bytes);
	}
	return put;
}

/* 0: in the arena; MDB_NOTFOUND: look into the table; STORE_NOT_FOUND: it is gone.  Under the lock.
 */
static int copy_pending(const struct lmdb_store *lmdb, struct arena *arena, enum lmdb_table table,
	const struct lmdb_key *key, struct slice *ret) {
	const struct pending_put *put = dtf__lmdb_pending(lmdb, table, key);
	if (put == NULL) {
		return MDB_NOTFOUND;
	}
	struct slice value = dtf__pending_value(put);
	if (value.size == 0) {
		return STORE_NOT_FOUND; /* it was taken away */
	}
	const char *copy = dtf__arena_copy(arena, value.data, value.size);
	if (copy == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory");
	}
	*ret = (struct slice){ copy, value.size };
	return 0;
}

static bool has_journal(enum lmdb_table table) {
	return table == TABLE_INST || table == TABLE_NAME || table == TABLE_MARK;
}

/* Who owns has all of the journal in memory: a key that is not there is in its
 * table, or becomes pending after this was asked. */
static int fetch_owned(struct lmdb_store *lmdb, struct arena *arena, enum lmdb_table table,
	struct lmdb_key *key, struct slice *ret) {
	MDB_txn *txn;
	int rc = MDB_NOTFOUND;
	if (has_journal(table)) {
		lock(lmdb);
		rc = copy_pending(lmdb, arena, table, key, ret);
		unlock(lmdb);
	}
	if (rc != MDB_NOTFOUND) {
		return rc;
	}
	rc = dtf__lmdb_begin(lmdb->env, &txn);
	if (rc == 0) {
		rc = dtf__lmdb_get(lmdb->env, txn, table, key, arena, ret);
		dtf__lmdb_end(lmdb->env, txn);
	}
	return rc;
}

/* Who shares reads the journal's end and the table as of the same moment. */
static int fetch_shared(struct lmdb_store *lmdb, struct arena *arena, enum lmdb_table table,
	struct lmdb_key *key, struct slice *ret) {
	MDB_txn *txn;
	lock(lmdb);
	int rc = dtf__lmdb_begin(lmdb->env, &txn);
	if (rc == 0) {
		if (has_journal(table)) {
			rc = dtf__lmdb_journal_follow(lmdb, txn);
			rc = rc == 0 ? copy_pending(lmdb, arena, table, key, ret) : rc;
		} else {
			rc = MDB_NOTFOUND;
		}
		if (rc == MDB_NOTFOUND) {
			rc = dtf__lmdb_get(lmdb->env, txn, table, key, arena, ret);
		}
		dtf__lmdb_end(lmdb->env, txn);
	}
	unlock(lmdb);
	return rc;
}

int dtf__lmdb_fetch(struct lmdb_store *lmdb, struct arena *arena, enum lmdb_table table,
	struct lmdb_key *key, struct slice *ret) {
	int rc = dtf__lmdb_env_check(lmdb->env);
	if (rc < 0) {
		return rc;
	}
	rc = lmdb->mode == STORE_OWN ? fetch_owned(lmdb, arena, table, key, ret)
				     : fetch_shared(lmdb, arena, table, key, ret);
	return rc == MDB_NOTFOUND || rc == STORE_NOT_FOUND
		? STORE_NOT_FOUND
		: dtf__lmdb_result(lmdb->env, rc, "read");
}

int dtf__lmdb_catch_up(struct lmdb_store *lmdb, MDB_txn *txn) {
	return lmdb->mode == STORE_OWN ? 0 : dtf__lmdb_journal_follow(lmdb, txn);
}

/* ---- rows ---- */

struct rows_scan {
	struct lmdb_store *lmdb;
	uint64_t after;
	struct arena arena;
	/* The next of both kinds. */
	struct lmdb_item items[SCAN_ITEMS];
	struct index_place pending[SCAN_ITEMS];
	size_t count, npending;
};

static int next_piece(struct rows_scan *scan) {
	struct lmdb_store *lmdb = scan->lmdb;
	MDB_txn *txn;
	dtf__arena_finish(&scan->arena);
	int rc = dtf__lmdb_env_check(lmdb->env);
	if (rc < 0) {
		return rc;
	}
	lock(lmdb);
	rc = dtf__lmdb_begin(lmdb->env, &txn);
	if (rc == 0) {
		rc = dtf__lmdb_catch_up(lmdb, txn);
		if (rc == 0) {
			rc = dtf__lmdb_pending_places(lmdb, ORDER_NUMBER,
				(struct index_place){ 0, scan->after }, scan->pending, SCAN_ITEMS,
				&scan->npending);
		}
		if (rc == 0) {
			rc = dtf__lmdb_scan(lmdb->env, txn, TABLE_INST, scan->after, &scan->arena,
				scan->items, SCAN_ITEMS, &scan->count);
		}
		dtf__lmdb_end(lmdb->env, txn);
	}
	unlock(lmdb);
	return dtf__lmdb_result(lmdb->env, rc, "read");
}

/* One row, of the number that comes next; *ret_more: f wants more. */
static int deliver(struct rows_scan *scan, uint64_t number, const struct lmdb_item *item,
	bool is_pending, bool (*f)(void *arg, uint64_t instance, struct slice row), void *arg,
	bool *ret_more) {
	struct slice value = { 0 };
	int rc = 0;
	if (is_pending) {
		struct lmdb_key key = dtf__lmdb_number_key(number);
		rc = dtf__lmdb_fetch(scan->lmdb, &scan->arena, TABLE_INST, &key, &value);
	} else {
		value = item->value;
	}
	scan->after = number;
	if (rc != 0) {
		return rc == STORE_NOT_FOUND ? 0 : rc;
	}
	if (value.size < ROW_KEYS_SIZE) {
		return dtf__fail(DTF_ECORRUPT, "%s: a damaged instance row (%llu)",
			scan->lmdb->env->dir, (unsigned long long)number);
	}
	*ret_more = f(arg, number,
		(struct slice){ value.data + ROW_KEYS_SIZE, value.size - ROW_KEYS_SIZE });
	return 0;
}

static int deliver_piece(struct rows_scan *scan,
	bool (*f)(void *arg, uint64_t instance, struct slice row), void *arg, bool *ret_more) {
	uint64_t end = scan->count == 0 ? UINT64_MAX : scan->items[scan->count - 1].number;
	if (scan->npending == SCAN_ITEMS && scan->pending[SCAN_ITEMS - 1].instance < end) {
		end = scan->pending[SCAN_ITEMS - 1].instance;
	}
	size_t i = 0, p = 0;
	int rc = 0;
	while (rc == 0 && *ret_more) {
		uint64_t pending = p < scan->npending ? scan->pending[p].instance : UINT64_MAX;
		uint64_t stored = i < scan->count ? scan->items[i].number : UINT64_MAX;
		uint64_t number = pending < stored ? pending : stored;
		if (number == UINT64_MAX || number > end) {
			break;
		}
		rc = deliver(scan, number, &scan->items[i < scan->count ? i : 0], pending == number,
			f, arg, ret_more);
		i += stored == number;
		p += pending == number;
	}
	return rc;
}

int dtf__lmdb_rows(struct store *store, uint64_t after,
	bool (*f)(void *arg, uint64_t instance, struct slice row), void *arg) {
	struct rows_scan *scan = calloc(1, sizeof(*scan));
	if (scan == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory");
	}
	scan->lmdb = (struct lmdb_store *)store;
	scan->after = after;
	bool more = after != UINT64_MAX;
	int rc = 0;
	while (rc == 0 && more) {
		rc = next_piece(scan);
		uint64_t before = scan->after;
		if (rc == 0) {
			rc = deliver_piece(scan, f, arg, &more);
		}
		more = more && scan->after > before;
	}
	dtf__arena_finish(&scan->arena);
	free(scan);
	return rc;
}
