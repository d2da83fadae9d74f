/*
 * Worker threads that run attempts.  The pool knows nothing of the store or
 * of instances: it gets attempts and gives them back to whoever submitted.
 */
#ifndef DTF_POOL_H
#define DTF_POOL_H

#include <dtf/abi.h>

#include "arena.h"
#include "buf.h"
#include "event.h"

/*
 * One attempt of an activity: what user code sees as struct dtf_activity.
 * The engine owns it, the pool has it between submit and `finished`; only
 * `cancelled` and `beat_ms` are touched by both at once.
 */
struct dtf_activity {
	struct dtf_activity *next;             /* in the pool's or the engine's queue */
	struct dtf_activity *next_of_instance; /* engine's thread only */
	struct arrival *report; /* the engine's: made beforehand, so that no end is ever unheard */
	uint64_t instance;
	int64_t execution;
	uint32_t op;
	uint32_t attempt;
	const struct dtf_activity_def *def;
	struct arena memory; /* arguments, results, what user code allocates */
	const char *id;      /* of the instance */
	const char *key;     /* instance/execution/command and seed */
	struct slice args;   /* JSON */
	int64_t deadline_ms; /* by the engine's clock; 0 = none */
	int64_t payload_max;
	void *user;
	int (*run)(struct dtf_activity *act); /* in the place of def->run; NULL: def->run */
	_Atomic bool cancelled;
	_Atomic int64_t beat_ms; /* last sign of life, by the steady clock */
	int64_t heartbeat_ms;    /* longest silence; 0 = any */
	int64_t listen_ms;       /* engine's thread only: the timer that will look for a beat */
	int64_t (*now_ms)(void *arg);
	int64_t (*steady_ms)(void *arg);
	void *clock_arg;
	/* the outcome */
	enum event_outcome outcome;
	struct buf payload;         /* result or failure, JSON */
	struct dtf_failure failure; /* set by dtf_activity_fail… */
	bool failed;
	void *result; /* as def->result has it, in memory */
	/* Called once, on the worker's thread. */
	void (*finished)(void *arg, struct dtf_activity *attempt);
	void *finished_arg;
};

struct pool;

int dtf__pool_create(unsigned workers, struct pool **ret);
void dtf__pool_submit(struct pool *pool, struct dtf_activity *attempt);
/* Is this thread one of its own?  The pool may be gone: then it is none. */
bool dtf__pool_is_worker(const struct pool *pool);
/* Waits until every submitted attempt has finished, joins the threads. */
void dtf__pool_destroy(struct pool *pool);
/* Runs an attempt on this thread, to its outcome: what a worker does. */
void dtf__attempt_run(struct dtf_activity *attempt);
void dtf__attempt_free(struct dtf_activity *attempt);

#endif
