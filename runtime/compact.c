/*
 * An execution's arena only grows: what a loop no longer needs stays in it.  When
 * most of it must be that, the machine is written and read into a fresh one.  It
 * has then cost as much work as there is memory won, so a long life costs the same
 * at every step.
 */
#include "snapshot.h"

#define COMPACT_MIN    ((size_t)64 * 1024) /* less is not worth a look */
#define COMPACT_FACTOR 4                   /* grown so much since the last time */

/* Lists that were empty end where they begin: in the struct itself. */
static void take_over(struct dtf_ctx *ctx, struct dtf_ctx *fresh) {
	struct dtf_ctx old = *ctx;
	*ctx = *fresh;
	*fresh = old;
	if (ctx->undo_failures == NULL) {
		ctx->undo_failures_tail = &ctx->undo_failures;
	}
	if (ctx->parked == NULL) {
		ctx->parked_tail = &ctx->parked;
	}
}

static void compact(struct dtf_ctx *ctx) {
	struct buf bytes = { 0 };
	struct dtf_ctx *fresh = NULL;
	struct snapshot snapshot;
	int rc = dtf__snapshot_encode(ctx, 0, 0, ctx->arena.used, &bytes);
	if (rc == 0) {
		rc = dtf__snapshot_open(
			ctx->workflow, (struct slice){ bytes.data, bytes.size }, &snapshot);
	}
	if (rc == 0) {
		rc = dtf__snapshot_decode(ctx->workflow, ctx->host, &snapshot, &fresh);
	}
	if (rc == 0) {
		take_over(ctx, fresh);
	}
	dtf__execution_destroy(fresh);
	dtf__buf_finish(&bytes);
}

void dtf__execution_compact(struct dtf_ctx *ctx) {
	if (ctx->arena.used < COMPACT_MIN || ctx->arena.used / COMPACT_FACTOR < ctx->compacted) {
		return;
	}
	struct replay *replay = ctx->replay;
	ctx->replay = NULL; /* between two micro-steps it is only where events come from */
	compact(ctx);
	ctx->replay = replay;
	ctx->compacted = ctx->arena.used; /* also if it could not be: then not again soon */
}
