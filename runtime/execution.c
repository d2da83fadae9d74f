/*
 * Applying arrivals.
 *
 * One event is one micro-step: it changes one op, mailbox or flag, wakes at
 * most the strands that this concerns, and everything that was woken runs
 * before the next event is looked at.  So the meaning of a history never
 * depends on how its events were batched (DECISIONS 1), and a select's winner
 * is the first completion in history order without any tie to break.
 *
 * A suspended execution parks what arrives and delivers it, in order, when it
 * is resumed.  An arrival that concerns nothing any more (a late result, a
 * second completion of one op) changes nothing.
 */
#include "execution.h"

#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "ctx.h"
#include "error.h"

struct dtf_ctx *dtf__execution_create(
	const struct dtf_workflow_def *workflow, const struct execution_host *host) {
	struct dtf_ctx *ctx = calloc(1, sizeof(*ctx));
	if (ctx == NULL) {
		return NULL;
	}
	ctx->workflow = workflow;
	ctx->host = host;
	ctx->undo_failures_tail = &ctx->undo_failures;
	ctx->parked_tail = &ctx->parked;
	return ctx;
}

void dtf__execution_destroy(struct dtf_ctx *ctx) {
	if (ctx == NULL) {
		return;
	}
	dtf__arena_finish(&ctx->arena);
	dtf__buf_finish(&ctx->scratch);
	free(ctx->ops);
	free(ctx);
}

/* ---- one arrival each ---- */

static struct slice keep(struct dtf_ctx *ctx, struct slice bytes) {
	char *copy = dtf__ctx_alloc(ctx, bytes.size + 1);
	if (bytes.size > 0 && !ctx->out_of_memory) {
		memcpy(copy, bytes.data, bytes.size);
	}
	return (struct slice){ copy, ctx->out_of_memory ? 0 : bytes.size };
}

static const char *keep_text(struct dtf_ctx *ctx, const char *text) {
	return text == NULL ? NULL : keep(ctx, (struct slice){ text, strlen(text) }).data;
}

static void keep_begin(struct dtf_ctx *ctx, const struct event_started *begin) {
	ctx->begin = *begin;
	ctx->begin.id = keep_text(ctx, begin->id);
	ctx->begin.workflow = keep_text(ctx, begin->workflow);
	ctx->begin.manifest = keep_text(ctx, begin->manifest);
	ctx->begin.input = keep(ctx, begin->input);
	ctx->begin.status = keep(ctx, begin->status);
	ctx->begin.unread = NULL; /* they go to the mailboxes */
	ctx->begin.nunread = 0;
	ctx->status = ctx->begin.status;
}

static void apply_started(struct dtf_ctx *ctx, const struct event_started *begin) {
	keep_begin(ctx, begin);
	for (size_t i = 0; i < begin->nunread; i++) {
		dtf__mailbox_put(ctx, keep_text(ctx, begin->unread[i].name), 0,
			keep(ctx, begin->unread[i].payload));
	}
	const struct dtf_strand_def *def = ctx->workflow->body;
	char *frame = dtf__ctx_alloc(ctx, def->frame_size);
	if (ctx->out_of_memory) {
		return;
	}
	ctx->root = dtf__strand_create(ctx, def, frame, NULL);
	if (ctx->out_of_memory) {
		return;
	}
	int rc = dtf__decode(&ctx->arena, ctx->workflow->input, "", ctx->begin.input,
		frame + ctx->workflow->input_at);
	if (rc == DTF_ENOMEM) {
		ctx->out_of_memory = true;
		return;
	}
	if (rc < 0) {
		dtf__strand_raise(ctx->root,
			&(struct dtf_failure){ .name = dtf_bad_payload.name,
				.message = keep_text(ctx, dtf_errmsg()) });
	}
	dtf__strand_wake(ctx, ctx->root);
}

void dtf__op_ended(struct dtf_ctx *ctx, struct op *op) {
	op->running = false;
	op->state = op->state == OP_SETTLING ? OP_SETTLED : OP_DONE;
	dtf__strand_wake(ctx, op->strand);
}

static void attempt_succeeded(struct dtf_ctx *ctx, struct op *op, struct slice payload) {
	const struct dtf_type *type = op->activity->result;
	void *value = dtf__ctx_alloc(ctx, type->size + 1);
	if (ctx->out_of_memory) {
		return;
	}
	op->failed = false;
	op->value = value;
	int rc = dtf__decode(&ctx->arena, type, "result", payload, value);
	if (rc == DTF_ENOMEM) {
		ctx->out_of_memory = true;
	} else if (rc < 0) {
		/* It did happen, but what it brought cannot be used. */
		op->failed = true;
		op->unknown = true;
		op->error = (struct dtf_failure){ .name = dtf_bad_payload.name,
			.message = keep_text(ctx, dtf_errmsg()),
			.attempts = op->attempt };
	}
	dtf__op_ended(ctx, op);
}

