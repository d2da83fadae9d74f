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
};

/* Exactly this fault was raised since the last call. */
void ctx_faulted(struct dtf_ctx *ctx, const struct dtf_error_def *error, const char *message);
void ctx_fine(const struct dtf_ctx *ctx);
/* What is left in the arena's block is used up, and there is no more: until
 * failing_after(-1). */
void ctx_no_memory(struct dtf_ctx *ctx);
void ctx_finish(struct dtf_ctx *ctx);

#endif
