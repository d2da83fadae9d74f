/*
 * Children as their parent's code sees them: call, spawn, and how a call ends.
 *
 * Whether a child was admitted (its id was free, its workflow is there) is not
 * for the code to know: it is asked once, live, and recorded with the command;
 * replay takes it from there.  A child that was not admitted has ended at once.
 *
 * A call is an op like a step, with two differences.  How it ends is always
 * waited for, also when nobody wants its result any more: a child that is
 * cancelled undoes what it did, and that belongs to the scope that is left
 * (DECISIONS 12).  And what it brings is decoded here, by the types that the
 * parent was compiled with, whatever version of the child ran.
 */
#include "execution.h"

#include <stdio.h>
#include <string.h>

#include "codec.h"
#include "ctx.h"
#include "error.h"

const char dtf_default_id[] = "";

/* ---- starting ---- */

bool dtf__child_id_ok(struct dtf_ctx *ctx, const char *id) {
	if (id == dtf_default_id) {
		/* With room for any command: so it is known before anything is recorded. */
		int size = snprintf(NULL, 0, "%s/%lld/%u", ctx->begin.id,
			(long long)ctx->begin.execution, UINT32_MAX);
		if (size > INSTANCE_ID_MAX) {
			dtf__ctx_fault(ctx, &dtf_bad_value,
				"no child's id can begin with an id as long as this one's");
		}
		return size <= INSTANCE_ID_MAX;
	}
	size_t size = id == NULL ? 0 : strlen(id);
	if (size == 0 || size > INSTANCE_ID_MAX) {
		dtf__ctx_fault(ctx, &dtf_bad_value, "a child's id has 1 to %d bytes, this has %zu",
			INSTANCE_ID_MAX, size);
		return false;
	}
	return true;
}

/* NULL when memory is exhausted. */
static const char *own_id(struct dtf_ctx *ctx, const char *id, uint32_t number) {
	if (id != dtf_default_id) {
		return id;
	}
	id = dtf__arena_printf(
		&ctx->arena, "%s/%lld/%u", ctx->begin.id, (long long)ctx->begin.execution, number);
	if (id == NULL) {
		dtf__ctx_exhausted(ctx);
	}
	return id;
}

static void issue(
	struct dtf_ctx *ctx, const struct dtf_workflow_def *workflow, struct event *event) {
	event->name = workflow->name;
	event->hash = dtf__hash_types(ctx, workflow->input, workflow->output);
	if (ctx->replay == NULL && !dtf__stopped(ctx)) {
		int admission = ctx->host->admit(ctx->host->arg, event);
		if (admission < 0) {
			dtf__ctx_exhausted(ctx);
			return;
		}
		event->admission = (enum event_admission)admission;
	}
	dtf__decide(ctx, event);
}

void dtf__op_set_child(struct dtf_ctx *ctx, struct op *op, const struct dtf_workflow_def *workflow,
	const char *id, struct slice args) {
	op->child = workflow;
	op->child_id = own_id(ctx, id, op->number);
	op->args = args;
}

static void refused(struct dtf_ctx *ctx, struct op *op, enum event_admission admission) {
	op->state = OP_DONE;
	op->failed = true;
	op->error = (struct dtf_failure){ .name = dtf_child_failed.name,
		.id = op->child_id,
		.status = dtf__admission_name(admission),
		.message = admission == REFUSED_ID_TAKEN
			? dtf__arena_printf(&ctx->arena, "an instance %s exists", op->child_id)
			: dtf__arena_printf(&ctx->arena,
				  "no workflow %s is linked into this program", op->child->name) };
	if (op->error.message == NULL) {
		dtf__ctx_exhausted(ctx);
	}
}

void dtf__op_issue_child(struct dtf_ctx *ctx, struct op *op) {
	struct event event = { .kind = EVENT_CHILD_STARTED,
		.op = op->number,
		.strand = op->strand->serial,
		.site = op->site,
		.text = op->child_id,
		.payload = op->args };
	issue(ctx, op->child, &event);
	if (!dtf__stopped(ctx) && !dtf__may_run(event.admission)) {
		refused(ctx, op, event.admission);
	}
}

