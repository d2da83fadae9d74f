/*
 * Handing attempts out and taking their outcomes in.
 *
 * An attempt's start is durable before it runs (DECISIONS 7): a command that
 * gets a pool slot at once carries `started` in its schedule event, others wait
 * here for a slot and get an event of their own first.  Slots bound what runs
 * at once; an attempt that ignores its time limit keeps its slot.
 */
#include "engine.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"

static bool serves(const struct engine *engine, const char *tag) {
	if (tag == NULL || tag[0] == '\0' || engine->options.tags == NULL) {
		return true;
	}
	for (const char *const *t = engine->options.tags; *t != NULL; t++) {
		if (strcmp(*t, tag) == 0) {
			return true;
		}
	}
	return false;
}

bool dtf__dispatch_claim(
	void *arg, const struct dtf_activity_def *activity, const struct event_policy *policy) {
	struct engine *engine = arg;
	(void)activity;
	bool free_slot = engine->slots_used < engine->slots && engine->waiting.count == 0;
	if (!free_slot || !serves(engine, policy->tag)) {
		return false;
	}
	engine->slots_used++;
	return true;
}

static void release_slot(struct engine *engine) {
	dtf__assert(engine->slots_used > 0);
	engine->slots_used--;
}

void dtf__dispatch_unclaim(struct engine *engine) {
	release_slot(engine);
}

/* ---- out ---- */

static void finished(void *arg, struct dtf_activity *attempt) {
	struct engine *engine = arg;
	dtf__queue_attempt(engine->queue, attempt);
}

static void deferred(void *arg, bool more) {
	struct engine *engine = arg;
	if (!more) {
		engine->deferred--;
		return;
	}
	engine->deferred++;
	if (engine->hungry) {
		dtf__queue_poke(engine->queue);
	}
}

int64_t dtf__op_deadline(const struct op *op) {
	return dtf__limit_end(op->issued_ms, op->policy.deadline_ms);
}

int64_t dtf__op_attempt_limit(const struct op *op) {
	return dtf__limit_end(op->attempt_ms, op->policy.timeout_ms);
}

static struct dtf_activity *make_attempt(struct instance *instance, const struct op *op) {
	struct engine *engine = instance->engine;
	const struct dtf_ctx *ctx = instance->ctx;
	struct arena memory = { 0 };
	struct dtf_activity *attempt = dtf__arena_alloc(&memory, sizeof(*attempt));
	if (attempt == NULL) {
		return NULL;
	}
	attempt->memory = memory;
	attempt->instance = instance->number;
	attempt->execution = ctx->begin.execution;
	attempt->op = op->number;
	attempt->attempt = op->attempt;
	attempt->def = op->activity;
	attempt->id = dtf__arena_copy(&attempt->memory, ctx->begin.id, strlen(ctx->begin.id));
	memcpy(attempt->seed, ctx->begin.seed, sizeof(attempt->seed));
	attempt->args.data = dtf__arena_copy(&attempt->memory, op->args.data, op->args.size);
	attempt->args.size = op->args.size;
	attempt->limit_ms = dtf__op_attempt_limit(op);
	attempt->deadline_ms = dtf__op_deadline(op);
	attempt->heartbeat_ms = op->policy.heartbeat_ms;
	attempt->watch = dtf__watch_share(engine->watch);
	attempt->made_ms = dtf__watch_steady_ms(engine->watch);
	attempt->beat_ms = attempt->made_ms;
	attempt->payload_max = ctx->begin.payload_max;
	attempt->user = engine->options.user;
	attempt->run = engine->options.run;
	attempt->finished = finished;
	attempt->deferred = deferred;
	attempt->finished_arg = engine;
	attempt->report = dtf__arena_alloc(&attempt->memory, sizeof(*attempt->report));
	if (attempt->id == NULL || attempt->args.data == NULL || attempt->report == NULL) {
		dtf__attempt_free(attempt);
		return NULL;
	}
	return attempt;
}

/* The attempt cannot even begin: as good as a worker that died. */
static void lose(struct instance *instance, uint32_t op, uint32_t attempt) {
	static const char
		failure[] = "{\"name\":\"lost\",\"message\":\"out of memory for the attempt\"}";
	struct event event = { .kind = EVENT_ATTEMPT_ENDED,
		.op = op,
		.attempt = attempt,
		.outcome = OUTCOME_LOST,
		.payload = { failure, sizeof(failure) - 1 } };
	if (dtf__arrival_add(instance, &event) == NULL) {
		dtf__instance_reload(instance);
	}
}

void dtf__dispatch_run(struct instance *instance, uint32_t number) {
	struct engine *engine = instance->engine;
	struct op *op = instance->ctx == NULL ? NULL : dtf__op_find(instance->ctx, number);
	if (op == NULL || !op->running) {
		release_slot(engine); /* given up in the turn that started it */
		return;
	}
	struct dtf_activity *attempt = make_attempt(instance, op);
	if (attempt == NULL || !dtf__silence_watch(instance, attempt)) {
		dtf__attempt_free(attempt);
		release_slot(engine);
		lose(instance, number, op->attempt);
		return;
	}
	attempt->next_of_instance = instance->attempts;
	instance->attempts = attempt;
	engine->executor.submit(engine->executor.arg, attempt);
}

int dtf__dispatch_adopt(struct engine *engine, struct dtf_activity *attempt) {
	struct instance *instance;
	int rc = dtf__instance_by_number(engine, attempt->instance, &instance);
	if (rc != 0) {
		return rc;
	}
	dtf__watch_drop(attempt->watch);
	attempt->watch = dtf__watch_share(engine->watch);
	attempt->finished_arg = engine;
	attempt->user = engine->options.user;
	attempt->next_of_instance = instance->attempts;
	instance->attempts = attempt;
	engine->slots_used++;
	dtf__instance_used(instance); /* no longer idle */
	return 0;
}

