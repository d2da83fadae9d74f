/*
 * parallel: branches are strands that start in source order, each to its
 * first wait.  The first error in history order decides the block: siblings
 * are cancelled, no further branch starts, and the join waits until each has
 * settled before it raises that error.
 */
#include "execution.h"

#include <string.h>

#include "codec.h"
#include "ctx.h"
#include "error.h"

void dtf_parallel(struct dtf_ctx *ctx, uint32_t site) {
	struct strand *strand = ctx->strand;
	struct block *block = dtf__ctx_alloc(ctx, sizeof(*block));
	if (dtf__stopped(ctx)) {
		return;
	}
	block->tail = &block->first;
	block->decided = !dtf__may_issue(ctx);
	strand->block = block;
	strand->wait = block->decided ? WAIT_NONE : WAIT_JOIN;
}

void dtf_branch(struct dtf_ctx *ctx, const struct dtf_strand_def *def, void *up) {
	struct strand *strand = ctx->strand;
	struct block *block = strand->block;
	dtf__assert(up == strand->frame);
	if (dtf__stopped(ctx) || block->decided) {
		return;
	}
	void *frame = dtf__ctx_alloc(ctx, def->frame_size);
	struct strand *branch = dtf__strand_create(ctx, def, frame, strand);
	if (ctx->out_of_memory) {
		return;
	}
	*block->tail = branch;
	block->tail = &branch->next;
	block->live++;
	dtf__strand_run(ctx, branch);
}

void dtf__block_suppress(
	struct dtf_ctx *ctx, struct block *block, const struct dtf_failure *failure) {
	const char *before = block->error.suppressed;
	struct buf *buf = &ctx->scratch;
	dtf__buf_clear(buf);
	if (before == NULL) {
		dtf__buf_text(buf, "[");
	} else {
		dtf__buf_add(buf, before, strlen(before) - 1); /* without its bracket */
		dtf__buf_text(buf, ",");
	}
	dtf__failure_encode(buf, failure);
	dtf__buf_text(buf, "]");
	const char *all = buf->failed ? NULL : dtf__arena_copy(&ctx->arena, buf->data, buf->size);
	if (all == NULL) {
		dtf__ctx_exhausted(ctx);
	} else {
		block->error.suppressed = all;
	}
}

static void cancel_branches(struct dtf_ctx *ctx, struct block *block) {
	for (struct strand *s = block->first; s != NULL; s = s->next) {
		dtf__strand_cancel(ctx, s);
	}
}

enum dtf_step dtf_join(struct dtf_ctx *ctx) {
	struct strand *strand = ctx->strand;
	struct block *block = strand->block;
	if (dtf__stopped(ctx)) {
		return DTF_WAIT;
	}
	if (strand->wait != WAIT_JOIN) {
		return strand->raised ? DTF_RAISED : DTF_WAIT;
	}
	if (block->live > 0) {
		if (dtf__strand_cancel_due(strand) && !block->decided) {
			block->decided = true;
			block->cancelled = true;
			cancel_branches(ctx, block);
		}
		return DTF_WAIT;
	}
	strand->wait = WAIT_NONE;
	if (block->failed) {
		dtf__strand_raise(strand, &block->error);
		return DTF_RAISED;
	}
	if (block->cancelled) {
		dtf__strand_raise_cancelled(strand);
		return DTF_RAISED;
	}
	return DTF_READY;
}

void *dtf_up(struct dtf_ctx *ctx, unsigned levels) {
	struct strand *strand = ctx->strand;
	for (unsigned i = 0; i < levels; i++) {
		dtf__assert(strand->parent != NULL);
		strand = strand->parent;
	}
	return strand->frame;
}
