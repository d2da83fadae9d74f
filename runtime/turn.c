/*
 * A turn: everything that has arrived for one instance, each as a micro-step,
 * becomes one turn record.
 *
 * Nothing leaves here: decisions become events in the instance's buffer and
 * effects in the batch, which are let out after the commit.  A turn that fails
 * half way (memory, or code that contradicts itself) is taken back as a whole.
 *
 * `continue with` ends the record; the next execution's start is recorded in
 * the same commit and its micro-step runs in the next round, so a workflow
 * that does nothing but continue shares the engine with all others.
 */
#include "engine.h"

#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "error.h"

/* ---- what the machine says while it runs ---- */

static void append(struct instance *instance, const struct event *event) {
	dtf__event_encode(&instance->events, event);
	instance->nevents++;
}

static void effect(struct instance *instance, enum effect_kind kind, uint32_t op) {
	dtf__batch_effect(
		instance->engine, &(struct effect){ .kind = kind, .instance = instance, .op = op });
}

static void timer(struct instance *instance, int64_t due_ms, uint32_t op) {
	struct engine *engine = instance->engine;
	struct due due = { .key = due_ms, .instance = instance->number, .op = op };
	if (due_ms != INT64_MAX && dtf__heap_push(&engine->timers, due) < 0) {
		engine->batch.failed = true;
	}
}

static void short_error(struct instance *instance, struct slice failure) {
	struct dtf_failure error;
	if (dtf__failure_decode(&instance->memory, failure, &error) == 0) {
		char *text = dtf__arena_printf(&instance->memory, "%s: %.200s", error.name,
			error.message == NULL ? "" : error.message);
		instance->row.error = text == NULL ? error.name : text;
	}
}

static void decided(void *arg, const struct event *event) {
	struct instance *instance = arg;
	append(instance, event);
	switch (event->kind) {
	case EVENT_ACTIVITY_SCHEDULED:
		effect(instance, event->started ? EFFECT_RUN : EFFECT_QUEUE, event->op);
		timer(instance, dtf__limit_end(event->time_ms, event->policy->deadline_ms),
			event->op);
		if (event->started) {
			timer(instance, dtf__limit_end(event->time_ms, event->policy->timeout_ms),
				event->op);
		}
		break;
	case EVENT_TIMER_SET:
		timer(instance, event->due_ms, event->op);
		break;
	case EVENT_SETTLING:
		if (event->due_ms != 0) {
			timer(instance, event->due_ms, event->op);
		}
		effect(instance, EFFECT_CANCEL, event->op);
		dtf__distant_cancel(instance, event->op);
		break;
	case EVENT_CLOSED:
		effect(instance, EFFECT_CANCEL, event->op);
		break;
	case EVENT_STATUS:
		instance->status_at = UINT64_MAX; /* this turn's record */
		break;
	case EVENT_COMPLETED:
		instance->row.status = DTF_COMPLETED;
		break;
	case EVENT_FAILED:
		instance->row.status = DTF_FAILED;
		short_error(instance, event->payload);
		break;
	case EVENT_CANCELLED:
		instance->row.status = DTF_CANCELLED;
		break;
	case EVENT_STARTED:
	case EVENT_ATTEMPT_STARTED:
	case EVENT_ATTEMPT_ENDED:
	case EVENT_TIMER_FIRED:
	case EVENT_RAISED:
	case EVENT_CANCEL_REQUESTED:
	case EVENT_GRACE_EXPIRED:
	case EVENT_DEADLINE_PASSED:
	case EVENT_CHILD_ENDED:
	case EVENT_SUSPENDED:
	case EVENT_RESUMED:
	case EVENT_ADOPTED:
	case EVENT_TERMINATED:
	case EVENT_WAIT_OPENED:
	case EVENT_TAKEN:
	case EVENT_UNDO_STARTED:
	case EVENT_UNDO_ENDED:
	case EVENT_UNDO_FAILED:
	case EVENT_CHILD_STARTED:
	case EVENT_CHILD_SPAWNED:
	case EVENT_CONTINUED:
		break;
	}
}

