/*
 * Bringing an instance to life: what the store has of it (past.c) is replayed.
 *
 * What was running when the machine was last in memory is settled here: an
 * attempt in flight died with its process and counts as lost; a suspension that
 * was only a diagnosis ends when the code matches again.
 */
#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "past.h"
#include "utf8.h"

/* ---- what has to happen after loading ---- */

static bool push(const struct instance *instance, const struct op *op, int64_t due_ms) {
	struct due due = { .key = due_ms, .instance = instance->number, .op = op->number };
	return due_ms == INT64_MAX || dtf__heap_push(&instance->engine->timers, due) == 0;
}

static void schedule_op(void *arg, struct op *op) {
	struct instance *instance = arg;
	struct engine *engine = instance->engine;
	if (op->state == OP_DONE || op->state == OP_SETTLED) {
		return;
	}
	bool ok = true;
	int64_t due_ms = op->due_ms == 0 ? INT64_MAX : op->due_ms;
	if (op->kind == OP_CHILD && op->state == OP_SETTLING) {
		dtf__family_cancel(instance, op);
	}
	if (op->kind == OP_ACTIVITY && op->state == OP_OPEN) {
		struct dtf_activity *attempt = dtf__attempt_of(instance, op);
		ok = push(instance, op, dtf__limit_end(op->issued_ms, op->policy.deadline_ms));
		if (op->running) {
			due_ms = dtf__limit_end(op->attempt_ms, op->policy.timeout_ms);
			ok = (attempt == NULL || dtf__silence_watch(instance, attempt)) && ok;
		} else if (op->due_ms == 0) {
			ok = dtf__dispatch_queue(instance, op) && ok;
		}
	}
	ok = push(instance, op, due_ms) && ok;
	engine->batch.failed = engine->batch.failed || !ok;
}

void dtf__instance_schedule(struct instance *instance) {
	dtf__op_each(instance->ctx, schedule_op, instance);
}

struct losing {
	struct instance *instance;
	const struct arrival *later; /* what has arrived and is not recorded */
};

static bool is_end_of(const struct event *event, const struct op *op) {
	return event->kind == EVENT_ATTEMPT_ENDED && event->op == op->number &&
		event->attempt == op->attempt;
}

/* Its worker is at it in this process, or has reported and is not yet heard. */
static bool attempt_lives(const struct losing *losing, const struct op *op) {
	if (dtf__attempt_of(losing->instance, op) != NULL) {
		return true;
	}
	for (const struct arrival *a = losing->later; a != NULL; a = a->next) {
		if (is_end_of(&a->event, op)) {
			return true;
		}
	}
	for (const struct parked *p = losing->instance->ctx->parked; p != NULL; p = p->next) {
		if (is_end_of(&p->event, op)) {
			return true;
		}
	}
	return false;
}

static void lose_attempt(void *arg, struct op *op) {
	const struct losing *losing = arg;
	struct instance *instance = losing->instance;
	if (op->kind != OP_ACTIVITY || !op->running || attempt_lives(losing, op)) {
		return;
	}
	static const char failure[] = "{\"name\":\"lost\",\"message\":"
				      "\"the process that ran the attempt is gone\"}";
	struct event event = { .kind = EVENT_ATTEMPT_ENDED,
		.op = op->number,
		.attempt = op->attempt,
		.outcome = OUTCOME_LOST,
		.due_ms = -1,
		.payload = { failure, sizeof(failure) - 1 } };
	if (dtf__arrival_add(instance, &event) == NULL) {
		instance->engine->batch.failed = true;
	}
}

/* Arrivals that come before those that are waiting already. */
static void add_first(struct instance *instance, bool other_code) {
	struct arrival *later = instance->first, **later_tail = instance->tail;
	instance->first = NULL;
	instance->tail = &instance->first;
	struct dtf_ctx *ctx = instance->ctx;
	bool ok = true;
	if (other_code) {
		struct event adopted = { .kind = EVENT_ADOPTED,
			.hash = ctx->workflow->fingerprint,
			.name = dtf__registry_manifest(instance->engine, ctx->workflow) };
		ok = dtf__arrival_add(instance, &adopted) != NULL;
	}
	if (ctx->suspended && strcmp(dtf__suspension(ctx->suspend_reason), "operator") != 0) {
		struct event resumed = { .kind = EVENT_RESUMED };
		ok = dtf__arrival_add(instance, &resumed) != NULL && ok;
	}
	if (!ok) {
		instance->engine->batch.failed = true;
	}
	if (instance->nevents == 0) { /* else the start was run just now: all is new */
		struct losing losing = { instance, later };
		dtf__op_each(ctx, lose_attempt, &losing);
	}
	if (later != NULL) {
		*instance->tail = later;
		instance->tail = later_tail;
	}
}

