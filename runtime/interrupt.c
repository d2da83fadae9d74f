/*
 * What makes a strand leave its wait: cancellation, and deadlines that have
 * expired.
 *
 * Both are flags that the strand meets at its waits, never in between.  A
 * shield keeps them from being met, not from being set: an undo, a finally on
 * its way out, a `shield` block.  A deadline that was set inside of a shield
 * is met there all the same, so each remembers how shielded the strand was.
 * What is raised passes every catch: cancellation goes out of the strand, a
 * deadline as far as the block that it limits.
 */
#include "execution.h"

#include <string.h>

#include "codec.h"
#include "ctx.h"

static bool cancel_due(const struct strand *strand) {
	return strand->cancel && strand->shield == 0 && !strand->cancel_delivered;
}

/* The outermost one: what it limits contains what the others limit. */
static struct deadline *deadline_due(const struct strand *strand) {
	struct deadline *found = NULL;
	for (struct deadline *d = strand->deadlines; d != NULL; d = d->outer) {
		if (d->expired && d->shield == strand->shield) {
			found = d;
		}
	}
	return found;
}

bool dtf__strand_interrupted(const struct strand *strand) {
	return cancel_due(strand) || deadline_due(strand) != NULL;
}

void dtf__strand_raise_cancelled(struct strand *strand) {
	strand->raised = true;
	strand->cancelled = true;
	strand->leaving = NULL;
	strand->cancel = false;
	strand->cancel_delivered = true;
	strand->error = (struct dtf_failure){ .name = "cancelled", .message = "cancelled" };
}

void dtf__strand_raise_interrupt(struct strand *strand) {
	struct deadline *deadline = deadline_due(strand);
	if (cancel_due(strand) || deadline == NULL) {
		dtf__strand_raise_cancelled(strand);
		return;
	}
	strand->raised = true;
	strand->cancelled = true;
	strand->leaving = deadline;
	strand->error = dtf__deadline_error();
}

/* It waits for something that it would leave. */
static void wake(struct dtf_ctx *ctx, struct strand *strand) {
	bool unwinds = strand->wait == WAIT_UNWIND || strand->finishing;
	if (!unwinds && dtf__strand_interrupted(strand)) {
		dtf__strand_wake(ctx, strand);
	}
}

void dtf__strand_cancel(struct dtf_ctx *ctx, struct strand *strand) {
	if (strand->ended || strand->cancel || strand->cancel_delivered) {
		return;
	}
	strand->cancel = true;
	wake(ctx, strand);
}

/* ---- deadlines ---- */

struct dtf_failure dtf__deadline_error(void) {
	return (struct dtf_failure){ .name = dtf_timeout.name,
		.message = "the time limit of the block has passed",
		.kind = "within" };
}

/* It is there even if its timer cannot be: what closes it must find it. */
static struct deadline *push(struct dtf_ctx *ctx, struct strand *strand) {
	struct deadline *deadline = dtf__ctx_alloc(ctx, sizeof(*deadline));
	if (dtf__stopped(ctx)) {
		return NULL;
	}
	*deadline = (struct deadline){ .outer = strand->deadlines, .shield = strand->shield };
	strand->deadlines = deadline;
	return deadline;
}

static void set_timer(
	struct dtf_ctx *ctx, struct deadline *deadline, uint32_t site, int64_t due_ms) {
	struct op *op = dtf__op_open(ctx, OP_TIMER, site);
	if (op != NULL) {
		op->due_ms = due_ms < ctx->now_ms ? ctx->now_ms : due_ms;
		op->deadline = deadline;
		deadline->op = op;
		dtf__op_issue_timer(ctx, op);
	}
}

void dtf__deadline_of_workflow(struct dtf_ctx *ctx) {
	struct deadline *deadline = push(ctx, ctx->strand);
	if (deadline != NULL) {
		set_timer(ctx, deadline, 0, ctx->begin.deadline_ms);
	}
}

void dtf__deadline_fired(struct dtf_ctx *ctx, struct op *op) {
	struct strand *strand = op->strand;
	op->deadline->expired = true;
	op->deadline->op = NULL;
	dtf__op_close(ctx, op);
	wake(ctx, strand);
}

/* ---- within ---- */

void dtf_within(struct dtf_ctx *ctx, uint32_t site, int64_t ms) {
	struct strand *strand = ctx->strand;
	int64_t due_ms;
	dtf_try(ctx);
	struct deadline *deadline = push(ctx, strand);
	if (deadline == NULL || !dtf__may_issue(ctx)) {
		return;
	}
	if (__builtin_add_overflow(ctx->now_ms, ms < 0 ? 0 : ms, &due_ms)) {
		dtf__ctx_fault(ctx, &dtf_overflow, "`within` %lld ms ends after the end of time",
			(long long)ms);
		return;
	}
	set_timer(ctx, deadline, site, due_ms);
}

/* The timer is for nothing now. */
static void disarm(struct dtf_ctx *ctx, struct deadline *deadline) {
	struct op *op = deadline->op;
	deadline->op = NULL;
	if (op != NULL) {
		dtf__op_abandon(ctx, op);
	}
}

void dtf_within_end(struct dtf_ctx *ctx) {
	struct strand *strand = ctx->strand;
	if (dtf__stopped(ctx)) {
		return;
	}
	disarm(ctx, strand->deadlines);
	strand->deadlines = strand->deadlines->outer;
	dtf_try_end(ctx);
}

enum dtf_step dtf_within_unwind(struct dtf_ctx *ctx) {
	struct strand *strand = ctx->strand;
	if (dtf__stopped(ctx)) {
		return DTF_WAIT;
	}
	struct deadline *deadline = strand->deadlines;
	disarm(ctx, deadline);
	if (!dtf__scope_unwind(ctx, strand)) {
		return DTF_WAIT;
	}
	strand->deadlines = deadline->outer;
	if (strand->leaving != deadline) {
		return DTF_RAISED;
	}
	strand->raised = false;
	strand->cancelled = false;
	strand->leaving = NULL;
	return DTF_READY;
}

void dtf_within_failed(struct dtf_ctx *ctx) {
	struct dtf_failure error = dtf__deadline_error();
	dtf__strand_raise(ctx->strand, &error);
}

/* ---- shield ---- */

void dtf_shield(struct dtf_ctx *ctx) {
	ctx->strand->shield++;
}

void dtf_shield_leave(struct dtf_ctx *ctx) {
	ctx->strand->shield--;
}

void dtf_shield_end(struct dtf_ctx *ctx) {
	struct strand *strand = ctx->strand;
	strand->shield--;
	if (!strand->raised && dtf__strand_interrupted(strand)) {
		dtf__strand_raise_interrupt(strand);
	}
}
