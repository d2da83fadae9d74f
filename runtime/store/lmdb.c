/*
 * The store on LMDB: reading, the inbox, opening and closing.
 *
 * An owner takes the directory's lock and raises the epoch, which each of its
 * commits compares.  The lock keeps a second owner out; the epoch makes one
 * harmless that got in where locks do not work.  A process that shares reads,
 * and appends to the inbox under LMDB's own writer's lock.
 *
 * Reads copy what they want and end their transaction before anybody else's
 * code runs: a slow reader would keep pages from being used again, and a
 * callback that calls the store again must not find itself inside one.
 */
#include "lmdb_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../error.h"

#define SCAN_ITEMS 256

static struct lmdb_store *of(struct store *store) {
	return (struct lmdb_store *)store;
}

/* ---- reading ---- */

static int read_state(struct lmdb_store *lmdb, struct lmdb_state *ret) {
	MDB_txn *txn;
	int rc = dtf__lmdb_env_check(lmdb->env);
	if (rc < 0) {
		return rc;
	}
	rc = dtf__lmdb_begin(lmdb->env, &txn);
	if (rc == 0) {
		rc = dtf__lmdb_state_read(lmdb->env, txn, ret);
		dtf__lmdb_end(lmdb->env, txn);
	}
	return dtf__lmdb_result(lmdb->env, rc, "read");
}

/* Who shares asks the database; who owns knows. */
static uint64_t lmdb_next(struct store *store) {
	struct lmdb_state state = { 0 };
	if (of(store)->mode == STORE_OWN) {
		return atomic_load(&of(store)->next);
	}
	return read_state(of(store), &state) == 0 ? state.next : 0;
}

static uint64_t lmdb_next_instance(struct store *store) {
	struct lmdb_state state = { 0 };
	if (of(store)->mode == STORE_OWN) {
		return atomic_load(&of(store)->next_instance);
	}
	return read_state(of(store), &state) == 0 ? state.next_instance : 0;
}

static int64_t lmdb_clock_ms(struct store *store) {
	struct lmdb_state state = { 0 };
	if (of(store)->mode == STORE_OWN) {
		return atomic_load(&of(store)->clock_ms);
	}
	return read_state(of(store), &state) == 0 ? state.clock_ms : 0;
}

static uint64_t lmdb_epoch(struct store *store) {
	return of(store)->epoch;
}

static int fetch(struct store *store, struct arena *arena, enum lmdb_table table,
	struct lmdb_key key, struct slice *ret) {
	return dtf__lmdb_fetch(of(store), arena, table, &key, ret);
}

static int fetch_text(struct store *store, struct arena *arena, enum lmdb_table table,
	const char *text, struct slice *ret) {
	if (strlen(text) > STORE_ID_MAX) {
		return STORE_NOT_FOUND;
	}
	return fetch(store, arena, table, dtf__lmdb_text_key(text), ret);
}

static int lmdb_record(
	struct store *store, struct arena *arena, uint64_t position, struct slice *ret) {
	return fetch(store, arena, TABLE_LOG, dtf__lmdb_number_key(position), ret);
}

static int lmdb_row(
	struct store *store, struct arena *arena, uint64_t instance, struct slice *ret) {
	struct slice value;
	int rc = fetch(store, arena, TABLE_INST, dtf__lmdb_number_key(instance), &value);
	if (rc == 0 && value.size < ROW_KEYS_SIZE) {
		rc = dtf__fail(DTF_ECORRUPT, "%s: a damaged instance row (%llu)",
			of(store)->env->dir, (unsigned long long)instance);
	}
	if (rc == 0) {
		*ret = (struct slice){ value.data + ROW_KEYS_SIZE, value.size - ROW_KEYS_SIZE };
	}
	return rc;
}

static int lmdb_snapshot(
	struct store *store, struct arena *arena, uint64_t instance, struct slice *ret) {
	return fetch(store, arena, TABLE_SNAPSHOT, dtf__lmdb_number_key(instance), ret);
}

static int lmdb_manifest(
	struct store *store, struct arena *arena, const char *hash, struct slice *ret) {
	return fetch_text(store, arena, TABLE_MANIFEST, hash, ret);
}

static int lmdb_answer(
	struct store *store, struct arena *arena, const char *request, struct slice *ret) {
	struct slice value;
	int rc = fetch_text(store, arena, TABLE_ANSWER, request, &value);
	if (rc == 0 && value.size < 8) {
		rc = dtf__fail(DTF_ECORRUPT, "%s: a damaged answer", of(store)->env->dir);
	}
	if (rc == 0) {
		*ret = (struct slice){ value.data + 8, value.size - 8 };
	}
	return rc;
}

