/*
 * What expressions need of an instance.  The strands implement it; the value
 * operations know nothing else of them.
 */
#ifndef DTF_CTX_H
#define DTF_CTX_H

#include <dtf/abi.h>

#include "arena.h"

/* Raises a fault in the running strand; the first one wins.  The format makes
 * the failure's message. */
void dtf__ctx_fault(struct dtf_ctx *ctx, const struct dtf_error_def *error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Zeroed memory of the instance.  NULL when memory is exhausted: that sticks,
 * dtf_raised() is true from then on and nothing of the turn is recorded, so the
 * caller hands back any harmless value.
 */
void *dtf__ctx_alloc(struct dtf_ctx *ctx, size_t size);

/* The memory that dtf__ctx_alloc takes from, for the codec.  Whoever meets
 * exhaustion there calls dtf__ctx_exhausted, which makes it stick. */
struct arena *dtf__ctx_arena(struct dtf_ctx *ctx);
void dtf__ctx_exhausted(struct dtf_ctx *ctx);

#endif
