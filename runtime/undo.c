/*
 * Undos: attaching, arming, running.
 *
 * What an undo captures is copied when its step is issued; it is armed when
 * the step has succeeded or its outcome is unknown, in that micro-step and so
 * in that commit.  Armed undos are kept newest first by history order, across
 * parallel branches too.  Each runs as a shielded strand of its own; one that
 * fails is recorded and does not stop the others.
 */
#include "execution.h"

#include <string.h>

#include "codec.h"
#include "ctx.h"

static struct undo *capture(
	struct dtf_ctx *ctx, const struct dtf_strand_def *def, const void *captured) {
	struct undo *undo = dtf__ctx_alloc(ctx, sizeof(*undo));
	void *frame = dtf__ctx_alloc(ctx, def->frame_size);
	if (ctx->out_of_memory) {
		return NULL;
	}
	*undo = (struct undo){ .def = def, .frame = frame };
	if (captured != NULL && def->captured != NULL) {
		memcpy(frame, captured, def->captured->size);
	}
	return undo;
}

void dtf_undo(struct dtf_ctx *ctx, const struct dtf_strand_def *def, const void *captured) {
	struct strand *strand = ctx->strand;
	if (strand->raised) {
		return;
	}
	struct undo *undo = capture(ctx, def, captured);
	if (undo == NULL || dtf__select_set_undo(ctx, undo)) {
		return;
	}
	if (strand->wait == WAIT_OP) {
		undo->op = strand->op->number;
		strand->op->undo = undo;
	}
}

static void arm(struct dtf_ctx *ctx, struct scope *scope, struct undo *undo) {
	undo->order = ++ctx->undo_order;
	undo->next = scope->undos;
	scope->undos = undo;
}

void dtf__undo_arm(
	struct dtf_ctx *ctx, struct scope *scope, struct undo *undo, const struct op *op) {
	bool known = !op->failed && op->state != OP_OPEN;
	if (undo->def->late != NULL) {
		undo->impossible = !known;
		if (known && op->value != NULL) {
			memcpy((char *)undo->frame + undo->def->late_at, op->value,
				undo->def->late->size);
		}
	}
	arm(ctx, scope, undo);
}

void dtf_undo_block(struct dtf_ctx *ctx, const struct dtf_strand_def *def, const void *captured) {
	if (ctx->strand->raised) {
		return;
	}
	struct undo *undo = capture(ctx, def, captured);
	if (undo != NULL) {
		arm(ctx, ctx->strand->scope, undo);
	}
}

/* ---- running ---- */

static void record_failure(struct dtf_ctx *ctx, uint32_t strand, const struct undo *undo,
	const struct dtf_failure *error) {
	struct undo_failure *failure = dtf__ctx_alloc(ctx, sizeof(*failure));
	if (ctx->out_of_memory) {
		return;
	}
	*failure = (struct undo_failure){
		.name = undo->def->name, .site = undo->def->site, .error = *error
	};
	*ctx->undo_failures_tail = failure;
	ctx->undo_failures_tail = &failure->next;

	struct buf values = { 0 };
	if (undo->def->captured != NULL &&
		dtf__encode(&values, undo->def->captured, undo->frame) != 0) {
		dtf__buf_clear(&values); /* a value that no longer encodes is left out */
	}
	dtf__buf_clear(&ctx->scratch);
	dtf__failure_encode(&ctx->scratch, error);
	if (values.failed || ctx->scratch.failed) {
		ctx->out_of_memory = true;
	}
	struct event event = { .kind = EVENT_UNDO_FAILED,
		.op = undo->op,
		.strand = strand,
		.site = undo->def->site,
		.payload = { ctx->scratch.data, ctx->scratch.size },
		.extra = { values.data, values.size } };
	dtf__decide(ctx, &event);
	dtf__buf_finish(&values);
}

/* True when it has started and waits. */
static bool start(struct dtf_ctx *ctx, struct strand *strand, struct undo *undo) {
	struct strand *child = dtf__strand_create(ctx, undo->def, undo->frame, strand);
	if (ctx->out_of_memory) {
		return true;
	}
	child->undo = undo;
	child->shield = 1;
	child->scope = dtf__ctx_alloc(ctx, sizeof(*child->scope));
	struct event event = { .kind = EVENT_UNDO_STARTED,
		.op = undo->op,
		.strand = child->serial,
		.site = undo->def->site };
	dtf__decide(ctx, &event);
	strand->undoing = child;
	dtf__strand_run(ctx, child);
	return !child->ended;
}

static void finished(struct dtf_ctx *ctx, struct strand *strand) {
	struct strand *child = strand->undoing;
	strand->undoing = NULL;
	if (child->raised) {
		record_failure(ctx, child->serial, child->undo, &child->error);
		return;
	}
	struct event event = { .kind = EVENT_UNDO_ENDED, .strand = child->serial };
	dtf__decide(ctx, &event);
}

bool dtf__undo_run(struct dtf_ctx *ctx, struct strand *strand, struct scope *scope) {
	static const struct dtf_failure unknown = { .name = "unknown_outcome",
		.message = "whether the step happened is unknown, and its undo needs its result" };
	for (;;) {
		if (dtf__stopped(ctx)) {
			return false;
		}
		if (strand->undoing != NULL) {
			if (!strand->undoing->ended) {
				return false;
			}
			finished(ctx, strand);
			continue;
		}
		struct undo *undo = scope->undos;
		if (undo == NULL) {
			return true;
		}
		scope->undos = undo->next;
		if (undo->impossible) {
			record_failure(ctx, strand->serial, undo, &unknown);
		} else if (start(ctx, strand, undo)) {
			return false;
		}
	}
}