static int lmdb_find(struct store *store, const char *id, uint64_t *ret_instance) {
	struct arena arena = { 0 };
	struct slice value;
	int rc = fetch_text(store, &arena, TABLE_NAME, id, &value);
	if (rc == 0 && value.size != 8) {
		rc = dtf__fail(DTF_ECORRUPT, "%s: a damaged name", of(store)->env->dir);
	}
	if (rc == 0) {
		*ret_instance = dtf__wire_load64(value.data);
	}
	dtf__arena_finish(&arena);
	return rc;
}

static int lmdb_mark(
	struct store *store, uint64_t instance, const char *event, const char *event_id) {
	struct arena arena = { 0 };
	struct buf mark = { 0 };
	struct slice marks;
	int rc = ENOMEM;
	dtf__lmdb_mark_bytes(&mark, event, event_id);
	if (mark.failed) {
		rc = dtf__fail(DTF_ENOMEM, "out of memory");
	} else {
		rc = fetch(store, &arena, TABLE_MARK, dtf__lmdb_mark_key(instance, &mark), &marks);
	}
	if (rc == 0 && !dtf__lmdb_holds_mark(marks, &mark)) {
		rc = STORE_NOT_FOUND;
	}
	dtf__arena_finish(&arena);
	dtf__buf_finish(&mark);
	return rc;
}

/* Copies the next items; their transaction is over when it returns. */
static int fetch_items(struct lmdb_env *env, enum lmdb_table table, uint64_t after,
	struct arena *arena, struct lmdb_item *items, size_t *ret_count) {
	MDB_txn *txn;
	int rc = dtf__lmdb_env_check(env);
	if (rc < 0) {
		return rc;
	}
	rc = dtf__lmdb_begin(env, &txn);
	if (rc == 0) {
		rc = dtf__lmdb_scan(env, txn, table, after, arena, items, SCAN_ITEMS, ret_count);
		dtf__lmdb_end(env, txn);
	}
	return dtf__lmdb_result(env, rc, "read");
}