static void apply_attempt_ended(struct dtf_ctx *ctx, const struct event *event) {
	struct op *op = dtf__op_find(ctx, event->op);
	if (op == NULL || op->kind != OP_ACTIVITY || !op->running ||
		op->attempt != event->attempt) {
		return; /* late: the op is closed, or this attempt was given up before */
	}
	op->running = false;
	if (event->outcome == OUTCOME_OK) {
		attempt_succeeded(ctx, op, event->payload);
		return;
	}
	if (event->outcome != OUTCOME_FAILED) {
		op->unknown = true;
	}
	int rc = dtf__failure_decode(&ctx->arena, event->payload, &op->error);
	if (rc == DTF_ENOMEM) {
		ctx->out_of_memory = true;
		return;
	}
	if (rc < 0) {
		bool lost = event->outcome == OUTCOME_LOST;
		op->error = (struct dtf_failure){ .name = lost ? dtf_lost.name
							       : dtf_activity_failed.name,
			.message = "it could not say why" };
	}
	op->error.attempts = op->attempt;
	op->last = op->error;
	op->failed = true;
	int64_t due_ms = event->due_ms;
	if (due_ms < 0) {
		due_ms = dtf__retry_due(ctx, op, event->outcome, &op->error, event->time_ms);
	}
	if (op->state == OP_OPEN && due_ms != 0) {
		op->due_ms = due_ms; /* the next attempt */
		return;
	}
	dtf__op_ended(ctx, op);
}

static void apply_attempt_started(struct dtf_ctx *ctx, const struct event *event) {
	struct op *op = dtf__op_find(ctx, event->op);
	if (op == NULL || op->kind != OP_ACTIVITY || op->state != OP_OPEN) {
		return;
	}
	op->attempt = event->attempt;
	op->attempt_ms = event->time_ms;
	op->running = true;
	op->due_ms = 0;
}

static void apply_to_op(struct dtf_ctx *ctx, const struct event *event) {
	struct op *op = dtf__op_find(ctx, event->op);
	if (op == NULL) {
		return;
	}
	bool fired = event->kind == EVENT_TIMER_FIRED && op->kind == OP_TIMER;
	if (fired && op->deadline != NULL) {
		dtf__deadline_fired(ctx, op);
	} else if (fired && op->state == OP_OPEN) {
		dtf__op_ended(ctx, op);
	} else if (event->kind == EVENT_GRACE_EXPIRED && op->state == OP_SETTLING) {
		op->unknown = true;
		op->failed = true;
		dtf__op_ended(ctx, op);
	}
}

/* An op that settles obeys its grace period instead. */
static void apply_deadline_passed(struct dtf_ctx *ctx, const struct event *event) {
	struct op *op = dtf__op_find(ctx, event->op);
	if (op == NULL || op->kind != OP_ACTIVITY || op->state != OP_OPEN) {
		return;
	}
	op->unknown = op->unknown || op->running;
	op->failed = true;
	/* A workflow can see this text: another one would be another decision. */
	op->error = (struct dtf_failure){ .name = dtf_timeout.name,
		.message = "the step took longer than its deadline",
		.kind = "deadline",
		.attempts = op->attempt };
	dtf__op_ended(ctx, op);
}

static void apply_terminated(struct dtf_ctx *ctx, const char *reason) {
	ctx->end = END_TERMINATED;
	ctx->cancel_reason = keep_text(ctx, reason);
}

/* ---- suspension ---- */

static void park(struct dtf_ctx *ctx, const struct event *event) {
	struct parked *parked = dtf__ctx_alloc(ctx, sizeof(*parked));
	if (ctx->out_of_memory) {
		return;
	}
	parked->next = NULL;
	parked->event = *event;
	parked->event.name = keep_text(ctx, event->name);
	parked->event.text = keep_text(ctx, event->text);
	parked->event.payload = keep(ctx, event->payload);
	*ctx->parked_tail = parked;
	ctx->parked_tail = &parked->next;
	ctx->unread_size += event->kind == EVENT_RAISED ? event->payload.size : 0;
}

static void deliver(struct dtf_ctx *ctx, const struct event *event, uint32_t number);

/* Each event is a step of its own for what may be done in one, also when many come
 * at once.  Bytes are counted over all of them: they make one record. */
static void begin_step(struct dtf_ctx *ctx) {
	ctx->fuel = FUEL_MAX;
	ctx->step_commands = 0;
}

static void apply_resumed(struct dtf_ctx *ctx) {
	ctx->suspended = false;
	dtf__strand_run_ready(ctx); /* a start whose code was not there */
	struct parked *parked = ctx->parked;
	ctx->parked = NULL;
	ctx->parked_tail = &ctx->parked;
	for (; parked != NULL && ctx->end == END_NONE; parked = parked->next) {
		const struct event *event = &parked->event;
		ctx->unread_size -= event->kind == EVENT_RAISED ? event->payload.size : 0;
		begin_step(ctx);
		deliver(ctx, event, event->ref);
		dtf__strand_run_ready(ctx);
	}
	ctx->parked = parked; /* when it continues with the next, they are for that */
}

