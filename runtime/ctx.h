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
 * Zeroed memory of the instance.  When memory is exhausted that sticks: nothing
 * of the turn is recorded, and what is handed out may be one spare block, shared
 * by all who ask, or NULL.
 */
void *dtf__ctx_alloc(struct dtf_ctx *ctx, size_t size);

/* The memory itself, for values.  Whoever meets exhaustion there calls
 * dtf__ctx_exhausted, which makes it stick. */
struct arena *dtf__ctx_arena(struct dtf_ctx *ctx);
void dtf__ctx_exhausted(struct dtf_ctx *ctx);

#endif
