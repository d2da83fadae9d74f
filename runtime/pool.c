/*
 * A fixed set of threads and one queue.
 *
 * What the engine submits in a round is handed over as one list, under one lock.
 * One thread is woken for it; it wakes the next one if there is more than it
 * takes.  So short activities are run by the few threads that are up anyway, and
 * long ones soon have all.
 *
 * More attempts are in the queue than there are threads: each attempt's start is
 * a part of a commit, and commits that hold few are what makes an engine slow.
 * How many: twice as many as were begun since the last round, so that the threads
 * have work until the next one.  Where activities are long this is as many as
 * there are threads, and an attempt hardly ever waits in here.
 */
#include "pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "error.h"

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work;
	/* guarded by lock: */
	struct dtf_activity *first, **tail;
	size_t begun;
	unsigned idle;
	bool waking; /* a thread was woken and is not up yet */
	bool stopping;
	/* the engine's thread only: */
	struct dtf_activity *submitted, **submitted_tail;
	size_t begun_before, window;

	unsigned nthreads, nworkers;
	pthread_t threads[];
};

static _Thread_local const struct pool *working; /* the pool whose thread this is */

bool dtf__pool_is_worker(const struct pool *pool) {
	return pool != NULL && working == pool;
}

/* Called with the lock held. */
static void wake_one(struct pool *pool) {
	if (pool->first != NULL && pool->idle > 0 && !pool->waking) {
		pool->waking = true;
		(void)pthread_cond_signal(&pool->work);
	}
}

/* NULL: the pool stops. */
static struct dtf_activity *next_attempt(struct pool *pool) {
	(void)pthread_mutex_lock(&pool->lock);
	while (pool->first == NULL && !pool->stopping) {
		pool->idle++;
		(void)pthread_cond_wait(&pool->work, &pool->lock);
		pool->idle--;
		pool->waking = false;
	}
	struct dtf_activity *attempt = pool->first;
	if (attempt != NULL) {
		pool->first = attempt->next;
		if (pool->first == NULL) {
			pool->tail = &pool->first;
		}
		pool->begun++;
		wake_one(pool);
	}
	(void)pthread_mutex_unlock(&pool->lock);
	return attempt;
}

static void *worker(void *arg) {
	struct pool *pool = arg;
	struct dtf_activity *attempt;
	working = pool;
	while ((attempt = next_attempt(pool)) != NULL) {
		dtf__attempt_run(attempt);
	}
	return NULL;
}

int dtf__pool_create(unsigned workers, struct pool **ret) {
	struct pool *pool = calloc(1, sizeof(*pool) + workers * sizeof(pthread_t));
	if (pool == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory for %u workers", workers);
	}
	(void)pthread_mutex_init(&pool->lock, NULL);
	(void)pthread_cond_init(&pool->work, NULL);
	pool->tail = &pool->first;
	pool->submitted_tail = &pool->submitted;
	pool->window = pool->nworkers = workers;
	while (pool->nthreads < workers) {
		if (pthread_create(&pool->threads[pool->nthreads], NULL, worker, pool) != 0) {
			dtf__pool_destroy(pool);
			return dtf__fail(DTF_ENOMEM, "cannot start %u worker threads", workers);
		}
		pool->nthreads++;
	}
	*ret = pool;
	return 0;
}

void dtf__pool_submit(struct pool *pool, struct dtf_activity *attempt) {
	attempt->next = NULL;
	attempt->waits = true;
	*pool->submitted_tail = attempt;
	pool->submitted_tail = &attempt->next;
}

void dtf__pool_hand_over(struct pool *pool) {
	if (pool->submitted == NULL) {
		return;
	}
	(void)pthread_mutex_lock(&pool->lock);
	*pool->tail = pool->submitted;
	pool->tail = pool->submitted_tail;
	wake_one(pool);
	(void)pthread_mutex_unlock(&pool->lock);
	pool->submitted = NULL;
	pool->submitted_tail = &pool->submitted;
}

size_t dtf__pool_window(struct pool *pool) {
	(void)pthread_mutex_lock(&pool->lock);
	size_t begun = pool->begun;
	(void)pthread_mutex_unlock(&pool->lock);
	size_t shrunk = pool->window * 3 / 4, grown = 2 * (begun - pool->begun_before);
	pool->begun_before = begun;
	pool->window = grown > shrunk ? grown : shrunk;
	if (pool->window < pool->nworkers) {
		pool->window = pool->nworkers;
	}
	return pool->window;
}

void dtf__pool_destroy(struct pool *pool) {
	if (pool == NULL) {
		return;
	}
	dtf__pool_hand_over(pool);
	(void)pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	(void)pthread_cond_broadcast(&pool->work);
	(void)pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->nthreads; i++) {
		(void)pthread_join(pool->threads[i], NULL);
	}
	(void)pthread_cond_destroy(&pool->work);
	(void)pthread_mutex_destroy(&pool->lock);
	free(pool);
}
