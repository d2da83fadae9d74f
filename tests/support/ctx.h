/* An instance that is nothing but memory and a fault: for the value operations. */
#ifndef DTF_TESTS_CTX_H
#define DTF_TESTS_CTX_H

#include <check.h>

#include "../../runtime/ctx.h"

struct dtf_ctx {
	struct arena arena;
	const struct dtf_error_def *fault; /* the first one */
	char message[256];
	bool exhausted;
	bool no_memory; /* every allocation fails from here on */
};

/* Exactly this fault was raised since the last call. */
void ctx_faulted(struct dtf_ctx *ctx, const struct dtf_error_def *error, const char *message);
void ctx_fine(const struct dtf_ctx *ctx);
void ctx_finish(struct dtf_ctx *ctx);

#endif