static void logged(void *arg, enum dtf_log_level level, const char *text) {
	struct instance *instance = arg;
	if (instance->engine->options.log == NULL) {
		return;
	}
	char *copy = strdup(text == NULL ? "" : text);
	if (copy == NULL) {
		instance->engine->batch.failed = true;
		return;
	}
	dtf__batch_effect(instance->engine,
		&(struct effect){
			.kind = EFFECT_LOG, .instance = instance, .level = level, .text = copy });
}

static bool claim(
	void *arg, const struct dtf_activity_def *activity, const struct event_policy *policy) {
	struct instance *instance = arg;
	return dtf__dispatch_claim(instance->engine, activity, policy);
}

static int admit(void *arg, const struct event *event) {
	struct instance *instance = arg;
	int rc = dtf__family_admit(instance, event);
	instance->refusal = rc < 0 ? rc : instance->refusal;
	return rc;
}

void dtf__host_of(struct instance *instance, struct execution_host *ret) {
	*ret = (struct execution_host){
		.arg = instance, .claim = claim, .admit = admit, .decided = decided, .log = logged
	};
}

/* ---- arrivals ---- */

/* The recorded time of the next attempt, for people; the machine obeys it. */
static void plan_retry(struct dtf_ctx *ctx, struct event *event) {
	const struct op *op = dtf__op_find(ctx, event->op);
	event->due_ms = 0;
	if (event->outcome == OUTCOME_OK || op == NULL || op->attempt != event->attempt ||
		!op->running) {
		return;
	}
	struct arena arena = { 0 };
	struct dtf_failure error = { 0 };
	int rc = dtf__failure_decode(&arena, event->payload, &error);
	/* Without memory the plan is not told: the machine makes it by itself. */
	event->due_ms = rc == DTF_ENOMEM
		? -1
		: dtf__retry_due(ctx, op, event->outcome, &error, event->time_ms);
	dtf__arena_finish(&arena);
}

/* What follows from the arrival besides what the machine decides. */
static void after_arrival(struct instance *instance, const struct event *event) {
	struct dtf_ctx *ctx = instance->ctx;
	if (event->kind == EVENT_ATTEMPT_STARTED) {
		const struct op *op = dtf__op_find(ctx, event->op);
		effect(instance, EFFECT_RUN, event->op);
		timer(instance, dtf__limit_end(op->attempt_ms, op->policy.timeout_ms), event->op);
	} else if (event->kind == EVENT_ATTEMPT_ENDED) {
		const struct op *op = dtf__op_find(ctx, event->op);
		if (op != NULL && op->state == OP_OPEN && op->due_ms > 0) {
			timer(instance, op->due_ms, op->number);
		}
		if (event->outcome == OUTCOME_TIMED_OUT) {
			effect(instance, EFFECT_CANCEL, event->op);
		}
	} else if (event->kind == EVENT_DEADLINE_PASSED) {
		effect(instance, EFFECT_CANCEL, event->op);
	} else if (event->kind == EVENT_RESUMED) {
		dtf__instance_schedule(instance);
	}
}

/* Does the op still wait for this start? */
static bool starts(struct dtf_ctx *ctx, const struct event *event) {
	const struct op *op = dtf__op_find(ctx, event->op);
	return ctx->end == END_NONE && !ctx->suspended && op != NULL && op->kind == OP_ACTIVITY &&
		op->state == OP_OPEN && !op->running && event->attempt == op->attempt + 1;
}

static void apply(struct instance *instance, struct event *event) {
	struct dtf_ctx *ctx = instance->ctx;
	bool is_start = event->kind == EVENT_ATTEMPT_STARTED;
	if (is_start && !starts(ctx, event)) {
		dtf__dispatch_unclaim(instance->engine);
		return;
	}
	bool asked = event->kind == EVENT_CANCEL_REQUESTED;
	if (ctx->end != END_NONE || (asked && ctx->cancel_reason != NULL)) {
		return; /* too late for anything: the terminal event is the last */
	}
	instance->row.cancelling = instance->row.cancelling || asked;
	event->time_ms = instance->engine->now_ms;
	if (event->kind == EVENT_ATTEMPT_ENDED && !ctx->suspended) {
		plan_retry(ctx, event);
	}
	append(instance, event);
	dtf__execution_apply(ctx, event);
	if (!dtf__stopped(ctx)) {
		after_arrival(instance, event);
	} else if (is_start) {
		dtf__dispatch_unclaim(instance->engine);
	}
}