/* ---- loading ---- */

void dtf__instance_diagnose(struct instance *instance, const char *diagnosis, const char *why) {
	char *kept = dtf__arena_copy(&instance->memory, why, strlen(why));
	instance->diagnosis = diagnosis;
	instance->why = diagnosis;
	if (kept != NULL) {
		dtf__utf8_repair(kept); /* it may have been cut */
		instance->why = kept;
	}
	dtf__engine_log(instance->engine, DTF_LOG_ERROR, instance->row.id, instance->why);
}

/* The snapshot, or what was replayed on it, does not fit: the whole history decides. */
#define LOAD_WHOLE 1

static int replay(struct instance *instance, const struct past *past, bool other_code) {
	struct dtf_ctx *ctx = past->ctx;
	instance->ctx = ctx;
	struct batch_point point = dtf__batch_point(instance->engine);
	int rc = dtf__replay(ctx, &past->history, instance->row.busy ? FIRST_NOW : FIRST_HAS_RUN);
	bool its_own = ctx->root != NULL && strcmp(ctx->begin.id, instance->row.id) == 0;
	if (rc == 0 && !ctx->broken && !its_own) {
		rc = dtf__fail(
			DTF_ECORRUPT, "instance %s: its history is not its own", instance->row.id);
	}
	if (rc == 0 && !ctx->broken) {
		instance->snapshot_events = past->covered;
		instance->behind_snapshot = past->size;
		add_first(instance, other_code);
		dtf__instance_schedule(instance);
		return instance->engine->batch.failed
			? dtf__fail(DTF_ENOMEM, "out of memory for instance %s", instance->row.id)
			: 0;
	}
	/* A start that was run just now may have decided something first. */
	dtf__batch_go_back(instance->engine, &point);
	dtf__buf_clear(&instance->events);
	instance->nevents = 0;
	bool unfit = rc == 0 || rc == DTF_ECORRUPT || rc == DTF_EFORMAT;
	if (unfit && past->covered > 0) {
		rc = LOAD_WHOLE;
	} else if (unfit && rc != 0) {
		dtf__instance_diagnose(instance, "corrupt", dtf_errmsg());
		rc = 0;
	} else if (unfit) {
		dtf__instance_diagnose(instance, "mismatch", ctx->broken_text);
	}
	dtf__execution_destroy(ctx);
	instance->ctx = NULL;
	return rc;
}

static int load(struct instance *instance, const struct dtf_workflow_def *workflow, bool whole) {
	struct arena arena = { 0 };
	struct past past;
	dtf__host_of(instance, &instance->host);
	const struct code code = { workflow, &instance->host };
	const struct row *row = &instance->row;
	bool too_short = row->events < instance->engine->snapshot_events;
	uint64_t number = whole || too_short ? 0 : instance->number;
	int rc = dtf__past_read(instance->engine->store, row, number, &code, &arena, &past);
	if (rc == DTF_ECORRUPT || rc == DTF_EFORMAT) {
		dtf__instance_diagnose(instance, "corrupt", dtf_errmsg());
		rc = 0;
	} else if (rc == 0) {
		rc = replay(instance, &past, workflow->fingerprint != row->fingerprint);
	}
	dtf__arena_finish(&arena);
	return rc;
}

int dtf__instance_load(struct instance *instance) {
	const struct row *row = &instance->row;
	instance->round = instance->engine->round;
	const struct dtf_workflow_def *workflow = dtf__registry_find(
		instance->engine, row->workflow, row->version, row->fingerprint);
	if (workflow == NULL) {
		char text[256];
		(void)snprintf(text, sizeof(text),
			"%s version %lld is not linked into this program", row->workflow,
			(long long)row->version);
		dtf__instance_diagnose(instance, "version", text);
		return 0;
	}
	int rc = load(instance, workflow, false);
	return rc == LOAD_WHOLE ? load(instance, workflow, true) : rc;
}
