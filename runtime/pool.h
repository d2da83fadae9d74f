/*
 * Worker threads that run attempts.  The pool knows nothing of the store or
 * of instances: it gets attempts and gives them back to whoever submitted.
 */
#ifndef DTF_POOL_H
#define DTF_POOL_H

#include <dtf/abi.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "event.h"

/*
 * One attempt of an activity: what user code sees as struct dtf_activity.
 * The engine owns it, the pool has it between submit and `finished`; what both
 * touch at once is atomic.  One that its function has deferred is also in the
 * hands of whoever will complete it, who owns it when the engine has given it up.
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
	struct arena memory; /* itself, arguments, results, what user code allocates */
	const char *id;      /* of the instance */
	unsigned char seed[4];
	const char *key;     /* instance/execution/command and seed; NULL before it runs */
	struct slice args;   /* JSON */
	int64_t limit_ms;    /* of this attempt's time, by the engine's clock; INT64_MAX: none */
	int64_t deadline_ms; /* of the step's */
	int64_t payload_max;
	void *user;
	int (*run)(struct dtf_activity *act); /* in the place of def->run; NULL: def->run */
	struct watch *watch;                  /* shared with the engine */
	int64_t made_ms;                      /* when it was submitted, by the steady clock */
	_Atomic bool waits;                   /* for a thread */
	_Atomic int64_t held_ms;              /* how long it has, when it does no more */
	_Atomic bool cancelled;
	_Atomic int64_t beat_ms; /* last sign of life, by the steady clock */
	int64_t heartbeat_ms;    /* longest silence; 0 = any */
	/* Engine's thread only: timers that will look for a beat, and at a limit put off. */
	int64_t listen_ms, late_ms;
	_Atomic unsigned phase; /* activity.c: who has done with it */
	/* the outcome */
	enum event_outcome outcome;
	struct buf payload;         /* result or failure, JSON */
	struct dtf_failure failure; /* set by dtf_activity_fail… */
	bool failed;
	bool spared;  /* it was cancelled before it began */
	void *result; /* as def->result has it, in memory */
	/* Called once, on whatever thread completes it. */
	void (*finished)(void *arg, struct dtf_activity *attempt);
	/* One more is deferred, or, before it is finished, one less. */
	void (*deferred)(void *arg, bool more);
	void *finished_arg;
};

struct pool;

int dtf__pool_create(unsigned workers, struct pool **ret);
/* On one thread, the engine's: notes it; the threads have it after dtf__pool_hand_over(). */
void dtf__pool_submit(struct pool *pool, struct dtf_activity *attempt);
void dtf__pool_hand_over(struct pool *pool);
/* Once in a round: how many that are not deferred may be with the pool in it. */
size_t dtf__pool_window(struct pool *pool);
/* Is this thread one of its own?  The pool may be gone: then it is none. */
bool dtf__pool_is_worker(const struct pool *pool);
/* Waits until every submitted attempt has run, joins the threads. */
void dtf__pool_destroy(struct pool *pool);

/* Runs an attempt on this thread, and says that it has finished if it is not deferred. */
void dtf__attempt_run(struct dtf_activity *attempt);
/* False: it is not deferred, or has been completed.  Else nobody waits for it any more,
 * and it belongs to whoever will complete it. */
bool dtf__attempt_abandon(struct dtf_activity *attempt);
/* A limit of its time, put off by as long as it has waited for a thread. */
int64_t dtf__attempt_put_off(const struct dtf_activity *attempt, int64_t limit_ms);
void dtf__attempt_free(struct dtf_activity *attempt);

#endif
