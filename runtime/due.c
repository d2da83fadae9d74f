/*
 * What is due: timers, the time limits of attempts, retries.
 *
 * The heap holds what concerns instances in memory, and of those that sleep
 * only what is due within the window: the next few thousand.  What comes
 * later is in the store's index, which is asked when the time of the window is
 * over.  So instances that sleep for months cost no memory.  An entry is a
 * hint: it is compared with the instance when its time has come.
 */
#include "engine.h"

#include <string.h>

#include "error.h"

static void add(struct instance *instance, const struct event *event) {
	if (dtf__arrival_waits(instance, event)) {
		return;
	}
	if (dtf__arrival_add(instance, event) == NULL) {
		dtf__instance_reload(instance);
	}
}

static void give_up_attempt(struct instance *instance, const struct op *op, const char *failure) {
	add(instance,
		&(struct event){ .kind = EVENT_ATTEMPT_ENDED,
			.op = op->number,
			.attempt = op->attempt,
			.due_ms = -1,
			.outcome = OUTCOME_TIMED_OUT,
			.payload = { failure, strlen(failure) } });
}

/* Its limit was put off, because it had to wait for a thread.  False: no memory. */
static bool look_later(
	const struct instance *instance, struct dtf_activity *attempt, int64_t limit_ms) {
	struct engine *engine = instance->engine;
	if (attempt->late_ms > engine->now_ms) {
		return true; /* a timer is set */
	}
	attempt->late_ms = limit_ms;
	struct due due = { .key = limit_ms, .instance = instance->number, .op = attempt->op };
	return dtf__heap_push(&engine->timers, due) == 0;
}

static void due_attempt(struct instance *instance, const struct op *op, int64_t key_ms) {
	struct dtf_activity *attempt = dtf__attempt_of(instance, op);
	int64_t now_ms = instance->engine->now_ms, limit_ms = dtf__op_attempt_limit(op);
	int64_t end_ms = attempt == NULL ? limit_ms : dtf__attempt_put_off(attempt, limit_ms);
	bool ok = true, silent = false;
	if (end_ms <= now_ms) {
		give_up_attempt(instance, op,
			"{\"name\":\"timeout\",\"message\":"
			"\"the attempt took longer than its timeout\",\"kind\":\"attempt\"}");
		return;
	}
	if (limit_ms <= now_ms) {
		ok = look_later(instance, attempt, end_ms);
	}
	if (ok && attempt != NULL) {
		ok = dtf__silence_due(instance, attempt, key_ms, &silent);
	}
	if (!ok) {
		dtf__instance_reload(instance);
	} else if (silent) {
		give_up_attempt(instance, op,
			"{\"name\":\"timeout\",\"message\":"
			"\"the attempt was silent for longer than its heartbeat\","
			"\"kind\":\"heartbeat\"}");
	}
}

static void due_activity(struct instance *instance, const struct op *op, int64_t key_ms) {
	int64_t now_ms = instance->engine->now_ms;
	if (op->state == OP_SETTLING && op->due_ms <= now_ms) {
		add(instance, &(struct event){ .kind = EVENT_GRACE_EXPIRED, .op = op->number });
	}
	if (op->state != OP_OPEN) {
		return;
	}
	if (dtf__op_deadline(op) <= now_ms) {
		add(instance, &(struct event){ .kind = EVENT_DEADLINE_PASSED, .op = op->number });
	} else if (op->running) {
		due_attempt(instance, op, key_ms);
	} else if (op->due_ms <= now_ms && !dtf__dispatch_queue(instance, op)) {
		dtf__instance_reload(instance);
	}
}

/* Its row may say that the entry is out of date: then it is not worth loading. */
static bool due_unloaded(struct engine *engine, struct instance *instance) {
	const struct row *row = &instance->row;
	if (row->busy || (row->next_timer_ms != 0 && row->next_timer_ms <= engine->now_ms)) {
		dtf__instance_dirty(instance); /* loading it finds what is due */
		return true;
	}
	struct due due = { .key = row->next_timer_ms, .instance = instance->number };
	return row->next_timer_ms == 0 || row->next_timer_ms > engine->window.through_ms ||
		dtf__heap_push(&engine->timers, due) == 0;
}

/* False: it should be tried again. */
static bool due(struct engine *engine, const struct due *entry) {
	struct instance *instance;
	int rc = dtf__instance_by_number(engine, entry->instance, &instance);
	if (rc == 0 && instance->ended) {
		return dtf__family_after_end(instance);
	}
	if (rc != 0) {
		(void)dtf__instance_unreadable(engine, entry->instance, rc);
		return rc != DTF_ENOMEM;
	}
	if (instance->diagnosis != NULL) {
		return true;
	}
	if (instance->ctx == NULL) {
		return due_unloaded(engine, instance);
	}
	const struct op *op = dtf__op_find(instance->ctx, entry->op);
	if (op == NULL || instance->ctx->suspended) {
		return true;
	}
	if (op->kind == OP_ACTIVITY) {
		due_activity(instance, op, entry->key);
	} else if (op->kind == OP_TIMER && op->state == OP_OPEN && op->due_ms <= engine->now_ms) {
		add(instance, &(struct event){ .kind = EVENT_TIMER_FIRED, .op = op->number });
	}
	return true;
}

