/*
 * When to try again.
 *
 * The delay grows by `factor` from the smallest to the largest backoff, and is
 * stretched by 0 to 10 % derived from the step's identity: a thousand steps
 * that failed together do not come back together, and replay computes the same
 * time.  A declared error is an answer, not a failure: it is never retried.
 * Nor is an attempt made that could not start before the step's deadline: what
 * went wrong is known now, and waiting would only hide it behind a timeout.
 */
#include "execution.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static double stretch(const struct dtf_ctx *ctx, const struct op *op) {
	unsigned char identity[16 + 8];
	memcpy(identity, ctx->begin.seed, 16);
	for (unsigned i = 0; i < 4; i++) {
		identity[16 + i] = (unsigned char)(op->number >> (8 * i));
		identity[20 + i] = (unsigned char)(op->attempt >> (8 * i));
	}
	uint64_t hash = XXH3_64bits(identity, sizeof(identity));
	return 1.0 + 0.1 * ((double)(hash >> 11) * 0x1p-53);
}

static double backoff_ms(const struct event_policy *policy, uint32_t attempt) {
	double delay = (double)policy->backoff_min_ms;
	double largest = (double)policy->backoff_max_ms;
	for (uint32_t i = 1; i < attempt && delay < largest && policy->factor > 1.0; i++) {
		delay *= policy->factor;
	}
	return delay < largest ? delay : largest;
}

int64_t dtf__retry_due(const struct dtf_ctx *ctx, const struct op *op, enum event_outcome outcome,
	const struct dtf_failure *error, int64_t now_ms) {
	const struct event_policy *policy = &op->policy;
	bool answer = outcome == OUTCOME_FAILED || outcome == OUTCOME_UNUSABLE;
	bool retryable = !answer || error->retryable;
	bool exhausted = policy->attempts > 0 && (int64_t)op->attempt >= policy->attempts;
	if (!retryable || exhausted || op->state != OP_OPEN) {
		return 0;
	}
	double due_ms = (double)now_ms + backoff_ms(policy, op->attempt) * stretch(ctx, op);
	/* A backoff of centuries: as late as can be told, never "no next attempt". */
	int64_t next_ms = due_ms < 0x1p62 ? (int64_t)due_ms + (due_ms < 1.0) : INT64_C(1) << 62;
	return next_ms < dtf__limit_end(op->issued_ms, policy->deadline_ms) ? next_ms : 0;
}