bool dtf__dispatch_queue(struct instance *instance, const struct op *op) {
	struct engine *engine = instance->engine;
	/* ~ turns the order about, and unlike - has no overflow. */
	struct due waiting = { .key = ~op->policy.priority,
		.ticket = ++engine->tickets,
		.instance = instance->number,
		.op = op->number };
	return dtf__heap_push(&engine->waiting, waiting) == 0;
}

void dtf__dispatch_wait(struct instance *instance, uint32_t number) {
	const struct op *op = instance->ctx == NULL ? NULL : dtf__op_find(instance->ctx, number);
	if (op != NULL && !dtf__dispatch_queue(instance, op)) {
		dtf__instance_reload(instance);
	}
}

void dtf__dispatch_cancel(struct instance *instance, uint32_t op) {
	struct executor *executor = &instance->engine->executor;
	for (struct dtf_activity *a = instance->attempts; a != NULL; a = a->next_of_instance) {
		if (op == 0 || a->op == op) {
			a->cancelled = true;
			executor->cancel(executor->arg, a);
		}
	}
}

void dtf__dispatch_abandon(struct engine *engine) {
	for (size_t i = 0; engine->deferred > 0 && i < engine->table_size; i++) {
		for (struct instance *instance = engine->by_number[i]; instance != NULL;
			instance = instance->next_number) {
			struct dtf_activity **at = &instance->attempts;
			while (*at != NULL) {
				struct dtf_activity *next = (*at)->next_of_instance;
				if (dtf__attempt_abandon(*at)) {
					*at = next;
					engine->deferred--;
					release_slot(engine);
				} else {
					at = &(*at)->next_of_instance;
				}
			}
		}
	}
}

/* The op waits for an attempt, and its time has come. */
static bool may_start(
	const struct engine *engine, const struct instance *instance, const struct op *op) {
	return op != NULL && op->kind == OP_ACTIVITY && op->state == OP_OPEN && !op->running &&
		op->due_ms <= engine->now_ms && dtf__op_deadline(op) > engine->now_ms &&
		serves(engine, op->policy.tag) && !instance->ctx->suspended;
}

/* NULL: nothing can be done for it.  *ret_again: not now, for want of memory. */
static struct instance *find_live(struct engine *engine, uint64_t number, bool *ret_again) {
	struct instance *instance;
	int rc = dtf__instance_by_number(engine, number, &instance);
	*ret_again = rc == DTF_ENOMEM;
	if (rc != 0 || instance->ended || instance->diagnosis != NULL) {
		return NULL;
	}
	return instance;
}

enum start { STARTED, LOADING, AGAIN };

static enum start start_waiting(struct engine *engine, const struct due *waiting) {
	bool again;
	struct instance *instance = find_live(engine, waiting->instance, &again);
	if (again) {
		dtf__engine_retry_later(engine);
		return AGAIN;
	}
	if (instance == NULL) {
		return STARTED;
	}
	if (instance->ctx == NULL) {
		dtf__instance_dirty(instance);
		return LOADING;
	}
	const struct op *op = dtf__op_find(instance->ctx, waiting->op);
	if (!may_start(engine, instance, op)) {
		return STARTED; /* nothing to do for it */
	}
	struct event event = {
		.kind = EVENT_ATTEMPT_STARTED, .op = op->number, .attempt = op->attempt + 1
	};
	if (dtf__arrival_waits(instance, &event)) {
		return STARTED;
	}
	if (dtf__arrival_add(instance, &event) == NULL) {
		dtf__instance_reload(instance);
	} else {
		engine->slots_used++;
	}
	return STARTED;
}

/*
 * By priority, then first come, first served.  One whose instance has to be
 * loaded keeps its place, and a slot is kept for it: sent to the end, it might
 * be forgotten again before its turn comes, for ever.
 */
void dtf__dispatch_fill(struct engine *engine) {
	struct due waiting;
	unsigned nloading = 0;
	enum start start = STARTED;
	while (start != AGAIN && engine->slots_used + nloading < engine->slots &&
		dtf__heap_pop(&engine->waiting, INT64_MAX, &waiting)) {
		start = start_waiting(engine, &waiting);
		if (start != STARTED) {
			engine->loading[nloading++] = waiting;
		}
	}
	while (nloading > 0) {
		/* There is room: they have just been taken out. */
		int rc = dtf__heap_push(&engine->waiting, engine->loading[--nloading]);
		dtf__assert(rc == 0);
	}
}

/* ---- in ---- */

void dtf__dispatch_unlink(struct instance *instance, struct dtf_activity *attempt) {
	struct dtf_activity **at = &instance->attempts;
	while (*at != NULL && *at != attempt) {
		at = &(*at)->next_of_instance;
	}
	if (*at != NULL) {
		*at = attempt->next_of_instance;
	}
}

void dtf__dispatch_finished(struct engine *engine, struct dtf_activity *attempt) {
	release_slot(engine);
	struct instance *instance = dtf__instance_loaded(engine, attempt->instance);
	if (instance == NULL) {
		dtf__attempt_free(attempt);
		return;
	}
	dtf__dispatch_unlink(instance, attempt);
	if (!instance->ended && instance->row.execution == attempt->execution) {
		dtf__arrival_report(instance, attempt);
		return;
	}
	if (!instance->dirty) {
		dtf__instance_used(instance);
	}
	dtf__attempt_free(attempt);
}