/* ---- the window ---- */

struct filling {
	struct engine *engine;
	size_t count;
	bool failed;
};

static bool take_due(void *arg, uint64_t key, uint64_t instance) {
	struct filling *filling = arg;
	struct engine *engine = filling->engine;
	const struct instance *loaded = dtf__instance_loaded(engine, instance);
	struct due due = { .key = (int64_t)key, .instance = instance };
	/* One that is loaded has set its timers itself. */
	if ((loaded == NULL || loaded->ctx == NULL) && dtf__heap_push(&engine->timers, due) < 0) {
		filling->failed = true;
		return false;
	}
	engine->window.through_ms = due.key;
	engine->window.instance = instance;
	return ++filling->count < engine->window_size;
}

int dtf__due_window(struct engine *engine) {
	struct due_window *window = &engine->window;
	struct filling filling = { .engine = engine };
	struct store *store = engine->store;
	int64_t before_ms = window->through_ms;
	int rc = store->ops->index(
		store, STORE_DUE, (uint64_t)before_ms, window->instance, take_due, &filling);
	if (rc == 0 && filling.failed) {
		window->through_ms = before_ms; /* what was pushed twice does no harm */
		rc = DTF_ENOMEM;
	} else if (rc == 0 && filling.count < engine->window_size) {
		window->through_ms = INT64_MAX;
	}
	return rc;
}

int dtf__due_run(struct engine *engine) {
	struct due entry;
	unsigned n = 0;
	int rc = 0;
	/* What is there already comes first: memory holds no more than a window. */
	while (rc == 0 && engine->now_ms >= engine->window.through_ms &&
		dtf__heap_next(&engine->timers) > engine->now_ms) {
		rc = dtf__due_window(engine);
	}
	while (n++ < TURNS_MAX && dtf__heap_pop(&engine->timers, engine->now_ms, &entry)) {
		if (!due(engine, &entry)) {
			/* There is room: one has just been taken out. */
			int pushed = dtf__heap_push(&engine->timers, entry);
			dtf__assert(pushed == 0);
			dtf__engine_retry_later(engine);
			break;
		}
	}
	if (rc == DTF_ENOMEM) {
		dtf__engine_retry_later(engine);
		rc = 0;
	}
	return rc;
}

/* Loading an instance sets all its timers: one entry stands for one that is not in
 * memory, whatever its ops were; none if the window does not reach so far. */
static bool is_good(void *arg, struct due *due) {
	struct engine *engine = arg;
	const struct instance *instance = dtf__instance_loaded(engine, due->instance);
	if (instance == NULL && due->op == DUE_DUTY) {
		return true; /* no index has it: it is found at the next start alone */
	}
	if (instance == NULL || (instance->ctx == NULL && !instance->ended)) {
		due->op = 0;
		return due->key <= engine->window.through_ms;
	}
	if (instance->ended) {
		due->op = DUE_DUTY;
		return instance->row.owes_end || instance->row.has_orphans;
	}
	const struct op *op = dtf__op_find(instance->ctx, due->op);
	if (op == NULL) {
		return false;
	}
	const struct dtf_activity *attempt = dtf__attempt_of(instance, op);
	return due->key == op->due_ms || due->key == dtf__op_attempt_limit(op) ||
		due->key == dtf__op_deadline(op) ||
		(attempt != NULL &&
			(due->key == attempt->listen_ms || due->key == attempt->late_ms));
}

/* So many sleep that the window has to become smaller: to half of what there is.
 * The entries are sorted.  What is due later is in the store. */
static void narrow(struct engine *engine) {
	const struct heap *timers = &engine->timers;
	const struct due *middle = &timers->entries[timers->count / 2];
	/* What instances in memory wait for may lie behind the window, which must not skip
	 * what it has not read. */
	if (middle->key > engine->now_ms && middle->key < engine->window.through_ms) {
		engine->window = (struct due_window){ middle->key, UINT64_MAX };
		dtf__heap_sift(&engine->timers, is_good, engine);
	}
}

void dtf__due_sweep(struct engine *engine) {
	struct heap *timers = &engine->timers;
	if (timers->count >= engine->sweep_at) {
		dtf__heap_sift(timers, is_good, engine);
		if (timers->count > 4 * engine->window_size) {
			narrow(engine);
		}
		engine->sweep_at = timers->count < engine->sweep_min / 2 ? engine->sweep_min
									 : timers->count * 2;
	}
}
