/*
 * One round of the engine: take what has arrived, find what is due, run the
 * turns that this makes ready, commit them together, let their effects out.
 *
 * Whatever arrives while the disk syncs forms the next round: group commit
 * without a timer and without tuning.  No thread is known here, so a test can
 * drive rounds by hand with a clock and workers of its own.
 */
#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

int dtf__engine_create(const struct dtf_engine_options *options, struct store *store,
	const struct clock *clock, const struct executor *executor, struct engine **ret) {
	struct engine *engine = calloc(1, sizeof(*engine));
	unsigned in_flight_max = options->in_flight_max == 0 ? 10000 : options->in_flight_max;
	struct due *loading = calloc(in_flight_max, sizeof(*loading));
	struct watch *watch = dtf__watch_create(clock);
	struct queue *queue = dtf__queue_create();
	size_t queue_max = options->queue_max == 0 ? QUEUE_MAX_DEFAULT : options->queue_max;
	size_t backlog_max = options->backlog_max == 0 ? 1000000 : options->backlog_max;
	struct gate *gate = dtf__gate_create(queue_max, backlog_max);
	if (engine == NULL || loading == NULL || watch == NULL || queue == NULL || gate == NULL) {
		dtf__gate_destroy(gate);
		dtf__queue_destroy(queue);
		dtf__watch_drop(watch);
		free(loading);
		free(engine);
		return dtf__fail(DTF_ENOMEM, "out of memory for an engine");
	}
	engine->loading = loading;
	engine->watch = watch;
	engine->queue = queue;
	engine->gate = gate;
	engine->options = *options;
	struct dtf_engine_options *o = &engine->options;
	o->workers = o->workers == 0 ? 8 : o->workers;
	o->in_flight_max = in_flight_max;
	o->backlog_max = backlog_max;
	o->payload_max = o->payload_max == 0 ? (size_t)1024 * 1024 : o->payload_max;
	o->history_max = o->history_max == 0 ? 1000000 : o->history_max;
	o->hot_max = o->hot_max == 0 ? HOT_MAX_DEFAULT : o->hot_max;
	o->grace_ms = o->grace_ms == 0 ? 30000 : o->grace_ms;
	engine->store = store;
	engine->clock = *clock;
	engine->executor = *executor;
	engine->window_size = WINDOW_SIZE;
	engine->sweep_min = SWEEP_MIN;
	engine->slots = o->workers < in_flight_max ? o->workers : in_flight_max;
	engine->dirty_tail = &engine->dirty;
	engine->snapshot_events = SNAPSHOT_EVENTS;
	engine->post.count = 1;
	*ret = engine;
	return 0;
}

static void dismiss_waiters(struct engine *engine, int rc, const char *text) {
	for (size_t i = 0; i < engine->table_size; i++) {
		for (struct instance *instance = engine->by_number[i]; instance != NULL;
			instance = instance->next_number) {
			dtf__request_dismiss_waiters(instance, rc, text);
		}
	}
}

/* Requests that nobody will carry out any more. */
static void refuse_waiters(struct engine *engine, int rc, const char *text) {
	dismiss_waiters(engine, rc, text);
	for (size_t i = 0; i < engine->table_size; i++) {
		for (struct instance *instance = engine->by_number[i]; instance != NULL;
			instance = instance->next_number) {
			dtf__request_withdraw(instance, rc, text);
		}
	}
}

void dtf__engine_destroy(struct engine *engine) {
	if (engine == NULL) {
		return;
	}
	dtf__engine_shut(engine, DTF_ECLOSED, "the engine was closed");
	for (size_t i = 0; i < engine->table_size; i++) {
		while (engine->by_number[i] != NULL) {
			dtf__instance_remove(engine->by_number[i]);
		}
	}
	for (size_t i = 0; i < engine->nmodules; i++) {
		free(engine->manifests[i].text);
	}
	free(engine->manifests);
	free(engine->modules);
	free(engine->by_number);
	free(engine->by_id);
	dtf__order_finish(&engine->unreadable);
	dtf__heap_finish(&engine->timers);
	dtf__heap_finish(&engine->waiting);
	free(engine->loading);
	dtf__batch_finish(engine);
	dtf__post_finish(engine);
	dtf__queue_destroy(engine->queue);
	dtf__gate_destroy(engine->gate);
	dtf__watch_drop(engine->watch);
	free(engine);
}

/*
 * A wall clock set back does not turn time back, and does not stop it either:
 * while it is behind, time goes on by the steady clock.
 */
void dtf__engine_tick(struct engine *engine) {
	const struct clock *clock = &engine->clock;
	int64_t wall_ms = clock->now_ms(clock->arg);
	int64_t steady_ms = clock->steady_ms == NULL ? 0 : clock->steady_ms(clock->arg);
	int64_t went_ms = steady_ms - engine->steady_ms;
	engine->steady_ms = steady_ms;
	engine->now_ms += went_ms > 0 ? went_ms : 0;
	if (wall_ms > engine->now_ms) {
		engine->now_ms = wall_ms;
	}
	engine->watch->ahead_ms = engine->now_ms - wall_ms;
}

/* ---- a round ---- */