/* ---- the micro-step ---- */

static void deliver(struct dtf_ctx *ctx, const struct event *event, uint32_t number) {
	switch (event->kind) {
	case EVENT_STARTED:
		if (ctx->root == NULL) {
			apply_started(ctx, event->begin);
		} else {
			dtf__broken(ctx, "event %u starts what has been started", number);
		}
		break;
	case EVENT_ATTEMPT_STARTED:
		apply_attempt_started(ctx, event);
		break;
	case EVENT_ATTEMPT_ENDED:
		apply_attempt_ended(ctx, event);
		break;
	case EVENT_TIMER_FIRED:
	case EVENT_GRACE_EXPIRED:
		apply_to_op(ctx, event);
		break;
	case EVENT_DEADLINE_PASSED:
		apply_deadline_passed(ctx, event);
		break;
	case EVENT_RAISED:
		dtf__mailbox_put(ctx, dtf__event_full_name(ctx->workflow, event->name), number,
			keep(ctx, event->payload));
		break;
	case EVENT_CANCEL_REQUESTED:
		if (ctx->cancel_reason == NULL && ctx->root != NULL) {
			ctx->cancel_reason = keep_text(ctx, event->text == NULL ? "" : event->text);
			dtf__strand_cancel(ctx, ctx->root);
		}
		break;
	case EVENT_SUSPENDED:
		ctx->suspended = true;
		ctx->suspend_reason = keep_text(ctx, event->text);
		break;
	case EVENT_RESUMED:
		apply_resumed(ctx);
		break;
	case EVENT_TERMINATED:
		apply_terminated(ctx, event->text);
		break;
	case EVENT_ADOPTED:
		ctx->begin.fingerprint = event->hash;
		ctx->begin.manifest = keep_text(ctx, event->name);
		break;
	case EVENT_CHILD_ENDED:
		dtf__child_ended(ctx, event);
		break;
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
		dtf__broken(
			ctx, "event %u is no arrival: %s", number, dtf__event_name(event->kind));
		break;
	}
}

void dtf__execution_apply(struct dtf_ctx *ctx, const struct event *event) {
	uint32_t number = ++ctx->events;
	if (ctx->end != END_NONE || dtf__stopped(ctx)) {
		return;
	}
	ctx->now_ms = event->time_ms;
	begin_step(ctx);
	ctx->step_size = 0;
	ctx->step_full = false;
	bool passes = event->kind == EVENT_RESUMED || event->kind == EVENT_TERMINATED ||
		event->kind == EVENT_ADOPTED || event->kind == EVENT_SUSPENDED;
	if (ctx->suspended && !passes) {
		struct event parked = *event;
		parked.ref = number;
		park(ctx, &parked);
		return;
	}
	deliver(ctx, event, number);
	if (!ctx->suspended && !ctx->start_deferred) {
		dtf__strand_run_ready(ctx);
	}
	ctx->start_deferred = false;
}

/* ---- looking at it from outside ---- */

const char *dtf__event_full_name(const struct dtf_workflow_def *workflow, const char *name) {
	bool bare = strchr(name, '.') == NULL;
	for (const struct dtf_event_def *const *e = workflow->events; *e != NULL; e++) {
		const char *dot = strrchr((*e)->name, '.');
		const char *own = bare && dot != NULL ? dot + 1 : (*e)->name;
		if (strcmp(own, name) == 0) {
			return (*e)->name;
		}
	}
	return name;
}

const struct event_unread *dtf__execution_unread(struct dtf_ctx *ctx, size_t *ret_count) {
	size_t count = 0;
	for (struct mailbox *box = ctx->mailboxes; box != NULL; box = box->next) {
		count += box->count;
	}
	for (struct parked *p = ctx->parked; p != NULL; p = p->next) {
		count += p->event.kind == EVENT_RAISED ? 1 : 0;
	}
	*ret_count = 0;
	struct event_unread *unread = dtf__ctx_alloc(ctx, (count + 1) * sizeof(*unread));
	if (ctx->out_of_memory) {
		return NULL;
	}
	/* Order within a name is what a workflow can observe; between names it
	 * is not, since a select prefers its arms in source order. */
	size_t n = 0;
	for (struct mailbox *box = ctx->mailboxes; box != NULL; box = box->next) {
		for (struct message *m = box->first; m != NULL; m = m->next) {
			unread[n++] = (struct event_unread){ box->name, m->payload };
		}
	}
	for (struct parked *p = ctx->parked; p != NULL; p = p->next) {
		if (p->event.kind == EVENT_RAISED) {
			unread[n++] = (struct event_unread){
				dtf__event_full_name(ctx->workflow, p->event.name), p->event.payload
			};
		}
	}
	*ret_count = n;
	return unread;
}
