/*
 * Replay: a history through the machine that would have written it.
 */
#ifndef DTF_REPLAY_H
#define DTF_REPLAY_H

#include "execution.h"

/* The records of one execution, oldest first, as they are in the log; or those
 * that come after a snapshot. */
struct history {
	struct slice *records;
	size_t count;
};

/*
 * Of a history that is nothing but a start: its micro-step was left for later, as
 * `continue with` does, or it has run and decided nothing.  The row tells: only
 * what is still to begin is busy.
 */
enum first_step {
	FIRST_HAS_RUN,
	FIRST_LATER,
	FIRST_NOW, /* live */
};

/*
 * Runs a ctx that stands where it begins (a fresh one: at the start) through all of
 * it.  0 when every decision matched and the ctx is now what it was; ctx->broken
 * says how it did not.  DTF_ECORRUPT, DTF_EFORMAT, DTF_ENOMEM for bytes that cannot
 * be read.
 */
int dtf__replay(struct dtf_ctx *ctx, const struct history *history, enum first_step first);

/* For decide.c: the next recorded event if it is a decision. */
bool dtf__replay_next_decision(struct replay *replay, struct dtf_ctx *ctx, struct event *ret);

/* The first event of a history: what the execution is made of. */
int dtf__history_begin(
	struct arena *arena, const struct history *history, struct event_started *ret);

#endif