/*
 * Without a machine: recorded, undelivered.  The row's status says what the
 * history does: suspended from here on, whatever the diagnosis was before.
 */
static void record_only(struct instance *instance, struct event *event) {
	event->time_ms = instance->engine->now_ms;
	if (event->kind == EVENT_ATTEMPT_STARTED) {
		dtf__dispatch_unclaim(instance->engine);
	}
	if (instance->row.status > DTF_SUSPENDED) {
		return; /* the terminal event is the last */
	}
	if (event->kind == EVENT_ATTEMPT_STARTED || event->kind == EVENT_TIMER_FIRED ||
		event->kind == EVENT_GRACE_EXPIRED || event->kind == EVENT_DEADLINE_PASSED) {
		return; /* they come again when there is a machine */
	}
	struct event suspended = {
		.kind = EVENT_SUSPENDED, .text = instance->diagnosis, .time_ms = event->time_ms
	};
	if (event->kind == EVENT_RESUMED) {
		event = &suspended; /* no longer by an operator: only until there is code */
	}
	bool parts = event->kind == EVENT_STARTED || event->kind == EVENT_TERMINATED ||
		event->kind == EVENT_SUSPENDED;
	if (instance->row.status == DTF_RUNNING && !parts) {
		append(instance, &suspended);
		instance->row.suspended = instance->diagnosis;
		instance->row.status = DTF_SUSPENDED;
	}
	append(instance, event);
	if (event->kind == EVENT_CANCEL_REQUESTED) {
		instance->row.cancelling = true;
	} else if (event->kind == EVENT_TERMINATED) {
		instance->row.status = DTF_TERMINATED;
		instance->row.suspended = "";
	} else if (event->kind == EVENT_SUSPENDED) {
		instance->row.status = DTF_SUSPENDED;
		instance->row.suspended = dtf__suspension(event->text);
	} else if (event->kind == EVENT_STARTED) {
		instance->row.busy = true; /* it has to be begun when there is code for it */
	}
}

/* ---- the turn's record ---- */

const char *dtf__suspension(const char *reason) {
	static const char *const diagnoses[] = { "mismatch", "version", "corrupt" };
	for (size_t i = 0; i < sizeof(diagnoses) / sizeof(*diagnoses); i++) {
		if (reason != NULL && strcmp(reason, diagnoses[i]) == 0) {
			return diagnoses[i];
		}
	}
	return "operator";
}

static int64_t sooner(int64_t a_ms, int64_t b_ms) {
	return a_ms < b_ms ? a_ms : b_ms;
}

/* The next moment at which something about the op is due; INT64_MAX: none. */
static int64_t next_of(const struct op *op) {
	int64_t next_ms = op->due_ms > 0 ? op->due_ms : INT64_MAX;
	if (op->kind == OP_ACTIVITY && op->state == OP_OPEN) {
		next_ms = sooner(next_ms, dtf__op_deadline(op));
		next_ms = op->running ? sooner(next_ms, dtf__op_attempt_limit(op)) : next_ms;
	}
	return next_ms;
}

/* What must happen by itself: when, and whether at once after a crash. */
static void look_ahead(struct instance *instance) {
	const struct dtf_ctx *ctx = instance->ctx;
	struct row *row = &instance->row;
	row->next_timer_ms = 0;
	row->busy = false;
	instance->due_ms = 0;
	if (ctx->end != END_NONE) {
		return;
	}
	int64_t timer_ms = INT64_MAX, due_ms = INT64_MAX;
	for (size_t i = 0; i < ctx->ops_size; i++) {
		for (const struct op *op = ctx->ops[i]; op != NULL; op = op->next) {
			row->busy = row->busy || op->kind == OP_ACTIVITY ||
				(op->kind == OP_CHILD && op->state == OP_SETTLING);
			timer_ms = sooner(timer_ms, op->due_ms > 0 ? op->due_ms : INT64_MAX);
			due_ms = sooner(due_ms, next_of(op));
		}
	}
	row->next_timer_ms = timer_ms == INT64_MAX ? 0 : timer_ms;
	instance->due_ms = due_ms == INT64_MAX ? 0 : due_ms;
}