void dtf_call(struct dtf_ctx *ctx, uint32_t site, const struct dtf_workflow_def *workflow,
	const void *args, const char *id) {
	struct slice input;
	if (!dtf__may_issue(ctx) || !dtf__encode_args(ctx, workflow->input, args, &input) ||
		!dtf__child_id_ok(ctx, id)) {
		return;
	}
	struct op *op = dtf__op_open(ctx, OP_CHILD, site);
	if (op == NULL) {
		return;
	}
	dtf__op_set_child(ctx, op, workflow, id, input);
	dtf__op_issue_child(ctx, op);
	ctx->strand->wait = WAIT_OP;
	ctx->strand->op = op;
}

const char *dtf_spawn(struct dtf_ctx *ctx, uint32_t site, const struct dtf_workflow_def *workflow,
	const void *args, const char *id) {
	struct slice input;
	if (!dtf__may_record(ctx) || !dtf__encode_args(ctx, workflow->input, args, &input) ||
		!dtf__child_id_ok(ctx, id)) {
		return "";
	}
	struct event event = { .kind = EVENT_CHILD_SPAWNED,
		.op = ++ctx->commands,
		.strand = ctx->strand->serial,
		.site = site,
		.text = own_id(ctx, id, ctx->commands),
		.payload = input };
	issue(ctx, workflow, &event);
	return event.text == NULL ? "" : event.text;
}

/* ---- ending ---- */

static const char *keep(struct dtf_ctx *ctx, const char *text) {
	const char *copy = dtf__arena_copy(&ctx->arena, text, strlen(text));
	if (copy == NULL) {
		dtf__ctx_exhausted(ctx);
	}
	return copy;
}

static void bring(struct dtf_ctx *ctx, struct op *op, struct slice output) {
	const struct dtf_type *type = op->child->output;
	op->value = dtf__ctx_alloc(ctx, type->size + 1);
	if (ctx->out_of_memory) {
		return;
	}
	int rc = dtf__decode(&ctx->arena, type, "result", output, op->value);
	if (rc == DTF_ENOMEM) {
		dtf__ctx_exhausted(ctx);
	} else if (rc < 0) {
		op->failed = true;
		op->error = (struct dtf_failure){ .name = dtf_bad_payload.name,
			.message = keep(ctx, dtf_errmsg()) };
	}
}

static bool is_declared(const struct dtf_workflow_def *workflow, const char *name) {
	for (const struct dtf_error_def *const *e = workflow->fails; *e != NULL; e++) {
		if (strcmp((*e)->name, name) == 0) {
			return true;
		}
	}
	return false;
}

/* Its own error if the caller was promised that one, else that it failed. */
static void fail(struct dtf_ctx *ctx, struct op *op, const struct event *event) {
	struct dtf_failure error = { 0 };
	int rc = dtf__failure_decode(&ctx->arena, event->payload, &error);
	op->failed = true;
	op->error = error;
	if (rc == DTF_ENOMEM) {
		dtf__ctx_exhausted(ctx);
	} else if (rc < 0 || !is_declared(op->child, error.name)) {
		op->error = (struct dtf_failure){ .name = dtf_child_failed.name,
			.id = op->child_id,
			.status = keep(ctx, event->text == NULL ? "failed" : event->text),
			.message = rc < 0 ? "it could not say why" : error.message };
	}
}

void dtf__child_ended(struct dtf_ctx *ctx, const struct event *event) {
	struct op *op = dtf__op_find(ctx, event->op);
	if (op == NULL || op->kind != OP_CHILD ||
		(op->state != OP_OPEN && op->state != OP_SETTLING)) {
		return; /* late, or told twice */
	}
	if (event->outcome == OUTCOME_OK) {
		bring(ctx, op, event->payload);
	} else {
		fail(ctx, op, event);
	}
	dtf__op_ended(ctx, op);
}