static int run_turns(struct engine *engine) {
	struct instance *instance = engine->dirty;
	unsigned turns = 0;
	engine->dirty = NULL;
	engine->dirty_tail = &engine->dirty;
	while (instance != NULL) {
		struct instance *next = instance->next_dirty;
		instance->dirty = false;
		instance->next_dirty = NULL;
		if (turns++ >= TURNS_MAX || engine->batch.size >= RECORDS_SIZE_MAX) {
			dtf__instance_dirty(instance); /* next round */
			instance = next;
			continue;
		}
		int rc = dtf__turn(instance);
		if (rc == DTF_ENOMEM) {
			char text[256];
			(void)snprintf(text, sizeof(text), "%s", dtf_errmsg());
			dtf__request_withdraw(instance, rc, text);
			dtf__engine_retry_later(engine);
			if (instance->is_new) {
				dtf__instance_remove(instance);
			} else {
				dtf__instance_dirty(instance);
			}
		} else if (rc < 0) {
			return rc;
		} else if (!instance->turned) {
			dtf__instance_used(instance);
		}
		instance = next;
	}
	return 0;
}

static bool take_queue(struct engine *engine) {
	struct request *requests;
	struct dtf_activity *attempts;
	dtf__queue_take(engine->queue, &requests, &attempts);
	bool any = requests != NULL;
	dtf__post_receive(engine, dtf__queue_parcels(engine->queue));
	while (attempts != NULL) {
		struct dtf_activity *next = attempts->next;
		dtf__dispatch_finished(engine, attempts);
		attempts = next;
	}
	while (requests != NULL) {
		struct request *next = requests->next;
		dtf__request_admit(engine, requests);
		requests = next;
	}
	return any;
}

/* What could not be done now is not tried again at once, whatever is due before. */
static int64_t next_round(const struct engine *engine) {
	bool slot = engine->waiting.count > 0 && engine->slots_used < engine->slots;
	bool more = slot || engine->dirty != NULL || !engine->recovery.done ||
		engine->retention.trash || dtf__post_goes_on(engine);
	int64_t next_ms = more ? 0 : dtf__heap_next(&engine->timers);
	if (engine->retention.next_ms < next_ms) {
		next_ms = engine->retention.next_ms;
	}
	if (engine->window.through_ms < next_ms) {
		next_ms = engine->window.through_ms;
	}
	return next_ms < engine->retry_at_ms ? engine->retry_at_ms : next_ms;
}

void dtf__engine_retry_later(struct engine *engine) {
	if (engine->retry_at_ms == 0) {
		engine->retry_at_ms = engine->now_ms + RETRY_MS;
	}
}

static int round_once(struct engine *engine) {
	engine->round++;
	dtf__engine_tick(engine);
	if (engine->retry_at_ms != 0 && engine->now_ms >= engine->retry_at_ms) {
		engine->retry_at_ms = 0;
		engine->inbox_due = true;
	}
	bool asked = take_queue(engine);
	int rc = dtf__recovery_go_on(engine);
	rc = rc == 0 ? dtf__due_run(engine) : rc;
	dtf__dispatch_fill(engine);
	if (rc == 0 && engine->retry_at_ms == 0) {
		dtf__post_admit(engine);
	}
	/* What waits in the inbox needs no memory. */
	bool behind = engine->waiting.count >= engine->options.backlog_max;
	if (rc == 0 && engine->inbox_due && engine->retry_at_ms == 0 && !behind) {
		engine->inbox_due = false;
		rc = dtf__inbox_read(engine);
	}
	if (rc == 0 && (engine->retry_at_ms == 0 || asked)) {
		rc = run_turns(engine);
	}
	if (rc == 0 && engine->retry_at_ms == 0) {
		rc = dtf__retention_apply(engine);
	}
	if (rc == 0) {
		rc = dtf__batch_commit(engine);
	}
	if (rc == BATCH_REFUSED) {
		rc = run_turns(engine);
		/* What makes room must not be held up by what found none. */
		rc = rc == 0 ? dtf__retention_apply(engine) : rc;
		rc = rc == 0 ? dtf__batch_commit(engine) : rc;
	}
	if (rc == 0) {
		dtf__instance_evict_idle(engine);
		dtf__due_sweep(engine);
	}
	return rc;
}

int dtf__engine_step(struct engine *engine, int64_t *ret_next_ms) {
	if (engine->failure == 0) {
		int rc = round_once(engine);
		if (rc < 0) {
			engine->failure = rc;
			memcpy(engine->failure_text, dtf_errmsg(),
				sizeof(engine->failure_text) - 1);
			/* What this round held is not recorded: nobody may think so. */
			dtf__batch_take_back(engine, rc, engine->failure_text);
			refuse_waiters(engine, rc, engine->failure_text);
		}
	}
	*ret_next_ms = engine->failure < 0 ? INT64_MAX : next_round(engine);
	return engine->failure < 0 ? dtf__fail(engine->failure, "%s", engine->failure_text) : 0;
}

void dtf__engine_wind_down(struct engine *engine) {
	if (engine->slots > 0) {
		engine->slots = 0;
		dismiss_waiters(engine, DTF_ECLOSED, "the engine is stopping");
	}
}

void dtf__engine_refuse(struct engine *engine, int rc, const char *text) {
	struct request *requests;
	struct dtf_activity *attempts;
	dtf__queue_take(engine->queue, &requests, &attempts);
	while (attempts != NULL) {
		struct dtf_activity *next = attempts->next;
		struct instance *instance = dtf__instance_loaded(engine, attempts->instance);
		engine->slots_used -= engine->slots_used > 0 ? 1 : 0;
		if (instance != NULL) {
			dtf__dispatch_unlink(instance, attempts);
		}
		dtf__attempt_free(attempts);
		attempts = next;
	}
	while (requests != NULL) {
		struct request *next = requests->next;
		requests->answer(requests, rc, text);
		requests = next;
	}
}

void dtf__engine_shut(struct engine *engine, int rc, const char *text) {
	dtf__engine_refuse(engine, rc, text);
	refuse_waiters(engine, rc, text);
}
