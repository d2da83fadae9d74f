/*
 * Select: several ops, one winner.
 *
 * On entry an arm that is ready now wins, in source order, and then nothing is
 * issued for the others (DECISIONS 16).  Otherwise all arms are issued, and
 * the first completion in history order wins, because each event is applied
 * alone.  Losers are given up; one with an undo is settled first, and if it
 * turns out to have happened, its undo runs before the arm's body.
 */
#include "execution.h"

#include <string.h>

#include "codec.h"
#include "ctx.h"

void dtf_select_begin(struct dtf_ctx *ctx) {
	struct select *select = dtf__ctx_alloc(ctx, sizeof(*select));
	if (dtf__stopped(ctx)) {
		return;
	}
	select->tail = &select->first;
	select->building = true;
	ctx->strand->select = select;
}

static struct arm *add_arm(struct dtf_ctx *ctx, int index, enum op_kind kind, uint32_t site) {
	struct select *select = ctx->strand->select;
	struct arm *arm = dtf__ctx_alloc(ctx, sizeof(*arm));
	if (ctx->strand->raised || dtf__stopped(ctx)) {
		return NULL;
	}
	arm->index = index;
	arm->kind = kind;
	arm->site = site;
	*select->tail = arm;
	select->tail = &arm->next;
	return arm;
}

void dtf_arm_event(
	struct dtf_ctx *ctx, int index, uint32_t site, const struct dtf_event_def *event) {
	struct arm *arm = add_arm(ctx, index, OP_WAIT, site);
	if (arm != NULL) {
		arm->event = event;
	}
}

void dtf_arm_at(struct dtf_ctx *ctx, int index, uint32_t site, int64_t time_ms) {
	struct arm *arm = add_arm(ctx, index, OP_TIMER, site);
	if (arm != NULL) {
		arm->due_ms = time_ms < ctx->now_ms ? ctx->now_ms : time_ms;
	}
}

void dtf_arm_after(struct dtf_ctx *ctx, int index, uint32_t site, int64_t ms) {
	int64_t due_ms;
	if (__builtin_add_overflow(ctx->now_ms, ms < 0 ? 0 : ms, &due_ms)) {
		dtf__ctx_fault(ctx, &dtf_overflow, "`after` %lld ms ends after the end of time",
			(long long)ms);
		return;
	}
	dtf_arm_at(ctx, index, site, due_ms);
}

void dtf_arm_do(struct dtf_ctx *ctx, int index, uint32_t site,
	const struct dtf_activity_def *activity, const void *args,
	const struct dtf_policy *policy) {
	struct slice input;
	if (ctx->strand->raised || !dtf__encode_args(ctx, activity->args, args, &input)) {
		return;
	}
	struct arm *arm = add_arm(ctx, index, OP_ACTIVITY, site);
	if (arm != NULL) {
		arm->activity = activity;
		arm->args = input;
		/* A `with` is a compound literal of the caller's block: keep a copy. */
		struct dtf_policy *kept = dtf__ctx_alloc(ctx, sizeof(*kept));
		*kept = policy == NULL ? activity->policy : *policy;
		arm->policy = kept;
	}
}

void dtf_arm_call(struct dtf_ctx *ctx, int index, uint32_t site,
	const struct dtf_workflow_def *workflow, const void *args, const char *id) {
	struct slice input;
	if (ctx->strand->raised || !dtf__encode_args(ctx, workflow->input, args, &input) ||
		!dtf__child_id_ok(ctx, id)) {
		return;
	}
	struct arm *arm = add_arm(ctx, index, OP_CHILD, site);
	if (arm != NULL) {
		arm->child = workflow;
		arm->child_id = id;
		arm->args = input;
	}
}

bool dtf__select_set_undo(struct dtf_ctx *ctx, struct undo *undo) {
	struct select *select = ctx->strand->select;
	if (select == NULL || !select->building) {
		return false;
	}
	for (struct arm *arm = select->first; arm != NULL; arm = arm->next) {
		if (arm->next == NULL) {
			arm->undo = undo;
		}
	}
	return true;
}

static void issue(struct dtf_ctx *ctx, struct arm *arm) {
	struct op *op = dtf__op_open(ctx, arm->kind, arm->site);
	arm->op = op;
	if (op == NULL) {
		return;
	}
	switch (arm->kind) {
	case OP_WAIT:
		op->event = arm->event;
		dtf__op_issue_wait(ctx, op);
		break;
	case OP_TIMER:
		op->due_ms = arm->due_ms;
		dtf__op_issue_timer(ctx, op);
		break;
	case OP_ACTIVITY:
		dtf__op_set_activity(op, arm->activity, arm->policy, arm->args);
		op->undo = arm->undo;
		if (op->undo != NULL) {
			op->undo->op = op->number;
		}
		dtf__op_issue_activity(ctx, op);
		break;
	case OP_CHILD:
		dtf__op_set_child(ctx, op, arm->child, arm->child_id, arm->args);
		dtf__op_issue_child(ctx, op);
		break;
	}
}