static void describe(struct instance *instance) {
	struct row *row = &instance->row;
	struct dtf_ctx *ctx = instance->ctx;
	row->updated_ms = instance->engine->now_ms;
	if (ctx == NULL) {
		row->events += instance->nevents;
		return;
	}
	row->events = ctx->events;
	row->fingerprint = ctx->begin.fingerprint;
	bool suspended = ctx->suspended && ctx->end == END_NONE;
	row->suspended = suspended ? dtf__suspension(ctx->suspend_reason) : "";
	if (ctx->end == END_NONE) {
		row->status = ctx->suspended ? DTF_SUSPENDED : DTF_RUNNING;
	} else if (ctx->end == END_TERMINATED) {
		row->status = DTF_TERMINATED;
	}
	look_ahead(instance);
}

static int record(struct instance *instance) {
	struct row *row = &instance->row;
	if (instance->events.failed) {
		return dtf__fail(DTF_ENOMEM, "out of memory for a turn");
	}
	describe(instance);
	if (row->status > DTF_SUSPENDED) {
		int rc = dtf__family_ends(instance);
		if (rc < 0) {
			return rc;
		}
	}
	struct record record = { .instance = instance->number,
		.execution = row->execution,
		.first = row->events - instance->nevents + 1,
		.count = instance->nevents,
		.previous = row->last };
	struct slice events = { instance->events.data, instance->events.size };
	int rc = dtf__batch_record(instance, &record, events, &row->last);
	if (rc == 0 && instance->status_at != 0) {
		row->status_at = row->last;
	}
	dtf__buf_clear(&instance->events);
	instance->nevents = 0;
	instance->status_at = 0;
	return rc;
}

static struct arrival *take(struct instance *instance) {
	struct arrival *arrival = instance->first;
	instance->first = arrival->next;
	if (instance->first == NULL) {
		instance->tail = &instance->first;
	}
	arrival->next = instance->taken;
	instance->taken = arrival;
	return arrival;
}

/* What concerns an op of the execution that has ended must not meet an op of the
 * same number in the next one (trap 36). */
static void take_late(struct instance *instance) {
	struct arrival *rest = instance->first;
	instance->first = NULL;
	instance->tail = &instance->first;
	while (rest != NULL) {
		struct arrival *arrival = rest;
		rest = arrival->next;
		arrival->next = NULL;
		if (arrival->event.op == 0) {
			*instance->tail = arrival;
			instance->tail = &arrival->next;
			continue;
		}
		if (arrival->event.kind == EVENT_ATTEMPT_STARTED) {
			dtf__dispatch_unclaim(instance->engine);
		}
		if (arrival->request != NULL) { /* of another partition */
			dtf__request_answer(instance->engine, instance, arrival->request, 0, "");
		}
		arrival->next = instance->taken;
		instance->taken = arrival;
	}
}

/* A cancel that was asked for while the execution was suspended, and that it has
 * not met: the next one does. */
static bool keep_cancel(struct instance *instance) {
	for (const struct parked *p = instance->ctx->parked; p != NULL; p = p->next) {
		struct event event = { .kind = EVENT_CANCEL_REQUESTED, .text = p->event.text };
		if (p->event.kind == EVENT_CANCEL_REQUESTED) {
			return dtf__arrival_add(instance, &event) != NULL;
		}
	}
	return true;
}

/* The next execution begins in the commit that ends this one.  Limits are taken as
 * they are now, like the newest version: they belong to an execution. */
