/*
 * try, catch, finally: what generated code calls around an undo scope.
 *
 * A try body is a scope.  Left normally it hands its undos to the enclosing
 * scope, merged by history order; left by an error it runs them before any
 * catch or finally.  finally holds the error back in a record of its own; a
 * record whose finally was itself left by an error is dropped when the scope
 * around it unwinds, and its shield with it.  The newer error replaces the
 * older, but nothing replaces cancellation: else a catch could take it.
 */
#include "execution.h"

#include <string.h>

#include "codec.h"
#include "ctx.h"

static unsigned depth(const struct strand *strand) {
	return strand->scope == NULL ? 0 : strand->scope->depth;
}

void dtf_try(struct dtf_ctx *ctx) {
	struct strand *strand = ctx->strand;
	struct scope *scope = dtf__ctx_alloc(ctx, sizeof(*scope));
	if (dtf__stopped(ctx)) {
		return;
	}
	scope->undos = NULL;
	scope->outer = strand->scope;
	scope->depth = depth(strand) + 1;
	scope->shield = strand->shield;
	strand->scope = scope;
}

/* Both lists newest first; so is the result. */
static struct undo *merge(struct undo *a, struct undo *b) {
	struct undo *first = NULL, **tail = &first;
	while (a != NULL && b != NULL) {
		struct undo **newer = a->order > b->order ? &a : &b;
		*tail = *newer;
		tail = &(*newer)->next;
		*newer = *tail;
	}
	*tail = a != NULL ? a : b;
	return first;
}

void dtf__scope_hand_over(struct scope *from, struct scope *to) {
	to->undos = merge(from->undos, to->undos);
	from->undos = NULL;
}

void dtf_try_end(struct dtf_ctx *ctx) {
	struct strand *strand = ctx->strand;
	if (dtf__stopped(ctx)) {
		return;
	}
	struct scope *scope = strand->scope;
	strand->scope = scope->outer;
	dtf__scope_hand_over(scope, strand->scope);
}

void dtf__held_drop(struct strand *strand) {
	while (strand->held != NULL && strand->held->depth >= depth(strand)) {
		const struct held *held = strand->held;
		strand->held = held->outer;
		if (held->cancelled) {
			strand->raised = true;
			strand->cancelled = true;
			strand->leaving = held->leaving;
			strand->error = held->error;
		}
	}
}

bool dtf__scope_unwind(struct dtf_ctx *ctx, struct strand *strand) {
	if (strand->wait != WAIT_UNWIND) {
		dtf__held_drop(strand);
		/* An error may have come out of shields, and of finallies. */
		strand->shield = strand->scope->shield;
		strand->wait = WAIT_UNWIND;
	}
	if (!dtf__undo_run(ctx, strand, strand->scope)) {
		return false;
	}
	strand->wait = WAIT_NONE;
	strand->scope = strand->scope->outer;
	return true;
}

enum dtf_step dtf_unwind(struct dtf_ctx *ctx) {
	if (dtf__stopped(ctx) || !dtf__scope_unwind(ctx, ctx->strand)) {
		return DTF_WAIT;
	}
	return DTF_READY;
}

bool dtf_raised_is(struct dtf_ctx *ctx, const struct dtf_error_def *error) {
	const struct strand *strand = ctx->strand;
	if (!strand->raised || strand->cancelled) {
		return false;
	}
	return error == NULL || strcmp(error->name, strand->error.name) == 0;
}

void dtf_catch(struct dtf_ctx *ctx, struct dtf_failure *ret, const struct dtf_error_def *error,
	void *fields) {
	struct strand *strand = ctx->strand;
	strand->raised = false;
	if (ret != NULL) {
		*ret = strand->error;
	}
	if (error == NULL || fields == NULL || error->fields->kind != DTF_KIND_RECORD) {
		return;
	}
	const char *data = strand->error.data == NULL ? "{}" : strand->error.data;
	int rc = dtf__decode(&ctx->arena, error->fields, error->name,
		(struct slice){ data, strlen(data) }, fields);
	if (rc == DTF_ENOMEM) {
		ctx->out_of_memory = true;
	} else if (rc < 0) {
		dtf__ctx_fault(ctx, &dtf_bad_payload, "%s", dtf_errmsg());
	}
}

void dtf_finally_begin(struct dtf_ctx *ctx) {
	struct strand *strand = ctx->strand;
	struct held *held = dtf__ctx_alloc(ctx, sizeof(*held));
	if (dtf__stopped(ctx)) {
		return;
	}
	*held = (struct held){ .outer = strand->held,
		.depth = depth(strand),
		.raised = strand->raised,
		.cancelled = strand->cancelled,
		.leaving = strand->leaving,
		.error = strand->error };
	strand->held = held;
	strand->shield += held->raised ? 1 : 0;
	strand->raised = false;
	strand->cancelled = false;
	strand->leaving = NULL;
}

bool dtf_finally_end(struct dtf_ctx *ctx) {
	struct strand *strand = ctx->strand;
	if (dtf__stopped(ctx)) {
		return true;
	}
	struct held *held = strand->held;
	strand->held = held->outer;
	strand->shield -= held->raised ? 1 : 0;
	strand->raised = held->raised;
	strand->cancelled = held->cancelled;
	strand->leaving = held->leaving;
	strand->error = held->error;
	return held->raised;
}
