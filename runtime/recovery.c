/*
 * Beginning again on what is in the store.
 *
 * Nothing is read but what the indexes name: instances that were busy, and
 * those whose code is not here any more, which have to be told so.  Both are
 * looked at in pieces, one in each round, so that the engine serves at once and
 * memory holds no more of them than it may.  Those that sleep are found when
 * they are due (due.c) or something arrives for them.
 */
#include "engine.h"

#include "error.h"

#define PIECE 1024

/* Numbers say in which partition they are. */
static uint64_t next_instance(const struct engine *engine) {
	const struct post *post = &engine->post;
	uint64_t next = engine->store->ops->next_instance(engine->store);
	while (dtf__partition_of(next, post->count) != post->partition) {
		next++;
	}
	return next;
}

int dtf__engine_recover(struct engine *engine) {
	struct store *store = engine->store;
	const struct clock *clock = &engine->clock;
	engine->now_ms = store->ops->clock_ms(store);
	engine->steady_ms = clock->steady_ms == NULL ? 0 : clock->steady_ms(clock->arg);
	engine->batch.next_instance = next_instance(engine);
	engine->recovery = (struct recovery){ .before = engine->batch.next_instance };
	dtf__engine_tick(engine);
	engine->retention.trash = true;
	int rc = dtf__registry_store(engine);
	rc = rc == 0 ? dtf__due_window(engine) : rc;
	rc = rc == 0 ? dtf__recovery_go_on(engine) : rc;
	rc = rc == 0 ? dtf__post_recover(engine) : rc;
	engine->recovered = rc == 0;
	engine->inbox_due = true;
	return rc;
}

/* ---- busy ones ---- */

struct piece {
	struct engine *engine;
	uint64_t numbers[PIECE];
	size_t count;
	uint64_t end; /* of numbers that are of interest */
};

static bool take(void *arg, uint64_t key, uint64_t instance) {
	struct piece *piece = arg;
	(void)key;
	if (instance >= piece->end) {
		return false;
	}
	piece->numbers[piece->count++] = instance;
	return piece->count < PIECE;
}

static int look_at(struct engine *engine, uint64_t number) {
	struct instance *instance;
	int rc = dtf__instance_by_number(engine, number, &instance);
	if (rc != 0) {
		return rc > 0 || dtf__instance_unreadable(engine, number, rc) ? 0 : rc;
	}
	if (instance->ended) {
		struct due due = { .key = engine->now_ms, .instance = number, .op = DUE_DUTY };
		bool owes = instance->row.owes_end || instance->row.has_orphans;
		return owes ? dtf__heap_push(&engine->timers, due) : 0;
	}
	if (instance->ctx == NULL && instance->diagnosis == NULL) {
		dtf__instance_dirty(instance);
	}
	return 0;
}

static int look_at_all(const struct piece *piece) {
	int rc = 0;
	for (size_t i = 0; i < piece->count && rc == 0; i++) {
		rc = look_at(piece->engine, piece->numbers[i]);
	}
	return rc;
}

static int look_at_busy(struct engine *engine) {
	struct recovery *recovery = &engine->recovery;
	struct store *store = engine->store;
	struct piece piece = { .engine = engine, .end = recovery->before };
	int rc = store->ops->index(store, STORE_BUSY, 0, recovery->after, take, &piece);
	rc = rc == 0 ? look_at_all(&piece) : rc;
	if (rc == 0) {
		recovery->begun = piece.count < PIECE;
		recovery->after = piece.count == 0 ? recovery->after
						   : piece.numbers[piece.count - 1];
	}
	return rc;
}

/* ---- those without code ---- */

static bool is_linked(const struct engine *engine, uint64_t kind) {
	for (size_t i = 0; i < engine->nmodules; i++) {
		const struct dtf_workflow_def *const *w = engine->modules[i]->workflows;
		for (; *w != NULL; w++) {
			if (dtf__registry_kind((*w)->name, (*w)->version) == kind) {
				return true;
			}
		}
	}
	return false;
}

static bool take_kind(void *arg, uint64_t key, uint64_t instance) {
	(void)instance;
	*(uint64_t *)arg = key;
	return false;
}

/* The next kind of what runs whose code is not linked; 0: there is none. */
static int find_missing(struct engine *engine, uint64_t *ret) {
	struct store *store = engine->store;
	uint64_t kind = engine->recovery.kind, next;
	int rc;
	do {
		next = 0;
		rc = store->ops->index(store, STORE_KIND, kind, UINT64_MAX, take_kind, &next);
		kind = next;
	} while (rc == 0 && next != 0 && is_linked(engine, next));
	*ret = next;
	return rc;
}

static bool take_of_kind(void *arg, uint64_t key, uint64_t instance) {
	const struct piece *piece = arg;
	return key == piece->engine->recovery.kind && take(arg, key, instance);
}

static int tell_missing(struct engine *engine) {
	struct recovery *recovery = &engine->recovery;
	struct store *store = engine->store;
	struct piece piece = { .engine = engine, .end = recovery->before };
	int rc = 0;
	if (!recovery->told) {
		rc = find_missing(engine, &recovery->kind);
		recovery->kind_after = 0;
		recovery->told = rc == 0;
		recovery->done = rc == 0 && recovery->kind == 0;
	}
	if (rc != 0 || recovery->done) {
		return rc;
	}
	rc = store->ops->index(
		store, STORE_KIND, recovery->kind, recovery->kind_after, take_of_kind, &piece);
	rc = rc == 0 ? look_at_all(&piece) : rc;
	if (rc == 0 && piece.count < PIECE) {
		recovery->told = false;
	} else if (rc == 0) {
		recovery->kind_after = piece.numbers[piece.count - 1];
	}
	return rc;
}

int dtf__recovery_go_on(struct engine *engine) {
	struct recovery *recovery = &engine->recovery;
	if (recovery->done) {
		return 0;
	}
	int rc = recovery->begun ? tell_missing(engine) : look_at_busy(engine);
	if (rc == DTF_ENOMEM && engine->recovered) {
		dtf__engine_retry_later(engine);
		rc = 0;
	}
	return rc;
}