static int continue_with(struct instance *instance) {
	struct engine *engine = instance->engine;
	struct dtf_ctx *ctx = instance->ctx;
	struct event_started begin = ctx->begin;
	const struct dtf_workflow_def *workflow = dtf__registry_newest(engine, begin.workflow);
	begin.execution++;
	begin.version = workflow->version;
	begin.fingerprint = workflow->fingerprint;
	begin.manifest = dtf__registry_manifest(engine, workflow);
	begin.payload_max = (int64_t)engine->options.payload_max;
	begin.history_max = engine->options.history_max;
	begin.grace_ms = engine->options.grace_ms;
	if (begin.deadline_ms == 0) { /* this code may have one that the last had not */
		begin.deadline_ms = dtf__registry_deadline(workflow, begin.created_ms);
	}
	begin.input = ctx->result;
	begin.status = ctx->status;
	begin.unread = dtf__execution_unread(ctx, &begin.nunread);
	if (ctx->out_of_memory) {
		return dtf__fail(DTF_ENOMEM, "out of memory for a turn");
	}
	struct event event = { .kind = EVENT_STARTED, .time_ms = engine->now_ms, .begin = &begin };
	append(instance, &event);
	dtf__retention_cut(instance);
	if (begin.status.size > 0) {
		instance->status_at = UINT64_MAX; /* it is carried over into this turn's record */
	}
	instance->row.execution = begin.execution;
	instance->row.version = begin.version;
	instance->row.fingerprint = begin.fingerprint;
	instance->row.events = 0;
	instance->row.busy = true;
	instance->row.status = DTF_RUNNING;
	bool kept = keep_cancel(instance);
	dtf__execution_destroy(ctx);
	instance->ctx = NULL;
	take_late(instance);
	int rc = kept ? record(instance) : dtf__fail(DTF_ENOMEM, "out of memory for a turn");
	dtf__instance_dirty(instance); /* its first micro-step: next round */
	return rc;
}

/* ---- the turn ---- */

/* What loading the instance finds out anew. */
static bool comes_again(const struct event *event) {
	switch (event->kind) {
	case EVENT_ATTEMPT_STARTED:
	case EVENT_TIMER_FIRED:
	case EVENT_GRACE_EXPIRED:
	case EVENT_DEADLINE_PASSED:
	case EVENT_ADOPTED:
		return true;
	case EVENT_ATTEMPT_ENDED:
		return event->outcome == OUTCOME_LOST || event->outcome == OUTCOME_TIMED_OUT;
	case EVENT_STARTED:
	case EVENT_RAISED:
	case EVENT_CANCEL_REQUESTED:
	case EVENT_CHILD_ENDED:
	case EVENT_SUSPENDED:
	case EVENT_RESUMED:
	case EVENT_TERMINATED:
	case EVENT_ACTIVITY_SCHEDULED:
	case EVENT_TIMER_SET:
	case EVENT_WAIT_OPENED:
	case EVENT_TAKEN:
	case EVENT_CLOSED:
	case EVENT_SETTLING:
	case EVENT_STATUS:
	case EVENT_UNDO_STARTED:
	case EVENT_UNDO_ENDED:
	case EVENT_UNDO_FAILED:
	case EVENT_CHILD_STARTED:
	case EVENT_CHILD_SPAWNED:
	case EVENT_COMPLETED:
	case EVENT_FAILED:
	case EVENT_CANCELLED:
	case EVENT_CONTINUED:
		break;
	}
	return false;
}

void dtf__turn_take_back(struct instance *instance) {
	instance->row = instance->before;
	instance->due_ms = instance->before_due_ms;
	dtf__instance_drop(instance);
	while (instance->taken != NULL) {
		struct arrival *arrival = instance->taken;
		instance->taken = arrival->next;
		if (arrival->request != NULL) {
			arrival->request->in_batch = false;
		}
		if (comes_again(&arrival->event)) {
			dtf__arrival_free(arrival);
			continue;
		}
		arrival->next = instance->first;
		if (instance->first == NULL) {
			instance->tail = &arrival->next;
		}
		instance->first = arrival;
	}
}

static int begin_machine(struct instance *instance, const struct event_started *begin) {
	const struct dtf_workflow_def *workflow = dtf__registry_find(
		instance->engine, begin->workflow, begin->version, begin->fingerprint);
	dtf__host_of(instance, &instance->host);
	instance->ctx = dtf__execution_create(workflow, &instance->host);
	return instance->ctx == NULL ? dtf__fail(DTF_ENOMEM, "out of memory for an instance") : 0;
}

static void drop_taken(struct instance *instance) {
	struct arrival *arrival = instance->taken;
	instance->taken = arrival->next;
	dtf__arrival_free(arrival);
}