static int scan(struct store *store, enum lmdb_table table, uint64_t after,
	bool (*f)(void *arg, uint64_t number, struct slice value), void *arg) {
	struct lmdb_item items[SCAN_ITEMS];
	bool more = true;
	while (more) {
		struct arena arena = { 0 };
		size_t count = 0;
		int rc = fetch_items(of(store)->env, table, after, &arena, items, &count);
		more = rc == 0 && count > 0;
		for (size_t i = 0; i < count && more; i++) {
			more = f(arg, items[i].number, items[i].value);
			after = items[i].number;
		}
		dtf__arena_finish(&arena);
		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

static int lmdb_trash(struct store *store, uint64_t *ret_position) {
	struct lmdb_env *env = of(store)->env;
	MDB_txn *txn;
	int rc = dtf__lmdb_env_check(env);
	if (rc < 0) {
		return rc;
	}
	rc = dtf__lmdb_begin(env, &txn);
	if (rc == 0) {
		rc = dtf__lmdb_first(env, txn, TABLE_TRASH, ret_position);
		dtf__lmdb_end(env, txn);
	}
	if (rc == 0 && *ret_position == 0) {
		return STORE_NOT_FOUND;
	}
	return dtf__lmdb_result(env, rc, "read");
}

static int lmdb_outbox(struct store *store, uint64_t after,
	bool (*f)(void *arg, uint64_t sequence, struct slice message), void *arg) {
	return scan(store, TABLE_OUTBOX, after, f, arg);
}

static int lmdb_received(
	struct store *store, struct arena *arena, uint64_t from, struct slice *ret) {
	return fetch(store, arena, TABLE_RECEIVED, dtf__lmdb_number_key(from), ret);
}

/* ---- the inbox ---- */

struct append {
	struct slice command;
	uint64_t number; /* out */
};

static int append_in(struct lmdb_env *env, MDB_txn *txn, void *arg) {
	struct append *append = arg;
	int rc = dtf__lmdb_inbox_number(env, txn, &append->number);
	if (rc == 0) {
		struct lmdb_key key = dtf__lmdb_number_key(append->number);
		rc = dtf__lmdb_put(env, txn, TABLE_INBOX, &key, append->command, MDB_APPEND);
	}
	return rc;
}

static int lmdb_inbox_append(struct store *store, struct slice command, uint64_t *ret_sequence) {
	struct lmdb_store *lmdb = of(store);
	struct append append = { .command = command };
	int rc = dtf__lmdb_env_check(lmdb->env);
	if (rc < 0) {
		return rc;
	}
	rc = dtf__lmdb_update(lmdb->env, append_in, &append);
	rc = dtf__lmdb_result(lmdb->env, rc, "append to the inbox");
	if (rc == 0) {
		*ret_sequence = append.number;
		/* A full pipe wakes as well as one more byte would. */
		if (lmdb->wake_fd >= 0) {
			(void)!write(lmdb->wake_fd, "", 1);
		}
	}
	return rc;
}

static int lmdb_inbox(struct store *store, uint64_t after,
	bool (*f)(void *arg, uint64_t sequence, struct slice command), void *arg) {
	return scan(store, TABLE_INBOX, after, f, arg);
}

static int lmdb_owned(struct store *store) {
	struct lmdb_env *env = of(store)->env;
	int rc = dtf__lmdb_env_check(env);
	if (rc < 0) {
		return rc;
	}
	dtf__lmdb_registry_lock();
	rc = env->owned ? 1 : dtf__lmdb_gate_lock(env->dir_fd);
	if (rc == 0) {
		rc = dtf__lmdb_is_owned(env->dir_fd, env->dir);
		dtf__lmdb_gate_unlock(env->dir_fd);
	}
	dtf__lmdb_registry_unlock();
	return rc;
}

static int lmdb_wake_fd(struct store *store) {
	return of(store)->wake_fd;
}

static void lmdb_drain(struct store *store) {
	char bytes[256];
	while (of(store)->wake_fd >= 0 && read(of(store)->wake_fd, bytes, sizeof(bytes)) > 0) {
	}
}

/* ---- open and close ---- */

static void destroy(struct lmdb_store *lmdb) {
	dtf__pending_finish(&lmdb->young);
	dtf__pending_finish(&lmdb->old);
	free(lmdb->checkpoint.sorted);
	dtf__lmdb_staged_finish(&lmdb->staged);
	dtf__assert(pthread_mutex_destroy(&lmdb->lock) == 0);
	free(lmdb);
}

static void lmdb_close(struct store *store) {
	struct lmdb_store *lmdb = of(store);
	if (lmdb == NULL) {
		return;
	}
	if (lmdb->env->pid != getpid()) {
		free(lmdb); /* the rest is the parent's */
		return;
	}
	dtf__lmdb_registry_lock();
	int gate_fd = dup(lmdb->env->dir_fd); /* the environment's own may be closed */
	bool gated = gate_fd >= 0 && dtf__lmdb_gate_lock(gate_fd) == 0;
	if (lmdb->mode == STORE_OWN) {
		lmdb->env->owned = false;
	}
	dtf__lmdb_env_release(lmdb->env);
	if (lmdb->lock_fd >= 0) {
		dtf__lmdb_disown(lmdb->lock_fd);
	}
	if (gated) {
		dtf__lmdb_gate_unlock(gate_fd);
	}
	if (gate_fd >= 0) {
		(void)close(gate_fd);
	}
	dtf__lmdb_registry_unlock();
	if (lmdb->wake_fd >= 0) {
		(void)close(lmdb->wake_fd);
	}
	destroy(lmdb);
}

static const struct store_ops lmdb_ops = {
	.close = lmdb_close,
	.next = lmdb_next,
	.next_instance = lmdb_next_instance,
	.clock_ms = lmdb_clock_ms,
	.epoch = lmdb_epoch,
	.commit = dtf__lmdb_commit,
	.record = lmdb_record,
	.row = lmdb_row,
	.find = lmdb_find,
	.mark = lmdb_mark,
	.manifest = lmdb_manifest,
	.snapshot = lmdb_snapshot,
	.rows = dtf__lmdb_rows,
	.index = dtf__lmdb_index,
	.trash = lmdb_trash,
	.outbox = lmdb_outbox,
	.received = lmdb_received,
	.inbox_append = lmdb_inbox_append,
	.inbox = lmdb_inbox,
	.answer = lmdb_answer,
	.owned = lmdb_owned,
	.wake_fd = lmdb_wake_fd,
	.drain = lmdb_drain,
};

struct taking {
	struct lmdb_store *lmdb;
	struct lmdb_state state; /* out */
};

/* Becomes the owner in the database: a new epoch, if all that it needs can be read:
 * what the owner before has put and no checkpoint has written, and the log's end. */
static int take_over(struct lmdb_env *env, MDB_txn *txn, void *arg) {
	struct taking *taking = arg;
	struct lmdb_store *lmdb = taking->lmdb;
	uint64_t last = 0, first = 0, covered = 0;
	int rc = dtf__lmdb_state_read(env, txn, &taking->state);
	rc = rc == 0 ? dtf__lmdb_last(env, txn, TABLE_LOG, &last) : rc;
	if (rc == 0 && last >= taking->state.next) {
		rc = dtf__fail(DTF_ECORRUPT, "%s: the log goes beyond its end", env->dir);
	}
	rc = rc == 0 ? dtf__lmdb_journal_follow(lmdb, txn) : rc;
	rc = rc == 0 ? dtf__lmdb_covered_read(env, txn, &covered) : rc;
	rc = rc == 0 ? dtf__lmdb_first(env, txn, TABLE_JOURNAL, &first) : rc;
	if (rc == 0) {
		lmdb->checkpoint.drop = first <= covered ? covered : 0;
		taking->state.epoch++;
		rc = dtf__lmdb_state_write(env, txn, &taking->state);
	}
	return rc;
}

static int own(struct lmdb_store *lmdb) {
	struct taking taking = { .lmdb = lmdb };
	int rc = dtf__lmdb_update(lmdb->env, take_over, &taking);
	rc = dtf__lmdb_result(lmdb->env, rc, "open");
	if (rc == 0) {
		lmdb->epoch = taking.state.epoch;
		lmdb->env->owned = true;
		dtf__lmdb_remember(lmdb, &taking.state);
	}
	return rc;
}

/* Under the gate; what it took on the way is given back by the caller. */
static int open_gated(struct lmdb_store *lmdb, int dir_fd, const char *dir,
	const struct store_options *options, struct lmdb_env *shared) {
	int rc = shared != NULL ? 0 : dtf__lmdb_dir_check(dir_fd, dir, options);
	if (rc == LMDB_DIR_EMPTY) {
		rc = lmdb->mode == STORE_OWN ? dtf__lmdb_env_create(dir_fd, dir, options)
					     : dtf__fail(DTF_EFORMAT, "no store in %s", dir);
	}
	if (rc == 0 && lmdb->mode == STORE_OWN) {
		rc = dtf__lmdb_own(dir_fd, dir, &lmdb->lock_fd);
	}
	if (rc == 0) {
		rc = dtf__lmdb_wake_open(dir_fd, dir, &lmdb->wake_fd);
	}
	if (rc == 0 && shared != NULL) {
		rc = dtf__lmdb_env_check(shared);
		lmdb->env = shared;
		shared->references++;
	} else if (rc == 0) {
		rc = dtf__lmdb_env_open(dir, options, &lmdb->env);
	}
	if (rc == 0 && lmdb->mode == STORE_OWN) {
		rc = own(lmdb);
	}
	return rc;
}

static int open_registered(
	struct lmdb_store *lmdb, int dir_fd, const char *dir, const struct store_options *options) {
	struct lmdb_env *shared = dtf__lmdb_env_find(dir_fd);
	if (shared != NULL && shared->pid != getpid()) {
		return dtf__fail(DTF_EFORK, "%s is open in the parent of this process", dir);
	}
	if (shared != NULL && shared->owned && lmdb->mode == STORE_OWN) {
		return dtf__fail(
			DTF_EOWNED, "%s is owned by this process (%ld)", dir, (long)getpid());
	}
	int rc = dtf__lmdb_gate_lock(dir_fd);
	if (rc < 0) {
		return rc;
	}
	rc = open_gated(lmdb, dir_fd, dir, options, shared);
	if (rc < 0) {
		if (lmdb->env != NULL) {
			dtf__lmdb_env_release(lmdb->env);
		}
		if (lmdb->lock_fd >= 0) {
			dtf__lmdb_disown(lmdb->lock_fd);
		}
		if (lmdb->wake_fd >= 0) {
			(void)close(lmdb->wake_fd);
		}
	}
	dtf__lmdb_gate_unlock(dir_fd);
	return rc;
}

int dtf__store_lmdb_open(const char *dir, enum store_mode mode, const struct store_options *options,
	struct store **ret) {
	int dir_fd;
	int rc = dtf__lmdb_dir_open(dir, mode, &dir_fd);
	if (rc < 0) {
		return rc;
	}
	struct lmdb_store *lmdb = calloc(1, sizeof(*lmdb));
	if (lmdb == NULL) {
		(void)close(dir_fd);
		return dtf__fail(DTF_ENOMEM, "out of memory");
	}
	lmdb->base.ops = &lmdb_ops;
	lmdb->mode = mode;
	lmdb->size_max = options->size_max;
	lmdb->checkpoint.every = options->checkpoint;
	dtf__assert(pthread_mutex_init(&lmdb->lock, NULL) == 0);
	lmdb->lock_fd = -1;
	lmdb->wake_fd = -1;
	dtf__lmdb_registry_lock();
	rc = open_registered(lmdb, dir_fd, dir, options);
	dtf__lmdb_registry_unlock();
	(void)close(dir_fd);
	if (rc < 0) {
		destroy(lmdb);
		return rc;
	}
	*ret = &lmdb->base;
	return 0;
}
