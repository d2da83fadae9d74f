/*
 * Strands: creating, running, ending, cancelling.
 *
 * A new strand runs at once, depth first, to its first wait.  After that only
 * the strands that an event concerns are woken, and they run by serial number,
 * which is creation order.  A parent in a join is woken when its last branch
 * has ended, so it always runs after its children without a rule of its own.
 */
#include "execution.h"

#include "codec.h"
#include "ctx.h"

void dtf__strand_init(struct dtf_ctx *ctx, struct strand *strand, const struct dtf_strand_def *def,
	void *frame, struct strand *parent) {
	*strand = (struct strand){
		.serial = ++ctx->strands, .def = def, .frame = frame, .parent = parent
	};
	if (parent != NULL) {
		/* A branch owns no scope unless its block gives it one: its undos
		 * belong to the enclosing one, in one history order (DECISIONS 9). */
		strand->scope = parent->scope;
	}
}

struct strand *dtf__strand_create(
	struct dtf_ctx *ctx, const struct dtf_strand_def *def, void *frame, struct strand *parent) {
	struct strand *strand = dtf__ctx_alloc(ctx, sizeof(*strand));
	struct scope *own = parent == NULL ? dtf__ctx_alloc(ctx, sizeof(*own)) : NULL;
	if (ctx->out_of_memory) {
		return strand;
	}
	dtf__strand_init(ctx, strand, def, frame, parent);
	if (own != NULL) {
		strand->own = own;
		strand->scope = own;
	}
	return strand;
}

void dtf__strand_raise(struct strand *strand, const struct dtf_failure *failure) {
	if (!strand->raised) {
		strand->raised = true;
		strand->cancelled = false;
		strand->leaving = NULL;
		strand->error = *failure;
	}
}

void dtf__strand_wake(struct dtf_ctx *ctx, struct strand *strand) {
	if (strand->is_ready || strand->ended) {
		return;
	}
	strand->is_ready = true;
	struct strand **at = &ctx->ready;
	while (*at != NULL && (*at)->serial < strand->serial) {
		at = &(*at)->next_ready;
	}
	strand->next_ready = *at;
	*at = strand;
}

void dtf__strand_run_ready(struct dtf_ctx *ctx) {
	while (ctx->ready != NULL && ctx->end == END_NONE && !dtf__stopped(ctx)) {
		struct strand *strand = ctx->ready;
		ctx->ready = strand->next_ready;
		strand->next_ready = NULL;
		strand->is_ready = false;
		dtf__strand_run(ctx, strand);
	}
}

/* ---- ends ---- */

static void end_body(struct dtf_ctx *ctx, struct strand *strand) {
	struct event event = { .kind = EVENT_COMPLETED };
	if (!strand->raised) {
		if (ctx->end == END_NONE) {
			ctx->end = END_COMPLETED;
			event.payload = ctx->result;
			dtf__decide(ctx, &event);
		}
		return;
	}
	if (strand->leaving != NULL) {
		strand->cancelled = false;
		strand->error = dtf__deadline_error();
	}
	if (strand->cancelled) {
		ctx->end = END_CANCELLED;
		event = (struct event){ .kind = EVENT_CANCELLED, .text = ctx->cancel_reason };
	} else {
		ctx->end = END_FAILED;
		dtf__buf_clear(&ctx->scratch);
		dtf__failure_encode(&ctx->scratch, &strand->error);
		ctx->out_of_memory = ctx->out_of_memory || ctx->scratch.failed;
		event = (struct event){ .kind = EVENT_FAILED,
			.payload = { ctx->scratch.data, ctx->scratch.size } };
	}
	dtf__decide(ctx, &event);
}

static void end(struct dtf_ctx *ctx, struct strand *strand) {
	strand->ended = true;
	if (strand->parent == NULL) {
		end_body(ctx, strand);
	} else if (strand->undo != NULL) {
		dtf__strand_wake(ctx, strand->parent);
	} else {
		dtf__block_ended(ctx, strand);
	}
}

/* The strand's code is over; what is raised stays so.  Undos come first. */
static void finish(struct dtf_ctx *ctx, struct strand *strand) {
	if (!strand->raised && dtf__block_lost(strand)) {
		dtf__strand_raise_cancelled(strand);
	}
	if (strand->raised && strand->own != NULL) {
		strand->finishing = true;
		strand->scope = strand->own;
		dtf__held_drop(strand);
		strand->wait = WAIT_UNWIND;
		if (!dtf__undo_run(ctx, strand, strand->own)) {
			return;
		}
	}
	strand->wait = WAIT_NONE;
	end(ctx, strand);
}

void dtf__strand_run(struct dtf_ctx *ctx, struct strand *strand) {
	if (strand->ended || dtf__stopped(ctx)) {
		return; /* woken, and then ended where it was running anyway */
	}
	struct strand *outer = ctx->strand;
	ctx->strand = strand;
	if (strand == ctx->root && strand->deadlines == NULL && ctx->begin.deadline_ms != 0) {
		dtf__deadline_of_workflow(ctx); /* it runs for the first time */
	}
	enum dtf_step step = DTF_RAISED;
	if (!strand->finishing && !(strand->raised && strand->wait == WAIT_NONE)) {
		do {
			step = strand->def->run(ctx, strand->frame);
		} while (step == DTF_AGAIN && !dtf__stopped(ctx));
	}
	ctx->strand = outer;
	if (dtf__stopped(ctx)) {
		return;
	}
	switch (step) {
	case DTF_DONE:
	case DTF_RAISED:
		finish(ctx, strand);
		break;
	case DTF_WAIT:
		if (strand->wait == WAIT_NONE) {
			dtf__broken(ctx, "strand %s waits for nothing", strand->def->name);
		}
		break;
	case DTF_READY:
	case DTF_AGAIN:
		dtf__broken(ctx, "strand %s answered %d", strand->def->name, (int)step);
		break;
	}
}