static int apply_one(struct instance *instance, struct arrival *arrival) {
	if (arrival->request != NULL) {
		switch (dtf__request_check(instance, arrival)) {
		case REFUSED:
			drop_taken(instance);
			return 0;
		case IGNORED:
			return 0;
		case GRANTED:
			break;
		}
	}
	struct event *event = &arrival->event;
	if (arrival->child != 0) {
		int rc = dtf__family_told(instance->engine, arrival->child);
		if (rc != 0) {
			return rc;
		}
	}
	if (event->kind == EVENT_STARTED && instance->diagnosis == NULL) {
		int rc = begin_machine(instance, event->begin);
		if (rc != 0) {
			return rc;
		}
	}
	if (instance->ctx != NULL) {
		apply(instance, event);
		return 0;
	}
	record_only(instance, event);
	return 0;
}

/* Applies what has arrived; stops at the end of the execution, and where the
 * turn has become so large that the rest is better another one. */
static int apply_all(struct instance *instance) {
	int rc = 0;
	while (rc == 0 && instance->first != NULL) {
		rc = apply_one(instance, take(instance));
		const struct dtf_ctx *ctx = instance->ctx;
		if (ctx != NULL && (dtf__stopped(ctx) || ctx->end == END_CONTINUED)) {
			break;
		}
		if (instance->events.size >= RECORDS_SIZE_MAX && instance->first != NULL) {
			dtf__instance_dirty(instance);
			break;
		}
	}
	return rc;
}

/*
 * What keeps it from running stands in the row, beside the status that its
 * history gives it: it is no event, and another program may find it otherwise.
 */
static bool tell_diagnosis(struct instance *instance) {
	struct row *row = &instance->row;
	bool found = instance->diagnosis != NULL;
	if (row->status > DTF_SUSPENDED || (!found && instance->ctx == NULL)) {
		return false;
	}
	const char *suspended = row->suspended, *error = found ? instance->why : "";
	if (row->status == DTF_RUNNING || (found && strcmp(suspended, "operator") != 0)) {
		suspended = found ? instance->diagnosis : "";
	}
	if (strcmp(suspended, row->suspended) == 0 && strcmp(error, row->error) == 0) {
		return false;
	}
	row->suspended = suspended;
	row->error = error;
	instance->engine->batch.tells = true;
	return true;
}

static int run(struct instance *instance) {
	int rc = 0;
	instance->refusal = 0;
	if (instance->stale) {
		dtf__instance_drop(instance);
	}
	if (instance->ctx == NULL && instance->diagnosis == NULL && !instance->is_new) {
		rc = dtf__instance_load(instance);
	}
	if (rc == 0) {
		rc = apply_all(instance);
	}
	struct dtf_ctx *ctx = instance->ctx;
	if (rc == 0 && ctx != NULL && ctx->out_of_memory) {
		rc = dtf__fail(DTF_ENOMEM, "out of memory in instance %s", instance->row.id);
	}
	if (rc == DTF_ENOMEM && instance->refusal != 0) {
		rc = dtf__fail(instance->refusal, "a child of instance %s cannot be started",
			instance->row.id);
	}
	bool broken = ctx != NULL && ctx->broken;
	bool tells = rc == 0 && !broken && tell_diagnosis(instance);
	if (rc == 0 && (instance->taken != NULL || instance->nevents > 0 || tells)) {
		rc = dtf__batch_turned(instance);
	}
	if (rc != 0 || broken || instance->nevents == 0) {
		return rc;
	}
	size_t before = instance->engine->batch.size;
	rc = record(instance);
	if (rc == 0) {
		dtf__keep(instance, instance->engine->batch.size - before);
	}
	if (rc == 0 && ctx != NULL && ctx->end == END_CONTINUED) {
		rc = continue_with(instance);
	}
	return rc;
}

int dtf__turn(struct instance *instance) {
	struct engine *engine = instance->engine;
	struct batch_point point = dtf__batch_point(engine);
	instance->before = instance->row;
	instance->before_due_ms = instance->due_ms;
	int rc = run(instance);
	if (rc == 0 && instance->ctx != NULL && instance->ctx->broken) {
		/* The code contradicted itself: nothing of this is written. */
		char why[sizeof(instance->ctx->broken_text)];
		memcpy(why, instance->ctx->broken_text, sizeof(why));
		dtf__batch_go_back(engine, &point);
		dtf__turn_take_back(instance);
		dtf__instance_diagnose(instance, "mismatch", why);
		rc = run(instance);
	}
	if (rc != 0) {
		dtf__batch_go_back(engine, &point);
		dtf__turn_take_back(instance);
	}
	return rc;
}
