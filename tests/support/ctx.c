#include "ctx.h"

#include <stdarg.h>
#include <stdio.h>

#include "failing.h"

void dtf__ctx_fault(
	struct dtf_ctx *ctx, const struct dtf_error_def *error, const char *format, ...) {
	if (ctx->fault != NULL) {
		return;
	}
	ctx->fault = error;
	va_list args;
	va_start(args, format);
	(void)vsnprintf(ctx->message, sizeof(ctx->message), format, args);
	va_end(args);
}

struct arena *dtf__ctx_arena(struct dtf_ctx *ctx) {
	return &ctx->arena;
}

void dtf__ctx_exhausted(struct dtf_ctx *ctx) {
	ctx->exhausted = true;
}

void ctx_faulted(struct dtf_ctx *ctx, const struct dtf_error_def *error, const char *message) {
	ck_assert_ptr_eq(ctx->fault, error);
	ck_assert_str_eq(ctx->message, message);
	ctx->fault = NULL;
}

void ctx_fine(const struct dtf_ctx *ctx) {
	ck_assert_msg(ctx->fault == NULL, "%s: %s", ctx->fault == NULL ? "" : ctx->fault->name,
		ctx->message);
	ck_assert(!ctx->exhausted);
}

void ctx_no_memory(struct dtf_ctx *ctx) {
	failing_after(0);
	while (dtf__arena_alloc(&ctx->arena, 1) != NULL) {
	}
}

void ctx_finish(struct dtf_ctx *ctx) {
	dtf__arena_finish(&ctx->arena);
}
