/*
 * Attempts that have to give a sign of life, and the one that does not.
 *
 * A beat is a time in memory, set by the activity's threads; none of it is
 * recorded, and the engine is not woken by it.  It looks once, when the silence
 * would be too long: if there was a beat meanwhile, it looks again when the
 * silence since that would be.  So a beat costs an activity next to nothing and
 * a busy one costs the engine a look in each `heartbeat`.
 *
 * Silence is measured by the steady clock: the wall's, set forward, would give
 * up attempts that are well.
 */
#include "engine.h"

struct dtf_activity *dtf__attempt_of(const struct instance *instance, const struct op *op) {
	struct dtf_activity *attempt = op->running ? instance->attempts : NULL;
	/* One of an execution that has ended may bear the same numbers (trap 36). */
	while (attempt != NULL &&
		(attempt->execution != instance->row.execution || attempt->op != op->number ||
			attempt->attempt != op->attempt)) {
		attempt = attempt->next_of_instance;
	}
	return attempt;
}

/* Until it will have been silent for too long; at most 0: it has been. */
static int64_t patience_ms(const struct engine *engine, const struct dtf_activity *attempt) {
	if (attempt->waits) {
		return attempt->heartbeat_ms; /* it could not beat yet */
	}
	return attempt->heartbeat_ms - (dtf__watch_steady_ms(engine->watch) - attempt->beat_ms);
}

bool dtf__silence_watch(const struct instance *instance, struct dtf_activity *attempt) {
	struct engine *engine = instance->engine;
	if (attempt->heartbeat_ms <= 0) {
		return true;
	}
	int64_t left_ms = patience_ms(engine, attempt);
	int64_t key_ms = left_ms > 0 ? dtf__limit_end(engine->now_ms, left_ms) : engine->now_ms;
	struct due due = { .key = key_ms, .instance = instance->number, .op = attempt->op };
	attempt->listen_ms = key_ms;
	return key_ms == INT64_MAX || dtf__heap_push(&engine->timers, due) == 0;
}

bool dtf__silence_due(const struct instance *instance, struct dtf_activity *attempt, int64_t key_ms,
	bool *ret_silent) {
	*ret_silent = false;
	if (attempt->heartbeat_ms <= 0 || attempt->listen_ms != key_ms) {
		return true; /* another timer of the op: its own comes later */
	}
	*ret_silent = patience_ms(instance->engine, attempt) <= 0;
	return *ret_silent || dtf__silence_watch(instance, attempt);
}
