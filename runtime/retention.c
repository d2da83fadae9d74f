/*
 * Taking away what was kept for long enough.
 *
 * Replay reads the current execution of an instance that has not ended; nothing
 * of that ever goes.  What has ended is found by the time of its end in the
 * store's index.  Its row and name go at once; its records are a chain that only
 * leads backwards, so the end of the chain is kept in mind in the store, and each
 * commit takes away a piece: a crash in between forgets nothing.
 *
 * An instance that continues has one mark at the end of an execution, set when
 * there is none; when retention has passed since, all up to there goes, and the
 * mark is set anew.  So what is kept of it is bounded by twice the retention.
 */
#include "engine.h"

#include "error.h"

#define PURGES_MAX   256  /* instances in one commit */
#define FORGETS_MAX  1024 /* records in one commit */
#define FORGETS_SIZE ((size_t)4 * 1024 * 1024)
#define LATER_MS     1000 /* until those that were in use are looked at again */

struct ended {
	struct engine *engine;
	uint64_t numbers[PURGES_MAX];
	size_t count;
	uint64_t key;    /* of the last */
	int64_t next_ms; /* when the first that is kept may go */
};

static bool take(void *arg, uint64_t key, uint64_t instance) {
	struct ended *ended = arg;
	const struct engine *engine = ended->engine;
	int64_t over_ms = dtf__limit_end((int64_t)key, engine->options.retention_ms);
	if (over_ms > engine->now_ms) {
		ended->next_ms = over_ms;
		return false;
	}
	ended->numbers[ended->count++] = instance;
	ended->key = key;
	return ended->count < PURGES_MAX;
}

static bool is_used(const struct instance *instance) {
	return instance->turned || instance->dirty || instance->notes != 0 ||
		instance->first != NULL || instance->waiters != NULL || instance->attempts != NULL;
}

static int purge(struct engine *engine, uint64_t number, bool *ret_later) {
	struct instance *instance;
	int rc = dtf__instance_by_number(engine, number, &instance);
	if (rc != 0) {
		return rc > 0 || dtf__instance_unreadable(engine, number, rc) ? 0 : rc;
	}
	const struct row *row = &instance->row;
	if (is_used(instance)) {
		*ret_later = true;
		return 0;
	}
	if (!instance->ended || row->owes_end || row->has_orphans ||
		!dtf__batch_purge(engine, number, row->id)) {
		return 0;
	}
	dtf__batch_trash(engine, row->last);
	return 0;
}

static int purge_ended(struct engine *engine) {
	struct retention *retention = &engine->retention;
	struct store *store = engine->store;
	struct ended ended = { .engine = engine,
		.next_ms = dtf__limit_end(engine->now_ms, engine->options.retention_ms) };
	bool later = false;
	int rc = store->ops->index(
		store, STORE_ENDED, retention->key, retention->instance, take, &ended);
	for (size_t i = 0; i < ended.count && rc == 0; i++) {
		rc = purge(engine, ended.numbers[i], &later);
	}
	retention->later = retention->later || later;
	if (ended.count == PURGES_MAX) {
		/* Some may have to stay: go on behind them. */
		retention->key = ended.key;
		retention->instance = ended.numbers[PURGES_MAX - 1];
		retention->next_ms = engine->now_ms;
		return rc;
	}
	bool again = retention->later && engine->now_ms + LATER_MS < ended.next_ms;
	*retention = (struct retention){ .trash = retention->trash,
		.next_ms = again ? engine->now_ms + LATER_MS : ended.next_ms };
	return rc;
}

/* Follows the chain as far as one commit goes; *ret_next: where it is to go on, or 0. */
static int follow(struct engine *engine, uint64_t position, uint64_t *ret_next) {
	struct store *store = engine->store;
	int rc = 0;
	uint64_t instance = 0;
	size_t size = 0;
	for (unsigned n = 0; n < FORGETS_MAX && size < FORGETS_SIZE && position != 0 && rc == 0;
		n++) {
		struct arena arena = { 0 };
		struct slice bytes, events;
		struct record record = { 0 };
		rc = store->ops->record(store, &arena, position, &bytes);
		if (rc == 0) {
			rc = dtf__record_decode(bytes, &record, &events);
		}
		dtf__arena_finish(&arena);
		if (rc > 0) {
			return 0; /* from here on it was taken away before */
		}
		instance = n == 0 ? record.instance : instance;
		if (rc == 0 && record.instance != instance) {
			return dtf__fail(
				DTF_ECORRUPT, "a record to be taken away is not of its chain");
		}
		size += bytes.size;
		if (rc == 0 && !dtf__batch_forget(engine, position)) {
			return DTF_ENOMEM;
		}
		position = rc == 0 && record.previous < position ? record.previous : 0;
	}
	*ret_next = position;
	return rc;
}

static int empty_trash(struct engine *engine) {
	struct store *store = engine->store;
	uint64_t position, next = 0;
	int rc = store->ops->trash(store, &position);
	if (rc > 0) {
		engine->retention.trash = false;
		return 0;
	}
	rc = rc == 0 ? follow(engine, position, &next) : rc;
	if (rc == DTF_ECORRUPT || rc == DTF_EFORMAT) {
		/* Nobody can say what comes before a record that cannot be read. */
		dtf__engine_log(engine, DTF_LOG_ERROR, "", dtf_errmsg());
		rc = 0;
	}
	if (rc == 0) {
		engine->batch.emptied = position;
		if (next != 0) {
			dtf__batch_trash(engine, next);
		}
	}
	return rc;
}

int dtf__retention_apply(struct engine *engine) {
	struct retention *retention = &engine->retention;
	int rc = 0;
	if (engine->options.retention_ms <= 0) {
		retention->next_ms = INT64_MAX;
	}
	if (engine->now_ms >= retention->next_ms) {
		rc = purge_ended(engine);
	}
	if (rc == 0 && retention->trash) {
		rc = empty_trash(engine);
	}
	if (rc == DTF_ENOMEM) {
		engine->batch.failed = true; /* the batch is taken back and tried again */
		rc = 0;
	}
	return rc;
}

void dtf__retention_done(struct engine *engine) {
	const struct batch *batch = &engine->batch;
	for (size_t i = 0; i < batch->npurges; i++) {
		struct instance *instance = dtf__instance_loaded(engine, batch->purges[i].instance);
		if (instance != NULL) {
			dtf__instance_remove(instance);
		}
	}
	engine->retention.trash = engine->retention.trash || batch->ntrash > 0;
}

void dtf__retention_undone(struct engine *engine) {
	const struct batch *batch = &engine->batch;
	struct retention *retention = &engine->retention;
	bool trash = retention->trash || batch->emptied != 0;
	if (batch->npurges > 0) {
		*retention = (struct retention){ 0 }; /* from the beginning */
	}
	retention->trash = trash;
}

void dtf__retention_cut(struct instance *instance) {
	struct engine *engine = instance->engine;
	struct row *row = &instance->row;
	int64_t retention_ms = engine->options.retention_ms;
	if (retention_ms <= 0) {
		return;
	}
	if (row->cut != 0 && dtf__limit_end(row->cut_ms, retention_ms) <= engine->now_ms) {
		dtf__batch_trash(engine, row->cut);
		row->forgotten = row->cut;
		row->cut = 0;
	}
	if (row->cut == 0) {
		row->cut = row->last;
		row->cut_ms = engine->now_ms;
	}
}
