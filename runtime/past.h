/*
 * What the store has of an execution: a machine to begin with, and the records
 * that it has not seen.
 */
#ifndef DTF_PAST_H
#define DTF_PAST_H

#include "replay.h"
#include "store/store.h"

/* All records of a row's current execution, in the arena. */
int dtf__history_read(
	struct store *store, const struct row *row, struct arena *arena, struct history *ret);

/* Who is to live it again. */
struct code {
	const struct dtf_workflow_def *workflow;
	const struct execution_host *host;
};

struct past {
	struct dtf_ctx *ctx; /* the caller's now */
	struct history history;
	uint32_t covered; /* events that a snapshot has spared; 0: there is none that fits */
	size_t size;      /* bytes in history */
};

/*
 * Instance 0: the whole history, whatever snapshots there are.  A machine that was
 * read from one and then contradicts the records is no proof of anything: ask
 * again so.
 */
int dtf__past_read(struct store *store, const struct row *row, uint64_t instance,
	const struct code *code, struct arena *arena, struct past *ret);

#endif