static bool ready_now(struct dtf_ctx *ctx, const struct arm *arm) {
	switch (arm->kind) {
	case OP_WAIT:
		return dtf__mailbox_count(ctx, arm->event->name) > 0;
	case OP_TIMER:
		return arm->due_ms <= ctx->now_ms;
	case OP_ACTIVITY:
	case OP_CHILD:
		break;
	}
	return false;
}

void dtf_select(struct dtf_ctx *ctx, bool has_else) {
	struct strand *strand = ctx->strand;
	struct select *select = strand->select;
	if (dtf__stopped(ctx)) {
		return;
	}
	select->building = false;
	if (!dtf__may_issue(ctx)) {
		return;
	}
	strand->wait = WAIT_SELECT;
	for (struct arm *arm = select->first; arm != NULL; arm = arm->next) {
		if (ready_now(ctx, arm)) {
			if (arm->kind == OP_WAIT) {
				issue(ctx, arm); /* takes the message at once */
			}
			select->won = arm;
			select->decided = true;
			return;
		}
	}
	if (has_else) {
		select->decided = true;
		return;
	}
	for (struct arm *arm = select->first; arm != NULL; arm = arm->next) {
		issue(ctx, arm);
	}
}

/* Gives up every op but the winner's; true when none has to settle any more. */
static bool give_up(struct dtf_ctx *ctx, struct select *select, struct scope *scope) {
	bool settled = true;
	for (struct arm *arm = select->first; arm != NULL; arm = arm->next) {
		if (arm == select->won || arm->op == NULL) {
			continue;
		}
		if (dtf__op_give_up(ctx, arm->op, scope)) {
			arm->op = NULL;
		} else {
			settled = false;
		}
	}
	return settled;
}

static void find_winner(struct select *select) {
	for (struct arm *arm = select->first; arm != NULL; arm = arm->next) {
		if (arm->op != NULL && arm->op->state == OP_DONE) {
			select->won = arm;
			select->decided = true;
			return;
		}
	}
}

/* Cancelled: undos of arms that happened are the strand's own. */
static enum dtf_step leave(struct dtf_ctx *ctx, struct strand *strand) {
	if (!give_up(ctx, strand->select, strand->scope)) {
		return DTF_WAIT;
	}
	strand->wait = WAIT_NONE;
	dtf__strand_raise_interrupt(strand);
	return DTF_RAISED;
}

/* The winner's op is closed; what it brought stays for dtf_take. */
static enum dtf_step collect(struct dtf_ctx *ctx, struct select *select) {
	struct op *op = select->won == NULL ? NULL : select->won->op;
	if (op == NULL) {
		return DTF_READY;
	}
	select->value = op->value;
	select->value_size = dtf__op_value_type(op)->size;
	select->won->op = NULL;
	return dtf__op_take(ctx, op, ctx->strand->scope, NULL);
}

enum dtf_step dtf_select_await(struct dtf_ctx *ctx, int *ret_arm) {
	struct strand *strand = ctx->strand;
	struct select *select = strand->select;
	if (dtf__stopped(ctx)) {
		return DTF_WAIT;
	}
	if (strand->wait != WAIT_SELECT) {
		return strand->raised ? DTF_RAISED : DTF_WAIT;
	}
	if (!select->decided) {
		find_winner(select);
	}
	if (!select->decided && dtf__strand_interrupted(strand)) {
		select->leaving = true;
	}
	if (select->leaving) {
		return leave(ctx, strand);
	}
	if (!select->decided || !give_up(ctx, select, &select->losers) ||
		!dtf__undo_run(ctx, strand, &select->losers)) {
		return DTF_WAIT;
	}
	strand->wait = WAIT_NONE;
	*ret_arm = select->won == NULL ? -1 : select->won->index;
	return collect(ctx, select);
}

void dtf_take(struct dtf_ctx *ctx, void *ret) {
	const struct select *select = ctx->strand->select;
	if (!dtf__stopped(ctx) && ret != NULL && select->value != NULL && select->value_size > 0) {
		memcpy(ret, select->value, select->value_size);
	}
}
